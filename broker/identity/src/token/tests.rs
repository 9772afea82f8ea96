//! What a token says is what was signed, for as long as it was meant to be.

use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A new key, with its file's bytes.
fn key() -> (TokenKeys, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token.key");
    (TokenKeys::load_or_create(&path).unwrap(), fs::read(&path).unwrap())
}

fn mint(keys: &TokenKeys) -> String {
    keys.mint_on_host(&"dana".parse().unwrap(), at(0), SignedDuration::from_secs(60)).unwrap()
}

/// What a good token says, as JSON.
fn said() -> Value {
    json!({
        "sub": "dana", "jti": "a", "iat": 0, "exp": 60, "iss": "chaperone", "aud": "chaperone-api", "host_minted": true,
    })
}

/// Claims signed with the right key and algorithm.
fn signed(pkcs8: &[u8], claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, &EncodingKey::from_ed_der(pkcs8)).unwrap()
}

#[test]
fn a_token_speaks_until_its_second_and_only_for_its_key() {
    let (keys, _) = key();
    let token = mint(&keys);
    let claims = keys.verify(&token, at(59)).unwrap();
    assert_eq!((claims.sub.as_str(), claims.iat, claims.exp, claims.host_minted), ("dana", 0, 60, true));
    assert!(matches!(keys.verify(&token, at(60)), Err(TokenError::Expired)));
    assert!(matches!(key().0.verify(&token, at(1)), Err(TokenError::Invalid)));
    assert_ne!(claims.jti, keys.verify(&mint(&keys), at(1)).unwrap().jti, "each has its own name");
}

#[test]
fn only_eddsa_is_accepted_whatever_the_header_says() {
    let (keys, pkcs8) = key();
    let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap();
    let public = pair.public_key().as_ref();
    let claims = said();
    assert!(keys.verify(&signed(&pkcs8, &claims), at(1)).is_ok());

    // A verifier that lets the token choose would check this with the public key, which everybody may know.
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let forged =
            jsonwebtoken::encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(public))
                .unwrap();
        assert!(matches!(keys.verify(&forged, at(1)), Err(TokenError::Invalid)), "{algorithm:?}");
    }
    let good = signed(&pkcs8, &claims);
    let (payload, signature) = good.split_once('.').unwrap().1.split_once('.').unwrap();
    for header in
        [r#"{"alg":"none"}"#, r#"{"alg":"NONE","typ":"JWT"}"#, r#"{"alg":"ES256"}"#, r#"{"typ":"JWT"}"#]
    {
        for signature in ["", signature] {
            let forged = format!("{}.{payload}.{signature}", URL_SAFE_NO_PAD.encode(header));
            assert!(matches!(keys.verify(&forged, at(1)), Err(TokenError::Invalid)), "{header}");
        }
    }
}

#[test]
fn every_claim_is_needed_and_issuer_and_audience_are_ours() {
    let (keys, pkcs8) = key();
    for (name, wrong) in
        [("iss", "elsewhere"), ("aud", "chaperone-visit"), ("exp", "soon"), ("host_minted", "no")]
    {
        let mut claims = said();
        claims[name] = json!(wrong);
        assert!(matches!(keys.verify(&signed(&pkcs8, &claims), at(1)), Err(TokenError::Invalid)), "{name}");
    }
    for name in ["sub", "jti", "iat", "exp", "iss", "aud", "host_minted"] {
        let mut claims = said();
        claims.as_object_mut().unwrap().remove(name);
        assert!(matches!(keys.verify(&signed(&pkcs8, &claims), at(1)), Err(TokenError::Invalid)), "{name}");
    }
    let mut claims = said();
    claims["role"] = json!("administrator");
    assert!(
        keys.verify(&signed(&pkcs8, &claims), at(1)).is_err(),
        "a token says nothing of what its bearer may do"
    );
}

#[test]
fn the_key_is_made_once_whole_and_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token.key");
    assert!(matches!(TokenKeys::load(&path), Err(TokenError::File(_))));
    let token = mint(&TokenKeys::load_or_create(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let again = TokenKeys::load_or_create(&path).unwrap();
    assert!(again.verify(&token, at(1)).is_ok());
    assert_eq!(format!("{again:?}"), "TokenKeys(..)");
    keep(&path, b"another").unwrap();
    assert!(TokenKeys::load(&path).unwrap().verify(&token, at(1)).is_ok(), "the first key stands");
    fs::write(&path, "no key").unwrap();
    assert!(matches!(TokenKeys::load_or_create(&path), Err(TokenError::Key)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_panics_and_none_is_a_token(text in ".{0,300}", dots in "[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,90}") {
        let (keys, _) = key();
        for text in [text, dots, "a".repeat(MAX_BYTES + 1)] {
            prop_assert!(matches!(keys.verify(&text, at(1)), Err(TokenError::Invalid)));
        }
    }

    #[test]
    fn a_token_with_a_changed_byte_is_none(place in any::<prop::sample::Index>(), flip in 1u8..=255) {
        let (keys, _) = key();
        let mut bytes = mint(&keys).into_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(keys.verify(&changed, at(1)).is_err());
        }
    }
}
