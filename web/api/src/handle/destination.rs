//! Where alerts are delivered.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chaperone_alert::{AddressFault, DestinationHealth, await_delivery, check, send_test};
use chaperone_policy::{DestinationId, MailAddress, Subject};
use chaperone_store::{Destination, DestinationKind, Reach};
use uuid::Uuid;

use super::Answer;
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{DestinationView, Go, NewDestination};
use crate::{App, parse, wire};

/// How long a test waits for its receiver.
const PATIENCE: Duration = Duration::from_secs(5);

/// All destinations, with what waits for them.
#[utoipa::path(get, path = "/api/destinations", tag = "destinations", security(("token" = [])),
    responses((status = 200, body = [DestinationView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(State(app): State<App>, actor: Actor) -> Answer<Vec<DestinationView>> {
    actor.may(Subject::AtAll)?;
    let health = app.parts.delivery.health().await?;
    let destinations = app.parts.store.destinations().await?;
    Ok(Json(destinations.iter().map(|destination| view(destination, &health)).collect()))
}

/// Adds a destination. Alerts go there from now on.
#[utoipa::path(post, path = "/api/destinations", tag = "destinations", security(("token" = [])),
    request_body = NewDestination,
    responses((status = 200, body = DestinationView), (status = "4XX", body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewDestination>,
) -> Answer<DestinationView> {
    actor.may(Subject::AtAll)?;
    let mut destination = destination(&new)?;
    let secret = new.secret.as_deref().map(str::trim);
    check(&destination, secret, &app.parts.settings.addresses).map_err(|error| fault(&error))?;
    if let Some(secret) = secret {
        destination.secret = Some(app.parts.vault.seal(&secret_place(destination.id), secret.as_bytes())?);
    }
    app.parts.store.add_destination(destination.clone(), actor.person).await?;
    Ok(Json(view(&destination, &[])))
}

/// Sends a test message through a destination, and waits a moment for its receiver.
#[utoipa::path(post, path = "/api/destinations/{destination}/test", tag = "destinations", security(("token" = [])),
    params(("destination" = String, description = "Name")), request_body = Go,
    responses((status = 200, body = DestinationView), (status = "4XX", body = Problem)))]
pub(crate) async fn test(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(_): Body<Go>,
) -> Answer<DestinationView> {
    actor.may(Subject::AtAll)?;
    let destination = named(&app, &name).await?;
    let sequence = send_test(&app.parts.store, &destination, actor.person).await?;
    let arrived = await_delivery(&app.parts.store, destination.id, sequence, PATIENCE).await?;
    let shown = view(&destination, &app.parts.delivery.health().await?);
    if arrived {
        return Ok(Json(shown));
    }
    let why = shown.last_error.unwrap_or_else(|| "its receiver has not answered yet".to_owned());
    Err(Problem::new(
        StatusCode::BAD_GATEWAY,
        format!("the test has not arrived within {} s: {why}", PATIENCE.as_secs()),
        "it waits in order and is tried again; chaperone destination list shows how it stands",
    ))
}

/// Removes a destination. What waits for it is not sent.
#[utoipa::path(delete, path = "/api/destinations/{destination}", tag = "destinations", security(("token" = [])),
    params(("destination" = String, description = "Name")),
    responses((status = 200, body = DestinationView), (status = "4XX", body = Problem)))]
pub(crate) async fn remove(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
) -> Answer<DestinationView> {
    actor.may(Subject::AtAll)?;
    let destination = named(&app, &name).await?;
    app.parts.store.remove_destination(destination.id, actor.person).await?;
    Ok(Json(view(&destination, &[])))
}

/// Where a destination's secret is sealed: it opens nowhere else.
#[must_use]
pub fn secret_place(id: DestinationId) -> String {
    format!("destination/{id}")
}

/// The destination that somebody asks for, without its secret.
fn destination(new: &NewDestination) -> Result<Destination, Problem> {
    let address = |field: &str, text: &String| text.parse().map_err(|error| Problem::field(field, error));
    let from = new.from.as_ref().map(|from| address("from", from)).transpose()?;
    let to: Vec<MailAddress> = new.to.iter().map(|to| address("to", to)).collect::<Result<_, _>>()?;
    let user = new.user.as_deref().map(|user| parse::needed("user", user)).transpose()?;
    let events = match (new.notices, new.all_events) {
        (true, true) => {
            return Err(Problem::field("notices", "a destination has notices, or events for the SOC"));
        }
        (true, false) => "notices",
        (false, true) => "all",
        (false, false) => "alerts",
    };
    Ok(Destination {
        id: DestinationId(Uuid::now_v7()),
        name: parse::needed("name", &new.name)?,
        kind: match new.kind {
            wire::DestinationKind::Syslog => DestinationKind::Syslog,
            wire::DestinationKind::Webhook => DestinationKind::Webhook,
            wire::DestinationKind::Smtp => DestinationKind::Smtp,
        },
        address: new.url.clone(),
        reach: Reach { ca: new.ca.clone(), certificate: new.client_certificate.clone(), from, to, user },
        events: events.to_owned(),
        secret: None,
        enabled: true,
    })
}

async fn named(app: &App, name: &str) -> Result<Destination, Problem> {
    let all = app.parts.store.destinations().await?;
    all.into_iter()
        .find(|destination| destination.name == name)
        .ok_or_else(|| Problem::unknown("destination", name))
}

fn fault(error: &AddressFault) -> Problem {
    let mut what = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        what = format!("{what}: {inner}");
        cause = inner.source();
    }
    let next = match error {
        AddressFault::Refused(_) => {
            "for a receiver inside the hospital set alert.allow_private_webhooks = true"
        }
        _ => "chaperone destination add --help says what each kind of destination takes",
    };
    Problem::bad(what, next)
}

fn view(destination: &Destination, health: &[DestinationHealth]) -> DestinationView {
    let health = health.iter().find(|health| health.destination == destination.id);
    DestinationView {
        id: destination.id.to_string(),
        name: destination.name.clone(),
        kind: destination.kind.as_str().to_owned(),
        url: destination.address.clone(),
        enabled: destination.enabled,
        all_events: destination.events == "all",
        notices: destination.events == "notices",
        from: destination.reach.from.as_ref().map(ToString::to_string),
        to: destination.reach.to.iter().map(ToString::to_string).collect(),
        waiting: health.map_or(0, |health| health.depth),
        oldest: health.and_then(|health| health.oldest),
        last_error: health.and_then(|health| health.fault.clone()),
    }
}
