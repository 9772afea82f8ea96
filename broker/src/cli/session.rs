//! `chaperone session …`

use chaperone_web::wire::{Because, SessionView};
use clap::{Args, Subcommand};

use super::outcome::Failure;
use super::table::{Table, join, maybe_time, time};
use super::via::{Remote, Via};
use super::watch;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List visits, newest last
    List {
        /// At most this many of the newest
        #[arg(long, value_name = "N", default_value_t = 200)]
        limit: u32,
    },
    /// Show a visit
    Show {
        /// The visit
        id: String,
    },
    /// Watch a visit while it goes on: where an observer is required, its input flows for as long as somebody does
    Watch(Why),
    /// Stop input; output still flows and is recorded
    Pause(Why),
    /// Let input flow again
    Resume(Why),
    /// End the visit now
    Stop(Why),
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The visit
    id: String,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::List { limit } => {
            list(&via, client.get_with(&["sessions"], &[("limit", &limit.to_string())]).await?)
        }
        Verb::Show { id } => show(&via, client.get(&["sessions", &id]).await?),
        Verb::Watch(Why { id, reason }) => watch::run(&client, &id, &reason, via.json).await,
        Verb::Pause(Why { id, reason }) => {
            let visit: SessionView = client.post(&["sessions", &id, "pause"], &Because { reason }).await?;
            via.done(&visit, |visit| format!("The input of visit {} is paused.", visit.id))
        }
        Verb::Resume(Why { id, reason }) => {
            let visit: SessionView = client.post(&["sessions", &id, "resume"], &Because { reason }).await?;
            via.done(&visit, |visit| format!("The input of visit {} flows again.", visit.id))
        }
        Verb::Stop(Why { id, reason }) => {
            let visit: SessionView = client.post(&["sessions", &id, "stop"], &Because { reason }).await?;
            via.done(&visit, |visit| format!("Visit {} is told to stop.", visit.id))
        }
    }
}

fn list(via: &Via, visits: Vec<SessionView>) -> Result<(), Failure> {
    via.show(&visits, |visits| {
        let table = Table::list(
            ["id", "state", "person", "server", "began", "ended", "why it ended", "from"],
            "No visits yet.",
        );
        visits.iter().fold(table, |table, visit| {
            table.row([
                visit.id.clone(),
                state(visit),
                visit.person.clone(),
                visit.target.clone(),
                time(visit.admitted_at),
                maybe_time(visit.ended_at),
                visit.end_reason.clone().unwrap_or_default(),
                visit.source.clone(),
            ])
        })
    })
}

fn show(via: &Via, visit: SessionView) -> Result<(), Failure> {
    via.show(&visit, |visit| {
        Table::card()
            .line("id", &visit.id)
            .line("state", state(visit))
            .line("person", &visit.person)
            .line("server", &visit.target)
            .line("account", visit.account.clone().unwrap_or_default())
            .line("window", visit.window.clone().unwrap_or_default())
            .line("from", &visit.source)
            .line("node", &visit.node)
            .line("watched at", visit.watched_at.clone().unwrap_or_default())
            .line("admitted", time(visit.admitted_at))
            .line("started", maybe_time(visit.started_at))
            .line("ended", maybe_time(visit.ended_at))
            .line("recording", if visit.sealed { "sealed" } else { "not sealed" })
            .line("why it ended", visit.end_reason.clone().unwrap_or_default())
            .line("recordings of this visit", join(&visit.parts))
    })
}

/// Where a visit stands, and what holds it up; `continued` where its technician came back after a lost connection.
fn state(visit: &SessionView) -> String {
    let mut words = vec![visit.state.as_str()];
    words.extend(visit.awaits_observer.then_some("waits for an observer"));
    words.extend(visit.paused.then_some("paused"));
    words.extend((visit.visit != visit.id).then_some("continued"));
    words.join(", ")
}
