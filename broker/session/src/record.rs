//! What the session layer writes down: each step of a session's life as a fact, with the row that goes with it.

use std::net::SocketAddr;
use std::sync::PoisonError;

use chaperone_policy::{Attempt, Permit, PersonId, Reason, Refusal, SessionId, TargetId};
use chaperone_recorder::{ChannelCoverage, ChannelRecorder, Coverage, Seal};
use chaperone_store::{BrokenOff, FactKind, NewFact, NewSession, RecordingState, SpooledEnd, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::dial::DialError;
use crate::flow::EndReason;
use crate::gate::{Ask, Gate, Refused};
use crate::live::LiveSession;
use crate::seal_told::{seal_in_brief, sealed};
use crate::without_content::without_content;

/// A proof that failed, as a door describes it.
#[derive(Clone, Debug)]
pub struct FailedProof {
    /// The user name given, printable and cut.
    pub user: String,
    /// Where from.
    pub source: SocketAddr,
    /// Fingerprints of the keys that were offered.
    pub offers: Vec<String>,
    /// Why.
    pub reason: Reason,
    /// Whose name it was.
    pub person: Option<PersonId>,
    /// What exactly was wrong, where the reason does not say it.
    pub why: Option<String>,
    /// What the peer was told to give the help desk.
    pub reference: String,
    /// `ssh`, `tls` or `http`.
    pub protocol: &'static str,
}

/// What was captured of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Captured {
    /// Everything that passed.
    All,
    /// Everything that passed, as the bytes of another protocol.
    Bytes,
    /// Everything that passed, in clear: what encrypted it ended at the gate.
    Plain,
    /// The bytes that passed, which are encrypted inside: when and how much is all that they say.
    Flow,
    /// Everything but what is beyond the limit for one body, which was counted and hashed.
    Measured,
    /// Everything that passed, to a server that speaks no TLS.
    InClear,
    /// The two together.
    MeasuredInClear,
    /// Everything that came: it was ended because nobody took it and others waited.
    Behind,
    /// It did not start: nothing passed.
    Failed,
    /// The server was asked to start it, and did not say in time whether it has: nothing passed.
    Unanswered,
    /// It was not started: input was over before the server was ready for it.
    Withheld,
}

/// A channel whose close is recorded, and not a fact yet.
#[must_use = "it is a fact once it is written"]
#[derive(Debug)]
pub struct Closed(NewFact);

impl Gate {
    /// Writes down a failed proof; nothing of it reaches the peer.
    pub async fn failed_proof(&self, proof: FailedProof) {
        let body = json!({
            "user": proof.user, "source": proof.source.to_string(), "offers": proof.offers,
            "reason": proof.reason, "why": proof.why, "reference": proof.reference,
            "listener": self.shared.store.node(), "protocol": proof.protocol,
        });
        let fact = NewFact::new(FactKind::AttemptFailed, self.now(), body);
        let mut fact = fact.also_on(self.named_target(&proof.user));
        fact.person = proof.person;
        self.write_or_spool(fact, None).await;
    }

    /// Writes down that so much has failed as somebody from somewhere that nothing more is looked at in that name from
    /// there for a while.
    pub async fn held_back(&self, proof: &FailedProof, lasts: SignedDuration) {
        let until = self.now().checked_add(lasts).unwrap_or(Timestamp::MAX);
        let body = json!({
            "user": proof.user, "source": proof.source.to_string(), "until": until, "reference": proof.reference,
            "listener": self.shared.store.node(), "protocol": proof.protocol,
        });
        let fact = NewFact::new(FactKind::SignInHeldBack, self.now(), body);
        self.write_or_spool(NewFact { person: proof.person, ..fact }, None).await;
    }

    /// The target that a user name names, `login+target` or `login+target+account`: whoever holds the evidence of the
    /// target also gets the tries that never came so far as to be about it.
    fn named_target(&self, user: &str) -> Option<TargetId> {
        let name = user.split('+').nth(1)?.parse().ok()?;
        Some(self.shared.store.last_facts()?.target_by_name(&name)?.id)
    }

    /// Writes down a refusal, with its alert in the same commit, and says it in the technician's words.
    pub(crate) async fn refuse(&self, ask: &Ask, attempt: &Attempt, refusal: Refusal) -> Refused {
        let facts = self.shared.store.last_facts();
        let target = facts.as_ref().and_then(|facts| facts.target_by_name(&ask.target));
        let body = json!({
            "refusal": refusal, "reason": refusal.reason, "verdict": refusal.verdict(),
            "off_by_s": refusal.off_by.map(|by| by.as_secs().to_string()),
            "target": ask.target, "account": ask.account, "source": ask.source.to_string(), "proof": ask.proof,
            "protocol": ask.protocol, "outcome": "refused", "reference": ask.reference,
        });
        let mut fact =
            NewFact::new(FactKind::AttemptRefused, self.now(), body).by(ask.person).of_attempt(attempt.id);
        fact.target = target.map(|target| target.id);
        fact.window = refusal.nearest.as_ref().map(|nearest| nearest.window);
        fact.vendor =
            facts.as_ref().and_then(|facts| facts.people.get(&ask.person)).and_then(|person| person.vendor);
        self.write_or_spool(fact, None).await;
        self.refused(&refusal, &ask.reference)
    }

    /// Admits a session, unless its proof has been spent meanwhile: then nothing is written. Facts are written one after
    /// another on all nodes, so that an order to stop comes before or after.
    pub(crate) async fn write_admitted(
        &self,
        ask: &Ask,
        attempt: &Attempt,
        id: SessionId,
        permit: &Permit,
    ) -> Result<Result<Option<BrokenOff>, Reason>, StoreError> {
        let mut row = NewSession {
            id,
            attempt: attempt.id,
            person: ask.person,
            target: permit.target().id,
            window: permit.window(),
            account: permit.account().map(ToString::to_string),
            protocol: ask.protocol,
            source: ask.source.to_string(),
            visit: id,
            proof: ask.shown.as_ref().map(ToString::to_string),
        };
        let mut body = json!({
            "target": permit.target().name, "account": permit.account(), "source": ask.source.to_string(),
            "proof": ask.proof, "protocol": ask.protocol, "recording": id, "access": permit.access(),
            "input_until": permit.input_until(), "output_until": permit.output_until(),
            "as_of": permit.head().to_string(), "reference": ask.reference,
        });
        let (person, attempt, now) = (ask.person, attempt.id, self.now());
        let back = SignedDuration::try_from(self.shared.settings.come_back).unwrap_or(SignedDuration::ZERO);
        let since = now.checked_sub(back).ok().filter(|_| !back.is_zero());
        self.shared
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(proof) = &row.proof
                        && tx.proof_over(proof).await?.is_some()
                    {
                        return Ok(Err(Reason::Credential));
                    }
                    let broken_off = match since {
                        Some(since) => tx.broken_off(&row, since).await?,
                        None => None,
                    };
                    row.visit = broken_off.map_or(id, |broken_off| broken_off.visit);
                    add_visit(&mut body, row.visit, broken_off);
                    tx.admit_session(&row).await?;
                    tx.begin_work(row.window, id).await?;
                    let fact = NewFact::new(FactKind::SessionAdmitted, now, body).by(person);
                    tx.fact(fact.on(row.target).in_window(row.window).in_session(id).of_attempt(attempt))
                        .await?;
                    Ok(Ok(broken_off))
                })
            })
            .await
    }

    pub(crate) async fn write_started(&self, session: &LiveSession) -> Result<(), StoreError> {
        let mut body = session.recording.begun().to_ledger();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("recording".to_owned(), json!(session.id));
        }
        let fact = session.fact(FactKind::SessionStarted, body);
        let id = session.id;
        self.shared
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.start_session(id).await?;
                    tx.fact(fact).await.map(drop)
                })
            })
            .await
    }

    pub(crate) async fn write_never_started(&self, ask: &Ask, attempt: &Attempt, id: SessionId) {
        let facts = self.shared.store.last_facts();
        let mut fact = NewFact::new(FactKind::SessionNeverStarted, self.now(), json!({ "why": "recorder" }))
            .by(ask.person)
            .in_session(id)
            .of_attempt(attempt.id);
        fact.target = facts.and_then(|facts| Some(facts.target_by_name(&ask.target)?.id));
        let end = SpooledEnd { reason: "never-started".to_owned(), seal: None };
        self.write_or_spool(fact, Some(end)).await;
    }

    /// A channel was opened: a fact, beside the relay and not before it; the recording has it already.
    pub(crate) fn write_channel_opened(
        &self,
        session: &LiveSession,
        channel: &ChannelRecorder,
        access: chaperone_policy::Access,
        about: Value,
    ) {
        let body = json!({ "channel": channel.number(), "access": access, "about": without_content(about) });
        let fact = session.fact(FactKind::ChannelOpened, body);
        let gate = self.clone();
        self.beside(async move { gate.write_or_spool(fact, None).await });
    }

    pub(crate) async fn write_channel_refused(
        &self,
        session: Option<&LiveSession>,
        kind: &str,
        about: Value,
    ) {
        let body = json!({ "channel": kind, "about": without_content(about) });
        let fact = match session {
            Some(session) => session.fact(FactKind::ChannelRefused, body),
            None => {
                let user = body.pointer("/about/user").and_then(Value::as_str).unwrap_or_default();
                let target = self.named_target(user);
                NewFact::new(FactKind::ChannelRefused, self.now(), body).also_on(target)
            }
        };
        self.write_or_spool(fact, None).await;
    }

    /// A door refused a kind of channel, or a second request, that nothing opens, or that `what` gives the `reason` of.
    pub async fn channel_refused(
        &self,
        session: Option<&LiveSession>,
        user: &str,
        source: SocketAddr,
        kind: &str,
        what: Value,
    ) {
        let reason = what.get("reason").cloned().unwrap_or_else(|| json!(Reason::AccessNotGranted));
        let about = json!({ "user": user, "source": source.to_string(), "what": what, "reason": reason });
        if let Some(session) = session
            && let Err(error) = session.note(None, "refused", json!({ "channel": kind, "what": about })).await
        {
            tracing::warn!(session.id = %session.id, %error, "a refused channel could not be recorded");
        }
        self.write_channel_refused(session, kind, about).await;
    }

    /// Somebody proved who they are and named no target: a fact, since they are told of their own windows.
    pub async fn signed_in(&self, person: PersonId, source: SocketAddr, proof: Value) {
        let body = json!({ "listener": "ssh", "source": source.to_string(), "proof": proof });
        self.write_or_spool(NewFact::new(FactKind::SignedIn, self.now(), body).by(person), None).await;
    }

    /// Connections that ended before anybody was named: a fact with their numbers.
    pub async fn unheard(&self, about: Value) {
        self.write_or_spool(NewFact::new(FactKind::ConnectionsUnheard, self.now(), about), None).await;
    }

    /// States what was captured of a channel, in the recording's coverage and as a fact.
    pub async fn close_channel(&self, session: &LiveSession, channel: &ChannelRecorder, captured: Captured) {
        let closed = self.record_close(session, channel, captured).await;
        self.write_closed(closed).await;
    }

    /// The fact of a channel that is closed. The recording has it already: nobody waits for the ledger to be let go.
    pub async fn write_closed(&self, closed: Closed) {
        self.write_or_spool(closed.0, None).await;
    }

    /// States what was captured of a channel, in the recording and its coverage; the fact is left to write.
    pub async fn record_close(
        &self,
        session: &LiveSession,
        channel: &ChannelRecorder,
        captured: Captured,
    ) -> Closed {
        let (coverage, why) = match captured {
            Captured::All | Captured::Bytes | Captured::Plain => (Coverage::Captured, ""),
            Captured::Flow => (Coverage::FlowOnly, "encrypted inside: only the flow"),
            Captured::Measured => (
                Coverage::FlowOnly,
                "a body was larger than what is kept of one: of the rest, length and SHA-256 alone",
            ),
            Captured::InClear => (
                Coverage::Captured,
                "recorded in full; between the gate and the server nothing was encrypted, as allowed for a time",
            ),
            Captured::MeasuredInClear => (
                Coverage::FlowOnly,
                "between the gate and the server nothing was encrypted, as allowed for a time; a body was larger than what \
                 is kept of one: of the rest, length and SHA-256 alone",
            ),
            Captured::Failed => (Coverage::Refused, "the server did not start it"),
            Captured::Unanswered => (
                Coverage::Refused,
                "whether the server started it is not known: it did not say in time, and the channel was closed",
            ),
            Captured::Withheld => (Coverage::Refused, "input was over before the server was ready for it"),
            Captured::Behind => {
                (Coverage::Captured, "it was ended: what came was not taken, and held up the other channels")
            }
        };
        let kept = match captured {
            Captured::Bytes | Captured::Flow => Some("bytes"),
            Captured::Plain => Some("plain"),
            Captured::All
            | Captured::Measured
            | Captured::InClear
            | Captured::MeasuredInClear
            | Captured::Behind
            | Captured::Failed
            | Captured::Unanswered
            | Captured::Withheld => None,
        };
        let body = json!({ "coverage": coverage, "why": why, "as": kept });
        let closing = session.note(Some(channel.number()), "channel-close", body);
        let closed = closing.await;
        if let Err(error) = closed {
            tracing::warn!(session.id = %session.id, %error, "a channel's close could not be recorded");
        }
        let body = json!({ "channel": channel.number(), "coverage": coverage, "why": why, "as": kept });
        session.cover(ChannelCoverage { channel: channel.number(), coverage, why: why.to_owned() });
        session.tap.closed(channel.number());
        session.channels.send_modify(|open| *open = open.saturating_sub(1));
        Closed(session.fact(FactKind::ChannelClosed, body))
    }

    pub(crate) async fn write_target_failed(&self, session: &LiveSession, error: &DialError, body: Value) {
        tracing::warn!(session.id = %session.id, %error, "a target could not be reached");
        self.write_or_spool(session.fact(FactKind::TargetFailed, body), None).await;
    }

    /// The end of a session, in its row too. Its seal comes with [`Gate::write_seal`]: a crash in between leaves a row
    /// without one, which the next start settles.
    pub(crate) async fn write_end(&self, session: &LiveSession, reason: EndReason, gone: bool, took_ms: u64) {
        let mut body = session.end_body(reason, gone, took_ms);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("source".to_owned(), json!(session.source.to_string()));
        }
        let end = SpooledEnd { reason: reason.as_str().to_owned(), seal: None };
        self.write_or_spool(session.fact(FactKind::SessionEnded, body), Some(end)).await;
    }

    /// That a session is sealed, and in the same commit its seal in its row.
    pub(crate) async fn write_seal(&self, session: &LiveSession, reason: EndReason, seal: &Seal) {
        let end = SpooledEnd { reason: reason.as_str().to_owned(), seal: seal_in_brief(seal) };
        self.write_or_spool(session.fact(FactKind::SessionSealed, sealed(seal)), Some(end)).await;
    }

    /// Writes a fact; spools it when the database is gone; at the very least logs that both failed.
    pub(crate) async fn write_or_spool(&self, fact: NewFact, ended: Option<SpooledEnd>) {
        let kind = fact.kind;
        if let Err(error) = self.shared.store.fact_or_spool(fact, ended).await {
            tracing::error!(%kind, %error, "a fact could neither be written nor spooled");
        }
    }

    pub(crate) async fn write_sealed_later(
        &self,
        fact: NewFact,
        session: SessionId,
        state: RecordingState,
        seal: &Seal,
    ) -> Result<(), StoreError> {
        let text = seal_in_brief(seal).unwrap_or_default();
        self.write_unwritten(Unwritten { fact, session, state, seal: Some(text) }).await
    }

    /// Writes what became of a recording, or keeps it until a database that went back goes on.
    pub(crate) async fn write_unwritten(&self, one: Unwritten) -> Result<(), StoreError> {
        let found = one.clone();
        let written = self.shared.store.write(move |tx| {
            Box::pin(async move {
                let Unwritten { fact, session, state, seal } = found;
                match seal {
                    Some(seal) => {
                        tx.end_session(session, fact.at, "crash", None).await?;
                        tx.seal_session(session, state, &seal).await?;
                    }
                    None => {
                        tx.end_session(session, fact.at, "lost", None).await?;
                        tx.set_recording(session, state).await?;
                    }
                }
                tx.fact(fact).await.map(drop)
            })
        });
        match written.await {
            // Nothing is written into a database that went back before two people have agreed to it.
            Err(StoreError::WentBack { .. }) => {
                self.shared.unwritten.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                Ok(())
            }
            written => written,
        }
    }

    /// Writes what recovery found and could not write, once the database takes it.
    pub(crate) async fn write_left(&self) {
        if self.shared.store.gone_for().is_some() {
            return;
        }
        let left = std::mem::take(&mut *self.shared.unwritten.lock().unwrap_or_else(PoisonError::into_inner));
        for one in left {
            if let Err(error) = self.write_unwritten(one.clone()).await {
                tracing::error!(session.id = %one.session, %error, "what became of a recording could not be written down");
                if error.is_gone() {
                    self.shared.unwritten.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                }
            }
        }
    }
}

/// Says which visit a session is a part of, and which session it goes on from.
pub(crate) fn add_visit(body: &mut Value, visit: SessionId, broken_off: Option<BrokenOff>) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert("visit".to_owned(), json!(visit));
        fields.insert("continues".to_owned(), json!(broken_off.map(|broken_off| broken_off.session)));
    }
}

/// What recovery found of a recording: a seal, or that it is lost.
#[derive(Clone, Debug)]
pub(crate) struct Unwritten {
    pub fact: NewFact,
    pub session: SessionId,
    pub state: RecordingState,
    pub seal: Option<String>,
}

pub(crate) fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl LiveSession {
    /// What is said of the end, in the recording and in the ledger.
    pub(crate) fn end_body(&self, reason: EndReason, sockets_gone: bool, took_ms: u64) -> Value {
        let by = self.stopped().map(|stop| stop.by);
        json!({ "reason": reason.as_str(), "by": by, "sockets_gone": sockets_gone, "took_ms": took_ms })
    }

    /// A fact about this session.
    pub(crate) fn fact(&self, kind: FactKind, mut body: Value) -> NewFact {
        if let Some(fields) = body.as_object_mut() {
            // A file's says how it went.
            fields.entry("protocol").or_insert_with(|| json!(self.protocol));
        }
        let permit = self.permit.borrow();
        NewFact::new(kind, self.began.now(), body)
            .by(self.attempt.person)
            .on(permit.target().id)
            .in_window(permit.window())
            .in_session(self.id)
            .of_attempt(self.attempt.id)
    }
}
