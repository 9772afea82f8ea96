//! Recovery of a recording that was never sealed: everything sound is adopted as found, and sealed `recovered`.
//!
//! A gate has no data keys: the tail's frames are appended as they stand, as one block of frames. A crash at any point
//! leaves a recording that the next recovery finishes; what fits nowhere is kept beside it, never deleted.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use uuid::Uuid;

use crate::block::CHAIN_LEN;
use crate::checkpoint::Checkpoint;
use crate::error::RecordError;
use crate::failure::{BadPlace, Failure};
use crate::folder::{Folder, lock};
use crate::frame::{self, Adopted};
use crate::key::{PublicKey, SigningKey};
use crate::ledger::{Hash, hash_of};
use crate::live::wall_time;
use crate::medium::Medium;
use crate::read::frames_header;
use crate::seal::{RecoveryNote, Seal, SealState};
use crate::verify::foreign;
use crate::walk::{Step, Walk, is_cut_in_its_header};

/// A tail is kept below a quarter of this.
const MAX_TAIL: u64 = 4 << 20;
const COPY_CHUNK: usize = 1 << 20;

/// What recovery works with.
#[derive(Clone, Debug)]
pub struct Recovering {
    /// Signs the seal.
    pub signer: Arc<SigningKey>,
    /// Now.
    pub at: Timestamp,
    /// Why the session ended, as far as it is known: `crash`, `power-loss`.
    pub reason: String,
    /// The newest checkpoint of this recording that the ledger holds.
    pub checkpoint: Option<Checkpoint>,
    /// How the ledger says that it began. `None`: nobody says.
    pub begun: Option<Begun>,
}

/// What a recording began with, as somebody other than its file says it: a file that was put in its place is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// C₀, where it is known.
    pub recording: Option<Hash>,
    /// Who signed its header.
    pub seal_key: PublicKey,
}

impl Begun {
    /// As a `session-started` fact states it.
    #[must_use]
    pub fn to_ledger(&self) -> serde_json::Value {
        serde_json::json!({ "recording_identity": self.recording.map(hex::encode), "seal_key": self.seal_key })
    }

    /// Reads it there; `None` where the fact does not say.
    #[must_use]
    pub fn from_ledger(body: &serde_json::Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str);
        let mut recording = Hash::default();
        hex::decode_to_slice(text("recording_identity")?, &mut recording).ok()?;
        Some(Self { recording: Some(recording), seal_key: text("seal_key")?.parse().ok()? })
    }
}

/// What recovery found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It had a seal already: that one stands.
    WasSealed(Seal),
    /// It was sealed now, as found.
    Recovered(Seal),
}

/// Why a recording cannot be recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// A file operation failed; nothing sound was changed.
    #[error("the recording could not be recovered")]
    Record(#[from] RecordError),
    /// The header is not sound or another session's, so that there is nothing to adopt; or there is a seal that does not
    /// fit.
    #[error("the recording cannot be adopted as found")]
    Unsound(#[source] BadPlace),
}

/// Adopts everything sound of a session's recording, and seals it `recovered`. A recording with a seal is left alone.
///
/// # Errors
/// When another process writes the recording, its header is not sound, or the medium fails.
pub fn recover(folder: &Folder, session: Uuid, with: &Recovering) -> Result<Recovery, RecoverError> {
    let path = folder.recording(session);
    let file =
        OpenOptions::new().read(true).write(true).open(&path).map_err(RecordError::path("open", &path))?;
    lock(&file, session)?;
    let file: Arc<dyn Medium> = Arc::new(file);
    let found = find(&file, with.checkpoint.as_ref())?;
    // Under another session's name it would get a seal that does not fit it.
    if let Some(bad) = foreign(&found.walk.header, session) {
        return Err(RecoverError::Unsound(bad));
    }
    if let Some(bad) = with.begun.and_then(|begun| begun_otherwise(&found.walk, begun)) {
        return Err(RecoverError::Unsound(bad));
    }
    if let Some(seal) = found.seal {
        let trusted = [found.walk.header.seal_key, with.signer.public()];
        if !trusted.contains(&seal.seal_key) {
            let detail = format!("the seal is signed by {}", seal.seal_key);
            return Err(RecoverError::Unsound(BadPlace::new(Failure::WrongKey, found.walk.at, None, detail)));
        }
        if !found.reaches {
            let detail = "the ledger knows a block that this sealed recording lacks";
            return Err(RecoverError::Unsound(BadPlace::new(Failure::TailCut, found.walk.at, None, detail)));
        }
        put_tail_away(folder, session);
        return Ok(Recovery::WasSealed(seal));
    }
    let attempt = || adopt_and_seal(folder, session, with, &file, &found);
    let seal = match attempt() {
        Err(error) if error.is_full() => {
            folder.release_reserve()?;
            attempt()?
        }
        other => other?,
    };
    Ok(Recovery::Recovered(seal))
}

/// Takes back what a crash left of a recording that was never begun: its header is not whole and nothing was appended, so
/// that no byte went on. Answers whether it was so; anything else is left as it stands.
///
/// # Errors
/// When another process writes it, or the medium fails.
pub fn withdraw_unbegun(folder: &Folder, session: Uuid) -> Result<bool, RecordError> {
    let (path, tail) = (folder.recording(session), folder.tail(session));
    let file =
        OpenOptions::new().read(true).write(true).open(&path).map_err(RecordError::path("open", &path))?;
    lock(&file, session)?;
    let is_cut = is_cut_in_its_header(&file).map_err(RecordError::path("read", &path))?;
    let appended = read_tail(&tail).map_err(RecordError::path("read", &tail))?;
    if !is_cut || !appended.is_empty() {
        return Ok(false);
    }
    fs::remove_file(&path).map_err(RecordError::path("remove", &path))?;
    // There is one only where the crash came after it was made.
    drop(fs::remove_file(tail));
    folder.sync()?;
    Ok(true)
}

/// How the file differs from what the recording began with.
fn begun_otherwise(walk: &Walk, begun: Begun) -> Option<BadPlace> {
    let header = &walk.header;
    if header.seal_key != begun.seal_key {
        let detail = format!("the header is signed by {}", header.seal_key);
        return Some(BadPlace::new(Failure::WrongKey, 0, None, detail));
    }
    let other = begun.recording.is_some_and(|recording| recording != header.chain);
    other.then(|| {
        let detail = "the header is not the one that the recording began with";
        BadPlace::new(Failure::ForeignRecording, 0, None, detail)
    })
}

/// A seal is written when the tail is empty. One that is not is kept, whatever it is.
fn put_tail_away(folder: &Folder, session: Uuid) {
    let (tail, rest) = (folder.tail(session), folder.rest(session));
    let is_empty = fs::metadata(&tail).is_ok_and(|tail| tail.len() == 0);
    if is_empty || rest.exists() {
        drop(fs::remove_file(tail));
    } else {
        drop(fs::rename(tail, rest));
    }
}

/// The sound part of a recording.
struct FoundParts {
    walk: Walk,
    seal: Option<Seal>,
    /// Whether the known checkpoint's block is there with its chain value.
    reaches: bool,
}

fn find(file: &Arc<dyn Medium>, known: Option<&Checkpoint>) -> Result<FoundParts, RecoverError> {
    let mut walk = Walk::start(Arc::clone(file)).map_err(RecoverError::Unsound)?;
    let reached = |walk: &Walk| {
        known.is_none_or(|known| known.block == walk.place.ordinal && known.chain == walk.place.chain)
    };
    let mut reaches = reached(&walk);
    loop {
        match walk.step() {
            Ok(Step::Block(_)) => reaches |= reached(&walk),
            Ok(Step::Seal(seal)) => return Ok(FoundParts { walk, seal: Some(*seal), reaches }),
            Ok(Step::End) => return Ok(FoundParts { walk, seal: None, reaches }),
            // An unreadable stretch may be readable later: nothing is cut because of it.
            Err(bad) if bad.failure == Failure::Unreadable => {
                return Err(RecordError::Medium {
                    operation: "read the recording",
                    cause: io::Error::other(bad.detail),
                }
                .into());
            }
            // A seal of this recording with something behind it, or over other blocks, is still a seal: a second one
            // would hide that.
            Err(bad) if is_about_seal(bad.failure) => return Err(RecoverError::Unsound(bad)),
            Err(_) => return Ok(FoundParts { walk, seal: None, reaches }),
        }
    }
}

/// Failures of a file that has a whole, signed seal.
fn is_about_seal(failure: Failure) -> bool {
    matches!(
        failure,
        Failure::SecondSeal
            | Failure::BytesAfterSeal
            | Failure::ChainNotSealed
            | Failure::TailCut
            | Failure::ForeignSeal
    )
}

fn adopt_and_seal(
    folder: &Folder,
    session: Uuid,
    with: &Recovering,
    file: &Arc<dyn Medium>,
    found: &FoundParts,
) -> Result<Seal, RecordError> {
    let walk = &found.walk;
    let tail_path = folder.tail(session);
    let tail = read_tail(&tail_path).map_err(RecordError::path("read", &tail_path))?;
    let adopted = frame::adopt(&tail, &walk.place);
    let left = keep(&folder.rest(session), file, walk.at, &adopted.left)?;
    file.set_len(walk.at).map_err(RecordError::medium("cut the recording to its last sound block"))?;
    let (end, blocks, chain) = append_frames(file, walk, &adopted)?;
    file.sync_data().map_err(RecordError::medium("sync the recording"))?;
    let wall = |ns| wall_time(walk.header.started, ns);
    let frames = (adopted.frames > 0).then_some(&adopted);
    let mut seal = Seal {
        session,
        recording: walk.header.chain,
        state: SealState::Recovered,
        blocks,
        chain,
        records: None,
        bytes: None,
        first_at: walk.first_ns.or(frames.map(|frames| frames.first_ns)).map(wall),
        last_at: frames.map(|frames| frames.last_ns).or(walk.last_ns).map(wall),
        at: with.at,
        reason: with.reason.clone(),
        coverage: Vec::new(),
        counts: Vec::new(),
        recovery: Some(RecoveryNote {
            frames: adopted.frames,
            left_bytes: left.bytes,
            left_sha256: left.sha256,
            checkpoint: with.checkpoint.map(|known| (known.block, hex::encode(known.chain))),
            reaches_checkpoint: found.reaches
                || with.checkpoint.is_some_and(|known| known.block == blocks && known.chain == chain),
        }),
        seal_key: with.signer.public(),
        hash: Hash::default(),
    };
    let bytes = seal.write(&with.signer)?;
    file.write_all_at(&bytes, end).map_err(RecordError::medium("write the seal"))?;
    // The commit point: before it the next recovery does all this again, and finds the frames in their block.
    file.sync_data().map_err(RecordError::medium("sync the seal"))?;
    drop(fs::remove_file(&tail_path));
    folder.sync()?;
    Ok(seal)
}

/// Writes the adopted frames as one block. Returns the file's new end, its blocks and its last chain value.
fn append_frames(
    file: &Arc<dyn Medium>,
    walk: &Walk,
    adopted: &Adopted,
) -> Result<(u64, u64, Hash), RecordError> {
    let Some(header) = frames_header(adopted, &walk.place) else {
        return Ok((walk.at, walk.place.ordinal, walk.place.chain));
    };
    let chain = header.chain(&walk.place.chain, &adopted.bytes);
    let mut block = Vec::with_capacity(adopted.bytes.len() + 128 + CHAIN_LEN);
    block.extend_from_slice(&header.encode());
    block.extend_from_slice(&adopted.bytes);
    block.extend_from_slice(&chain);
    file.write_all_at(&block, walk.at).map_err(RecordError::medium("write a block"))?;
    Ok((walk.at + header.total_len(), header.ordinal, chain))
}

/// Bytes that fit nowhere: how many, and their SHA-256.
struct Left {
    bytes: u64,
    sha256: Hash,
}

/// Keeps what is behind the last sound block, and what of the tail is not adopted: durably, before anything is cut, and
/// behind what an earlier recovery kept.
fn keep(path: &Path, file: &Arc<dyn Medium>, sound: u64, tail: &[u8]) -> Result<Left, RecordError> {
    let failed = || RecordError::path("keep what fits nowhere in", path);
    let len = file.len().map_err(RecordError::medium("measure the recording"))?;
    if len <= sound && tail.is_empty() {
        return Ok(Left { bytes: 0, sha256: hash_of(&[]) });
    }
    let rest = OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(failed())?;
    let before = Medium::len(&rest).map_err(failed())?;
    let copy = || {
        let mut hash = Context::new(&SHA256);
        let mut take = |bytes: &[u8]| {
            hash.update(bytes);
            (&rest).write_all(bytes)
        };
        let mut at = sound;
        while at < len {
            let mut chunk = vec![0; COPY_CHUNK.min(usize::try_from(len - at).unwrap_or(COPY_CHUNK))];
            file.read_exact_at(&mut chunk, at)?;
            take(&chunk)?;
            at += u64::try_from(chunk.len()).map_err(io::Error::other)?;
        }
        take(tail)?;
        rest.sync_all()?;
        Ok(hash.finish())
    };
    let hash = copy().map_err(|cause: io::Error| {
        // Only what this attempt added is taken back.
        drop(Medium::set_len(&rest, before));
        failed()(cause)
    })?;
    let bytes = len.saturating_sub(sound).saturating_add(u64::try_from(tail.len()).unwrap_or(u64::MAX));
    Ok(Left { bytes, sha256: hash.as_ref().try_into().unwrap_or_default() })
}

/// A tail, at most as long as one can be. Absent is empty.
pub(crate) fn read_tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut tail = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(MAX_TAIL).read_to_end(&mut tail).map(|_| tail),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(tail),
        Err(error) => Err(error),
    }
}
