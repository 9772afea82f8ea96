//! How many approvals of which roles a window needs, and who may give them.

use std::collections::BTreeMap;

use crate::{ApprovalRule, Facts, Purpose, Role, TargetId, Window};

/// The approvals that a window needs, by role. Every target's rule counts; where two name the same role, the larger
/// number does. One clinical engineer is the least, whatever the rules say: pharmacy approves beside the engineer
/// (DESIGN §1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs(BTreeMap<Role, u8>);

impl Needs {
    /// What the window needs as of these facts.
    #[must_use]
    pub fn of(facts: &Facts, window: &Window) -> Self {
        Self::on(facts, &window.targets, window.purpose)
    }

    /// What a window on these targets for this purpose needs.
    #[must_use]
    pub fn on<'t>(facts: &Facts, targets: impl IntoIterator<Item = &'t TargetId>, purpose: Purpose) -> Self {
        let mut needs = BTreeMap::from([(Role::ClinicalEngineer, 1)]);
        let known = targets.into_iter().filter_map(|id| facts.targets.get(id));
        for rule in known.filter_map(|target| target.approvals.iter().find(|rule| rule.covers(purpose))) {
            for (role, count) in &rule.needs {
                let least = needs.entry(*role).or_insert(0);
                *least = (*least).max(*count);
            }
        }
        needs.retain(|_, count| *count > 0);
        Self(needs)
    }

    /// Role and count, in the order of [`Role::ALL`].
    pub fn roles(&self) -> impl Iterator<Item = (Role, u8)> + '_ {
        self.0.iter().map(|(role, count)| (*role, *count))
    }

    /// How many approvals are still missing, by role. Each approval is by another person, so counts suffice.
    #[must_use]
    pub fn missing(&self, window: &Window) -> Vec<(Role, u8)> {
        let given = |role| window.approvals.iter().filter(|approval| approval.role == role).count();
        let short = |(role, count): (Role, u8)| {
            let left = usize::from(count).saturating_sub(given(role));
            u8::try_from(left).ok().filter(|left| *left > 0).map(|left| (role, left))
        };
        self.roles().filter_map(short).collect()
    }

    /// Whether the window has them all.
    #[must_use]
    pub fn are_met(&self, window: &Window) -> bool {
        self.missing(window).is_empty()
    }

    /// Whether an approval as this role counts for anything.
    #[must_use]
    pub fn include(&self, role: Role) -> bool {
        self.0.contains_key(&role)
    }
}

impl ApprovalRule {
    /// Whether the rule is for windows of this purpose.
    #[must_use]
    pub fn covers(&self, purpose: Purpose) -> bool {
        self.purposes.is_empty() || self.purposes.contains(&purpose)
    }
}

impl Window {
    /// Whether it has both words that an emergency needs: an engineer's, and an analyst's or a lead's.
    pub(super) fn has_emergency_words(&self) -> bool {
        let engineer = self.approvals.iter().filter(|approval| approval.role == Role::ClinicalEngineer);
        let soc =
            self.approvals.iter().filter(|approval| matches!(approval.role, Role::Analyst | Role::Lead));
        engineer.into_iter().any(|one| soc.clone().any(|other| other.by != one.by))
    }
}
