//! How long evidence is kept: retention classes, the holds that beat them, and which of both applies to what.
//!
//! A class says so many days for facts and for recordings, never fewer for facts: what proves a recording outlives it. A
//! hold keeps whatever it is about, however old, until two people lift it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{ClassName, HoldId, PersonId, SessionId, TargetId, VendorId, WindowId};

/// Fewest days that facts are kept: a mistake shows before anything is gone. The database's own guard and the ledger's
/// verification have the same.
pub const LEAST_FACTS_DAYS: u32 = 90;
/// Most days of a class: a century.
const MOST_DAYS: u32 = 36_525;
const DAY_HOURS: i64 = 24;

/// How long evidence is kept, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionClass {
    /// What people call it.
    pub name: ClassName,
    /// Days that facts keep their words; leaves stay for ever.
    pub facts_days: u32,
    /// Days that recordings are kept, from their seal.
    pub recordings_days: u32,
}

/// Why a class cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassFault {
    /// Facts would go before the recordings that they prove.
    #[error("facts are kept at least as long as recordings: they prove them")]
    FactsFirst,
    /// Out of bounds.
    #[error("recordings are kept for 1 to 36525 days, facts for 90 to 36525")]
    Days,
}

impl RetentionClass {
    /// A class, if it can be.
    ///
    /// # Errors
    /// When facts would not outlive recordings, or the days are out of bounds.
    pub fn new(name: ClassName, facts_days: u32, recordings_days: u32) -> Result<Self, ClassFault> {
        let bounds = (LEAST_FACTS_DAYS..=MOST_DAYS).contains(&facts_days)
            && (1..=MOST_DAYS).contains(&recordings_days);
        if !bounds {
            return Err(ClassFault::Days);
        }
        if facts_days < recordings_days {
            return Err(ClassFault::FactsFirst);
        }
        Ok(Self { name, facts_days, recordings_days })
    }

    /// Whether it keeps anything for a shorter time than another: that takes two people.
    #[must_use]
    pub fn shortens(&self, other: &Self) -> bool {
        self.facts_days < other.facts_days || self.recordings_days < other.recordings_days
    }
}

/// What a hold keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum HoldOn {
    /// One visit.
    Session(SessionId),
    /// Every visit in a change window.
    Window(WindowId),
    /// Whatever a person did.
    Person(PersonId),
    /// Whatever happened on a target.
    Target(TargetId),
    /// Whatever a company's people did.
    Vendor(VendorId),
}

/// A legal hold: evidence that is kept, whatever its class says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Identity.
    pub id: HoldId,
    /// What it keeps.
    pub on: HoldOn,
    /// Of that only what happened then or later.
    pub from: Option<Timestamp>,
    /// Of that only what happened before.
    pub to: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Who put it.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A piece of evidence, by what it is about.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// The visit.
    pub session: Option<SessionId>,
    /// The change window.
    pub window: Option<WindowId>,
    /// Who.
    pub person: Option<PersonId>,
    /// On what.
    pub target: Option<TargetId>,
    /// Of which company.
    pub vendor: Option<VendorId>,
    /// From when: first instant.
    pub from: Timestamp,
    /// Until when: last instant. Never before `from`.
    pub until: Timestamp,
}

impl Hold {
    /// Whether the hold keeps this.
    #[must_use]
    pub fn keeps(&self, of: &Evidence) -> bool {
        let on = match self.on {
            HoldOn::Session(id) => of.session == Some(id),
            HoldOn::Window(id) => of.window == Some(id),
            HoldOn::Person(id) => of.person == Some(id),
            HoldOn::Target(id) => of.target == Some(id),
            HoldOn::Vendor(id) => of.vendor == Some(id),
        };
        on && self.from.is_none_or(|from| of.until >= from) && self.to.is_none_or(|to| of.from < to)
    }
}

/// Every class, what they are assigned to, and every hold that stands. An open case will be one more hold here.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    /// Classes by name; the standard one is among them.
    pub classes: BTreeMap<ClassName, RetentionClass>,
    /// What a target's evidence is kept by.
    pub of_targets: BTreeMap<TargetId, ClassName>,
    /// What a company's evidence is kept by.
    pub of_vendors: BTreeMap<VendorId, ClassName>,
    /// Holds that stand.
    pub holds: Vec<Hold>,
}

/// The class of whatever has none.
pub(crate) const STANDARD: &str = "standard";

impl Keeping {
    /// The class of whatever has none; `None` where the database has lost it: then nothing is due.
    #[must_use]
    pub fn standard(&self) -> Option<&RetentionClass> {
        self.classes.values().find(|class| class.name.as_str() == STANDARD)
    }

    /// Whether a hold keeps this, and which.
    #[must_use]
    pub fn held(&self, of: &Evidence) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.keeps(of))
    }

    /// The class by which the recording is due now; `None` while it is to be kept. Where the target and the company have a
    /// class each, the longer one counts.
    #[must_use]
    pub fn recording_due(&self, of: &Evidence, now: Timestamp) -> Option<&RetentionClass> {
        let class = self.longest(of, |class| class.recordings_days)?;
        self.due(of, now, class.recordings_days).then_some(class)
    }

    /// The class by which the words of a fact are due now; `None` while they are to be kept.
    #[must_use]
    pub fn words_due(&self, of: &Evidence, now: Timestamp) -> Option<&RetentionClass> {
        let class = self.longest(of, |class| class.facts_days)?;
        self.due(of, now, class.facts_days).then_some(class)
    }

    /// No fact that happened at or after this instant is due by any class.
    #[must_use]
    pub fn youngest_words(&self, now: Timestamp) -> Timestamp {
        before(now, self.classes.values().map(|class| class.facts_days).min())
    }

    /// No recording that was sealed at or after this instant is due by any class.
    #[must_use]
    pub fn youngest_recording(&self, now: Timestamp) -> Timestamp {
        before(now, self.classes.values().map(|class| class.recordings_days).min())
    }

    fn due(&self, of: &Evidence, now: Timestamp, days: u32) -> bool {
        of.until < before(now, Some(days)) && self.held(of).is_none()
    }

    fn longest(&self, of: &Evidence, days: impl Fn(&RetentionClass) -> u32) -> Option<&RetentionClass> {
        let of_target = of.target.and_then(|id| self.of_targets.get(&id));
        let of_vendor = of.vendor.and_then(|id| self.of_vendors.get(&id));
        let assigned = [of_target, of_vendor].into_iter().flatten();
        // A name without its class is no class at all: then the standard one, and never nothing.
        let known = assigned.filter_map(|name| self.classes.get(name));
        known.max_by_key(|class| days(class)).or_else(|| self.standard())
    }
}

/// So many days before; with none given, so long ago that nothing is older.
fn before(now: Timestamp, days: Option<u32>) -> Timestamp {
    let Some(days) = days else { return Timestamp::MIN };
    now.checked_sub(SignedDuration::from_hours(i64::from(days) * DAY_HOURS)).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
