//! OpenSSH's log: syslog's two kinds of time stamp, journalctl's texts and JSON, and `sshd -E`, which writes no time.
//!
//! What counts is what sshd itself says first on a line. A name that a stranger made up stands later on it, and cannot
//! make a line that says `Accepted`.

use jiff::Timestamp;
use serde_json::Value;

use super::moment::Calendar;
use super::sign_in::{ReadLog, SignIn, account, address, field};

/// Programs whose lines these are.
const PROGRAMS: [&str; 2] = ["sshd", "sshd-session"];

/// Reads one line into what is known of the log.
pub(super) fn line(log: &mut ReadLog, text: &str, calendar: &Calendar) {
    let newest = log.span.map(|(_, newest)| newest);
    let text = without_priority(text);
    let Some((at, message)) = entry(text, calendar, newest) else {
        if tells_of_a_sign_in(text) {
            log.not_read(log.lines);
        }
        return;
    };
    log.entry(at);
    match accepted(&message) {
        Some(sign_in) => log.sign_ins.push(SignIn { line: log.lines, at, ..sign_in }),
        None if message.starts_with("Accepted ") && !is_on_the_way(&message) => log.not_read(log.lines),
        None => {}
    }
}

/// `LogLevel VERBOSE` tells as well that a key or a certificate is one that would do: before the signature, so no sign-in.
fn is_on_the_way(message: &str) -> bool {
    ["Accepted key ", "Accepted certificate "].iter().any(|note| message.starts_with(note))
}

/// A line without the priority that collectors leave before it (RFC 3164 §4.1.1).
fn without_priority(text: &str) -> &str {
    let digits = text.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    match digits {
        Some((digits, rest)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => text,
    }
}

/// Whether a line whose stamp or program is not understood has a sign-in's words on it.
fn tells_of_a_sign_in(text: &str) -> bool {
    let after = text.split_once("Accepted ").map(|(_, after)| after);
    after.is_some_and(|after| [" for ", " from ", " port "].iter().all(|word| after.contains(word)))
}

/// The time and the message of a line of sshd's.
fn entry(text: &str, calendar: &Calendar, newest: Option<Timestamp>) -> Option<(Option<Timestamp>, String)> {
    if text.starts_with('{') {
        return journal(text);
    }
    let word = text.split_ascii_whitespace().next()?;
    if let Some(at) = calendar.rfc3339(word) {
        return program(text.get(word.len()..)?).map(|message| (Some(at), message.to_owned()));
    }
    // `Nov 28 07:10:11`: fifteen characters, days with one digit padded.
    if let Some((stamp, rest)) = text.split_at_checked(15)
        && let Some(at) = calendar.traditional(stamp, newest)
    {
        return program(rest).map(|message| (Some(at), message.to_owned()));
    }
    text.starts_with("Accepted ").then(|| (None, text.to_owned()))
}

/// What follows `HOST sshd[PID]: `.
fn program(rest: &str) -> Option<&str> {
    let (_host, rest) = rest.trim_start().split_once(' ')?;
    let (tag, message) = rest.split_once(": ")?;
    let name = tag.split_once('[').map_or(tag, |(name, _)| name);
    PROGRAMS.contains(&name).then_some(message)
}

/// A line of `journalctl -o json`.
fn journal(text: &str) -> Option<(Option<Timestamp>, String)> {
    let entry: Value = serde_json::from_str(text).ok()?;
    let said = |name: &str| entry.get(name).and_then(Value::as_str);
    let name = said("SYSLOG_IDENTIFIER").or_else(|| said("_COMM"))?;
    if !PROGRAMS.contains(&name) {
        return None;
    }
    let at = said("_SOURCE_REALTIME_TIMESTAMP").or_else(|| said("__REALTIME_TIMESTAMP"))?;
    let at = Timestamp::from_microsecond(at.parse().ok()?).ok()?;
    Some((Some(at), said("MESSAGE")?.to_owned()))
}

/// `Accepted publickey for svc from 10.0.0.1 port 50022 ssh2: ED25519-CERT SHA256:… ID … (serial 7) CA …`.
fn accepted(message: &str) -> Option<SignIn> {
    let (how, rest) = message.strip_prefix("Accepted ")?.split_once(" for ")?;
    // The account is the target's own and the address follows it: the first place where one does is the one.
    let (name, source, rest) = rest.match_indices(" from ").find_map(|(at, from)| {
        let (source, after) = rest.get(at + from.len()..)?.split_once(" port ")?;
        Some((rest.get(..at)?, address(source)?, after))
    })?;
    let port = rest.split_ascii_whitespace().next()?.parse().ok()?;
    let serial = rest.split_once("(serial ").and_then(|(_, rest)| rest.split_once(')'));
    Some(SignIn {
        line: 0,
        at: None,
        account: account(name),
        source: Some(source),
        port: Some(port),
        how: field(how),
        serial: serial.map(|(serial, _)| field(serial)),
    })
}
