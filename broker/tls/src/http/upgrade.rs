//! What a connection carries after its target went on with another protocol, a WebSocket above all: bytes both ways,
//! recorded first, through the same relay as every other.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, ready};

use bytes::{Bytes, BytesMut};
use chaperone_session::{
    Broken, Direction, Flow, Item, LiveSession, Note, Recorded, Relay, RelayEnd, Sink, Source, Stream,
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::{Mutex as AsyncMutex, watch};

use super::body::Measure;
use super::console::Console;
use super::flowing::{self, Outcome, Way};
use super::inject::Sought;
use super::lanes::Taken;
use crate::held::while_it_flows;

/// Read at once, in bytes.
const READ_BYTES: usize = 64 * 1024;

type Half = TokioIo<Upgraded>;
/// What must not come back, and where it is said that it did.
type Guard = (Sought, Arc<AtomicBool>);

/// Carries both ways until one of them ends, and states it.
pub(super) async fn carry(
    console: Arc<Console>,
    lane: Arc<Taken>,
    n: u64,
    client: OnUpgrade,
    target: Upgraded,
    sought: Option<Sought>,
) {
    let session = &console.session;
    let measure = Arc::new(Mutex::new(Some(Measure::new(u64::MAX))));
    let echoed = Arc::new(AtomicBool::new(false));
    let guard = sought.map(|sought| (sought, Arc::clone(&echoed)));
    let outcome = match client.await {
        Ok(client) => both(session, &lane, (client, target), &measure, guard).await,
        Err(error) => {
            tracing::debug!(%error, "a client did not go on with the other protocol");
            Outcome::Aborted
        }
    };
    let measure = measure.lock().unwrap_or_else(PoisonError::into_inner).take();
    let outcome = match echoed.load(Ordering::Acquire) {
        true => Outcome::Cut,
        false => outcome,
    };
    let ended = flowing::ended(n, measure.unwrap_or_else(|| Measure::new(0)), None, outcome);
    flowing::note(session, &lane, Way::Response.end(), ended).await;
    if echoed.load(Ordering::Acquire) {
        console.echoed(&lane, n).await;
    }
}

async fn both(
    session: &LiveSession,
    lane: &Taken,
    (client, target): (Upgraded, Upgraded),
    measure: &Arc<Mutex<Option<Measure>>>,
    sought: Option<Guard>,
) -> Outcome {
    let (from_client, to_client) = split(TokioIo::new(client));
    let (from_target, to_target) = split(TokioIo::new(target));
    let (to_client, to_target) = (Writes::new(to_client, None), Writes::new(to_target, Some(session.flow())));
    let relay = |direction, source, sink| Relay {
        session,
        channel: lane.channel(),
        direction,
        source,
        sink,
        terminal: None,
        lost: false,
    };
    let input = relay(Direction::Input, Reads::new(from_client, Stream::ForwardIn, None, None), &to_target);
    let output = relay(
        Direction::Output,
        Reads::new(from_target, Stream::ForwardOut, Some(Arc::clone(measure)), sought),
        &to_client,
    );
    let input = async {
        let end = input.run().await;
        if end == RelayEnd::Closed {
            to_target.finish().await;
        }
        end
    };
    let output = async {
        let end = output.run().await;
        to_client.finish().await;
        end
    };
    tokio::pin!(input, output);
    // When the target has said everything there is nobody to say anything to.
    let (end, other) = tokio::select! {
        end = &mut output => (end, None),
        end = &mut input => match end {
            RelayEnd::Closed => (output.await, Some(end)),
            end => (end, None),
        },
    };
    match (end, other) {
        (RelayEnd::Cut, _) | (_, Some(RelayEnd::Cut)) => Outcome::Cut,
        (RelayEnd::Closed, _) => Outcome::Complete,
        _ => Outcome::Aborted,
    }
}

/// Nothing passes beside bytes.
struct Nothing;

impl Note for Nothing {
    fn replaces(&self, _earlier: &Self) -> bool {
        false
    }

    fn event(&self) -> Option<(&'static str, Value)> {
        None
    }
}

struct Reads {
    from: ReadHalf<Half>,
    stream: Stream,
    measure: Option<Arc<Mutex<Option<Measure>>>>,
    /// What must not come back; then nothing more does.
    sought: Option<Guard>,
    buffer: BytesMut,
}

impl Reads {
    fn new(
        from: ReadHalf<Half>,
        stream: Stream,
        measure: Option<Arc<Mutex<Option<Measure>>>>,
        sought: Option<Guard>,
    ) -> Self {
        Self { from, stream, measure, sought, buffer: BytesMut::new() }
    }

    /// What may pass of this; nothing more does once it holds what must not come back.
    fn clean(&mut self, bytes: Bytes, last: bool) -> Option<Bytes> {
        let Some((sought, echoed)) = &mut self.sought else { return Some(bytes) };
        let passes = if last { sought.last(bytes) } else { sought.passes(bytes) };
        if passes.is_none() {
            echoed.store(true, Ordering::Release);
        }
        passes
    }

    fn measured(&self, bytes: &Bytes) {
        if let Some(measure) = &self.measure
            && let Some(measure) = measure.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
        {
            drop(measure.take(bytes.clone()));
        }
    }
}

impl Source for Reads {
    type Note = Nothing;

    async fn next(&mut self) -> Option<Item<Nothing>> {
        loop {
            self.buffer.reserve(READ_BYTES);
            // A peer that is gone has said everything.
            let read = self.from.read_buf(&mut self.buffer).await.unwrap_or(0);
            let bytes = self.buffer.split().freeze();
            let bytes = self.clean(bytes, read == 0)?;
            if !bytes.is_empty() {
                self.measured(&bytes);
                return Some(Item::Data(self.stream, bytes));
            }
            if read == 0 {
                return None;
            }
        }
    }

    fn ready(&mut self) -> Option<Item<Nothing>> {
        None
    }

    fn shares(&self) -> bool {
        false
    }
}

struct Writes {
    to: AsyncMutex<WriteHalf<Half>>,
    /// The session's, where input is written.
    flow: Option<watch::Receiver<Flow>>,
}

impl Writes {
    fn new(to: WriteHalf<Half>, flow: Option<watch::Receiver<Flow>>) -> Self {
        Self { to: AsyncMutex::new(to), flow }
    }

    async fn finish(&self) {
        // A peer that is gone needs no goodbye.
        drop(self.to.lock().await.shutdown().await);
    }
}

impl Sink for Writes {
    type Note = Nothing;

    async fn write(&self, payload: Recorded) -> Result<(), Broken> {
        let mut to = self.to.lock().await;
        while_it_flows(self.flow.as_ref(), &payload.into_bytes(), |cx, rest| {
            while !rest.is_empty() {
                match ready!(Pin::new(&mut *to).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    count => *rest = rest.get(count..).unwrap_or_default(),
                }
            }
            Pin::new(&mut *to).poll_flush(cx)
        })
        .await
    }

    async fn pass(&self, _note: Nothing) -> Result<(), Broken> {
        Ok(())
    }
}
