//! A mail address: checked once, here, so that none can carry a second recipient or a header of its own (P10).
//!
//! The plain form of RFC 5321 §4.1.2, `local@domain`, in ASCII: no name beside it, no quotes, no comment, no route.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a person gets mail.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(String);

/// Why a text is no mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailAddressError {
    /// No part before the at sign, no part after it, or no at sign.
    #[error("a mail address is NAME@DOMAIN, such as dana@meridian.example")]
    Parts,
    /// Longer than mail servers take (RFC 5321 §4.5.3.1).
    #[error("a mail address has at most 64 characters before the @ and 254 in all")]
    TooLong,
    /// A character that the plain form does not have.
    #[error("a mail address has only letters, digits and .!#$%&'*+/=?^_`{{|}}~- before the @")]
    Local,
    /// No host name after the at sign.
    #[error("after the @ of a mail address stands a host name: letters, digits, - and .")]
    Domain,
}

impl MailAddress {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the at sign.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for MailAddress {
    type Err = MailAddressError;

    fn from_str(text: &str) -> Result<Self, MailAddressError> {
        let (local, domain) = text.split_once('@').ok_or(MailAddressError::Parts)?;
        if local.is_empty() || domain.is_empty() {
            return Err(MailAddressError::Parts);
        }
        if local.len() > 64 || text.len() > 254 {
            return Err(MailAddressError::TooLong);
        }
        let atom = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c))
        };
        if !local.split('.').all(atom) {
            return Err(MailAddressError::Local);
        }
        let label = |part: &str| {
            (1..=63).contains(&part.len())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !part.starts_with('-')
                && !part.ends_with('-')
        };
        if !domain.split('.').all(label) {
            return Err(MailAddressError::Domain);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for MailAddress {
    type Error = MailAddressError;
    fn try_from(text: String) -> Result<Self, MailAddressError> {
        text.parse()
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> String {
        address.0
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, MailAddressError> {
        text.parse::<MailAddress>().map(String::from)
    }

    #[test]
    fn an_address_is_one_recipient_and_nothing_else() {
        for good in ["dana@meridian.example", "o'neil+gate@mail.hospital.example", "soc@localhost"] {
            assert_eq!(read(good).as_deref(), Ok(good));
        }
        for bad in ["", "dana", "@x.example", "dana@"] {
            assert_eq!(read(bad), Err(MailAddressError::Parts), "{bad:?}");
        }
        for bad in
            ["a b@x.example", "\"a\"@x.example", "a..b@x.example", ".a@x.example", "a\r\nBcc: b@x.example"]
        {
            assert_eq!(read(bad), Err(MailAddressError::Local), "{bad:?}");
        }
        for bad in
            ["a@x..example", "a@-x.example", "a@x.example, b@y.example", "a@x.example\n", "a@[::1]", "a@b@c"]
        {
            assert_eq!(read(bad), Err(MailAddressError::Domain), "{bad:?}");
        }
        assert_eq!(read(&format!("{}@x.example", "a".repeat(65))), Err(MailAddressError::TooLong));
        assert!(
            serde_json::from_str::<MailAddress>("\"a b@x.example\"").is_err(),
            "stored text is checked, too"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_carries_a_line_or_a_second_recipient(text in "\\PC{0,20}@?\\PC{0,20}|[ -~\r\n]{0,40}") {
            if let Ok(address) = text.parse::<MailAddress>() {
                prop_assert_eq!(address.as_str(), &text);
                prop_assert!(text.is_ascii() && text.matches('@').count() == 1);
                prop_assert!(!text.contains(['\r', '\n', ' ', ',', ';', '<', '>', ':', '"', '(', '\\']));
            }
        }
    }
}
