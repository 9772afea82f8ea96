//! A staged file's way to its server: only inside a live visit of whoever asks, only after a clean scan that is recent
//! enough, decided as `sftp-write`, on a channel of its own in the visit's recording.

use std::sync::Arc;

use chaperone_policy::{Access, FileId, PersonId, TargetName};
use chaperone_store::{FactKind, Release, SentFile, SentState, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::under_way::NotNow;
use crate::courier::{Courier, Delivered, FileAttributes, Hand, NotDelivered, Parcel};
use crate::gate::Gate;
use crate::live::LiveSession;
use crate::record::Captured;
use crate::scan::{Content, ScanError, Verdict};

/// The longest path, as most systems have it.
const PATH_BYTES: usize = 4095;

/// Somebody who wants a file of theirs on a server.
#[derive(Clone, Debug)]
pub struct ReleaseWish {
    /// Who; the visit is theirs.
    pub by: PersonId,
    /// Which file.
    pub file: FileId,
    /// On which server, where they have visits to several.
    pub target: Option<TargetName>,
    /// Where to: a path, or a folder that ends with a slash.
    pub to: String,
}

/// Why a file was not released.
#[derive(Debug, thiserror::Error)]
pub enum NotReleased {
    /// It does not wait any more.
    #[error("the file is {}", .0.as_str())]
    NotClean(SentState),
    /// It is being released already, whoever asked for that.
    #[error("the file is on its way to its server")]
    UnderWay,
    /// As many files are as may be, of its window or of the node.
    #[error("as many files are on their way as may be")]
    TooMany,
    /// Its bytes are in another node's stage.
    #[error("the file lies at the node {0}")]
    Elsewhere(String),
    /// The path is none.
    #[error("the path must have 1 to {PATH_BYTES} bytes and no control character")]
    Path,
    /// There is no visit of theirs in this window.
    #[error("there is no visit of yours in this window on this node")]
    NoVisit,
    /// There are visits of theirs to several servers.
    #[error("you are on several servers in this window")]
    WhichTarget,
    /// The visit's connection to its server is not there yet.
    #[error("the visit has not reached its server yet")]
    NotConnected,
    /// The window does not grant it, or not any more.
    #[error("{0}")]
    Refused(String),
    /// Nobody looks at files here.
    #[error("this gate has no scanner")]
    NoScanner,
    /// A scanner has found something in it after all; it is gone.
    #[error("the scanner found {0}")]
    Found(String),
    /// The last clean scan is too old, and there is no new verdict.
    #[error("the file could not be scanned again")]
    Unscanned(#[source] ScanError),
    /// It did not get there.
    #[error("the file is not on the server: {0}")]
    NotDelivered(NotDelivered),
    /// The store.
    #[error("the release could not be written down")]
    Store(#[from] StoreError),
}

impl Gate {
    /// Puts a staged file onto a server. Returns once the server has it, what was read back is the file, and that is in
    /// the ledger.
    ///
    /// # Errors
    /// Why not; a fact where the visit was asked.
    pub async fn release_file(
        &self,
        file: SentFile,
        wish: ReleaseWish,
    ) -> Result<(SentFile, Delivered), NotReleased> {
        let fits = (1..=PATH_BYTES).contains(&wish.to.len()) && !wish.to.chars().any(char::is_control);
        if !fits {
            return Err(NotReleased::Path);
        }
        if file.state != SentState::Clean {
            return Err(NotReleased::NotClean(file.state));
        }
        if file.node != self.shared.store.node() {
            return Err(NotReleased::Elsewhere(file.node));
        }
        let on_its_way = self.shared.under_way.releases(file.id, file.window);
        let on_its_way = on_its_way.map_err(|why| match why {
            NotNow::Twice => NotReleased::UnderWay,
            NotNow::TooMany => NotReleased::TooMany,
        })?;
        let session = self.visit_of(&file, &wish)?;
        let courier = session.courier.get().cloned().ok_or(NotReleased::NotConnected)?;
        let file = self.clean_enough(file).await?;
        // Whoever asked may be gone by then: what becomes of it is recorded and written down all the same.
        let gate = self.clone();
        let carried = self.shared.core.spawn(async move {
            let carried = gate.carry(file, &wish, &session, courier.as_ref()).await;
            drop(on_its_way);
            carried
        });
        carried.await.unwrap_or(Err(NotReleased::NotDelivered(NotDelivered::Ended)))
    }

    fn visit_of(&self, file: &SentFile, wish: &ReleaseWish) -> Result<Arc<LiveSession>, NotReleased> {
        let live = self.shared.live.all().into_iter().filter(|session| {
            let permit = session.permit.borrow();
            permit.window() == file.window
                && session.attempt.person == wish.by
                && !session.flow.borrow().is_cut()
                && wish.target.as_ref().is_none_or(|target| session.attempt.target == *target)
        });
        let mut live: Vec<Arc<LiveSession>> = live.collect();
        // One that has not reached its server yet brings nothing there.
        live.sort_by_key(|session| (session.courier.get().is_some(), session.began.wall));
        let newest = live.pop().ok_or(NotReleased::NoVisit)?;
        if live.iter().any(|other| other.attempt.target != newest.attempt.target) {
            return Err(NotReleased::WhichTarget);
        }
        Ok(newest)
    }

    /// The file, once its last clean scan is recent enough.
    async fn clean_enough(&self, file: SentFile) -> Result<SentFile, NotReleased> {
        let counts = SignedDuration::try_from(self.uploads().clean_for).unwrap_or(SignedDuration::MAX);
        let recent = |at: Timestamp| self.now().duration_since(at) <= counts;
        if file.scanned.is_some_and(recent) {
            return Ok(file);
        }
        let scanner = self.uploads().scanner.clone().ok_or(NotReleased::NoScanner)?;
        let stage = self.stage();
        let SentFile { id, name, size_bytes, sha256, .. } = file;
        let looked = scanner.scan(Content { name, size_bytes, sha256, chunks: stage.read(id) }).await;
        let (verdict, scanner) = looked.map_err(NotReleased::Unscanned)?;
        let found = match verdict {
            Verdict::Clean => None,
            Verdict::Found(found) => Some(found),
        };
        let told = found.clone();
        let written = self
            .shared
            .store
            .write(move |tx| Box::pin(async move { tx.file_scanned(id, told.as_deref(), &scanner).await }));
        let scanned = written.await?;
        match found {
            None => Ok(scanned),
            Some(found) => {
                stage.remove(id).await;
                Err(NotReleased::Found(found))
            }
        }
    }

    /// Whether nobody has taken a file back while its release waited, as long as input does.
    async fn still_waits(&self, file: FileId) -> Result<(), NotReleased> {
        match self.shared.store.sent_file(file).await?.state {
            SentState::Clean => Ok(()),
            state => Err(NotReleased::NotClean(state)),
        }
    }

    async fn carry(
        &self,
        file: SentFile,
        wish: &ReleaseWish,
        session: &Arc<LiveSession>,
        courier: &dyn Courier,
    ) -> Result<(SentFile, Delivered), NotReleased> {
        let about = json!({
            "request": "release", "file": file.id, "name": file.name, "size_bytes": file.size_bytes.to_string(),
            "sha256": file.sha256, "to": wish.to,
        });
        let opened = self.open_channel(session, Access::SftpWrite, about.clone(), false).await;
        let channel = match opened {
            Ok(channel) => channel,
            // It waited while input waited, and the visit ended meanwhile.
            Err(_) if session.flow().borrow().is_cut() => {
                return Err(self.write_not_released(session, about, NotDelivered::Ended).await);
            }
            Err(refused) => return Err(NotReleased::Refused(refused.text)),
        };
        if let Err(gone) = self.still_waits(file.id).await {
            self.close_channel(session, &channel, Captured::Withheld).await;
            return Err(gone);
        }
        let parcel = Parcel {
            name: Some(file.name.clone()),
            size_bytes: file.size_bytes,
            sha256: file.sha256.clone(),
            to: wish.to.clone(),
            replaces: true,
            attributes: FileAttributes::default(),
            chunks: self.stage().read(file.id),
        };
        let hand = Hand { session: Arc::clone(session), channel: channel.clone(), flow: session.flow() };
        let delivered = deliver(courier, hand, parcel).await;
        let captured =
            if matches!(delivered, Err(NotDelivered::NoSftp)) { Captured::Failed } else { Captured::All };
        self.close_channel(session, &channel, captured).await;
        match delivered {
            Ok(delivered) => {
                let on_it = (about, channel.number());
                self.write_released(&file, wish, session, &delivered, on_it)
                    .await
                    .map(|file| (file, delivered))
            }
            Err(error) => {
                let about = with(about, json!({ "channel": channel.number() }));
                Err(self.write_not_released(session, about, error).await)
            }
        }
    }

    async fn write_not_released(
        &self,
        session: &LiveSession,
        about: Value,
        error: NotDelivered,
    ) -> NotReleased {
        let fact = session.fact(FactKind::FileNotReleased, with(about, json!({ "why": error.to_string() })));
        self.write_or_spool(fact, None).await;
        NotReleased::NotDelivered(error)
    }

    /// That a file has reached its server, in its row too; where the database does not take it, as a fact alone, later.
    async fn write_released(
        &self,
        file: &SentFile,
        wish: &ReleaseWish,
        session: &LiveSession,
        delivered: &Delivered,
        (about, channel): (Value, u32),
    ) -> Result<SentFile, NotReleased> {
        let target = session.permit().target().clone();
        let told = json!({
            "channel": channel, "path": delivered.path, "read_back_sha256": delivered.sha256,
            "source": session.source.to_string(),
        });
        let release = Release {
            file: file.id,
            by: wish.by,
            session: session.id,
            target: target.id,
            to: format!("{}:{}", target.name, delivered.path),
            about: told.clone(),
        };
        let written =
            self.shared.store.write(move |tx| Box::pin(async move { tx.file_released(&release).await }));
        match written.await {
            Ok(file) => Ok(file),
            Err(error) => {
                self.write_or_spool(session.fact(FactKind::FileReleased, with(about, told)), None).await;
                Err(error.into())
            }
        }
    }
}

/// One file on a way of its own.
async fn deliver(courier: &dyn Courier, hand: Hand, parcel: Parcel) -> Result<Delivered, NotDelivered> {
    let mut way = courier.sets_out(hand).await?;
    let delivered = way.deliver(parcel).await;
    way.end().await;
    delivered
}

pub(super) fn with(mut body: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (body.as_object_mut(), more) {
        fields.extend(more);
    }
    body
}
