//! Standard Webhooks 1.0.0: signatures over `id.timestamp.body`.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Fewest and most bytes of a symmetric secret.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Why a text is no signing secret. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Not base64 after its prefix.
    #[error("after whsec_ or whsk_, a webhook secret is base64")]
    Encoding,
    /// A length that the standard does not have.
    #[error("a webhook secret has 24 to 64 bytes; a whsk_ key has 32 or 64")]
    Length,
    /// No Ed25519 key.
    #[error("the whsk_ key is no Ed25519 key")]
    Key,
}

/// What signs for one destination.
pub enum WebhookSecret {
    /// `whsec_…`: HMAC-SHA256, signature `v1`.
    Symmetric(Box<hmac::Key>),
    /// `whsk_…`: Ed25519, signature `v1a`.
    Asymmetric(Box<Ed25519KeyPair>),
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Symmetric(_) => "WebhookSecret::Symmetric(…)",
            Self::Asymmetric(_) => "WebhookSecret::Asymmetric(…)",
        })
    }
}

impl std::str::FromStr for WebhookSecret {
    type Err = SecretError;

    /// Reads `whsec_<base64>` or `whsk_<base64>`; any other text is itself the symmetric secret. White space around it is
    /// ignored.
    fn from_str(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        let decoded = |encoded: &str| STANDARD.decode(encoded).map_err(|_| SecretError::Encoding);
        if let Some(encoded) = text.strip_prefix("whsk_") {
            let key = decoded(encoded)?;
            let pair = match key.split_at_checked(32) {
                Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed),
                Some((seed, public)) if public.len() == 32 => {
                    Ed25519KeyPair::from_seed_and_public_key(seed, public)
                }
                _ => return Err(SecretError::Length),
            };
            return pair.map(|pair| Self::Asymmetric(Box::new(pair))).map_err(|_| SecretError::Key);
        }
        let secret = match text.strip_prefix("whsec_") {
            Some(encoded) => decoded(encoded)?,
            None => text.as_bytes().to_vec(),
        };
        if !SECRET_BYTES.contains(&secret.len()) {
            return Err(SecretError::Length);
        }
        Ok(Self::Symmetric(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &secret))))
    }
}

impl WebhookSecret {
    /// The `webhook-signature` of a body; `id` has no full stop, `timestamp` is in seconds since the epoch.
    #[must_use]
    pub fn signature(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut signed = format!("{id}.{timestamp}.").into_bytes();
        signed.extend_from_slice(body);
        match self {
            Self::Symmetric(key) => format!("v1,{}", STANDARD.encode(hmac::sign(key, &signed))),
            Self::Asymmetric(pair) => format!("v1a,{}", STANDARD.encode(pair.sign(&signed))),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, KeyPair, UnparsedPublicKey};

    use super::*;

    /// The vector that the reference libraries of Standard Webhooks share.
    #[test]
    fn the_reference_vector_is_reproduced() {
        let secret: WebhookSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".parse().unwrap();
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        assert_eq!(
            secret.signature("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        );
    }

    #[test]
    fn an_ed25519_signature_verifies_with_the_public_key() {
        let secret: WebhookSecret = format!("whsk_{}", STANDARD.encode([7u8; 32])).parse().unwrap();
        let WebhookSecret::Asymmetric(pair) = &secret else { panic!("whsk_ is asymmetric") };
        let signature = secret.signature("msg_1", 5, b"{}");
        let bytes = STANDARD.decode(signature.strip_prefix("v1a,").unwrap()).unwrap();
        UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref()).verify(b"msg_1.5.{}", &bytes).unwrap();
    }

    #[test]
    fn what_is_no_secret_is_named_without_showing_it() {
        let fault = |text: &str| text.parse::<WebhookSecret>().map(|_| ()).unwrap_err();
        assert_eq!(fault("whsec_***"), SecretError::Encoding);
        assert_eq!(fault("whsec_AAAA"), SecretError::Length);
        assert_eq!(fault("whsk_AAAA"), SecretError::Length);
        assert_eq!(fault("short"), SecretError::Length);
        assert!("a passphrase of more than 24 bytes".parse::<WebhookSecret>().is_ok());
        let secret: WebhookSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".parse().unwrap();
        assert!(!format!("{secret:?}").contains("C2FV"));
    }
}
