//! `chaperone recording …`. Playing, verifying and exporting are facts in the ledger.

use std::path::{Path, PathBuf};

use chaperone_web::wire::{Because, ExportFormat, RecordingVerdict, RecordingView};
use clap::Subcommand;

use super::client::Client;
use super::outcome::{Failure, say};
use super::table::{Table, maybe_time, plain, time};
use super::to_file::ToFile;
use super::via::{Remote, Via};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List recordings, newest last
    List {
        /// At most this many of the newest
        #[arg(long, value_name = "N", default_value_t = 200)]
        limit: u32,
    },
    /// Show a recording
    Show {
        /// The visit it records
        id: String,
    },
    /// Print what was on the screen
    Play {
        /// The visit it records
        id: String,
        /// Show what was typed too, which another person has agreed to: chaperone unmask
        #[arg(long)]
        unmask: bool,
        /// Why; kept in the ledger. Without it the visit's newest alert, or its window, is the reason
        #[arg(long, value_name = "WHY", default_value = "")]
        reason: String,
    },
    /// Write it to a file
    Export {
        /// The visit it records
        id: String,
        /// asciicast-v3, asciicast-v2, txt, jsonl, har (HTTP transactions, for browsers' developer tools), pcapng (forwards and TLS as packets, for Wireshark), files (a tar of each stream's bytes and of the files that passed), or chap (the sealed recording itself, for chaperone-verify)
        #[arg(long, value_name = "FORMAT")]
        format: ExportFormat,
        /// The file to write; it must not exist
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// With what was typed, which another person has agreed to: chaperone unmask
        #[arg(long)]
        unmask: bool,
        /// Why a copy leaves the house; kept in the ledger
        #[arg(long, value_name = "WHY")]
        reason: String,
    },
    /// Check its chain, its seal, and that the ledger has the same seal
    Verify {
        /// The visit it records
        id: String,
        /// Why; kept in the ledger. Without it the visit's newest alert, or its window, is the reason
        #[arg(long, value_name = "WHY", default_value = "")]
        reason: String,
    },
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::List { limit } => {
            list(&via, client.get_with(&["recordings"], &[("limit", &limit.to_string())]).await?)
        }
        Verb::Show { id } => show(&via, client.get(&["recordings", &id]).await?),
        Verb::Play { id, unmask, reason } => play(&client, &id, unmask, &reason).await,
        Verb::Export { id, format, output, unmask, reason } => {
            let bytes = export(&client, &id, format, &output, unmask, &reason).await?;
            let done = serde_json::json!({"id": id, "format": format, "file": output, "bytes": bytes});
            via.done(&done, |_| format!("Wrote {} ({bytes} bytes).", output.display()))
        }
        Verb::Verify { id, reason } => {
            let because = Because { reason };
            let verdict: RecordingVerdict = client.post(&["recordings", &id, "verify"], &because).await?;
            let sound = verdict.sound;
            via.done(&verdict, |verdict| plain(&verdict.summary))?;
            if sound {
                Ok(())
            } else {
                Err(Failure::failed(
                    format!("the recording of {id} is not sound"),
                    "keep the file as it is and call the SOC lead",
                ))
            }
        }
    }
}

/// Whether typed input is shown, as the API takes it.
fn asked(unmask: bool) -> (&'static str, &'static str) {
    ("unmask", if unmask { "true" } else { "false" })
}

async fn play(client: &Client, id: &str, unmask: bool, reason: &str) -> Result<(), Failure> {
    let mut text = Vec::new();
    client
        .download(&["recordings", id, "text"], &[asked(unmask), ("reason", reason)], |chunk| {
            text.extend_from_slice(chunk);
            Ok(())
        })
        .await?;
    // Line by line, so that nothing in it steers the reader's terminal.
    let lines: Vec<String> = String::from_utf8_lossy(&text).lines().map(plain).collect();
    say(&lines.join("\n"))
}

async fn export(
    client: &Client,
    id: &str,
    format: ExportFormat,
    output: &Path,
    unmask: bool,
    reason: &str,
) -> Result<u64, Failure> {
    let mut file = ToFile::new(output);
    let query = [("format", format.as_str()), asked(unmask), ("reason", reason)];
    client.download(&["recordings", id, "export"], &query, |chunk| file.take(chunk)).await?;
    file.finish()
}

fn list(via: &Via, recordings: Vec<RecordingView>) -> Result<(), Failure> {
    via.show(&recordings, |recordings| {
        let table = Table::list(
            ["id", "state", "person", "server", "began", "ended", "coverage"],
            "No recordings yet.",
        );
        recordings.iter().fold(table, |table, recording| {
            table.row([
                recording.id.clone(),
                recording.state.clone(),
                recording.person.clone(),
                recording.target.clone(),
                time(recording.began),
                maybe_time(recording.ended),
                recording.coverage.clone().unwrap_or_default(),
            ])
        })
    })
}

fn show(via: &Via, recording: RecordingView) -> Result<(), Failure> {
    via.show(&recording, |recording| {
        Table::card()
            .line("id", &recording.id)
            .line("state", &recording.state)
            .line("person", &recording.person)
            .line("server", &recording.target)
            .line("began", time(recording.began))
            .line("ended", maybe_time(recording.ended))
            .line("coverage", recording.coverage.clone().unwrap_or_default())
            .line("chain", recording.chain.clone().unwrap_or_default())
    })
}
