//! What one caller can take from the gate: a body of bounded length, an answer within a time, and a place among a
//! bounded number of requests.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::listen::Peer;
use crate::problem::Problem;

/// The longest body: a plan with its keys and certificates is far below.
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;
/// Verifying or exporting a day-long recording takes its time; everything else is far quicker.
const WITHIN: Duration = Duration::from_secs(300);
/// Requests served at once. More wait outside, so that a flood cannot take the gate's memory.
const AT_ONCE: usize = 256;

/// How long a body may take to arrive.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// Bodies that one address may be sending at once: who trickles holds up nobody but themself.
const SENDING: usize = 8;

/// For a year.
const ALWAYS_HTTPS: &str = "max-age=31536000";

/// Where a server's own log comes.
const LOGS: &str = "/api/reconcile";
/// How long a file that is sent ahead, or released, may take in all.
const FILE_WITHIN: Duration = Duration::from_secs(2 * 3600);

/// Places for requests, and who is sending a body.
#[derive(Clone)]
pub(crate) struct Places {
    serving: Arc<Semaphore>,
    sending: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// Places for requests.
pub(crate) fn places() -> Places {
    Places { serving: Arc::new(Semaphore::new(AT_ONCE)), sending: Arc::default() }
}

impl Places {
    /// A place among those who send from the request's address.
    fn sends(&self, request: &Request) -> Result<Sending, Problem> {
        let peer = request.extensions().get::<ConnectInfo<Peer>>();
        let from = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.at.ip());
        Sending::begin(&self.sending, from).ok_or_else(|| {
            Problem::unavailable("this address sends too much at once", "try again in a moment")
        })
    }
}

/// Whether a request's body is a file that is sent ahead.
fn is_a_file(path: &str) -> bool {
    path.strip_prefix("/api/windows/")
        .is_some_and(|rest| rest.split_once('/').is_some_and(|(_, what)| what == "files"))
}

/// Whether a request takes as long as a file does: to come in, or to go to its server.
fn is_about_a_file(path: &str) -> bool {
    is_a_file(path) || (path.starts_with("/api/windows/") && path.ends_with("/release"))
}

/// Serves a request inside its bounds. Its body has to be here before it takes a place.
pub(crate) async fn bound(State(places): State<Places>, request: Request, next: Next) -> Response {
    let long = is_about_a_file(request.uri().path());
    // A file is not here before its handler has read it: for so long its sender is one of few.
    let _sending = match long.then(|| places.sends(&request)).transpose() {
        Ok(sending) => sending,
        Err(problem) => return problem.into_response(),
    };
    let request = match whole(&places, request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let Ok(place) = places.serving.try_acquire() else {
        return Problem::unavailable("the gate is busy", "try again in a moment").into_response();
    };
    let time = if long { FILE_WITHIN } else { WITHIN };
    let answered = tokio::time::timeout(time, next.run(request)).await;
    drop(place);
    answered.unwrap_or_else(|_| {
        Problem::unavailable("the gate took too long over this", "try again; see the gate's log")
            .into_response()
    })
}

/// The request with its whole body.
async fn whole(places: &Places, request: Request) -> Result<Request, Problem> {
    // Logs and files are long: their handler reads them, bounded, once it knows who sends them.
    let path = request.uri().path();
    if request.body().is_end_stream() || path == LOGS || is_a_file(path) {
        return Ok(request);
    }
    let _sending = places.sends(&request)?;
    let (head, body) = request.into_parts();
    let read = tokio::time::timeout(READ_WITHIN, to_bytes(body, MAX_BODY_BYTES)).await;
    let read = read.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time", "send it at once")
    })?;
    let bytes = read
        .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the request is too long", "send less"))?;
    Ok(Request::from_parts(head, Body::from(bytes)))
}

/// A body on its way from an address.
struct Sending {
    all: Arc<Mutex<HashMap<IpAddr, usize>>>,
    from: IpAddr,
}

impl Sending {
    fn begin(all: &Arc<Mutex<HashMap<IpAddr, usize>>>, from: IpAddr) -> Option<Self> {
        let mut counts = all.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(from).or_default();
        if *count >= SENDING {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Self { all: Arc::clone(all), from })
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let mut counts = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.from) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.from);
            }
        }
    }
}

/// Tells browsers to keep nothing, frame nothing and guess nothing, and whoever came by HTTPS to come that way always
/// (RFC 6797 §7; §7.2 forbids to say so in clear text).
pub(crate) async fn guarded(request: Request, next: Next) -> Response {
    let secured =
        request.extensions().get::<ConnectInfo<Peer>>().is_some_and(|ConnectInfo(peer)| peer.secured);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if secured {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ALWAYS_HTTPS));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}
