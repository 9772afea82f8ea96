//! The fact that a bundle was made: what it says, and whether it is of this one.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::manifest::{Manifest, Subject};
use super::seen::id;
use crate::ledger::{Leaf, TagKey, tag};

/// The kind of fact that says that a bundle was made.
pub(super) const MADE: &str = "bundle-made";

/// The fact that says that the bundle was made.
#[derive(Clone, Debug)]
pub(super) struct Making {
    pub at_us: i64,
    pub kind: String,
    pub reason: Option<String>,
    pub subject: Option<Subject>,
    /// Sessions whose keys it says are left out.
    pub withheld: BTreeSet<Uuid>,
    /// Whether it says that the keys are sealed to somebody; `None` where it says nothing of it.
    pub sealed: Option<bool>,
    /// Targets that it names.
    pub named: Vec<Uuid>,
    /// How many tag keys its leaf lacks the tag of.
    pub lacks: usize,
}

impl Making {
    /// What a fact says, whatever its kind.
    pub(super) fn read(leaf: &Leaf, document: Option<&Value>, keys: &[(Uuid, TagKey)]) -> Self {
        let body = document.and_then(|document| document.get("body"));
        let said = |name: &str| body.and_then(|body| body.get(name));
        let withheld = said("withheld").and_then(Value::as_array).into_iter().flatten();
        Self {
            at_us: leaf.at_us,
            kind: leaf.kind.clone(),
            reason: said("reason").and_then(Value::as_str).map(str::to_owned),
            subject: said("subject").and_then(|subject| Subject::deserialize(subject).ok()),
            withheld: withheld.filter_map(|session| session.as_str()?.parse().ok()).collect(),
            sealed: said("recipients").and_then(Value::as_array).map(|recipients| !recipients.is_empty()),
            named: document.map(targets).unwrap_or_default(),
            lacks: keys.iter().filter(|(_, key)| !leaf.tags.contains(&tag(key, leaf.number))).count(),
        }
    }

    /// Whether it says that this bundle was made: why, of what, without which keys, and whether they are sealed.
    pub(super) fn is_of(&self, manifest: &Manifest, sealed: bool) -> bool {
        self.kind == MADE
            && self.reason.as_deref() == Some(&manifest.reason)
            && self.subject.as_ref() == Some(&manifest.what)
            && self.withheld == manifest.withheld.iter().copied().collect()
            && self.sealed.is_none_or(|said| said == sealed)
    }
}

/// The targets that a document names.
pub(super) fn targets(document: &Value) -> Vec<Uuid> {
    let also = document.get("also").and_then(Value::as_array).into_iter().flatten();
    let also = also.filter_map(|target| target.as_str()?.parse().ok());
    id(document, "target").into_iter().chain(also).collect()
}
