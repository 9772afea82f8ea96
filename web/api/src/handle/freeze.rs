//! Freezes.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, Freeze, FreezeId, Subject, Window};

use super::Answer;
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{FreezeView, NewFreeze};
use crate::{App, parse, render};

/// Freezes that are not long over. A vendor's people see those that meet their windows, and not what else they cover.
#[utoipa::path(get, path = "/api/freezes", tag = "freezes", security(("token" = [])),
    responses((status = 200, body = [FreezeView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(actor: Actor) -> Answer<Vec<FreezeView>> {
    let facts = &actor.facts;
    let own: Vec<&Window> = facts
        .windows
        .values()
        .filter(|window| actor.sees(Act::SeeWindows, Subject::Window(window)))
        .collect();
    let staff = actor.me()?.vendor.is_none();
    let meets = |freeze: &Freeze| own.iter().any(|window| window.targets.iter().any(|id| freeze.holds(*id)));
    let mut freezes: Vec<&Freeze> = facts.freezes.values().filter(|freeze| staff || meets(freeze)).collect();
    freezes.sort_by_key(|freeze| (freeze.span.from, freeze.id));
    let mut views: Vec<FreezeView> =
        freezes.into_iter().map(|freeze| render::freeze(facts, freeze)).collect();
    if !staff {
        views.iter_mut().for_each(|view| view.targets.clear());
    }
    Ok(Json(views))
}

/// Adds a freeze. Visits that run when it begins are ended.
#[utoipa::path(post, path = "/api/freezes", tag = "freezes", security(("token" = [])), request_body = NewFreeze,
    responses((status = 200, body = FreezeView), (status = "4XX", body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewFreeze>,
) -> Answer<FreezeView> {
    let freeze = parse::freeze(&actor.facts, &new, actor.now)?;
    may_freeze(&actor, &freeze)?;
    let view = render::freeze(&actor.facts, &freeze);
    let by = actor.person;
    app.parts
        .store
        .write(move |tx| Box::pin(async move { Ok::<_, Problem>(tx.add_freeze(&freeze, by).await?) }))
        .await?;
    Ok(Json(view))
}

/// Lifts a freeze.
#[utoipa::path(delete, path = "/api/freezes/{freeze}", tag = "freezes", security(("token" = [])),
    params(("freeze" = String, description = "Id")),
    responses((status = 200, body = FreezeView), (status = "4XX", body = Problem)))]
pub(crate) async fn remove(State(app): State<App>, actor: Actor, At(id): At<String>) -> Answer<FreezeView> {
    let parsed: FreezeId = parse::id("freeze", &id)?;
    let freeze = actor.facts.freezes.get(&parsed).ok_or_else(|| Problem::unknown("freeze", &id))?;
    may_freeze(&actor, freeze)?;
    let by = actor.person;
    let written = app
        .parts
        .store
        .write(move |tx| Box::pin(async move { Ok::<_, Problem>(tx.remove_freeze(parsed, by).await?) }));
    written.await?;
    Ok(Json(render::freeze(&actor.facts, freeze)))
}

/// A freeze that names no target is one of everything: whoever keeps a part of the hospital cannot freeze all of it.
fn may_freeze(actor: &Actor, freeze: &Freeze) -> Result<(), Problem> {
    if freeze.targets.is_empty() {
        return actor.may(Subject::Everything).map(drop);
    }
    for target in freeze.targets.iter().filter_map(|id| actor.facts.targets.get(id)) {
        actor.may(Subject::Target(target))?;
    }
    Ok(())
}
