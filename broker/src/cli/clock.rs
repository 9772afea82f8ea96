//! `chaperone clock …`

use chaperone_web::wire::{Because, ForkView};
use clap::Subcommand;

use super::outcome::Failure;
use super::via::Remote;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Accept the clock as it is, when facts lie in its future: two people run this
    Accept {
        /// What was wrong with the clock
        #[arg(long)]
        reason: String,
    },
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Accept { reason } => {
            let accepted: ForkView = client.post(&["clock", "accept"], &Because { reason }).await?;
            via.done(&accepted, |accepted| accepted.next.clone())
        }
    }
}
