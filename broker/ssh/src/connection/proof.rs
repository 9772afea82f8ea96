//! Who somebody is: names, offers, keys and codes, and the fact of each proof that failed, which is written before its
//! answer.

use chaperone_identity::{ProofFailure, ProvenPerson, Touch, UserName, Why};
use chaperone_policy::{AccountName, Reason};
use chaperone_session::{Ask, FailedProof};
use jiff::SignedDuration;
use russh::keys::HashAlg;
use russh::keys::ssh_key::{Algorithm, Certificate, PublicKey};
use russh::server::{Auth, PublicKeyOffer, VerifiedPublicKey};
use russh::{MethodKind, MethodSet};
use tokio::task::JoinHandle;

use super::certificate::Parts;
use super::{Connection, FAILED_PROOFS, Half, OFFERS};
use crate::admission::{Asking, ask};
use crate::second::Left;

impl Connection {
    /// Who is meant from here on. Another name than before resets whatever was proven or begun under the other, and what
    /// came of that is written down under the other.
    pub(super) async fn names(&mut self, user: &str) {
        if self.named.as_deref() == Some(user) {
            return;
        }
        for written in [self.leave_half(), self.leave_name()].into_iter().flatten() {
            written_down(written).await;
        }
        (self.proven, self.shown, self.foretold, self.told) = (None, None, None, false);
        self.unsure = false;
        (self.named, self.user) = (Some(user.to_owned()), Some(UserName::printable(user)));
        self.progress.named.send_replace(true);
    }

    /// Whether this connection may fail no more.
    pub(super) fn is_spent(&self) -> bool {
        let short = self.asks.second.factors.failures().is_short_with(self.peer.ip(), self.gate.now());
        self.failed >= if short { 1 } else { FAILED_PROOFS }
    }

    /// What is told of a failure: where too much has failed in this login from there, that nobody looked. Nobody guesses a
    /// key, so the right one is let in whatever strangers behind the same address have done in its person's name.
    fn held_back(&self, user: &str, failure: ProofFailure) -> ProofFailure {
        let held = self.asks.second.factors.failures().held_back(user, self.peer.ip(), self.gate.now());
        held.map_or(failure, |_| ProofFailure::credential().because(Why::HeldBack))
    }

    pub(super) fn offered(&mut self, key: &PublicKey) {
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        if self.offers.len() < OFFERS && !self.offers.contains(&fingerprint) {
            self.offers.push(fingerprint);
        }
    }

    /// Writes down a failed proof, and only then lets it be answered. russh holds the answer back until its fixed time; a
    /// commit that takes longer takes as long whatever was wrong.
    pub(super) async fn fail(&mut self, failure: ProofFailure) -> Auth {
        // A code that failed is counted with its key.
        let counted = failure.reason() != Reason::SecondFactor;
        let user = self.user.clone().unwrap_or_default();
        let (failures, now) = (self.asks.second.factors.failures(), self.gate.now());
        let held = if counted { failures.failed(&user, self.peer.ip(), now) } else { None };
        written_down(self.write_failed_and_held(failure, held)).await;
        Auth::reject()
    }

    /// A connection that offered keys in vain under a name, or said no more than the name: one fact, whatever the number
    /// of keys; unless something that failed in this name is a fact already.
    pub(super) fn leave_name(&mut self) -> Option<JoinHandle<()>> {
        let failure = self.refused_offer.take().unwrap_or_else(ProofFailure::credential);
        (self.user.is_some() && !self.told).then(|| self.write_failed(failure))
    }

    /// An offer was not accepted. Of several, one that says what exactly was wrong is what the fact tells: after a
    /// certificate a client offers its bare key.
    pub(super) fn refuse_offer(&mut self, failure: ProofFailure) {
        if self.refused_offer.as_ref().is_none_or(|kept| kept.why().is_none()) {
            self.refused_offer = Some(failure);
        }
    }

    /// Writes down a failed proof on a task of its own, so that a peer that leaves breaks nothing off. The connection's
    /// place is held until it is written: who comes and goes faster than facts can be written finds the door full.
    pub(super) fn write_failed(&mut self, failure: ProofFailure) -> JoinHandle<()> {
        self.write_failed_and_held(failure, None)
    }

    fn write_failed_and_held(
        &mut self,
        failure: ProofFailure,
        held: Option<SignedDuration>,
    ) -> JoinHandle<()> {
        self.failed += 1;
        self.told = true;
        let proof = FailedProof {
            user: self.user.clone().unwrap_or_default(),
            source: self.peer,
            offers: self.offers.clone(),
            reason: failure.reason(),
            person: failure.person(),
            why: failure.why().map(ToString::to_string),
            reference: self.reference.clone(),
            protocol: "ssh",
        };
        let (gate, place) = (self.gate.clone(), self.progress.place.upgrade());
        tokio::spawn(async move {
            gate.failed_proof(proof.clone()).await;
            if let Some(lasts) = held {
                gate.held_back(&proof, lasts).await;
            }
            drop(place);
        })
    }

    /// Looks at a key that has signed.
    pub(super) async fn prove(
        &self,
        user: &str,
        key: &VerifiedPublicKey<'_>,
    ) -> Result<ProvenPerson, ProofFailure> {
        sound(key.algorithm)?;
        let facts = self.gate.people().await.map_err(|_| ProofFailure::unavailable())?;
        let blob = key.public_key.to_bytes().map_err(|_| ProofFailure::unavailable())?;
        let touch = Touch::of(&blob, key.signature.as_bytes());
        let proof = chaperone_identity::authenticate_key(&facts, user, &blob, touch, self.gate.now());
        proof.map_err(|failure| self.held_back(user, failure))
    }

    /// Looks at a certificate whose key has signed.
    pub(super) async fn prove_by_certificate(
        &self,
        user: &str,
        certificate: &Certificate,
        key: &VerifiedPublicKey<'_>,
    ) -> Result<ProvenPerson, ProofFailure> {
        sound(key.algorithm)?;
        let facts = self.gate.people().await.map_err(|_| ProofFailure::unavailable())?;
        let parts = Parts::of(certificate).ok_or_else(ProofFailure::credential)?;
        let touch = Touch::of(&parts.key, key.signature.as_bytes());
        let now = self.gate.now();
        let proof = chaperone_identity::authenticate_certificate(&facts, user, &parts.shown(), touch, now);
        proof.map_err(|failure| self.held_back(user, failure))
    }

    /// Whether an offered key or certificate is worth a signature; proves nothing.
    pub(super) async fn worth_a_signature(
        &self,
        user: &str,
        offer: &PublicKeyOffer<'_>,
    ) -> Result<(), ProofFailure> {
        sound(offer.algorithm)?;
        let facts = self.gate.people().await.map_err(|_| ProofFailure::unavailable())?;
        let now = self.gate.now();
        if let Some(certificate) = offer.certificate {
            let parts = Parts::of(certificate).ok_or_else(ProofFailure::credential)?;
            let worth = chaperone_identity::is_certified(&facts, user, &parts.shown(), now);
            return worth.map_err(|failure| self.held_back(user, failure));
        }
        let blob = offer.public_key.to_bytes().map_err(|_| ProofFailure::unavailable())?;
        let worth = chaperone_identity::is_enrolled(&facts, user, &blob, now);
        worth.map_err(|failure| self.held_back(user, failure))
    }

    /// Whether a key is the one that somebody has proven who they are with, whatever spoke for it, or another of theirs.
    pub(super) async fn is_key_of(&self, proven: &ProvenPerson, key: &PublicKey) -> bool {
        if key.fingerprint(HashAlg::Sha256).to_string() == proven.fingerprint() {
            return true;
        }
        let (Ok(facts), Ok(blob)) = (self.gate.people().await, key.to_bytes()) else { return false };
        chaperone_identity::is_enrolled(&facts, proven.login().as_str(), &blob, self.gate.now()).is_ok()
    }

    /// Somebody comes through a connection that is theirs, and signs with a key all the same, as a client does that never asks
    /// whether it must. A certificate over the key says nothing new.
    pub(super) async fn comes_with_key(
        &mut self,
        account: &str,
        key: &PublicKey,
    ) -> Result<Auth, russh::Error> {
        let Some(through) = self.through.clone() else { return Ok(Auth::reject()) };
        if self.is_key_of(&through.proven, key).await {
            return self.comes_through(account).await;
        }
        self.comes_in_vain(account).await
    }

    /// Somebody comes through a connection that is theirs: who they are is proven there, and what they name is the account.
    pub(super) async fn comes_through(&mut self, account: &str) -> Result<Auth, russh::Error> {
        let Some(through) = self.through.clone() else { return Ok(Auth::reject()) };
        let user = format!("{}+{}+{account}", through.proven.login(), through.target);
        let is_name = user.parse::<UserName>().is_ok() && account.parse::<AccountName>().is_ok();
        if !is_name {
            return self.comes_in_vain(account).await;
        }
        self.names(&user).await;
        self.shown = through.second;
        self.proven = Some(through.proven);
        Ok(Auth::Accept)
    }

    /// Another's key, or a name that is none: as often as anybody may fail.
    async fn comes_in_vain(&mut self, account: &str) -> Result<Auth, russh::Error> {
        self.names(account).await;
        if self.is_spent() {
            return Err(russh::Error::Disconnect);
        }
        Ok(self.fail(ProofFailure::credential()).await)
    }

    /// Somebody with a proven key who goes on without the code: a fact, unless a failed code is one already.
    pub(super) fn leave_half(&mut self) -> Option<JoinHandle<()>> {
        let half = self.half.take().filter(|half| !half.told)?;
        Some(self.write_failed(ProofFailure::second_factor(half.proven.person())))
    }

    /// What a first factor has come to.
    pub(super) async fn first_factor(
        &mut self,
        proof: Result<ProvenPerson, ProofFailure>,
    ) -> Result<Auth, russh::Error> {
        match proof {
            Ok(proven) => self.key_proven(proven).await,
            Err(_) if self.is_spent() => Err(russh::Error::Disconnect),
            Err(failure) => Ok(self.fail(failure).await),
        }
    }

    /// A key is proven: what is left to prove?
    async fn key_proven(&mut self, proven: ProvenPerson) -> Result<Auth, russh::Error> {
        let source = self.peer.ip();
        let left = self.asks.second.left(&proven, source, self.gate.now()).await;
        let user = self.user.clone().unwrap_or_default();
        let asking = Asking {
            user: &user,
            peer: self.peer,
            offers: &self.offers,
            client: "",
            second: None,
            reference: &self.reference,
            jumped: false,
        };
        let ask = ask(&proven, &asking);
        match left {
            Left::Nothing(second) => {
                self.shown = second;
                self.proven = Some(proven);
                Ok(Auth::Accept)
            }
            Left::Unknown => {
                if let Some(ask) = &ask {
                    self.foretold = Some(self.gate.refuse_without_store(ask).await);
                }
                self.unsure = true;
                self.proven = Some(proven);
                Ok(Auth::Accept)
            }
            Left::Code => self.owes_a_code(proven, ask).await,
        }
    }

    /// Their code is left to show. A client proves a key once and is asked then: each time more counts as a failed proof does,
    /// whatever name it is in, and is no attempt of its own where the same key was proven in the same name.
    async fn owes_a_code(&mut self, proven: ProvenPerson, ask: Option<Ask>) -> Result<Auth, russh::Error> {
        if std::mem::replace(&mut self.owed, true) {
            if self.is_spent() {
                return Err(russh::Error::Disconnect);
            }
            self.failed += 1;
        }
        if self.half.as_ref().is_none_or(|half| half.proven != proven) {
            let foretold = match &ask {
                Some(ask) => self.gate.foretell(ask).await,
                None => None,
            };
            let told = foretold.is_some();
            self.told |= told;
            self.half = Some(Half { proven, foretold, told });
        }
        Ok(Auth::Reject {
            proceed_with_methods: Some(MethodSet::from([MethodKind::KeyboardInteractive].as_slice())),
            partial_success: true,
        })
    }

    /// The answer to the one prompt.
    pub(super) async fn code_given(&mut self, code: &str) -> Result<Auth, russh::Error> {
        let Some(mut half) = self.half.take() else { return Ok(self.fail(ProofFailure::credential()).await) };
        match self.asks.second.check(&half.proven, code, self.peer.ip(), self.gate.now()).await {
            Ok(second) => {
                self.shown = Some(second);
                self.foretold = half.foretold;
                self.proven = Some(half.proven);
                Ok(Auth::Accept)
            }
            Err(_) if self.is_spent() => Err(russh::Error::Disconnect),
            Err(_) => {
                let rejected = self.fail(ProofFailure::second_factor(half.proven.person())).await;
                half.told = true;
                self.half = Some(half);
                Ok(rejected)
            }
        }
    }
}

/// SHA-1 (`ssh-rsa`) signs nothing here, whosever key it is.
fn sound(algorithm: &Algorithm) -> Result<(), ProofFailure> {
    match algorithm {
        Algorithm::Rsa { hash: None } | Algorithm::Dsa => Err(ProofFailure::credential()),
        _ => Ok(()),
    }
}

/// Waits until a fact is written.
async fn written_down(written: JoinHandle<()>) {
    if let Err(error) = written.await {
        tracing::error!(%error, "a failed proof may not have been written down");
    }
}
