//! `chaperone target …` for a server's TLS service, and for ways to reach a server at all. Secrets come from files or from
//! standard input, never from the command line itself.

use std::io::Read;
use std::path::{Path, PathBuf};

use chaperone_policy::HostPort;
use chaperone_web::wire::{
    ChangeTls, Moment, NewClientCertificate, NewConsoleSignIn, NewEndpoints, NewPlainHttp, NewSsh, NewTcp,
    NewTls, RemovedEndpoint, TargetView,
};
use clap::{Args, Subcommand};

use super::moment::{FORMS, moment};
use super::outcome::Failure;
use super::public_key;
use super::target::{Secret, host_keys, notes, tcp};
use super::via::Via;

/// Longest password, or header value, that is read, in bytes.
const MAX_SECRET_BYTES: u64 = 4096;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Change its TLS service, or add one; what is not said stays
    SetTls(Box<SetTls>),
    /// Add a way to reach it
    AddEndpoint(Box<AddEndpoint>),
    /// Take a way to reach it away, with what is sealed for it
    RemoveEndpoint {
        /// Its name
        name: String,
        /// ssh, tls, or tcp:NAME
        endpoint: String,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SetTls {
    /// Its name
    name: String,
    #[command(flatten)]
    tls: TlsFlags,
    /// What it is to have no longer: client (certificate), sign-in, plain-http; repeat for more
    #[arg(long, value_name = "WHAT")]
    without: Vec<String>,
    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct AddEndpoint {
    /// Its name
    name: String,
    /// Its SSH server; port 22 where it is left out
    #[arg(long, value_name = "HOST:PORT", requires_all = ["account", "secret"])]
    ssh: Option<String>,
    /// The account on it
    #[arg(long, requires = "ssh")]
    account: Option<String>,
    #[command(flatten)]
    secret: Secret,
    /// Its pinned host key: a public key file or known_hosts lines; repeat for more
    #[arg(long, value_name = "FILE", requires = "ssh")]
    host_key: Vec<PathBuf>,
    /// A declared forward; repeat for more
    #[arg(long, value_name = "NAME=HOST:PORT", value_parser = tcp)]
    tcp: Vec<NewTcp>,
    /// A declared forward that is encrypted inside; repeat for more
    #[arg(long, value_name = "NAME=HOST:PORT", value_parser = tcp)]
    tcp_opaque: Vec<NewTcp>,
    /// Replace forwards of the same name
    #[arg(long)]
    replace: bool,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
}

/// What is said of a TLS service.
#[derive(Debug, Args)]
pub(crate) struct TlsFlags {
    /// Its TLS service
    #[arg(long, value_name = "HOST:PORT")]
    tls: Option<String>,
    /// The name that its certificate must carry; the host where left out
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// PEM certificates to trust for it
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The SHA-256 of its public key, beside --trust or instead of it; repeat for more
    #[arg(long, value_name = "SHA256-SPKI")]
    pin: Vec<String>,
    /// It is a web console
    #[arg(long)]
    http: bool,
    /// The certificate that the gate shows to it: PEM, with what vouches for it behind it
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// Its private key, PEM without a passphrase; in the certificate's own file where left out
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    client_key: Option<PathBuf>,
    /// Sign in to the console as this user (basic authentication); the password is in --console-secret
    #[arg(long, value_name = "USER", requires = "console_secret", conflicts_with = "header")]
    basic: Option<String>,
    /// Sign in to the console by this header; its value is in --console-secret
    #[arg(long, value_name = "NAME", requires = "console_secret")]
    header: Option<String>,
    /// The file with the console's password or header value; - reads it from standard input
    #[arg(long, value_name = "FILE")]
    console_secret: Option<PathBuf>,
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "plain_http_reason",
        help = format!("The console speaks no TLS: reach it by plain HTTP until then, a year ahead at most: {FORMS}"))]
    plain_http_until: Option<Moment>,
    /// Why it has nothing better
    #[arg(long, value_name = "WHY", requires = "plain_http_until")]
    plain_http_reason: Option<String>,
}

impl TlsFlags {
    /// A service to add; nothing where none is meant.
    pub(crate) fn new_tls(&self) -> Result<Option<NewTls>, Failure> {
        let given = self.change()?;
        let Some(address) = given.address else {
            let nothing = ChangeTls::default();
            let says_more = given.server_name.is_some()
                || given.trust_pem.is_some()
                || given.http.is_some()
                || given.pins != nothing.pins
                || given.client.is_some()
                || given.sign_in.is_some()
                || given.plain_http.is_some();
            return match says_more {
                true => Err(Failure::usage(
                    "a TLS service is described without its address; give --tls HOST:PORT",
                )),
                false => Ok(None),
            };
        };
        let server_name = given.server_name.unwrap_or_else(|| host_of(&address));
        Ok(Some(NewTls {
            server_name,
            address,
            trust_pem: given.trust_pem.unwrap_or_default(),
            http: self.http,
            pins: given.pins.unwrap_or_default(),
            client: given.client,
            sign_in: given.sign_in,
            plain_http: given.plain_http,
        }))
    }

    fn change(&self) -> Result<ChangeTls, Failure> {
        let plain = self.plain_http_until.zip(self.plain_http_reason.clone());
        Ok(ChangeTls {
            address: self.tls.clone(),
            server_name: self.server_name.clone(),
            trust_pem: self.trust.as_deref().map(public_key::read).transpose()?,
            http: self.http.then_some(true),
            pins: (!self.pin.is_empty()).then(|| self.pin.clone()),
            client: self.client_certificate.as_deref().map(|path| self.client(path)).transpose()?,
            sign_in: self.sign_in()?,
            plain_http: plain.map(|(until, reason)| NewPlainHttp { until, reason }),
            ..ChangeTls::default()
        })
    }

    fn client(&self, path: &Path) -> Result<NewClientCertificate, Failure> {
        let text = public_key::read(path)?;
        let key_pem = match &self.client_key {
            Some(path) => public_key::read(path)?,
            None => only(&text, "PRIVATE KEY"),
        };
        if key_pem.is_empty() {
            let what = format!("{} holds no private key", path.display());
            return Err(Failure::usage(format!("{what}; name the file that does with --client-key")));
        }
        Ok(NewClientCertificate { certificate_pem: only(&text, "CERTIFICATE"), key_pem })
    }

    fn sign_in(&self) -> Result<Option<NewConsoleSignIn>, Failure> {
        let (basic, header) = (self.basic.clone(), self.header.clone());
        match &self.console_secret {
            None => Ok(None),
            Some(_) if basic.is_none() && header.is_none() => {
                Err(Failure::usage("--console-secret belongs to --basic USER or --header NAME"))
            }
            Some(path) => Ok(Some(NewConsoleSignIn { basic, header, secret: one_line(path)? })),
        }
    }
}

/// The blocks of a PEM text (RFC 7468) whose label ends so.
fn only(text: &str, label: &str) -> String {
    let mut blocks = String::new();
    let mut inside = false;
    for line in text.lines() {
        inside |= line.starts_with("-----BEGIN ") && line.trim_end().ends_with(&format!("{label}-----"));
        if inside {
            blocks.push_str(line);
            blocks.push('\n');
        }
        inside &= !line.starts_with("-----END ");
    }
    blocks
}

/// A secret from a file or from standard input, without the end of its line.
fn one_line(path: &Path) -> Result<String, Failure> {
    let no_secret = |why: String| Failure::usage(format!("no secret in {}: {why}", path.display()));
    let mut secret = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(MAX_SECRET_BYTES).read_to_string(&mut secret)
    } else {
        let file = std::fs::File::open(path).map_err(|error| no_secret(error.to_string()))?;
        file.take(MAX_SECRET_BYTES).read_to_string(&mut secret)
    };
    read.map_err(|error| no_secret(error.to_string()))?;
    let line =
        secret.strip_suffix('\n').map_or(secret.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() { Err(no_secret("it is empty".to_owned())) } else { Ok(line.to_owned()) }
}

/// The gate says what is wrong with an address.
fn host_of(address: &str) -> String {
    address.parse().map_or_else(|_| address.to_owned(), |HostPort { host, .. }| host)
}

pub(crate) async fn run(via: &Via, verb: Verb) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::SetTls(set) => {
            let SetTls { name, tls, without, reason } = *set;
            let change = ChangeTls { without, reason, ..tls.change()? };
            let target: TargetView = client.put(&["targets", &name, "tls"], &change).await?;
            via.done(&target, |target| {
                let notes = notes(&target.warnings);
                format!("The TLS service of {} is as said from now on.{notes}", target.name)
            })
        }
        Verb::AddEndpoint(add) => {
            let AddEndpoint { name, ssh, account, secret, host_key, tcp, tcp_opaque, replace, reason } = *add;
            let ssh = match (ssh, account) {
                (Some(address), Some(account)) => Some(NewSsh {
                    address,
                    also: Vec::new(),
                    host_keys: host_keys(&host_key)?,
                    accounts: vec![secret.read(&account)?],
                }),
                _ => None,
            };
            let opaque = tcp_opaque.into_iter().map(|tcp| NewTcp { opaque: true, ..tcp });
            let tcp = tcp.into_iter().chain(opaque).collect();
            let new = NewEndpoints { ssh, tcp, replace, reason };
            let target: TargetView = client.post(&["targets", &name, "endpoints"], &new).await?;
            via.done(&target, |target| format!("{} is reached by more ways now.", target.name))
        }
        Verb::RemoveEndpoint { name, endpoint, reason } => {
            let gone = RemovedEndpoint { endpoint, reason };
            let target: TargetView = client.post(&["targets", &name, "endpoints", "remove"], &gone).await?;
            via.done(&target, |target| {
                format!("{} is not reached by {} any more.", target.name, gone.endpoint)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_may_hold_certificate_and_key() {
        let block = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
        let text = format!(
            "Subject: x\n{}junk\n{}{}",
            block("CERTIFICATE"),
            block("EC PRIVATE KEY"),
            block("CERTIFICATE")
        );
        assert_eq!(only(&text, "CERTIFICATE"), block("CERTIFICATE").repeat(2));
        assert_eq!(only(&text, "PRIVATE KEY"), block("EC PRIVATE KEY"));
        assert_eq!(only("nothing", "CERTIFICATE"), "");
    }
}
