//! What a client has open on the server.

use chaperone_session::{FileDirection, FileTransfer};

use super::request::Flags;
use crate::early::Room;
use crate::transfer::{Named, Transfer, kept};

/// Why a file has no hash whose length was set by its path.
pub(crate) const CHANGED: &str = "its length was set beside what was written to it";

/// Why one has none of which something was cut off again.
pub(crate) const CUT: &str = "a part of what was written to it was cut off again";
/// Why one has none that two handles could write to.
pub(crate) const SHARED: &str = "it was open to be written twice at the same time";

/// One handle.
#[derive(Debug)]
pub(crate) struct OpenFile {
    /// As much of it as is said.
    pub path: Box<[u8]>,
    /// `None` for a folder.
    flags: Option<Flags>,
    up: Option<Transfer>,
    down: Option<Transfer>,
    /// What all files of the channel may have waiting.
    room: Room,
    /// How long it is, as the server said.
    size: Option<u64>,
    /// Where the server said that it ends.
    end: Option<u64>,
    /// What its length was set to last.
    cut: Option<u64>,
    /// Whether another handle could write to the same file while this one was open.
    shared: bool,
    /// Whether a write was not taken.
    failed: bool,
}

impl OpenFile {
    pub(crate) fn new(path: &[u8], flags: Option<Flags>, size: Option<u64>, room: &Room) -> Self {
        let mut file = Self {
            path: kept(path).into(),
            flags,
            up: None,
            down: None,
            room: room.clone(),
            size: size.filter(|_| flags.is_some_and(|flags| !flags.writes())),
            end: None,
            cut: None,
            shared: false,
            failed: false,
        };
        // A file that is emptied is written, though no byte follows.
        if flags.is_some_and(Flags::begins_empty) {
            file.up();
        }
        file
    }

    /// Whether it was opened to be written.
    pub(crate) fn is_written(&self) -> bool {
        self.flags.is_some_and(Flags::writes)
    }

    /// What is written to it.
    pub(crate) fn up(&mut self) -> &mut Transfer {
        let (flags, room) = (self.flags, &self.room);
        self.up.get_or_insert_with(|| {
            let mut up = Transfer::new(FileDirection::Upload, room);
            if flags.is_some_and(Flags::appends) {
                up.give_up("it was written at the end of what was there");
            }
            up
        })
    }

    /// What is read of it.
    pub(crate) fn down(&mut self) -> &mut Transfer {
        self.down.get_or_insert_with(|| Transfer::new(FileDirection::Download, &self.room))
    }

    /// A write was not taken by the server.
    pub(crate) fn write_failed(&mut self) {
        self.failed = true;
    }

    /// Its length was set: scp does that last, instead of emptying it first. What is cut off is not there again, whatever
    /// its length becomes.
    pub(crate) fn cut_to(&mut self, size: u64) {
        self.cut = Some(size);
        let up = self.up();
        if size < up.reach() {
            up.give_up(CUT);
        }
    }

    /// Another handle can write to the same file.
    pub(crate) fn is_shared(&mut self) {
        self.shared = true;
    }

    /// Something was done to the file at its path, beside what passes through it.
    pub(crate) fn changed(&mut self) {
        self.up().give_up(CHANGED);
    }

    /// The server copied something into it.
    pub(crate) fn copied_into(&mut self) {
        self.up().give_up("the server copied something into it");
    }

    pub(crate) fn is_long(&mut self, size: u64) {
        self.size = Some(size);
    }

    pub(crate) fn ends_at(&mut self, offset: u64) {
        self.end = Some(self.end.map_or(offset, |end| end.min(offset)));
    }

    /// What passed through it, when it is closed, or when the channel is over before that.
    pub(crate) fn finish(mut self, channel: u32, file: u32, closed: bool) -> Vec<FileTransfer> {
        // An empty file is read, though no byte comes.
        let empty = self.end == Some(0) && self.flags.is_some_and(Flags::reads);
        if empty {
            self.down();
        }
        let named = Named { channel, file, protocol: "sftp", path: &self.path, or_path: None };
        if let Some(down) = &mut self.down {
            let whole = self.end == Some(down.passed()) || self.size == Some(down.passed());
            if !whole {
                down.give_up("it was not read to its end, or not from its beginning");
            }
        }
        if let Some(up) = &mut self.up {
            let whole = match self.cut {
                Some(size) => size <= up.passed(),
                None => self.flags.is_some_and(Flags::begins_empty),
            };
            if self.shared {
                up.give_up(SHARED);
            }
            if !whole {
                up.give_up("it was not emptied first nor cut to length last: it may hold more, or less, than what passed");
            }
            if self.failed {
                up.give_up("the server did not take all of it");
            }
            if !closed {
                up.give_up("the channel ended before it was closed");
            }
        }
        [self.up, self.down].into_iter().flatten().map(|transfer| transfer.end(&named)).collect()
    }
}
