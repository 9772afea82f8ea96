//! The doors for targets that are reached by TLS: a port of their own, and the port that is shared with SSH and the web.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use chaperone_ssh::{Callers, Proxies};
use chaperone_tls::{Arrives, Calls, Incoming, Passed, TlsStream};
use chaperone_web::{Accept, Peer, TlsDoor as Told};
use futures::FutureExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::config::Config;

/// The gate's domain: as configured, else the host of its site, else the node's name.
pub(super) fn domain(config: &Config) -> String {
    let site = config.web.url.as_deref().and_then(|url| url.split_once("://"));
    let host = site.map(|(_, host)| host.rsplit_once(':').map_or(host, |(name, _)| name));
    let named = host.filter(|host| host.parse::<IpAddr>().is_err() && !host.starts_with('['));
    let own = || named.unwrap_or(&config.gate.name).to_ascii_lowercase();
    config.gate.domain.clone().unwrap_or_else(own)
}

/// What technicians are told of a door that listens here.
pub(super) fn told(config: &Config, address: SocketAddr) -> Told {
    let domain = domain(config);
    let (host, port) = match &config.gate.tls_public {
        Some(public) => (public.host.clone(), public.port),
        None if address.ip().is_unspecified() => (domain.clone(), address.port()),
        None => (address.ip().to_string(), address.port()),
    };
    Told { domain, host, port }
}

/// Who calls, behind proxies.
pub(super) fn behind(proxies: Proxies, callers: Callers) -> Arrives<SocketAddr> {
    Arc::new(move |mut stream, peer| {
        let (proxies, callers) = (proxies.clone(), callers.clone());
        let arriving = async move {
            match proxies.caller(&mut stream, peer).await {
                Ok(caller) => Some((stream, caller.into())),
                Err(fault) => {
                    callers.refuse(peer, &fault);
                    None
                }
            }
        };
        arriving.boxed()
    })
}

/// Who calls, where that is known already.
pub(super) fn known() -> Arrives<Calls> {
    Arc::new(|stream, calls| std::future::ready(Some((stream, calls))).boxed())
}

/// Connections that speak TLS: of the shared port, and of web sockets.
pub(super) struct Handed<C> {
    pub from: mpsc::Receiver<(TcpStream, C)>,
    pub at: SocketAddr,
}

impl<C: Into<Calls> + Send + 'static> Incoming for Handed<C> {
    type Stream = TcpStream;
    type Peer = Calls;

    async fn next(&mut self) -> (TcpStream, Calls, IpAddr) {
        match self.from.recv().await {
            Some((stream, calls)) => {
                let calls: Calls = calls.into();
                (stream, calls, calls.from.ip())
            }
            // The shared port is closed, and with it this one.
            None => std::future::pending().await,
        }
    }

    fn address(&self) -> io::Result<SocketAddr> {
        Ok(self.at)
    }
}

/// Connections to the shared port that are for the web, their TLS ended.
pub(super) struct PassedOn {
    pub from: mpsc::Receiver<Passed>,
    pub at: SocketAddr,
}

impl Accept for PassedOn {
    type Stream = TlsStream<chaperone_session::Severable>;

    async fn accept(&mut self) -> (Self::Stream, Peer) {
        match self.from.recv().await {
            Some(Passed { stream, cord, caller }) => {
                (stream.into(), Peer { at: caller, secured: true, cord: Some(cord) })
            }
            None => std::future::pending().await,
        }
    }

    fn address(&self) -> io::Result<SocketAddr> {
        Ok(self.at)
    }
}
