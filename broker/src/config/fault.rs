//! What is wrong with a configuration, where, and what would be right.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The key, as `section.key`; `None` for text that is no TOML.
    pub key: Option<String>,
    /// Line of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The environment variable it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub right: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.variable, self.line) {
            (Some(variable), _) => write!(f, "{variable}: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        write!(f, "{}; {}", self.what, self.right)
    }
}

/// Why there is no configuration. Ends the program with status 64.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file, or none that may be read.
    #[error(
        "the configuration {path} cannot be read; name it with --config, or make one with `chaperone init`"
    )]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Read, and faulty.
    #[error("the configuration {path} has {}:{}", counted(faults.len()), listed(faults))]
    Faulty {
        /// Which file.
        path: PathBuf,
        /// All of them, in the order of the file.
        faults: Vec<Fault>,
    },
}

fn counted(faults: usize) -> String {
    if faults == 1 { "one fault".to_owned() } else { format!("{faults} faults") }
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}
