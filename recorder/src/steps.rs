//! What belongs together, recorded at once: events of a channel and payload between them are one write, where each by
//! itself would be one. A reader sees records like any others.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::append::{ChannelRecorder, Parked, check_size};
use crate::channel::{Recorded, Stream};
use crate::error::RecordError;
use crate::ledger::canonical_json;
use crate::record::Record;

/// Events and payload of one channel, in order. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Steps(Arc<Vec<Step>>);

#[derive(Clone, Debug)]
enum Step {
    /// With its body in canonical JSON.
    Event(&'static str, String),
    Data(Stream, Bytes),
}

impl Steps {
    /// Next comes this event.
    ///
    /// # Errors
    /// For a body without canonical JSON.
    pub fn event(mut self, kind: &'static str, body: &Value) -> Result<Self, RecordError> {
        let body = canonical_json(body)?;
        Arc::make_mut(&mut self.0).push(Step::Event(kind, body));
        Ok(self)
    }

    /// Next comes this payload.
    #[must_use]
    pub fn data(mut self, stream: Stream, bytes: Bytes) -> Self {
        Arc::make_mut(&mut self.0).push(Step::Data(stream, bytes));
        self
    }
}

impl Step {
    fn len(&self) -> usize {
        match self {
            Self::Event(kind, body) => kind.len() + body.len(),
            Self::Data(_, bytes) => bytes.len(),
        }
    }
}

impl ChannelRecorder {
    /// Records all of these steps or none: at most [`MAX_APPEND`](crate::MAX_APPEND) bytes. They are with the kernel, or
    /// durable in `durable` mode, when this returns; only then does the payload come back, in its order.
    ///
    /// # Errors
    /// When the recording cannot take them. Trying again with the same steps, or a clone of them, never records them twice.
    pub fn append_steps(&self, steps: &Steps) -> Result<Vec<Recorded>, RecordError> {
        let all = &steps.0;
        check_size(all.iter().map(Step::len).sum())?;
        let records = all.iter().map(|step| self.record_of(step)).collect::<Vec<_>>();
        let parked = || Parked::Steps(self.number, Arc::clone(all).into());
        self.recording.inner.take(parked, |writer, at_ns| writer.records(at_ns, &records))?;
        let payload = all.iter().filter_map(|step| match step {
            Step::Data(stream, bytes) => Some(self.recorded(*stream, bytes.clone())),
            Step::Event(..) => None,
        });
        Ok(payload.collect())
    }

    fn record_of<'s>(&self, step: &'s Step) -> (Record<'s>, &'s [Bytes]) {
        let channel = self.number;
        match step {
            Step::Event(kind, body) => (Record::Event { channel: Some(channel), kind, body }, &[]),
            Step::Data(stream, bytes) if self.is_typed(*stream) => {
                let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                (Record::Typed { channel, stream: *stream, len }, std::slice::from_ref(bytes))
            }
            Step::Data(stream, bytes) => (Record::Data { channel, stream: *stream, bytes }, &[]),
        }
    }
}

/// The very steps that were tried, and no others of the same content.
#[derive(Clone, Debug)]
pub(crate) struct SameSteps(Arc<Vec<Step>>);

impl From<Arc<Vec<Step>>> for SameSteps {
    fn from(steps: Arc<Vec<Step>>) -> Self {
        Self(steps)
    }
}

impl PartialEq for SameSteps {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
