//! What people prove themselves with on the web and as a second factor. The store sees hashes and ciphertext only.

use std::collections::BTreeMap;

use chaperone_policy::{PersonId, Role, SessionId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::types::Uuid;

use crate::db::{exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// What a person has enrolled.
#[derive(Clone, PartialEq, Eq)]
pub struct FactorRow {
    /// Argon2id in PHC form.
    pub password: String,
    /// The TOTP secret, sealed.
    pub totp: Vec<u8>,
    /// Last time step whose code was accepted.
    pub totp_step: i64,
    /// Hashes of unspent recovery codes, as JSON.
    pub recovery: String,
}

impl std::fmt::Debug for FactorRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FactorRow").field("totp_step", &self.totp_step).finish_non_exhaustive()
    }
}

/// An enrolment link that has not been used.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentRow {
    /// Whom it enrols.
    pub person: PersonId,
    /// Hash of the token in the link.
    pub token: Vec<u8>,
    /// The TOTP secret that it offers, sealed.
    pub totp: Vec<u8>,
    /// First instant in which it is worth nothing.
    pub expires: Timestamp,
}

impl std::fmt::Debug for EnrolmentRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolmentRow").field("person", &self.person).finish_non_exhaustive()
    }
}

/// Whether somebody can sign in on the web, and when they last did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// When they last signed in.
    pub last_sign_in: Option<Timestamp>,
}

/// How long the first of the two words of a reset stands.
const RESET_STANDS: SignedDuration = SignedDuration::from_hours(24);

/// What became of the word of one of the two people who reset somebody's factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Somebody of the other role is waited for.
    Waiting,
    /// Both have said it: the factors are gone.
    Done,
}

fn at(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH)
}

type Factors = (String, Vec<u8>, i64, String);
type Enrolment = (Uuid, Vec<u8>, Vec<u8>, i64);

impl Store {
    /// What the person has enrolled, if anything.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn factors(&self, person: PersonId) -> Result<Option<FactorRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(
            fetch_optional &mut conn, Factors,
            "SELECT password, totp, totp_step, recovery FROM factors WHERE person_id = $1", person.0
        )?;
        Ok(row.map(|(password, totp, totp_step, recovery)| FactorRow { password, totp, totp_step, recovery }))
    }

    /// Everybody who can sign in on the web.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn enrolled(&self) -> Result<BTreeMap<PersonId, Enrolled>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<(Uuid, Option<i64>)> = sql!(
            fetch_all &mut conn, (Uuid, Option<i64>), "SELECT person_id, last_sign_in_us FROM factors"
        )?;
        let enrolled =
            |(person, last): (Uuid, Option<i64>)| (PersonId(person), Enrolled { last_sign_in: last.map(at) });
        Ok(rows.into_iter().map(enrolled).collect())
    }

    /// The enrolment behind a link, if it has not been used or replaced.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn enrolment(&self, token: &[u8]) -> Result<Option<EnrolmentRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(
            fetch_optional &mut conn, Enrolment,
            "SELECT person_id, token, totp, expires_us FROM enrolments WHERE token = $1", token.to_vec()
        )?;
        Ok(row.map(|(person, token, totp, expires)| EnrolmentRow {
            person: PersonId(person),
            token,
            totp,
            expires: at(expires),
        }))
    }

    /// When this key last proved its second factor from this address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ssh_proof(
        &self,
        person: PersonId,
        fingerprint: &str,
        source: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(
            fetch_optional &mut conn, (i64,),
            "SELECT proven_us FROM ssh_proofs WHERE person_id = $1 AND fingerprint = $2 AND source = $3",
            person.0, fingerprint, source
        )?;
        Ok(row.map(|(us,)| at(us)))
    }
}

impl Tx {
    /// Makes a link that enrols somebody, in place of one that was made before; a fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_enrolment(
        &mut self,
        row: &EnrolmentRow,
        by: Option<PersonId>,
    ) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "INSERT INTO enrolments (person_id, token, totp, expires_us) VALUES ($1, $2, $3, $4)
             ON CONFLICT (person_id) DO UPDATE SET token = $2, totp = $3, expires_us = $4",
            row.person.0,
            row.token.clone(),
            row.totp.clone(),
            row.expires.as_microsecond()
        )?;
        let body = json!({ "by": by, "expires": row.expires });
        self.fact(NewFact::new(FactKind::EnrolmentMade, self.now, body).by(row.person)).await.map(drop)
    }

    /// Spends a link and enrols its person with these factors; `false` when somebody else spent it first. A fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enrol(&mut self, row: &EnrolmentRow, factors: &FactorRow) -> Result<bool, StoreError> {
        let spent = exec!(&mut self.conn, "DELETE FROM enrolments WHERE token = $1", row.token.clone())?;
        if spent != 1 {
            return Ok(false);
        }
        exec!(
            &mut self.conn,
            "INSERT INTO factors (person_id, password, totp, totp_step, recovery, enrolled_us)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (person_id) DO UPDATE SET password = $2, totp = $3, totp_step = $4, recovery = $5, enrolled_us = $6",
            row.person.0,
            factors.password.as_str(),
            factors.totp.clone(),
            factors.totp_step,
            factors.recovery.as_str(),
            self.now.as_microsecond()
        )?;
        let left = self.forget_sign_ins(row.person).await?;
        self.end_visits_left(row.person, &left).await?;
        self.fact(NewFact::new(FactKind::FactorsEnrolled, self.now, json!({})).by(row.person)).await?;
        Ok(true)
    }

    /// Spends a TOTP time step; `false` when it, or a later one, was spent already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn spend_totp(&mut self, person: PersonId, step: i64) -> Result<bool, StoreError> {
        let spent = exec!(
            &mut self.conn,
            "UPDATE factors SET totp_step = $2 WHERE person_id = $1 AND totp_step < $2",
            person.0,
            step
        )?;
        Ok(spent == 1)
    }

    /// Spends a recovery code: puts the list without it in place of the list with it; `false` when that has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn spend_recovery(
        &mut self,
        person: PersonId,
        before: &str,
        after: &str,
    ) -> Result<bool, StoreError> {
        let spent = exec!(
            &mut self.conn,
            "UPDATE factors SET recovery = $3 WHERE person_id = $1 AND recovery = $2",
            person.0,
            before,
            after
        )?;
        Ok(spent == 1)
    }

    /// Keeps that a key's second factor was proven from an address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_ssh_proof(
        &mut self,
        person: PersonId,
        fingerprint: &str,
        source: &str,
    ) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "INSERT INTO ssh_proofs (person_id, fingerprint, source, proven_us) VALUES ($1, $2, $3, $4)
             ON CONFLICT (person_id, fingerprint, source) DO UPDATE SET proven_us = $4",
            person.0,
            fingerprint,
            source,
            self.now.as_microsecond()
        )?;
        Ok(())
    }

    /// Keeps when somebody last signed in.
    pub(crate) async fn signed_in(&mut self, person: PersonId) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "UPDATE factors SET last_sign_in_us = $2 WHERE person_id = $1",
            person.0,
            self.now.as_microsecond()
        )?;
        Ok(())
    }

    /// One of the two people who take somebody's factors away says so, in a role; the second of another role, and
    /// another person, does it. Each is a fact. The first word stands for a day, and only while `stands` says so of whoever
    /// gave it: they may have been locked since, or have another role.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reset(
        &mut self,
        person: PersonId,
        by: PersonId,
        role: Role,
        reason: &str,
        stands: impl Fn(PersonId) -> bool,
    ) -> Result<Reset, StoreError> {
        let asked = sql!(
            fetch_optional &mut self.conn, (Uuid, String, i64),
            "SELECT by_id, role, at_us FROM resets WHERE person_id = $1", person.0
        )?;
        let body = json!({ "by": by, "role": role.as_str(), "reason": reason });
        let second = asked.filter(|(first, first_role, at_us)| {
            let first = PersonId(*first);
            let fresh = self.now.duration_since(at(*at_us)) < RESET_STANDS;
            first != by && first_role != role.as_str() && fresh && stands(first)
        });
        if second.is_none() {
            exec!(
                &mut self.conn,
                "INSERT INTO resets (person_id, by_id, role, reason, at_us) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (person_id) DO UPDATE SET by_id = $2, role = $3, reason = $4, at_us = $5",
                person.0,
                by.0,
                role.as_str(),
                reason,
                self.now.as_microsecond()
            )?;
            self.fact(NewFact::new(FactKind::ResetAsked, self.now, body).by(person)).await?;
            return Ok(Reset::Waiting);
        }
        exec!(&mut self.conn, "DELETE FROM resets WHERE person_id = $1", person.0)?;
        exec!(&mut self.conn, "DELETE FROM factors WHERE person_id = $1", person.0)?;
        let left = self.forget_sign_ins(person).await?;
        self.end_visits_left(person, &left).await?;
        self.fact(NewFact::new(FactKind::FactorsReset, self.now, body).by(person)).await?;
        Ok(Reset::Done)
    }

    /// New factors, or none: whoever is signed in with the old ones is no more. Returns the visits to consoles which that
    /// leaves.
    pub(crate) async fn forget_sign_ins(&mut self, person: PersonId) -> Result<Vec<SessionId>, StoreError> {
        let left = self.end_web_sessions_of(person).await?;
        exec!(&mut self.conn, "DELETE FROM ssh_proofs WHERE person_id = $1", person.0)?;
        Ok(left)
    }
}
