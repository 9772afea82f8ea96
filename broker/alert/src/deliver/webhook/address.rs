//! Where webhooks may go: never to an address inside the hospital that the configuration does not name.
//!
//! Whoever may add a destination could otherwise have the gate call its neighbours. The check sits in the resolver that
//! the HTTP client uses, so that the address that was checked is the address that is called.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Which addresses webhooks may call besides public ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    /// Whether this machine itself may be called; for the demo and for tests.
    pub loopback: bool,
    /// Private networks that may be called.
    pub networks: Vec<IpNet>,
}

/// Why a webhook's address is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `https`, and not `http` to an allowed private address either.
    #[error("a webhook address starts with https:// (http:// only to loopback or an allowed network)")]
    Scheme,
    /// No host in it.
    #[error("a webhook address names a host")]
    Host,
    /// User and password in it.
    #[error("a webhook address carries no user name or password")]
    Userinfo,
    /// A private, local or reserved address that the configuration does not allow.
    #[error("{0} is not a public address, and the configuration does not allow its network for webhooks")]
    Private(IpAddr),
}

/// The private networks of RFC 1918, RFC 4193 and RFC 6598. Link-local ones are not among them: clouds answer there.
const PRIVATE: [(IpAddr, u8); 5] = [
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
];

impl AddressPolicy {
    /// Public addresses, private networks, and this machine: for receivers inside the hospital.
    #[must_use]
    pub fn private() -> Self {
        let networks = PRIVATE.into_iter().filter_map(|(network, bits)| IpNet::new(network, bits).ok());
        Self { loopback: true, networks: networks.collect() }
    }

    /// Checks what can be checked without resolving a name.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn check_url(&self, url: &Url) -> Result<(), AddressError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Userinfo);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(AddressError::Host)?;
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        if let Some(address) = literal {
            self.check(address)?;
        }
        let near = literal.is_some_and(|address| !public(address)) || (self.loopback && host == "localhost");
        match url.scheme() {
            "https" => Ok(()),
            "http" if near => Ok(()),
            _ => Err(AddressError::Scheme),
        }
    }

    /// Checks one address.
    ///
    /// # Errors
    /// When it is not public and not allowed.
    pub fn check(&self, address: IpAddr) -> Result<(), AddressError> {
        let address = address.to_canonical();
        let allowed = public(address)
            || (self.loopback && address.is_loopback())
            || self.networks.iter().any(|network| network.contains(&address));
        if allowed { Ok(()) } else { Err(AddressError::Private(address)) }
    }
}

/// Whether an address is one of the public internet.
fn public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => public_v4(v4),
        IpAddr::V6(v6) => public_v6(v6),
    }
}

fn public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol_assignments = (a, b, c) == (192, 0, 0);
    let benchmarking = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || a >= 240
        || shared
        || protocol_assignments
        || benchmarking
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast is 2000::/3; of it, 2001:db8::/32 is documentation, 2001::/23 protocol assignments, and 2002::/16
    // and 64:ff9b::/96 carry an IPv4 address that would go unchecked.
    let protocol_assignments = first == 0x2001 && second < 0x0200;
    let documentation = (first == 0x2001 && second == 0x0db8) || first == 0x3fff;
    first & 0xe000 == 0x2000 && !protocol_assignments && !documentation && first != 0x2002
}

/// Resolves names for the HTTP client and hands over allowed addresses only.
#[derive(Clone, Debug)]
pub(crate) struct CheckedResolver(pub(crate) Arc<AddressPolicy>);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.0);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let mut refused = None;
            let mut allowed = Vec::new();
            for address in found {
                match policy.check(address.ip()) {
                    Ok(()) => allowed.push(address),
                    Err(fault) => refused = Some(fault),
                }
            }
            match (allowed.is_empty(), refused) {
                (true, Some(fault)) => Err(Box::new(fault) as Box<dyn Error + Send + Sync>),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(policy: &AddressPolicy, url: &str) -> Result<(), AddressError> {
        policy.check_url(&url.parse().unwrap())
    }

    #[test]
    fn private_addresses_are_refused_unless_allowed() {
        let none = AddressPolicy::default();
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::a00:1]",
            "[2002:a00:1::]",
        ] {
            let url = format!("https://{inside}/hook");
            assert!(matches!(verdict(&none, &url), Err(AddressError::Private(_))), "{inside}");
        }
        assert_eq!(verdict(&none, "https://192.0.66.1/hook"), Ok(()));
        assert_eq!(verdict(&none, "https://[2606:4700::1]/hook"), Ok(()));
        let some = AddressPolicy { loopback: true, networks: vec!["10.0.0.0/8".parse().unwrap()] };
        assert_eq!(verdict(&some, "http://127.0.0.1:8080/"), Ok(()));
        assert_eq!(verdict(&some, "https://10.1.2.3/"), Ok(()));
        assert!(verdict(&some, "https://192.168.1.1/").is_err());
        let private = AddressPolicy::private();
        for inside in ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.31.0.1", "[fd00::1]"] {
            assert_eq!(verdict(&private, &format!("https://{inside}/")), Ok(()), "{inside}");
        }
        assert!(verdict(&private, "https://169.254.169.254/").is_err());
    }

    #[test]
    fn an_unencrypted_address_is_refused_unless_it_is_near() {
        let policy = AddressPolicy { loopback: true, networks: Vec::new() };
        assert_eq!(verdict(&policy, "http://siem.example.org/"), Err(AddressError::Scheme));
        assert_eq!(verdict(&policy, "ftp://127.0.0.1/"), Err(AddressError::Scheme));
        assert_eq!(verdict(&policy, "http://localhost:1234/"), Ok(()));
        assert_eq!(verdict(&policy, "https://user:pw@siem.example.org/"), Err(AddressError::Userinfo));
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_when_it_is_resolved() {
        let resolver = CheckedResolver(Arc::new(AddressPolicy::default()));
        let Err(fault) = resolver.resolve("localhost".parse().unwrap()).await else { panic!("resolved") };
        assert!(fault.to_string().contains("not a public address"));
        let resolver = CheckedResolver(Arc::new(AddressPolicy { loopback: true, networks: Vec::new() }));
        assert!(resolver.resolve("localhost".parse().unwrap()).await.unwrap().next().is_some());
    }
}
