//! One visit to a console: what its transactions share, from the first request to the seal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chaperone_policy::{Access, Endpoint, Reason};
use chaperone_session::{DialError, EndReason, Flow, Gate, LiveSession, Refused};
use http::HeaderValue;
use serde_json::json;
use tokio::sync::OnceCell;

use super::inject::Injection;
use super::lanes::{Lanes, Taken};
use super::names::Names;
use super::upstream::{Reach, Upstreams};

/// What all consoles of a node are treated by.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// How many bytes of one body are kept.
    pub body_limit: u64,
    /// What links to the web begin with.
    pub site: String,
}

/// One visit.
pub(super) struct Console {
    pub session: Arc<LiveSession>,
    pub gate: Gate,
    pub names: Names,
    pub lanes: Arc<Lanes>,
    pub upstreams: Arc<Upstreams>,
    pub settings: HttpSettings,
    reach: Arc<dyn Reach>,
    injection: OnceCell<Option<Injection>>,
    next: AtomicU64,
    /// Why the last transaction was refused, so that only changed outcomes become facts.
    refused: Mutex<Option<Reason>>,
}

impl Console {
    pub(super) fn new(
        gate: &Gate,
        session: &Arc<LiveSession>,
        (names, in_clear): (Names, bool),
        reach: &Arc<dyn Reach>,
        settings: &HttpSettings,
    ) -> Arc<Self> {
        Arc::new(Self {
            session: Arc::clone(session),
            gate: gate.clone(),
            names,
            lanes: Lanes::new(gate, session, in_clear),
            upstreams: Upstreams::new(session, reach),
            settings: settings.clone(),
            reach: Arc::clone(reach),
            injection: OnceCell::new(),
            next: AtomicU64::new(1),
            refused: Mutex::default(),
        })
    }

    /// The number of the next transaction, from 1.
    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// What is put into each request; looked up once a visit.
    pub(super) async fn injection(&self) -> Result<Option<&Injection>, DialError> {
        let looked = self.injection.get_or_try_init(|| self.reach.injects(&self.session)).await?;
        Ok(looked.as_ref())
    }

    /// Asks policy about one more request.
    pub(super) async fn permits(&self, about: serde_json::Value) -> Result<(), Refused> {
        let verdict = self.gate.permits_still(&self.session, Access::Tls).await;
        let reason = verdict.as_ref().err().map(|(reason, _)| *reason);
        let changed = {
            let mut last = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *last, reason) != reason
        };
        if let (true, Some(reason)) = (changed, reason) {
            self.gate
                .transaction_refused(&self.session, "http", json!({ "reason": reason, "about": about }))
                .await;
        }
        verdict.map_err(|(_, refused)| refused)
    }

    /// Whether policy let the last request go on, and the visit does.
    pub(super) fn allows(&self) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.is_none() && self.ended().is_none()
    }

    /// The target's answer held the credential that the gate put in, and was not passed on so.
    pub(super) async fn echoed(&self, lane: &Taken, n: u64) {
        tracing::warn!(session.id = %self.session.id(), n, "the target's answer held the gate's credential; it was cut");
        self.target_failed(lane, n, &DialError::ShowsCredential).await;
    }

    /// The target did something wrong with a transaction: a fact, unless it goes on doing so.
    pub(super) async fn target_failed(&self, lane: &Taken, n: u64, error: &DialError) {
        self.gate.target_failed(&self.session, lane.channel().number(), n, error).await;
    }

    /// Whether its target was reached without TLS for a time that is over.
    pub(super) fn was_allowed_until_now(&self) -> bool {
        let (permit, now) = (self.session.permit(), self.gate.now());
        permit.target().endpoints.iter().any(|endpoint| match endpoint {
            Endpoint::Tls { terms, .. } => terms.plain_http.as_ref().is_some_and(|plain| plain.until <= now),
            Endpoint::Ssh { .. } | Endpoint::Tcp { .. } => false,
        })
    }

    /// Why the visit ended, if it has.
    pub(super) fn ended(&self) -> Option<EndReason> {
        match *self.session.flow().borrow() {
            Flow::Cut(reason) => Some(reason),
            _ => None,
        }
    }

    /// When the visit ends, for the field that says so.
    pub(super) fn ends(&self) -> Option<HeaderValue> {
        self.session.input_until().to_string().try_into().ok()
    }
}
