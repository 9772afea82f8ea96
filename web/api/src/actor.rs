//! Who acts: the person behind a bearer token, as the facts have them now, and the one question that every handler asks
//! about what it is going to do.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath};
use axum::http::Method;
use axum::http::request::Parts;
use chaperone_policy::{
    Act, Denied, Facts, Person, PersonId, Role, Subject, may, may_as, may_beside, may_read,
};
use chaperone_store::StoreError;
use jiff::Timestamp;

use crate::App;
use crate::credential::{self, Credential};
use crate::handle::second_word;
use crate::listen::Peer;
use crate::problem::Problem;
use crate::route::{Door, door};

/// A signed-in person at a door that lets them in.
pub(crate) struct Actor {
    /// Who asks, and through which door.
    pub asker: Asker,
    /// Who.
    pub person: PersonId,
    /// Their sign-in name.
    pub login: String,
    /// What the decision about them rests on.
    pub facts: Arc<Facts>,
    /// When the request came in.
    pub now: Timestamp,
    /// Where the request came from.
    pub source: Option<SocketAddr>,
    /// Whether it came by HTTPS.
    pub secured: bool,
    /// What proves it.
    pub credential: Credential,
}

/// Asks what a person may do through one door; small enough to go into a transaction and ask there, of its facts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    /// Who.
    pub person: PersonId,
    /// Whether the token was minted on the host, and such tokens are nobody for some acts (P8).
    host_bound: bool,
    /// Whether a second factor was proven a moment ago.
    fresh: bool,
    door: Door,
}

impl FromRequestParts<App> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let now = Timestamp::now();
        let route =
            parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default().to_owned();
        let Some(door) = door(&parts.method, &route) else {
            tracing::error!(method = %parts.method, route, "a route has no door in the table");
            return Err(Problem::forbidden("this door is closed", "tell whoever builds the gate"));
        };
        let credential = credential::of(app, parts, now).await?;
        let facts = match app.parts.store.facts().await {
            // Who may mend the ledger is who the database that is there says; nothing else can be written to it.
            Err(StoreError::WentBack { .. }) => app.parts.store.people().await?,
            asked => asked?,
        };
        let person = match &credential {
            Credential::Token(claims) => {
                claims.sub.parse().ok().and_then(|login| facts.person_by_login(&login))
            }
            Credential::Browser(session) => facts.people.get(&session.person),
        };
        let Some(person) = person else {
            return Err(Problem::unauthenticated("this is for nobody who is enrolled"));
        };
        let host_bound = credential.is_host_minted() && !app.parts.settings.host_tokens;
        let fresh = credential.fresh_until(app).is_some_and(|until| now < until);
        let asker = Asker { person: person.id, host_bound, fresh, door };
        let source = parts.extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| peer.at);
        let (login, secured) = (person.login.to_string(), credential::is_secured(app, &parts.extensions));
        let (person_id, known) = (person.id, Arc::clone(&facts));
        let actor = Self { asker, person: person_id, login, now, source, secured, credential, facts: known };
        let come_in = actor.come_in(app, person, &parts.method, &route).await;
        if let (Err(problem), Door::Together(act)) = (&come_in, door) {
            second_word::denied(app, &actor, act, &route, &problem.what).await?;
        }
        come_in.map(|()| actor)
    }
}

impl Actor {
    /// The checks at the door itself, before anything of the request is looked at.
    async fn come_in(&self, app: &App, person: &Person, method: &Method, route: &str) -> Result<(), Problem> {
        if let Credential::Token(claims) = &self.credential
            && claims.host_minted
        {
            app.parts.host_tokens.used(app, self, &claims.jti, method.as_str(), route).await?;
        }
        if self.asker.host_bound && self.asker.door.refuses_host_tokens() {
            return Err(host_bound());
        }
        // Every role sees some windows: what is denied here is the person themself, whatever their token says.
        let asks_schedule = matches!(self.asker.door, Door::Schedule(_));
        let standing = may_read(&self.facts, person.id, Act::SeeWindows, Subject::AtAll, self.now);
        if let Err(denied @ (Denied::Unknown | Denied::Locked | Denied::NotValid)) = standing
            && !asks_schedule
        {
            return Err(Problem::forbidden(
                denied.to_string(),
                "ask an administrator, or the SOC if it is a lock",
            ));
        }
        if person.grants.iter().any(|grant| self.asker.door.lets_in(grant.role)) {
            return Ok(());
        }
        Err(Problem::forbidden(format!("no role of {} allows this", person.login), who_may(&self.asker.door)))
    }

    /// Whether the person may do this door's one act to this, and as what.
    pub(crate) fn may(&self, on: Subject<'_>) -> Result<Role, Problem> {
        self.asker.may(&self.facts, on, self.now)
    }

    /// Whether the person may look at this; for lists, and so that what somebody may not see does not exist for them.
    pub(crate) fn sees(&self, act: Act, on: Subject<'_>) -> bool {
        may_read(&self.facts, self.person, act, on, self.now).is_ok()
    }

    /// The person, as the facts have them.
    pub(crate) fn me(&self) -> Result<&Person, Problem> {
        known(&self.facts, self.person)
    }
}

impl Asker {
    /// Whether the person may do this door's one act to this, and as what.
    pub(crate) fn may(&self, facts: &Facts, on: Subject<'_>, now: Timestamp) -> Result<Role, Problem> {
        match self.door.acts() {
            [act] => self.may_do(facts, *act, on, now),
            _ => Err(Problem::forbidden("this door leads to several acts", "tell whoever builds the gate")),
        }
    }

    /// Whether the person may do one of this door's acts to this, and as what.
    pub(crate) fn may_do(
        &self,
        facts: &Facts,
        act: Act,
        on: Subject<'_>,
        now: Timestamp,
    ) -> Result<Role, Problem> {
        self.through(act)?;
        let right = match self.door {
            Door::Together(_) => may_beside,
            door if door.reads() => may_read,
            _ => may,
        };
        right(facts, self.person, act, on, now)
            .map(|right| right.role)
            .map_err(|denied| Problem::forbidden(denied.to_string(), who_may(&self.door)))
    }

    /// As [`Asker::may_do`], as this very role.
    pub(crate) fn may_do_as(
        &self,
        facts: &Facts,
        role: Role,
        act: Act,
        on: Subject<'_>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        self.through(act)?;
        may_as(facts, self.person, role, act, on, now)
            .map(drop)
            .map_err(|denied| Problem::forbidden(denied.to_string(), who_may(&self.door)))
    }

    /// Whether typed input may be shown through this door at all: to nobody who was minted on the host, or has left the
    /// desk. Whether two people have agreed is the desk's question.
    pub(crate) fn may_see_typed(&self) -> Result<(), Problem> {
        if self.host_bound {
            return Err(host_bound());
        }
        if self.fresh { Ok(()) } else { Err(Problem::step_up()) }
    }

    /// Whether the door leads to the act at all.
    fn through(&self, act: Act) -> Result<(), Problem> {
        if !self.door.acts().contains(&act) {
            tracing::error!(%act, door = ?self.door, "a handler asks for an act that its door does not name");
            return Err(Problem::forbidden("this door does not lead there", "tell whoever builds the gate"));
        }
        if self.host_bound && act.refuses_host_tokens() {
            return Err(host_bound());
        }
        if act.wants_fresh_proof() && !self.fresh { Err(Problem::step_up()) } else { Ok(()) }
    }
}

/// A person, as these facts have them.
pub(crate) fn known(facts: &Facts, person: PersonId) -> Result<&Person, Problem> {
    facts
        .people
        .get(&person)
        .ok_or_else(|| Problem::unauthenticated("this token is for nobody who is enrolled"))
}

fn host_bound() -> Problem {
    Problem::forbidden(
        "a token minted on the host cannot approve, replay, verify or export",
        "sign in as that person; or set security.host_tokens = true (set-up and demonstrations only)",
    )
}

fn who_may(door: &Door) -> String {
    let may = Role::ALL.into_iter().filter(|role| door.lets_in(*role));
    let roles: Vec<String> = may.map(|role| role.as_str().replace('-', " ")).collect();
    format!("ask somebody who may here: {}", roles.join(", "))
}
