//! `chaperone search`: finds a phrase in what was shown and run on visits.

use chaperone_web::wire::{Moment, SearchHit};
use clap::Args;

use super::moment::{FORMS, moment};
use super::outcome::Failure;
use super::table::{Table, time};
use super::via::Via;

/// Arguments of `search`.
#[derive(Debug, Args)]
pub(crate) struct Search {
    #[command(flatten)]
    via: Via,
    /// The phrase: its words, in this order, of one line. Case and punctuation do not count
    phrase: String,
    /// On visits of this person alone
    #[arg(long, value_name = "LOGIN")]
    person: Option<String>,
    /// On this server alone
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    #[arg(long, value_name = "TIME", value_parser = moment, help = format!("On visits that began then or later: {FORMS}"), allow_hyphen_values = true)]
    from: Option<Moment>,
    /// On visits that began before that
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true)]
    to: Option<Moment>,
    /// At most this many hits
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    /// Why; it goes into the ledger
    #[arg(long)]
    reason: Option<String>,
}

pub(crate) async fn run(search: Search) -> Result<(), Failure> {
    let client = search.via.client()?;
    let limit = search.limit.to_string();
    let instant =
        |moment: Option<Moment>| moment.map(|moment| moment.resolve(jiff::Timestamp::now()).to_string());
    let (from, to) = (instant(search.from), instant(search.to));
    let given = [
        ("person", search.person.as_deref()),
        ("target", search.target.as_deref()),
        ("from", from.as_deref()),
        ("to", to.as_deref()),
        ("reason", search.reason.as_deref()),
    ];
    let mut query = vec![("q", search.phrase.as_str()), ("limit", limit.as_str())];
    query.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let hits: Vec<SearchHit> = client.get_with(&["search"], &query).await?;
    search.via.show(&hits, |hits| {
        let table = Table::list(
            ["visit", "person", "server", "when", "seen as", "line"],
            "Nothing found. What was not on a screen in letters is not found: this is a hint, not proof.",
        );
        hits.iter().fold(table, |table, hit| {
            table.row([
                hit.session.clone(),
                hit.person.clone(),
                hit.target.clone(),
                time(hit.at),
                hit.seen.clone(),
                hit.snippet.clone(),
            ])
        })
    })
}
