//! What is done to a file at its path, beside what passes through it.

use chaperone_session::FileDirection;

use super::Dialogue;
use crate::sftp::open_file::{CHANGED, OpenFile};
use crate::transfer::{Named, Transfer, kept};

impl Dialogue {
    /// The length of what is at a path was set, whatever passed before: what is written there has no hash, and what was written
    /// there before has another content now.
    pub(super) fn cut_at(&mut self, path: &[u8]) {
        self.written_at(kept(path)).for_each(OpenFile::changed);
        let file = self.next_file;
        self.next_file = self.next_file.wrapping_add(1);
        let mut up = Transfer::new(FileDirection::Upload, &self.room);
        up.give_up(CHANGED);
        let named = Named { channel: self.channel, file, protocol: "sftp", path, or_path: None };
        self.passed.push(up.end(&named));
    }

    /// What is open to be written already is opened to be written again: what is there in the end, neither handle knows.
    pub(super) fn opens_beside(&mut self, new: &mut OpenFile) {
        if !new.is_written() {
            return;
        }
        let mut alone = true;
        for open in self.written_at(&new.path) {
            open.is_shared();
            alone = false;
        }
        if !alone {
            new.is_shared();
        }
    }

    /// What is open to be written at a path.
    fn written_at(&mut self, path: &[u8]) -> impl Iterator<Item = &mut OpenFile> {
        self.files.values_mut().filter(move |open| open.is_written() && may_be_one(&open.path, path))
    }
}

/// Whether two paths may name the same file, as far as their words say: from their ends on they are the same, until one of
/// them is over that does not begin at the root, or goes up. Where links lead, the server knows alone.
fn may_be_one(one: &[u8], other: &[u8]) -> bool {
    fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
        path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")).rev()
    }
    let both_from_the_root = one.starts_with(b"/") && other.starts_with(b"/");
    let (mut one, mut other) = (parts(one), parts(other));
    loop {
        match (one.next(), other.next()) {
            (None, None) | (Some(b".."), _) | (_, Some(b"..")) => return true,
            (None, Some(_)) | (Some(_), None) => return !both_from_the_root,
            (Some(here), Some(there)) if here == there => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::may_be_one;

    #[test]
    fn two_paths_may_name_the_same_file_or_cannot() {
        let same: [(&[u8], &[u8]); 8] = [
            (b"/tmp/patch", b"/tmp/patch"),
            (b"/tmp/patch", b"//tmp/./patch"),
            (b"patch", b"./patch"),
            (b"patch", b"/tmp/patch"),
            (b"tmp/patch", b"/home/dana/tmp/patch"),
            (b"/tmp/x/../patch", b"/tmp/patch"),
            (b"../patch", b"/tmp/patch"),
            (b"/tmp/patch/x/..", b"/tmp/patch"),
        ];
        let others: [(&[u8], &[u8]); 5] = [
            (b"/tmp/patch", b"/tmp/other"),
            (b"/tmp/patch", b"/home/tmp/patch"),
            (b"one/patch", b"/tmp/patch"),
            (b"/patch", b"/tmp/patch"),
            (b"patch", b"other"),
        ];
        for (one, other) in same {
            assert!(may_be_one(one, other) && may_be_one(other, one), "{one:?} {other:?}");
        }
        for (one, other) in others {
            assert!(!may_be_one(one, other) && !may_be_one(other, one), "{one:?} {other:?}");
        }
    }
}
