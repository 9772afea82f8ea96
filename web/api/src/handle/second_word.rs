//! What takes two people: the parts that every such act shares. A second word is never the first person's, is asked for
//! of the facts at that moment, and an attempt that is refused is a fact too.

use axum::http::StatusCode;
use chaperone_policy::{Act, Denied, Facts, Subject, TargetId, WordId, may_together};
use chaperone_store::{FactKind, NewFact, Tx, Word, WordState};
use jiff::Timestamp;
use serde_json::json;

use crate::actor::{Actor, Asker};
use crate::problem::Problem;
use crate::wire::WordView;
use crate::{App, render};

/// Words that a list shows.
pub(super) const LISTED: u32 = 200;

/// An answer; where it is a refusal, a fact that says who tried what, and why it was not done. What only wants a second
/// factor anew is none.
pub(super) async fn told<T>(
    app: &App,
    actor: &Actor,
    act: Act,
    subject: &str,
    outcome: Result<T, Problem>,
) -> Result<T, Problem> {
    let refused = |problem: &Problem| {
        let status = problem.status;
        let no = [StatusCode::FORBIDDEN, StatusCode::CONFLICT].iter().any(|no| no.as_u16() == status);
        no && problem.kind.is_none()
    };
    if let Err(problem) = &outcome
        && refused(problem)
    {
        denied(app, actor, act, subject, &problem.what).await?;
    }
    outcome
}

/// That somebody tried one of two people's parts and may not.
pub(crate) async fn denied(
    app: &App,
    actor: &Actor,
    act: Act,
    subject: &str,
    why: &str,
) -> Result<(), Problem> {
    let subject: String = subject.chars().filter(|c| !c.is_control()).take(200).collect();
    let body = json!({
        "act": act.as_str(), "subject": subject, "why": why, "host_minted": actor.credential.is_host_minted(),
    });
    let fact = NewFact::new(FactKind::SecondWordDenied, actor.now, body).by(actor.person);
    app.parts.store.fact(fact).await?;
    Ok(())
}

/// The word with this id that waits for a second person to this act.
pub(super) async fn waiting(tx: &mut Tx, id: WordId, act: Act) -> Result<Word, Problem> {
    let word = tx.word(id).await?;
    if word.act != act {
        return Err(Problem::unknown("word", &id.to_string()));
    }
    if word.state != WordState::Asked || word.expires <= tx.now() {
        return Err(over(word.state));
    }
    Ok(word)
}

/// What no longer waits.
pub(super) fn over(state: WordState) -> Problem {
    let how = if state == WordState::Asked { "expired" } else { state.as_str() };
    Problem::conflict(
        format!("this no longer waits for a second person: it is {how}"),
        "ask anew, with a reason",
    )
}

/// Whether the asker may be the second of these two, now.
pub(super) fn second(
    asker: &Asker,
    facts: &Facts,
    word: &Word,
    on: Subject<'_>,
    now: Timestamp,
) -> Result<(), Problem> {
    asker.may(facts, on, now)?;
    may_together(facts, (word.asked_by, asker.person), word.act, on, now).map(drop).map_err(|denied| {
        let next = match denied {
            Denied::SecondPerson(_) => "another analyst or lead agrees; you asked for it",
            _ => "an analyst or lead asks for it anew",
        };
        Problem::forbidden(denied.to_string(), next)
    })
}

/// What happened on a target that is not on record is for whoever may everywhere.
pub(super) fn on_target(facts: &Facts, target: Option<TargetId>) -> Subject<'_> {
    target.and_then(|id| facts.targets.get(&id)).map_or(Subject::Everything, Subject::Target)
}

pub(super) fn view(facts: &Facts, word: &Word) -> WordView {
    WordView {
        id: word.id.to_string(),
        act: word.act.to_string(),
        subject: word.subject.clone(),
        detail: word.doc.clone(),
        state: word.state.as_str().to_owned(),
        reason: word.reason.clone(),
        asked_by: render::login(facts, word.asked_by),
        asked: word.asked,
        answered_by: word.answered_by.map(|id| render::login(facts, id)),
        answered: word.answered,
        expires: word.expires,
    }
}
