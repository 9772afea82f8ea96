//! What is done to a file at its path, beside what passes through it.

use chaperone_session::FileDirection;

use super::Dialogue;
use crate::sftp::open_file::{CHANGED, OpenFile};
use crate::transfer::{Named, Transfer, kept};

impl Dialogue {
    /// The length of what is at a path was set, whatever passed before: what is written there has no hash, and what was written
    /// there before has another content now.
    pub(super) fn cut_at(&mut self, path: &[u8]) {
        let at_it = self.files.values_mut().filter(|open| open.is_written() && *open.path == *kept(path));
        at_it.for_each(OpenFile::changed);
        let file = self.next_file;
        self.next_file = self.next_file.wrapping_add(1);
        let mut up = Transfer::new(FileDirection::Upload, &self.room);
        up.give_up(CHANGED);
        let named = Named { channel: self.channel, file, protocol: "sftp", path, or_path: None };
        self.passed.push(up.end(&named));
    }
}
