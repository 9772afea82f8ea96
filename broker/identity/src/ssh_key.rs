//! SSH public keys as people give them: one line, checked and normalised; and as the protocol carries them.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// Longest line, in bytes: an RSA key of 16,384 bits fits.
const MAX_BYTES: usize = 16 * 1024;
/// Smallest RSA modulus.
const MIN_RSA_BITS: usize = 2048;

/// A public key of a kind that we accept.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    openssh: String,
    fingerprint: String,
    blob: Vec<u8>,
}

/// Why a text is no public key that can be enrolled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// A private key was given.
    #[error("this is a private key; give the public one (the .pub file), and treat the private one as lost")]
    Private,
    /// No key at all.
    #[error("a public key is one line: its kind, its data in base64, and a comment")]
    Form,
    /// A kind that is not accepted.
    #[error("keys of kind {0} are not accepted; use ed25519, ecdsa, rsa of at least 2048 bits, or sk-")]
    Kind(String),
    /// The data is not that of its kind.
    #[error("the key's data is damaged")]
    Data,
    /// Too small.
    #[error("an RSA key needs at least 2048 bits, this one has {0}")]
    Small(usize),
}

const KINDS: [&str; 7] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

impl PublicKey {
    /// The key as the protocol carries it (RFC 4253 §6.6).
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// `SHA256:` and base64, as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// As one line, without a comment.
    #[must_use]
    pub fn openssh(&self) -> &str {
        &self.openssh
    }

    /// Reads one key from the text of a `.pub` file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        text.parse()
    }

    /// Reads one key from a line of `known_hosts` or of a `.pub` file: a leading host pattern is skipped.
    ///
    /// # Errors
    /// When there is none.
    pub fn from_host_line(line: &str) -> Result<Self, KeyFault> {
        let from = line.split_ascii_whitespace().position(|word| KINDS.contains(&word));
        match from {
            Some(at) => line.split_ascii_whitespace().skip(at).collect::<Vec<_>>().join(" ").parse(),
            None => line.parse(),
        }
    }
}

/// `SHA256:` and the unpadded base64 of a key blob's digest.
#[must_use]
pub fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, blob)))
}

impl FromStr for PublicKey {
    type Err = KeyFault;

    fn from_str(text: &str) -> Result<Self, KeyFault> {
        if text.contains("PRIVATE KEY") {
            return Err(KeyFault::Private);
        }
        if text.len() > MAX_BYTES {
            return Err(KeyFault::Form);
        }
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let line = lines.next().ok_or(KeyFault::Form)?;
        let mut words = line.split_ascii_whitespace();
        let (Some(kind), Some(data)) = (words.next(), words.next()) else { return Err(KeyFault::Form) };
        if !KINDS.contains(&kind) {
            let shown: String = kind.chars().filter(char::is_ascii_graphic).take(40).collect();
            return Err(KeyFault::Kind(shown));
        }
        let blob = STANDARD.decode(data).map_err(|_| KeyFault::Data)?;
        check(kind, &blob)?;
        Ok(Self { openssh: format!("{kind} {}", STANDARD.encode(&blob)), fingerprint: fingerprint(&blob), blob })
    }
}

/// The blob's own fields: its kind again, and the fields of that kind, with nothing left over.
fn check(kind: &str, blob: &[u8]) -> Result<(), KeyFault> {
    let (inner, mut rest) = field(blob).ok_or(KeyFault::Data)?;
    if inner != kind.as_bytes() {
        return Err(KeyFault::Data);
    }
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let (next, behind) = field(rest).ok_or(KeyFault::Data)?;
        fields.push(next);
        rest = behind;
    }
    let sound = match (kind, fields.as_slice()) {
        ("ssh-ed25519", [key]) | ("sk-ssh-ed25519@openssh.com", [key, _]) => key.len() == 32,
        ("ssh-rsa", [exponent, modulus]) => {
            let bits = bits(modulus);
            if bits < MIN_RSA_BITS {
                return Err(KeyFault::Small(bits));
            }
            !exponent.is_empty()
        }
        (_, [curve, point]) | ("sk-ecdsa-sha2-nistp256@openssh.com", [curve, point, _]) => {
            kind.contains(std::str::from_utf8(curve).unwrap_or("?")) && point.first() == Some(&4)
        }
        _ => false,
    };
    if sound { Ok(()) } else { Err(KeyFault::Data) }
}

/// An SSH string (RFC 4251 §5) and what follows it.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

fn bits(number: &[u8]) -> usize {
    let leading = number.iter().take_while(|byte| **byte == 0).count();
    let first = number.get(leading).map_or(8, |byte| usize::try_from(byte.leading_zeros()).unwrap_or(8));
    (number.len() - leading) * 8 - if leading == number.len() { 0 } else { first }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.openssh)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJYqSsFJ4Tq3CNuCj4Iq6OdY2YkqEwSBk1q2Iqf7v0aL dana@laptop";

    #[test]
    fn a_key_is_read_without_its_comment_and_printed_again() {
        let key: PublicKey = KEY.parse().unwrap();
        assert_eq!(key.to_string(), KEY.rsplit_once(' ').unwrap().0);
        assert!(key.fingerprint().starts_with("SHA256:"));
        assert_eq!(PublicKey::from_host_line(&format!("[gate]:22 {KEY}")).unwrap(), key);
    }

    #[test]
    fn private_damaged_small_and_foreign_keys_are_refused_by_name() {
        assert_eq!("-----BEGIN OPENSSH PRIVATE KEY-----".parse::<PublicKey>(), Err(KeyFault::Private));
        assert_eq!("ssh-dss AAAA".parse::<PublicKey>(), Err(KeyFault::Kind("ssh-dss".to_owned())));
        assert_eq!("ssh-ed25519 AAAA".parse::<PublicKey>(), Err(KeyFault::Data));
        assert_eq!("hello".parse::<PublicKey>(), Err(KeyFault::Form));
        let mut blob = Vec::new();
        for part in [b"ssh-rsa".as_slice(), &[1, 0, 1], &[0x80; 128]] {
            blob.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
            blob.extend_from_slice(part);
        }
        let line = format!("ssh-rsa {}", STANDARD.encode(blob));
        assert_eq!(line.parse::<PublicKey>(), Err(KeyFault::Small(1024)));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0..KINDS.len()) {
            let line = format!("{} {}", KINDS[kind], STANDARD.encode(&bytes));
            drop(line.parse::<PublicKey>());
            drop(check(KINDS[kind], &bytes));
        }
    }
}
