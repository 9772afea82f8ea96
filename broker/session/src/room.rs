//! How much room the recordings' disk has, and whether it answers: asked again and again by one thread, which may hang,
//! and read by everybody else as the newest answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chaperone_recorder::{Folder, Space};
use chaperone_store::{FactKind, NewFact};
use jiff::Timestamp;
use serde_json::json;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::flow::EndReason;
use crate::gate::Gate;

/// How often the disk's room is looked at: between two looks less than the critical rest is written.
const EVERY: Duration = Duration::from_millis(200);
/// A disk that takes longer is not one to begin a recording on.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// What is known of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// There is enough.
    Ok,
    /// No new session may start.
    Low,
    /// Running sessions must end.
    Critical,
    /// No file can be opened for writing.
    Unusable,
    /// It does not answer.
    Silent,
}

impl Room {
    /// Looks. For a thread that may wait for long.
    pub(crate) fn look(folder: &Folder) -> Self {
        let answer = folder.opens().and_then(|()| {
            // What the reserve takes back is room no more.
            if let Err(error) = folder.replenish() {
                tracing::warn!(%error, "the reserve for seals could not be replenished");
            }
            folder.space()
        });
        match answer {
            Ok(Space::Ok) => Self::Ok,
            Ok(Space::Low) => Self::Low,
            Ok(Space::Critical) => Self::Critical,
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "the recordings' disk cannot be used"
                );
                Self::Unusable
            }
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Low => "low",
            Self::Critical => "critical",
            Self::Unusable => "unusable",
            Self::Silent => "silent",
        }
    }
}

/// The newest answer.
pub(crate) struct KnownRoom(Mutex<Room>);

impl KnownRoom {
    pub(crate) fn new(room: Room) -> Self {
        Self(Mutex::new(room))
    }

    pub(crate) fn now(&self) -> Room {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is(&self, now: Room) -> Room {
        std::mem::replace(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}

impl Gate {
    /// Ends what runs before the disk is full. It waits for no database: that may be what fills the disk.
    pub(crate) async fn keep_room(&self) {
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let folder = self.shared.folder.clone();
            let mut looking = spawn_blocking(move || Room::look(&folder));
            let answer = match timeout(ANSWERS_WITHIN, &mut looking).await {
                Ok(answer) => answer,
                Err(_elapsed) => {
                    self.room_is(Room::Silent);
                    looking.await
                }
            };
            self.room_is(answer.unwrap_or(Room::Unusable));
        }
    }

    fn room_is(&self, room: Room) {
        let before = self.shared.room.is(room);
        if room == Room::Critical {
            self.shared.live.all().iter().for_each(|session| session.cut(EndReason::Recorder));
        }
        if room != before {
            tracing::warn!(
                room = room.as_str(),
                before = before.as_str(),
                "the room for recordings has changed"
            );
            let kind = if room == Room::Ok { FactKind::RecorderMended } else { FactKind::RecorderFault };
            let fact = NewFact::new(kind, Timestamp::now(), json!({ "disk": room.as_str() }));
            let gate = self.clone();
            self.beside(async move { gate.write_or_spool(fact, None).await });
        }
    }
}
