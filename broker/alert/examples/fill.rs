//! Fills the database of a gate that is not running with ended visits, as `tests/routes` measures them: for each a window,
//! the facts of its life and, for every tenth, a refused attempt with its alert, most of them closed. Everything goes
//! through the store's own writer, so the ledger has all of it.
//!
//! ```text
//! fill DATABASE-URL STORE-FOLDER ORIGIN LEDGER-KEY-FILE VISITS
//! ```

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use chaperone_alert::Alerts;
use chaperone_policy::{
    Access, Approval, AttemptId, Facts, Person, PersonId, Purpose, Reason, Refusal, Role, SessionId, Target,
    TargetId, VendorId, Window, WindowId, WindowState,
};
use chaperone_recorder::SigningKey;
use chaperone_store::{AlertState, FactKind, NewFact, NewSession, Store, StoreConfig, StoreError, Tx};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

/// Visits that are written by one command.
const TOGETHER: u64 = 50;
/// A day: how far windows lie apart, at most.
const APART: SignedDuration = SignedDuration::from_mins(12);

/// Whom and what the visits are of.
#[derive(Clone)]
struct Cast {
    technicians: Vec<(PersonId, VendorId)>,
    approver: PersonId,
    targets: Vec<TargetId>,
}

impl Cast {
    fn of(facts: &Facts) -> Option<Self> {
        let holds = |person: &Person, role| person.grants.iter().any(|grant| grant.role == role);
        let technician =
            |person: &Person| holds(person, Role::Technician).then_some((person.id, person.vendor?));
        let technicians: Vec<_> = facts.people.values().filter_map(technician).collect();
        let approver = facts.people.values().find(|person| holds(person, Role::ClinicalEngineer))?.id;
        let targets: Vec<_> = facts.targets.values().map(|target: &Target| target.id).collect();
        (!technicians.is_empty() && !targets.is_empty()).then_some(Self { technicians, approver, targets })
    }

    fn visit(&self, number: u64) -> Option<Visit> {
        let pick = |length: usize| usize::try_from(number).ok().map(|number| number % length);
        let (person, vendor) = *self.technicians.get(pick(self.technicians.len())?)?;
        let target = *self.targets.get(pick(self.targets.len())?)?;
        let ago = APART.checked_mul(i32::try_from(number).ok()?)?;
        let opens = Timestamp::now().checked_sub(ago + SignedDuration::from_hours(2)).ok()?;
        Some(Visit { number, person, vendor, target, approver: self.approver, opens })
    }
}

/// One visit that was.
struct Visit {
    number: u64,
    person: PersonId,
    vendor: VendorId,
    target: TargetId,
    approver: PersonId,
    opens: Timestamp,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, folder, origin, key, visits] = words.as_slice() else {
        return Err("fill DATABASE-URL STORE-FOLDER ORIGIN LEDGER-KEY-FILE VISITS".into());
    };
    let config = StoreConfig {
        url: url.clone(),
        node: "gate".to_owned(),
        folder: Path::new(folder).to_owned(),
        origin: origin.clone(),
        ledger_key: Arc::new(SigningKey::load(Path::new(key))?),
    };
    let (store, _tasks) = Store::open(config, Arc::new(Alerts::new(TimeZone::UTC))).await?;
    let facts = store.facts().await?;
    let cast = Cast::of(&facts).ok_or("the gate has no technician of a vendor, no engineer or no target")?;
    let visits: u64 = visits.parse()?;
    for begin in (0..visits).step_by(usize::try_from(TOGETHER)?) {
        let end = visits.min(begin + TOGETHER);
        let cast = cast.clone();
        let written = store.write(move |tx| Box::pin(async move { several(tx, &cast, begin..end).await }));
        written.await?;
    }
    // An SOC works its queue: what is left open is of the last hours.
    for alert in store.alerts(Some(AlertState::New), u32::MAX).await?.into_iter().skip(50) {
        store.close_alert(alert.id, cast.approver, "benign".to_owned(), "planned".to_owned()).await?;
    }
    store.checkpoint().await?;
    println!("{} facts", store.head().size);
    Ok(())
}

async fn several(tx: &mut Tx, cast: &Cast, numbers: std::ops::Range<u64>) -> Result<(), StoreError> {
    for visit in numbers.filter_map(|number| cast.visit(number)) {
        let window = visit.window();
        tx.add_window(&window, visit.person, json!({})).await?;
        tx.change_window(FactKind::WindowApproved, &window, Some(visit.approver), json!({})).await?;
        visit.happens(tx, window.id).await?;
        if visit.number.is_multiple_of(10) {
            visit.is_tried_again(tx).await?;
        }
    }
    Ok(())
}

impl Visit {
    fn window(&self) -> Window {
        let later = |hours| self.opens.checked_add(SignedDuration::from_hours(hours)).unwrap_or(self.opens);
        Window {
            id: WindowId(Uuid::now_v7()),
            vendor: self.vendor,
            technicians: BTreeSet::from([self.person]),
            awaiting_acceptance: BTreeSet::new(),
            awaiting_substitution: BTreeSet::new(),
            targets: BTreeSet::from([self.target]),
            accounts: BTreeSet::new(),
            access: BTreeSet::from([Access::Shell, Access::Exec]),
            opens: self.opens,
            closes: later(1),
            overrun: SignedDuration::ZERO,
            work_limit: None,
            work_began: Some(self.opens),
            purpose: Purpose::Patch,
            ticket: Some(format!("CHG{:07}", self.number)),
            reason: "security patch".to_owned(),
            files: Vec::new(),
            requester: self.person,
            requested_at: later(-24),
            approvals: vec![Approval { by: self.approver, role: Role::ClinicalEngineer, at: later(-20) }],
            go_required: false,
            go_by: None,
            observer_required: false,
            emergency_review_by: None,
            after: chaperone_policy::After::default(),
            state: WindowState::Closed,
        }
    }

    async fn happens(&self, tx: &mut Tx, window: WindowId) -> Result<(), StoreError> {
        let (id, attempt) = (SessionId(Uuid::now_v7()), AttemptId(Uuid::now_v7()));
        let session = NewSession {
            id,
            attempt,
            person: self.person,
            target: self.target,
            window,
            account: Some("svc".to_owned()),
            protocol: "ssh",
            source: "198.51.100.7:40000".to_owned(),
            visit: id,
            proof: None,
        };
        tx.admit_session(&session).await?;
        tx.start_session(id).await?;
        let seal = json!({ "hash": "00", "blocks": "12" }).to_string();
        let ended = tx.now();
        tx.end_session(id, ended, "client-closed", Some(&seal)).await?;
        for kind in [
            FactKind::SessionAdmitted,
            FactKind::SessionStarted,
            FactKind::ChannelOpened,
            FactKind::ChannelClosed,
            FactKind::SessionEnded,
            FactKind::SessionSealed,
        ] {
            let about =
                json!({ "recording": id, "source": session.source, "channel": 0, "reason": "client-closed" });
            let fact = NewFact::new(kind, ended, about).by(self.person).on(self.target);
            tx.fact(fact.in_window(window).in_session(id).of_attempt(attempt)).await?;
        }
        Ok(())
    }

    /// Somebody comes again after the window, each from a network of their own.
    async fn is_tried_again(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let refusal = Refusal::without_window(Reason::NoWindow);
        let network = self.number / 10;
        let body = json!({
            "refusal": refusal, "reason": refusal.reason, "verdict": refusal.verdict(),
            "source": format!("10.{}.{}.7:40000", network / 256, network % 256), "protocol": "ssh",
            "proof": { "method": "publickey", "key": "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU" },
        });
        let fact = NewFact::new(FactKind::AttemptRefused, tx.now(), body).by(self.person).on(self.target);
        tx.fact(fact.of_attempt(AttemptId(Uuid::now_v7()))).await.map(drop)
    }
}
