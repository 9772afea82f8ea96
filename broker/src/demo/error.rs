//! Why the demo cannot go on, or a step of the tour does not hold.

use std::path::PathBuf;
use std::time::Duration;

/// Why the demo cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    /// Something of the operating system's.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What it said.
        source: std::io::Error,
    },
    /// A command failed.
    #[error("`{command}` failed: {said}")]
    Command {
        /// As one would type it.
        command: String,
        /// What it said.
        said: String,
    },
    /// The folder holds an installation.
    #[error("{0} holds a demo already; give another folder, or remove it")]
    Used(PathBuf),
    /// A certificate could not be made.
    #[error("a certificate cannot be made")]
    Certificate(#[source] rcgen::Error),
    /// A console did not answer.
    #[error("the web console does not answer")]
    Http(#[source] reqwest::Error),
    /// A child did not come up.
    #[error("{0} did not start within {1:?}")]
    NotReady(&'static str, Duration),
    /// A step of the tour did not hold.
    #[error("{0}")]
    Step(String),
}

/// Turns an I/O error into the demo's, with what was tried.
pub(super) fn trying(what: &'static str) -> impl FnOnce(std::io::Error) -> DemoError {
    move |source| DemoError::Io { what, source }
}
