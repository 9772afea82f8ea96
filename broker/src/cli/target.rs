//! `chaperone target …`

use std::io::Read;
use std::path::{Path, PathBuf};

use chaperone_web::wire::{
    Because, CardView, CertificateView, CredentialKind, EndpointView, NewCredential, NewSsh, NewTarget,
    NewTcp, NewUploads, PlainHttpView, TargetView,
};
use clap::{Args, Subcommand};

use super::outcome::Failure;
use super::public_key;
use super::table::{Table, join};
use super::target_key;
use super::target_tls::{self, TlsFlags};
use super::target_tls_ca;
use super::via::{Remote, Via};

const MAX_PASSWORD_BYTES: u64 = 4096;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Add a server or console
    Add(Box<Add>),
    /// List all servers
    List,
    /// Show a server's card
    Show {
        /// Its name
        name: String,
    },
    /// Seal a new credential for one of its accounts
    SetCredential {
        /// Its name
        name: String,
        /// The account
        #[arg(long)]
        account: String,
        #[command(flatten)]
        secret: Secret,
    },
    /// Say how files come to it: direct (clients write them), or staged (they are scanned at the gate first)
    SetUploads {
        /// Its name
        name: String,
        /// direct or staged
        #[arg(value_name = "WAY")]
        uploads: String,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    #[command(flatten)]
    Key(target_key::Verb),
    #[command(flatten)]
    TlsCa(target_tls_ca::Verb),
    #[command(flatten)]
    Endpoint(target_tls::Verb),
    /// Keep everybody out of it, and end its visits
    Lock {
        /// Its name
        name: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Let visits to it happen again
    Unlock {
        /// Its name
        name: String,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// What technicians call it at the gate
    name: String,
    /// Its SSH server; port 22 where it is left out, IPv6 as `[2001:db8::5]:22`
    #[arg(long, value_name = "HOST:PORT", requires_all = ["account", "secret"])]
    ssh: Option<String>,
    /// A further address of it, tried after the first; repeat for more
    #[arg(long, value_name = "HOST:PORT", requires = "ssh")]
    also: Vec<String>,
    /// The account on it
    #[arg(long, requires = "ssh")]
    account: Option<String>,
    #[command(flatten)]
    secret: Secret,
    /// Its pinned host key: a public key file or known_hosts lines; repeat for more. Without one, propose it afterwards
    /// with pin-host-key: nobody is let through before
    #[arg(long, value_name = "FILE", requires = "ssh")]
    host_key: Vec<PathBuf>,
    /// A declared forward; repeat for more
    #[arg(long, value_name = "NAME=HOST:PORT", value_parser = tcp)]
    tcp: Vec<NewTcp>,
    /// A declared forward that is encrypted inside, such as RDP: only its flow is recorded; repeat for more
    #[arg(long, value_name = "NAME=HOST:PORT", value_parser = tcp)]
    tcp_opaque: Vec<NewTcp>,
    #[command(flatten)]
    tls: TlsFlags,
    /// Hospital site
    #[arg(long)]
    site: Option<String>,
    /// Group for scopes
    #[arg(long)]
    group: Option<String>,
    /// Unit served
    #[arg(long)]
    unit: Option<String>,
    /// Where the unit is told by mail what is planned on it
    #[arg(long, value_name = "ADDRESS")]
    contact: Option<String>,
    /// Pumps that depend on it
    #[arg(long, value_name = "N")]
    pumps: Option<u32>,
    /// It holds patient data
    #[arg(long)]
    patient_data: bool,
    /// Therapy depends on it at this time
    #[arg(long)]
    in_clinical_use: bool,
    /// Bytes must be on stable storage before they go on
    #[arg(long)]
    durable: bool,
    /// Somebody must watch while input flows
    #[arg(long)]
    observer_required: bool,
    /// How many sessions it may have at once
    #[arg(long, value_name = "N")]
    session_limit: Option<u32>,
    /// How files come to it: direct (clients write them), or staged (they are scanned at the gate first)
    #[arg(long, value_name = "WAY")]
    uploads: Option<String>,
}

/// Where the gate's credential comes from: never the command line itself.
#[derive(Debug, Args)]
#[group(id = "secret", multiple = false)]
pub(crate) struct Secret {
    /// The account's OpenSSH private key, without a passphrase
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Read the account's password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// The server trusts the gate's user CA: sign in with a certificate that dies with the visit
    #[arg(long)]
    user_ca: bool,
}

impl Secret {
    pub(super) fn read(&self, account: &str) -> Result<NewCredential, Failure> {
        let account = account.to_owned();
        if self.user_ca {
            return Ok(NewCredential { account, kind: CredentialKind::UserCa, secret: String::new() });
        }
        if let Some(path) = &self.key {
            return Ok(NewCredential { account, kind: CredentialKind::SshKey, secret: private_key(path)? });
        }
        if !self.password_stdin {
            return Err(Failure::usage(
                "no credential is given; use --key FILE, --password-stdin or --user-ca",
            ));
        }
        let mut secret = String::new();
        std::io::stdin()
            .take(MAX_PASSWORD_BYTES)
            .read_to_string(&mut secret)
            .map_err(|error| Failure::usage(format!("no password on standard input: {error}")))?;
        let secret = secret
            .strip_suffix('\n')
            .map(|s| s.strip_suffix('\r').unwrap_or(s))
            .unwrap_or(&secret)
            .to_owned();
        if secret.is_empty() {
            return Err(Failure::usage("no password on standard input"));
        }
        Ok(NewCredential { account, kind: CredentialKind::Password, secret })
    }
}

fn private_key(path: &Path) -> Result<String, Failure> {
    let text = public_key::read(path)?;
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        Ok(text)
    } else {
        Err(Failure::usage(format!(
            "{} is no private key; right is a file that begins with -----BEGIN OPENSSH PRIVATE KEY-----",
            path.display()
        )))
    }
}

pub(super) fn tcp(text: &str) -> Result<NewTcp, String> {
    match text.split_once('=') {
        Some((name, address)) if !name.is_empty() && address.contains(':') => {
            Ok(NewTcp { name: name.to_owned(), address: address.to_owned(), opaque: false })
        }
        _ => Err("right is NAME=HOST:PORT, such as db=10.1.2.3:5432".to_owned()),
    }
}

impl Add {
    fn request(self) -> Result<NewTarget, Failure> {
        let ssh = match (&self.ssh, &self.account) {
            (Some(address), Some(account)) => Some(NewSsh {
                address: address.clone(),
                also: self.also.clone(),
                host_keys: host_keys(&self.host_key)?,
                accounts: vec![self.secret.read(account)?],
            }),
            _ => None,
        };
        let tls = self.tls.new_tls()?;
        let opaque = self.tcp_opaque.into_iter().map(|tcp| NewTcp { opaque: true, ..tcp });
        Ok(NewTarget {
            name: self.name,
            ssh,
            tls,
            tcp: self.tcp.into_iter().chain(opaque).collect(),
            card: CardView {
                site: self.site,
                group: self.group,
                unit: self.unit,
                contact: self.contact,
                pumps: self.pumps,
                patient_data: self.patient_data,
                in_clinical_use: self.in_clinical_use,
            },
            durable: self.durable,
            observer_required: self.observer_required,
            session_limit: self.session_limit,
            uploads: self.uploads,
        })
    }
}

pub(super) fn host_keys(paths: &[PathBuf]) -> Result<Vec<String>, Failure> {
    let mut keys = Vec::new();
    for path in paths {
        keys.extend(public_key::from_file(path)?);
    }
    Ok(keys)
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Key(verb) => target_key::run(&via, verb).await,
        Verb::TlsCa(verb) => target_tls_ca::run(&via, verb).await,
        Verb::Endpoint(verb) => target_tls::run(&via, verb).await,
        Verb::Add(add) => {
            let target: TargetView = client.post(&["targets"], &add.request()?).await?;
            via.done(&target, |target| {
                let notes = notes(&target.warnings);
                format!("Added {} ({}).{notes}", target.name, target.id)
            })
        }
        Verb::List => list(&via, client.get(&["targets"]).await?),
        Verb::Show { name } => show(&via, client.get(&["targets", &name]).await?),
        Verb::SetCredential { name, account, secret } => {
            let credential = secret.read(&account)?;
            let target: TargetView = client.put(&["targets", &name, "credentials"], &credential).await?;
            via.done(&target, |target| format!("The credential of {account} on {} is sealed.", target.name))
        }
        Verb::SetUploads { name, uploads, reason } => {
            let way = NewUploads { uploads, reason };
            let target: TargetView = client.put(&["targets", &name, "uploads"], &way).await?;
            via.done(&target, |target| format!("Files come to {}: {}.", target.name, target.uploads))
        }
        Verb::Lock { name, reason } => {
            let target: TargetView = client.post(&["targets", &name, "lock"], &Because { reason }).await?;
            via.done(&target, |target| format!("{} is locked; its visits end now.", target.name))
        }
        Verb::Unlock { name, reason } => {
            let target: TargetView = client.post(&["targets", &name, "unlock"], &Because { reason }).await?;
            via.done(&target, |target| format!("{} is no longer locked.", target.name))
        }
    }
}

/// What whoever has sealed a secret should know of it, on lines of its own.
pub(super) fn notes(warnings: &[String]) -> String {
    warnings.iter().map(|warning| format!("\nNote: {warning}")).collect()
}

fn list(via: &Via, targets: Vec<TargetView>) -> Result<(), Failure> {
    via.show(&targets, |targets| {
        let table = Table::list(
            ["name", "site", "unit", "pumps", "reached by", "locked"],
            "No servers yet: `chaperone target add NAME --ssh HOST:PORT …`.",
        );
        targets.iter().fold(table, |table, target| {
            table.row([
                target.name.clone(),
                target.card.site.clone().unwrap_or_default(),
                target.card.unit.clone().unwrap_or_default(),
                target.card.pumps.map(|pumps| pumps.to_string()).unwrap_or_default(),
                join(&target.endpoints.iter().map(endpoint).collect::<Vec<_>>()),
                target.locked.clone().unwrap_or_default(),
            ])
        })
    })
}

fn show(via: &Via, target: TargetView) -> Result<(), Failure> {
    via.show(&target, |target| {
        let yes = |yes: bool| if yes { "yes" } else { "" };
        let card = Table::card()
            .line("name", &target.name)
            .line("id", &target.id)
            .line("site", target.card.site.clone().unwrap_or_default())
            .line("group", target.card.group.clone().unwrap_or_default())
            .line("unit", target.card.unit.clone().unwrap_or_default())
            .line("contact", target.card.contact.clone().unwrap_or_default())
            .line("pumps", target.card.pumps.map(|pumps| pumps.to_string()).unwrap_or_default())
            .line("patient data", yes(target.card.patient_data))
            .line("in clinical use", yes(target.card.in_clinical_use))
            .line("recorded durably", yes(target.durable))
            .line("files", &target.uploads)
            .line("needs an observer", yes(target.observer_required))
            .line("locked", target.locked.clone().unwrap_or_default());
        let card = target.endpoints.iter().fold(card, |card, reached| {
            let card = card.line("reached by", endpoint(reached));
            match reached {
                EndpointView::Ssh { also, host_keys, authorities, accounts, legacy, .. } => card
                    .line("  or at", join(also))
                    .line("  accounts", join(accounts))
                    .line("  host keys", join(host_keys))
                    .line("  authorities", join(authorities))
                    .line("  old algorithms", legacy.as_ref().map(target_key::legacy).unwrap_or_default()),
                EndpointView::Tls { server_name, trust, pins, client, sign_in, plain_http, .. } => {
                    let until = |plain: &PlainHttpView| format!("until {}: {}", plain.until, plain.reason);
                    card.line("  as", server_name)
                        .line("  trusted by", join(&trust.iter().map(certificate).collect::<Vec<_>>()))
                        .line("  pinned keys", join(pins))
                        .line("  is shown", client.as_ref().map(certificate).unwrap_or_default())
                        .line("  sign-in", sign_in.clone().unwrap_or_default())
                        .line("  without TLS", plain_http.as_ref().map(until).unwrap_or_default())
                }
                EndpointView::Tcp { .. } => card,
            }
        });
        let waiting = target.proposed_keys.iter();
        waiting.fold(card, |card, key| card.line("waits for approval", target_key::proposal(key)))
    })
}

fn certificate(certificate: &CertificateView) -> String {
    format!("{} until {}", certificate.subject, certificate.until)
}

fn endpoint(endpoint: &EndpointView) -> String {
    match endpoint {
        EndpointView::Ssh { address, .. } => format!("ssh {address}"),
        EndpointView::Tls { address, http, .. } => {
            format!("{} {address}", if *http { "https" } else { "tls" })
        }
        EndpointView::Tcp { name, address, .. } => format!("{name} {address}"),
    }
}
