//! Copies of a recording, as they are made: a gigabyte goes to the caller in pieces and is never in memory whole.

use std::io::{self, Write};

use bytes::Bytes;
use chaperone_store::FactKind;
use serde_json::json;
use tokio::sync::mpsc;

use crate::desk::{Desk, DeskError};
use crate::look::Look;
use crate::view::{Source, View, ViewError};

/// A piece of a copy, in bytes.
const PIECE: usize = 256 << 10;
/// Pieces that wait for a slow caller.
const WAITING: usize = 4;

/// A copy on its way to its caller.
#[derive(Debug)]
pub struct Outflow {
    first: Option<Bytes>,
    rest: mpsc::Receiver<Result<Bytes, DeskError>>,
}

impl Outflow {
    /// The next piece; `None` at the end. After an error the copy is not whole, and the caller must learn that.
    pub async fn next(&mut self) -> Option<Result<Bytes, DeskError>> {
        match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => self.rest.recv().await,
        }
    }

    /// All of it, in memory.
    pub(crate) async fn whole(mut self) -> Result<Vec<u8>, DeskError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole)
    }
}

impl Desk {
    /// A view of a recording, whole. That somebody looks is committed before they see anything.
    ///
    /// # Errors
    /// When there is none, it cannot be opened here, or the fact cannot be written.
    pub async fn view(&self, look: &Look, view: View, exported: bool) -> Result<Vec<u8>, DeskError> {
        self.export(look, view, exported).await?.whole().await
    }

    /// A view of a recording, in pieces. What is wrong with a recording from its beginning is an error here, what is
    /// found later is one of a piece.
    ///
    /// # Errors
    /// As [`Desk::view`].
    pub async fn export(&self, look: &Look, view: View, exported: bool) -> Result<Outflow, DeskError> {
        let path = self.file(look.session)?;
        if view != View::Sealed && self.inner.keys.identities.is_empty() {
            return Err(DeskError::NoIdentity);
        }
        let kind = if exported { FactKind::RecordingExported } else { FactKind::RecordingViewed };
        self.inner.store.fact(look.fact(kind, json!({ "format": view.as_str() }))).await?;
        let (session, identities) = (look.session, self.inner.keys.identities.clone());
        self.flow(view, Source { path, session, identities, shown: None }).await
    }

    /// Lets a view flow out, whose look is committed.
    pub(crate) async fn flow(&self, view: View, from: Source) -> Result<Outflow, DeskError> {
        self.flow_of(move |to| view.write(&from, to).map(drop)).await
    }

    /// Lets out whatever is written, on a thread that may wait.
    pub(crate) async fn flow_of(
        &self,
        write: impl FnOnce(&mut dyn Write) -> Result<(), ViewError> + Send + 'static,
    ) -> Result<Outflow, DeskError> {
        let desk = self.clone();
        let (send, mut rest) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            // Held until the copy is made.
            let Ok(_place) = desk.inner.places.acquire().await else { return };
            let told = send.clone();
            let made = tokio::task::spawn_blocking(move || {
                let mut pieces = Pieces { send, piece: Vec::with_capacity(PIECE) };
                write(&mut pieces)?;
                Ok::<(), ViewError>(pieces.flush()?)
            });
            let error = match made.await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => DeskError::View(chain(&error)),
                Err(error) => DeskError::Work(error),
            };
            // Whoever has gone away does not hear of it.
            drop(told.send(Err(error)).await);
        });
        let first = rest.recv().await.transpose()?;
        Ok(Outflow { first, rest })
    }
}

/// Collects what is written into pieces.
struct Pieces {
    send: mpsc::Sender<Result<Bytes, DeskError>>,
    piece: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.send.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

fn chain(error: &ViewError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
