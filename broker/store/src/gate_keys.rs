//! Keys of the gate that all nodes on a database share: the store has their public halves and the vault's ciphertext.

use serde_json::json;

use crate::db::{exec, sql};
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

impl Store {
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
