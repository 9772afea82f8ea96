//! `chaperone logout`: leaves the web consoles that were opened with what is kept for a gate, and forgets that. A browser's
//! sign-in is over with it; a token cannot be taken back, and is good until its end for whoever else has it.

use clap::Args;
use serde_json::json;

use super::login;
use super::outcome::{Failure, say, say_json};
use super::via::Via;

#[derive(Debug, Args)]
pub(crate) struct Logout {
    #[command(flatten)]
    via: Via,
}

pub(crate) async fn run(Logout { via }: Logout) -> Result<(), Failure> {
    let (server, credential) = via.as_whom()?;
    let was_good = via.client()?.sign_out().await?;
    let forgotten = login::forget(&server, &credential)?;
    if via.json {
        return say_json(&json!({ "server": server, "was_good": was_good, "forgotten": forgotten }));
    }
    let what = if was_good { "Signed out of" } else { "Nobody was signed in any more at" };
    let kept = if forgotten { "; what was kept for it is forgotten" } else { "" };
    say(&format!("{what} {server}{kept}."))
}
