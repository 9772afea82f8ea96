//! `chaperone destination …`

use std::path::PathBuf;

use chaperone_web::wire::{DestinationKind, DestinationView, NewDestination};
use clap::{Args, Subcommand};

use super::client::Nothing;
use super::outcome::Failure;
use super::public_key;
use super::table::{Table, maybe_time};
use super::via::{Remote, Via};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Add a place that alerts go to
    Add(Box<Add>),
    /// List destinations, with what waits for them
    List,
    /// Send a test through a destination
    Test {
        /// Its name
        name: String,
    },
    /// Remove a destination; what waits for it is not sent
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("where").required(true).args(["syslog", "webhook", "smtp"])))]
pub(crate) struct Add {
    /// What it is called
    name: String,
    /// RFC 5424 over TLS, tls://HOST:PORT (RFC 5425); over TCP with octet counting, tcp://HOST:PORT; or best effort,
    /// udp://HOST:PORT
    #[arg(long, value_name = "URL")]
    syslog: Option<String>,
    /// The PEM file of the CA that the receiver's certificate must lead to; without it, whom this gate's machine trusts
    #[arg(long, value_name = "FILE", conflicts_with = "webhook")]
    ca: Option<PathBuf>,
    /// The PEM file of the certificate that the gate shows the collector
    #[arg(long, value_name = "FILE", requires_all = ["syslog", "client_key"])]
    client_cert: Option<PathBuf>,
    /// The PEM file of that certificate's key, without a passphrase
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// A Standard Webhook
    #[arg(long, value_name = "URL", requires = "secret_file")]
    webhook: Option<String>,
    /// The file with the webhook's signing secret (whsec_…)
    #[arg(long, value_name = "FILE", requires = "webhook")]
    secret_file: Option<PathBuf>,
    /// A mail server: smtps://HOST, or smtp://HOST with STARTTLS; with :PORT where it is another than usual
    #[arg(long, value_name = "URL", requires = "from")]
    smtp: Option<String>,
    /// Whom mail is from
    #[arg(long, value_name = "ADDRESS", requires = "smtp")]
    from: Option<String>,
    /// Whom alerts are mailed to; may be given several times
    #[arg(long, value_name = "ADDRESS", requires = "smtp")]
    to: Vec<String>,
    /// The user name at the mail server
    #[arg(long, value_name = "NAME", requires_all = ["smtp", "password_file"])]
    user: Option<String>,
    /// The file with the password at the mail server
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Every event, not only alerts
    #[arg(long, conflicts_with = "notices")]
    all_events: bool,
    /// What people are told about their change windows, by mail to each or by one webhook, and nothing for the SOC
    #[arg(long, conflicts_with_all = ["syslog", "to"])]
    notices: bool,
}

impl Add {
    fn request(self) -> Result<NewDestination, Failure> {
        let text = |path: Option<&PathBuf>| path.map(|path| public_key::read(path)).transpose();
        let secret = [&self.secret_file, &self.client_key, &self.password_file];
        let secret = text(secret.into_iter().find_map(Option::as_ref))?.map(|text| text.trim().to_owned());
        let (ca, client_certificate) = (text(self.ca.as_ref())?, text(self.client_cert.as_ref())?);
        let (kind, url) = match (self.syslog, self.webhook, self.smtp) {
            (Some(url), ..) => (DestinationKind::Syslog, url),
            (None, Some(url), _) => (DestinationKind::Webhook, url),
            (None, None, Some(url)) => (DestinationKind::Smtp, url),
            (None, None, None) => {
                return Err(Failure::usage("give --syslog URL, --webhook URL or --smtp URL"));
            }
        };
        Ok(NewDestination {
            name: self.name,
            kind,
            url,
            secret,
            ca,
            client_certificate,
            from: self.from,
            to: self.to,
            user: self.user,
            all_events: self.all_events,
            notices: self.notices,
        })
    }
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Add(add) => {
            let made: DestinationView = client.post(&["destinations"], &add.request()?).await?;
            via.done(&made, |made| {
                let what = if made.notices { "What people are told goes" } else { "Alerts go" };
                format!(
                    "{what} to {} ({}) from now on; try `chaperone destination test {}`.",
                    made.name, made.url, made.name
                )
            })
        }
        Verb::List => list(&via, client.get(&["destinations"]).await?),
        Verb::Test { name } => {
            let sent: DestinationView = client.post(&["destinations", &name, "test"], &Nothing {}).await?;
            via.done(&sent, |sent| format!("A test is on its way to {} ({}).", sent.name, sent.url))
        }
        Verb::Remove { name } => {
            let gone: DestinationView = client.delete(&["destinations", &name]).await?;
            via.done(&gone, |gone| format!("{} is removed.", gone.name))
        }
    }
}

fn list(via: &Via, destinations: Vec<DestinationView>) -> Result<(), Failure> {
    via.show(&destinations, |destinations| {
        let table = Table::list(
            ["name", "kind", "where", "waiting", "oldest", "last error"],
            "Alerts go nowhere: `chaperone destination add NAME --syslog tls://HOST:PORT --ca FILE`.",
        );
        destinations.iter().fold(table, |table, destination| {
            table.row([
                destination.name.clone(),
                if destination.enabled {
                    destination.kind.clone()
                } else {
                    format!("{} (off)", destination.kind)
                },
                destination.url.clone(),
                destination.waiting.to_string(),
                maybe_time(destination.oldest),
                destination.last_error.clone().unwrap_or_default(),
            ])
        })
    })
}
