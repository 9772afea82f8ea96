//! Answers that go on: server-sent events (WHATWG HTML §9.2). Each stream has a place among a bounded number, asks every
//! few seconds whether its reader may still read, and ends when they may not.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chaperone_policy::{Act, Denied, PersonId, Subject, may_read};
use futures::stream::{self, Stream};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::App;
use crate::actor::Actor;
use crate::credential::Credential;
use crate::problem::Problem;

/// Streams of what has changed, at once on one node; and of visits that are watched, which have places of their own: who
/// may only look at their own windows keeps nobody from watching.
const CHANGES: usize = 512;
const WATCHES: usize = 128;
/// Connections that are carried over web sockets.
const CARRIED: usize = 256;
/// Of one person: a desk in many tabs.
const EACH: u32 = 24;
/// Events that wait for a slow reader; then the writer waits, and drops what it may.
const AHEAD: usize = 64;
/// How often the right to read is asked again.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What a stream shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// What has changed.
    Changes,
    /// A visit.
    Visit,
    /// Nothing: it carries a connection.
    Connection,
}

/// Places for streams; cheap to clone.
#[derive(Clone)]
pub(crate) struct Places {
    changes: Arc<Semaphore>,
    watches: Arc<Semaphore>,
    carried: Arc<Semaphore>,
    people: Arc<Mutex<HashMap<PersonId, u32>>>,
}

impl Default for Places {
    fn default() -> Self {
        let pool = |places| Arc::new(Semaphore::new(places));
        let (changes, watches, carried) = (pool(CHANGES), pool(WATCHES), pool(CARRIED));
        Self { changes, watches, carried, people: Arc::default() }
    }
}

impl Places {
    pub(crate) fn take(&self, person: PersonId, shows: Shows) -> Option<Place> {
        let pool = match shows {
            Shows::Changes => &self.changes,
            Shows::Visit => &self.watches,
            Shows::Connection => &self.carried,
        };
        let permit = Arc::clone(pool).try_acquire_owned().ok()?;
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let count = people.entry(person).or_default();
        if *count >= EACH {
            return None;
        }
        *count += 1;
        Some(Place { person, people: Arc::clone(&self.people), _permit: permit })
    }
}

/// A place; free again when it is dropped.
pub(crate) struct Place {
    person: PersonId,
    people: Arc<Mutex<HashMap<PersonId, u32>>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = people.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                people.remove(&self.person);
            }
        }
    }
}

/// The writing end of a stream; the reader has gone once a send fails.
pub(crate) struct Writer {
    to: mpsc::Sender<Event>,
    _place: Place,
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
pub(crate) fn open(app: &App, person: PersonId, shows: Shows) -> Result<(Writer, Response), Problem> {
    let full = || Problem::unavailable("too many pages are open", "close some and try again");
    let place = app.parts.streams.take(person, shows).ok_or_else(full)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_cannot_take_every_place() {
        let places = Places::default();
        let [dana, sam] = [1, 2].map(|id| PersonId(uuid::Uuid::from_u128(id)));
        let held: Vec<Place> = (0..EACH).filter_map(|_| places.take(dana, Shows::Changes)).collect();
        assert_eq!(held.len(), EACH as usize);
        assert!(places.take(dana, Shows::Changes).is_none());
        assert!(places.take(sam, Shows::Changes).is_some() && places.take(sam, Shows::Visit).is_some());
        drop(held);
        assert!(places.take(dana, Shows::Changes).is_some());
    }
}
