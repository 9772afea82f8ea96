//! The consoles of a node: one connection after another, each for one host name; each request for the visit that its cookie
//! is of.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chaperone_identity::TokenKeys;
use chaperone_policy::{Endpoint, PersonId, SessionId, TargetName};
use chaperone_session::{Ask, Cord, EndReason, Gate, LiveSession, Refused};
use futures::future::BoxFuture;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use uuid::Uuid;

use super::connection::Connection;
use super::console::{Console, HttpSettings};
use super::guard::Guarded;
use super::head::Ambiguity;
use super::limits;
use super::names::Names;
use super::remembered::Remembered;
use super::tally::Tally;
use super::upstream::Reach;
use crate::places::Place;
use crate::told::Told;
use crate::visit::Beyond;

/// How a visit is entered.
pub trait Enter: Send + Sync + 'static {
    /// The visit that a token is of: the one that is on, or a new one, which policy decides about.
    ///
    /// # Errors
    /// The refusal, a fact with its alert already.
    fn enter<'a>(&'a self, token: Uuid, ask: Ask) -> BoxFuture<'a, Result<Box<dyn Entered>, Refused>>;

    /// Why a token for this target, shown from there, opens no visit any more.
    fn over(&self, token: Uuid, target: &TargetName, source: IpAddr) -> Option<EndReason>;

    /// Its holder leaves the visit of a token, which opens no other.
    fn left(&self, token: Uuid, session: &LiveSession);
}

/// Somebody uses a visit until this is dropped.
pub trait Entered: Send + Sync {
    /// The visit.
    fn session(&self) -> &Arc<LiveSession>;

    /// Whether this is one more connection than it may have.
    fn beyond(&self) -> Option<Beyond>;
}

/// Whose connection it is.
pub struct Caller {
    /// The host name that it was made for, in small letters, without a port.
    pub host: String,
    /// From where.
    pub peer: SocketAddr,
    /// Whose token opened the way here, where one did.
    pub bearer: Option<PersonId>,
    /// Ends it at once.
    pub cord: Cord,
    /// Its place among the connections that have no visit: given back once it is of one.
    pub place: Place,
}

/// Serves consoles; cheap to clone.
#[derive(Clone)]
pub struct Consoles(Arc<Shared>);

pub(super) struct Shared {
    pub gate: Gate,
    pub tokens: TokenKeys,
    pub enter: Arc<dyn Enter>,
    pub settings: HttpSettings,
    pub remembered: Remembered,
    pub tally: Tally,
    /// Failed proofs that were facts.
    pub told: Told,
    reach: Arc<dyn Reach>,
    open: Mutex<HashMap<SessionId, Arc<Console>>>,
}

impl Consoles {
    /// Consoles that are entered and reached so.
    #[must_use]
    pub fn new(
        gate: Gate,
        tokens: TokenKeys,
        enter: Arc<dyn Enter>,
        reach: Arc<dyn Reach>,
        settings: HttpSettings,
    ) -> Self {
        let (remembered, tally) = (Remembered::default(), Tally::new(gate.clone()));
        let open = Mutex::default();
        let told = Told::default();
        Self(Arc::new(Shared { gate, tokens, enter, settings, remembered, tally, told, reach, open }))
    }

    /// Serves one connection until it ends.
    pub async fn serve<S>(&self, stream: S, http2: bool, caller: Caller)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        // Boxed: a connection of the one kind would be as large as one of the other.
        match http2 {
            true => Box::pin(self.serve_http2(stream, caller)).await,
            false => Box::pin(self.serve_http1(stream, caller)).await,
        }
    }

    async fn serve_http1<S>(&self, stream: S, caller: Caller)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (stream, found) = Guarded::asking(stream);
        let peer = caller.peer;
        let connection = Connection::new(&self.0, caller, found.clone());
        let serving = Arc::clone(&connection);
        let service = service_fn(move |request| {
            let serving = Arc::clone(&serving);
            async move { Ok::<_, Infallible>(serving.answer(request).await) }
        });
        let mut driver = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits::HEAD_WITHIN)
            .max_headers(limits::FIELDS)
            .max_buf_size(limits::READ_BUFFER)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let ended = (&mut driver).await;
        if let Some(fault) = found.fault() {
            connection.misspoke(&fault.to_string()).await;
            if let Some(parts) = driver.into_parts() {
                say_bad(parts.io.into_inner().into_stream(), fault).await;
            }
        } else if let Err(error) = ended {
            if error.is_parse() || (error.is_timeout() && found.in_head()) {
                connection.misspoke(&error.to_string()).await;
            }
            tracing::debug!(client.addr = %peer, %error, "a connection to a console has ended");
        }
        // A connection that goes on with another protocol is over with that.
        if !found.is_signalled() {
            connection.over().await;
        }
    }

    async fn serve_http2<S>(&self, stream: S, caller: Caller)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let peer = caller.peer;
        let connection = Connection::new(&self.0, caller, super::guard::Found::default());
        let serving = Arc::clone(&connection);
        let service = service_fn(move |request| {
            let serving = Arc::clone(&serving);
            async move { Ok::<_, Infallible>(serving.answer(request).await) }
        });
        let ended = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits::STREAMS)
            .max_pending_accept_reset_streams(limits::PENDING_RESETS)
            .max_local_error_reset_streams(limits::OWN_RESETS)
            .initial_stream_window_size(limits::STREAM_WINDOW)
            .initial_connection_window_size(limits::CONNECTION_WINDOW)
            .max_send_buf_size(limits::SEND_BUFFER)
            .max_header_list_size(u32::try_from(limits::HEAD_BYTES).unwrap_or(u32::MAX))
            .keep_alive_interval(limits::HEAD_WITHIN)
            .serve_connection(TokioIo::new(stream), service)
            .await;
        if let Err(error) = ended {
            if is_flood(&error) {
                connection.misspoke("the client sends more frames, resets or fields than are taken").await;
            }
            tracing::debug!(client.addr = %peer, %error, "a connection to a console has ended");
        }
        connection.over().await;
    }
}

impl Shared {
    /// The console of a visit; begun by its first request, which names the gate as `authority`.
    pub(super) fn console(self: &Arc<Self>, session: &Arc<LiveSession>, authority: &str) -> Arc<Console> {
        let mut open = held(&self.open);
        if let Some(console) = open.get(&session.id()) {
            return Arc::clone(console);
        }
        let permit = session.permit();
        let endpoint = permit.target().endpoints.iter().find_map(|endpoint| match endpoint {
            Endpoint::Tls { host, server_name, port, terms, .. } => {
                Some((host.clone(), server_name.clone(), *port, terms.plain_http.is_some()))
            }
            Endpoint::Ssh { .. } | Endpoint::Tcp { .. } => None,
        });
        let (host, server_name, port, plain) = endpoint.unwrap_or_default();
        let names = Names::new(authority, &server_name, port).at(&host);
        let names = if plain { names.without_tls() } else { names };
        let console = Console::new(&self.gate, session, (names, plain), &self.reach, &self.settings);
        open.insert(session.id(), Arc::clone(&console));
        drop(open);
        tokio::spawn(close_with(Arc::clone(self), Arc::clone(&console)));
        console
    }
}

/// Waits for a visit's end, and has its lanes state what they hold before the seal.
async fn close_with(shared: Arc<Shared>, console: Arc<Console>) {
    // The sender lives in the session.
    drop(console.session.flow().wait_for(|flow| flow.is_cut()).await);
    console.lanes.close().await;
    held(&shared.open).remove(&console.session.id());
}

/// Whether the peer sent what no client does: the protocol's own word for it is ENHANCE_YOUR_CALM (RFC 9113 §7).
fn is_flood(error: &hyper::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        let said = error.to_string();
        if ["too_many", "ENHANCE_YOUR_CALM", "calm", "excessive load"].iter().any(|word| said.contains(word))
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The last answer on a connection whose next request cannot be told.
async fn say_bad<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, fault: Ambiguity) {
    let status = match fault {
        Ambiguity::TooLarge => "431 Request Header Fields Too Large",
        _ => "400 Bad Request",
    };
    let page = format!("This request is not taken: {fault}.\n");
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    let said = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // A connection that is closed with something unread is reset, and the answer with it.
        let (mut left, mut part) = (4 * limits::HEAD_BYTES, [0; 4096]);
        while let count @ 1.. = stream.read(&mut part).await? {
            left = left.saturating_sub(count);
            if left == 0 {
                break;
            }
        }
        std::io::Result::Ok(())
    };
    // A peer that does not take it has had its answer.
    drop(tokio::time::timeout(std::time::Duration::from_secs(1), said).await);
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
