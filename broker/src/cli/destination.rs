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
    Add(Add),
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
#[command(group(clap::ArgGroup::new("where").required(true).args(["syslog", "webhook"])))]
pub(crate) struct Add {
    /// What it is called
    name: String,
    /// RFC 5424 over TCP with octet counting, tcp://HOST:PORT; or best effort, udp://HOST:PORT
    #[arg(long, value_name = "URL")]
    syslog: Option<String>,
    /// A Standard Webhook
    #[arg(long, value_name = "URL", requires = "secret_file")]
    webhook: Option<String>,
    /// The file with the webhook's signing secret (whsec_…)
    #[arg(long, value_name = "FILE", requires = "webhook")]
    secret_file: Option<PathBuf>,
    /// Every event, not only alerts
    #[arg(long)]
    all_events: bool,
}

impl Add {
    fn request(self) -> Result<NewDestination, Failure> {
        let secret = match &self.secret_file {
            Some(path) => Some(public_key::read(path)?.trim().to_owned()),
            None => None,
        };
        let (kind, url) = match (self.syslog, self.webhook) {
            (Some(url), _) => (DestinationKind::Syslog, url),
            (None, Some(url)) => (DestinationKind::Webhook, url),
            (None, None) => return Err(Failure::usage("give --syslog URL or --webhook URL")),
        };
        Ok(NewDestination { name: self.name, kind, url, secret, all_events: self.all_events })
    }
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Add(add) => {
            let made: DestinationView = client.post(&["destinations"], &add.request()?).await?;
            via.done(&made, |made| {
                format!(
                    "Alerts go to {} ({}) from now on; try `chaperone destination test {}`.",
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
            "Alerts go nowhere: `chaperone destination add NAME --syslog tcp://HOST:PORT`.",
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
