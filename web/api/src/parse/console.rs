//! A target's TLS service: how it is trusted, what the gate shows to it, and how the gate signs in to its console.

use chaperone_policy::{ConsoleSignIn, ConsoleTerms, Endpoint, KeyPin, PlainHttp, SHORTEST_HEADER_SECRET};
use chaperone_vault::Secret;
use jiff::{SignedDuration, Timestamp};

use super::target::address;
use super::{all, needed, words};
use crate::problem::Problem;
use crate::reading::{DeclaredTls, TlsReader};
use crate::wire::{ChangeTls, NewClientCertificate, NewConsoleSignIn, NewPlainHttp, NewTls};

/// The longest user, or header name.
const MAX_NAME_BYTES: usize = 256;
/// The longest password, or header value.
const MAX_SECRET_BYTES: usize = 4096;
/// Secrets of fewer characters are short; and letters alone, or digits, are no word where there are so many.
const SHORT_SECRET: usize = 8;
const RANDOM_LETTERS: usize = 20;
/// What is said of a secret that is easily met or guessed.
const WEAK: &str = "The console's secret is short, an ordinary word or a name. It may stand in the console's pages by chance, which are \
    cut then and alarm; and one that is sent back is not surely seen.\n  next: give the console's account a random password of 12 \
    characters or more, and seal that";
/// Most pinned keys: the one in force, the next, and some.
const MOST_PINS: usize = 8;
/// The longest time for which a console is reached without TLS; whoever needs it longer says so again.
const PLAIN_AT_MOST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// Headers that say how a message is carried, to whom (RFC 9110 §7.6.1, §7.2), and what a visit has done so far: they are the
/// gate's and the client's own.
const CARRIERS: [&str; 13] = [
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What is to be sealed for a TLS service.
#[derive(Debug, Default)]
pub(crate) struct TlsSecrets {
    /// The key of the gate's certificate for it.
    pub client_key: Option<Secret>,
    /// The password or the header's value.
    pub sign_in: Option<Secret>,
}

/// A TLS service to add, with what is to be sealed.
pub(crate) fn tls(
    new: &NewTls,
    reader: &dyn TlsReader,
    now: Timestamp,
) -> Result<(Endpoint, TlsSecrets), Problem> {
    let given = ChangeTls {
        address: Some(new.address.clone()),
        server_name: Some(new.server_name.clone()),
        trust_pem: Some(new.trust_pem.clone()),
        http: Some(new.http),
        pins: Some(new.pins.clone()),
        client: new.client.clone(),
        sign_in: new.sign_in.clone(),
        plain_http: new.plain_http.clone(),
        ..ChangeTls::default()
    };
    changed_tls(None, &given, reader, now)
}

/// A TLS service as it is after a change, with what is to be sealed anew.
pub(crate) fn changed_tls(
    before: Option<&Endpoint>,
    given: &ChangeTls,
    reader: &dyn TlsReader,
    now: Timestamp,
) -> Result<(Endpoint, TlsSecrets), Problem> {
    let mut tls = Service::of(before);
    if let Some(given) = &given.address {
        (tls.host, tls.port) = address("tls.address", given)?;
    }
    if tls.host.is_empty() {
        return Err(Problem::field("tls.address", "the server has no TLS service yet; say where it is"));
    }
    if let Some(name) = &given.server_name {
        tls.server_name = words("tls.server_name", name)?;
    }
    if tls.server_name.is_empty() {
        tls.server_name.clone_from(&tls.host);
    }
    if let Some(trust_pem) = &given.trust_pem {
        tls.trust_pem.clone_from(trust_pem);
    }
    tls.http = given.http.unwrap_or(tls.http);
    if let Some(pins) = &given.pins {
        tls.terms.pins = pinned(pins)?;
    }
    without(&mut tls.terms, &given.without)?;
    let mut secrets = TlsSecrets::default();
    if let Some(client) = &given.client {
        tls.terms.client_pem = Some(client.certificate_pem.clone());
        secrets.client_key = Some(client.key_pem.clone().into());
    }
    if let Some(given) = &given.sign_in {
        let (how, secret) = sign_in(given)?;
        tls.terms.sign_in = Some(how);
        secrets.sign_in = Some(secret);
    }
    if let Some(given) = &given.plain_http {
        tls.terms.plain_http = Some(plain_http(given, now)?);
    }
    if secrets.client_key.is_some() || secrets.sign_in.is_some() {
        tls.terms.replaced = tls.terms.replaced.saturating_add(1);
    }
    tls.check(given.client.as_ref(), reader, now)?;
    Ok((tls.endpoint(), secrets))
}

/// The parts of a TLS endpoint.
#[derive(Default)]
struct Service {
    host: String,
    port: u16,
    server_name: String,
    trust_pem: String,
    http: bool,
    terms: ConsoleTerms,
}

impl Service {
    fn of(before: Option<&Endpoint>) -> Self {
        match before {
            Some(Endpoint::Tls { host, port, server_name, trust_pem, http, terms }) => Self {
                host: host.clone(),
                port: *port,
                server_name: server_name.clone(),
                trust_pem: trust_pem.clone(),
                http: *http,
                terms: terms.clone(),
            },
            _ => Self::default(),
        }
    }

    fn endpoint(self) -> Endpoint {
        let Self { host, port, server_name, trust_pem, http, terms } = self;
        Endpoint::Tls { host, port, server_name, trust_pem, http, terms }
    }

    fn check(
        &self,
        client: Option<&NewClientCertificate>,
        reader: &dyn TlsReader,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if !self.http && self.terms.sign_in.is_some() {
            return Err(Problem::field(
                "tls.sign_in",
                "only a web console (http) is signed in to by the gate",
            ));
        }
        if !self.http && self.terms.plain_http.is_some() {
            return Err(Problem::field(
                "tls.plain_http",
                "only a web console (http) is reached without TLS; anything else is declared as a tcp endpoint",
            ));
        }
        let trusts_nothing = self.trust_pem.is_empty() && self.terms.pins.is_empty();
        if self.terms.plain_http.is_some() && trusts_nothing && client.is_none() {
            return Ok(());
        }
        let client = client.map(|client| (client.certificate_pem.as_str(), client.key_pem.as_str()));
        let declared = DeclaredTls {
            trust_pem: &self.trust_pem,
            server_name: &self.server_name,
            pins: &self.terms.pins,
            client,
        };
        Ok(reader.check(&declared, now)?)
    }
}

fn pinned(pins: &[String]) -> Result<Vec<KeyPin>, Problem> {
    if pins.len() > MOST_PINS {
        return Err(Problem::field("tls.pins", format!("at most {MOST_PINS} keys are pinned")));
    }
    let mut read: Vec<KeyPin> = all("tls.pins", pins)?;
    read.sort_unstable();
    read.dedup();
    Ok(read)
}

fn without(terms: &mut ConsoleTerms, what: &[String]) -> Result<(), Problem> {
    for what in what {
        match what.as_str() {
            "client" => terms.client_pem = None,
            "sign-in" => terms.sign_in = None,
            "plain-http" => terms.plain_http = None,
            _ => return Err(Problem::field("without", "one of: client, sign-in, plain-http")),
        }
    }
    Ok(())
}

/// What is to be known of a sign-in whose secret is easily met by chance in what a console says, or guessed: then what comes
/// back is not told from it. `names` are what the console and its pages are full of.
pub(crate) fn weak_sign_in(given: Option<&NewConsoleSignIn>, names: &[&str]) -> Option<String> {
    let given = given?;
    let names = names.iter().copied().chain(given.basic.as_deref()).chain(given.header.as_deref());
    // A scheme before it is no secret.
    let secret = match &given.header {
        Some(_) => given.secret.rsplit(' ').next().unwrap_or_default(),
        None => given.secret.as_str(),
    };
    let is_a_name = names.into_iter().any(|name| name.eq_ignore_ascii_case(secret));
    let is_one_kind = secret.chars().all(char::is_alphabetic) || secret.chars().all(|c| c.is_ascii_digit());
    let long = secret.chars().count();
    let is_a_word = is_one_kind && long < RANDOM_LETTERS;
    (long < SHORT_SECRET || is_a_word || is_a_name).then(|| WEAK.to_owned())
}

fn sign_in(given: &NewConsoleSignIn) -> Result<(ConsoleSignIn, Secret), Problem> {
    let how = match (&given.basic, &given.header) {
        (Some(user), None) => ConsoleSignIn::Basic { user: basic_user(user)? },
        (None, Some(name)) => ConsoleSignIn::Header { name: header_name(name)? },
        _ => return Err(Problem::field("tls.sign_in", "it is by basic or by header, one of the two")),
    };
    let fits = |c: char| !c.is_control() && (matches!(how, ConsoleSignIn::Basic { .. }) || c.is_ascii());
    let secret = &given.secret;
    if secret.is_empty() || secret.len() > MAX_SECRET_BYTES || !secret.chars().all(fits) {
        return Err(Problem::field(
            "tls.sign_in.secret",
            format!("it has 1 to {MAX_SECRET_BYTES} bytes on one line; a header's value is ASCII"),
        ));
    }
    if matches!(how, ConsoleSignIn::Header { .. }) && secret.trim() != secret {
        return Err(Problem::field(
            "tls.sign_in.secret",
            "a header's value neither begins nor ends with a space",
        ));
    }
    if matches!(how, ConsoleSignIn::Header { .. }) && secret.len() < SHORTEST_HEADER_SECRET {
        let why = "a shorter one could not be told from anything else in what the console answers";
        return Err(Problem::field(
            "tls.sign_in.secret",
            format!("a header's value has at least {SHORTEST_HEADER_SECRET} characters: {why}"),
        ));
    }
    Ok((how, secret.clone().into()))
}

/// RFC 7617 §2: no colon, no control character.
fn basic_user(user: &str) -> Result<String, Problem> {
    if user.is_empty() || user.len() > MAX_NAME_BYTES || user.chars().any(|c| c == ':' || c.is_control()) {
        return Err(Problem::field("tls.sign_in.basic", "a user has no colon and no control character"));
    }
    Ok(user.to_owned())
}

/// RFC 9110 §5.6.2: a token; none of those that say how a message is carried.
fn header_name(name: &str) -> Result<String, Problem> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.chars().all(token) {
        return Err(Problem::field(
            "tls.sign_in.header",
            "it is no header name; right is one such as X-Api-Key",
        ));
    }
    let name = name.to_ascii_lowercase();
    if CARRIERS.contains(&name.as_str()) {
        return Err(Problem::field(
            "tls.sign_in.header",
            format!("{name} is not one that can be added to a request"),
        ));
    }
    Ok(name)
}

fn plain_http(given: &NewPlainHttp, now: Timestamp) -> Result<PlainHttp, Problem> {
    let until = given.until.resolve(now);
    if until <= now || until.duration_since(now) > PLAIN_AT_MOST {
        return Err(Problem::field("tls.plain_http.until", "it must lie ahead, and at most a year"));
    }
    Ok(PlainHttp { until, reason: needed("tls.plain_http.reason", &given.reason)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::TlsFault;
    use crate::wire::CertificateView;

    /// Takes everything: what is checked here is not the certificates.
    struct TakesAll;

    impl TlsReader for TakesAll {
        fn check(&self, _: &DeclaredTls<'_>, _: Timestamp) -> Result<(), TlsFault> {
            Ok(())
        }

        fn certificates(&self, _: &str) -> Vec<CertificateView> {
            Vec::new()
        }
    }

    fn now() -> Timestamp {
        "2026-11-25T22:00:00Z".parse().unwrap()
    }

    fn new() -> NewTls {
        NewTls {
            address: "10.1.2.3:443".into(),
            trust_pem: "anchors".into(),
            http: true,
            ..NewTls::default()
        }
    }

    fn signs_in(basic: Option<&str>, header: Option<&str>, secret: &str) -> NewTls {
        let sign_in = NewConsoleSignIn {
            basic: basic.map(str::to_owned),
            header: header.map(str::to_owned),
            secret: secret.to_owned(),
        };
        NewTls { sign_in: Some(sign_in), ..new() }
    }

    fn field(new: &NewTls) -> String {
        let what = tls(new, &TakesAll, now()).unwrap_err().what;
        what.split(": ").next().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_sign_in_is_by_basic_or_header_and_no_header_of_the_carriers() {
        let (endpoint, secrets) = tls(&signs_in(Some("svc"), None, "hunter2"), &TakesAll, now()).unwrap();
        assert_eq!(secrets.sign_in.unwrap().expose(), "hunter2");
        let Endpoint::Tls { terms, server_name, .. } = endpoint else { panic!() };
        assert_eq!(
            (terms.sign_in, server_name.as_str()),
            (Some(ConsoleSignIn::Basic { user: "svc".into() }), "10.1.2.3")
        );
        for (basic, header, secret, wrong) in [
            (Some("a:b"), None, "x", "tls.sign_in.basic"),
            (Some(""), None, "x", "tls.sign_in.basic"),
            (Some("a"), Some("b"), "x", "tls.sign_in"),
            (None, None, "x", "tls.sign_in"),
            (Some("a"), None, "", "tls.sign_in.secret"),
            (Some("a"), None, "two\r\nlines", "tls.sign_in.secret"),
            (None, Some("X-Api-Key"), "schlüssel", "tls.sign_in.secret"),
            (None, Some("X-Api-Key"), " padded", "tls.sign_in.secret"),
            (None, Some("X-Api-Key"), "k9-xy", "tls.sign_in.secret"),
            (None, Some("x y"), "x", "tls.sign_in.header"),
            (None, Some("Host"), "x", "tls.sign_in.header"),
            (None, Some("transfer-encoding"), "x", "tls.sign_in.header"),
            (None, Some("Cookie"), "x", "tls.sign_in.header"),
        ] {
            assert_eq!(field(&signs_in(basic, header, secret)), wrong, "{basic:?} {header:?} {secret:?}");
        }
        assert_eq!(field(&NewTls { http: false, ..signs_in(Some("svc"), None, "x") }), "tls.sign_in");
    }

    #[test]
    fn plain_http_is_for_a_time_and_a_reason() {
        let plain = |until: &str, reason: &str| NewTls {
            plain_http: Some(NewPlainHttp { until: until.parse().unwrap(), reason: reason.into() }),
            trust_pem: String::new(),
            ..new()
        };
        assert!(tls(&plain("+2160h", "firmware 3 has no TLS"), &TakesAll, now()).is_ok());
        assert_eq!(field(&plain("-1h", "why")), "tls.plain_http.until");
        assert_eq!(field(&plain("+9000h", "why")), "tls.plain_http.until");
        assert_eq!(field(&plain("+1h", "")), "tls.plain_http.reason");
        assert_eq!(field(&NewTls { http: false, ..plain("+1h", "why") }), "tls.plain_http");
    }

    #[test]
    fn what_is_not_said_stays_as_it_is() {
        let (before, _) = tls(&signs_in(Some("svc"), None, "hunter2"), &TakesAll, now()).unwrap();
        let moved = ChangeTls { address: Some("10.9.9.9:8443".into()), ..ChangeTls::default() };
        let (after, secrets) = changed_tls(Some(&before), &moved, &TakesAll, now()).unwrap();
        let Endpoint::Tls { host, terms, trust_pem, .. } = &after else { panic!() };
        assert_eq!(
            (host.as_str(), trust_pem.as_str(), secrets.sign_in.is_none()),
            ("10.9.9.9", "anchors", true)
        );
        assert!(terms.sign_in.is_some());
        let gone = ChangeTls { without: vec!["sign-in".into()], ..ChangeTls::default() };
        let (after, _) = changed_tls(Some(&after), &gone, &TakesAll, now()).unwrap();
        let Endpoint::Tls { terms, .. } = &after else { panic!() };
        // That something sealed was taken away stays known.
        assert!(terms.sign_in.is_none() && terms.replaced > 0);
        let nothing = changed_tls(None, &ChangeTls::default(), &TakesAll, now()).unwrap_err();
        assert!(nothing.what.starts_with("tls.address: "));
    }

    fn is_weak(basic: Option<&str>, header: Option<&str>, secret: &str) -> bool {
        let own = |text: &str| text.to_owned();
        let given = NewConsoleSignIn { basic: basic.map(own), header: header.map(own), secret: own(secret) };
        weak_sign_in(Some(&given), &["alaris-sm-01"]).is_some()
    }

    #[test]
    fn a_secret_that_is_short_or_a_word_is_told_of_and_a_random_one_is_not() {
        for secret in
            ["", "a1!", "s3cr3t!", "password", "Maintenance", "20240101", "alaris-sm-01", "svc-Pumps1"]
        {
            assert!(is_weak(Some("svc-pumps1"), None, secret), "{secret}");
        }
        for secret in ["k7#Vq2!x", "correct-horse-battery", "abcdefghijklmnopqrst", "pässwort1"] {
            assert!(!is_weak(Some("svc"), None, secret), "{secret}");
        }
        assert!(is_weak(None, Some("authorization"), "Bearer letmein"));
        assert!(is_weak(None, Some("x-console-token"), "X-Console-Token"));
        assert!(!is_weak(None, Some("authorization"), "Bearer 9fK2-mmQ71z"));
        assert_eq!(weak_sign_in(None, &[]), None);
    }
}
