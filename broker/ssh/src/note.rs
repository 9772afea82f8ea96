//! What an SSH channel carries beside payload (RFC 4254 §6): recorded as events, then passed on.

use bytes::Bytes;
use chaperone_session::Note;
use russh::Sig;
use serde_json::{Value, json};

use crate::sftp::Work;

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
    /// What the gate itself says, beside what the server does: the client shows it as an error.
    Said(String),
    /// What the bytes around it say, and what becomes of those before it. It does not go on itself.
    Told(Told),
}

/// Something that the gate has read in a channel's bytes.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// The event's kind and body; `Null` where there is nothing to say.
    kind: &'static str,
    body: Value,
    /// What becomes of the bytes before it, where they wait for that.
    pub steps: Vec<Step>,
}

/// What becomes of bytes that were judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many go on.
    Forward(usize),
    /// So many do not.
    Drop(usize),
    /// These go on, which the gate made.
    Instead(Bytes),
    /// So many go into the gate's stage, as this file's from this offset on.
    Stage { file: u32, offset: u64, len: usize },
    /// The gate does this.
    Work(Work),
}

impl Step {
    /// How many of the bytes it is about.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Forward(len) | Self::Drop(len) | Self::Stage { len, .. } => *len,
            Self::Instead(_) | Self::Work(_) => 0,
        }
    }

    /// Takes the one that follows into itself, where both are one.
    pub(crate) fn joins(&mut self, next: &Self) -> bool {
        match (self, next) {
            (Self::Forward(len), Self::Forward(more)) | (Self::Drop(len), Self::Drop(more)) => *len += more,
            (Self::Stage { file, offset, len }, Self::Stage { file: same, offset: at, len: more })
                if *file == *same
                    && Some(*at) == u64::try_from(*len).ok().and_then(|len| offset.checked_add(len)) =>
            {
                *len += more;
            }
            _ => return false,
        }
        true
    }
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
        json!({
            "columns": self.columns, "rows": self.rows, "width_px": self.width_px, "height_px": self.height_px,
        })
    }
}

/// What goes on is what is recorded: a value is made clean when it is read, once, for both (P1).
impl SshNote {
    /// Something that was read in the bytes.
    pub(crate) fn told(kind: &'static str, body: Value) -> Self {
        Self::judged(kind, body, Vec::new())
    }

    /// The same, with what becomes of the bytes before it.
    pub(crate) fn judged(kind: &'static str, body: Value, steps: Vec<Step>) -> Self {
        Self::Told(Told { kind, body, steps })
    }

    /// A signal of RFC 4254 §6.10's list; any other name is free text, which no recording would hold, and stays here.
    pub(crate) fn signal(signal: Sig) -> Option<Self> {
        (!matches!(signal, Sig::Custom(_))).then_some(Self::Signal(signal))
    }

    /// An exit signal with its message as plain text of bounded length.
    pub(crate) fn exit_signal(signal: Sig, core_dumped: bool, message: &str) -> Self {
        let signal = match signal {
            Sig::Custom(name) => Sig::Custom(name.chars().filter(char::is_ascii_graphic).take(32).collect()),
            known => known,
        };
        let message = message.chars().filter(|c| !c.is_control()).take(200).collect();
        Self::ExitSignal { signal, core_dumped, message }
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
                let body = json!({
                    "signal": signal_name(signal), "core_dumped": core_dumped, "message": message,
                });
                ("exit-signal", body)
            }
            Self::Said(text) => ("gate-said", json!({ "text": text })),
            Self::Told(told) if !told.body.is_null() => (told.kind, told.body.clone()),
            Self::Eof | Self::Told(_) => return None,
        })
    }
}

fn signal_name(signal: &Sig) -> String {
    match signal {
        Sig::Custom(name) => name.clone(),
        known => format!("{known:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_beside_payload_is_what_is_recorded() {
        assert!(SshNote::signal(Sig::INT).is_some());
        assert!(SshNote::signal(Sig::Custom("X@y and 38,000 bytes more".into())).is_none());
        let hostile = format!("\u{1b}]0;pwned\u{7}{}", "x".repeat(20_000));
        let note = SshNote::exit_signal(Sig::Custom(hostile.clone()), false, &hostile);
        let SshNote::ExitSignal { signal, message, .. } = &note else { panic!("{note:?}") };
        let (_, event) = note.event().unwrap();
        assert_eq!(event["signal"], signal_name(signal));
        assert_eq!(event["message"], message.as_str());
        assert!(message.len() == 200 && !message.contains('\u{1b}'), "{message}");
        assert!(signal_name(signal).len() <= 32);
        let (_, event) = SshNote::Resize(Size::clamped(81, 24, 1_397_048_146, 7)).event().unwrap();
        assert_eq!((event["width_px"].as_u64(), event["height_px"].as_u64()), (Some(1_397_048_146), Some(7)));
    }
}
