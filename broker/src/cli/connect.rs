//! `chaperone connect`: opens everything that a window grants over TLS and TCP as ports of this machine, for as long as
//! the window lasts; or, with `--stdio`, carries SSH over HTTPS.
//!
//! ```text
//!   a vendor's own client ─ plain or TLS ─▶ local port ─ TLS, client certificate ─▶ the gate ─▶ the server
//!                                             (local)      (dial: direct, proxy, web socket)
//! ```
//!
//! The key is made here and stays in memory; the gate's certificate for it ends with the window. What is carried is
//! recorded at the gate. Nothing here decides anything.

mod carried;
mod dial;
mod error;
mod foreign;
mod keep;
mod line;
mod local;
mod pass;
mod ports;
mod proxy;
mod relay;
mod stdio;
mod tell;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::outcome::Failure;
use super::via::Via;

/// Arguments of `connect`.
#[derive(Debug, Args)]
#[command(after_long_help = EVENTS)]
pub(crate) struct Connect {
    #[command(flatten)]
    via: Via,
    /// A window of yours that is open, or a server in one: opens each of its TLS and TCP endpoints on this machine, at the
    /// same port number where that is free, until the window ends or you press Ctrl-C
    #[arg(value_name = "WINDOW|TARGET", required_unless_present = "stdio", conflicts_with = "stdio")]
    to: Option<String>,
    /// Listen at this loopback address, the first endpoint at this port; `127.0.0.1:0` takes any free ports
    #[arg(long, value_name = "ADDR:PORT", conflicts_with = "stdio", value_parser = loopback)]
    listen: Option<SocketAddr>,
    /// Reach the gate in this way alone; otherwise through the proxy that HTTPS_PROXY names or else directly, and by a web
    /// socket where that is blocked
    #[arg(long = "via", value_enum, value_name = "WAY", conflicts_with = "stdio")]
    way: Option<Way>,
    /// Write the certificate that local clients must trust for TLS into this file, as PEM; let a client trust it for this
    /// visit rather than the machine for good
    #[arg(long, value_name = "FILE", conflicts_with = "stdio")]
    authority: Option<PathBuf>,
    /// Carry SSH between standard input and output and the gate, over HTTPS and through the proxy of `HTTPS_PROXY` if there
    /// is one: `ssh -o ProxyCommand="chaperone connect --stdio --server URL" LOGIN+SERVER@GATE`
    #[arg(long)]
    stdio: bool,
}

/// How the gate is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    /// A connection to the gate's TLS port.
    Direct,
    /// The same, through the proxy that HTTPS_PROXY names.
    Proxy,
    /// Inside HTTPS, with the token.
    Websocket,
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Direct => "directly",
            Self::Proxy => "through the proxy",
            Self::Websocket => "by web socket",
        })
    }
}

/// What scripts read, in the words of `--help`.
const EVENTS: &str = "\
A TLS endpoint's local port takes both: a client that begins with TLS gets a certificate of the gate's (trust what \
--authority writes), any other is carried as it is, inside the TLS that goes on to the gate. A client that says nothing \
for a second is taken for one that waits for the server to begin.

With --json, the first line comes once all ports listen:
  window, closes, until, authority_pem, and endpoints, each with
  target, endpoint, kind (tls, http, tcp), local (127.0.0.1:PORT),
  host, port, server_name, accepts (plain, tls), recorded
Each line after it has one event:
  way          way: direct, proxy or websocket; told when it changes
  time-left    seconds; at 30, 15, 10, 5 and 1 minutes and 10 seconds
  extended     closes, until; so does shortened
  lost         why: the gate cannot be reached
  reconnected  it can be again
  refused      endpoint, why: the gate did not take a connection
  unanswered   why: a local client did not finish its own TLS
  turned-away  endpoint, why: a local client is another user's, or its
               request is the doing of another site's page
  ended        reason (closed, revoked, visit-stopped, stopped, …), what

The exit status is 0 when the window ended or you did, and 1 when the gate refused to begin.";

pub(crate) async fn run(connect: Connect) -> Result<(), Failure> {
    match connect.to.clone() {
        Some(to) => keep::run(connect, to).await,
        None => stdio::run(&connect.via).await,
    }
}

/// Others on this network would be inside the visit too.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| format!("{text:?} is no address; right is such as 127.0.0.1:0"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(format!("{} is not of this machine alone; right is such as 127.0.0.1:0", address.ip()))
    }
}
