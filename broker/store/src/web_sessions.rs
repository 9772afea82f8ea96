//! Browsers that are signed in. They live on the server, so that signing out and locking act at once.

use chaperone_policy::{PersonId, SessionId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sqlx::types::Uuid;

use crate::db::{exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// A signed-in browser is forgotten when it has not been used for this long.
pub const IDLE: SignedDuration = SignedDuration::from_mins(60);
/// And after this long in any case.
pub const WHOLE: SignedDuration = SignedDuration::from_hours(12);
/// How exact `used` is: not every request is worth a write.
const USED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A signed-in browser.
#[derive(Clone, PartialEq, Eq)]
pub struct WebSession {
    /// Hash of its cookie.
    pub id: Vec<u8>,
    /// Who.
    pub person: PersonId,
    /// What every changing request must carry.
    pub csrf: String,
    /// How they proved who they are: `password+totp`, `password+recovery`, `demo`.
    pub how: String,
    /// Address.
    pub source: String,
    /// When they signed in.
    pub began: Timestamp,
    /// When it was last used, within a minute.
    pub used: Timestamp,
    /// When a second factor was last proven.
    pub proven: Option<Timestamp>,
}

impl std::fmt::Debug for WebSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSession")
            .field("person", &self.person)
            .field("how", &self.how)
            .finish_non_exhaustive()
    }
}

impl WebSession {
    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.began) >= WHOLE || now.duration_since(self.used) >= IDLE
    }
}

type Row = (Vec<u8>, Uuid, String, String, String, i64, i64, Option<i64>);

fn at(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Store {
    /// The session of a cookie's hash, if it is not over. Notes that it is used.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn web_session(&self, id: &[u8], now: Timestamp) -> Result<Option<WebSession>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<Row> = sql!(
            fetch_optional &mut conn, Row,
            "SELECT id, person_id, csrf, how, source, began_us, used_us, proven_us FROM web_sessions WHERE id = $1",
            id.to_vec()
        )?;
        drop(conn);
        let session = row.map(|(id, person, csrf, how, source, began, used, proven)| WebSession {
            id,
            person: PersonId(person),
            csrf,
            how,
            source,
            began: at(began),
            used: at(used),
            proven: proven.map(at),
        });
        let Some(session) = session.filter(|session| !session.is_over(now)) else { return Ok(None) };
        if now.duration_since(session.used) >= USED_EVERY {
            let id = session.id.clone();
            self.write(move |tx| Box::pin(async move { tx.use_web_session(&id).await })).await?;
        }
        Ok(Some(session))
    }
}

impl Tx {
    /// Signs a browser in; a fact. Sessions that are over go.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_web_session(&mut self, session: &WebSession) -> Result<(), StoreError> {
        let (idle, whole) = (self.now.checked_sub(IDLE), self.now.checked_sub(WHOLE));
        exec!(
            &mut self.conn,
            "DELETE FROM web_sessions WHERE used_us < $1 OR began_us < $2",
            idle.unwrap_or(Timestamp::MIN).as_microsecond(),
            whole.unwrap_or(Timestamp::MIN).as_microsecond()
        )?;
        exec!(
            &mut self.conn,
            "INSERT INTO web_sessions (id, person_id, csrf, how, source, began_us, used_us, proven_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            session.id.clone(),
            session.person.0,
            session.csrf.as_str(),
            session.how.as_str(),
            session.source.as_str(),
            session.began.as_microsecond(),
            session.used.as_microsecond(),
            session.proven.map(Timestamp::as_microsecond)
        )?;
        self.signed_in(session.person).await?;
        let body = json!({ "source": session.source, "how": session.how, "listener": "web" });
        self.fact(NewFact::new(FactKind::SignedIn, self.now, body).by(session.person)).await.map(drop)
    }

    async fn use_web_session(&mut self, id: &[u8]) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "UPDATE web_sessions SET used_us = $2 WHERE id = $1",
            id.to_vec(),
            self.now.as_microsecond()
        )?;
        Ok(())
    }

    /// Keeps that a signed-in person has proven a second factor again; a fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prove_web_session(&mut self, session: &WebSession) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "UPDATE web_sessions SET proven_us = $2 WHERE id = $1",
            session.id.clone(),
            self.now.as_microsecond()
        )?;
        let body = json!({ "listener": "web", "source": session.source });
        self.fact(NewFact::new(FactKind::ProvenAgain, self.now, body).by(session.person)).await.map(drop)
    }

    /// Signs a browser out; a fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_web_session(&mut self, session: &WebSession) -> Result<(), StoreError> {
        if exec!(&mut self.conn, "DELETE FROM web_sessions WHERE id = $1", session.id.clone())? == 1 {
            let visits = self.leave_consoles_of_sign_in(&session.id).await?;
            let body = signed_out("web", &visits);
            self.fact(NewFact::new(FactKind::SignedOut, self.now, body).by(session.person)).await?;
        }
        Ok(())
    }

    /// Leaves the web consoles that somebody has opened with an API token, by the name that their links have it under; a
    /// fact, which names the token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out_token(
        &mut self,
        person: PersonId,
        sign_in: &[u8],
        token: &str,
    ) -> Result<(), StoreError> {
        let mut body = signed_out("api", &self.leave_consoles_of_sign_in(sign_in).await?);
        if let Some(body) = body.as_object_mut() {
            body.insert("token".to_owned(), json!(token));
        }
        self.fact(NewFact::new(FactKind::SignedOut, self.now, body).by(person)).await.map(drop)
    }

    /// Signs all browsers of somebody out. Returns the visits to consoles which that leaves, for
    /// [`Tx::end_visits_left`], or for whatever else ends them.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn end_web_sessions_of(
        &mut self,
        person: PersonId,
    ) -> Result<Vec<SessionId>, StoreError> {
        exec!(&mut self.conn, "DELETE FROM web_sessions WHERE person_id = $1", person.0)?;
        self.leave_consoles_of(person).await
    }

    /// Has every node end its visits among those that a sign-out has left; a fact, where there are any.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn end_visits_left(
        &mut self,
        person: PersonId,
        visits: &[SessionId],
    ) -> Result<(), StoreError> {
        if !visits.is_empty() {
            let body = signed_out("web", visits);
            self.fact(NewFact::new(FactKind::SignedOut, self.now, body).by(person)).await?;
        }
        Ok(())
    }
}

/// What a sign-out says: the visits that it leaves are an order to the nodes on which they are.
fn signed_out(listener: &str, visits: &[SessionId]) -> Value {
    match visits {
        [] => json!({ "listener": listener }),
        visits => json!({ "listener": listener, "visits": visits }),
    }
}

/// The visits that such a fact names.
pub(crate) fn visits_left(body: &Value) -> Vec<SessionId> {
    let named = body.get("visits").and_then(Value::as_array).into_iter().flatten();
    named.filter_map(|id| Some(SessionId(id.as_str()?.parse().ok()?))).collect()
}
