//! API tokens: short JSON Web Tokens (RFC 7519), signed with Ed25519, that say who and for how long and nothing else.
//! What their bearer may do is asked of policy at every use.

pub(crate) mod visit;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
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
        if !path.exists() {
            let key =
                Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8()).map_err(|_| TokenError::Key)?;
            keep(path, key.as_ref()).map_err(TokenError::File)?;
        }
        Self::load(path)
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
    pub fn mint_on_host(
        &self,
        login: &Login,
        now: Timestamp,
        ttl: SignedDuration,
    ) -> Result<String, TokenError> {
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

/// Writes a new key for its owner alone: whole or not at all, and durable.
fn keep(path: &Path, key: &[u8]) -> io::Result<()> {
    let beside = path.with_extension(format!("new-{}", Uuid::now_v7()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(key)?;
    file.sync_all()?;
    // The commit point. A link, not a renaming: whoever was first with a key keeps it.
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            File::open(path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
                .sync_all()
        }
    }
}

#[cfg(test)]
mod tests;
