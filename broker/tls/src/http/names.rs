//! The two names of a console: what the client's browser calls it, and what it calls itself.

use http::HeaderValue;

/// Puts one in the place of the other.
#[derive(Clone, Debug)]
pub struct Names {
    /// `LABEL.web.DOMAIN`, with the port where it is not 443.
    gate: String,
    server_name: String,
    /// Where it is reached: some consoles call themselves by their address.
    declared: String,
    port: u16,
    /// Whether the target speaks TLS.
    secured: bool,
}

impl Names {
    /// The authority that clients use, and the target's own name and port, where it speaks TLS.
    #[must_use]
    pub fn new(gate: &str, server_name: &str, port: u16) -> Self {
        let (gate, server_name) = (gate.to_ascii_lowercase(), in_a_url(server_name));
        Self { gate, declared: server_name.clone(), server_name, port, secured: true }
    }

    /// The same, of a target that is reached at this host.
    #[must_use]
    pub fn at(self, host: &str) -> Self {
        Self { declared: in_a_url(host), ..self }
    }

    /// The same, where the target speaks plain HTTP.
    #[must_use]
    pub fn without_tls(self) -> Self {
        Self { secured: false, ..self }
    }

    /// The target's own URL of a path.
    pub(super) fn target_url(&self, rest: &str) -> String {
        let scheme = if self.secured { "https" } else { "http" };
        format!("{scheme}://{}{rest}", self.target_authority().to_str().unwrap_or_default())
    }

    /// What the target is told that it is called (RFC 9110 §7.2).
    pub(super) fn target_authority(&self) -> HeaderValue {
        let authority = match (self.port, self.secured) {
            (443, true) | (80, false) => self.server_name.clone(),
            (port, _) => format!("{}:{port}", self.server_name),
        };
        // A name that fits into a certificate fits into a field.
        authority.try_into().unwrap_or_else(|_| HeaderValue::from_static("localhost"))
    }

    /// The target's own URL for one of the gate's; `None` for any other.
    pub(super) fn to_target(&self, url: &str) -> Option<String> {
        let (scheme, authority, rest) = parts(url)?;
        let ours = scheme == "https" && self.is_gate(authority);
        ours.then(|| self.target_url(rest))
    }

    /// The gate's URL for one of the target's; `None` for any other, which stays as it is.
    pub(super) fn to_gate(&self, url: &str) -> Option<String> {
        let (scheme, authority, rest) = parts(url)?;
        let (host, port) = split(authority);
        let default = if scheme == "http" { 80 } else { 443 };
        let here = (host == self.server_name || host == self.declared)
            && match port {
                // Consoles that do not know of the TLS before them, or of their own port, say so.
                None => true,
                Some(port) => port == self.port || port == default,
            };
        here.then(|| format!("https://{}{rest}", self.gate))
    }

    /// A `Refresh` field: seconds, and where to.
    pub(super) fn refresh_to_gate(&self, refresh: &str) -> Option<String> {
        let (wait, to) = refresh.split_once(';')?;
        let (key, url) = to.trim().split_once('=')?;
        let ours = key.trim().eq_ignore_ascii_case("url");
        let url = self.to_gate(url.trim().trim_matches(['"', '\'']))?;
        ours.then(|| format!("{}; url={url}", wait.trim()))
    }

    /// Whether an authority is the gate's for this console. Its port may be another where somebody maps ports.
    pub(super) fn is_gate(&self, authority: &str) -> bool {
        split(authority).0 == split(&self.gate).0
    }
}

/// A host in small letters, as it stands in a URL: an IPv6 address in brackets (RFC 3986 §3.2.2).
fn in_a_url(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    let bare = host.contains(':') && !host.starts_with('[');
    if bare { format!("[{host}]") } else { host }
}

/// The host of an authority, as names are compared.
pub(super) fn host_of(authority: &str) -> String {
    split(authority).0
}

/// Scheme (also of a URL that leaves it out), authority without what somebody signs in with, and the rest.
fn parts(url: &str) -> Option<(&'static str, &str, &str)> {
    let (scheme, after) = match url.split_once("//")? {
        ("", after) => ("https", after),
        (scheme, after) if scheme.eq_ignore_ascii_case("https:") => ("https", after),
        (scheme, after) if scheme.eq_ignore_ascii_case("http:") => ("http", after),
        _ => return None,
    };
    let end = after.find(['/', '?', '#', '\\']).unwrap_or(after.len());
    let (authority, rest) = after.split_at_checked(end)?;
    (!authority.contains('@')).then_some((scheme, authority, rest))
}

/// Host in small letters without a dot at its end, and port.
fn split(authority: &str) -> (String, Option<u16>) {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port.parse().ok()),
        _ => (authority, None),
    };
    (host.trim_end_matches('.').to_ascii_lowercase(), port)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(port: u16) -> Names {
        Names::new("Alaris.web.gate.example", "console.internal", port)
    }

    #[test]
    fn redirects_of_the_target_stay_inside_its_name_at_the_gate() {
        let names = names(8443);
        for url in [
            "https://console.internal:8443/a",
            "https://CONSOLE.internal/a",
            "http://console.internal/a",
            "http://console.internal:80/a",
            "//console.internal:8443/a",
            "https://console.internal.:8443/a",
        ] {
            assert_eq!(names.to_gate(url).as_deref(), Some("https://alaris.web.gate.example/a"), "{url}");
        }
        for url in [
            "/a",
            "a//console.internal/",
            "https://console.internal.evil/a",
            "https://user@console.internal/a",
            "https://console.internal:22/a",
            "ftp://console.internal/a",
            "https://sign-in.example/a?next=https://console.internal/",
            "",
        ] {
            assert_eq!(names.to_gate(url), None, "{url}");
        }
        assert_eq!(
            names.to_gate("https://console.internal?q").as_deref(),
            Some("https://alaris.web.gate.example?q")
        );
        assert_eq!(names.refresh_to_gate("5"), None);
    }

    #[test]
    fn a_console_that_calls_itself_by_its_address_stays_inside_too() {
        for (address, url) in [
            ("10.1.2.3", "https://10.1.2.3:8443/a"),
            ("10.1.2.3", "http://10.1.2.3/a"),
            ("Pumps-7", "https://pumps-7:8443/a"),
            ("fd00::7", "https://[FD00::7]:8443/a"),
            ("fd00::7", "https://console.internal:8443/a"),
        ] {
            let names = names(8443).at(address);
            assert_eq!(names.to_gate(url).as_deref(), Some("https://alaris.web.gate.example/a"), "{url}");
            assert_eq!(names.target_url("/a"), "https://console.internal:8443/a", "it is asked by its name");
        }
        let names = names(8443).at("10.1.2.3");
        for url in ["https://10.1.2.4:8443/a", "https://10.1.2.3:22/a", "https://10.1.2.30/a"] {
            assert_eq!(names.to_gate(url), None, "{url}");
        }
    }

    #[test]
    fn the_target_reads_its_own_name_in_where_a_request_comes_from() {
        let names = names(8443);
        assert_eq!(
            names.to_target("https://alaris.web.gate.example/x").as_deref(),
            Some("https://console.internal:8443/x")
        );
        assert_eq!(names.to_target("https://gate.example/x"), None);
        assert_eq!(names.to_target("null"), None);
        let plain = Names::new("alaris.web.gate.example", "console.internal", 80).without_tls();
        assert_eq!(plain.target_url("/x"), "http://console.internal/x");
        assert_eq!(
            plain.to_gate("http://console.internal/x").as_deref(),
            Some("https://alaris.web.gate.example/x")
        );
        assert!(names.is_gate("ALARIS.web.gate.example") && names.is_gate("alaris.web.gate.example."));
        assert!(!names.is_gate("other.web.gate.example"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_url_of_the_target_or_stays(url in "\\PC{0,60}") {
            let names = names(443);
            drop((names.to_gate(&url), names.to_target(&url), names.refresh_to_gate(&url)));
        }

        #[test]
        fn there_and_back_is_the_same(path in "/[a-z/?#=.]{0,30}") {
            let names = names(8443);
            let there = names.to_gate(&format!("https://console.internal:8443{path}")).unwrap();
            prop_assert_eq!(names.to_target(&there).unwrap(), format!("https://console.internal:8443{path}"));
        }
    }
}
