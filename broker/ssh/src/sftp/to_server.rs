//! Writes to the server what was judged: recorded bytes wait here until their judgement, recorded too, comes behind them.
//! What is for the gate's stage goes there instead.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use chaperone_session::{Broken, ChannelRecorder, Recorded, Sink, Staging, Stream};
use tokio::time::sleep;

use super::stager::Stager;
use crate::leg::TargetSink;
use crate::note::{SshNote, Step};

/// Pieces smaller than this are joined while they wait, so that a packet that comes byte by byte costs no more than its
/// length.
const SMALL: usize = 512;
const JOINED: usize = 4 << 10;

/// The server's leg, behind the judgement.
pub(crate) struct ToServer<'t> {
    target: &'t TargetSink,
    channel: &'t ChannelRecorder,
    waiting: Mutex<VecDeque<Bytes>>,
    /// Used by one at a time: a relay passes one note after the other.
    stager: tokio::sync::Mutex<Stager>,
}

impl<'t> ToServer<'t> {
    pub(crate) fn new(target: &'t TargetSink, channel: &'t ChannelRecorder, stager: Stager) -> Self {
        Self { target, channel, waiting: Mutex::default(), stager: tokio::sync::Mutex::new(stager) }
    }

    /// Gives up staged files that their client has left open. Goes on until it is dropped.
    pub(crate) async fn looks_after_staged(&self) -> Infallible {
        loop {
            sleep(Staging::patience() / 10).await;
            self.stager.lock().await.gives_up_silent();
        }
    }

    /// The channel is over.
    pub(crate) async fn end(self) {
        self.stager.into_inner().end().await;
    }

    fn wait(&self, bytes: Bytes) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.back_mut() {
            Some(last) if bytes.len() < SMALL && last.len() < JOINED => {
                let mut joined = BytesMut::with_capacity(last.len() + bytes.len());
                joined.extend_from_slice(last);
                joined.extend_from_slice(&bytes);
                *last = joined.freeze();
            }
            _ => waiting.push_back(bytes),
        }
    }

    /// The next of the waiting bytes, at most so many.
    fn next(&self, most: usize) -> Option<Bytes> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let first = waiting.front_mut()?;
        if first.len() > most {
            return Some(first.split_to(most));
        }
        waiting.pop_front()
    }

    async fn takes(&self, step: Step) -> Result<(), Broken> {
        match step {
            Step::Forward(mut left) => {
                while left > 0 {
                    let bytes = self.next(left).ok_or(Broken)?;
                    left -= bytes.len();
                    self.forward(bytes).await?;
                }
            }
            Step::Drop(mut left) => {
                while left > 0 {
                    left -= self.next(left).ok_or(Broken)?.len();
                }
            }
            Step::Instead(bytes) => self.forward(bytes).await?,
            Step::Stage { file, mut offset, len: mut left } => {
                let mut stager = self.stager.lock().await;
                while left > 0 {
                    let bytes = self.next(left).ok_or(Broken)?;
                    left -= bytes.len();
                    let at = offset;
                    offset = offset.saturating_add(bytes.len() as u64);
                    stager.put(file, at, bytes).await;
                }
            }
            Step::Work(work) => self.stager.lock().await.does(work).await,
        }
        Ok(())
    }

    async fn forward(&self, bytes: Bytes) -> Result<(), Broken> {
        let len = bytes.len();
        self.target.send(bytes).await?;
        self.channel.delivered(Stream::Input, len as u64);
        Ok(())
    }
}

impl Sink for ToServer<'_> {
    type Note = SshNote;

    async fn write(&self, payload: Recorded) -> Result<(), Broken> {
        self.wait(payload.into_bytes());
        Ok(())
    }

    fn counts(&self) -> bool {
        true
    }

    async fn pass(&self, note: SshNote) -> Result<(), Broken> {
        let steps = match note {
            SshNote::Told(told) => told.steps,
            other => return self.target.pass(other).await,
        };
        for step in steps {
            self.takes(step).await?;
        }
        Ok(())
    }
}
