//! Answers that go on: server-sent events (WHATWG HTML §9.2). Each stream has a place among a bounded number, asks every
//! few seconds whether its reader may still read, and ends when they may not.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chaperone_policy::{Act, Denied, Subject, may_read};
use futures::stream::{self, Stream};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::App;
use crate::actor::Actor;
use crate::credential::Credential;
use crate::problem::Problem;

/// Streams at once on one node.
const PLACES: usize = 512;
/// Events that wait for a slow reader; then the writer waits, and drops what it may.
const AHEAD: usize = 64;
/// How often the right to read is asked again.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Places for streams.
pub(crate) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(PLACES))
}

/// The writing end of a stream; the reader has gone once a send fails.
pub(crate) struct Writer {
    to: mpsc::Sender<Event>,
    _place: OwnedSemaphorePermit,
}

/// The reader has gone.
#[derive(Debug)]
pub(crate) struct Gone;

impl Writer {
    /// Sends one event with a JSON body.
    pub(crate) async fn send(&self, name: &str, body: &impl Serialize) -> Result<(), Gone> {
        let event = Event::default().event(name).json_data(body).map_err(|_| Gone)?;
        self.to.send(event).await.map_err(|_| Gone)
    }

    /// Returns when the reader has gone.
    pub(crate) async fn closed(&self) {
        self.to.closed().await;
    }
}

/// A stream, and the answer that carries it.
pub(crate) fn open(app: &App) -> Result<(Writer, Response), Problem> {
    let place = Arc::clone(&app.parts.streams).try_acquire_owned();
    let place =
        place.map_err(|_| Problem::unavailable("too many pages are open", "close some and try again"))?;
    let (to, from) = mpsc::channel(AHEAD);
    let answer = Sse::new(events(from)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    Ok((Writer { to, _place: place }, answer.into_response()))
}

fn events(from: mpsc::Receiver<Event>) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(from, |mut from| async move { Some((Ok(from.recv().await?), from)) })
}

impl Actor {
    /// Whether the person behind a stream may still be here: signed in, not locked, valid.
    pub(crate) async fn is_still_here(&self, app: &App) -> bool {
        let now = Timestamp::now();
        match &self.credential {
            Credential::Token(claims) if now.as_second() >= claims.exp => return false,
            Credential::Token(_) => {}
            Credential::Browser(session) => match app.parts.store.web_session(&session.id, now).await {
                Ok(Some(_)) => {}
                _ => return false,
            },
        }
        let Ok(facts) = app.parts.store.facts().await else { return false };
        let standing = may_read(&facts, self.person, Act::SeeWindows, Subject::AtAll, now);
        !matches!(standing, Err(Denied::Unknown | Denied::Locked | Denied::NotValid))
    }
}
