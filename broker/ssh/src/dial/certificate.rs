//! Minting the certificate of one sign-in: a fresh key, and the user CA's word for it in the terms of the session's mandate
//! (OpenSSH's PROTOCOL.certkeys). Nothing is granted that the mandate does not name; forwarding never is.

use chaperone_session::{Mandate, UserCa};
use russh::keys::PrivateKey;
use russh::keys::key::safe_rng;
use russh::keys::ssh_key::certificate::{Builder, CertType, Certificate};
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::ssh_key::{Algorithm, Error};

/// A fresh key with its certificate.
///
/// # Errors
/// When the terms have no form, such as an end before the beginning.
pub(super) fn mint(mandate: &Mandate, authority: &UserCa) -> Result<(PrivateKey, Certificate), Error> {
    let mut random = safe_rng();
    let key = PrivateKey::random(&mut random, Algorithm::Ed25519)?;
    let authority = PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(authority.seed())), "")?;
    let seconds = |at: jiff::Timestamp| u64::try_from(at.as_second()).unwrap_or(0);
    let public = key.public_key().key_data().clone();
    let (from, until) = (seconds(mandate.from), seconds(mandate.until));
    let mut terms = Builder::new_with_random_nonce(&mut random, public, from, until)?;
    terms.serial(mandate.serial)?;
    terms.cert_type(CertType::User)?;
    terms.key_id(mandate.key_id.as_str())?;
    terms.valid_principal(mandate.principal.as_str())?;
    if !mandate.sources.is_empty() {
        terms.critical_option("source-address", mandate.sources.join(","))?;
    }
    if mandate.terminal {
        terms.extension("permit-pty", "")?;
    }
    Ok((key, terms.sign(&authority)?))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use russh::keys::HashAlg;
    use russh::keys::ssh_key::PublicKey;

    use super::*;

    fn mandate(sources: &[&str], terminal: bool) -> Mandate {
        Mandate {
            authorities: Vec::new(),
            serial: 4711,
            key_id: "chaperone visit 1".to_owned(),
            principal: "svc".parse().unwrap(),
            from: Timestamp::from_second(1_000).unwrap(),
            until: Timestamp::from_millisecond(2_000_999).unwrap(),
            sources: sources.iter().map(|source| (*source).to_owned()).collect(),
            terminal,
        }
    }

    fn seven() -> UserCa {
        UserCa::from_seed([7; 32])
    }

    fn options(map: &russh::keys::ssh_key::certificate::OptionsMap) -> Vec<(String, String)> {
        map.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    #[test]
    fn a_certificate_says_what_its_mandate_says_and_no_more() {
        let (key, certificate) = mint(&mandate(&["192.0.2.7", "::1"], true), &seven()).unwrap();
        assert_eq!(certificate.public_key(), key.public_key().key_data());
        assert_eq!((certificate.cert_type(), certificate.serial()), (CertType::User, 4711));
        assert_eq!(certificate.key_id(), "chaperone visit 1");
        assert_eq!(certificate.valid_principals(), ["svc"]);
        assert_eq!((certificate.valid_after(), certificate.valid_before()), (1_000, 2_000));
        let bound = [("source-address".to_owned(), "192.0.2.7,::1".to_owned())];
        assert_eq!(options(certificate.critical_options()), bound);
        assert_eq!(options(certificate.extensions()), [("permit-pty".to_owned(), String::new())]);
        let authority = KeypairData::Ed25519(Ed25519Keypair::from_seed(&[7; 32]));
        let authority =
            PublicKey::from(PrivateKey::new(authority, "").unwrap().public_key().key_data().clone());
        let print = authority.fingerprint(HashAlg::Sha256);
        assert!(certificate.validate_at(1_500, [&print]).is_ok());
        assert!(certificate.validate_at(2_000, [&print]).is_err(), "it has died");
        assert!(certificate.validate_at(999, [&print]).is_err());
    }

    #[test]
    fn without_a_terminal_or_an_address_nothing_is_granted_and_nothing_bound() {
        let (first, certificate) = mint(&mandate(&[], false), &seven()).unwrap();
        assert!(options(certificate.critical_options()).is_empty());
        assert!(options(certificate.extensions()).is_empty());
        let (second, _) = mint(&mandate(&[], false), &seven()).unwrap();
        assert_ne!(first.public_key(), second.public_key(), "each dial has a fresh key");
    }
}
