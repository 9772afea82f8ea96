//! A small hospital for tests: two vendors, one person of each role and some more, two servers, one evening.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    Access, AccountName, Approval, Attempt, AttemptId, Card, Endpoint, Facts, Freeze, FreezeId, Grant, Lock,
    LockId, LockOn, NodeConditions, Person, PersonId, Purpose, Role, Scope, Target, TargetId, Validity,
    Vendor, VendorId, Window, WindowId, WindowRequest, WindowState,
};

pub(crate) const MERIDIAN: VendorId = VendorId(Uuid::from_u128(0x71));
pub(crate) const HOLLIS: VendorId = VendorId(Uuid::from_u128(0x72));

pub(crate) const ALARIS: TargetId = TargetId(Uuid::from_u128(0xa1));
pub(crate) const GUARDRAILS: TargetId = TargetId(Uuid::from_u128(0xa2));

/// Technicians of Meridian.
pub(crate) const DANA: PersonId = PersonId(Uuid::from_u128(0x01));
pub(crate) const RAVI: PersonId = PersonId(Uuid::from_u128(0x02));
/// A technician of Hollis.
pub(crate) const OTTO: PersonId = PersonId(Uuid::from_u128(0x03));
/// Meridian's coordinator.
pub(crate) const CARLA: PersonId = PersonId(Uuid::from_u128(0x04));
/// Clinical engineers.
pub(crate) const PRIYA: PersonId = PersonId(Uuid::from_u128(0x05));
pub(crate) const QUINN: PersonId = PersonId(Uuid::from_u128(0x06));
pub(crate) const PHIL: PersonId = PersonId(Uuid::from_u128(0x07));
pub(crate) const ANA: PersonId = PersonId(Uuid::from_u128(0x08));
pub(crate) const LEO: PersonId = PersonId(Uuid::from_u128(0x09));
pub(crate) const AUDREY: PersonId = PersonId(Uuid::from_u128(0x0a));
pub(crate) const ADAM: PersonId = PersonId(Uuid::from_u128(0x0b));

/// An instant of the evening of 25 November 2026, UTC: `at("22:00")`; later nights as `at("26T02:10")`.
pub(crate) fn at(text: &str) -> Timestamp {
    let text = if text.contains('T') { text.to_owned() } else { format!("25T{text}") };
    let seconds = if text.matches(':').count() == 2 { "" } else { ":00" };
    format!("2026-11-{text}{seconds}Z").parse().unwrap()
}

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Everybody and everything, and no window.
pub(crate) fn hospital() -> Facts {
    let mut facts = Facts { head: 42, policy_version: 7, ..Facts::default() };
    for (id, name) in [(MERIDIAN, "Meridian Infusion"), (HOLLIS, "Hollis Pumps")] {
        let vendor = Vendor {
            id,
            name: name.to_owned(),
            sponsor: Some(PRIYA),
            validity: Validity::default(),
            source_networks: Vec::new(),
        };
        facts.vendors.insert(id, vendor);
    }
    for (id, login, vendor, role) in [
        (DANA, "dana", Some(MERIDIAN), Role::Technician),
        (RAVI, "ravi", Some(MERIDIAN), Role::Technician),
        (OTTO, "otto", Some(HOLLIS), Role::Technician),
        (CARLA, "carla", Some(MERIDIAN), Role::Coordinator),
        (PRIYA, "priya", None, Role::ClinicalEngineer),
        (QUINN, "quinn", None, Role::ClinicalEngineer),
        (PHIL, "phil", None, Role::Pharmacist),
        (ANA, "ana", None, Role::Analyst),
        (LEO, "leo", None, Role::Lead),
        (AUDREY, "audrey", None, Role::Auditor),
        (ADAM, "adam", None, Role::Administrator),
    ] {
        facts.people.insert(id, person(id, login, vendor, role));
    }
    for (id, name, site, group) in
        [(ALARIS, "alaris-sm-01", "north", "pumps"), (GUARDRAILS, "guardrails-01", "south", "library")]
    {
        facts.targets.insert(id, target(id, name, site, group));
    }
    facts
}

fn person(id: PersonId, login: &str, vendor: Option<VendorId>, role: Role) -> Person {
    Person {
        id,
        login: login.parse().unwrap(),
        name: login.to_owned(),
        email: None,
        vendor,
        grants: vec![Grant { role, scope: Scope::All }],
        validity: Validity::default(),
        source_networks: Vec::new(),
        keys: Vec::new(),
        session_limit: None,
        sponsor: None,
    }
}

fn target(id: TargetId, name: &str, site: &str, group: &str) -> Target {
    Target {
        id,
        name: name.parse().unwrap(),
        endpoints: vec![Endpoint::Ssh {
            host: "192.0.2.1".to_owned(),
            port: 22,
            host_keys: vec!["ssh-ed25519 AAAA".to_owned()],
            accounts: vec![account("svc"), account("root")],
        }],
        card: Card { site: Some(site.to_owned()), group: Some(group.to_owned()), ..Card::default() },
        approvals: Vec::new(),
        durable: false,
        observer_required: false,
        session_limit: None,
    }
}

pub(crate) fn account(name: &str) -> AccountName {
    name.parse().unwrap()
}

pub(crate) fn window_id(number: u128) -> WindowId {
    WindowId(Uuid::from_u128(0xf000 + number))
}

/// Dana's approved window on alaris-sm-01, 22:00 to 23:00, for a patch by shell and exec.
pub(crate) fn window(number: u128) -> Window {
    Window {
        id: window_id(number),
        vendor: MERIDIAN,
        technicians: BTreeSet::from([DANA]),
        awaiting_acceptance: BTreeSet::new(),
        awaiting_substitution: BTreeSet::new(),
        targets: BTreeSet::from([ALARIS]),
        accounts: BTreeSet::new(),
        access: BTreeSet::from([Access::Shell, Access::Exec]),
        opens: at("22:00"),
        closes: at("23:00"),
        overrun: SignedDuration::ZERO,
        work_limit: None,
        work_began: None,
        purpose: Purpose::Patch,
        ticket: Some("CHG0031337".to_owned()),
        reason: "patch".to_owned(),
        requester: DANA,
        requested_at: at("09:00"),
        approvals: vec![Approval { by: PRIYA, role: Role::ClinicalEngineer, at: at("10:00") }],
        go_required: false,
        go_by: None,
        observer_required: false,
        emergency_review_by: None,
        after: crate::After::default(),
        state: WindowState::Approved,
    }
}

/// The same window, as Dana asks for it.
pub(crate) fn request(number: u128) -> WindowRequest {
    let window = window(number);
    WindowRequest {
        id: window.id,
        technicians: window.technicians,
        targets: window.targets,
        accounts: window.accounts,
        access: window.access,
        opens: window.opens,
        closes: window.closes,
        overrun: window.overrun,
        work_limit: None,
        purpose: window.purpose,
        ticket: window.ticket,
        reason: window.reason,
        requester: DANA,
        go_required: false,
        observer_required: None,
    }
}

/// Dana at alaris-sm-01, on a healthy node.
pub(crate) fn attempt() -> Attempt {
    Attempt {
        id: AttemptId(Uuid::from_u128(0xee)),
        person: DANA,
        key: None,
        target: "alaris-sm-01".parse().unwrap(),
        account: None,
        access: None,
        source: "198.51.100.7".parse().unwrap(),
        within: None,
        node: NodeConditions::healthy(),
    }
}

/// The same, as a session that runs in a window.
pub(crate) fn running(window: WindowId) -> Attempt {
    Attempt {
        within: Some(window),
        node: NodeConditions { running: true, ..NodeConditions::healthy() },
        ..attempt()
    }
}

pub(crate) fn lock(on: LockOn) -> Lock {
    Lock { id: LockId(Uuid::from_u128(0x10c)), on, reason: "suspicion".to_owned(), at: at("09:00") }
}

pub(crate) fn freeze(targets: &[TargetId], from: Option<&str>, until: Option<&str>) -> Freeze {
    Freeze {
        id: FreezeId(Uuid::from_u128(0xf2)),
        targets: targets.to_vec(),
        span: Validity { from: from.map(at), until: until.map(at) },
        reason: "flu season".to_owned(),
    }
}

impl Facts {
    pub(crate) fn with(mut self, window: Window) -> Self {
        self.windows.insert(window.id, window);
        self
    }

    pub(crate) fn locked(mut self, on: LockOn) -> Self {
        let lock = lock(on);
        self.locks.insert(lock.id, lock);
        self
    }

    pub(crate) fn frozen(mut self, freeze: Freeze) -> Self {
        self.freezes.insert(freeze.id, freeze);
        self
    }

    pub(crate) fn who(&self, id: PersonId) -> &Person {
        &self.people[&id]
    }

    pub(crate) fn change(mut self, id: PersonId, change: impl FnOnce(&mut Person)) -> Self {
        change(self.people.get_mut(&id).unwrap());
        self
    }

    pub(crate) fn retarget(mut self, id: TargetId, change: impl FnOnce(&mut Target)) -> Self {
        change(self.targets.get_mut(&id).unwrap());
        self
    }
}
