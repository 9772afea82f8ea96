//! Windows' Security log: 4624 (somebody logged on) of the kinds that come over the network, and 4778 (a session was taken
//! up again), as `wevtutil qe Security /f:xml` and as Event Viewer or `Export-Csv` write them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::csv;
use super::moment::Calendar;
use super::sign_in::{ReadLog, SignIn, account, address, field};

/// Network, unlock and remote interactive: how somebody comes from elsewhere.
const LOGON_TYPES: [&str; 3] = ["3", "7", "10"];

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
    let Some(at) = at else { return };
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
    let found = match id.trim() {
        "4624" => logon(at, said("LogonType"), said("TargetUserName"), said("IpAddress"), said("IpPort")),
        "4778" => reconnect(at, said("AccountName"), said("ClientAddress")),
        _ => None,
    };
    log.sign_ins.extend(found.map(|sign_in| SignIn { line, ..sign_in }));
}

fn logon(at: Timestamp, kind: &str, name: &str, source: &str, port: &str) -> Option<SignIn> {
    let kind = kind.trim();
    // A machine's own account, and nobody: what Windows itself does between machines.
    let is_machine = name.ends_with('$') || name.eq_ignore_ascii_case("ANONYMOUS LOGON");
    if !LOGON_TYPES.contains(&kind) || is_machine {
        return None;
    }
    // What has no address did not come over the network: an unlock at the console.
    let source = address(source)?;
    let port = port.trim().parse().ok().filter(|port| *port != 0);
    let how = format!("logon type {kind}");
    Some(SignIn {
        line: 0,
        at: Some(at),
        account: account(name),
        source: Some(source),
        port,
        how,
        serial: None,
    })
}

fn reconnect(at: Timestamp, name: &str, source: &str) -> Option<SignIn> {
    let source = Some(address(source)?);
    let how = "session reconnected".to_owned();
    Some(SignIn { line: 0, at: Some(at), account: account(name), source, port: None, how, serial: None })
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
        let Some(at) = cell(time).and_then(|text| calendar.regional(text)) else { continue };
        log.entry(Some(at));
        // Event Viewer gives the message a column that its header does not name.
        let Some(said) = cell(message).or_else(|| row.last().map(String::as_str)) else { continue };
        let found = match cell(id).unwrap_or_default().trim() {
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
            _ => None,
        };
        log.sign_ins.extend(found.map(|sign_in| SignIn { line, ..sign_in }));
    }
}

/// What follows a label on its line.
fn labelled<'t>(message: &'t str, label: &str) -> &'t str {
    let after = message.split_once(label).map(|(_, after)| after).unwrap_or_default();
    after.lines().next().unwrap_or_default().trim()
}
