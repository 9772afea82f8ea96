//! The demo's front page: whom it signs in with one click. There is nothing here outside the demo.

use axum::Json;
use axum::extract::State;
use axum::response::Response;

use super::Answer;
use super::sign_in::{Caller, sign_in_as};
use crate::App;
use crate::body::Body;
use crate::problem::Problem;
use crate::wire::{DemoSignIn, DemoView};

/// The demo's desks; 404 outside the demo.
#[utoipa::path(get, path = "/api/demo", tag = "sign-in",
    responses((status = 200, body = DemoView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(State(app): State<App>) -> Answer<DemoView> {
    Ok(Json(stage(&app).await?))
}

/// Signs in as somebody of the demo's cast; 404 outside the demo.
#[utoipa::path(post, path = "/api/demo/sign-in", tag = "sign-in", request_body = DemoSignIn,
    responses((status = 200, body = crate::wire::Me), (status = "4XX", body = Problem)))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    caller: Caller,
    Body(as_whom): Body<DemoSignIn>,
) -> Result<Response, Problem> {
    if !caller.names_this_machine() {
        return Err(Problem::forbidden(
            "this is for pages of this machine",
            "open the address that the demo printed",
        ));
    }
    let stage = stage(&app).await?;
    if !stage.desks.iter().any(|desk| desk.login == as_whom.login) {
        return Err(Problem::unknown("person", &as_whom.login));
    }
    sign_in_as(&app, &as_whom.login, &caller).await
}

/// What the demo has written down about its cast. Read anew each time: the cast comes after the gate.
async fn stage(app: &App) -> Result<DemoView, Problem> {
    let nothing = || Problem::unknown("demo", "");
    let file = app.parts.settings.demo.clone().ok_or_else(nothing)?;
    let text = tokio::fs::read(file).await.map_err(|_| nothing())?;
    serde_json::from_slice(&text).map_err(|_| nothing())
}
