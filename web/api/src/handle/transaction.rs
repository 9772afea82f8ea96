//! HTTP transactions of a recording: the table, a row that is opened, and its bodies. A look at any of them is a fact, as
//! replaying is. A body is handed over as bytes and never as a page: whoever shows it decides how.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chaperone_recorder::replay::http::{HttpRow, Way};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use super::recording::{file, look};
use super::session::found;
use super::why::Why;
use crate::actor::Actor;
use crate::body::{Asked, At};
use crate::problem::Problem;
use crate::wire::{TransactionOpened, TransactionsView};
use crate::{App, render};

/// Rows of a page where nothing else is asked, and at most.
const LISTED: usize = 200;
const MOST: usize = 1000;
/// Bytes of a body that are shown where nothing else is asked, and at most.
const SHOWN: u64 = 1 << 20;
const MOST_SHOWN: u64 = 64 << 20;

/// Which page of the table.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Those with this in their method, URL, status, type, hashes or file names; case does not count.
    #[serde(default)]
    #[param(max_length = 200)]
    q: String,
    /// Behind this place in the table.
    after: Option<u64>,
    /// At most this many.
    limit: Option<u32>,
}

/// The HTTP transactions of a visit, by when they began.
#[utoipa::path(get, path = "/api/recordings/{session}/transactions", tag = "recordings", security(("token" = [])),
    params(("session" = String, Path, description = "Id of the visit"), Page, Why),
    responses((status = 200, body = TransactionsView), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Asked(page): Asked<Page>,
    Asked(why): Asked<Why>,
) -> Answer<TransactionsView> {
    let row = found(&app, &actor, &id).await?;
    let reel = app.parts.desk.film(&look(&app, &actor, &id, &why).await?).await?;
    let began = row.started.unwrap_or(row.admitted);
    let sought = page.q.trim().to_lowercase();
    let all = reel.film.transactions.iter().enumerate();
    let fitting: Vec<(usize, &HttpRow)> = all.filter(|(_, row)| has(row, &sought)).collect();
    let limit = page.limit.map_or(LISTED, |limit| limit as usize).clamp(1, MOST);
    let behind = |place: usize| page.after.is_none_or(|after| place as u64 > after);
    let mut rest = fitting.iter().filter(|(place, _)| behind(*place));
    let transactions: Vec<_> =
        rest.by_ref().take(limit).map(|(place, row)| render::transaction(began, *place, row)).collect();
    let next = rest.next().and_then(|_| transactions.last()).map(|last| last.place);
    Ok(Json(TransactionsView {
        total: reel.film.transactions.len() as u64,
        found: fitting.len() as u64,
        shortened: reel.film.shortened,
        transactions,
        next,
    }))
}

/// Whether a row has what is looked for.
fn has(row: &HttpRow, sought: &str) -> bool {
    let within = |text: &str| text.to_lowercase().contains(sought);
    let hash = |hash: &Option<String>| hash.as_deref().is_some_and(|hash| hash.contains(sought));
    sought.is_empty()
        || [&row.method, &row.url, &row.media, &row.outcome].into_iter().any(|text| within(text))
        || row.status.is_some_and(|status| status.to_string() == sought)
        || hash(&row.sent_sha256)
        || hash(&row.received_sha256)
        || row.files.iter().any(|file| within(&file.name) || hash(&file.sha256))
}

/// One transaction with its heads, and the messages of an upgraded connection.
#[utoipa::path(get, path = "/api/recordings/{session}/transactions/{place}", tag = "recordings", security(("token" = [])),
    params(("session" = String, Path, description = "Id of the visit"),
        ("place" = u64, Path, description = "Place in the table"), Why),
    responses((status = 200, body = TransactionOpened), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    actor: Actor,
    At((id, place)): At<(String, usize)>,
    Asked(why): Asked<Why>,
) -> Answer<TransactionOpened> {
    let row = found(&app, &actor, &id).await?;
    let look = look(&app, &actor, &id, &why).await?;
    let opened = app.parts.desk.transaction(&look, place).await?;
    let opened = opened.ok_or_else(|| Problem::unknown("transaction", &place.to_string()))?;
    Ok(Json(render::opened(row.started.unwrap_or(row.admitted), place, &opened)))
}

/// Whose body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BodyOf {
    /// The request's.
    Request,
    /// The answer's.
    Response,
}

/// Which body, and how much of it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Shown {
    /// request or response.
    #[param(inline)]
    of: BodyOf,
    /// At most this many bytes; 1 MiB unless told, 64 MiB at most.
    most: Option<u64>,
}

/// The content of a body as it was recorded, without its content coding where that is known.
#[utoipa::path(get, path = "/api/recordings/{session}/transactions/{place}/body", tag = "recordings", security(("token" = [])),
    params(("session" = String, Path, description = "Id of the visit"),
        ("place" = u64, Path, description = "Place in the table"), Shown, Why),
    responses((status = 200, body = String, content_type = "application/octet-stream"), (status = "4XX", body = Problem)))]
pub(crate) async fn body(
    State(app): State<App>,
    actor: Actor,
    At((id, place)): At<(String, usize)>,
    Asked(shown): Asked<Shown>,
    Asked(why): Asked<Why>,
) -> Result<Response, Problem> {
    let look = look(&app, &actor, &id, &why).await?;
    let (way, name) = match shown.of {
        BodyOf::Request => (Way::Request, "request"),
        BodyOf::Response => (Way::Response, "response"),
    };
    let most = shown.most.unwrap_or(SHOWN).clamp(1, MOST_SHOWN);
    let content = app.parts.desk.body(&look, place, way, most).await?;
    let content = content.ok_or_else(|| Problem::unknown("transaction", &place.to_string()))?;
    Ok(file(content, "application/octet-stream", &format!("{}-{place}-{name}.bin", look.session)))
}
