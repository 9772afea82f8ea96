//! The file of sealing keys: 32 bytes each, the newest last, nothing else; for its owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::rand;
use zeroize::Zeroizing;

/// Size of an AES-256 key.
pub(crate) const KEY_BYTES: usize = 32;
/// Most keys in a file: one a month for ten years.
const MOST_KEYS: usize = 120;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileFault {
    #[error("the file")]
    File(#[from] io::Error),
    #[error("its length")]
    Length,
    #[error("randomness")]
    Random,
}

/// The keys, oldest first; at least one.
pub(crate) struct Keys(Zeroizing<Vec<u8>>);

impl Keys {
    pub(crate) fn read(path: &Path) -> Result<Self, KeyFileFault> {
        // All the room that is needed from the start: growing would leave copies behind that nobody wipes.
        let most = KEY_BYTES * MOST_KEYS;
        let mut bytes = Zeroizing::new(Vec::with_capacity(most + 1));
        File::open(path)?.take((most + 1) as u64).read_to_end(&mut bytes)?;
        if bytes.is_empty() || bytes.len() > most || bytes.len() % KEY_BYTES != 0 {
            return Err(KeyFileFault::Length);
        }
        Ok(Self(bytes))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.chunks_exact(KEY_BYTES)
    }
}

/// Makes the file with one key, if there is none. Whoever is first with a key keeps it. Durable on return.
pub(crate) fn create(path: &Path) -> Result<(), KeyFileFault> {
    write_beside(path, &[], |beside| match fs::hard_link(beside, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(beside),
        linked => linked.and_then(|()| fs::remove_file(beside)),
    })
}

/// Adds a key behind the ones that are there. After a crash the old or the new file is there, whole. Durable on return.
pub(crate) fn add(path: &Path) -> Result<(), KeyFileFault> {
    let keys = Keys::read(path)?;
    if keys.0.len() + KEY_BYTES > KEY_BYTES * MOST_KEYS {
        return Err(KeyFileFault::Length);
    }
    write_beside(path, &keys.0, |beside| fs::rename(beside, path))
}

/// Writes the old keys and a new one to a file of its own, and commits that in the place of `path`.
fn write_beside(
    path: &Path,
    old: &[u8],
    commit: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), KeyFileFault> {
    let mut fresh = Zeroizing::new([0; KEY_BYTES]);
    rand::fill(fresh.as_mut_slice()).map_err(|_| KeyFileFault::Random)?;
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    if beside.exists() {
        // Left by a crash of a process with the same id.
        fs::remove_file(&beside)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(old)?;
    file.write_all(fresh.as_slice())?;
    file.sync_all()?;
    // The commit point: before it the old keys stand, after it the new one is there too.
    commit(&beside)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?)
}
