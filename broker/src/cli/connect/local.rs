//! One connection of a client on this machine: what it speaks, the connection to the gate that carries it, and how each
//! ends when the other does.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::server::Acceptor;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::server::StartHandshake;
use tokio_rustls::{LazyConfigAcceptor, TlsStream};

use super::dial::ToGate;
use super::error::DialError;
use super::keep::Kept;
use super::line::Line;
use super::ports::Opened;
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
/// Bytes on their way in one direction.
const BUFFER_BYTES: usize = 64 << 10;

/// What a client began with.
enum Begun {
    Plain(TcpStream),
    Tls(Box<StartHandshake<TcpStream>>),
}

/// Carries one connection, up to its end.
pub(super) async fn carry(stream: TcpStream, opened: Arc<Opened>, kept: Arc<Kept>) {
    if !is_ours(&stream) {
        let why = "a program of another user of this machine was turned away".to_owned();
        kept.tells.event(&Event::Unanswered { why });
        return stream.breaks_off();
    }
    let begun = match begun(stream, &opened).await {
        Ok(Some(begun)) => begun,
        // Gone again, or its handshake was none: it has been told what TLS has to tell.
        Ok(None) | Err(_) => return,
    };
    let offers = match &begun {
        Begun::Plain(_) => Vec::new(),
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
        Begun::Plain(stream) => relay(stream, to_gate, &opened, &kept).await,
        Begun::Tls(start) => {
            let taken = to_gate.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            match answered(*start, taken, &kept).await {
                Some(stream) => relay(stream, to_gate, &opened, &kept).await,
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

/// What the client speaks; nothing when it has gone before it spoke.
async fn begun(stream: TcpStream, opened: &Opened) -> io::Result<Option<Begun>> {
    stream.set_nodelay(true)?;
    if !opened.ends_tls() {
        return Ok(Some(Begun::Plain(stream)));
    }
    let mut first = [0; 1];
    match timeout(SILENT, stream.peek(&mut first)).await {
        Ok(Ok(0)) => Ok(None),
        Ok(Ok(_)) if first == [HANDSHAKE_RECORD] => {
            let hello = LazyConfigAcceptor::new(Acceptor::default(), stream);
            let hello = timeout(HANDSHAKE_WITHIN, hello).await.map_err(|_| io::ErrorKind::TimedOut)??;
            Ok(Some(Begun::Tls(Box::new(hello))))
        }
        Ok(Ok(_)) | Err(_) => Ok(Some(Begun::Plain(stream))),
        Ok(Err(error)) => Err(error),
    }
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
        Begun::Plain(stream) => stream.breaks_off(),
        Begun::Tls(start) => start.io.breaks_off(),
    }
}

/// Bytes in both directions. An end of one direction is carried on; what breaks off on one side is broken off on the other.
async fn relay(client: impl Line, to_gate: ToGate, opened: &Opened, kept: &Kept) {
    let _counted = kept.count();
    let ((mut from_client, mut into_client), (mut from_gate, mut into_gate)) =
        (split(client), split(to_gate));
    let carrying = async {
        let up = pump(&mut from_client, &mut into_gate, |_| Broke::Client, Broke::Gate);
        let down = pump(&mut from_gate, &mut into_client, Broke::Gate, |_| Broke::Client);
        tokio::try_join!(up, down)
    };
    let ended = tokio::select! {
        ended = carrying => ended.err(),
        () = kept.over.cancelled() => Some(Broke::Over),
    };
    let Some(broke) = ended else { return };
    from_client.unsplit(into_client).breaks_off();
    from_gate.unsplit(into_gate).breaks_off();
    if let Broke::Gate(error) = broke
        && let fault @ DialError::Refused(_) = DialError::of_tls(error)
    {
        kept.refused(opened, &fault);
    }
}

/// Which side broke off.
enum Broke {
    Client,
    Gate(io::Error),
    /// Neither: the window ended, or this program does.
    Over,
}

/// One direction, up to its end, which is carried on. Nothing is read that is not written.
async fn pump(
    from: &mut ReadHalf<impl Line>,
    into: &mut WriteHalf<impl Line>,
    unread: fn(io::Error) -> Broke,
    unwritten: fn(io::Error) -> Broke,
) -> Result<(), Broke> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer).await.map_err(unread)?;
        if count == 0 {
            return into.shutdown().await.map_err(unwritten);
        }
        into.write_all(buffer.get(..count).unwrap_or_default()).await.map_err(unwritten)?;
        into.flush().await.map_err(unwritten)?;
    }
}
