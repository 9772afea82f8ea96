//! Which facts a bundle discloses (`BUNDLES.md`, *What is disclosed*), and what they say of its sessions.

use std::collections::{BTreeMap, BTreeSet};

use chaperone_policy::TargetId;
use chaperone_recorder::bundle::Subject;
use chaperone_recorder::ledger::{Leaf, TagKey, tag};
use serde_json::Value;
use uuid::Uuid;

use super::plan::Plan;

/// What became of one session.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate {
    /// Kind of the fact that says it; empty while none does.
    pub outcome: String,
    /// What that fact says.
    pub body: Value,
    /// Retention has deleted its recording.
    pub deleted: bool,
}

impl Fate {
    pub(super) fn is_sealed(&self) -> bool {
        matches!(self.outcome.as_str(), "session-sealed" | "session-recovered")
    }
}

/// Picks, in order of numbers: a session is admitted before anything else is said of it.
#[derive(Debug, Default)]
pub(super) struct Pick {
    /// Sessions that are in the bundle, by admission.
    pub sessions: BTreeMap<Uuid, Fate>,
    /// Ids of people and vendors that are named.
    pub people: BTreeSet<Uuid>,
    pub vendors: BTreeSet<Uuid>,
}

/// Whether a leaf is about one of the targets.
pub(super) fn is_tagged(leaf: &Leaf, keys: &[(TargetId, TagKey)]) -> bool {
    !leaf.tags.is_empty() && keys.iter().any(|(_, key)| leaf.tags.contains(&tag(key, leaf.number)))
}

impl Pick {
    /// Whether a fact about the targets is disclosed; `None` stands for a body that retention has deleted.
    pub(super) fn wants(&mut self, plan: &Plan, leaf: &Leaf, document: Option<&Value>) -> bool {
        if leaf.number == plan.made {
            return self.take(leaf, document);
        }
        let id = |name: &str| document?.get(name)?.as_str()?.parse::<Uuid>().ok();
        let of_ours = id("session").is_some_and(|session| self.sessions.contains_key(&session));
        let wanted = match &plan.subject {
            Subject::Target { from_us, to_us, .. } => {
                (*from_us..*to_us).contains(&leaf.at_us) || of_ours || leaf.kind == "bundle-made"
            }
            Subject::Window { window, .. } => {
                let others =
                    id("vendor").is_some_and(|vendor| plan.vendor.is_none_or(|ours| ours.0 != vendor));
                (id("window") == Some(*window) && !others) || of_ours
            }
            Subject::Session { window, session, .. } => {
                let of_window =
                    id("window") == Some(*window) && id("session").is_none() && id("attempt").is_none();
                id("session") == Some(*session) || of_window
            }
        };
        wanted && self.take(leaf, document)
    }

    fn take(&mut self, leaf: &Leaf, document: Option<&Value>) -> bool {
        let Some(document) = document else { return true };
        let id = |name: &str| document.get(name)?.as_str()?.parse::<Uuid>().ok();
        self.people.extend(id("person"));
        self.vendors.extend(id("vendor"));
        let Some(session) = id("session") else { return true };
        if leaf.kind == "session-admitted" {
            self.sessions.entry(session).or_default();
        }
        let Some(fate) = self.sessions.get_mut(&session) else { return true };
        match leaf.kind.as_str() {
            "recording-deleted" => fate.deleted = true,
            "session-sealed" | "session-recovered" | "session-never-started" | "session-lost" => {
                fate.outcome.clone_from(&leaf.kind);
                fate.body = document.get("body").cloned().unwrap_or_default();
            }
            _ => {}
        }
        true
    }
}
