//! What SSH and TLS over a web socket have in common: the token opens a way to a door and nothing behind it.

use axum::extract::ConnectInfo;
use axum::extract::rejection::ExtensionRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use chaperone_policy::Subject;
use chaperone_store::{FactKind, NewFact};
use serde_json::json;

use crate::App;
use crate::actor::Actor;
use crate::carry::{Carried, Carrier, stream_of};
use crate::credential::{self, Credential};
use crate::listen::Peer;
use crate::problem::Problem;
use crate::stream::Shows;

/// Longest message, in bytes: SSH packets are at most 35,000, TLS records 17,000.
const MESSAGE_BYTES: usize = 1 << 20;

/// One request to be carried.
pub(super) struct Asked {
    pub actor: Actor,
    pub headers: HeaderMap,
    pub peer: Result<ConnectInfo<Peer>, ExtensionRejection>,
    pub upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
}

/// Whoever takes it, and what those are told who ask in vain.
pub(super) struct Door {
    pub carrier: Option<Carrier>,
    /// Nobody takes it here.
    pub nobody: &'static str,
    /// What this is, to a client that asks for no web socket.
    pub what: &'static str,
    /// What would be right there.
    pub right: &'static str,
}

/// Carries it: binary messages are the stream's bytes, an empty one says that nothing more comes from that side.
pub(super) async fn carry(app: App, asked: Asked, door: Door) -> Result<Response, Problem> {
    let Asked { actor, headers, peer, upgrade } = asked;
    actor.may(Subject::AtAll)?;
    if let Credential::Browser(session) = &actor.credential {
        // No page of anybody else's opens a socket with the cookie of somebody who is signed in here.
        credential::ours(&headers, session)?;
    }
    let upgrade = upgrade.map_err(|_| Problem::bad(door.what, door.right))?;
    let nobody = || Problem::conflict(door.nobody, "ask at the node that does");
    let carrier = door.carrier.ok_or_else(nobody)?;
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
