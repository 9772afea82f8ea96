//! The ledger's signed checkpoints, and going on after the database went back.

use std::time::Duration;

use chaperone_policy::PersonId;
use chaperone_recorder::ledger::{Checkpoint, NoteSigner};
use jiff::Timestamp;
use serde_json::json;

use crate::db::{big, exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// How often a checkpoint is signed while there is news; with the time that it takes, at least every ten seconds.
const EVERY: Duration = Duration::from_secs(8);
/// How often when there is none: an empty day is a signed statement too.
const IDLE: Duration = Duration::from_secs(24 * 3600);
/// How far a fork moves the policy version on: beyond any of the lost history, so that none is taken for another.
const FORK_VERSIONS: u64 = 1 << 24;

impl Store {
    /// Signs a checkpoint of everything committed so far, stores it and keeps it beside the database.
    ///
    /// # Errors
    /// When the database does not answer or the file cannot be written.
    pub async fn checkpoint(&self) -> Result<String, StoreError> {
        let signer = self.shared().signer.clone();
        let signed = self.write(move |tx| Box::pin(async move { sign(tx, &signer).await })).await;
        let (checkpoint, note) = signed?;
        self.keep(checkpoint, &note).await?;
        Ok(note)
    }

    /// The newest checkpoint in the database.
    ///
    /// # Errors
    /// When none was signed yet and none can be signed now.
    pub async fn newest_checkpoint(&self) -> Result<String, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(
            fetch_optional &mut conn, (String,), "SELECT note FROM checkpoints ORDER BY size DESC, at_us DESC LIMIT 1"
        )?;
        drop(conn);
        match row {
            Some((note,)) => Ok(note),
            None => self.checkpoint().await,
        }
    }

    /// Two people accept that the database went back. Appending goes on from what it holds; the fact names both, why,
    /// and the checkpoint that history no longer contains. Each node that knows the lost history is forked on its own.
    ///
    /// # Errors
    /// When it did not go back or does not answer, or the two are one.
    pub async fn fork_ledger(&self, by: [PersonId; 2], reason: String) -> Result<u64, StoreError> {
        let [first, second] = by;
        if first == second {
            return Err(StoreError::NoFork("it takes two people"));
        }
        let shared = self.shared();
        let (signer, lost, known) = (shared.signer.clone(), shared.guard.newest(), shared.guard.least());
        // The commit point is the transaction's; a crash before the file is renamed leaves a node that refuses, and
        // two people fork again.
        let forked = self.submit(
            move |tx| {
                Box::pin(async move {
                    let size = tx.head.range.size();
                    // Checkpoints of the lost history would contradict the new one.
                    exec!(&mut tx.conn, "DELETE FROM checkpoints WHERE size > $1", big(size))?;
                    tx.head.policy_version += FORK_VERSIONS;
                    let lost = lost.map(|lost| json!({ "size": lost.size.to_string(), "root": hex::encode(lost.root) }));
                    let body = json!({
                        "by": by, "reason": reason, "signed": lost, "known": known.to_string(),
                        "went_back_to": { "size": size.to_string(), "root": hex::encode(tx.head.range.root()) },
                    });
                    let number = tx.fact(NewFact::new(FactKind::LedgerForked, tx.now(), body).by(first)).await?;
                    let (checkpoint, note) = sign(tx, &signer).await?;
                    Ok::<_, StoreError>((number, checkpoint, note))
                })
            },
            true,
        );
        let (number, checkpoint, note) = forked.await?;
        shared.snapshots.forget();
        self.keep(checkpoint, &note).await?;
        Ok(number)
    }

    /// The file is written, and synced, off the tasks that others wait for.
    async fn keep(&self, checkpoint: Checkpoint, note: &str) -> Result<(), StoreError> {
        let (guard, note) = (std::sync::Arc::clone(&self.shared().guard), note.to_owned());
        let kept = tokio::task::spawn_blocking(move || guard.keep(checkpoint, &note)).await;
        kept.unwrap_or(Err(StoreError::Gone(None)))
    }
}

/// Signs the head as this transaction has it, and stores the note with it.
async fn sign(tx: &mut Tx, signer: &NoteSigner) -> Result<(Checkpoint, String), StoreError> {
    let (size, root) = (tx.head.range.size(), tx.head.range.root());
    let checkpoint = Checkpoint { origin: signer.verifier().name().to_owned(), size, root };
    let note = checkpoint.sign(signer)?;
    exec!(
        &mut tx.conn,
        "INSERT INTO checkpoints (size, at_us, node, note) VALUES ($1, $2, $3, $4)",
        big(size),
        tx.now.as_microsecond(),
        tx.node.as_str(),
        note.as_str()
    )?;
    Ok((checkpoint, note))
}

/// Signs a checkpoint whenever there is news, and once a day when there is none.
pub(crate) async fn keep_signing(store: Store) {
    let mut signed_size = None;
    let mut signed_at = Timestamp::now();
    loop {
        tokio::time::sleep(EVERY).await;
        let size = store.head().size;
        let idle = Duration::try_from(Timestamp::now().duration_since(signed_at)).unwrap_or(IDLE);
        if signed_size == Some(size) && idle < IDLE {
            continue;
        }
        match store.checkpoint().await {
            Ok(_) => {
                signed_size = Some(size);
                signed_at = Timestamp::now();
            }
            Err(error) if error.is_gone() => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a checkpoint could not be signed");
            }
        }
    }
}
