//! Who looks, and how they proved it: what every fact of the desk says.

use chaperone_policy::{PersonId, SessionId, TargetId};
use chaperone_store::{FactKind, NewFact};
use jiff::Timestamp;
use serde_json::{Value, json};

/// One look at one recording.
#[derive(Clone, Debug)]
pub struct Look {
    /// Whose recording.
    pub session: SessionId,
    /// On which target, for the tag of the fact's leaf.
    pub target: Option<TargetId>,
    /// Who looks.
    pub by: PersonId,
    /// Why, in their words, or in those of what they look at.
    pub reason: String,
    /// Whether with a token that was minted on the host.
    pub host_minted: bool,
    /// When.
    pub at: Timestamp,
}

impl Look {
    pub(crate) fn fact(&self, kind: FactKind, mut body: Value) -> NewFact {
        if let Some(fields) = body.as_object_mut() {
            fields.insert("host_minted".to_owned(), json!(self.host_minted));
            fields.insert("reason".to_owned(), json!(self.reason));
        }
        let fact = NewFact::new(kind, self.at, body).by(self.by).in_session(self.session);
        match self.target {
            Some(target) => fact.on(target),
            None => fact,
        }
    }
}
