//! A report in words that a lawyer can read. It never says more than was proved.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::Value;

pub(super) use super::names::plain;
use super::report::{AttemptSeen, Finding, RecordingStands, Report, SessionSeen};
use crate::channel::Coverage;

/// What no bundle proves.
pub(super) const NOT_PROVED: &[&str] = &[
    "That a gate which had been taken over wrote down every visit.",
    "That nobody reached the server in a way around the gate.",
    "What a gate could not write down at the time and entered into the ledger after checkpoint B.",
    "That the clocks were right: the order of the entries is proved, their times are the gate's.",
    "Who sat behind a login: the ledger says which account proved itself, and how.",
    "Names and the files made for people (names, windows, alerts, custody, coverage, derived): the ledger's key signed them as the maker's word.",
    "That a server's recognising key was not exchanged in the database together with all that it recognised.",
];

/// The strongest sentence that a report without failures proves.
pub(super) fn statement(report: &Report) -> Option<String> {
    let (from, to) = (report.from.as_ref()?, report.to.as_ref()?);
    let kind = report.subject.get("kind")?.as_str()?;
    let targets: Vec<String> =
        ids(report.subject.get("targets")?).map(|id| report.names.target(id)).collect();
    let targets = targets.join(", ");
    let counts =
        format!("{} and {}", counted(report.attempts, "attempt"), counted(report.sessions, "session"));
    let trees =
        format!("Between checkpoints A (size {}) and B (size {}) the ledger holds", from.size, to.size);
    let what = match kind {
        "target" => {
            let time = |name: &str| time_us(report.subject.get(name)?.as_str()?);
            format!("exactly {counts} on {targets} from {} to {}", time("from_us")?, time("to_us")?)
        }
        "window" => format!("at least {counts} of window {}", report.subject.get("window")?.as_str()?),
        _ => format!("at least {counts} about session {}", report.subject.get("session")?.as_str()?),
    };
    let gone = match report.wordless {
        0 => String::new(),
        count => format!("; of {count} of them the words are gone by retention"),
    };
    Some(format!("{trees} {what}{gone}; none was removed or changed since {}.", since(report)))
}

fn since(report: &Report) -> String {
    let Some(since) = &report.since else { return "checkpoint B was signed".to_owned() };
    let held = format!("the holder received checkpoint C (size {})", since.size);
    // The list may be cut, its end may not: attempts come in order.
    let later = report.attempt_list.last().is_some_and(|attempt| attempt.number >= since.size)
        || report.attempts > u64::try_from(report.attempt_list.len()).unwrap_or(u64::MAX);
    if later {
        format!("{held}, but for those numbered {} and up, since checkpoint B was signed", since.size)
    } else {
        held
    }
}

fn ids(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn time_us(text: &str) -> Option<String> {
    Timestamp::from_microsecond(text.parse().ok()?).ok().map(|at| at.to_string())
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}

/// Writes a report for people.
///
/// # Errors
/// When it cannot be written.
pub fn in_words(report: &Report, out: &mut impl Write) -> io::Result<()> {
    subject(report, out)?;
    if report.holds {
        writeln!(out, "HOLDS. Everything that was asked for was checked and nothing is wrong.")?;
    } else {
        let count =
            u64::try_from(report.failures.len()).unwrap_or(u64::MAX).saturating_add(report.more_failures);
        writeln!(out, "DOES NOT HOLD. {} found, in the order of the checks:", counted(count, "failure"))?;
        for finding in &report.failures {
            failure(finding, out)?;
        }
        if report.more_failures > 0 {
            writeln!(out, "  … and {} more", report.more_failures)?;
        }
    }
    attempts(report, out)?;
    sessions(report, out)?;
    left_out(report, out)?;
    writeln!(out, "\nWhat no such bundle proves")?;
    for words in &report.not_proved {
        writeln!(out, "  - {words}")?;
    }
    match &report.statement {
        Some(statement) => writeln!(out, "\n{statement}"),
        None => writeln!(out, "\nNothing is proved of the whole; what is named above is where it breaks."),
    }
}

fn subject(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let said = |name: &str| report.subject.get(name).and_then(Value::as_str).map(plain);
    if let Some(kind) = said("kind") {
        let targets = report
            .subject
            .get("targets")
            .map(|list| ids(list).map(|id| report.names.target(id)).collect::<Vec<_>>());
        let targets = targets.unwrap_or_default().join(", ");
        match kind.as_str() {
            "window" => {
                writeln!(out, "Bundle about window {} on {targets}", said("window").unwrap_or_default())?
            }
            "session" => {
                writeln!(out, "Bundle about session {} on {targets}", said("session").unwrap_or_default())?
            }
            _ => writeln!(out, "Bundle about {targets}")?,
        }
    }
    if let Some((by, at, reason)) = &report.made {
        writeln!(out, "Made by {} at {}: {}", plain(by), plain(at), plain(reason))?;
    }
    writeln!(out)
}

fn failure(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let number = finding.number.map(|number| format!(" number {number}"));
    let session = finding.session.map(|session| format!(" session {session}"));
    let file = finding.file.as_ref().map(|file| format!(" {}", plain(file)));
    let place = [number, session, file].into_iter().flatten().collect::<String>();
    writeln!(out, "  {}{place}: {}", finding.name.name(), finding.name.words())?;
    if let Some(inner) = finding.failure {
        writeln!(out, "      {inner}: {}", inner.words())?;
    }
    writeln!(
        out,
        "      ({})",
        finding.detail.chars().filter(|c| !c.is_control()).take(200).collect::<String>()
    )
}

fn attempts(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{}", counted(report.attempts, "attempt"))?;
    for AttemptSeen { number, at, kind, person, session, reason } in &report.attempt_list {
        let who = person.as_ref().map_or("nobody who was proved".to_owned(), |id| report.names.person(id));
        let what = match (kind.as_str(), session, reason) {
            ("session-admitted", Some(session), _) => format!("admitted, session {session}"),
            ("session-admitted", None, _) => "admitted".to_owned(),
            ("attempt-failed", _, reason) => {
                format!("not proved ({})", plain(reason.as_deref().unwrap_or("-")))
            }
            (_, _, reason) => format!("refused ({})", plain(reason.as_deref().unwrap_or("-"))),
        };
        writeln!(out, "  {number}  {at}  {who}: {what}")?;
    }
    let listed = u64::try_from(report.attempt_list.len()).unwrap_or(u64::MAX);
    if report.attempts > listed {
        writeln!(out, "  … and {} more", report.attempts - listed)?;
    }
    Ok(())
}

fn sessions(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{}", counted(report.sessions, "session"))?;
    for session in &report.session_list {
        session_line(session, out)?;
    }
    Ok(())
}

fn session_line(session: &SessionSeen, out: &mut impl Write) -> io::Result<()> {
    let ended = session.ended.map_or("with no end written".to_owned(), |at| format!("to {at}"));
    writeln!(out, "  {}  {} {ended}", session.session, session.began)?;
    let outcome = match session.outcome.as_deref() {
        Some("session-sealed") => "sealed when it ended",
        Some("session-recovered") => "sealed as found after a crash: the very last bytes may be missing",
        Some("session-never-started") => "never started: nothing passed",
        Some("session-lost") => "its recording is stated lost",
        _ if session.recording == RecordingStands::Deleted => "what became of it is not in words any more",
        _ if session.ended.is_some() => "what became of it is not shown",
        _ => {
            "no outcome is shown: it had not ended when checkpoint B was signed, unless said otherwise below"
        }
    };
    let why =
        session.end_reason.as_deref().map(|why| format!(", because {}", plain(why))).unwrap_or_default();
    writeln!(out, "      {outcome}{why}")?;
    let recording = match (session.recording, session.content) {
        (RecordingStands::Sound, "opened") if session.typed => {
            "recording sound, content opened and checked, typed input too"
        }
        (RecordingStands::Sound, "opened") if session.coverage.is_some() => {
            "recording sound, content opened and checked, but for typed input, which stays masked"
        }
        (RecordingStands::Sound, "opened") => "recording sound, content opened and checked",
        (RecordingStands::Sound, _) => {
            "recording sound in order and completeness; its content was not opened"
        }
        (RecordingStands::Unsound, _) => "RECORDING NOT SOUND",
        (RecordingStands::Missing, _) => "RECORDING MISSING",
        (RecordingStands::Deleted, _) => "recording deleted by retention, as the ledger says",
        (RecordingStands::None, _) => "no recording to show",
    };
    let coverage = match session.coverage {
        Some(Coverage::Captured) => "; everything that passed was captured",
        Some(Coverage::OutputOnly) => "; of at least one channel, output only, by policy",
        Some(Coverage::FlowOnly) => "; the bytes of at least one channel are encrypted inside",
        Some(Coverage::Refused) => "; at least one channel was refused",
        None if session.recording != RecordingStands::Sound => "",
        None if session.outcome.as_deref() == Some("session-sealed") => "; no channel was opened",
        None => "; sealed after a crash, so that its coverage is not known",
    };
    writeln!(out, "      {recording}{coverage}")
}

fn left_out(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if !report.gaps.is_empty() {
        writeln!(out, "\nLeft out, and said so")?;
    }
    for gap in &report.gaps {
        let number = gap.number.map(|number| format!(" number {number}")).unwrap_or_default();
        let session = gap.session.map(|session| format!(" session {session}")).unwrap_or_default();
        writeln!(out, "  {}{number}{session}: {}", gap.name, plain_long(&gap.detail))?;
    }
    if !report.not_disclosed.is_empty() {
        let total = report.not_disclosed.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
        writeln!(
            out,
            "\n{} about these servers, in the same part of the ledger, not disclosed:",
            counted(total, "other fact")
        )?;
        for (kind, count) in &report.not_disclosed {
            writeln!(out, "  {count} × {}", plain(kind))?;
        }
    }
    Ok(())
}

fn plain_long(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
