//! What a node does for all of its sessions: carries out people's orders, watches the clock and the recorders. How it makes
//! recordings durable is in `durable.rs`, how it watches the disk in `room.rs`. Nothing here waits for a recording's medium.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use chaperone_policy::SessionId;
use chaperone_store::{FactKind, NewFact};
use futures::StreamExt;
use futures::stream;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use crate::clock::Trust;
use crate::flow::EndReason;
use crate::gate::Gate;
use crate::health::{News, Trouble};
use crate::live::{LiveSession, Stop};

/// How often the clock and the recorders' faults are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A medium that takes longer for one write does not answer.
const SILENT_AFTER: Duration = Duration::from_secs(2);

impl Gate {
    /// Runs the node's tasks until the returned future is dropped.
    pub async fn run(&self) {
        tokio::join!(
            self.keep_durable(),
            self.keep_checkpoints(),
            self.obey_orders(),
            self.look_around(),
            self.watch_recorders(),
            self.keep_room(),
            self.keep_stage(),
            self.give_signs(),
            self.look_after_others(),
            self.shared.workers.rouse()
        );
    }

    /// Pauses, resumes and stops, and ends what somebody has signed out of, whichever node the order was given on.
    async fn obey_orders(&self) {
        let mut changes = self.shared.store.changes();
        let mut after = changes.borrow_and_update().size;
        while changes.changed().await.is_ok() {
            let head = changes.borrow_and_update().size;
            if self.shared.live.all().is_empty() {
                after = head;
                continue;
            }
            match self.shared.store.orders_after(after).await {
                Ok(orders) => {
                    orders.iter().for_each(|(_, session, kind, body)| self.obey(*session, kind, body));
                    after = orders.last().map_or(head.max(after), |(number, ..)| (number + 1).max(head));
                }
                Err(error) => {
                    tracing::warn!(%error, "orders could not be read; they are read again");
                    tokio::time::sleep(Duration::from_millis(250)).await;
                    changes.mark_changed();
                }
            }
        }
    }

    fn obey(&self, session: SessionId, kind: &str, body: &str) {
        let Some(live) = self.shared.live.find(session) else { return };
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (mut by, mut reason) = (text("by"), text("reason"));
        match kind {
            "session-paused" => {
                live.pause(true);
                live.tell("Chaperone: the hospital has paused your input. Please wait.".to_owned());
            }
            "session-resumed" => {
                live.pause(false);
                let words = match live.awaits_observer() {
                    true => "Chaperone: your input is no longer paused; it waits for an observer.",
                    false => "Chaperone: your input goes on.",
                };
                live.tell(words.to_owned());
            }
            "signed-out" => {
                (by, reason) = (live.login.clone(), "signed out".to_owned());
                live.cut(EndReason::ClientClosed);
            }
            _ => {
                let stop = Stop { by: by.clone(), reason: reason.clone() };
                *live.stop.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop);
                live.cut(EndReason::Stopped);
            }
        }
        let note = json!({ "order": kind, "by": by, "reason": reason });
        self.beside(async move {
            if let Err(error) = live.note(None, "order", note).await {
                tracing::warn!(session.id = %session, %error, "an order could not be recorded");
            }
        });
    }

    async fn look_around(&self) {
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut was_trusted = true;
        loop {
            tick.tick().await;
            was_trusted = self.look_at_clock(was_trusted).await;
            self.write_left().await;
        }
    }

    /// Whether the ledger has facts from the future; kept as it was where the database does not answer.
    pub(crate) async fn compare_clock_with_ledger(&self) {
        if let Ok(newest) = self.shared.store.newest_unaccepted().await {
            self.shared.clock.compare_with_ledger(newest, Timestamp::now());
        }
    }

    async fn look_at_clock(&self, was_trusted: bool) -> bool {
        self.compare_clock_with_ledger().await;
        let mut trust = self.shared.clock.read(Timestamp::now(), Instant::now());
        if let Ok(skew) = self.shared.store.clock_skew().await
            && trust == Trust::Agrees
        {
            trust = self.shared.clock.compare(skew, Instant::now());
        }
        let trusted = trust == Trust::Agrees;
        if trusted != was_trusted || matches!(trust, Trust::Jumped(_)) {
            let kind = if trusted { FactKind::ClockTrusted } else { FactKind::ClockJumped };
            let (why, by) = match trust {
                Trust::Behind(by) => ("behind-the-ledger", by),
                _ => ("jumped", self.shared.clock.jumped_by()),
            };
            let body = json!({ "by_ms": by.as_millis().to_string(), "why": why });
            tracing::warn!(trusted, by_ms = %by.as_millis(), why, "the clock's trust has changed");
            self.write_or_spool(NewFact::new(kind, Timestamp::now(), body), None).await;
        }
        trusted
    }

    /// A recorder's fault, and its mending, are facts once each; one that lasts beyond its grace ends the session.
    async fn watch_recorders(&self) {
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            for session in self.shared.live.all() {
                look_at_recorder(&session);
                for news in session.health.news() {
                    let (kind, fault) = match news {
                        News::Fault(what) => (FactKind::RecorderFault, what),
                        News::Mended => (FactKind::RecorderMended, String::new()),
                    };
                    let (gate, fact) = (self.clone(), session.fact(kind, json!({ "fault": fault })));
                    self.beside(async move { gate.write_or_spool(fact, None).await });
                }
            }
        }
    }

    /// Ends every session in order and waits for their seals, for a bounded time.
    pub async fn shut_down(&self, within: Duration) {
        let live = self.shared.live.all();
        live.iter().for_each(|session| session.cut(EndReason::Shutdown));
        let sealed =
            stream::iter(live).for_each(|session: Arc<LiveSession>| async move { session.ended().await });
        if tokio::time::timeout(within, sealed).await.is_err() {
            tracing::error!(
                "not every session was sealed before the gate stopped; the next start recovers them"
            );
        }
    }
}

/// Sees a medium that does not answer, and ends a session whose recording has not been as it must be for its grace.
fn look_at_recorder(session: &LiveSession) {
    let busy = [&session.pen, &session.disk].into_iter().filter_map(|pen| pen.busy_for()).max();
    match busy.filter(|busy| *busy >= SILENT_AFTER) {
        Some(busy) => {
            let what = format!("the medium has not answered for {} s", busy.as_secs());
            if session.health.failed(Trouble::Silence, &what) {
                tracing::error!(session.id = %session.id, what, "the recording waits; so does what it would record");
            }
        }
        None => {
            session.health.mended(Trouble::Silence);
        }
    }
    if session.health.ill_for().is_some_and(|ill| ill >= session.recorder_grace) {
        session.cut(EndReason::Recorder);
    }
}
