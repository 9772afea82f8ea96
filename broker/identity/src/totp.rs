//! Time-based one-time passwords (RFC 6238: SHA-1, six digits, 30 s, one step of tolerance either way) and the recovery
//! codes that stand in for a lost device.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

/// Bytes of a secret: RFC 4226 §4 recommends 160 bits.
const SECRET_BYTES: usize = 20;
/// Recovery codes that a person gets.
const RECOVERY_CODES: usize = 10;
/// Letters of a recovery code: none that is read as another (Crockford's base 32), ten of them are 50 bits.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new secret; `None` where the machine has no randomness.
pub(crate) fn new_secret() -> Option<Zeroizing<Vec<u8>>> {
    let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
    aws_lc_rs::rand::fill(&mut secret).ok()?;
    Some(secret)
}

/// How an authenticator app is told of a secret.
#[derive(Clone)]
pub struct Provision {
    /// The `otpauth://` URL, for a QR code.
    pub url: String,
    /// The secret in base 32, for typing.
    pub secret: String,
}

impl std::fmt::Debug for Provision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Provision(..)")
    }
}

/// What an authenticator app is told; `None` for a secret that is none.
pub(crate) fn provision(secret: &[u8], issuer: &str, login: &str) -> Option<Provision> {
    // A colon separates the issuer from the account in the URL's label.
    let issuer = issuer.replace(':', " ");
    let totp = builder(secret).with_account_name(login).with_issuer(Some(issuer)).build().ok()?;
    Some(Provision { url: totp.to_url().ok()?, secret: Secret::new(secret.into()).to_base32() })
}

/// The time step whose code this is, within one step of `now`.
pub(crate) fn step(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = u64::try_from(now.as_second()).ok()?;
    let step = totp(secret)?.check(code, seconds)?;
    i64::try_from(step).ok()
}

fn totp(secret: &[u8]) -> Option<Totp> {
    builder(secret).build().ok()
}

fn builder(secret: &[u8]) -> Builder {
    Builder::new().with_secret(Secret::new(secret.into()))
}

/// New recovery codes, and the JSON list of their hashes; `None` where the machine has no randomness.
pub(crate) fn recovery_codes() -> Option<(Vec<String>, String)> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let mut random = [0u8; 10];
        aws_lc_rs::rand::fill(&mut random).ok()?;
        let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).copied().map(char::from);
        let letters: String = random.iter().filter_map(letter).collect();
        let (front, back) = letters.split_at_checked(5)?;
        codes.push(format!("{front}-{back}"));
    }
    let hashes: Vec<String> = codes.iter().map(|code| hashed(code)).collect();
    Some((codes, serde_json::to_string(&hashes).ok()?))
}

/// The list without the code, if it was in it. Every hash is compared, whichever it is.
pub(crate) fn without(recovery: &str, code: &str) -> Option<String> {
    let wanted = hashed(code);
    let hashes: Vec<String> = serde_json::from_str(recovery).ok()?;
    let same = |hash: &String| verify_slices_are_equal(hash.as_bytes(), wanted.as_bytes()).is_ok();
    let (spent, left): (Vec<_>, Vec<_>) = hashes.into_iter().partition(same);
    if spent.is_empty() { None } else { serde_json::to_string(&left).ok() }
}

/// A code has 50 bits: a plain hash cannot be turned back in time that matters, and a spent one is worth nothing.
fn hashed(code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let digest = digest(&SHA256, format!("chaperone recovery {}", plain.to_ascii_lowercase()).as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1, the last six of its eight digits.
        let secret = b"12345678901234567890";
        for (second, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            assert_eq!(step(secret, code, at(second)), Some(second / 30), "{second}");
            assert_eq!(step(secret, code, at(second + 30)), Some(second / 30), "one step late");
            assert_eq!(step(secret, code, at(second + 90)), None, "three steps late");
        }
        for code in ["", "28708", "2870822", "28708a", "٢٨٧٠٨٢", "+87082"] {
            assert_eq!(step(secret, code, at(59)), None, "{code}");
        }
    }

    #[test]
    fn an_app_is_told_everything_in_one_url() {
        let told = provision(b"12345678901234567890", "St. Elsewhere: pumps", "dana").unwrap();
        assert_eq!(told.secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(told.url.starts_with("otpauth://totp/"), "{}", told.url);
        assert!(told.url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{}", told.url);
        assert!(told.url.contains("dana"), "{}", told.url);
    }

    #[test]
    fn a_recovery_code_works_once_however_it_is_typed() {
        let (codes, list) = recovery_codes().unwrap();
        assert_eq!(codes.len(), RECOVERY_CODES);
        let typed = codes[3].to_uppercase().replace('-', " ");
        let left = without(&list, &typed).unwrap();
        assert_eq!(without(&left, &typed), None, "spent");
        assert!(without(&left, &codes[4]).is_some());
        assert_eq!(without(&list, "00000-00000"), None);
        assert!(!list.contains(&codes[0]), "only hashes are kept");
    }
}
