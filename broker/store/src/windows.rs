//! Change windows: loaded, changed by a transition of the policy's, and stored with the fact of the change.

use chaperone_policy::{Facts, PersonId, SessionId, Window, WindowId, WindowState};
use serde_json::{Value, json};

use crate::db::{exec, sql};
use crate::records::found;
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// Microseconds of a year, for listing.
const YEAR_US: i64 = 366 * 86_400 * 1_000_000;

impl Tx {
    /// A window.
    ///
    /// # Errors
    /// When there is none.
    pub async fn window(&mut self, id: WindowId) -> Result<Window, StoreError> {
        let row =
            sql!(fetch_optional &mut self.conn, (String,), "SELECT doc FROM windows WHERE id = $1", id.0)?;
        let (doc,) = row.ok_or(StoreError::NotFound("window"))?;
        serde_json::from_str(&doc).map_err(StoreError::corrupt("window"))
    }

    /// Stores a new window; its request is a fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_window(
        &mut self,
        window: &Window,
        by: PersonId,
        about: Value,
    ) -> Result<(), StoreError> {
        let doc = serde_json::to_string(window).map_err(StoreError::corrupt("window"))?;
        exec!(
            &mut self.conn,
            "INSERT INTO windows (id, opens_us, closes_us, state, doc) VALUES ($1, $2, $3, $4, $5)",
            window.id.0,
            window.opens.as_microsecond(),
            window.closes.as_microsecond(),
            state(window.state),
            doc
        )?;
        self.policy_changed();
        self.window_fact(FactKind::WindowRequested, window, Some(by), about).await
    }

    /// Stores a window after a transition; the transition is a fact of this kind.
    ///
    /// # Errors
    /// When there is no such window.
    pub async fn change_window(
        &mut self,
        kind: FactKind,
        window: &Window,
        by: Option<PersonId>,
        about: Value,
    ) -> Result<(), StoreError> {
        let doc = serde_json::to_string(window).map_err(StoreError::corrupt("window"))?;
        let changed = exec!(
            &mut self.conn,
            "UPDATE windows SET opens_us = $2, closes_us = $3, state = $4, doc = $5 WHERE id = $1",
            window.id.0,
            window.opens.as_microsecond(),
            window.closes.as_microsecond(),
            state(window.state),
            doc
        )?;
        found(changed, "window")?;
        self.policy_changed();
        self.window_fact(kind, window, by, about).await
    }

    /// One fact for each target, so that each target's leaf carries its tag.
    async fn window_fact(
        &mut self,
        kind: FactKind,
        window: &Window,
        by: Option<PersonId>,
        about: Value,
    ) -> Result<(), StoreError> {
        for target in &window.targets {
            let body = json!({ "window": window, "about": about });
            let mut fact =
                NewFact::new(kind, self.now, body).on(*target).in_window(window.id).of_vendor(window.vendor);
            fact.person = by;
            self.fact(fact).await?;
        }
        Ok(())
    }

    /// Marks that work in a window has begun, for its work limit. Later sessions change nothing.
    ///
    /// # Errors
    /// When there is no such window.
    pub async fn begin_work(&mut self, id: WindowId, session: SessionId) -> Result<(), StoreError> {
        let mut window = self.window(id).await?;
        if window.work_began.is_some() {
            return Ok(());
        }
        window.work_began = Some(self.now);
        self.change_window(FactKind::WindowBegun, &window, None, json!({ "session": session })).await
    }
}

impl Store {
    /// Windows that end not longer than a year ago, by when they open.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn windows(&self) -> Result<Vec<Window>, StoreError> {
        let after = jiff::Timestamp::now().as_microsecond() - YEAR_US;
        let mut conn = self.shared().db.conn().await?;
        let rows = sql!(
            fetch_all &mut conn, (String,),
            "SELECT doc FROM windows WHERE closes_us >= $1 ORDER BY opens_us, id", after
        )?;
        rows.into_iter()
            .map(|(doc,)| serde_json::from_str(&doc).map_err(StoreError::corrupt("window")))
            .collect()
    }

    /// A window.
    ///
    /// # Errors
    /// When there is none.
    pub async fn window(&self, id: WindowId) -> Result<Window, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(fetch_optional &mut conn, (String,), "SELECT doc FROM windows WHERE id = $1", id.0)?;
        let (doc,) = row.ok_or(StoreError::NotFound("window"))?;
        serde_json::from_str(&doc).map_err(StoreError::corrupt("window"))
    }

    /// Changes a window: loads it in the transaction, applies a transition of the policy's with the facts as of then,
    /// stores the result with its fact.
    ///
    /// # Errors
    /// The transition's own, or the store's.
    pub async fn transition<E>(
        &self,
        id: WindowId,
        kind: FactKind,
        by: Option<PersonId>,
        about: Value,
        change: impl FnOnce(&Window, &Facts, jiff::Timestamp) -> Result<Window, E> + Send + 'static,
    ) -> Result<Window, E>
    where
        E: From<StoreError> + Send + 'static,
    {
        self.write(move |tx| {
            Box::pin(async move {
                let before = tx.window(id).await?;
                let facts = tx.facts().await?;
                let after = change(&before, &facts, tx.now())?;
                tx.change_window(kind, &after, by, about).await?;
                Ok(after)
            })
        })
        .await
    }
}

fn state(state: WindowState) -> &'static str {
    match state {
        WindowState::Requested => "requested",
        WindowState::Approved => "approved",
        WindowState::Closed => "closed",
        WindowState::Reviewed => "reviewed",
        WindowState::Denied => "denied",
        WindowState::Withdrawn => "withdrawn",
        WindowState::Revoked => "revoked",
        WindowState::Expired => "expired",
    }
}
