//! HTTP transactions of web consoles: one that is opened out of the table, with its heads, messages and bodies. The table
//! itself is the film's. A look at any of it is the look that the film is.

use std::io;

use chaperone_recorder::replay::ReplayError;
use chaperone_recorder::replay::http::{self, HttpRow, Message, Transaction, Way};
use tokio::task::spawn_blocking;

use crate::desk::{Desk, DeskError};
use crate::export::Outflow;
use crate::look::Look;
use crate::view::{Source, ViewError};

/// Messages of an upgraded connection that are shown; an export has all.
const MESSAGES: usize = 500;

/// A transaction that somebody opened.
#[derive(Debug)]
pub struct Opened {
    /// Its row.
    pub row: HttpRow,
    /// Its heads.
    pub transaction: Transaction,
    /// The first messages of an upgraded connection.
    pub messages: Vec<Message>,
    /// Whether there are more.
    pub more_messages: bool,
}

impl Desk {
    /// One transaction by its place in the table; nothing where there is none.
    ///
    /// # Errors
    /// As [`Desk::film`].
    pub async fn transaction(&self, look: &Look, place: usize) -> Result<Option<Opened>, DeskError> {
        let Some((row, from)) = self.row(look, place).await? else { return Ok(None) };
        let place = self.place().await?;
        let read = spawn_blocking(move || {
            let open = |mark: Option<&_>| from.open(mark);
            let Some(transaction) = http::transaction(&open, &row)? else { return Ok(None) };
            let (messages, more_messages) = http::messages(&open, &transaction, MESSAGES)?;
            Ok(Some(Opened { row, transaction, messages, more_messages }))
        });
        let opened = read.await?;
        drop(place);
        opened.map_err(|error: ReplayError| DeskError::View(error.to_string()))
    }

    /// The content of a body, up to so many bytes; nothing where there is no such transaction.
    ///
    /// # Errors
    /// As [`Desk::film`].
    pub async fn body(
        &self,
        look: &Look,
        place: usize,
        way: Way,
        most: u64,
    ) -> Result<Option<Outflow>, DeskError> {
        let Some((row, from)) = self.row(look, place).await? else { return Ok(None) };
        let flow = self.flow_of(move |to| {
            let open = |mark: Option<&_>| from.open(mark);
            let Some(transaction) = http::transaction(&open, &row)? else { return Ok(()) };
            let mut left = most;
            let written = http::content(&open, &transaction, way, &mut |piece| {
                let len = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
                to.write_all(piece.get(..len).unwrap_or_default())?;
                left -= len as u64;
                if left == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
            });
            match written {
                // Nobody asked for more.
                Err(_) if left == 0 => Ok(()),
                written => written.map(drop).map_err(ViewError::from),
            }
        });
        flow.await.map(Some)
    }

    /// A row of the table, and what it is read from.
    async fn row(&self, look: &Look, place: usize) -> Result<Option<(HttpRow, Source)>, DeskError> {
        let reel = self.film(look).await?;
        let Some(row) = reel.film.transactions.get(place).cloned() else { return Ok(None) };
        let (path, session) = (self.file(look.session)?, look.session);
        let identities = self.inner.keys.identities.clone();
        Ok(Some((row, Source { path, session, identities, shown: None })))
    }
}
