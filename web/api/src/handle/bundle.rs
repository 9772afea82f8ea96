//! Bundles. That one is made, by whom and why, is a fact before its first byte goes out.

use axum::body::Body as Answered;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chaperone_desk::{BundleOf, BundleWish, Pieces};
use chaperone_policy::{SessionId, Subject, WindowId};
use chaperone_recorder::Recipient;
use futures::stream;

use super::session::{found, subject};
use crate::actor::Actor;
use crate::body::Body;
use crate::problem::Problem;
use crate::wire::NewBundle;
use crate::{App, parse};

/// Makes a bundle of evidence, and sends it while it is made.
#[utoipa::path(post, path = "/api/bundles", tag = "bundles", security(("token" = [])), request_body = NewBundle,
    responses((status = 200, body = String, content_type = "application/x-tar"), (status = "4XX", body = Problem)))]
pub(crate) async fn make(
    State(app): State<App>,
    actor: Actor,
    Body(asked): Body<NewBundle>,
) -> Result<Response, Problem> {
    let (of, name) = about(&app, &actor, &asked).await?;
    let mut recipients = Vec::new();
    for text in &asked.recipients {
        recipients.push(text.parse::<Recipient>().map_err(|error| Problem::field("recipients", error))?);
    }
    let withheld: Result<Vec<SessionId>, Problem> =
        asked.withhold.iter().map(|id| parse::id("session", id)).collect();
    let wish = BundleWish {
        of,
        by: actor.person,
        login: actor.login.clone(),
        host_minted: actor.credential.is_host_minted(),
        reason: parse::needed("reason", &asked.reason)?,
        withheld: withheld?,
        recipients,
        at: actor.now,
    };
    let pieces = app.parts.desk.bundle(wish).await?;
    let mut response = Answered::from_stream(stream::unfold(pieces, |mut pieces: Pieces| async move {
        Some((pieces.next().await?, pieces))
    }))
    .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.tar\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// What it is about, if the actor may take it, and what to call the file.
async fn about(app: &App, actor: &Actor, asked: &NewBundle) -> Result<(BundleOf, String), Problem> {
    match (&asked.target, &asked.window, &asked.session) {
        (Some(name), None, None) => {
            let target = parse::known_target(&actor.facts, name)?;
            actor.may(Subject::Target(target))?;
            let (Some(from), Some(to)) = (asked.from, asked.to) else {
                return Err(Problem::bad("a server's bundle needs its times", "send from and to"));
            };
            Ok((BundleOf::Target { target: target.id, from, to }, format!("chaperone-{name}")))
        }
        (None, Some(id), None) => {
            let window: WindowId = parse::id("window", id)?;
            let known = app.parts.store.window(window).await.map_err(|error| match error {
                chaperone_store::StoreError::NotFound(_) => Problem::unknown("window", id),
                other => other.into(),
            })?;
            actor.may(Subject::Window(&known))?;
            Ok((BundleOf::Window(window), format!("chaperone-window-{window}")))
        }
        (None, None, Some(id)) => {
            let row = found(app, actor, id).await?;
            actor.may(subject(&actor.facts, &row)?)?;
            Ok((BundleOf::Session(row.id), format!("chaperone-session-{}", row.id)))
        }
        _ => Err(Problem::bad(
            "a bundle is about one thing",
            "send one of target (with from and to), window and session",
        )),
    }
}
