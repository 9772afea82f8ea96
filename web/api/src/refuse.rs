//! Errors of the layers below as problems: what the caller may know, and what to do next.

use axum::http::StatusCode;
use chaperone_desk::{BundleError, DeskError};
use chaperone_identity::FactorError;
use chaperone_policy::{OnTheSpotError, TransitionError};
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

impl From<OnTheSpotError> for Problem {
    fn from(error: OnTheSpotError) -> Self {
        Self::conflict(error.to_string(), "enrol them in order: chaperone person add")
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
            DeskError::Deleted { .. } => Self::new(
                StatusCode::GONE,
                error.to_string(),
                "its facts and its seal stay in the ledger; what was copied out before can still be verified",
            ),
            DeskError::Masked => Self::forbidden(
                error.to_string(),
                "ask for it with a reason, and have another analyst or lead agree: chaperone unmask ask --session ID --reason …",
            ),
            DeskError::Denied(denied) => Self::forbidden(
                format!("typed input stays masked: {denied}"),
                "one of the two who agreed may not any more; ask anew",
            ),
            DeskError::NoUnmaskIdentity => Self::conflict(
                "the unmask identity is not on this node, so typed input cannot be opened here",
                "ask on the node that has it; or export as chap, and open it where the identity is: chaperone-verify RECORDING --identity FILE",
            ),
            DeskError::Delete(error) => Self::fault("delete a recording over its time", &error),
            DeskError::NoIdentity => Self::conflict(
                "the evidence identity is not on this node, so the content cannot be opened here",
                "ask a node that is a desk; or export it as chap, and open it where the identity is: \
                 chaperone-verify RECORDING --identity FILE",
            ),
            DeskError::NoIndex => Self::conflict(
                "nothing was read out of recordings on this node, so there is nothing to search in",
                "ask a node that is a desk and has the evidence identity",
            ),
            DeskError::NoWords => {
                Self::bad("q: there is no word in the phrase", "search for letters or digits")
            }
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

impl From<BundleError> for Problem {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::Busy => Self::unavailable(
                "another bundle is being made on this node",
                "try again when it is finished",
            ),
            BundleError::Nothing => {
                Self::conflict("the ledger holds nothing about this", "check the id and the times")
            }
            BundleError::Times => Self::bad(
                "the asked time ends before it begins, or has not begun",
                "give a from that is before to, and before now",
            ),
            BundleError::NoIdentity => Self::conflict(
                "the evidence identity is not on this node, so the recordings' keys cannot be handed over here",
                "make the bundle on a node with the desk's role",
            ),
            BundleError::Store(error) => error.into(),
            BundleError::Closing => {
                Self::unavailable("the gate is shutting down", "try again when it is back")
            }
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
