//! What machines ask: is it alive, is it ready, how is it doing; and the description of the API.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use crate::App;

/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = String)))]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// A visit would be let in: the database answers, recordings can be written, the disk has room.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200), (status = 503)))]
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    let faults = app.faults().await;
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(json!({ "ready": faults.is_empty(), "faults": faults }))).into_response()
}

/// Counters in the Prometheus text format.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, body = String)))]
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let mut text = String::new();
    for (name, kind, help, value) in app.figures().await {
        text.push_str(&format!(
            "# HELP chaperone_{name} {help}\n# TYPE chaperone_{name} {kind}\nchaperone_{name} {value}\n"
        ));
    }
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// The description of this API.
#[utoipa::path(get, path = "/api/openapi.json", tag = "operations", responses((status = 200)))]
pub(crate) async fn openapi(State(app): State<App>) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], app.parts.openapi.as_str().to_owned()).into_response()
}

/// A page for people that shows the description.
#[utoipa::path(get, path = "/api/docs", tag = "operations", responses((status = 200)))]
pub(crate) async fn docs() -> Response {
    let policy = HeaderValue::from_static(
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'",
    );
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(include_str!("docs.html"))).into_response()
}
