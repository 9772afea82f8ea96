//! Bytes that scenarios send and look for.

use aws_lc_rs::digest::{Context, SHA256, digest as hash};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// The SHA-256 of some bytes, in hexadecimal as `sha256sum` prints it.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hexadecimal(hash(&SHA256, bytes).as_ref())
}

/// The SHA-256 of so many zeros.
#[must_use]
pub fn digest_of_zeros(count: u64) -> String {
    let (mut hash, zeros) = (Context::new(&SHA256), vec![0; 1 << 20]);
    let mut left = count;
    while left > 0 {
        let piece = zeros.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        hash.update(&zeros[..piece]);
        left -= piece as u64;
    }
    hexadecimal(hash.finish().as_ref())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that do not compress and repeat nowhere.
///
/// # Panics
/// When the machine has no randomness.
#[must_use]
pub fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    SystemRandom::new().fill(&mut noise).expect("the machine has randomness");
    noise
}

/// Whether some bytes have others in them.
#[must_use]
pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else { return true };
    // A search for the first byte is quick where windows over megabytes are not.
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        let here = rest.get(at..).unwrap_or_default();
        if here.starts_with(part) {
            return true;
        }
        rest = here.get(1..).unwrap_or_default();
    }
    false
}

/// The reference that the gate tells people to give the help desk.
///
/// # Panics
/// When there is none.
#[track_caller]
#[must_use]
pub fn reference_in(words: &str) -> String {
    let (_, rest) = words.split_once("Reference ").unwrap_or_else(|| panic!("no reference in: {words}"));
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}
