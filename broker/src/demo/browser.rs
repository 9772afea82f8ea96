//! A browser for web consoles, as far as the demo needs one: it trusts the one authority that it is given, finds every name
//! on loopback, and keeps the cookie that the gate gives it.

use std::path::Path;
use std::time::Duration;

use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{RequestBuilder, Response, StatusCode, Url};

use super::error::DemoError;
use super::stage::Stage;

/// How long an answer may take to begin and to go on.
const WITHIN: Duration = Duration::from_secs(20);

/// Somebody's browser with a console open in it.
pub(super) struct Browser {
    http: reqwest::Client,
    site: Url,
    cookie: String,
}

impl Browser {
    /// Opens a console by the link that the gate gave.
    pub(super) async fn open(stage: &Stage, link: &str) -> Result<Self, DemoError> {
        let site: Url = link.parse().map_err(|_| DemoError::Step(format!("{link:?} is no link")))?;
        let http = trusting(&stage.gate_authority(), &site)?;
        let entered = sent(http.get(site.clone())).await?;
        let field = |name| entered.headers().get(&name).and_then(|value| value.to_str().ok());
        let cookie = field(SET_COOKIE).and_then(|set| set.split(';').next()).map(str::to_owned);
        match (entered.status(), field(LOCATION), cookie) {
            (StatusCode::SEE_OTHER, Some("/"), Some(cookie)) => Ok(Self { http, site, cookie }),
            (status, ..) => Err(DemoError::Step(format!("the link opened nothing: {status}"))),
        }
    }

    /// Where it is.
    pub(super) fn host(&self) -> &str {
        self.site.host_str().unwrap_or_default()
    }

    /// Asks for a page.
    pub(super) async fn get(&self, path: &str) -> Result<Response, DemoError> {
        sent(self.http.get(self.url(path)).header(COOKIE, &self.cookie)).await
    }

    /// Sends a form.
    pub(super) async fn post(&self, path: &str, form: &str) -> Result<Response, DemoError> {
        let posted = self.http.post(self.url(path)).header(COOKIE, &self.cookie);
        sent(posted.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned())).await
    }

    /// Leaves: the visit ends.
    pub(super) async fn leave(self) -> Result<(), DemoError> {
        self.post("/.chaperone/leave", "").await.map(drop)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.site.clone();
        url.set_query(None);
        url.set_path(path);
        url
    }
}

/// Asks a console itself, past the gate and without a credential, and returns its status.
pub(super) async fn asked_directly(authority: &Path, name: &str, port: u16) -> Result<StatusCode, DemoError> {
    let wrong = |_| DemoError::Step(format!("{name:?} is no host"));
    let url: Url = format!("https://{name}:{port}/").parse().map_err(wrong)?;
    let answer = sent(trusting(authority, &url)?.get(url)).await?;
    Ok(answer.status())
}

/// The answer's text.
pub(super) async fn text(answer: Response) -> Result<String, DemoError> {
    answer.text().await.map_err(DemoError::Http)
}

async fn sent(request: RequestBuilder) -> Result<Response, DemoError> {
    // The link is a proof: no error shows it.
    request.send().await.map_err(|error| DemoError::Http(error.without_url()))
}

fn trusting(authority: &Path, site: &Url) -> Result<reqwest::Client, DemoError> {
    let pem = std::fs::read(authority).map_err(super::error::trying("read an authority's certificate"))?;
    let trusted = reqwest::Certificate::from_pem_bundle(&pem).map_err(DemoError::Http)?;
    reqwest::Client::builder()
        .tls_certs_only(trusted)
        .resolve(site.host_str().unwrap_or_default(), ([127, 0, 0, 1], 0).into())
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(WITHIN)
        .read_timeout(WITHIN)
        .no_proxy()
        .build()
        .map_err(DemoError::Http)
}
