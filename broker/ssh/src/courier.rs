//! Puts staged files onto the target of a live visit, over a channel of the visit's own connection: each is written beside
//! its place, read back and compared, and only then put in its place.

mod files;
mod packet;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use chaperone_session::{Courier, Delivered, Errand, Hand, NotDelivered, Parcel, new_reference};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::runtime::Handle;

use self::files::{Files, Found, fine};
use self::packet::{Answer, Ask, Attributes, Code, READ, WRITE_NEW};
use crate::admission::Visit;
use crate::dial::NotOpened;

/// What one request writes or reads: what every server takes (draft-ietf-secsh-filexfer-02 §6.4).
const BLOCK: usize = 32 << 10;
/// Requests under way at once: a line within a hospital holds no more. Their answers are two messages each, and must be
/// fewer than wait for a channel (`algorithms`): while one more waits, the connection sends nothing either, and a request
/// behind it would wait for itself.
const AHEAD: usize = 4;
/// Answers that may be here before what precedes them: a server that cuts each to crumbs is none.
const EARLY: usize = 1024;
/// That an owner reads and writes a file.
const OWNERS: u32 = 0o600;

/// Delivers by the SFTP subsystem of one visit's target.
pub(crate) struct SshCourier {
    visit: Weak<Visit>,
    /// Where visits run: nothing writes to a recording elsewhere.
    runtime: Handle,
}

impl SshCourier {
    /// The courier of a visit. Called on the runtime that visits run on.
    pub(crate) fn of(visit: &Arc<Visit>) -> Arc<Self> {
        Arc::new(Self { visit: Arc::downgrade(visit), runtime: Handle::current() })
    }
}

impl Courier for SshCourier {
    fn sets_out(&self, hand: Hand) -> BoxFuture<'static, Result<Box<dyn Errand>, NotDelivered>> {
        let (visit, runtime) = (self.visit.upgrade(), self.runtime.clone());
        async move {
            let visit = visit.ok_or(NotDelivered::Ended)?;
            let opening = runtime.spawn(async move { open(&visit, hand).await });
            let files = opening.await.unwrap_or(Err(NotDelivered::Ended))?;
            Ok(Box::new(SshErrand { files: Some(files), runtime }) as Box<dyn Errand>)
        }
        .boxed()
    }
}

async fn open(visit: &Visit, hand: Hand) -> Result<Files, NotDelivered> {
    let opened = visit.leg.opens().await.map_err(|why| match why {
        NotOpened::Slow => NotDelivered::Slow,
        NotOpened::Refused => NotDelivered::Ended,
    })?;
    Files::begin(hand, opened).await
}

/// A subsystem that is open.
struct SshErrand {
    /// Nobody's while a delivery is under way that nobody waits for any more.
    files: Option<Files>,
    runtime: Handle,
}

impl Errand for SshErrand {
    fn deliver(&mut self, parcel: Parcel) -> BoxFuture<'_, Result<Delivered, NotDelivered>> {
        async move {
            let mut files = self.files.take().ok_or(NotDelivered::Ended)?;
            let delivering = self.runtime.spawn(async move {
                let delivered = put(&mut files, parcel).await;
                (files, delivered)
            });
            let (files, delivered) = delivering.await.map_err(|_| NotDelivered::Ended)?;
            self.files = Some(files);
            delivered
        }
        .boxed()
    }

    fn end(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            if let Some(files) = self.files {
                files.end().await;
            }
        }
        .boxed()
    }
}

async fn put(files: &mut Files, parcel: Parcel) -> Result<Delivered, NotDelivered> {
    let Place { path, found } = place(files, &parcel).await?;
    let replaces = parcel.replaces;
    if found.is_some() && !replaces {
        return Err(NotDelivered::Taken);
    }
    let beside = format!("{path}.{}.part", new_reference());
    let (size_bytes, expected, wanted) = (parcel.size_bytes, parcel.sha256.clone(), parcel.attributes);
    // What its owner could not read is made readable until it has been read back.
    let kept_for_later = || wanted.made_with.filter(|mode| mode & OWNERS != OWNERS);
    let attributes = Attributes {
        owner: wanted.owner,
        // A file that takes another's place is as that was, where nobody says otherwise.
        permissions: wanted
            .permissions
            .or_else(|| found.and_then(Found::permissions))
            .or_else(kept_for_later),
        times: wanted.times,
    };
    let placed = async {
        write(files, &beside, parcel).await?;
        let sha256 = read_back(files, &beside, size_bytes).await?;
        if sha256 != expected {
            return Err(NotDelivered::Differs(sha256));
        }
        if attributes != Attributes::default() {
            files.done("set the file's permissions and times", Ask::SetStat(&beside, attributes)).await?;
        }
        // What came there meanwhile is put aside only by a file that may take another's place.
        let rename = match files.renames_over() && replaces {
            true => Ask::PosixRename(&beside, &path),
            false => Ask::Rename(&beside, &path),
        };
        files.done("put the file in its place", rename).await?;
        Ok(sha256)
    };
    match placed.await {
        Ok(sha256) => Ok(Delivered { path, sha256 }),
        Err(error) => {
            // What is beside the place is nobody's file; a server that is gone keeps it.
            drop(files.done("remove what was written", Ask::Remove(&beside)).await);
            Err(error)
        }
    }
}

/// Where a file goes, and what is there.
struct Place {
    path: String,
    found: Option<Found>,
}

/// The whole path: a folder takes the file by its name, where it has one. What is no file keeps its place.
async fn place(files: &mut Files, parcel: &Parcel) -> Result<Place, NotDelivered> {
    const STEP: &str = "put a file there";
    let to = parcel.to.trim_end_matches('/');
    let mut path = parcel.to.clone();
    let mut found = files.look(&path).await?;
    if let Some(name) = &parcel.name
        && (path.ends_with('/') || found.is_some_and(Found::is_folder))
    {
        path = format!("{to}/{name}");
        found = files.look(&path).await?;
    }
    match found {
        Some(found) if found.is_folder() => {
            Err(NotDelivered::Refused { step: STEP, words: "it is a folder".to_owned() })
        }
        Some(found) if !found.is_file() => {
            Err(NotDelivered::Refused { step: STEP, words: "it is no ordinary file".to_owned() })
        }
        // A link goes on leading where it leads.
        Some(_) => Ok(Place { path: files.real_path(path).await?, found }),
        None => Ok(Place { path, found }),
    }
}

async fn write(files: &mut Files, path: &str, mut parcel: Parcel) -> Result<(), NotDelivered> {
    const STEP: &str = "write the file";
    let handle =
        files.open(STEP, path, (WRITE_NEW, parcel.attributes.made_with.map(|mode| mode | OWNERS))).await?;
    let (mut at, mut under_way) = (0_u64, 0_usize);
    while let Some(piece) = parcel.next().await? {
        for block in piece.chunks(BLOCK) {
            while under_way >= AHEAD {
                fine(STEP, &files.answer().await?)?;
                under_way -= 1;
            }
            files.ask(Ask::Write(&handle, at, block)).await?;
            at += u64::try_from(block.len()).unwrap_or(0);
            under_way += 1;
        }
    }
    for _ in 0..under_way {
        fine(STEP, &files.answer().await?)?;
    }
    files.done(STEP, Ask::Close(&handle)).await
}

/// SHA-256 of what the server has, as long as it should be and not a byte longer.
async fn read_back(files: &mut Files, path: &str, size_bytes: u64) -> Result<String, NotDelivered> {
    const STEP: &str = "read back what was written";
    let handle = files.open(STEP, path, (READ, None)).await?;
    let mut back =
        Back { size_bytes, asked_to: 0, hashed_to: 0, asked: HashMap::new(), early: BTreeMap::new() };
    let mut hash = Context::new(&SHA256);
    while back.hashed_to < size_bytes {
        while let Some((at, length)) = back.next() {
            let id = files.ask(Ask::Read(&handle, at, length)).await?;
            back.asked.insert(id, (at, length));
        }
        match files.answer().await? {
            Answer::Data { id, data } => {
                if let Some((at, length)) = back.takes(id, data, &mut hash)? {
                    let id = files.ask(Ask::Read(&handle, at, length)).await?;
                    back.asked.insert(id, (at, length));
                }
            }
            Answer::Status { code: Code::Eof, .. } => {
                return Err(NotDelivered::Differs(format!("of {} bytes and no more", back.hashed_to)));
            }
            answer => {
                fine(STEP, &answer)?;
                return Err(NotDelivered::Protocol);
            }
        }
    }
    files.ask(Ask::Read(&handle, size_bytes, 1)).await?;
    if !matches!(files.answer().await?, Answer::Status { code: Code::Eof, .. }) {
        return Err(NotDelivered::Differs(format!("of more than {size_bytes} bytes")));
    }
    files.done(STEP, Ask::Close(&handle)).await?;
    Ok(hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What is being read back: answers may come in any order, and short.
struct Back {
    size_bytes: u64,
    asked_to: u64,
    hashed_to: u64,
    asked: HashMap<u32, (u64, u32)>,
    /// Came before what precedes it.
    early: BTreeMap<u64, Bytes>,
}

impl Back {
    /// What to ask for next, if more may be under way.
    fn next(&mut self) -> Option<(u64, u32)> {
        let left = self.size_bytes.checked_sub(self.asked_to).filter(|left| *left > 0)?;
        if self.asked_to - self.hashed_to >= (AHEAD * BLOCK) as u64 {
            return None;
        }
        let length = u32::try_from(left.min(BLOCK as u64)).ok()?;
        let at = self.asked_to;
        self.asked_to += u64::from(length);
        Some((at, length))
    }

    /// Takes an answer; returns what is still missing of it.
    fn takes(
        &mut self,
        id: u32,
        data: Bytes,
        hash: &mut Context,
    ) -> Result<Option<(u64, u32)>, NotDelivered> {
        let (at, length) = self.asked.remove(&id).ok_or(NotDelivered::Protocol)?;
        let came = u32::try_from(data.len()).map_err(|_| NotDelivered::Protocol)?;
        let missing = length.checked_sub(came).filter(|_| came > 0).ok_or(NotDelivered::Protocol)?;
        if self.early.len() >= EARLY {
            return Err(NotDelivered::Protocol);
        }
        self.early.insert(at, data);
        while let Some(data) = self.early.remove(&self.hashed_to) {
            hash.update(&data);
            self.hashed_to += u64::try_from(data.len()).unwrap_or(0);
        }
        Ok((missing > 0).then(|| (at + u64::from(came), missing)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_comes_back_short_and_in_any_order_has_the_hash_of_the_whole(
            length in 0_usize..200_000,
            order in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 400),
        ) {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 253).unwrap()).collect();
            let size_bytes = u64::try_from(length).unwrap();
            let mut back =
                Back { size_bytes, asked_to: 0, hashed_to: 0, asked: HashMap::new(), early: BTreeMap::new() };
            let (mut hash, mut id, mut order) = (Context::new(&SHA256), 0, order.into_iter().cycle());
            while back.hashed_to < size_bytes {
                while let Some(next) = back.next() {
                    back.asked.insert(id, next);
                    id += 1;
                }
                prop_assert!(back.asked_to - back.hashed_to < ((AHEAD + 1) * BLOCK) as u64);
                let (which, short) = order.next().unwrap();
                let ids: Vec<u32> = back.asked.keys().copied().collect();
                let chosen = ids[which.index(ids.len())];
                let (at, asked) = back.asked[&chosen];
                // At least half, so that it comes to an end.
                let came = asked - u32::try_from(short.index(asked as usize)).unwrap() / 2;
                let at = usize::try_from(at).unwrap();
                let data = Bytes::copy_from_slice(&bytes[at..at + came as usize]);
                if let Some(rest) = back.takes(chosen, data, &mut hash).unwrap() {
                    back.asked.insert(id, rest);
                    id += 1;
                }
            }
            let whole = aws_lc_rs::digest::digest(&SHA256, &bytes);
            let hash = hash.finish();
            prop_assert_eq!(hash.as_ref(), whole.as_ref());
        }
    }
}
