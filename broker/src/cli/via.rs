//! How a command reaches the API: flags that every noun shares.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::client::{Client, Credential};
use super::login;
use super::outcome::{Failure, say, say_json};
use super::table::Table;

/// A noun: its verbs, and the flags that all of them share.
#[derive(Debug, Args)]
pub(crate) struct Remote<V: Subcommand> {
    #[command(flatten)]
    pub via: Via,
    #[command(subcommand)]
    pub verb: V,
}

/// Where the API is, who calls, and how the answer is printed.
#[derive(Clone, Debug, Args)]
pub(crate) struct Via {
    /// The gate's web address, such as `https://gate.hospital.example:8080`
    #[arg(long, value_name = "URL", env = "CHAPERONE_SERVER", global = true, help_heading = "Server")]
    pub server: Option<String>,
    /// An API token; without it the one kept by `chaperone login`
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CHAPERONE_TOKEN",
        hide_env_values = true,
        global = true,
        help_heading = "Server"
    )]
    pub token: Option<String>,
    /// A PEM certificate to trust, for a gate with its own certificate
    #[arg(long, value_name = "FILE", env = "CHAPERONE_CA", global = true, help_heading = "Server")]
    pub ca: Option<PathBuf>,
    /// Print JSON, for scripts
    #[arg(long, global = true)]
    pub json: bool,
}

impl Via {
    /// A client for the API.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let (server, credential) = self.as_whom()?;
        Client::new(&server, credential, self.ca.as_deref())
    }

    /// A client for a connection that goes on, through a proxy if one is named.
    pub(crate) fn tunnelled(&self) -> Result<Client, Failure> {
        let (server, credential) = self.as_whom()?;
        Client::tunnelled(&server, credential, self.ca.as_deref())
    }

    /// The gate, and what is shown to it.
    pub(super) fn as_whom(&self) -> Result<(String, Credential), Failure> {
        let kept = login::kept()?;
        let server = self.server.clone().or_else(|| kept.default_server.clone()).ok_or_else(|| {
            Failure::usage("no server is named; use --server URL or CHAPERONE_SERVER, or run `chaperone login --server URL` once")
        })?;
        let token = self.token.clone().or_else(|| kept.token(&server)).ok_or_else(|| {
            Failure::usage(format!("no token for {server}; use --token or CHAPERONE_TOKEN, or run `chaperone login --server {server}`"))
        })?;
        Ok((server, Credential::read(&token)))
    }

    /// Prints a list or a result: JSON, or a table.
    pub(crate) fn show<T: Serialize>(
        &self,
        value: &T,
        table: impl FnOnce(&T) -> Table,
    ) -> Result<(), Failure> {
        if self.json { say_json(value) } else { say(&table(value).to_string()) }
    }

    /// Prints what was done: JSON, or a sentence.
    pub(crate) fn done<T: Serialize>(
        &self,
        value: &T,
        sentence: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        if self.json { say_json(value) } else { say(&sentence(value)) }
    }
}
