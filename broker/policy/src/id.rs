//! Identities: one newtype per kind of thing, so that a person's id never stands where a window's is wanted.
//!
//! Surrogate ids are UUIDs (version 7, made at the edge); names are checked once, here, when outside text becomes a name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

id! {
    /// A human who signs in.
    PersonId,
    /// A company with a hospital sponsor.
    VendorId,
    /// One server or console.
    TargetId,
    /// A key that signs certificates for a company's people.
    AuthorityId,
    /// One change window.
    WindowId,
    /// A period in which no window of some targets may open.
    FreezeId,
    /// A lock on a person, vendor, target or everything.
    LockId,
    /// One connection × target, admitted or refused.
    AttemptId,
    /// The life of an admitted attempt; names its one recording too.
    SessionId,
    /// One alert of the SOC.
    AlertId,
    /// A hold that keeps evidence.
    HoldId,
    /// The first of two people's words.
    WordId,
    /// One file that was sent ahead of a visit.
    FileId,
    /// One place that alerts and events are delivered to.
    DestinationId,
}

impl SessionId {
    /// The serial of the certificate that a session signs in to its target with: the last sixteen hexadecimal digits of
    /// the id, as a number. All but two of its bits are random, so that no two sessions have the same.
    #[must_use]
    pub fn serial(self) -> u64 {
        self.0.as_u64_pair().1
    }
}

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("a {0} must not be empty")]
    Empty(&'static str),
    /// Longer than the kind of name allows.
    #[error("a {0} has at most {1} characters")]
    TooLong(&'static str, usize),
    /// A character outside the kind's alphabet.
    #[error("a {0} has only a-z, 0-9 and {1}, and starts with a letter or digit")]
    Character(&'static str, &'static str),
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $extra:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest accepted name, in bytes.
            pub const MAX_BYTES: usize = $max;

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                checked(text, $what, $max, $extra).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// What a person signs in with; the first part of the SSH user name.
    Login, "login", 32, ".-_"
);
name!(
    /// What a target is called at the gate; the second part of the SSH user name and a DNS label.
    TargetName, "target name", 63, ".-_"
);
name!(
    /// An account on a target; the third part of the SSH user name. Letters of either case.
    AccountName, "account", 64, ".-_@\\A-Z"
);
name!(
    /// What one of a target's declared TCP forwards is called.
    EndpointName, "endpoint name", 63, ".-_"
);

name!(
    /// What a retention class is called.
    ClassName, "retention class", 40, ".-_"
);

fn checked(text: &str, what: &'static str, max: usize, extra: &'static str) -> Result<String, NameError> {
    let upper = extra.ends_with("A-Z");
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return Err(NameError::Empty(what)) };
    if text.len() > max {
        return Err(NameError::TooLong(what, max));
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || (upper && c.is_ascii_uppercase());
    let later = |c: char| plain(c) || extra.trim_end_matches("A-Z").contains(c);
    if (plain(first) || first == '_') && letters.all(later) {
        Ok(text.to_owned())
    } else {
        Err(NameError::Character(what, extra))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_checked_where_it_comes_in() {
        assert!("dana".parse::<Login>().is_ok());
        assert!("alaris-sm-01".parse::<TargetName>().is_ok());
        assert!("MERIDIAN\\svc".parse::<AccountName>().is_ok());
        assert_eq!("".parse::<Login>(), Err(NameError::Empty("login")));
        assert_eq!("d".repeat(33).parse::<Login>(), Err(NameError::TooLong("login", Login::MAX_BYTES)));
        for bad in ["Dana", "dana+alaris", "dana@gate", "-dana", "da na", "da\u{1b}na", "dän"] {
            assert!(matches!(bad.parse::<Login>(), Err(NameError::Character(..))), "{bad:?}");
        }
        assert!("dana\n".parse::<AccountName>().is_err());
        assert!(serde_json::from_str::<TargetName>("\"a b\"").is_err(), "stored text is checked, too");
    }
}
