//! Files that are sent ahead for a change window: sent, listed, taken back, and released into a visit.

use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use chaperone_policy::{FileId, Subject, TargetName, Window, WindowId, WindowState};
use chaperone_session::{FileName, ReleaseWish, Sending};
use chaperone_store::{SentFile, StoreError};

use super::Answer;
use super::window::found;
use crate::actor::Actor;
use crate::body::{Asked, At, Body};
use crate::problem::Problem;
use crate::wire::{FileRelease, Go, SentFileView};
use crate::{App, parse, render};

/// What a file is called.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Named {
    /// The file's name, without a folder.
    name: String,
}

/// The files that were sent ahead for a window, the oldest first, whatever became of them.
#[utoipa::path(get, path = "/api/windows/{window}/files", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")),
    responses((status = 200, body = [SentFileView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
) -> Answer<Vec<SentFileView>> {
    let window = found(&app, &actor, &id).await?;
    let files = app.parts.store.sent_files(window.id).await?;
    Ok(Json(files.iter().map(|file| render::sent_file(&actor.facts, file)).collect()))
}

/// Sends a file ahead: the body is the file. It is hashed, scanned and sealed before the answer; one in which the scanner
/// finds something, or which it cannot look at, is refused.
#[utoipa::path(post, path = "/api/windows/{window}/files", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id"), Named),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = SentFileView), (status = "4XX", body = Problem)))]
pub(crate) async fn send(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Asked(named): Asked<Named>,
    bytes: Bytes,
) -> Answer<SentFileView> {
    let window = found(&app, &actor, &id).await?;
    actor.may(Subject::Window(&window))?;
    takes_files(&actor, &window)?;
    let name: FileName = named.name.parse().map_err(|error| Problem::field("name", error))?;
    parse::words("name", name.as_str())?;
    let sending = Sending { window: window.id, by: actor.person, name, source: actor.source };
    let file = app.parts.gate.take_file(sending, bytes.into_data_stream()).await?;
    Ok(Json(render::sent_file(&actor.facts, &file)))
}

/// Takes a file back that has not been released, or is not to be released again.
#[utoipa::path(post, path = "/api/windows/{window}/files/{file}/withdraw", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id"), ("file" = String, description = "Id")), request_body = Go,
    responses((status = 200, body = SentFileView), (status = "4XX", body = Problem)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    actor: Actor,
    At((id, file)): At<(String, String)>,
    Body(_): Body<Go>,
) -> Answer<SentFileView> {
    let window = found(&app, &actor, &id).await?;
    actor.may(Subject::Window(&window))?;
    let file = of_window(&app, window.id, &file).await?;
    let file = app.parts.gate.withdraw_file(file.id, actor.person).await.map_err(|error| match error {
        StoreError::NotFound(_) => {
            Problem::conflict("this file does not wait any more", "see how it stands: chaperone window files")
        }
        other => other.into(),
    })?;
    Ok(Json(render::sent_file(&actor.facts, &file)))
}

/// Puts a file onto the server of a visit of the caller's that is on. The answer comes once the server has it, and what
/// was read back from there is the file.
#[utoipa::path(post, path = "/api/windows/{window}/files/{file}/release", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id"), ("file" = String, description = "Id")), request_body = FileRelease,
    responses((status = 200, body = SentFileView), (status = "4XX", body = Problem)))]
pub(crate) async fn release(
    State(app): State<App>,
    actor: Actor,
    At((id, file)): At<(String, String)>,
    Body(wish): Body<FileRelease>,
) -> Answer<SentFileView> {
    let window = found(&app, &actor, &id).await?;
    actor.may(Subject::Window(&window))?;
    let file = of_window(&app, window.id, &file).await?;
    let target: Option<TargetName> = wish
        .target
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|error| Problem::field("target", error))?;
    let wish = ReleaseWish { by: actor.person, file: file.id, target, to: wish.to };
    let (file, _) = app.parts.gate.release_file(file, wish).await?;
    Ok(Json(render::sent_file(&actor.facts, &file)))
}

/// Files are sent until the window is over, and for none that came to nothing.
fn takes_files(actor: &Actor, window: &Window) -> Result<(), Problem> {
    let open = matches!(window.state, WindowState::Requested | WindowState::Approved);
    if open && actor.now < window.closes {
        return Ok(());
    }
    Err(Problem::conflict("no file can be sent for this window any more", "ask for a new window"))
}

/// A file of this very window.
async fn of_window(app: &App, window: WindowId, id: &str) -> Result<SentFile, Problem> {
    let parsed: FileId = id.parse().map_err(|_| no_such_file())?;
    match app.parts.store.sent_file(parsed).await {
        Ok(file) if file.window == window => Ok(file),
        Ok(_) | Err(StoreError::NotFound(_)) => Err(no_such_file()),
        Err(error) => Err(error.into()),
    }
}

fn no_such_file() -> Problem {
    let next = "see which there are: chaperone window files";
    Problem::new(StatusCode::NOT_FOUND, "there is no such file of this window", next)
}
