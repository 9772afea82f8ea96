//! Signing in and out in a browser, and proving a second factor again.
//!
//! Whatever was wrong with a sign-in, the answer has the same bytes but for a random reference, and leaves at the same
//! time after the request came in (P9). What was wrong is in the fact, under the same reference.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chaperone_identity::{FactorError, hashed, random};
use chaperone_policy::{Act, Facts, Person, PersonId, Reason, Subject, may_read};
use chaperone_store::{FactKind, NewFact, WebSession};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Answer;
use crate::actor::Actor;
use crate::body::Body;
use crate::credential::{Credential, is_secured, same_site, set_cookie};
use crate::listen::Peer;
use crate::problem::Problem;
use crate::wire::{Code, Go, Me, ProvenUntil, SignIn};
use crate::{App, render};

/// When a failed sign-in is answered, after it came in; a hash that had to wait for its turn takes a multiple of it.
const ANSWER_AFTER: Duration = Duration::from_millis(1000);

/// Who asks, and when they did: somebody at one of our own pages, or a program.
pub(crate) struct Caller {
    source: IpAddr,
    arrived: Instant,
    now: Timestamp,
    host: Option<String>,
    /// Whether they came by HTTPS.
    secured: bool,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if !same_site(&parts.headers) {
            let what = "this does not come from the gate's own pages";
            return Err(Problem::forbidden(what, "load the page again"));
        }
        let peer = parts.extensions.get::<ConnectInfo<Peer>>();
        let source = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.at.ip());
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
        let secured = is_secured(app, &parts.extensions);
        Ok(Self { source, arrived: Instant::now(), now: Timestamp::now(), host, secured })
    }
}

impl Caller {
    /// Whether the request names this machine by its own name or address. A page from elsewhere whose name was made to lead
    /// here (DNS rebinding) names another.
    pub(crate) fn names_this_machine(&self) -> bool {
        let host = self.host.as_deref().unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
        matches!(name, "127.0.0.1" | "localhost" | "[::1]")
    }

    /// Waits for the next time at which a failure may be told.
    async fn hold(&self) {
        let mut at = self.arrived + ANSWER_AFTER;
        while at < Instant::now() {
            at += ANSWER_AFTER;
        }
        sleep_until(at).await;
    }
}

/// Signs a browser in by password and second factor.
#[utoipa::path(post, path = "/api/sign-in", tag = "sign-in", request_body = SignIn,
    responses((status = 200, body = Me), (status = "4XX", body = Problem)))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    caller: Caller,
    Body(given): Body<SignIn>,
) -> Result<Response, Problem> {
    let facts = app.parts.store.facts().await?;
    let claimed = given.login.parse().ok().and_then(|login| facts.person_by_login(&login));
    let password = Zeroizing::new(given.password);
    let factors = &app.parts.factors;
    let id = claimed.map(|person| person.id);
    let proven = factors.sign_in(&given.login, id, password, &given.code, caller.source, caller.now).await;
    let failed = match (proven, claimed) {
        (Ok((_, second)), Some(person)) => match may_come(&facts, person, &caller) {
            Ok(()) => {
                let how = format!("password+{}", second.as_str());
                return signed_in(&app, person, &how, Some(caller.now), &caller).await;
            }
            Err(reason) => reason,
        },
        (Err(FactorError::Failed(reason)), _) => reason,
        (Err(error), _) => return Err(error.into()),
        (Ok(_), None) => Reason::UnknownPerson,
    };
    let reference = failed_fact(&app, &given.login, id, failed, &caller).await?;
    caller.hold().await;
    Err(refused(reference))
}

/// The same words for everything that can be wrong.
fn refused(reference: String) -> Problem {
    Problem {
        reference: Some(reference.into()),
        ..Problem::new(
            StatusCode::UNAUTHORIZED,
            "this sign-in was not accepted",
            "try again with a new code; the help desk can look the reference up",
        )
    }
}

/// Whether somebody who has proved who they are may be here at all.
fn may_come(facts: &Facts, person: &Person, caller: &Caller) -> Result<(), Reason> {
    use chaperone_policy::Denied;
    match may_read(facts, person.id, Act::SeeWindows, Subject::AtAll, caller.now) {
        Err(Denied::Locked) => return Err(Reason::Locked),
        Err(Denied::NotValid) => return Err(Reason::NotValid),
        _ => {}
    }
    let theirs = facts.are_their_networks(person, None, caller.source);
    if theirs { Ok(()) } else { Err(Reason::SourceNetwork) }
}

async fn failed_fact(
    app: &App,
    login: &str,
    person: Option<PersonId>,
    reason: Reason,
    caller: &Caller,
) -> Result<String, Problem> {
    let reference = Uuid::new_v4().simple().to_string().chars().take(8).collect::<String>().to_uppercase();
    let login: String = login.chars().filter(|c| !c.is_control()).take(64).collect();
    let body = json!({
        "listener": "web", "login": login, "source": caller.source.to_string(), "reason": reason.as_str(),
        "reference": reference, "proof": { "method": "password" },
    });
    let fact = NewFact { person, ..NewFact::new(FactKind::AttemptFailed, caller.now, body) };
    app.parts.store.fact(fact).await?;
    Ok(reference)
}

/// Keeps the sign-in and hands out its cookie.
async fn signed_in(
    app: &App,
    person: &Person,
    how: &str,
    proven: Option<Timestamp>,
    caller: &Caller,
) -> Result<Response, Problem> {
    let secret = || random().ok_or_else(|| Problem::unavailable("the gate has no randomness", "try again"));
    let (cookie, csrf) = (secret()?, secret()?);
    let session = WebSession {
        id: hashed(&cookie),
        person: person.id,
        csrf: csrf.to_string(),
        how: how.to_owned(),
        source: caller.source.to_string(),
        began: caller.now,
        used: caller.now,
        proven,
    };
    let kept = session.clone();
    let write = app.parts.store.write(move |tx| Box::pin(async move { tx.put_web_session(&kept).await }));
    write.await?;
    let me = me_of(app, &*app.facts().await?, person.id, &Credential::Browser(session)).await?;
    let mut response = Json(me).into_response();
    if let Some(value) = set_cookie(caller.secured, &cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Signs a browser in as somebody of the demo's cast.
pub(super) async fn sign_in_as(app: &App, login: &str, caller: &Caller) -> Result<Response, Problem> {
    let facts = app.facts().await?;
    let person = crate::parse::known_person(&facts, login)?;
    signed_in(app, person, "demo", Some(caller.now), caller).await
}

/// Signs the browser out, at once, and leaves the web consoles that were opened from it. With a token it leaves those that were
/// opened with that; the token itself is good until its end.
#[utoipa::path(post, path = "/api/sign-out", tag = "sign-in", security(("token" = [])), request_body = Go,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    actor: Actor,
    Body(_): Body<Go>,
) -> Result<Response, Problem> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let (person, sign_in) = (actor.person, actor.credential.sign_in());
    match actor.credential {
        Credential::Browser(session) => {
            let write =
                app.parts.store.write(move |tx| Box::pin(async move { tx.end_web_session(&session).await }));
            write.await?;
            if let Some(value) = set_cookie(actor.secured, "") {
                response.headers_mut().insert(header::SET_COOKIE, value);
            }
        }
        Credential::Token(claims) => {
            let write = app.parts.store.write(move |tx| {
                Box::pin(async move { tx.sign_out_token(person, &sign_in, &claims.jti).await })
            });
            write.await?;
        }
    }
    Ok(response)
}

/// Proves a second factor again: for a while acts that want a fresh proof are done.
#[utoipa::path(post, path = "/api/step-up", tag = "sign-in", security(("token" = [])), request_body = Code,
    responses((status = 200, body = ProvenUntil), (status = "4XX", body = Problem)))]
pub(crate) async fn step_up(
    State(app): State<App>,
    caller: Caller,
    actor: Actor,
    Body(given): Body<Code>,
) -> Answer<ProvenUntil> {
    let Credential::Browser(session) = &actor.credential else {
        return Err(Problem::bad("a token proves nothing again", "this is for signed-in browsers"));
    };
    let login = actor.login.as_str();
    let proven = app.parts.factors.prove_again(session, &given.code, actor.now).await;
    match proven {
        Ok(_) => {}
        Err(FactorError::Failed(reason)) => {
            let reference = failed_fact(&app, login, Some(actor.person), reason, &caller).await?;
            caller.hold().await;
            let what = "this code was not accepted";
            let next = "wait for the next code of your authenticator and try again";
            return Err(Problem { reference: Some(reference.into()), ..Problem::forbidden(what, next) });
        }
        Err(error) => return Err(error.into()),
    }
    let session = session.clone();
    let write =
        app.parts.store.write(move |tx| Box::pin(async move { tx.prove_web_session(&session).await }));
    write.await?;
    let until = caller.now.checked_add(app.parts.settings.step_up).unwrap_or(caller.now);
    Ok(Json(ProvenUntil { until }))
}

/// Who the caller is, and what of the pages is theirs.
#[utoipa::path(get, path = "/api/me", tag = "sign-in", security(("token" = [])),
    responses((status = 200, body = Me), (status = "4XX", body = Problem)))]
pub(crate) async fn me(State(app): State<App>, actor: Actor) -> Answer<Me> {
    Ok(Json(me_of(&app, &actor.facts, actor.person, &actor.credential).await?))
}

async fn me_of(app: &App, facts: &Facts, person: PersonId, with: &Credential) -> Result<Me, Problem> {
    let person =
        facts.people.get(&person).ok_or_else(|| Problem::unauthenticated("nobody is enrolled here"))?;
    let enrolled = app.parts.store.enrolled().await?;
    let browser = match with {
        Credential::Browser(session) => Some(session),
        Credential::Token(_) => None,
    };
    Ok(Me {
        roles: render::roles(person),
        desks: render::desks(person),
        acts: render::acts(person),
        person: render::person(facts, person, &enrolled),
        csrf: browser.map(|session| session.csrf.clone()),
        signed_in_at: browser.map(|session| session.began),
        step_up_until: with.fresh_until(app),
        host_minted: with.is_host_minted(),
        token_expires: with.expires(),
        time_zone: app.parts.settings.zone.iana_name().unwrap_or("UTC").to_owned(),
    })
}
