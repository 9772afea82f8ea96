//! One connection of a client on this machine: what it speaks, whether it may, and the connection to the gate that carries
//! it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::server::Acceptor;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::server::StartHandshake;
use tokio_rustls::{LazyConfigAcceptor, TlsStream};

use super::dial::ToGate;
use super::error::DialError;
use super::foreign::{Foreign, Guard};
use super::keep::Kept;
use super::line::Line;
use super::ports::Opened;
use super::relay::{BUFFER_BYTES, IN_DOUBT, relay, turns_away};
use super::tell::Event;
use crate::cli::outcome::chain;

/// TLS's record type for a handshake (RFC 8446 §5.1).
const HANDSHAKE_RECORD: u8 = 0x16;
/// How long a client may say nothing before it is taken for one that waits for the server to begin.
const SILENT: Duration = Duration::from_secs(1);
/// How long a client has for its own handshake.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// How long a client is kept waiting while the gate cannot be reached.
const RETRY_FOR: Duration = Duration::from_secs(20);
/// The pause before the second try; each later one is twice as long, up to the last.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// HTTP/2, whose requests cannot be looked at here.
const HTTP_2: &[u8] = b"h2";

/// What a client began with; of a plain one what it has said so far, which may go on.
enum Begun {
    Plain(TcpStream, Box<Guard>, Vec<u8>),
    Tls(Box<StartHandshake<TcpStream>>),
}

/// Why a client comes no further.
enum Gone {
    /// It has left, or its handshake was none: it has been told what TLS has to tell.
    Left,
    /// What it asks for is somebody else's doing.
    Foreign(TcpStream, Foreign),
}

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Self {
        Self::Left
    }
}

/// Carries one connection, up to its end.
pub(super) async fn carry(stream: TcpStream, opened: Arc<Opened>, kept: Arc<Kept>) {
    if !is_ours(&stream) {
        kept.turned_away(&opened, "it is a program of another user of this machine");
        return stream.breaks_off();
    }
    let begun = match begun(stream, &opened).await {
        Ok(begun) => begun,
        Err(Gone::Left) => return,
        Err(Gone::Foreign(stream, foreign)) => return turns_away(stream, &opened, &kept, &foreign).await,
    };
    let offers = match &begun {
        Begun::Plain(..) => Vec::new(),
        Begun::Tls(start) => start.client_hello().alpn().into_iter().flatten().map(<[u8]>::to_vec).collect(),
    };
    let to_gate = match reach(&opened, &kept, offers).await {
        Ok(to_gate) => to_gate,
        Err(fault) => {
            if let DialError::Refused(_) = fault {
                kept.refused(&opened, &fault);
            }
            return breaks_off(begun);
        }
    };
    match begun {
        Begun::Plain(stream, guard, said) => relay(stream, to_gate, (*guard, said), &opened, &kept).await,
        Begun::Tls(start) => {
            let taken = to_gate.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            let looks = taken.as_deref() != Some(HTTP_2);
            let guard = if looks { Guard::within_tls(&opened) } else { Guard::blind(&opened) };
            match answered(*start, taken, &kept).await {
                Some(stream) => relay(stream, to_gate, (guard, Vec::new()), &opened, &kept).await,
                None => to_gate.breaks_off(),
            }
        }
    }
}

/// Whether the client is a program of the same user, or of the machine's administrator: who else may log in here is nobody
/// that a window names.
#[cfg(target_os = "linux")]
fn is_ours(stream: &TcpStream) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = |stream: &TcpStream| chaperone_session::user_at(stream.local_addr()?, stream.peer_addr()?);
    let own = std::fs::metadata("/proc/self").map(|own| own.uid());
    match (user(stream), own) {
        (Ok(Some(user)), Ok(own)) => user == own || user == 0,
        // Gone already, or not to be told.
        _ => false,
    }
}

/// Other systems do not say it without more rights.
#[cfg(not(target_os = "linux"))]
fn is_ours(_stream: &TcpStream) -> bool {
    true
}

/// What the client speaks.
async fn begun(stream: TcpStream, opened: &Opened) -> Result<Begun, Gone> {
    stream.set_nodelay(true)?;
    let silent = |stream| Begun::Plain(stream, Box::new(Guard::of(opened)), Vec::new());
    if !opened.ends_tls() {
        return Ok(silent(stream));
    }
    let mut first = [0; 1];
    match timeout(SILENT, stream.peek(&mut first)).await {
        Ok(Ok(0)) => Err(Gone::Left),
        Ok(Ok(_)) if first == [HANDSHAKE_RECORD] => {
            let hello = LazyConfigAcceptor::new(Acceptor::default(), stream);
            let hello = timeout(HANDSHAKE_WITHIN, hello).await;
            Ok(Begun::Tls(Box::new(hello.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??)))
        }
        Ok(Ok(_)) => {
            let saying = said(stream, Guard::of(opened));
            timeout(HANDSHAKE_WITHIN, saying).await.map_err(|_| Gone::Left)?
        }
        Err(_) => Ok(silent(stream)),
        Ok(Err(error)) => Err(error.into()),
    }
}

/// What a plain client says first, up to where it may go on: nothing is dialled for a request that does not.
async fn said(mut stream: TcpStream, mut guard: Guard) -> Result<Begun, Gone> {
    let (mut buffer, mut on) = (vec![0; BUFFER_BYTES], Vec::new());
    while on.is_empty() {
        let count = match timeout(IN_DOUBT, stream.read(&mut buffer)).await {
            Ok(count) => count?,
            Err(_) if guard.is_in_doubt() => {
                guard.lets_go(&mut on);
                break;
            }
            Err(_) => continue,
        };
        if count == 0 {
            guard.ends(&mut on);
            break;
        }
        if let Err(foreign) = guard.takes(buffer.get(..count).unwrap_or_default(), &mut on) {
            return Err(Gone::Foreign(stream, foreign));
        }
    }
    Ok(Begun::Plain(stream, Box::new(guard), on))
}

/// Connects to the gate; waits for a network that is gone for a while.
async fn reach(opened: &Opened, kept: &Kept, offers: Vec<Vec<u8>>) -> Result<ToGate, DialError> {
    let (begun, mut pause) = (Instant::now(), PAUSE);
    loop {
        // Asked for each time: the window may have been extended meanwhile.
        let pass = kept.pass();
        match kept.dialer.dial(&pass, &opened.endpoint, offers.clone()).await {
            Ok(to_gate) => {
                kept.reached();
                return Ok(to_gate);
            }
            Err(fault) if fault.may_pass() => {
                kept.lost(&chain(&fault));
                if begun.elapsed() + pause > RETRY_FOR {
                    return Err(fault);
                }
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(fault) => return Err(fault),
        }
    }
}

/// Finishes the client's handshake with the protocol that the gate took.
async fn answered(
    start: StartHandshake<TcpStream>,
    taken: Option<Vec<u8>>,
    kept: &Kept,
) -> Option<TlsStream<TcpStream>> {
    let config = kept.pass().towards_client(taken).ok()?;
    let accepted = timeout(HANDSHAKE_WITHIN, start.into_stream(config)).await.ok()?;
    match accepted {
        Ok(stream) => Some(stream.into()),
        Err(error) => {
            kept.tells.event(&Event::Unanswered { why: error.to_string() });
            None
        }
    }
}

fn breaks_off(begun: Begun) {
    match begun {
        Begun::Plain(stream, ..) => stream.breaks_off(),
        Begun::Tls(start) => start.io.breaks_off(),
    }
}
