//! Which kind of log a text is, and reading all of it.

use std::fmt;
use std::str::FromStr;

use super::moment::Calendar;
use super::sign_in::ReadLog;
use super::{sshd, windows};

/// Sign-ins that are read of one log; what has more is compared in parts.
const MAX_SIGN_INS: usize = 200_000;
/// Bytes of a line that are read.
const MAX_LINE: usize = 16 << 10;

/// The format of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// sshd by syslog, or its own file.
    Sshd,
    /// sshd by journalctl, `-o short-iso` or `-o json`.
    Journal,
    /// Windows events as a table.
    WindowsCsv,
    /// Windows events as XML.
    WindowsXml,
}

impl LogFormat {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Sshd, Self::Journal, Self::WindowsCsv, Self::WindowsXml];

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sshd => "sshd",
            Self::Journal => "journal",
            Self::WindowsCsv => "windows-csv",
            Self::WindowsXml => "windows-xml",
        }
    }

    /// The format that a text looks like.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let begin = text.trim_start_matches('\u{feff}').trim_start();
        let first = begin.lines().next().unwrap_or_default();
        let titles = first.to_ascii_lowercase();
        // `<38>` is a syslog priority.
        if begin.strip_prefix('<').is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())) {
            Self::WindowsXml
        } else if begin.starts_with('{') {
            Self::Journal
        } else if ["event id", "eventid", "timecreated"].iter().any(|title| titles.contains(title)) {
            Self::WindowsCsv
        } else {
            Self::Sshd
        }
    }

    /// Reads a log of this format.
    #[must_use]
    pub fn read(self, text: &str, calendar: &Calendar) -> ReadLog {
        let mut log = ReadLog::default();
        match self {
            Self::WindowsXml => windows::xml(&mut log, text, calendar),
            Self::WindowsCsv => windows::table(&mut log, text, calendar),
            Self::Sshd | Self::Journal => {
                for line in text.lines() {
                    log.lines += 1;
                    let end = line.floor_char_boundary(MAX_LINE.min(line.len()));
                    sshd::line(&mut log, line.get(..end).unwrap_or_default(), calendar);
                }
            }
        }
        // What is beyond is not passed over in silence.
        for beyond in log.sign_ins.split_off(MAX_SIGN_INS.min(log.sign_ins.len())) {
            log.not_read(beyond.line);
        }
        log
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no format of a log; right is sshd, journal, windows-csv or windows-xml")]
pub struct UnknownLog(pub String);

impl FromStr for LogFormat {
    type Err = UnknownLog;
    fn from_str(text: &str) -> Result<Self, UnknownLog> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| UnknownLog(text.chars().take(40).collect()))
    }
}
