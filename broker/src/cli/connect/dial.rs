//! Connections to the gate: by the way that is forced, or by the first that lets one through. The way that worked last is
//! tried first.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{TlsConnector, TlsStream};

use super::Way;
use super::carried::{self, socket};
use super::error::DialError;
use super::line::Line;
use super::pass::Pass;
use super::proxy::Proxy;
use crate::cli::client::Client;

/// How long a TCP connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a proxy may take to connect, or a TLS handshake: the gate dials the server meanwhile.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// After how long a silent connection is asked whether it is still there, and how often then: a network that is gone says
/// nothing.
const ALIVE_AFTER: Duration = Duration::from_secs(20);
const ALIVE_EVERY: Duration = Duration::from_secs(5);

/// The connection that a local one is carried on, secured.
pub(super) type ToGate = TlsStream<Box<dyn Line>>;

/// Where the gate is, and which ways lead there.
pub(super) struct Dialer {
    /// Asks for web sockets.
    client: Client,
    proxies: Matcher,
    forced: Option<Way>,
    /// The host of the gate's web address: reachable under it whatever the gate calls itself.
    web_host: String,
    worked: Mutex<Option<Way>>,
    /// Whether the host of the web address worked last, and not the gate's own name.
    nameless: AtomicBool,
}

impl Dialer {
    /// Nothing is dialled yet.
    pub(super) fn new(client: Client, forced: Option<Way>) -> Self {
        let web_host = client.host();
        Self {
            client,
            proxies: Matcher::from_env(),
            forced,
            web_host,
            worked: Mutex::new(None),
            nameless: AtomicBool::new(false),
        }
    }

    /// The way that the last connection took.
    pub(super) fn way(&self) -> Option<Way> {
        *self.worked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects to an endpoint of the gate's, with the protocols that the client offers.
    ///
    /// # Errors
    /// Why the most promising way failed.
    pub(super) async fn dial(
        &self,
        pass: &Pass,
        label: &str,
        offers: Vec<Vec<u8>>,
    ) -> Result<ToGate, DialError> {
        let config = pass.towards_gate(offers);
        let mut first_fault = None;
        for way in self.ways(pass) {
            let tried = match self.carrier(way, pass).await {
                Ok(line) => secure(line, &config, pass, label).await,
                Err(fault) => Err(fault),
            };
            match tried {
                Ok(secured) => {
                    *self.worked.lock().unwrap_or_else(PoisonError::into_inner) = Some(way);
                    return Ok(secured);
                }
                Err(fault) if !fault.may_pass() => return Err(fault),
                Err(fault) => drop(first_fault.get_or_insert(fault)),
            }
        }
        Err(first_fault.unwrap_or_else(|| DialError::NoProxy(pass.host.clone())))
    }

    /// In the order in which they are tried.
    fn ways(&self, pass: &Pass) -> Vec<Way> {
        if let Some(forced) = self.forced {
            return vec![forced];
        }
        let named = Proxy::towards(&self.proxies, &pass.host, pass.port);
        let straight = if matches!(named, Ok(None)) { Way::Direct } else { Way::Proxy };
        match self.way() {
            Some(Way::Websocket) => vec![Way::Websocket, straight],
            _ => vec![straight, Way::Websocket],
        }
    }

    async fn carrier(&self, way: Way, pass: &Pass) -> Result<Box<dyn Line>, DialError> {
        if way == Way::Websocket {
            let socket = socket(&self.client, &["tls"]).await;
            return Ok(carried::line(socket.map_err(|failure| DialError::Socket(failure.to_string()))?));
        }
        // The gate's own name, or the host that its web was found at: the name need not be in anybody's DNS.
        let mut names = vec![pass.host.as_str(), self.web_host.as_str()];
        if names.first() == names.last() {
            names.pop();
        } else if self.nameless.load(Ordering::Relaxed) {
            names.reverse();
        }
        let mut first_fault = None;
        for name in names {
            let connected = match way {
                Way::Proxy => self.proxied(name, pass.port).await,
                Way::Direct | Way::Websocket => {
                    connect(name, pass.port).await.map(|line| Box::new(line) as _)
                }
            };
            match connected {
                Ok(line) => {
                    self.nameless.store(name != pass.host, Ordering::Relaxed);
                    return Ok(line);
                }
                Err(fault) => drop(first_fault.get_or_insert(fault)),
            }
        }
        Err(first_fault.unwrap_or_else(|| DialError::Name(pass.host.clone())))
    }

    async fn proxied(&self, host: &str, port: u16) -> Result<Box<dyn Line>, DialError> {
        let proxy = Proxy::towards(&self.proxies, host, port)?;
        let proxy = proxy.ok_or_else(|| DialError::NoProxy(host.to_owned()))?;
        let stream = connect(&proxy.host, proxy.port).await?;
        let asking = async {
            let mut line: Box<dyn Line> = if proxy.secured {
                Box::new(secure_proxy(stream, &proxy.host).await?)
            } else {
                Box::new(stream)
            };
            proxy.asks(&mut line, host, port).await?;
            Ok(line)
        };
        within(&proxy.host, proxy.port, asking).await
    }
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, DialError> {
    let slow = |_| DialError::Slow { host: host.to_owned(), port, within: CONNECT_WITHIN };
    let connecting = async {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let alive = TcpKeepalive::new().with_time(ALIVE_AFTER).with_interval(ALIVE_EVERY);
        SockRef::from(&stream).set_tcp_keepalive(&alive)?;
        io::Result::Ok(stream)
    };
    let connected = timeout(CONNECT_WITHIN, connecting).await.map_err(slow)?;
    connected.map_err(|source| DialError::Unreachable { host: host.to_owned(), port, source })
}

/// The gate's TLS, whatever carries it.
async fn secure(
    line: Box<dyn Line>,
    config: &Arc<ClientConfig>,
    pass: &Pass,
    label: &str,
) -> Result<ToGate, DialError> {
    let name = format!("{label}.tls.{}", pass.domain);
    let server = ServerName::try_from(name.clone()).map_err(|_| DialError::Name(name))?;
    let shaking = async {
        let secured = TlsConnector::from(Arc::clone(config)).connect(server, line).await;
        secured.map(TlsStream::from).map_err(DialError::of_tls)
    };
    within(&pass.host, pass.port, shaking).await
}

/// A proxy that is spoken to over TLS is trusted as this system trusts.
async fn secure_proxy(stream: TcpStream, host: &str) -> Result<TlsStream<TcpStream>, DialError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier);
    let proxy = |error: rustls::Error| DialError::Proxy(io::Error::other(error));
    let config = config.map_err(proxy)?.with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|_| DialError::Name(host.to_owned()))?;
    let secured = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    secured.map(TlsStream::from).map_err(DialError::Proxy)
}

async fn within<T>(
    host: &str,
    port: u16,
    doing: impl Future<Output = Result<T, DialError>>,
) -> Result<T, DialError> {
    let slow = |_| DialError::Slow { host: host.to_owned(), port, within: ANSWER_WITHIN };
    timeout(ANSWER_WITHIN, doing).await.map_err(slow)?
}
