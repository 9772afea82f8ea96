//! Web consoles: each link opens one once, on whichever node it is followed, and signing out leaves those that the sign-in
//! has opened. And proofs that were good once and are over, technicians' certificates among them: their visit was stopped, or
//! its holder has left it.

use std::collections::BTreeSet;

use chaperone_policy::{PersonId, SessionId};
use jiff::{SignedDuration, Timestamp};
use sqlx::types::Uuid;

use crate::db::{Conn, exec, sql};
use crate::facts::body_of;
use crate::{FactKind, Store, StoreError, Tx};

/// How long a console that was opened is kept: longer than its window can go on, which is open by then, with its overrun.
const KEPT: SignedDuration = SignedDuration::from_hours(33 * 24);
/// How much longer than it is good a link is kept: clocks of nodes differ by less.
const LATE: SignedDuration = SignedDuration::from_mins(1);
/// Rows that are worth nothing any more and go with one command.
const SWEPT: i64 = 100;

/// A link to a web console that somebody was given.
#[derive(Clone, Debug)]
pub struct NewConsole {
    /// What visits of the console will be entered with.
    pub proof: String,
    /// Whose it is.
    pub person: PersonId,
    /// What asked for it, and signs it out again: a browser session, by its id, or an API token, by its name; `None` of
    /// neither.
    pub sign_in: Option<Vec<u8>>,
    /// First second in which the link is worth nothing.
    pub until: Timestamp,
}

/// What following a link came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// It opens its console: for the first time, and the last.
    Opens,
    /// It was followed before, or is not known.
    Before,
    /// Its holder has signed out.
    SignedOut,
}

/// Why a proof that was good once enters no visit any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofOver {
    /// Somebody has stopped a visit of it.
    Stopped,
    /// Its holder has left or signed out, or was locked or given new factors.
    Left,
}

/// Whether somebody has stopped a visit of a proof, or is about to: the order stands before the visit has ended, and also
/// where its node did not live to obey it.
const STOPPED: &str = "SELECT s.id FROM sessions s WHERE s.proof = $1
    AND (s.end_reason = 'stopped'
         OR EXISTS (SELECT 1 FROM facts f WHERE f.session_id = s.id AND f.kind = 'session-stop-asked')) LIMIT 1";
const LEFT: &str = "SELECT left_us FROM consoles WHERE proof = $1 AND left_us IS NOT NULL";

async fn proof_over(conn: &mut Conn, proof: &str) -> Result<Option<ProofOver>, StoreError> {
    let stopped: Option<(Uuid,)> = sql!(fetch_optional conn, (Uuid,), STOPPED, proof)?;
    if stopped.is_some() {
        return Ok(Some(ProofOver::Stopped));
    }
    let left: Option<(i64,)> = sql!(fetch_optional conn, (i64,), LEFT, proof)?;
    Ok(left.map(|_| ProofOver::Left))
}

impl Store {
    /// Why a proof enters no visit any more, if it does not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn proof_over(&self, proof: &str) -> Result<Option<ProofOver>, StoreError> {
        proof_over(&mut self.shared().db.conn().await?, proof).await
    }
}

impl Tx {
    /// The same, as this transaction sees it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn proof_over(&mut self, proof: &str) -> Result<Option<ProofOver>, StoreError> {
        proof_over(&mut self.conn, proof).await
    }

    /// Keeps that somebody was given a link. Some that are worth nothing any more go.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn offer_console(&mut self, new: &NewConsole) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "DELETE FROM consoles WHERE proof IN (SELECT proof FROM consoles WHERE until_us < $1 ORDER BY until_us LIMIT $2)",
            self.now.as_microsecond(),
            SWEPT
        )?;
        exec!(
            &mut self.conn,
            "INSERT INTO consoles (proof, person_id, sign_in, until_us) VALUES ($1, $2, $3, $4)",
            new.proof.as_str(),
            new.person.0,
            new.sign_in.clone(),
            later(new.until, LATE)
        )?;
        Ok(())
    }

    /// Follows a link. Of several who follow it at once, on whichever nodes, it opens for one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn follow_console(&mut self, proof: &str) -> Result<Followed, StoreError> {
        let opened = exec!(
            &mut self.conn,
            "UPDATE consoles SET opened_us = $2, until_us = $3
             WHERE proof = $1 AND opened_us IS NULL AND left_us IS NULL",
            proof,
            self.now.as_microsecond(),
            later(self.now, KEPT)
        )?;
        if opened == 1 {
            return Ok(Followed::Opens);
        }
        let unopened: Option<(String,)> = sql!(
            fetch_optional &mut self.conn, (String,),
            "SELECT proof FROM consoles WHERE proof = $1 AND opened_us IS NULL", proof
        )?;
        Ok(if unopened.is_some() { Followed::SignedOut } else { Followed::Before })
    }

    /// The holder of a console has left it for good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leave_console(&mut self, proof: &str) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "UPDATE consoles SET left_us = $2 WHERE proof = $1 AND left_us IS NULL",
            proof,
            self.now.as_microsecond()
        )?;
        Ok(())
    }

    /// Leaves the consoles that somebody opened from one browser session, or with one token. Returns their visits that are on: whoever writes
    /// the fact names them in it, and every node ends its own.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn leave_consoles_of_sign_in(
        &mut self,
        sign_in: &[u8],
    ) -> Result<Vec<SessionId>, StoreError> {
        let visits: Vec<(Uuid,)> = sql!(
            fetch_all &mut self.conn, (Uuid,),
            "SELECT id FROM sessions WHERE proof IS NOT NULL AND ended_us IS NULL
               AND proof IN (SELECT proof FROM consoles WHERE sign_in = $1) ORDER BY id",
            sign_in.to_vec()
        )?;
        exec!(
            &mut self.conn,
            "UPDATE consoles SET left_us = $2 WHERE sign_in = $1 AND left_us IS NULL",
            sign_in.to_vec(),
            self.now.as_microsecond()
        )?;
        Ok(visits.into_iter().map(|(id,)| SessionId(id)).collect())
    }

    /// The same, from any of their browser sessions, and with any of their tokens; and what the certificates may have entered
    /// that they were given.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn leave_consoles_of(&mut self, person: PersonId) -> Result<Vec<SessionId>, StoreError> {
        let visits: Vec<(Uuid,)> = sql!(
            fetch_all &mut self.conn, (Uuid,),
            "SELECT id FROM sessions WHERE proof IS NOT NULL AND ended_us IS NULL
               AND proof IN (SELECT proof FROM consoles WHERE person_id = $1 AND sign_in IS NOT NULL) ORDER BY id",
            person.0
        )?;
        exec!(
            &mut self.conn,
            "UPDATE consoles SET left_us = $2 WHERE person_id = $1 AND sign_in IS NOT NULL AND left_us IS NULL",
            person.0,
            self.now.as_microsecond()
        )?;
        let mut visits: Vec<SessionId> = visits.into_iter().map(|(id,)| SessionId(id)).collect();
        for proof in self.certificates_of(person).await? {
            visits.extend(self.leave_certificate(person, &proof).await?);
        }
        Ok(visits)
    }

    /// The certificates of somebody that may be worth something now, as their proofs.
    async fn certificates_of(&mut self, person: PersonId) -> Result<Vec<String>, StoreError> {
        let since = self.now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let issued: Vec<(Option<String>,)> = sql!(
            fetch_all &mut self.conn, (Option<String>,),
            "SELECT body FROM facts WHERE person_id = $1 AND kind = $2 AND at_us >= $3 ORDER BY number",
            person.0,
            FactKind::CertificateIssued.as_str(),
            since.as_microsecond()
        )?;
        let issued = issued.into_iter().filter_map(|(document,)| {
            let body = body_of(&document?).ok()?;
            serde_json::from_value::<Issued>(body).ok()
        });
        // One that is over may have a visit that goes on, and may be renewed.
        let proofs: BTreeSet<String> =
            issued.map(|issued| format!("certificate:{}", issued.renews.unwrap_or(issued.serial))).collect();
        Ok(proofs.into_iter().collect())
    }

    /// Leaves what a certificate may have entered. Returns its visits that are on.
    async fn leave_certificate(
        &mut self,
        person: PersonId,
        proof: &str,
    ) -> Result<Vec<SessionId>, StoreError> {
        let visits: Vec<(Uuid,)> = sql!(
            fetch_all &mut self.conn, (Uuid,),
            "SELECT id FROM sessions WHERE proof = $1 AND ended_us IS NULL ORDER BY id", proof
        )?;
        exec!(
            &mut self.conn,
            "INSERT INTO consoles (proof, person_id, opened_us, left_us, until_us) VALUES ($1, $2, $3, $3, $4)
             ON CONFLICT (proof) DO NOTHING",
            proof,
            person.0,
            self.now.as_microsecond(),
            later(self.now, KEPT)
        )?;
        Ok(visits.into_iter().map(|(id,)| SessionId(id)).collect())
    }
}

/// What the fact of a technician's certificate says of it.
#[derive(serde::Deserialize)]
struct Issued {
    serial: String,
    /// The first certificate of its visit, where it is not that: the proof of both is that one's serial.
    #[serde(default)]
    renews: Option<String>,
}

fn later(at: Timestamp, by: SignedDuration) -> i64 {
    at.checked_add(by).unwrap_or(Timestamp::MAX).as_microsecond()
}
