//! Syslog over TCP, TLS and UDP.
//!
//! TCP, and TLS over it, carries no acknowledgement: what a collector had not read when it went away is gone, and a write into a dead
//! connection succeeds. So the connection is asked whether its peer has gone before each write and while it is idle, and
//! whoever drains the outbox sends the last minute again after every new connection, under the same sequence numbers.

pub mod frame;
pub mod tls;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::timeout;

use super::tls::fault::TlsFault;

/// How long a connection may take to come up, and a write to be taken by the kernel.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long unacknowledged bytes may be under way before the kernel gives the connection up.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(10);
/// The longest datagram that passes most paths (RFC 5426 §3.2 has receivers take 2048; 8 KiB is within IP's own limit).
const DATAGRAM_MAX: usize = frame::MESSAGE_MAX;

/// Why a syslog message did not go out.
#[derive(Debug, thiserror::Error)]
pub enum SyslogError {
    /// The collector's name has no address.
    #[error("the collector's name {host:?} does not resolve")]
    Resolve {
        /// As configured.
        host: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },
    /// No connection came up.
    #[error("no connection to the collector at {address}")]
    Connect {
        /// As configured.
        address: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The collector answers, and there is no TLS with it, or no more.
    #[error("no TLS with the collector at {address}")]
    Tls {
        /// As configured.
        address: String,
        /// What is wrong, and what to look at.
        #[source]
        source: TlsFault,
    },
    /// The connection broke, or the collector closed it.
    #[error("the connection to the collector broke")]
    Broken(#[source] io::Error),
    /// The kernel took no bytes in time: the collector does not read.
    #[error("the collector reads nothing for {} s", PATIENCE.as_secs())]
    Stalled,
}

/// A connection to a collector, over which frames go one after the other.
#[derive(Debug)]
pub struct TcpCollector {
    stream: TcpStream,
}

impl TcpCollector {
    /// Connects to `host:port`.
    ///
    /// # Errors
    /// When the name does not resolve, or none of its addresses answers within five seconds.
    pub async fn connect(address: &str) -> Result<Self, SyslogError> {
        Ok(Self { stream: dial(address).await? })
    }

    /// Sends one message in its frame. Not durable: `Ok` says that the kernel has the bytes.
    ///
    /// # Errors
    /// When the collector has gone or takes nothing. The frame may have gone out in part: the connection is of no more use.
    pub async fn send(&mut self, message: &str) -> Result<(), SyslogError> {
        self.alive()?;
        let frame = frame::counted(message);
        let writing = timeout(PATIENCE, self.stream.write_all(&frame)).await;
        writing.map_err(|_| SyslogError::Stalled)?.map_err(SyslogError::Broken)
    }

    /// Waits until the collector goes away.
    pub async fn gone(&self) -> SyslogError {
        loop {
            if let Err(source) = self.stream.readable().await {
                return SyslogError::Broken(source);
            }
            if let Err(gone) = self.alive() {
                return gone;
            }
        }
    }

    /// Looks for an end of stream or an error that has arrived already; what a collector says is read and ignored.
    fn alive(&self) -> Result<(), SyslogError> {
        let mut ignored = [0u8; 512];
        loop {
            match self.stream.try_read(&mut ignored) {
                Ok(0) => return Err(SyslogError::Broken(io::ErrorKind::ConnectionReset.into())),
                Ok(_) => {}
                Err(idle) if idle.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(source) => return Err(SyslogError::Broken(source)),
            }
        }
    }
}

/// A TCP connection that notices soon when the other side is gone.
async fn dial(address: &str) -> Result<TcpStream, SyslogError> {
    let connecting = timeout(PATIENCE, TcpStream::connect(address)).await;
    let failed = |source| SyslogError::Connect { address: address.to_owned(), source };
    let stream = connecting.map_err(|_| failed(io::ErrorKind::TimedOut.into()))?.map_err(failed)?;
    let tune = || {
        stream.set_nodelay(true)?;
        let socket = SockRef::from(&stream);
        let probe = Duration::from_secs(5);
        socket.set_tcp_keepalive(
            &TcpKeepalive::new().with_time(UNACKNOWLEDGED_MAX).with_interval(probe).with_retries(3),
        )?;
        socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))
    };
    tune().map_err(failed)?;
    Ok(stream)
}

/// A socket for datagrams to a collector: best effort, wants a partner.
#[derive(Debug)]
pub struct UdpCollector {
    socket: UdpSocket,
}

impl UdpCollector {
    /// Resolves `host:port` and binds a socket for it.
    ///
    /// # Errors
    /// When the name does not resolve or no socket can be had.
    pub async fn open(address: &str) -> Result<Self, SyslogError> {
        let unresolved = |source| SyslogError::Resolve { host: address.to_owned(), source };
        let mut found = lookup_host(address).await.map_err(unresolved)?;
        let peer = found.next().ok_or_else(|| unresolved(io::ErrorKind::NotFound.into()))?;
        let local = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let failed = |source| SyslogError::Connect { address: address.to_owned(), source };
        let socket = UdpSocket::bind(local).await.map_err(failed)?;
        socket.connect::<SocketAddr>(peer).await.map_err(failed)?;
        Ok(Self { socket })
    }

    /// Sends one message in one datagram (RFC 5426: no count).
    ///
    /// # Errors
    /// What the kernel says, such as an earlier datagram that nobody took.
    pub async fn send(&self, message: &str) -> Result<(), SyslogError> {
        debug_assert!(message.len() <= DATAGRAM_MAX, "a message is fitted before it is sent");
        self.socket.send(message.as_bytes()).await.map(|_| ()).map_err(SyslogError::Broken)
    }
}
