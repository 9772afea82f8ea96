//! The old protocol of `scp`, overheard: a command's streams are recorded as what they are, and files are read out of them
//! for their hashes. Nothing is held up or decided by it, and a command that only looks like scp's loses nothing.
//!
//! ```text
//!   sender ──▶ receiver     T1700000000 0 1700000000 0\n    D0755 0 folder\n    C0644 5 name\n    bytes, 0    E\n
//!   receiver ──▶ sender     one byte for the beginning and for each of these: 0, or 1 or 2 and a line that says why not
//! ```

mod command;
mod overheard;
mod place;

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use chaperone_session::{FileDirection, FileTransfer};

use self::command::Command;
pub(crate) use self::overheard::{Overheard, Side, listen};
use self::place::{Path, Place};
use crate::early::Room;
use crate::transfer::{Named, Run, Transfer};

/// The longest line of the protocol: a name, and numbers.
const LINE: usize = 8 << 10;
/// Messages that wait for an answer: a sender waits for each, most have one.
const UNANSWERED: usize = 64;
/// Folders in one another, and bytes of all their names: no system takes a longer path.
const DEEP: usize = 256;
const FOLDERS: usize = 8 << 10;

/// One copy in one direction.
#[derive(Debug)]
pub(crate) struct Scp {
    channel: u32,
    direction: FileDirection,
    place: Place,
    sender: Sender,
    line: Vec<u8>,
    /// What the receiver has not answered yet, the beginning first.
    unanswered: VecDeque<Awaits>,
    /// Whether the receiver is in the middle of saying why not.
    complains: bool,
    folders: Vec<Vec<u8>>,
    next_file: u32,
    /// What its files may have waiting, which come in order: nothing ever does.
    room: Room,
    /// Where the sender's next byte stands in its stream.
    position: u64,
    found: Vec<Found>,
}

/// Something that was read out of the streams.
#[derive(Debug)]
pub(crate) enum Found {
    /// Payload, and where it stands.
    Payload(Run),
    /// A file has passed.
    File(FileTransfer),
    /// What passes is no scp; nothing more is read out of it.
    Unread,
}

#[derive(Debug)]
enum Sender {
    /// A line is coming.
    Line,
    /// A file's bytes are coming.
    Payload { file: Box<OneFile>, left: u64, offset: u64 },
    /// The byte behind a file's bytes.
    Behind { file: Box<OneFile> },
    /// This is no scp, or scp no more.
    Unread,
}

#[derive(Debug)]
struct OneFile {
    number: u32,
    at_path: Path,
    size: u64,
    at: u64,
    transfer: Transfer,
}

#[derive(Debug)]
enum Awaits {
    /// The beginning, a time, a folder, a folder's end.
    Anything,
    /// A file's announcement.
    Announced,
    /// A file's end.
    Sent(Box<OneFile>),
}

impl Scp {
    /// The copy that a command makes, if it is scp's own at the other end: `scp -t` receives there, `scp -f` sends.
    pub(crate) fn of(command: &[u8], channel: u32) -> Option<Self> {
        let command = Command::read(command)?;
        Some(Self {
            channel,
            direction: command.direction,
            place: Place::of(command),
            sender: Sender::Line,
            line: Vec::new(),
            unanswered: VecDeque::from([Awaits::Anything]),
            complains: false,
            folders: Vec::new(),
            next_file: 1,
            room: Room::default(),
            position: 0,
            found: Vec::new(),
        })
    }

    pub(crate) fn direction(&self) -> FileDirection {
        self.direction
    }

    /// Hears what the sender sends.
    pub(crate) fn sent(&mut self, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let before = bytes.len();
            self.sender = match std::mem::replace(&mut self.sender, Sender::Unread) {
                Sender::Line => self.heard_line(&mut bytes),
                Sender::Payload { mut file, left, offset } => {
                    let len = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    file.transfer.take(offset, bytes.split_to(len));
                    let (left, offset) = (left - len as u64, offset + len as u64);
                    match left {
                        0 => Sender::Behind { file },
                        _ => Sender::Payload { file, left, offset },
                    }
                }
                Sender::Behind { mut file } => {
                    let whole = bytes.get_u8() == 0;
                    if !whole {
                        // A line says why; it is read as one.
                        file.transfer.give_up("the sender could not read all of it");
                        self.line.push(1);
                    }
                    self.stands(&file);
                    self.awaits(Awaits::Sent(file))
                }
                Sender::Unread => {
                    bytes.clear();
                    Sender::Unread
                }
            };
            self.position += (before - bytes.len()) as u64;
        }
    }

    fn heard_line(&mut self, bytes: &mut Bytes) -> Sender {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let piece = bytes.split_to(end.map_or(bytes.len(), |end| end + 1));
        self.line.extend_from_slice(&piece);
        if self.line.len() > LINE {
            return self.unread();
        }
        if end.is_none() {
            return Sender::Line;
        }
        let line = std::mem::take(&mut self.line);
        let after = self.position + piece.len() as u64;
        match self.announced(&line, after) {
            Some(next) => next,
            None => self.unread(),
        }
    }

    /// What a line says; `None` where it is none of the protocol's.
    fn announced(&mut self, line: &[u8], after: u64) -> Option<Sender> {
        let (kind, rest) = line.strip_suffix(b"\n")?.split_first()?;
        match kind {
            b'C' => {
                let (size, name) = size_and_name(rest)?;
                let number = self.next_file;
                self.next_file = self.next_file.wrapping_add(1);
                let wire: Vec<&[u8]> =
                    self.folders.iter().map(Vec::as_slice).chain(std::iter::once(name)).collect();
                let at_path = self.place.path(&wire).cut();
                let transfer = Transfer::new(self.direction, &self.room);
                let file = Box::new(OneFile { number, at_path, size, at: after, transfer });
                self.unanswered.push_back(Awaits::Announced);
                Some(match size {
                    0 => Sender::Behind { file },
                    _ => Sender::Payload { file, left: size, offset: 0 },
                })
            }
            b'D' => {
                let (_, name) = size_and_name(rest)?;
                let long: usize = self.folders.iter().map(Vec::len).sum();
                if self.folders.len() >= DEEP || long + name.len() > FOLDERS {
                    return None;
                }
                self.folders.push(name.to_vec());
                Some(self.awaits(Awaits::Anything))
            }
            b'E' if rest.is_empty() => {
                self.folders.pop()?;
                Some(self.awaits(Awaits::Anything))
            }
            b'T' => Some(self.awaits(Awaits::Anything)),
            // The sender says what it could not read; nobody answers that.
            1 | 2 => Some(Sender::Line),
            _ => None,
        }
    }

    fn awaits(&mut self, what: Awaits) -> Sender {
        if self.unanswered.len() >= UNANSWERED {
            return self.unread();
        }
        self.unanswered.push_back(what);
        Sender::Line
    }

    /// Hears what the receiver answers.
    pub(crate) fn answered(&mut self, bytes: &Bytes) {
        for byte in bytes {
            if self.complains {
                self.complains = *byte != b'\n';
                continue;
            }
            if matches!(self.sender, Sender::Unread) && self.unanswered.is_empty() {
                return;
            }
            let Some(awaited) = self.unanswered.pop_front() else {
                self.sender = self.unread();
                return;
            };
            self.complains = matches!(byte, 1 | 2);
            match (awaited, byte) {
                (Awaits::Sent(file), 0) => self.passed(*file),
                (Awaits::Sent(mut file), 1 | 2) => {
                    file.transfer.give_up("the receiver did not take all of it");
                    self.passed(*file);
                }
                (Awaits::Announced, 1 | 2) => {
                    if !self.is_kept_back() {
                        // It came unasked: the receiver reads lines where this reads a file's bytes.
                        self.sender = self.unread();
                        return;
                    }
                    self.sender = Sender::Line;
                }
                (_, 0..=2) => {}
                (awaited, _) => {
                    drop(awaited);
                    self.sender = self.unread();
                    return;
                }
            }
        }
    }

    /// All of a file's bytes have come: where they stand.
    fn stands(&mut self, file: &OneFile) {
        let operation = match self.direction {
            FileDirection::Upload => "write",
            FileDirection::Download => "data",
        };
        let run = Run::new(operation, file.number, 0, file.size, Some(file.at));
        self.found.push(Found::Payload(run));
    }

    /// Whether nothing has come yet of the file that was announced last.
    fn is_kept_back(&self) -> bool {
        match &self.sender {
            Sender::Payload { offset, .. } => *offset == 0,
            Sender::Behind { file } => file.size == 0,
            Sender::Line | Sender::Unread => false,
        }
    }

    fn passed(&mut self, file: OneFile) {
        let Path { path, or_path } = &file.at_path;
        let (channel, or_path) = (self.channel, or_path.as_deref());
        let named = Named { channel, file: file.number, protocol: "scp", path, or_path };
        self.found.push(Found::File(file.transfer.end(&named)));
    }

    fn unread(&mut self) -> Sender {
        self.line = Vec::new();
        self.unanswered = VecDeque::new();
        if !matches!(self.sender, Sender::Unread) || self.found.is_empty() {
            self.found.push(Found::Unread);
        }
        Sender::Unread
    }

    /// What was read out since it was asked last.
    pub(crate) fn found(&mut self) -> Vec<Found> {
        std::mem::take(&mut self.found)
    }

    /// The channel is over, and so many of the sender's bytes went on: a file that is under way has passed as far as that.
    /// libssh2 neither ends a file that it sends nor answers one that it has received: it closes the channel.
    pub(crate) fn end(&mut self, delivered: u64) -> Vec<Found> {
        let mut left: Vec<OneFile> = std::mem::take(&mut self.unanswered)
            .into_iter()
            .filter_map(|awaited| match awaited {
                Awaits::Sent(file) => Some(*file),
                Awaits::Anything | Awaits::Announced => None,
            })
            .collect();
        match std::mem::replace(&mut self.sender, Sender::Line) {
            Sender::Payload { file, .. } => left.push(*file),
            Sender::Behind { file } => {
                self.stands(&file);
                left.push(*file);
            }
            Sender::Line | Sender::Unread => {}
        }
        for mut file in left {
            if file.at.saturating_add(file.size) > delivered {
                file.transfer.give_up("the channel ended before it had passed whole");
            }
            self.passed(file);
        }
        self.found()
    }
}

/// `0644 5 name`, without what stands before it.
fn size_and_name(rest: &[u8]) -> Option<(u64, &[u8])> {
    let mut parts = rest.splitn(3, |byte| *byte == b' ');
    let (mode, size, name) = (parts.next()?, parts.next()?, parts.next()?);
    let octal = !mode.is_empty() && mode.iter().all(|digit| matches!(digit, b'0'..=b'7'));
    let size = std::str::from_utf8(size).ok()?.parse().ok()?;
    let plain = !name.is_empty() && !name.contains(&b'/') && name != b"." && name != b"..";
    (octal && plain).then_some((size, name))
}

#[cfg(test)]
mod tests;
