//! People are told what becomes of their change windows (UX.md, "Who is told what"): in plain words, with the next step.
//!
//! ```text
//!  fact about a window ─► spoken ─┐
//!                                 ├─► audience ─► words ─► Notice per person ─► outbox row per destination of notices
//!  clock, each told once ─► due ──┘                                              (the same queues as alerts)
//! ```
//!
//! What is said, to whom and in which words follows from facts, policy and the time alone: [`spoken`] and [`due`] decide
//! nothing else and read no clock. A notice is committed with the fact that it tells, or with the mark that it was told.

mod audience;
mod clock;
mod spoken;
#[cfg(test)]
mod tests;
mod words;

use chaperone_policy::{Facts, Login, MailAddress, PersonId, Window, WindowId};
use chaperone_store::{Destination, DestinationKind, StoreError, Tx};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::deliver::NOTICES;

pub use clock::Timing;
pub(crate) use clock::due;
pub(crate) use spoken::{concerns, spoken};

/// What people are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// Somebody asks for a window.
    Requested,
    /// Nobody has answered for a while.
    Reminder,
    /// Nobody has answered the reminder either.
    HandedOn,
    /// It has its approvals.
    Approved,
    /// An approver said no.
    Denied,
    /// It was taken back.
    Withdrawn,
    /// An engineer ended it.
    Revoked,
    /// It has a new end, later or earlier.
    NewEnd,
    /// It has other times.
    Moved,
    /// A technician asks for more time.
    MoreTime,
    /// It opens in a while.
    OpeningSoon,
    /// Its time is over.
    Ended,
    /// An emergency is to be reviewed by some time.
    ReviewDue,
}

impl Topic {
    /// The name in events and keys.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Reminder => "reminder",
            Self::HandedOn => "handed-on",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
            Self::NewEnd => "new-end",
            Self::Moved => "moved",
            Self::MoreTime => "more-time-asked",
            Self::OpeningSoon => "opening-soon",
            Self::Ended => "ended",
            Self::ReviewDue => "review-due",
        }
    }
}

/// Why somebody is told, and so what their next step may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// They may decide.
    Approver,
    /// They stand in for those who may decide: the deputy, the on-call.
    StandIn,
    /// They are to connect.
    Technician,
    /// They asked.
    Requester,
    /// The unit that depends on the server.
    Contact,
}

impl Part {
    fn as_str(self) -> &'static str {
        match self {
            Self::Approver => "approver",
            Self::StandIn => "stand-in",
            Self::Technician => "technician",
            Self::Requester => "requester",
            Self::Contact => "contact",
        }
    }
}

/// Somebody to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    /// Why they are told.
    pub part: Part,
    /// Who; `None` for a unit's contact, who need not be enrolled.
    pub person: Option<PersonId>,
    /// Sign-in name.
    pub login: Option<String>,
    /// Name for people.
    pub name: String,
    /// Where they get mail.
    pub email: Option<MailAddress>,
}

/// Something to tell about a window.
#[derive(Clone, Debug)]
pub(crate) struct News<'a> {
    /// What happened, or is about to.
    pub topic: Topic,
    /// The window as it is now.
    pub window: &'a Window,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: Option<PersonId>,
    /// Why, in their words.
    pub reason: Option<String>,
    /// The end that is asked for.
    pub wanted: Option<Timestamp>,
    /// Who stands in for those who have not answered.
    pub stand_ins: &'a [Login],
}

/// One message to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub topic: Topic,
    pub window: WindowId,
    pub at: Timestamp,
    pub to: Listener,
    /// One line.
    pub subject: String,
    /// Lines that end with `\n`.
    pub text: String,
}

/// Everybody's message about it.
pub(crate) fn notices(news: &News<'_>, facts: &Facts, zone: &TimeZone) -> Vec<Notice> {
    audience::audience(news, facts)
        .into_iter()
        .map(|to| Notice {
            topic: news.topic,
            window: news.window.id,
            at: news.at,
            subject: words::subject(news, facts, zone),
            text: words::text(news, &to, facts, zone),
            to,
        })
        .collect()
}

/// Puts notices into the queue of every destination that is on and wants them; mail only for who has an address.
pub(crate) async fn queue(tx: &mut Tx, notices: &[Notice], to: &[Destination]) -> Result<(), StoreError> {
    for notice in notices {
        // One id at every destination: who is told by two can tell.
        let event = notice.event(&Uuid::now_v7().to_string());
        for destination in to {
            if destination.kind != DestinationKind::Smtp || notice.to.email.is_some() {
                tx.queue(destination.id, &event).await?;
            }
        }
    }
    Ok(())
}

/// The destinations that want notices.
pub(crate) async fn wanting(tx: &mut Tx) -> Result<Vec<Destination>, StoreError> {
    let mut all = tx.destinations().await?;
    all.retain(|destination| destination.enabled && destination.events == NOTICES);
    Ok(all)
}

/// The test of a destination of notices: the test event, as a notice to one address.
pub(crate) fn test(event: &Value, to: &MailAddress) -> Value {
    let text = event.get("message").cloned().unwrap_or_default();
    let mut event = event.clone();
    if let Some(event) = event.as_object_mut() {
        let text = format!("{}\n", text.as_str().unwrap_or_default());
        let notice =
            json!({ "topic": "test", "to": { "email": to }, "subject": "Test message", "text": text });
        event.insert("notice".to_owned(), notice);
    }
    event
}

impl Notice {
    /// What stands in the outbox: rendered once, so that a repeat is the same to the letter.
    pub(crate) fn event(&self, uid: &str) -> Value {
        json!({
            "time": self.at.as_millisecond(),
            "message": self.subject,
            "metadata": { "uid": uid },
            "notice": {
                "topic": self.topic.as_str(),
                "window": self.window,
                "part": self.to.part.as_str(),
                "to": { "login": self.to.login, "name": self.to.name, "email": self.to.email },
                "subject": self.subject,
                "text": self.text,
                "path": format!("/windows/{}", self.window),
            },
        })
    }
}
