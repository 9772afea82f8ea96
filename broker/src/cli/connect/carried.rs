//! A web socket of the gate's (RFC 6455) as a stream of bytes: each binary message is a piece of it, an empty one says
//! that nothing more comes from that side. The other half is `web/api/src/carry.rs`.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::stream::SplitSink;
use futures::{Sink, StreamExt, TryStreamExt};
use reqwest::Upgraded;
use tokio::io::join;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

use super::line::{Line, NoReset};
use crate::cli::client::Client;
use crate::cli::outcome::Failure;

/// Longest message that is taken.
const MESSAGE_BYTES: usize = 16 << 20;
/// Bytes that are written ahead of the network; then whoever writes waits.
const AHEAD_BYTES: usize = 256 << 10;

/// A web socket of the gate's.
pub(super) type Socket = WebSocketStream<Upgraded>;

/// Opens one.
pub(super) async fn socket(client: &Client, path: &[&str]) -> Result<Socket, Failure> {
    let carried = client.upgrade(path).await?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES))
        .write_buffer_size(0)
        .max_write_buffer_size(AHEAD_BYTES);
    Ok(WebSocketStream::from_raw_socket(carried, Role::Client, Some(config)).await)
}

/// What it carries.
pub(super) fn line(socket: Socket) -> Box<dyn Line> {
    let (to, from) = socket.split();
    let pieces = from
        .map_err(io::Error::other)
        .try_take_while(|message| std::future::ready(Ok(!is_the_end(message))))
        .try_filter_map(|message| std::future::ready(piece(message)));
    let messages = Messages { to, ended: Ended::No };
    Box::new(NoReset(join(StreamReader::new(pieces), SinkWriter::new(CopyToBytes::new(messages)))))
}

fn is_the_end(message: &Message) -> bool {
    match message {
        Message::Binary(bytes) => bytes.is_empty(),
        Message::Close(_) => true,
        Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => false,
    }
}

/// Nothing of a message that carries nothing, such as a ping, which is answered already.
fn piece(message: Message) -> io::Result<Option<Bytes>> {
    match message {
        Message::Binary(bytes) => Ok(Some(bytes)),
        Message::Text(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "text, where bytes are carried")),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) | Message::Close(_) => Ok(None),
    }
}

/// Binary messages. Its end is an empty one, so that the other side may go on: a web socket's own end ends both.
struct Messages {
    to: SplitSink<Socket, Message>,
    ended: Ended,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    No,
    Said,
}

impl Sink<Bytes> for Messages {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.to).poll_ready(cx).map_err(io::Error::other)
    }

    fn start_send(mut self: Pin<&mut Self>, bytes: Bytes) -> io::Result<()> {
        Pin::new(&mut self.to).start_send(Message::Binary(bytes)).map_err(io::Error::other)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.to).poll_flush(cx).map_err(io::Error::other)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended == Ended::No {
            ready!(self.as_mut().poll_ready(cx))?;
            self.as_mut().start_send(Bytes::new())?;
            self.ended = Ended::Said;
        }
        self.poll_flush(cx)
    }
}
