//! `chaperone keep …`: evidence that is kept whatever its retention class says.

use chaperone_web::wire::{Because, HoldView, Moment, NewHold, TogetherView};
use clap::{Args, Subcommand};

use super::moment::{FORMS, moment};
use super::outcome::Failure;
use super::table::{Table, maybe_time, time};
use super::via::Remote;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Keep evidence until two people lift this
    Add(Add),
    /// List what is kept, oldest first
    List,
    /// Let it go: one person says so, and another does it by the same words
    Lift {
        /// As `list` shows it
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    on: On,
    #[arg(long, value_name = "TIME", value_parser = moment, help = format!("Of that only what happened then or later: {FORMS}"))]
    from: Option<Moment>,
    #[arg(long, value_name = "TIME", value_parser = moment, help = format!("Of that only what happened before: {FORMS}"))]
    to: Option<Moment>,
    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct On {
    /// One visit
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Every visit in a change window
    #[arg(long, value_name = "ID")]
    window: Option<String>,
    /// Whatever a person did
    #[arg(long, value_name = "LOGIN")]
    person: Option<String>,
    /// Whatever happened on a server
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Whatever a company's people did
    #[arg(long, value_name = "NAME")]
    vendor: Option<String>,
}

impl On {
    fn named(self) -> (&'static str, String) {
        let Self { session, window, person, target, vendor } = self;
        let all = [
            ("session", session),
            ("window", window),
            ("person", person),
            ("target", target),
            ("vendor", vendor),
        ];
        // The command line lets exactly one through.
        all.into_iter().find_map(|(kind, name)| Some((kind, name?))).unwrap_or(("session", String::new()))
    }
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Add(add) => {
            let (kind, name) = add.on.named();
            let new = NewHold { kind: kind.to_owned(), name, from: add.from, to: add.to, reason: add.reason };
            let hold: HoldView = client.post(&["keep"], &new).await?;
            via.done(&hold, |hold| {
                format!("Evidence of {} {} is kept until two people lift {}.", hold.kind, hold.name, hold.id)
            })
        }
        Verb::List => {
            let holds: Vec<HoldView> = client.get(&["keep"]).await?;
            via.show(&holds, |holds| {
                let table = Table::list(
                    ["id", "of", "name", "from", "to", "by", "since", "reason"],
                    "Nothing is kept beyond its retention class.",
                );
                holds.iter().fold(table, |table, hold| {
                    table.row([
                        hold.id.clone(),
                        hold.kind.clone(),
                        hold.name.clone(),
                        maybe_time(hold.from),
                        maybe_time(hold.to),
                        hold.by.clone(),
                        time(hold.at),
                        hold.reason.clone(),
                    ])
                })
            })
        }
        Verb::Lift { id, reason } => {
            let said: TogetherView = client.post(&["keep", &id, "lift"], &Because { reason }).await?;
            via.done(&said, |said| said.next.clone())
        }
    }
}
