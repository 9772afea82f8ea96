//! The archive: a tar whose every header follows from an entry's name and size, so that nothing can hide in one.
//!
//! Own code in place of a tar library: a library reads what many programs wrote (links, sparse files, long names, two
//! sizes for one entry), and each of those would have to be found and refused again behind it. Here a header is
//! computed, and compared as a whole.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};

use super::layout::{self, MAX_ENTRIES};
use super::report::{Failing, Finding};
use crate::ledger::Hash;
use crate::medium::Medium;

const BLOCK: u64 = 512;
const BLOCK_LEN: usize = 512;
const NAME_LEN: usize = 100;
/// Zeros behind the last entry.
const END_LEN: u64 = 2 * BLOCK;
/// Sizes from here on are written in binary.
const OCTAL_SIZES: u64 = 1 << 33;

/// The one header of an entry. `None` for a name that an entry cannot have.
#[must_use]
pub fn header(name: &str, size: u64) -> Option<[u8; BLOCK_LEN]> {
    if !is_name(name) {
        return None;
    }
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(NAME_LEN, 0);
    bytes.extend_from_slice(b"0000644\x000000000\x000000000\0");
    if size < OCTAL_SIZES {
        bytes.extend_from_slice(format!("{size:011o}\0").as_bytes());
    } else {
        bytes.extend_from_slice(&[0x80, 0, 0, 0]);
        bytes.extend_from_slice(&size.to_be_bytes());
    }
    bytes.extend_from_slice(b"00000000000\0");
    let mut behind = b"0".to_vec();
    behind.resize(1 + NAME_LEN, 0);
    behind.extend_from_slice(b"ustar\x0000");
    behind.resize(behind.len() + 64, 0);
    behind.extend_from_slice(b"0000000\x000000000\0");
    let sum: u32 = bytes.iter().chain(&behind).map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    bytes.extend_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bytes.extend_from_slice(&behind);
    bytes.resize(BLOCK_LEN, 0);
    bytes.try_into().ok()
}

fn is_name(name: &str) -> bool {
    (1..NAME_LEN).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte))
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Name and size that a header states, if it is the one header of an entry with these.
fn stated(bytes: &[u8; BLOCK_LEN]) -> Option<(String, u64)> {
    let (name, rest) = bytes.split_at_checked(NAME_LEN)?;
    let name: Vec<u8> = name.iter().copied().take_while(|byte| *byte != 0).collect();
    let name = String::from_utf8(name).ok()?;
    let field: &[u8; 12] = rest.get(24..36)?.try_into().ok()?;
    let size = if field.starts_with(&[0x80]) {
        u64::from_be_bytes(*field.last_chunk::<8>()?)
    } else {
        u64::from_str_radix(std::str::from_utf8(field.get(..11)?).ok()?, 8).ok()?
    };
    (header(&name, size)? == *bytes).then_some((name, size))
}

/// An entry's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub offset: u64,
    pub size: u64,
}

/// An archive whose entries are known, in the archive's order.
#[derive(Debug)]
pub(super) struct Archive {
    file: Arc<dyn Medium>,
    pub order: Vec<String>,
    entries: BTreeMap<String, Extent>,
}

impl Archive {
    /// Reads all headers and checks every name, size and padding.
    pub(super) fn open(file: Arc<dyn Medium>) -> Result<Self, Finding> {
        let len = file.len().map_err(|error| Finding::new(Failing::Unreadable, error.to_string()))?;
        let mut archive = Self { file, order: Vec::new(), entries: BTreeMap::new() };
        let mut at = 0;
        loop {
            let header: [u8; BLOCK_LEN] = archive.block(at, len)?;
            if header == [0; BLOCK_LEN] {
                break;
            }
            at = archive.enter(&header, at, len)?;
        }
        if archive.block(at + BLOCK, len)? != [0; BLOCK_LEN] || at + END_LEN != len {
            return Err(archive.malformed("something follows the last entry"));
        }
        archive.whole()?;
        Ok(archive)
    }

    /// Takes the entry whose header stands at `at`; returns where the next one is.
    fn enter(&mut self, header: &[u8; BLOCK_LEN], at: u64, len: u64) -> Result<u64, Finding> {
        let Some((name, size)) = stated(header) else {
            return Err(self.malformed("a header is not as a maker writes it"));
        };
        let Some(bound) = layout::bound(&name) else {
            return Err(Finding::new(Failing::EntryUnknown, "no bundle has such an entry").file(&name));
        };
        if self.entries.contains_key(&name) {
            return Err(Finding::new(Failing::EntryDuplicate, "it is there twice").file(&name));
        }
        if size > bound || self.order.len() >= MAX_ENTRIES {
            let detail = format!("{size} bytes, entry {}", self.order.len() + 1);
            return Err(Finding::new(Failing::EntryTooLarge, detail).file(&name));
        }
        let offset = at + BLOCK;
        let end = offset.checked_add(size).filter(|end| *end <= len);
        let next = end.and_then(|end| end.checked_next_multiple_of(BLOCK)).filter(|next| *next <= len);
        let (Some(end), Some(next)) = (end, next) else {
            return Err(Finding::new(Failing::ArchiveTruncated, "the file ends inside it").file(&name));
        };
        let mut padding = vec![0; usize::try_from(next - end).unwrap_or(0)];
        self.read(&mut padding, end)?;
        self.entries.insert(name.clone(), Extent { offset, size });
        self.order.push(name);
        if padding.iter().any(|byte| *byte != 0) {
            return Err(self.malformed("its padding is not zeros"));
        }
        Ok(next)
    }

    /// Whether everything is there that every bundle has.
    fn whole(&self) -> Result<(), Finding> {
        let missing = |name: &str| Err(Finding::new(Failing::EntryMissing, "it is not there").file(name));
        for name in layout::REQUIRED {
            if !self.entries.contains_key(*name) {
                return missing(name);
            }
        }
        match (self.has(layout::KEYS), self.has(layout::SEALED_KEYS)) {
            (false, false) => return missing(layout::KEYS),
            (true, true) => {
                return Err(Finding::new(Failing::EntryUnknown, "there are two files of keys")
                    .file(layout::SEALED_KEYS));
            }
            _ => {}
        }
        for (prefix, name) in
            [(layout::LEAVES, layout::leaves as fn(usize) -> String), (layout::FACTS, layout::facts)]
        {
            let count = self.entries.keys().filter(|name| name.starts_with(prefix)).count();
            if let Some(gap) = (0..count).map(name).find(|name| !self.entries.contains_key(name)) {
                return missing(&gap);
            }
        }
        Ok(())
    }

    fn block(&self, at: u64, len: u64) -> Result<[u8; BLOCK_LEN], Finding> {
        if at.checked_add(BLOCK).is_none_or(|end| end > len) {
            let finding = Finding::new(Failing::ArchiveTruncated, "the file ends before the archive does");
            return Err(self.behind(finding));
        }
        let mut block = [0; BLOCK_LEN];
        self.read(&mut block, at)?;
        Ok(block)
    }

    fn read(&self, buffer: &mut [u8], at: u64) -> Result<(), Finding> {
        self.file
            .read_exact_at(buffer, at)
            .map_err(|error| self.behind(Finding::new(Failing::Unreadable, error.to_string())))
    }

    fn malformed(&self, detail: &str) -> Finding {
        self.behind(Finding::new(Failing::ArchiveMalformed, detail))
    }

    /// Says which entry was the last that could be read.
    fn behind(&self, finding: Finding) -> Finding {
        match self.order.last() {
            Some(name) => finding.file(name),
            None => finding,
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    pub(super) fn extent(&self, name: &str) -> Option<Extent> {
        self.entries.get(name).copied()
    }

    /// An entry's whole content; its size was bounded when the archive was opened. Nothing where it is not there.
    pub(super) fn content(&self, name: &str) -> Result<Vec<u8>, Finding> {
        let Some(extent) = self.extent(name) else { return Ok(Vec::new()) };
        let mut bytes = vec![0; usize::try_from(extent.size).unwrap_or(0)];
        let read = self.file.read_exact_at(&mut bytes, extent.offset);
        read.map_err(|error| Finding::new(Failing::Unreadable, error.to_string()).file(name))?;
        Ok(bytes)
    }

    /// An entry as a file of its own.
    pub(super) fn part(&self, name: &str) -> Option<Part> {
        let extent = self.extent(name)?;
        Some(Part { file: Arc::clone(&self.file), extent })
    }
}

/// One entry of an archive, read in place.
#[derive(Clone, Debug)]
pub(super) struct Part {
    file: Arc<dyn Medium>,
    extent: Extent,
}

impl Medium for Part {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let len = u64::try_from(buffer.len()).map_err(io::Error::other)?;
        if offset.checked_add(len).is_none_or(|end| end > self.extent.size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.file.read_exact_at(buffer, self.extent.offset + offset)
    }

    fn write_all_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.extent.size)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}

/// What the manifest says of one entry.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Packed {
    /// Its name.
    pub name: String,
    /// Its size.
    #[serde(with = "super::decimal")]
    pub bytes: u64,
    /// Of its content.
    #[serde(with = "hex::serde")]
    pub sha256: Hash,
}

/// Writes an archive, entry by entry, and remembers what each was.
pub struct Packer<W: Write> {
    out: W,
    packed: Vec<Packed>,
}

impl<W: Write> Packer<W> {
    /// An archive that goes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, packed: Vec::new() }
    }

    /// What was packed so far.
    #[must_use]
    pub fn packed(&self) -> &[Packed] {
        &self.packed
    }

    /// A whole entry.
    ///
    /// # Errors
    /// When it cannot be written, or an entry cannot have this name.
    pub fn add(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let size = u64::try_from(content.len()).map_err(io::Error::other)?;
        self.stream(name, size, |out| out.write_all(content))
    }

    /// An entry of a known size, as `write` writes it.
    ///
    /// # Errors
    /// When it cannot be written, is not as long as was said, or an entry cannot have this name.
    pub fn stream(
        &mut self,
        name: &str,
        size: u64,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let header = header(name, size).ok_or(io::ErrorKind::InvalidFilename)?;
        self.out.write_all(&header)?;
        let mut entry = Measured { out: &mut self.out, hash: Context::new(&SHA256), left: size };
        write(&mut entry)?;
        let Measured { hash, left: 0, .. } = entry else {
            return Err(io::Error::other(format!("{name} became shorter while it was packed")));
        };
        let padding = size.next_multiple_of(BLOCK) - size;
        let zeros = [0; BLOCK_LEN];
        self.out.write_all(zeros.get(..usize::try_from(padding).unwrap_or(0)).unwrap_or_default())?;
        let mut sha256 = [0; 32];
        sha256.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
        self.packed.push(Packed { name: name.to_owned(), bytes: size, sha256 });
        Ok(())
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK_LEN])?;
        self.out.flush()?;
        Ok(self.out)
    }
}

struct Measured<'w, W: Write> {
    out: &'w mut W,
    hash: Context,
    left: u64,
}

impl<W: Write> Write for Measured<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = u64::try_from(bytes.len()).map_err(io::Error::other)?;
        self.left = self.left.checked_sub(len).ok_or_else(|| io::Error::other("an entry became longer"))?;
        self.out.write_all(bytes)?;
        self.hash.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
