//! `chaperone everything …`

use chaperone_web::wire::{Because, EverythingLock};
use clap::Subcommand;

use super::outcome::Failure;
use super::via::Remote;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// End every visit now, and let nobody in until somebody unlocks
    Lock {
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Lift that lock: what the schedule says holds again
    Unlock {
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    let (route, reason, done) = match verb {
        Verb::Lock { reason } => ("lock", reason, "Everything is locked: every visit ends now."),
        Verb::Unlock { reason } => ("unlock", reason, "What the schedule says holds again."),
    };
    let state: EverythingLock = client.post(&[route], &Because { reason }).await?;
    via.done(&state, |_| done.to_owned())
}
