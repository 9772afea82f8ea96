//! `chaperone alert …`

use chaperone_web::wire::{AlertClose, AlertView, Because, Disposition};
use clap::Subcommand;

use super::outcome::Failure;
use super::table::{Table, time};
use super::via::{Remote, Via};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List alerts, newest last
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
    },
    /// Show an alert from top to bottom
    Show {
        /// The alert
        id: String,
    },
    /// Take an alert
    Ack {
        /// The alert
        id: String,
    },
    /// Close an alert
    Close {
        /// The alert
        id: String,
        /// true-positive, benign, false-positive or needs-more-data
        #[arg(long = "as", value_name = "DISPOSITION")]
        disposition: Disposition,
        /// In words
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::List { all } => {
            list(&via, client.get_with(&["alerts"], &[("all", if all { "true" } else { "false" })]).await?)
        }
        Verb::Show { id } => show(&via, client.get(&["alerts", &id]).await?),
        Verb::Ack { id } => {
            let alert: AlertView = client.post(&["alerts", &id, "acknowledge"], &Because::default()).await?;
            via.done(&alert, |alert| format!("The alert {} is yours.", alert.id))
        }
        Verb::Close { id, disposition, note } => {
            let alert: AlertView =
                client.post(&["alerts", &id, "close"], &AlertClose { disposition, note }).await?;
            via.done(&alert, |alert| format!("The alert {} is closed as {disposition}.", alert.id))
        }
    }
}

fn list(via: &Via, alerts: Vec<AlertView>) -> Result<(), Failure> {
    via.show(&alerts, |alerts| {
        let table = Table::list(["id", "severity", "state", "count", "last", "what"], "No open alerts.");
        alerts.iter().fold(table, |table, alert| {
            table.row([
                alert.id.clone(),
                alert.severity.clone(),
                alert.state.clone(),
                alert.count.to_string(),
                time(alert.last_at),
                alert.title.clone(),
            ])
        })
    })
}

fn show(via: &Via, alert: AlertView) -> Result<(), Failure> {
    via.show(&alert, |alert| {
        let card = Table::card()
            .line("what", &alert.title)
            .line("severity", &alert.severity)
            .line("state", &alert.state)
            .line("id", &alert.id)
            .line("rule", &alert.rule)
            .line("first", time(alert.first_at))
            .line("last", time(alert.last_at))
            .line("count", alert.count.to_string())
            .line("taken by", alert.acknowledged_by.clone().unwrap_or_default())
            .line("closed as", alert.disposition.clone().unwrap_or_default());
        details(card, "", &alert.content)
    })
}

/// The alert's content, a line for each value.
fn details(table: Table, name: &str, value: &serde_json::Value) -> Table {
    use serde_json::Value;
    match value {
        Value::Null => table,
        Value::Object(fields) => fields.iter().fold(table, |table, (key, value)| {
            let key = key.replace('_', " ");
            details(table, &if name.is_empty() { key } else { format!("{name}, {key}") }, value)
        }),
        Value::Array(items) => items.iter().fold(table, |table, item| details(table, name, item)),
        Value::String(text) => table.line(name, text),
        other => table.line(name, other.to_string()),
    }
}
