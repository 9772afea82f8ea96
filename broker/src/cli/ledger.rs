//! `chaperone ledger …`

use chaperone_web::wire::{CheckpointView, ForkRequest, ForkView, LedgerVerdict};
use clap::Subcommand;

use super::client::Nothing;
use super::outcome::Failure;
use super::via::Remote;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Recompute everything from the first fact; names the first that was changed
    Verify,
    /// Print the newest signed checkpoint and the key to check it with
    Checkpoint,
    /// Go on from a database that was restored: two people run this
    Fork {
        /// What was restored, and why
        #[arg(long)]
        reason: String,
    },
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Verify => {
            let verdict: LedgerVerdict = client.post(&["ledger", "verify"], &Nothing {}).await?;
            let sound = verdict.sound;
            via.done(&verdict, |verdict| verdict.summary.clone())?;
            if sound {
                Ok(())
            } else {
                Err(Failure::failed(
                    "the ledger is not sound",
                    "keep the database as it is and call the SOC lead",
                ))
            }
        }
        Verb::Checkpoint => {
            let checkpoint: CheckpointView = client.get(&["ledger", "checkpoint"]).await?;
            via.done(&checkpoint, |checkpoint| {
                format!("{}\nkey {}", checkpoint.note, checkpoint.verifier_key)
            })
        }
        Verb::Fork { reason } => {
            let fork: ForkView = client.post(&["ledger", "fork"], &ForkRequest { reason }).await?;
            via.done(&fork, |fork| fork.next.clone())
        }
    }
}
