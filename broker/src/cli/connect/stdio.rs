//! `chaperone connect --stdio`: carries SSH over HTTPS, as OpenSSH's `ProxyCommand`, for networks that let nothing else
//! through. What is carried is ssh's own, from end to end: this sees none of it.

use std::io::{self, Read};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncWriteExt, stdout};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::carried::{Socket, socket};
use crate::cli::client::tunnel_failed;
use crate::cli::outcome::Failure;
use crate::cli::via::Via;

/// Bytes that are read at once, and sent as one message.
const PIECE: usize = 64 << 10;
/// Pieces that are read ahead of the network; then ssh waits.
const AHEAD: usize = 4;
/// How long the gate has to end the connection after ssh has said that nothing more comes.
const LINGER: Duration = Duration::from_secs(10);

pub(super) async fn run(via: &Via) -> Result<(), Failure> {
    let (to, from) = socket(&via.tunnelled()?, &["ssh"]).await?.split();
    let back = back(from);
    tokio::pin!(back);
    tokio::select! {
        ended = &mut back => ended,
        sent = out(to) => {
            sent?;
            // What the gate still says belongs to ssh; a gate that says nothing more and does not end is not waited for.
            tokio::time::timeout(LINGER, back).await.unwrap_or(Ok(()))
        }
    }
}

/// From ssh to the gate, up to the end of what ssh says.
async fn out(mut to: SplitSink<Socket, Message>) -> Result<(), Failure> {
    let mut pieces = input();
    while let Some(piece) = pieces.recv().await {
        let piece = piece.map_err(|error| broke_off("ssh", &error))?;
        to.send(Message::Binary(piece)).await.map_err(|error| broke_off("the gate", &error))?;
    }
    // An empty message says that nothing more comes.
    to.send(Message::Binary(Bytes::new())).await.map_err(|error| broke_off("the gate", &error))
}

/// Standard input, on a thread of its own: one that waits for input keeps no process from ending.
fn input() -> mpsc::Receiver<io::Result<Bytes>> {
    let (give, take) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        let (mut input, mut piece) = (io::stdin().lock(), vec![0; PIECE]);
        loop {
            let read = match input.read(&mut piece) {
                Ok(0) => return,
                Ok(count) => Ok(Bytes::copy_from_slice(piece.get(..count).unwrap_or_default())),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = read.is_err();
            if give.blocking_send(read).is_err() || failed {
                return;
            }
        }
    });
    take
}

/// From the gate to ssh, up to the end of the connection. The gate's pace is ssh's: nothing is read that is not written.
async fn back(mut from: SplitStream<Socket>) -> Result<(), Failure> {
    let mut output = stdout();
    while let Some(message) = from.next().await {
        match message.map_err(|error| broke_off("the gate", &error))? {
            Message::Binary(piece) if piece.is_empty() => return Ok(()),
            Message::Binary(piece) => {
                let written = async {
                    output.write_all(&piece).await?;
                    output.flush().await
                };
                written.await.map_err(|error| broke_off("ssh", &error))?;
            }
            Message::Close(_) => return Ok(()),
            Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
    Ok(())
}

fn broke_off(who: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    tunnel_failed(&format!("the connection to {who} broke off"), error)
}
