//! A client of a raw TLS name proves who they are, and learns in its handshake whether the schedule lets them in.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chaperone_identity::UserName;
use chaperone_policy::{Access, Facts, PersonId, Reason};
use chaperone_session::{Ask, Cord, FailedProof, Foreseen, Gate, Proof, Severable, new_reference, why_spent};
use serde_json::{Value, json};
use tokio_rustls::StartHandshake;

use super::{Heard, Inner, answers, nothing};
use crate::client::{Claimed, ClientCertificate};
use crate::names::{Label, Meant};
use crate::protocols::Offer;
use crate::raw::Client;
use crate::serving;
use crate::verifier::{Judge, Judgement, Seen, Verifier};
use crate::visit::Visits;

/// Who calls, and what they have said.
pub(super) struct Called {
    pub caller: SocketAddr,
    /// Whose token opened the way here.
    pub bearer: Option<PersonId>,
    pub cord: Cord,
    pub label: Label,
    /// Protocols (ALPN).
    pub offered: Vec<Vec<u8>>,
}

/// Finishes the handshake of a raw name. A refusal is told in it, and is a fact with its alert; a proof that failed is a
/// fact, and is told nothing.
pub(super) async fn proves(
    inner: Arc<Inner>,
    start: StartHandshake<Severable>,
    called: Called,
) -> Option<Heard> {
    let Called { caller, bearer, cord, label, offered } = called;
    let Ok(facts) = inner.gate.people().await else {
        return nothing(&inner, caller, "nobody can be proven now", answers::nothing(start.io)).await;
    };
    // As fresh as can be had for the verdict in the handshake; where they cannot be had, the attempt says so.
    drop(inner.gate.facts().await);
    let meant = label.meant(&facts);
    let offer = inner.protocols.offer(caller.ip(), offered);
    let reference = new_reference();
    let asks = Asks { caller, bearer, meant, facts, reference, offer: &offer };
    let schedule = Schedule::new(&inner, asks);
    let verifier = Verifier::new(inner.trust.now(), schedule);
    let shows = Arc::clone(&verifier);
    let config = match serving::raw(Arc::clone(&inner.certificates), shows, offer.answered.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            tracing::error!(%error, "a TLS handshake cannot be set up");
            return None;
        }
    };
    let shaken = start.into_stream(config).into_fallible().await;
    let schedule = verifier.judge();
    match (shaken, verifier.take_seen()) {
        (Ok(stream), Seen::Proven(certificate)) => {
            let (ask, proof) = schedule.asked(&certificate)?;
            let about = schedule.about(&stream, &certificate);
            let meant = schedule.meant.clone();
            let client = Client { stream, cord, meant, offer, about };
            Some(Heard::Proven(Box::new(client), proof, Box::new(ask)))
        }
        (Ok(_), _) => None,
        (Err((error, stream)), seen) => {
            fails(&inner, schedule, seen, (caller, &label), &error);
            answers::nothing(stream).await;
            None
        }
    }
}

/// Writes down what became of a handshake that failed, on a task of its own: a peer that leaves breaks nothing off.
fn fails(
    inner: &Arc<Inner>,
    schedule: &Schedule,
    seen: Seen,
    (caller, label): (SocketAddr, &Label),
    error: &std::io::Error,
) {
    let gate = inner.gate.clone();
    match seen {
        Seen::Proven(certificate) => {
            let (Some((ask, _)), Some(foreseen)) = (schedule.asked(&certificate), schedule.take_foreseen())
            else {
                let person = schedule.facts.people.get(&certificate.person);
                let is_theirs = person.is_some_and(|person| person.login == certificate.login);
                let reason = if is_theirs { Reason::Credential } else { Reason::UnknownPerson };
                let why = schedule.fault_of(&certificate, is_theirs);
                let person = person.map(|person| person.id).filter(|_| is_theirs);
                let claimed =
                    Claimed { name: certificate.login.to_string(), fingerprint: certificate.fingerprint };
                return failed(inner, claimed, (caller, label), schedule, (reason, person, &why));
            };
            let about = json!({ "name": label.as_str(), "source": caller.to_string() });
            tokio::spawn(async move {
                let refused = gate.refuse_foreseen(&ask, foreseen, about).await;
                tracing::info!(reason = %refused.reason.as_str(), "a TLS client was refused");
            });
        }
        Seen::Failed { claimed, why } => {
            failed(inner, claimed, (caller, label), schedule, (Reason::Credential, None, &why));
        }
        Seen::Shown { .. } | Seen::Nothing => {
            tracing::debug!(client.addr = %caller, %error, "a TLS handshake failed before anybody was proven");
            (inner.unheard)(caller.ip());
        }
    }
}

fn failed(
    inner: &Arc<Inner>,
    claimed: Claimed,
    (caller, label): (SocketAddr, &Label),
    schedule: &Schedule,
    (reason, person, why): (Reason, Option<PersonId>, &str),
) {
    if !inner.told.tells() {
        return (inner.unheard)(caller.ip());
    }
    let proof = FailedProof {
        user: UserName::printable(&format!("{}+{label}", claimed.name)),
        source: caller,
        offers: vec![claimed.fingerprint],
        reason,
        person,
        why: Some(format!("TLS certificate: {why}")),
        reference: schedule.reference.clone(),
        protocol: "tls",
    };
    let gate = inner.gate.clone();
    tokio::spawn(async move { gate.failed_proof(proof).await });
}

/// What a connection asks for.
struct Asks<'a> {
    caller: SocketAddr,
    bearer: Option<PersonId>,
    meant: Meant,
    facts: Arc<Facts>,
    reference: String,
    offer: &'a Offer,
}

/// The schedule, for one connection.
struct Schedule {
    gate: Gate,
    visits: Visits,
    caller: SocketAddr,
    bearer: Option<PersonId>,
    meant: Meant,
    access: Access,
    facts: Arc<Facts>,
    reference: String,
    protocols: Value,
    foreseen: Mutex<Option<Foreseen>>,
}

impl Schedule {
    fn new(inner: &Inner, asks: Asks<'_>) -> Self {
        let Asks { caller, bearer, meant, facts, reference, offer } = asks;
        let text = |name: &Vec<u8>| UserName::printable(&String::from_utf8_lossy(name));
        let offered: Vec<String> = offer.list.iter().take(16).map(text).collect();
        let protocols = json!({ "offered": offered, "answered": offer.answered.as_ref().map(text) });
        let access = access(&meant, &facts);
        let (gate, visits) = (inner.gate.clone(), inner.visits.clone());
        let foreseen = Mutex::default();
        Self { gate, visits, caller, bearer, meant, access, facts, reference, protocols, foreseen }
    }

    /// What the holder of a certificate asks for; `None` where nobody is who it names.
    fn asked(&self, certificate: &ClientCertificate) -> Option<(Ask, Proof)> {
        let person = self.facts.people.get(&certificate.person)?;
        if person.login != certificate.login {
            return None;
        }
        let ask = Ask {
            person: person.id,
            key: None,
            target: self.meant.target.clone(),
            account: None,
            within: Some(certificate.window),
            access: Some(self.access),
            source: self.caller,
            proof: json!({
                "login": person.login.as_str(), "method": "tls-certificate", "serial": certificate.serial,
                "certificate": certificate.fingerprint, "window": certificate.window,
                "valid_until": certificate.until,
            }),
            shown: None,
            protocol: "tls",
            reference: self.reference.clone(),
        };
        Some((ask, Proof::Certificate(certificate.visit.clone())))
    }

    /// Whose token carries somebody else's certificate, by their sign-in name.
    fn carried_by_another(&self, certificate: &ClientCertificate) -> Option<String> {
        let bearer = self.bearer.filter(|bearer| *bearer != certificate.person)?;
        let known = self.facts.people.get(&bearer);
        Some(known.map_or_else(|| bearer.to_string(), |person| person.login.to_string()))
    }

    /// What is recorded of a client's side.
    fn about(
        &self,
        stream: &tokio_rustls::server::TlsStream<Severable>,
        certificate: &ClientCertificate,
    ) -> Value {
        let (_, tls) = stream.get_ref();
        json!({
            "name": tls.server_name(), "endpoint": self.meant.endpoint, "source": self.caller.to_string(),
            "serial": certificate.serial, "protocols": self.protocols,
            "tls": tls.protocol_version().map(|version| format!("{version:?}")),
            "suite": tls.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite())),
            "group": tls.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
        })
    }

    /// What is wrong with a certificate that was proven, and is nobody's here.
    fn fault_of(&self, certificate: &ClientCertificate, is_theirs: bool) -> Cow<'static, str> {
        let over = || self.asked(certificate).and_then(|(ask, proof)| self.visits.over(&proof, &ask));
        match self.carried_by_another(certificate) {
            _ if !is_theirs => "nobody is who it names".into(),
            Some(bearer) => format!("it is {}'s, and {bearer}'s token carries it", certificate.login).into(),
            None => over().map_or("it is over", why_spent).into(),
        }
    }

    fn take_foreseen(&self) -> Option<Foreseen> {
        self.foreseen.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Judge for Schedule {
    fn judge(&self, certificate: &ClientCertificate, is_over: bool) -> Judgement {
        let Some((ask, proof)) = self.asked(certificate) else { return Judgement::Nobody };
        if self.carried_by_another(certificate).is_some() || self.visits.over(&proof, &ask).is_some() {
            return Judgement::Nobody;
        }
        let verdict = match self.visits.live(proof, &ask) {
            Some(session) => self.gate.foresee_channel(&session, self.access),
            None => self.gate.foresee(&ask),
        };
        match verdict {
            // There is a window, and the certificate is not for it: a new one is.
            Ok(()) if is_over => Judgement::Nobody,
            Ok(()) => Judgement::LetIn,
            Err(foreseen) => {
                *self.foreseen.lock().unwrap_or_else(PoisonError::into_inner) = Some(foreseen);
                Judgement::Refused
            }
        }
    }
}

/// What a window must grant for it.
fn access(meant: &Meant, facts: &Facts) -> Access {
    let forward = meant.endpoint.as_ref().and_then(|endpoint| {
        let target = facts.target_by_name(&meant.target)?;
        let mut forwards = target.forwards();
        forwards.find(|forward| forward.name == endpoint).map(|forward| forward.access())
    });
    forward.unwrap_or(Access::Tls)
}
