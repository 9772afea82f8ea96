//! A staged file on disk: a key of its own, sealed by the vault for this file, then the bytes in pieces of 64 KiB, each
//! sealed with its number and whether it is the last. A piece that is missing, moved, changed or of another file does not
//! open, and a file that breaks off has no last piece.
//!
//! ```text
//!   "chaperone staged file 1\n" ‖ length (2) ‖ sealed key ‖ { ciphertext ‖ tag (16) }*
//!   nonce: number (11, big-endian) ‖ last (1)        additional data: the file's id (16)
//! ```

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::rand;
use chaperone_policy::FileId;
use chaperone_vault::Vault;

use super::{StageError, Taken};

const MAGIC: &[u8; 24] = b"chaperone staged file 1\n";
/// How much one piece seals.
pub(super) const PIECE: usize = 64 << 10;
const TAG: usize = 16;
const KEY: usize = 32;

/// A file that is being written.
pub(super) struct Sealing {
    file: BufWriter<File>,
    cipher: Cipher,
    piece: Vec<u8>,
    hash: Context,
    size_bytes: u64,
}

/// A file that is being read.
pub(super) struct Unsealing {
    file: BufReader<File>,
    cipher: Cipher,
    ended: bool,
}

struct Cipher {
    key: LessSafeKey,
    file: FileId,
    number: u64,
}

impl Cipher {
    fn new(key: &[u8], file: FileId) -> Result<Self, StageError> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| StageError::Damaged)?;
        Ok(Self { key: LessSafeKey::new(key), file, number: 0 })
    }

    /// The nonce of the next piece. A key has one file, and a file fewer pieces than there are numbers.
    fn nonce(&mut self, last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        let number = self.number.to_be_bytes();
        for (to, from) in nonce.iter_mut().skip(3).zip(number) {
            *to = from;
        }
        if let Some(flag) = nonce.last_mut() {
            *flag = u8::from(last);
        }
        self.number += 1;
        Nonce::assume_unique_for_key(nonce)
    }

    fn seal(&mut self, piece: &mut Vec<u8>, last: bool) -> Result<(), StageError> {
        let (nonce, about) = (self.nonce(last), Aad::from(*self.file.0.as_bytes()));
        self.key.seal_in_place_append_tag(nonce, about, piece).map_err(|_| StageError::Seal)
    }

    fn unseal(&mut self, piece: &mut Vec<u8>, last: bool) -> Result<(), StageError> {
        let (nonce, about) = (self.nonce(last), Aad::from(*self.file.0.as_bytes()));
        let opened = self.key.open_in_place(nonce, about, piece);
        let length = opened.map_err(|_| StageError::Damaged)?.len();
        piece.truncate(length);
        Ok(())
    }
}

fn place(file: FileId) -> String {
    format!("staged-file/{file}")
}

impl Sealing {
    pub(super) fn begin(path: &Path, file: FileId, vault: &Vault) -> Result<Self, StageError> {
        let mut key = [0; KEY];
        rand::fill(&mut key).map_err(|_| StageError::Seal)?;
        let sealed = vault.seal(&place(file), &key).map_err(StageError::Key)?;
        let length = u16::try_from(sealed.len()).map_err(|_| StageError::Seal)?;
        let made = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        let mut out = BufWriter::new(made);
        out.write_all(MAGIC)?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(&sealed)?;
        let cipher = Cipher::new(&key, file)?;
        let (piece, hash) = (Vec::with_capacity(PIECE + TAG), Context::new(&SHA256));
        Ok(Self { file: out, cipher, piece, hash, size_bytes: 0 })
    }

    pub(super) fn put(&mut self, mut bytes: &[u8]) -> Result<(), StageError> {
        self.hash.update(bytes);
        self.size_bytes += u64::try_from(bytes.len()).unwrap_or(0);
        while !bytes.is_empty() {
            // A full piece goes out only once more follows: the last one says that it is.
            if self.piece.len() == PIECE {
                self.out(false)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn out(&mut self, last: bool) -> Result<(), StageError> {
        self.cipher.seal(&mut self.piece, last)?;
        self.file.write_all(&self.piece)?;
        self.piece.clear();
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<Taken, StageError> {
        self.out(true)?;
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        let hash = self.hash.finish();
        let sha256 = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Taken { size_bytes: self.size_bytes, sha256 })
    }
}

impl Unsealing {
    pub(super) fn begin(path: &Path, file: FileId, vault: &Vault) -> Result<Self, StageError> {
        let mut from = BufReader::with_capacity(PIECE + TAG, File::open(path)?);
        let mut magic = [0; MAGIC.len()];
        let mut length = [0; 2];
        from.read_exact(&mut magic)
            .and_then(|()| from.read_exact(&mut length))
            .map_err(|_| StageError::Damaged)?;
        if magic != *MAGIC {
            return Err(StageError::Damaged);
        }
        let mut sealed = vec![0; usize::from(u16::from_be_bytes(length))];
        from.read_exact(&mut sealed).map_err(|_| StageError::Damaged)?;
        let key = vault.unseal(&place(file), &sealed).map_err(StageError::Key)?;
        let cipher = Cipher::new(&key, file)?;
        Ok(Self { file: from, cipher, ended: false })
    }

    /// The next piece; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, StageError> {
        if self.ended {
            return Ok(None);
        }
        let mut piece = Vec::with_capacity(PIECE + TAG);
        let most = u64::try_from(PIECE + TAG).unwrap_or(u64::MAX);
        (&mut self.file).take(most).read_to_end(&mut piece)?;
        let last = self.file.fill_buf()?.is_empty();
        self.cipher.unseal(&mut piece, last)?;
        self.ended = last;
        Ok(Some(piece))
    }
}
