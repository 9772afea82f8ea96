//! What one connection carries once the gate has taken it, in both directions, and how each ends when the other does.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::timeout;

use super::dial::ToGate;
use super::error::DialError;
use super::foreign::{Foreign, Guard};
use super::keep::Kept;
use super::line::Line;
use super::ports::Opened;

/// Bytes on their way in one direction.
pub(super) const BUFFER_BYTES: usize = 64 << 10;
/// How long bytes are held that could become a request and are none yet, where other things are spoken, too.
pub(super) const IN_DOUBT: Duration = Duration::from_millis(300);
/// How long somebody whose request does not go on has to read why.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

/// Tells somebody whose request does not go on why.
pub(super) async fn turns_away(mut stream: impl Line, opened: &Opened, kept: &Kept, foreign: &Foreign) {
    kept.turned_away(opened, &foreign.to_string());
    let telling = async {
        stream.write_all(foreign.answer(opened).as_bytes()).await?;
        stream.shutdown().await?;
        // A connection that is closed with something unread is reset, and the answer with it.
        let mut rest = vec![0; BUFFER_BYTES];
        while stream.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    drop(timeout(TOLD_WITHIN, telling).await);
}

/// Bytes in both directions, after what the client has said already. An end of one direction is carried on; what breaks off
/// on one side is broken off on the other.
pub(super) async fn relay(
    client: impl Line,
    to_gate: ToGate,
    (guard, said): (Guard, Vec<u8>),
    opened: &Opened,
    kept: &Kept,
) {
    let _counted = kept.count();
    let ((mut from_client, mut into_client), (mut from_gate, mut into_gate)) =
        (split(client), split(to_gate));
    let carrying = async {
        let up = guarded(&mut from_client, &mut into_gate, guard, said);
        let down = pump(&mut from_gate, &mut into_client);
        tokio::try_join!(up, down)
    };
    let ended = tokio::select! {
        ended = carrying => ended.err(),
        () = kept.over.cancelled() => Some(Broke::Over),
    };
    let Some(broke) = ended else { return };
    let (client, to_gate) = (from_client.unsplit(into_client), from_gate.unsplit(into_gate));
    to_gate.breaks_off();
    match broke {
        Broke::Foreign(foreign) => return turns_away(client, opened, kept, &foreign).await,
        Broke::Gate(error) => {
            if let fault @ DialError::Refused(_) = DialError::of_tls(error) {
                kept.refused(opened, &fault);
            }
        }
        Broke::Client | Broke::Over => {}
    }
    client.breaks_off();
}

/// What broke off.
enum Broke {
    Client,
    Gate(io::Error),
    /// Neither: the window ended, or this program does.
    Over,
    /// The client asks for something that is somebody else's doing.
    Foreign(Foreign),
}

impl From<Foreign> for Broke {
    fn from(foreign: Foreign) -> Self {
        Self::Foreign(foreign)
    }
}

/// From the gate, up to its end, which is carried on. Nothing is read that is not written.
async fn pump(from: &mut ReadHalf<impl Line>, into: &mut WriteHalf<impl Line>) -> Result<(), Broke> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer).await.map_err(Broke::Gate)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        passes_on(into, bytes, count == 0).await.map_err(|_| Broke::Client)?;
        if count == 0 {
            return Ok(());
        }
    }
}

/// The same from the client: each request is looked at before it goes on.
async fn guarded(
    from: &mut ReadHalf<impl Line>,
    into: &mut WriteHalf<impl Line>,
    mut guard: Guard,
    mut on: Vec<u8>,
) -> Result<(), Broke> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        if !on.is_empty() {
            passes_on(into, &on, false).await.map_err(Broke::Gate)?;
            on.clear();
        }
        let reading = from.read(&mut buffer);
        let read = if guard.is_in_doubt() { timeout(IN_DOUBT, reading).await } else { Ok(reading.await) };
        let Ok(read) = read else {
            guard.lets_go(&mut on);
            continue;
        };
        let count = read.map_err(|_| Broke::Client)?;
        if count == 0 {
            guard.ends(&mut on);
            return passes_on(into, &on, true).await.map_err(Broke::Gate);
        }
        guard.takes(buffer.get(..count).unwrap_or_default(), &mut on)?;
    }
}

async fn passes_on(into: &mut WriteHalf<impl Line>, bytes: &[u8], last: bool) -> io::Result<()> {
    if !bytes.is_empty() {
        into.write_all(bytes).await?;
        into.flush().await?;
    }
    if last { into.shutdown().await } else { Ok(()) }
}
