//! An instant as people give it: `now`, from now (`+90m`, `-1h30m`), or RFC 3339. What is relative is resolved by the
//! gate, against the gate's clock, since that is the clock that opens and closes windows.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// An instant, or one relative to when the gate reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Moment {
    /// So long after now; negative for before.
    FromNow(SignedDuration),
    /// A given instant.
    At(Timestamp),
}

/// The text is no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no time; right is now, +90m, +12s, -1h, +1h30m or an RFC 3339 instant such as 2026-11-25T22:00:00+01:00"
)]
pub struct NotAMoment(pub String);

impl Moment {
    /// The instant meant; an unreachable one is the furthest there is.
    #[must_use]
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::FromNow(by) => {
                now.checked_add(by).unwrap_or(if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX })
            }
        }
    }
}

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let wrong = || NotAMoment(text.chars().take(64).collect());
        if text == "now" {
            return Ok(Self::FromNow(SignedDuration::ZERO));
        }
        if let Some(ahead) = text.strip_prefix('+') {
            return span(ahead).map(Self::FromNow).ok_or_else(wrong);
        }
        if let Some(back) = text.strip_prefix('-') {
            return span(back).map(|by| Self::FromNow(-by)).ok_or_else(wrong);
        }
        text.parse().map(Self::At).map_err(|_| wrong())
    }
}

/// `90m`, `1h30m`, `12s`, `2d`: whole numbers with units, a day being 24 hours.
fn span(text: &str) -> Option<SignedDuration> {
    let mut total = SignedDuration::ZERO;
    let mut rest = text;
    if rest.is_empty() || rest.len() > 32 {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit_on) = rest.split_at(digits);
        let mut letters = unit_on.chars();
        let seconds = match letters.next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        let part = SignedDuration::from_secs(number.parse::<i64>().ok()?.checked_mul(seconds)?);
        total = total.checked_add(part)?;
        rest = letters.as_str();
    }
    Some(total)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(instant) => instant.fmt(f),
            Self::FromNow(by) if by.is_zero() => f.write_str("now"),
            Self::FromNow(by) => {
                write!(f, "{}{}s", if by.is_negative() { '-' } else { '+' }, by.as_secs().unsigned_abs())
            }
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = NotAMoment;
    fn try_from(text: String) -> Result<Self, NotAMoment> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> String {
        moment.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_means_what_it_says() {
        let now: Timestamp = "2026-11-25T21:00:00Z".parse().unwrap();
        for (text, instant) in [
            ("now", "2026-11-25T21:00:00Z"),
            ("+90m", "2026-11-25T22:30:00Z"),
            ("+12s", "2026-11-25T21:00:12Z"),
            ("-1h", "2026-11-25T20:00:00Z"),
            ("+1h30m", "2026-11-25T22:30:00Z"),
            ("+2d", "2026-11-27T21:00:00Z"),
            ("2026-11-25T22:00:00+01:00", "2026-11-25T21:00:00Z"),
        ] {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment.resolve(now).to_string(), instant, "{text}");
            assert_eq!(moment.to_string().parse::<Moment>().unwrap(), moment, "{text} survives the wire");
        }
    }

    #[test]
    fn other_text_is_refused_and_said_how() {
        for text in [
            "",
            "+",
            "tomorrow",
            "90m",
            "+90",
            "+m",
            "+9x",
            "2026-11-25",
            "+99999999999999999999h",
            "+9223372036854775807d",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_moment_out_of_reach_is_the_furthest_there_is() {
        let moment: Moment = "+9000000000000s".parse().unwrap();
        assert_eq!(moment.resolve(Timestamp::UNIX_EPOCH), Timestamp::MAX);
    }
}
