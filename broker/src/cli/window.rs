//! `chaperone window …`

use chaperone_policy::{FileHash, NotAHash};
use chaperone_web::wire::{
    Because, Go, Moment, MoveWindow, NewCloses, NewEmergency, NewObserver, NewWindow, PlannedFileView,
    ReturnToService, Substitute, WindowView,
};
use clap::{Args, Subcommand};
use jiff::SignedDuration;
use serde::Serialize;

use super::client::Client;
use super::moment::{FORMS, moment};
use super::outcome::Failure;
use super::table::{Table, join, maybe_time, time};
use super::via::{Remote, Via};
use super::window_console::Console;
use super::window_file::{self, Release, Send, TakeBack};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Ask for a change window
    Request(Box<Request>),
    /// List windows, newest last
    List,
    /// Show a window
    Show(Id),
    /// Say yes
    Approve(Id),
    /// Say no
    Deny(Why),
    /// Take a request back
    Withdraw(Why),
    /// End a window now, with its visits
    Revoke(Why),
    /// Give it a new end: later to extend, earlier to shorten
    Extend {
        /// The window
        id: String,
        #[arg(long, value_name = "TIME", value_parser = moment, help = format!("First instant outside: {FORMS}"))]
        closes: Moment,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Give it new times; approvals of other roles lapse and the technician accepts
    Move {
        /// The window
        id: String,
        #[arg(long, value_name = "TIME", value_parser = moment, help = format!("First instant inside: {FORMS}"))]
        opens: Moment,
        #[arg(long, value_name = "TIME", value_parser = moment, help = format!("First instant outside: {FORMS}"))]
        closes: Moment,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Accept a window that others booked or moved, as its technician
    Accept(Id),
    /// Put one technician in place of another of the same vendor; an engineer says yes by `approve`
    Substitute {
        /// The window
        id: String,
        /// Login of who does not come
        #[arg(long, value_name = "LOGIN")]
        out: String,
        /// Login of who comes
        #[arg(long = "in", value_name = "LOGIN")]
        replacement: String,
    },
    /// Give the clinical go of the day
    Go(Id),
    /// Want an observer while input flows, or do without one any more
    Observer {
        /// The window
        id: String,
        /// Nobody need watch any more
        #[arg(long)]
        not_required: bool,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Open a window in an emergency: take down what a technician asks for by telephone, and give the first of two words
    Emergency(Emergency),
    /// Say how a server is returned to service after the visit
    Return {
        /// The window
        id: String,
        /// How it is left: done, partly, backed-out
        #[arg(long)]
        outcome: String,
        /// What was checked, and what is left
        #[arg(long)]
        reason: String,
    },
    /// Open a web console: a link for a browser that does once, within a minute
    Console(Console),
    /// Send files ahead: hashed and scanned at the gate, where they wait for a visit
    Send(Send),
    /// List the files that were sent ahead
    Files(Id),
    /// Take a file back that was sent ahead
    TakeBack(TakeBack),
    /// Put a file that was sent ahead onto the server, in a visit of yours that is on
    Release(Release),
    /// Say that the evidence of a window's visits has been looked at
    Review {
        /// The window
        id: String,
        /// What was found
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Emergency {
    /// A server; repeat for more
    #[arg(long, value_name = "NAME", required = true)]
    target: Vec<String>,
    /// The login of the technician who called; repeat for more
    #[arg(long, value_name = "LOGIN", required = true)]
    person: Vec<String>,
    /// What is granted, separated by commas, as for `request`
    #[arg(long, value_delimiter = ',', required = true)]
    access: Vec<String>,
    /// An account on the servers; repeat for more, leave out for each server's default
    #[arg(long)]
    account: Vec<String>,
    #[arg(long, value_name = "TIME", value_parser = moment, help = format!("First instant outside: {FORMS}"))]
    closes: Moment,
    /// How long output still flows after the end, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    overrun: Option<u32>,
    /// The incident's ticket
    #[arg(long)]
    ticket: Option<String>,
    /// What has happened
    #[arg(long)]
    reason: String,
    /// Somebody must watch while input flows
    #[arg(long)]
    observer_required: bool,
}

impl From<Emergency> for NewEmergency {
    fn from(asked: Emergency) -> Self {
        Self {
            targets: asked.target,
            technicians: asked.person,
            access: asked.access,
            accounts: asked.account,
            closes: asked.closes,
            overrun_seconds: asked.overrun.unwrap_or(0),
            ticket: asked.ticket,
            reason: asked.reason,
            observer_required: asked.observer_required,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Id {
    /// The window
    id: String,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The window
    id: String,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct Request {
    /// A server; repeat for more
    #[arg(long, value_name = "NAME", required = true)]
    target: Vec<String>,
    /// A technician's login; repeat for more
    #[arg(long, value_name = "LOGIN", required = true)]
    person: Vec<String>,
    /// What is granted, separated by commas: shell, exec, sftp-read, sftp-write, forward, forward-opaque, tls
    #[arg(long, value_delimiter = ',', required = true)]
    access: Vec<String>,
    /// An account on the servers; repeat for more, leave out for each server's default
    #[arg(long)]
    account: Vec<String>,
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true, help = format!("First instant inside: {FORMS}"))]
    opens: Moment,
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true, help = format!("First instant outside: {FORMS}"))]
    closes: Moment,
    /// How long output still flows after the end, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    overrun: Option<u32>,
    /// From the first visit on, the longest work, such as 45m
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    work_limit: Option<u32>,
    /// What for: patch, upgrade, repair, maintenance, library, configuration, inspection, emergency
    #[arg(long)]
    purpose: String,
    /// The change ticket
    #[arg(long)]
    ticket: Option<String>,
    /// In words
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// A file that will be uploaded, with its content's hash; repeat for more. Other uploads raise an alert
    #[arg(long, value_name = "NAME=SHA256", value_parser = planned)]
    file: Vec<PlannedFileView>,
    /// A clinical go is needed on the day
    #[arg(long)]
    go_required: bool,
    /// Somebody must watch while input flows
    #[arg(long)]
    observer_required: bool,
}

fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is no duration; right is such as 90s, 10m or 1h30m");
    match format!("+{text}").parse() {
        Ok(Moment::FromNow(length)) => u32::try_from(length.as_secs()).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

fn planned(text: &str) -> Result<PlannedFileView, String> {
    let wrong = || format!("{text:?} is no planned file; right is NAME=SHA256, such as patch.bin=9f86d0…");
    let (name, sha256) = text.rsplit_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
    let sha256: FileHash = sha256.parse().map_err(|error: NotAHash| error.to_string())?;
    Ok(PlannedFileView { name: name.to_owned(), sha256: sha256.to_string() })
}

impl From<Request> for NewWindow {
    fn from(request: Request) -> Self {
        Self {
            targets: request.target,
            technicians: request.person,
            access: request.access,
            accounts: request.account,
            opens: request.opens,
            closes: request.closes,
            overrun_seconds: request.overrun.unwrap_or(0),
            work_limit_seconds: request.work_limit,
            purpose: request.purpose,
            ticket: request.ticket,
            reason: request.reason,
            files: request.file,
            go_required: request.go_required,
            observer_required: request.observer_required,
        }
    }
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    let acts = Acts { via: &via, client: &client };
    match verb {
        Verb::Request(request) => {
            let window: WindowView = client.post(&["windows"], &NewWindow::from(*request)).await?;
            via.done(&window, |window| {
                let warnings: String =
                    window.warnings.iter().map(|warning| format!("\nNote: {warning}")).collect();
                format!("Asked for {} ({}).{warnings}", span(window), window.id)
            })
        }
        Verb::List => list(&via, client.get(&["windows"]).await?),
        Verb::Show(Id { id }) => show(&via, client.get(&["windows", &id]).await?),
        Verb::Approve(Id { id }) => acts.act(&id, "approve", &Go {}).await,
        Verb::Deny(Why { id, reason }) => acts.act(&id, "deny", &Because { reason }).await,
        Verb::Withdraw(Why { id, reason }) => acts.act(&id, "withdraw", &Because { reason }).await,
        Verb::Revoke(Why { id, reason }) => acts.act(&id, "revoke", &Because { reason }).await,
        Verb::Extend { id, closes, reason } => acts.act(&id, "extend", &NewCloses { closes, reason }).await,
        Verb::Move { id, opens, closes, reason } => {
            acts.act(&id, "move", &MoveWindow { opens, closes, reason }).await
        }
        Verb::Accept(Id { id }) => acts.act(&id, "accept", &Go {}).await,
        Verb::Substitute { id, out, replacement } => {
            acts.act(&id, "substitute", &Substitute { out, replacement }).await
        }
        Verb::Go(Id { id }) => acts.act(&id, "go", &Go {}).await,
        Verb::Observer { id, not_required, reason } => {
            acts.act(&id, "observer", &NewObserver { required: !not_required, reason }).await
        }
        Verb::Emergency(asked) => {
            let window: WindowView =
                client.post(&["emergency", "windows"], &NewEmergency::from(asked)).await?;
            via.done(&window, |window| {
                format!(
                    "{} ({}). It opens at once when the other side says yes too: an engineer, or an analyst or lead, by `chaperone window approve {}`.",
                    span(window), window.id, window.id
                )
            })
        }
        Verb::Return { id, outcome, reason } => {
            acts.act(&id, "return", &ReturnToService { outcome, reason }).await
        }
        Verb::Review { id, reason } => acts.act(&id, "review", &Because { reason }).await,
        Verb::Console(console) => console.run(&via, &client).await,
        Verb::Send(send) => send.run(&via, &client).await,
        Verb::Files(Id { id }) => window_file::list(&via, &client, &id).await,
        Verb::TakeBack(back) => back.run(&via, &client).await,
        Verb::Release(release) => release.run(&via, &client).await,
    }
}

struct Acts<'a> {
    via: &'a Via,
    client: &'a Client,
}

impl Acts<'_> {
    async fn act(&self, id: &str, act: &str, body: &impl Serialize) -> Result<(), Failure> {
        let window: WindowView = self.client.post(&["windows", id, act], body).await?;
        self.via.done(&window, |window| {
            format!("The window {} is {}: {}.", window.id, window.state, span(window))
        })
    }
}

fn span(window: &WindowView) -> String {
    format!(
        "{} on {}, {} to {}",
        join(&window.technicians),
        join(&window.targets),
        time(window.opens),
        time(window.closes)
    )
}

fn list(via: &Via, windows: Vec<WindowView>) -> Result<(), Failure> {
    via.show(&windows, |windows| {
        let table = Table::list(
            ["id", "state", "opens", "closes", "servers", "technicians", "purpose", "ticket"],
            "No change windows yet: `chaperone window request …`.",
        );
        windows.iter().fold(table, |table, window| {
            table.row([
                window.id.clone(),
                window.state.clone(),
                time(window.opens),
                time(window.closes),
                join(&window.targets),
                join(&window.technicians),
                window.purpose.clone(),
                window.ticket.clone().unwrap_or_default(),
            ])
        })
    })
}

fn show(via: &Via, window: WindowView) -> Result<(), Failure> {
    via.show(&window, |window| {
        let length = |seconds: i64| format!("{:#}", SignedDuration::from_secs(seconds));
        let card = Table::card()
            .line("id", &window.id)
            .line("state", &window.state)
            .line("opens", time(window.opens))
            .line("closes", time(window.closes))
            .line("overrun", Some(window.overrun_seconds).filter(|s| *s > 0).map(length).unwrap_or_default())
            .line("work limit", window.work_limit_seconds.map(length).unwrap_or_default())
            .line("work began", maybe_time(window.work_began))
            .line("vendor", &window.vendor)
            .line("technicians", join(&window.technicians))
            .line("to accept", join(&window.awaiting_acceptance))
            .line("to confirm", join(&window.awaiting_substitution))
            .line("servers", join(&window.targets))
            .line("accounts", join(&window.accounts))
            .line("access", join(&window.access))
            .line("purpose", &window.purpose)
            .line("ticket", window.ticket.clone().unwrap_or_default())
            .line("reason", &window.reason)
            .line("asked for by", format!("{}, {}", window.requester, time(window.requested_at)))
            .line("clinical go", go(window))
            .line("observer", if window.observer_required { "required" } else { "" })
            .line("review by", maybe_time(window.review_by))
            .line("reviewed by", window.reviewed_by.clone().unwrap_or_default())
            .line("returned", window.outcome.clone().unwrap_or_default());
        let card = window
            .files
            .iter()
            .fold(card, |card, file| card.line("planned file", format!("{} {}", file.sha256, file.name)));
        // Whether a server of it has one is not told here; what is planned is held against other ways in alone.
        let around = !window.files.is_empty() && window.access.iter().any(|access| access == "tls");
        let said = "what is uploaded through a web console: it is recorded with its SHA-256";
        let card = card.line("not scanned or compared", if around { said } else { "" });
        window.approvals.iter().fold(card, |card, yes| {
            card.line("approved by", format!("{} ({}), {}", yes.by, yes.role, time(yes.at)))
        })
    })
}

fn go(window: &WindowView) -> String {
    match (&window.go_by, window.go_required) {
        (Some(by), _) => format!("given by {by}"),
        (None, true) => "missing".to_owned(),
        (None, false) => String::new(),
    }
}
