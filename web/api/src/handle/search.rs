//! Searching in what was shown and run on visits. The search is a fact before it is an answer.

use axum::Json;
use axum::extract::State;
use chaperone_desk::{Hit, Search};
use chaperone_policy::{Subject, TargetId};
use chaperone_store::DerivedQuery;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use crate::actor::Actor;
use crate::body::Asked;
use crate::problem::Problem;
use crate::wire::SearchHit;
use crate::{App, parse, render};

/// Hits where nothing else is asked, and at most.
const LISTED: u32 = 100;
const MOST: u32 = 1000;
/// The longest phrase, in characters.
const LONGEST: usize = 200;

/// What is searched for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Sought {
    /// The phrase: its words, in this order, of one line. Case and punctuation do not count.
    q: String,
    /// Login.
    person: Option<String>,
    /// Name of the server.
    target: Option<String>,
    /// On visits that began at or after this instant (RFC 3339).
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// On visits that began before this instant (RFC 3339).
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    /// At most this many hits.
    limit: Option<u32>,
    /// Why, in words; it goes into the ledger.
    reason: Option<String>,
}

/// Lines that have the phrase, newest visits first. Each is a hint where to look, read out of the recording; the recording
/// is the evidence.
#[utoipa::path(get, path = "/api/search", tag = "recordings", security(("token" = [])), params(Sought),
    responses((status = 200, body = [SearchHit]), (status = "4XX", body = Problem)))]
pub(crate) async fn search(
    State(app): State<App>,
    actor: Actor,
    Asked(sought): Asked<Sought>,
) -> Answer<Vec<SearchHit>> {
    let search = sought.search(&actor)?;
    let hits = app.parts.desk.search(&search, |target| may_search(&actor, target)).await?;
    Ok(Json(hits.iter().map(|hit| view(&actor, hit)).collect()))
}

impl Sought {
    fn search(&self, actor: &Actor) -> Result<Search, Problem> {
        if self.q.chars().count() > LONGEST {
            let what = format!("q: the phrase is longer than {LONGEST} characters");
            return Err(Problem::bad(what, "search for a part of it"));
        }
        let facts = &actor.facts;
        let person = self.person.as_deref().map(|login| {
            let found = login.parse().ok().and_then(|login| facts.person_by_login(&login));
            found.map(|person| person.id).ok_or_else(|| Problem::unknown("person", login))
        });
        let target = self.target.as_deref().map(|name| {
            let found = facts.targets.values().find(|target| target.name.as_str() == name);
            found.map(|target| target.id).ok_or_else(|| Problem::unknown("target", name))
        });
        let reason = self.reason.as_deref().unwrap_or("a search of what was shown and run");
        Ok(Search {
            by: actor.person,
            host_minted: actor.credential.is_host_minted(),
            at: actor.now,
            reason: parse::words("reason", reason)?,
            query: DerivedQuery {
                phrase: self.q.clone(),
                person: person.transpose()?,
                target: target.transpose()?,
                from: self.from,
                to: self.to,
                after: None,
                limit: self.limit.unwrap_or(LISTED).clamp(1, MOST),
            },
        })
    }
}

/// Whether the actor may search on this target. One that is no more is nobody's scope.
fn may_search(actor: &Actor, target: TargetId) -> bool {
    let subject = actor.facts.targets.get(&target).map_or(Subject::Everything, Subject::Target);
    actor.may(subject).is_ok()
}

fn view(actor: &Actor, hit: &Hit) -> SearchHit {
    let session = hit.session.to_string();
    SearchHit {
        person: render::login(&actor.facts, hit.person),
        target: render::target_name(&actor.facts, hit.target),
        began: hit.began,
        at: hit.at,
        at_ms: hit.at_ms,
        channel: hit.channel,
        seen: hit.seen.clone(),
        snippet: render::plain(&hit.line),
        link: format!("/soc/visits/{session}?at={}", hit.at_ms),
        session,
    }
}
