//! `chaperone reconcile`: a server's own log against the ledger.

use std::path::PathBuf;

use chaperone_web::wire::{Moment, ReconcileView, SignInView};
use clap::Args;

use super::moment::{FORMS, moment};
use super::outcome::{Failure, say};
use super::table::{Table, maybe_time, plain, time};
use super::via::Via;

/// Sign-ins in a server's own log that no visit explains: each is a fact, and an alarm
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// Whose log it is
    #[arg(long, value_name = "SERVER")]
    target: String,
    /// The server's own log: sshd's (auth.log, secure, journalctl -o short-iso or json), or Windows' Security events of
    /// 4624 and 4778 (wevtutil qe Security /f:xml, or CSV of Event Viewer)
    #[arg(long, value_name = "FILE")]
    auth_log: PathBuf,
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true, help = format!("Only what happened then or later: {FORMS}"))]
    from: Option<Moment>,
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true, help = format!("Only what happened before: {FORMS}"))]
    to: Option<Moment>,
    /// How the log is written
    #[arg(long, default_value = "auto", value_parser = ["auto", "sshd", "journal", "windows-csv", "windows-xml"])]
    format: String,
    /// The year of lines that say none; this year without it
    #[arg(long, value_name = "Y")]
    year: Option<i16>,
    /// The time zone of times that say none, such as Europe/Berlin; the hospital's without it
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// How far the server's clock may be from the gate's, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    tolerance: u32,
    /// Why; kept in the ledger
    #[arg(long, value_name = "WHY")]
    reason: Option<String>,
    #[command(flatten)]
    via: Via,
}

pub(crate) async fn run(asked: Reconcile) -> Result<(), Failure> {
    let client = asked.via.client()?;
    let log = std::fs::read(&asked.auth_log)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", asked.auth_log.display())))?;
    let now = jiff::Timestamp::now();
    let query = [
        ("target", Some(asked.target)),
        ("format", Some(asked.format)),
        ("from", asked.from.map(|from| from.resolve(now).to_string())),
        ("to", asked.to.map(|to| to.resolve(now).to_string())),
        ("year", asked.year.map(|year| year.to_string())),
        ("time_zone", asked.time_zone),
        ("tolerance_seconds", Some(asked.tolerance.to_string())),
        ("reason", asked.reason),
    ];
    let query: Vec<_> =
        query.iter().filter_map(|(name, value)| value.as_deref().map(|value| (*name, value))).collect();
    let found: ReconcileView = client.upload(&["reconcile"], &query, log).await?;
    let (fits, is_read) = (found.unexplained.is_empty(), found.unread == 0 && found.understood > 0);
    if asked.via.json {
        asked.via.done(&found, |_| String::new())?;
    } else {
        print(&found)?;
    }
    match (fits, is_read) {
        (true, true) => Ok(()),
        (true, false) => Err(Failure::failed(
            "not everything in the log that may be a sign-in could be read",
            "look at the lines that are named; export it in English, or say --format, --year and --time-zone",
        )),
        (false, _) => Err(Failure::failed(
            "the server's own log has sign-ins that no visit explains",
            "see the alert: chaperone alert list; ask clinical engineering who worked there around the gate",
        )),
    }
}

fn print(found: &ReconcileView) -> Result<(), Failure> {
    say(&plain(&found.summary))?;
    if !found.unexplained.is_empty() {
        let row = |sign_in: &SignInView| {
            [
                sign_in.line.to_string(),
                maybe_time(sign_in.at),
                plain(&sign_in.account),
                sign_in.source.clone().unwrap_or_default(),
                plain(&sign_in.how),
            ]
        };
        let table = Table::list(["line", "at", "account", "source", "how"], "");
        say(&found.unexplained.iter().map(row).fold(table, Table::row).to_string())?;
    }
    if !found.without_sign_in.is_empty() {
        let table = Table::list(["visit without a sign-in", "person", "started"], "");
        let rows = found.without_sign_in.iter();
        let rows = rows.map(|visit| [visit.session.clone(), visit.person.clone(), time(visit.started)]);
        say(&rows.fold(table, Table::row).to_string())?;
    }
    Ok(())
}
