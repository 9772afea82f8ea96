//! What `connect` says: to people in sentences and one line of status, to scripts one JSON object a line.

use std::io::{IsTerminal, Write};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Way;
use super::pass::Pass;
use super::ports::Opened;
use crate::cli::outcome::{Failure, say};

/// Who listens, and how.
pub(super) struct Tells {
    json: bool,
    /// Whether there is a terminal on which one line can be written again and again.
    terminal: bool,
}

/// What happens while the ports are open.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum Event<'a> {
    Way {
        way: Way,
    },
    TimeLeft {
        seconds: i64,
    },
    Extended {
        closes: Timestamp,
        until: Timestamp,
    },
    Shortened {
        closes: Timestamp,
        until: Timestamp,
    },
    Lost {
        why: &'a str,
    },
    Reconnected,
    Refused {
        endpoint: &'a str,
        why: &'a str,
    },
    /// A client of this machine did not finish its own TLS handshake.
    Unanswered {
        why: String,
    },
    /// A client of this machine does not come in: it is another user's, or a page of somebody else's has a browser ask.
    TurnedAway {
        endpoint: &'a str,
        why: &'a str,
    },
    Ended {
        reason: &'a str,
        what: &'a str,
    },
}

#[derive(Serialize)]
struct Begun<'a> {
    window: &'a str,
    closes: Timestamp,
    until: Timestamp,
    authority_pem: Option<&'a str>,
    endpoints: &'a [&'a Opened],
}

impl Tells {
    pub(super) fn new(json: bool) -> Self {
        Self { json, terminal: !json && std::io::stderr().is_terminal() }
    }

    /// All ports listen.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(super) fn begun(&self, pass: &Pass, until: Timestamp, opened: &[&Opened]) -> Result<(), Failure> {
        if self.json {
            let begun = Begun {
                window: &pass.window,
                closes: pass.closes,
                until,
                authority_pem: pass.local_authority_pem.as_deref(),
                endpoints: opened,
            };
            return say(&line(&begun)?);
        }
        say(&format!("Window {} is open until {}.", pass.window, clock(until)))?;
        for one in opened {
            say(&described(one))?;
        }
        let mut hosts: Vec<_> = opened.iter().filter_map(|one| one.hosts_line()).collect();
        hosts.dedup();
        if !hosts.is_empty() {
            say("Lines for the hosts file, for clients that insist on the server's own name:")?;
            for hosts_line in hosts {
                say(&hosts_line)?;
            }
        }
        say("Ctrl-C ends it.")
    }

    /// Something happened. A listener that left hears nothing.
    pub(super) fn event(&self, event: &Event<'_>) {
        if self.json {
            drop(line(event).and_then(|line| say(&line)));
            return;
        }
        let Some(sentence) = sentence(event) else { return };
        let (clear, mut err) = (if self.terminal { "\r\x1b[K" } else { "" }, std::io::stderr().lock());
        drop(writeln!(err, "{clear}{sentence}"));
    }

    /// The line of status.
    pub(super) fn status(&self, left: SignedDuration, connections: usize, lost: bool) {
        if !self.terminal {
            return;
        }
        let state = match (lost, connections) {
            (true, _) => "the gate cannot be reached; trying".to_owned(),
            (false, 1) => "1 connection".to_owned(),
            (false, count) => format!("{count} connections"),
        };
        let mut err = std::io::stderr().lock();
        drop(write!(err, "\r\x1b[K{} left, recorded, {state}", span(left)).and_then(|()| err.flush()));
    }
}

fn line(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map_err(|error| Failure::failed(format!("the result is no JSON: {error}"), ""))
}

/// For people; nothing of what the line of status says anyway.
fn sentence(event: &Event<'_>) -> Option<String> {
    Some(match event {
        Event::TimeLeft { .. } => return None,
        Event::Way { way } => format!("The gate is reached {way}."),
        Event::Extended { until, .. } => format!("The window was extended: until {}.", clock(*until)),
        Event::Shortened { until, .. } => format!("The window was shortened: until {}.", clock(*until)),
        Event::Lost { why } => format!("The gate cannot be reached: {why}. Trying again."),
        Event::Reconnected => "The gate can be reached again.".to_owned(),
        Event::Refused { endpoint, why } => format!("{endpoint}: {why}"),
        Event::Unanswered { why } => format!(
            "A client here did not finish TLS: {why}. Does it trust the certificate that --authority writes?"
        ),
        Event::TurnedAway { endpoint, why } => format!("{endpoint}: a client here was turned away: {why}."),
        Event::Ended { what, .. } => (*what).to_owned(),
    })
}

fn described(opened: &Opened) -> String {
    let named = opened.server_name.as_deref().unwrap_or(&opened.host);
    let what = match opened.kind.as_str() {
        "tls" => "TLS",
        "http" => "web console",
        _ => "TCP",
    };
    let accepts = if opened.ends_tls() {
        "plain, or TLS ended here by a certificate of the gate's"
    } else {
        "as it is"
    };
    let recorded = match opened.recorded.as_str() {
        "plain" => "recorded in clear",
        "bytes" => "recorded as bytes",
        "flow" => "its flow is recorded, not what is inside",
        _ => "recorded",
    };
    format!("{}  {}  {what} to {named}:{}  {accepts}; {recorded}", opened.endpoint, opened.local, opened.port)
}

fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%H:%M").to_string()
}

/// Hours, minutes, seconds.
fn span(left: SignedDuration) -> String {
    let seconds = left.as_secs().max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
