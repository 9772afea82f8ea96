//! Asking for a window: outside data becomes a [`Window`] here, once, or the fault is named.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::times::{check_span, check_work_limit};
use super::{After, Phase, TransitionError, WindowState};
use crate::{
    Access, AccountName, Facts, Freeze, FreezeId, Person, PersonId, Purpose, Role, Target, TargetId,
    VendorId, Window, WindowId,
};

/// The longest overrun: output of a job that was started in time ends within a day, or is a window of its own.
const LONGEST_OVERRUN: SignedDuration = SignedDuration::from_hours(24);

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowRequest {
    /// Identity of the window to be.
    pub id: WindowId,
    /// Who should connect; all of one vendor.
    pub technicians: BTreeSet<PersonId>,
    /// To what.
    pub targets: BTreeSet<TargetId>,
    /// As which accounts; empty means each target's default account.
    pub accounts: BTreeSet<AccountName>,
    /// For what.
    pub access: BTreeSet<Access>,
    /// First instant inside; may be now.
    pub opens: Timestamp,
    /// First instant outside.
    pub closes: Timestamp,
    /// How long output may flow on after `closes`.
    pub overrun: SignedDuration,
    /// How long the work may last from its first session on.
    pub work_limit: Option<SignedDuration>,
    /// Why.
    pub purpose: Purpose,
    /// Change ticket.
    pub ticket: Option<String>,
    /// In words.
    pub reason: String,
    /// Who asks.
    pub requester: PersonId,
    /// Whether a clinical *go* is needed on the day.
    pub go_required: bool,
    /// Whether an observer must be present; `None` leaves it to the targets, and to `forward-opaque`, which asks for one.
    pub observer_required: Option<bool>,
}

/// A window as asked for, not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The window, `requested`.
    pub window: Window,
    /// What whoever asks and whoever approves should know; nothing here forbids the window.
    pub cautions: Vec<Caution>,
}

/// Something planned already that a new window meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caution {
    /// Another window, asked for or approved, shares a target and some time.
    SameTarget(WindowId),
    /// Another window, asked for or approved, shares a technician and some time.
    SameTechnician(WindowId),
    /// A freeze covers a target for some of the time.
    Frozen(FreezeId),
}

impl WindowRequest {
    /// Checks what is asked and makes the window.
    ///
    /// # Errors
    /// The first fault, with what would be right.
    pub fn ask(self, facts: &Facts, now: Timestamp) -> Result<Wish, TransitionError> {
        self.check_times(now)?;
        let targets = self.check_targets(facts)?;
        let vendor = self.check_technicians(facts)?;
        let requester = facts.people.get(&self.requester);
        let requester = requester.ok_or(TransitionError::UnknownPerson(self.requester))?;
        let window = self.window(vendor, requester, &targets, now);
        let cautions = cautions(facts, &window, now);
        Ok(Wish { window, cautions })
    }

    fn check_times(&self, now: Timestamp) -> Result<(), TransitionError> {
        check_span(self.opens, self.closes, now)?;
        if self.overrun < SignedDuration::ZERO || self.overrun > LONGEST_OVERRUN {
            return Err(TransitionError::Overrun { longest: LONGEST_OVERRUN });
        }
        check_work_limit(self.work_limit, self.opens, self.closes)
    }

    fn check_targets<'f>(&self, facts: &'f Facts) -> Result<Vec<&'f Target>, TransitionError> {
        if self.targets.is_empty() {
            return Err(TransitionError::Nothing("target"));
        }
        if self.access.is_empty() {
            return Err(TransitionError::Nothing("kind of access"));
        }
        let known = |id: &TargetId| facts.targets.get(id).ok_or(TransitionError::UnknownTarget(*id));
        let targets = self.targets.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        if self.accounts.is_empty() {
            return Ok(targets);
        }
        let offered = |target: &Target| self.accounts.iter().any(|account| target.offers(account));
        if let Some(bare) =
            targets.iter().find(|target| target.accounts().next().is_some() && !offered(target))
        {
            return Err(TransitionError::NoAccountOn(bare.name.clone()));
        }
        let nowhere =
            self.accounts.iter().find(|account| !targets.iter().any(|target| target.offers(account)));
        nowhere.map_or(Ok(targets), |account| Err(TransitionError::UnknownAccount(account.clone())))
    }

    fn check_technicians(&self, facts: &Facts) -> Result<VendorId, TransitionError> {
        let mut vendors = BTreeSet::new();
        for id in &self.technicians {
            let person = facts.people.get(id).ok_or(TransitionError::UnknownPerson(*id))?;
            fits_purpose(person, self.purpose)?;
            vendors.insert(vendor_of_technician(person)?);
        }
        let mut vendors = vendors.into_iter();
        match (vendors.next(), vendors.next()) {
            (None, _) => Err(TransitionError::Nothing("technician")),
            (Some(_), Some(_)) => Err(TransitionError::SeveralVendors),
            (Some(vendor), None) if facts.vendors.contains_key(&vendor) => Ok(vendor),
            (Some(vendor), None) => Err(TransitionError::UnknownVendor(vendor)),
        }
    }

    fn window(self, vendor: VendorId, requester: &Person, targets: &[&Target], now: Timestamp) -> Window {
        let opaque = self.access.contains(&Access::ForwardOpaque);
        let observed =
            self.observer_required.unwrap_or(opaque) || targets.iter().any(|t| t.observer_required);
        // What their own people plan needs no word of theirs; what the hospital books does.
        let booked = requester.vendor != Some(vendor);
        Window {
            id: self.id,
            vendor,
            awaiting_acceptance: if booked { self.technicians.clone() } else { BTreeSet::new() },
            awaiting_substitution: BTreeSet::new(),
            technicians: self.technicians,
            targets: self.targets,
            accounts: self.accounts,
            access: self.access,
            opens: self.opens,
            closes: self.closes,
            overrun: self.overrun,
            work_limit: self.work_limit,
            work_began: None,
            purpose: self.purpose,
            ticket: self.ticket,
            reason: self.reason,
            requester: self.requester,
            requested_at: now,
            approvals: Vec::new(),
            go_required: self.go_required,
            go_by: None,
            observer_required: observed,
            emergency_review_by: None,
            after: After::default(),
            state: WindowState::Requested,
        }
    }
}

/// The vendor of somebody who may stand in a window.
pub(super) fn vendor_of_technician(person: &Person) -> Result<VendorId, TransitionError> {
    if !person.holds(Role::Technician) {
        return Err(TransitionError::NotATechnician(person.login.clone()));
    }
    person.vendor.ok_or_else(|| TransitionError::NotATechnician(person.login.clone()))
}

/// Whoever was enrolled on the spot was so for an emergency.
pub(super) fn fits_purpose(person: &Person, purpose: Purpose) -> Result<(), TransitionError> {
    if person.sponsor.is_some() && purpose != Purpose::Emergency {
        return Err(TransitionError::EnrolledForEmergency(person.login.clone()));
    }
    Ok(())
}

fn cautions(facts: &Facts, window: &Window, now: Timestamp) -> Vec<Caution> {
    let planned = |other: &&Window| {
        other.id != window.id
            && matches!(other.phase(now), Phase::Requested | Phase::Approved | Phase::Open | Phase::Overrun)
            && other.opens < window.closes
            && window.opens < other.closes
    };
    let mut cautions = Vec::new();
    for other in facts.windows.values().filter(planned) {
        if !other.targets.is_disjoint(&window.targets) {
            cautions.push(Caution::SameTarget(other.id));
        }
        if !other.technicians.is_disjoint(&window.technicians) {
            cautions.push(Caution::SameTechnician(other.id));
        }
    }
    let meets = |freeze: &&Freeze| {
        window.targets.iter().any(|target| freeze.holds(*target))
            && freeze.span.from.is_none_or(|from| from < window.closes)
            && freeze.span.until.is_none_or(|until| window.opens < until)
    };
    cautions.extend(facts.freezes.values().filter(meets).map(|freeze| Caution::Frozen(freeze.id)));
    cautions
}

impl Window {
    /// What else is planned, or frozen, that this window meets; for whoever asks and whoever approves.
    #[must_use]
    pub fn cautions(&self, facts: &Facts, now: Timestamp) -> Vec<Caution> {
        cautions(facts, self, now)
    }
}
