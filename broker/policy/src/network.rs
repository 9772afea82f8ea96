//! Networks that somebody may come from.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Whether an address is in one of the networks; no network at all means any address. An IPv4 address is the same one when
/// it comes mapped into IPv6 (RFC 4291 §2.5.5.2), as a listener for both families shows it, and so is a network.
#[must_use]
pub fn comes_from(networks: &[IpNet], source: IpAddr) -> bool {
    let source = source.to_canonical();
    networks.is_empty() || networks.iter().any(|network| unmapped(*network).contains(&source))
}

/// `::ffff:192.0.2.0/120` is `192.0.2.0/24`.
fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(wide) = network else { return network };
    let bits = wide.prefix_len().checked_sub(96);
    let narrow = wide.addr().to_ipv4_mapped().zip(bits).and_then(|(v4, bits)| Ipv4Net::new(v4, bits).ok());
    narrow.map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(networks: &[&str], source: &str) -> bool {
        let networks: Vec<IpNet> = networks.iter().map(|network| network.parse().unwrap()).collect();
        comes_from(&networks, source.parse().unwrap())
    }

    #[test]
    fn an_address_and_its_mapped_form_are_one() {
        for networks in [["192.0.2.0/24"], ["::ffff:192.0.2.0/120"]] {
            assert!(from(&networks, "192.0.2.7") && from(&networks, "::ffff:192.0.2.7"));
            assert!(!from(&networks, "192.0.3.7") && !from(&networks, "::ffff:192.0.3.7"));
            assert!(!from(&networks, "2001:db8::1"));
        }
        assert!(from(&["2001:db8::/32", "10.0.0.0/8"], "2001:db8::1"));
        assert!(!from(&["2001:db8::/32"], "10.0.0.1"));
        assert!(
            from(&["::/0"], "2001:db8::1") && !from(&["::/0"], "::ffff:10.0.0.1"),
            "all of IPv6 is no IPv4"
        );
        assert!(from(&[], "10.0.0.1"), "none means any");
    }
}
