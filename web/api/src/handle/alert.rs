//! The SOC's alerts.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{AlertId, Facts, Subject};
use chaperone_store::{AlertRow, AlertState, FactKind, StoreError};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::Answer;
use super::alert_beside::{beside, due};
use crate::actor::Actor;
use crate::body::{Asked, At, Body};
use crate::looked::looked;
use crate::problem::Problem;
use crate::wire::{AlertClose, AlertView, Because};
use crate::{App, parse, render};

/// How long a queue is where nothing else is asked, and at most: an alert is some kilobytes.
const LISTED: u32 = 200;
const MOST_LISTED: u32 = 1000;

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Closed ones too.
    #[serde(default)]
    all: bool,
    /// `open`, `closed` or `all`; goes before `all`.
    state: Option<String>,
    /// Of this severity alone.
    severity: Option<String>,
    /// At most this many of the newest.
    limit: Option<u32>,
}

/// Which states are asked for.
enum States {
    Open,
    Closed,
    All,
}

impl Which {
    fn states(&self) -> States {
        match self.state.as_deref() {
            Some("closed") => States::Closed,
            Some("all") => States::All,
            None if self.all => States::All,
            Some(_) | None => States::Open,
        }
    }

    fn wants(&self, row: &AlertRow) -> bool {
        self.severity.as_deref().is_none_or(|severity| severity == row.severity)
    }
}

/// The queue, newest last.
#[utoipa::path(get, path = "/api/alerts", tag = "alerts", security(("token" = [])), params(Which),
    responses((status = 200, body = [AlertView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    Asked(which): Asked<Which>,
) -> Answer<Vec<AlertView>> {
    let body = json!({ "alerts": "queue", "reason": "work on the queue" });
    looked(&app, &actor, FactKind::AlertsViewed, body).await?;
    let limit = which.limit.unwrap_or(LISTED).min(MOST_LISTED);
    let mut rows = match which.states() {
        States::Open => app.parts.store.worst_open_alerts(which.severity.as_deref(), limit).await?,
        States::Closed => app.parts.store.alerts(Some(AlertState::Closed), limit).await?,
        States::All => app.parts.store.alerts(None, limit).await?,
    };
    rows.retain(|row| which.wants(row));
    rows.sort_by_key(|row| (row.last, row.id));
    Ok(Json(rows.into_iter().map(|row| view(&actor.facts, row)).collect()))
}

/// One alert, from top to bottom.
#[utoipa::path(get, path = "/api/alerts/{alert}", tag = "alerts", security(("token" = [])),
    params(("alert" = String, description = "Id")),
    responses((status = 200, body = AlertView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(State(app): State<App>, actor: Actor, At(id): At<String>) -> Answer<AlertView> {
    let row = found(&app, &id).await?;
    let body = json!({ "alerts": row.id, "reason": "work on this alert" });
    looked(&app, &actor, FactKind::AlertsViewed, body).await?;
    let view = view(&actor.facts, row.clone());
    Ok(Json(beside(&app, &actor, &row, view).await?))
}

/// Takes an alert.
#[utoipa::path(post, path = "/api/alerts/{alert}/acknowledge", tag = "alerts", security(("token" = [])),
    params(("alert" = String, description = "Id")), request_body = Because,
    responses((status = 200, body = AlertView), (status = "4XX", body = Problem)))]
pub(crate) async fn acknowledge(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<AlertView> {
    actor.may(Subject::AtAll)?;
    let reason = parse::words("reason", &why.reason)?;
    let row = found(&app, &id).await?;
    if row.state == "new" {
        app.parts.store.acknowledge_alert(row.id, actor.person, reason).await?;
    } else if row.acknowledged_by != Some(actor.person) {
        return Err(Problem::conflict(
            "somebody else has taken this alert, or it is closed",
            "see who: chaperone alert show",
        ));
    }
    Ok(Json(view(&actor.facts, found(&app, &id).await?)))
}

/// Closes an alert. The next attempt of its group starts a new one.
#[utoipa::path(post, path = "/api/alerts/{alert}/close", tag = "alerts", security(("token" = [])),
    params(("alert" = String, description = "Id")), request_body = AlertClose,
    responses((status = 200, body = AlertView), (status = "4XX", body = Problem)))]
pub(crate) async fn close(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(close): Body<AlertClose>,
) -> Answer<AlertView> {
    actor.may(Subject::AtAll)?;
    let note = parse::words("note", &close.note)?;
    let row = found(&app, &id).await?;
    if row.state == "closed" {
        return Err(Problem::conflict("this alert is closed", "see how: chaperone alert show"));
    }
    app.parts.store.close_alert(row.id, actor.person, close.disposition.as_str().to_owned(), note).await?;
    Ok(Json(view(&actor.facts, found(&app, &id).await?)))
}

async fn found(app: &App, id: &str) -> Result<AlertRow, Problem> {
    let parsed: AlertId = parse::id("alert", id)?;
    app.parts.store.alert(parsed).await.map_err(|error| match error {
        StoreError::NotFound(_) => Problem::unknown("alert", id),
        other => other.into(),
    })
}

fn view(facts: &Facts, row: AlertRow) -> AlertView {
    let due = due(&row);
    AlertView {
        id: row.id.to_string(),
        rule: row.rule,
        severity: row.severity,
        state: row.state,
        title: row.title,
        first_at: row.first,
        last_at: row.last,
        count: row.count,
        acknowledged_by: row.acknowledged_by.map(|by| render::login(facts, by)),
        disposition: row.disposition,
        closed_by: row.closed_by.map(|by| render::login(facts, by)),
        note: row.note,
        due,
        related: Vec::new(),
        histogram: None,
        live_now: Vec::new(),
        content: row.content,
    }
}
