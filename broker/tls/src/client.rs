//! What a technician's certificate says, once somebody who holds its key has shown it: who, for which window, until when.
//! It is read by the rules that `issue` writes by, and whatever else is in it is no certificate of this gate's.

use chaperone_policy::{Login, PersonId, WindowId};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use uuid::Uuid;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::authority::{VISIT_BYTES, fingerprint};

const PERSON: &str = "urn:uuid:";
const WINDOW: &str = "urn:chaperone:window:";
/// Longest certificate that is read, in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// A technician's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    pub login: Login,
    pub person: PersonId,
    pub window: WindowId,
    /// Hexadecimal, as the fact of its issue names it.
    pub serial: String,
    /// What stays of the serial when it is renewed: of one visit are all that share it.
    pub visit: String,
    /// The last second in which it is valid.
    pub until: Timestamp,
    pub fingerprint: String,
}

/// What can be told of a certificate that proves nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claimed {
    /// The common name, as it is.
    pub name: String,
    pub fingerprint: String,
}

impl Claimed {
    /// Of a certificate of anybody's.
    pub(crate) fn of(der: &CertificateDer<'_>) -> Self {
        let fingerprint = fingerprint(der);
        let parsed = (der.len() <= MAX_BYTES).then(|| X509Certificate::from_der(der).ok()).flatten();
        let name = parsed.and_then(|(_, parsed)| Some(common_name(&parsed)?.to_owned()));
        Self { name: name.unwrap_or_default(), fingerprint }
    }
}

impl ClientCertificate {
    /// Reads one whose signature, validity and use have been verified; `None` where it says not exactly one person and one
    /// window.
    pub(crate) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        if der.len() > MAX_BYTES {
            return None;
        }
        let (rest, parsed) = X509Certificate::from_der(der).ok()?;
        let usage = parsed.extended_key_usage().ok()??.value;
        if !rest.is_empty() || !usage.client_auth || usage.any || parsed.is_ca() {
            return None;
        }
        let names = &parsed.subject_alternative_name().ok()??.value.general_names;
        let uris = || {
            names.iter().filter_map(|name| match name {
                GeneralName::URI(uri) => Some(*uri),
                _ => None,
            })
        };
        let one = |prefix: &str| {
            let mut found = uris().filter_map(|uri| uri.strip_prefix(prefix));
            let id: Uuid = found.next()?.parse().ok()?;
            found.next().is_none().then_some(id)
        };
        Some(Self {
            login: common_name(&parsed)?.parse().ok()?,
            person: PersonId(one(PERSON)?),
            window: WindowId(one(WINDOW)?),
            serial: hex::encode(parsed.raw_serial()),
            visit: hex::encode(parsed.raw_serial().get(..VISIT_BYTES)?),
            until: Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()?,
            fingerprint: fingerprint(der),
        })
    }
}

/// The one common name of its subject.
fn common_name<'a>(parsed: &'a X509Certificate<'_>) -> Option<&'a str> {
    let mut names = parsed.subject().iter_common_name();
    let name = names.next()?.as_str().ok()?;
    names.next().is_none().then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let der = CertificateDer::from(bytes);
            prop_assert_eq!(ClientCertificate::read(&der), None);
            prop_assert!(!Claimed::of(&der).fingerprint.is_empty());
        }
    }
}
