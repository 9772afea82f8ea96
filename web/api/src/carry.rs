//! A web socket (RFC 6455) as a stream of bytes: each binary message is a piece of it, an empty one says that nothing more
//! comes from that side. What is carried is not looked at here.

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use chaperone_session::Cord;
use futures::{SinkExt, StreamExt, TryStreamExt};
use tokio::io::{AsyncRead, AsyncWrite, join};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

use crate::stream::Place;

/// A stream of bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// Takes a stream on which SSH is spoken, the cord of the connection that carries it, and who calls.
#[derive(Clone)]
pub struct SshCarrier(Arc<dyn Fn(Box<dyn Duplex>, Cord, SocketAddr) + Send + Sync>);

impl SshCarrier {
    /// Hands everything to this.
    pub fn new(takes: impl Fn(Box<dyn Duplex>, Cord, SocketAddr) + Send + Sync + 'static) -> Self {
        Self(Arc::new(takes))
    }

    pub(crate) fn take(&self, stream: Box<dyn Duplex>, cord: Cord, caller: SocketAddr) {
        (self.0)(stream, cord, caller);
    }
}

/// What a socket carries; holds its place as long as it is read.
pub(crate) fn carried(socket: WebSocket, place: Place) -> Box<dyn Duplex> {
    let (to, from) = socket.split();
    let pieces = from.map(move |message| {
        let _held = &place;
        piece(message.map_err(io::Error::other)?)
    });
    let pieces =
        pieces.try_take_while(|piece| ready(Ok(!matches!(piece, Piece::End)))).try_filter_map(|piece| {
            ready(Ok(match piece {
                Piece::Bytes(bytes) => Some(bytes),
                Piece::Nothing | Piece::End => None,
            }))
        });
    let messages = to
        .sink_map_err(io::Error::other)
        .with(|bytes: Bytes| ready(Ok::<_, io::Error>(Message::Binary(bytes))));
    Box::new(join(StreamReader::new(pieces), SinkWriter::new(CopyToBytes::new(messages))))
}

enum Piece {
    Bytes(Bytes),
    /// A message that carries nothing, such as a ping, which is answered already.
    Nothing,
    End,
}

fn piece(message: Message) -> io::Result<Piece> {
    match message {
        Message::Binary(bytes) if bytes.is_empty() => Ok(Piece::End),
        Message::Binary(bytes) => Ok(Piece::Bytes(bytes)),
        Message::Close(_) => Ok(Piece::End),
        Message::Ping(_) | Message::Pong(_) => Ok(Piece::Nothing),
        Message::Text(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "text, where bytes are carried")),
    }
}
