//! Why somebody looks at evidence: their own words, or, where they give none, what the look is plainly about. Taking
//! evidence out of the house wants their own words.

use chaperone_store::{FactKind, SessionRow};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::problem::Problem;
use crate::{App, parse, render};

/// Why.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Why {
    /// Why, in words; stored in the ledger. Without it the newest alert of the visit, or the visit's window, is the reason.
    reason: Option<String>,
}

impl Why {
    /// The reason of a look at a visit.
    pub(super) async fn at(&self, app: &App, row: &SessionRow) -> Result<String, Problem> {
        at(app, row, self.reason.as_deref().unwrap_or_default()).await
    }
}

/// As [`Why::at`], of words that came otherwise.
pub(super) async fn at(app: &App, row: &SessionRow, reason: &str) -> Result<String, Problem> {
    let reason = parse::words("reason", reason)?;
    if !reason.is_empty() {
        return Ok(reason);
    }
    let facts = app.parts.store.session_facts(row.id).await?;
    let raised = facts.iter().rev().find(|fact| fact.kind == FactKind::AlertRaised);
    let title = raised.and_then(|fact| fact.body.get("title")).and_then(Value::as_str);
    Ok(match (raised, title) {
        (Some(alert), Some(title)) => {
            format!("alert of this visit (fact {}): {}", alert.number, render::plain(title))
        }
        _ => format!("review of a visit in window {}", row.window),
    })
}
