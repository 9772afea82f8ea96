//! Proofs of the ledger, for whoever holds a checkpoint: that a fact is in it, and that it only grew. They say hashes, and
//! nothing of what happened.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chaperone_policy::Subject;
use chaperone_recorder::ledger::{Checkpoint, Hash};
use chaperone_store::StoreError;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::App;
use crate::actor::Actor;
use crate::body::Asked;
use crate::problem::Problem;
use crate::wire::{ConsistencyView, InclusionView};

/// Which fact.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfFact {
    /// Number of the fact.
    fact: u64,
    /// In the signed checkpoint of this many facts; without it in the newest.
    size: Option<u64>,
    /// `json`, or `text`: C2SP tlog-proof alone.
    format: Option<String>,
}

/// From where to where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfGrowth {
    /// Facts in the older ledger.
    from: u64,
    /// To the signed checkpoint of this many facts; without it to the newest.
    to: Option<u64>,
    /// `json`, or `text`: the older size, the proof, the checkpoint.
    format: Option<String>,
}

/// That a fact is in the ledger of a signed checkpoint.
#[utoipa::path(get, path = "/api/ledger/proof/inclusion", tag = "ledger", security(("token" = [])), params(OfFact),
    responses((status = 200, body = InclusionView), (status = "4XX", body = Problem)))]
pub(crate) async fn inclusion(
    State(app): State<App>,
    actor: Actor,
    Asked(of): Asked<OfFact>,
) -> Result<Response, Problem> {
    actor.may(Subject::AtAll)?;
    let store = &app.parts.store;
    let proof =
        store.prove_fact(of.fact, of.size).await.map_err(|error| no_proof(error, store.head().size))?;
    let entries = store.ledger_entries(of.fact, of.fact + 1, 1).await?;
    let leaf = entries.first().ok_or_else(|| Problem::unknown("fact", &of.fact.to_string()))?.leaf.hash();
    let checkpoint = signed(&proof.checkpoint)?;
    if wants_text(of.format.as_deref())? {
        return Ok(text(proof.to_string()));
    }
    Ok(Json(InclusionView {
        fact: of.fact,
        leaf_hash: hex(&leaf),
        size: checkpoint.size,
        root: hex(&checkpoint.root),
        path: proof.path.iter().map(hex).collect(),
        proof: proof.to_string(),
        verifier_key: store.ledger_verifier().to_string(),
    })
    .into_response())
}

/// That the ledger of a signed checkpoint is an older one with more behind it.
#[utoipa::path(get, path = "/api/ledger/proof/consistency", tag = "ledger", security(("token" = [])), params(OfGrowth),
    responses((status = 200, body = ConsistencyView), (status = "4XX", body = Problem)))]
pub(crate) async fn consistency(
    State(app): State<App>,
    actor: Actor,
    Asked(of): Asked<OfGrowth>,
) -> Result<Response, Problem> {
    actor.may(Subject::AtAll)?;
    let store = &app.parts.store;
    let proof =
        store.prove_growth(of.from, of.to).await.map_err(|error| no_proof(error, store.head().size))?;
    if wants_text(of.format.as_deref())? {
        return Ok(text(proof.to_string()));
    }
    let checkpoint = signed(&proof.checkpoint)?;
    Ok(Json(ConsistencyView {
        from: of.from,
        from_root: hex(&store.root_at(of.from).await?),
        to: checkpoint.size,
        to_root: hex(&checkpoint.root),
        path: proof.path.iter().map(hex).collect(),
        proof: proof.to_string(),
        verifier_key: store.ledger_verifier().to_string(),
    })
    .into_response())
}

fn no_proof(error: StoreError, facts: u64) -> Problem {
    match error {
        StoreError::NoProof(error) => {
            Problem::bad(error.to_string(), "ask for an older size, or a smaller number")
        }
        StoreError::NotFound("fact") => Problem::new(
            axum::http::StatusCode::NOT_FOUND,
            format!("the ledger has {facts} facts so far"),
            "facts are numbered from 0",
        ),
        StoreError::NotFound(what) => Problem::new(
            axum::http::StatusCode::NOT_FOUND,
            format!("there is no {what}"),
            "leave the size out for the newest checkpoint, or give that of one that you hold",
        ),
        other => other.into(),
    }
}

fn signed(note: &str) -> Result<Checkpoint, Problem> {
    let text = note.split_once("\n\n").map(|(text, _)| format!("{text}\n")).unwrap_or_default();
    Checkpoint::parse(&text).map_err(|error| Problem::fault("read its own checkpoint", &error))
}

fn wants_text(format: Option<&str>) -> Result<bool, Problem> {
    match format {
        None | Some("json") => Ok(false),
        Some("text") => Ok(true),
        Some(_) => Err(Problem::field("format", "it is json or text")),
    }
}

fn text(proof: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], proof).into_response()
}

pub(super) fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
