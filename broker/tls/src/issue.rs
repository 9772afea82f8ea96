//! What the gate's authorities sign. Three kinds of certificate, and none can pass for another:
//!
//! | for | by | says |
//! |---|---|---|
//! | the gate's doors | the gate's authority | `serverAuth`, the gate's own names |
//! | a technician in a window | the gate's authority | `clientAuth`, who and in which window, and no name of a host |
//! | `chaperone connect` on a technician's machine | the authority that only they trust | `serverAuth`, no name of the gate |
//!
//! A technician's certificates die with the window that they are for, and none lives longer than a day.

use std::net::IpAddr;

use chaperone_policy::{Login, PersonId, WindowId};
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    PublicKeyData, SanType,
};
use rustls::pki_types::ServerName;

use crate::authority::{Authority, AuthorityError, renewed_serial, serial, span};
use crate::renewal::Renewal;
use crate::{PublicKey, ServerTls, ServerTlsError};

/// Longest life of a technician's certificate.
pub const LIFE: SignedDuration = SignedDuration::from_hours(24);
/// How far clocks may be behind the gate's.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// How long a certificate of the gate's own doors is valid.
pub const SERVER_LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Whom a technician's certificate is for.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Their sign-in name.
    pub login: Login,
    /// Who they are.
    pub person: PersonId,
    /// In which window.
    pub window: WindowId,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The certificate.
    pub pem: String,
    /// Its serial, hexadecimal, as facts name it.
    pub serial: String,
    /// First instant in which it is worth nothing.
    pub until: Timestamp,
}

/// Why no certificate is issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// It would be worth nothing.
    #[error("the window is over")]
    Over,
    /// A name that no certificate can carry.
    #[error("{0:?} is no name that a certificate can carry")]
    Name(String),
    /// A name of the gate itself.
    #[error("{0:?} is a name of the gate, which nobody else is given")]
    OfTheGate(String),
    /// The making.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The serving.
    #[error(transparent)]
    Server(#[from] ServerTlsError),
}

impl Authority {
    /// A certificate for the gate's doors: its domain, and all names one below `tls.` and `web.` of it.
    ///
    /// # Errors
    /// When the domain is none, or the system has no randomness.
    pub fn for_the_gate(
        &self,
        domain: &str,
        key: &impl PublicKeyData,
        now: Timestamp,
    ) -> Result<Issued, IssueError> {
        let names = [domain.to_owned(), format!("*.tls.{domain}"), format!("*.web.{domain}")];
        let mut params = params(domain, ExtendedKeyUsagePurpose::ServerAuth)?;
        for name in names {
            params.subject_alt_names.push(host(&name)?);
        }
        self.issue(params, key, now, later(now, SERVER_LIFE))
    }

    /// A key of the moment, with a certificate for the gate's doors: kept in memory only, since the next start makes another.
    ///
    /// # Errors
    /// When the domain is none, or the system has no randomness.
    pub fn door_certificate(&self, domain: &str, now: Timestamp) -> Result<ServerTls, IssueError> {
        let key = rcgen::KeyPair::generate().map_err(AuthorityError::Make)?;
        let issued = self.for_the_gate(domain, &key, now)?;
        Ok(ServerTls::from_own(&issued.pem, key.serialize_der())?)
    }

    /// A certificate that says who somebody is, for the doors of one window. One that renews another is of the same visit.
    ///
    /// # Errors
    /// When the window is over, or the system has no randomness.
    pub fn for_technician(
        &self,
        holder: &Holder,
        key: &PublicKey,
        renews: Option<&Renewal>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Issued, IssueError> {
        let mut params = params(holder.login.as_str(), ExtendedKeyUsagePurpose::ClientAuth)?;
        for uri in [format!("urn:uuid:{}", holder.person), format!("urn:chaperone:window:{}", holder.window)]
        {
            let uri = uri.as_str().try_into().map_err(AuthorityError::Make)?;
            params.subject_alt_names.push(SanType::URI(uri));
        }
        params.serial_number = renews.map(|renews| renewed_serial(&renews.visit)).transpose()?;
        self.issue(params, key, now, until.min(later(now, LIFE)))
    }

    /// A certificate for what a technician's machine serves to itself under the names of servers; never one of the gate's.
    ///
    /// # Errors
    /// When a name is the gate's or none, the window is over, or the system has no randomness.
    pub fn for_local(
        &self,
        names: &[String],
        domain: &str,
        key: &PublicKey,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Issued, IssueError> {
        let mut params = params("chaperone connect", ExtendedKeyUsagePurpose::ServerAuth)?;
        for name in names {
            if is_of(name, domain) {
                return Err(IssueError::OfTheGate(name.clone()));
            }
            params.subject_alt_names.push(host(name)?);
        }
        self.issue(params, key, now, until.min(later(now, LIFE)))
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        key: &impl PublicKeyData,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Issued, IssueError> {
        // Nothing that it vouches for outlives the authority.
        let until = until.min(self.ends());
        if until <= now {
            return Err(IssueError::Over);
        }
        span(&mut params, now.checked_sub(SKEW).unwrap_or(now), until);
        let number = match params.serial_number.take() {
            Some(number) => number,
            None => serial()?,
        };
        let serial = hex::encode(number.to_bytes());
        params.serial_number = Some(number);
        let signed = params.signed_by(key, &self.issuer).map_err(AuthorityError::Make)?;
        Ok(Issued { pem: signed.pem(), serial, until })
    }
}

/// Whether a name is the domain or lies in it; case and a dot at the end make no difference.
#[must_use]
pub fn is_of(name: &str, domain: &str) -> bool {
    let plain = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
    let (name, domain) = (plain(name), plain(domain));
    name == domain || name.strip_suffix(&domain).is_some_and(|label| label.ends_with('.'))
}

fn params(subject: &str, usage: ExtendedKeyUsagePurpose) -> Result<CertificateParams, IssueError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    // A common name has at most 64 characters (RFC 5280, upper bounds); who reads names reads the others.
    let subject: String = subject.chars().take(64).collect();
    params.distinguished_name.push(DnType::CommonName, subject);
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    Ok(params)
}

/// A host name or an address, as a certificate carries it.
fn host(name: &str) -> Result<SanType, IssueError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let wrong = || IssueError::Name(name.chars().filter(|c| !c.is_control()).take(253).collect());
    let plain = name.strip_prefix("*.").unwrap_or(name);
    if !matches!(ServerName::try_from(plain), Ok(ServerName::DnsName(_))) {
        return Err(wrong());
    }
    name.try_into().map(SanType::DnsName).map_err(|_| wrong())
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
