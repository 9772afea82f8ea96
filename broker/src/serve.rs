//! `chaperone serve`: opens every layer, in order, and closes them in the opposite one. This folder is the only place
//! that names them all.
//!
//! ```text
//!   keys ─▶ store (reactions: alerts) ─▶ vault, folder ─▶ gate: recover ─▶ node-started ─▶ ssh, web, delivery ─▶ ready
//!   SIGTERM ─▶ listeners stop ─▶ visits end in order, sealed ─▶ node-stopped ─▶ store
//! ```

mod authority;
mod carried;
mod certificate;
mod database;
mod door;
mod evidence;
mod expiry;
mod keys;
mod node;
mod recipients;
mod retention;
mod shared;
mod succession;
mod tls;
mod tls_reader;
mod visits;

use std::io::Write;
use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub use authority::make_tls_authority;
pub use database::{create_administrator, is_enrolled, make_user_ca, migrate};
pub use evidence::derived;
pub(crate) use node::alone;

use crate::cli::{Failure, WithConfig, chain};
use crate::config::Config;
use crate::log;
use node::{Node, Served};

/// How long visits have to end in order and be sealed; systemd waits longer.
const SHUT_DOWN: Duration = Duration::from_secs(20);

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: WithConfig,
    /// What this node does: `gate` lets visits in, and reads no key that opens evidence; `desk` opens evidence and delivers
    /// alerts, and takes no visits
    #[arg(long, value_name = "ROLES", value_delimiter = ',', default_value = "gate,desk")]
    roles: Vec<NodeRole>,
    /// Print one line of JSON when ready
    #[arg(long)]
    json: bool,
    /// The file that says whom the demo signs in with one click
    #[cfg(feature = "demo")]
    #[arg(long, value_name = "FILE", hide = true)]
    demo_desks: Option<std::path::PathBuf>,
}

impl Args {
    #[cfg(feature = "demo")]
    fn demo(&self) -> Option<std::path::PathBuf> {
        self.demo_desks.clone()
    }

    #[cfg(not(feature = "demo"))]
    fn demo(&self) -> Option<std::path::PathBuf> {
        None
    }
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum NodeRole {
    /// Lets visits in.
    Gate,
    /// Opens evidence and delivers alerts.
    Desk,
}

/// Serves until a signal.
///
/// # Errors
/// When a layer cannot be opened, or a listener fails.
pub async fn run(args: Args) -> Result<(), Failure> {
    let config = Config::load(&args.config.config)?;
    log::start(&config.log);
    let stop = stop_on_signal()?;
    let mut node = Node::open(&config, &args.roles, args.demo()).await?;
    let served = node.serve(&config, stop.clone()).await?;
    say_ready(&config, &served, args.json);
    let ended = served.until_stopped(&stop).await;
    node.close(SHUT_DOWN).await;
    ended
}

/// Cancelled by the first SIGTERM or SIGINT.
fn stop_on_signal() -> Result<CancellationToken, Failure> {
    let listen =
        |kind| signal(kind).map_err(|error| Failure::failed(format!("no signals can be had: {error}"), ""));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: visits are ended in order");
        stopped.cancel();
    });
    Ok(stop)
}

/// One line on standard output, for people or for whoever started this.
fn say_ready(config: &Config, served: &Served, as_json: bool) {
    let ssh = served.ssh.map(|address| address.to_string());
    let shared = served.shared.map(|address| address.to_string());
    let tls = served.tls.map(|address| address.to_string());
    let line = if as_json {
        json!({
            "ready": true, "node": config.gate.name, "ssh": ssh, "tls": tls, "web": served.web,
            "shared": shared,
            "certificate_sha256": served.certificate,
        })
        .to_string()
    } else {
        let ssh = ssh.map(|address| format!("ssh {address}, ")).unwrap_or_default();
        let shared = shared.map(|address| format!(", all {address}")).unwrap_or_default();
        let tls = tls.map(|address| format!("tls {address}, ")).unwrap_or_default();
        let certificate =
            served.certificate.as_ref().map(|print| format!(", certificate {print}")).unwrap_or_default();
        format!("Chaperone is ready, listening: {ssh}{tls}web {}{shared}{certificate}", served.web)
    };
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        tracing::warn!(error = chain(&error), "nobody reads that the gate is ready");
    }
}
