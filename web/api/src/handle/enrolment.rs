//! How somebody gets a password and a second factor, and how both are taken away again: a link that works once, and a
//! reset that takes an administrator and an engineer.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, Role, Subject, may};
use chaperone_store::Reset;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::Answer;
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{
    Because, EnrolmentAnswer, EnrolmentLink, EnrolmentOffer, Go, LinkToken, RecoveryCodes, ResetView,
};
use crate::{App, parse};

/// What is behind an enrolment link; looking spends nothing.
#[utoipa::path(post, path = "/api/enrolment/look", tag = "sign-in", request_body = LinkToken,
    responses((status = 200, body = EnrolmentOffer), (status = "4XX", body = Problem)))]
pub(crate) async fn look(State(app): State<App>, Body(link): Body<LinkToken>) -> Answer<EnrolmentOffer> {
    let facts = app.facts().await?;
    let login = |id| facts.people.get(&id).map(|person| person.login.clone());
    let offer = app.parts.factors.look(&link.token, login, Timestamp::now()).await?;
    let person = facts.people.get(&offer.person).ok_or_else(|| Problem::unknown("person", ""))?;
    Ok(Json(EnrolmentOffer {
        login: person.login.to_string(),
        name: person.name.clone(),
        otpauth: offer.provision.url,
        secret: offer.provision.secret,
        expires: offer.expires,
    }))
}

/// Spends an enrolment link. The recovery codes are shown once.
#[utoipa::path(post, path = "/api/enrolment/finish", tag = "sign-in", request_body = EnrolmentAnswer,
    responses((status = 200, body = RecoveryCodes), (status = "4XX", body = Problem)))]
pub(crate) async fn finish(
    State(app): State<App>,
    Body(given): Body<EnrolmentAnswer>,
) -> Answer<RecoveryCodes> {
    let now = Timestamp::now();
    let facts = app.facts().await?;
    let login = |id| facts.people.get(&id).map(|person| person.login.clone());
    let offer = app.parts.factors.look(&given.token, login, now).await?;
    let person = facts.people.get(&offer.person).ok_or_else(|| Problem::unknown("person", ""))?;
    let password = Zeroizing::new(given.password);
    let enrolled = app.parts.factors.enrol(&given.token, &person.login, password, &given.code, now);
    Ok(Json(RecoveryCodes { recovery_codes: enrolled.await? }))
}

/// Makes a link that enrols somebody, in place of one made before. Shown once.
#[utoipa::path(post, path = "/api/people/{login}/enrolment", tag = "people", security(("token" = [])),
    params(("login" = String, description = "Sign-in name")), request_body = Go,
    responses((status = 200, body = EnrolmentLink), (status = "4XX", body = Problem)))]
pub(crate) async fn invite(
    State(app): State<App>,
    actor: Actor,
    At(login): At<String>,
    Body(_): Body<Go>,
) -> Answer<EnrolmentLink> {
    let person = parse::known_person(&actor.facts, &login)?;
    actor.may(Subject::Person(person))?;
    // Else one person alone could put their own factors in place of somebody's.
    if app.parts.factors.has_second(person.id).await? {
        return Err(Problem::conflict(
            format!("{login} has enrolled already"),
            "an administrator and an engineer reset it together: chaperone person reset",
        ));
    }
    let link = app.parts.factors.invite(person.id, Some(actor.person), actor.now).await?;
    Ok(Json(EnrolmentLink { link: address(&app, &link.token), expires: link.expires }))
}

/// Takes somebody's password and second factor away: an administrator says so and an engineer, in either order.
#[utoipa::path(post, path = "/api/people/{login}/reset", tag = "people", security(("token" = [])),
    params(("login" = String, description = "Sign-in name")), request_body = Because,
    responses((status = 200, body = ResetView), (status = "4XX", body = Problem)))]
pub(crate) async fn reset(
    State(app): State<App>,
    actor: Actor,
    At(login): At<String>,
    Body(why): Body<Because>,
) -> Answer<ResetView> {
    let person = parse::known_person(&actor.facts, &login)?;
    let role = actor.may(Subject::Person(person))?;
    if person.id == actor.person {
        return Err(Problem::forbidden(
            "nobody resets themself",
            "ask another administrator and an engineer",
        ));
    }
    let (id, by, reason) = (person.id, actor.person, parse::needed("reason", &why.reason)?);
    let said = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let (facts, now) = (tx.facts().await?, tx.now());
            let whose = facts.people.get(&id).ok_or_else(|| Problem::unknown("person", ""))?;
            let stands = |first| may(&facts, first, Act::ResetFactors, Subject::Person(whose), now).is_ok();
            Ok::<_, Problem>(tx.reset(id, by, role, &reason, stands).await?)
        })
    });
    Ok(Json(match said.await? {
        Reset::Waiting => {
            let other =
                if role == Role::Administrator { Role::ClinicalEngineer } else { Role::Administrator };
            ResetView {
                state: "waiting-for-second".to_owned(),
                link: None,
                waiting_for: Some(other.to_string()),
            }
        }
        Reset::Done => {
            let link = app.parts.factors.invite(id, Some(actor.person), actor.now).await?;
            ResetView { state: "done".to_owned(), link: Some(address(&app, &link.token)), waiting_for: None }
        }
    }))
}

/// The token is behind the `#`: browsers send it to nobody, and no log has it.
fn address(app: &App, token: &str) -> String {
    format!("{}/enrol#{token}", app.site())
}
