//! One port for SSH and the web, for networks that let nothing but 443 through. The first octet that a client sends
//! decides: SSH begins with `S` (RFC 4253 §4.2), TLS with a handshake record (RFC 8446 §5.1), HTTP without TLS with another
//! capital letter: whoever speaks it is sent to HTTPS by the TLS door. Each protocol then judges the rest for itself. An SSH
//! client may wait for the other side to begin: who says nothing for a while is one.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use chaperone_ssh::{Callers, Proxies};
use chaperone_tls::{Handshakes, Incoming};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long somebody may say nothing before they are taken for an SSH client that waits.
const SILENT: Duration = Duration::from_secs(2);
/// Longest time until it is known what a connection is: a PROXY header takes at most five seconds.
const KNOWN_WITHIN: Duration = Duration::from_secs(10);
/// Connections of which nothing is known yet; each is a socket and little else.
const UNKNOWN: usize = 1024;
/// Web connections that wait for their listener, which takes each at once.
const HANDED: usize = 64;
/// TLS's record type for a handshake.
const HANDSHAKE_RECORD: u8 = 0x16;

/// The shared port, not yet served.
pub(super) struct Shared {
    socket: TcpListener,
    proxies: Proxies,
    callers: Callers,
    web: mpsc::Sender<(TcpStream, SocketAddr)>,
}

/// A connection of which it is known what it is.
enum Spoken {
    Ssh(TcpStream, SocketAddr),
    /// Or HTTP where TLS should be.
    Tls(TcpStream, SocketAddr),
}

impl Shared {
    /// Binds. What is the web's comes out of the receiver.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub(super) async fn bind(
        address: SocketAddr,
        proxies: Proxies,
        callers: Callers,
    ) -> io::Result<(Self, mpsc::Receiver<(TcpStream, SocketAddr)>)> {
        let socket = TcpListener::bind(address).await?;
        let (web, handed) = mpsc::channel(HANDED);
        Ok((Self { socket, proxies, callers, web }, handed))
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket has no address.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop` is cancelled.
    pub(super) async fn serve(mut self, stop: CancellationToken) {
        let mut unknown = Handshakes::new(UNKNOWN, KNOWN_WITHIN);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                spoken = unknown.next() => match spoken {
                    Spoken::Ssh(stream, caller) => self.callers.take(stream, caller),
                    // Full only while the web's listener is not asked: then this one is dropped, as it would have been there.
                    Spoken::Tls(stream, caller) => drop(self.web.try_send((stream, caller))),
                },
                (stream, peer, source) = self.socket.next() => {
                    let (proxies, callers) = (self.proxies.clone(), self.callers.clone());
                    unknown.begin(source, spoken(proxies, callers, stream, peer));
                }
            }
        }
    }
}

/// Who calls, and in what protocol; nothing where it is neither.
async fn spoken(
    proxies: Proxies,
    callers: Callers,
    mut stream: TcpStream,
    peer: SocketAddr,
) -> Option<Spoken> {
    let caller = match proxies.caller(&mut stream, peer).await {
        Ok(caller) => caller,
        Err(fault) => {
            callers.refuse(peer, &fault);
            return None;
        }
    };
    let mut first = [0; 1];
    match timeout(SILENT, stream.peek(&mut first)).await {
        Err(_) => Some(Spoken::Ssh(stream, caller)),
        Ok(Ok(1)) if first == *b"S" => Some(Spoken::Ssh(stream, caller)),
        Ok(Ok(1)) if first == [HANDSHAKE_RECORD] || first.iter().all(u8::is_ascii_uppercase) => {
            Some(Spoken::Tls(stream, caller))
        }
        Ok(_) => {
            callers.unheard(caller.ip());
            None
        }
    }
}
