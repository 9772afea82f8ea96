//! What a message says: one line, the window, why, and what its reader does next.

use chaperone_policy::{Facts, PersonId, Window, local, words};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::audience::{is_open, must_accept};
use super::{Listener, News, Part, Topic};
use crate::deliver::Lines;
use crate::sanitise::plain;

/// Names in a line.
const LISTED: usize = 6;
/// The longest name, ticket or reason.
const TEXT_MAX: usize = 300;
/// The longest subject, in characters.
const SUBJECT_MAX: usize = 150;

/// `Change window on alaris-sm-01, Wed 25 Nov 2026 22:00 CET: approved`.
pub(super) fn subject(news: &News<'_>, facts: &Facts, zone: &TimeZone) -> String {
    let window = news.window;
    let (servers, opens) = (servers(window, facts), local(window.opens, zone));
    let what = match news.topic {
        Topic::Requested => "asked for".to_owned(),
        Topic::Reminder => "still waits for an answer".to_owned(),
        Topic::HandedOn => "waits for an answer: you stand in".to_owned(),
        Topic::Approved => "approved".to_owned(),
        Topic::Denied => "denied".to_owned(),
        Topic::Withdrawn => "taken back".to_owned(),
        Topic::Revoked => "revoked".to_owned(),
        Topic::NewEnd => format!("ends at {}", local(window.closes, zone)),
        Topic::Moved => "moved".to_owned(),
        Topic::MoreTime => "more time is asked for".to_owned(),
        Topic::OpeningSoon => format!("opens in {}", words(window.opens.duration_since(news.at))),
        Topic::Ended => "is over".to_owned(),
        Topic::ReviewDue => "is to be reviewed".to_owned(),
    };
    plain(&format!("Change window on {servers}, {opens}: {what}"), SUBJECT_MAX)
}

/// The body, for this reader; the link comes below it when it is sent.
pub(super) fn text(news: &News<'_>, to: &Listener, facts: &Facts, zone: &TimeZone) -> String {
    let window = news.window;
    let mut lines = Lines::default();
    lines.line(&headline(news, facts, zone));
    lines.gap();
    lines.field("Servers", Some(&servers(window, facts)));
    lines.field("When", Some(&format!("{} to {}", local(window.opens, zone), local(window.closes, zone))));
    lines.field("Who", Some(&technicians(window, facts)));
    let ticket = window.ticket.as_deref().map(|ticket| format!(", ticket {}", plain(ticket, TEXT_MAX)));
    lines.field("For", Some(&format!("{}{}", window.purpose, ticket.unwrap_or_default())));
    let access: Vec<String> = window.access.iter().map(ToString::to_string).collect();
    lines.field("Access", Some(&access.join(", ")));
    lines.field(
        "Asked because",
        Some(&plain(&window.reason, TEXT_MAX)).filter(|reason| !reason.is_empty()).map(String::as_str),
    );
    lines.field("Reason", news.reason.as_deref().map(|reason| plain(reason, TEXT_MAX)).as_deref());
    lines.gap();
    lines.line(&format!("What to do next: {}", next_step(news, to, zone)));
    lines.0
}

fn headline(news: &News<'_>, facts: &Facts, zone: &TimeZone) -> String {
    let window = news.window;
    let by = news.by.map_or_else(|| "Somebody".to_owned(), |id| name(id, facts));
    match news.topic {
        Topic::Requested => format!("{by} asks for a change window."),
        Topic::Reminder | Topic::HandedOn => format!(
            "A request for a change window has waited for {} and nobody has answered it.",
            words(news.at.duration_since(window.requested_at))
        ),
        Topic::Approved => format!("{by} approved this change window: it has all its approvals."),
        Topic::Denied => format!("{by} denied this change window."),
        Topic::Withdrawn => format!("{by} took this change window back."),
        Topic::Revoked => format!("{by} revoked this change window: its visits have ended."),
        Topic::NewEnd => format!("{by} gave this change window a new end: {}.", local(window.closes, zone)),
        Topic::Moved => format!("{by} moved this change window to other times."),
        Topic::MoreTime => match news.wanted {
            Some(wanted) => format!("{by} asks for more time, until {}.", local(wanted, zone)),
            None => format!("{by} asks for more time."),
        },
        Topic::OpeningSoon => {
            format!("This change window opens in {}.", words(window.opens.duration_since(news.at)))
        }
        Topic::Ended => "This change window is over, and its visits have ended.".to_owned(),
        Topic::ReviewDue => review(window, news.at, zone),
    }
}

fn review(window: &Window, at: Timestamp, zone: &TimeZone) -> String {
    match window.emergency_review_by {
        Some(by) if by <= at => {
            format!("This emergency was to be reviewed by {}, and has not been.", local(by, zone))
        }
        Some(by) => format!("This emergency is to be reviewed by {}.", local(by, zone)),
        None => "This emergency is to be reviewed.".to_owned(),
    }
}

/// What this reader does now. Where nothing is to be done, it says so.
fn next_step(news: &News<'_>, to: &Listener, zone: &TimeZone) -> String {
    let window = news.window;
    let waits = window.go_required && window.go_by.is_none();
    let nothing = "nothing; this is for your information.".to_owned();
    match (news.topic, to.part) {
        (Topic::Requested | Topic::Reminder, Part::Approver) => {
            "look at it and approve, shorten, move or deny it.".to_owned()
        }
        (Topic::HandedOn, _) => {
            "you are the deputy or on call: decide it if you may, or call those who may.".to_owned()
        }
        (Topic::Moved, Part::Approver) => "look at the new times and approve or deny them.".to_owned(),
        (Topic::MoreTime, Part::Approver) => {
            "extend it, or leave it as it is: without an answer it ends at its time.".to_owned()
        }
        (Topic::Approved | Topic::OpeningSoon, Part::Approver) if waits => {
            "give the clinical go: without it nobody can connect.".to_owned()
        }
        (Topic::Ended, Part::Approver) => {
            "look at what was done, and close it with the return to service.".to_owned()
        }
        (Topic::ReviewDue, _) => {
            "look at the recording of what was done, and review the emergency.".to_owned()
        }
        (Topic::Requested | Topic::Approved | Topic::Moved | Topic::OpeningSoon, Part::Technician)
            if must_accept(window, to.person) =>
        {
            "accept it: until you do, you cannot connect.".to_owned()
        }
        (Topic::Requested, Part::Requester | Part::Technician) => {
            "wait for the answer; you are told when it is decided.".to_owned()
        }
        (Topic::Approved, Part::Technician) if is_open(window, news.at) => {
            "connect; the page has the lines to copy.".to_owned()
        }
        (Topic::Approved, Part::Technician) => {
            format!("be ready at {}; you are told shortly before.", local(window.opens, zone))
        }
        (Topic::OpeningSoon, Part::Technician) if waits => {
            "wait for the clinical go: without it you cannot connect.".to_owned()
        }
        (Topic::OpeningSoon, Part::Technician) => {
            "be ready to connect; the page has the lines to copy.".to_owned()
        }
        (Topic::Denied | Topic::Withdrawn | Topic::Revoked, Part::Technician | Part::Requester) => {
            "ask for another window if the work is still needed.".to_owned()
        }
        (Topic::Moved, Part::Technician | Part::Requester) => {
            "check that the new times suit you, or ask for others.".to_owned()
        }
        (Topic::NewEnd, Part::Technician) => format!("be done by {}.", local(window.closes, zone)),
        (Topic::Ended, Part::Technician) => "say what was done: the return to service.".to_owned(),
        _ => nothing,
    }
}

fn servers(window: &Window, facts: &Facts) -> String {
    let named = window
        .targets
        .iter()
        .map(|id| facts.targets.get(id).map_or_else(|| id.to_string(), |target| target.name.to_string()));
    listed(named.collect())
}

fn technicians(window: &Window, facts: &Facts) -> String {
    let vendor = facts.vendors.get(&window.vendor).map(|vendor| plain(&vendor.name, TEXT_MAX));
    let mut names = listed(window.technicians.iter().map(|id| name(*id, facts)).collect());
    if let Some(vendor) = vendor {
        names = format!("{names} of {vendor}");
    }
    names
}

fn name(id: PersonId, facts: &Facts) -> String {
    facts.people.get(&id).map_or_else(|| "somebody".to_owned(), |person| plain(&person.name, TEXT_MAX))
}

fn listed(names: Vec<String>) -> String {
    let more = names.len().saturating_sub(LISTED);
    let shown: Vec<String> = names.into_iter().take(LISTED).collect();
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
