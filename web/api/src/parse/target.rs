//! Targets, their pins and their credentials.

use std::collections::BTreeSet;

use chaperone_identity::ssh_key;
use chaperone_policy::{
    AccountName, Card, Endpoint, HostPort, Legacy, Reach, Target, TargetId, TargetName, Uploads,
};
use chaperone_vault::TargetCredential;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::console::{TlsSecrets, tls};
use super::{all, needed, words};
use crate::problem::Problem;
use crate::reading::TlsReader;
use crate::wire::{
    CardView, CredentialKind, NewCredential, NewEndpoints, NewLegacy, NewSsh, NewTarget, NewTcp,
};

/// The longest secret: an RSA key of 16384 bits is far below.
const MAX_SECRET_BYTES: usize = 64 << 10;
/// Addresses of one server.
const MOST_ADDRESSES: usize = 8;
/// SSH's own port (RFC 4253 §4.1).
const SSH_PORT: u16 = 22;
/// The longest time for which old algorithms are allowed; whoever needs them longer says so again.
const LEGACY_AT_MOST: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// The credentials of accounts, to seal.
type Credentials = Vec<(AccountName, TargetCredential)>;

/// A target with what is to be sealed: for its accounts, and for its TLS service, which `reader` looks at.
pub(crate) fn target(
    new: &NewTarget,
    reader: Result<&dyn TlsReader, Problem>,
    now: Timestamp,
) -> Result<(Target, Credentials, TlsSecrets), Problem> {
    let name = new.name.parse().map_err(|error| Problem::field("name", error))?;
    let mut endpoints = Vec::new();
    let mut credentials = Vec::new();
    let mut secrets = TlsSecrets::default();
    if let Some(ssh) = &new.ssh {
        for given in &ssh.accounts {
            credentials.push(credential(given)?);
        }
        endpoints.push(ssh_endpoint(ssh, &credentials)?);
    }
    if let Some(given) = &new.tls {
        is_a_label(&name)?;
        let (endpoint, sealed) = tls(given, reader?, now)?;
        endpoints.push(endpoint);
        secrets = sealed;
    }
    for tcp in &new.tcp {
        endpoints.push(tcp_endpoint(tcp)?);
    }
    check_forwards(&endpoints)?;
    if endpoints.is_empty() {
        return Err(Problem::bad("a server needs a way to reach it", "give its ssh, tls or tcp address"));
    }
    let target = Target {
        id: TargetId(Uuid::now_v7()),
        name,
        endpoints,
        card: card(&new.card)?,
        approvals: Vec::new(),
        durable: new.durable,
        observer_required: new.observer_required,
        session_limit: new.session_limit,
        uploads: uploads(new.uploads.as_deref())?,
    };
    Ok((target, credentials, secrets))
}

/// Ways to reach a target that has others already, with the credentials to seal.
pub(crate) fn endpoints(new: &NewEndpoints) -> Result<(Vec<Endpoint>, Credentials), Problem> {
    let mut endpoints = Vec::new();
    let mut credentials = Vec::new();
    if let Some(ssh) = &new.ssh {
        for given in &ssh.accounts {
            credentials.push(credential(given)?);
        }
        endpoints.push(ssh_endpoint(ssh, &credentials)?);
    }
    for tcp in &new.tcp {
        endpoints.push(tcp_endpoint(tcp)?);
    }
    if endpoints.is_empty() {
        return Err(Problem::bad("nothing is added", "give an ssh or a tcp address"));
    }
    Ok((endpoints, credentials))
}

/// How files come to it; directly where nothing is said.
pub(crate) fn uploads(given: Option<&str>) -> Result<Uploads, Problem> {
    given.map_or(Ok(Uploads::Direct), |way| way.parse().map_err(|error| Problem::field("uploads", error)))
}

fn ssh_endpoint(ssh: &NewSsh, credentials: &[(AccountName, TargetCredential)]) -> Result<Endpoint, Problem> {
    let mut texts = vec![ssh.address.clone()];
    texts.extend(ssh.also.iter().cloned());
    let (HostPort { host, port }, also) = addresses("ssh.address", &texts)?;
    let accounts: Vec<AccountName> = credentials.iter().map(|(account, _)| account.clone()).collect();
    if accounts.is_empty() {
        return Err(Problem::field("ssh.accounts", "the gate needs an account to sign in with"));
    }
    if accounts.iter().collect::<BTreeSet<_>>().len() != accounts.len() {
        return Err(Problem::field("ssh.accounts", "an account is named twice"));
    }
    // Without keys they are proposed later, and nobody is let through before one is approved.
    let host_keys = match ssh.host_keys.as_slice() {
        [] => Vec::new(),
        lines => host_keys("ssh.host_keys", lines)?,
    };
    Ok(Endpoint::Ssh { host, port, host_keys, accounts, reach: Reach { also, ..Reach::default() } })
}

/// A server that is reached by TLS is `NAME.tls.DOMAIN`, and a certificate's wildcard stands for one label (RFC 6125 §6.4.3).
pub(crate) fn is_a_label(name: &TargetName) -> Result<(), Problem> {
    if name.as_str().contains('.') {
        return Err(Problem::field("name", "a server that is reached by TLS has no dot in its name"));
    }
    Ok(())
}

fn tcp_endpoint(tcp: &NewTcp) -> Result<Endpoint, Problem> {
    let (host, port) = address("tcp.address", &tcp.address)?;
    let name = tcp.name.parse().map_err(|error| Problem::field("tcp.name", error))?;
    Ok(Endpoint::Tcp { name, host, port, opaque: tcp.opaque })
}

/// Each declared forward has a name of its own, and none is the server's SSH: what passes there could not be read.
pub(crate) fn check_forwards(endpoints: &[Endpoint]) -> Result<(), Problem> {
    let mut names = BTreeSet::new();
    for endpoint in endpoints {
        let Endpoint::Tcp { name, host, port, .. } = endpoint else { continue };
        if !names.insert(name) {
            return Err(Problem::field("tcp.name", format!("{name} is declared twice")));
        }
        if endpoints.iter().any(|other| other.is_ssh_at(host, *port)) {
            return Err(Problem::field(
                "tcp.address",
                "it is the server's SSH, which is reached by visits alone",
            ));
        }
    }
    Ok(())
}

/// Host keys to pin, as normalised lines.
pub(crate) fn host_keys(field: &str, lines: &[String]) -> Result<Vec<String>, Problem> {
    if lines.is_empty() {
        return Err(Problem::field(field, "a host key must be pinned: the server's ssh_host_*_key.pub"));
    }
    let parsed = lines.iter().map(|line| ssh_key::PublicKey::parse(line).map(|key| key.openssh().to_owned()));
    parsed.map(|line| line.map_err(|error| Problem::field(field, error))).collect()
}

/// A credential to seal. A private key that could not be used is refused now, not at the first visit.
pub(crate) fn credential(given: &NewCredential) -> Result<(AccountName, TargetCredential), Problem> {
    let account = given.account.parse().map_err(|error| Problem::field("account", error))?;
    if given.kind == CredentialKind::UserCa {
        let none = Problem::field("secret", "a server that trusts the gate's user CA needs none");
        return if given.secret.is_empty() { Ok((account, TargetCredential::UserCa)) } else { Err(none) };
    }
    if given.secret.is_empty() || given.secret.len() > MAX_SECRET_BYTES {
        return Err(Problem::field("secret", format!("it must have 1 to {MAX_SECRET_BYTES} bytes")));
    }
    let credential = match given.kind {
        CredentialKind::Password => TargetCredential::Password(given.secret.clone().into()),
        CredentialKind::SshKey if !given.secret.contains("PRIVATE KEY-----") => {
            return Err(Problem::field(
                "secret",
                "it is no private key; right is the text of an OpenSSH private key file",
            ));
        }
        CredentialKind::SshKey => TargetCredential::SshKey(given.secret.clone().into()),
        CredentialKind::UserCa => TargetCredential::UserCa,
    };
    Ok((account, credential))
}

fn card(given: &CardView) -> Result<Card, Problem> {
    let text =
        |field: &str, text: &Option<String>| text.as_deref().map(|text| words(field, text)).transpose();
    Ok(Card {
        site: text("card.site", &given.site)?,
        group: text("card.group", &given.group)?,
        unit: text("card.unit", &given.unit)?,
        contact: given
            .contact
            .as_deref()
            .map(|address| address.parse().map_err(|error| Problem::field("card.contact", error)))
            .transpose()?,
        pumps: given.pumps,
        patient_data: given.patient_data,
        in_clinical_use: given.in_clinical_use,
    })
}

/// `HOST:PORT`, `[V6]:PORT`.
pub(super) fn address(field: &str, text: &str) -> Result<(String, u16), Problem> {
    let HostPort { host, port } = text.parse().map_err(|error| Problem::field(field, error))?;
    Ok((host, port))
}

/// Where an SSH server is: the first address, and those that are tried after it.
pub(crate) fn addresses(field: &str, texts: &[String]) -> Result<(HostPort, Vec<HostPort>), Problem> {
    if texts.len() > MOST_ADDRESSES {
        return Err(Problem::field(field, format!("a server has at most {MOST_ADDRESSES} addresses")));
    }
    let mut read = Vec::new();
    for text in texts {
        let one = HostPort::parse(text, Some(SSH_PORT)).map_err(|error| Problem::field(field, error))?;
        if !read.contains(&one) {
            read.push(one);
        }
    }
    let mut read = read.into_iter();
    let first = read.next().ok_or_else(|| Problem::field(field, "a server needs an address"))?;
    Ok((first, read.collect()))
}

/// Old algorithms for a time, or none any more; and why.
pub(crate) fn legacy(new: &NewLegacy, now: Timestamp) -> Result<(Option<Legacy>, String), Problem> {
    let reason = needed("reason", &new.reason)?;
    if new.algorithms.is_empty() {
        return Ok((None, reason));
    }
    let algorithms = all("algorithms", &new.algorithms)?;
    let until =
        new.until.ok_or_else(|| Problem::field("until", "old algorithms are allowed for a time only"))?;
    let until = until.resolve(now);
    if until <= now || until.duration_since(now) > LEGACY_AT_MOST {
        return Err(Problem::field("until", "it must lie ahead, and at most two years"));
    }
    Ok((Some(Legacy { algorithms, until, reason: reason.clone() }), reason))
}
