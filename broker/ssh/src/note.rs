//! What an SSH channel carries beside payload (RFC 4254 §6): recorded as events, then passed on.

use chaperone_session::Note;
use russh::Sig;
use serde_json::{Value, json};

/// One message of a channel that is no payload.
#[derive(Clone, Debug)]
pub(crate) enum SshNote {
    /// `window-change` (§6.7).
    Resize(Size),
    /// `signal` (§6.9).
    Signal(Sig),
    /// `exit-status` (§6.10).
    ExitStatus(u32),
    /// `exit-signal` (§6.10).
    ExitSignal { signal: Sig, core_dumped: bool, message: String },
    /// `SSH_MSG_CHANNEL_EOF` (§5.3).
    Eof,
}

/// A terminal's size, in characters and pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub columns: u32,
    pub rows: u32,
    pub width_px: u32,
    pub height_px: u32,
}

/// A terminal larger than this is a mistake or an attack; sizes are clamped for the recording and the target alike.
const MAX_CELLS: u32 = 1_000;

impl Size {
    pub(crate) fn clamped(columns: u32, rows: u32, width_px: u32, height_px: u32) -> Self {
        Self { columns: columns.min(MAX_CELLS), rows: rows.min(MAX_CELLS), width_px, height_px }
    }

    pub(crate) fn event(self) -> Value {
        json!({ "columns": self.columns, "rows": self.rows })
    }
}

impl Note for SshNote {
    fn replaces(&self, earlier: &Self) -> bool {
        matches!((self, earlier), (Self::Resize(_), Self::Resize(_)))
    }

    fn event(&self) -> Option<(&'static str, Value)> {
        Some(match self {
            Self::Resize(size) => ("resize", size.event()),
            Self::Signal(signal) => ("signal", json!({ "signal": signal_name(signal) })),
            Self::ExitStatus(status) => ("exit-status", json!({ "status": status })),
            Self::ExitSignal { signal, core_dumped, message } => {
                let message: String = message.chars().filter(|c| !c.is_control()).take(200).collect();
                let body = json!({
                    "signal": signal_name(signal), "core_dumped": core_dumped, "message": message,
                });
                ("exit-signal", body)
            }
            Self::Eof => return None,
        })
    }
}

fn signal_name(signal: &Sig) -> String {
    match signal {
        Sig::Custom(name) => name.chars().filter(char::is_ascii_graphic).take(32).collect(),
        known => format!("{known:?}"),
    }
}
