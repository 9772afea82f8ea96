//! An answer that goes to a file which must not exist yet.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::outcome::Failure;

/// The file, made with the first bytes, so that a refused answer leaves no empty one.
pub(crate) struct ToFile<'p> {
    path: &'p Path,
    file: Option<BufWriter<File>>,
    written: u64,
}

impl<'p> ToFile<'p> {
    /// Nothing is made yet.
    pub(crate) fn new(path: &'p Path) -> Self {
        Self { path, file: None, written: 0 }
    }

    /// Writes the next bytes.
    pub(crate) fn take(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        let cannot = cannot(self.path);
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(BufWriter::new(File::create_new(self.path).map_err(&cannot)?)),
        };
        self.written += chunk.len() as u64;
        file.write_all(chunk).map_err(cannot)
    }

    /// Makes it durable; how many bytes it has.
    pub(crate) fn finish(self) -> Result<u64, Failure> {
        let cannot = cannot(self.path);
        match self.file {
            Some(file) => {
                file.into_inner().map_err(|error| cannot(error.into_error()))?.sync_all().map_err(cannot)?;
            }
            None => drop(File::create_new(self.path).map_err(cannot)?),
        }
        Ok(self.written)
    }
}

fn cannot(path: &Path) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::failed(format!("{} cannot be written: {error}", path.display()), "")
}
