//! An error as a caller gets it: RFC 9457 problem details with two sentences, what happened and what to do next. What
//! only the operator may know goes to the log, once, here.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A request that was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The status in words (RFC 9457 §3.1.3).
    pub title: String,
    /// What happened.
    pub what: String,
    /// What to do next; may be empty.
    #[serde(default)]
    pub next: String,
    /// What a program can do about it: `step-up` asks for a second factor and repeats the request; `too-many` waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub kind: Option<Box<str>>,
    /// What the help desk can look up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reference: Option<Box<str>>,
}

impl Problem {
    /// A problem with its two sentences.
    pub fn new(status: StatusCode, what: impl Into<String>, next: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or_default().to_owned();
        Self {
            status: status.as_u16(),
            title,
            what: what.into(),
            next: next.into(),
            kind: None,
            reference: None,
        }
    }

    /// The request itself is wrong: 400.
    pub fn bad(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, what, next)
    }

    /// One field of the request is wrong, for the reason that its type gave: 400.
    pub fn field(name: &str, error: impl std::fmt::Display) -> Self {
        Self::bad(format!("{name}: {error}"), "mend this field and send it again")
    }

    /// Nothing has this name: 404.
    pub fn unknown(kind: &str, name: &str) -> Self {
        let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
        // People say server.
        let said = if kind == "target" { "server" } else { kind };
        Self::new(
            StatusCode::NOT_FOUND,
            format!("there is no {said} {name:?}"),
            format!("check the spelling; on the command line, chaperone {kind} list says which there are"),
        )
    }

    /// No valid token: 401.
    pub fn unauthenticated(what: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            what,
            "sign in again: chaperone login, or chaperone token on the host",
        )
    }

    /// The caller may not: 403.
    pub fn forbidden(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, what, next)
    }

    /// The caller may, once they have proven a second factor again: 403.
    pub fn step_up() -> Self {
        let what = "this needs your second factor again";
        Self { kind: Some("step-up".into()), ..Self::forbidden(what, "give a code of your authenticator") }
    }

    /// It does not fit how things stand: 409.
    pub fn conflict(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, what, next)
    }

    /// Not now: 503.
    pub fn unavailable(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, what, next)
    }

    /// A fault of the gate, which the log explains: 500.
    pub fn fault(doing: &'static str, error: &dyn std::error::Error) -> Self {
        let mut chain = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            chain = format!("{chain}: {inner}");
            cause = inner.source();
        }
        tracing::error!(error = chain, "the gate failed to {doing}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the gate failed to {doing}"),
            "see the gate's log",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
