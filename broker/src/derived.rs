//! `chaperone derived`: the desk's own store of what it has read out of recordings.

use chaperone_policy::SessionId;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::{Failure, WithConfig, chain, say, say_json};
use crate::config::Config;
use crate::serve;

/// Verbs of `derived`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Have recordings read anew: all, or one. The desk that runs does it in the background; until then the old stays
    Rebuild(Rebuild),
}

/// Arguments of `derived rebuild`.
#[derive(Debug, Args)]
pub struct Rebuild {
    #[command(flatten)]
    config: WithConfig,
    /// The recording of this visit alone
    #[arg(long, value_name = "ID")]
    session: Option<SessionId>,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Does it. It changes and shows no evidence, so it is no fact: what it makes can be made again from the recordings at will.
///
/// # Errors
/// When the derived store does not answer.
pub async fn run(verb: Verb) -> Result<(), Failure> {
    let Verb::Rebuild(rebuild) = verb;
    let config = Config::load(&rebuild.config.config)?;
    let derived = serve::derived(&config).await?;
    let marked = derived.rebuild(rebuild.session).await.map_err(|error| {
        Failure::failed(
            format!("the derived store cannot be changed: {}", chain(&error)),
            "see desk.database",
        )
    })?;
    if rebuild.json {
        return say_json(&json!({ "marked": marked }));
    }
    say(&format!(
        "{marked} recordings are read anew, in the background, once `chaperone serve` runs as a desk."
    ))
}
