//! TLS over a web socket, for networks in which the gate's own TLS port cannot be reached. The token opens this way to the
//! TLS door and nothing behind it: inside, a certificate proves who comes, as it does at the port.

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

/// Carries TLS: binary messages are the stream's bytes, an empty one says that nothing more comes from that side.
#[utoipa::path(get, path = "/api/tls", tag = "windows", security(("token" = [])),
    responses((status = 101, description = "The connection speaks the web socket protocol from here on"),
        (status = "4XX", body = Problem)))]
pub(crate) async fn tls(
    State(app): State<App>,
    actor: Actor,
    headers: HeaderMap,
    peer: Result<ConnectInfo<Peer>, ExtensionRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let door = Door {
        carrier: app.parts.tls_carrier.get().cloned(),
        nobody: "this node lets nobody in by TLS",
        what: "this carries TLS over a web socket",
        right: "use chaperone connect WINDOW",
    };
    carry(app, Asked { actor, headers, peer, upgrade }, door).await
}
