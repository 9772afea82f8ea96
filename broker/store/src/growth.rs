//! What the ledger knows of a recording while it grows: its checkpoints, as facts of its window list them.

use std::ops::Range;

use chaperone_policy::{SessionId, WindowId};
use chaperone_recorder::Checkpoint;
use uuid::Uuid;

use crate::db::{big, count, sql};
use crate::facts::body_of;
use crate::{FactKind, Store, StoreError};

/// Facts read at once.
const PAGE: u32 = 500;

/// A checkpoint of a recording, and the fact that lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownGrowth {
    /// The fact's number.
    pub fact: u64,
    /// How far the recording was.
    pub checkpoint: Checkpoint,
}

impl Store {
    /// Every checkpoint of a session's recording that the facts with these numbers list, in order. Its window narrows
    /// down what is read; a fact without a window is read in any case.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn growth_of(
        &self,
        session: SessionId,
        window: Option<WindowId>,
        within: Range<u64>,
    ) -> Result<Vec<KnownGrowth>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let (kind, window) =
            (FactKind::RecordingCheckpoint.as_str(), window.map_or(Uuid::nil(), |window| window.0));
        let mut known = Vec::new();
        let mut from = within.start;
        loop {
            let page: Vec<(i64, Option<String>)> = sql!(
                fetch_all &mut conn, (i64, Option<String>),
                "SELECT number, body FROM facts
                 WHERE kind = $1 AND number >= $2 AND number < $3 AND (window_id IS NULL OR window_id = $4)
                 ORDER BY number LIMIT $5",
                kind, big(from), big(within.end), window, i64::from(PAGE)
            )?;
            for (number, document) in &page {
                let body = document.as_deref().map(body_of).transpose()?.unwrap_or_default();
                let listed = body.get("recordings").and_then(serde_json::Value::as_array);
                let checkpoints = listed.into_iter().flatten().filter_map(Checkpoint::from_ledger);
                let ours = checkpoints.filter(|checkpoint| checkpoint.session == session.0);
                known.extend(ours.map(|checkpoint| KnownGrowth { fact: count(*number), checkpoint }));
            }
            match page.last() {
                Some((last, _)) if page.len() >= PAGE as usize => from = count(*last) + 1,
                _ => return Ok(known),
            }
        }
    }
}
