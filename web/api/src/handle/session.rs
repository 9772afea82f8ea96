//! Visits: which there were and are, and orders to running ones. An order is a fact; the session obeys it on whichever
//! node it lives.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Facts, SessionId, Subject};
use chaperone_store::{FactFilter, FactKind, NewFact, SessionFilter, SessionRow};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::{Answer, LISTED, MOST_LISTED, watch};
use crate::actor::Actor;
use crate::body::{Asked, At, Body};
use crate::problem::Problem;
use crate::wire::{Because, SessionView};
use crate::{App, parse, render};

/// Which visits.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// At most this many of the newest.
    limit: Option<u32>,
    /// `live` or `ended`.
    state: Option<String>,
    /// A part of the login.
    person: Option<String>,
    /// A part of the server's name.
    target: Option<String>,
    /// A part of the vendor's name.
    vendor: Option<String>,
    /// Admitted at or after this instant (RFC 3339).
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Admitted before this instant (RFC 3339).
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
}

impl Which {
    fn wants(&self, facts: &Facts, row: &SessionRow) -> bool {
        let is = |wanted: &Option<String>, name: &str| {
            let part = |wanted: &str| name.to_lowercase().contains(&wanted.to_lowercase());
            wanted.as_deref().is_none_or(part)
        };
        let state = if row.ended.is_none() { "live" } else { "ended" };
        let vendor = || {
            let person = facts.people.get(&row.person)?;
            Some(facts.vendors.get(&person.vendor?)?.name.clone())
        };
        is(&self.state, state)
            && is(&self.person, &render::login(facts, row.person))
            && is(&self.target, &render::target_name(facts, row.target))
            && (self.vendor.is_none() || is(&self.vendor, &vendor().unwrap_or_default()))
            && self.to.is_none_or(|to| row.admitted < to)
    }

    /// What the store can look for by itself: times, the state, and a name that only one has.
    fn filter(&self, facts: &Facts) -> SessionFilter {
        let has = |name: &str, part: &str| name.to_lowercase().contains(&part.to_lowercase());
        let person = self.person.as_deref().and_then(|part| {
            only(
                facts
                    .people
                    .values()
                    .filter(|person| has(person.login.as_str(), part))
                    .map(|person| person.id),
            )
        });
        let target = self.target.as_deref().and_then(|part| {
            only(
                facts
                    .targets
                    .values()
                    .filter(|target| has(target.name.as_str(), part))
                    .map(|target| target.id),
            )
        });
        let live = match self.state.as_deref() {
            Some("live") => Some(true),
            Some("ended") => Some(false),
            _ => None,
        };
        SessionFilter { since: self.from, before: self.to, person, target, live }
    }

    /// The newest that are wanted and seen, newest first. Looks further back until there are enough.
    async fn newest(&self, app: &App, actor: &Actor, limit: u32) -> Result<Vec<SessionRow>, Problem> {
        let filter = self.filter(&actor.facts);
        let enough = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut look_at = limit.clamp(1, LOOKED_THROUGH);
        loop {
            let mut rows = app.parts.store.sessions_wanted(&filter, look_at).await?;
            let more = rows.len() >= usize::try_from(look_at).unwrap_or(usize::MAX);
            rows.retain(|row| sees(actor, row) && self.wants(&actor.facts, row));
            if rows.len() >= enough || !more || look_at >= LOOKED_THROUGH {
                rows.truncate(enough);
                return Ok(rows);
            }
            look_at = look_at.saturating_mul(4).min(LOOKED_THROUGH);
        }
    }
}

/// The one thing of an iterator that has one.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    all.next().filter(|_| all.next().is_none())
}

/// Visits that are looked through for those that are wanted.
const LOOKED_THROUGH: u32 = 20_000;

/// The visits that the caller may know of, newest last.
#[utoipa::path(get, path = "/api/sessions", tag = "sessions", security(("token" = [])), params(Which),
    responses((status = 200, body = [SessionView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    Asked(which): Asked<Which>,
) -> Answer<Vec<SessionView>> {
    let limit = which.limit.unwrap_or(LISTED).min(MOST_LISTED);
    let wanted = which.newest(&app, &actor, limit).await?;
    let mut views = Vec::new();
    for row in wanted.iter().rev() {
        views.push(view(&app, &actor.facts, row).await?);
    }
    Ok(Json(views))
}

/// One visit.
#[utoipa::path(get, path = "/api/sessions/{session}", tag = "sessions", security(("token" = [])),
    params(("session" = String, description = "Id")),
    responses((status = 200, body = SessionView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(State(app): State<App>, actor: Actor, At(id): At<String>) -> Answer<SessionView> {
    let row = found(&app, &actor, &id).await?;
    let parts = app.parts.store.sessions_of_visit(row.visit).await?;
    let seen = parts.iter().filter(|part| sees(&actor, part)).map(|part| part.id.to_string());
    let parts = if parts.len() > 1 { seen.collect() } else { Vec::new() };
    let watched_at = watch::watched_at(&app, &row).await;
    Ok(Json(SessionView { parts, watched_at, ..view(&app, &actor.facts, &row).await? }))
}

/// Stops a visit's input. Output still flows and is recorded.
#[utoipa::path(post, path = "/api/sessions/{session}/pause", tag = "sessions", security(("token" = [])),
    params(("session" = String, description = "Id")), request_body = Because,
    responses((status = 200, body = SessionView), (status = "4XX", body = Problem)))]
pub(crate) async fn pause(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<SessionView> {
    order(&app, &actor, &id, FactKind::SessionPaused, &why.reason).await
}

/// Lets a visit's input flow again.
#[utoipa::path(post, path = "/api/sessions/{session}/resume", tag = "sessions", security(("token" = [])),
    params(("session" = String, description = "Id")), request_body = Because,
    responses((status = 200, body = SessionView), (status = "4XX", body = Problem)))]
pub(crate) async fn resume(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<SessionView> {
    order(&app, &actor, &id, FactKind::SessionResumed, &why.reason).await
}

/// Ends a visit now.
#[utoipa::path(post, path = "/api/sessions/{session}/stop", tag = "sessions", security(("token" = [])),
    params(("session" = String, description = "Id")), request_body = Because,
    responses((status = 200, body = SessionView), (status = "4XX", body = Problem)))]
pub(crate) async fn stop(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<SessionView> {
    order(&app, &actor, &id, FactKind::SessionStopAsked, &why.reason).await
}

async fn order(app: &App, actor: &Actor, id: &str, kind: FactKind, reason: &str) -> Answer<SessionView> {
    let row = found(app, actor, id).await?;
    actor.may(subject(&actor.facts, &row)?)?;
    if row.ended.is_some() {
        return Err(Problem::conflict("this visit is over", "see when and why: chaperone session show"));
    }
    let body = json!({ "by": actor.login, "reason": parse::words("reason", reason)? });
    let fact = NewFact::new(kind, actor.now, body)
        .by(actor.person)
        .on(row.target)
        .in_window(row.window)
        .in_session(row.id);
    app.parts.store.fact(fact).await?;
    let row = app.parts.store.session(row.id).await?;
    Ok(Json(view(app, &actor.facts, &row).await?))
}

/// A visit that the caller may know of; any other does not exist for them.
pub(super) async fn found(app: &App, actor: &Actor, id: &str) -> Result<SessionRow, Problem> {
    let parsed: SessionId = parse::id("session", id)?;
    let row = app.parts.store.session(parsed).await.map_err(|error| match error {
        chaperone_store::StoreError::NotFound(_) => Problem::unknown("session", id),
        other => other.into(),
    })?;
    if sees(actor, &row) { Ok(row) } else { Err(Problem::unknown("session", id)) }
}

/// A visit is judged as the window it is in, which names vendor, technicians and targets; where that is long gone, as the
/// target it was on.
pub(super) fn subject<'f>(facts: &'f Facts, row: &SessionRow) -> Result<Subject<'f>, Problem> {
    if let Some(window) = facts.windows.get(&row.window) {
        return Ok(Subject::Window(window));
    }
    let target =
        facts.targets.get(&row.target).ok_or_else(|| Problem::unknown("target", &row.target.to_string()))?;
    Ok(Subject::Target(target))
}

pub(super) fn sees(actor: &Actor, row: &SessionRow) -> bool {
    use chaperone_policy::Act::SeeSessions;
    subject(&actor.facts, row).is_ok_and(|subject| actor.sees(SeeSessions, subject))
}

pub(super) async fn view(app: &App, facts: &Facts, row: &SessionRow) -> Result<SessionView, Problem> {
    use FactKind::{ObserverAwaited, ObserverPresent, SessionPaused, SessionResumed};
    let is_on = row.ended.is_none();
    let paused = is_on && later(app, row.id, SessionPaused, SessionResumed).await?;
    let window = facts.windows.get(&row.window);
    let person = facts.people.get(&row.person);
    let vendor = person.and_then(|person| facts.vendors.get(&person.vendor?));
    let live = if is_on { app.parts.gate.live(row.id) } else { None };
    let awaits_observer = match &live {
        Some(live) => live.awaits_observer(),
        None => is_on && later(app, row.id, ObserverAwaited, ObserverPresent).await?,
    };
    Ok(SessionView {
        id: row.id.to_string(),
        state: state(row).to_owned(),
        person: render::login(facts, row.person),
        target: render::target_name(facts, row.target),
        account: row.account.clone(),
        window: Some(row.window.to_string()),
        source: row.source.clone(),
        node: row.node.clone(),
        admitted_at: row.admitted,
        started_at: row.started,
        ended_at: row.ended,
        sealed: row.seal.is_some(),
        end_reason: row.end_reason.clone(),
        paused,
        vendor: vendor.map(|vendor| vendor.name.clone()),
        closes: window.map(|window| window.closes),
        recording: row.recording.clone(),
        observers: live.map_or(0, |live| u32::try_from(live.watchers()).unwrap_or(u32::MAX)),
        awaits_observer,
        visit: row.visit.to_string(),
        parts: Vec::new(),
        watched_at: None,
    })
}

fn state(row: &SessionRow) -> &'static str {
    match (row.recording.as_str(), row.started, row.ended) {
        ("lost", ..) => "lost",
        // It may have ended before its target was dialled, and have a recording all the same.
        (_, _, Some(_)) if row.seal.is_some() => "sealed",
        (_, None, Some(_)) => "never-started",
        (_, _, Some(_)) => "ended",
        (_, Some(_), None) => "live",
        (_, None, None) => "admitted",
    }
}

/// Whether the newest fact of the one kind about a visit came after the newest of the other: whether it is paused, or waits.
async fn later(app: &App, session: SessionId, one: FactKind, other: FactKind) -> Result<bool, Problem> {
    let newest = async |kind: FactKind| {
        let filter = FactFilter {
            session: Some(session),
            kind: Some(kind.as_str().to_owned()),
            ..FactFilter::default()
        };
        let facts = app.parts.store.facts_page(&filter, 1000).await?;
        Ok::<_, Problem>(facts.last().map(|fact| fact.number))
    };
    Ok(newest(one).await? > newest(other).await?)
}
