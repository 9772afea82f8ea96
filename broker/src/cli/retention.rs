//! `chaperone retention …`: how long evidence is kept, and the run that deletes what is over its time.

use chaperone_web::wire::{
    Because, ClassView, Go, NewAssigned, NewClass, RetainedView, RetentionRun, RetentionView, TogetherView,
    WordView,
};
use clap::{Args, Subcommand};

use super::outcome::Failure;
use super::table::{Table, plain};
use super::via::{Remote, Via};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show the classes, what they are assigned to, and what waits for a second person
    List,
    /// Set a class, new or with other times; shorter ones wait for a second person
    Set {
        /// Its name; `standard` is that of whatever has no other
        class: String,
        /// How long facts keep their words, such as 6y or 2192d; never shorter than recordings
        #[arg(long, value_name = "TIME", value_parser = days)]
        facts: u32,
        /// How long recordings are kept, such as 1y or 365d
        #[arg(long, value_name = "TIME", value_parser = days)]
        recordings: u32,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Say by which class a server's or a company's evidence is kept
    Assign {
        /// The class
        class: String,
        #[command(flatten)]
        to: To,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Agree, as the second person, to what keeps evidence for a shorter time
    Agree {
        /// The wish, as `list` shows it
        id: String,
    },
    /// Say no to it
    Refuse {
        /// The wish, as `list` shows it
        id: String,
        /// Why
        #[arg(long, default_value_t, hide_default_value = true)]
        reason: String,
    },
    /// Ask that a run go on which has stopped; a second person agrees
    Allow {
        /// Why: what was looked at, and found right
        #[arg(long)]
        reason: String,
    },
    /// Delete what is over its time now, and not within the hour
    Run {
        /// Only say what is over its time
        #[arg(long)]
        dry_run: bool,
        /// Why
        #[arg(long, default_value_t, hide_default_value = true)]
        reason: String,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct To {
    /// A server
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// A company
    #[arg(long, value_name = "NAME")]
    vendor: Option<String>,
}

/// Days out of `365d`, `52w`, `12m` or `6y`; a year has 365¼ days, rounded up, a month 31.
fn days(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is no time; right is such as 90d, 12w, 6m or 6y");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let days = match unit {
        "d" => Some(number),
        "w" => number.checked_mul(7),
        "m" => number.checked_mul(31),
        "y" => number.checked_mul(1461).map(|quarters| quarters.div_ceil(4)),
        _ => None,
    };
    days.ok_or_else(wrong)
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::List => show(&via, client.get(&["retention"]).await?),
        Verb::Set { class, facts, recordings, reason } => {
            let new = NewClass { facts_days: facts, recordings_days: recordings, reason };
            together(&via, client.put(&["retention", "classes", &class], &new).await?)
        }
        Verb::Assign { class, to, reason } => {
            let (kind, name) = match (to.target, to.vendor) {
                (Some(target), _) => ("target", target),
                (None, vendor) => ("vendor", vendor.unwrap_or_default()),
            };
            let new = NewAssigned { kind: kind.to_owned(), name, class, reason };
            together(&via, client.put(&["retention", "assigned"], &new).await?)
        }
        Verb::Agree { id } => {
            let word: WordView = client.post(&["retention", "words", &id, "agree"], &Go {}).await?;
            via.done(&word, |word| {
                format!("Agreed to what {} asked for: it is so from now on.", word.asked_by)
            })
        }
        Verb::Refuse { id, reason } => {
            let word: WordView =
                client.post(&["retention", "words", &id, "refuse"], &Because { reason }).await?;
            via.done(&word, |word| format!("{} stays as it is.", word.subject))
        }
        Verb::Allow { reason } => {
            together(&via, client.post(&["retention", "allow"], &Because { reason }).await?)
        }
        Verb::Run { dry_run, reason } => {
            let asked = RetentionRun { dry_run, reason };
            let run: RetainedView = client.post(&["retention", "run"], &asked).await?;
            let stopped = run.stopped.clone();
            via.show(&run, ran)?;
            match stopped {
                None => Ok(()),
                Some(why) => Err(Failure::failed(
                    format!("retention has deleted nothing: {}", plain(&why)),
                    "look at the clock and at what would go (--dry-run); if both are right: chaperone retention allow",
                )),
            }
        }
    }
}

fn together(via: &Via, said: TogetherView) -> Result<(), Failure> {
    via.done(&said, |said| said.next.clone())
}

fn show(via: &Via, retention: RetentionView) -> Result<(), Failure> {
    via.show(&retention, |retention| {
        let table =
            Table::list(["what", "name", "facts", "recordings", "id", "asked by", "reason"], "No class.");
        let days = |class: &ClassView| {
            [format!("{} days", class.facts_days), format!("{} days", class.recordings_days)]
        };
        let none = String::new;
        let table = retention.classes.iter().fold(table, |table, class| {
            let [facts, recordings] = days(class);
            table.row(["class".to_owned(), class.name.clone(), facts, recordings, none(), none(), none()])
        });
        let table = retention.assigned.iter().fold(table, |table, of| {
            let class = retention.classes.iter().find(|class| class.name == of.class);
            let [facts, recordings] = class.map(days).unwrap_or_default();
            let what = format!("{}: {}", of.kind, of.class);
            table.row([what, of.name.clone(), facts, recordings, none(), none(), none()])
        });
        retention.waiting.iter().fold(table, |table, word| {
            let (what, of) = ("waits".to_owned(), word.subject.clone());
            table.row([what, of, none(), none(), word.id.clone(), word.asked_by.clone(), word.reason.clone()])
        })
    })
}

fn ran(run: &RetainedView) -> Table {
    Table::card()
        .line("only looked", if run.dry_run { "yes" } else { "no" })
        .line("recordings over their time", run.recordings_due.to_string())
        .line("deleted", run.recordings_deleted.to_string())
        .line("kept by a hold", run.recordings_held.to_string())
        .line("not there", run.recordings_missing.to_string())
        .line("bytes", run.bytes.to_string())
        .line("facts over their time", run.words_due.to_string())
        .line("emptied", run.words_cleared.to_string())
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn a_time_is_read_in_days_weeks_months_and_years() {
        assert_eq!(
            [days("90d"), days("2w"), days("1m"), days("1y"), days("6y")],
            [Ok(90), Ok(14), Ok(31), Ok(366), Ok(2192)]
        );
        for wrong in ["", "d", "6", "-1d", "1.5y", "6 y", "y6", "9999999999y", "€", "1€"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }
}
