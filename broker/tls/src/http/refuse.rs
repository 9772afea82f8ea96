//! Requests that are not taken from anybody, whatever policy says: what routes itself elsewhere, or turns the gate into
//! something that it is not.

use http::header::HOST;
use http::{HeaderValue, Method, Request, StatusCode, Version};
use http_body::Body;

use super::names::host_of;

/// Why a request is not taken. The texts are stored in facts and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotTaken {
    /// CONNECT and TRACE: one asks for a tunnel, the other has credentials echoed.
    #[error("this method is not passed on")]
    Method,
    /// The URL or the host names another console, or something else altogether.
    #[error("the request is for another host than its connection")]
    OtherHost,
    /// Several hosts, or one that is not the URL's.
    #[error("the request names more than one host")]
    Hosts,
    /// Neither a path nor a URL of HTTPS.
    #[error("the request names no path")]
    Path,
    /// A HEAD with a body: nothing says what that would mean, and it passes nowhere (RFC 9110 §9.3.2).
    #[error("a HEAD request has no body")]
    Body,
    /// A page of somewhere else does it, in the name of whoever has both open: consoles are one site to a browser, and a
    /// cookie's `SameSite` does not keep them apart.
    #[error("the request comes from a page of another host")]
    OtherPage,
    /// A script that would stay in the browser after the visit, and answer for this host.
    #[error("a service worker would outlive the visit")]
    ServiceWorker,
}

impl NotTaken {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::OtherHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Hosts | Self::Path | Self::Body => StatusCode::BAD_REQUEST,
            Self::ServiceWorker | Self::OtherPage => StatusCode::FORBIDDEN,
        }
    }

    /// Whether somebody may have meant harm. Pages ask for service workers in good faith.
    pub(super) fn is_told(self, version: Version) -> bool {
        match self {
            Self::ServiceWorker => false,
            // One certificate is for all consoles, so that browsers try one's connection for another (RFC 9113 §9.1.1).
            Self::OtherHost => version < Version::HTTP_2,
            _ => true,
        }
    }
}

/// Whether a request on a connection for `host` is one that is taken.
pub(super) fn check<B: Body>(request: &Request<B>, host: &str) -> Result<(), NotTaken> {
    let method = request.method();
    if [Method::CONNECT, Method::TRACE].contains(method) || method.as_str().eq_ignore_ascii_case("TRACK") {
        return Err(NotTaken::Method);
    }
    if method == Method::HEAD && !request.body().is_end_stream() {
        return Err(NotTaken::Body);
    }
    let uri = request.uri();
    if !uri.path().starts_with('/') || uri.scheme_str().is_some_and(|scheme| scheme != "https") {
        return Err(NotTaken::Path);
    }
    let fields: Vec<&HeaderValue> = request.headers().get_all(HOST).iter().collect();
    let named = match fields.as_slice() {
        [] => None,
        [one] => Some(one.to_str().map_err(|_| NotTaken::Hosts)?),
        _ => return Err(NotTaken::Hosts),
    };
    let authority = uri.authority().map(http::uri::Authority::as_str);
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err(NotTaken::Hosts);
    }
    if let (Some(named), Some(authority)) = (named, authority)
        && !named.eq_ignore_ascii_case(authority)
    {
        return Err(NotTaken::Hosts);
    }
    let old = request.version() == Version::HTTP_10;
    match named.or(authority) {
        Some(named) if host_of(named) == host => {}
        None if old => {}
        _ => return Err(NotTaken::OtherHost),
    }
    if !is_of_this_host(request, host) {
        return Err(NotTaken::OtherPage);
    }
    let worker = request.headers().get("service-worker").is_some_and(|value| value == "script");
    if worker { Err(NotTaken::ServiceWorker) } else { Ok(()) }
}

/// Whether a page of this host asks, or a person does by following a link: what browsers say of it (Fetch Metadata), and
/// `Origin` where they say nothing.
fn is_of_this_host<B>(request: &Request<B>, host: &str) -> bool {
    let text = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
    let is_safe = [Method::GET, Method::HEAD].contains(request.method());
    let upgrades = request.headers().contains_key(http::header::UPGRADE);
    match text("sec-fetch-site") {
        Some(b"same-origin" | b"none") => true,
        Some(_) => {
            let follows =
                text("sec-fetch-mode") == Some(b"navigate") && text("sec-fetch-dest") == Some(b"document");
            is_safe && !upgrades && follows
        }
        None if is_safe && !upgrades => true,
        None => text("origin").is_none_or(|origin| {
            let named = std::str::from_utf8(origin).ok().and_then(|origin| origin.strip_prefix("https://"));
            named.is_some_and(|named| host_of(named) == host)
        }),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::{Empty, Full};

    use super::*;

    const HOST_NAME: &str = "alaris.web.gate.example";

    fn asked(method: &str, uri: &str, hosts: &[&str]) -> Result<(), NotTaken> {
        let mut request = Request::builder().method(method).uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        check(&request.body(Empty::<Bytes>::new()).unwrap(), HOST_NAME)
    }

    #[test]
    fn a_head_request_has_no_body() {
        let request = |method: &str| Request::builder().method(method).uri("/").header(HOST, HOST_NAME);
        let full = |method: &str| request(method).body(Full::new(Bytes::from_static(b"x"))).unwrap();
        assert_eq!(check(&full("HEAD"), HOST_NAME), Err(NotTaken::Body));
        assert_eq!((check(&full("GET"), HOST_NAME), asked("HEAD", "/", &[HOST_NAME])), (Ok(()), Ok(())));
    }

    #[test]
    fn a_request_for_its_own_host_is_taken_however_it_is_said() {
        for (uri, hosts) in [
            ("/a", &["alaris.web.gate.example"][..]),
            ("/a", &["ALARIS.web.gate.example.:8443"]),
            ("https://alaris.web.gate.example:8443/a", &[]),
            ("https://alaris.web.gate.example:8443/a", &["alaris.web.gate.example:8443"]),
        ] {
            assert_eq!(asked("GET", uri, hosts), Ok(()), "{uri} {hosts:?}");
        }
    }

    #[test]
    fn what_routes_itself_elsewhere_is_not() {
        let here = &["alaris.web.gate.example"][..];
        for (method, uri, hosts, why) in [
            ("TRACE", "/", here, NotTaken::Method),
            ("TRACK", "/", here, NotTaken::Method),
            ("CONNECT", "alaris.web.gate.example:443", here, NotTaken::Method),
            ("GET", "/", &["other.web.gate.example"][..], NotTaken::OtherHost),
            ("GET", "/", &[], NotTaken::OtherHost),
            ("GET", "/", &["alaris.web.gate.example", "other"], NotTaken::Hosts),
            ("GET", "https://other.web.gate.example/", &[], NotTaken::OtherHost),
            ("GET", "https://other.web.gate.example/", here, NotTaken::Hosts),
            ("GET", "https://alaris.web.gate.example@evil/", &[], NotTaken::Hosts),
            ("GET", "http://alaris.web.gate.example/", here, NotTaken::Path),
            ("OPTIONS", "*", here, NotTaken::Path),
        ] {
            assert_eq!(asked(method, uri, hosts), Err(why), "{method} {uri} {hosts:?}");
        }
    }

    #[test]
    fn a_page_of_another_console_asks_for_nothing_here() {
        let asks = |method: &str, fields: &[(&str, &str)]| {
            let mut request = Request::builder().method(method).uri("/reset").header(HOST, HOST_NAME);
            for (name, value) in fields {
                request = request.header(*name, *value);
            }
            check(&request.body(Empty::<Bytes>::new()).unwrap(), HOST_NAME)
        };
        let here = "https://alaris.web.gate.example:8443";
        let sibling = "https://other.web.gate.example";
        assert_eq!(asks("POST", &[("origin", here)]), Ok(()));
        assert_eq!(asks("POST", &[]), Ok(()), "a client that is no browser");
        assert_eq!(asks("POST", &[("sec-fetch-site", "same-origin"), ("origin", here)]), Ok(()));
        assert_eq!(asks("GET", &[("upgrade", "websocket"), ("origin", here)]), Ok(()));
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert_eq!(asks("GET", &link), Ok(()), "a link is followed");
        let other = Err(NotTaken::OtherPage);
        assert_eq!(asks("POST", &link), other);
        assert_eq!(asks("POST", &[("origin", sibling)]), other);
        assert_eq!(asks("POST", &[("origin", "null")]), other);
        assert_eq!(asks("GET", &[("upgrade", "websocket"), ("origin", sibling)]), other);
        assert_eq!(asks("GET", &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")]), other);
        let framed =
            [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
        assert_eq!(asks("GET", &framed), other);
    }
}
