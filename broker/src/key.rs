//! `chaperone key host-ca`: the line by which technicians know servers that they reach by `ssh -J`.
//!
//! `chaperone key new`: makes an identity, on whatever host it is to live, and prints its recipient. The private half goes
//! into a file of its own and nowhere else; a gate gets the recipient.

use std::path::{Path, PathBuf};

use chaperone_recorder::Identity;
use chaperone_ssh::HostAuthority;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::{Failure, WithConfig, chain, say, say_json};
use crate::config::Config;
use crate::init;

/// Verbs of `key`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make an identity that opens recordings, and print its recipient
    New(New),
    /// Print the known_hosts line that vouches for servers reached by `ssh -J`; makes its key where there is none
    HostCa(HostCa),
}

/// Arguments of `key host-ca`.
#[derive(Debug, Args)]
pub struct HostCa {
    #[command(flatten)]
    config: WithConfig,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
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
    match verb {
        Verb::New(new) => make(new),
        Verb::HostCa(asked) => host_ca(&asked),
    }
}

/// Prints the line by which technicians know servers behind the gate.
fn host_ca(HostCa { config, json }: &HostCa) -> Result<(), Failure> {
    let installation = Config::load(&config.config)?.data;
    let path = installation.host_authority();
    let line = if path.exists() {
        let public = path.with_extension("pub");
        let key = std::fs::read_to_string(&public).map_err(|error| unusable(&public, &error))?;
        HostAuthority::known_hosts_line(&key).map_err(|error| unusable(&public, &error))?
    } else {
        init::keys::host_authority(&installation).map_err(|error| unusable(&path, &error))?
    };
    if *json {
        return say_json(&json!({ "known_hosts": line }));
    }
    say(&line)
}

fn unusable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::failed(
        format!("{} cannot be used: {}", path.display(), chain(error)),
        "is this the gate's own user, and data.dir its data folder?",
    )
}

fn make(New { kind, output, json }: New) -> Result<(), Failure> {
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
