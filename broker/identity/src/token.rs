//! API tokens: short JSON Web Tokens (RFC 7519), signed with Ed25519, that say who and for how long and nothing else.
//! What their bearer may do is asked of policy at every use.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chaperone_policy::Login;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "chaperone";
const AUDIENCE: &str = "chaperone-api";
/// Longest token that is looked at, in bytes.
const MAX_BYTES: usize = 4096;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Login of whom it speaks for.
    pub sub: String,
    /// Names the token in facts.
    pub jti: String,
    /// When it was minted, in seconds since the Unix epoch.
    pub iat: i64,
    /// First second in which it is worth nothing.
    pub exp: i64,
    iss: String,
    aud: String,
    /// Whether it was minted on the gate's host rather than by a sign-in (P8).
    pub host_minted: bool,
}

/// Why a token, or the key of tokens, is worth nothing.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The key's file.
    #[error("the token key's file cannot be used")]
    File(#[source] std::io::Error),
    /// The key.
    #[error("the token key is no Ed25519 key")]
    Key,
    /// Made of something else, by another key, for something else, or damaged.
    #[error("it is not a token of this gate")]
    Invalid,
    /// Over.
    #[error("it has expired")]
    Expired,
}

/// The gate's token key.
#[derive(Clone)]
pub struct TokenKeys {
    sign: EncodingKey,
    check: DecodingKey,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKeys(..)")
    }
}

impl TokenKeys {
    /// Reads the key (PKCS#8).
    ///
    /// # Errors
    /// When the file cannot be read or is no key.
    pub fn load(path: &Path) -> Result<Self, TokenError> {
        Self::from_pkcs8(&fs::read(path).map_err(TokenError::File)?)
    }

    /// Reads the key, or makes one that only this user may read.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn load_or_create(path: &Path) -> Result<Self, TokenError> {
        if path.exists() {
            return Self::load(path);
        }
        let key = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8()).map_err(|_| TokenError::Key)?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(TokenError::File)?;
        file.write_all(key.as_ref()).and_then(|()| file.sync_all()).map_err(TokenError::File)?;
        Self::from_pkcs8(key.as_ref())
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, TokenError> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| TokenError::Key)?;
        Ok(Self {
            sign: EncodingKey::from_ed_der(der),
            check: DecodingKey::from_ed_der(pair.public_key().as_ref()),
        })
    }

    /// A token that says that it was minted on the host.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn mint_on_host(&self, login: &Login, now: Timestamp, ttl: SignedDuration) -> Result<String, TokenError> {
        let claims = Claims {
            sub: login.to_string(),
            jti: Uuid::now_v7().to_string(),
            iat: now.as_second(),
            exp: now.as_second().saturating_add(ttl.as_secs()),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            host_minted: true,
        };
        encode(&Header::new(Algorithm::EdDSA), &claims, &self.sign).map_err(|_| TokenError::Key)
    }

    /// What a token says, if this gate signed it and it is not over at `now`.
    ///
    /// # Errors
    /// Whether it is over, or was never worth anything.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Invalid);
        }
        let mut wanted = Validation::new(Algorithm::EdDSA);
        wanted.set_issuer(&[ISSUER]);
        wanted.set_audience(&[AUDIENCE]);
        wanted.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Compared below with the caller's clock, to the second.
        wanted.validate_exp = false;
        let claims = decode::<Claims>(token, &self.check, &wanted).map_err(|_| TokenError::Invalid)?.claims;
        if now.as_second() >= claims.exp { Err(TokenError::Expired) } else { Ok(claims) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> TokenKeys {
        let folder = tempfile::tempdir().unwrap();
        TokenKeys::load_or_create(&folder.path().join("token.key")).unwrap()
    }

    fn mint(keys: &TokenKeys) -> String {
        keys.mint_on_host(&"dana".parse().unwrap(), Timestamp::UNIX_EPOCH, SignedDuration::from_secs(60)).unwrap()
    }

    #[test]
    fn a_token_speaks_until_its_second_and_only_for_its_key() {
        let keys = keys();
        let token = mint(&keys);
        let at = |second| Timestamp::from_second(second).unwrap();
        let claims = keys.verify(&token, at(59)).unwrap();
        assert_eq!((claims.sub.as_str(), claims.host_minted), ("dana", true));
        assert!(matches!(keys.verify(&token, at(60)), Err(TokenError::Expired)));
        assert!(matches!(self::keys().verify(&token, at(1)), Err(TokenError::Invalid)));
    }

    #[test]
    fn another_algorithm_is_never_accepted() {
        let keys = keys();
        let token = mint(&keys);
        let payload = token.split('.').nth(1).unwrap();
        use base64::Engine;
        let b64 = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, r#"{"alg":"ES256"}"#] {
            let forged = format!("{}.{payload}.{}", b64(header), b64("signature"));
            assert!(keys.verify(&forged, Timestamp::UNIX_EPOCH).is_err(), "{header}");
        }
    }

    #[test]
    fn the_key_is_kept_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        let token = mint(&TokenKeys::load_or_create(&path).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(TokenKeys::load(&path).unwrap().verify(&token, Timestamp::UNIX_EPOCH).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_is_a_token(text in ".{0,300}", at in 0..200usize, flip in 1u8..=255) {
            let keys = keys();
            prop_assert!(keys.verify(&text, Timestamp::UNIX_EPOCH).is_err());
            let mut bytes = mint(&keys).into_bytes();
            let at = at % (bytes.len() - 1);
            bytes[at] ^= flip;
            if let Ok(changed) = String::from_utf8(bytes) {
                prop_assert!(keys.verify(&changed, Timestamp::UNIX_EPOCH).is_err());
            }
        }
    }
}
