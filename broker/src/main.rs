//! The one server binary: parses the command line and runs what was asked.

mod cli;
mod config;
#[cfg(feature = "demo")]
#[cfg(feature = "demo")]
mod demo;
mod derived;
mod host;
mod init;
mod installation;
mod key;
mod log;
mod private_file;
mod serve;
mod token;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use cli::Cli;

fn main() -> ExitCode {
    // A reader that left, `chaperone … | head`, is no reason to die: writes report it.
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("no threads can be had: {error}"), ExitCode::FAILURE),
    };
    match runtime.block_on(cli.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => complain(&failure.to_string(), failure.status()),
    }
}

fn complain(what: &str, status: ExitCode) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    drop(writeln!(std::io::stderr(), "chaperone: {what}"));
    status
}
