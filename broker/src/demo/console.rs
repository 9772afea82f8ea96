//! The demo's web console: a small HTTPS server on loopback that stands in for a pump server's, and says so on its page. It
//! asks for a user and a password, which the gate has and the technician has not. No pump hears of anything that it takes.

mod page;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chaperone_policy::TargetName;
use chaperone_tls::{ServerTls, TlsListener};
use futures::stream;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use reqwest::Url;
use serde_json::json;
use tokio::net::TcpListener;

/// The name in its certificate.
pub(super) const SERVER_NAME: &str = "console.alaris.internal";
/// The user that it lets in.
pub(super) const ACCOUNT: &str = "svc-chaperone";
/// The drug library that it begins with.
pub(super) const LIBRARY: &str = "9.33";

/// Longest form that it reads, in bytes.
const FORM_BYTES: usize = 1024;
/// How often a pump says something in the log.
const LOGGED_EVERY: Duration = Duration::from_millis(250);

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// The console.
pub(super) struct Console {
    name: TargetName,
    /// What `Authorization` must say (RFC 7617).
    proof: String,
    library: Mutex<Library>,
}

/// The pumps' drug library.
#[derive(Clone, Debug)]
struct Library {
    version: Version,
    changed: Option<Timestamp>,
}

/// A library's version: 1 to 20 letters, digits, points and dashes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version(String);

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
        ((1..=20).contains(&text.len()) && text.chars().all(plain)).then(|| Self(text.to_owned()))
    }

    /// Reads the form's one field (`application/x-www-form-urlencoded`).
    fn of_form(body: &[u8]) -> Option<Self> {
        let mut form = Url::parse("form:").ok()?;
        form.set_query(Some(std::str::from_utf8(body).ok()?));
        let (_, version) = form.query_pairs().find(|(name, _)| name == "version")?;
        Self::parse(version.trim())
    }
}

impl Console {
    /// A console of this name that lets its account in with this password.
    pub(super) fn new(name: TargetName, password: &str) -> Self {
        let proof = format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{password}")));
        let library = Library { version: Version(LIBRARY.to_owned()), changed: None };
        Self { name, proof, library: Mutex::new(library) }
    }

    /// Serves for ever.
    pub(super) async fn serve(self, listener: TcpListener, tls: &ServerTls) {
        let console = Arc::new(self);
        let mut door = TlsListener::new(listener, tls);
        loop {
            let (stream, _) = door.accept().await;
            let console = Arc::clone(&console);
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let console = Arc::clone(&console);
                    async move { Ok::<_, Infallible>(console.answer(request).await) }
                });
                let mut serving = http1::Builder::new();
                let served =
                    serving.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
                if let Err(error) = served {
                    tracing::debug!(%error, "a connection to the stand-in console has ended");
                }
            });
        }
    }

    async fn answer<B: Body<Data = Bytes>>(&self, request: Request<B>) -> Answer
    where
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        let (head, body) = request.into_parts();
        let gets = head.method == Method::GET;
        match head.uri.path() {
            // Whoever watches the hospital's machines may ask whether it is up.
            "/api/status" if gets => self.status(),
            _ if !self.is_proven_by(&head.headers) => asks_who(),
            "/" if gets => html(StatusCode::OK, page::front(self.name.as_str(), &self.library())),
            "/log" if gets => log(),
            "/library" if head.method == Method::POST => {
                let read = Limited::new(body, FORM_BYTES).collect().await;
                self.update(read.ok().and_then(|form| Version::of_form(&form.to_bytes())))
            }
            _ => html(StatusCode::NOT_FOUND, page::notice("There is no such page")),
        }
    }

    fn is_proven_by(&self, headers: &HeaderMap) -> bool {
        headers.get(AUTHORIZATION).is_some_and(|given| given.as_bytes() == self.proof.as_bytes())
    }

    fn library(&self) -> Library {
        self.library.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn update(&self, version: Option<Version>) -> Answer {
        let Some(version) = version else {
            let why = "A version is 1 to 20 letters, digits, points and dashes";
            return html(StatusCode::BAD_REQUEST, page::notice(why));
        };
        let changed = Library { version, changed: Some(Timestamp::now()) };
        *self.library.lock().unwrap_or_else(PoisonError::into_inner) = changed;
        let home = HeaderValue::from_static("/");
        with(StatusCode::SEE_OTHER, [(LOCATION, home)], Full::default().boxed_unsync())
    }

    fn status(&self) -> Answer {
        let Library { version, changed } = self.library();
        let status = json!({
            "stand_in": true, "server": self.name.as_str(), "pumps_on_line": page::PUMPS,
            "library": { "version": version.0, "changed": changed },
        });
        typed(StatusCode::OK, "application/json", Full::from(status.to_string()).boxed_unsync())
    }
}

fn asks_who() -> Answer {
    let basic = HeaderValue::from_static("Basic realm=\"stand-in console\"");
    let mut answer = html(StatusCode::UNAUTHORIZED, page::notice("Sign in first"));
    answer.headers_mut().insert(WWW_AUTHENTICATE, basic);
    answer
}

/// One line after the other, for as long as somebody reads.
fn log() -> Answer {
    let lines = stream::unfold(0_u32, |number| async move {
        if number > 0 {
            tokio::time::sleep(LOGGED_EVERY).await;
        }
        let line = format!("{} {}\n", Timestamp::now().strftime("%H:%M:%S%.3f"), page::logged(number));
        Some((Ok(Frame::data(Bytes::from(line))), number.wrapping_add(1)))
    });
    typed(StatusCode::OK, "text/plain; charset=utf-8", StreamBody::new(lines).boxed_unsync())
}

fn html(status: StatusCode, page: String) -> Answer {
    let mut answer = typed(status, "text/html; charset=utf-8", Full::from(page).boxed_unsync());
    let policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'";
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    answer
}

fn typed(status: StatusCode, what: &'static str, body: UnsyncBoxBody<Bytes, Infallible>) -> Answer {
    with(status, [(CONTENT_TYPE, HeaderValue::from_static(what))], body)
}

fn with(
    status: StatusCode,
    fields: [(HeaderName, HeaderValue); 1],
    body: UnsyncBoxBody<Bytes, Infallible>,
) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().extend(fields);
    answer
}

#[cfg(test)]
mod tests;
