//! The two ends of a relayed channel: the technician's and the target's, each with a reading and a writing half.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Buf, Bytes};
use chaperone_session::{Broken, Flow, Item, Recorded, Sink, Source, Stream, flows, input_flows};
use futures::FutureExt;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, server};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::connection::Ending;
use crate::dial::TargetWrite;
use crate::note::{Size, SshNote};

/// `SSH_EXTENDED_DATA_STDERR` (RFC 4254 §5.2).
const STDERR: u32 = 1;

/// Reads what the technician's client sends.
pub(crate) struct ClientSource {
    read: ChannelReadHalf,
    /// What its payload is.
    stream: Stream,
    /// It has said that no more comes (RFC 4254 §5.3): what comes all the same is dropped, and a fact elsewhere.
    ended: bool,
    /// What came before the channel started.
    early: VecDeque<ChannelMsg>,
}

impl ClientSource {
    /// The input of a session channel.
    pub(crate) fn new(read: ChannelReadHalf) -> Self {
        Self::of(read, Stream::Input)
    }

    /// A channel's payload, as this stream.
    pub(crate) fn of(read: ChannelReadHalf, stream: Stream) -> Self {
        Self { read, stream, ended: false, early: VecDeque::new() }
    }

    /// These came first.
    pub(crate) fn after(self, early: VecDeque<ChannelMsg>) -> Self {
        Self { early, ..self }
    }

    async fn message(&mut self) -> Option<ChannelMsg> {
        match self.early.pop_front() {
            Some(early) => Some(early),
            None => self.read.wait().await,
        }
    }

    fn take(&mut self, message: Option<ChannelMsg>) -> Read {
        Read::Item(match message {
            None | Some(ChannelMsg::Close) => return Read::End,
            Some(ChannelMsg::Data { .. } | ChannelMsg::Eof) if self.ended => return Read::Other,
            Some(ChannelMsg::Data { data }) => Item::Data(self.stream, data),
            Some(ChannelMsg::Eof) => {
                self.ended = true;
                Item::Note(SshNote::Eof)
            }
            Some(ChannelMsg::WindowChange { col_width, row_height, pix_width, pix_height }) => {
                Item::Note(SshNote::Resize(Size::clamped(col_width, row_height, pix_width, pix_height)))
            }
            Some(ChannelMsg::Signal { signal }) => match SshNote::signal(signal) {
                Some(note) => Item::Note(note),
                None => return Read::Other,
            },
            Some(_) => return Read::Other,
        })
    }
}

impl Source for ClientSource {
    type Note = SshNote;

    async fn next(&mut self) -> Option<Item<SshNote>> {
        loop {
            let message = self.message().await;
            match self.take(message) {
                Read::Item(item) => return Some(item),
                Read::End => return None,
                Read::Other => {}
            }
        }
    }

    fn ends_the_channel(&self) -> bool {
        true
    }

    fn ready(&mut self) -> Option<Item<SshNote>> {
        // `wait` takes from a queue: polled once, it either has a message or leaves the queue as it was. A close that
        // is taken here is seen again by `next`, since the queue then has ended.
        loop {
            let message = self.message().now_or_never()?;
            match self.take(message) {
                Read::Item(item) => return Some(item),
                Read::End => return None,
                Read::Other => {}
            }
        }
    }
}

enum Read {
    Item(Item<SshNote>),
    End,
    /// Answered where the connection is handled; nothing for the relay.
    Other,
}

/// Writes to the technician's client.
pub(crate) struct ClientSink {
    pub write: ChannelWriteHalf<server::Msg>,
    pub handle: server::Handle,
}

impl ClientSink {
    /// Says what was recorded as the gate's own where there is no terminal: never a byte among the server's.
    pub(crate) async fn says(&self, words: Recorded) -> Result<(), Broken> {
        self.write.extended_data_bytes(STDERR, words.into_bytes()).await.map_err(|_| Broken)
    }

    /// Answers the request that was to start the channel, where nobody has yet.
    pub(crate) async fn answer(&self, started: bool) -> Result<(), Broken> {
        let answered = match started {
            true => self.handle.channel_success(self.write.id()).await,
            false => self.handle.channel_failure(self.write.id()).await,
        };
        answered.map_err(|()| Broken)
    }
}

impl Sink for ClientSink {
    type Note = SshNote;

    async fn write(&self, payload: Recorded) -> Result<(), Broken> {
        let written = match payload.stream() {
            Stream::Stderr => self.write.extended_data_bytes(STDERR, payload.into_bytes()).await,
            _ => self.write.data_bytes(payload.into_bytes()).await,
        };
        written.map_err(|_| Broken)
    }

    async fn pass(&self, note: SshNote) -> Result<(), Broken> {
        match note {
            SshNote::ExitStatus(status) => self.write.exit_status(status).await.map_err(|_| Broken),
            SshNote::ExitSignal { signal, core_dumped, message } => {
                let sent = self.handle.exit_signal_request(
                    self.write.id(),
                    signal,
                    core_dumped,
                    message,
                    String::new(),
                );
                sent.await.map_err(|()| Broken)
            }
            SshNote::Eof => self.write.eof().await.map_err(|_| Broken),
            SshNote::Said(text) => {
                let line = format!("{text}\n");
                self.write.extended_data_bytes(STDERR, line).await.map_err(|_| Broken)
            }
            SshNote::Resize(_) | SshNote::Signal(_) | SshNote::Told(_) => Ok(()),
        }
    }
}

/// How long an end of output waits for the exit status that most often comes with it.
const STATUS: Duration = Duration::from_secs(1);

/// Reads what the target sends. Its EOF is held back until its exit status or its close: a client that sees EOF first
/// may close before the status arrives and lose it. Where no status comes and the client has not ended its input, it may wait
/// for that very EOF: then it goes on, and its close is waited with ([`Ending`]).
pub(crate) struct TargetSource {
    pub read: ChannelReadHalf,
    held: Held,
    ending: Ending,
    /// When a held EOF goes on.
    until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// No EOF yet, no exit status yet.
    Nothing,
    /// EOF came first.
    Eof,
    /// EOF came first, and has gone out.
    Told,
    /// The exit status has gone out.
    Exited,
    /// The channel is closed; nothing more comes.
    Closed,
}

impl TargetSource {
    pub(crate) fn new(read: ChannelReadHalf, ending: Ending) -> Self {
        Self { read, held: Held::Nothing, ending, until: None }
    }

    fn take(&mut self, message: Option<ChannelMsg>) -> Read {
        let read = self.held.take(message);
        if self.held == Held::Eof && matches!(read, Read::Other) {
            self.until.get_or_insert_with(|| Instant::now() + STATUS);
        }
        read
    }

    /// No status has come in time: whether the held EOF goes on.
    fn tells(&mut self) -> bool {
        self.until = None;
        let tells = self.held == Held::Eof && self.ending.tells();
        if tells {
            self.held = Held::Told;
        }
        tells
    }
}

impl Held {
    fn take(&mut self, message: Option<ChannelMsg>) -> Read {
        Read::Item(match message {
            None | Some(ChannelMsg::Close) => {
                let held = std::mem::replace(self, Self::Closed);
                if held != Self::Eof {
                    return Read::End;
                }
                Item::Note(SshNote::Eof)
            }
            Some(ChannelMsg::Data { data }) => Item::Data(Stream::Output, data),
            Some(ChannelMsg::ExtendedData { data, ext: STDERR }) => Item::Data(Stream::Stderr, data),
            Some(ChannelMsg::Eof) if *self == Self::Exited => Item::Note(SshNote::Eof),
            Some(ChannelMsg::Eof) if *self == Self::Told => return Read::Other,
            Some(ChannelMsg::Eof) => {
                *self = Self::Eof;
                return Read::Other;
            }
            Some(ChannelMsg::ExitStatus { exit_status }) => {
                self.exited();
                Item::Note(SshNote::ExitStatus(exit_status))
            }
            Some(ChannelMsg::ExitSignal { signal_name, core_dumped, error_message, .. }) => {
                self.exited();
                Item::Note(SshNote::exit_signal(signal_name, core_dumped, &error_message))
            }
            Some(_) => return Read::Other,
        })
    }

    /// After the status, a held EOF goes out with the close, which follows at once.
    fn exited(&mut self) {
        if *self == Self::Nothing {
            *self = Self::Exited;
        }
    }
}

impl Source for TargetSource {
    type Note = SshNote;

    async fn next(&mut self) -> Option<Item<SshNote>> {
        while self.held != Held::Closed {
            let message = match self.until {
                None => self.read.wait().await,
                Some(until) => match timeout_at(until, self.read.wait()).await {
                    Ok(message) => message,
                    Err(_) if self.tells() => return Some(Item::Note(SshNote::Eof)),
                    Err(_) => continue,
                },
            };
            match self.take(message) {
                Read::Item(item) => return Some(item),
                Read::End => return None,
                Read::Other => {}
            }
        }
        None
    }

    fn ready(&mut self) -> Option<Item<SshNote>> {
        while self.held != Held::Closed {
            let message = self.read.wait().now_or_never()?;
            match self.take(message) {
                Read::Item(item) => return Some(item),
                Read::End => return None,
                Read::Other => {}
            }
        }
        None
    }
}

/// What goes to a server at once.
pub(crate) const PIECE_BYTES: usize = 32 << 10;

/// Writes to the target.
pub(crate) struct TargetSink {
    pub write: TargetWrite,
    /// The session's.
    pub flow: watch::Receiver<Flow>,
}

impl TargetSink {
    /// Writes what was recorded, piece by piece, while input flows: what waits for the target's window when that ends has
    /// not gone (RFC 4254 §5.2).
    pub(crate) async fn send(&self, mut bytes: Bytes) -> Result<(), Broken> {
        while !bytes.is_empty() {
            input_flows(&self.flow).await?;
            let piece = bytes.slice(..bytes.len().min(PIECE_BYTES));
            let went = self.write.data_bytes_if(&piece, || flows(&self.flow)).await.map_err(|_| Broken)?;
            bytes.advance(went);
        }
        Ok(())
    }
}

impl Sink for TargetSink {
    type Note = SshNote;

    async fn write(&self, payload: Recorded) -> Result<(), Broken> {
        self.send(payload.into_bytes()).await
    }

    async fn pass(&self, note: SshNote) -> Result<(), Broken> {
        let passed = match note {
            SshNote::Resize(size) => {
                let Size { columns, rows, width_px, height_px } = size;
                self.write.window_change(columns, rows, width_px, height_px).await
            }
            SshNote::Signal(signal) => self.write.signal(signal).await,
            SshNote::Eof => self.write.eof().await,
            SshNote::ExitStatus(_) | SshNote::ExitSignal { .. } | SshNote::Said(_) | SshNote::Told(_) => {
                Ok(())
            }
        };
        passed.map_err(|_| Broken)
    }
}

#[cfg(test)]
mod tests;
