//! One transaction: a request that policy permits, recorded and passed on, and its answer.
//!
//! ```text
//!   permits? ─▶ input flows? ─▶ a turn ─▶ lane ─▶ http-request ─┬▶ body ─▶ http-request-end
//!                                                              └▶ target ─▶ http-response ─▶ body ─▶ http-response-end
//! ```
//!
//! From the lane on it runs beside the connection: whoever gives a request up gives up its answer, and not its record.

mod unanswered;

use std::sync::Arc;

use chaperone_session::RelayEnd;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body;
use hyper::body::Incoming;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::body::{Measure, Outgoing};
use super::connection::Connection;
use super::console::Console;
use super::flowing::{self, Flowing, Outcome, Way};
use super::headers;
use super::inject::{self, Injection};
use super::lanes::{NoTurn, Taken, Turn};
use super::limits;
use super::pages::Page;
use super::sending::{Lost, Sending};
use super::upgrade;
use super::upstream::{Answered, NoAnswer, Offer};

/// The field that tells programs when the visit ends.
const ENDS: &str = "chaperone-visit-ends";

/// Takes one request of a visit.
pub(super) async fn take(
    console: Arc<Console>,
    request: Request<Incoming>,
    client: Arc<Connection>,
) -> Response<Outgoing> {
    let site = console.settings.site.clone();
    let about = json!({ "request": "http", "method": request.method().as_str() });
    let turn = match console.lanes.turn().await {
        Ok(turn) => turn,
        Err(NoTurn::Over) => return over(&console).into_answer(),
        Err(NoTurn::Crowded) => return Page::crowded().into_answer(),
    };
    // Asked once it is its turn: what holds input has not been passed over while it waited.
    if let Err(refused) = console.permits(about).await {
        return Page::refused(&refused.text, &site).into_answer();
    }
    match console.session.input_flows().await {
        Ok(()) => {}
        Err(Some(reason)) => return Page::over(reason.sentence(), &site).into_answer(),
        Err(None) => return Page::input_over().into_answer(),
    }
    let (give, answer) = oneshot::channel();
    tokio::spawn(async move { Transaction::begin(console, request, client, turn, give).await });
    match answer.await {
        Ok(answer) => answer,
        Err(_gone) => {
            Page::bad(StatusCode::INTERNAL_SERVER_ERROR, "the gate could not carry it out").into_answer()
        }
    }
}

fn over(console: &Console) -> Page {
    let reason = console.ended().map_or("it has ended", |reason| reason.sentence());
    Page::over(reason, &console.settings.site)
}

struct Transaction {
    console: Arc<Console>,
    lane: Arc<Taken>,
    n: u64,
    head: bool,
    client: Arc<Connection>,
}

impl Transaction {
    async fn begin(
        console: Arc<Console>,
        request: Request<Incoming>,
        client: Arc<Connection>,
        turn: Turn,
        mut give: oneshot::Sender<Response<Outgoing>>,
    ) {
        let lane = match console.lanes.take(turn).await {
            Ok(lane) => Arc::new(lane),
            Err(refused) => {
                drop(give.send(Page::refused(&refused.text, &console.settings.site).into_answer()));
                return;
            }
        };
        let (n, head) = (console.number(), request.method() == Method::HEAD);
        let transaction = Self { console, lane, n, head, client };
        let injection = transaction.console.injection().await;
        let injected = injection.as_ref().ok().copied().flatten().cloned();
        if transaction.record_request(&request, injected.as_ref()).await.is_err() {
            drop(give.send(over(&transaction.console).into_answer()));
            return;
        }
        let answer = match injection {
            Ok(_) => {
                let mut flow = transaction.console.session.flow();
                tokio::select! {
                    biased;
                    _ = flow.wait_for(|flow| flow.is_cut()) => Err(None),
                    () = give.closed() => Err(None),
                    answered = transaction.pass(request, injected.as_ref()) => answered.map_err(Some),
                }
            }
            Err(error) => Err(Some(NoAnswer::Dial(error))),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(why) => transaction.without_answer(why).await,
        };
        drop(give.send(answer));
    }

    async fn record_request(
        &self,
        request: &Request<Incoming>,
        injected: Option<&Injection>,
    ) -> Result<(), RelayEnd> {
        let url = self.url(request.uri());
        let body = json!({
            "n": self.n, "method": request.method().as_str(), "url": url, "version": version(request.version()),
            "headers": headers::recorded(request.headers()), "injected": injected.map(Injection::name),
            "started": Timestamp::now(),
        });
        self.event("http-request", body).await
    }

    async fn event(&self, kind: &str, body: Value) -> Result<(), RelayEnd> {
        let session = &self.console.session;
        session.record_event(self.lane.channel().number(), kind, body, &mut session.flow()).await
    }

    /// The target's own URL of what is asked for.
    fn url(&self, asked: &Uri) -> String {
        self.console.names.target_url(asked.path_and_query().map_or("/", |path| path.as_str()))
    }

    /// Sends it to the target, and gets the answer ready for the client.
    async fn pass(
        &self,
        mut request: Request<Incoming>,
        injected: Option<&Injection>,
    ) -> Result<Response<Outgoing>, NoAnswer> {
        let protocol = headers::upgrade(request.version(), request.headers()).cloned();
        let on_client = protocol.as_ref().map(|_| hyper::upgrade::on(&mut request));
        // What was recorded is what is asked for, or nothing is.
        let url: Uri = self.url(request.uri()).parse().map_err(|_| NoAnswer::NoUrl)?;
        let (parts, body) = request.into_parts();
        let mut fields = headers::to_target(&parts.headers, &self.console.names, protocol.as_ref());
        if let Some(injection) = injected {
            injection.put_into(&mut fields);
        }
        let sending = Sending::begins();
        let body = self.request_body(body, &sending).await;
        let mut passed = Request::new(body);
        *passed.method_mut() = parts.method;
        *passed.uri_mut() = url;
        *passed.headers_mut() = fields;
        let offer = if protocol.is_some() { Offer::Http1 } else { Offer::Either };
        let answered = match self.console.upstreams.send(passed, offer, &sending).await {
            Ok(answered) => answered,
            Err(NoAnswer::Broken(error)) => {
                return Err(sending.why_lost().map_or(NoAnswer::Broken(error), NoAnswer::Lost));
            }
            Err(why) => return Err(why),
        };
        self.console.failing.answers();
        if injected.is_some() && inject::is_coded(answered.response.headers()) {
            return Err(NoAnswer::Coded);
        }
        if answered.response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(self.response(answered, injected).await);
        }
        match (on_client, protocol) {
            (Some(on_client), Some(protocol)) => {
                self.switched(answered, on_client, &protocol, injected).await
            }
            // Nobody has asked for another protocol.
            _ => Err(NoAnswer::Ambiguous(super::head::Ambiguity::FirstLine)),
        }
    }

    async fn request_body(&self, body: Incoming, sending: &Arc<Sending>) -> Outgoing {
        if body.is_end_stream() {
            sending.ended();
            let ended = flowing::ended(self.n, Measure::new(0), None, Outcome::Complete);
            flowing::note(&self.console.session, &self.lane, Way::Request.end(), ended).await;
            return Outgoing::empty();
        }
        let length = body.size_hint().exact();
        let (to, from) = mpsc::channel(limits::BODY_QUEUE);
        let flowing = Flowing { sending: Some(Arc::clone(sending)), ..self.flowing(Way::Request, None) };
        tokio::spawn(async move { flowing.run(body, to).await });
        Outgoing::flows(from, length)
    }

    fn flowing(&self, way: Way, guarded: Option<Injection>) -> Flowing {
        Flowing {
            console: Arc::clone(&self.console),
            lane: Arc::clone(&self.lane),
            n: self.n,
            way,
            limit: self.console.settings.body_limit,
            idle: (way == Way::Request).then_some(limits::BODY_IDLE),
            guarded,
            sending: None,
        }
    }

    async fn take_secret_out_of(&self, fields: &mut HeaderMap, injected: Option<&Injection>) {
        if injected.is_some_and(|injection| injection.take_out_of(fields)) {
            self.console.echoed(self.n).await;
        }
    }

    /// Records an answer's head, and moves its body.
    async fn response(&self, answered: Answered, injected: Option<&Injection>) -> Response<Outgoing> {
        let Answered { response, keep } = answered;
        let (parts, body) = response.into_parts();
        let mut shown = parts.headers.clone();
        self.take_secret_out_of(&mut shown, injected).await;
        if self.record_response(parts.status, &shown, parts.version).await.is_err() {
            return over(&self.console).into_answer();
        }
        let bodiless = self.head || body.is_end_stream();
        let outgoing = if bodiless {
            self.response_ended(Outcome::Complete).await;
            if let Some(keep) = keep {
                keep.keep();
            }
            Outgoing::empty()
        } else {
            let length = body.size_hint().exact();
            let (to, from) = mpsc::channel(limits::BODY_QUEUE);
            let flowing = self.flowing(Way::Response, injected.cloned());
            tokio::spawn(async move {
                if flowing.run(body, to).await == Outcome::Complete
                    && let Some(keep) = keep
                {
                    keep.keep();
                }
            });
            Outgoing::flows(from, length)
        };
        let mut answer = Response::new(outgoing);
        *answer.status_mut() = parts.status;
        *answer.headers_mut() = headers::to_client(&shown, &self.console.names, false);
        self.say_ends(&mut answer);
        answer
    }

    async fn record_response(
        &self,
        status: StatusCode,
        fields: &HeaderMap,
        of: Version,
    ) -> Result<(), RelayEnd> {
        let body = json!({
            "n": self.n, "status": status.as_u16(), "headers": headers::recorded(fields), "version": version(of),
        });
        self.event("http-response", body).await
    }

    async fn response_ended(&self, outcome: Outcome) {
        let ended = flowing::ended(self.n, Measure::new(0), None, outcome);
        flowing::note(&self.console.session, &self.lane, Way::Response.end(), ended).await;
    }

    fn say_ends(&self, answer: &mut Response<Outgoing>) {
        if let Some(ends) = self.console.ends() {
            answer.headers_mut().insert(ENDS, ends);
        }
    }

    /// The target goes on with another protocol: raw bytes both ways, from here on.
    async fn switched(
        &self,
        answered: Answered,
        on_client: hyper::upgrade::OnUpgrade,
        protocol: &HeaderValue,
        injected: Option<&Injection>,
    ) -> Result<Response<Outgoing>, NoAnswer> {
        let Answered { mut response, keep } = answered;
        let on_target = hyper::upgrade::on(&mut response);
        let mut shown = response.headers().clone();
        self.take_secret_out_of(&mut shown, injected).await;
        let protocol = headers::text(protocol.as_bytes());
        let recorded = async {
            self.record_response(response.status(), &shown, response.version()).await?;
            self.event("http-upgrade", json!({ "n": self.n, "protocol": protocol })).await
        };
        if recorded.await.is_err() {
            return Ok(over(&self.console).into_answer());
        }
        let target = on_target.await.map_err(NoAnswer::Broken)?;
        // Told before the client hears of it: what it sends then is followed by nobody.
        self.client.goes_on();
        let (console, lane, n) = (Arc::clone(&self.console), Arc::clone(&self.lane), self.n);
        let (client, sought) = (Arc::clone(&self.client), injected.map(Injection::sought));
        tokio::spawn(async move {
            upgrade::carry(console, lane, n, on_client, target, sought).await;
            drop(keep);
            client.over().await;
        });
        let mut answer = Response::new(Outgoing::empty());
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *answer.headers_mut() = headers::to_client(&shown, &self.console.names, true);
        self.say_ends(&mut answer);
        Ok(answer)
    }
}

impl NoAnswer {
    /// What the technician reads.
    fn sentence(&self) -> &'static str {
        match self {
            Self::Dial(error) => error.sentence(),
            Self::Ambiguous(_) => "The server's answer could be read in two ways, and was not passed on.",
            Self::Broken(_) => "The server closed the connection before it answered.",
            Self::Slow => "The server has not answered in time.",
            Self::Coded => {
                "The server answered in a coding that nobody asked for, and it was not passed on. Please call the hospital."
            }
            Self::InputOver | Self::Lost(_) => "Nothing new is sent to the server any more.",
            Self::NoUrl => "The gate cannot ask this server for that address. Please call the hospital.",
        }
    }
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dial(error) => error.fmt(f),
            Self::Ambiguous(fault) => write!(f, "the target's answer is ambiguous: {fault}"),
            Self::Broken(error) => write!(f, "the connection to the target broke: {error}"),
            Self::Coded => {
                f.write_str("the target answered in a coding, in which the gate cannot see its credential")
            }
            Self::InputOver => f.write_str("input was over before it could be sent"),
            Self::Lost(Lost::Client) => f.write_str("the client gave the request up"),
            Self::Lost(Lost::Slow) => f.write_str("the rest of the request did not come in time"),
            Self::Lost(Lost::Over) => f.write_str("input was over before all of the request had come"),
            Self::NoUrl => f.write_str("the target has no URL for what is asked"),
            Self::Slow => write!(f, "the target did not answer within {:?}", limits::ANSWER_WITHIN),
        }
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}
