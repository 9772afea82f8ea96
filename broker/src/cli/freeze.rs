//! `chaperone freeze …`

use chaperone_web::wire::{FreezeView, Moment, NewFreeze};
use clap::Subcommand;

use super::moment::{FORMS, moment};
use super::outcome::Failure;
use super::table::{Table, join, maybe_time};
use super::via::{Remote, Via};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Add a freeze; visits that run when it begins are ended
    Add {
        /// A server it is for; repeat for more, leave out for all
        #[arg(long, value_name = "NAME")]
        target: Vec<String>,
        #[arg(long, value_name = "TIME", value_parser = moment, default_value = "now", help = format!("First frozen instant: {FORMS}"))]
        from: Moment,
        #[arg(long, value_name = "TIME", value_parser = moment, help = format!("First instant that is not frozen any more: {FORMS}"))]
        until: Moment,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// List freezes
    List,
    /// Lift a freeze
    Remove {
        /// Its id
        id: String,
    },
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Add { target, from, until, reason } => {
            let new = NewFreeze { targets: target, from, until, reason };
            let freeze: FreezeView = client.post(&["freezes"], &new).await?;
            via.done(&freeze, |freeze| format!("Frozen ({}) until {}.", freeze.id, maybe_time(freeze.until)))
        }
        Verb::List => list(&via, client.get(&["freezes"]).await?),
        Verb::Remove { id } => {
            let freeze: FreezeView = client.delete(&["freezes", &id]).await?;
            via.done(&freeze, |freeze| format!("The freeze {} is lifted.", freeze.id))
        }
    }
}

fn list(via: &Via, freezes: Vec<FreezeView>) -> Result<(), Failure> {
    via.show(&freezes, |freezes| {
        let table = Table::list(["id", "from", "until", "servers", "reason"], "No freezes.");
        freezes.iter().fold(table, |table, freeze| {
            let targets = if freeze.targets.is_empty() { "all".to_owned() } else { join(&freeze.targets) };
            table.row([
                freeze.id.clone(),
                maybe_time(freeze.from),
                maybe_time(freeze.until),
                targets,
                freeze.reason.clone(),
            ])
        })
    })
}
