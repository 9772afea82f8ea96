//! Which door a name is for. The suffix decides, and nothing else: a name below `tls.` always asks for a client certificate,
//! one below `web.` never does, and whether there is such a target makes no difference before somebody has signed in (P9).
//!
//! | the client names (SNI, RFC 6066 §3) | door |
//! |---|---|
//! | `LABEL.tls.DOMAIN` | raw TLS to a target, or to a declared endpoint of one: `ENDPOINT--TARGET` |
//! | `LABEL.web.DOMAIN` | a target's web console |
//! | `DOMAIN` | the gate itself |
//! | anything else, nothing, an address | unknown |

use std::fmt;

use chaperone_policy::{EndpointName, Facts, TargetName};

/// Between an endpoint's name and its target's.
const BETWEEN: &str = "--";
/// Longest label of a name (RFC 1035 §2.3.4).
const LABEL_BYTES: usize = 63;

/// The names of one gate; cheap to clone.
#[derive(Clone, Debug)]
pub struct Names {
    domain: std::sync::Arc<str>,
}

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// Raw TLS.
    Tls(Label),
    /// A web console.
    Web(Label),
    /// The gate itself.
    Gate,
    /// Nowhere here.
    Unknown,
}

/// What stands before the suffix: lower case, and a name that a target could have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(TargetName);

/// What a label means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The target; there may be none of this name.
    pub target: TargetName,
    /// One of its declared forwards; the target's TLS endpoint where it is none.
    pub endpoint: Option<EndpointName>,
}

impl Names {
    /// The names below this domain.
    #[must_use]
    pub fn of(domain: &str) -> Self {
        Self { domain: plain(domain).into() }
    }

    /// The domain, lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Everything that the gate's certificate must carry.
    #[must_use]
    pub fn all(&self) -> [String; 3] {
        let domain = &self.domain;
        [domain.to_string(), format!("*.tls.{domain}"), format!("*.web.{domain}")]
    }

    /// The host name of a target's web console.
    #[must_use]
    pub fn of_console(&self, label: &Label) -> String {
        format!("{label}.web.{}", self.domain)
    }

    /// The door that a client's name is for. Case and one dot at the end make no difference.
    #[must_use]
    pub fn door(&self, named: Option<&str>) -> Door {
        let Some(name) = named.map(plain) else { return Door::Unknown };
        if name == *self.domain {
            return Door::Gate;
        }
        let below = name.strip_suffix(&*self.domain).and_then(|below| below.strip_suffix('.'));
        let Some((label, suffix)) = below.and_then(|below| below.split_once('.')) else {
            return Door::Unknown;
        };
        match (Label::parse(label), suffix) {
            (Some(label), "tls") => Door::Tls(label),
            (Some(label), "web") => Door::Web(label),
            _ => Door::Unknown,
        }
    }
}

impl Label {
    fn parse(text: &str) -> Option<Self> {
        (text.len() <= LABEL_BYTES).then(|| text.parse().ok().map(Self)).flatten()
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The target that it names itself.
    #[must_use]
    pub fn target(&self) -> &TargetName {
        &self.0
    }

    /// What it means: a target of this name, else a declared endpoint before the dashes and its target behind them. Where
    /// neither is known it is a target that nobody has.
    #[must_use]
    pub fn meant(&self, facts: &Facts) -> Meant {
        let itself = || Meant { target: self.0.clone(), endpoint: None };
        if facts.target_by_name(&self.0).is_some() {
            return itself();
        }
        let text = self.as_str();
        let splits = text.match_indices(BETWEEN).filter_map(|(at, _)| {
            let (endpoint, target) = (text.get(..at)?, text.get(at + BETWEEN.len()..)?);
            Some((endpoint.parse::<EndpointName>().ok()?, target.parse::<TargetName>().ok()?))
        });
        let declared = |(endpoint, target): &(EndpointName, TargetName)| {
            let known = facts.target_by_name(target);
            known.is_some_and(|known| known.forwards().any(|forward| forward.name == endpoint))
        };
        let mut splits = splits.filter(declared);
        splits.next().map_or_else(itself, |(endpoint, target)| Meant { target, endpoint: Some(endpoint) })
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Lower case, without a dot at the end.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names() -> Names {
        Names::of("Gate.Hospital.example.")
    }

    fn label(text: &str) -> Label {
        Label(text.parse().unwrap())
    }

    #[test]
    fn the_suffix_decides() {
        let names = names();
        for (named, door) in [
            ("console-01.tls.gate.hospital.example", Door::Tls(label("console-01"))),
            ("Console-01.TLS.gate.hospital.EXAMPLE", Door::Tls(label("console-01"))),
            ("console-01.web.gate.hospital.example.", Door::Web(label("console-01"))),
            ("db--console-01.tls.gate.hospital.example", Door::Tls(label("db--console-01"))),
            ("gate.hospital.example", Door::Gate),
            ("GATE.hospital.example.", Door::Gate),
            ("gate.hospital.example..", Door::Unknown),
            ("tls.gate.hospital.example", Door::Unknown),
            (".tls.gate.hospital.example", Door::Unknown),
            ("a.b.tls.gate.hospital.example", Door::Unknown),
            ("-a.tls.gate.hospital.example", Door::Unknown),
            ("console-01.ssh.gate.hospital.example", Door::Unknown),
            ("console-01.tls.gate.hospital.example.org", Door::Unknown),
            ("console-01.tlsgate.hospital.example", Door::Unknown),
            ("notgate.hospital.example", Door::Unknown),
            ("10.0.0.7", Door::Unknown),
            ("", Door::Unknown),
        ] {
            assert_eq!(names.door(Some(named)), door, "{named:?}");
        }
        assert_eq!(names.door(None), Door::Unknown);
    }

    proptest! {
        #[test]
        fn no_name_panics_and_a_door_is_below_the_domain(named in "\\PC{0,80}|[a-zA-Z0-9.-]{0,40}(\\.(tls|web|TLS))?\\.gate\\.hospital\\.example\\.?") {
            let begins = |text: String| named.to_ascii_lowercase().starts_with(&text);
            let is_there = match names().door(Some(&named)) {
                Door::Tls(label) => begins(format!("{label}.tls.")),
                Door::Web(label) => begins(format!("{label}.web.")),
                Door::Gate => begins("gate.".to_owned()),
                Door::Unknown => true,
            };
            prop_assert!(is_there);
        }
    }
}
