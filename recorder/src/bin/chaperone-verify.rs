//! `chaperone-verify RECORDING --key PUBLIC-KEY`: the verdict on a recording, off line, in words.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use chaperone_recorder::{Content, Coverage, Identity, PublicKey, SealState, Verdict, VerifyWith, verify};
use clap::Parser;

/// Checks a Chaperone recording without network and without trust in whoever handed it over.
///
/// Exit status: 0 when everything that was asked for holds, 1 when not, 2 when it was asked wrongly.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The recording (a .chap file)
    recording: PathBuf,
    /// A trusted Ed25519 public key: a file, or its text (base64, hexadecimal, PEM, or name+id+key); may be repeated
    #[arg(long, required = true, value_name = "PUBLIC-KEY", value_parser = public_key)]
    key: Vec<PublicKey>,
    /// A file with an age identity that opens the content; may be repeated
    #[arg(long, value_name = "FILE", value_parser = identity)]
    identity: Vec<Identity>,
    /// Print the verdict as JSON
    #[arg(long)]
    json: bool,
}

fn public_key(text: &str) -> Result<PublicKey, String> {
    let path = PathBuf::from(text);
    let key = if path.is_file() { PublicKey::load(&path) } else { text.parse() };
    key.map_err(|error| error.to_string())
}

fn identity(path: &str) -> Result<Identity, String> {
    Identity::load(&PathBuf::from(path)).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let with = VerifyWith { keys: arguments.key, identities: arguments.identity, ledger: None };
    let verdict = verify(&arguments.recording, &with);
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
