//! `chaperone unmask …`: seeing what was typed takes two people, a reason, and an hour.

use chaperone_web::wire::{Because, Go, NewUnmask, WordView};
use clap::Subcommand;

use super::outcome::Failure;
use super::table::{Table, time};
use super::via::{Remote, Via};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Ask to see what was typed in a visit
    Ask {
        /// The visit
        #[arg(long, value_name = "ID")]
        session: String,
        /// Why; the second person reads it
        #[arg(long)]
        reason: String,
        /// Of this channel alone
        #[arg(long, value_name = "N")]
        channel: Option<u32>,
        /// From this second of the recording on
        #[arg(long, value_name = "SECONDS")]
        from: Option<u64>,
        /// Before this second
        #[arg(long, value_name = "SECONDS")]
        to: Option<u64>,
    },
    /// List who asked and what became of it, newest first
    List,
    /// Agree that whoever asked sees it, for an hour
    Agree {
        /// The wish, as `list` shows it
        id: String,
    },
    /// Say no, or end what was agreed to
    Refuse {
        /// The wish, as `list` shows it
        id: String,
        /// Why
        #[arg(long, default_value_t, hide_default_value = true)]
        reason: String,
    },
    /// Take your own wish back
    Withdraw {
        /// The wish, as `list` shows it
        id: String,
        /// Why
        #[arg(long, default_value_t, hide_default_value = true)]
        reason: String,
    },
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Ask { session, reason, channel, from, to } => {
            let ms = |seconds: Option<u64>| seconds.map(|seconds| seconds.saturating_mul(1000));
            let new = NewUnmask { session, reason, channel, from_ms: ms(from), to_ms: ms(to) };
            let word: WordView = client.post(&["unmask"], &new).await?;
            via.done(&word, |word| {
                format!(
                    "It takes a second person, another analyst or lead, within 24 hours: chaperone unmask agree {}",
                    word.id
                )
            })
        }
        Verb::List => list(&via, client.get(&["unmask"]).await?),
        Verb::Agree { id } => {
            let word: WordView = client.post(&["unmask", &id, "agree"], &Go {}).await?;
            via.done(&word, |word| {
                format!(
                    "{} sees what was typed in {} until {}: chaperone recording play {} --unmask",
                    word.asked_by,
                    word.subject,
                    time(word.expires),
                    word.subject
                )
            })
        }
        Verb::Refuse { id, reason } => {
            turned_down(&via, client.post(&["unmask", &id, "refuse"], &Because { reason }).await?)
        }
        Verb::Withdraw { id, reason } => {
            turned_down(&via, client.post(&["unmask", &id, "withdraw"], &Because { reason }).await?)
        }
    }
}

fn turned_down(via: &Via, word: WordView) -> Result<(), Failure> {
    via.done(&word, |word| format!("What was typed in {} stays masked.", word.subject))
}

pub(super) fn list(via: &Via, words: Vec<WordView>) -> Result<(), Failure> {
    via.show(&words, |words| {
        let table = Table::list(
            ["id", "of", "state", "asked by", "asked", "answered by", "until", "reason"],
            "Nobody has asked.",
        );
        words.iter().fold(table, |table, word| {
            table.row([
                word.id.clone(),
                word.subject.clone(),
                word.state.clone(),
                word.asked_by.clone(),
                time(word.asked),
                word.answered_by.clone().unwrap_or_default(),
                time(word.expires),
                word.reason.clone(),
            ])
        })
    })
}
