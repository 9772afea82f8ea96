//! Host keys that are proposed for a target, until a second pair of eyes has looked. What counts is the target's own
//! document; a key gets there by [`Tx::approve_host_key`] alone, after two people, and leaves it by
//! [`Tx::retire_host_key`]. Every change is one conditional update, and a fact in the same command.

use chaperone_policy::{Endpoint, PersonId, SessionId, Target, TargetId};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::types::Uuid;

use crate::db::{exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// Proposals of one target that wait at once: a hostile server shows keys without end.
pub const MOST_PROPOSED: usize = 16;

/// Where a proposed key was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// Somebody gave it.
    Given,
    /// Somebody had the gate ask the server.
    Scanned,
    /// A server that was known by a pinned key announced it, and proved that it holds it.
    Announced,
    /// A server showed it in place of a pinned one, and was refused.
    Shown,
}

impl KeyOrigin {
    const ALL: [Self; 4] = [Self::Given, Self::Scanned, Self::Announced, Self::Shown];

    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Scanned => "scanned",
            Self::Announced => "announced",
            Self::Shown => "shown",
        }
    }
}

/// A key, or an authority over keys, that is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedKey {
    /// Whether it may sign host keys rather than be one.
    pub is_authority: bool,
    /// One OpenSSH public key line.
    pub line: String,
    /// `SHA256:…`.
    pub fingerprint: String,
    /// Where it was seen.
    pub origin: KeyOrigin,
}

/// A proposal that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProposal {
    /// For which target.
    pub target: TargetId,
    /// What.
    pub key: ProposedKey,
    /// Why.
    pub reason: String,
    /// Who stands for it; nobody while the gate alone proposes it.
    pub by: Option<PersonId>,
    /// Since when.
    pub at: Timestamp,
}

/// What came of a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyYes {
    /// It counts from now on.
    Pinned,
    /// The gate had proposed it: now somebody stands for it, and another must look.
    Seconded,
    /// Whoever proposed it cannot be the second pair of eyes.
    OwnProposal,
}

type Row = (Uuid, Uuid, bool, String, String, String, String, Option<Uuid>, i64);

impl Tx {
    /// Proposes keys for a target, by somebody or by the gate. Those that are pinned or wait already are left out, and
    /// those beyond [`MOST_PROPOSED`]. Returns how many are new; a fact for each.
    ///
    /// # Errors
    /// When the target is not there, or the database fails.
    pub async fn propose_host_keys(
        &mut self,
        target: TargetId,
        keys: &[ProposedKey],
        (by, session): (Option<PersonId>, Option<SessionId>),
        reason: &str,
    ) -> Result<usize, StoreError> {
        let known = self.target(target).await?;
        let mut waiting = self.waiting(target).await?;
        // What people have said no to is not proposed again by a machine.
        let unwanted = if by.is_none() { self.unwanted(target).await? } else { Vec::new() };
        let mut new = 0;
        for key in keys {
            let is_new = !is_pinned(&known, key)
                && !unwanted.contains(&key.line)
                && !waiting.iter().any(|(_, other)| other.key.line == key.line);
            if !is_new || waiting.len() >= MOST_PROPOSED {
                continue;
            }
            let id = Uuid::now_v7();
            exec!(
                &mut self.conn,
                "INSERT INTO host_key_proposals
                     (id, target_id, is_authority, line, fingerprint, origin, reason, state, by_id, at_us)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 'waits', $8, $9)",
                id,
                target.0,
                key.is_authority,
                key.line.as_str(),
                key.fingerprint.as_str(),
                key.origin.as_str(),
                reason,
                by.map(|id| id.0),
                self.now.as_microsecond()
            )?;
            let (key, reason, at) = (key.clone(), reason.to_owned(), self.now);
            let proposal = KeyProposal { target, key, reason, by, at };
            let fact = NewFact { session, ..proposal.fact(FactKind::HostKeyProposed, by, at, json!({})) };
            self.fact(fact).await?;
            waiting.push((id, proposal));
            new += 1;
        }
        Ok(new)
    }

    /// Somebody's yes to a key that waits. Two people see each key before it counts: whoever proposed it, or first
    /// stood for what the gate proposed, and another. `None` where none waits under this fingerprint. A fact.
    ///
    /// # Errors
    /// When the target is not there, or the database fails.
    pub async fn approve_host_key(
        &mut self,
        target: TargetId,
        fingerprint: &str,
        by: PersonId,
        reason: &str,
    ) -> Result<Option<KeyYes>, StoreError> {
        let Some((id, proposal)) = self.proposal(target, fingerprint).await? else { return Ok(None) };
        let Some(proposer) = proposal.by else {
            let stood = exec!(
                &mut self.conn,
                "UPDATE host_key_proposals SET by_id = $2, reason = $3 WHERE id = $1 AND state = 'waits' AND by_id IS NULL",
                id,
                by.0,
                reason
            )?;
            let said = json!({ "seconded": true, "reason": reason });
            self.fact(proposal.fact(FactKind::HostKeyProposed, Some(by), self.now, said)).await?;
            return Ok((stood == 1).then_some(KeyYes::Seconded));
        };
        if proposer == by {
            return Ok(Some(KeyYes::OwnProposal));
        }
        if !self.answer(id, "approved", by).await? {
            return Ok(None);
        }
        let mut known = self.target(target).await?;
        for endpoint in &mut known.endpoints {
            if let Endpoint::Ssh { host_keys, reach, .. } = endpoint {
                let lines = if proposal.key.is_authority { &mut reach.authorities } else { &mut *host_keys };
                if !lines.contains(&proposal.key.line) {
                    lines.push(proposal.key.line.clone());
                }
            }
        }
        let said = json!({ "proposed_by": proposer, "reason": reason });
        self.fact(proposal.fact(FactKind::HostKeyApproved, Some(by), self.now, said)).await?;
        let why = format!("the host key {fingerprint} was proposed by one engineer and approved by another");
        self.change_target(&known, by, &why).await?;
        Ok(Some(KeyYes::Pinned))
    }

    /// Somebody's no to a key that waits, or taking back one's own. `false` where none waits. A fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refuse_host_key(
        &mut self,
        target: TargetId,
        fingerprint: &str,
        by: PersonId,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let Some((id, proposal)) = self.proposal(target, fingerprint).await? else { return Ok(false) };
        if !self.answer(id, "refused", by).await? {
            return Ok(false);
        }
        let said = json!({ "reason": reason });
        self.fact(proposal.fact(FactKind::HostKeyRefused, Some(by), self.now, said)).await.map(|_| true)
    }

    /// Takes a pinned key, or an authority, away. `line` is as it is pinned. `false` where it is not. A fact.
    ///
    /// # Errors
    /// When the target is not there, or the database fails.
    pub async fn retire_host_key(
        &mut self,
        target: TargetId,
        (line, fingerprint): (&str, &str),
        by: PersonId,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let mut known = self.target(target).await?;
        let mut retired = false;
        for endpoint in &mut known.endpoints {
            if let Endpoint::Ssh { host_keys, reach, .. } = endpoint {
                let before = host_keys.len() + reach.authorities.len();
                host_keys.retain(|pinned| pinned != line);
                reach.authorities.retain(|pinned| pinned != line);
                retired |= host_keys.len() + reach.authorities.len() != before;
            }
        }
        if !retired {
            return Ok(false);
        }
        let body = json!({ "fingerprint": fingerprint, "key": line, "reason": reason });
        self.fact(NewFact::new(FactKind::HostKeyRetired, self.now, body).by(by).on(target)).await?;
        exec!(
            &mut self.conn,
            "INSERT INTO host_key_proposals
                 (id, target_id, is_authority, line, fingerprint, origin, reason, state, by_id, at_us)
             VALUES ($1, $2, $3, $4, $5, 'given', $6, 'retired', $7, $8)",
            Uuid::now_v7(),
            target.0,
            false,
            line,
            fingerprint,
            reason,
            by.0,
            self.now.as_microsecond()
        )?;
        self.change_target(&known, by, reason).await.map(|()| true)
    }

    async fn answer(&mut self, id: Uuid, state: &str, by: PersonId) -> Result<bool, StoreError> {
        let answered = exec!(
            &mut self.conn,
            "UPDATE host_key_proposals SET state = $2, answered_by = $3, answered_us = $4
             WHERE id = $1 AND state = 'waits'",
            id,
            state,
            by.0,
            self.now.as_microsecond()
        )?;
        Ok(answered == 1)
    }

    async fn proposal(
        &mut self,
        target: TargetId,
        fingerprint: &str,
    ) -> Result<Option<(Uuid, KeyProposal)>, StoreError> {
        let waiting = self.waiting(target).await?;
        Ok(waiting.into_iter().find(|(_, proposal)| proposal.key.fingerprint == fingerprint))
    }

    /// Keys that somebody has refused or retired.
    async fn unwanted(&mut self, target: TargetId) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = sql!(
            fetch_all &mut self.conn, (String,),
            "SELECT line FROM host_key_proposals WHERE target_id = $1 AND state IN ('refused', 'retired')",
            target.0
        )?;
        Ok(rows.into_iter().map(|(line,)| line).collect())
    }

    async fn waiting(&mut self, target: TargetId) -> Result<Vec<(Uuid, KeyProposal)>, StoreError> {
        let rows: Vec<Row> = sql!(
            fetch_all &mut self.conn, Row,
            "SELECT id, target_id, is_authority, line, fingerprint, origin, reason, by_id, at_us FROM host_key_proposals
             WHERE target_id = $1 AND state = 'waits' ORDER BY at_us, id",
            target.0
        )?;
        rows.into_iter().map(proposal).collect()
    }
}

impl Store {
    /// The keys that wait for a second pair of eyes, of all targets, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn host_key_proposals(&self) -> Result<Vec<KeyProposal>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> = sql!(
            fetch_all &mut conn, Row,
            "SELECT id, target_id, is_authority, line, fingerprint, origin, reason, by_id, at_us FROM host_key_proposals
             WHERE state = 'waits' ORDER BY at_us, id"
        )?;
        rows.into_iter().map(|row| proposal(row).map(|(_, proposal)| proposal)).collect()
    }
}

impl KeyProposal {
    fn fact(&self, kind: FactKind, by: Option<PersonId>, at: Timestamp, more: Value) -> NewFact {
        let key = &self.key;
        let mut body = json!({
            "fingerprint": key.fingerprint, "key": key.line, "authority": key.is_authority,
            "origin": key.origin.as_str(), "reason": self.reason,
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        NewFact { person: by, ..NewFact::new(kind, at, body).on(self.target) }
    }
}

fn proposal(row: Row) -> Result<(Uuid, KeyProposal), StoreError> {
    let (id, target, is_authority, line, fingerprint, origin, reason, by, at) = row;
    let corrupt = || StoreError::Corrupt { what: "host key proposal", source: None };
    let origin = KeyOrigin::ALL.into_iter().find(|known| known.as_str() == origin).ok_or_else(corrupt)?;
    let proposal = KeyProposal {
        target: TargetId(target),
        key: ProposedKey { is_authority, line, fingerprint, origin },
        reason,
        by: by.map(PersonId),
        at: Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH),
    };
    Ok((id, proposal))
}

fn is_pinned(target: &Target, key: &ProposedKey) -> bool {
    target.endpoints.iter().any(|endpoint| match endpoint {
        Endpoint::Ssh { host_keys, reach, .. } => {
            if key.is_authority {
                reach.authorities.contains(&key.line)
            } else {
                host_keys.contains(&key.line)
            }
        }
        Endpoint::Tls { .. } | Endpoint::Tcp { .. } => false,
    })
}
