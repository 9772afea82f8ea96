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
    /// Longer than 256 bytes.
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
    /// Outside text as it may stand in a fact or a log: cut, and with a mark for each letter that would act on a terminal or
    /// a page instead of being seen.
    #[must_use]
    pub fn printable(text: &str) -> String {
        let mut shown = String::new();
        for letter in
            text.chars().map(|letter| if acts(letter) { char::REPLACEMENT_CHARACTER } else { letter })
        {
            if shown.len() + letter.len_utf8() > MAX_BYTES {
                break;
            }
            shown.push(letter);
        }
        shown
    }
}

/// Whether a letter is a control, or one of the invisible ones that reorder, join or hide others.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
        for bad in
            ["", "+", "dana+", "+alaris", "dana+alaris+", "dana+a+b+c d", "Dana", "dana\0", "dana+../etc"]
        {
            assert!(bad.parse::<UserName>().is_err(), "{bad:?}");
        }
        assert_eq!("a".repeat(1 << 20).parse::<UserName>(), Err(UserNameError::TooLong));
    }

    #[test]
    fn what_would_act_on_a_terminal_is_marked_and_all_else_is_shown() {
        assert_eq!(UserName::printable("dana\u{1b}[2J\u{202e}xÅ字"), "dana\u{fffd}[2J\u{fffd}xÅ字");
        assert_eq!(UserName::printable(&"字".repeat(100_000)).len(), 255);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_printed_is_short_and_plain(text in "\\PC*|.{0,600}|(?s:.){0,600}") {
            drop(text.parse::<UserName>());
            let shown = UserName::printable(&text);
            prop_assert!(shown.len() <= MAX_BYTES && !shown.chars().any(acts));
        }

        #[test]
        fn what_is_well_formed_is_read_part_by_part(
            login in "[a-z0-9][a-z0-9._-]{0,31}", target in "[a-z0-9][a-z0-9._-]{0,62}", account in "[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}",
        ) {
            let full: UserName = format!("{login}+{target}+{account}").parse().unwrap();
            prop_assert_eq!(full.login, login.parse().unwrap());
            prop_assert_eq!(full.target, Some(target.parse().unwrap()));
            prop_assert_eq!(full.account, Some(account.parse().unwrap()));
            let none = format!("{login}+{target}+{account}+more");
            prop_assert!(none.parse::<UserName>().is_err());
        }
    }
}
