//! Who somebody is: names, offers, keys and codes, and the fact of each proof that failed, which is written before its
//! answer.

use chaperone_identity::{ProofFailure, ProvenPerson, UserName};
use chaperone_policy::AccountName;
use chaperone_session::FailedProof;
use russh::keys::HashAlg;
use russh::keys::ssh_key::PublicKey;
use russh::server::Auth;
use russh::{MethodKind, MethodSet};
use tokio::task::JoinHandle;

use super::{Connection, FAILED_PROOFS, Half, OFFERS};
use crate::admission::{Asking, ask};
use crate::second::Left;

impl Connection {
    pub(super) async fn names(&mut self, user: &str) {
        if self.user.as_deref() != Some(user) {
            self.user = Some(UserName::printable(user));
            self.progress.named.send_replace(true);
            self.proven = None;
            if let Some(written) = self.leave_half() {
                written_down(written).await;
            }
        }
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
        written_down(self.write_failed(failure)).await;
        Auth::reject()
    }

    /// Writes down a failed proof on a task of its own, so that a peer that leaves breaks nothing off. The connection's
    /// place is held until it is written: who comes and goes faster than facts can be written finds the door full.
    pub(super) fn write_failed(&mut self, failure: ProofFailure) -> JoinHandle<()> {
        self.failed += 1;
        let proof = FailedProof {
            user: self.user.clone().unwrap_or_default(),
            source: self.peer,
            offers: self.offers.clone(),
            reason: failure.reason(),
            person: failure.person(),
            reference: self.reference.clone(),
        };
        let (gate, place) = (self.gate.clone(), self.progress.place.upgrade());
        tokio::spawn(async move {
            gate.failed_proof(proof).await;
            drop(place);
        })
    }

    pub(super) async fn prove(&self, user: &str, key: &PublicKey) -> Result<ProvenPerson, ProofFailure> {
        let facts = self.gate.people().await.map_err(|_| ProofFailure::unavailable())?;
        let blob = key.to_bytes().map_err(|_| ProofFailure::unavailable())?;
        chaperone_identity::authenticate_key(&facts, user, &blob, self.gate.now())
    }

    /// Whether an offered key is worth a signature; proves nothing.
    pub(super) async fn enrolled(&self, user: &str, key: &PublicKey) -> Result<(), ProofFailure> {
        let facts = self.gate.people().await.map_err(|_| ProofFailure::unavailable())?;
        let blob = key.to_bytes().map_err(|_| ProofFailure::unavailable())?;
        chaperone_identity::is_enrolled(&facts, user, &blob, self.gate.now())
    }

    /// Whether a key is one of somebody's who is proven.
    pub(super) async fn is_key_of(&self, proven: &ProvenPerson, key: &PublicKey) -> bool {
        let same = |other: ProvenPerson| other.person() == proven.person();
        self.prove(proven.login().as_str(), key).await.is_ok_and(same)
    }

    /// Somebody comes through a connection that is theirs: who they are is proven there, and what they name is the account.
    pub(super) async fn comes_through(&mut self, account: &str) -> Auth {
        let Some(through) = self.through.clone() else { return Auth::reject() };
        let user = format!("{}+{}+{account}", through.proven.login(), through.target);
        let is_name = user.parse::<UserName>().is_ok() && account.parse::<AccountName>().is_ok();
        if !is_name {
            self.names(account).await;
            return self.fail(ProofFailure::credential()).await;
        }
        self.names(&user).await;
        self.shown = through.second;
        self.proven = Some(through.proven);
        Auth::Accept
    }

    /// Somebody with a proven key who goes on without the code: a fact, unless a failed code is one already.
    pub(super) fn leave_half(&mut self) -> Option<JoinHandle<()>> {
        let half = self.half.take().filter(|half| !half.told)?;
        Some(self.write_failed(ProofFailure::second_factor(half.proven.person())))
    }

    /// A key is proven: what is left to prove?
    pub(super) async fn key_proven(&mut self, proven: ProvenPerson) -> Auth {
        let source = self.peer.ip();
        let left = self.second.left(&proven, source, self.gate.now()).await;
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
                Auth::Accept
            }
            Left::Unknown => {
                if let Some(ask) = &ask {
                    self.foretold = Some(self.gate.refuse_without_store(ask).await);
                }
                self.proven = Some(proven);
                Auth::Accept
            }
            Left::Code => {
                let foretold = match &ask {
                    Some(ask) => self.gate.foretell(ask).await,
                    None => None,
                };
                let told = foretold.is_some();
                self.half = Some(Half { proven, foretold, told });
                Auth::Reject {
                    proceed_with_methods: Some(MethodSet::from([MethodKind::KeyboardInteractive].as_slice())),
                    partial_success: true,
                }
            }
        }
    }

    /// The answer to the one prompt.
    pub(super) async fn code_given(&mut self, code: &str) -> Result<Auth, russh::Error> {
        let Some(mut half) = self.half.take() else { return Ok(self.fail(ProofFailure::credential()).await) };
        match self.second.check(&half.proven, code, self.peer.ip(), self.gate.now()).await {
            Ok(second) => {
                self.shown = Some(second);
                self.foretold = half.foretold;
                self.proven = Some(half.proven);
                Ok(Auth::Accept)
            }
            Err(_) if self.failed >= FAILED_PROOFS => Err(russh::Error::Disconnect),
            Err(_) => {
                let rejected = self.fail(ProofFailure::second_factor(half.proven.person())).await;
                half.told = true;
                self.half = Some(half);
                Ok(rejected)
            }
        }
    }
}

/// Waits until a fact is written.
async fn written_down(written: JoinHandle<()>) {
    if let Err(error) = written.await {
        tracing::error!(%error, "a failed proof may not have been written down");
    }
}
