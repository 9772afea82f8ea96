//! What passed, in numbers: per channel and stream, received and delivered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::channel::{CHANNELS, Stream};
use crate::error::RecordError;
use crate::record::Record;
use crate::seal::StreamCount;

const STREAMS: usize = 6;

/// Bytes of one channel that went on to the other leg, by stream.
#[derive(Debug, Default)]
pub(crate) struct Delivered([AtomicU64; STREAMS]);

impl Delivered {
    pub(crate) fn add(&self, stream: Stream, bytes: u64) {
        if let Some(count) = self.0.get(usize::from(stream.code())) {
            count.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    pub(crate) fn total(&self, stream: Stream) -> u64 {
        self.0.get(usize::from(stream.code())).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

/// Counts of one stream.
#[derive(Clone, Copy, Default)]
struct Count {
    received: u64,
    /// The total of the last `delivered` record.
    stated: u64,
}

/// The counts of a live recording.
#[derive(Default)]
pub(crate) struct Counts {
    pub records: u64,
    pub bytes: u64,
    channels: BTreeMap<u32, Arc<Delivered>>,
    streams: BTreeMap<(u32, Stream), Count>,
}

impl Counts {
    /// Counts a record that was written with this much payload.
    pub(crate) fn add(&mut self, record: &Record<'_>, payload: usize) {
        self.records += 1;
        if let Record::Data { channel, stream, .. } | Record::Typed { channel, stream, .. } = *record {
            let bytes = u64::try_from(payload).unwrap_or(u64::MAX);
            self.bytes = self.bytes.saturating_add(bytes);
            let count = self.streams.entry((channel, stream)).or_default();
            count.received = count.received.saturating_add(bytes);
        }
    }

    /// Registers a channel.
    pub(crate) fn open_channel(&mut self, number: u32) -> Result<Arc<Delivered>, RecordError> {
        if self.channels.len() >= CHANNELS {
            return Err(RecordError::TooManyChannels);
        }
        if self.channels.contains_key(&number) {
            return Err(RecordError::ChannelExists(number));
        }
        let delivered = Arc::new(Delivered::default());
        self.channels.insert(number, Arc::clone(&delivered));
        Ok(delivered)
    }

    /// Takes back a channel whose opening could not be recorded.
    pub(crate) fn forget_channel(&mut self, number: u32) {
        self.channels.remove(&number);
    }

    /// Received and delivered, by channel and stream, as the records state them: what is delivered after the last
    /// statement is in no record, so no seal counts it.
    pub(crate) fn by_stream(&self) -> Vec<StreamCount> {
        let counts = self.streams.iter().map(|(&(channel, stream), count)| StreamCount {
            channel,
            stream,
            received: count.received,
            delivered: count.stated,
        });
        counts.collect()
    }

    /// Streams whose delivered total is not the one last recorded.
    pub(crate) fn unstated(&self) -> Vec<StreamCount> {
        let mut counts = self.by_stream();
        counts.retain_mut(|count| {
            let stated = count.delivered;
            let channel = self.channels.get(&count.channel);
            count.delivered = channel.map_or(0, |channel| channel.total(count.stream));
            count.delivered != stated
        });
        counts
    }

    /// A delivered total was recorded.
    pub(crate) fn stated(&mut self, channel: u32, stream: Stream, total: u64) {
        self.streams.entry((channel, stream)).or_default().stated = total;
    }
}
