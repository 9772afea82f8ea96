//! Who a company says its people are: the keys that sign certificates for it, and what of them is believed no more.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, Subject, VendorId};

use super::Answer;
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{AuthoritiesView, NewAuthority, NewRevocation, WithdrawnAuthority};
use crate::{App, parse, render};

/// The keys that sign certificates for a company, and what of them is believed no more.
#[utoipa::path(get, path = "/api/vendors/{vendor}/authorities", tag = "vendors", security(("token" = [])),
    params(("vendor" = String, description = "Name")),
    responses((status = 200, body = AuthoritiesView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
) -> Answer<AuthoritiesView> {
    let vendor = parse::known_vendor(&actor.facts, &name)?;
    // A company that the caller may not know of does not exist for them.
    if !actor.sees(Act::SeePeople, Subject::Vendor(vendor.id)) {
        return Err(Problem::unknown("vendor", &name));
    }
    shown(&app, vendor.id).await
}

/// Believes certificates that this key signs, for people of this company alone.
#[utoipa::path(post, path = "/api/vendors/{vendor}/authorities", tag = "vendors", security(("token" = [])),
    params(("vendor" = String, description = "Name")), request_body = NewAuthority,
    responses((status = 200, body = AuthoritiesView), (status = "4XX", body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(new): Body<NewAuthority>,
) -> Answer<AuthoritiesView> {
    let vendor = parse::known_vendor(&actor.facts, &name)?.id;
    actor.may(Subject::Vendor(vendor))?;
    let authority = parse::authority(&new, vendor, actor.now)?;
    let by = actor.person;
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let facts = tx.facts().await?;
            let known = facts.authorities.values().find(|one| one.fingerprint == authority.fingerprint);
            if let Some(of) = known.and_then(|known| facts.vendors.get(&known.vendor)) {
                let what = format!("this key signs for {} already", of.name);
                return Err(Problem::conflict(what, "one key speaks for one company: ask for another"));
            }
            Ok(tx.add_authority(&authority, by).await?)
        })
    });
    written.await?;
    shown(&app, vendor).await
}

/// Believes a key no more: no certificate of it proves anybody, and visits that were begun with one end.
#[utoipa::path(post, path = "/api/vendors/{vendor}/authorities/withdraw", tag = "vendors", security(("token" = [])),
    params(("vendor" = String, description = "Name")), request_body = WithdrawnAuthority,
    responses((status = 200, body = AuthoritiesView), (status = "4XX", body = Problem)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(which): Body<WithdrawnAuthority>,
) -> Answer<AuthoritiesView> {
    let vendor = parse::known_vendor(&actor.facts, &name)?.id;
    actor.may(Subject::Vendor(vendor))?;
    let reason = parse::needed("reason", &which.reason)?;
    let by = actor.person;
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let facts = tx.facts().await?;
            let mut theirs = facts.authorities.values().filter(|authority| authority.vendor == vendor);
            let authority = theirs.find(|authority| authority.fingerprint == which.fingerprint);
            let authority = authority.ok_or_else(|| Problem::unknown("authority", &which.fingerprint))?;
            Ok::<_, Problem>(tx.withdraw_authority(authority, by, &reason).await?)
        })
    });
    written.await?;
    shown(&app, vendor).await
}

/// Believes some certificates of a company no more, and ends the visits that were begun with them.
#[utoipa::path(post, path = "/api/vendors/{vendor}/revocations", tag = "vendors", security(("token" = [])),
    params(("vendor" = String, description = "Name")), request_body = NewRevocation,
    responses((status = 200, body = AuthoritiesView), (status = "4XX", body = Problem)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(new): Body<NewRevocation>,
) -> Answer<AuthoritiesView> {
    let vendor = parse::known_vendor(&actor.facts, &name)?.id;
    actor.may(Subject::Vendor(vendor))?;
    let (what, reason) = (parse::revoked(&new)?, parse::needed("reason", &new.reason)?);
    let by = actor.person;
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move { Ok::<_, Problem>(tx.revoke_certificate(vendor, &what, by, &reason).await?) })
    });
    written.await?;
    shown(&app, vendor).await
}

async fn shown(app: &App, vendor: VendorId) -> Answer<AuthoritiesView> {
    let facts = app.facts().await?;
    let of = facts.vendors.get(&vendor).ok_or_else(|| Problem::unknown("vendor", &vendor.to_string()))?;
    let revoked = app.parts.store.revoked_certificates(vendor).await?;
    Ok(Json(render::authorities(&facts, of, revoked)))
}
