//! What a target's own log says: who signed in, from where, when.

use std::net::IpAddr;

use jiff::Timestamp;

/// The longest text that is kept of one field of a log: an account, an address, a serial.
const MAX_FIELD: usize = 128;

/// One sign-in that the target wrote down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The line of the log, from 1, on which it stands or begins.
    pub line: u64,
    /// When; nothing where the log's lines carry no time.
    pub at: Option<Timestamp>,
    /// As which account, without a domain.
    pub account: String,
    /// From which address.
    pub source: Option<IpAddr>,
    /// From which port.
    pub port: Option<u16>,
    /// How, in the log's words: `publickey`, `logon type 10`.
    pub how: String,
    /// The serial of the user certificate, where there was one.
    pub serial: Option<String>,
}

/// What was read of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadLog {
    /// In the order of the log.
    pub sign_ins: Vec<SignIn>,
    /// Lines, or events, there were.
    pub lines: u64,
    /// Of these, how many were understood: of the right program or kind, with a time where the format has one.
    pub understood: u64,
    /// How many told of a sign-in and could not be read as one: what they say is not compared.
    pub unread: u64,
    /// The first of these, by their lines.
    pub unread_lines: Vec<u64>,
    /// The first and the last time in it.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// Lines that are named.
const NAMED: usize = 20;

impl ReadLog {
    /// An entry tells of a sign-in, and not of whose, when or from where.
    pub(super) fn not_read(&mut self, line: u64) {
        self.unread += 1;
        if self.unread_lines.len() < NAMED {
            self.unread_lines.push(line);
        }
    }

    /// An entry was understood, with its time if it has one.
    pub(super) fn entry(&mut self, at: Option<Timestamp>) {
        self.understood += 1;
        if let Some(at) = at {
            let (first, last) = self.span.unwrap_or((at, at));
            self.span = Some((first.min(at), last.max(at)));
        }
    }
}

/// A field of bounded length, without control characters.
pub(super) fn field(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_FIELD).collect()
}

/// An account without its domain or realm.
pub(super) fn account(text: &str) -> String {
    let name = text.rsplit_once('\\').map_or(text, |(_, name)| name);
    field(name.trim())
}

/// An address as logs write it: IPv4 in IPv6 is IPv4, and a zone is left out.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}
