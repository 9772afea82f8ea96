//! Observers. Whoever watches a visit observes it. Where its window or its server wants an observer, the visit is let in
//! and waits: nothing is started on the server and no input flows before somebody watches, and again as soon as the last
//! one has left. Nobody waits for ever: after a while without an observer the visit ends.
//!
//! ```text
//!   admitted ─▶ awaited ──somebody watches──▶ observed ──the last one leaves──▶ awaited ─▶ …
//!                  └── session.observer_wait_seconds ──▶ cut: observer-required
//! ```

use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::Permit;
use chaperone_store::FactKind;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::flow::EndReason;
use crate::gate::Gate;
use crate::live::LiveSession;

/// What a technician reads whose input waits for an observer.
pub(crate) const WAITING_FOR_OBSERVER: &str =
    "Chaperone: waiting for an observer. Your input waits until somebody of the hospital watches.";

/// How a session stands with its observers, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    awaited: bool,
    /// Whether one must be there at all.
    required: bool,
    watchers: usize,
    at: Timestamp,
}

/// A session's observers, as its watch sees them.
pub(crate) struct Observers {
    /// Changes whenever somebody begins or ceases to watch.
    pub seen: watch::Receiver<usize>,
    awaited_since: Option<Instant>,
    /// To whoever writes it down; from the first time on that an observer is required.
    told: Option<watch::Sender<Standing>>,
}

impl Observers {
    pub(crate) fn of(session: &LiveSession) -> Self {
        Self { seen: session.tap.watching(), awaited_since: None, told: None }
    }

    /// Holds the input or lets it flow, as who watches now and the permit say. Returns why the session ends, if nobody has
    /// come for too long.
    pub(crate) fn look(
        &mut self,
        gate: &Gate,
        session: &Arc<LiveSession>,
        permit: &Permit,
    ) -> Option<EndReason> {
        let watchers = *self.seen.borrow_and_update();
        let awaited = permit.observer_required() && watchers == 0;
        session.await_observer(awaited);
        if awaited != self.awaited_since.is_some() || (permit.observer_required() && self.told.is_none()) {
            self.awaited_since = awaited.then(Instant::now);
            let required = permit.observer_required();
            session.tell(words(awaited, required).to_owned());
            self.write(gate, session, Standing { awaited, required, watchers, at: session.began.now() });
        }
        let waited = self.awaited_since.map(|since| since.elapsed())?;
        (waited >= gate.shared.settings.observer_wait).then_some(EndReason::ObserverRequired)
    }

    /// When the session ends unless somebody comes.
    pub(crate) fn patience_ends(&self, wait: Duration) -> Option<Instant> {
        self.awaited_since.and_then(|since| since.checked_add(wait))
    }

    fn write(&mut self, gate: &Gate, session: &Arc<LiveSession>, standing: Standing) {
        match &self.told {
            Some(told) => drop(told.send_replace(standing)),
            None => {
                let (told, news) = watch::channel(standing);
                self.told = Some(told);
                let (writer, session) = (gate.clone(), Arc::clone(session));
                gate.beside(async move { writer.write_standings(&session, news).await });
            }
        }
    }
}

impl Gate {
    /// Writes down, one after another, how a session stands with its observers; what changed back before it could be
    /// written is passed over, and who watched from when to when is a fact of its own.
    async fn write_standings(&self, session: &LiveSession, mut news: watch::Receiver<Standing>) {
        let mut written: Option<bool> = None;
        loop {
            let Standing { awaited, required, watchers, at } = *news.borrow_and_update();
            if written != Some(awaited) {
                let kind = if awaited { FactKind::ObserverAwaited } else { FactKind::ObserverPresent };
                let body = json!({ "watchers": watchers.to_string(), "required": required });
                if let Err(error) = session.note(None, kind.as_str(), body.clone()).await {
                    tracing::warn!(session.id = %session.id, %error, "an observer's coming or going could not be recorded");
                }
                let mut fact = session.fact(kind, body);
                fact.at = at;
                self.write_or_spool(fact, None).await;
                written = Some(awaited);
            }
            // The sender goes with the session's watch.
            if news.changed().await.is_err() {
                return;
            }
        }
    }
}

/// What the technician reads.
fn words(awaited: bool, required: bool) -> &'static str {
    match (awaited, required) {
        (true, _) => WAITING_FOR_OBSERVER,
        (false, true) => "Chaperone: an observer is here. Your input goes on.",
        (false, false) => "Chaperone: no observer is needed any more. Your input goes on.",
    }
}
