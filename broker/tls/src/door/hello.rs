//! What a connection says first.

use std::net::SocketAddr;
use std::sync::Arc;

use chaperone_session::{Cord, Severable};
use rustls::ServerConfig;
use rustls::server::{Acceptor, ClientHello};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

use super::{Calls, Elsewhere, Heard, Inner, Passed, WebConnection, answers, nothing, proves};
use crate::names::{Door, Label};

/// TLS's record type for a handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 0x16;

/// Hears a connection until it is known what it is; what comes to nothing is answered and counted.
pub(super) async fn hear(
    inner: Arc<Inner>,
    stream: TcpStream,
    calls: Calls,
    elsewhere: Option<Elsewhere>,
) -> Option<Heard> {
    let Calls { from: caller, bearer } = calls;
    let (mut stream, cord) = Severable::new(stream).ok()?;
    let looked = stream.looks_ahead(1, |seen| !seen.is_empty()).await;
    match stream.ahead().first().copied().filter(|_| looked.is_ok()) {
        Some(HANDSHAKE) => {}
        Some(letter) if letter.is_ascii_uppercase() => {
            let answer =
                answers::to_plain_http(&inner, stream, inner.public_port.unwrap_or(cord.local().port()));
            return nothing(&inner, caller, "HTTP without TLS", answer).await;
        }
        Some(_) => return nothing(&inner, caller, "no TLS", answers::nothing(stream)).await,
        None => return nothing(&inner, caller, "it said nothing", std::future::ready(())).await,
    }
    let mut acceptor = LazyConfigAcceptor::new(Acceptor::default(), stream);
    let start = match (&mut acceptor).await {
        Ok(start) => start,
        Err(error) => {
            let stream = acceptor.take_io();
            let ending = async {
                if let Some(stream) = stream {
                    answers::nothing(stream).await;
                }
            };
            return nothing(&inner, caller, &format!("no ClientHello: {error}"), ending).await;
        }
    };
    let (door, offered) = {
        let hello = start.client_hello();
        (inner.names.door(hello.server_name()), offered(&hello))
    };
    match (door, elsewhere) {
        (Door::Tls(label), _) => {
            proves::proves(inner, start, proves::Called { caller, bearer, cord, label, offered }).await
        }
        (Door::Web(label), _) => to_console(inner, start, cord, calls, label).await,
        (Door::Gate | Door::Unknown, Some(elsewhere)) => {
            let stream = shaken(&inner, start, Arc::clone(&elsewhere.config), caller).await?;
            Some(Heard::Elsewhere(Box::new(Passed { stream, cord, caller }), elsewhere.to))
        }
        (Door::Gate, None) => {
            let mut stream = shaken(&inner, start, Arc::clone(&inner.own_name), caller).await?;
            let answer = answers::to_http(&inner, &mut stream);
            nothing(&inner, caller, "the gate's own name, on the port for targets", answer).await
        }
        (Door::Unknown, None) => {
            let answer = answers::unrecognized_name(start.io);
            nothing(&inner, caller, "no name of this gate's", answer).await
        }
    }
}

async fn to_console(
    inner: Arc<Inner>,
    start: StartHandshake<Severable>,
    cord: Cord,
    Calls { from: caller, bearer }: Calls,
    label: Label,
) -> Option<Heard> {
    // Whoever keeps connections without a visit keeps others of their own source out, and nobody else; the oldest of them
    // ends by itself within its time.
    let place = match inner.without_visit.take(caller.ip(), cord.clone()) {
        Ok(place) => place,
        Err(why) => return nothing(&inner, caller, &why.to_string(), answers::nothing(start.io)).await,
    };
    let stream = shaken(&inner, start, Arc::clone(&inner.web), caller).await?;
    let host = inner.names.of_console(&label);
    Some(Heard::Web(Box::new(WebConnection { stream, cord, caller, label, host, bearer, place })))
}

/// Finishes a handshake that asks for no certificate.
async fn shaken(
    inner: &Inner,
    start: StartHandshake<Severable>,
    config: Arc<ServerConfig>,
    caller: SocketAddr,
) -> Option<TlsStream<Severable>> {
    match start.into_stream(config).into_fallible().await {
        Ok(stream) => Some(stream),
        Err((error, stream)) => {
            let why = format!("a TLS handshake failed: {error}");
            nothing(inner, caller, &why, answers::nothing(stream)).await;
            None
        }
    }
}

fn offered(hello: &ClientHello<'_>) -> Vec<Vec<u8>> {
    hello.alpn().into_iter().flatten().map(<[u8]>::to_vec).collect()
}
