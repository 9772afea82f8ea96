//! The two ends of a relayed channel: the technician's and the target's, each with a reading and a writing half.

use std::collections::VecDeque;

use chaperone_session::{Broken, Item, Recorded, Sink, Source, Stream};
use futures::FutureExt;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client, server};

use crate::note::{Size, SshNote};

/// `SSH_EXTENDED_DATA_STDERR` (RFC 4254 §5.2).
const STDERR: u32 = 1;

/// Reads what the technician's client sends.
pub(crate) struct ClientSource {
    pub read: ChannelReadHalf,
    /// What came before the channel started.
    pub early: VecDeque<ChannelMsg>,
}

impl ClientSource {
    async fn message(&mut self) -> Option<ChannelMsg> {
        match self.early.pop_front() {
            Some(early) => Some(early),
            None => self.read.wait().await,
        }
    }
}

impl Source for ClientSource {
    type Note = SshNote;

    async fn next(&mut self) -> Option<Item<SshNote>> {
        loop {
            match from_client(self.message().await) {
                Read::Item(item) => return Some(item),
                Read::End => return None,
                Read::Other => {}
            }
        }
    }

    fn ready(&mut self) -> Option<Item<SshNote>> {
        // `wait` takes from a queue: polled once, it either has a message or leaves the queue as it was. A close that
        // is taken here is seen again by `next`, since the queue then has ended.
        loop {
            match from_client(self.message().now_or_never()?) {
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

fn from_client(message: Option<ChannelMsg>) -> Read {
    Read::Item(match message {
        None | Some(ChannelMsg::Close) => return Read::End,
        Some(ChannelMsg::Data { data }) => Item::Data(Stream::Input, data),
        Some(ChannelMsg::Eof) => Item::Note(SshNote::Eof),
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

/// Writes to the technician's client.
pub(crate) struct ClientSink {
    pub write: ChannelWriteHalf<server::Msg>,
    pub handle: server::Handle,
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
            SshNote::Resize(_) | SshNote::Signal(_) => Ok(()),
        }
    }
}

/// Reads what the target sends. Its EOF is held back until its exit status or its close: a client that sees EOF first
/// may close before the status arrives and lose it.
pub(crate) struct TargetSource {
    pub read: ChannelReadHalf,
    held: Held,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    /// No EOF yet, no exit status yet.
    Nothing,
    /// EOF came first.
    Eof,
    /// The exit status has gone out.
    Exited,
    /// The channel is closed; nothing more comes.
    Closed,
}

impl TargetSource {
    pub(crate) fn new(read: ChannelReadHalf) -> Self {
        Self { read, held: Held::Nothing }
    }

    fn take(&mut self, message: Option<ChannelMsg>) -> Read {
        Read::Item(match message {
            None | Some(ChannelMsg::Close) => {
                let held = std::mem::replace(&mut self.held, Held::Closed);
                if held != Held::Eof {
                    return Read::End;
                }
                Item::Note(SshNote::Eof)
            }
            Some(ChannelMsg::Data { data }) => Item::Data(Stream::Output, data),
            Some(ChannelMsg::ExtendedData { data, ext: STDERR }) => Item::Data(Stream::Stderr, data),
            Some(ChannelMsg::Eof) if self.held == Held::Exited => Item::Note(SshNote::Eof),
            Some(ChannelMsg::Eof) => {
                self.held = Held::Eof;
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
        if self.held == Held::Nothing {
            self.held = Held::Exited;
        }
    }
}

impl Source for TargetSource {
    type Note = SshNote;

    async fn next(&mut self) -> Option<Item<SshNote>> {
        while self.held != Held::Closed {
            let message = self.read.wait().await;
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

/// Writes to the target.
pub(crate) struct TargetSink {
    pub write: ChannelWriteHalf<client::Msg>,
}

impl Sink for TargetSink {
    type Note = SshNote;

    async fn write(&self, payload: Recorded) -> Result<(), Broken> {
        self.write.data_bytes(payload.into_bytes()).await.map_err(|_| Broken)
    }

    async fn pass(&self, note: SshNote) -> Result<(), Broken> {
        let passed = match note {
            SshNote::Resize(size) => {
                let Size { columns, rows, width_px, height_px } = size;
                self.write.window_change(columns, rows, width_px, height_px).await
            }
            SshNote::Signal(signal) => self.write.signal(signal).await,
            SshNote::Eof => self.write.eof().await,
            SshNote::ExitStatus(_) | SshNote::ExitSignal { .. } => Ok(()),
        };
        passed.map_err(|_| Broken)
    }
}
