//! The authority that vouches for servers which are reached through the gate (`ssh -J`): the gate ends such a connection
//! itself, under the server's name, with a certificate over a key of its own. One `@cert-authority` line in a technician's
//! `known_hosts` makes `StrictHostKeyChecking=yes` work for all servers behind the gate.
//!
//! Whoever holds this key can pass for any server towards the technicians who trust the line; it opens nothing here.

use chaperone_policy::TargetName;
use jiff::{SignedDuration, Timestamp};
use russh::keys::PrivateKey;
use russh::keys::ssh_key::certificate::{Builder, CertType};
use russh::keys::ssh_key::{Certificate, PublicKey};
use uuid::Uuid;

use crate::host_key::{HostKey, HostKeyError};

/// A certificate holds this long before and after it is made: longer than any visit, and technicians' clocks differ.
const HOLDS: SignedDuration = SignedDuration::from_hours(24);

/// The host certificate authority.
pub struct HostAuthority {
    authority: PrivateKey,
}

/// Why a certificate cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HostAuthorityError {
    /// The key is none.
    #[error("the host authority's key cannot be read")]
    Key(#[from] HostKeyError),
    /// A time before 1970.
    #[error("the clock is before 1970")]
    Time,
    /// The certificate's form.
    #[error("a host certificate cannot be made")]
    Form(#[source] russh::keys::ssh_key::Error),
}

impl HostAuthority {
    /// The authority with this key.
    #[must_use]
    pub fn new(key: HostKey) -> Self {
        Self { authority: key.into_private() }
    }

    /// What a technician's `known_hosts` needs: one line, for all servers behind the gate.
    ///
    /// # Errors
    /// When the public half cannot be encoded.
    pub fn known_hosts_line(public: &str) -> Result<String, HostKeyError> {
        let key: PublicKey = public.trim().parse().map_err(HostKeyError::Form)?;
        let mut bare = PublicKey::new(key.key_data().clone(), "");
        bare.set_comment("chaperone-host-ca");
        Ok(format!("@cert-authority * {}", bare.to_openssh().map_err(HostKeyError::Form)?))
    }

    /// A certificate that says: this key is this server's, for a day.
    pub(crate) fn certificate(
        &self,
        host: &PublicKey,
        target: &TargetName,
        now: Timestamp,
    ) -> Result<Certificate, HostAuthorityError> {
        let second = |at: Timestamp| u64::try_from(at.as_second()).map_err(|_| HostAuthorityError::Time);
        let from = second(now.checked_sub(HOLDS).map_err(|_| HostAuthorityError::Time)?)?;
        let until = second(now.checked_add(HOLDS).map_err(|_| HostAuthorityError::Time)?)?;
        // Two random ids: 32 bytes that nobody else has (PROTOCOL.certkeys asks for some, against collisions).
        let nonce: Vec<u8> = [Uuid::new_v4(), Uuid::new_v4()].iter().flat_map(|id| *id.as_bytes()).collect();
        let mut builder = Builder::new(nonce, host, from, until).map_err(HostAuthorityError::Form)?;
        builder
            .cert_type(CertType::Host)
            .and_then(|builder| builder.key_id(format!("chaperone:{target}")))
            .and_then(|builder| builder.valid_principal(target.as_str()))
            .map_err(HostAuthorityError::Form)?;
        builder.sign(&self.authority).map_err(HostAuthorityError::Form)
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::HashAlg;

    use super::*;

    fn key(seed: u8) -> HostKey {
        HostKey::from_seed(&[seed; 32], "test").unwrap()
    }

    #[test]
    fn a_certificate_is_for_one_name_and_one_day_and_of_this_authority() {
        let authority = HostAuthority::new(key(1));
        let host = key(2).into_private();
        let now: Timestamp = "2026-11-25T22:00:00Z".parse().unwrap();
        let made = authority.certificate(host.public_key(), &"alaris-sm-01".parse().unwrap(), now).unwrap();
        assert_eq!(made.cert_type(), CertType::Host);
        assert_eq!(made.valid_principals(), ["alaris-sm-01"]);
        assert_eq!(made.public_key(), host.public_key().key_data());
        assert!(made.critical_options().is_empty() && made.extensions().is_empty());
        let seconds = u64::try_from(now.as_second()).unwrap();
        let print = key(1).into_private().public_key().fingerprint(HashAlg::Sha256);
        assert!(made.validate_at(seconds, [&print]).is_ok());
        assert!(made.validate_at(seconds + 86_401, [&print]).is_err());
        assert!(made.validate_at(seconds - 86_401, [&print]).is_err());
        let other = key(3).into_private().public_key().fingerprint(HashAlg::Sha256);
        assert!(made.validate_at(seconds, [&other]).is_err());
    }

    #[test]
    fn the_line_for_known_hosts_has_the_key_and_no_more() {
        let public = key(1).public_line().unwrap();
        let line = HostAuthority::known_hosts_line(&format!("{public}\n")).unwrap();
        let blob = public.split(' ').nth(1).unwrap();
        assert_eq!(line, format!("@cert-authority * ssh-ed25519 {blob} chaperone-host-ca"));
        assert!(HostAuthority::known_hosts_line("no key").is_err());
    }
}
