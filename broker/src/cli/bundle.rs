//! `chaperone bundle …`. Making one is a fact in the ledger, with the reason.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chaperone_web::wire::{Moment, NewBundle};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::client::Client;
use super::moment::moment;
use super::outcome::Failure;
use super::via::Remote;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make one file that proves what happened, for chaperone-verify
    Make(Make),
}

#[derive(Debug, Args)]
pub(crate) struct Make {
    /// Everything about this server, with --from and --to
    #[arg(long, value_name = "SERVER", requires_all = ["from", "to"], required_unless_present_any = ["window", "session"])]
    target: Option<String>,
    /// First instant inside; the forms of `window request`
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "target", allow_hyphen_values = true)]
    from: Option<Moment>,
    /// First instant outside
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "target", allow_hyphen_values = true)]
    to: Option<Moment>,
    /// Everything about this window
    #[arg(long, value_name = "ID", conflicts_with_all = ["target", "session"])]
    window: Option<String>,
    /// Everything about this visit
    #[arg(long, value_name = "ID", conflicts_with = "target")]
    session: Option<String>,
    /// Why; it stands in the ledger and in the bundle
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// A visit whose key is left out: a named gap; may be repeated
    #[arg(long, value_name = "VISIT")]
    withhold: Vec<String>,
    /// An age recipient that the recordings' keys are sealed to; may be repeated
    #[arg(long, value_name = "AGE1…")]
    to_recipient: Vec<String>,
    /// The file to write; it must not exist
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let Verb::Make(make) = verb;
    let now = Timestamp::now();
    let wish = NewBundle {
        target: make.target,
        from: make.from.map(|from| from.resolve(now)),
        to: make.to.map(|to| to.resolve(now)),
        window: make.window,
        session: make.session,
        reason: make.reason,
        withhold: make.withhold,
        recipients: make.to_recipient,
    };
    let bytes = fetch(&via.client()?, &wish, &make.output).await?;
    let done = serde_json::json!({ "file": make.output, "bytes": bytes });
    via.done(&done, |_| {
        format!(
            "Wrote {} ({bytes} bytes). Whoever gets it checks it with: chaperone-verify {} --key LEDGER-PUBLIC-KEY",
            make.output.display(),
            make.output.display()
        )
    })
}

/// Writes the bundle as it comes. What broke off is no bundle, and is not left behind.
async fn fetch(client: &Client, wish: &NewBundle, output: &Path) -> Result<u64, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::failed(format!("{} cannot be written: {error}", output.display()), "")
    };
    let mut written = 0;
    let mut file: Option<BufWriter<File>> = None;
    let came = client
        .download_by_post(&["bundles"], wish, |chunk| {
            let out = match &mut file {
                Some(out) => out,
                // Made with the first bytes, so that a refusal leaves no empty file.
                None => file.insert(BufWriter::new(File::create_new(output).map_err(cannot)?)),
            };
            written += chunk.len() as u64;
            out.write_all(chunk).map_err(cannot)
        })
        .await;
    let Some(out) = file else {
        came?;
        return Err(Failure::failed("the gate sent nothing", "see the gate's log"));
    };
    let finished = came.and_then(|()| {
        out.into_inner().map_err(|error| cannot(error.into_error()))?.sync_all().map_err(cannot)
    });
    if finished.is_err() {
        // The failure that is told is the first one.
        drop(std::fs::remove_file(output));
    }
    finished.map(|()| written)
}
