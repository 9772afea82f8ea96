//! Every route with its handler. [`crate::route::ROUTES`] says who may come in by each; a test holds the two together.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::bound::{MAX_BODY_BYTES, bound, guarded, places};
use crate::handle::{
    after, alert, authority, bundle, connect, demo, destination, emergency, enrolment, events, freeze,
    host_key, keep, ledger, ledger_facts, lock, person, proof, reconcile, recording, retention, search,
    session, sign_in, ssh, target, target_endpoint, target_reach, tls, tls_ca, transaction, unmask, user_ca,
    vendor, watch, window, window_console, window_desk, window_file,
};
use crate::problem::Problem;
use crate::wire::ExportFormat;
use crate::{App, ops, pages};

#[derive(OpenApi)]
#[openapi(
    info(title = "Chaperone", description = "The gate for vendor visits: people, servers, change windows, visits, evidence, alerts."),
    components(schemas(Problem, ExportFormat)),
    modifiers(&Bearer)
)]
struct Description;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        if let Some(components) = openapi.components.as_mut() {
            components.add_security_scheme("token", SecurityScheme::Http(scheme));
        }
    }
}

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(ops::healthz))
        .routes(routes!(ops::readyz))
        .routes(routes!(ops::metrics))
        .routes(routes!(ops::openapi))
        .routes(routes!(ops::docs))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::sign_out))
        .routes(routes!(sign_in::step_up))
        .routes(routes!(sign_in::me))
        .routes(routes!(demo::show))
        .routes(routes!(demo::sign_in))
        .routes(routes!(enrolment::look))
        .routes(routes!(enrolment::finish))
        .routes(routes!(events::events))
        .routes(routes!(vendor::list, vendor::add))
        .routes(routes!(lock::show, lock::everything))
        .routes(routes!(lock::nothing))
        .routes(routes!(vendor::lock))
        .routes(routes!(vendor::unlock))
        .routes(routes!(vendor::set_networks))
        .routes(routes!(authority::show, authority::add))
        .routes(routes!(authority::withdraw))
        .routes(routes!(authority::revoke))
        .routes(routes!(person::list, person::add))
        .routes(routes!(person::show))
        .routes(routes!(person::lock))
        .routes(routes!(person::unlock))
        .routes(routes!(enrolment::invite))
        .routes(routes!(enrolment::reset))
        .routes(routes!(person::add_key))
        .routes(routes!(person::withdraw_key))
        .routes(routes!(person::set_networks))
        .routes(routes!(person::set_email))
        .routes(routes!(freeze::list, freeze::add))
        .routes(routes!(freeze::remove))
        .routes(routes!(window::list, window::request))
        .routes(routes!(window::show))
        .routes(routes!(window_desk::more_time))
        .routes(routes!(window_desk::connect))
        .routes(routes!(window_desk::card))
        .routes(routes!(window_console::open))
        .routes(routes!(window_file::list, window_file::send))
        .routes(routes!(window_file::withdraw))
        .routes(routes!(window_file::release))
        .routes(routes!(window_desk::my_servers))
        .routes(routes!(ssh::ssh))
        .routes(routes!(connect::connect))
        .routes(routes!(tls::tls))
        .routes(routes!(window::approve))
        .routes(routes!(window::deny))
        .routes(routes!(window::withdraw))
        .routes(routes!(window::revoke))
        .routes(routes!(window::extend))
        .routes(routes!(window::move_to))
        .routes(routes!(window::accept))
        .routes(routes!(window::substitute))
        .routes(routes!(window::go))
        .routes(routes!(after::observer))
        .routes(routes!(after::return_to_service))
        .routes(routes!(after::review))
        .routes(routes!(emergency::enrol))
        .routes(routes!(emergency::open))
        .routes(routes!(session::list))
        .routes(routes!(session::show))
        .routes(routes!(watch::watch))
        .routes(routes!(session::pause))
        .routes(routes!(session::resume))
        .routes(routes!(session::stop))
        .routes(routes!(alert::list))
        .routes(routes!(alert::show))
        .routes(routes!(alert::acknowledge))
        .routes(routes!(alert::close))
        .routes(routes!(destination::list, destination::add))
        .routes(routes!(destination::test))
        .routes(routes!(destination::remove))
        .merge(servers())
        .merge(evidence())
}

/// Servers, and how they are reached.
fn servers() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(target::list, target::add))
        .routes(routes!(target::show))
        .routes(routes!(host_key::propose))
        .routes(routes!(host_key::approve))
        .routes(routes!(host_key::refuse))
        .routes(routes!(host_key::retire))
        .routes(routes!(user_ca::show))
        .routes(routes!(user_ca::next))
        .routes(routes!(user_ca::retire))
        .routes(routes!(tls_ca::show))
        .routes(routes!(tls_ca::next))
        .routes(routes!(tls_ca::retire))
        .routes(routes!(target_reach::set_legacy))
        .routes(routes!(target_reach::set_addresses))
        .routes(routes!(target_endpoint::set_tls))
        .routes(routes!(target_endpoint::add))
        .routes(routes!(target_endpoint::remove))
        .routes(routes!(target::set_credential))
        .routes(routes!(target::set_uploads))
        .routes(routes!(target::lock))
        .routes(routes!(target::unlock))
}

/// What people do with evidence: recordings, who may see and keep what, the ledger.
fn evidence() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(recording::list))
        .routes(routes!(recording::show))
        .routes(routes!(recording::timeline))
        .routes(routes!(recording::play))
        .routes(routes!(transaction::list))
        .routes(routes!(transaction::show))
        .routes(routes!(transaction::body))
        .routes(routes!(recording::text))
        .routes(routes!(recording::export))
        .routes(routes!(recording::verify))
        .routes(routes!(unmask::list, unmask::ask))
        .routes(routes!(unmask::agree))
        .routes(routes!(unmask::refuse))
        .routes(routes!(unmask::withdraw))
        .routes(routes!(keep::list, keep::add))
        .routes(routes!(keep::lift))
        .routes(routes!(retention::show))
        .routes(routes!(retention::set))
        .routes(routes!(retention::assign))
        .routes(routes!(retention::agree))
        .routes(routes!(retention::refuse))
        .routes(routes!(retention::allow))
        .routes(routes!(retention::run))
        .routes(routes!(search::search))
        .routes(routes!(bundle::make))
        .routes(routes!(ledger::checkpoint))
        .routes(routes!(proof::inclusion))
        .routes(routes!(proof::consistency))
        .routes(routes!(ledger_facts::search))
        .routes(routes!(ledger_facts::export))
        .routes(routes!(ledger::verify))
        .routes(routes!(ledger::fork))
        .routes(routes!(ledger::accept_clock))
        .routes(routes!(reconcile::reconcile))
}

/// The description of the API, as JSON.
#[must_use]
pub fn openapi() -> String {
    // The document is made of strings and numbers only: it always has a JSON form.
    described().into_openapi().to_pretty_json().unwrap_or_default()
}

/// The routes over an app.
pub(crate) fn router(app: App) -> Router {
    let (router, _) = described().split_for_parts();
    router
        .fallback(pages::page)
        .method_not_allowed_fallback(otherwise)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(places(), bound))
        .layer(from_fn(guarded))
        .with_state(app)
}

async fn otherwise() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this cannot be done here", "see /api/docs for what can")
}

#[cfg(test)]
mod tests;
