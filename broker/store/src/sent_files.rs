//! Files that were sent ahead of a visit: what is known of each, and a fact for whatever becomes of it. Their bytes are in
//! a stage, which is no database.

use std::net::SocketAddr;

use chaperone_policy::{FileId, PersonId, SessionId, TargetId, WindowId};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::types::Uuid;

use crate::db::{big, count, exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// Files of one window that are told at once.
const MOST: i64 = 1000;

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentState {
    /// It waits in the stage, and a scanner has found nothing in it.
    Clean,
    /// A scanner has found something in it; its bytes are gone.
    Refused,
    /// Somebody has taken it back; its bytes are gone.
    Withdrawn,
    /// Its window is over; its bytes are gone.
    Discarded,
}

impl SentState {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Discarded => "discarded",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Clean, Self::Refused, Self::Withdrawn, Self::Discarded]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// One file that was sent ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// Identity.
    pub id: FileId,
    /// The window that it was sent for.
    pub window: WindowId,
    /// Its name, without a folder.
    pub name: String,
    /// How long it is.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Where it stands.
    pub state: SentState,
    /// What a scanner found in it.
    pub found: Option<String>,
    /// Which scanner looked last, as it calls itself.
    pub scanner: String,
    /// The node whose stage has its bytes.
    pub node: String,
    /// Who sent it.
    pub sent_by: PersonId,
    /// When.
    pub sent: Timestamp,
    /// When a scanner last found nothing in it.
    pub scanned: Option<Timestamp>,
    /// When it was last released.
    pub released: Option<Timestamp>,
    /// Where to: server and path.
    pub released_to: Option<String>,
}

/// A file that has reached its server.
#[derive(Clone, Debug)]
pub struct Release {
    /// Which file.
    pub file: FileId,
    /// On whose word.
    pub by: PersonId,
    /// In which visit.
    pub session: SessionId,
    /// On which server.
    pub target: TargetId,
    /// The server's name and the path, for people.
    pub to: String,
    /// What is known of the way there.
    pub about: Value,
}

type Row = (
    Uuid,
    Uuid,
    String,
    i64,
    String,
    String,
    Option<String>,
    String,
    String,
    Uuid,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

const BY_ID: &str = "SELECT id, window_id, name, size_bytes, sha256, state, found, scanner, node, sent_by, sent_us, scanned_us,
        released_us, released_to FROM sent_files WHERE id = $1";
const OF_WINDOW: &str = "SELECT id, window_id, name, size_bytes, sha256, state, found, scanner, node, sent_by, sent_us,
        scanned_us, released_us, released_to FROM sent_files WHERE window_id = $1 ORDER BY sent_us, id LIMIT $2";
const OVER: &str = "SELECT f.id, f.window_id, f.name, f.size_bytes, f.sha256, f.state, f.found, f.scanner, f.node, f.sent_by,
        f.sent_us, f.scanned_us, f.released_us, f.released_to FROM sent_files f JOIN windows w ON w.id = f.window_id
        WHERE f.node = $1 AND f.state = 'clean'
        AND (w.closes_us <= $2 OR w.state IN ('closed', 'reviewed', 'denied', 'withdrawn', 'revoked', 'expired'))
        LIMIT $3";

fn sent_file(row: Row) -> Result<SentFile, StoreError> {
    let (id, window, name, size, sha256, state, found, scanner, node, by, sent, scanned, released, to) = row;
    let time = |us| Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(SentFile {
        id: FileId(id),
        window: WindowId(window),
        name,
        size_bytes: count(size),
        sha256,
        state: SentState::named(&state).ok_or(StoreError::Corrupt { what: "sent file", source: None })?,
        found,
        scanner,
        node,
        sent_by: PersonId(by),
        sent: time(sent),
        scanned: scanned.map(time),
        released: released.map(time),
        released_to: to,
    })
}

impl SentFile {
    fn about(&self) -> Value {
        json!({
            "file": self.id, "name": self.name, "size_bytes": self.size_bytes.to_string(), "sha256": self.sha256,
            "scanner": self.scanner,
        })
    }
}

/// Where somebody came from, for a fact's body.
fn from(source: Option<SocketAddr>) -> Value {
    source.map_or_else(|| json!({}), |source| json!({ "source": source.to_string() }))
}

/// A fact's body with more in it.
fn with(mut body: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (body.as_object_mut(), more) {
        fields.extend(more);
    }
    body
}

impl Tx {
    /// Writes down a file that waits in the stage, or one that was refused with what a scanner found, and where it came
    /// from; a fact.
    ///
    /// # Errors
    /// When the window is not there, or the database fails.
    pub async fn add_sent_file(
        &mut self,
        file: &SentFile,
        source: Option<SocketAddr>,
    ) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "INSERT INTO sent_files (id, window_id, name, size_bytes, sha256, state, found, scanner, node, sent_by, sent_us,
                                     scanned_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            file.id.0,
            file.window.0,
            file.name.as_str(),
            big(file.size_bytes),
            file.sha256.as_str(),
            file.state.as_str(),
            file.found.clone(),
            file.scanner.as_str(),
            file.node.as_str(),
            file.sent_by.0,
            file.sent.as_microsecond(),
            file.scanned.map(Timestamp::as_microsecond)
        )?;
        match file.state {
            SentState::Refused => self.file_refused(file, source).await,
            _ => self.file_fact(FactKind::FileSentAhead, file, file.sent_by, from(source)).await,
        }
    }

    /// A file was refused without there being a row of it: nobody could say what is in it.
    ///
    /// # Errors
    /// When the window is not there, or the database fails.
    pub async fn file_not_taken(
        &mut self,
        file: &SentFile,
        source: Option<SocketAddr>,
        failure: &str,
        why: &str,
    ) -> Result<(), StoreError> {
        let more = with(from(source), json!({ "failure": failure, "why": why, "outcome": "refused" }));
        self.file_fact(FactKind::FileRefused, file, file.sent_by, more).await
    }

    /// A scanner has found nothing in it again, or something after all; a fact. What it found ends it.
    ///
    /// # Errors
    /// When it does not wait any more, or the database fails.
    pub async fn file_scanned(
        &mut self,
        id: FileId,
        found: Option<&str>,
        scanner: &str,
    ) -> Result<SentFile, StoreError> {
        let file = self.sent_file(id).await?;
        let scanner = scanner.to_owned();
        if let Some(found) = found {
            let refused =
                SentFile { state: SentState::Refused, found: Some(found.to_owned()), scanner, ..file };
            self.ends(&refused).await?;
            self.file_refused(&refused, None).await?;
            return Ok(refused);
        }
        let scanned = SentFile { scanned: Some(self.now), scanner, ..file };
        exec!(
            &mut self.conn,
            "UPDATE sent_files SET scanned_us = $2, scanner = $3 WHERE id = $1",
            id.0,
            self.now.as_microsecond(),
            scanned.scanner.as_str()
        )?;
        self.file_fact(FactKind::FileScanned, &scanned, scanned.sent_by, json!({})).await?;
        Ok(scanned)
    }

    /// Somebody takes it back; a fact.
    ///
    /// # Errors
    /// When it does not wait any more, or the database fails.
    pub async fn withdraw_sent_file(&mut self, id: FileId, by: PersonId) -> Result<SentFile, StoreError> {
        let file = SentFile { state: SentState::Withdrawn, ..self.sent_file(id).await? };
        self.ends(&file).await?;
        self.file_fact(FactKind::FileWithdrawn, &file, by, json!({})).await?;
        Ok(file)
    }

    /// Its window is over; a fact.
    ///
    /// # Errors
    /// When it does not wait any more, or the database fails.
    pub async fn discard_sent_file(&mut self, id: FileId) -> Result<SentFile, StoreError> {
        let file = SentFile { state: SentState::Discarded, ..self.sent_file(id).await? };
        self.ends(&file).await?;
        self.file_fact(FactKind::FileDiscarded, &file, file.sent_by, json!({})).await?;
        Ok(file)
    }

    /// It has reached its server; a fact of the visit's.
    ///
    /// # Errors
    /// When it is not known, or the database fails.
    pub async fn file_released(&mut self, release: &Release) -> Result<SentFile, StoreError> {
        let Release { file, by, session, target, to, about } = release;
        let mut file = self.sent_file(*file).await?;
        file.released = Some(self.now);
        file.released_to = Some(to.clone());
        exec!(
            &mut self.conn,
            "UPDATE sent_files SET released_us = $2, released_to = $3 WHERE id = $1",
            file.id.0,
            self.now.as_microsecond(),
            to.as_str()
        )?;
        let body = with(with(file.about(), json!({ "to": to })), about.clone());
        let fact = NewFact::new(FactKind::FileReleased, self.now, body).by(*by).on(*target);
        self.fact(fact.in_window(file.window).in_session(*session)).await?;
        Ok(file)
    }

    async fn sent_file(&mut self, id: FileId) -> Result<SentFile, StoreError> {
        let row = sql!(fetch_optional &mut self.conn, Row, BY_ID, id.0)?;
        sent_file(row.ok_or(StoreError::NotFound("file"))?)
    }

    /// The new state of a file that waits; nothing that has ended ends again.
    async fn ends(&mut self, file: &SentFile) -> Result<(), StoreError> {
        let ended = exec!(
            &mut self.conn,
            "UPDATE sent_files SET state = $2, found = $3, scanner = $4 WHERE id = $1 AND state = 'clean'",
            file.id.0,
            file.state.as_str(),
            file.found.clone(),
            file.scanner.as_str()
        )?;
        if ended == 1 { Ok(()) } else { Err(StoreError::NotFound("file that waits")) }
    }

    async fn file_refused(&mut self, file: &SentFile, source: Option<SocketAddr>) -> Result<(), StoreError> {
        let more =
            json!({ "failure": "virus", "found": file.found, "why": file.found, "outcome": "refused" });
        self.file_fact(FactKind::FileRefused, file, file.sent_by, with(from(source), more)).await
    }

    /// One fact for each target of the window, so that each target's leaf carries its tag.
    async fn file_fact(
        &mut self,
        kind: FactKind,
        file: &SentFile,
        by: PersonId,
        more: Value,
    ) -> Result<(), StoreError> {
        let window = self.window(file.window).await?;
        let mut targets = window.targets.iter().copied();
        let body = with(file.about(), more);
        let mut fact =
            NewFact::new(kind, self.now, body).by(by).in_window(window.id).of_vendor(window.vendor);
        fact.target = targets.next();
        self.fact(fact.also_on(targets)).await.map(drop)
    }
}

impl Store {
    /// The files that were sent ahead for a window, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sent_files(&self, window: WindowId) -> Result<Vec<SentFile>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, OF_WINDOW, window.0, MOST)?;
        rows.into_iter().map(sent_file).collect()
    }

    /// How many bytes wait for a window, and in how many files.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn staged_for(&self, window: WindowId) -> Result<(u64, u64), StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<(i64, i64)> = sql!(
            fetch_optional &mut conn, (i64, i64),
            "SELECT CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT), COUNT(*) FROM sent_files
             WHERE window_id = $1 AND state = 'clean'",
            window.0
        )?;
        Ok(row.map_or((0, 0), |(bytes, files)| (count(bytes), count(files))))
    }

    /// One file, wherever it stands.
    ///
    /// # Errors
    /// When there is none.
    pub async fn sent_file(&self, id: FileId) -> Result<SentFile, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(fetch_optional &mut conn, Row, BY_ID, id.0)?;
        sent_file(row.ok_or(StoreError::NotFound("file"))?)
    }

    /// Files in this node's stage whose window is over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn files_to_discard(&self, now: Timestamp) -> Result<Vec<SentFile>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let node = self.node().to_owned();
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, OVER, node.as_str(), now.as_microsecond(), MOST)?;
        rows.into_iter().map(sent_file).collect()
    }

    /// Whether a file waits in this node's stage.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn waits(&self, file: FileId) -> Result<bool, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(
            fetch_optional &mut conn, (i64,), "SELECT COUNT(*) FROM sent_files WHERE id = $1 AND state = 'clean'", file.0
        )?;
        Ok(row.is_some_and(|(files,)| files > 0))
    }
}
