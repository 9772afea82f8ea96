//! `chaperone-verify FILE --key PUBLIC-KEY`: the verdict on a bundle or a recording, off line, in words.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use chaperone_recorder::bundle::{self, BundleWith, LedgerKey};
use chaperone_recorder::{Content, Coverage, Identity, SealState, Verdict, VerifyWith, verify};
use clap::Parser;

/// Checks a Chaperone bundle or recording without network and without trust in whoever handed it over.
///
/// Exit status: 0 when everything that was asked for holds, 1 when not, 2 when it was asked wrongly.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A bundle, or a recording (a .chap file)
    file: PathBuf,
    /// A trusted Ed25519 public key, the ledger's for a bundle and the seal's for a recording: a file, or its text
    /// (base64, hexadecimal, PEM, or name+id+key); may be repeated
    #[arg(long, required = true, value_name = "PUBLIC-KEY", value_parser = key)]
    key: Vec<LedgerKey>,
    /// A file with an age identity that opens the content, or a bundle's keys; may be repeated
    #[arg(long, value_name = "FILE", value_parser = identity)]
    identity: Vec<Identity>,
    /// Of a bundle: a signed checkpoint of the ledger that you have kept
    #[arg(long, value_name = "FILE", value_parser = note)]
    checkpoint: Option<Note>,
    /// Print the verdict as JSON
    #[arg(long)]
    json: bool,
}

/// A key file that is longer is no key file; a note has a bound of its own.
const MAX_READ: u64 = 1 << 20;

/// A signed note, as it was kept.
#[derive(Clone)]
struct Note(String);

fn key(text: &str) -> Result<LedgerKey, String> {
    let text = if PathBuf::from(text).is_file() { read(text)? } else { text.to_owned() };
    text.parse::<LedgerKey>().map_err(|error| error.to_string())
}

fn note(path: &str) -> Result<Note, String> {
    let text = read(path)?;
    if bundle::is_checkpoint(&text) {
        Ok(Note(text))
    } else {
        Err("it is no checkpoint of a ledger; give the file as you received it".to_owned())
    }
}

fn read(path: &str) -> Result<String, String> {
    let read = || {
        let mut text = String::new();
        std::fs::File::open(path)?.take(MAX_READ).read_to_string(&mut text)?;
        Ok::<_, std::io::Error>(text)
    };
    read().map_err(|error| error.to_string())
}

fn identity(path: &str) -> Result<Identity, String> {
    Identity::load(&PathBuf::from(path)).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if bundle::is_bundle(&arguments.file) {
        return of_bundle(arguments);
    }
    if arguments.checkpoint.is_some() {
        eprintln!("error: --checkpoint is for bundles, and this file is none");
        return ExitCode::from(2);
    }
    let keys = arguments.key.iter().map(LedgerKey::public).collect();
    let with = VerifyWith { keys, identities: arguments.identity, ledger: None };
    let verdict = verify(&arguments.file, &with);
    let mut out = std::io::stdout().lock();
    let written = if arguments.json {
        serde_json::to_writer_pretty(&mut out, &verdict)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        in_words(&verdict, &mut out)
    };
    match written {
        Ok(()) if verdict.sound => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn of_bundle(arguments: Arguments) -> ExitCode {
    let since = arguments.checkpoint.map(|Note(text)| text);
    let with = BundleWith { keys: arguments.key, since, identities: arguments.identity };
    let report = bundle::verify(&arguments.file, &with);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = if arguments.json {
        serde_json::to_writer_pretty(&mut out, &report)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        bundle::in_words(&report, &mut out)
    };
    match written.and_then(|()| out.flush()) {
        Ok(()) if report.holds => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn in_words(verdict: &Verdict, out: &mut impl Write) -> std::io::Result<()> {
    if let Some(session) = verdict.session {
        writeln!(out, "Recording of session {session}")?;
    }
    if let Some(started) = verdict.started {
        writeln!(out, "Started {started}")?;
    }
    writeln!(out)?;
    match &verdict.bad {
        None => sound(verdict, out)?,
        Some(bad) => {
            writeln!(out, "NOT SOUND. {}", bad.failure.words())?;
            writeln!(
                out,
                "First bad place: byte {} of the file ({}: {}).",
                bad.offset, bad.failure, bad.detail
            )?;
            let until = verdict.sound_until.map(|until| format!(", up to {until}")).unwrap_or_default();
            let (blocks, bytes) = (verdict.sound_blocks, verdict.sound_bytes);
            writeln!(out, "What precedes it holds together: {blocks} blocks, {bytes} bytes{until}.")?;
            if verdict.state.is_none() {
                writeln!(out, "That part is not covered by a seal that was checked.")?;
            }
        }
    }
    let content = match verdict.content {
        Content::NotOpened => {
            "Order and completeness were checked; the content was not opened, since no identity was given."
        }
        Content::EvidenceOpened => {
            "The content was opened and checked, except for what was typed, which stays masked."
        }
        Content::AllOpened if verdict.channels.is_empty() => "The content was opened and checked.",
        Content::AllOpened => "The content was opened and checked, typed input included.",
    };
    // What failed before the content was reached was not checked there.
    if verdict.sound {
        writeln!(out, "{content}")?;
        writeln!(
            out,
            "The ledger was not asked: it alone shows that this is the only recording and the newest state."
        )?;
    }
    Ok(())
}

fn sound(verdict: &Verdict, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(
        out,
        "SOUND. Nothing in this recording was changed, removed, added or put in another order since it was sealed."
    )?;
    let by = verdict.sealed_by.map(|key| key.to_string()).unwrap_or_default();
    match verdict.state {
        Some(SealState::Recovered) => {
            writeln!(
                out,
                "It was sealed by {by} after a crash, as it was found: the very last bytes may be missing."
            )?;
        }
        _ => writeln!(out, "It was sealed by {by} when the session ended.")?,
    }
    if let Some(reason) = &verdict.reason {
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(200).collect();
        writeln!(out, "Why the session ended: {reason}.")?;
    }
    if verdict.state == Some(SealState::Sealed) {
        let coverage = match verdict.coverage {
            _ if verdict.channels.is_empty() => "no channel was opened",
            Some(Coverage::Refused) => "at least one channel was refused",
            Some(Coverage::FlowOnly) => {
                "of at least one channel the bytes are kept, but are encrypted inside"
            }
            Some(Coverage::OutputOnly) => "of at least one channel, output only, by policy",
            Some(Coverage::Captured) | None => "everything that passed was captured",
        };
        writeln!(out, "Coverage: {coverage}.")?;
    }
    Ok(())
}
