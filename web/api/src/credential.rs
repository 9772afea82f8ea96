//! What a request proves itself with: a bearer token, or the cookie of a signed-in browser. A cookie alone changes
//! nothing: the request must carry what only our own page knows (CSRF), and come from our own page.

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, header};
use chaperone_identity::{Claims, hashed};
use chaperone_store::{WEB_IDLE, WEB_WHOLE, WebSession};
use jiff::Timestamp;

use crate::App;
use crate::listen::Peer;
use crate::problem::Problem;
use crate::wire::{COOKIE, CSRF, SECURE_COOKIE};

/// What proves a request.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// A bearer token.
    Token(Claims),
    /// A signed-in browser.
    Browser(WebSession),
}

impl Credential {
    /// Whether it was minted on the host (P8).
    pub(crate) fn is_host_minted(&self) -> bool {
        matches!(self, Self::Token(claims) if claims.host_minted)
    }

    /// What signs out what was opened with it: the browser session, by its id, or the token, by its name.
    pub(crate) fn sign_in(&self) -> Vec<u8> {
        match self {
            Self::Token(claims) => format!("token:{}", claims.jti).into_bytes(),
            Self::Browser(session) => session.id.clone(),
        }
    }

    /// First instant in which it is worth nothing, as things stand.
    pub(crate) fn expires(&self) -> Timestamp {
        match self {
            Self::Token(claims) => Timestamp::from_second(claims.exp).unwrap_or(Timestamp::UNIX_EPOCH),
            Self::Browser(session) => {
                let later = |at: Timestamp, span| at.checked_add(span).unwrap_or(Timestamp::MAX);
                later(session.began, WEB_WHOLE).min(later(session.used, WEB_IDLE))
            }
        }
    }

    /// Until when acts that want a fresh proof are done without asking again. Who has a token of their own asks on the
    /// command line, where there is no desk to leave.
    pub(crate) fn fresh_until(&self, app: &App) -> Option<Timestamp> {
        match self {
            Self::Token(claims) => Timestamp::from_second(claims.exp).ok(),
            Self::Browser(session) => session.proven?.checked_add(app.parts.settings.step_up).ok(),
        }
    }
}

/// The credential of a request, checked.
pub(crate) async fn of(app: &App, parts: &Parts, now: Timestamp) -> Result<Credential, Problem> {
    if let Some(token) = bearer(&parts.headers) {
        let checked = app.parts.tokens.verify(token, now);
        return checked
            .map(Credential::Token)
            .map_err(|error| Problem::unauthenticated(format!("this token is not accepted: {error}")));
    }
    let cookie = cookie(is_secured(app, &parts.extensions), &parts.headers)
        .ok_or_else(|| Problem::unauthenticated("this needs a sign-in"))?;
    let session = app.parts.store.web_session(&hashed(cookie), now).await?;
    let session = session.ok_or_else(|| Problem::unauthenticated("you are not signed in any more"))?;
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        ours(&parts.headers, &session)?;
    }
    Ok(Credential::Browser(session))
}

/// A changing request comes from our own page: it says what only that page was told, and a browser that says where it
/// comes from says so too.
pub(crate) fn ours(headers: &HeaderMap, session: &WebSession) -> Result<(), Problem> {
    let told = headers.get(CSRF).map(HeaderValue::as_bytes).unwrap_or_default();
    let same = aws_lc_rs::constant_time::verify_slices_are_equal(told, session.csrf.as_bytes()).is_ok();
    if same && same_site(headers) {
        return Ok(());
    }
    Err(Problem::forbidden("this request does not come from the gate's own pages", "load the page again"))
}

/// What browsers say of where a request comes from (Fetch Metadata, and Origin where there is none).
pub(crate) fn same_site(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie(secured: bool, headers: &HeaderMap) -> Option<&str> {
    let name = name(secured);
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Whether a request came by HTTPS: all do, or those of its door.
pub(crate) fn is_secured(app: &App, of: &Extensions) -> bool {
    app.parts.settings.https || of.get::<ConnectInfo<Peer>>().is_some_and(|ConnectInfo(peer)| peer.secured)
}

fn name(secured: bool) -> &'static str {
    if secured { SECURE_COOKIE } else { COOKIE }
}

/// The header that gives a browser its cookie; an empty value takes it away.
pub(crate) fn set_cookie(secured: bool, value: &str) -> Option<HeaderValue> {
    let secure = if secured { "; Secure" } else { "" };
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}", name(secured));
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    fn session() -> WebSession {
        WebSession {
            id: vec![1],
            person: chaperone_policy::PersonId(uuid::Uuid::from_u128(1)),
            csrf: "known only to the page".into(),
            how: "password+totp".into(),
            source: "127.0.0.1".into(),
            began: Timestamp::UNIX_EPOCH,
            used: Timestamp::UNIX_EPOCH,
            proven: None,
        }
    }

    #[test]
    fn a_changing_request_is_ours_by_what_it_knows_and_where_it_comes_from() {
        let known = ("x-csrf-token", "known only to the page");
        for (given, right) in [
            (headers(&[known]), true),
            (headers(&[known, ("sec-fetch-site", "same-origin")]), true),
            (headers(&[known, ("origin", "https://gate:8080"), ("host", "gate:8080")]), true),
            (headers(&[]), false),
            (headers(&[("x-csrf-token", "known only to the pagf")]), false),
            (headers(&[known, ("sec-fetch-site", "cross-site")]), false),
            (headers(&[known, ("sec-fetch-site", "same-site")]), false),
            (headers(&[known, ("origin", "https://evil.example"), ("host", "gate:8080")]), false),
            (headers(&[known, ("origin", "null"), ("host", "gate:8080")]), false),
        ] {
            assert_eq!(ours(&given, &session()).is_ok(), right, "{given:?}");
        }
    }

    #[test]
    fn a_bearer_token_is_read_whatever_the_case() {
        assert_eq!(bearer(&headers(&[("authorization", "bEaReR  abc ")])), Some("abc"));
        assert_eq!(bearer(&headers(&[("authorization", "Basic abc")])), None);
    }
}
