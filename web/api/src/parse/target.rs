//! Targets, their pins and their credentials.

use std::collections::BTreeSet;

use chaperone_identity::ssh_key;
use chaperone_policy::{AccountName, Card, Endpoint, Target, TargetId, Uploads};
use chaperone_vault::TargetCredential;
use uuid::Uuid;

use super::words;
use crate::problem::Problem;
use crate::wire::{CardView, CredentialKind, NewCredential, NewSsh, NewTarget, NewTcp, NewTls};

/// The longest secret: an RSA key of 16384 bits is far below.
const MAX_SECRET_BYTES: usize = 64 << 10;

/// A target with the credentials to seal.
pub(crate) fn target(new: &NewTarget) -> Result<(Target, Vec<(AccountName, TargetCredential)>), Problem> {
    let name = new.name.parse().map_err(|error| Problem::field("name", error))?;
    let mut endpoints = Vec::new();
    let mut credentials = Vec::new();
    if let Some(ssh) = &new.ssh {
        for given in &ssh.accounts {
            credentials.push(credential(given)?);
        }
        endpoints.push(ssh_endpoint(ssh, &credentials)?);
    }
    if let Some(tls) = &new.tls {
        endpoints.push(tls_endpoint(tls)?);
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
    Ok((target, credentials))
}

/// How files come to it; directly where nothing is said.
pub(crate) fn uploads(given: Option<&str>) -> Result<Uploads, Problem> {
    given.map_or(Ok(Uploads::Direct), |way| way.parse().map_err(|error| Problem::field("uploads", error)))
}

fn ssh_endpoint(ssh: &NewSsh, credentials: &[(AccountName, TargetCredential)]) -> Result<Endpoint, Problem> {
    let (host, port) = address("ssh.address", &ssh.address)?;
    let accounts: Vec<AccountName> = credentials.iter().map(|(account, _)| account.clone()).collect();
    if accounts.is_empty() {
        return Err(Problem::field("ssh.accounts", "the gate needs an account to sign in with"));
    }
    if accounts.iter().collect::<BTreeSet<_>>().len() != accounts.len() {
        return Err(Problem::field("ssh.accounts", "an account is named twice"));
    }
    Ok(Endpoint::Ssh { host, port, host_keys: host_keys("ssh.host_keys", &ssh.host_keys)?, accounts })
}

fn tls_endpoint(tls: &NewTls) -> Result<Endpoint, Problem> {
    let (host, port) = address("tls.address", &tls.address)?;
    if !tls.trust_pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(Problem::field("tls.trust_pem", "it has no PEM certificate"));
    }
    let server_name = words("tls.server_name", &tls.server_name)?;
    if server_name.is_empty() {
        return Err(Problem::field("tls.server_name", "it must not be empty"));
    }
    Ok(Endpoint::Tls { host, port, server_name, trust_pem: tls.trust_pem.clone(), http: tls.http })
}

fn tcp_endpoint(tcp: &NewTcp) -> Result<Endpoint, Problem> {
    let (host, port) = address("tcp.address", &tcp.address)?;
    let name = tcp.name.parse().map_err(|error| Problem::field("tcp.name", error))?;
    Ok(Endpoint::Tcp { name, host, port, opaque: tcp.opaque })
}

/// Each declared forward has a name of its own, and none is the server's SSH: what passes there could not be read.
fn check_forwards(endpoints: &[Endpoint]) -> Result<(), Problem> {
    let mut names = BTreeSet::new();
    for endpoint in endpoints {
        let Endpoint::Tcp { name, host, port, .. } = endpoint else { continue };
        if !names.insert(name) {
            return Err(Problem::field("tcp.name", format!("{name} is declared twice")));
        }
        let is_ssh = |other: &Endpoint| matches!(other, Endpoint::Ssh { host: at, port: on, .. } if at.eq_ignore_ascii_case(host) && on == port);
        if endpoints.iter().any(is_ssh) {
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
fn address(field: &str, text: &str) -> Result<(String, u16), Problem> {
    let wrong =
        || Problem::field(field, format!("{:?} is no HOST:PORT", text.chars().take(80).collect::<String>()));
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
    let host = match host.strip_prefix('[') {
        Some(v6) => {
            v6.strip_suffix(']').filter(|v6| v6.parse::<std::net::Ipv6Addr>().is_ok()).ok_or_else(wrong)?
        }
        None => Some(host).filter(|host| is_host(host)).ok_or_else(wrong)?,
    };
    Ok((host.to_owned(), port))
}

fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 253
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_are_read_or_refused() {
        assert_eq!(address("a", "10.1.2.3:22").unwrap(), ("10.1.2.3".to_owned(), 22));
        assert_eq!(address("a", "[::1]:22").unwrap(), ("::1".to_owned(), 22));
        assert_eq!(address("a", "pump-server.east.example:2222").unwrap().1, 2222);
        for wrong in [
            "",
            "host",
            "host:",
            "host:0",
            "host:70000",
            ":22",
            "::1:22",
            "[::1:22",
            "-oProxyCommand=x:22",
            "a b:1",
            "a/b:1",
        ] {
            assert!(address("a", wrong).is_err(), "{wrong:?}");
        }
    }
}
