//! Holding a target's own log against the ledger: the proof that no gate can give of itself (EVIDENCE §2).
//!
//! ```text
//!   log's text ─▶ LogFormat::read ─▶ sign-ins ─┐
//!   ledger ─▶ visits with the ports of their legs ─┴▶ compare ─▶ facts (reconciled; one for each without a visit) ─▶ answer
//! ```
//!
//! A sign-in that no visit explains is a fact, and through its rule an alarm. Visits that were declared to have gone around
//! the gate will explain theirs, once there are such facts.

mod compare;
mod csv;
mod log;
mod moment;
mod sign_in;

mod sshd;
mod windows;

#[cfg(test)]
mod tests;

use chaperone_policy::{PersonId, SessionId, TargetId};
use chaperone_store::{FactFilter, FactKind, NewFact, SessionFilter, SessionRow, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

pub use self::compare::{Comparison, Visit, compare};
pub use self::log::{LogFormat, UnknownLog};
pub use self::moment::Calendar;
pub use self::sign_in::{ReadLog, SignIn};
use crate::desk::{Desk, DeskError};

/// Visits of one target that are held against a log.
const MOST_VISITS: u32 = 20_000;
/// Facts for sign-ins of one log: what has more is one alarm anyway.
const MOST_ALARMS: usize = 200;
/// How far back visits are looked for where the log says no times.
const UNTIMED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is held against the ledger, by whom and why.
#[derive(Clone, Debug)]
pub struct Reconcile {
    /// Whose log.
    pub target: TargetId,
    /// Who asks.
    pub by: PersonId,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Only what happened from here; from the log's first time where nothing is said.
    pub from: Option<Timestamp>,
    /// Only what happened before here.
    pub to: Option<Timestamp>,
    /// In which format the log is; what it looks like where nothing is said.
    pub format: Option<LogFormat>,
    /// What its times leave out.
    pub calendar: Calendar,
    /// How far its clock may be from ours.
    pub tolerance: SignedDuration,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Reconciled {
    /// In which format the log was read.
    pub format: LogFormat,
    /// How many lines or events there were, and were understood.
    pub lines: u64,
    /// As above.
    pub understood: u64,
    /// How many told of a sign-in and could not be read as one.
    pub unread: u64,
    /// The first of these, by their lines.
    pub unread_lines: Vec<u64>,
    /// The first and the last time in it.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What fits, and what does not.
    pub comparison: Comparison,
}

impl Desk {
    /// Holds a log against the ledger. That somebody did, and each sign-in without a visit, are facts before they are an
    /// answer.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub async fn reconcile(&self, ask: &Reconcile, text: String) -> Result<Reconciled, DeskError> {
        let format = ask.format.unwrap_or_else(|| LogFormat::of(&text));
        let calendar = ask.calendar.clone();
        let _place = self.place().await?;
        let log = spawn_blocking(move || format.read(&text, &calendar)).await?;
        let span = narrowed(log.span, ask);
        let within = |sign_in: &SignIn| {
            sign_in
                .at
                .is_none_or(|at| ask.from.is_none_or(|from| at >= from) && ask.to.is_none_or(|to| at < to))
        };
        let sign_ins = log.sign_ins.into_iter().filter(within).collect();
        let visits = self.visits(ask, span).await?;
        let comparison = compare(sign_ins, visits, span, ask.tolerance);
        let (lines, understood, unread) = (log.lines, log.understood, log.unread);
        let unread_lines = log.unread_lines;
        let reconciled = Reconciled { format, lines, understood, unread, unread_lines, span, comparison };
        self.write_reconciled(ask, &reconciled).await?;
        Ok(reconciled)
    }

    /// The visits of the target around the log's time.
    async fn visits(
        &self,
        ask: &Reconcile,
        span: Option<(Timestamp, Timestamp)>,
    ) -> Result<Vec<Visit>, StoreError> {
        let (first, last) = span.unwrap_or((earlier(ask.at, UNTIMED), ask.at));
        // A visit that began a day before may sign in within the log.
        let filter = SessionFilter {
            since: Some(earlier(first, SignedDuration::from_hours(24))),
            before: last.checked_add(ask.tolerance).ok(),
            target: Some(ask.target),
            ..SessionFilter::default()
        };
        let rows = self.store().sessions_wanted(&filter, MOST_VISITS).await?;
        let mut visits = Vec::with_capacity(rows.len());
        for row in rows {
            visits.extend(self.visit(row).await?);
        }
        Ok(visits)
    }

    async fn visit(&self, row: SessionRow) -> Result<Option<Visit>, StoreError> {
        // A visit over TLS signs in to no sshd.
        let Some(started) = row.started.filter(|_| row.protocol == "ssh") else { return Ok(None) };
        let kind = Some(FactKind::SessionConnected.as_str().to_owned());
        let filter = FactFilter { session: Some(row.id), kind, ..FactFilter::default() };
        let connected = self.store().facts_page(&filter, 1).await?;
        let local = connected.first().and_then(|fact| fact.body.get("local")?.as_str()?.parse().ok());
        let account = row.account.unwrap_or_default();
        Ok(Some(Visit {
            session: row.id,
            person: row.person,
            account,
            started,
            ended: row.ended,
            leg: local,
            serial: row.id.serial().to_string(),
            reached: local.is_some(),
        }))
    }

    async fn write_reconciled(&self, ask: &Reconcile, found: &Reconciled) -> Result<(), StoreError> {
        let Comparison { explained, unexplained, without_sign_in } = &found.comparison;
        let missing: Vec<SessionId> =
            without_sign_in.iter().map(|visit| visit.session).take(MOST_ALARMS).collect();
        let about = json!({
            "reason": ask.reason, "format": found.format.as_str(), "lines": found.lines.to_string(),
            "understood": found.understood.to_string(), "unread": found.unread.to_string(), "explained": explained.len(),
            "unexplained": unexplained.len(), "without_sign_in": without_sign_in.len(), "visits": missing,
            "from": found.span.map(|(first, _)| first), "to": found.span.map(|(_, last)| last),
        });
        let fact = |kind, body| NewFact::new(kind, ask.at, body).by(ask.by).on(ask.target);
        let mut facts = vec![fact(FactKind::Reconciled, about)];
        let alarms = unexplained.iter().take(MOST_ALARMS);
        facts.extend(alarms.map(|sign_in| {
            // Who looked is on the fact before: this one is about somebody whom nobody knows.
            NewFact::new(FactKind::SignInUnexplained, ask.at, said(sign_in)).on(ask.target)
        }));
        self.store()
            .write(move |tx| {
                Box::pin(async move {
                    for fact in facts {
                        tx.fact(fact).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// A sign-in, in a fact.
fn said(sign_in: &SignIn) -> Value {
    let source = match (sign_in.source, sign_in.port) {
        (Some(source), Some(port)) => Some(std::net::SocketAddr::new(source, port).to_string()),
        (source, _) => source.map(|source| source.to_string()),
    };
    json!({
        "source": source, "account": sign_in.account, "signed_in_at": sign_in.at, "how": sign_in.how,
        "line": sign_in.line.to_string(), "serial": sign_in.serial,
        "why": format!("the server's own log has a sign-in as {} that no visit explains", sign_in.account),
    })
}

/// The time that both the log and the question cover.
fn narrowed(span: Option<(Timestamp, Timestamp)>, ask: &Reconcile) -> Option<(Timestamp, Timestamp)> {
    match (span, ask.from, ask.to) {
        (Some((first, last)), from, to) => {
            Some((from.map_or(first, |from| from.max(first)), to.map_or(last, |to| to.min(last))))
        }
        (None, Some(from), to) => Some((from, to.unwrap_or(ask.at))),
        (None, None, _) => None,
    }
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}
