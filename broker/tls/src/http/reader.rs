//! Reads one body in batches: what is there already is joined to few of them, and a short one may be there whole.

use std::fmt::Display;

use bytes::{Bytes, BytesMut};
use chaperone_session::BATCH_BYTES;
use futures::FutureExt;
use http::HeaderMap;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::task::yield_now;

use super::flowing::Outcome;

/// What comes of a body.
pub(super) enum Read {
    Data(Bytes),
    Trailers(HeaderMap),
}

/// See above.
pub(super) struct Reader<B> {
    from: B,
    /// What came behind a batch and is no part of it.
    behind: Option<Option<Result<Read, Outcome>>>,
}

impl<B> Reader<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    pub(super) fn new(from: B) -> Self {
        Self { from, behind: None }
    }

    /// All of it, where that is here already and `fits`. Else nothing is taken, and nothing is waited for.
    pub(super) async fn whole(&mut self, fits: impl FnOnce(&Bytes) -> bool) -> Option<Bytes> {
        let mut came = self.from.frame().now_or_never();
        if came.is_none() {
            // Whoever reads from the connection hands a short body on right behind its head.
            yield_now().await;
            came = self.from.frame().now_or_never();
        }
        match read(came?) {
            Some(Ok(Read::Data(bytes))) if self.from.is_end_stream() && fits(&bytes) => Some(bytes),
            other => {
                self.behind = Some(other);
                None
            }
        }
    }

    /// The next batch. `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Read>, Outcome> {
        let first = match self.behind.take() {
            Some(behind) => behind,
            None => read(self.from.frame().await),
        };
        let first = match first {
            Some(Ok(Read::Data(first))) => first,
            other => return other.transpose(),
        };
        let mut joined: Option<BytesMut> = None;
        let mut len = first.len();
        while len < BATCH_BYTES && !self.from.is_end_stream() {
            let Some(frame) = self.from.frame().now_or_never() else { break };
            match read(frame) {
                Some(Ok(Read::Data(more))) => {
                    len += more.len();
                    let buffer = joined.get_or_insert_with(|| {
                        let mut buffer = BytesMut::with_capacity(BATCH_BYTES);
                        buffer.extend_from_slice(&first);
                        buffer
                    });
                    buffer.extend_from_slice(&more);
                }
                other => {
                    self.behind = Some(other);
                    break;
                }
            }
        }
        Ok(Some(Read::Data(joined.map_or(first, BytesMut::freeze))))
    }

    /// Whether nothing follows for certain.
    pub(super) fn is_over(&self) -> bool {
        match &self.behind {
            Some(behind) => behind.is_none(),
            None => self.from.is_end_stream(),
        }
    }
}

fn read<E: Display>(frame: Option<Result<Frame<Bytes>, E>>) -> Option<Result<Read, Outcome>> {
    Some(match frame? {
        Ok(frame) => match frame.into_data() {
            Ok(bytes) => Ok(Read::Data(bytes)),
            Err(frame) => Ok(Read::Trailers(frame.into_trailers().unwrap_or_default())),
        },
        Err(error) => {
            tracing::debug!(%error, "a body was given up by the one who sends it");
            Err(Outcome::Aborted)
        }
    })
}
