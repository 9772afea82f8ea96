//! The CA whose certificates the gate signs in with, where a server trusts it; and replacing it: a new key beside the old one,
//! until every server trusts both, and then without it.

use axum::Json;
use axum::extract::State;
use chaperone_policy::Subject;

use super::Answer;
use crate::actor::Actor;
use crate::body::Body;
use crate::problem::Problem;
use crate::wire::{Because, UserCaView};
use crate::{App, parse};

/// The public line of the CA, and while it is being replaced that of the new one.
#[utoipa::path(get, path = "/api/ssh/user-ca", tag = "targets", security(("token" = [])),
    responses((status = 200, body = UserCaView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(State(app): State<App>, _actor: Actor) -> Answer<UserCaView> {
    shown(&app).await
}

/// Makes a new CA beside the old one. Until the old one is retired both sign: the new one first, so that the visits' own facts say
/// which servers trust it.
#[utoipa::path(post, path = "/api/ssh/user-ca/next", tag = "targets", security(("token" = [])), request_body = Because,
    responses((status = 200, body = UserCaView), (status = "4XX", body = Problem)))]
pub(crate) async fn next(
    State(app): State<App>,
    actor: Actor,
    Body(why): Body<Because>,
) -> Answer<UserCaView> {
    actor.may(Subject::AtAll)?;
    let reason = parse::needed("reason", &why.reason)?;
    match app.parts.vault.make_next_user_ca(&app.parts.store, actor.person, reason).await? {
        true => shown(&app).await,
        false => Err(Problem::conflict(
            "a new user CA waits already",
            "chaperone target user-ca prints it; retire the old one when every server trusts it",
        )),
    }
}

/// Retires the old CA: no certificate of it is made any more, and servers may forget it.
#[utoipa::path(post, path = "/api/ssh/user-ca/retire", tag = "targets", security(("token" = [])), request_body = Because,
    responses((status = 200, body = UserCaView), (status = "4XX", body = Problem)))]
pub(crate) async fn retire(
    State(app): State<App>,
    actor: Actor,
    Body(why): Body<Because>,
) -> Answer<UserCaView> {
    actor.may(Subject::AtAll)?;
    let reason = parse::needed("reason", &why.reason)?;
    match app.parts.vault.retire_user_ca(&app.parts.store, actor.person, reason).await? {
        true => shown(&app).await,
        false => Err(Problem::conflict(
            "there is no new user CA to take its place",
            "make one first: chaperone target renew-user-ca",
        )),
    }
}

async fn shown(app: &App) -> Answer<UserCaView> {
    let known = app.parts.vault.user_ca_public(&app.parts.store).await?;
    let none = || Problem::conflict("this gate has no user CA yet", "it is made when a gate starts");
    let (public, next) = known.ok_or_else(none)?;
    Ok(Json(UserCaView { public, next }))
}
