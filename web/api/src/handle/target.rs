//! Servers behind the gate.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, Endpoint, LockOn, Subject, Target, TargetId, Uploads};

use super::Answer;
use super::lock::{self, Locked};
use super::target_endpoint;
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{Because, NewCredential, NewTarget, NewUploads, TargetView};
use crate::{App, parse, render};

/// The servers that the caller may know of.
#[utoipa::path(get, path = "/api/targets", tag = "targets", security(("token" = [])),
    responses((status = 200, body = [TargetView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(State(app): State<App>, actor: Actor) -> Answer<Vec<TargetView>> {
    let proposals = app.parts.store.host_key_proposals().await?;
    let seen =
        actor.facts.targets.values().filter(|target| actor.sees(Act::SeeTargets, Subject::Target(target)));
    let mut targets: Vec<TargetView> =
        seen.map(|target| render::target(&actor.facts, target, &proposals, app.reading())).collect();
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(targets))
}

/// One server.
#[utoipa::path(get, path = "/api/targets/{target}", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")),
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(State(app): State<App>, actor: Actor, At(name): At<String>) -> Answer<TargetView> {
    let target = parse::known_target(&actor.facts, &name)?;
    if !actor.sees(Act::SeeTargets, Subject::Target(target)) {
        return Err(Problem::unknown("target", &name));
    }
    let proposals = app.parts.store.host_key_proposals().await?;
    Ok(Json(render::target(&actor.facts, target, &proposals, app.reading())))
}

/// Adds a server, and seals its credentials.
#[utoipa::path(post, path = "/api/targets", tag = "targets", security(("token" = [])), request_body = NewTarget,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewTarget>,
) -> Answer<TargetView> {
    let (target, credentials, secrets) = parse::target(&new, app.reader(), actor.now)?;
    actor.may(Subject::Target(&target))?;
    can_stage(&app, target.uploads)?;
    let mut sealed = Vec::new();
    for (account, credential) in &credentials {
        let row = app.parts.vault.seal_credential(target.id, account, credential)?;
        sealed.push((account.clone(), row));
    }
    let console = target_endpoint::sealed(&app, target.id, &secrets)?;
    let sign_in = new.tls.as_ref().and_then(|tls| tls.sign_in.as_ref());
    let warnings = parse::weak_sign_in(sign_in, &[target.name.as_str()]);
    let (id, by) = (target.id, actor.person);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            tx.add_target(&target, by).await?;
            for (account, row) in &sealed {
                tx.put_secret(id, account, row, by).await?;
            }
            for (slot, row) in console {
                tx.put_secret(id, slot, &row, by).await?;
            }
            Ok::<_, Problem>(())
        })
    });
    written.await?;
    warned(&app, id, warnings).await
}

/// Says how files come to a server from now on.
#[utoipa::path(put, path = "/api/targets/{target}/uploads", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = NewUploads,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn set_uploads(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(given): Body<NewUploads>,
) -> Answer<TargetView> {
    let known = parse::known_target(&actor.facts, &name)?;
    actor.may(Subject::Target(known))?;
    let uploads = parse::uploads(Some(&given.uploads))?;
    let reason = parse::words("reason", &given.reason)?;
    can_stage(&app, uploads)?;
    let (id, by) = (known.id, actor.person);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let target = Target { uploads, ..tx.target(id).await? };
            Ok::<_, Problem>(tx.change_target(&target, by, &reason).await?)
        })
    });
    written.await?;
    shown(&app, id).await
}

/// Without a scanner nothing would ever reach a server whose files are staged.
fn can_stage(app: &App, uploads: Uploads) -> Result<(), Problem> {
    if uploads == Uploads::Staged && app.parts.gate.uploads().scanner.is_none() {
        return Err(Problem::conflict(
            "this gate has no scanner, so no file would reach a server whose files are staged",
            "set uploads.scanner in the gate's configuration first",
        ));
    }
    Ok(())
}

/// Seals a new credential for one of the server's accounts; a new account is added to those that windows may use.
#[utoipa::path(put, path = "/api/targets/{target}/credentials", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = NewCredential,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn set_credential(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(given): Body<NewCredential>,
) -> Answer<TargetView> {
    let known = parse::known_target(&actor.facts, &name)?;
    actor.may(Subject::Target(known))?;
    let (account, credential) = parse::credential(&given)?;
    let row = app.parts.vault.seal_credential(known.id, &account, &credential)?;
    let (id, by) = (known.id, actor.person);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let mut target = tx.target(id).await?;
            let mut added = false;
            for endpoint in &mut target.endpoints {
                if let Endpoint::Ssh { accounts, .. } = endpoint
                    && !accounts.contains(&account)
                {
                    accounts.push(account.clone());
                    added = true;
                }
            }
            if added {
                tx.change_target(&target, by, "a new account of the server's").await?;
            }
            Ok::<_, Problem>(tx.put_secret(id, &account, &row, by).await?)
        })
    });
    written.await?;
    shown(&app, id).await
}

/// Keeps everybody out of a server and ends its visits.
#[utoipa::path(post, path = "/api/targets/{target}/lock", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = Because,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn lock(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(why): Body<Because>,
) -> Answer<TargetView> {
    let target = parse::known_target(&actor.facts, &name)?;
    lock::set(&app, &actor, LockOn::Target(target.id), Subject::Target(target), Locked::Yes(&why.reason))
        .await?;
    shown(&app, target.id).await
}

/// Lets visits to a server happen again.
#[utoipa::path(post, path = "/api/targets/{target}/unlock", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = Because,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn unlock(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(why): Body<Because>,
) -> Answer<TargetView> {
    let target = parse::known_target(&actor.facts, &name)?;
    lock::set(&app, &actor, LockOn::Target(target.id), Subject::Target(target), Locked::No(&why.reason))
        .await?;
    shown(&app, target.id).await
}

/// A server as it is after a change, for whoever has just sealed a secret.
pub(super) async fn warned(
    app: &App,
    id: TargetId,
    warnings: impl IntoIterator<Item = String>,
) -> Answer<TargetView> {
    let Json(view) = shown(app, id).await?;
    Ok(Json(TargetView { warnings: warnings.into_iter().collect(), ..view }))
}

/// A server as it is after a change.
pub(super) async fn shown(app: &App, id: TargetId) -> Answer<TargetView> {
    let facts = app.facts().await?;
    let target = facts.targets.get(&id).ok_or_else(|| Problem::unknown("target", &id.to_string()))?;
    let proposals = app.parts.store.host_key_proposals().await?;
    Ok(Json(render::target(&facts, target, &proposals, app.reading())))
}
