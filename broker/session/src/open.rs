//! From an attempt to a live session, or to a refusal (DESIGN §4): decide; fact *admitted*; recording header on stable
//! storage; fact *started*; and only then a dial.

use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::{
    Access, Attempt, AttemptId, Endpoint, Facts, Permit, Reason, Refusal, SessionId, decide,
};
use chaperone_recorder::{ChannelKind, ChannelRecorder, Durability, LiveRecording, Opening, RecordingKeys};
use chaperone_vault::TargetCredential;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::dial::{Dial, DialError, Ticket};
use crate::failpoint;
use crate::flow::{EndReason, Flow};
use crate::gate::{Ask, Gate, Refused};
use crate::live::{Began, LiveSession, NotRecorded};
use crate::mandate::Mandate;
use crate::record::add_visit;
use crate::sever::Cord;
use crate::watch::takes_channels;
use crate::ways::Taken;

/// How long a recording's header may take to be on stable storage.
const START: Duration = Duration::from_secs(10);

impl Gate {
    /// Decides about a proven person's attempt and opens its session.
    ///
    /// # Errors
    /// The refusal, committed as a fact with its alert before this returns.
    pub async fn attempt(&self, ask: Ask) -> Result<Arc<LiveSession>, Refused> {
        let id = AttemptId(Uuid::now_v7());
        let coming = self.shared.live.comes(id, ask.person, &ask.target);
        let mut attempt = self.attempt_of(&ask, id);
        (attempt.node.sessions_of_person, attempt.node.sessions_on_target) = coming.before();
        let facts = match self.facts().await {
            Ok(facts) => facts,
            Err(_) => return Err(self.refuse(&ask, &attempt, Refusal::without_window(Reason::Store)).await),
        };
        let mut verdict = decide(&facts, &attempt, self.now());
        let comes = verdict.as_ref().err().is_none_or(|refusal| refusal.reason == Reason::Limit);
        if comes && self.give_up_silent(&attempt, ask.speaks()).await {
            // They count once.
            attempt = self.attempt_of(&ask, id);
            (attempt.node.sessions_of_person, attempt.node.sessions_on_target) = coming.before();
            verdict = decide(&facts, &attempt, self.now());
        }
        let permit = match verdict {
            Ok(permit) => permit,
            Err(refusal) => return Err(self.refuse(&ask, &attempt, *refusal).await),
        };
        match self.open(&ask, &attempt, permit).await {
            Ok(session) => Ok(session),
            Err(reason) => Err(self.refuse(&ask, &attempt, Refusal::without_window(reason)).await),
        }
    }

    /// The schedule's verdict on somebody who has proven a first factor and not the last: a refusal is committed with its
    /// alert at once, and told to the caller only after the last. `None` says that they would be let in.
    pub async fn foretell(&self, ask: &Ask) -> Option<Refused> {
        let attempt = self.attempt_of(ask, AttemptId(Uuid::now_v7()));
        let refusal = match self.facts().await {
            Ok(facts) => decide(&facts, &attempt, self.now()).err().map(|refusal| *refusal)?,
            Err(_) => Refusal::without_window(Reason::Store),
        };
        Some(self.refuse(ask, &attempt, refusal).await)
    }

    /// Refuses somebody of whom nobody can say whether a second factor is due: the database does not answer.
    pub async fn refuse_without_store(&self, ask: &Ask) -> Refused {
        let attempt = self.attempt_of(ask, AttemptId(Uuid::now_v7()));
        self.refuse(ask, &attempt, Refusal::without_window(Reason::Store)).await
    }

    /// Everything between the permit and the dial. A crash after *admitted* and before the header is a session that
    /// never started; one after the header is recovered from what the recording holds.
    async fn open(&self, ask: &Ask, attempt: &Attempt, permit: Permit) -> Result<Arc<LiveSession>, Reason> {
        let id = SessionId(Uuid::now_v7());
        let mut opening = self.opening(ask, id, &permit);
        let admitted = self.write_admitted(ask, attempt, id, &permit).await;
        let continues = admitted.map_err(|_| Reason::Store)??;
        add_visit(&mut opening.facts, continues.map_or(id, |broken_off| broken_off.visit), continues);
        failpoint::reached("after-admitted");
        let began = Began { wall: self.now(), monotonic: Instant::now() };
        // Without keys nothing was decided to be let in: the node's conditions say that it cannot record.
        let Some(keys) = self.shared.recording_keys() else { return Err(Reason::Recorder) };
        let recording = match self.start_recording(opening, keys).await {
            Ok(recording) => recording,
            Err(error) => {
                let error = error.to_string();
                tracing::error!(session.id = %id, error, "a recording could not be started; the attempt is refused");
                self.write_never_started(ask, attempt, id).await;
                return Err(Reason::Recorder);
            }
        };
        failpoint::reached("after-header");
        let login = ask.proof.get("login").and_then(Value::as_str).unwrap_or_default().to_owned();
        let grace = self.shared.settings.recorder_grace;
        let beside = (began, &self.shared.workers);
        let facts = (permit, continues);
        let who = (login, ask.speaks());
        let session = LiveSession::new(attempt.clone(), who, ask.source, facts, recording, grace, beside);
        self.shared.live.add(&session);
        self.beside(self.clone().end(Arc::clone(&session)));
        if self.write_started(&session).await.is_err() {
            session.cut(EndReason::Store);
            return Err(Reason::Store);
        }
        failpoint::reached("after-started");
        let (gate, watched) = (self.clone(), Arc::clone(&session));
        self.beside(async move { gate.watch(watched).await });
        Ok(session)
    }

    /// Starts the recording. A medium that does not answer gets no session: what it makes of the header later is taken
    /// back.
    async fn start_recording(
        &self,
        opening: Opening,
        keys: RecordingKeys,
    ) -> Result<LiveRecording, NotRecorded> {
        let shared = Arc::clone(&self.shared);
        let (give, take) = oneshot::channel();
        spawn_blocking(move || {
            let started = LiveRecording::start(&shared.folder, opening, &keys);
            if let Err(Ok(unwanted)) = give.send(started) {
                unwanted.withdraw();
            }
        });
        match timeout(START, take).await {
            Ok(Ok(started)) => Ok(started?),
            Ok(Err(_)) | Err(_) => Err(NotRecorded::Silent),
        }
    }

    fn opening(&self, ask: &Ask, id: SessionId, permit: &Permit) -> Opening {
        let mode =
            if permit.target().durable { Durability::Durable } else { self.shared.settings.durability };
        let access: Vec<&str> = permit.access().iter().map(|access| access.as_str()).collect();
        let facts = json!({
            "person": ask.person, "proof": ask.proof, "source": ask.source.to_string(), "protocol": ask.protocol,
            "target": permit.target().name, "account": permit.account(), "window": permit.window(),
            "access": access, "input_until": permit.input_until(), "output_until": permit.output_until(),
            "ledger_head": permit.head().to_string(), "policy_version": permit.policy_version().to_string(),
            "build": env!("CARGO_PKG_VERSION"),
        });
        Opening { session: id.0, started: self.now(), facts, mode }
    }

    /// Asks again, for one channel of a live session, and opens it in the recording. While input waits (a pause, or no
    /// observer), it waits too.
    ///
    /// # Errors
    /// The refusal of this channel; a fact.
    pub async fn open_channel(
        &self,
        session: &LiveSession,
        access: Access,
        about: Value,
        typed_input: bool,
    ) -> Result<ChannelRecorder, Refused> {
        // What opens is input: while input waits, so does it.
        let waited = session.input_flows().await.map_err(|_over| Refusal::without_window(Reason::Late));
        let verdict = match waited {
            Ok(()) => self.channel_verdict(session, access).await,
            Err(late) => Err(late),
        };
        let refusal = match verdict {
            Ok(()) => {
                let kind = ChannelKind::new(access.as_str(), about.clone());
                match session.record_channel(kind, typed_input).await {
                    Ok(channel) => {
                        self.write_channel_opened(session, &channel, access, about);
                        return Ok(channel);
                    }
                    Err(error) => not_recorded(session, &error),
                }
            }
            Err(refusal) => refusal,
        };
        self.write_channel_refused(
            Some(session),
            access.as_str(),
            json!({ "reason": refusal.reason, "about": about }),
        )
        .await;
        Err(self.refused_channel(&refusal, session, &[access]))
    }

    pub(crate) async fn channel_verdict(&self, session: &LiveSession, access: Access) -> Result<(), Refusal> {
        if !takes_channels(*session.flow().borrow()) {
            return Err(Refusal::without_window(Reason::Late));
        }
        let facts = self.facts().await.map_err(|_| Refusal::without_window(Reason::Store))?;
        self.channel_verdict_on(&facts, session, access).map_err(|refusal| *refusal)
    }

    /// Whether a channel may open, as of these facts.
    pub(crate) fn channel_verdict_on(
        &self,
        facts: &Facts,
        session: &LiveSession,
        access: Access,
    ) -> Result<(), Box<Refusal>> {
        if !takes_channels(*session.flow().borrow()) {
            return Err(Box::new(Refusal::without_window(Reason::Late)));
        }
        // The node as it is now: a clock that has jumped, or a full disk, opens nothing more in a running session either.
        let mut attempt = Attempt { access: Some(access), ..self.running_attempt(session) };
        let now = self.conditions(attempt.person, &attempt.target);
        attempt.node.clock_trusted = now.clock_trusted;
        attempt.node.recorder_ready = now.recorder_ready;
        decide(facts, &attempt, session.began.now()).map(drop)
    }

    /// The attempt of a running session, to decide about again.
    pub(crate) fn running_attempt(&self, session: &LiveSession) -> Attempt {
        let permit = session.permit.borrow();
        let (person, target) = (session.attempt.person, &session.attempt.target);
        let (sessions_of_person, sessions_on_target) =
            self.shared.live.count(person, target, Some(session.id));
        let mut attempt = session.attempt.clone();
        attempt.within = Some(permit.window());
        // What it came for opened as a channel; what goes on is the session.
        attempt.access = None;
        attempt.node.running = true;
        attempt.node.observers = u32::try_from(session.watchers()).unwrap_or(u32::MAX);
        attempt.node.sessions_of_person = sessions_of_person;
        attempt.node.sessions_on_target = sessions_on_target;
        attempt
    }
}

/// Why a channel is refused that the recording did not take.
pub(crate) fn not_recorded(session: &LiveSession, error: &NotRecorded) -> Refusal {
    if matches!(error, NotRecorded::TooManyChannels) {
        return Refusal::without_window(Reason::Limit);
    }
    tracing::error!(session.id = %session.id, %error, "a channel could not be opened in the recording");
    Refusal::without_window(Reason::Recorder)
}

impl LiveSession {
    /// Reaches the target. Only a session can: the ticket needs its permit and its recording.
    ///
    /// # Errors
    /// What the technician reads; the session has been ended.
    pub async fn dial<D: Dial>(self: &Arc<Self>, gate: &Gate, dial: &D) -> Result<(D::Leg, Cord), String> {
        let mut flow = self.flow();
        let reaching = async { dial.dial(self.ticket(gate).await?).await };
        // Whatever ends the session ends the dial: nobody signs in to a target after the window (P3).
        let reached = tokio::select! {
            biased;
            _ = flow.wait_for(|flow| flow.is_cut()) => Err(DialError::Ended),
            reached = reaching => reached,
        };
        failpoint::reached("after-dial");
        match reached {
            Ok(dialled) => {
                // It is recorded before anything passes over it, unless the session is over first.
                let (recording, mut about) = (self.recording.clone(), dialled.about);
                if let Some(fields) = about.as_object_mut() {
                    fields.insert("local".to_owned(), json!(dialled.cord.local().to_string()));
                    fields.insert("peer".to_owned(), json!(dialled.cord.peer().to_string()));
                }
                let connected = about.clone();
                let noting = self.pen.aside(move || recording.event(None, "target-leg", about));
                if let Some(Some(Err(error))) = self.unless_cut(noting).await {
                    self.recorder_gave_up(&error);
                }
                gate.write_connected(self, &connected);
                self.goes(Taken::Ssh { at: dialled.at, known_by: dialled.known_by });
                Ok((dialled.leg, dialled.cord))
            }
            Err(DialError::Ended) => Err(self.parting_words()),
            Err(error) => {
                let body = json!({ "failure": error.as_str(), "detail": error.to_string() });
                if let Err(error) = self.note(None, "target-failed", body.clone()).await {
                    tracing::error!(session.id = %self.id, %error, "the target's failure could not be recorded");
                }
                gate.write_target_failed(self, &error, body).await;
                self.cut(EndReason::TargetFailed);
                Err(error.sentence().to_owned())
            }
        }
    }

    /// What a technician reads whose session ended before there was a channel.
    fn parting_words(&self) -> String {
        match *self.flow().borrow() {
            Flow::Cut(reason) => self.last_words(reason),
            _ => DialError::Ended.sentence().to_owned(),
        }
    }

    async fn ticket(self: &Arc<Self>, gate: &Gate) -> Result<Ticket, DialError> {
        let permit = self.permit();
        let is_ssh = |endpoint: &&Endpoint| matches!(endpoint, Endpoint::Ssh { .. });
        let endpoint = permit.target().endpoints.iter().find(is_ssh).cloned().ok_or(DialError::NoEndpoint)?;
        let account = permit.account().cloned().ok_or(DialError::NoEndpoint)?;
        let credential = gate.shared.vault.credential(&gate.shared.store, permit.target().id, &account).await;
        let credential = credential.map_err(|error| {
            tracing::error!(session.id = %self.id, %error, "a target's credential could not be opened");
            DialError::NoCredential
        })?;
        let mandate = self.mandate(gate, &credential).await?;
        Ok(Ticket { endpoint, account, credential, mandate, session: Arc::clone(self) })
    }

    /// The terms of the certificate that the session signs in with, where the target trusts the gate's user CA.
    async fn mandate(
        &self,
        gate: &Gate,
        credential: &TargetCredential,
    ) -> Result<Option<Mandate>, DialError> {
        if !matches!(credential, TargetCredential::UserCa) {
            return Ok(None);
        }
        let authorities = gate.shared.vault.user_ca(&gate.shared.store).await.map_err(|error| {
            tracing::error!(session.id = %self.id, %error, "the user CA's key could not be opened");
            DialError::NoCredential
        })?;
        let sources = &gate.shared.settings.leaves_from;
        let mandate = Mandate::of(self.id, &self.permit(), authorities, sources, self.began.now());
        mandate.map(Some).ok_or(DialError::NoEndpoint)
    }
}
