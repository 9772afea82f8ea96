//! The connections of a visit to its target: dialled when a request needs one, kept for the next, and ended with the visit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chaperone_session::{DialError, LiveSession};
use futures::future::BoxFuture;
use http::header::{HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request, Response, Uri, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::body::Outgoing;
use super::guard::{Found, Guarded};
use super::inject::Injection;
use super::limits;
use super::no_answer::NoAnswer;
use super::sending::Sending;

/// How long a connection that is kept may take to be free for the next request.
const FREE_WITHIN: Duration = Duration::from_millis(50);
/// How often a request is sent on another connection, when the one it was for has just been closed by the target.
const TRIES: usize = 3;

/// A stream to a target.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Duplex for S {}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// HTTP/2 or HTTP/1.1, as the target chooses.
    Either,
    /// HTTP/1.1: the request wants to go on with another protocol.
    Http1,
}

/// A connection to a target, its certificate checked.
pub struct Reached {
    /// What is spoken on.
    pub stream: Box<dyn Duplex>,
    /// Whether the target chose HTTP/2.
    pub http2: bool,
    /// Called when the connection has ended by itself.
    pub over: Box<dyn FnOnce() + Send + Sync>,
}

/// How a visit reaches its console. Implementations need a channel of the visit in its recording, hang each connection on
/// the session before anything is sent on it, and check who the target is.
pub trait Reach: Send + Sync + 'static {
    /// A new connection.
    ///
    /// # Errors
    /// Why there is none.
    fn reach<'a>(
        &'a self,
        session: &'a Arc<LiveSession>,
        offer: Offer,
    ) -> BoxFuture<'a, Result<Reached, DialError>>;

    /// What is put into each request of the visit.
    ///
    /// # Errors
    /// When something is sealed for the target and does not open.
    fn injects<'a>(
        &'a self,
        session: &'a Arc<LiveSession>,
    ) -> BoxFuture<'a, Result<Option<Injection>, DialError>>;
}

/// An answer, and what to do with its connection when all of it has come.
pub(super) struct Answered {
    pub response: Response<Incoming>,
    pub keep: Option<Keep>,
}

/// A connection of HTTP/1 that can be used again, or that goes on with another protocol for as long as this is held.
pub(super) struct Keep {
    sender: http1::SendRequest<Outgoing>,
    found: Found,
    pool: Arc<Upstreams>,
    _over: Option<Arc<Over>>,
}

/// Says that a connection has ended, once nobody uses it.
struct Over(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Drop for Over {
    fn drop(&mut self) {
        if let Some(over) = self.0.take() {
            over();
        }
    }
}

impl Keep {
    /// The answer is whole.
    pub(super) fn keep(self) {
        let Self { sender, found, pool, _over } = self;
        let mut idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < limits::KEPT_ALIVE && !sender.is_closed() {
            idle.push((sender, found));
        }
    }
}

/// The connections of one visit.
pub(super) struct Upstreams {
    session: Arc<LiveSession>,
    reach: Arc<dyn Reach>,
    idle: Mutex<Vec<(http1::SendRequest<Outgoing>, Found)>>,
    shared: Mutex<Option<http2::SendRequest<Outgoing>>>,
    /// One dials at a time while it is not known whether the target shares a connection.
    dialling: tokio::sync::Mutex<()>,
    speaks_http1: AtomicBool,
}

enum Sender {
    One(http1::SendRequest<Outgoing>, Found, Option<Arc<Over>>),
    Shared(http2::SendRequest<Outgoing>),
}

impl Upstreams {
    pub(super) fn new(session: &Arc<LiveSession>, reach: &Arc<dyn Reach>) -> Arc<Self> {
        Arc::new(Self {
            session: Arc::clone(session),
            reach: Arc::clone(reach),
            idle: Mutex::default(),
            shared: Mutex::default(),
            dialling: tokio::sync::Mutex::default(),
            speaks_http1: AtomicBool::new(false),
        })
    }

    /// Sends a request, whose URI is absolute, and waits for the head of its answer. One that the target has not begun to
    /// read goes out again on another connection.
    pub(super) async fn send(
        self: &Arc<Self>,
        mut request: Request<Outgoing>,
        offer: Offer,
        sending: &Sending,
    ) -> Result<Answered, NoAnswer> {
        let whole = request.uri().clone();
        let host = request.headers().get(HOST).cloned();
        let mut tries = 0;
        loop {
            tries += 1;
            let sender = self.sender(offer).await?;
            // A connection may have taken its time, and a pause or the end come meanwhile.
            self.session.input_flows().await.map_err(|_over| NoAnswer::InputOver)?;
            let refused = match sender {
                Sender::One(mut sender, found, over) => {
                    found.signal();
                    let answer = sender.try_send_request(for_http1(request));
                    match self.in_time(answer, sending).await? {
                        Ok(response) => {
                            let keep = Some(Keep { sender, found, pool: Arc::clone(self), _over: over });
                            return Ok(Answered { response, keep });
                        }
                        Err(refused) => match found.fault() {
                            Some(fault) => return Err(NoAnswer::Ambiguous(fault)),
                            None => refused,
                        },
                    }
                }
                Sender::Shared(mut sender) => {
                    let answer = sender.try_send_request(for_http2(request));
                    match self.in_time(answer, sending).await? {
                        Ok(response) => return Ok(Answered { response, keep: None }),
                        Err(refused) => refused,
                    }
                }
            };
            let mut refused = refused;
            match refused.take_message() {
                Some(unsent) if tries < TRIES => {
                    request = unsent;
                    *request.uri_mut() = whole.clone();
                    request.headers_mut().extend(host.clone().map(|host| (HOST, host)));
                }
                _ => return Err(NoAnswer::Broken(refused.into_error())),
            }
        }
    }

    async fn in_time<T>(&self, answer: impl Future<Output = T>, sending: &Sending) -> Result<T, NoAnswer> {
        tokio::select! {
            biased;
            answer = answer => Ok(answer),
            () = sending.overdue(limits::ANSWER_WITHIN, self.session.flow()) => Err(NoAnswer::Slow),
        }
    }

    async fn sender(&self, offer: Offer) -> Result<Sender, NoAnswer> {
        if offer == Offer::Http1 {
            return self.dial(offer).await;
        }
        if let Some(sender) = self.kept().await {
            return Ok(sender);
        }
        if self.speaks_http1.load(Ordering::Acquire) {
            return self.dial(offer).await;
        }
        let _first = self.dialling.lock().await;
        match self.kept().await {
            Some(sender) => Ok(sender),
            None => self.dial(offer).await,
        }
    }

    /// A connection that is there already.
    async fn kept(&self) -> Option<Sender> {
        {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            match shared.as_ref() {
                Some(sender) if !sender.is_closed() => return Some(Sender::Shared(sender.clone())),
                _ => *shared = None,
            }
        }
        loop {
            let (mut sender, found) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if matches!(timeout(FREE_WITHIN, sender.ready()).await, Ok(Ok(()))) {
                return Some(Sender::One(sender, found, None));
            }
        }
    }

    async fn dial(&self, offer: Offer) -> Result<Sender, NoAnswer> {
        let Reached { stream, http2, over } =
            self.reach.reach(&self.session, offer).await.map_err(NoAnswer::Dial)?;
        let over = Arc::new(Over(Some(over)));
        if http2 {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .initial_stream_window_size(limits::TARGET_STREAM_WINDOW)
                .initial_connection_window_size(limits::TARGET_CONNECTION_WINDOW)
                .max_header_list_size(u32::try_from(limits::HEAD_BYTES).unwrap_or(u32::MAX))
                .max_send_buf_size(limits::SEND_BUFFER)
                .handshake(TokioIo::new(stream))
                .await
                .map_err(NoAnswer::Broken)?;
            tokio::spawn(async move {
                ended(connection.await, over);
            });
            *self.shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender.clone());
            return Ok(Sender::Shared(sender));
        }
        self.speaks_http1.store(true, Ordering::Release);
        let (stream, found) = Guarded::answering(stream);
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(limits::READ_BUFFER)
            .max_headers(limits::FIELDS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(NoAnswer::Broken)?;
        let (over, driven) = (Arc::clone(&over), over);
        tokio::spawn(async move {
            ended(connection.with_upgrades().await, driven);
        });
        Ok(Sender::One(sender, found, Some(over)))
    }
}

fn ended(result: Result<(), hyper::Error>, over: Arc<Over>) {
    if let Err(error) = result {
        tracing::debug!(%error, "a connection to a target has ended");
    }
    drop(over);
}

/// In HTTP/1 the authority stands in the host field alone (RFC 9112 §3.2.1), and a body says where it ends.
fn for_http1(mut request: Request<Outgoing>) -> Request<Outgoing> {
    let of_any_length = !request.body().is_end_stream() && request.body().size_hint().exact().is_none();
    if of_any_length && request.method() == Method::GET {
        // The library sends such a body only where it is said how: a GET seldom has one.
        request.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
    *request.version_mut() = Version::HTTP_11;
    request
}

/// In HTTP/2 it stands in `:authority` alone (RFC 9113 §8.3.1), and no field frames anything.
fn for_http2(mut request: Request<Outgoing>) -> Request<Outgoing> {
    request.headers_mut().remove(HOST);
    request.headers_mut().remove(TRANSFER_ENCODING);
    *request.version_mut() = Version::HTTP_2;
    request
}
