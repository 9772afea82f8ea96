//! The ledger: its newest checkpoint, its verification, and what two people do when it must go on from a database or a
//! clock that went wrong.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chaperone_policy::Subject;
use chaperone_store::{FactKind, NewFact, StoreError};
use futures::stream;
use serde_json::json;
use tokio::sync::{mpsc, watch};

use super::Answer;
use super::two_keepers::{Act, Word};
use crate::actor::Actor;
use crate::body::Body;
use crate::problem::Problem;
use crate::wire::{Because, CheckpointView, ForkRequest, ForkView, LedgerVerdict, VerifyLedger};
use crate::{App, parse};

/// Checkpoints that somebody can give at once.
const MOST_CHECKPOINTS: usize = 256;
/// How often a long verification says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(2);
/// Lines that wait for a slow reader.
const AHEAD: usize = 4;

/// The newest signed checkpoint, and the key to check it with.
#[utoipa::path(get, path = "/api/ledger/checkpoint", tag = "ledger", security(("token" = [])),
    responses((status = 200, body = CheckpointView), (status = "4XX", body = Problem)))]
pub(crate) async fn checkpoint(State(app): State<App>, actor: Actor) -> Answer<CheckpointView> {
    actor.may(Subject::AtAll)?;
    let note = app.parts.store.newest_checkpoint().await?;
    Ok(Json(CheckpointView { note, verifier_key: app.parts.store.ledger_verifier().to_string() }))
}

/// Recomputes everything from the first fact, and holds it against checkpoints that somebody else has kept.
#[utoipa::path(post, path = "/api/ledger/verify", tag = "ledger", security(("token" = [])), request_body = VerifyLedger,
    responses((status = 200, body = LedgerVerdict), (status = "4XX", body = Problem)))]
pub(crate) async fn verify(
    State(app): State<App>,
    actor: Actor,
    Body(asked): Body<VerifyLedger>,
) -> Result<Response, Problem> {
    actor.may(Subject::AtAll)?;
    let reason = parse::words("reason", &asked.reason)?;
    if asked.checkpoints.len() > MOST_CHECKPOINTS {
        return Err(Problem::field("checkpoints", format!("more than {MOST_CHECKPOINTS}")));
    }
    if asked.progress {
        return Ok(telling(app, actor, asked.checkpoints, reason));
    }
    let progress = watch::Sender::new(0);
    Ok(Json(judged(&app, &actor, &asked.checkpoints, reason, &progress).await?).into_response())
}

/// The verdict, which is a fact before it is an answer.
async fn judged(
    app: &App,
    actor: &Actor,
    checkpoints: &[String],
    reason: String,
    progress: &watch::Sender<u64>,
) -> Result<LedgerVerdict, Problem> {
    let verdict = app.parts.store.verify_ledger_telling(checkpoints, progress).await?;
    let summary = summary(&verdict, checkpoints.len());
    let body = json!({
        "sound": verdict.sound, "facts": verdict.facts.to_string(), "given": checkpoints.len(), "reason": reason,
        "emptied": verdict.emptied.to_string(),
        "first_bad": verdict.first_bad.as_ref().map(|bad| bad.number.to_string()),
    });
    let fact = NewFact::new(FactKind::LedgerVerified, actor.now, body).by(actor.person);
    match app.parts.store.fact(fact).await {
        // A ledger that cannot be appended to must still be checkable.
        Ok(_) | Err(StoreError::WentBack { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(LedgerVerdict {
        sound: verdict.sound,
        facts: verdict.facts,
        emptied: verdict.emptied,
        foreign_checkpoints: verdict.foreign_checkpoints,
        root: verdict.root,
        first_bad: verdict.first_bad.map(|bad| bad.number),
        summary,
    })
}

/// The verdict in words.
fn summary(verdict: &chaperone_store::LedgerVerdict, given: usize) -> String {
    if let Some(bad) = &verdict.first_bad {
        return format!("NOT SOUND at fact {}: {}. Everything before it is sound.", bad.number, bad.what);
    }
    let mut words = format!(
        "Sound: {} facts and {} signed checkpoints were recomputed from the first fact on",
        verdict.facts, verdict.checkpoints
    );
    match given {
        0 => {}
        1 => words.push_str(", and the given checkpoint is on the way"),
        several => words.push_str(&format!(", and the {several} given checkpoints are on the way")),
    }
    match verdict.emptied {
        0 => {}
        1 => words.push_str("; of 1 fact retention has cleared the words"),
        several => words.push_str(&format!("; of {several} facts retention has cleared the words")),
    }
    match verdict.foreign_checkpoints {
        0 => {}
        1 => words.push_str("; 1 more checkpoint fits, whose signature this node cannot check"),
        several => words
            .push_str(&format!("; {several} more checkpoints fit, whose signatures this node cannot check")),
    }
    words.push('.');
    words
}

/// An answer that says how far it is until it is there, so that nobody on the way takes a long verification for a
/// connection that hangs. It ends when its reader goes.
fn telling(app: App, actor: Actor, checkpoints: Vec<String>, reason: String) -> Response {
    let (send, lines) = mpsc::channel::<Bytes>(AHEAD);
    tokio::spawn(async move {
        let progress = watch::Sender::new(0);
        let far = progress.subscribe();
        let judging = judged(&app, &actor, &checkpoints, reason, &progress);
        tokio::pin!(judging);
        loop {
            let line = tokio::select! {
                judged = &mut judging => {
                    let last = match judged {
                        Ok(verdict) => json!({ "verdict": verdict }),
                        Err(problem) => json!({ "problem": problem }),
                    };
                    drop(send.send(format!("{last}\n").into()).await);
                    return;
                }
                () = tokio::time::sleep(TELL_EVERY) => {
                    json!({ "facts": *far.borrow(), "of": app.parts.store.head().size })
                }
            };
            if send.send(format!("{line}\n").into()).await.is_err() {
                return;
            }
        }
    });
    let body = stream::unfold(lines, |mut lines| async move {
        let line: Result<Bytes, Infallible> = Ok(lines.recv().await?);
        Some((line, lines))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], axum::body::Body::from_stream(body)).into_response()
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
