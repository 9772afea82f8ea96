//! A person's authenticator: an app with a TOTP secret (RFC 6238), written anew here so that the gate's own code does not
//! check itself.

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use jiff::Timestamp;
use serde_json::json;

use crate::http::ask;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An app with one secret.
#[derive(Clone, Debug)]
pub struct Authenticator {
    secret: Vec<u8>,
}

/// Somebody who has enrolled.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// Their sign-in name.
    pub login: String,
    /// Their password.
    pub password: String,
    /// Their app.
    pub app: Authenticator,
    /// Their recovery codes.
    pub recovery: Vec<String>,
}

impl Authenticator {
    /// From the secret as it is typed.
    ///
    /// # Panics
    /// When it is no base 32.
    #[must_use]
    pub fn new(base32: &str) -> Self {
        let mut secret = Vec::new();
        let (mut bits, mut held) = (0u32, 0u32);
        for letter in base32.trim_end_matches('=').bytes() {
            let value = ALPHABET.iter().position(|known| *known == letter).expect("a secret is base 32");
            held = (held << 5) | u32::try_from(value).expect("five bits");
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                secret.push(u8::try_from((held >> bits) & 0xff).expect("eight bits"));
            }
        }
        Self { secret }
    }

    /// The code that is shown so many 30-second steps from now.
    #[must_use]
    pub fn code(&self, steps: i64) -> String {
        let step = Timestamp::now().as_second() / 30 + steps;
        let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let tag = sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag.last().copied().unwrap_or_default() & 15);
        let word = tag.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_be_bytes);
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

impl Enrolled {
    /// Spends an enrolment link.
    ///
    /// # Panics
    /// When it is refused.
    #[must_use]
    pub fn by_link(port: u16, link: &str) -> Self {
        let token = link.rsplit_once('#').expect("the token is behind the #").1;
        let look = ask(port, "POST", "/api/enrolment/look", &[], Some(&json!({ "token": token })));
        let offer = look.expect("the web answers").json();
        let app = Authenticator::new(offer["secret"].as_str().expect("a secret"));
        let password = "a long evening in Lisbon".to_owned();
        // The step before: the one of now is left for signing in.
        let body = json!({ "token": token, "password": password, "code": app.code(-1) });
        let done = ask(port, "POST", "/api/enrolment/finish", &[], Some(&body)).expect("the web answers");
        assert_eq!(done.status, 200, "{}", done.body);
        let codes = done.json()["recovery_codes"].as_array().cloned().unwrap_or_default();
        Self {
            login: offer["login"].as_str().expect("a login").to_owned(),
            password,
            app,
            recovery: codes.iter().filter_map(|code| code.as_str().map(str::to_owned)).collect(),
        }
    }
}
