//! SSH over a web socket, for networks that let nothing but HTTPS through. The token opens this way to the SSH door and
//! nothing behind it: who carries SSH here signs in there like everybody.

use axum::extract::rejection::ExtensionRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::carried::{Asked, Door, carry};
use crate::App;
use crate::actor::Actor;
use crate::listen::Peer;
use crate::problem::Problem;

/// Carries SSH: binary messages are the stream's bytes, an empty one says that nothing more comes from that side.
#[utoipa::path(get, path = "/api/ssh", tag = "windows", security(("token" = [])),
    responses((status = 101, description = "The connection speaks the web socket protocol from here on"),
        (status = "4XX", body = Problem)))]
pub(crate) async fn ssh(
    State(app): State<App>,
    actor: Actor,
    headers: HeaderMap,
    peer: Result<ConnectInfo<Peer>, ExtensionRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let door = Door {
        carrier: app.parts.carrier.get().cloned(),
        nobody: "this node lets nobody in by SSH",
        what: "this carries SSH over a web socket",
        right: "use chaperone connect --stdio as ssh's ProxyCommand",
    };
    carry(app, Asked { actor, headers, peer, upgrade }, door).await
}
