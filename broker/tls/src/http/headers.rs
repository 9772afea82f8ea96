//! What changes in the fields of a request and of an answer on their way through: what is of one connection stays on it,
//! and the target's own name stands where the gate's stood, and the other way round. What is recorded is what came.

use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONNECTION, CONTENT_LOCATION, COOKIE, HOST, LOCATION, ORIGIN, REFERER,
    REFRESH, SET_COOKIE, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Version};

use super::cookies;
use super::names::Names;

/// Fields of one connection (RFC 9110 §7.6.1), and what proxies say to one another.
/// What names the trailers of a body stays: they pass, and on HTTP/1.1 only those that are named (RFC 9110 §6.6.2).
const OF_A_CONNECTION: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// What others have said, or would say, of the way here: a target that believes it could be made to believe anything.
const OF_THE_WAY: [&str; 11] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-forwarded-prefix",
    "x-real-ip",
    "x-original-url",
    "x-rewrite-url",
    "via",
];

/// What a target would settle for a whole host or for more than a visit: another way to it, other names under it, whom the
/// browser tells of what it does there, or what it forgets, the gate's own cookie among it.
const OF_A_HOST: [&str; 9] = [
    "alt-svc",
    "strict-transport-security",
    "public-key-pins",
    "expect-ct",
    "nel",
    "report-to",
    "reporting-endpoints",
    "clear-site-data",
    "service-worker-allowed",
];

/// The fields of a request as the target gets them.
pub(super) fn to_target(fields: &HeaderMap, names: &Names, upgrade: Option<&HeaderValue>) -> HeaderMap {
    let trailers = fields.get(TE).is_some_and(|te| lists(te, "trailers"));
    let mut passed = without_connection(fields);
    for name in OF_THE_WAY {
        passed.remove(name);
    }
    passed.insert(HOST, names.target_authority());
    let cookie = cookies::to_target(fields);
    passed.remove(COOKIE);
    if let Some(cookie) = cookie {
        passed.insert(COOKIE, cookie);
    }
    for name in [ORIGIN, REFERER] {
        rewrite(&mut passed, &name, |url| names.to_target(url));
    }
    if trailers {
        passed.insert(TE, HeaderValue::from_static("trailers"));
    }
    if let Some(protocol) = upgrade {
        passed.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        passed.insert(UPGRADE, protocol.clone());
    }
    passed
}

/// The fields of an answer as the client gets them.
pub(super) fn to_client(fields: &HeaderMap, names: &Names, upgraded: bool) -> HeaderMap {
    let mut passed = without_connection(fields);
    for name in OF_A_HOST {
        passed.remove(name);
    }
    for name in [LOCATION, CONTENT_LOCATION, ACCESS_CONTROL_ALLOW_ORIGIN] {
        rewrite(&mut passed, &name, |url| names.to_gate(url));
    }
    rewrite(&mut passed, &REFRESH, |refresh| names.refresh_to_gate(refresh));
    let set: Vec<HeaderValue> = fields.get_all(SET_COOKIE).iter().filter_map(cookies::to_client).collect();
    passed.remove(SET_COOKIE);
    for cookie in set {
        passed.append(SET_COOKIE, cookie);
    }
    if upgraded {
        passed.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        if let Some(protocol) = fields.get(UPGRADE) {
            passed.insert(UPGRADE, protocol.clone());
        }
    }
    passed
}

/// The protocol that a request on HTTP/1.1 wants to go on with, other than HTTP and TLS: those would hide requests in what
/// is not read as any (RFC 9113 §3.1 has taken the way from HTTP/1.1 to HTTP/2 back).
pub(super) fn upgrade(version: Version, fields: &HeaderMap) -> Option<&HeaderValue> {
    let wants = fields.get_all(CONNECTION).iter().any(|value| lists(value, "upgrade"));
    let protocol = fields.get(UPGRADE).filter(|_| wants && version == Version::HTTP_11)?;
    let name = protocol.to_str().ok()?.to_ascii_lowercase();
    let hides = name.contains(',') || ["h2c", "http/", "tls/"].iter().any(|known| name.starts_with(known));
    (!hides).then_some(protocol)
}

/// Fields as the recording has them: in order, each value as text. Bytes that are no UTF-8 are read as Latin-1.
pub(super) fn recorded(fields: &HeaderMap) -> Vec<(String, String)> {
    let pairs = fields.iter().map(|(name, value)| {
        let value = match name == COOKIE {
            true => cookies::without_ours(value.as_bytes()),
            false => value.as_bytes().to_vec(),
        };
        (name.as_str().to_owned(), text(&value))
    });
    pairs.filter(|(name, value)| !(name == COOKIE.as_str() && value.is_empty())).collect()
}

/// Bytes as text.
pub(super) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn without_connection(fields: &HeaderMap) -> HeaderMap {
    let mut passed = fields.clone();
    let listed: Vec<HeaderName> = fields
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // A peer cannot have the fields taken away that the message is routed and framed by.
        .filter(|name: &HeaderName| !is_needed(name))
        .collect();
    for name in listed {
        passed.remove(name);
    }
    for name in OF_A_CONNECTION {
        passed.remove(name);
    }
    passed.remove(TRANSFER_ENCODING);
    passed
}

fn is_needed(name: &HeaderName) -> bool {
    [HOST, COOKIE, SET_COOKIE].contains(name) || name.as_str().starts_with("content-")
}

fn rewrite(fields: &mut HeaderMap, name: &HeaderName, how: impl Fn(&str) -> Option<String>) {
    let rewritten = fields.get(name).and_then(|value| how(value.to_str().ok()?)?.try_into().ok());
    if let Some(value) = rewritten {
        fields.insert(name.clone(), value);
    }
}

/// Whether a list of words names one.
fn lists(value: &HeaderValue, word: &str) -> bool {
    value.to_str().is_ok_and(|list| list.split(',').any(|one| one.trim().eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names() -> Names {
        Names::new("alaris-console.web.gate.example:8443", "console.pumps.internal", 443)
    }

    fn map(fields: &[(&str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn what_is_of_one_connection_stays_on_it() {
        let asked = map(&[
            ("host", "alaris-console.web.gate.example:8443"),
            ("connection", "keep-alive, X-Secret, Host, Content-Length"),
            ("keep-alive", "timeout=5"),
            ("x-secret", "1"),
            ("te", "trailers, deflate"),
            ("trailer", "Digest"),
            ("proxy-authorization", "Basic x"),
            ("content-length", "5"),
            ("authorization", "Bearer mine"),
            ("x-forwarded-host", "evil"),
            ("forwarded", "for=evil"),
        ]);
        let passed = to_target(&asked, &names(), None);
        let expected = map(&[
            ("host", "console.pumps.internal"),
            ("content-length", "5"),
            ("authorization", "Bearer mine"),
            ("te", "trailers"),
            ("trailer", "Digest"),
        ]);
        assert_eq!(passed, expected);
    }

    #[test]
    fn the_target_s_name_stands_where_the_gate_s_stood() {
        let asked = map(&[
            ("origin", "https://alaris-console.web.gate.example:8443"),
            ("referer", "https://alaris-console.web.gate.example:8443/a?b"),
        ]);
        let passed = to_target(&asked, &names(), None);
        assert_eq!(passed["origin"], "https://console.pumps.internal");
        assert_eq!(passed["referer"], "https://console.pumps.internal/a?b");
        let answered = map(&[
            ("location", "https://console.pumps.internal/login?next=/"),
            ("alt-svc", "h3=\":443\""),
            ("nel", "{\"report_to\":\"out\",\"max_age\":2592000}"),
            ("report-to", "{\"group\":\"out\",\"endpoints\":[{\"url\":\"https://reports.example\"}]}"),
            ("reporting-endpoints", "out=\"https://reports.example\""),
            ("strict-transport-security", "max-age=1; includeSubDomains"),
            ("set-cookie", "sid=1; Domain=pumps.internal; Path=/"),
            ("set-cookie", "__host-chaperone=stolen; Path=/; Secure"),
            ("refresh", "5; url=https://console.pumps.internal/x"),
        ]);
        let passed = to_client(&answered, &names(), false);
        assert_eq!(passed["location"], "https://alaris-console.web.gate.example:8443/login?next=/");
        assert_eq!(passed["refresh"], "5; url=https://alaris-console.web.gate.example:8443/x");
        let cookies: Vec<_> = passed.get_all(SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["sid=1; Path=/"]);
        assert_eq!(passed.len(), 3);
    }

    #[test]
    fn http_is_not_hidden_in_another_protocol() {
        let wants = |protocol: &str| {
            let fields = map(&[("connection", "Upgrade"), ("upgrade", protocol)]);
            upgrade(Version::HTTP_11, &fields).is_some()
        };
        assert!(wants("websocket") && wants("spdy/3.1"));
        assert!(!wants("h2c") && !wants("HTTP/2.0") && !wants("TLS/1.0") && !wants("websocket, h2c"));
        assert!(upgrade(Version::HTTP_11, &map(&[("upgrade", "websocket")])).is_none());
        let fields = map(&[("connection", "upgrade"), ("upgrade", "websocket")]);
        assert!(upgrade(Version::HTTP_10, &fields).is_none());
        let passed = to_target(&fields, &names(), upgrade(Version::HTTP_11, &fields));
        assert_eq!(
            (&passed["connection"], &passed["upgrade"]),
            (&"upgrade".parse().unwrap(), &"websocket".parse().unwrap())
        );
    }

    #[test]
    fn the_recording_has_what_came_without_the_gate_s_cookie() {
        let asked = map(&[
            ("cookie", "a=1; __Host-chaperone=token; b=2"),
            ("cookie", "__Host-chaperone=token"),
            ("x-forwarded-for", "as it came"),
        ]);
        let kept = recorded(&asked);
        let kept: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(kept, [("cookie", "a=1; b=2"), ("x-forwarded-for", "as it came")]);
    }

    proptest! {
        #[test]
        fn nothing_of_a_connection_and_no_cookie_of_the_gate_passes(
            fields in proptest::collection::vec(
                ("(connection|upgrade|te|cookie|set-cookie|transfer-encoding|x-a|forwarded)", "[ -~]{0,40}"), 0..8),
        ) {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let fields = map(&fields);
            for passed in [to_target(&fields, &names(), None), to_client(&fields, &names(), false)] {
                for name in ["connection", "upgrade", "transfer-encoding"] {
                    prop_assert!(!passed.contains_key(name));
                }
            }
            prop_assert!(!to_target(&fields, &names(), None).contains_key("forwarded"));
            prop_assert_eq!(recorded(&map(&[("cookie", "__Host-chaperone=x")])).len(), 0);
        }
    }
}
