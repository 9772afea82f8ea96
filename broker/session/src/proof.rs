//! Proofs that are shown again for one visit after the other: a client certificate, the cookie of a web console. One whose
//! visit was stopped, or left, is spent on every node, whatever restarts: the database says so.

use std::fmt;

use chaperone_policy::{Reason, Refusal};
use chaperone_store::{Followed, ProofOver, StoreError};
use uuid::Uuid;

use crate::flow::EndReason;
use crate::gate::{Ask, Gate, Refused};
use crate::record::FailedProof;

/// What somebody has proven who they are with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// A certificate, by the serial of the first one: what is renewed stays the same proof.
    Certificate(String),
    /// The token of a web console, by its id.
    Token(Uuid),
}

/// Its stored name, which is no secret.
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(serial) => write!(f, "certificate:{serial}"),
            Self::Token(id) => write!(f, "console:{id}"),
        }
    }
}

/// Why a proof that is spent opens nothing, as the SOC reads it. Who shows one after new factors may have stolen it.
#[must_use]
pub fn why_spent(over: EndReason) -> &'static str {
    match over {
        EndReason::Stopped => "its visit was stopped",
        _ => "its holder has left the visit or signed out, or was locked or given new factors since",
    }
}

impl Gate {
    /// Why a proof that was good once enters no visit any more, if it does not: on no node.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn proof_over(&self, proof: &Proof) -> Result<Option<EndReason>, StoreError> {
        let (store, proof) = (self.shared.store.clone(), proof.to_string());
        let asked = self.shared.core.spawn(async move { store.proof_over(&proof).await });
        let over = asked.await.unwrap_or(Err(StoreError::Gone(None)))?;
        Ok(over.map(|over| match over {
            ProofOver::Stopped => EndReason::Stopped,
            ProofOver::Left => EndReason::ClientClosed,
        }))
    }

    /// Refuses somebody whose proof was good once, and is spent; a fact that says why.
    pub async fn refuse_spent(&self, ask: &Ask, over: EndReason) -> Refused {
        let login = ask.proof.get("login").and_then(serde_json::Value::as_str).unwrap_or_default();
        let what = match &ask.shown {
            Some(Proof::Certificate(_)) => "TLS certificate",
            Some(Proof::Token(_)) => "console",
            None => "proof",
        };
        let proof = FailedProof {
            user: format!("{login}+{}", ask.target),
            source: ask.source,
            offers: ask.shown.iter().map(ToString::to_string).collect(),
            reason: Reason::Credential,
            person: Some(ask.person),
            why: Some(format!("{what}: {}", why_spent(over))),
            reference: ask.reference.clone(),
            protocol: ask.speaks(),
        };
        self.failed_proof(proof).await;
        self.refused(&Refusal::without_window(Reason::Credential), &ask.reference)
    }

    /// Follows a link to a web console: it opens once, on whichever node.
    ///
    /// # Errors
    /// When the database does not take it: then it opens nothing.
    pub async fn follow_console(&self, token: Uuid) -> Result<Followed, StoreError> {
        let proof = Proof::Token(token).to_string();
        self.shared.store.write(move |tx| Box::pin(async move { tx.follow_console(&proof).await })).await
    }

    /// The holder of a web console has left it for good: nothing opens it again.
    pub async fn leave_console(&self, proof: &Proof) {
        let name = proof.to_string();
        let written =
            self.shared.store.write(move |tx| Box::pin(async move { tx.leave_console(&name).await })).await;
        if let Err(error) = written {
            // This node knows it until it restarts.
            tracing::error!(%error, "that a console was left could not be written down");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_two_kinds_of_proof_are_never_the_same() {
        let id = Uuid::from_u128(7);
        let certificate = Proof::Certificate(id.to_string()).to_string();
        assert_ne!(certificate, Proof::Token(id).to_string());
        assert_eq!(Proof::Certificate("0a1b".to_owned()).to_string(), "certificate:0a1b");
    }
}
