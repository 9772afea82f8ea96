//! Verification of the ledger: every leaf, the root and every signed checkpoint recomputed from the first fact, a page
//! at a time.

mod cleared;
mod row;

use std::collections::VecDeque;

use chaperone_recorder::ledger::{Checkpoint, CompactRange, NoteError, VerifierKey};
use serde::Serialize;
use tokio::sync::watch;

use self::cleared::Cleared;
use self::row::Row;
use crate::db::{Conn, big, count, sql};
use crate::nodes::{self, Kept};
use crate::{Store, StoreError};

/// Facts, and checkpoints, that verification holds in memory at once.
const PAGE: i64 = 1_000;
/// Facts that are recomputed before others get their turn: a millisecond or so.
const TURN: u64 = 50;

/// What recomputing the ledger found.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerVerdict {
    /// Whether everything holds.
    pub sound: bool,
    /// How many facts were recomputed; those before the first bad one, if there is one.
    pub facts: u64,
    /// How many checkpoints were found to be on the way, whose signature is this ledger's key's.
    pub checkpoints: u64,
    /// How many were on the way with a signature of a key that this node does not know.
    pub foreign_checkpoints: u64,
    /// How many facts have no body any more: their leaves hold, and retention says that their words are gone.
    pub emptied: u64,
    /// The root of all of them, in hexadecimal.
    pub root: String,
    /// The first place that does not hold.
    pub first_bad: Option<BadPlace>,
}

/// Where the ledger stops being sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadPlace {
    /// The first fact concerned.
    pub number: u64,
    /// What differs.
    pub what: String,
}

impl Store {
    /// Recomputes the ledger, and holds it against every checkpoint in it, this node's own, and those `given`: signed
    /// notes that somebody else has kept, such as the SOC.
    ///
    /// # Errors
    /// When the database does not answer. What does not hold is no error but the verdict.
    pub async fn verify_ledger(&self, given: &[String]) -> Result<LedgerVerdict, StoreError> {
        self.verify_ledger_telling(given, &watch::Sender::new(0)).await
    }

    /// As [`Store::verify_ledger`], and says now and then how many facts were recomputed. One verification runs at a time,
    /// on a connection of its own, and gives way to whoever else has work: nobody who writes waits for it.
    ///
    /// # Errors
    /// As [`Store::verify_ledger`].
    pub async fn verify_ledger_telling(
        &self,
        given: &[String],
        progress: &watch::Sender<u64>,
    ) -> Result<LedgerVerdict, StoreError> {
        let _turn = self.shared().verifying.lock().await;
        let mut conn = self.shared().db.conn().await?;
        let mut walk = Walk::new(self.ledger_verifier().clone());
        let verdict = match self.given(given) {
            Ok(kept) => {
                walk.kept = kept;
                conn.begin_reading().await?;
                let bad = walk.all(&mut conn, progress).await;
                // Closed, not given back: it ends the reading of one state in every case.
                conn.abandon().await;
                bad?
            }
            Err(bad) => Some(bad),
        };
        Ok(LedgerVerdict {
            sound: verdict.is_none(),
            facts: walk.range.size(),
            checkpoints: walk.signed,
            foreign_checkpoints: walk.foreign,
            emptied: walk.cleared.emptied(),
            root: hex::encode(walk.range.root()),
            first_bad: verdict,
        })
    }

    /// Checkpoints that were kept elsewhere, smallest first.
    fn given(&self, notes: &[String]) -> Result<VecDeque<Checkpoint>, BadPlace> {
        let mut kept: Vec<Checkpoint> = self.shared().guard.newest().into_iter().collect();
        for note in notes {
            let opened = Checkpoint::open(note, self.ledger_verifier());
            kept.push(
                opened
                    .map_err(|error| BadPlace { number: 0, what: format!("a given checkpoint: {error}") })?,
            );
        }
        kept.sort_by_key(|checkpoint| checkpoint.size);
        Ok(kept.into())
    }
}

/// The walk over all leaves.
struct Walk {
    key: VerifierKey,
    range: CompactRange,
    /// Nodes of the tree that the last page of facts completed.
    made: Vec<Kept>,
    /// Kept outside the database.
    kept: VecDeque<Checkpoint>,
    /// The next page of those inside.
    notes: VecDeque<(i64, i64, String, String)>,
    /// Where the page after that begins: size, time and node of the last note.
    after: Option<(i64, i64, String)>,
    /// Facts up to the newest checkpoint that held; 0 before any.
    held: u64,
    signed: u64,
    foreign: u64,
    cleared: Cleared,
}

impl Walk {
    fn new(key: VerifierKey) -> Self {
        let (range, after) = (CompactRange::new(), Some((-1, i64::MIN, String::new())));
        Self {
            key,
            range,
            made: Vec::new(),
            kept: VecDeque::new(),
            notes: VecDeque::new(),
            after,
            held: 0,
            signed: 0,
            foreign: 0,
            cleared: Cleared::default(),
        }
    }

    async fn all(
        &mut self,
        conn: &mut Conn,
        progress: &watch::Sender<u64>,
    ) -> Result<Option<BadPlace>, StoreError> {
        self.cleared = Cleared::read(conn).await?;
        let mut bad = self.checkpoints(conn).await?;
        while bad.is_none() {
            let page: Vec<Row> = sql!(
                fetch_all conn, Row,
                "SELECT number, at_us, kind, node, person_id, vendor_id, target_id, window_id, session_id, attempt_id,
                        tags, salt, body, body_hash, leaf_hash
                 FROM facts WHERE number >= $1 ORDER BY number LIMIT $2",
                big(self.range.size()), PAGE
            )?;
            if page.is_empty() {
                return self.end(conn).await;
            }
            for row in page {
                bad = match self.leaf(row) {
                    None => self.checkpoints(conn).await?,
                    bad => bad,
                };
                if bad.is_some() {
                    break;
                }
                if self.range.size().is_multiple_of(TURN) {
                    tokio::task::yield_now().await;
                }
            }
            progress.send_replace(self.range.size());
            if bad.is_none() {
                bad = self.nodes(conn).await?;
            }
        }
        Ok(bad)
    }

    /// Holds the stored nodes of the tree against those that the page completed.
    async fn nodes(&mut self, conn: &mut Conn) -> Result<Option<BadPlace>, StoreError> {
        for (node, hash) in std::mem::take(&mut self.made) {
            let what = match nodes::read(conn, node).await? {
                Some(stored) if stored == hash => continue,
                Some(_) => "is not what was written",
                None => "is missing: if the database is of an older release, run `chaperone migrate`",
            };
            let what = format!("the tree's node {} of level {} {what}", node.index, node.level);
            return Ok(Some(BadPlace { number: node.index << node.level, what }));
        }
        Ok(None)
    }

    /// Appends a leaf as its row says it; or what of the row is not what was written.
    fn leaf(&mut self, row: Row) -> Option<BadPlace> {
        let written = match row::read(row, self.range.size()) {
            Ok(written) => written,
            Err(what) => return self.bad(what.to_owned()),
        };
        if written.emptied
            && let Some(bad) = self.cleared.take(&written.leaf)
        {
            return Some(bad);
        }
        match nodes::append(&mut self.range, written.leaf.hash()) {
            Ok(made) => {
                self.made.extend(made);
                None
            }
            Err(_) => self.bad("there are more facts than a tree can hold".to_owned()),
        }
    }

    /// Holds the checkpoints of this size against the root.
    async fn checkpoints(&mut self, conn: &mut Conn) -> Result<Option<BadPlace>, StoreError> {
        while let Some(kept) = self.kept.pop_front_if(|kept| kept.size <= self.range.size()) {
            if let Some(bad) = self.compare(&kept) {
                return Ok(Some(bad));
            }
        }
        loop {
            if self.notes.is_empty() {
                self.more_notes(conn).await?;
            }
            let due = |note: &mut (i64, i64, String, String)| count(note.0) <= self.range.size();
            let Some((.., note)) = self.notes.pop_front_if(due) else { return Ok(None) };
            if let Some(bad) = self.note(&note) {
                return Ok(Some(bad));
            }
        }
    }

    async fn more_notes(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let Some((size, at_us, node)) = self.after.take() else { return Ok(()) };
        let page: Vec<(i64, i64, String, String)> = sql!(
            fetch_all conn, (i64, i64, String, String),
            "SELECT size, at_us, node, note FROM checkpoints
             WHERE size > $1 OR (size = $1 AND at_us > $2) OR (size = $1 AND at_us = $2 AND node > $3)
             ORDER BY size, at_us, node LIMIT $4",
            size, at_us, node.as_str(), PAGE
        )?;
        self.after = page.last().map(|(size, at_us, node, _)| (*size, *at_us, node.clone()));
        self.notes = page.into();
        Ok(())
    }

    fn note(&mut self, note: &str) -> Option<BadPlace> {
        let checkpoint = match Checkpoint::open(note, &self.key) {
            Ok(checkpoint) => {
                self.signed += 1;
                checkpoint
            }
            // Another node's: its words are held against the root all the same.
            Err(NoteError::NoKnownSignature) => {
                self.foreign += 1;
                let text = note.split_once("\n\n").map(|(text, _)| format!("{text}\n")).unwrap_or_default();
                match Checkpoint::parse(&text) {
                    Ok(checkpoint) if checkpoint.origin == self.key.name() => checkpoint,
                    Ok(_) => return self.bad("a checkpoint here is that of another ledger".to_owned()),
                    Err(error) => return self.bad(format!("a checkpoint here cannot be read: {error}")),
                }
            }
            Err(error) => {
                return self.bad(format!("the signature of a checkpoint here does not hold: {error}"));
            }
        };
        self.compare(&checkpoint)
    }

    fn compare(&mut self, checkpoint: &Checkpoint) -> Option<BadPlace> {
        let size = self.range.size();
        if checkpoint.size == size && checkpoint.root == self.range.root() {
            self.held = size;
            return None;
        }
        if size > 0 && self.held == size && checkpoint.size == size {
            return self.bad(format!("two signed checkpoints of {size} differ"));
        }
        let what = format!(
            "facts from here to {size} are not those of the signed checkpoint of {}",
            checkpoint.size
        );
        Some(BadPlace { number: self.held, what })
    }

    fn bad(&self, what: String) -> Option<BadPlace> {
        Some(BadPlace { number: self.range.size(), what })
    }

    /// After the last fact: nothing that was signed, and nothing that the head counts, is missing.
    async fn end(&mut self, conn: &mut Conn) -> Result<Option<BadPlace>, StoreError> {
        let size = self.range.size();
        let signed = self.kept.back().map(|kept| kept.size).or(self.notes.back().map(|note| count(note.0)));
        if let Some(signed) = signed {
            return Ok(self.bad(format!("it is missing: a signed checkpoint has {signed} facts")));
        }
        if nodes::stored(conn).await? != nodes::kept_of(size) {
            return Ok(self.bad("the tree has more nodes than its facts make".to_owned()));
        }
        let head =
            sql!(fetch_optional conn, (i64, Vec<u8>), "SELECT size, frontier FROM ledger_head WHERE id = 1")?;
        Ok(match head {
            Some((head, frontier)) if count(head) == size && frontier == self.range.to_bytes() => None,
            Some((head, _)) if count(head) > size => {
                self.bad(format!("it is missing: the head counts {head} facts"))
            }
            _ => self.bad("the ledger's head does not fit the facts before it".to_owned()),
        })
    }
}
