//! `chaperone demo`: all of it on loopback, seeded, without configuration; with `--tour`, the whole story played with
//! the system's own ssh, each step checked.
//!
//! The demo uses nothing that an operator could not use: the gate is this program's own `serve`, everything is set up
//! by this program's own command line, technicians come with `ssh`. Only the target is a stand-in, and says so.

mod seed;
mod soc;
mod stage;
mod tour;

use std::io::IsTerminal;
use std::path::PathBuf;

pub(crate) use stage::DemoError;
use stage::{Stage, trying};

/// Runs the demo until Ctrl-C, or the tour to its end.
///
/// # Errors
/// When the stage cannot be set, or a step of the tour does not hold: the error names it.
pub(crate) async fn run(data: Option<PathBuf>, with_tour: bool) -> Result<(), DemoError> {
    let folder = match data {
        Some(folder) => folder,
        None => std::env::temp_dir().join(format!("chaperone-demo-{}", std::process::id())),
    };
    println!("Chaperone demo. Everything runs on this machine's loopback; data in {}", folder.display());
    let mut stage = Stage::set(folder, !with_tour).await?;
    let done = tokio::select! {
        done = play(&mut stage, with_tour) => done,
        pressed = tokio::signal::ctrl_c() => pressed.map_err(trying("wait for Ctrl-C")),
    };
    stage.strike().await;
    done
}

async fn play(stage: &mut Stage, with_tour: bool) -> Result<(), DemoError> {
    let cast = seed::people(stage).await?;
    if with_tour {
        return tour::play(stage, &cast, std::io::stdout().is_terminal()).await;
    }
    seed::windows(stage, &cast).await?;
    seed::tell(stage, &cast);
    std::future::pending::<()>().await;
    Ok(())
}
