//! What an alert says, top to bottom (SOC.md §1), as the JSON that is stored with it and sent in its event.

use chaperone_policy::{Facts, PersonId, Reason, Window, WindowState, words};
use chaperone_store::{AlertRow, FactKind, SessionRow};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::Severity;
use crate::group;
use crate::occurrence::{Occurrence, Somebody};
use crate::ocsf::members;
use crate::outcome::Outcome;
use crate::protocol::Protocol;
use crate::rule::Rule;
use crate::sanitise::plain;
use crate::technique::{self, ATTACK_VERSION};

/// Approvals and other lists in an alert have at most this many members.
const LISTED: usize = 8;

/// What a judged occurrence is told with.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The rule that fits.
    pub rule: &'a Rule,
    /// How bad it is, which may be worse than the rule says.
    pub severity: Severity,
    /// Why it is worse, if it is.
    pub escalation: Option<&'a str>,
    /// Everything policy-relevant.
    pub facts: &'a Facts,
    /// The hospital's time zone.
    pub zone: &'a TimeZone,
    /// Live sessions on the target now.
    pub sessions_now: &'a [SessionRow],
}

/// The content of an alert on this occurrence; counts and times of the group are added by [`grown`].
#[must_use]
pub fn content(of: &Occurrence, telling: &Telling<'_>) -> Value {
    let rule = telling.rule;
    Value::Object(members(json!({
        "verdict": verdict_words(of, rule),
        "outcome": Outcome::of(of).as_str(),
        "summary": summary(of, rule),
        "rule": rule.name,
        "title": rule.title,
        "severity": telling.severity.as_str(),
        "escalation": telling.escalation,
        "reason": of.reason.map(Reason::as_str).or(of.failure.as_deref()),
        "who": who(of),
        "what": what(of),
        "file": file(of),
        "when": when(of.at, telling.zone),
        "windows": windows(of, telling.facts, telling.zone),
        "sessions_now": sessions_now(telling),
        "what_next": rule.runbook,
        "techniques": technique::by(of.protocol, rule.techniques).iter().map(|t| json!({ "id": t.id, "name": t.name })).collect::<Vec<_>>(),
        "attack_version": ATTACK_VERSION,
        "node": of.node,
        "fact": of.number,
        "session": of.session.map(|id| id.to_string()),
        "attempt": of.attempt.map(|id| id.to_string()),
        "detail": has_detail(of).then(|| of.body.clone()),
    })))
}

/// Whether the fact's body says what nothing else in the alert does: of whom nobody knows, and of what a server did.
fn has_detail(of: &Occurrence) -> bool {
    !of.is_proven() || of.person.is_none() || of.kind == FactKind::TargetFailed
}

/// The content with the group's count and times, and with a sample of who came where they are many.
#[must_use]
pub fn grown(content: &Value, of: &Occurrence, alert: &AlertRow) -> Value {
    let mut content = content.clone();
    let Some(members) = content.as_object_mut() else { return content };
    members.insert(
        "attempts".to_owned(),
        json!({
            "count": alert.count,
            "first": alert.first.to_string(),
            "last": alert.last.to_string(),
        }),
    );
    if !of.is_proven() && of.source.is_some() {
        let sample = json!({
            "login": of.named_login, "target": of.named_target, "address": of.source.map(|source| source.to_string()),
        });
        let samples = members.entry("samples").or_insert_with(|| json!([]));
        if let Some(samples) = samples.as_array_mut()
            && samples.len() < LISTED
            && !samples.contains(&sample)
        {
            samples.push(sample);
        }
    }
    content
}

/// One line: who, what, how it ended.
#[must_use]
pub fn summary(of: &Occurrence, rule: &Rule) -> String {
    match Outcome::of(of) {
        Outcome::Ended if of.target_id.is_some() => {
            format!("{}; {} on {}: {}", rule.title, of.who(), of.to_what(), of.fault())
        }
        // Whose visit it was in comes last: it is none of their doing.
        Outcome::Withheld => {
            format!("{}: {}; {}; in a visit of {}", rule.title, of.to_what(), of.fault(), of.who())
        }
        Outcome::Fault => format!("{}: {}", rule.title, of.fault()),
        Outcome::Ended => format!("{}: {}", rule.title, of.subject()),
        Outcome::Noted => format!("{}: {}", rule.title, of.who()),
        outcome => {
            let from = of.source.map(|source| format!(" from {source}")).unwrap_or_default();
            let words = verdict_words(of, rule);
            format!("{words}; {} to {}{from}; {}", of.who(), of.to_what(), outcome.as_str())
        }
    }
}

fn verdict_words(of: &Occurrence, rule: &Rule) -> String {
    of.verdict().unwrap_or_else(|| rule.title.to_owned())
}

fn sessions_now(telling: &Telling<'_>) -> Vec<Value> {
    let name = |id: PersonId| telling.facts.people.get(&id).map(|person| short(&person.name));
    let row = |session: &SessionRow| {
        json!({
            "session": session.id, "person": name(session.person), "since": session.admitted.to_string(),
            "source": short(&session.source),
        })
    };
    telling.sessions_now.iter().take(LISTED).map(row).collect()
}

fn who(of: &Occurrence) -> Value {
    let person = of.person.as_ref();
    Value::Object(members(json!({
        "proven": of.is_proven(),
        "person": person.map(|person| person.id),
        "login": person.map(|person| person.login.to_string()).or_else(|| of.named_login.clone()),
        "name": person.map(|person| person.name.clone()),
        "vendor": person.and_then(|person| person.vendor.clone()),
        "proof": of.proof_method,
        "key": of.proof_key,
        "second_factor": of.second_factor,
        "client": of.client,
        "address": of.source.map(|source| source.to_string()),
        "network": of.source.map(group::network),
        "listener": of.listener,
    })))
}

/// The file that it is about.
fn file(of: &Occurrence) -> Value {
    if of.kind != FactKind::FileRefused {
        return Value::Null;
    }
    let said = |name: &str| of.body.get(name).cloned();
    Value::Object(members(json!({
        "name": said("name"), "size_bytes": said("size_bytes"), "sha256": said("sha256"), "found": said("found"),
        "why": said("why"), "scanner": said("scanner"),
    })))
}

fn what(of: &Occurrence) -> Value {
    let target = of.target.as_ref();
    let card = target.map(|target| &target.card);
    Value::Object(members(json!({
        "target": target.map(|target| target.id),
        "name": target.map(|target| target.name.to_string()).or_else(|| of.named_target.clone()),
        "known": of.named_target.as_ref().map(|_| target.is_some()),
        "site": card.and_then(|card| card.site.as_deref()).map(short),
        "group": card.and_then(|card| card.group.as_deref()).map(short),
        "unit": card.and_then(|card| card.unit.as_deref()).map(short),
        "pumps": card.and_then(|card| card.pumps),
        "patient_data": card.map(|card| card.patient_data),
        "in_clinical_use": card.map(|card| card.in_clinical_use),
        "protocol": of.protocol.map(Protocol::as_str),
        "account": of.account,
        "access": of.access,
    })))
}

fn when(at: Timestamp, zone: &TimeZone) -> Value {
    json!({ "utc": at.to_string(), "local": local(at, zone) })
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
}

/// The windows on the target nearest to the attempt: the one running, the last before, the first after; and the person's
/// own that is open elsewhere, which tells a wrong name from a wrong intent.
fn windows(of: &Occurrence, facts: &Facts, zone: &TimeZone) -> Value {
    let Some(target) = &of.target else { return Value::Null };
    let on_target =
        || facts.windows.values().filter(|window| window.targets.contains(&target.id) && planned(window));
    let row = |window: &Window| window_row(window, of, facts, zone);
    let running = on_target().find(|window| window.opens <= of.at && of.at < window.closes);
    let before = on_target().filter(|window| window.closes <= of.at).max_by_key(|window| window.closes);
    let after = on_target().filter(|window| window.opens > of.at).min_by_key(|window| window.opens);
    Value::Object(members(json!({
        "running": running.map(row),
        "before": before.map(row),
        "after": after.map(row),
        "elsewhere": elsewhere(of, facts).map(row),
    })))
}

fn elsewhere<'f>(of: &Occurrence, facts: &'f Facts) -> Option<&'f Window> {
    let (person, target) = (of.person.as_ref()?.id, of.target.as_ref()?.id);
    facts.windows.values().find(|window| {
        window.technicians.contains(&person)
            && !window.targets.contains(&target)
            && window.opens <= of.at
            && of.at < window.closes
            && window.state == WindowState::Approved
    })
}

fn planned(window: &Window) -> bool {
    !matches!(window.state, WindowState::Denied | WindowState::Withdrawn | WindowState::Expired)
}

fn window_row(window: &Window, of: &Occurrence, facts: &Facts, zone: &TimeZone) -> Value {
    let name = |id| facts.people.get(id).map(|person| short(&person.name));
    let off = if of.at < window.opens {
        Some(format!("opens in {}", words(window.opens.duration_since(of.at))))
    } else if of.at >= window.closes {
        Some(format!("closed {} before", words(of.at.duration_since(window.closes))))
    } else {
        None
    };
    let theirs = of.person.as_ref().map(|Somebody { id, .. }| window.technicians.contains(id));
    let target = |id| facts.targets.get(id).map(|target| target.name.to_string());
    Value::Object(members(json!({
        "window": window.id,
        "on": window.targets.iter().take(LISTED).filter_map(target).collect::<Vec<_>>(),
        "opens": window.opens.to_string(),
        "closes": window.closes.to_string(),
        "local": format!("{} to {}", local(window.opens, zone), local(window.closes, zone)),
        "off": off,
        "state": window.state,
        "theirs": theirs,
        "technicians": window.technicians.iter().take(LISTED).filter_map(name).collect::<Vec<_>>(),
        "approved_by": window.approvals.iter().take(LISTED).filter_map(|a| name(&a.by)).collect::<Vec<_>>(),
        "purpose": window.purpose,
        "ticket": window.ticket.as_deref().map(short),
    })))
}

fn short(text: &str) -> String {
    plain(text, 128)
}
