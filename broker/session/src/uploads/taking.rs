//! Taking a file in: room for it, its bytes into the stage, the scanner's verdict, and what came of it in the ledger.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use chaperone_policy::{FileId, WindowId};
use chaperone_store::{SentFile, SentState};
use futures::{Stream, StreamExt};
use uuid::Uuid;

use super::under_way::Share;
use super::{FILES, NotTaken, Sending};
use crate::gate::Gate;
use crate::room::Room;
use crate::scan::{Content, Scanner, Verdict};
use crate::stage::{Stage, StageError, Taken};

/// How long a sender may be silent.
const SILENT: Duration = Duration::from_secs(30);

impl Gate {
    /// Takes a file: its bytes are sealed and hashed as they come, and scanned. Returns once it is on disk and in the
    /// ledger; what came of it is a fact in any case, unless it broke off.
    ///
    /// # Errors
    /// Why not; nothing of it is left then.
    pub async fn take_file<E>(
        &self,
        sending: Sending,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<SentFile, NotTaken> {
        let scanner = self.uploads().scanner.clone().ok_or(NotTaken::NoScanner)?;
        if self.shared.recording_keys().is_none() {
            return Err(NotTaken::Closed);
        }
        if self.shared.room.now() != Room::Ok {
            return Err(NotTaken::Room);
        }
        let mut share = self.share_of(sending.window).await?;
        let (id, stage) = (FileId(Uuid::now_v7()), self.stage());
        let taken = match self.receive(&stage, id, bytes, &mut share).await {
            Ok(taken) => taken,
            Err(error) => {
                stage.remove(id).await;
                return Err(error);
            }
        };
        // Whoever sent it may be gone by now: what becomes of it is written down all the same.
        let gate = self.clone();
        let settled = self.shared.core.spawn(async move {
            let settled = gate.settle(&stage, &scanner, &sending, id, &taken).await;
            if settled.is_err() {
                stage.remove(id).await;
            }
            // It is in the ledger, or gone: now others count it there.
            drop(share);
            settled
        });
        settled.await.unwrap_or(Err(NotTaken::Stage(StageError::Work)))
    }

    async fn receive<E>(
        &self,
        stage: &Stage,
        id: FileId,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
        share: &mut Share,
    ) -> Result<Taken, NotTaken> {
        let (most, coming) = (self.uploads().file_bytes, stage.take(id));
        let mut bytes = std::pin::pin!(bytes);
        loop {
            match tokio::time::timeout(SILENT, bytes.next()).await {
                Ok(None) => return Ok(coming.whole().await?),
                Ok(Some(Ok(piece))) => {
                    let more = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                    if share.bytes().saturating_add(more) > most {
                        return Err(NotTaken::TooBig(most));
                    }
                    if !share.grows(more) {
                        return Err(NotTaken::TooMuch(self.uploads().window_bytes));
                    }
                    if !coming.put(piece).await {
                        return Err(coming.whole().await.map_or_else(Into::into, |_| NotTaken::BrokeOff));
                    }
                }
                Ok(Some(Err(_))) | Err(_) => return Err(NotTaken::BrokeOff),
            }
        }
    }

    /// Scans a file that has come in, and writes down what became of it.
    async fn settle(
        &self,
        stage: &Stage,
        scanner: &Scanner,
        sending: &Sending,
        id: FileId,
        taken: &Taken,
    ) -> Result<SentFile, NotTaken> {
        let Taken { size_bytes, sha256 } = taken.clone();
        self.has_room_for(sending.window, size_bytes).await?;
        let name = sending.name.as_str().to_owned();
        let content = Content { name, size_bytes, sha256, chunks: stage.read(id) };
        let looked = scanner.scan(content).await;
        let file = self.sent(sending, id, taken, scanner.at.to_string());
        let source = sending.source;
        match looked {
            Ok((Verdict::Clean, scanner)) => {
                // In its place before the ledger says so: a file that the ledger does not know is swept away.
                stage.keep(id).await?;
                self.add_file(SentFile { scanner, ..file }, source).await
            }
            Ok((Verdict::Found(found), scanner)) => {
                let told = Some(found.clone());
                let state = SentState::Refused;
                self.add_file(SentFile { state, found: told, scanner, scanned: None, ..file }, source)
                    .await?;
                Err(NotTaken::Found(found))
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a file could not be scanned; it is refused"
                );
                let why = error.to_string();
                let written = self.shared.store.write(move |tx| {
                    Box::pin(async move { tx.file_not_taken(&file, source, "scanner", &why).await })
                });
                written.await?;
                Err(NotTaken::Unscanned(error))
            }
        }
    }

    /// What is known of a file that was just scanned and is clean.
    fn sent(&self, sending: &Sending, id: FileId, taken: &Taken, scanner: String) -> SentFile {
        let now = self.now();
        SentFile {
            id,
            window: sending.window,
            name: sending.name.as_str().to_owned(),
            size_bytes: taken.size_bytes,
            sha256: taken.sha256.clone(),
            state: SentState::Clean,
            found: None,
            scanner,
            node: self.shared.store.node().to_owned(),
            sent_by: sending.by,
            sent: now,
            scanned: Some(now),
            released: None,
            released_to: None,
        }
    }

    async fn add_file(&self, file: SentFile, source: Option<SocketAddr>) -> Result<SentFile, NotTaken> {
        let row = file.clone();
        let written =
            self.shared.store.write(move |tx| Box::pin(async move { tx.add_sent_file(&row, source).await }));
        written.await?;
        Ok(file)
    }

    /// What may come in for a window beside what waits for it, and is on its way.
    async fn share_of(&self, window: WindowId) -> Result<Share, NotTaken> {
        let most = self.uploads().window_bytes;
        let (bytes, files) = self.shared.store.staged_for(window).await?;
        if files >= FILES || bytes > most {
            return Err(NotTaken::TooMuch(most));
        }
        self.shared.under_way.share(window, most - bytes).ok_or(NotTaken::TooMany)
    }

    async fn has_room_for(&self, window: WindowId, size_bytes: u64) -> Result<(), NotTaken> {
        let most = self.uploads().window_bytes;
        let (bytes, files) = self.shared.store.staged_for(window).await?;
        if files >= FILES || bytes.saturating_add(size_bytes) > most {
            return Err(NotTaken::TooMuch(most));
        }
        Ok(())
    }
}
