//! People and their keys.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, EnrolledKey, Facts, LockOn, Person, PersonId, Role, Subject, Vendor};
use chaperone_store::{FactKind, NewFact};
use serde_json::json;

use super::Answer;
use super::lock::{self, Locked};
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{Because, NewEmail, NewKey, NewPerson, PersonView, WithdrawnKey};
use crate::{App, parse, render};

/// The people whom the caller may know of.
#[utoipa::path(get, path = "/api/people", tag = "people", security(("token" = [])),
    responses((status = 200, body = [PersonView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(State(app): State<App>, actor: Actor) -> Answer<Vec<PersonView>> {
    let enrolled = app.parts.store.enrolled().await?;
    let seen =
        actor.facts.people.values().filter(|person| actor.sees(Act::SeePeople, Subject::Person(person)));
    let mut people: Vec<PersonView> =
        seen.map(|person| render::person(&actor.facts, person, &enrolled)).collect();
    people.sort_by(|a, b| a.login.cmp(&b.login));
    Ok(Json(people))
}

/// One person.
#[utoipa::path(get, path = "/api/people/{login}", tag = "people", security(("token" = [])),
    params(("login" = String, description = "Sign-in name")),
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(State(app): State<App>, actor: Actor, At(login): At<String>) -> Answer<PersonView> {
    let person = parse::known_person(&actor.facts, &login)?;
    // Somebody whom the caller may not know of does not exist for them.
    if !actor.sees(Act::SeePeople, Subject::Person(person)) {
        return Err(Problem::unknown("person", &login));
    }
    let enrolled = app.parts.store.enrolled().await?;
    Ok(Json(render::person(&actor.facts, person, &enrolled)))
}

/// Enrols a person. A clinical engineer may enrol technicians only.
#[utoipa::path(post, path = "/api/people", tag = "people", security(("token" = [])), request_body = NewPerson,
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewPerson>,
) -> Answer<PersonView> {
    let person = parse::person(&actor.facts, &new, actor.now)?;
    actor.may(Subject::Person(&person))?;
    vendor_fits(&person, person.vendor.and_then(|id| actor.facts.vendors.get(&id)))?;
    let (id, by) = (person.id, actor.person);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let facts = tx.facts().await?;
            for key in &person.keys {
                nobodys(&facts, key)?;
            }
            Ok::<_, Problem>(tx.add_person(&person, Some(by)).await?)
        })
    });
    written.await?;
    shown(&app, id).await
}

/// Keeps a person out and ends their visits.
#[utoipa::path(post, path = "/api/people/{login}/lock", tag = "people", security(("token" = [])),
    params(("login" = String, description = "Sign-in name")), request_body = Because,
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
pub(crate) async fn lock(
    State(app): State<App>,
    actor: Actor,
    At(login): At<String>,
    Body(why): Body<Because>,
) -> Answer<PersonView> {
    let person = parse::known_person(&actor.facts, &login)?;
    lock::set(&app, &actor, LockOn::Person(person.id), Subject::Person(person), Locked::Yes(&why.reason))
        .await?;
    shown(&app, person.id).await
}

/// Lets a person in again.
#[utoipa::path(post, path = "/api/people/{login}/unlock", tag = "people", security(("token" = [])),
    params(("login" = String, description = "Sign-in name")), request_body = Because,
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
pub(crate) async fn unlock(
    State(app): State<App>,
    actor: Actor,
    At(login): At<String>,
    Body(why): Body<Because>,
) -> Answer<PersonView> {
    let person = parse::known_person(&actor.facts, &login)?;
    lock::set(&app, &actor, LockOn::Person(person.id), Subject::Person(person), Locked::No(&why.reason))
        .await?;
    shown(&app, person.id).await
}

/// Enrols one more key. A key that somebody has already is refused.
#[utoipa::path(post, path = "/api/people/{login}/keys", tag = "people", security(("token" = [])),
    params(("login" = String, description = "Sign-in name")), request_body = NewKey,
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
pub(crate) async fn add_key(
    State(app): State<App>,
    actor: Actor,
    At(login): At<String>,
    Body(new): Body<NewKey>,
) -> Answer<PersonView> {
    let person = parse::known_person(&actor.facts, &login)?;
    actor.may(Subject::Person(person))?;
    let key = parse::key(&new, actor.now)?;
    let (id, by) = (person.id, actor.person);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let facts = tx.facts().await?;
            nobodys(&facts, &key)?;
            let mut person = facts.people.get(&id).cloned().ok_or_else(|| Problem::unknown("person", ""))?;
            person.keys.push(key);
            Ok::<_, Problem>(tx.change_person(&person, by).await?)
        })
    });
    written.await?;
    shown(&app, id).await
}

/// Withdraws a key: from now on it proves nobody, and visits that were begun with it end. It stays on record, and nobody
/// can enrol it again.
#[utoipa::path(post, path = "/api/people/{login}/keys/withdraw", tag = "people", security(("token" = [])),
    params(("login" = String, description = "Sign-in name")), request_body = WithdrawnKey,
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
pub(crate) async fn withdraw_key(
    State(app): State<App>,
    actor: Actor,
    At(login): At<String>,
    Body(which): Body<WithdrawnKey>,
) -> Answer<PersonView> {
    let person = parse::known_person(&actor.facts, &login)?;
    actor.may(Subject::Person(person))?;
    let reason = parse::needed("reason", &which.reason)?;
    let (id, by, now) = (person.id, actor.person, actor.now);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let facts = tx.facts().await?;
            let mut person = facts.people.get(&id).cloned().ok_or_else(|| Problem::unknown("person", ""))?;
            let key = person.keys.iter_mut().find(|key| key.fingerprint == which.fingerprint);
            let key = key.ok_or_else(|| Problem::unknown("key", &which.fingerprint))?;
            if key.validity.until.is_some_and(|until| until <= now) {
                return Err(Problem::conflict("this key is no longer valid", "there is nothing to withdraw"));
            }
            key.validity.until = Some(now);
            let body = json!({ "login": person.login, "fingerprint": which.fingerprint, "reason": reason });
            let mut fact = NewFact::new(FactKind::KeyWithdrawn, now, body).by(by);
            fact.vendor = person.vendor;
            tx.change_person(&person, by).await?;
            tx.fact(fact).await?;
            Ok::<_, Problem>(())
        })
    });
    written.await?;
    shown(&app, id).await
}

/// Says where a person gets mail, or that they get none.
#[utoipa::path(put, path = "/api/people/{login}/email", tag = "people", security(("token" = [])),
    params(("login" = String, description = "Sign-in name")), request_body = NewEmail,
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
pub(crate) async fn set_email(
    State(app): State<App>,
    actor: Actor,
    At(login): At<String>,
    Body(new): Body<NewEmail>,
) -> Answer<PersonView> {
    let person = parse::known_person(&actor.facts, &login)?;
    actor.may(Subject::Person(person))?;
    let email = parse::email(new.email.as_deref())?;
    let (id, by) = (person.id, actor.person);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let facts = tx.facts().await?;
            let mut person = facts.people.get(&id).cloned().ok_or_else(|| Problem::unknown("person", ""))?;
            person.email = email;
            Ok::<_, Problem>(tx.change_person(&person, by).await?)
        })
    });
    written.await?;
    shown(&app, id).await
}

/// A key proves one person: else a recording's "how they proved it" names several.
pub(super) fn nobodys(facts: &Facts, key: &EnrolledKey) -> Result<(), Problem> {
    let has = |person: &&Person| person.keys.iter().any(|theirs| theirs.fingerprint == key.fingerprint);
    match facts.people.values().find(has) {
        Some(holder) => {
            let what = format!("{} has this key already", holder.login);
            Err(Problem::conflict(what, "a key belongs to one person: make another"))
        }
        None => Ok(()),
    }
}

/// A vendor's people hold a vendor's roles, and the hospital's people the hospital's: hands are separate (P8).
fn vendor_fits(person: &Person, vendor: Option<&Vendor>) -> Result<(), Problem> {
    let vendors_own = |role| matches!(role, Role::Technician | Role::Coordinator);
    let next = "give vendors' people technician or coordinator, with --vendor; and hospital staff the other roles, without";
    for grant in &person.grants {
        if vendors_own(grant.role) && vendor.is_none() {
            return Err(Problem::bad(
                format!("a {} works for a vendor, and none is named", grant.role),
                next,
            ));
        }
        if let Some(vendor) = vendor
            && !vendors_own(grant.role)
        {
            return Err(Problem::bad(format!("somebody of {} cannot be {}", vendor.name, grant.role), next));
        }
    }
    Ok(())
}

pub(super) async fn shown(app: &App, id: PersonId) -> Answer<PersonView> {
    let facts = app.facts().await?;
    let person = facts.people.get(&id).ok_or_else(|| Problem::unknown("person", &id.to_string()))?;
    let enrolled = app.parts.store.enrolled().await?;
    Ok(Json(render::person(&facts, person, &enrolled)))
}
