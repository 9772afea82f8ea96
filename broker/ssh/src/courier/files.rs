//! A client of a server's SFTP subsystem that writes nothing but what the recorder gave back, and reads nothing that is not
//! in the recording first.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use chaperone_session::{Hand, NotDelivered};
use russh::{ChannelMsg, ChannelReadHalf};
use tokio::time::timeout;

use super::packet::{self, Answer, Ask, Broken, Code};
use crate::dial::TargetWrite;

/// How long a server may take for one answer, or to take what it is sent.
const STEP: Duration = Duration::from_secs(30);

/// The subsystem of one channel.
pub(super) struct Files {
    hand: Hand,
    read: ChannelReadHalf,
    write: TargetWrite,
    coming: BytesMut,
    next_id: u32,
    renames_over: bool,
}

/// Something that is on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Type and permissions, where the server says them.
    mode: Option<u32>,
}

/// The bits of a mode that say the type, and the types that are told apart.
const TYPE: u32 = 0o170_000;
const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;

impl Found {
    pub(super) fn is_folder(self) -> bool {
        self.mode.is_some_and(|mode| mode & TYPE == FOLDER)
    }

    /// Whether a file may take its place: not that of a device, a pipe or a socket.
    pub(super) fn is_file(self) -> bool {
        self.mode.is_none_or(|mode| matches!(mode & TYPE, FILE | 0))
    }

    pub(super) fn permissions(self) -> Option<u32> {
        self.mode.map(|mode| mode & 0o777)
    }
}

impl From<Broken> for NotDelivered {
    fn from(_: Broken) -> Self {
        Self::Protocol
    }
}

impl Files {
    /// Starts the subsystem on a fresh channel to the target.
    pub(super) async fn begin(
        hand: Hand,
        (read, write): (ChannelReadHalf, TargetWrite),
    ) -> Result<Self, NotDelivered> {
        let mut files = Self { hand, read, write, coming: BytesMut::new(), next_id: 0, renames_over: false };
        files.write.request_subsystem(true, "sftp").await.map_err(|_| NotDelivered::Ended)?;
        loop {
            match files.message().await? {
                Some(ChannelMsg::Success) => break,
                Some(ChannelMsg::Failure | ChannelMsg::Close) | None => return Err(NotDelivered::NoSftp),
                Some(_) => {}
            }
        }
        files.put(packet::init()).await?;
        let Answer::Version(extensions) = files.answer().await? else { return Err(NotDelivered::Protocol) };
        files.renames_over = extensions.iter().any(|name| name == packet::POSIX_RENAME);
        Ok(files)
    }

    /// Whether the server puts a file in the place of another in one step.
    pub(super) fn renames_over(&self) -> bool {
        self.renames_over
    }

    /// Asks; the answer carries the returned id.
    pub(super) async fn ask(&mut self, ask: Ask<'_>) -> Result<u32, NotDelivered> {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.put(ask.packet(id)).await?;
        Ok(id)
    }

    /// Writes what was recorded, piece by piece, while input flows: what waits for the server's window when that ends has not
    /// gone (RFC 4254 §5.2).
    async fn put(&mut self, packet: Bytes) -> Result<(), NotDelivered> {
        let mut bytes = self.hand.to_target(packet).await?.into_bytes();
        while !bytes.is_empty() {
            self.hand.may_write().await?;
            let writing = timeout(STEP, self.write.data_bytes_if(&bytes, || self.hand.flows()));
            let went = tokio::select! {
                biased;
                () = self.hand.cut() => return Err(NotDelivered::Ended),
                went = writing => went.map_err(|_| NotDelivered::Slow)?.map_err(|_| NotDelivered::Ended)?,
            };
            self.hand.written(went);
            bytes.advance(went);
        }
        Ok(())
    }

    /// The next answer, to whatever was asked.
    pub(super) async fn answer(&mut self) -> Result<Answer, NotDelivered> {
        loop {
            if let Some(answer) = packet::take(&mut self.coming)? {
                return Ok(answer);
            }
            match self.message().await? {
                Some(ChannelMsg::Data { data }) => {
                    let recorded = self.hand.from_target(data).await?;
                    self.coming.extend_from_slice(&recorded);
                }
                Some(ChannelMsg::Eof | ChannelMsg::Close) | None => return Err(NotDelivered::Ended),
                Some(_) => {}
            }
        }
    }

    async fn message(&mut self) -> Result<Option<ChannelMsg>, NotDelivered> {
        tokio::select! {
            biased;
            () = self.hand.cut() => Err(NotDelivered::Ended),
            message = timeout(STEP, self.read.wait()) => message.map_err(|_| NotDelivered::Slow),
        }
    }

    /// Asks for something and waits until it is done.
    pub(super) async fn done(&mut self, step: &'static str, ask: Ask<'_>) -> Result<(), NotDelivered> {
        let id = self.ask(ask).await?;
        let answer = self.answer().await?;
        fine(step, &answer)?;
        if matches!(answer, Answer::Status { id: of, .. } if of == id) {
            Ok(())
        } else {
            Err(NotDelivered::Protocol)
        }
    }

    /// Opens a file.
    pub(super) async fn open(
        &mut self,
        step: &'static str,
        path: &str,
        (flags, permissions): (u32, Option<u32>),
    ) -> Result<Bytes, NotDelivered> {
        let id = self.ask(Ask::Open(path, flags, permissions)).await?;
        match self.answer().await? {
            Answer::Handle { id: of, handle } if of == id => Ok(handle),
            answer => {
                fine(step, &answer)?;
                Err(NotDelivered::Protocol)
            }
        }
    }

    /// What is at a path, behind whatever links lead there; `None` when there is nothing.
    pub(super) async fn look(&mut self, path: &str) -> Result<Option<Found>, NotDelivered> {
        let id = self.ask(Ask::Stat(path)).await?;
        match self.answer().await? {
            Answer::Attributes { id: of, mode } if of == id => Ok(Some(Found { mode })),
            Answer::Status { id: of, .. } if of == id => Ok(None),
            _ => Err(NotDelivered::Protocol),
        }
    }

    /// Where a path leads, links followed; the path itself where the server cannot say.
    pub(super) async fn real_path(&mut self, path: String) -> Result<String, NotDelivered> {
        let id = self.ask(Ask::RealPath(&path)).await?;
        match self.answer().await? {
            Answer::Name { id: of, name } if of == id => {
                let name = String::from_utf8(name.to_vec()).ok().filter(|name| !name.is_empty());
                Ok(name.unwrap_or(path))
            }
            Answer::Status { id: of, .. } if of == id => Ok(path),
            _ => Err(NotDelivered::Protocol),
        }
    }

    /// Closes the channel, which is closed without it, too, when this is dropped.
    pub(super) async fn end(self) {
        drop(timeout(STEP, self.write.close()).await);
    }
}

/// A status that says no, in the server's words.
pub(super) fn fine(step: &'static str, answer: &Answer) -> Result<(), NotDelivered> {
    match answer {
        Answer::Status { code: Code::Eof | Code::Other, words, .. } => {
            Err(NotDelivered::Refused { step, words: words.clone() })
        }
        _ => Ok(()),
    }
}
