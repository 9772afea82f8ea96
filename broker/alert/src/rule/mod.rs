//! Rules: what is an alert, how bad it is, what belongs together, and what to do first.
//!
//! A rule is data. The first rule of a [`RuleBook`] that fits an occurrence judges it; where none fits, nothing is
//! alerted. [`RuleBook::standard`] is SOC.md §1, "severity and grouping by default".

mod certificates;
mod standard;
mod targets;
#[cfg(test)]
mod tests;
mod uploads;

use chaperone_policy::Reason;
use chaperone_store::FactKind;
use jiff::SignedDuration;
use serde::Serialize;

use crate::Severity;
use crate::occurrence::Occurrence;
use crate::technique::Technique;

/// One rule.
#[derive(Clone, Debug, Serialize)]
pub struct Rule {
    /// What it is called, in lists, group keys and events: kebab-case, never reused.
    pub name: &'static str,
    /// What it finds, as a title.
    pub title: &'static str,
    /// What it fits.
    #[serde(skip)]
    pub condition: Condition,
    /// How bad that is.
    pub severity: Severity,
    /// Whether it alerts.
    pub action: Action,
    /// What belongs together.
    pub grouping: Grouping,
    /// What an analyst does first, second, third.
    pub runbook: [&'static str; 3],
    /// What the attempt may be part of.
    #[serde(serialize_with = "ids")]
    pub techniques: &'static [Technique],
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing but the fact itself.
    Note,
    /// An alert.
    Alert,
}

/// What of an occurrence tells one group from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grouping {
    /// One rolling group per listener.
    Listener,
    /// Person (or listener, when unproven) × target × reason × source network.
    Person,
    /// One for each target, in whose visit ever.
    Target,
    /// Node × what the fault is about.
    Subject,
}

/// What a rule fits: every part that is given must hold.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// One of these facts.
    pub kinds: &'static [FactKind],
    /// One of these reasons; empty means whatever the reason.
    pub reasons: &'static [Reason],
    /// Early by at most this.
    pub off_by_at_most: Option<SignedDuration>,
    /// One of these failures; empty means whatever the failure.
    pub failures: &'static [&'static str],
    /// Inside a session.
    pub in_session: bool,
    /// Somebody acted with a token minted on the host.
    pub host_minted: bool,
}

impl Condition {
    /// Whether the occurrence is one of these.
    #[must_use]
    pub fn fits(&self, of: &Occurrence) -> bool {
        let reason =
            self.reasons.is_empty() || of.reason.is_some_and(|reason| self.reasons.contains(&reason));
        let near = match (self.off_by_at_most, of.off_by()) {
            (None, _) => true,
            (Some(most), Some(off_by)) => off_by.abs() <= most,
            (Some(_), None) => false,
        };
        let failure = self.failures.is_empty()
            || of.failure.as_deref().is_some_and(|failure| self.failures.contains(&failure));
        let inside = !self.in_session || of.session.is_some();
        let minted = !self.host_minted || of.host_minted;
        self.kinds.contains(&of.kind) && failure && reason && near && inside && minted
    }
}

/// An ordered set of rules.
#[derive(Clone, Debug, Serialize)]
pub struct RuleBook {
    rules: Vec<Rule>,
}

impl RuleBook {
    /// The rules of a new installation.
    #[must_use]
    pub fn standard() -> Self {
        let mut rules = standard::ATTEMPTS.to_vec();
        rules.extend_from_slice(standard::SESSIONS);
        rules.extend_from_slice(targets::TARGETS);
        rules.extend_from_slice(uploads::UPLOADS);
        rules.extend_from_slice(certificates::CERTIFICATES);
        rules.push(standard::FAULT);
        Self { rules }
    }

    /// The first rule that fits.
    #[must_use]
    pub fn judge(&self, of: &Occurrence) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.condition.fits(of))
    }

    /// Whether any rule is about facts of this kind.
    #[must_use]
    pub fn concerns(&self, kind: FactKind) -> bool {
        self.rules.iter().any(|rule| rule.condition.kinds.contains(&kind))
    }

    /// Every rule, in the order in which they are asked.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }
}

impl Default for RuleBook {
    fn default() -> Self {
        Self::standard()
    }
}

fn ids<S: serde::Serializer>(techniques: &[Technique], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(techniques.iter().map(|technique| technique.id))
}
