//! Which attempts are one alert, and when a growing alert speaks again.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use crate::occurrence::Occurrence;
use crate::protocol::Protocol;
use crate::rule::{Grouping, Rule};

/// How often a growing alert speaks, besides at 1, 10, 100, …
pub const TELL_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// What belongs together. Equal keys, one open alert. Made of ids, so that no name has to be looked up for it.
#[must_use]
pub fn key(rule: &Rule, of: &Occurrence) -> String {
    let mut parts = vec![rule.name.to_owned()];
    match rule.grouping {
        Grouping::Listener => parts.push(listener(of)),
        Grouping::Person => {
            parts.push(match of.person_id {
                Some(person) => format!("person={person}"),
                None => listener(of),
            });
            parts.push(target(of));
            parts.push(format!("reason={}", of.reason.map_or("-", |reason| reason.as_str())));
            parts.push(format!("network={}", of.source.map_or_else(|| "-".to_owned(), network)));
        }
        Grouping::Target => parts.push(target(of)),
        Grouping::Subject => {
            parts.push(format!("node={}", of.node.as_deref().unwrap_or("-")));
            parts.push(format!("subject={}", of.subject()));
        }
    }
    parts.join("|")
}

/// Names that are no target's count as one: else whoever makes them up makes an alert each.
fn target(of: &Occurrence) -> String {
    of.target_id.map_or_else(|| "target=unknown".to_owned(), |target| format!("target={target}"))
}

/// The door: a node has one for each protocol.
fn listener(of: &Occurrence) -> String {
    let named = of.listener.as_deref().unwrap_or("ssh");
    match of.protocol {
        None | Some(Protocol::Ssh) => format!("listener={named}"),
        Some(other) if other.as_str() == named => format!("listener={named}"),
        Some(other) => format!("listener={named}/{}", other.as_str()),
    }
}

/// The network that an address is counted with: its /24, or /64.
#[must_use]
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Whether an alert that has just grown to `count` speaks: at 1, 10, 100, … and once a minute.
#[must_use]
pub fn speaks(count: u64, last_told: Timestamp, now: Timestamp) -> bool {
    power_of_ten(count) || now.duration_since(last_told) >= TELL_EVERY
}

fn power_of_ten(count: u64) -> bool {
    count > 0 && 10u64.checked_pow(count.ilog10()) == Some(count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_growing_alert_speaks_at_powers_of_ten_and_every_minute() {
        let start: Timestamp = "2026-11-23T02:10:00Z".parse().unwrap();
        let told: Vec<u64> = (1..=100_000).filter(|count| speaks(*count, start, start)).collect();
        assert_eq!(told, [1, 10, 100, 1_000, 10_000, 100_000]);
        assert!(!speaks(7, start, start + SignedDuration::from_secs(59)));
        assert!(speaks(7, start, start + SignedDuration::from_secs(60)));
        assert!(!speaks(0, start, start));
    }

    #[test]
    fn addresses_count_with_their_network() {
        assert_eq!(network("203.0.113.77".parse().unwrap()), "203.0.113.0/24");
        assert_eq!(network("::ffff:203.0.113.77".parse().unwrap()), "203.0.113.0/24");
        assert_eq!(network("2001:db8:1:2:3:4:5:6".parse().unwrap()), "2001:db8:1:2::/64");
    }

    proptest! {
        /// N attempts within a minute are told as often as N has digits.
        #[test]
        fn a_flood_is_told_once_per_order_of_magnitude(n in 1u64..20_000) {
            let start: Timestamp = "2026-11-23T02:10:00Z".parse().unwrap();
            let told = (1..=n).filter(|count| speaks(*count, start, start)).count();
            prop_assert_eq!(told, n.to_string().len());
        }
    }
}
