//! Searching what was shown and run on visits. The search is a fact before it finds anything.
//!
//! A phrase that is looked for may itself be a secret, such as a password that leaked. So the fact holds its length and a
//! hash, not its text: an auditor who suspects a phrase can check it, and no event, bundle or backup carries it on.

use chaperone_policy::{PersonId, SessionId, TargetId};
use chaperone_recorder::ledger::hash_of;
use chaperone_store::{DerivedHit, DerivedQuery, FactKind, NewFact, derived_words};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::desk::{Desk, DeskError};

/// Hits that are read at once, and how often, before a search whose hits are not for the caller gives up.
const PAGE: u32 = 500;
const PAGES: usize = 20;

const LABEL: &[u8] = b"chaperone/desk/search/v1\n";

/// Who searches, for what, and why.
#[derive(Clone, Debug)]
pub struct Search {
    /// Who.
    pub by: PersonId,
    /// Whether with a token that was minted on the host.
    pub host_minted: bool,
    /// When.
    pub at: Timestamp,
    /// Why, in words.
    pub reason: String,
    /// For what.
    pub query: DerivedQuery,
}

/// A line that was found. It is a hint where to look, not evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The visit.
    pub session: SessionId,
    /// Who was there.
    pub person: PersonId,
    /// On what.
    pub target: TargetId,
    /// When that was admitted.
    pub began: Timestamp,
    /// When the line was first there.
    pub at: Timestamp,
    /// The same, in milliseconds from the recording's start.
    pub at_ms: u64,
    /// On which channel.
    pub channel: u32,
    /// `screen`, `command`, `command-guess`, `file` or `http`.
    pub seen: String,
    /// The line, without control characters.
    pub line: String,
}

impl Desk {
    /// The lines that have the phrase, newest visits first, of targets that `sees` lets the searcher see.
    ///
    /// # Errors
    /// When there is nothing to search in or for, or the fact cannot be written.
    pub async fn search(
        &self,
        search: &Search,
        sees: impl Fn(TargetId) -> bool,
    ) -> Result<Vec<Hit>, DeskError> {
        let derived = self.inner.derived.as_ref().ok_or(DeskError::NoIndex)?;
        let words = derived_words(&search.query.phrase);
        if words.is_empty() {
            return Err(DeskError::NoWords);
        }
        self.inner.store.fact(fact(search, &words)).await?;
        let wanted = usize::try_from(search.query.limit).unwrap_or(usize::MAX);
        let mut query = DerivedQuery { limit: PAGE.min(search.query.limit.max(1)), ..search.query.clone() };
        let mut hits = Vec::new();
        for _ in 0..PAGES {
            let page = derived.search(&query).await?;
            let more = page.len() >= usize::try_from(query.limit).unwrap_or(usize::MAX);
            query.after = page.last().map(|last| last.place);
            hits.extend(page.into_iter().filter(|hit| sees(hit.target)).map(Hit::from));
            if hits.len() >= wanted || !more {
                break;
            }
        }
        hits.truncate(wanted);
        Ok(hits)
    }
}

fn fact(search: &Search, words: &[String]) -> NewFact {
    let query = &search.query;
    let phrase = words.join(" ");
    let hash = hash_of(&[LABEL, phrase.as_bytes()]);
    let body = json!({
        "words": words.len(), "characters": phrase.chars().count(),
        "sha256": hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        "of": query.person, "from": query.from, "to": query.to, "limit": query.limit,
        "reason": search.reason, "host_minted": search.host_minted,
    });
    let fact = NewFact::new(FactKind::EvidenceSearched, search.at, body).by(search.by);
    match query.target {
        Some(target) => fact.on(target),
        None => fact,
    }
}

impl From<DerivedHit> for Hit {
    fn from(hit: DerivedHit) -> Self {
        let DerivedHit { place: _, session, person, target, began, at_ms, channel, seen, line } = hit;
        let after = SignedDuration::from_millis(i64::try_from(at_ms).unwrap_or(i64::MAX));
        let at = began.checked_add(after).unwrap_or(began);
        Self { session, person, target, began, at, at_ms, channel, seen, line }
    }
}
