//! Who really calls: the PROXY protocol, version 2 (haproxy.org, *The PROXY protocol*, §2.2), which a load balancer in
//! front of the gate puts before a connection. Only listed networks are believed, and from those a header must come.
//!
//! ```text
//!   12 octets signature │ version, command │ family, transport │ length, 2 octets │ addresses │ extensions, left unread
//! ```
//!
//! A header is read to its last octet and not one further: what follows it is the caller's own.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Semaphore;
use tokio::time::timeout;

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
const VERSION_1: &[u8] = b"PROXY ";
/// Signature, version and command, family and transport, length.
const FIXED: usize = 16;
/// Longest addresses and extensions, in bytes. The addresses take 36; extensions with a client certificate's names some
/// hundred more.
const MOST: usize = 4096;
/// How long a header may take to arrive: a proxy sends it first and at once.
const WITHIN: Duration = Duration::from_secs(5);
/// Headers that are waited for at once.
const AT_ONCE: usize = 1024;

/// The networks whose connections begin with a header; cheap to clone.
#[derive(Clone, Debug)]
pub struct Proxies {
    networks: Arc<[IpNet]>,
    reading: Arc<Semaphore>,
}

/// Why a connection from a listed network is refused.
#[derive(Debug, thiserror::Error)]
pub enum HeaderFault {
    /// Something else came.
    #[error(
        "no PROXY header came first; configure the proxy to send one, version 2, or take it off gate.proxy_from"
    )]
    Missing,
    /// The old form, which is text.
    #[error("version 1 of the PROXY protocol is not taken; configure the proxy to send version 2")]
    Version1,
    /// A version or command that no specification has.
    #[error("a PROXY header of unknown version or command {0:#04x}")]
    Command(u8),
    /// Not TCP over IPv4 or IPv6: nobody could say where the caller is.
    #[error("a PROXY header of family and transport {0:#04x}, which is not TCP over IP")]
    Family(u8),
    /// Shorter than its addresses, or longer than any proxy's.
    #[error("a PROXY header of {0} bytes after its fixed part")]
    Length(usize),
    /// It did not come in time.
    #[error("a PROXY header did not come within {WITHIN:?}")]
    Slow,
    /// Too many are waited for.
    #[error("too many PROXY headers are waited for at once")]
    Full,
    /// The connection ended.
    #[error("a connection ended before its PROXY header did")]
    Broken(#[source] io::Error),
}

impl Proxies {
    /// Believes headers from these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self { networks: networks.into(), reading: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Who calls on a new connection: its peer, or whom a listed peer names. A proxy that calls for itself (its health
    /// check) is who it is.
    ///
    /// # Errors
    /// When a listed peer sends no whole header in time.
    pub async fn caller(
        &self,
        stream: &mut (impl AsyncRead + Unpin),
        peer: SocketAddr,
    ) -> Result<SocketAddr, HeaderFault> {
        if !self.lists(peer.ip()) {
            return Ok(peer);
        }
        let _place = self.reading.try_acquire().map_err(|_| HeaderFault::Full)?;
        Ok(read_within(WITHIN, stream).await?.unwrap_or(peer))
    }

    /// Whether connections from there begin with a header.
    #[must_use]
    pub fn lists(&self, source: IpAddr) -> bool {
        let source = source.to_canonical();
        self.networks.iter().any(|network| network.contains(&source))
    }
}

async fn read_within(
    within: Duration,
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<SocketAddr>, HeaderFault> {
    timeout(within, read(stream)).await.unwrap_or(Err(HeaderFault::Slow))
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, HeaderFault> {
    let mut fixed = [0; FIXED];
    stream.read_exact(&mut fixed).await.map_err(HeaderFault::Broken)?;
    let begun = Begun::parse(fixed)?;
    let mut rest = vec![0; begun.length];
    stream.read_exact(&mut rest).await.map_err(HeaderFault::Broken)?;
    begun.caller(&rest)
}

/// A header's fixed part.
#[derive(Clone, Copy, Debug)]
struct Begun {
    /// Whether the proxy calls for itself.
    local: bool,
    family: u8,
    /// Bytes that follow.
    length: usize,
}

impl Begun {
    fn parse(fixed: [u8; FIXED]) -> Result<Self, HeaderFault> {
        let Some(rest) = fixed.strip_prefix(&SIGNATURE) else {
            let old = fixed.starts_with(VERSION_1);
            return Err(if old { HeaderFault::Version1 } else { HeaderFault::Missing });
        };
        let &[command, family, high, low] = rest else { return Err(HeaderFault::Missing) };
        let local = match command {
            0x20 => true,
            0x21 => false,
            other => return Err(HeaderFault::Command(other)),
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > MOST {
            return Err(HeaderFault::Length(length));
        }
        Ok(Self { local, family, length })
    }

    /// Whom the addresses name; `None` where the proxy calls for itself.
    fn caller(self, rest: &[u8]) -> Result<Option<SocketAddr>, HeaderFault> {
        if self.local {
            return Ok(None);
        }
        // Source and destination address, then source and destination port.
        let named = match self.family {
            0x11 => rest.first_chunk::<12>().map(|&[a, b, c, d, _, _, _, _, high, low, _, _]| {
                SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([high, low]))
            }),
            0x21 => rest.first_chunk::<36>().and_then(|both| {
                let source = Ipv6Addr::from(*both.first_chunk::<16>()?);
                let port = u16::from_be_bytes(*both.get(32..)?.first_chunk::<2>()?);
                Some(SocketAddr::new(IpAddr::V6(source).to_canonical(), port))
            }),
            other => return Err(HeaderFault::Family(other)),
        };
        named.map(Some).ok_or(HeaderFault::Length(rest.len()))
    }
}

#[cfg(test)]
mod tests;
