//! Seeing what was typed: somebody asks with a reason, another person agrees, and for an hour it is shown to the first
//! alone. Every step is a fact.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, WordId, may_beside};
use chaperone_store::Word;
use jiff::SignedDuration;
use serde_json::json;

use super::Answer;
use super::second_word::{LISTED, on_target, over, second, told, view, waiting};
use super::session::{found, subject};
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{Because, Go, NewUnmask, WordView};
use crate::{App, parse};

/// How long typed input is shown once two have agreed.
const SHOWN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Who asked to see typed input and what became of it, newest first.
#[utoipa::path(get, path = "/api/unmask", tag = "recordings", security(("token" = [])),
    responses((status = 200, body = [WordView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(State(app): State<App>, actor: Actor) -> Answer<Vec<WordView>> {
    let words = app.parts.store.words(Act::UnmaskInput, LISTED).await?;
    let facts = &actor.facts;
    // Looking at the list shows nothing that was typed: it wants no second factor anew.
    let mine = |word: &&Word| {
        may_beside(facts, actor.person, Act::UnmaskInput, on_target(facts, word.target), actor.now).is_ok()
    };
    Ok(Json(words.iter().filter(mine).map(|word| view(facts, word)).collect()))
}

/// Asks to see what was typed in a visit. It is shown once another person has agreed.
#[utoipa::path(post, path = "/api/unmask", tag = "recordings", security(("token" = [])), request_body = NewUnmask,
    responses((status = 200, body = WordView), (status = "4XX", body = Problem)))]
pub(crate) async fn ask(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewUnmask>,
) -> Answer<WordView> {
    let row = found(&app, &actor, &new.session).await?;
    let reason = parse::needed("reason", &new.reason)?;
    if new.to_ms.is_some_and(|to| to <= new.from_ms.unwrap_or_default()) {
        return Err(Problem::field("to_ms", "it must be after from_ms"));
    }
    app.parts.store.lapse_words().await?;
    let doc = json!({ "channel": new.channel, "from_ms": new.from_ms, "to_ms": new.to_ms });
    let asker = actor.asker;
    let asked = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let (facts, now) = (tx.shared_facts().await?, tx.now());
            asker.may(&facts, subject(&facts, &row)?, now)?;
            let word = Word::ask(Act::UnmaskInput, row.id.to_string(), doc, asker.person, reason, now);
            let word = word.about(row.id, row.target);
            tx.ask_second(&word).await?;
            Ok::<_, Problem>(word)
        })
    });
    let asked = told(&app, &actor, Act::UnmaskInput, &new.session, asked.await).await?;
    Ok(Json(view(&actor.facts, &asked)))
}

/// Agrees that whoever asked sees what was typed. Never one's own wish.
#[utoipa::path(post, path = "/api/unmask/{word}/agree", tag = "recordings", security(("token" = [])),
    params(("word" = String, description = "Id of the wish")), request_body = Go,
    responses((status = 200, body = WordView), (status = "4XX", body = Problem)))]
pub(crate) async fn agree(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(_): Body<Go>,
) -> Answer<WordView> {
    let word: WordId = parse::id("word", &id)?;
    app.parts.store.lapse_words().await?;
    let asker = actor.asker;
    let agreed = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let (facts, now) = (tx.shared_facts().await?, tx.now());
            let waits = waiting(tx, word, Act::UnmaskInput).await?;
            second(&asker, &facts, &waits, on_target(&facts, waits.target), now)?;
            let agreed = tx.agree(word, asker.person, Some(SHOWN_FOR)).await?;
            agreed.ok_or_else(|| over(waits.state))
        })
    });
    let agreed = told(&app, &actor, Act::UnmaskInput, &id, agreed.await).await?;
    Ok(Json(view(&actor.facts, &agreed)))
}

/// Says no to a wish, or ends what was agreed to.
#[utoipa::path(post, path = "/api/unmask/{word}/refuse", tag = "recordings", security(("token" = [])),
    params(("word" = String, description = "Id of the wish")), request_body = Because,
    responses((status = 200, body = WordView), (status = "4XX", body = Problem)))]
pub(crate) async fn refuse(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<WordView> {
    turn_down(app, actor, &id, &why, false).await
}

/// Takes one's own wish back.
#[utoipa::path(post, path = "/api/unmask/{word}/withdraw", tag = "recordings", security(("token" = [])),
    params(("word" = String, description = "Id of the wish")), request_body = Because,
    responses((status = 200, body = WordView), (status = "4XX", body = Problem)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<WordView> {
    turn_down(app, actor, &id, &why, true).await
}

async fn turn_down(app: App, actor: Actor, id: &str, why: &Because, own: bool) -> Answer<WordView> {
    let word: WordId = parse::id("word", id)?;
    let because = parse::words("reason", &why.reason)?;
    app.parts.store.lapse_words().await?;
    let asker = actor.asker;
    let down = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let (facts, now) = (tx.shared_facts().await?, tx.now());
            let found = tx.word(word).await?;
            if found.act != Act::UnmaskInput {
                return Err(Problem::unknown("word", &word.to_string()));
            }
            asker.may(&facts, on_target(&facts, found.target), now)?;
            if (found.asked_by == asker.person) != own {
                let next = if own { "refuse it instead" } else { "withdraw it instead" };
                return Err(Problem::conflict("this is not yours to say", next));
            }
            if tx.turn_down(word, asker.person, &because).await? {
                Ok(tx.word(word).await?)
            } else {
                Err(over(found.state))
            }
        })
    });
    let down = told(&app, &actor, Act::UnmaskInput, id, down.await).await?;
    Ok(Json(view(&actor.facts, &down)))
}
