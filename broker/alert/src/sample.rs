//! A small hospital for tests: Dana of Meridian Infusion, one server, one window that closed at 23:00.

use std::collections::BTreeSet;

use chaperone_policy::{
    Access, AlertId, Approval, Card, Facts, Grant, Person, PersonId, Purpose, Reason, Role, Scope, SessionId,
    Target, TargetId, Validity, Vendor, VendorId, Window, WindowId, WindowState,
};
use chaperone_store::{CommittedFact, FactKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

/// Who and what there is.
pub(crate) struct Town {
    pub facts: Facts,
    pub dana: PersonId,
    pub alaris: TargetId,
}

/// 02:10 UTC, three hours and ten minutes after the window closed.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T02:10:00Z".parse().unwrap()
}

pub(crate) fn session() -> SessionId {
    SessionId(Uuid::from_u128(5))
}

pub(crate) fn alert() -> AlertId {
    AlertId(Uuid::from_u128(6))
}

pub(crate) fn town() -> Town {
    let (dana, priya) = (PersonId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
    let (meridian, alaris) = (VendorId(Uuid::from_u128(3)), TargetId(Uuid::from_u128(4)));
    let mut facts = Facts::default();
    facts.vendors.insert(
        meridian,
        Vendor {
            id: meridian,
            name: "Meridian Infusion".into(),
            sponsor: Some(priya),
            validity: Validity::default(),
            source_networks: Vec::new(),
        },
    );
    facts.people.insert(dana, person(dana, "dana", "Dana Reyes", Some(meridian), Role::Technician));
    facts.people.insert(priya, person(priya, "priya", "Priya", None, Role::ClinicalEngineer));
    facts.targets.insert(
        alaris,
        Target {
            id: alaris,
            name: "alaris-sm-01".parse().unwrap(),
            endpoints: Vec::new(),
            card: Card {
                unit: Some("ICU, ED".into()),
                pumps: Some(412),
                patient_data: true,
                ..Card::default()
            },
            approvals: Vec::new(),
            durable: false,
            observer_required: false,
            session_limit: None,
        },
    );
    let window = window(dana, priya, meridian, alaris);
    facts.windows.insert(window.id, window);
    Town { facts, dana, alaris }
}

fn person(id: PersonId, login: &str, name: &str, vendor: Option<VendorId>, role: Role) -> Person {
    Person {
        id,
        login: login.parse().unwrap(),
        name: name.into(),
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

fn window(dana: PersonId, priya: PersonId, vendor: VendorId, target: TargetId) -> Window {
    let closes = now() - SignedDuration::from_mins(190);
    Window {
        id: WindowId(Uuid::from_u128(7)),
        vendor,
        technicians: BTreeSet::from([dana]),
        awaiting_acceptance: BTreeSet::new(),
        awaiting_substitution: BTreeSet::new(),
        targets: BTreeSet::from([target]),
        accounts: BTreeSet::new(),
        access: BTreeSet::from([Access::Shell]),
        opens: closes - SignedDuration::from_hours(1),
        closes,
        overrun: SignedDuration::ZERO,
        work_limit: None,
        work_began: None,
        purpose: Purpose::Patch,
        ticket: Some("CHG0031337".into()),
        reason: "patch".into(),
        requester: dana,
        requested_at: closes - SignedDuration::from_hours(9),
        approvals: vec![Approval {
            by: priya,
            role: Role::ClinicalEngineer,
            at: closes - SignedDuration::from_hours(8),
        }],
        go_required: false,
        go_by: None,
        observer_required: false,
        emergency_review_by: None,
        after: chaperone_policy::After::default(),
        state: WindowState::Approved,
    }
}

/// A fact with nothing but its body.
pub(crate) fn fact(kind: FactKind, body: Value) -> CommittedFact {
    CommittedFact {
        number: 42,
        kind,
        at: now(),
        node: "gate-1".into(),
        person: None,
        vendor: None,
        target: None,
        window: None,
        session: None,
        attempt: None,
        body,
    }
}

/// The body of a refused or failed attempt.
pub(crate) fn refused_body(reason: Reason, off_by: Option<SignedDuration>) -> Value {
    json!({
        "reason": reason.as_str(),
        "refusal": { "reason": reason.as_str(), "nearest": null, "off_by": off_by, "next": null },
        "source": "203.0.113.77:50022",
        "listener": "ssh",
        "target": "alaris-sm-01",
        "account": "svc",
        "proof": { "login": "dana\u{1b}[2J", "method": "publickey", "key": "SHA256:abc", "client": "SSH-2.0-OpenSSH_9.2" },
    })
}
