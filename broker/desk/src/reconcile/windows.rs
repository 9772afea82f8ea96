//! Windows' Security log: 4624 (somebody logged on) of the kinds that come over the network, and 4778 (a session was taken
//! up again), as `wevtutil qe Security /f:xml` and as Event Viewer or `Export-Csv` write them.
//!
//! An event of these whose fields cannot be read (an export in another language, a cut message) is counted as unread: it
//! may be anybody's sign-in.

use std::collections::HashMap;

use jiff::Timestamp;

use super::csv;
use super::moment::Calendar;
use super::sign_in::{ReadLog, SignIn, account, address, field};

/// Network in clear text (Windows' own OpenSSH, Basic authentication), remote interactive, and that from cached credentials:
/// somebody comes from elsewhere, whether or not the event says from where.
const FROM_ELSEWHERE: [&str; 3] = ["8", "10", "12"];
/// Network, unlock and cached interactive: somebody comes from elsewhere where there is an address; else it was at the
/// console, or Windows itself.
const WITH_ADDRESS: [&str; 3] = ["3", "7", "11"];

/// What an event is.
enum Told {
    SignIn(SignIn),
    /// One that does not come over the network, or another event.
    Nothing,
    /// A sign-in whose fields cannot be read.
    Unread,
}

impl Told {
    fn note(self, log: &mut ReadLog, line: u64) {
        match self {
            Self::SignIn(sign_in) => log.sign_ins.push(SignIn { line, ..sign_in }),
            Self::Nothing => {}
            Self::Unread => log.not_read(line),
        }
    }
}

/// Reads the events of an XML export.
pub(super) fn xml(log: &mut ReadLog, text: &str, calendar: &Calendar) {
    let mut rest = text;
    let mut line = 1;
    while let Some(at) = rest.find("<Event ").or_else(|| rest.find("<Event>")) {
        let (before, from) = rest.split_at(at);
        line += newlines(before);
        let Some(end) = from.find("</Event>") else { break };
        let (event, after) = from.split_at(end);
        log.lines += 1;
        xml_event(log, event, line, calendar);
        line += newlines(event);
        rest = after.get("</Event>".len()..).unwrap_or_default();
    }
}

fn newlines(text: &str) -> u64 {
    u64::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u64::MAX)
}

fn xml_event(log: &mut ReadLog, event: &str, line: u64, calendar: &Calendar) {
    let id = element(event, "EventID").unwrap_or_default();
    let at = attribute(event, "SystemTime").and_then(|text| calendar.rfc3339(text));
    let Some(at) = at else {
        if is_sign_in(id) {
            log.not_read(line);
        }
        return;
    };
    log.entry(Some(at));
    let mut data = HashMap::new();
    let mut rest = event;
    while let Some((_, from)) = rest.split_once("<Data ") {
        let Some((open, after)) = from.split_once('>') else { break };
        rest = after;
        let name = attribute(open, "Name");
        if let (Some(name), Some((value, _)), false) = (name, after.split_once('<'), open.ends_with('/')) {
            data.entry(name.to_owned()).or_insert_with(|| plain(value));
        }
    }
    let said = |name: &str| data.get(name).map(String::as_str).unwrap_or_default();
    let told = match id.trim() {
        "4624" => logon(at, said("LogonType"), said("TargetUserName"), said("IpAddress"), said("IpPort")),
        "4778" => reconnect(at, said("AccountName"), said("ClientAddress")),
        _ => Told::Nothing,
    };
    told.note(log, line);
}

fn is_sign_in(id: &str) -> bool {
    matches!(id.trim(), "4624" | "4778")
}

fn logon(at: Timestamp, kind: &str, name: &str, source: &str, port: &str) -> Told {
    let (kind, name) = (kind.trim(), name.trim());
    if name.is_empty() || kind.parse::<u8>().is_err() {
        return Told::Unread;
    }
    // A machine's own account over the network, and nobody: what Windows itself does between machines.
    let is_machine = (kind == "3" && name.ends_with('$')) || name.eq_ignore_ascii_case("ANONYMOUS LOGON");
    let source = address(source);
    let comes = FROM_ELSEWHERE.contains(&kind) || (WITH_ADDRESS.contains(&kind) && source.is_some());
    if is_machine || !comes {
        return Told::Nothing;
    }
    let port = port.trim().parse().ok().filter(|port| *port != 0);
    let how = format!("logon type {kind}");
    Told::SignIn(SignIn { line: 0, at: Some(at), account: account(name), source, port, how, serial: None })
}

fn reconnect(at: Timestamp, name: &str, source: &str) -> Told {
    if name.trim().is_empty() {
        return Told::Unread;
    }
    // `LOCAL` and nothing: taken up again at the console.
    let Some(source) = address(source) else { return Told::Nothing };
    let how = "session reconnected".to_owned();
    let (at, source) = (Some(at), Some(source));
    Told::SignIn(SignIn { line: 0, at, account: account(name), source, port: None, how, serial: None })
}

/// The text of the first element of this name.
fn element<'t>(event: &'t str, name: &str) -> Option<&'t str> {
    let (_, from) = event.split_once(&format!("<{name}"))?;
    let (_, text) = from.split_once('>')?;
    text.split_once('<').map(|(text, _)| text)
}

/// An attribute's value, in either kind of quotes.
fn attribute<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, from) = text.split_once(&format!("{name}="))?;
    let quote = from.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    from.get(1..)?.split_once(quote).map(|(value, _)| value)
}

/// XML's five entities, and no control characters.
fn plain(value: &str) -> String {
    let mut text = field(value);
    for (entity, means) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
        text = text.replace(entity, means);
    }
    text
}

/// Reads the rows of a CSV export: columns by their header, the message in the last.
pub(super) fn table(log: &mut ReadLog, text: &str, calendar: &Calendar) {
    let mut rows = csv::rows(text);
    let Some((_, header)) = rows.next() else { return };
    let column = |names: &[&str]| {
        header.iter().position(|title| names.iter().any(|name| title.trim().eq_ignore_ascii_case(name)))
    };
    let id = column(&["Event ID", "EventID", "Id"]);
    let time = column(&["Date and Time", "TimeCreated", "TimeGenerated"]);
    let message = column(&["Message", "Description"]);
    for (line, row) in rows {
        log.lines += 1;
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).map(String::as_str);
        let which = cell(id).unwrap_or_default().trim();
        let Some(at) = cell(time).and_then(|text| calendar.regional(text)) else {
            // In another language the columns have other names: then nothing says which event it is.
            if is_sign_in(which) || row.iter().any(|cell| is_sign_in(cell)) {
                log.not_read(line);
            }
            continue;
        };
        log.entry(Some(at));
        // Event Viewer gives the message a column that its header does not name.
        let said = cell(message).or_else(|| row.last().map(String::as_str)).unwrap_or_default();
        let told = match which {
            "4624" => {
                let whose = said.split_once("New Logon:").map_or(said, |(_, after)| after);
                logon(
                    at,
                    labelled(said, "Logon Type:"),
                    labelled(whose, "Account Name:"),
                    labelled(said, "Source Network Address:"),
                    labelled(said, "Source Port:"),
                )
            }
            "4778" => reconnect(at, labelled(said, "Account Name:"), labelled(said, "Client Address:")),
            "" if row.iter().any(|cell| is_sign_in(cell)) => Told::Unread,
            _ => Told::Nothing,
        };
        told.note(log, line);
    }
}

/// What follows a label on its line.
fn labelled<'t>(message: &'t str, label: &str) -> &'t str {
    let after = message.split_once(label).map(|(_, after)| after).unwrap_or_default();
    after.lines().next().unwrap_or_default().trim()
}
