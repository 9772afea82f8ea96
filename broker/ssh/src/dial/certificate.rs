//! Minting the certificate of one sign-in: a fresh key, and the user CA's word for it in the terms of the session's mandate
//! (OpenSSH's PROTOCOL.certkeys). Nothing is granted that the mandate does not name; forwarding never is.

use chaperone_session::Mandate;
use russh::keys::PrivateKey;
use russh::keys::key::safe_rng;
use russh::keys::ssh_key::certificate::{Builder, CertType, Certificate};
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::ssh_key::{Algorithm, Error};

/// A fresh key with its certificate.
///
/// # Errors
/// When the terms have no form, such as an end before the beginning.
pub(super) fn mint(mandate: &Mandate) -> Result<(PrivateKey, Certificate), Error> {
    let mut random = safe_rng();
    let key = PrivateKey::random(&mut random, Algorithm::Ed25519)?;
    let authority =
        PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(mandate.authority.seed())), "")?;
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
