//! How a TLS service is trusted and signed in to, beyond its address, its name and its trust anchors: pinned keys, the
//! gate's own certificate, the sign-in that the gate adds for a web console, and plain HTTP for as long as somebody has
//! said why. No secret is in here: those are sealed.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Shortest value of a header that the gate signs in with, in bytes: a shorter one could not be told from anything else in what a
/// console says, and would come back to whoever asks for it.
pub const SHORTEST_HEADER_SECRET: usize = 6;

/// What is said of a TLS endpoint where it is not as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsoleTerms {
    /// Its certificate must have one of these public keys; where there are no trust anchors, that alone says who it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<KeyPin>,
    /// The certificate that the gate shows to it (PEM, with the chain behind it); its key is sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_pem: Option<String>,
    /// What the gate adds to each request to a web console, after it was recorded; the secret of it is sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<ConsoleSignIn>,
    /// It is reached without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain_http: Option<PlainHttp>,
    /// How often what is sealed for it was replaced: what goes by the one before ends, as with everything else that is said
    /// here.
    #[serde(skip_serializing_if = "is_none_yet")]
    pub replaced: u32,
}

fn is_none_yet(count: &u32) -> bool {
    *count == 0
}

impl ConsoleTerms {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// How the gate signs in to a web console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum ConsoleSignIn {
    /// `Authorization: Basic` (RFC 7617) with this user and the sealed password.
    Basic {
        /// The user.
        user: String,
    },
    /// This header with the sealed value.
    Header {
        /// Its name, in lower case.
        name: String,
    },
}

impl ConsoleSignIn {
    /// The name of the header that it sets, in lower case.
    #[must_use]
    pub fn header(&self) -> &str {
        match self {
            Self::Basic { .. } => "authorization",
            Self::Header { name } => name,
        }
    }
}

impl fmt::Display for ConsoleSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic { user } => write!(f, "basic {user}"),
            Self::Header { name } => write!(f, "header {name}"),
        }
    }
}

/// A console without TLS, by somebody's word and for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainHttp {
    /// First instant at which it is no longer reached.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// The SHA-256 of a public key (SubjectPublicKeyInfo, as RFC 7469 §2.4 takes it).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyPin([u8; 32]);

impl KeyPin {
    /// Of this hash.
    #[must_use]
    pub fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for KeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for KeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPin({self})")
    }
}

/// The text is no pin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no SHA-256 of a public key; right are 64 hexadecimal digits, as openssl dgst -sha256 prints them, or their \
     base64, as curl --pinnedpubkey takes it"
)]
pub struct NoKeyPin(pub String);

impl FromStr for KeyPin {
    type Err = NoKeyPin;

    fn from_str(text: &str) -> Result<Self, NoKeyPin> {
        let wrong = || NoKeyPin(text.chars().filter(|c| !c.is_control()).take(100).collect());
        let plain = text.trim();
        let plain = plain.strip_prefix("sha256//").or_else(|| plain.strip_prefix("sha256/")).unwrap_or(plain);
        hexadecimal(plain).or_else(|| base64(plain)).map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<String> for KeyPin {
    type Error = NoKeyPin;
    fn try_from(text: String) -> Result<Self, NoKeyPin> {
        text.parse()
    }
}

impl From<KeyPin> for String {
    fn from(pin: KeyPin) -> String {
        pin.to_string()
    }
}

/// 64 digits, with colons between octets or without.
fn hexadecimal(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.chars().filter(|c| *c != ':').map(|c| c.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let octets: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit)).collect();
    if digits.len() == 64 { octets.try_into().ok() } else { None }
}

/// 43 letters of RFC 4648 §4 and one `=`.
fn base64(text: &str) -> Option<[u8; 32]> {
    let letters = text.strip_suffix('=')?.as_bytes();
    let mut octets = Vec::with_capacity(33);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for letter in letters {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            octets.push(u8::try_from((held >> bits) & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
        if octets.len() > 32 {
            return None;
        }
    }
    if letters.len() == 43 && held == 0 { octets.try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const BASE64: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn a_pin_is_read_as_openssl_and_curl_write_it() {
        let pin: KeyPin = HEX.parse().unwrap();
        let colons: Vec<String> = HEX
            .to_uppercase()
            .as_bytes()
            .chunks(2)
            .map(|pair| String::from_utf8_lossy(pair).into_owned())
            .collect();
        for text in [BASE64.to_owned(), format!("sha256//{BASE64}"), colons.join(":"), format!(" {HEX}\n")] {
            assert_eq!(text.parse(), Ok(pin), "{text}");
        }
        assert_eq!(pin.to_string(), HEX);
        assert_eq!(serde_json::to_value(pin).unwrap(), HEX);
        for wrong in ["", "sha256//", &HEX[1..], "hello", &BASE64[1..], &format!("A{BASE64}"), "zz"] {
            assert!(wrong.parse::<KeyPin>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn terms_that_say_nothing_are_not_stored() {
        assert!(ConsoleTerms::default().is_usual());
        assert_eq!(serde_json::to_value(ConsoleTerms::default()).unwrap(), serde_json::json!({}));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_and_nothing_panics(hash in any::<[u8; 32]>(), text in ".{0,80}") {
            let pin = KeyPin::new(hash);
            prop_assert_eq!(pin.to_string().parse(), Ok(pin));
            drop(text.parse::<KeyPin>());
        }
    }
}
