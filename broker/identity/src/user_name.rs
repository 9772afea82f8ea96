//! The SSH user name: `login`, `login+target` or `login+target+account`.

use std::str::FromStr;

use chaperone_policy::{AccountName, Login, NameError, TargetName};

/// Longest user name that is looked at, in bytes. RFC 4252 sets no bound; an attacker's is as long as a packet.
pub const MAX_BYTES: usize = 256;

/// A parsed user name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName {
    /// Who.
    pub login: Login,
    /// To what, if it says.
    pub target: Option<TargetName>,
    /// As whom, if it says.
    pub account: Option<AccountName>,
}

/// Why a text is no user name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserNameError {
    /// Longer than [`MAX_BYTES`].
    #[error("a user name has at most 256 bytes")]
    TooLong,
    /// More than three parts.
    #[error("a user name is login, login+server or login+server+account")]
    Parts,
    /// A part is no name.
    #[error("{0}")]
    Name(#[from] NameError),
}

impl FromStr for UserName {
    type Err = UserNameError;

    fn from_str(text: &str) -> Result<Self, UserNameError> {
        if text.len() > MAX_BYTES {
            return Err(UserNameError::TooLong);
        }
        let mut parts = text.splitn(3, '+');
        let login = parts.next().unwrap_or_default().parse()?;
        let target = parts.next().map(str::parse).transpose()?;
        let account = parts.next().map(str::parse).transpose()?;
        Ok(Self { login, target, account })
    }
}

impl UserName {
    /// Outside text as it may stand in a fact or a log: printable, and cut.
    #[must_use]
    pub fn printable(text: &str) -> String {
        let mut cut: String = text.chars().take(MAX_BYTES).filter(|c| !c.is_control()).collect();
        while cut.len() > MAX_BYTES {
            cut.pop();
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_two_and_three_parts_are_read() {
        let parsed: UserName = "dana+alaris-sm-01+svc".parse().unwrap();
        assert_eq!(parsed.login.as_str(), "dana");
        assert_eq!(parsed.target.unwrap().as_str(), "alaris-sm-01");
        assert_eq!(parsed.account.unwrap().as_str(), "svc");
        assert_eq!("dana".parse::<UserName>().unwrap().target, None);
        for bad in ["", "+", "dana+", "+alaris", "dana+alaris+", "dana+a+b+c d", "Dana", "dana\0", "dana+../etc"] {
            assert!(bad.parse::<UserName>().is_err(), "{bad:?}");
        }
        assert_eq!("a".repeat(1 << 20).parse::<UserName>(), Err(UserNameError::TooLong));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_printed_is_short_and_plain(text in "\\PC*|.{0,600}") {
            drop(text.parse::<UserName>());
            let shown = UserName::printable(&text);
            prop_assert!(shown.len() <= MAX_BYTES && !shown.chars().any(char::is_control));
        }
    }
}
