//! Windows and freezes.

use std::collections::{BTreeMap, BTreeSet};

use chaperone_policy::{Facts, Freeze, Needs, PersonId, Window, WindowId, WindowState};
use chaperone_store::{Decision, MoreTime, Store, StoreError};
use jiff::Timestamp;

use super::{login, target_name};
use crate::wire::{ApprovalView, DecisionView, FreezeView, MissingView, MoreTimeView, WindowView};

/// What is told of windows beside what they are.
pub(crate) struct Beside {
    /// More time that is asked for.
    pub wishes: BTreeMap<WindowId, MoreTime>,
    /// Why some came to nothing.
    pub decisions: BTreeMap<WindowId, Decision>,
    /// How many visits each has had.
    pub visits: BTreeMap<WindowId, u64>,
}

impl Beside {
    /// As the store has it now.
    pub(crate) async fn read(store: &Store) -> Result<Self, StoreError> {
        Ok(Self {
            wishes: store.more_time().await?,
            decisions: store.decisions().await?,
            visits: store.visits_by_window().await?,
        })
    }

    /// The same for one window.
    pub(crate) async fn of(store: &Store, window: WindowId) -> Result<Self, StoreError> {
        Ok(Self {
            wishes: store.more_time().await?,
            decisions: store.decisions().await?,
            visits: BTreeMap::from([(window, store.visits_in(window).await?)]),
        })
    }
}

/// A window with the more time that is asked for it.
pub(crate) fn window_with(facts: &Facts, of: &Window, now: Timestamp, beside: &Beside) -> WindowView {
    let wish = beside.wishes.get(&of.id).filter(|wish| wish.closes > of.closes && now < of.ends());
    let more_time = wish.map(|wish| MoreTimeView {
        closes: wish.closes,
        reason: wish.reason.clone(),
        by: login(facts, wish.by),
        at: wish.at,
    });
    let decision = beside.decisions.get(&of.id).map(|decision| DecisionView {
        by: decision.by.map(|by| login(facts, by)).unwrap_or_default(),
        reason: decision.reason.clone(),
        at: decision.at,
    });
    let visits = beside.visits.get(&of.id).copied().unwrap_or_default();
    WindowView { more_time, decision, visits, ..window(facts, of, now) }
}

pub(crate) fn window(facts: &Facts, window: &Window, now: Timestamp) -> WindowView {
    let missing = match window.state {
        WindowState::Requested => Needs::of(facts, window).missing(window),
        _ => Vec::new(),
    };
    let logins = |people: &BTreeSet<PersonId>| people.iter().map(|id| login(facts, *id)).collect();
    let vendor = facts.vendors.get(&window.vendor);
    WindowView {
        id: window.id.to_string(),
        state: window.phase(now).to_string(),
        vendor: vendor.map_or_else(|| window.vendor.to_string(), |vendor| vendor.name.clone()),
        technicians: logins(&window.technicians),
        awaiting_acceptance: logins(&window.awaiting_acceptance),
        awaiting_substitution: logins(&window.awaiting_substitution),
        targets: window.targets.iter().map(|id| target_name(facts, *id)).collect(),
        accounts: window.accounts.iter().map(ToString::to_string).collect(),
        access: window.access.iter().map(ToString::to_string).collect(),
        opens: window.opens,
        closes: window.closes,
        overrun_seconds: window.overrun.as_secs(),
        work_limit_seconds: window.work_limit.map(|limit| limit.as_secs()),
        work_began: window.work_began,
        purpose: window.purpose.to_string(),
        ticket: window.ticket.clone(),
        reason: window.reason.clone(),
        requester: login(facts, window.requester),
        requested_at: window.requested_at,
        approvals: window
            .approvals
            .iter()
            .map(|yes| ApprovalView { by: login(facts, yes.by), role: yes.role.to_string(), at: yes.at })
            .collect(),
        go_required: window.go_required,
        go_by: window.go_by.map(|by| login(facts, by)),
        observer_required: window.observer_required,
        review_by: window.emergency_review_by,
        reviewed_by: window.after.reviewed_by.map(|by| login(facts, by)),
        outcome: window.after.outcome.map(|outcome| outcome.as_str().to_owned()),
        returned_by: window.after.returned_by.map(|by| login(facts, by)),
        missing: missing
            .into_iter()
            .map(|(role, count)| MissingView { role: role.to_string(), count })
            .collect(),
        more_time: None,
        decision: None,
        visits: 0,
        warnings: Vec::new(),
    }
}

pub(crate) fn freeze(facts: &Facts, freeze: &Freeze) -> FreezeView {
    FreezeView {
        id: freeze.id.to_string(),
        targets: freeze.targets.iter().map(|id| target_name(facts, *id)).collect(),
        from: freeze.span.from,
        until: freeze.span.until,
        reason: freeze.reason.clone(),
    }
}
