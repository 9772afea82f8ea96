//! Where a server is, and what it may still speak.

use axum::extract::State;
use chaperone_policy::{Endpoint, HostPort, Legacy, Reach, Subject, Target, TargetId};

use super::Answer;
use super::target::shown;
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{NewAddresses, NewLegacy, TargetView};
use crate::{App, parse};

/// Allows a server to speak old algorithms for a time, or takes that back.
#[utoipa::path(put, path = "/api/targets/{target}/legacy", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = NewLegacy,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn set_legacy(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(new): Body<NewLegacy>,
) -> Answer<TargetView> {
    let known = parse::known_target(&actor.facts, &name)?;
    actor.may(Subject::Target(known))?;
    let (legacy, reason) = parse::legacy(&new, actor.now)?;
    let why = match &legacy {
        Some(_) => format!("old algorithms are allowed for a time: {reason}"),
        None => format!("old algorithms are allowed no longer: {reason}"),
    };
    change(&app, &actor, known.id, why, move |target| set(target, legacy)).await
}

fn set(target: &mut Target, legacy: Option<Legacy>) -> Result<(), Problem> {
    let (_, _, reach) = ssh(target)?;
    reach.legacy = legacy;
    Ok(())
}

/// Says where a server is: one or more addresses, in the order in which they are tried.
#[utoipa::path(put, path = "/api/targets/{target}/addresses", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = NewAddresses,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn set_addresses(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(new): Body<NewAddresses>,
) -> Answer<TargetView> {
    let known = parse::known_target(&actor.facts, &name)?;
    actor.may(Subject::Target(known))?;
    let (first, also) = parse::addresses("addresses", &new.addresses)?;
    let reason = parse::words("reason", &new.reason)?;
    change(&app, &actor, known.id, reason, move |target| {
        let (host, port, reach) = ssh(target)?;
        let HostPort { host: named, port: number } = first;
        (*host, *port, reach.also) = (named, number, also);
        parse::check_forwards(&target.endpoints)
    })
    .await
}

/// Changes the server's SSH endpoint; a fact.
async fn change(
    app: &App,
    actor: &Actor,
    id: TargetId,
    reason: String,
    how: impl FnOnce(&mut Target) -> Result<(), Problem> + Send + 'static,
) -> Answer<TargetView> {
    let by = actor.person;
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let mut target = tx.target(id).await?;
            how(&mut target)?;
            Ok::<_, Problem>(tx.change_target(&target, by, &reason).await?)
        })
    });
    written.await?;
    shown(app, id).await
}

fn ssh(target: &mut Target) -> Result<(&mut String, &mut u16, &mut Reach), Problem> {
    let found = target.endpoints.iter_mut().find_map(|endpoint| match endpoint {
        Endpoint::Ssh { host, port, reach, .. } => Some((host, port, reach)),
        Endpoint::Tls { .. } | Endpoint::Tcp { .. } => None,
    });
    found.ok_or_else(|| Problem::conflict("this server has no SSH endpoint", "add one that has"))
}
