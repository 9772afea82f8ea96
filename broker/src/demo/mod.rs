//! `chaperone demo`: all of it on loopback, seeded, without configuration; with `--tour`, the whole story played with
//! the system's own ssh and a web console, each step checked.
//!
//! The demo uses nothing that an operator could not use: the gate is this program's own `serve`, everything is set up
//! by this program's own command line, technicians come with `ssh`, a browser or this program's own `connect`. Only the
//! servers are stand-ins, and say so.

mod browser;
mod certificate;
mod console;
mod error;
mod seed;
mod soc;
mod stage;
mod standin;
mod story;
mod told;
mod tour;

use std::io::IsTerminal;
use std::path::PathBuf;

use crate::cli::outcome::{Failure, chain, say};
use error::{DemoError, trying};
use stage::Stage;
pub use standin::{ConsoleArgs, StandinArgs, console, standin};

/// Everything on loopback, seeded, without configuration
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep the demo's data in this folder; without it, in a fresh folder under the system's temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Play the whole story with the system's own ssh and a web console, and exit 0 only if every step held
    #[arg(long)]
    tour: bool,
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
    let console = story::plan(stage, &cast).await?;
    told::desks(stage, &cast)?;
    told::tell(stage, &cast, &console).await?;
    if let Err(error) = story::happen(stage, &cast, &console).await {
        println!("The visits of the story could not be made: {}", chain(&error));
    }
    std::future::pending().await
}
