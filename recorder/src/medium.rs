//! The few operations that a recording asks of its files. A trait, so that tests can inject what disks do: short
//! writes, a full medium, I/O errors, a write that failed and is there all the same.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A file. Offsets are explicit: a write that is tried again lands where the failed one did.
pub(crate) trait Medium: Send + Sync + fmt::Debug {
    /// Fills `buffer` from `offset`.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
    /// With the kernel when it returns. After an error any part may have been written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts, or extends with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Bytes now in the file.
    fn len(&self) -> io::Result<u64>;
    /// Durable when it returns `Ok`. After an error nothing is known about what was written since the last success.
    fn sync_data(&self) -> io::Result<()>;
}

impl Medium for File {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }
}

/// Bytes in memory that are read like a file: an exported recording, a fixture.
impl Medium for Vec<u8> {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start.checked_add(buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(self.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn len(&self) -> io::Result<u64> {
        u64::try_from(Vec::len(self)).map_err(io::Error::other)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}
