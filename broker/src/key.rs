//! `chaperone key new`: makes an identity, on whatever host it is to live, and prints its recipient. The private half goes
//! into a file of its own and nowhere else; a gate gets the recipient.

use std::path::PathBuf;

use chaperone_recorder::Identity;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::{Failure, chain, say, say_json};

/// Verbs of `key`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make an identity that opens recordings, and print its recipient
    New(New),
}

/// Arguments of `key new`.
#[derive(Debug, Args)]
pub struct New {
    /// What it is to open: evidence, unmask (typed input), or escrow (both; it lies in a safe)
    #[arg(value_name = "KIND")]
    kind: Kind,
    /// The file for the identity, readable for its owner only; it must not exist
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// What an identity opens.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// Everything but typed input.
    Evidence,
    /// Typed input.
    Unmask,
    /// Both.
    Escrow,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Unmask => "unmask",
            Self::Escrow => "escrow",
        }
    }
}

/// Makes it.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn run(verb: Verb) -> Result<(), Failure> {
    let Verb::New(New { kind, output, json }) = verb;
    let identity = Identity::generate();
    identity.save(&output).map_err(|error| {
        Failure::failed(
            format!("the identity cannot be kept: {}", chain(&error)),
            "name a file that does not exist",
        )
    })?;
    let (kind, recipient) = (kind.name(), identity.recipient().to_string());
    if json {
        return say_json(&json!({ "kind": kind, "recipient": recipient, "identity": output }));
    }
    say(&format!(
        "{recipient}\n\nThe identity is in {}. Add the line above to keys/{kind}.recipients of every gate:\n\
         it is in force for new recordings within seconds, without a restart.",
        output.display()
    ))
}
