//! Searching the ledger's facts, and taking a part of it out of the house as JSON lines. Both are facts before they are
//! answered: who, what for, why.

use std::convert::Infallible;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chaperone_policy::{Facts, Subject};
use chaperone_store::{CommittedFact, FactKind, FactSearch, LedgerEntry, NewFact, Store, UnknownKind};
use futures::stream;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use utoipa::IntoParams;

use super::Answer;
use super::proof::hex;
use crate::actor::Actor;
use crate::body::Asked;
use crate::looked::looked;
use crate::problem::Problem;
use crate::wire::{FactView, FactsView};
use crate::{App, parse, render};

/// Facts of one answer where nothing else is asked, and at most.
const LISTED: u32 = 200;
const MOST_LISTED: u32 = 1000;
/// Facts of an export that are in memory at once, and pages that wait for a slow reader.
const PAGE: u32 = 500;
const AHEAD: usize = 2;

/// Which facts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// From this number on.
    #[serde(default)]
    after: u64,
    /// Happened at or after this instant (RFC 3339).
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Happened before this instant (RFC 3339).
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    /// Of this kind.
    kind: Option<String>,
    /// Login of whom they are about, or who did it.
    person: Option<String>,
    /// Name of the server.
    target: Option<String>,
    /// Id of the visit.
    session: Option<String>,
    /// Id of the window.
    window: Option<String>,
    /// At most this many.
    limit: Option<u32>,
    /// Why, in words; stored in the ledger.
    reason: Option<String>,
}

impl Wanted {
    fn search(&self, facts: &Facts) -> Result<FactSearch, Problem> {
        let kind = self.kind.as_deref().map(str::parse).transpose();
        let person = self.person.as_deref().map(|login| parse::known_person(facts, login)).transpose()?;
        let target = self.target.as_deref().map(|name| parse::known_target(facts, name)).transpose()?;
        Ok(FactSearch {
            after: self.after,
            since: self.from,
            before: self.to,
            kind: kind.map_err(|error: UnknownKind| Problem::field("kind", error))?,
            person: person.map(|person| person.id),
            target: target.map(|target| target.id),
            session: self.session.as_deref().map(|id| parse::id("session", id)).transpose()?,
            window: self.window.as_deref().map(|id| parse::id("window", id)).transpose()?,
        })
    }
}

/// Facts in order. One fact stands for the pages of one search.
#[utoipa::path(get, path = "/api/ledger/facts", tag = "ledger", security(("token" = [])), params(Wanted),
    responses((status = 200, body = FactsView), (status = "4XX", body = Problem)))]
pub(crate) async fn search(
    State(app): State<App>,
    actor: Actor,
    Asked(wanted): Asked<Wanted>,
) -> Answer<FactsView> {
    actor.may(Subject::AtAll)?;
    let search = wanted.search(&actor.facts)?;
    let reason = parse::words("reason", wanted.reason.as_deref().unwrap_or("a search of the ledger"))?;
    let body = json!({
        "from": wanted.from, "to": wanted.to, "kind": wanted.kind, "person": wanted.person, "target": wanted.target,
        "session": wanted.session, "window": wanted.window, "reason": reason,
    });
    looked(&app, &actor, FactKind::LedgerSearched, body).await?;
    let limit = wanted.limit.unwrap_or(LISTED).clamp(1, MOST_LISTED);
    let found = app.parts.store.search_facts(&search, limit).await?;
    let whole = found.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| !whole).map(|last| last.number + 1);
    Ok(Json(FactsView { facts: found.into_iter().map(|fact| view(&actor.facts, fact)).collect(), next }))
}

fn view(facts: &Facts, fact: CommittedFact) -> FactView {
    FactView {
        number: fact.number,
        at: fact.at,
        kind: fact.kind.as_str().to_owned(),
        node: fact.node,
        person: fact.person.map(|id| render::login(facts, id)),
        target: fact.target.map(|id| render::target_name(facts, id)),
        session: fact.session.map(|id| id.to_string()),
        window: fact.window.map(|id| id.to_string()),
        body: Some(fact.body).filter(|body| !body.is_null()),
    }
}

/// Which part.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// From this number on.
    #[serde(default)]
    from: u64,
    /// Before this number; without it to the end, as it is now.
    to: Option<u64>,
    /// Why it leaves the house, in words; stored in the ledger.
    #[param(max_length = 1000)]
    reason: String,
}

/// Facts with what their leaves commit to, a JSON object a line: whoever has them recomputes every leaf.
#[utoipa::path(get, path = "/api/ledger/export", tag = "ledger", security(("token" = [])), params(Part),
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = "4XX", body = Problem)))]
pub(crate) async fn export(
    State(app): State<App>,
    actor: Actor,
    Asked(part): Asked<Part>,
) -> Result<Response, Problem> {
    actor.may(Subject::AtAll)?;
    let reason = parse::needed("reason", &part.reason)?;
    let head = app.parts.store.head().size;
    let to = part.to.unwrap_or(head);
    if part.from >= to || to > head {
        return Err(Problem::bad(
            format!("there are no facts from {} up to {to}", part.from),
            format!("the ledger has {head} facts, numbered from 0"),
        ));
    }
    let body = json!({ "from": part.from.to_string(), "to": to.to_string(), "reason": reason });
    app.parts.store.fact(NewFact::new(FactKind::LedgerExported, actor.now, body).by(actor.person)).await?;
    let (send, pages) = mpsc::channel(AHEAD);
    tokio::spawn(pages_of(app.parts.store.clone(), part.from, to, send));
    let body = stream::unfold(pages, |mut pages| async move {
        let page: Result<Bytes, Infallible> = Ok(pages.recv().await?);
        Some((page, pages))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(body)).into_response())
}

/// Page after page, as fast as they are read. A database that goes away ends it early: the reader counts the lines.
async fn pages_of(store: Store, mut from: u64, to: u64, send: mpsc::Sender<Bytes>) {
    while from < to {
        let entries = match store.ledger_entries(from, to, PAGE).await {
            Ok(entries) if !entries.is_empty() => entries,
            Ok(_) => return,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, fact = from, "an export of the ledger broke off");
                return;
            }
        };
        from = entries.last().map_or(to, |entry| entry.leaf.number + 1);
        let lines: String = entries.iter().map(line).collect();
        if send.send(lines.into()).await.is_err() {
            return;
        }
    }
}

fn line(entry: &LedgerEntry) -> String {
    let bytes = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let leaf = &entry.leaf;
    let tags: Vec<String> = leaf.tags.iter().map(|tag| bytes(&tag.0)).collect();
    let line = json!({
        "number": leaf.number.to_string(), "at_us": leaf.at_us.to_string(), "kind": leaf.kind, "tags": tags,
        "body_hash": hex(&leaf.body_hash), "leaf_hash": hex(&leaf.hash()),
        "salt": entry.salt.map(|salt| bytes(&salt)), "document": entry.document,
    });
    format!("{line}\n")
}
