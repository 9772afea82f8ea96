//! Web consoles of a change window, on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which console is to be opened.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenConsole {
    /// The server; may be left out where the window has one with a console.
    #[serde(default)]
    pub target: Option<String>,
}

/// The way to a console.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsoleView {
    /// Opens it in a browser, once, within a minute.
    pub url: String,
    /// When nothing of the window flows any more.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// The server.
    pub target: String,
}
