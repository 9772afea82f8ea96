//! A web socket (RFC 6455) as a stream of bytes: each binary message is a piece of it, an empty one says that nothing more
//! comes from that side. What is carried is not looked at here.

use std::future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use chaperone_policy::PersonId;
use chaperone_session::Cord;
use futures::stream::SplitSink;
use futures::{Sink, SinkExt, StreamExt, TryStreamExt};
use tokio::io::{AsyncRead, AsyncWrite, join};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

use crate::stream::Place;

/// A stream of bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// A stream on which SSH or TLS is spoken.
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
pub struct Carrier(Arc<dyn Fn(Carried) + Send + Sync>);

impl Carrier {
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
    let pieces = pieces
        .try_take_while(|piece| future::ready(Ok(!matches!(piece, Piece::End))))
        .try_filter_map(|piece| {
            future::ready(Ok(match piece {
                Piece::Bytes(bytes) => Some(bytes),
                Piece::Nothing | Piece::End => None,
            }))
        });
    let messages = Messages { to, ended: false };
    Box::new(join(StreamReader::new(pieces), SinkWriter::new(CopyToBytes::new(messages))))
}

/// Binary messages. Its end is an empty one, so that the other side may go on: a web socket's own end ends both.
struct Messages {
    to: SplitSink<WebSocket, Message>,
    ended: bool,
}

impl Sink<Bytes> for Messages {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.to.poll_ready_unpin(cx).map_err(io::Error::other)
    }

    fn start_send(mut self: Pin<&mut Self>, bytes: Bytes) -> io::Result<()> {
        self.to.start_send_unpin(Message::Binary(bytes)).map_err(io::Error::other)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.to.poll_flush_unpin(cx).map_err(io::Error::other)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.ended {
            ready!(self.as_mut().poll_ready(cx))?;
            self.as_mut().start_send(Bytes::new())?;
            self.ended = true;
        }
        self.poll_flush(cx)
    }
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
