//! Keys of the gate that all nodes on a database share: the store has their public halves and the vault's ciphertext.

use chaperone_policy::PersonId;
use jiff::Timestamp;
use serde_json::json;

use crate::db::{Conn, exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// A key of the gate.
#[derive(Clone, PartialEq, Eq)]
pub struct GateKey {
    /// Its public half, as one line that people can copy.
    pub public: String,
    /// The vault's ciphertext.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for GateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl Tx {
    /// Keeps a key under a name, unless there is one: whoever is first keeps it. `false` where there was one; a fact
    /// where there was none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_gate_key(&mut self, name: &str, key: &GateKey) -> Result<bool, StoreError> {
        let added = exec!(
            &mut self.conn,
            "INSERT INTO gate_keys (name, public, sealed, made_us) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
            name,
            key.public.as_str(),
            key.sealed.clone(),
            self.now.as_microsecond()
        )?;
        if added == 0 {
            return Ok(false);
        }
        let body = json!({ "key": name, "public": key.public });
        self.fact(NewFact::new(FactKind::GateKeyMade, self.now, body)).await.map(|_| true)
    }
}

/// The name of the key that takes another's place.
fn next(name: &str) -> String {
    format!("{name}-next")
}

/// When the key was made that waits to take the place of the one of this name.
async fn waits_since(conn: &mut Conn, name: &str) -> Result<Option<Timestamp>, StoreError> {
    let row: Option<(i64,)> =
        sql!(fetch_optional conn, (i64,), "SELECT made_us FROM gate_keys WHERE name = $1", next(name))?;
    Ok(row.and_then(|(us,)| Timestamp::from_microsecond(us).ok()))
}

impl Tx {
    /// When the key was made that waits to take the place of the one of this name, if one does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gate_key_waits_since(&mut self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        waits_since(&mut self.conn, name).await
    }

    /// Keeps the key that is to take another's place, on somebody's word: both count until that one is retired. `false` where
    /// one waits already; a fact where none did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn succeed_gate_key(
        &mut self,
        name: &str,
        key: &GateKey,
        (by, reason): (PersonId, &str),
    ) -> Result<bool, StoreError> {
        let added = exec!(
            &mut self.conn,
            "INSERT INTO gate_keys (name, public, sealed, made_us) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
            next(name),
            key.public.as_str(),
            key.sealed.clone(),
            self.now.as_microsecond()
        )?;
        if added == 0 {
            return Ok(false);
        }
        let body = json!({ "key": name, "public": key.public, "beside": true, "reason": reason });
        self.fact(NewFact::new(FactKind::GateKeyMade, self.now, body).by(by)).await.map(|_| true)
    }

    /// Retires a key, on somebody's word: from now on only the one that waited counts. `false` where none waits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retire_gate_key(
        &mut self,
        name: &str,
        (by, reason): (PersonId, &str),
    ) -> Result<bool, StoreError> {
        let waits = next(name);
        let known = sql!(
            fetch_all &mut self.conn, (String, String),
            "SELECT name, public FROM gate_keys WHERE name IN ($1, $2)", name, waits.as_str()
        )?;
        let public =
            |wanted: &str| known.iter().find(|(name, _)| name == wanted).map(|(_, public)| public.clone());
        let Some(stays) = public(&waits) else { return Ok(false) };
        let body = json!({ "key": name, "public": public(name), "stays": stays, "reason": reason });
        exec!(&mut self.conn, "DELETE FROM gate_keys WHERE name = $1", name)?;
        exec!(&mut self.conn, "UPDATE gate_keys SET name = $1 WHERE name = $2", name, waits.as_str())?;
        self.fact(NewFact::new(FactKind::GateKeyRetired, self.now, body).by(by)).await.map(|_| true)
    }
}

impl Store {
    /// When the key was made that waits to take the place of the one of this name, if one does.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn gate_key_waits_since(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        waits_since(&mut self.shared().db.conn().await?, name).await
    }

    /// The key that is to take the place of the one of this name, if there is one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_gate_key(&self, name: &str) -> Result<Option<GateKey>, StoreError> {
        self.gate_key(&next(name)).await
    }

    /// The key of this name, if there is one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn gate_key(&self, name: &str) -> Result<Option<GateKey>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(
            fetch_optional &mut conn, (String, Vec<u8>), "SELECT public, sealed FROM gate_keys WHERE name = $1", name
        )?;
        Ok(row.map(|(public, sealed)| GateKey { public, sealed }))
    }
}
