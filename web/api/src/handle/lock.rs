//! Locks on people, vendors and targets. A lock acts at once, on every node, on running visits too.

use chaperone_policy::{Lock, LockId, LockOn, Subject};
use chaperone_store::StoreError;
use uuid::Uuid;

use crate::App;
use crate::actor::Actor;
use crate::parse;
use crate::problem::Problem;

/// What is wanted.
pub(super) enum Locked<'a> {
    /// Locked, for this reason.
    Yes(&'a str),
    /// Not locked.
    No,
}

/// Locks or unlocks. Both are said to be done when they were so already.
pub(super) async fn set(
    app: &App,
    actor: &Actor,
    on: LockOn,
    subject: Subject<'_>,
    wanted: Locked<'_>,
) -> Result<(), Problem> {
    actor.may(subject)?;
    let by = actor.person;
    match wanted {
        Locked::Yes(reason) => {
            let reason = parse::needed("reason", reason)?;
            let id = LockId(Uuid::now_v7());
            let written = app.parts.store.write(move |tx| {
                Box::pin(async move {
                    let facts = tx.facts().await?;
                    if facts.locks.values().any(|lock| lock.on == on) {
                        return Ok(());
                    }
                    let lock = Lock { id, on, reason, at: tx.now() };
                    tx.add_lock(&lock, Some(by)).await
                })
            });
            let written: Result<(), StoreError> = written.await;
            written?;
        }
        Locked::No => {
            let written = app.parts.store.write(move |tx| {
                Box::pin(async move {
                    let facts = tx.facts().await?;
                    for lock in facts.locks.values().filter(|lock| lock.on == on) {
                        tx.remove_lock(lock.id, by).await?;
                    }
                    Ok(())
                })
            });
            let written: Result<(), StoreError> = written.await;
            written?;
        }
    }
    Ok(())
}
