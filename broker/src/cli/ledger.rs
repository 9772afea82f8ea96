//! `chaperone ledger …`

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use chaperone_web::wire::{
    CheckpointView, ConsistencyView, FactsView, ForkRequest, ForkView, InclusionView, LedgerVerdict, Moment,
    VerifyLedger,
};
use clap::Subcommand;
use serde_json::Value;

use super::client::Client;
use super::moment::{FORMS, moment};
use super::outcome::{Failure, say};
use super::table::{Table, plain, time};
use super::to_file::ToFile;
use super::via::{Remote, Via};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Recompute everything from the first fact; names the first that was changed
    Verify {
        /// A file with signed checkpoints that somebody else has kept, such as the SOC; may be given several times
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
        /// Why; kept in the ledger
        #[arg(long, value_name = "WHY", default_value = "")]
        reason: String,
    },
    /// Print the newest signed checkpoint, to be kept as it is; on standard error the key to check it with
    Checkpoint,
    /// Print a proof: that a fact is in the ledger, or that the ledger only grew
    Proof {
        /// That this fact is in the ledger of a signed checkpoint (C2SP tlog-proof)
        #[arg(long, value_name = "N", required_unless_present = "from")]
        fact: Option<u64>,
        /// In the checkpoint of this many facts; without it in the newest
        #[arg(long, value_name = "SIZE", requires = "fact")]
        size: Option<u64>,
        /// That the ledger of this many facts is the beginning of a later one
        #[arg(long, value_name = "SIZE", conflicts_with = "fact")]
        from: Option<u64>,
        /// Of the checkpoint of this many facts; without it of the newest
        #[arg(long, value_name = "SIZE", requires = "from")]
        to: Option<u64>,
    },
    /// Search the facts, in order
    Facts {
        /// From this number on
        #[arg(long, value_name = "N", default_value_t = 0)]
        after: u64,
        #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true, help = format!("Happened then or later: {FORMS}"))]
        from: Option<Moment>,
        #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true, help = format!("Happened before: {FORMS}"))]
        to: Option<Moment>,
        /// Of this kind, such as attempt-refused
        #[arg(long)]
        kind: Option<String>,
        /// Login of whom they are about, or who did it
        #[arg(long)]
        person: Option<String>,
        /// Name of the server
        #[arg(long)]
        target: Option<String>,
        /// Id of the visit
        #[arg(long)]
        session: Option<String>,
        /// Id of the window
        #[arg(long)]
        window: Option<String>,
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 200)]
        limit: u32,
        /// Why; kept in the ledger
        #[arg(long, value_name = "WHY")]
        reason: Option<String>,
    },
    /// Write facts to a file, with what their leaves commit to, as JSON lines
    Export {
        /// From this number on
        #[arg(long, value_name = "N", default_value_t = 0)]
        from: u64,
        /// Before this number; without it to the end
        #[arg(long, value_name = "N")]
        to: Option<u64>,
        /// The file to write; it must not exist
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Why they leave the house; kept in the ledger
        #[arg(long, value_name = "WHY")]
        reason: String,
    },
    /// Go on from a database that was restored: two people run this
    Fork {
        /// What was restored, and why
        #[arg(long)]
        reason: String,
    },
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Verify { checkpoint, reason } => verify(&via, &client, &checkpoint, reason).await,
        Verb::Checkpoint => {
            let checkpoint: CheckpointView = client.get(&["ledger", "checkpoint"]).await?;
            via.done(&checkpoint, |checkpoint| checkpoint.note.trim_end().to_owned())?;
            if !via.json {
                // Beside the note: what is kept of the output is the note alone, to the letter.
                drop(writeln!(std::io::stderr(), "key {}", checkpoint.verifier_key));
            }
            Ok(())
        }
        Verb::Proof { fact, size, from, to } => proof(&via, &client, (fact, size), (from, to)).await,
        facts @ Verb::Facts { .. } => search(&via, &client, facts).await,
        Verb::Export { from, to, output, reason } => {
            let (from, to) = (from.to_string(), to.map(|to| to.to_string()));
            let mut query = vec![("from", from.as_str()), ("reason", &reason)];
            query.extend(to.as_deref().map(|to| ("to", to)));
            let mut file = ToFile::new(&output);
            let mut facts = 0;
            client
                .download(&["ledger", "export"], &query, |chunk| {
                    facts += chunk.iter().filter(|byte| **byte == b'\n').count();
                    file.take(chunk)
                })
                .await?;
            let bytes = file.finish()?;
            let done = serde_json::json!({ "facts": facts, "file": output, "bytes": bytes });
            via.done(&done, |_| format!("Wrote {facts} facts to {}.", output.display()))
        }
        Verb::Fork { reason } => {
            let fork: ForkView = client.post(&["ledger", "fork"], &ForkRequest { reason }).await?;
            via.done(&fork, |fork| fork.next.clone())
        }
    }
}

async fn verify(via: &Via, client: &Client, files: &[PathBuf], reason: String) -> Result<(), Failure> {
    let mut checkpoints = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", file.display())))?;
        let found = notes(&text);
        if found.is_empty() {
            return Err(Failure::usage(format!("{} holds no signed checkpoint", file.display())));
        }
        checkpoints.extend(found);
    }
    let asked = VerifyLedger { reason, checkpoints, progress: true };
    let watched = std::io::stderr().is_terminal();
    let mut last = None;
    client
        .post_lines(&["ledger", "verify"], &asked, |line: Value| {
            if let (true, Some(facts), Some(of)) = (watched, line.get("facts"), line.get("of")) {
                // A terminal that cannot be written to misses nothing but this.
                drop(write!(std::io::stderr(), "\r{facts} of {of} facts recomputed"));
            } else {
                last = Some(line);
            }
        })
        .await?;
    if watched {
        drop(write!(std::io::stderr(), "\r\x1b[K"));
    }
    let said = last.unwrap_or_default();
    if let Some(problem) = said.get("problem") {
        let word = |name| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        return Err(Failure::failed(word("what"), word("next")));
    }
    let verdict = said.get("verdict").cloned().unwrap_or_default();
    let verdict: LedgerVerdict = serde_json::from_value(verdict)
        .map_err(|_| Failure::failed("the verification broke off", "try again; see the gate's log"))?;
    let sound = verdict.sound;
    via.done(&verdict, |verdict| plain(&verdict.summary))?;
    if sound {
        Ok(())
    } else {
        Err(Failure::failed("the ledger is not sound", "keep the database as it is and call the SOC lead"))
    }
}

/// The signed notes in a file: each is a text, an empty line, and signature lines that begin with a dash.
fn notes(text: &str) -> Vec<String> {
    let (mut notes, mut note, mut signed) = (Vec::new(), String::new(), false);
    for line in text.lines() {
        let signature = line.starts_with('\u{2014}');
        if signed && !signature {
            notes.push(std::mem::take(&mut note));
            signed = false;
            if line.trim().is_empty() {
                continue;
            }
        }
        if note.is_empty() && line.trim().is_empty() {
            continue;
        }
        signed |= signature;
        note.push_str(line);
        note.push('\n');
    }
    if signed {
        notes.push(note);
    }
    notes
}

async fn proof(
    via: &Via,
    client: &Client,
    (fact, size): (Option<u64>, Option<u64>),
    (from, to): (Option<u64>, Option<u64>),
) -> Result<(), Failure> {
    let query = |name: &'static str, value: Option<u64>| value.map(|value| (name, value.to_string()));
    let asked: Vec<_> = [query("fact", fact), query("size", size), query("from", from), query("to", to)]
        .into_iter()
        .flatten()
        .collect();
    let asked: Vec<_> = asked.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if fact.is_some() {
        let proof: InclusionView = client.get_with(&["ledger", "proof", "inclusion"], &asked).await?;
        via.done(&proof, |proof| proof.proof.trim_end().to_owned())
    } else {
        let proof: ConsistencyView = client.get_with(&["ledger", "proof", "consistency"], &asked).await?;
        via.done(&proof, |proof| proof.proof.trim_end().to_owned())
    }
}

async fn search(via: &Via, client: &Client, asked: Verb) -> Result<(), Failure> {
    let Verb::Facts { after, from, to, kind, person, target, session, window, limit, reason } = asked else {
        return Ok(());
    };
    let now = jiff::Timestamp::now();
    let query = [
        ("after", Some(after.to_string())),
        ("limit", Some(limit.to_string())),
        ("from", from.map(|from| from.resolve(now).to_string())),
        ("to", to.map(|to| to.resolve(now).to_string())),
        ("kind", kind),
        ("person", person),
        ("target", target),
        ("session", session),
        ("window", window),
        ("reason", reason),
    ];
    let query: Vec<_> =
        query.iter().filter_map(|(name, value)| value.as_deref().map(|value| (*name, value))).collect();
    let found: FactsView = client.get_with(&["ledger", "facts"], &query).await?;
    let next = found.next;
    via.show(&found, |found| {
        let table = Table::list(["fact", "at", "kind", "person", "server", "says"], "No such facts.");
        found.facts.iter().fold(table, |table, fact| {
            table.row([
                fact.number.to_string(),
                time(fact.at),
                fact.kind.clone(),
                fact.person.clone().unwrap_or_default(),
                fact.target.clone().unwrap_or_default(),
                fact.body.as_ref().map(|body| plain(&body.to_string())).unwrap_or_default(),
            ])
        })
    })?;
    match next {
        Some(next) if !via.json => say(&format!("More from fact {next} on: --after {next}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::notes;

    #[test]
    fn a_file_may_hold_several_signed_notes() {
        let note = "origin\n12\nAAAA\n\n\u{2014} origin BBBB\n";
        let two = "origin\n13\nCCCC\n\n\u{2014} origin DDDD\n\u{2014} other EEEE\n".to_owned();
        assert_eq!(notes(note), [note]);
        for between in ["", "\n", "\n\n"] {
            assert_eq!(notes(&format!("{note}{between}{two}")), [note.to_owned(), two.clone()]);
        }
        assert!(notes("").is_empty() && notes("origin\n12\n").is_empty());
    }
}
