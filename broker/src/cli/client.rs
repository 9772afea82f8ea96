//! The API's client: one request, one typed answer, and errors that say what happened and what next.

use std::path::Path;
use std::time::Duration;

use chaperone_web::wire::{COOKIE, CSRF, Me, SECURE_COOKIE};
use futures::TryStreamExt;
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Upgraded, Url, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::io::ReaderStream;

use super::outcome::{Failure, chain};

/// Answers beyond this are no answers of a gate (recordings are streamed to a file instead).
const MAX_ANSWER_BYTES: usize = 256 << 20;
/// Verifying or exporting a day-long recording takes its time.
const ANSWER_WITHIN: Duration = Duration::from_secs(600);
/// A bundle of a year's recordings is many gigabytes.
const DOWNLOAD_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// A file of gigabytes over a slow line, with what the scanner takes.
const FILE_WITHIN: Duration = Duration::from_secs(2 * 3600);
const FILE_PIECE: usize = 64 << 10;
/// What says how far it is may take far longer, and says something every few seconds.
const LINES_WITHIN: Duration = Duration::from_secs(24 * 3600);
const LINE_WITHIN: Duration = Duration::from_secs(60);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The same, and the way through a proxy, TLS and the gate's answer.
const UPGRADE_WITHIN: Duration = Duration::from_secs(20);
/// After how long a silent connection that goes on is asked whether it is still there.
const ALIVE_AFTER: Duration = Duration::from_secs(20);

/// A caller of one gate.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    server: Url,
    credential: Credential,
}

/// What a caller proves itself with.
#[derive(Clone)]
pub(crate) enum Credential {
    /// Nothing yet.
    Nothing,
    /// An API token.
    Token(String),
    /// A sign-in: what the gate gave it, and what each change must say beside it.
    SignIn { secret: String, csrf: String },
}

/// How a sign-in is kept where a token could be.
const SIGN_IN: &str = "sign-in:";

impl Credential {
    /// Reads what [`Credential::kept`] wrote, or a token.
    pub(crate) fn read(text: &str) -> Self {
        match text.strip_prefix(SIGN_IN).and_then(|kept| kept.split_once(':')) {
            Some((secret, csrf)) => Self::SignIn { secret: secret.to_owned(), csrf: csrf.to_owned() },
            None => Self::Token(text.to_owned()),
        }
    }

    /// As one word.
    pub(crate) fn kept(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Token(token) => token.clone(),
            Self::SignIn { secret, csrf } => format!("{SIGN_IN}{secret}:{csrf}"),
        }
    }

    fn proves(&self, request: RequestBuilder, server: &Url) -> RequestBuilder {
        match self {
            Self::Nothing => request,
            Self::Token(token) => request.bearer_auth(token),
            Self::SignIn { secret, csrf } => {
                let name = if server.scheme() == "https" { SECURE_COOKIE } else { COOKIE };
                request.header(header::COOKIE, format!("{name}={secret}")).header(CSRF, csrf)
            }
        }
    }
}

#[derive(serde::Deserialize)]
struct Problem {
    what: String,
    #[serde(default)]
    next: String,
    kind: Option<String>,
}

/// Nothing: for requests without a body, and answers that do not matter.
#[derive(Debug, Serialize, serde::Deserialize)]
pub(crate) struct Nothing {}

impl Client {
    pub(crate) fn new(server: &str, credential: Credential, ca: Option<&Path>) -> Result<Self, Failure> {
        let mut http = reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy();
        if server.starts_with("http://") {
            // Nothing there asks for the system's authorities, and reading them takes a third of a command's time.
            http = http.tls_certs_only([]);
        }
        Self::over(http, server, credential, ca)
    }

    /// For a connection that goes on, through the proxy that `HTTPS_PROXY` and `NO_PROXY` name.
    pub(crate) fn tunnelled(
        server: &str,
        credential: Credential,
        ca: Option<&Path>,
    ) -> Result<Self, Failure> {
        Self::over(reqwest::Client::builder().tcp_keepalive(ALIVE_AFTER), server, credential, ca)
    }

    fn over(
        http: reqwest::ClientBuilder,
        server: &str,
        credential: Credential,
        ca: Option<&Path>,
    ) -> Result<Self, Failure> {
        let server: Url = server
            .parse()
            .ok()
            .filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                Failure::usage(format!("{server:?} is no server; right is such as http://127.0.0.1:8080"))
            })?;
        let mut http = http.connect_timeout(CONNECT_WITHIN).redirect(reqwest::redirect::Policy::none());
        if let Some(path) = ca {
            let wrong =
                |why: String| Failure::usage(format!("{} is no PEM certificate: {why}", path.display()));
            let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let certificates =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(chain(&error)))?;
            http = http.tls_certs_only(certificates);
        }
        let http = http.build().map_err(|error| Failure::failed(chain(&error), ""))?;
        Ok(Self { http, server, credential })
    }

    /// The host of the gate's web address.
    pub(crate) fn host(&self) -> String {
        let host = self.server.host_str().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches(']').to_owned()
    }

    /// Makes the connection a web socket's (RFC 6455 §4.1).
    pub(crate) async fn upgrade(&self, path: &[&str]) -> Result<Upgraded, Failure> {
        let key = generate_key();
        let request = self
            .request(Method::GET, path)?
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, key.as_str());
        let sending = tokio::time::timeout(UPGRADE_WITHIN, request.send()).await;
        let next = "is this the gate's web address? through a proxy, is HTTPS_PROXY right and does it let CONNECT through?";
        let silent =
            |_| Failure::failed(format!("{} does not answer within {UPGRADE_WITHIN:?}", self.server), next);
        let response = sending.map_err(silent)?.map_err(|error| {
            Failure::failed(
                format!("{} cannot be reached: {}", self.server, chain(&error.without_url())),
                next,
            )
        })?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refused(response).await);
        }
        let accept = response.headers().get(header::SEC_WEBSOCKET_ACCEPT).map(header::HeaderValue::as_bytes);
        if accept != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(Failure::failed("what answers there is no web socket of the gate's", next));
        }
        response.upgrade().await.map_err(|error| tunnel_failed("the connection could not be carried", &error))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Failure> {
        answer(self.send(self.request(Method::GET, path)?).await?).await
    }

    pub(crate) async fn get_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        answer(self.send(self.request_with(Method::GET, path, query)?).await?).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        answer(self.send(self.request(Method::POST, path)?.json(body)).await?).await
    }

    /// Sends a text as it is.
    pub(crate) async fn upload<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        text: Vec<u8>,
    ) -> Result<T, Failure> {
        let request = self.request_with(Method::POST, path, query)?;
        answer(self.send(request.header(header::CONTENT_TYPE, "text/plain").body(text)).await?).await
    }

    /// Sends a file, piece by piece, for as long as it takes.
    pub(crate) async fn send_file<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        file: tokio::fs::File,
    ) -> Result<T, Failure> {
        let pieces = ReaderStream::with_capacity(file, FILE_PIECE).map_ok(Frame::data);
        let body = reqwest::Body::wrap(StreamBody::new(pieces));
        let request = self.request_with(Method::POST, path, query)?.timeout(FILE_WITHIN);
        answer(self.send(request.header(header::CONTENT_TYPE, "application/octet-stream").body(body)).await?)
            .await
    }

    /// As [`Client::post`], of what takes as long as a file does.
    pub(crate) async fn post_long<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        answer(self.send(self.request(Method::POST, path)?.json(body).timeout(FILE_WITHIN)).await?).await
    }

    /// An answer that comes line by line, each a JSON value, for as long as it takes; a gate that says nothing for a
    /// while is gone.
    pub(crate) async fn post_lines(
        &self,
        path: &[&str],
        body: &impl Serialize,
        mut take: impl FnMut(Value),
    ) -> Result<(), Failure> {
        let request = self.request(Method::POST, path)?.json(body).timeout(LINES_WITHIN);
        let mut response = self.send(request).await?;
        let mut begun = Vec::new();
        loop {
            let chunk = tokio::time::timeout(LINE_WITHIN, response.chunk()).await;
            let chunk =
                chunk.map_err(|_| Failure::failed("the gate says nothing any more", "see its log"))?;
            let chunk = chunk.map_err(|error| {
                Failure::failed(format!("the answer broke off: {}", chain(&error)), "try again")
            })?;
            let Some(chunk) = chunk else { return Ok(()) };
            if begun.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Failure::failed("the answer is too long", "ask for less"));
            }
            begun.extend_from_slice(&chunk);
            while let Some(end) = begun.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = begun.drain(..=end).collect();
                take(serde_json::from_slice(&line).map_err(|error| {
                    Failure::failed(
                        format!("the answer is not understood: {error}"),
                        "are the gate and this command of the same release?",
                    )
                })?);
            }
        }
    }

    pub(crate) async fn put<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        answer(self.send(self.request(Method::PUT, path)?.json(body)).await?).await
    }

    pub(crate) async fn delete<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Failure> {
        answer(self.send(self.request(Method::DELETE, path)?).await?).await
    }

    /// Signs in, by a body that says who and how.
    ///
    /// # Errors
    /// When it is not accepted.
    pub(crate) async fn sign_in(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<(Credential, Me), Failure> {
        let response = self.send(self.request(Method::POST, path)?.json(body)).await?;
        let cookies = response.headers().get_all(header::SET_COOKIE).iter();
        let mut pairs = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next()?.split_once('='));
        let secret = pairs.find(|(name, _)| matches!(*name, COOKIE | SECURE_COOKIE));
        let secret = secret.map(|(_, secret)| secret.to_owned());
        let me: Me = answer(response).await?;
        match (secret, me.csrf.clone()) {
            (Some(secret), Some(csrf)) => Ok((Credential::SignIn { secret, csrf }, me)),
            _ => {
                Err(Failure::failed("the gate gave no sign-in", "is this a Chaperone gate of this release?"))
            }
        }
    }

    /// Signs out what this caller proves itself with; `false` where that proves nothing any more.
    ///
    /// # Errors
    /// When the gate does not answer, or does not take it.
    pub(crate) async fn sign_out(&self) -> Result<bool, Failure> {
        let response = self.sent(self.request(Method::POST, &["sign-out"])?.json(&Nothing {})).await?;
        match response.status() {
            StatusCode::UNAUTHORIZED => Ok(false),
            status if status.is_success() => Ok(true),
            _ => Err(refused(response).await),
        }
    }

    /// An answer that is a file, chunk by chunk.
    pub(crate) async fn download(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        chunks(self.send(self.request_with(Method::GET, path, query)?).await?, take).await
    }

    /// An answer that goes on for as long as there is something to tell.
    #[cfg(unix)]
    pub(crate) async fn stream(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        chunks(self.send(self.request_with(Method::GET, path, query)?.timeout(LINES_WITHIN)).await?, take)
            .await
    }

    /// As [`Client::download`], of what is asked for with a body. It may take as long as it takes, while it goes on.
    pub(crate) async fn download_by_post(
        &self,
        path: &[&str],
        body: &impl Serialize,
        take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let request = self.request(Method::POST, path)?.json(body).timeout(DOWNLOAD_WITHIN);
        chunks(self.send(request).await?, take).await
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Failure> {
        self.request_with(method, path, &[])
    }

    fn request_with(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<RequestBuilder, Failure> {
        let mut url = self.server.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().push("api").extend(path);
            }
            Err(()) => return Err(Failure::usage(format!("{} is no server", self.server))),
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(self.credential.proves(self.http.request(method, url), &self.server))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = self.sent(request).await?;
        if response.status().is_success() { Ok(response) } else { Err(refused(response).await) }
    }

    /// Whatever is answered.
    async fn sent(&self, request: RequestBuilder) -> Result<Response, Failure> {
        request.send().await.map_err(|error| {
            let next = if error.is_timeout() {
                "the gate is slow or hangs: see its log and /readyz".to_owned()
            } else {
                format!("is the gate running and is {} its web address? for a gate with its own certificate use --ca FILE", self.server)
            };
            Failure::failed(format!("{} does not answer: {}", self.server, chain(&error.without_url())), next)
        })
    }
}

/// A connection that is carried ended in the middle.
pub(crate) fn tunnel_failed(what: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::failed(format!("{what}: {}", chain(error)), "connect again")
}

async fn chunks(
    mut response: Response,
    mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => take(&chunk)?,
            Ok(None) => return Ok(()),
            Err(error) => {
                return Err(Failure::failed(format!("the answer broke off: {}", chain(&error)), "try again"));
            }
        }
    }
}

async fn refused(response: Response) -> Failure {
    let status = response.status();
    let problem = match bounded(response).await {
        Ok(body) => serde_json::from_slice::<Problem>(&body).ok(),
        Err(failure) => return failure,
    };
    match problem {
        Some(problem) if problem.kind.as_deref() == Some("step-up") => {
            Failure::failed(problem.what, "prove yourself anew: chaperone login --server URL --person LOGIN")
        }
        Some(problem) => Failure::failed(problem.what, problem.next),
        None if status == StatusCode::NOT_FOUND => Failure::failed(
            "this server has no such thing",
            "is this the address of a Chaperone gate of this release?",
        ),
        None => Failure::failed(format!("the server answered {status}"), "see the gate's log"),
    }
}

async fn answer<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let body = bounded(response).await?;
    serde_json::from_slice(&body).map_err(|error| {
        Failure::failed(
            format!("the answer is not understood: {error}"),
            "are the gate and this command of the same release?",
        )
    })
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER_BYTES => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(Failure::failed("the answer is too long", "ask for less")),
            Ok(None) => return Ok(body),
            Err(error) => {
                return Err(Failure::failed(format!("the answer broke off: {}", chain(&error)), "try again"));
            }
        }
    }
}
