//! The ledger: its newest checkpoint, its verification, and what two people do when it must go on from a database or a
//! clock that went wrong.

use axum::Json;
use axum::extract::State;
use chaperone_policy::Subject;
use chaperone_store::{FactKind, NewFact, StoreError};
use serde_json::json;

use super::Answer;
use super::two_keepers::{Act, Word};
use crate::actor::Actor;
use crate::body::Body;
use crate::problem::Problem;
use crate::wire::{Because, CheckpointView, ForkRequest, ForkView, Go, LedgerVerdict};
use crate::{App, parse};

/// The newest signed checkpoint, and the key to check it with.
#[utoipa::path(get, path = "/api/ledger/checkpoint", tag = "ledger", security(("token" = [])),
    responses((status = 200, body = CheckpointView), (status = "4XX", body = Problem)))]
pub(crate) async fn checkpoint(State(app): State<App>, actor: Actor) -> Answer<CheckpointView> {
    actor.may(Subject::AtAll)?;
    let note = app.parts.store.newest_checkpoint().await?;
    Ok(Json(CheckpointView { note, verifier_key: app.parts.store.ledger_verifier().to_string() }))
}

/// Recomputes everything from the first fact.
#[utoipa::path(post, path = "/api/ledger/verify", tag = "ledger", security(("token" = [])), request_body = Go,
    responses((status = 200, body = LedgerVerdict), (status = "4XX", body = Problem)))]
pub(crate) async fn verify(State(app): State<App>, actor: Actor, Body(_): Body<Go>) -> Answer<LedgerVerdict> {
    actor.may(Subject::AtAll)?;
    let verdict = app.parts.store.verify_ledger(&[]).await?;
    let summary = match &verdict.first_bad {
        None => format!(
            "Sound: {} facts and {} signed checkpoints were recomputed from the first fact on.",
            verdict.facts, verdict.checkpoints
        ),
        Some(bad) => {
            format!("NOT SOUND at fact {}: {}. Everything before it is sound.", bad.number, bad.what)
        }
    };
    let body = json!({
        "sound": verdict.sound, "facts": verdict.facts.to_string(),
        "first_bad": verdict.first_bad.as_ref().map(|bad| bad.number.to_string()),
    });
    let fact = NewFact::new(FactKind::LedgerVerified, actor.now, body).by(actor.person);
    match app.parts.store.fact(fact).await {
        // A ledger that cannot be appended to must still be checkable.
        Ok(_) | Err(StoreError::WentBack { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Json(LedgerVerdict {
        sound: verdict.sound,
        facts: verdict.facts,
        root: verdict.root,
        first_bad: verdict.first_bad.map(|bad| bad.number),
        summary,
    }))
}

/// Goes on from a database that went back. Takes two people.
#[utoipa::path(post, path = "/api/ledger/fork", tag = "ledger", security(("token" = [])), request_body = ForkRequest,
    responses((status = 200, body = ForkView), (status = "4XX", body = Problem)))]
pub(crate) async fn fork(
    State(app): State<App>,
    actor: Actor,
    Body(asked): Body<ForkRequest>,
) -> Answer<ForkView> {
    let reason = parse::needed("reason", &asked.reason)?;
    if !app.parts.store.went_back().await? {
        return Err(Problem::conflict("the database did not go back", "there is nothing to fork from"));
    }
    match second(&app, &actor, Act::Fork, &reason) {
        Err(waiting) => Ok(Json(waiting)),
        Ok(first) => {
            let number = app
                .parts
                .store
                .fork_ledger([first.by, actor.person], format!("{}; {reason}", first.reason))
                .await?;
            tracing::warn!(
                fact = number,
                first = first.login,
                second = actor.login,
                "the ledger goes on from an older database"
            );
            Ok(Json(ForkView {
                done: true,
                by: vec![first.login, actor.login],
                next: format!(
                    "The ledger goes on; the fork is fact {number}. Tell the SOC, which holds newer checkpoints."
                ),
            }))
        }
    }
}

/// Accepts facts that lie in the future of a clock that had been ahead. Takes two people.
#[utoipa::path(post, path = "/api/clock/accept", tag = "ledger", security(("token" = [])), request_body = Because,
    responses((status = 200, body = ForkView), (status = "4XX", body = Problem)))]
pub(crate) async fn accept_clock(
    State(app): State<App>,
    actor: Actor,
    Body(asked): Body<Because>,
) -> Answer<ForkView> {
    let reason = parse::needed("reason", &asked.reason)?;
    match second(&app, &actor, Act::AcceptClock, &reason) {
        Err(waiting) => Ok(Json(waiting)),
        Ok(first) => {
            let body =
                json!({ "by": [first.by, actor.person], "reason": format!("{}; {reason}", first.reason) });
            let fact = NewFact::new(FactKind::ClockAccepted, actor.now, body).by(actor.person);
            let number = app.parts.store.fact(fact).await?;
            Ok(Json(ForkView {
                done: true,
                by: vec![first.login, actor.login],
                next: format!("The clock is accepted: fact {number}."),
            }))
        }
    }
}

/// The first person's word, when this is the second's; else that one is waited for.
fn second(app: &App, actor: &Actor, act: Act, reason: &str) -> Result<Word, ForkView> {
    let word =
        Word { act, by: actor.person, login: actor.login.clone(), reason: reason.to_owned(), at: actor.now };
    app.parts.keepers.say(word).ok_or_else(|| ForkView {
        done: false,
        by: vec![actor.login.clone()],
        next:
            "It takes a second person: an administrator or lead other than you runs this within 15 minutes."
                .to_owned(),
    })
}
