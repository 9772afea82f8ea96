//! One event as a letter: who, what, when, and what to do next, in plain words and plain text.
//!
//! Names, tickets and reasons are an attacker's to choose (P10). Each is one line here, with its control characters
//! written out and its length bounded; none becomes a header but in the subject, as part of one line.

use chaperone_policy::MailAddress;
use jiff::Timestamp;
use serde_json::Value;

use super::super::link::Outgoing;
use super::super::render::{at, uid};
use crate::sanitise::{FIELD_MAX, plain};

/// The longest subject, in characters: what a phone shows, and a bit.
const SUBJECT_MAX: usize = 150;
/// Steps that a letter lists.
const STEPS: usize = 8;

/// A letter, without its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What its Message-ID is made of: the same for each repeat.
    pub id: String,
    /// What ties the letters of one alert together.
    pub thread: Option<String>,
    /// One line.
    pub subject: String,
    /// The body: lines that end with `\n`.
    pub text: String,
    /// When it happened.
    pub at: Timestamp,
    /// To whom, where the event says it; `None` means the destination's own recipients.
    pub to: Option<Vec<MailAddress>>,
}

impl Letter {
    /// The letter of an event.
    #[must_use]
    pub fn of(out: &Outgoing<'_>) -> Self {
        match out.event.get("notice") {
            Some(notice) => Self::notice(out, notice),
            None => Self::alert(out),
        }
    }

    /// A notice's words stand in it; only the link is known no sooner than here.
    fn notice(out: &Outgoing<'_>, notice: &Value) -> Self {
        let mut lines = Lines(text(notice, "/text").unwrap_or_default().replace('\r', ""));
        if let Some(path) = text(notice, "/path").filter(|_| !out.site.is_empty()) {
            lines.line(&format!("{}{path}", out.site));
        }
        lines.gap();
        lines
            .line("Chaperone tells you because this change window is yours, or because you decide about it.");
        let to = text(notice, "/to/email").and_then(|email| email.parse().ok());
        Self {
            id: uid(out),
            thread: text(notice, "/window").map(|window| safe("window", window)),
            subject: plain(text(notice, "/subject").unwrap_or("A change window"), SUBJECT_MAX),
            text: lines.0,
            at: at(out.event),
            to: Some(to.into_iter().collect()),
        }
    }

    fn alert(out: &Outgoing<'_>) -> Self {
        let thread = text(out.event, "/finding_info/uid").map(|alert| safe("alert", alert));
        Self {
            id: uid(out),
            thread,
            subject: subject(out.event),
            text: body(out),
            at: at(out.event),
            to: None,
        }
    }
}

/// An id that may stand in a header.
fn safe(kind: &str, id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    format!("{kind}-{}", id.chars().map(plain).take(64).collect::<String>())
}

/// `[HIGH] Off schedule: late by 3 h 10 min; Dana Reyes …`
fn subject(event: &Value) -> String {
    let message = text(event, "/message").unwrap_or("an event without words");
    let mark = match (number(event, "class_uid"), number(event, "activity_id")) {
        (2004, 3) => "CLOSED".to_owned(),
        _ => text(event, "/severity").map_or_else(|| "EVENT".to_owned(), str::to_uppercase),
    };
    plain(&format!("[{mark}] {message}"), SUBJECT_MAX)
}

fn body(out: &Outgoing<'_>) -> String {
    let event = out.event;
    let alert = event.pointer("/unmapped/alert").unwrap_or(&Value::Null);
    let mut lines = Lines::default();
    lines.line(text(event, "/message").unwrap_or("an event without words"));
    lines.gap();
    lines.field("Outcome", text(alert, "/outcome"));
    lines.field(
        "Who",
        joined(&[
            text(alert, "/who/name"),
            text(alert, "/who/login"),
            text(alert, "/who/vendor"),
            text(alert, "/who/proof"),
        ])
        .as_deref(),
    );
    lines.field("From", text(alert, "/who/address"));
    lines.field(
        "Server",
        joined(&[text(alert, "/what/name"), text(alert, "/what/site"), text(alert, "/what/unit")]).as_deref(),
    );
    let pumps = alert
        .pointer("/what/pumps")
        .and_then(Value::as_u64)
        .map(|pumps| format!("{pumps} pumps depend on it"));
    let patient_data = alert.pointer("/what/patient_data").and_then(Value::as_bool).unwrap_or(false);
    lines.field(
        "At stake",
        joined(&[pumps.as_deref(), patient_data.then_some("it holds patient data")]).as_deref(),
    );
    lines.field("When", text(alert, "/when/local").or(Some(&at(event).to_string())));
    for (name, label) in [("running", "Window now"), ("before", "Window before"), ("after", "Window after")] {
        lines.field(label, window(alert.pointer(&format!("/windows/{name}"))).as_deref());
    }
    if let Some(count) = event.get("count").and_then(Value::as_u64).filter(|count| *count > 1) {
        lines.field(
            "How often",
            Some(&format!("{count} times, the last at {}", text(alert, "/attempts/last").unwrap_or("?"))),
        );
    }
    lines.field("Worse because", text(alert, "/escalation"));
    let steps = alert.get("what_next").and_then(Value::as_array);
    let steps: Vec<&str> = steps.into_iter().flatten().filter_map(Value::as_str).take(STEPS).collect();
    if !steps.is_empty() {
        lines.gap();
        lines.line("What to do next:");
        for (n, step) in steps.iter().enumerate() {
            lines.line(&format!("{}. {step}", n + 1));
        }
    }
    if let Some(id) = text(event, "/finding_info/uid").filter(|_| !alert.is_null() && !out.site.is_empty()) {
        lines.gap();
        lines.line(&format!("The alert: {}/soc/alerts/{id}", out.site));
    }
    lines.gap();
    lines.line(&format!(
        "Chaperone, node {}. Number {} to {}: a number that is missing was lost, one that comes twice is a repeat.",
        out.node, out.sequence, out.destination
    ));
    lines.0
}

fn window(row: Option<&Value>) -> Option<String> {
    let row = row?;
    joined(&[
        text(row, "/local"),
        text(row, "/off"),
        text(row, "/state"),
        text(row, "/ticket"),
        text(row, "/approved_by/0"),
    ])
}

fn text<'e>(value: &'e Value, pointer: &str) -> Option<&'e str> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn number(event: &Value, name: &str) -> u64 {
    event.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn joined(parts: &[Option<&str>]) -> Option<String> {
    let there: Vec<&str> = parts.iter().copied().flatten().collect();
    (!there.is_empty()).then(|| there.join(", "))
}

/// Lines of plain text; nothing that is put in makes a second one.
#[derive(Default)]
pub(crate) struct Lines(pub(crate) String);

impl Lines {
    pub(crate) fn line(&mut self, text: &str) {
        self.0.push_str(&plain(text, FIELD_MAX));
        self.0.push('\n');
    }

    pub(crate) fn gap(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    pub(crate) fn field(&mut self, label: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.line(&format!("{:<15}{value}", format!("{label}:")));
        }
    }
}
