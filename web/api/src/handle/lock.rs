//! Locks on people, vendors, targets, and everything. A lock acts at once, on every node, on running visits too.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, Facts, Lock, LockId, LockOn, Subject, may};
use chaperone_store::StoreError;
use uuid::Uuid;

use super::Answer;
use crate::actor::Actor;
use crate::body::Body;
use crate::problem::Problem;
use crate::wire::{Because, EverythingLock};
use crate::{App, parse};

/// Whether everything is locked.
#[utoipa::path(get, path = "/api/lock", tag = "lock", security(("token" = [])),
    responses((status = 200, body = EverythingLock), (status = "4XX", body = Problem)))]
pub(crate) async fn show(actor: Actor) -> Answer<EverythingLock> {
    Ok(Json(state(&actor.facts, &actor)))
}

/// Ends every visit, and lets nobody in, until it is lifted.
#[utoipa::path(post, path = "/api/lock", tag = "lock", security(("token" = [])), request_body = Because,
    responses((status = 200, body = EverythingLock), (status = "4XX", body = Problem)))]
pub(crate) async fn everything(
    State(app): State<App>,
    actor: Actor,
    Body(why): Body<Because>,
) -> Answer<EverythingLock> {
    set(&app, &actor, LockOn::Everything, Subject::Everything, Locked::Yes(&why.reason)).await?;
    Ok(Json(state(&*app.facts().await?, &actor)))
}

/// Lifts the lock on everything. Locks on people, vendors and servers stay.
#[utoipa::path(post, path = "/api/unlock", tag = "lock", security(("token" = [])), request_body = Because,
    responses((status = 200, body = EverythingLock), (status = "4XX", body = Problem)))]
pub(crate) async fn nothing(
    State(app): State<App>,
    actor: Actor,
    Body(why): Body<Because>,
) -> Answer<EverythingLock> {
    set(&app, &actor, LockOn::Everything, Subject::Everything, Locked::No(&why.reason)).await?;
    Ok(Json(state(&*app.facts().await?, &actor)))
}

fn state(facts: &Facts, actor: &Actor) -> EverythingLock {
    let lock = facts.locks.values().find(|lock| lock.on == LockOn::Everything);
    let yours = may(facts, actor.person, Act::Lock, Subject::Everything, actor.now).is_ok();
    EverythingLock { reason: lock.map(|lock| lock.reason.clone()), since: lock.map(|lock| lock.at), yours }
}

/// What is wanted.
pub(super) enum Locked<'a> {
    /// Locked, for this reason.
    Yes(&'a str),
    /// Not locked; why, where somebody says it.
    No(&'a str),
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
        Locked::No(reason) => {
            let reason = parse::words("reason", reason)?;
            let written = app.parts.store.write(move |tx| {
                Box::pin(async move {
                    let facts = tx.facts().await?;
                    for lock in facts.locks.values().filter(|lock| lock.on == on) {
                        tx.remove_lock(lock.id, by, &reason).await?;
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
