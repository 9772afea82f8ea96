//! A link that opens a console: looked at, traded once for the cookie of its visit, and asked about first where another site
//! has sent the browser here: who follows a link of somebody else's making would work, and be recorded, as somebody else.

use chaperone_identity::{VisitToken, VisitUse};
use chaperone_session::{Followed, new_reference};
use http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::{Connection, FAILS_AFTER, OWN};
use crate::http::body::Outgoing;
use crate::http::cookies;
use crate::http::pages::Page;

impl Connection {
    /// Follows a link.
    pub(super) async fn enter(&self, request: &Request<Incoming>, arrived: Instant) -> Response<Outgoing> {
        let now = Timestamp::now();
        let query = request.uri().query().unwrap_or_default();
        let shown = query.split('&').find_map(|pair| pair.strip_prefix("token=")).unwrap_or_default();
        let Ok(token) = self.shared.tokens.visit(VisitUse::Enter, shown, &self.host, now) else {
            return self.opens_nothing(None, "a link that is none of this gate's", arrived).await;
        };
        if let Some(why) = self.carried_by_another(&token, "link").await {
            // It stays good for whoever it was given to.
            return self.opens_nothing(Some(&token), &why, arrived).await;
        }
        if self.holds_anothers(request, &token, now) {
            // Whoever sits here would go on as somebody else, and be recorded as them.
            let why = "a link of somebody else than whose console is open there";
            self.failed(Some(&token), why, &new_reference()).await;
            return Page::of_somebody_else().into_answer();
        }
        if token.expired {
            return self.opens_nothing(Some(&token), "a link that has expired", arrived).await;
        }
        if request.method() == Method::GET && is_asked_about(request, &self.shared.settings.site) {
            let again = format!("{OWN}/enter?token={shown}");
            return Page::opening(token.about.target.as_str(), token.about.login.as_str(), &again)
                .into_answer();
        }
        match self.shared.gate.follow_console(token.id).await {
            Ok(Followed::Opens) => self.opens(&token).await,
            Ok(Followed::Before) => {
                self.opens_nothing(Some(&token), "a link that was used before", arrived).await
            }
            Ok(Followed::SignedOut) => {
                self.opens_nothing(Some(&token), "a link of somebody who has signed out since", arrived).await
            }
            Err(error) => {
                tracing::warn!(%error, "a link to a console cannot be followed now");
                let refused = self.shared.gate.refuse_without_store(&self.ask(&token)).await;
                Page::refused(&refused.text, &self.shared.settings.site).into_answer()
            }
        }
    }

    /// Whether the browser has the console of another person open.
    fn holds_anothers(&self, request: &Request<Incoming>, token: &VisitToken, now: Timestamp) -> bool {
        let held = cookies::ours(request.headers())
            .and_then(|cookie| self.shared.tokens.visit(VisitUse::Visit, cookie, &self.host, now).ok());
        held.is_some_and(|held| !held.expired && held.about.person != token.about.person)
    }

    async fn opens_nothing(
        &self,
        token: Option<&VisitToken>,
        why: &str,
        arrived: Instant,
    ) -> Response<Outgoing> {
        let reference = new_reference();
        self.failed(token, why, &reference).await;
        sleep_until(arrived + FAILS_AFTER).await;
        Page::link_spent(&self.shared.settings.site, &reference).into_answer()
    }

    /// Gives the browser its cookie, and sends it to the console.
    async fn opens(&self, token: &VisitToken) -> Response<Outgoing> {
        let cookie = self.shared.gate.window_ends(token.about.window).await;
        let cookie = cookie.and_then(|ends| self.cookie_until(&token.about, token.id, ends));
        let mut answer = Response::new(Outgoing::empty());
        *answer.status_mut() = StatusCode::SEE_OTHER;
        let fields = answer.headers_mut();
        fields.insert(LOCATION, HeaderValue::from_static("/"));
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        fields.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if let Some(cookie) = cookie {
            fields.append(SET_COOKIE, cookie);
        }
        answer
    }
}

/// Whether the browser was sent here by a page that is not the gate's own, as it says (Fetch Metadata): one of another site,
/// or of the same one, where consoles are too; the gate's desk is told from them by `Referer` (RFC 9110 §10.1.3), which no
/// page can have a browser send in another's name. A browser that says nothing is believed to follow what its person wants.
fn is_asked_about<B>(request: &Request<B>, site: &str) -> bool {
    let field = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_of_the_desk = |from: &str| {
        from.strip_prefix(site.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match field("sec-fetch-site") {
        Some("cross-site") => true,
        Some("same-site") => !field("referer").is_some_and(is_of_the_desk),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_gates_own_desk_sends_somebody_here_unasked() {
        let asked = |site: Option<&str>, from: Option<&str>| {
            let mut request = Request::builder().uri("/.chaperone/enter");
            for (name, value) in [("sec-fetch-site", site), ("referer", from)] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
            is_asked_about(&request.body(()).unwrap(), "https://gate.example")
        };
        let desk = Some("https://gate.example/");
        assert!(asked(Some("cross-site"), None) && asked(Some("cross-site"), desk));
        for from in [
            None,
            Some("https://evil.web.gate.example/"),
            Some("https://gate.example.evil.example/"),
            Some(""),
        ] {
            assert!(asked(Some("same-site"), from), "{from:?}");
        }
        for from in [desk, Some("https://gate.example"), Some("https://gate.example/windows/7")] {
            assert!(!asked(Some("same-site"), from), "{from:?}");
        }
        for site in [Some("same-origin"), Some("none"), None] {
            assert!(!asked(site, None), "{site:?}");
        }
    }
}
