//! What is said about the visits of a window: that somebody must observe them; and, after them, how the server is
//! returned to service, and that the evidence was reviewed.

use axum::extract::State;
use chaperone_policy::{Outcome, Subject};
use chaperone_store::FactKind;
use serde_json::json;

use super::Answer;
use super::window::changed;
use crate::actor::{Actor, known};
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{Because, NewObserver, ReturnToService, WindowView};
use crate::{App, parse};

/// Wants an observer, or does without one any more; running visits obey at once.
#[utoipa::path(post, path = "/api/windows/{window}/observer", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = NewObserver,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn observer(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(new): Body<NewObserver>,
) -> Answer<WindowView> {
    let about = json!({ "observer_required": new.required, "reason": parse::words("reason", &new.reason)? });
    changed(&app, &actor, &id, FactKind::WindowChanged, about, move |asker, window, facts, now| {
        asker.may(facts, Subject::Window(window), now)?;
        Ok(window.observe(new.required, known(facts, asker.person)?, now)?)
    })
    .await
}

/// Returns a server to service: its technician says how it is left, or an engineer for one who cannot any more.
#[utoipa::path(post, path = "/api/windows/{window}/return", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = ReturnToService,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn return_to_service(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(said): Body<ReturnToService>,
) -> Answer<WindowView> {
    let outcome: Outcome = said.outcome.parse().map_err(|error| Problem::field("outcome", error))?;
    let about = json!({ "outcome": outcome, "reason": parse::needed("reason", &said.reason)? });
    changed(&app, &actor, &id, FactKind::WindowReturned, about, move |asker, window, facts, now| {
        asker.may(facts, Subject::Window(window), now)?;
        Ok(window.return_to_service(outcome, known(facts, asker.person)?, now)?)
    })
    .await
}

/// Says that the evidence of a window's visits has been looked at, and what was found.
#[utoipa::path(post, path = "/api/windows/{window}/review", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = Because,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn review(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(found): Body<Because>,
) -> Answer<WindowView> {
    let about = json!({ "reason": parse::needed("reason", &found.reason)? });
    changed(&app, &actor, &id, FactKind::WindowReviewed, about, |asker, window, facts, now| {
        asker.may(facts, Subject::Window(window), now)?;
        Ok(window.review_evidence(known(facts, asker.person)?, now)?)
    })
    .await
}
