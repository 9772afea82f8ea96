//! Reads for the web what people declare of TLS services: the web knows no X.509.

use chaperone_tls::{Declared, Part, TargetTrust, TrustError, certificates_in};
use chaperone_web::wire::CertificateView;
use chaperone_web::{DeclaredTls, TlsFault, TlsPart, TlsReader};
use jiff::Timestamp;

use crate::cli::chain;

/// Reads by the TLS layer.
pub(super) struct Reads;

impl TlsReader for Reads {
    fn check(&self, declared: &DeclaredTls<'_>, now: Timestamp) -> Result<(), TlsFault> {
        let DeclaredTls { trust_pem, server_name, pins, client } = *declared;
        TargetTrust::check(&Declared { trust_pem, server_name, pins, client }, now)
            .map_err(|error| fault(&error))
    }

    fn certificates(&self, pem: &str) -> Vec<CertificateView> {
        let notes = certificates_in(pem).into_iter();
        notes
            .map(|note| CertificateView {
                subject: note.subject,
                fingerprint: note.fingerprint,
                until: note.until,
            })
            .collect()
    }
}

fn fault(error: &TrustError) -> TlsFault {
    let part = match error.part() {
        Part::Trust => TlsPart::Trust,
        Part::Name => TlsPart::ServerName,
        Part::Client => TlsPart::Client,
        Part::ClientKey => TlsPart::ClientKey,
    };
    TlsFault { part, why: chain(error) }
}
