//! Errors of the layers below as problems: what the caller may know, and what to do next.

use axum::http::StatusCode;
use chaperone_desk::DeskError;
use chaperone_identity::FactorError;
use chaperone_policy::TransitionError;
use chaperone_store::StoreError;
use chaperone_vault::VaultError;

use crate::problem::Problem;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Gone(_) => Self::unavailable(
                "the gate's database does not answer",
                "nothing was changed; try again when /readyz says so",
            ),
            StoreError::WentBack { .. } => Self::unavailable(
                "the gate's database is older than what the gate has signed; nothing can be changed",
                "see the operator's guide, \"the database went back\": two people run chaperone ledger fork",
            ),
            StoreError::Duplicate(name) => Self::conflict(
                format!("there is one already: {name}"),
                "choose another name, or change the one there is",
            ),
            StoreError::NotFound(what) => Self::new(
                StatusCode::NOT_FOUND,
                format!("there is no such {what}"),
                format!("list what there is: chaperone {what} list"),
            ),
            StoreError::NoFork(why) => {
                Self::conflict(format!("the ledger was not forked: {why}"), "see /readyz for how it stands")
            }
            StoreError::NoProof(error) => Self::bad(error.to_string(), "see how many facts there are"),
            StoreError::SpoolFull => Self::unavailable("the gate's spool is full", "bring the database back"),
            _ => Self::fault("use its database", &error),
        }
    }
}

impl From<TransitionError> for Problem {
    fn from(error: TransitionError) -> Self {
        Self::conflict(error.to_string(), "see how it stands: chaperone window show")
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::NoRecording => Self::new(
                StatusCode::NOT_FOUND,
                "there is no recording of this visit on this node",
                "ask the node that the visit was on: chaperone session show",
            ),
            DeskError::Missing => Self::new(
                StatusCode::GONE,
                "the ledger has the seal of this recording, and its file is gone from this node",
                "the SOC has an alert; bring the file back from the archive and verify it",
            ),
            DeskError::NoIdentity => Self::conflict(
                "the evidence identity is not on this node, so the content cannot be opened here",
                "export it as chap, and open it where the identity is: chaperone-verify RECORDING --identity FILE",
            ),
            DeskError::View(why) => Self::conflict(
                format!("the recording cannot be shown: {why}"),
                "chaperone recording verify says where its sound part ends",
            ),
            DeskError::Store(error) => error.into(),
            DeskError::Closing => Self::unavailable("the gate is shutting down", "try again when it is back"),
            DeskError::Work(error) => Self::fault("open a recording", &error),
        }
    }
}

impl From<FactorError> for Problem {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::TooMany(wait) => Self {
                kind: Some("too-many".into()),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too many sign-ins have failed",
                    format!("try again in {} minutes", wait.as_mins() + 1),
                )
            },
            FactorError::Link => Self::new(
                StatusCode::NOT_FOUND,
                "this link is not valid any more",
                "ask an administrator for a new one",
            ),
            FactorError::Code | FactorError::Weak(_) => Self::bad(error.to_string(), "try again"),
            FactorError::Failed(_) => Self::forbidden("this was not accepted", "try again"),
            FactorError::Store(error) => error.into(),
            FactorError::Secret => Self::fault("make or open a secret", &error),
        }
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        Self::fault("seal a secret", &error)
    }
}
