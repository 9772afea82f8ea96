//! A web socket (RFC 6455) as a stream of bytes: each binary message is a piece of it, an empty one says that nothing more
//! comes from that side. What is carried is not looked at here.

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use chaperone_policy::PersonId;
use chaperone_session::Cord;
use futures::{SinkExt, StreamExt, TryStreamExt};
use tokio::io::{AsyncRead, AsyncWrite, join};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

use crate::stream::Place;

/// A stream of bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// A stream on which SSH is spoken.
pub struct Carried {
    /// The stream.
    pub stream: Box<dyn Duplex>,
    /// Ends the connection that carries it.
    pub cord: Cord,
    /// Where whoever calls is.
    pub caller: SocketAddr,
    /// Whose token carries it.
    pub whose: PersonId,
}

/// Takes what is carried.
#[derive(Clone)]
pub struct SshCarrier(Arc<dyn Fn(Carried) + Send + Sync>);

impl SshCarrier {
    /// Hands everything to this.
    pub fn new(takes: impl Fn(Carried) + Send + Sync + 'static) -> Self {
        Self(Arc::new(takes))
    }

    pub(crate) fn take(&self, carried: Carried) {
        (self.0)(carried);
    }
}

/// What a socket carries; holds its place as long as it is read.
pub(crate) fn stream_of(socket: WebSocket, place: Place) -> Box<dyn Duplex> {
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
