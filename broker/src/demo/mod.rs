//! `chaperone demo`: all of it on loopback, seeded, without configuration; with `--tour`, the whole story played with
//! the system's own ssh, each step checked.
//!
//! The demo uses nothing that an operator could not use: the gate is this program's own `serve`, everything is set up
//! by this program's own command line, technicians come with `ssh`. Only the target is a stand-in, and says so.

mod seed;
mod soc;
mod stage;
mod story;
mod tour;

use std::io::IsTerminal;
use std::path::PathBuf;

use chaperone_ssh::HostKey;
use chaperone_ssh::standin::Standin;
use serde_json::json;

use crate::cli::outcome::{Failure, chain, say};
use stage::{DemoError, Stage, trying};

/// Everything on loopback, seeded, without configuration
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep the demo's data in this folder; without it, in a fresh folder under the system's temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Play the whole story with the system's own ssh, and exit 0 only if every step held
    #[arg(long)]
    tour: bool,
}

/// The demo's target: a loopback SSH server that gives a real shell as this user
#[derive(Debug, clap::Args)]
pub struct StandinArgs {
    /// What it calls itself in its prompt
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Its host key, in OpenSSH's format
    #[arg(long, value_name = "FILE")]
    host_key: PathBuf,
    /// The one public key that it lets in
    #[arg(long, value_name = "FILE")]
    authorized: PathBuf,
}

/// Runs the demo until Ctrl-C, or the tour to its end.
///
/// # Errors
/// When the stage cannot be set, or a step of the tour does not hold: the failure names it.
pub async fn run(args: Args) -> Result<(), Failure> {
    let folder = args
        .data
        .unwrap_or_else(|| std::env::temp_dir().join(format!("chaperone-demo-{}", std::process::id())));
    say(&format!("Chaperone demo. Everything runs on this machine's loopback. Data: {}", folder.display()))?;
    on_stage(folder, args.tour).await.map_err(|error| Failure::failed(chain(&error), ""))
}

async fn on_stage(folder: PathBuf, with_tour: bool) -> Result<(), DemoError> {
    let told = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    let mut told = told.map_err(trying("wait for SIGTERM"))?;
    let mut stage = Stage::set(folder, !with_tour).await?;
    let done = tokio::select! {
        done = play(&mut stage, with_tour) => done,
        pressed = tokio::signal::ctrl_c() => pressed.map_err(trying("wait for Ctrl-C")),
        _ = told.recv() => Ok(()),
    };
    stage.strike().await;
    done
}

async fn play(stage: &mut Stage, with_tour: bool) -> Result<(), DemoError> {
    let cast = seed::people(stage, if with_tour { 1 } else { seed::SERVERS.len() }).await?;
    if with_tour {
        return tour::play(stage, &cast, std::io::stdout().is_terminal()).await;
    }
    story::plan(stage, &cast).await?;
    story::desks(stage, &cast)?;
    seed::tell(stage, &cast);
    if let Err(error) = story::happen(stage, &cast).await {
        println!("The visits of the story could not be made: {}", chain(&error));
    }
    std::future::pending().await
}

/// Serves as the demo's target until it is killed.
///
/// # Errors
/// When a file cannot be read, or it cannot listen.
pub async fn standin(args: StandinArgs) -> Result<(), Failure> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::failed(format!("{} cannot be read: {error}", path.display()), ""))
    };
    let failed = |error: &dyn std::error::Error| Failure::failed(chain(error), "");
    let host_key = HostKey::from_openssh(&read(&args.host_key)?).map_err(|error| failed(&error))?;
    let authorized = read(&args.authorized)?;
    let bound = Standin::bind(([127, 0, 0, 1], 0).into(), host_key, &authorized, &args.name).await;
    let standin = bound.map_err(|error| failed(&error))?;
    let address = standin.address().map_err(|error| failed(&error))?;
    say(&json!({ "port": address.port() }).to_string())?;
    standin.serve().await.map_err(|error| failed(&error))
}
