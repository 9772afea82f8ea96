//! Which of a target's declared endpoints a technician means who names a place: a host and a port, as their client says
//! it. What is not declared is no place.
//!
//! | they name | they mean |
//! |---|---|
//! | an endpoint's name, and its port | that endpoint |
//! | a host and a port as they are declared | that endpoint |
//! | `localhost`, a loopback address or the target's name, and a port | the endpoint that is declared on the target's own host with this port: it is what `-L 5432:localhost:5432` means to a server |
//!
//! The target's own SSH server is none of them, whatever is declared: an SSH connection inside a forward could not be read.

use std::net::IpAddr;

use crate::{Access, Endpoint, EndpointName, HostPort, Target};

/// A declared endpoint that somebody has named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward<'t> {
    /// What it is called.
    pub name: &'t EndpointName,
    /// Host name or address, as seen from the gate.
    pub host: &'t str,
    /// TCP port.
    pub port: u16,
    /// Whether what runs inside is encrypted, so that only the flow can be recorded.
    pub opaque: bool,
}

impl Forward<'_> {
    /// What a window must grant.
    #[must_use]
    pub fn access(&self) -> Access {
        if self.opaque { Access::ForwardOpaque } else { Access::Forward }
    }
}

impl Target {
    /// The declared endpoint that is meant by a host and a port; `None` where it is none.
    #[must_use]
    pub fn forward(&self, host: &str, port: u16) -> Option<Forward<'_>> {
        let here = || self.forwards().filter(|forward| forward.port == port);
        let by_name = || here().find(|forward| forward.name.as_str() == host);
        let as_declared = || here().find(|forward| is_same_host(forward.host, host));
        by_name().or_else(as_declared).or_else(|| {
            let own = self.own_host().filter(|_| is_loopback(host) || host == self.name.as_str())?;
            here().find(|forward| is_same_host(forward.host, own))
        })
    }

    /// Its declared endpoints, but for its own SSH server.
    pub fn forwards(&self) -> impl Iterator<Item = Forward<'_>> {
        self.endpoints.iter().filter_map(|endpoint| match endpoint {
            Endpoint::Tcp { name, host, port, opaque } if !self.is_ssh_at(host, *port) => {
                Some(Forward { name, host, port: *port, opaque: *opaque })
            }
            _ => None,
        })
    }

    /// Whether it has an SSH server.
    #[must_use]
    pub fn has_ssh(&self) -> bool {
        self.endpoints.iter().any(|endpoint| matches!(endpoint, Endpoint::Ssh { .. }))
    }

    /// Whether its SSH server is there, at whichever of its addresses.
    #[must_use]
    pub fn is_ssh_at(&self, host: &str, port: u16) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.is_ssh_at(host, port))
    }

    /// Whether its SSH server listens on this port, at whichever of its addresses.
    #[must_use]
    pub fn has_ssh_on(&self, port: u16) -> bool {
        self.endpoints.iter().flat_map(Endpoint::ssh_at).any(|(_, on)| on == port)
    }

    /// The host that it is itself: its SSH server's, or the only one that its endpoints are on.
    fn own_host(&self) -> Option<&str> {
        let all = || self.endpoints.iter().map(host_of);
        let ssh =
            self.endpoints.iter().find(|endpoint| matches!(endpoint, Endpoint::Ssh { .. })).map(host_of);
        ssh.or_else(|| {
            let first = all().next()?;
            all().all(|other| is_same_host(first, other)).then_some(first)
        })
    }
}

impl Endpoint {
    /// Whether it is an SSH server that is there, at whichever of its addresses.
    #[must_use]
    pub fn is_ssh_at(&self, host: &str, port: u16) -> bool {
        self.ssh_at().any(|(at, on)| on == port && is_same_host(at, host))
    }

    /// Each address of an SSH server: the first, and those that are tried after it.
    fn ssh_at(&self) -> impl Iterator<Item = (&str, u16)> {
        let (first, also) = match self {
            Self::Ssh { host, port, reach, .. } => (Some((host.as_str(), *port)), reach.also.as_slice()),
            Self::Tls { .. } | Self::Tcp { .. } => (None, [].as_slice()),
        };
        first.into_iter().chain(also.iter().map(|HostPort { host, port }| (host.as_str(), *port)))
    }
}

fn host_of(endpoint: &Endpoint) -> &str {
    match endpoint {
        Endpoint::Ssh { host, .. } | Endpoint::Tls { host, .. } | Endpoint::Tcp { host, .. } => host,
    }
}

/// Names regardless of case and of a dot at the end, addresses by what they are.
fn is_same_host(one: &str, other: &str) -> bool {
    match (address(one), address(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => plain(one).eq_ignore_ascii_case(plain(other)),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    plain(host).eq_ignore_ascii_case("localhost")
        || address(host).is_some_and(|address| address.is_loopback())
}

fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok().map(|address: IpAddr| address.to_canonical())
}

fn plain(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hospital::{ALARIS, hospital};

    fn tcp(name: &str, host: &str, port: u16, opaque: bool) -> Endpoint {
        Endpoint::Tcp { name: name.parse().unwrap(), host: host.to_owned(), port, opaque }
    }

    /// alaris-sm-01 at 192.0.2.1, with its database, a screen on another machine, and its sshd declared by mistake.
    fn target() -> Target {
        let mut target = hospital().targets[&ALARIS].clone();
        target.endpoints.extend([
            tcp("db", "192.0.2.1", 5432, false),
            tcp("screen", "Console.Example", 3389, true),
            tcp("sshd", "192.0.2.1", 22, false),
            tcp("six", "2001:db8::7", 443, false),
        ]);
        target
    }

    #[test]
    fn a_declared_endpoint_is_found_by_its_name_by_its_address_and_on_the_server_itself() {
        let target = target();
        for (host, port, name) in [
            ("db", 5432, "db"),
            ("192.0.2.1", 5432, "db"),
            ("::ffff:192.0.2.1", 5432, "db"),
            ("localhost", 5432, "db"),
            ("127.0.0.1", 5432, "db"),
            ("::1", 5432, "db"),
            ("alaris-sm-01", 5432, "db"),
            ("console.example", 3389, "screen"),
            ("console.example.", 3389, "screen"),
            ("[2001:DB8:0::7]", 443, "six"),
        ] {
            let found = target.forward(host, port).unwrap_or_else(|| panic!("{host}:{port}"));
            assert_eq!(found.name.as_str(), name, "{host}:{port}");
        }
        assert_eq!(target.forward("db", 5432).unwrap().access(), Access::Forward);
        assert_eq!(target.forward("screen", 3389).unwrap().access(), Access::ForwardOpaque);
    }

    #[test]
    fn what_is_not_declared_is_no_place() {
        let target = target();
        for (host, port) in [
            ("db", 22),
            ("db", 5433),
            ("DB", 5432),
            ("localhost", 3389),
            ("192.0.2.2", 5432),
            ("console.example.org", 3389),
            ("0.0.0.0", 5432),
            ("", 5432),
            ("guardrails-01", 5432),
        ] {
            assert_eq!(target.forward(host, port), None, "{host}:{port}");
        }
    }

    #[test]
    fn the_servers_own_sshd_is_no_place_even_if_it_is_declared() {
        let target = target();
        for host in ["sshd", "192.0.2.1", "localhost", "127.0.0.1", "alaris-sm-01"] {
            assert_eq!(target.forward(host, 22), None, "{host}");
        }
    }

    #[test]
    fn nor_is_it_at_a_further_address_of_its_own() {
        let mut target = target();
        for endpoint in &mut target.endpoints {
            if let Endpoint::Ssh { reach, .. } = endpoint {
                reach.also = vec![HostPort { host: "Second.example".to_owned(), port: 2022 }];
            }
        }
        target.endpoints.push(tcp("again", "second.example.", 2022, false));
        for host in ["again", "second.example", "SECOND.example."] {
            assert_eq!(target.forward(host, 2022), None, "{host}");
        }
        assert!(target.has_ssh_on(2022) && target.has_ssh_on(22) && !target.has_ssh_on(5432));
    }

    #[test]
    fn a_server_without_ssh_is_the_one_host_of_its_endpoints() {
        let mut target = target();
        target.endpoints =
            vec![tcp("db", "db.example", 5432, false), tcp("admin", "DB.example", 5000, false)];
        assert_eq!(target.forward("localhost", 5000).map(|found| found.name.as_str()), Some("admin"));
        target.endpoints.push(tcp("else", "elsewhere.example", 1, false));
        assert_eq!(target.forward("localhost", 5000), None, "which host it is cannot be said");
    }

    proptest! {
        #[test]
        fn no_text_finds_more_than_is_declared(host in "\\PC{0,40}|[a-z0-9.:\\[\\]]{0,30}", port: u16) {
            let target = target();
            if let Some(found) = target.forward(&host, port) {
                let declared = target.endpoints.iter().any(|endpoint| matches!(endpoint,
                    Endpoint::Tcp { host, port, .. } if host == found.host && *port == found.port));
                prop_assert!(declared && found.port == port && port != 22);
            }
        }
    }
}
