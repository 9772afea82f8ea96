//! A database of either engine for one test, what one node keeps beside it, and how somebody would tamper with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::{Card, Endpoint, PersonId, Reach, Target, TargetId};
use chaperone_recorder::SigningKey;
use chaperone_store::{
    CommittedFact, FactFilter, FactKind, NewFact, Reaction, Store, StoreConfig, StoreError, StoreTasks, Tx,
};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::cluster::Cluster;

/// A database and its surroundings.
pub struct Place {
    pub folder: TempDir,
    pub cluster: Option<Cluster>,
    pub key: Arc<SigningKey>,
}

/// The tables of the ledger.
const LEDGER: [&str; 4] = ["facts", "ledger_nodes", "ledger_head", "checkpoints"];

/// Nothing reacts.
pub struct Calm;

impl Reaction for Calm {
    fn react<'t>(&'t self, _: &'t CommittedFact, _: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Place {
    pub async fn sqlite() -> Self {
        Self::migrated(None).await
    }

    pub async fn postgres() -> Option<Self> {
        let cluster = Cluster::start().await?;
        Some(Self::migrated(Some(cluster)).await)
    }

    async fn migrated(cluster: Option<Cluster>) -> Self {
        let key = Arc::new(SigningKey::generate().unwrap());
        let place = Self { folder: tempfile::tempdir().unwrap(), cluster, key };
        Store::migrate(&place.url()).await.unwrap();
        place
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("chaperone.db")
    }

    pub fn url(&self) -> String {
        match &self.cluster {
            Some(cluster) => cluster.url(),
            None => format!("sqlite:{}", self.file().display()),
        }
    }

    /// What a node keeps beside the database.
    pub fn beside(&self, node: &str) -> PathBuf {
        let folder = self.folder.path().join(node);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    pub async fn store(&self, node: &str) -> (Store, StoreTasks) {
        self.store_with(node, Arc::new(Calm)).await
    }

    pub async fn store_with(&self, node: &str, reaction: Arc<dyn Reaction>) -> (Store, StoreTasks) {
        self.try_store(node, reaction).await.unwrap()
    }

    pub async fn try_store(
        &self,
        node: &str,
        reaction: Arc<dyn Reaction>,
    ) -> Result<(Store, StoreTasks), StoreError> {
        let config = StoreConfig {
            url: self.url(),
            node: node.to_owned(),
            folder: self.beside(node),
            origin: "test.invalid/ledger".to_owned(),
            ledger_key: Arc::clone(&self.key),
        };
        Store::open(config, reaction).await
    }

    /// Runs statements as somebody who owns the database; how many rows the last one changed.
    pub async fn tamper(&self, statements: &[&str]) -> Result<u64, sqlx::Error> {
        let mut changed = 0;
        if self.cluster.is_some() {
            let mut conn = PgConnection::connect(&self.url()).await?;
            for text in statements {
                changed = sqlx::query(AssertSqlSafe(*text)).execute(&mut conn).await?.rows_affected();
            }
            conn.close().await?;
        } else {
            let mut conn = SqliteConnection::connect(&self.url()).await?;
            for text in statements {
                changed = sqlx::query(AssertSqlSafe(*text)).execute(&mut conn).await?.rows_affected();
            }
            conn.close().await?;
        }
        Ok(changed)
    }

    /// The key whose holder recognises a target's leaves.
    pub async fn tag_key(&self, target: TargetId) -> [u8; 32] {
        self.bytes("SELECT tag_key FROM targets WHERE id = $1", target.0).await.try_into().unwrap()
    }

    /// A fact's tags, one after the other.
    pub async fn tags(&self, number: u64) -> Vec<u8> {
        self.bytes("SELECT tags FROM facts WHERE number = $1", i64::try_from(number).unwrap()).await
    }

    async fn bytes<B>(&self, query: &'static str, key: B) -> Vec<u8>
    where
        B: for<'q> sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
        B: for<'q> sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
        B: Send + 'static,
    {
        if self.cluster.is_some() {
            let mut conn = PgConnection::connect(&self.url()).await.unwrap();
            sqlx::query_scalar(query).bind(key).fetch_one(&mut conn).await.unwrap()
        } else {
            let mut conn = SqliteConnection::connect(&self.url()).await.unwrap();
            sqlx::query_scalar(query).bind(key).fetch_one(&mut conn).await.unwrap()
        }
    }

    /// Takes the triggers away and keeps a copy of the ledger to go back to.
    pub async fn disarm(&self) {
        for table in LEDGER {
            match self.cluster {
                Some(_) => {
                    self.tamper(&[&format!("ALTER TABLE {table} DISABLE TRIGGER ALL")]).await.unwrap();
                }
                None => {
                    let mut conn = SqliteConnection::connect(&self.url()).await.unwrap();
                    let names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = $1";
                    let names: Vec<String> =
                        sqlx::query_scalar(names).bind(table).fetch_all(&mut conn).await.unwrap();
                    conn.close().await.unwrap();
                    for name in names {
                        self.tamper(&[&format!("DROP TRIGGER {name}")]).await.unwrap();
                    }
                }
            }
            self.tamper(&[&format!("CREATE TABLE {table}_copy AS SELECT * FROM {table}")]).await.unwrap();
        }
    }

    /// Restores the ledger from the copy: what a backup does.
    pub async fn restore(&self) {
        for table in LEDGER {
            let (empty, fill) =
                (format!("DELETE FROM {table}"), format!("INSERT INTO {table} SELECT * FROM {table}_copy"));
            self.tamper(&[&empty, &fill]).await.unwrap();
        }
    }

    /// Takes the database away.
    pub fn down(&mut self) {
        match &mut self.cluster {
            Some(cluster) => cluster.down(),
            None => std::fs::rename(self.file(), self.away()).unwrap(),
        }
    }

    /// Brings it back.
    pub async fn up(&mut self) {
        match &mut self.cluster {
            Some(cluster) => cluster.up().await,
            None => std::fs::rename(self.away(), self.file()).unwrap(),
        }
    }

    fn away(&self) -> PathBuf {
        self.folder.path().join("away.db")
    }
}

/// A fact that says a number.
pub fn said(number: u64) -> NewFact {
    NewFact::new(FactKind::AttemptRefused, Timestamp::now(), json!({ "number": number.to_string() }))
}

pub fn person() -> PersonId {
    PersonId(Uuid::now_v7())
}

pub fn target(name: &str) -> Target {
    let endpoint = Endpoint::Ssh {
        host: "127.0.0.1".to_owned(),
        port: 22,
        host_keys: vec!["ssh-ed25519 AAAA".to_owned()],
        accounts: vec!["svc".parse().unwrap()],
        reach: Reach::default(),
    };
    Target {
        id: TargetId(Uuid::now_v7()),
        name: name.parse().unwrap(),
        endpoints: vec![endpoint],
        card: Card::default(),
        approvals: Vec::new(),
        durable: false,
        observer_required: false,
        session_limit: None,
        uploads: chaperone_policy::Uploads::Direct,
    }
}

pub async fn add_target(store: &Store, target: &Target) {
    let target = target.clone();
    let added = store.write(move |tx| Box::pin(async move { tx.add_target(&target, person()).await })).await;
    added.unwrap();
}

/// All facts.
pub async fn facts(store: &Store) -> Vec<CommittedFact> {
    store.facts_page(&FactFilter::default(), 100_000).await.unwrap()
}

/// Waits until something holds; a test that waits longer than 30 s fails.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..1500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: not within 30 s");
}

/// The text of a file, empty when there is none.
pub fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}
