//! How an SSH server is reached beyond its host, port and keys: further addresses, authorities over its host keys, and old
//! algorithms for as long as somebody has said why.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is said of an SSH endpoint where it is not as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reach {
    /// Further addresses of the same server, tried after the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<HostPort>,
    /// Keys that may sign its host keys (OpenSSH's `@cert-authority`), one public key line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorities: Vec<String>,
    /// Old algorithms that it may still speak, and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy: Option<Legacy>,
}

impl Reach {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Old algorithms of one target, by somebody's word and for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Legacy {
    /// Which; never empty.
    pub algorithms: BTreeSet<LegacyAlgorithm>,
    /// First instant at which they are no longer spoken.
    pub until: Timestamp,
    /// Why the server has nothing better.
    pub reason: String,
}

impl Legacy {
    /// Whether they may be spoken now.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// An algorithm that nobody should speak any more and that some consoles have nothing better than.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LegacyAlgorithm {
    /// RSA host keys, and the gate's own RSA key, signed over SHA-1.
    #[serde(rename = "ssh-rsa")]
    SshRsa,
    /// `diffie-hellman-group14-sha1`.
    #[serde(rename = "dh-group14-sha1")]
    DhGroup14Sha1,
    /// `diffie-hellman-group1-sha1`: 1024 bits.
    #[serde(rename = "dh-group1-sha1")]
    DhGroup1Sha1,
    /// `diffie-hellman-group-exchange-sha1`.
    #[serde(rename = "dh-gex-sha1")]
    DhGexSha1,
    /// AES in CBC mode, of 128, 192 and 256 bits.
    #[serde(rename = "aes-cbc")]
    AesCbc,
    /// HMAC over SHA-1.
    #[serde(rename = "hmac-sha1")]
    HmacSha1,
}

impl LegacyAlgorithm {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::SshRsa,
        Self::DhGroup14Sha1,
        Self::DhGroup1Sha1,
        Self::DhGexSha1,
        Self::AesCbc,
        Self::HmacSha1,
    ];

    /// The stored and shown name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SshRsa => "ssh-rsa",
            Self::DhGroup14Sha1 => "dh-group14-sha1",
            Self::DhGroup1Sha1 => "dh-group1-sha1",
            Self::DhGexSha1 => "dh-gex-sha1",
            Self::AesCbc => "aes-cbc",
            Self::HmacSha1 => "hmac-sha1",
        }
    }
}

impl fmt::Display for LegacyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LegacyAlgorithm {
    type Err = UnknownLegacy;
    fn from_str(text: &str) -> Result<Self, UnknownLegacy> {
        let shown = || UnknownLegacy(text.chars().filter(|c| !c.is_control()).take(60).collect());
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(shown)
    }
}

/// The text names no old algorithm that can be spoken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no old algorithm that can be allowed; one of: {all}",
    all = LegacyAlgorithm::ALL.map(LegacyAlgorithm::as_str).join(", ")
)]
pub struct UnknownLegacy(pub String);

/// A host with a port. A host is a name, an IPv4 address, or an IPv6 address without brackets, which may have a zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HostPort {
    /// Name or address.
    pub host: String,
    /// TCP port, not 0.
    pub port: u16,
}

/// Why a text is no host with a port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostPortError {
    /// Not of the form.
    #[error("{0:?} is no HOST:PORT; an IPv6 address stands in brackets, [2001:db8::5]:22")]
    Form(String),
    /// An IPv6 address that may or may not end in a port.
    #[error("{0:?} can be read in two ways: write [{1}]:{2}, or [{0}] where {2} belongs to the address")]
    Ambiguous(String, String, String),
}

impl HostPort {
    /// Reads `HOST:PORT`, `[V6]:PORT`; and, where a port is usual, `HOST`, `[V6]` and `V6` alone.
    ///
    /// # Errors
    /// When it is none of them, or an IPv6 address without brackets that can be read in two ways.
    pub fn parse(text: &str, usual: Option<u16>) -> Result<Self, HostPortError> {
        let wrong = || HostPortError::Form(text.chars().filter(|c| !c.is_control()).take(80).collect());
        if is_v6(text) {
            if let Some((host, port)) = text.rsplit_once(':')
                && is_v6(host)
                && port.parse::<u16>().is_ok()
            {
                return Err(HostPortError::Ambiguous(text.to_owned(), host.to_owned(), port.to_owned()));
            }
            let port = usual.ok_or_else(wrong)?;
            return Ok(Self { host: text.to_owned(), port });
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').filter(|(host, _)| is_v6(host)).ok_or_else(wrong)?;
                let port = match after.strip_prefix(':') {
                    Some(port) => Some(port),
                    None if after.is_empty() => None,
                    None => return Err(wrong()),
                };
                (host, port)
            }
            None => {
                let (host, port) = text.rsplit_once(':').map_or((text, None), |(host, p)| (host, Some(p)));
                (Some(host).filter(|host| is_name(host)).ok_or_else(wrong)?, port)
            }
        };
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port != 0),
            None => usual,
        };
        Ok(Self { host: host.to_owned(), port: port.ok_or_else(wrong)? })
    }
}

impl FromStr for HostPort {
    type Err = HostPortError;
    fn from_str(text: &str) -> Result<Self, HostPortError> {
        Self::parse(text, None)
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// An IPv6 address; a zone, as link-local ones need it, is an interface's name (RFC 4007 §11).
fn is_v6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let is_zone = |zone: &str| {
        (1..=15).contains(&zone.len())
            && zone.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(is_zone)
}

fn is_name(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 253
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests;
