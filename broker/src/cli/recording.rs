//! `chaperone recording …`. Playing, verifying and exporting are facts in the ledger.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chaperone_web::wire::{ExportFormat, RecordingVerdict, RecordingView};
use clap::Subcommand;

use super::client::{Client, Nothing};
use super::outcome::{Failure, say};
use super::table::{Table, maybe_time, plain, time};
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
    },
    /// Write it to a file
    Export {
        /// The visit it records
        id: String,
        /// asciicast-v3, asciicast-v2, txt, jsonl, files (a tar of each stream's bytes), or chap (the sealed recording itself, for chaperone-verify)
        #[arg(long, value_name = "FORMAT")]
        format: ExportFormat,
        /// The file to write; it must not exist
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// With what was typed, which another person has agreed to: chaperone unmask
        #[arg(long)]
        unmask: bool,
    },
    /// Check its chain, its seal, and that the ledger has the same seal
    Verify {
        /// The visit it records
        id: String,
    },
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::List { limit } => {
            list(&via, client.get_with(&["recordings"], &[("limit", &limit.to_string())]).await?)
        }
        Verb::Show { id } => show(&via, client.get(&["recordings", &id]).await?),
        Verb::Play { id, unmask } => play(&client, &id, unmask).await,
        Verb::Export { id, format, output, unmask } => {
            let bytes = export(&client, &id, format, &output, unmask).await?;
            let done = serde_json::json!({"id": id, "format": format, "file": output, "bytes": bytes});
            via.done(&done, |_| format!("Wrote {} ({bytes} bytes).", output.display()))
        }
        Verb::Verify { id } => {
            let verdict: RecordingVerdict = client.post(&["recordings", &id, "verify"], &Nothing {}).await?;
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

async fn play(client: &Client, id: &str, unmask: bool) -> Result<(), Failure> {
    let mut text = Vec::new();
    client
        .download(
            &["recordings", id, "text"],
            &[("unmask", if unmask { "true" } else { "false" })],
            |chunk| {
                text.extend_from_slice(chunk);
                Ok(())
            },
        )
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
) -> Result<u64, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::failed(format!("{} cannot be written: {error}", output.display()), "")
    };
    let query = [("format", format.as_str()), ("unmask", if unmask { "true" } else { "false" })];
    let mut written = 0;
    let mut file: Option<BufWriter<File>> = None;
    client
        .download(&["recordings", id, "export"], &query, |chunk| {
            let out = match &mut file {
                Some(out) => out,
                // Made with the first bytes, so that a refused export leaves no empty file.
                None => file.insert(BufWriter::new(File::create_new(output).map_err(cannot)?)),
            };
            written += chunk.len() as u64;
            out.write_all(chunk).map_err(cannot)
        })
        .await?;
    match file {
        Some(out) => {
            out.into_inner().map_err(|error| cannot(error.into_error()))?.sync_all().map_err(cannot)?
        }
        None => drop(File::create_new(output).map_err(cannot)?),
    }
    Ok(written)
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
