//! What one caller can take from the gate: a body of bounded length, an answer within a time, and a place among a
//! bounded number of requests.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// The longest body: a plan with its keys and certificates is far below.
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;
/// Verifying or exporting a day-long recording takes its time; everything else is far quicker.
const WITHIN: Duration = Duration::from_secs(300);
/// Requests served at once. More wait outside, so that a flood cannot take the gate's memory.
const AT_ONCE: usize = 256;

/// Places for requests.
pub(crate) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(AT_ONCE))
}

/// Serves a request inside its bounds.
pub(crate) async fn bound(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let Ok(place) = places.try_acquire() else {
        return Problem::unavailable("the gate is busy", "try again in a moment").into_response();
    };
    let answered = tokio::time::timeout(WITHIN, next.run(request)).await;
    drop(place);
    answered.unwrap_or_else(|_| {
        Problem::unavailable("the gate took too long over this", "try again; see the gate's log")
            .into_response()
    })
}

/// Tells browsers to keep nothing, frame nothing and guess nothing.
pub(crate) async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}
