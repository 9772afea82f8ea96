//! The configuration of a node: one TOML file, each key of which the environment may override.
//!
//! Reading never stops at the first fault: every fault is collected with its key, its line and what would be right, so
//! that one edit mends them all. `deploy/chaperone.example.toml` explains every key, and a test holds it to that.

mod fault;
mod gate;
mod raw;
mod reader;
mod section;
mod uploads;

use std::collections::BTreeMap;
use std::path::Path;

pub use fault::{ConfigError, Fault};
pub use gate::{Gate, TlsPort};
pub use section::{
    Alert, Certificate, Database, Desk, Ledger, Log, LogFormat, Mode, Recording, SecondFactor, Security,
    Session, Web,
};
pub use uploads::Uploads;

use chaperone_alert::Timing;

use crate::installation::Installation;
use reader::Reader;

/// A node's configuration, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The SSH door.
    pub gate: Gate,
    /// Where the node's files are.
    pub data: Installation,
    /// The pages and the API.
    pub web: Web,
    /// The database.
    pub database: Database,
    /// How recordings are written.
    pub recording: Recording,
    /// Where the desk keeps what it reads out of them.
    pub desk: Desk,
    /// What the host's own people may do.
    pub security: Security,
    /// The ledger's name.
    pub ledger: Ledger,
    /// Warnings and grace of visits.
    pub session: Session,
    /// Files that are sent ahead.
    pub uploads: Uploads,
    /// Delivery of alerts.
    pub alert: Alert,
    /// When people are told what a clock says.
    pub notice: Timing,
    /// The node's own log.
    pub log: Log,
}

impl Config {
    /// Reads the file at `path`, overridden by the `CHAPERONE_SECTION__KEY` variables of this process.
    ///
    /// # Errors
    /// When the file cannot be read, or with every fault found in it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let environment = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self::read(&text, folder, &environment)
            .map_err(|faults| ConfigError::Faulty { path: path.to_owned(), faults })
    }

    /// Reads a text; relative paths are relative to `folder`.
    ///
    /// # Errors
    /// Every fault found.
    pub fn read(
        text: &str,
        folder: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::new(text, folder, environment);
        let config = section::config(&mut reader);
        reader.finish(config)
    }
}

#[cfg(test)]
mod tests;
