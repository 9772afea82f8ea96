//! Bodies on their way: each batch is recorded, and only then can it be had on the other side (P1). What is beyond the
//! limit for one body is counted and hashed, and not kept; the recording says so before it passes, and how far it has come.
//!
//! ```text
//!   Incoming ─▶ Reader (batches) ─▶ Flowing: wait for flow, record, hash ─▶ queue ─▶ Outgoing, the other side's body
//! ```

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_lc_rs::digest::{self, SHA256};
use bytes::{Buf, Bytes};
use chaperone_session::{ChannelRecorder, Recorded, Stream};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use super::lanes::Untaken;

/// The other side gets no more of a body that is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body was cut")]
pub struct BodyCut;

/// Payload that may go on: it is recorded, or measured where no more is kept of it, or it is the gate's own page.
#[derive(Debug)]
pub struct Passed {
    bytes: Bytes,
    /// Who counts what was delivered of it.
    counts: Option<(ChannelRecorder, Stream)>,
}

impl Passed {
    /// What the recorder gave back.
    pub(super) fn recorded(recorded: Recorded, channel: &ChannelRecorder) -> Self {
        let counts = Some((channel.clone(), recorded.stream()));
        Self { bytes: recorded.into_bytes(), counts }
    }

    /// What is counted and hashed alone.
    pub(super) fn measured(measured: Measured) -> Self {
        Self { bytes: measured.0, counts: None }
    }

    /// The gate's own words.
    pub(super) fn page(bytes: Bytes) -> Self {
        Self { bytes, counts: None }
    }
}

impl Buf for Passed {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if let Some((channel, stream)) = &self.counts {
            channel.delivered(*stream, u64::try_from(count).unwrap_or(u64::MAX));
        }
    }
}

/// Bytes beyond what is kept. Only the measure makes this.
#[derive(Debug)]
pub(super) struct Measured(Bytes);

/// How much of a body passes beyond what is kept of it until the recording states again how far it has come, in bytes.
const STATED_EVERY: u64 = 4 << 20;

/// Length and SHA-256 of a body as it passes, and how much of it is kept.
pub(super) struct Measure {
    hash: digest::Context,
    bytes: u64,
    recorded: u64,
    limit: u64,
    /// How far it had come when that was stated last, once it went beyond what is kept.
    stated: Option<u64>,
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Measure({} of {} bytes recorded)", self.recorded, self.bytes)
    }
}

impl Measure {
    /// Of a body of which at most so many bytes are kept.
    pub(super) fn new(limit: u64) -> Self {
        Self { hash: digest::Context::new(&SHA256), bytes: 0, recorded: 0, limit, stated: None }
    }

    /// Takes a batch: what is to be recorded of it, and what is beyond.
    pub(super) fn take(&mut self, mut batch: Bytes) -> (Bytes, Option<Measured>) {
        self.hash.update(&batch);
        let len = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(len);
        let kept = self.limit.saturating_sub(self.recorded).min(len);
        self.recorded += kept;
        let beyond = batch.split_off(usize::try_from(kept).unwrap_or(batch.len()).min(batch.len()));
        (batch, (!beyond.is_empty()).then_some(Measured(beyond)))
    }

    /// Bytes so far and their SHA-256 in hex, where the recording is due to state them.
    pub(super) fn states(&mut self) -> Option<(u64, String)> {
        let beyond = self.bytes > self.recorded;
        let due = self.stated.is_none_or(|stated| self.bytes.saturating_sub(stated) >= STATED_EVERY);
        (beyond && due).then(|| {
            self.stated = Some(self.bytes);
            (self.bytes, hex::encode(self.hash.clone().finish()))
        })
    }

    /// Bytes, SHA-256 in hex, bytes recorded.
    pub(super) fn finish(self) -> (u64, String, u64) {
        (self.bytes, hex::encode(self.hash.finish()), self.recorded)
    }
}

/// What passes from a body's reader to its other side.
#[derive(Debug)]
pub(super) enum Batch {
    /// Payload; `last` says that the body is whole with it.
    Data {
        /// The bytes.
        passed: Passed,
        /// Whether nothing follows.
        last: bool,
    },
    /// Trailers, with which the body is whole.
    Trailers(HeaderMap),
    /// The body is whole.
    End,
}

/// A body that yields only what may go on.
#[derive(Debug)]
pub struct Outgoing {
    kind: Kind,
    /// Given back when it is taken, or given up.
    _place: Option<Untaken>,
}

#[derive(Debug)]
enum Kind {
    Over,
    Page(Passed),
    Flows { from: mpsc::Receiver<Batch>, left: Option<u64> },
}

impl Outgoing {
    /// No body.
    pub(super) fn empty() -> Self {
        Self::of(Kind::Over)
    }

    /// The gate's own words.
    pub(super) fn page(bytes: Bytes) -> Self {
        Self::of(if bytes.is_empty() { Kind::Over } else { Kind::Page(Passed::page(bytes)) })
    }

    /// All of a body, recorded.
    pub(super) fn whole(passed: Option<Passed>) -> Self {
        Self::of(passed.map_or(Kind::Over, Kind::Page))
    }

    /// What comes through a queue; so many bytes, where that is known.
    pub(super) fn flows(from: mpsc::Receiver<Batch>, length: Option<u64>) -> Self {
        Self::of(Kind::Flows { from, left: length })
    }

    /// Keeps its place among the answers that are not taken until it is; one without a body is at once.
    pub(super) fn held_until_taken(self, place: Untaken) -> Self {
        let is_over = matches!(self.kind, Kind::Over);
        Self { _place: (!is_over).then_some(place), ..self }
    }

    fn of(kind: Kind) -> Self {
        Self { kind, _place: None }
    }
}

impl Body for Outgoing {
    type Data = Passed;
    type Error = BodyCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Passed>, BodyCut>>> {
        let Kind::Flows { from, left } = &mut self.kind else {
            return Poll::Ready(match std::mem::replace(&mut self.kind, Kind::Over) {
                Kind::Page(passed) => Some(Ok(Frame::data(passed))),
                Kind::Over | Kind::Flows { .. } => None,
            });
        };
        let (frame, over) = match ready!(from.poll_recv(cx)) {
            Some(Batch::Data { passed, last }) => {
                let len = u64::try_from(passed.remaining()).unwrap_or(u64::MAX);
                *left = left.map(|left| left.saturating_sub(len));
                (Some(Ok(Frame::data(passed))), last)
            }
            Some(Batch::Trailers(fields)) => (Some(Ok(Frame::trailers(fields))), true),
            Some(Batch::End) => (None, true),
            // Whoever read it has given it up: it must not look whole to the other side.
            None => (Some(Err(BodyCut)), true),
        };
        if over {
            self.kind = Kind::Over;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.kind, Kind::Over)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Over => SizeHint::with_exact(0),
            Kind::Page(passed) => SizeHint::with_exact(u64::try_from(passed.remaining()).unwrap_or(u64::MAX)),
            Kind::Flows { left, .. } => left.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::BodyExt;
    use proptest::prelude::*;

    use super::*;

    fn batch(text: &'static str, last: bool) -> Batch {
        Batch::Data { passed: Passed::page(Bytes::from_static(text.as_bytes())), last }
    }

    #[tokio::test]
    async fn a_body_keeps_its_place_until_it_is_taken_or_given_up() {
        let places = Arc::new(tokio::sync::Semaphore::new(4));
        let place = || Untaken::of(Arc::clone(&places).try_acquire_owned().unwrap());
        let (_give, take) = mpsc::channel(4);
        let flows = Outgoing::flows(take, None).held_until_taken(place());
        let mut page = Outgoing::page(Bytes::from_static(b"x")).held_until_taken(place());
        let empty = Outgoing::empty().held_until_taken(place());
        assert_eq!(places.available_permits(), 2, "one without a body needs none");
        page.frame().await.unwrap().unwrap();
        drop((page, empty));
        assert_eq!(places.available_permits(), 3);
        drop(flows);
        assert_eq!(places.available_permits(), 4);
    }

    #[tokio::test]
    async fn a_body_that_is_given_up_never_looks_whole() {
        let (give, take) = mpsc::channel(4);
        give.send(batch("half", false)).await.unwrap();
        drop(give);
        let mut body = Outgoing::flows(take, None);
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().chunk(), b"half");
        assert_eq!(body.frame().await.unwrap().unwrap_err(), BodyCut);
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_whole_one_ends_with_its_last_batch_its_trailers_or_a_word() {
        for end in [batch("b", true), Batch::End, Batch::Trailers(HeaderMap::new())] {
            let (give, take) = mpsc::channel(4);
            give.send(batch("a", false)).await.unwrap();
            give.send(end).await.unwrap();
            drop(give);
            let mut body = Outgoing::flows(take, Some(2));
            assert_eq!(body.size_hint().exact(), Some(2));
            while let Some(frame) = body.frame().await {
                frame.unwrap();
            }
            assert!(body.is_end_stream());
        }
        assert!(Outgoing::empty().is_end_stream() && Outgoing::page(Bytes::new()).is_end_stream());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn what_goes_beyond_is_stated_first_and_then_again_as_it_goes_on(
            batches in proptest::collection::vec(1usize..2_000_000, 1..20), limit in 0u64..3_000_000,
        ) {
            let mut measure = Measure::new(limit);
            let (mut whole, mut last) = (Vec::new(), None);
            for len in batches {
                let batch = Bytes::from(vec![u8::try_from(len % 251).unwrap(); len]);
                whole.extend_from_slice(&batch);
                let (_, beyond) = measure.take(batch);
                let stated = measure.states();
                prop_assert!(beyond.is_some() || stated.is_none());
                if let Some((bytes, hash)) = stated {
                    prop_assert_eq!(bytes, whole.len() as u64);
                    prop_assert_eq!(hash, hex::encode(digest::digest(&SHA256, &whole)));
                    last = Some(bytes);
                }
                if beyond.is_some() {
                    prop_assert!(last.is_some_and(|last| whole.len() as u64 - last < STATED_EVERY));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn all_of_a_body_is_hashed_and_no_more_kept_than_the_limit(
            batches in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..10),
            limit in 0u64..200,
        ) {
            let mut measure = Measure::new(limit);
            let (mut kept, mut passed) = (Vec::new(), Vec::new());
            for batch in &batches {
                let (record, beyond) = measure.take(Bytes::copy_from_slice(batch));
                kept.extend_from_slice(&record);
                passed.extend_from_slice(&record);
                passed.extend(beyond.map(|beyond| beyond.0.to_vec()).unwrap_or_default());
            }
            let whole: Vec<u8> = batches.concat();
            prop_assert_eq!(&passed, &whole);
            prop_assert_eq!(&kept[..], &whole[..kept.len()]);
            let (bytes, hash, recorded) = measure.finish();
            prop_assert_eq!((bytes, recorded), (whole.len() as u64, (whole.len() as u64).min(limit)));
            prop_assert_eq!(hash, hex::encode(digest::digest(&SHA256, &whole)));
        }
    }
}
