//! Scanners of files: what is asked before a file that somebody sent goes on to a server.
//!
//! A scanner says clean, or what it found. Whatever else happens (it is away, slow, says something else, or takes no file
//! of this size) is no answer, and a file without an answer does not go on. Two kinds are spoken to: clamd by its own
//! protocol ([`clamd`]), and any other by ICAP, RFC 3507 ([`icap`]).

mod clamd;
mod icap;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::stage::{Chunks, StageError};

/// The longest name of what was found that is kept.
const NAME_CHARS: usize = 120;
/// How long a scanner may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// The port of ICAP (RFC 3507 §4.2).
const ICAP_PORT: u16 = 1344;

/// What a scanner says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It found nothing.
    Clean,
    /// It found this.
    Found(String),
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// No connection, or one that broke.
    #[error("the scanner cannot be reached: {0}")]
    Unreachable(io::Error),
    /// It took too long.
    #[error("the scanner did not answer within {0:?}")]
    Slow(Duration),
    /// It takes no file of this size.
    #[error("the scanner takes no file of this size")]
    TooBig,
    /// It says neither clean nor found.
    #[error("the scanner gave no verdict: {0}")]
    Answer(String),
    /// The file itself cannot be read.
    #[error("the staged file cannot be read")]
    Content(#[source] StageError),
}

/// A file to look at.
pub(crate) struct Content {
    /// What it is called.
    pub name: String,
    /// How long it is.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its bytes.
    pub chunks: Chunks,
}

/// A scanner and how long it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanner {
    /// Where it is.
    pub at: ScannerAddress,
    /// How long it may take over one file.
    pub within: Duration,
}

/// Where a scanner is, and what it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScannerAddress {
    /// clamd, on its local socket.
    ClamdSocket(PathBuf),
    /// clamd, by TCP: host and port.
    Clamd(String, u16),
    /// A service of an ICAP server.
    Icap {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// The service's name on the server.
        service: String,
    },
}

/// The text names no scanner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scanner; one of: clamd:/PATH/OF/SOCKET, clamd://HOST:PORT, icap://HOST/SERVICE")]
pub struct UnknownScanner(pub String);

impl Scanner {
    /// Asks about a file. The second value is what the scanner calls itself and its signatures.
    pub(crate) async fn scan(&self, content: Content) -> Result<(Verdict, String), ScanError> {
        let asked = async {
            match &self.at {
                ScannerAddress::ClamdSocket(path) => clamd::scan(&clamd::Place::Socket(path), content).await,
                ScannerAddress::Clamd(host, port) => {
                    clamd::scan(&clamd::Place::Port(host, *port), content).await
                }
                ScannerAddress::Icap { host, port, service } => {
                    icap::scan(&icap::Service { host, port: *port, name: service }, content).await
                }
            }
        };
        tokio::time::timeout(self.within, asked).await.unwrap_or(Err(ScanError::Slow(self.within)))
    }
}

impl FromStr for ScannerAddress {
    type Err = UnknownScanner;

    fn from_str(text: &str) -> Result<Self, UnknownScanner> {
        let unknown = || UnknownScanner(text.to_owned());
        if let Some(rest) = text.strip_prefix("clamd://") {
            let (host, port) = rest.rsplit_once(':').ok_or_else(unknown)?;
            let port = port.parse().map_err(|_| unknown())?;
            return if host.is_empty() { Err(unknown()) } else { Ok(Self::Clamd(host.to_owned(), port)) };
        }
        if let Some(path) = text.strip_prefix("clamd:") {
            let path = PathBuf::from(path);
            return if path.is_absolute() { Ok(Self::ClamdSocket(path)) } else { Err(unknown()) };
        }
        let (at, service) =
            text.strip_prefix("icap://").and_then(|rest| rest.split_once('/')).ok_or_else(unknown)?;
        let named = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        let (host, port) = match at.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') && !port.contains(']') => {
                (host, port.parse().map_err(|_| unknown())?)
            }
            _ => (at, ICAP_PORT),
        };
        if !named(host) || !named(service) {
            return Err(unknown());
        }
        Ok(Self::Icap { host: host.to_owned(), port, service: service.to_owned() })
    }
}

impl fmt::Display for ScannerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClamdSocket(path) => write!(f, "clamd:{}", path.display()),
            Self::Clamd(host, port) => write!(f, "clamd://{host}:{port}"),
            Self::Icap { host, port, service } => write!(f, "icap://{host}:{port}/{service}"),
        }
    }
}

/// Somebody else's words as plain text of bounded length.
fn plain(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let kept = text.chars().filter(|c| !c.is_control()).take(NAME_CHARS);
    kept.collect::<String>().trim().to_owned()
}

/// What was found, where the scanner gives it no name.
fn named(name: &[u8]) -> Verdict {
    let name = plain(name);
    Verdict::Found(if name.is_empty() { "something without a name".to_owned() } else { name })
}

/// A host without the brackets that an IPv6 address wears beside a port.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// A step that fails by itself or takes too long.
async fn within<T>(time: Duration, step: impl Future<Output = io::Result<T>>) -> Result<T, ScanError> {
    match tokio::time::timeout(time, step).await {
        Ok(done) => done.map_err(ScanError::Unreachable),
        Err(_elapsed) => Err(ScanError::Slow(time)),
    }
}

#[cfg(test)]
mod tests;
