//! What a TLS handshake asks about a client's certificate, for one connection: is it the gate's own, is it in time, does the
//! client hold its key, and does the schedule let them in.
//!
//! Everything is answered where the client proves that it holds the key, and not before: whatever is wrong with a proof, it
//! fails there with the same alert (P9). Only a good proof learns the schedule's verdict, as the alert `access_denied`
//! (RFC 8446 §6.2): a handshake is the last thing that can say why. A certificate dies with its window: one that is over lets
//! nobody in, and still says who has come too late.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
};

use crate::client::{Claimed, ClientCertificate};
use crate::provider::provider;

/// What a proof that fails is told, whatever is wrong with it.
const NO_PROOF: Error = Error::InvalidCertificate(CertificateError::BadEncoding);
/// What somebody is told whom the schedule does not let in.
const REFUSED: Error = Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);

/// Verifies against the gate's authority, and the one that takes its place.
#[derive(Clone)]
pub(crate) struct ClientTrust(Arc<dyn ClientCertVerifier>);

/// What a door's handshakes verify against: each takes it as it is then, and none is cut when it changes.
pub(crate) struct Trusted(RwLock<ClientTrust>);

/// What becomes of one certificate whose key the client holds.
pub(crate) trait Judge: Send + Sync {
    /// Whether this person is let in now; never with a certificate that is over. Never waits.
    fn judge(&self, certificate: &ClientCertificate, is_over: bool) -> Judgement;
}

/// What a judge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// They are let in.
    LetIn,
    /// The schedule does not let them in, and they may know.
    Refused,
    /// Nobody is who the certificate names: it proves nothing.
    Nobody,
}

/// One connection's verifier.
pub(crate) struct Verifier<J> {
    trust: ClientTrust,
    judge: J,
    seen: Mutex<Seen>,
}

/// What the client has shown.
#[derive(Debug, Default)]
pub(crate) enum Seen {
    /// Nothing yet.
    #[default]
    Nothing,
    /// A certificate, and what is wrong with it, if anything is.
    Shown { claimed: Claimed, fault: Fault },
    /// That it holds the key of a good one.
    Proven(ClientCertificate),
    /// A proof that failed.
    Failed { claimed: Claimed, why: String },
}

/// What is wrong with a certificate, before its holder has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It is over, and nothing else: it still says who its holder is, and lets nobody in.
    Over,
    /// It proves nothing.
    Of(String),
}

/// No client can be verified.
#[derive(Debug, thiserror::Error)]
#[error("the authority's certificate cannot verify clients")]
pub struct ClientTrustError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl ClientTrust {
    /// Trusts certificates of these authorities.
    pub(crate) fn in_authorities(authorities: &[CertificateDer<'static>]) -> Result<Self, ClientTrustError> {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority.clone()).map_err(|error| ClientTrustError(error.into()))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        Ok(Self(verifier.map_err(|error| ClientTrustError(error.into()))?))
    }

    /// What is wrong with a certificate, of which nobody has shown the key yet.
    pub(crate) fn judges(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Fault {
        let verify = |now| self.0.verify_client_cert(certificate, intermediates, now);
        match verify(now) {
            Ok(_) => Fault::None,
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                // Whatever else may be wrong with it is asked as of its last second.
                verify(not_after).map_or_else(|error| Fault::Of(error.to_string()), |_| Fault::Over)
            }
            Err(error) => Fault::Of(error.to_string()),
        }
    }
}

impl Trusted {
    pub(crate) fn new(trust: ClientTrust) -> Self {
        Self(RwLock::new(trust))
    }

    pub(crate) fn now(&self) -> ClientTrust {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From the next handshake on, this is what counts.
    pub(crate) fn is_now(&self, trust: ClientTrust) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = trust;
    }
}

impl<J: Judge> Verifier<J> {
    pub(crate) fn new(trust: ClientTrust, judge: J) -> Arc<Self> {
        Arc::new(Self { trust, judge, seen: Mutex::default() })
    }

    /// What was shown so far; once.
    pub(crate) fn take_seen(&self) -> Seen {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn judge(&self) -> &J {
        &self.judge
    }

    /// The client has signed: what of it?
    fn signed(
        &self,
        certificate: &CertificateDer<'_>,
        signature: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (claimed, fault) = match std::mem::take(&mut *seen) {
            Seen::Shown { claimed, fault } => (claimed, fault),
            _ => (Claimed::of(certificate), Fault::Of("it was not verified".to_owned())),
        };
        let fails = |why: String| (Seen::Failed { claimed, why }, Err(NO_PROOF));
        let (shown, answer) = match (fault, signature, ClientCertificate::read(certificate)) {
            (Fault::Of(why), _, _) => fails(why),
            (_, Err(error), _) => fails(format!("its key was not shown: {error}")),
            (_, _, None) => fails("it is no technician's".to_owned()),
            (fault, Ok(valid), Some(read)) => {
                let answer = match self.judge.judge(&read, fault == Fault::Over) {
                    Judgement::LetIn => Ok(valid),
                    Judgement::Refused => Err(REFUSED),
                    Judgement::Nobody => Err(NO_PROOF),
                };
                (Seen::Proven(read), answer)
            }
        };
        *seen = shown;
        answer
    }
}

impl<J: Judge> ClientCertVerifier for Verifier<J> {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.trust.0.root_hint_subjects()
    }

    /// Never fails here: what is wrong is told once the client has signed.
    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let fault = self.trust.judges(certificate, intermediates, now);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            Seen::Shown { claimed: Claimed::of(certificate), fault };
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(certificate, self.trust.0.verify_tls12_signature(message, certificate, signature))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(certificate, self.trust.0.verify_tls13_signature(message, certificate, signature))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.0.supported_verify_schemes()
    }
}

impl<J> fmt::Debug for Verifier<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
