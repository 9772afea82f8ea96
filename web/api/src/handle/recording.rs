//! Recordings. Looking at one, checking it and taking a copy are facts before they are answers.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chaperone_desk::{Look, Outflow, View};
use chaperone_policy::{Act, Facts};
use chaperone_store::{CommittedFact, FactKind, SessionRow};
use futures::stream;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::second_word::told;
use super::session::{found, sees, subject};
use super::why::{self, Why};
use super::{Answer, Newest};
use crate::actor::Actor;
use crate::body::{Asked, At, Body};
use crate::problem::Problem;
use crate::wire::{
    Because, ExportFormat, PieceView, RecordingVerdict, RecordingView, TimelineMarker, TimelineView,
};
use crate::{App, parse, render};

/// What is exported.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Export {
    /// asciicast-v3, asciicast-v2, txt, jsonl, har (HTTP transactions), pcapng (forwards and TLS as packets), files (a tar of
    /// each stream's bytes) or chap.
    format: ExportFormat,
    /// Whether typed input is shown, which another person has agreed to.
    #[serde(default)]
    unmask: bool,
    /// Why a copy leaves the house, in words; stored in the ledger.
    #[param(max_length = 1000)]
    reason: String,
}

/// Whether typed input is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Unmask {
    /// Whether typed input is shown, which another person has agreed to.
    #[serde(default)]
    unmask: bool,
}

/// The recordings that the caller may know of, newest last; not what is in them.
#[utoipa::path(get, path = "/api/recordings", tag = "recordings", security(("token" = [])), params(Newest),
    responses((status = 200, body = [RecordingView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    Asked(newest): Asked<Newest>,
) -> Answer<Vec<RecordingView>> {
    let rows = app.parts.store.sessions(None, newest.limit()).await?;
    Ok(Json(rows.iter().filter(|row| sees(&actor, row)).map(|row| view(&actor.facts, row)).collect()))
}

/// One recording; not what is in it.
#[utoipa::path(get, path = "/api/recordings/{session}", tag = "recordings", security(("token" = [])),
    params(("session" = String, description = "Id of the visit")),
    responses((status = 200, body = RecordingView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(State(app): State<App>, actor: Actor, At(id): At<String>) -> Answer<RecordingView> {
    Ok(Json(view(&actor.facts, &found(&app, &actor, &id).await?)))
}

/// What was on the screen, as text.
#[utoipa::path(get, path = "/api/recordings/{session}/text", tag = "recordings", security(("token" = [])),
    params(("session" = String, Path, description = "Id of the visit"), Unmask, Why),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Problem)))]
pub(crate) async fn text(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Asked(asked): Asked<Unmask>,
    Asked(why): Asked<Why>,
) -> Result<Response, Problem> {
    let look = look(&app, &actor, &id, &why).await?;
    let text = viewed(&app, &actor, &look, View::Text, false, asked.unmask).await?;
    Ok(file(text, "text/plain; charset=utf-8", &format!("{}.txt", look.session)))
}

/// A copy, in one of the formats.
#[utoipa::path(get, path = "/api/recordings/{session}/export", tag = "recordings", security(("token" = [])),
    params(("session" = String, Path, description = "Id of the visit"), Export),
    responses((status = 200, body = String, content_type = "application/octet-stream"), (status = "4XX", body = Problem)))]
pub(crate) async fn export(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Asked(export): Asked<Export>,
) -> Result<Response, Problem> {
    let row = found(&app, &actor, &id).await?;
    let reason = parse::needed("reason", &export.reason)?;
    let look = looks(&app, &actor, &row, reason).await?;
    let (view, kind, suffix) = match export.format {
        ExportFormat::AsciicastV3 => (View::AsciicastV3, "application/x-asciicast", "cast"),
        ExportFormat::AsciicastV2 => (View::AsciicastV2, "application/x-asciicast", "cast"),
        ExportFormat::Txt => (View::Text, "text/plain; charset=utf-8", "txt"),
        ExportFormat::Jsonl => (View::Jsonl, "application/jsonl", "jsonl"),
        ExportFormat::Files => (View::Files, "application/x-tar", "tar"),
        ExportFormat::Chap => (View::Sealed, "application/octet-stream", "chap"),
        ExportFormat::Har => (View::Har, "application/json", "har"),
        ExportFormat::Pcapng => (View::Pcapng, "application/x-pcapng", "pcapng"),
    };
    let copy = viewed(&app, &actor, &look, view, true, export.unmask).await?;
    Ok(file(copy, kind, &format!("{}.{suffix}", look.session)))
}

/// A view, with typed input where it is asked for. A look at it that is refused is a fact too.
async fn viewed(
    app: &App,
    actor: &Actor,
    look: &Look,
    view: View,
    exported: bool,
    unmask: bool,
) -> Result<Outflow, Problem> {
    if !unmask {
        return Ok(app.parts.desk.export(look, view, exported).await?);
    }
    actor.asker.may_see_typed()?;
    let shown = app.parts.desk.export_unmasked(look, view, exported).await.map_err(Problem::from);
    told(app, actor, Act::UnmaskInput, &look.session.to_string(), shown).await
}

/// What there is to play, with moments to jump to.
#[utoipa::path(get, path = "/api/recordings/{session}/timeline", tag = "recordings", security(("token" = [])),
    params(("session" = String, Path, description = "Id of the visit"), Why),
    responses((status = 200, body = TimelineView), (status = "4XX", body = Problem)))]
pub(crate) async fn timeline(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Asked(why): Asked<Why>,
) -> Answer<TimelineView> {
    let row = found(&app, &actor, &id).await?;
    let look = look(&app, &actor, &id, &why).await?;
    let reel = app.parts.desk.film(&look).await?;
    let film = &reel.film;
    let mut markers = render::markers(film);
    markers.extend(alerts(&app, &row).await?);
    markers.sort_by_key(|marker| marker.at_ms);
    Ok(Json(TimelineView {
        session: row.id.to_string(),
        began: row.started.unwrap_or(row.admitted),
        duration_ms: film.duration_ms,
        live: row.ended.is_none(),
        shortened: film.shortened,
        broken: film.broken.as_ref().map(ToString::to_string),
        channels: render::channels(film),
        markers,
        idle: render::idle(film),
    }))
}

/// The alerts of a visit, as moments of it.
async fn alerts(app: &App, row: &SessionRow) -> Result<Vec<TimelineMarker>, Problem> {
    let began = row.started.unwrap_or(row.admitted);
    let facts = app.parts.store.session_facts(row.id).await?;
    let raised = facts.iter().filter(|fact| fact.kind == FactKind::AlertRaised);
    let marker = |fact: &CommittedFact| TimelineMarker {
        at_ms: u64::try_from(fact.at.duration_since(began).as_millis()).unwrap_or_default(),
        channel: None,
        kind: "alert".to_owned(),
        text: fact.body.get("title").and_then(Value::as_str).map(render::plain).unwrap_or_default(),
    };
    Ok(raised.map(marker).collect())
}

/// Which piece of a recording.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct From {
    /// The channel's number.
    channel: u32,
    /// From which millisecond on.
    #[serde(default)]
    from_ms: u64,
}

/// A piece to play: the screen at a moment, and what follows for some minutes.
#[utoipa::path(get, path = "/api/recordings/{session}/play", tag = "recordings", security(("token" = [])),
    params(("session" = String, Path, description = "Id of the visit"), From, Why),
    responses((status = 200, body = PieceView), (status = "4XX", body = Problem)))]
pub(crate) async fn play(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Asked(from): Asked<From>,
    Asked(why): Asked<Why>,
) -> Answer<PieceView> {
    let look = look(&app, &actor, &id, &why).await?;
    let piece = app.parts.desk.play(&look, from.channel, from.from_ms).await?;
    let piece = piece.ok_or_else(|| Problem::unknown("channel", &from.channel.to_string()))?;
    Ok(Json(render::piece(&piece)))
}

/// Checks its chain, its seal, and that the ledger has the same seal.
#[utoipa::path(post, path = "/api/recordings/{session}/verify", tag = "recordings", security(("token" = [])),
    params(("session" = String, description = "Id of the visit")), request_body = Because,
    responses((status = 200, body = RecordingVerdict), (status = "4XX", body = Problem)))]
pub(crate) async fn verify(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<RecordingVerdict> {
    let row = found(&app, &actor, &id).await?;
    let look = looks(&app, &actor, &row, why::at(&app, &row, &why.reason).await?).await?;
    let (verdict, summary) = app.parts.desk.verify(&look).await?;
    Ok(Json(RecordingVerdict {
        id: look.session.to_string(),
        sound: verdict.sound,
        summary,
        failure: verdict.failure().map(|failure| failure.name().to_owned()),
        verdict: serde_json::to_value(&verdict)
            .map_err(|error| Problem::fault("render a verdict", &error))?,
    }))
}

/// The look that this request is, if the actor may look.
pub(super) async fn look(app: &App, actor: &Actor, id: &str, why: &Why) -> Result<Look, Problem> {
    let row = found(app, actor, id).await?;
    let reason = why.at(app, &row).await?;
    looks(app, actor, &row, reason).await
}

/// The same, for this reason. What retention has deleted is nothing to look at.
async fn looks(app: &App, actor: &Actor, row: &SessionRow, reason: String) -> Result<Look, Problem> {
    actor.may(subject(&actor.facts, row)?)?;
    if let Some(deleted) = app.parts.desk.deleted(row).await? {
        return Err(deleted.into());
    }
    Ok(Look {
        session: row.id,
        target: Some(row.target),
        by: actor.person,
        reason,
        host_minted: actor.credential.is_host_minted(),
        at: actor.now,
    })
}

fn view(facts: &Facts, row: &SessionRow) -> RecordingView {
    let seal: Option<Value> = row.seal.as_deref().and_then(|seal| serde_json::from_str(seal).ok());
    let weakest = seal.as_ref().and_then(|seal| seal.get("coverage")).and_then(weakest);
    let said = |name: &str| seal.as_ref().and_then(|seal| seal.get(name)?.as_str().map(str::to_owned));
    RecordingView {
        id: row.id.to_string(),
        state: row.recording.clone(),
        person: render::login(facts, row.person),
        target: render::target_name(facts, row.target),
        began: row.admitted,
        ended: row.ended,
        chain: said("chain"),
        coverage_why: weakest.as_ref().map(|(_, why)| render::plain(why)).filter(|why| !why.is_empty()),
        coverage: weakest.map(|(coverage, _)| coverage),
    }
}

/// The weakest of the channels' statements, as the seal has them, and why it is no more.
fn weakest(coverage: &Value) -> Option<(String, String)> {
    let channels: Vec<chaperone_recorder::ChannelCoverage> = serde_json::from_value(coverage.clone()).ok()?;
    let weakest = chaperone_recorder::weakest(&channels);
    let why = channels.into_iter().find(|channel| channel.coverage == weakest).map(|channel| channel.why);
    let name = serde_json::to_value(weakest).ok()?;
    Some((name.as_str()?.to_owned(), why.unwrap_or_default()))
}

/// A copy as it is made: one that breaks off is a connection that breaks off, never a shorter file.
pub(super) fn file(copy: Outflow, kind: &'static str, name: &str) -> Response {
    let pieces = stream::unfold(copy, |mut copy| async move { Some((copy.next().await?, copy)) });
    let body = axum::body::Body::from_stream(pieces);
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response();
    // The name is an id and a suffix: always a header value.
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
