//! What a technician's channel asks for before it starts: environment, terminal, and then a shell or a command.

use std::borrow::Cow;

use chaperone_policy::Access;
use russh::{ChannelMsg, ChannelReadHalf, Pty};
use serde_json::{Value, json};

use crate::connection::takes_variable;
use crate::note::Size;

/// Terminal modes that go on, and are recorded; RFC 4254 §8 knows some sixty.
const MODES: usize = 160;
/// Longest command, in bytes: Linux takes no longer argument (MAX_ARG_STRLEN).
const COMMAND_BYTES: usize = 128 << 10;
/// Longest opening of a channel as text, in bytes: an event of the recording, with what stands around it.
const EVENT_BYTES: usize = (1 << 20) - 4096;
/// The subsystem that opens.
pub(crate) const SFTP: &str = "sftp";

/// The request that starts a channel, with what came before it.
#[derive(Debug)]
pub(crate) struct Wish {
    pub environment: Vec<(String, String)>,
    pub terminal: Option<TerminalWish>,
    pub what: What,
}

/// `pty-req` (RFC 4254 §6.2).
#[derive(Debug)]
pub(crate) struct TerminalWish {
    pub name: String,
    pub size: Size,
    pub modes: Vec<(Pty, u32)>,
}

/// `shell`, `exec` or `subsystem` (§6.5).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    Shell,
    Exec(Vec<u8>),
    /// The subsystem `sftp` (§6.5); no other one opens.
    Sftp,
    /// A command that no shell would take either.
    TooLong,
}

impl Wish {
    /// Reads requests until one starts the channel; `None` when the channel closes first.
    pub(crate) async fn read(read: &mut ChannelReadHalf) -> Option<Self> {
        let (mut environment, mut bytes) = (Vec::new(), 0);
        let mut terminal = None;
        loop {
            let what = match read.wait().await? {
                ChannelMsg::SetEnv { variable_name, variable_value, .. } => {
                    if takes_variable((environment.len(), bytes), &variable_name, &variable_value) {
                        bytes += variable_name.len() + variable_value.len();
                        environment.push((variable_name, variable_value));
                    }
                    continue;
                }
                ChannelMsg::RequestPty {
                    term,
                    col_width,
                    row_height,
                    pix_width,
                    pix_height,
                    mut terminal_modes,
                    ..
                } if terminal.is_none() => {
                    terminal_modes.truncate(MODES);
                    let name = term.chars().filter(char::is_ascii_graphic).take(64).collect();
                    let size = Size::clamped(col_width, row_height, pix_width, pix_height);
                    terminal = Some(TerminalWish { name, size, modes: terminal_modes });
                    continue;
                }
                ChannelMsg::RequestShell { .. } => What::Shell,
                ChannelMsg::Exec { command, .. } if command.len() > COMMAND_BYTES => What::TooLong,
                ChannelMsg::Exec { command, .. } => What::Exec(command),
                // Files need no terminal, and no variables.
                ChannelMsg::RequestSubsystem { name, .. } if name == SFTP => {
                    return Some(Self { environment: Vec::new(), terminal: None, what: What::Sftp });
                }
                ChannelMsg::Close => return None,
                _ => continue,
            };
            return Some(Self { environment, terminal, what }.bounded());
        }
    }

    /// A command whose bytes, as its recording has them, are more than one event takes is too long as well.
    fn bounded(self) -> Self {
        let is_long = matches!(&self.what, What::Exec(command) if command.len() > COMMAND_BYTES / 8);
        if is_long && self.event().to_string().len() > EVENT_BYTES {
            return Self { what: What::TooLong, ..self };
        }
        self
    }

    /// What the window must grant: any of these.
    pub(crate) fn access(&self) -> &'static [Access] {
        match self.what {
            What::Shell => &[Access::Shell],
            What::Exec(_) | What::TooLong => &[Access::Exec],
            What::Sftp => &[Access::SftpRead, Access::SftpWrite],
        }
    }

    /// Whether a person sits at a terminal and asked for nothing in particular.
    pub(crate) fn is_for_a_menu(&self) -> bool {
        self.terminal.is_some() && matches!(self.what, What::Shell)
    }

    /// The kind of access, for a refusal's fact.
    pub(crate) fn kind(&self) -> &'static str {
        self.access().first().map_or("session", |access| access.as_str())
    }

    /// Whether input is typed by a person, and may be a password.
    pub(crate) fn is_typed(&self) -> bool {
        self.terminal.is_some() || matches!(self.what, What::Shell)
    }

    /// The channel's opening, for the recording. A command that is no UTF-8 is given in hexadecimal too.
    pub(crate) fn event(&self) -> Value {
        let mut about = serde_json::Map::new();
        let mut say = |key: &str, value: Value| drop(about.insert(key.to_owned(), value));
        say("environment", json!(self.environment));
        match &self.what {
            What::Shell => say("request", "shell".into()),
            What::Sftp => {
                say("request", "subsystem".into());
                say("name", SFTP.into());
            }
            What::TooLong => say("request", "exec".into()),
            What::Exec(command) => {
                say("request", "exec".into());
                let text = String::from_utf8_lossy(command);
                if let Cow::Owned(_) = text {
                    let hex: String = command.iter().map(|byte| format!("{byte:02x}")).collect();
                    say("command_hex", hex.into());
                }
                say("command", text.into());
            }
        }
        if let Some(terminal) = &self.terminal {
            let size = terminal.size;
            let modes: Vec<(u32, u32)> =
                terminal.modes.iter().map(|(mode, value)| (*mode as u32, *value)).collect();
            say(
                "terminal",
                json!({
                    "name": terminal.name, "columns": size.columns, "rows": size.rows,
                    "width_px": size.width_px, "height_px": size.height_px, "modes": modes,
                }),
            );
        }
        Value::Object(about)
    }
}

#[cfg(test)]
mod tests;
