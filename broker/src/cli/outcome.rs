//! How a command ends: with what status, and with what it says about what comes next.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

#[cfg(unix)]
use crate::config::ConfigError;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The command line was wrong: status 2.
    Usage(String),
    /// The configuration was wrong: status 64.
    #[cfg(unix)]
    Config(ConfigError),
    /// It was refused, or it failed: status 1.
    Failed {
        /// What happened.
        what: String,
        /// What to do next; may be empty.
        next: String,
    },
}

impl Failure {
    /// A failure with its cause and advice.
    pub fn failed(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), next: next.into() }
    }

    /// The command was given something it cannot use.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::Usage(what.into())
    }

    /// The exit status of DESIGN §6.
    #[must_use]
    pub fn status(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            #[cfg(unix)]
            Self::Config(_) => 64,
            Self::Failed { .. } => 1,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) => f.write_str(what),
            #[cfg(unix)]
            Self::Config(error @ ConfigError::Unreadable { source, .. }) => write!(f, "{error} ({source})"),
            #[cfg(unix)]
            Self::Config(error) => error.fmt(f),
            Self::Failed { what, next } if next.is_empty() => f.write_str(what),
            Self::Failed { what, next } => write!(f, "{what}\n  next: {next}"),
        }
    }
}

#[cfg(unix)]
impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// An error with its chain of causes, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Writes a text to standard output; a reader that left early is no failure.
///
/// # Errors
/// When standard output cannot be written.
pub fn say(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("standard output cannot be written: {error}"), ""))
        }
        _ => Ok(()),
    }
}

/// Writes a value as JSON to standard output.
///
/// # Errors
/// When standard output cannot be written.
pub fn say_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::failed(format!("the result is no JSON: {error}"), ""))?;
    say(&text)
}
