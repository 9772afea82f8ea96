//! How long evidence is kept. A lead lengthens alone; whatever shortens it, or lets a run go on that has stopped, waits for
//! another lead or an analyst.

use axum::Json;
use axum::extract::State;
use chaperone_desk::RUN;
use chaperone_policy::{Act, ClassName, Facts, Keeping, PersonId, RetentionClass, Subject, WordId, may};
use chaperone_store::{AssignedTo, FactKind, NewFact, Tx, Word, WordState};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Answer;
use super::second_word::{LISTED, over, second, told, view, waiting};
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{
    AssignedView, Because, ClassView, Go, NewAssigned, NewClass, RetainedView, RetentionRun, RetentionView,
    TogetherView, WordView,
};
use crate::{App, parse, render};

/// How long two people's word lets a run go on that has stopped.
const ALLOWED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A change of how long evidence is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Change {
    /// A class, new or with other days.
    Set(RetentionClass),
    /// What a server's evidence is kept by.
    Target(chaperone_policy::TargetId, ClassName),
    /// What a company's evidence is kept by.
    Vendor(chaperone_policy::VendorId, ClassName),
    /// A run that has stopped goes on.
    Allow,
}

/// Every class, what it is assigned to, and what waits for a second person.
#[utoipa::path(get, path = "/api/retention", tag = "keeping", security(("token" = [])),
    responses((status = 200, body = RetentionView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(State(app): State<App>, actor: Actor) -> Answer<RetentionView> {
    let keeping = app.parts.store.keeping().await?;
    let words = app.parts.store.words(Act::ShortenRetention, LISTED).await?;
    let facts = &actor.facts;
    let class = |class: &RetentionClass| ClassView {
        name: class.name.to_string(),
        facts_days: class.facts_days,
        recordings_days: class.recordings_days,
    };
    let targets = keeping.of_targets.iter().map(|(id, class)| AssignedView {
        kind: "target".to_owned(),
        name: render::target_name(facts, *id),
        class: class.to_string(),
    });
    let vendors = keeping.of_vendors.iter().map(|(id, class)| AssignedView {
        kind: "vendor".to_owned(),
        name: facts.vendors.get(id).map_or_else(|| id.to_string(), |vendor| vendor.name.clone()),
        class: class.to_string(),
    });
    let waits = words.iter().filter(|word| word.state == WordState::Asked);
    Ok(Json(RetentionView {
        classes: keeping.classes.values().map(class).collect(),
        assigned: targets.chain(vendors).collect(),
        waiting: waits.map(|word| view(facts, word)).collect(),
    }))
}

/// Sets a class, new or with other days. Shorter days wait for a second person.
#[utoipa::path(put, path = "/api/retention/classes/{class}", tag = "keeping", security(("token" = [])),
    params(("class" = String, description = "Its name")), request_body = NewClass,
    responses((status = 200, body = TogetherView), (status = "4XX", body = Problem)))]
pub(crate) async fn set(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(new): Body<NewClass>,
) -> Answer<TogetherView> {
    let name: ClassName = name.parse().map_err(|error| Problem::field("class", error))?;
    let class = RetentionClass::new(name, new.facts_days, new.recordings_days);
    let class = class.map_err(|fault| Problem::field("days", fault))?;
    change(&app, &actor, Change::Set(class), &new.reason).await
}

/// Says by which class a server's or a company's evidence is kept. A shorter one waits for a second person.
#[utoipa::path(put, path = "/api/retention/assigned", tag = "keeping", security(("token" = [])), request_body = NewAssigned,
    responses((status = 200, body = TogetherView), (status = "4XX", body = Problem)))]
pub(crate) async fn assign(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewAssigned>,
) -> Answer<TogetherView> {
    let class: ClassName = new.class.parse().map_err(|error| Problem::field("class", error))?;
    let assigned = match new.kind.as_str() {
        "target" => Change::Target(parse::known_target(&actor.facts, &new.name)?.id, class),
        "vendor" => Change::Vendor(parse::known_vendor(&actor.facts, &new.name)?.id, class),
        other => return Err(Problem::field("kind", format!("{other:?}; right is target or vendor"))),
    };
    change(&app, &actor, assigned, &new.reason).await
}

/// Agrees, as the second person, to what shortens retention.
#[utoipa::path(post, path = "/api/retention/words/{word}/agree", tag = "keeping", security(("token" = [])),
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
            let waits = waiting(tx, word, Act::ShortenRetention).await?;
            second(&asker, &facts, &waits, Subject::Everything, now)?;
            let asked: Change = serde_json::from_value(waits.doc.clone())
                .map_err(|error| Problem::fault("read what was asked for", &error))?;
            if !matches!(asked, Change::Allow) {
                // Whoever asked may have lost the role since.
                may(&facts, waits.asked_by, Act::ManageRetention, Subject::Everything, now)
                    .map_err(|denied| Problem::forbidden(denied.to_string(), "a lead asks for it anew"))?;
            }
            let stands = matches!(asked, Change::Allow).then_some(ALLOWED_FOR);
            let agreed = tx.agree(word, asker.person, stands).await?.ok_or_else(|| over(waits.state))?;
            apply(tx, &asked, &[waits.asked_by, asker.person], &waits.reason).await?;
            Ok::<_, Problem>(agreed)
        })
    });
    let agreed = told(&app, &actor, Act::ShortenRetention, &id, agreed.await).await?;
    Ok(Json(view(&actor.facts, &agreed)))
}

/// Says no to what would shorten retention, or takes one's own wish back.
#[utoipa::path(post, path = "/api/retention/words/{word}/refuse", tag = "keeping", security(("token" = [])),
    params(("word" = String, description = "Id of the wish")), request_body = Because,
    responses((status = 200, body = WordView), (status = "4XX", body = Problem)))]
pub(crate) async fn refuse(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<WordView> {
    let word: WordId = parse::id("word", &id)?;
    let because = parse::words("reason", &why.reason)?;
    app.parts.store.lapse_words().await?;
    let asker = actor.asker;
    let down = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let (facts, now) = (tx.shared_facts().await?, tx.now());
            let found = tx.word(word).await?;
            if found.act != Act::ShortenRetention {
                return Err(Problem::unknown("word", &word.to_string()));
            }
            asker.may(&facts, Subject::Everything, now)?;
            if tx.turn_down(word, asker.person, &because).await? {
                Ok(tx.word(word).await?)
            } else {
                Err(over(found.state))
            }
        })
    });
    let down = told(&app, &actor, Act::ShortenRetention, &id, down.await).await?;
    Ok(Json(view(&actor.facts, &down)))
}

/// Asks that a run go on which has stopped, because of the clock's leap or because it would delete too much at once.
#[utoipa::path(post, path = "/api/retention/allow", tag = "keeping", security(("token" = [])), request_body = Because,
    responses((status = 200, body = TogetherView), (status = "4XX", body = Problem)))]
pub(crate) async fn allow(
    State(app): State<App>,
    actor: Actor,
    Body(why): Body<Because>,
) -> Answer<TogetherView> {
    change(&app, &actor, Change::Allow, &why.reason).await
}

/// Deletes what is over its time now, and not at the next full hour; or only says what is.
#[utoipa::path(post, path = "/api/retention/run", tag = "keeping", security(("token" = [])), request_body = RetentionRun,
    responses((status = 200, body = RetainedView), (status = "4XX", body = Problem)))]
pub(crate) async fn run(
    State(app): State<App>,
    actor: Actor,
    Body(asked): Body<RetentionRun>,
) -> Answer<RetainedView> {
    actor.may(Subject::Everything)?;
    let trusted = app.parts.gate.clock_is_trusted();
    let reason = parse::words("reason", &asked.reason)?;
    let by = Some((actor.person, reason.as_str()));
    let run = app.parts.desk.retain(trusted, actor.now, by, asked.dry_run).await?;
    Ok(Json(RetainedView {
        dry_run: run.dry_run,
        stopped: run.stopped.as_ref().map(chaperone_desk::Stopped::words),
        recordings_due: run.recordings_due,
        recordings_deleted: run.recordings_deleted,
        recordings_held: run.recordings_held,
        recordings_missing: run.recordings_missing,
        bytes: run.bytes,
        words_due: run.words_due,
        words_cleared: run.words_cleared,
    }))
}

/// Does a change at once where one person may, else waits for a second.
async fn change(app: &App, actor: &Actor, wanted: Change, reason: &str) -> Answer<TogetherView> {
    let reason = parse::needed("reason", reason)?;
    app.parts.store.lapse_words().await?;
    let (asker, subject) = (actor.asker, wanted.subject());
    let said = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let (facts, now) = (tx.shared_facts().await?, tx.now());
            asker.may(&facts, Subject::Everything, now)?;
            if wanted.shortens(&tx.keeping().await?, &facts)? {
                let doc = serde_json::to_value(&wanted).unwrap_or(Value::Null);
                let word = Word::ask(Act::ShortenRetention, wanted.subject(), doc, asker.person, reason, now);
                tx.ask_second(&word).await?;
                return Ok(Some(word));
            }
            apply(tx, &wanted, &[asker.person], &reason).await?;
            Ok::<_, Problem>(None)
        })
    });
    let waits = told(app, actor, Act::ShortenRetention, &subject, said.await).await?;
    Ok(Json(TogetherView {
        done: waits.is_none(),
        next: match &waits {
            None => "It is so from now on.".to_owned(),
            Some(word) => format!(
                "It takes a second person, another lead or an analyst, within 24 hours: chaperone retention agree {}",
                word.id
            ),
        },
        word: waits.map(|word| view(&actor.facts, &word)),
    }))
}

async fn apply(tx: &mut Tx, change: &Change, by: &[PersonId], reason: &str) -> Result<(), Problem> {
    match change {
        Change::Set(class) => tx.set_class(class, by, reason).await?,
        Change::Target(id, class) => tx.assign_class(AssignedTo::Target(*id), class, by, reason).await?,
        Change::Vendor(id, class) => tx.assign_class(AssignedTo::Vendor(*id), class, by, reason).await?,
        Change::Allow => {
            let body = json!({ "by": by, "reason": reason });
            let fact = NewFact::new(FactKind::RetentionAllowed, tx.now(), body);
            tx.fact(NewFact { person: by.last().copied(), ..fact }).await?;
        }
    }
    Ok(())
}

impl Change {
    fn subject(&self) -> String {
        match self {
            Self::Set(class) => format!("class {}", class.name),
            Self::Target(id, _) => format!("target {id}"),
            Self::Vendor(id, _) => format!("vendor {id}"),
            Self::Allow => RUN.to_owned(),
        }
    }

    /// Whether anything is kept for a shorter time by it than now.
    fn shortens(&self, keeping: &Keeping, facts: &Facts) -> Result<bool, Problem> {
        let (before, class) = match self {
            Self::Allow => return Ok(true),
            Self::Set(class) => {
                return Ok(keeping.classes.get(&class.name).is_some_and(|old| class.shortens(old)));
            }
            Self::Target(id, class) => {
                facts.targets.get(id).ok_or_else(|| Problem::unknown("target", &id.to_string()))?;
                (keeping.of_targets.get(id), class)
            }
            Self::Vendor(id, class) => {
                facts.vendors.get(id).ok_or_else(|| Problem::unknown("vendor", &id.to_string()))?;
                (keeping.of_vendors.get(id), class)
            }
        };
        let new = keeping.classes.get(class).ok_or_else(|| Problem::unknown("retention", class.as_str()))?;
        let old = before.and_then(|name| keeping.classes.get(name)).or_else(|| keeping.standard());
        Ok(old.is_none_or(|old| new.shortens(old)))
    }
}
