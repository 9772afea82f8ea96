//! Whom new recordings are sealed to: read at the start, and again when a file changes, so that keys rotate while visits
//! run. Which recipients are in force is a fact.

use std::path::Path;
use std::time::Duration;

use chaperone_recorder::Recipient;
use chaperone_session::Gate;
use chaperone_store::{FactKind, NewFact, Store};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::keys::unreadable;
use crate::cli::{Failure, chain};
use crate::installation::Installation;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The recipients of a node's recordings, as the three files have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipients {
    evidence: Vec<Recipient>,
    unmask: Vec<Recipient>,
    /// Both data keys are sealed to these too; their identities lie in a safe.
    escrow: Vec<Recipient>,
}

impl Recipients {
    pub(super) fn read(installation: &Installation) -> Result<Self, Failure> {
        let escrow = installation.escrow_recipients();
        Ok(Self {
            evidence: some(&installation.evidence_recipients())?,
            unmask: some(&installation.unmask_recipients())?,
            escrow: if escrow.exists() { listed(&escrow)? } else { Vec::new() },
        })
    }

    /// To whom the evidence key is sealed.
    pub(super) fn of_evidence(&self) -> Vec<Recipient> {
        [self.evidence.as_slice(), &self.escrow].concat()
    }

    /// To whom the key of typed input is sealed.
    pub(super) fn of_input(&self) -> Vec<Recipient> {
        [self.unmask.as_slice(), &self.escrow].concat()
    }

    /// For the ledger.
    pub(super) fn told(&self) -> Value {
        let texts = |recipients: &[Recipient]| -> Vec<String> {
            recipients.iter().map(ToString::to_string).collect()
        };
        json!({
            "evidence": texts(&self.evidence), "unmask": texts(&self.unmask), "escrow": texts(&self.escrow),
        })
    }
}

/// Looks at the files until the future is dropped. A change is in force for recordings that begin after it, and is a fact.
/// Files that cannot be used change nothing, and that is a fact too.
pub(super) async fn keep(installation: Installation, gate: Gate, store: Store, mut known: Recipients) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut complained = String::new();
    loop {
        tick.tick().await;
        let reading = installation.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || Recipients::read(&reading)).await else {
            continue;
        };
        let body = match read {
            Ok(read) if read == known => {
                complained.clear();
                continue;
            }
            Ok(read) => {
                gate.record_for(read.of_evidence(), read.of_input());
                let body = json!({ "recipients": read.told(), "before": known.told() });
                tracing::info!(recipients = %read.told(), "new recordings are for other recipients");
                known = read;
                complained.clear();
                body
            }
            Err(failure) => {
                let why = failure.to_string();
                if why == complained {
                    continue;
                }
                tracing::error!(why, "recipients are not read; those before stay in force");
                complained.clone_from(&why);
                json!({ "recipients": known.told(), "fault": "a file of recipients cannot be used; those before stay" })
            }
        };
        let fact = NewFact::new(FactKind::RecipientsChanged, Timestamp::now(), body);
        if let Err(error) = store.fact_or_spool(fact, None).await {
            tracing::warn!(error = chain(&error), "a change of recipients could not be written down");
        }
    }
}

/// One recipient a line; comments with `#`. At least one.
fn some(path: &Path) -> Result<Vec<Recipient>, Failure> {
    let recipients = listed(path)?;
    if recipients.is_empty() {
        return Err(Failure::failed(
            format!("{} names no recipient", path.display()),
            "put one age1… line into it: `chaperone key new` makes an identity and prints its recipient",
        ));
    }
    Ok(recipients)
}

fn listed(path: &Path) -> Result<Vec<Recipient>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.parse().map_err(|error| unreadable(path, &error))).collect()
}
