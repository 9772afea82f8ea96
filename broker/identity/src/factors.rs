//! Signing in on the web, second factors at the SSH gate, and how somebody gets the means for both.
//!
//! ```text
//!  administrator ─ invite ─► link (once, 72 h) ─ look ─ enrol: password + first code ─► recovery codes
//!  browser ─ sign_in: password, then code ─► Proven          ssh key ─ prove_beside_key ─► good for some hours, this address
//! ```

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chaperone_policy::{Login, PersonId, Reason};
use chaperone_store::{EnrolmentRow, FactorRow, Store, StoreError, WebSession};
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::failures::Failures;
use crate::limits::{self, Limits};
use crate::password::{Passwords, WeakPassword, strong};
use crate::proof::ProvenPerson;
use crate::totp::{self, Provision};

/// How long an enrolment link is worth something.
pub const LINK_LASTS: SignedDuration = SignedDuration::from_hours(72);

/// Seals and opens the secrets of people's authenticators: the vault, handed in.
pub trait Seals: Send + Sync {
    /// Seals a person's secret; `None` when it cannot.
    fn seal(&self, person: PersonId, secret: &[u8]) -> Option<Vec<u8>>;
    /// Opens what was sealed for the same person; `None` when it cannot.
    fn unseal(&self, person: PersonId, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}

/// Which second factor was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// A code of the authenticator.
    Totp,
    /// A recovery code, which is spent.
    Recovery,
}

impl Second {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Recovery => "recovery",
        }
    }
}

/// Why somebody was not let in, or not enrolled. The caller of a sign-in hears one text for all of `Failed` (P9).
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// A proof failed; the fact says which.
    #[error("the sign-in failed")]
    Failed(Reason),
    /// Too many have failed.
    #[error("too many sign-ins have failed; the next is looked at in {} s", .0.as_secs())]
    TooMany(SignedDuration),
    /// The link is not there, spent, replaced or over.
    #[error("this link is not valid any more")]
    Link,
    /// The code does not fit the new secret.
    #[error("the code does not fit; is the clock of the device right?")]
    Code,
    /// The password is not good enough.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// No randomness, or a sealed secret that does not open.
    #[error("a secret cannot be made or opened here")]
    Secret,
    /// The database.
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
}

/// A link that enrols somebody, as it is handed over once.
pub struct Invitation {
    /// What the link carries; only its hash is kept.
    pub token: Zeroizing<String>,
    /// First instant in which it is worth nothing.
    pub expires: Timestamp,
}

/// What is behind a link.
pub struct Offer {
    /// Whom it enrols.
    pub person: PersonId,
    /// What an authenticator app is told.
    pub provision: Provision,
    /// First instant in which it is worth nothing.
    pub expires: Timestamp,
}

/// People's factors on one node; cheap to clone.
#[derive(Clone)]
pub struct Factors(Arc<Shared>);

struct Shared {
    store: Store,
    seals: Box<dyn Seals>,
    passwords: Passwords,
    /// What fails at the front page, and what fails of codes, apart: nobody washes the one away with the other.
    limits: Limits,
    codes: Limits,
    failures: Failures,
    /// The hospital's gate, as authenticator apps show it.
    issuer: String,
}

impl Factors {
    /// Over a store; `issuer` is what authenticator apps show beside the login.
    #[must_use]
    pub fn new(store: Store, seals: Box<dyn Seals>, issuer: String) -> Self {
        let (limits, codes, failures) = (Limits::default(), Limits::default(), Failures::default());
        let passwords = Passwords::new();
        Self(Arc::new(Shared { store, seals, passwords, limits, codes, failures, issuer }))
    }

    /// What has failed at the SSH door.
    #[must_use]
    pub fn failures(&self) -> &Failures {
        &self.0.failures
    }

    /// Makes a link that enrols somebody, in place of one that was made before.
    ///
    /// # Errors
    /// When no secret can be made, or the database fails.
    pub async fn invite(
        &self,
        person: PersonId,
        by: Option<PersonId>,
        now: Timestamp,
    ) -> Result<Invitation, FactorError> {
        let secret = totp::new_secret().ok_or(FactorError::Secret)?;
        let sealed = self.0.seals.seal(person, &secret).ok_or(FactorError::Secret)?;
        let token = random().ok_or(FactorError::Secret)?;
        let expires = now.checked_add(LINK_LASTS).unwrap_or(Timestamp::MAX);
        let row = EnrolmentRow { person, token: hashed(&token), totp: sealed, expires };
        self.0.store.write(move |tx| Box::pin(async move { tx.put_enrolment(&row, by).await })).await?;
        Ok(Invitation { token, expires })
    }

    /// What is behind a link; looking spends nothing.
    ///
    /// # Errors
    /// When the link is worth nothing.
    pub async fn look(
        &self,
        token: &str,
        login: impl FnOnce(PersonId) -> Option<Login>,
        now: Timestamp,
    ) -> Result<Offer, FactorError> {
        let (row, secret) = self.behind(token, now).await?;
        let login = login(row.person).ok_or(FactorError::Link)?;
        let provision =
            totp::provision(&secret, &self.0.issuer, login.as_str()).ok_or(FactorError::Secret)?;
        Ok(Offer { person: row.person, provision, expires: row.expires })
    }

    /// Spends a link: the password, and a first code that shows that the authenticator has the secret. Returns the
    /// recovery codes, which nobody sees again.
    ///
    /// # Errors
    /// When the link, the password or the code is not good.
    pub async fn enrol(
        &self,
        token: &str,
        login: &Login,
        password: Zeroizing<String>,
        code: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, FactorError> {
        let (row, secret) = self.behind(token, now).await?;
        strong(&password, login.as_str())?;
        let totp_step = totp::step(&secret, &digits(code), now).ok_or(FactorError::Code)?;
        let (codes, recovery) = totp::recovery_codes().ok_or(FactorError::Secret)?;
        let password = self.0.passwords.hash(password).await.ok_or(FactorError::Secret)?;
        let factors = FactorRow { password, totp: row.totp.clone(), totp_step, recovery };
        let spent =
            self.0.store.write(move |tx| Box::pin(async move { tx.enrol(&row, &factors).await })).await?;
        if spent { Ok(codes) } else { Err(FactorError::Link) }
    }

    async fn behind(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(EnrolmentRow, Zeroizing<Vec<u8>>), FactorError> {
        let row = self.0.store.enrolment(&hashed(token)).await?;
        let row = row.filter(|row| now < row.expires).ok_or(FactorError::Link)?;
        let secret = self.0.seals.unseal(row.person, &row.totp).ok_or(FactorError::Secret)?;
        Ok((row, secret))
    }

    /// Proves somebody by password and code. Both are always looked at, and one that nobody has takes as long as one
    /// that somebody has; when the answer is sent is the caller's to keep from telling anything.
    ///
    /// # Errors
    /// [`FactorError::Failed`] with the reason for the fact; [`FactorError::TooMany`] before anything is looked at.
    pub async fn sign_in(
        &self,
        login: &str,
        person: Option<PersonId>,
        password: Zeroizing<String>,
        code: &str,
        source: IpAddr,
        now: Timestamp,
    ) -> Result<(PersonId, Second), FactorError> {
        let proof = self.both(person, password, code, now);
        counted(&self.0.limits, &limits::sign_in(login, source), now, proof).await
    }

    async fn both(
        &self,
        person: Option<PersonId>,
        password: Zeroizing<String>,
        code: &str,
        now: Timestamp,
    ) -> Result<(PersonId, Second), FactorError> {
        let row = match person {
            Some(person) => self.0.store.factors(person).await?,
            None => None,
        };
        let fits = self.0.passwords.fits(password, row.as_ref().map(|row| row.password.clone())).await;
        let Some(person) = person else { return Err(FactorError::Failed(Reason::UnknownPerson)) };
        match row {
            Some(row) if fits => Ok((person, self.second(person, &row, code, now).await?)),
            _ => Err(FactorError::Failed(Reason::Credential)),
        }
    }

    /// Proves the second factor of somebody who has proven a key.
    ///
    /// # Errors
    /// As [`Factors::sign_in`]; who has enrolled none fails.
    pub async fn prove_beside_key(
        &self,
        proven: &ProvenPerson,
        code: &str,
        source: IpAddr,
        now: Timestamp,
    ) -> Result<Second, FactorError> {
        let tried = limits::code_of_key(proven.person(), proven.fingerprint(), source);
        counted(&self.0.codes, &tried, now, self.code(proven.person(), code, now)).await
    }

    /// Proves the second factor of somebody again, in the browser that they are signed in with.
    ///
    /// # Errors
    /// As [`Factors::sign_in`]; who has enrolled none fails.
    pub async fn prove_again(
        &self,
        session: &WebSession,
        code: &str,
        now: Timestamp,
    ) -> Result<Second, FactorError> {
        let tried = limits::code_of_browser(session.person, &session.id);
        counted(&self.0.codes, &tried, now, self.code(session.person, code, now)).await
    }

    async fn code(&self, person: PersonId, code: &str, now: Timestamp) -> Result<Second, FactorError> {
        match self.0.store.factors(person).await? {
            Some(row) => self.second(person, &row, code, now).await,
            None => Err(FactorError::Failed(Reason::SecondFactor)),
        }
    }

    /// Whether somebody has enrolled a second factor.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_second(&self, person: PersonId) -> Result<bool, StoreError> {
        Ok(self.0.store.factors(person).await?.is_some())
    }

    /// Whether this key showed its second factor from this address within the time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn shown_lately(
        &self,
        proven: &ProvenPerson,
        source: IpAddr,
        within: SignedDuration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let source = source.to_canonical().to_string();
        let shown = self.0.store.ssh_proof(proven.person(), proven.fingerprint(), &source).await?;
        // One from the future proves nothing.
        Ok(shown.is_some_and(|at| at <= now && now.duration_since(at) < within))
    }

    /// Keeps that this key has just shown its second factor from this address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_shown(&self, proven: &ProvenPerson, source: IpAddr) -> Result<(), StoreError> {
        let (person, fingerprint) = (proven.person(), proven.fingerprint().to_owned());
        let source = source.to_canonical().to_string();
        let write = self
            .0
            .store
            .write(move |tx| Box::pin(async move { tx.put_ssh_proof(person, &fingerprint, &source).await }));
        write.await
    }

    /// Spends a code: of the authenticator, or a recovery code.
    async fn second(
        &self,
        person: PersonId,
        row: &FactorRow,
        code: &str,
        now: Timestamp,
    ) -> Result<Second, FactorError> {
        let failed = || FactorError::Failed(Reason::SecondFactor);
        let typed = digits(code);
        if typed.len() == 6 {
            let secret = self.0.seals.unseal(person, &row.totp).ok_or(FactorError::Secret)?;
            let step = totp::step(&secret, &typed, now).ok_or_else(failed)?;
            let spent =
                self.0.store.write(move |tx| Box::pin(async move { tx.spend_totp(person, step).await }));
            return if spent.await? { Ok(Second::Totp) } else { Err(failed()) };
        }
        let after = totp::without(&row.recovery, code).ok_or_else(failed)?;
        let before = row.recovery.clone();
        let spent = self
            .0
            .store
            .write(move |tx| Box::pin(async move { tx.spend_recovery(person, &before, &after).await }));
        if spent.await? { Ok(Second::Recovery) } else { Err(failed()) }
    }
}

/// Looks at a proof if its tries are not used up; only one that failed stays counted.
async fn counted<T>(
    limits: &Limits,
    tried: &limits::Counted,
    now: Timestamp,
    proof: impl Future<Output = Result<T, FactorError>>,
) -> Result<T, FactorError> {
    limits.take(tried, now).map_err(FactorError::TooMany)?;
    let proven = proof.await;
    if !matches!(proven, Err(FactorError::Failed(_))) {
        limits.give_back(tried);
    }
    proven
}

/// The code without the spaces that apps show in it, where it is one of digits.
fn digits(code: &str) -> String {
    let plain: String = code.chars().filter(|c| !c.is_whitespace()).take(64).collect();
    if plain.bytes().all(|byte| byte.is_ascii_digit()) { plain } else { String::new() }
}

/// A token of 256 bits.
#[must_use]
pub fn random() -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    aws_lc_rs::rand::fill(bytes.as_mut_slice()).ok()?;
    Some(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

/// What is kept of a token of 256 bits.
#[must_use]
pub fn hashed(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}
