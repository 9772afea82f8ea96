//! A server's own log against the ledger. The log is read after the caller is known and may, and only so much of it.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use chaperone_desk::{Calendar, LogFormat, Reconcile, Reconciled, SignIn};
use chaperone_policy::Subject;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::IntoParams;

use super::Answer;
use crate::actor::Actor;
use crate::body::Asked;
use crate::problem::Problem;
use crate::wire::{ReconcileView, SignInView, UnseenVisit};
use crate::{App, parse, render};

/// The longest log that is read at once; a longer one is cut by time with the tools of the server.
const MAX_LOG_BYTES: usize = 64 << 20;
/// How long it may take to arrive.
const READ_WITHIN: Duration = Duration::from_secs(120);
/// Logs in memory at once.
static PLACES: Semaphore = Semaphore::const_new(2);
/// How far the server's clock may be from ours, where nothing is said, and at most.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(60);
const MOST_TOLERANCE: SignedDuration = SignedDuration::from_hours(12);
/// Sign-ins and visits of one answer.
const MOST_LISTED: usize = 200;

/// Whose log, and how it is read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Name of the server.
    target: String,
    /// Only what happened at or after this instant (RFC 3339).
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Only what happened before this instant (RFC 3339).
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    /// sshd, journal, windows-csv or windows-xml; without it what the log looks like.
    format: Option<String>,
    /// The year of lines without one; this year without it.
    year: Option<i16>,
    /// The time zone of times without one, as IANA names it; the hospital's without it.
    time_zone: Option<String>,
    /// How far the server's clock may be from the gate's, in seconds; 60 without it.
    tolerance_seconds: Option<i64>,
    /// Why, in words; stored in the ledger.
    reason: Option<String>,
}

/// Which sign-ins of a server's own log no visit explains: each is an alarm.
#[utoipa::path(post, path = "/api/reconcile", tag = "ledger", security(("token" = [])), params(Which),
    request_body(content = String, content_type = "text/plain", description = "The log, at most 64 MiB"),
    responses((status = 200, body = ReconcileView), (status = "4XX", body = Problem)))]
pub(crate) async fn reconcile(
    State(app): State<App>,
    actor: Actor,
    Asked(which): Asked<Which>,
    log: Body,
) -> Answer<ReconcileView> {
    let target = parse::known_target(&actor.facts, &which.target)?;
    actor.may(Subject::Target(target))?;
    let ask = asked(&app, &actor, target.id, &which)?;
    let busy = || Problem::unavailable("other logs are being compared", "try again in a moment");
    let _place = PLACES.try_acquire().map_err(|_| busy())?;
    let text = read(log).await?;
    let found = app.parts.desk.reconcile(&ask, text).await?;
    Ok(Json(view(&actor, target.name.to_string(), &found)))
}

fn asked(
    app: &App,
    actor: &Actor,
    target: chaperone_policy::TargetId,
    which: &Which,
) -> Result<Reconcile, Problem> {
    let format = which.format.as_deref().filter(|format| *format != "auto").map(str::parse::<LogFormat>);
    let zone = match &which.time_zone {
        Some(name) => TimeZone::get(name).map_err(|error| Problem::field("time_zone", error))?,
        None => app.parts.settings.zone.clone(),
    };
    let tolerance = which.tolerance_seconds.map_or(TOLERANCE, SignedDuration::from_secs);
    if tolerance.is_negative() || tolerance > MOST_TOLERANCE {
        return Err(Problem::field("tolerance_seconds", "it is from 0 to 43200"));
    }
    let year = which.year.unwrap_or_else(|| zone.to_datetime(actor.now).year());
    let reason =
        parse::words("reason", which.reason.as_deref().unwrap_or("comparison with the server's own log"))?;
    Ok(Reconcile {
        target,
        by: actor.person,
        reason,
        at: actor.now,
        from: which.from,
        to: which.to,
        format: format.transpose().map_err(|error| Problem::field("format", error))?,
        calendar: Calendar { year, zone },
        tolerance,
    })
}

/// The log's text. Letters that are none are replaced: a log is as its machine wrote it.
async fn read(log: Body) -> Result<String, Problem> {
    let read = tokio::time::timeout(READ_WITHIN, to_bytes(log, MAX_LOG_BYTES)).await;
    let read = read.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "the log did not arrive in time", "send a shorter one")
    })?;
    let bytes = read.map_err(|_| {
        let next = "cut it by time, with journalctl --since or wevtutil's query, and compare the parts";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the log is longer than 64 MiB", next)
    })?;
    Ok(match bytes.as_ref() {
        // Event Viewer and PowerShell write UTF-16.
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        utf8 => String::from_utf8_lossy(utf8).into_owned(),
    })
}

fn wide(bytes: &[u8], of: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| of(*pair)))
        .map(|letter| letter.unwrap_or('\u{fffd}'))
        .collect()
}

fn view(actor: &Actor, target: String, found: &Reconciled) -> ReconcileView {
    let comparison = &found.comparison;
    let (wrong, unseen) = (comparison.unexplained.len(), comparison.without_sign_in.len());
    let unexplained = comparison.unexplained.iter().take(MOST_LISTED).map(sign_in);
    let without = comparison.without_sign_in.iter().take(MOST_LISTED).map(|visit| UnseenVisit {
        session: visit.session.to_string(),
        person: render::login(&actor.facts, visit.person),
        started: visit.started,
    });
    let mut summary = match (wrong, found.understood) {
        (_, 0) => format!(
            "Nothing in {} lines was understood as {}: is it the right log?",
            found.lines, found.format
        ),
        (0, _) if found.unread > 0 => {
            format!("Each of the {} sign-ins that were read has its visit.", comparison.explained.len())
        }
        (0, _) => format!("Every sign-in of {} in the log has its visit.", comparison.explained.len()),
        (1, _) => "1 SIGN-IN HAS NO VISIT; the SOC has an alert.".to_owned(),
        (wrong, _) => format!("{wrong} SIGN-INS HAVE NO VISIT; the SOC has an alert."),
    };
    if found.unread > 0 {
        let lines: Vec<String> = found.unread_lines.iter().map(u64::to_string).collect();
        summary = format!(
            "{summary} {} MORE COULD NOT BE READ (lines {}): look at them, or export the log in English.",
            found.unread,
            lines.join(", ")
        );
    }
    if unseen > 0 {
        summary = format!("{summary} {unseen} visits have no sign-in in the log: is it whole?");
    }
    ReconcileView {
        target,
        format: found.format.to_string(),
        lines: found.lines,
        understood: found.understood,
        unread: found.unread,
        unread_lines: found.unread_lines.clone(),
        explained: u64::try_from(comparison.explained.len()).unwrap_or(u64::MAX),
        unexplained: unexplained.collect(),
        without_sign_in: without.collect(),
        summary,
    }
}

fn sign_in(sign_in: &SignIn) -> SignInView {
    let source = sign_in.source.map(|source| match sign_in.port {
        Some(port) => SocketAddr::new(source, port).to_string(),
        None => source.to_string(),
    });
    SignInView {
        line: sign_in.line,
        at: sign_in.at,
        account: render::plain(&sign_in.account),
        source,
        how: render::plain(&sign_in.how),
    }
}
