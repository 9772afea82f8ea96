//! Emergencies: a technician enrolled on the spot, for whom somebody of the hospital answers; and a window that is opened
//! by two words at once. Whoever takes the call writes down what the technician asks for, and gives their own word.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, Facts, Person, Role, Subject, Window};
use chaperone_store::{FactKind, NewFact};
use jiff::Timestamp;
use serde_json::json;

use super::Answer;
use super::person::{nobodys, shown};
use crate::actor::{Actor, Asker, known};
use crate::body::Body;
use crate::problem::Problem;
use crate::wire::{NewEmergency, NewOnTheSpot, PersonView, WindowView};
use crate::{App, parse, render};

/// Enrols a technician on the spot: for at most four hours, with one key, for emergency windows only.
#[utoipa::path(post, path = "/api/emergency/people", tag = "emergency", security(("token" = [])),
    request_body = NewOnTheSpot,
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
pub(crate) async fn enrol(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewOnTheSpot>,
) -> Answer<PersonView> {
    let (wish, reason) = parse::on_the_spot(&actor.facts, &new, actor.now)?;
    let (id, asker) = (wish.id, actor.asker);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let (facts, now) = (tx.facts().await?, tx.now());
            let person = wish.enrol(&facts, known(&facts, asker.person)?, now)?;
            asker.may(&facts, Subject::Person(&person), now)?;
            person.keys.iter().try_for_each(|key| nobodys(&facts, key))?;
            tx.add_person(&person, Some(asker.person)).await?;
            tx.fact(sponsored(&person, asker, &reason, now)).await?;
            Ok::<_, Problem>(())
        })
    });
    written.await?;
    shown(&app, id).await
}

/// That somebody answers for a technician enrolled on the spot.
fn sponsored(person: &Person, sponsor: Asker, reason: &str, now: Timestamp) -> NewFact {
    let body = json!({
        "login": person.login, "name": person.name, "technician": person.id, "until": person.validity.until,
        "reason": reason,
    });
    let fact = NewFact::new(FactKind::TechnicianSponsored, now, body).by(sponsor.person);
    NewFact { vendor: person.vendor, ..fact }
}

/// Asks for an emergency window in the name of a technician who called, and gives the first of its two words. It opens
/// when the other is given: an engineer's and, as another person, an analyst's or lead's.
#[utoipa::path(post, path = "/api/emergency/windows", tag = "emergency", security(("token" = [])),
    request_body = NewEmergency,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn open(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewEmergency>,
) -> Answer<WindowView> {
    let request = parse::emergency(&actor.facts, &new, actor.now)?;
    let asker = actor.asker;
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let (facts, now) = (tx.facts().await?, tx.now());
            let asked = request.ask(&facts, now)?.window;
            let worded = word(&facts, asker, &asked, now)?;
            let about = json!({ "taken_by": asker.person, "reason": asked.reason });
            tx.add_window(&asked, asked.requester, about.clone()).await?;
            tx.change_window(FactKind::WindowEmergency, &worded, Some(asker.person), about).await?;
            Ok::<_, Problem>(worded)
        })
    });
    let window = written.await?;
    Ok(Json(render::window(&*app.facts().await?, &window, Timestamp::now())))
}

/// The word of whoever takes the call, as a role of theirs that counts.
fn word(facts: &Facts, asker: Asker, asked: &Window, now: Timestamp) -> Result<Window, Problem> {
    asker.may_do(facts, Act::OpenEmergency, Subject::Window(asked), now)?;
    let by = known(facts, asker.person)?;
    let mut refused = None;
    for role in Role::ALL {
        if asker.may_do_as(facts, role, Act::OpenEmergency, Subject::Window(asked), now).is_err() {
            continue;
        }
        match asked.emergency(by, role, now) {
            Ok(worded) => return Ok(worded),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.map_or_else(|| Problem::forbidden("no role of yours opens an emergency", ""), Problem::from))
}
