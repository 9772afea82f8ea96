//! The gate's own TLS with a target: what was declared for it is trusted and nothing else, and what the client was answered
//! is what is spoken.

use std::sync::Arc;

use chaperone_policy::{Endpoint, KeyPin};
use chaperone_session::{Cord, DialError, Severable, Way};
use rustls::{ClientConfig, HandshakeKind};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::authority::fingerprint;
use crate::connect::{CONNECT_WITHIN, ConnectError, blame};
use crate::protocols::{Offer, Protocols, agree};
use crate::trust::{Declared, TargetTrust, pin_of};

/// Bytes of TLS that may wait to be written; a batch and its frames.
pub(crate) const WAITING_BYTES: usize = 256 << 10;

/// A connection to a target, who it is checked.
pub struct Secured {
    /// Speaks with it.
    pub stream: TlsStream<Severable>,
    /// Ends it.
    pub cord: Cord,
    /// What is recorded of it.
    pub about: Value,
}

impl Secured {
    /// The protocol that the target chose.
    #[must_use]
    pub fn protocol(&self) -> Option<&[u8]> {
        self.stream.get_ref().1.alpn_protocol()
    }
}

/// Connects on a session's way and checks who is there, offering these protocols.
///
/// # Errors
/// Why there is no connection; nothing was sent but the handshake.
pub async fn secure(way: &Way, offered: &[Vec<u8>]) -> Result<Secured, DialError> {
    let Endpoint::Tls { host, port, server_name, trust_pem, terms, .. } = way.endpoint() else {
        return Err(DialError::NoEndpoint);
    };
    let declared = Declared { trust_pem, server_name, pins: &terms.pins, client: way.client() };
    let trust = TargetTrust::of(&declared).map_err(|error| DialError::Certificate(error.to_string()))?;
    let mut config = ClientConfig::clone(&trust.config());
    config.alpn_protocols = offered.to_vec();
    let (stream, cord) = way.reach().await?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(trust.server_name().clone(), stream);
    let shaken = timeout(CONNECT_WITHIN, handshake).await;
    let stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            way.ended(&cord);
            return Err(failed(blame(host.clone(), *port, error)));
        }
        Err(_elapsed) => {
            way.ended(&cord);
            return Err(DialError::Slow(CONNECT_WITHIN));
        }
    };
    let about = about(&stream, server_name, &terms.pins);
    Ok(Secured { stream, cord, about })
}

/// Connects for a client that was answered this protocol. What the target would have chosen from the client's own list is
/// remembered; where that is another, it is dialled again and offered the one.
pub(crate) async fn secure_as(way: &Way, protocols: &Protocols, offer: &Offer) -> Result<Secured, DialError> {
    let first = secure(way, &offer.list).await?;
    let chosen = first.protocol().map(<[u8]>::to_vec);
    protocols.learn(offer, &chosen);
    let answered = offer.answered.as_deref();
    if agree(answered, chosen.as_deref()) {
        return Ok(first);
    }
    way.ended(&first.cord);
    drop(first);
    let only: Vec<Vec<u8>> = offer.answered.iter().cloned().collect();
    let second = secure(way, &only).await;
    match second {
        Ok(second) if agree(answered, second.protocol()) => return Ok(second),
        Ok(second) => way.ended(&second.cord),
        // A target that has no other protocol may end its handshake so (RFC 7301 §3.2).
        Err(DialError::Protocol(_)) => {}
        Err(error) => return Err(error),
    }
    protocols.fails(offer, &chosen);
    let name = String::from_utf8_lossy(answered.unwrap_or_default()).into_owned();
    Err(DialError::Protocol(format!(
        "it does not speak {name:?}, which the client was answered; the next connection is answered otherwise"
    )))
}

fn about(stream: &TlsStream<Severable>, server_name: &str, pins: &[KeyPin]) -> Value {
    let (_, tls) = stream.get_ref();
    let shown = tls.peer_certificates().and_then(<[_]>::first);
    let pin = shown.and_then(pin_of).filter(|pin| pins.contains(pin));
    json!({
        "server_name": server_name, "certificate": shown.map(fingerprint), "pin": pin,
        "tls": tls.protocol_version().map(|version| format!("{version:?}")),
        "suite": tls.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite())),
        "group": tls.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
        "protocol": tls.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        "resumed": tls.handshake_kind() == Some(HandshakeKind::Resumed),
    })
}

/// What a handshake failed of, in the words of a session.
fn failed(error: ConnectError) -> DialError {
    let said = |error: &dyn std::error::Error| error.source().map(ToString::to_string).unwrap_or_default();
    match error {
        ConnectError::Untrusted { source, .. } => DialError::Certificate(source.to_string()),
        ConnectError::TooOld { .. } => DialError::OldTls,
        ConnectError::Slow { within, .. } => DialError::Slow(within),
        ConnectError::Unreachable { source, .. } => DialError::Unreachable(source.to_string()),
        ConnectError::Handshake { .. } => DialError::Protocol(format!("its TLS handshake: {}", said(&error))),
    }
}
