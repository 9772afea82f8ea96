//! An attempt: one connection × target, as a door describes it to `decide`.

use std::net::IpAddr;

use crate::{Access, AccountName, AttemptId, PersonId, TargetName, WindowId};

/// What somebody tries, after their first proven factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Identity.
    pub id: AttemptId,
    /// Who proved themselves.
    pub person: PersonId,
    /// The fingerprint of the key they proved it with; `None` where it was no key. What is proven with a key lasts no
    /// longer than the key.
    pub key: Option<String>,
    /// What they name; may not exist.
    pub target: TargetName,
    /// Which account they name.
    pub account: Option<AccountName>,
    /// What they come for; `None` on admission, before the first channel says.
    pub access: Option<Access>,
    /// Where from.
    pub source: IpAddr,
    /// Decide again inside this window only (a running session never changes its window).
    pub within: Option<WindowId>,
    /// What the node itself observes.
    pub node: NodeConditions,
}

impl Attempt {
    /// Whether it is a running session that is decided about again, and not something new: an attempt, or a channel.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.node.running && self.within.is_some() && self.access.is_none()
    }
}

/// What only the deciding node can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeConditions {
    /// Whether the clock agrees with the monotonic clock and the database.
    pub clock_trusted: bool,
    /// Whether recordings can be written.
    pub recorder_ready: bool,
    /// Whether the database answers.
    pub store_ready: bool,
    /// Live sessions of this person on this node, not counting the one decided about.
    pub sessions_of_person: u32,
    /// Live sessions on this target, not counting the one decided about.
    pub sessions_on_target: u32,
    /// People who watch this session now; none on admission.
    pub observers: u32,
    /// Whether the session decided about runs already (admission limits are not asked again).
    pub running: bool,
}

impl NodeConditions {
    /// A healthy, idle node.
    #[must_use]
    pub fn healthy() -> Self {
        Self {
            clock_trusted: true,
            recorder_ready: true,
            store_ready: true,
            sessions_of_person: 0,
            sessions_on_target: 0,
            observers: 0,
            running: false,
        }
    }
}
