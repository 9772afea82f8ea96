//! The second factor at the SSH door: a code of the authenticator, asked for by keyboard-interactive (RFC 4256) after the
//! key, and not again for some hours from the same key and address.

use std::net::IpAddr;

use chaperone_identity::{FactorError, Factors, ProvenPerson};
use jiff::{SignedDuration, Timestamp};

/// From whom a second factor is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// From everybody; who has enrolled none fails.
    Always,
    /// From whoever has enrolled one.
    WhenEnrolled,
    /// From nobody.
    Never,
}

/// Asks for second factors.
#[derive(Clone)]
pub struct SecondFactor {
    /// Checks codes.
    pub factors: Factors,
    /// From whom one is asked.
    pub demand: Demand,
    /// How long one does for the same key from the same address.
    pub lasts: SignedDuration,
}

/// What is left to prove beside the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing; how the second factor was shown, if one was.
    Nothing(Option<&'static str>),
    /// A code.
    Code,
    /// Nobody can say: the database does not answer. Then nobody is let in, and the technician reads why.
    Unknown,
}

impl SecondFactor {
    /// What somebody still has to show who has proven a key.
    pub(crate) async fn left(&self, proven: &ProvenPerson, source: IpAddr, now: Timestamp) -> Left {
        if self.demand == Demand::Never {
            return Left::Nothing(None);
        }
        let enrolled = match self.factors.has_second(proven.person()).await {
            Ok(enrolled) => enrolled,
            Err(_) => return Left::Unknown,
        };
        if !enrolled {
            return if self.demand == Demand::Always { Left::Code } else { Left::Nothing(None) };
        }
        match self.factors.shown_lately(proven, source, self.lasts, now).await {
            Ok(true) => Left::Nothing(Some("totp-earlier")),
            Ok(false) => Left::Code,
            Err(_) => Left::Unknown,
        }
    }

    /// Checks a code, and keeps that it was shown.
    pub(crate) async fn check(
        &self,
        proven: &ProvenPerson,
        code: &str,
        source: IpAddr,
        now: Timestamp,
    ) -> Result<&'static str, FactorError> {
        let second = self.factors.prove_beside_key(proven, code, source, now).await?;
        self.factors.keep_shown(proven, source).await?;
        Ok(second.as_str())
    }
}
