//! The one server binary: parses the command line and runs what was asked.

#[cfg(unix)]
mod backup;
mod cli;
#[cfg(unix)]
mod config;
#[cfg(all(unix, feature = "demo"))]
mod demo;
#[cfg(unix)]
mod derived;
#[cfg(unix)]
mod host;
#[cfg(unix)]
mod init;
#[cfg(unix)]
mod installation;
#[cfg(unix)]
mod key;
#[cfg(unix)]
mod log;
mod private_file;
#[cfg(unix)]
mod serve;
#[cfg(unix)]
mod token;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use cli::Cli;

/// Threads that may wait for disks and names at once: some for each visit, should their disk hang.
const WAITING_THREADS: usize = 4096;
/// How long work that cannot be broken off has at the end.
const LAST_WORK: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    // A reader that left, `chaperone … | head`, is no reason to die: writes report it.
    let cli = Cli::parse();
    let threads = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(WAITING_THREADS)
        .enable_all()
        .build();
    let runtime = match threads {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("no threads can be had: {error}"), ExitCode::FAILURE),
    };
    let done = runtime.block_on(cli.run());
    // A thread that hangs in a write does not keep the process from ending.
    runtime.shutdown_timeout(LAST_WORK);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => complain(&failure.to_string(), failure.status()),
    }
}

fn complain(what: &str, status: ExitCode) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    drop(writeln!(std::io::stderr(), "chaperone: {what}"));
    status
}
