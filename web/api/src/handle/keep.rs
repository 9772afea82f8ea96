//! Holds: evidence that is kept whatever its class says. One person puts one; two people lift it, each with the same call.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, Facts, Hold, HoldId, HoldOn, Subject, may_beside};
use chaperone_store::{Word, WordState};
use serde_json::json;
use uuid::Uuid;

use super::Answer;
use super::second_word::{LISTED, over, second, told, view};
use super::session::found;
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{Because, HoldView, NewHold, TogetherView};
use crate::{App, parse, render};

/// Every hold that stands, oldest first, with the word that it be lifted.
#[utoipa::path(get, path = "/api/keep", tag = "keeping", security(("token" = [])),
    responses((status = 200, body = [HoldView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(State(app): State<App>, actor: Actor) -> Answer<Vec<HoldView>> {
    let keeping = app.parts.store.keeping().await?;
    let words = app.parts.store.words(Act::LiftHold, LISTED).await?;
    let lifting = |hold: &Hold| {
        let subject = hold.id.to_string();
        let waits = words.iter().find(|word| word.state == WordState::Asked && word.subject == subject);
        waits.map(|word| view(&actor.facts, word))
    };
    let with_word = |hold: &Hold| HoldView { lifting: lifting(hold), ..shown(&actor.facts, hold) };
    Ok(Json(keeping.holds.iter().map(with_word).collect()))
}

/// Keeps evidence until two people lift this.
#[utoipa::path(post, path = "/api/keep", tag = "keeping", security(("token" = [])), request_body = NewHold,
    responses((status = 200, body = HoldView), (status = "4XX", body = Problem)))]
pub(crate) async fn add(State(app): State<App>, actor: Actor, Body(new): Body<NewHold>) -> Answer<HoldView> {
    let hold = Hold {
        id: HoldId(Uuid::now_v7()),
        on: on(&app, &actor, &new).await?,
        from: new.from.map(|moment| moment.resolve(actor.now)),
        to: new.to.map(|moment| moment.resolve(actor.now)),
        reason: parse::needed("reason", &new.reason)?,
        by: actor.person,
        at: actor.now,
    };
    if let (Some(from), Some(to)) = (hold.from, hold.to)
        && to <= from
    {
        return Err(Problem::field("to", "it must be after from"));
    }
    actor.may(Subject::AtAll)?;
    let view = shown(&actor.facts, &hold);
    app.parts
        .store
        .write(move |tx| Box::pin(async move { Ok::<_, Problem>(tx.add_hold(&hold).await?) }))
        .await?;
    Ok(Json(view))
}

/// Lifts a hold: the first person's word waits for a day, another person's does it.
#[utoipa::path(post, path = "/api/keep/{hold}/lift", tag = "keeping", security(("token" = [])),
    params(("hold" = String, description = "Id")), request_body = Because,
    responses((status = 200, body = TogetherView), (status = "4XX", body = Problem)))]
pub(crate) async fn lift(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<TogetherView> {
    let hold_id: HoldId = parse::id("keep", &id)?;
    let reason = parse::needed("reason", &why.reason)?;
    app.parts.store.lapse_words().await?;
    let asker = actor.asker;
    let said = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let (facts, now) = (tx.shared_facts().await?, tx.now());
            let keeping = tx.keeping().await?;
            let hold = keeping.holds.iter().find(|hold| hold.id == hold_id);
            let hold = hold.ok_or_else(|| Problem::unknown("keep", &hold_id.to_string()))?;
            asker.may(&facts, Subject::Everything, now)?;
            let words = tx.standing_words(Act::LiftHold, &hold.id.to_string()).await?;
            // Whoever may not any more has said nothing.
            let stands = |word: &Word| {
                word.asked_by != asker.person
                    && may_beside(&facts, word.asked_by, Act::LiftHold, Subject::Everything, now).is_ok()
            };
            let Some(first) = words.into_iter().find(stands) else {
                let doc = json!({ "hold": hold });
                let word = Word::ask(Act::LiftHold, hold.id.to_string(), doc, asker.person, reason, now);
                tx.ask_second(&word).await?;
                return Ok(Some(word));
            };
            second(&asker, &facts, &first, Subject::Everything, now)?;
            tx.agree(first.id, asker.person, None).await?.ok_or_else(|| over(first.state))?;
            let both = [first.asked_by, asker.person];
            if tx.lift_hold(hold, both, &format!("{}; {reason}", first.reason)).await? {
                Ok::<_, Problem>(None)
            } else {
                Err(Problem::conflict("this hold is lifted already", "see chaperone keep list"))
            }
        })
    });
    let waits = told(&app, &actor, Act::LiftHold, &id, said.await).await?;
    Ok(Json(TogetherView {
        done: waits.is_none(),
        next: match &waits {
            None => "The hold is lifted; retention goes on as the class says.".to_owned(),
            Some(_) => {
                "It takes a second person: an analyst or lead other than you runs this within 24 hours."
                    .to_owned()
            }
        },
        word: waits.map(|word| view(&actor.facts, &word)),
    }))
}

async fn on(app: &App, actor: &Actor, new: &NewHold) -> Result<HoldOn, Problem> {
    let facts = &actor.facts;
    Ok(match new.kind.as_str() {
        "session" => HoldOn::Session(found(app, actor, &new.name).await?.id),
        "window" => {
            let id = parse::id("window", &new.name)?;
            app.parts.store.window(id).await?;
            HoldOn::Window(id)
        }
        "person" => HoldOn::Person(parse::known_person(facts, &new.name)?.id),
        "target" => HoldOn::Target(parse::known_target(facts, &new.name)?.id),
        "vendor" => HoldOn::Vendor(parse::known_vendor(facts, &new.name)?.id),
        other => {
            let right = "right is session, window, person, target or vendor";
            return Err(Problem::field("kind", format!("{other:?}; {right}")));
        }
    })
}

fn shown(facts: &Facts, hold: &Hold) -> HoldView {
    let (kind, name) = match hold.on {
        HoldOn::Session(id) => ("session", id.to_string()),
        HoldOn::Window(id) => ("window", id.to_string()),
        HoldOn::Person(id) => ("person", render::login(facts, id)),
        HoldOn::Target(id) => ("target", render::target_name(facts, id)),
        HoldOn::Vendor(id) => {
            ("vendor", facts.vendors.get(&id).map_or_else(|| id.to_string(), |vendor| vendor.name.clone()))
        }
    };
    HoldView {
        id: hold.id.to_string(),
        kind: kind.to_owned(),
        name,
        from: hold.from,
        to: hold.to,
        reason: hold.reason.clone(),
        by: render::login(facts, hold.by),
        at: hold.at,
        lifting: None,
    }
}
