//! What the facts of a bundle say of its sessions, collected while they are read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::report::{Failing, Finding};
use crate::ledger::Hash;

/// Sessions of one bundle.
const MAX_SESSIONS: usize = 100_000;
/// Checkpoints of recordings of one bundle.
const MAX_CHECKPOINTS: usize = 1_000_000;

/// Kinds of fact that say what became of a session.
pub(super) const OUTCOMES: &[&str] =
    &["session-sealed", "session-recovered", "session-never-started", "session-lost"];
/// Kinds of fact that are an attempt.
pub(super) const ATTEMPTS: &[&str] = &["attempt-failed", "attempt-refused", ADMITTED];
pub(super) const ADMITTED: &str = "session-admitted";
/// The kind of fact that says what a session's recording begins with.
const STARTED: &str = "session-started";

/// One session, as its facts have it.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    /// Number of the first fact about it.
    pub first: u64,
    /// Number and time of its admission.
    pub admitted: Option<(u64, Timestamp)>,
    pub ended: Option<Timestamp>,
    pub end_reason: Option<String>,
    /// The last of [`OUTCOMES`].
    pub outcome: Option<String>,
    /// What that fact says the seal is.
    pub seal: Option<Hash>,
    /// Retention has deleted its recording.
    pub deleted: bool,
    pub checkpoints: Vec<(u64, Hash)>,
}

impl Session {
    pub(super) fn is_sealed(&self) -> bool {
        matches!(self.outcome.as_deref(), Some("session-sealed" | "session-recovered"))
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub sessions: BTreeMap<Uuid, Session>,
    checkpoints: usize,
    /// Number of the last leaf of [`OUTCOMES`] that is not disclosed, or whose words are gone.
    pub hidden_outcome: Option<u64>,
}

impl Seen {
    /// Takes what one fact says.
    pub(super) fn take(
        &mut self,
        number: u64,
        at: Timestamp,
        kind: &str,
        document: &Value,
    ) -> Result<(), Finding> {
        let body = document.get("body").unwrap_or(&Value::Null);
        if kind == "recording-checkpoint" {
            return self.take_checkpoints(number, body);
        }
        let Some(id) = id(document, "session") else { return Ok(()) };
        let wanted = matches!(kind, ADMITTED | STARTED | "session-ended" | "recording-deleted")
            || OUTCOMES.contains(&kind);
        if !wanted {
            return Ok(());
        }
        let session = self.session(id, number)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        match kind {
            ADMITTED => session.admitted = Some((number, at)),
            STARTED => {
                let mut identity = Hash::default();
                let said = text("recording_identity");
                if said.is_some_and(|said| hex::decode_to_slice(said, &mut identity).is_ok()) {
                    // What the chain begins with: a file that was put in the recording's place begins otherwise.
                    session.checkpoints.push((0, identity));
                }
            }
            "session-ended" => {
                session.ended = Some(at);
                session.end_reason = text("reason").map(str::to_owned);
            }
            "recording-deleted" => session.deleted = true,
            outcome => {
                session.outcome = Some(outcome.to_owned());
                let mut seal = Hash::default();
                session.seal = text("seal_hash")
                    .filter(|text| hex::decode_to_slice(text, &mut seal).is_ok())
                    .map(|_| seal);
            }
        }
        Ok(())
    }

    fn take_checkpoints(&mut self, number: u64, body: &Value) -> Result<(), Finding> {
        for listed in body.get("recordings").and_then(Value::as_array).into_iter().flatten() {
            let read = || {
                let mut chain = Hash::default();
                hex::decode_to_slice(listed.get("chain")?.as_str()?, &mut chain).ok()?;
                let block: u64 = listed.get("block")?.as_str()?.parse().ok()?;
                Some((id(listed, "session")?, block, chain))
            };
            let Some((session, block, chain)) = read() else { continue };
            self.checkpoints += 1;
            if self.checkpoints > MAX_CHECKPOINTS {
                return Err(Finding::new(Failing::TooMuch, "more checkpoints of recordings than are taken")
                    .number(number));
            }
            self.session(session, number)?.checkpoints.push((block, chain));
        }
        Ok(())
    }

    fn session(&mut self, id: Uuid, number: u64) -> Result<&mut Session, Finding> {
        if self.sessions.len() >= MAX_SESSIONS && !self.sessions.contains_key(&id) {
            return Err(Finding::new(Failing::TooMuch, "more sessions than are taken").number(number));
        }
        Ok(self.sessions.entry(id).or_insert_with(|| Session { first: number, ..Session::default() }))
    }

    /// Notes a leaf without words: of an outcome it may hide whose it is.
    pub(super) fn hide(&mut self, number: u64, kind: &str) {
        if OUTCOMES.contains(&kind) {
            self.hidden_outcome = self.hidden_outcome.max(Some(number));
        }
    }

    /// Whether it was admitted in this bundle, so far.
    pub(super) fn admitted(&self, id: Uuid) -> bool {
        self.sessions.get(&id).is_some_and(|session| session.admitted.is_some())
    }

    /// In the order of their first facts.
    pub(super) fn in_order(&self) -> Vec<(Uuid, &Session)> {
        let mut sessions: Vec<_> = self.sessions.iter().map(|(id, session)| (*id, session)).collect();
        sessions.sort_by_key(|(_, session)| session.first);
        sessions
    }
}

/// An id in a document.
pub(super) fn id(document: &Value, name: &str) -> Option<Uuid> {
    document.get(name)?.as_str()?.parse().ok()
}
