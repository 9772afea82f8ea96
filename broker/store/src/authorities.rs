//! A company's authorities, and what of its certificates is believed no more. Each change bumps the policy version and is
//! a fact in the same command.

use std::collections::{BTreeMap, BTreeSet};

use chaperone_policy::{Authority, PersonId, Revoked, VendorId};
use jiff::Timestamp;
use serde_json::json;
use sqlx::types::Uuid;

use crate::db::{Conn, exec, sql};
use crate::records::found;
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// A certificate that is believed no more, with who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedRow {
    /// Which.
    pub what: Revoked,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

fn stored(what: &Revoked) -> (&'static str, String) {
    match what {
        Revoked::Serial(serial) => ("serial", serial.to_string()),
        Revoked::KeyId(id) => ("key-id", id.clone()),
        Revoked::Key(fingerprint) => ("key", fingerprint.clone()),
    }
}

/// One that cannot be read must not count as none.
fn revoked(kind: &str, value: String) -> Result<Revoked, StoreError> {
    let corrupt = || StoreError::Corrupt { what: "revoked certificate", source: None };
    match kind {
        "serial" => value.parse().map(Revoked::Serial).map_err(|_| corrupt()),
        "key-id" => Ok(Revoked::KeyId(value)),
        "key" => Ok(Revoked::Key(value)),
        _ => Err(corrupt()),
    }
}

/// Everything that is believed no more, by company.
pub(crate) async fn all_revoked(
    conn: &mut Conn,
) -> Result<BTreeMap<VendorId, BTreeSet<Revoked>>, StoreError> {
    let rows: Vec<(Uuid, String, String)> = sql!(
        fetch_all conn, (Uuid, String, String), "SELECT vendor_id, kind, value FROM revoked_certificates"
    )?;
    let mut all = BTreeMap::<VendorId, BTreeSet<Revoked>>::new();
    for (vendor, kind, value) in rows {
        all.entry(VendorId(vendor)).or_default().insert(revoked(&kind, value)?);
    }
    Ok(all)
}

impl Store {
    /// What of a company's certificates is believed no more, the newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn revoked_certificates(&self, vendor: VendorId) -> Result<Vec<RevokedRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows = sql!(
            fetch_all &mut conn, (String, String, String, Uuid, i64),
            "SELECT kind, value, reason, by_id, at_us FROM revoked_certificates WHERE vendor_id = $1
             ORDER BY at_us DESC, kind, value",
            vendor.0
        )?;
        rows.into_iter()
            .map(|(kind, value, reason, by, at)| {
                let at = Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
                Ok(RevokedRow { what: revoked(&kind, value)?, reason, by: PersonId(by), at })
            })
            .collect()
    }
}

impl Tx {
    /// Adds an authority, by somebody.
    ///
    /// # Errors
    /// When its key speaks for a company already.
    pub async fn add_authority(&mut self, authority: &Authority, by: PersonId) -> Result<(), StoreError> {
        let doc = serde_json::to_string(authority).map_err(StoreError::corrupt("authority"))?;
        exec!(
            &mut self.conn,
            "INSERT INTO authorities (id, vendor_id, fingerprint, doc) VALUES ($1, $2, $3, $4)",
            authority.id.0,
            authority.vendor.0,
            authority.fingerprint.as_str(),
            doc
        )
        .map_err(StoreError::from)
        .map_err(|error| match error {
            StoreError::Duplicate(_) => StoreError::Duplicate(authority.fingerprint.clone()),
            other => other,
        })?;
        self.policy_changed();
        let fact = NewFact::new(FactKind::AuthorityAdded, self.now, json!({ "authority": authority })).by(by);
        self.fact(fact.of_vendor(authority.vendor)).await.map(drop)
    }

    /// Withdraws an authority, by somebody: no certificate of it is believed any more.
    ///
    /// # Errors
    /// When there is none.
    pub async fn withdraw_authority(
        &mut self,
        authority: &Authority,
        by: PersonId,
        reason: &str,
    ) -> Result<(), StoreError> {
        let gone = exec!(&mut self.conn, "DELETE FROM authorities WHERE id = $1", authority.id.0)?;
        found(gone, "authority")?;
        self.policy_changed();
        let body = json!({ "authority": authority, "reason": reason });
        let fact = NewFact::new(FactKind::AuthorityWithdrawn, self.now, body).by(by);
        self.fact(fact.of_vendor(authority.vendor)).await.map(drop)
    }

    /// Believes a company's certificate no more, by somebody. One that was revoked already stays so, and is no second fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_certificate(
        &mut self,
        vendor: VendorId,
        what: &Revoked,
        by: PersonId,
        reason: &str,
    ) -> Result<(), StoreError> {
        let (kind, value) = stored(what);
        let added = exec!(
            &mut self.conn,
            "INSERT INTO revoked_certificates (vendor_id, kind, value, reason, by_id, at_us)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (vendor_id, kind, value) DO NOTHING",
            vendor.0,
            kind,
            value.as_str(),
            reason,
            by.0,
            self.now.as_microsecond()
        )?;
        if added == 0 {
            return Ok(());
        }
        self.policy_changed();
        let body = json!({ "kind": kind, "value": value, "reason": reason });
        let fact = NewFact::new(FactKind::CertificateRevoked, self.now, body).by(by);
        self.fact(fact.of_vendor(vendor)).await.map(drop)
    }
}
