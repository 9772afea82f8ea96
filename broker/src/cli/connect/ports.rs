//! Which ports of this machine stand for which endpoints. A vendor's client is often set to a port number: each endpoint
//! keeps its own where that is free, and each server gets a loopback address of its own, where there are several: cookies know
//! no ports, so to a browser two servers on one address are one.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use chaperone_web::wire::ConnectionEndpoint;
use serde::Serialize;
use tokio::net::TcpListener;

use super::pass::Pass;
use crate::cli::outcome::Failure;

/// Loopback addresses that are tried, `127.0.0.1` and on.
const ADDRESSES: u8 = 32;

/// An endpoint, and where it is on this machine.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Opened {
    pub target: String,
    /// What the gate knows it by.
    pub endpoint: String,
    /// `tls`, `http` or `tcp`.
    pub kind: String,
    pub local: SocketAddr,
    pub host: String,
    pub port: u16,
    pub server_name: Option<String>,
    /// What a local client may speak: plain, tls.
    pub accepts: &'static [&'static str],
    pub recorded: String,
}

/// Opens a port for each endpoint of the window.
///
/// # Errors
/// When this machine has no port for one.
pub(super) async fn open(
    pass: &Pass,
    listen: Option<SocketAddr>,
) -> Result<Vec<(Opened, TcpListener)>, Failure> {
    let mut opened: Vec<(Opened, TcpListener)> = Vec::new();
    let mut wanted = listen;
    for target in &pass.targets {
        let taken: BTreeSet<_> = opened.iter().map(|(opened, _)| opened.local.ip()).collect();
        let home = match listen {
            Some(listen) => listen.ip(),
            None => home(&taken),
        };
        for endpoint in &target.endpoints {
            let listener = match wanted.take() {
                // What was asked for is what is opened, or nothing.
                Some(exactly) => bind(exactly).await.map_err(|error| cannot(exactly, &error))?,
                None if listen.is_some_and(|listen| listen.port() == 0) => any(home).await?,
                None => near(home, endpoint.port).await?,
            };
            let local = listener.local_addr().map_err(|error| cannot(SocketAddr::new(home, 0), &error))?;
            opened.push((describe(&target.name, endpoint, local, pass), listener));
        }
    }
    Ok(opened)
}

/// The first loopback address on which no other server is.
fn home(taken: &BTreeSet<IpAddr>) -> IpAddr {
    let mut all = (1..=ADDRESSES).map(|last| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)));
    all.find(|ip| !taken.contains(ip)).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// The endpoint's own number there, or any; where this system knows no such address, on `127.0.0.1`.
async fn near(home: IpAddr, port: u16) -> Result<TcpListener, Failure> {
    // Another program's, or a number that this user may not have.
    for at in [SocketAddr::new(home, port), SocketAddr::new(home, 0)] {
        if let Ok(listener) = bind(at).await {
            return Ok(listener);
        }
    }
    any(IpAddr::V4(Ipv4Addr::LOCALHOST)).await
}

async fn any(home: IpAddr) -> Result<TcpListener, Failure> {
    let at = SocketAddr::new(home, 0);
    bind(at).await.map_err(|error| cannot(at, &error))
}

async fn bind(at: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(at).await
}

fn cannot(at: SocketAddr, error: &io::Error) -> Failure {
    Failure::failed(
        format!("{at} cannot be listened on: {error}"),
        "is another program there? --listen 127.0.0.1:0 takes any free ports",
    )
}

fn describe(target: &str, endpoint: &ConnectionEndpoint, local: SocketAddr, pass: &Pass) -> Opened {
    let both = endpoint.kind != "tcp" && pass.ends_tls();
    Opened {
        target: target.to_owned(),
        endpoint: endpoint.label.clone(),
        kind: endpoint.kind.clone(),
        local,
        host: endpoint.host.clone(),
        port: endpoint.port,
        server_name: endpoint.server_name.clone(),
        accepts: if both { &["plain", "tls"] } else { &["plain"] },
        recorded: endpoint.recorded.clone(),
    }
}

impl Opened {
    /// The line for the hosts file, where the server's name is one.
    pub(super) fn hosts_line(&self) -> Option<String> {
        let name = self.server_name.as_deref().filter(|name| name.parse::<IpAddr>().is_err())?;
        Some(format!("{} {name}", self.local.ip()))
    }

    /// Whether a client may speak TLS to it, and be answered here.
    pub(super) fn ends_tls(&self) -> bool {
        self.accepts.contains(&"tls")
    }
}
