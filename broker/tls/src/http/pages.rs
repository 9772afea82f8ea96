//! What the gate itself answers on a console's host name: small pages without scripts, in the technician's words, light and
//! dark. A page before sign-in is the same for every name (P9).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::body::Outgoing;

const STYLE: &str = ":root{color-scheme:light dark;--bg:#f6f7f9;--fg:#17202a;--soft:#52606d;--line:#d5dae1;--card:#fff;--go:#0b5fa5}\
@media(prefers-color-scheme:dark){:root{--bg:#12161b;--fg:#e8ecf1;--soft:#a3afbd;--line:#303844;--card:#1a2028;--go:#7cb8ee}}\
body{margin:0;background:var(--bg);color:var(--fg);font:17px/1.5 system-ui,sans-serif}\
main{box-sizing:border-box;width:min(40rem,100% - 2rem);margin:12vh auto 2rem;padding:1.5rem 2rem;background:var(--card);border:1px solid var(--line);border-radius:8px}\
h1{font-size:1.35rem;margin:0 0 .75rem}p{margin:.5rem 0}small,dt{color:var(--soft)}a{color:var(--go)}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:1rem 0}dd{margin:0}\
button{font:inherit;padding:.4rem 1rem;border:1px solid var(--line);border-radius:6px;background:transparent;color:inherit}\
:focus-visible{outline:3px solid var(--go);outline-offset:2px}";

/// What stands on a page.
#[derive(Debug)]
pub(super) struct Page {
    status: StatusCode,
    title: &'static str,
    body: String,
    refresh_s: Option<u32>,
}

impl Page {
    /// Nobody has proven who they are. The same bytes whatever the name.
    pub(super) fn sign_in(site: &str) -> Self {
        let body = format!(
            "<p>To open this console, sign in at <a href=\"{0}\">{0}</a> and choose <b>Open console</b> beside your \
             change window.</p>",
            escaped(site)
        );
        Self::new(StatusCode::FORBIDDEN, "Sign in first", body)
    }

    /// A link that does not open anything, or not any more.
    pub(super) fn link_spent(site: &str, reference: &str) -> Self {
        let body = format!(
            "<p>A link to a console opens once, within a minute. Go back to <a href=\"{0}\">{0}</a> and choose \
             <b>Open console</b> again.</p>{1}",
            escaped(site),
            reference_line(reference)
        );
        Self::new(StatusCode::FORBIDDEN, "This link is used up", body)
    }

    /// A link of one person in the browser of another.
    pub(super) fn of_somebody_else() -> Self {
        let body = "<p>This link is somebody else's, and this browser has a console open already. Leave that one first: \
                    what is done here is recorded in the name of whoever opened it.</p>\
                    <form method=\"post\" action=\"/.chaperone/leave\"><button>Leave</button></form>"
            .to_owned();
        Self::new(StatusCode::CONFLICT, "A console is open already", body)
    }

    /// Another site has sent the browser here with a link: whoever sits there says first that they want it.
    pub(super) fn opening(server: &str, person: &str, again: &str) -> Self {
        let body = format!(
            "<p>You are about to open <b>{}</b> as <b>{}</b>. What is done there is recorded in that name.</p>\
             <p>Another site has sent you here. If you are somebody else, or have not asked for it, close this page.</p>\
             <form method=\"post\" action=\"{}\"><button>Open the console</button></form>",
            escaped(server),
            escaped(person),
            escaped(again)
        );
        Self::new(StatusCode::OK, "Open this console?", body)
    }

    /// What policy says, in the words of every door.
    pub(super) fn refused(sentence: &str, site: &str) -> Self {
        let body = format!("{}{}", paragraphs(sentence), back(site));
        Self::new(StatusCode::FORBIDDEN, "Not now", body)
    }

    /// The visit has ended, by somebody's hand or by time.
    pub(super) fn over(sentence: &str, site: &str) -> Self {
        let body = format!("<p>This visit is over: {}.</p>{}", escaped(sentence), back(site));
        Self::new(StatusCode::FORBIDDEN, "Visit over", body)
    }

    /// Input is over; what runs may be seen to its end.
    pub(super) fn input_over() -> Self {
        let body = "<p>Your change window has closed. What was under way is still shown; nothing new is sent to the \
                    server.</p>"
            .to_owned();
        Self::new(StatusCode::FORBIDDEN, "Input is over", body)
    }

    /// So many requests of the visit wait that one more does not.
    pub(super) fn crowded() -> Self {
        let body = "<p>So many requests of this visit wait for the server that one more is not taken. Wait until some of \
                    them are answered, and try again.</p>"
            .to_owned();
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Too many requests at once", body)
    }

    /// The target does not answer as it should.
    pub(super) fn unreachable(why: &str, reference: &str) -> Self {
        let body = format!(
            "<p>{}</p><p>The gate works, and your visit goes on. Try again; if it stays so, call clinical \
             engineering.</p>{}",
            escaped(why),
            reference_line(reference)
        );
        Self::new(StatusCode::BAD_GATEWAY, "The server cannot be reached", body)
    }

    /// A request that is not taken, whoever sends it.
    pub(super) fn bad(status: StatusCode, why: &str) -> Self {
        Self::new(status, "This request is not taken", format!("<p>{}.</p>", escaped(why)))
    }

    /// Where a visit stands. It renews itself.
    pub(super) fn status(about: &Standing<'_>) -> Self {
        let body = format!(
            "<p><b>Recorded</b>: everything that passes between your browser and the server is kept as evidence.</p>\
             <dl><dt>Server</dt><dd>{}</dd><dt>Time left</dt><dd>{}</dd><dt>Ends</dt><dd>{}</dd><dt>Input</dt><dd>{}</dd>\
             <dt>Visit</dt><dd>{}</dd></dl><p><a href=\"/\">To the console</a></p>\
             <form method=\"post\" action=\"/.chaperone/leave\"><button>Leave</button></form>{}",
            escaped(about.target),
            escaped(about.left),
            escaped(about.ends),
            escaped(about.input),
            escaped(about.visit),
            back(about.site)
        );
        Self { refresh_s: Some(10), ..Self::new(StatusCode::OK, "Your visit", body) }
    }

    /// The technician has left.
    pub(super) fn left(site: &str) -> Self {
        Self::new(StatusCode::OK, "You have left", back(site))
    }

    fn new(status: StatusCode, title: &'static str, body: String) -> Self {
        Self { status, title, body, refresh_s: None }
    }

    /// The answer itself.
    pub(super) fn into_answer(self) -> Response<Outgoing> {
        let html = self.html();
        let mut answer = Response::new(Outgoing::page(Bytes::from(html)));
        *answer.status_mut() = self.status;
        let fields = answer.headers_mut();
        let policy = format!(
            "default-src 'none'; style-src '{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            style_hash()
        );
        let mut set = |name: HeaderName, value: &'static str| {
            fields.insert(name, HeaderValue::from_static(value));
        };
        set(CONTENT_TYPE, "text/html; charset=utf-8");
        set(CACHE_CONTROL, "no-store");
        set(REFERRER_POLICY, "no-referrer");
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        if let Ok(policy) = policy.try_into() {
            fields.insert(CONTENT_SECURITY_POLICY, policy);
        }
        answer
    }

    /// The page alone.
    pub(super) fn html(&self) -> String {
        let renew = self
            .refresh_s
            .map(|s| format!("<meta http-equiv=\"refresh\" content=\"{s}\">"))
            .unwrap_or_default();
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width,initial-scale=1\">{renew}<title>{title} – Chaperone</title><style>{STYLE}</style>\
             </head><body><main><h1>{title}</h1>{body}</main></body></html>",
            title = self.title,
            body = self.body
        )
    }

    /// Its status.
    pub(super) fn code(&self) -> StatusCode {
        self.status
    }
}

/// What the status page says.
#[derive(Debug)]
pub(super) struct Standing<'a> {
    pub target: &'a str,
    pub left: &'a str,
    pub ends: &'a str,
    pub input: &'a str,
    pub visit: &'a str,
    pub site: &'a str,
}

fn style_hash() -> String {
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, STYLE.as_bytes())))
}

fn back(site: &str) -> String {
    format!("<p>Your change windows are at <a href=\"{0}\">{0}</a>.</p>", escaped(site))
}

fn reference_line(reference: &str) -> String {
    format!("<p><small>Reference {}</small></p>", escaped(reference))
}

fn paragraphs(text: &str) -> String {
    text.lines().map(|line| format!("<p>{}</p>", escaped(line))).collect()
}

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other if other.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_runs_no_script_and_shows_text_as_text() {
        let page =
            Page::refused("Chaperone: <script>alert('x')</script>\nReference \"A\".", "https://gate.example");
        assert!(page.html().contains("&lt;script&gt;") && !page.html().contains("<script"));
        let answer = page.into_answer();
        let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(
            (answer.status(), &answer.headers()[CACHE_CONTROL]),
            (StatusCode::FORBIDDEN, &"no-store".parse().unwrap())
        );
    }

    #[test]
    fn who_is_sent_here_reads_whose_link_it_is_and_sends_it_again_themselves() {
        let html = Page::opening("alaris-console", "dana", "/.chaperone/enter?token=a.b\"><b").html();
        assert!(html.contains("open <b>alaris-console</b> as <b>dana</b>"), "{html}");
        assert!(html.contains("action=\"/.chaperone/enter?token=a.b&quot;&gt;&lt;b\""), "{html}");
    }

    #[test]
    fn the_status_page_renews_itself_and_says_that_it_is_recorded() {
        let standing = Standing {
            target: "alaris-console",
            left: "12 min",
            ends: "23:00",
            input: "flows",
            visit: "x",
            site: "s",
        };
        let html = Page::status(&standing).html();
        assert!(
            html.contains("http-equiv=\"refresh\"") && html.contains("Recorded") && html.contains("12 min")
        );
    }

    proptest! {
        #[test]
        fn no_text_opens_a_tag(text in "\\PC{0,40}") {
            let page = Page::over(&text, "").html();
            let sound = Page::over("", "").html();
            prop_assert_eq!(page.matches('<').count(), sound.matches('<').count());
        }
    }
}
