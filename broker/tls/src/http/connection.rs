//! One client's connection to one host name: which visit each of its requests is of, and the gate's own pages on it.

mod carried;
mod entering;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chaperone_identity::{VisitToken, VisitUse, Visiting};
use chaperone_policy::{Access, PersonId, Reason};
use chaperone_session::{Ask, Cord, EndReason, FailedProof, Flow, Leg, LiveSession, Proof, new_reference};
use futures::FutureExt;
use http::header::{HOST, SET_COOKIE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::body::Outgoing;
use super::checked::Checked;
use super::console::Console;
use super::cookies;
use super::engine::{Caller, Entered, Shared};
use super::guard::Found;
use super::limits;
use super::pages::{Page, Standing};
use super::{refuse, transaction};
use crate::places::Place;
use crate::visit::{Beyond, CONNECTIONS};

/// Everything under this path is the gate's, and never reaches a target.
const OWN: &str = "/.chaperone";
/// When a proof that fails is answered, whatever was wrong with it (P9).
const FAILS_AFTER: Duration = Duration::from_millis(250);
/// A visit whose end has moved by more than this, to later or to earlier, gets the browser a new cookie.
const RENEW_FROM: SignedDuration = SignedDuration::from_secs(30);

/// See above.
pub(super) struct Connection {
    shared: Arc<Shared>,
    host: String,
    peer: SocketAddr,
    /// Whose token opened the way here, where one did.
    bearer: Option<PersonId>,
    cord: Cord,
    found: Found,
    /// Held while it is of no visit.
    place: Mutex<Option<Place>>,
    /// The visits that requests on it were of, by their cookies' ids.
    entered: Mutex<HashMap<Uuid, Box<dyn Entered>>>,
    /// The cookie that was shown last.
    checked: Checked,
    /// A cookie that proves nothing here was told of already.
    told: AtomicBool,
    /// How often something came in it that is not taken.
    misspoken: AtomicU32,
    /// Requests that were given up, since when.
    given_up: Mutex<(Instant, u32)>,
}

/// A request that nobody has answered yet.
struct Unanswered<'c>(&'c Arc<Connection>);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        Connection::gave_up(self.0);
    }
}

impl Connection {
    pub(super) fn new(shared: &Arc<Shared>, caller: Caller, found: Found) -> Arc<Self> {
        let Caller { host, peer, bearer, cord, place } = caller;
        let (entered, told, place) = (Mutex::default(), AtomicBool::new(false), Mutex::new(Some(place)));
        let given_up = Mutex::new((Instant::now(), 0));
        let connection = Arc::new(Self {
            shared: Arc::clone(shared),
            host,
            peer,
            bearer,
            cord,
            found,
            place,
            entered,
            checked: Checked::default(),
            told,
            misspoken: AtomicU32::new(0),
            given_up,
        });
        // Strangers' places are few: nobody keeps one by saying something now and then.
        let waiting = Arc::downgrade(&connection);
        tokio::spawn(async move {
            sleep(limits::WITHOUT_VISIT).await;
            if let Some(connection) = waiting.upgrade()
                && held(&connection.place).is_some()
            {
                connection.cord.sever();
                connection.shared.tally.count(connection.peer.ip(), "it stayed and was of no visit").await;
            }
        });
        connection
    }

    /// Answers one request.
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Outgoing> {
        let unanswered = Unanswered(&self);
        let answer = Arc::clone(&self).answer_to(request).await;
        std::mem::forget(unanswered);
        answer
    }

    /// The client has given a request up. Who does it again and again asks only to be a burden (CVE-2023-44487).
    fn gave_up(self: &Arc<Self>) {
        let many = {
            let mut given_up = held(&self.given_up);
            if given_up.0.elapsed() > limits::GIVEN_UP_WITHIN {
                *given_up = (Instant::now(), 0);
            }
            given_up.1 += 1;
            given_up.1 == limits::GIVEN_UP
        };
        if many {
            let connection = Arc::clone(self);
            tokio::spawn(async move {
                connection.misspoke("the client gives up more requests than are taken").await;
                connection.cord.sever();
            });
        }
    }

    async fn answer_to(self: Arc<Self>, request: Request<Incoming>) -> Response<Outgoing> {
        let arrived = Instant::now();
        if let Err(why) = refuse::check(&request, &self.host) {
            if why.is_told(request.version()) {
                self.misspoke(&why.to_string()).await;
            }
            return Page::bad(why.status(), &why.to_string()).into_answer();
        }
        let path = request.uri().path();
        if path.strip_prefix(OWN).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return self.own(&request, arrived).await;
        }
        let (console, token) = match self.visit(&request, arrived).await {
            Ok(visit) => visit,
            Err(page) => return page.into_answer(),
        };
        let mut answer = transaction::take(Arc::clone(&console), request, Arc::clone(&self)).await;
        // Who is let in no more is given nothing to come with.
        if moved(token.until, console.session.output_until())
            && console.allows()
            && let Some(cookie) = self.cookie(&token.about, token.id, &console.session)
        {
            answer.headers_mut().append(SET_COOKIE, cookie);
        }
        answer
    }

    /// The peer sent what is not taken from anybody: a fact.
    pub(super) async fn misspoke(&self, why: &str) {
        let session = held(&self.entered).values().next().map(|entered| Arc::clone(entered.session()));
        match session {
            Some(session) => {
                if self.misspoken.fetch_add(1, Ordering::Relaxed) >= limits::MISSPOKEN {
                    self.cord.sever();
                    return;
                }
                let what = json!({ "request": "http", "why": why, "source": self.peer.to_string(), "host": self.host });
                self.shared.gate.transaction_refused(&session, "http", what).await;
            }
            None => self.shared.tally.count(self.peer.ip(), why).await,
        }
    }

    /// What comes next on it is HTTP no more.
    pub(super) fn goes_on(&self) {
        self.found.signal();
    }

    /// The connection has ended by itself: what is under way to the client may arrive.
    pub(super) async fn over(&self) {
        let entered: Vec<Box<dyn Entered>> =
            held(&self.entered).drain().map(|(_, entered)| entered).collect();
        for entered in entered {
            entered.session().arrives(&self.cord).await;
            entered.session().let_go(&self.cord);
        }
    }

    /// The visit that a request is of.
    async fn visit(
        &self,
        request: &Request<Incoming>,
        arrived: Instant,
    ) -> Result<(Arc<Console>, VisitToken), Page> {
        let site = &self.shared.settings.site;
        let Some(cookie) = cookies::ours(request.headers()) else { return Err(Page::sign_in(site)) };
        let now = Timestamp::now();
        let check = || self.shared.tokens.visit(VisitUse::Visit, cookie, &self.host, now);
        let Ok(token) = self.checked.token(cookie, now, check) else {
            if !self.told.swap(true, Ordering::AcqRel) {
                self.failed(None, "a cookie that is none of this gate's", &new_reference()).await;
            }
            sleep_until(arrived + FAILS_AFTER).await;
            return Err(Page::sign_in(site));
        };
        if let Some(why) = self.carried_by_another(&token, "cookie").await {
            if !self.told.swap(true, Ordering::AcqRel) {
                self.failed(Some(&token), &why, &new_reference()).await;
            }
            sleep_until(arrived + FAILS_AFTER).await;
            return Err(Page::sign_in(site));
        }
        if let Some(reason) = self.is_over(&token) {
            // Whoever shows it again is a fact, as at every other node; a page that asks many times a second is one.
            if self.shared.remembered.first(token.id, reason.sentence()) {
                let ask = Ask { shown: Some(Proof::Token(token.id)), ..self.ask(&token) };
                drop(self.shared.gate.refuse_spent(&ask, reason).await);
            }
            return Err(Page::over(reason.sentence(), site));
        }
        if let Some(told) = self.shared.remembered.told(token.id) {
            return Err(Page::refused(&told, site));
        }
        let authority = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let authority = request.uri().authority().map(http::uri::Authority::as_str).or(authority);
        let session = self.session_of(&token).await?;
        let console = self.shared.console(&session, authority.unwrap_or(&self.host));
        Ok((console, token))
    }

    /// The visit of a cookie: known on this connection, on, or a new one.
    async fn session_of(&self, token: &VisitToken) -> Result<Arc<LiveSession>, Page> {
        let known = held(&self.entered).get(&token.id).map(|entered| Arc::clone(entered.session()));
        if let Some(session) = known.filter(|_| !token.expired) {
            return match *session.flow().borrow() {
                // The connection ends with it, within a moment.
                Flow::Cut(reason) => Err(Page::over(reason.sentence(), &self.shared.settings.site)),
                _ => Ok(Arc::clone(&session)),
            };
        }
        let ask = self.ask(token);
        let site = &self.shared.settings.site;
        let entered = match token.expired {
            // In its own window: another one of theirs has a link of its own.
            false => self.shared.enter.enter(token.id, ask).await,
            // Worth nothing any more; whoever shows it is told what the schedule says, and so is the SOC.
            true => match self.shared.gate.foretell(&ask).await {
                Some(refused) => Err(refused),
                None => return Err(Page::sign_in(site)),
            },
        };
        match entered {
            Ok(entered) => {
                if let Some(beyond) = entered.beyond() {
                    return Err(self.crowds(&*entered, beyond).await);
                }
                let session = Arc::clone(entered.session());
                let goodbye = Box::new(|_: EndReason| futures::future::ready(()).boxed());
                session.hang(Leg { name: "client", cord: self.cord.clone(), goodbye });
                held(&self.entered).insert(token.id, entered);
                drop(held(&self.place).take());
                Ok(session)
            }
            Err(refused) => {
                // What the database knows of this cookie is known here from now on, and is a fact.
                if let Some(reason) = self.is_over(token) {
                    self.shared.remembered.tell(token.id, reason.sentence());
                    return Err(Page::over(reason.sentence(), site));
                }
                self.shared.remembered.tell(token.id, &refused.text);
                Err(Page::refused(&refused.text, site))
            }
        }
    }

    /// One connection more than a visit may have.
    async fn crowds(&self, entered: &dyn Entered, beyond: Beyond) -> Page {
        if beyond.is_news {
            let what =
                json!({ "request": "http", "why": "too many connections of one visit", "most": CONNECTIONS });
            self.shared.gate.transaction_refused(entered.session(), "http", what).await;
        }
        Page::bad(StatusCode::SERVICE_UNAVAILABLE, "this visit has too many connections open")
    }

    /// Why a cookie opens no visit any more.
    fn is_over(&self, token: &VisitToken) -> Option<EndReason> {
        self.shared.enter.over(token.id, &token.about.target, self.peer.ip())
    }

    fn ask(&self, token: &VisitToken) -> Ask {
        Ask {
            person: token.about.person,
            key: None,
            target: token.about.target.clone(),
            account: None,
            within: Some(token.about.window),
            access: Some(Access::Tls),
            source: self.peer,
            proof: json!({
                "login": token.about.login, "method": "visit-token", "token": token.id, "window": token.about.window,
            }),
            shown: None,
            protocol: "tls",
            reference: new_reference(),
        }
    }

    /// The gate's own pages.
    async fn own(&self, request: &Request<Incoming>, arrived: Instant) -> Response<Outgoing> {
        let path = request.uri().path().strip_prefix(OWN).unwrap_or_default();
        let known = ["", "/", "/enter", "/leave"].contains(&path);
        match (request.method(), path) {
            (&Method::GET | &Method::POST, "/enter") => self.enter(request, arrived).await,
            (&Method::GET | &Method::HEAD, "" | "/") => match self.visit(request, arrived).await {
                Ok((console, _)) => self.standing(&console).into_answer(),
                Err(page) => page.into_answer(),
            },
            (&Method::POST, "/leave") => match self.visit(request, arrived).await {
                Ok((console, token)) => self.leave(&console, token.id),
                Err(page) => page.into_answer(),
            },
            _ if known => {
                Page::bad(StatusCode::METHOD_NOT_ALLOWED, "this page takes another method").into_answer()
            }
            _ => Page::bad(StatusCode::NOT_FOUND, "the gate has no such page").into_answer(),
        }
    }

    async fn failed(&self, token: Option<&VisitToken>, why: &str, reference: &str) {
        let user = token.map(|token| format!("{}+{}", token.about.login, token.about.target));
        let proof = FailedProof {
            user: user.unwrap_or_default(),
            source: self.peer,
            offers: Vec::new(),
            reason: Reason::Credential,
            person: token.map(|token| token.about.person),
            why: Some(why.to_owned()),
            reference: reference.to_owned(),
            protocol: "http",
        };
        match self.shared.told.tells() {
            true => self.shared.gate.failed_proof(proof).await,
            false => self.shared.tally.count(self.peer.ip(), why).await,
        }
    }

    fn cookie(&self, about: &Visiting, id: Uuid, session: &LiveSession) -> Option<HeaderValue> {
        self.cookie_until(about, id, session.output_until())
    }

    /// The cookie of a visit: the browser forgets it when the window ends.
    fn cookie_until(&self, about: &Visiting, id: Uuid, until: Timestamp) -> Option<HeaderValue> {
        let now = Timestamp::now();
        let token = self.shared.tokens.mint_visit(VisitUse::Visit, about, id, now, until).ok()?;
        let lasts = until.duration_since(now).as_secs().max(1);
        let ours = cookies::OURS;
        format!("{ours}={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={lasts}").try_into().ok()
    }

    fn leave(&self, console: &Console, token: Uuid) -> Response<Outgoing> {
        let (session, shared) = (Arc::clone(&console.session), Arc::clone(&self.shared));
        // The page goes out first.
        tokio::spawn(async move {
            tokio::time::sleep(FAILS_AFTER).await;
            shared.enter.left(token, &session);
        });
        let mut answer = Page::left(&self.shared.settings.site).into_answer();
        let gone = format!("{}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0", cookies::OURS);
        if let Ok(gone) = gone.try_into() {
            answer.headers_mut().append(SET_COOKIE, gone);
        }
        answer
    }

    fn standing(&self, console: &Console) -> Page {
        let (permit, flow) = (console.session.permit(), *console.session.flow().borrow());
        let input = match flow {
            Flow::Open => "Flows",
            Flow::Paused => "Paused by the hospital: requests wait",
            Flow::Frozen => "Over; what was under way is still shown",
            Flow::Cut(_) => "Over",
        };
        let left = left(permit.input_until().duration_since(Timestamp::now()));
        Page::status(&Standing {
            target: permit.target().name.as_str(),
            left: &left,
            ends: &self.shared.gate.clock_time(permit.input_until()),
            input,
            visit: &console.session.id().to_string(),
            site: &self.shared.settings.site,
        })
    }
}

/// Whether a visit ends at clearly another time than its cookie. The new one is for the same person, server, window and visit.
fn moved(cookie: Timestamp, visit: Timestamp) -> bool {
    visit.duration_since(cookie).abs() > RENEW_FROM
}

/// A time left, rounded down: nobody has more than it says.
fn left(left: SignedDuration) -> String {
    match left.as_secs().max(0) {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_follows_the_end_of_its_visit() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (visit, follows) in [(1000, false), (1030, false), (1031, true), (970, false), (969, true)] {
            assert_eq!(moved(at(1000), at(visit)), follows, "{visit}");
        }
    }

    #[test]
    fn nobody_is_told_more_time_than_there_is() {
        for (seconds, said) in
            [(-5, "0 s"), (59, "59 s"), (119, "1 min"), (3600, "1 h 0 min"), (9000, "2 h 30 min")]
        {
            assert_eq!(left(SignedDuration::from_secs(seconds)), said);
        }
    }
}
