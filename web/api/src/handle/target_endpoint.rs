//! How a server is reached: its TLS service as it changes, more ways to it, and fewer. Each change is a fact, with what is
//! sealed for it in the same commit.

use axum::extract::State;
use chaperone_policy::{Endpoint, PersonId, Subject, Target, TargetId};
use chaperone_store::{Slot, Tx};

use super::Answer;
use super::target::{shown, warned};
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{ChangeTls, NewEndpoints, RemovedEndpoint, TargetView};
use crate::{App, parse};

/// Changes a server's TLS service, or adds one: what is not said stays.
#[utoipa::path(put, path = "/api/targets/{target}/tls", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = ChangeTls,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn set_tls(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(given): Body<ChangeTls>,
) -> Answer<TargetView> {
    let known = parse::known_target(&actor.facts, &name)?;
    actor.may(Subject::Target(known))?;
    let reason = parse::needed("reason", &given.reason)?;
    parse::is_a_label(&known.name)?;
    let warnings = parse::weak_sign_in(given.sign_in.as_ref(), &[known.name.as_str()]);
    let (id, by, now, here) = (known.id, actor.person, actor.now, app.clone());
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let mut target = tx.target(id).await?;
            let (before, others) = apart(&target);
            let (after, secrets) = parse::changed_tls(before, &given, here.reader()?, now)?;
            let rows = sealed(&here, id, &secrets)?;
            target.endpoints = with_tls(after, others);
            tx.change_target(&target, by, &reason).await?;
            for (slot, row) in rows {
                tx.put_secret(id, slot, &row, by).await?;
            }
            forget_unused(tx, &target, by).await
        })
    });
    written.await?;
    warned(&app, id, warnings).await
}

/// Adds ways to reach a server.
#[utoipa::path(post, path = "/api/targets/{target}/endpoints", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = NewEndpoints,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(new): Body<NewEndpoints>,
) -> Answer<TargetView> {
    let known = parse::known_target(&actor.facts, &name)?;
    actor.may(Subject::Target(known))?;
    let reason = parse::words("reason", &new.reason)?;
    let (endpoints, accounts) = parse::endpoints(&new)?;
    let mut rows = Vec::new();
    for (account, credential) in &accounts {
        rows.push((account.clone(), app.parts.vault.seal_credential(known.id, account, credential)?));
    }
    let (id, by, replace) = (known.id, actor.person, new.replace);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let mut target = tx.target(id).await?;
            for endpoint in endpoints {
                put(&mut target, endpoint, replace)?;
            }
            parse::check_forwards(&target.endpoints)?;
            tx.change_target(&target, by, &reason).await?;
            for (account, row) in &rows {
                tx.put_secret(id, account, row, by).await?;
            }
            Ok::<_, Problem>(())
        })
    });
    written.await?;
    shown(&app, id).await
}

/// Takes a way to reach a server away, with what is sealed for it.
#[utoipa::path(post, path = "/api/targets/{target}/endpoints/remove", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = RemovedEndpoint,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn remove(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(given): Body<RemovedEndpoint>,
) -> Answer<TargetView> {
    let known = parse::known_target(&actor.facts, &name)?;
    actor.may(Subject::Target(known))?;
    let reason = parse::words("reason", &given.reason)?;
    let (id, by) = (known.id, actor.person);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let mut target = tx.target(id).await?;
            let (gone, left): (Vec<_>, Vec<_>) =
                target.endpoints.into_iter().partition(|endpoint| is(endpoint, &given.endpoint));
            if gone.is_empty() {
                return Err(Problem::unknown("endpoint", &given.endpoint));
            }
            if left.is_empty() {
                return Err(Problem::conflict(
                    "a server needs a way to reach it, and this is its last",
                    "add another one first, or lock the server",
                ));
            }
            target.endpoints = left;
            tx.change_target(&target, by, &reason).await?;
            for endpoint in &gone {
                let Endpoint::Ssh { accounts, .. } = endpoint else { continue };
                for account in accounts {
                    tx.remove_secret(id, account, by).await?;
                }
            }
            forget_unused(tx, &target, by).await
        })
    });
    written.await?;
    shown(&app, id).await
}

/// Whether an endpoint is the one that is named so.
fn is(endpoint: &Endpoint, named: &str) -> bool {
    match endpoint {
        Endpoint::Ssh { .. } => named == "ssh",
        Endpoint::Tls { .. } => named == "tls",
        Endpoint::Tcp { name, .. } => named.strip_prefix("tcp:") == Some(name.as_str()),
    }
}

/// A server's TLS service, and its other endpoints.
fn apart(target: &Target) -> (Option<&Endpoint>, Vec<Endpoint>) {
    let is_tls = |endpoint: &&Endpoint| matches!(endpoint, Endpoint::Tls { .. });
    let others = target.endpoints.iter().filter(|endpoint| !is_tls(endpoint)).cloned().collect();
    (target.endpoints.iter().find(is_tls), others)
}

/// The endpoints as they are listed: SSH, TLS, forwards.
fn with_tls(tls: Endpoint, others: Vec<Endpoint>) -> Vec<Endpoint> {
    let (mut all, forwards): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|endpoint| matches!(endpoint, Endpoint::Ssh { .. }));
    all.push(tls);
    all.extend(forwards);
    all
}

fn put(target: &mut Target, endpoint: Endpoint, replace: bool) -> Result<(), Problem> {
    let name = match &endpoint {
        Endpoint::Ssh { .. } => "ssh".to_owned(),
        Endpoint::Tls { .. } => "tls".to_owned(),
        Endpoint::Tcp { name, .. } => format!("tcp:{name}"),
    };
    match target.endpoints.iter_mut().find(|known| is(known, &name)) {
        None => target.endpoints.push(endpoint),
        Some(known) if replace && matches!(endpoint, Endpoint::Tcp { .. }) => *known = endpoint,
        Some(_) => {
            let next = match endpoint {
                Endpoint::Tcp { .. } => "ask for it to be replaced, or give it another name",
                _ => "change it with set-address, pin-host-key and set-credential",
            };
            return Err(Problem::conflict(format!("this server has {name} already"), next));
        }
    }
    Ok(())
}

/// What a TLS service wants, sealed.
pub(super) fn sealed(
    app: &App,
    target: TargetId,
    secrets: &parse::TlsSecrets,
) -> Result<Vec<(Slot<'static>, chaperone_store::SealedRow)>, Problem> {
    let given = [(Slot::TlsKey, &secrets.client_key), (Slot::ConsoleSignIn, &secrets.sign_in)];
    let mut rows = Vec::new();
    for (slot, secret) in given {
        if let Some(secret) = secret {
            rows.push((slot, app.parts.vault.seal_in(target, slot, secret)?));
        }
    }
    Ok(rows)
}

/// Forgets what is sealed for a TLS service that does not want it any more.
async fn forget_unused(tx: &mut Tx, target: &Target, by: PersonId) -> Result<(), Problem> {
    let wants = |what: fn(&chaperone_policy::ConsoleTerms) -> bool| {
        target.endpoints.iter().any(|endpoint| match endpoint {
            Endpoint::Tls { terms, .. } => what(terms),
            Endpoint::Ssh { .. } | Endpoint::Tcp { .. } => false,
        })
    };
    if !wants(|terms| terms.client_pem.is_some()) {
        tx.remove_secret(target.id, Slot::TlsKey, by).await?;
    }
    if !wants(|terms| terms.sign_in.is_some()) {
        tx.remove_secret(target.id, Slot::ConsoleSignIn, by).await?;
    }
    Ok(())
}
