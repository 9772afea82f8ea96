//! Public keys as the protocol carries them: `string kind`, then the fields of that kind, and nothing behind them.
//!
//! ```text
//!   ssh-ed25519            string point (32)                                  RFC 8709 §4
//!   ecdsa-sha2-nistpN      string curve ‖ string point (04 x y)               RFC 5656 §3.1
//!   ssh-rsa                mpint exponent ‖ mpint modulus                     RFC 4253 §6.6
//!   sk-…                   the fields of its kind ‖ string application        OpenSSH PROTOCOL.u2f
//! ```

use super::KeyFault;

/// Smallest RSA modulus that is safe, and the largest that signatures are checked with.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Longest RSA exponent, in bytes.
const EXPONENT_BYTES: usize = 4;

/// A kind of key that we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    fields: Fields,
    /// Whether the key lives in a security key, and names what it was made for.
    pub(super) hardware: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fields {
    Ed25519,
    Ecdsa { curve: &'static str, point_bytes: usize },
    Rsa,
}

const P256: Fields = Fields::Ecdsa { curve: "nistp256", point_bytes: 65 };
const P384: Fields = Fields::Ecdsa { curve: "nistp384", point_bytes: 97 };
const P521: Fields = Fields::Ecdsa { curve: "nistp521", point_bytes: 133 };

impl Kind {
    pub(super) const ALL: [Self; 7] = [
        Self { name: "ssh-ed25519", fields: Fields::Ed25519, hardware: false },
        Self { name: "ecdsa-sha2-nistp256", fields: P256, hardware: false },
        Self { name: "ecdsa-sha2-nistp384", fields: P384, hardware: false },
        Self { name: "ecdsa-sha2-nistp521", fields: P521, hardware: false },
        Self { name: "ssh-rsa", fields: Fields::Rsa, hardware: false },
        Self { name: "sk-ssh-ed25519@openssh.com", fields: Fields::Ed25519, hardware: true },
        Self { name: "sk-ecdsa-sha2-nistp256@openssh.com", fields: P256, hardware: true },
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name == name)
    }
}

/// What kind a blob says it is.
pub(super) fn name(blob: &[u8]) -> Option<&str> {
    std::str::from_utf8(string(blob)?.0).ok()
}

/// Whether a blob is a key of its kind, whole and with nothing behind it.
pub(super) fn check(kind: Kind, blob: &[u8]) -> Result<(), KeyFault> {
    let mut rest = blob;
    let mut next = || {
        let (field, behind) = string(rest).ok_or(KeyFault::Data)?;
        rest = behind;
        Ok(field)
    };
    must(next()? == kind.name.as_bytes())?;
    match kind.fields {
        Fields::Ed25519 => must(next()?.len() == 32)?,
        Fields::Ecdsa { curve, point_bytes } => {
            must(next()? == curve.as_bytes())?;
            let point = next()?;
            must(point.len() == point_bytes && point.first() == Some(&4))?;
        }
        Fields::Rsa => {
            let (exponent, modulus) = (positive(next()?)?, positive(next()?)?);
            let bits = bits(modulus);
            if !RSA_BITS.contains(&bits) {
                return Err(KeyFault::Size(bits));
            }
            must(odd(modulus) && odd(exponent) && exponent != [1] && exponent.len() <= EXPONENT_BYTES)?;
        }
    }
    if kind.hardware {
        must(!next()?.is_empty())?;
    }
    must(rest.is_empty())
}

fn must(sound: bool) -> Result<(), KeyFault> {
    if sound { Ok(()) } else { Err(KeyFault::Data) }
}

/// A string (RFC 4251 §5), and what is behind it.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// The magnitude of an mpint (RFC 4251 §5) that is positive and as short as it can be: one key has one form.
fn positive(mpint: &[u8]) -> Result<&[u8], KeyFault> {
    match mpint {
        [0, magnitude @ ..] if magnitude.first() >= Some(&0x80) => Ok(magnitude),
        [1..=0x7f, ..] => Ok(mpint),
        _ => Err(KeyFault::Data),
    }
}

fn bits(magnitude: &[u8]) -> usize {
    let unused = magnitude.first().map_or(0, |first| first.leading_zeros());
    (magnitude.len() * 8).saturating_sub(usize::try_from(unused).unwrap_or(0))
}

fn odd(magnitude: &[u8]) -> bool {
    magnitude.last().is_some_and(|last| last & 1 == 1)
}
