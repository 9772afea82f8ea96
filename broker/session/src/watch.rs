//! Decides again whenever a fact or a deadline changes (P2), warns, and cuts on time (P3).
//!
//! One task per session. Deadlines are local: they are kept by the monotonic clock and hold when the database is gone
//! and when the wall clock jumps.

use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::{Bound, Permit, Reason, Refusal, decide};
use chaperone_store::FactKind;
use jiff::SignedDuration;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::flow::{EndReason, Flow};
use crate::gate::Gate;
use crate::live::LiveSession;
use crate::observe::Observers;

/// Longest sleep: a bound on what an unforeseen suspend of the machine can delay.
const NAP: Duration = Duration::from_secs(1);

impl Gate {
    /// Watches a session until it is cut.
    pub(crate) async fn watch(&self, session: Arc<LiveSession>) {
        let mut head = self.shared.store.changes();
        let mut flow = session.flow();
        let mut version = session.permit.borrow().policy_version();
        let mut warned = Warnings::new(&session.permit.borrow(), session.began.now());
        let mut observers = Observers::of(&session);
        loop {
            let now = session.began.now();
            let permit = session.permit.borrow().clone();
            let unobserved = observers.look(self, &session, &permit);
            if let Some(reason) = self.due(&session, &permit).or(unobserved) {
                session.cut(reason);
                return;
            }
            if now >= permit.input_until() && session.freeze_input() {
                self.overrun_began(&session, &permit);
            }
            if let Some(text) =
                warned.due(&permit, now, &self.shared.settings.warn_before, &self.shared.settings.zone)
            {
                session.tell(text);
            }
            let edges = [permit.input_until(), permit.output_until()].map(|edge| session.began.instant(edge));
            let patience = observers.patience_ends(self.shared.settings.observer_wait);
            let next = edges.into_iter().chain(patience).filter(|edge| *edge > Instant::now()).min();
            let wake = next.unwrap_or_else(|| Instant::now() + NAP).min(Instant::now() + NAP);
            tokio::select! {
                () = until_cut(&mut flow) => return,
                // The sender lives in the session that is watched: an error cannot come.
                _ = observers.seen.changed() => {}
                () = sleep_until(wake) => {
                    // What could not be asked when it changed is asked now.
                    let newest = head.borrow().policy_version;
                    if newest != version && self.decides_before(next, &session, &mut warned).await {
                        version = newest;
                    }
                }
                changed = head.changed() => {
                    let newest = head.borrow_and_update().policy_version;
                    if changed.is_ok() && newest != version && self.decides_before(next, &session, &mut warned).await {
                        version = newest;
                    }
                }
            }
        }
    }

    /// The window has closed, and an overrun is granted: input is over, and what runs may still be seen to its end.
    fn overrun_began(&self, session: &Arc<LiveSession>, permit: &Permit) {
        let settings = &self.shared.settings;
        session.tell(format!(
            "Chaperone: your change window has closed. Input is over; output is shown until {}.",
            clock_time(permit.output_until(), &settings.zone)
        ));
        let body = json!({ "input_until": permit.input_until(), "output_until": permit.output_until() });
        let (gate, session) = (self.clone(), Arc::clone(session));
        let fact = session.fact(FactKind::OverrunBegan, body.clone());
        self.beside(async move {
            if let Err(error) = session.note(None, "overrun", body).await {
                tracing::warn!(session.id = %session.id, %error, "the overrun's beginning could not be recorded");
            }
            gate.write_or_spool(fact, None).await;
        });
    }

    /// Whether the session is over now, whatever the schedule says elsewhere.
    fn due(&self, session: &LiveSession, permit: &Permit) -> Option<EndReason> {
        let now = session.began.now();
        if now >= permit.output_until() {
            return Some(end_of(permit.bound()));
        }
        let gone = self.shared.store.gone_for();
        gone.is_some_and(|gone| gone >= self.shared.settings.store_grace).then_some(EndReason::Store)
    }

    /// Asks policy again, and gives it up when a deadline comes first: deadlines hold whatever the database does.
    async fn decides_before(
        &self,
        deadline: Option<Instant>,
        session: &Arc<LiveSession>,
        warned: &mut Warnings,
    ) -> bool {
        let deciding = self.decide_again(session, warned);
        match deadline {
            Some(deadline) => timeout_at(deadline, deciding).await.unwrap_or(false),
            None => deciding.await,
        }
    }

    /// Asks policy again and obeys: a new deadline, or the end. Whether an observer must be there is in the permit.
    /// `false` when the facts cannot be had now: then it is asked again.
    async fn decide_again(&self, session: &Arc<LiveSession>, warned: &mut Warnings) -> bool {
        let Ok(facts) = self.facts().await else { return false };
        match decide(&facts, &self.running_attempt(session), session.began.now()) {
            Ok(permit) => {
                let before = session.permit.borrow().clone();
                if permit.input_until() > session.began.now() {
                    session.thaw_input();
                }
                if moves(permit.input_until(), before.input_until())
                    || moves(permit.output_until(), before.output_until())
                {
                    session.tell(warned.moved(&permit, session.began.now(), &self.shared.settings.zone));
                }
                session.permit.send_replace(permit);
                session.goes_on_declared_ways();
            }
            // With an endpoint its accounts are gone.
            Err(refusal) if refusal.reason == Reason::AccessNotGranted && !session.stands_on(&facts) => {
                session.cut(EndReason::EndpointChanged);
            }
            Err(refusal) => session.cut(ending(&refusal)),
        }
        true
    }
}

/// Whether a deadline is another: the first visit of a work limit settles it within some milliseconds, and nobody is told.
fn moves(to: jiff::Timestamp, from: jiff::Timestamp) -> bool {
    to.duration_since(from).abs() >= SignedDuration::from_secs(1)
}

/// Returns once nothing flows any more.
async fn until_cut(flow: &mut watch::Receiver<Flow>) {
    // The sender lives in the session that is watched: the wait cannot fail before a cut.
    drop(flow.wait_for(|flow| flow.is_cut()).await);
}

/// Which of its bounds ended a session.
fn end_of(bound: Bound) -> EndReason {
    match bound {
        Bound::Closes => EndReason::WindowClosed,
        Bound::WorkLimit => EndReason::WorkLimit,
        Bound::Freeze => EndReason::Frozen,
        Bound::Validity => EndReason::Locked,
    }
}

/// How a running session ends when policy no longer permits it.
fn ending(refusal: &Refusal) -> EndReason {
    match refusal.reason {
        Reason::Revoked => EndReason::Revoked,
        Reason::Locked | Reason::NotValid => EndReason::Locked,
        Reason::Frozen => EndReason::Frozen,
        Reason::Late => EndReason::WindowClosed,
        Reason::WorkLimit => EndReason::WorkLimit,
        Reason::Recorder => EndReason::Recorder,
        Reason::Store => EndReason::Store,
        Reason::Clock => EndReason::Clock,
        _ => EndReason::NoLongerPermitted,
    }
}

/// Which warnings a session has had.
struct Warnings {
    /// The smallest remaining time that was warned about, or that was short already at the start.
    least: Duration,
}

impl Warnings {
    fn new(permit: &Permit, now: jiff::Timestamp) -> Self {
        Self { least: remaining(permit, now) }
    }

    /// The next warning's text, once per threshold.
    fn due(
        &mut self,
        permit: &Permit,
        now: jiff::Timestamp,
        thresholds: &[Duration],
        zone: &jiff::tz::TimeZone,
    ) -> Option<String> {
        let left = remaining(permit, now);
        let crossed = thresholds.iter().filter(|at| left <= **at && **at < self.least).min()?;
        self.least = *crossed;
        Some(format!(
            "Chaperone: this visit ends at {}, in {}.",
            clock_time(permit.input_until(), zone),
            in_words(*crossed)
        ))
    }

    /// The deadline has moved: what to say, and which warnings are due again.
    fn moved(&mut self, permit: &Permit, now: jiff::Timestamp, zone: &jiff::tz::TimeZone) -> String {
        let left = remaining(permit, now);
        self.least = left;
        format!(
            "Chaperone: this visit now ends at {}, in {}.",
            clock_time(permit.input_until(), zone),
            in_words(left)
        )
    }
}

fn remaining(permit: &Permit, now: jiff::Timestamp) -> Duration {
    Duration::try_from(permit.input_until().duration_since(now)).unwrap_or(Duration::ZERO)
}

/// Hospital-local time of day with its zone.
pub(crate) fn clock_time(at: jiff::Timestamp, zone: &jiff::tz::TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M:%S %Z").to_string()
}

/// A time left, as people say it: never more than a few seconds longer than it is.
pub(crate) fn in_words(left: Duration) -> String {
    match left.as_secs().saturating_add(u64::from(left.subsec_millis() >= 500)) {
        seconds @ ..58 => format!("{seconds} s"),
        seconds @ 58..598 => match (seconds + 2) / 5 * 5 {
            whole if whole.is_multiple_of(60) => format!("{} min", whole / 60),
            rounded => format!("{} min {} s", rounded / 60, rounded % 60),
        },
        seconds @ 598..3600 => format!("{} min", (seconds + 2) / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Whether input may flow, for those who start a channel.
pub(crate) fn takes_channels(flow: Flow) -> bool {
    matches!(flow, Flow::Open | Flow::Paused)
}
