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

use bytes::Bytes;
use chaperone_session::{BATCH_BYTES, RelayEnd, Step};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body;
use hyper::body::Incoming;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::body::{Measure, Outgoing, Passed};
use super::connection::Connection;
use super::console::Console;
use super::flowing::{self, Flowing, Outcome, Way};
use super::headers;
use super::inject::{self, Injection};
use super::lanes::{NoTurn, Taken, Turn};
use super::limits;
use super::no_answer::NoAnswer;
use super::pages::Page;
use super::reader::Reader;
use super::sending::Sending;
use super::upgrade;
use super::upstream::{Answered, Keep, Offer};

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
    let (turn, untaken) = match console.lanes.turn().await {
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
        Ok(answer) => answer.map(|body| body.held_until_taken(untaken)),
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
    /// The request has no body: that it is over is recorded with it.
    bodiless: bool,
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
        let bodiless = request.body().is_end_stream();
        let transaction = Self { console, lane, n, head, bodiless, client };
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
        let mut steps = vec![Step::Event("http-request", body)];
        if self.bodiless {
            let ended = flowing::ended(self.n, Measure::new(0), None, Outcome::Complete);
            steps.push(Step::Event(Way::Request.end(), ended));
        }
        self.record(steps).await.map(drop)
    }

    /// Records steps in one write. Payload among them may go on then.
    async fn record(&self, steps: Vec<Step>) -> Result<Option<Passed>, RelayEnd> {
        let (session, channel) = (&self.console.session, self.lane.channel());
        let recorded = session.record_steps(channel, steps, &mut session.flow()).await?;
        Ok(recorded.into_iter().next().map(|recorded| Passed::recorded(recorded, channel)))
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
        let body = self.request_body(body, &sending);
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
        self.console.session.target_does_well();
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

    fn request_body(&self, body: Incoming, sending: &Arc<Sending>) -> Outgoing {
        if self.bodiless {
            sending.ended();
            return Outgoing::empty();
        }
        let length = body.size_hint().exact();
        let (to, from) = mpsc::channel(limits::BODY_QUEUE);
        let flowing = Flowing { sending: Some(Arc::clone(sending)), ..self.flowing(Way::Request, None) };
        tokio::spawn(async move { flowing.run(Reader::new(body), to).await });
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
            self.console.echoed(&self.lane, self.n).await;
        }
    }

    /// Records an answer, and moves its body: one that is here already in one write with the head.
    async fn response(&self, answered: Answered, injected: Option<&Injection>) -> Response<Outgoing> {
        let Answered { response, keep } = answered;
        let (parts, body) = response.into_parts();
        let mut shown = parts.headers.clone();
        self.take_secret_out_of(&mut shown, injected).await;
        let head = self.response_head(parts.status, &shown, parts.version);
        let (bodiless, length) = (self.head || body.is_end_stream(), body.size_hint().exact());
        let mut reader = Reader::new(body);
        let whole = match bodiless {
            true => Some(Bytes::new()),
            false => reader.whole(|bytes| self.is_kept_whole(bytes, injected)).await,
        };
        let recorded = match whole {
            Some(bytes) => self.record_whole(head, bytes, keep).await,
            None => self.record(vec![head]).await.map(|_| {
                let (to, from) = mpsc::channel(limits::BODY_QUEUE);
                let flowing = self.flowing(Way::Response, injected.cloned());
                tokio::spawn(async move {
                    if flowing.run(reader, to).await == Outcome::Complete
                        && let Some(keep) = keep
                    {
                        keep.keep();
                    }
                });
                Outgoing::flows(from, length)
            }),
        };
        let Ok(outgoing) = recorded else { return over(&self.console).into_answer() };
        let mut answer = Response::new(outgoing);
        *answer.status_mut() = parts.status;
        *answer.headers_mut() = headers::to_client(&shown, &self.console.names, false);
        self.say_ends(&mut answer);
        answer
    }

    /// Whether an answer's body is short, kept to its last byte, and holds nothing that must not come back.
    fn is_kept_whole(&self, bytes: &Bytes, injected: Option<&Injection>) -> bool {
        let kept = u64::try_from(bytes.len()).is_ok_and(|len| len <= self.console.settings.body_limit);
        kept && bytes.len() <= BATCH_BYTES && !injected.is_some_and(|injection| injection.is_in(bytes))
    }

    /// Records an answer with all of its body. Its connection is free for the next request then.
    async fn record_whole(&self, head: Step, bytes: Bytes, keep: Option<Keep>) -> Result<Outgoing, RelayEnd> {
        let mut measure = Measure::new(self.console.settings.body_limit);
        let (bytes, _nothing_beyond) = measure.take(bytes);
        let ended = flowing::ended(self.n, measure, None, Outcome::Complete);
        let data = (!bytes.is_empty()).then(|| Step::Data(Way::Response.stream(), bytes));
        let steps = [Some(head), data, Some(Step::Event(Way::Response.end(), ended))];
        let passed = self.record(steps.into_iter().flatten().collect()).await?;
        if let Some(keep) = keep {
            keep.keep();
        }
        Ok(Outgoing::whole(passed))
    }

    fn response_head(&self, status: StatusCode, fields: &http::HeaderMap, of: Version) -> Step {
        let body = json!({
            "n": self.n, "status": status.as_u16(), "headers": headers::recorded(fields), "version": version(of),
        });
        Step::Event("http-response", body)
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
        let head = self.response_head(response.status(), &shown, response.version());
        let upgrade = Step::Event("http-upgrade", json!({ "n": self.n, "protocol": protocol }));
        if self.record(vec![head, upgrade]).await.is_err() {
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

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}
