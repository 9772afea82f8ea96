//! SSH over a web socket, for networks that let nothing but HTTPS through. The token opens this way to the SSH door and
//! nothing behind it: who carries SSH here signs in there like everybody.

use axum::extract::rejection::ExtensionRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::Response;
use chaperone_policy::Subject;
use chaperone_store::{FactKind, NewFact};
use serde_json::json;

use crate::App;
use crate::actor::Actor;
use crate::carry::{Carried, stream_of};
use crate::credential::{self, Credential};
use crate::listen::Peer;
use crate::problem::Problem;
use crate::stream::Shows;

/// Longest message, in bytes: SSH packets are at most 35,000.
const MESSAGE_BYTES: usize = 1 << 20;

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
    actor.may(Subject::AtAll)?;
    if let Credential::Browser(session) = &actor.credential {
        // No page of anybody else's opens a socket with the cookie of somebody who is signed in here.
        credential::ours(&headers, session)?;
    }
    let upgrade = upgrade.map_err(|_| {
        Problem::bad(
            "this carries SSH over a web socket",
            "use chaperone connect --stdio as ssh's ProxyCommand",
        )
    })?;
    let nobody = || Problem::conflict("this node lets nobody in by SSH", "ask at the node that does");
    let carrier = app.parts.carrier.get().cloned().ok_or_else(nobody)?;
    let peer = peer.ok().map(|ConnectInfo(peer)| peer);
    let Some((at, cord)) = peer.and_then(|peer| Some((peer.at, peer.cord?))) else { return Err(nobody()) };
    let place = app.parts.streams.take(actor.person, Shows::Connection).ok_or_else(|| {
        Problem::unavailable("too many connections are carried at once", "end one, or try again in a moment")
    })?;
    let proof = json!({ "login": actor.login, "method": "token" });
    let body = json!({ "listener": "web-socket", "source": at.to_string(), "proof": proof });
    app.parts.store.fact(NewFact::new(FactKind::SignedIn, actor.now, body).by(actor.person)).await?;
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES).max_frame_size(MESSAGE_BYTES);
    let whose = actor.person;
    Ok(upgrade.on_upgrade(move |socket| async move {
        carrier.take(Carried { stream: stream_of(socket, place), cord, caller: at, whose });
    }))
}
