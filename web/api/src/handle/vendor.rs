//! Vendors.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, LockOn, Subject, Vendor, VendorId};

use super::Answer;
use super::lock::{self, Locked};
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{Because, NewNetworks, NewVendor, VendorView};
use crate::{App, parse, render};

/// The companies that the caller may know of.
#[utoipa::path(get, path = "/api/vendors", tag = "vendors", security(("token" = [])),
    responses((status = 200, body = [VendorView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(actor: Actor) -> Answer<Vec<VendorView>> {
    let seen =
        actor.facts.vendors.values().filter(|vendor| actor.sees(Act::SeePeople, Subject::Vendor(vendor.id)));
    let mut vendors: Vec<VendorView> = seen.map(|vendor| render::vendor(&actor.facts, vendor)).collect();
    vendors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(vendors))
}

/// Adds a company.
#[utoipa::path(post, path = "/api/vendors", tag = "vendors", security(("token" = [])), request_body = NewVendor,
    responses((status = 200, body = VendorView), (status = "4XX", body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewVendor>,
) -> Answer<VendorView> {
    actor.may(Subject::AtAll)?;
    let vendor = parse::vendor(&actor.facts, &new, actor.now)?;
    let (id, by) = (vendor.id, actor.person);
    app.parts
        .store
        .write(move |tx| Box::pin(async move { Ok::<_, Problem>(tx.add_vendor(&vendor, by).await?) }))
        .await?;
    shown(&app, id).await
}

/// Keeps all its people out and ends their visits.
#[utoipa::path(post, path = "/api/vendors/{vendor}/lock", tag = "vendors", security(("token" = [])),
    params(("vendor" = String, description = "Name")), request_body = Because,
    responses((status = 200, body = VendorView), (status = "4XX", body = Problem)))]
pub(crate) async fn lock(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(why): Body<Because>,
) -> Answer<VendorView> {
    let id = named(&actor, &name)?.id;
    lock::set(&app, &actor, LockOn::Vendor(id), Subject::Vendor(id), Locked::Yes(&why.reason)).await?;
    shown(&app, id).await
}

/// Lets its people in again.
#[utoipa::path(post, path = "/api/vendors/{vendor}/unlock", tag = "vendors", security(("token" = [])),
    params(("vendor" = String, description = "Name")), request_body = Because,
    responses((status = 200, body = VendorView), (status = "4XX", body = Problem)))]
pub(crate) async fn unlock(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(why): Body<Because>,
) -> Answer<VendorView> {
    let id = named(&actor, &name)?.id;
    lock::set(&app, &actor, LockOn::Vendor(id), Subject::Vendor(id), Locked::No(&why.reason)).await?;
    shown(&app, id).await
}

/// Says where a company's people may come from. Visits from elsewhere end.
#[utoipa::path(put, path = "/api/vendors/{vendor}/networks", tag = "vendors", security(("token" = [])),
    params(("vendor" = String, description = "Name")), request_body = NewNetworks,
    responses((status = 200, body = VendorView), (status = "4XX", body = Problem)))]
pub(crate) async fn set_networks(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(new): Body<NewNetworks>,
) -> Answer<VendorView> {
    let id = named(&actor, &name)?.id;
    actor.may(Subject::Vendor(id))?;
    let networks = parse::networks(&new)?;
    let by = actor.person;
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let facts = tx.facts().await?;
            let mut vendor = facts.vendors.get(&id).cloned().ok_or_else(|| Problem::unknown("vendor", ""))?;
            vendor.source_networks = networks;
            Ok::<_, Problem>(tx.change_vendor(&vendor, by).await?)
        })
    });
    written.await?;
    shown(&app, id).await
}

fn named<'a>(actor: &'a Actor, name: &str) -> Result<&'a Vendor, Problem> {
    parse::known_vendor(&actor.facts, name)
}

async fn shown(app: &App, id: VendorId) -> Answer<VendorView> {
    let facts = app.facts().await?;
    let vendor = facts.vendors.get(&id).ok_or_else(|| Problem::unknown("vendor", &id.to_string()))?;
    Ok(Json(render::vendor(&facts, vendor)))
}
