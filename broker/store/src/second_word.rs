//! What takes two people: the first one's word, kept until another person says yes or no, it is taken back, or its time is
//! over. Every change is one conditional update, and a fact in the same command.

use chaperone_policy::{Act, PersonId, SessionId, TargetId, WordId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sqlx::types::Uuid;

use crate::db::{exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// How long a first word waits for a second.
pub const WAITS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What became of a first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordState {
    /// It waits for a second person.
    Asked,
    /// A second person has agreed: both stand until they expire.
    Agreed,
    /// A second person has said no.
    Refused,
    /// Who asked has taken it back.
    Withdrawn,
    /// Its time is over.
    Expired,
    /// What both said has been done, once.
    Spent,
}

impl WordState {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Agreed => "agreed",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Spent => "spent",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Asked, Self::Agreed, Self::Refused, Self::Withdrawn, Self::Expired, Self::Spent]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// One person's word that something be done which takes two.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// Identity.
    pub id: WordId,
    /// What it takes two for.
    pub act: Act,
    /// What it is done to, by its id or name; one word waits for each at a time.
    pub subject: String,
    /// The visit that it is about, if it is about one.
    pub session: Option<SessionId>,
    /// On which target, for the tag of its facts.
    pub target: Option<TargetId>,
    /// What exactly is asked for.
    pub doc: Value,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub state: WordState,
    /// Who asks.
    pub asked_by: PersonId,
    /// When it was asked.
    pub asked: Timestamp,
    /// Who has answered.
    pub answered_by: Option<PersonId>,
    /// When it was answered.
    pub answered: Option<Timestamp>,
    /// First instant in which it is worth nothing.
    pub expires: Timestamp,
}

type Row = (
    Uuid,
    String,
    String,
    Option<Uuid>,
    Option<Uuid>,
    String,
    String,
    String,
    Uuid,
    i64,
    Option<Uuid>,
    Option<i64>,
    i64,
);

const BY_ID: &str =
    "SELECT id, act, subject, session_id, target_id, doc, reason, state, asked_by, asked_us, answered_by,
        answered_us, expires_us FROM second_words WHERE id = $1";
const STANDING: &str =
    "SELECT id, act, subject, session_id, target_id, doc, reason, state, asked_by, asked_us, answered_by,
        answered_us, expires_us FROM second_words WHERE act = $1 AND subject = $2 AND state IN ('asked', 'agreed')
        AND expires_us > $3 ORDER BY asked_us DESC";
const LAPSED: &str =
    "SELECT id, act, subject, session_id, target_id, doc, reason, state, asked_by, asked_us, answered_by,
        answered_us, expires_us FROM second_words WHERE state IN ('asked', 'agreed') AND expires_us <= $1";
const NEWEST: &str =
    "SELECT id, act, subject, session_id, target_id, doc, reason, state, asked_by, asked_us, answered_by,
        answered_us, expires_us FROM second_words WHERE act = $1 ORDER BY asked_us DESC LIMIT $2";

fn word(row: Row) -> Result<Word, StoreError> {
    let (id, act, subject, session, target, doc, reason, state, asked_by, asked, by, answered, expires) = row;
    let time = |us| Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
    let corrupt = || StoreError::Corrupt { what: "second word", source: None };
    Ok(Word {
        id: WordId(id),
        act: Act::ALL.iter().copied().find(|known| known.as_str() == act).ok_or_else(corrupt)?,
        subject,
        session: session.map(SessionId),
        target: target.map(TargetId),
        doc: serde_json::from_str(&doc).map_err(StoreError::corrupt("second word"))?,
        reason,
        state: WordState::named(&state).ok_or_else(corrupt)?,
        asked_by: PersonId(asked_by),
        asked: time(asked),
        answered_by: by.map(PersonId),
        answered: answered.map(time),
        expires: time(expires),
    })
}

impl Word {
    /// A word that somebody gives now. It waits for a day.
    #[must_use]
    pub fn ask(act: Act, subject: String, doc: Value, by: PersonId, reason: String, now: Timestamp) -> Self {
        Self {
            id: WordId(Uuid::now_v7()),
            act,
            subject,
            session: None,
            target: None,
            doc,
            reason,
            state: WordState::Asked,
            asked_by: by,
            asked: now,
            answered_by: None,
            answered: None,
            expires: now.checked_add(WAITS_FOR).unwrap_or(now),
        }
    }

    /// About a visit on a target: its facts are found beside the visit's own.
    #[must_use]
    pub fn about(mut self, session: SessionId, target: TargetId) -> Self {
        self.session = Some(session);
        self.target = Some(target);
        self
    }

    /// The fact of what becomes of it, by somebody.
    fn fact(&self, state: WordState, by: PersonId, now: Timestamp) -> NewFact {
        use FactKind as K;
        use WordState as S;
        let unmask = self.act == Act::UnmaskInput;
        let kind = match state {
            S::Asked if unmask => K::UnmaskAsked,
            S::Agreed | S::Spent if unmask => K::UnmaskAgreed,
            S::Refused if unmask => K::UnmaskRefused,
            S::Withdrawn if unmask => K::UnmaskWithdrawn,
            S::Expired if unmask => K::UnmaskExpired,
            S::Asked => K::SecondWordAsked,
            S::Agreed | S::Spent => K::SecondWordAgreed,
            S::Refused => K::SecondWordRefused,
            S::Withdrawn => K::SecondWordWithdrawn,
            S::Expired => K::SecondWordExpired,
        };
        let body = json!({
            "word": self.id, "act": self.act.as_str(), "subject": self.subject, "asked_by": self.asked_by,
            "answered_by": self.answered_by, "reason": self.reason, "doc": self.doc, "expires": self.expires,
        });
        NewFact { session: self.session, target: self.target, ..NewFact::new(kind, now, body).by(by) }
    }
}

impl Tx {
    /// Gives a first word; a fact.
    ///
    /// # Errors
    /// When one waits already for the same, or the database fails.
    pub async fn ask_second(&mut self, word: &Word) -> Result<(), StoreError> {
        let standing = self.standing_words(word.act, &word.subject).await?;
        if standing.iter().any(|other| other.asked_by == word.asked_by && other.doc == word.doc) {
            return Err(StoreError::Duplicate("your word, which stands".to_owned()));
        }
        exec!(
            &mut self.conn,
            "INSERT INTO second_words (id, act, subject, session_id, target_id, doc, reason, state, asked_by, asked_us, expires_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'asked', $8, $9, $10)",
            word.id.0,
            word.act.as_str(),
            word.subject.as_str(),
            word.session.map(|id| id.0),
            word.target.map(|id| id.0),
            word.doc.to_string(),
            word.reason.as_str(),
            word.asked_by.0,
            word.asked.as_microsecond(),
            word.expires.as_microsecond()
        )?;
        self.fact(word.fact(WordState::Asked, word.asked_by, self.now)).await.map(drop)
    }

    /// A word, wherever it stands.
    ///
    /// # Errors
    /// When there is none.
    pub async fn word(&mut self, id: WordId) -> Result<Word, StoreError> {
        let row = sql!(fetch_optional &mut self.conn, Row, BY_ID, id.0)?;
        word(row.ok_or(StoreError::NotFound("word"))?)
    }

    /// The words that wait, or stand, for an act on a subject: the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing_words(&mut self, act: Act, subject: &str) -> Result<Vec<Word>, StoreError> {
        let now = self.now.as_microsecond();
        let rows: Vec<Row> = sql!(fetch_all &mut self.conn, Row, STANDING, act.as_str(), subject, now)?;
        rows.into_iter().map(word).collect()
    }

    /// A second person's yes: both words stand for so long, or are `None` where what they agree to is done at once.
    /// Returns the word as it stands then, or nothing where it no longer waited, or waited for somebody else. A fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agree(
        &mut self,
        id: WordId,
        by: PersonId,
        stands_for: Option<SignedDuration>,
    ) -> Result<Option<Word>, StoreError> {
        let state = if stands_for.is_some() { WordState::Agreed } else { WordState::Spent };
        let expires = self.now.checked_add(stands_for.unwrap_or_default()).unwrap_or(self.now);
        let agreed = exec!(
            &mut self.conn,
            "UPDATE second_words SET state = $2, answered_by = $3, answered_us = $4, expires_us = $5
             WHERE id = $1 AND state = 'asked' AND asked_by <> $3 AND expires_us > $4",
            id.0,
            state.as_str(),
            by.0,
            self.now.as_microsecond(),
            expires.as_microsecond()
        )?;
        if agreed != 1 {
            return Ok(None);
        }
        let word = self.word(id).await?;
        self.fact(word.fact(state, by, self.now)).await?;
        Ok(Some(word))
    }

    /// A second person's no, or the first one's own, with a reason that may be empty: what waited, or stood, is worth
    /// nothing. `false` where it did not any more. A fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn turn_down(&mut self, id: WordId, by: PersonId, because: &str) -> Result<bool, StoreError> {
        let word = self.word(id).await?;
        let own = word.asked_by == by;
        let state = if own { WordState::Withdrawn } else { WordState::Refused };
        let closed = exec!(
            &mut self.conn,
            "UPDATE second_words SET state = $2, answered_by = $3, answered_us = $4
             WHERE id = $1 AND state IN ('asked', 'agreed') AND expires_us > $4",
            id.0,
            state.as_str(),
            by.0,
            self.now.as_microsecond()
        )?;
        if closed != 1 {
            return Ok(false);
        }
        let word = Word { answered_by: Some(by), ..word };
        let mut fact = word.fact(state, by, self.now);
        if let Some(body) = fact.body.as_object_mut() {
            body.insert("because".to_owned(), json!(because));
        }
        self.fact(fact).await.map(|_| true)
    }

    /// Spends what two have agreed to: it is done once. `false` where it no longer stood.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn spend_word(&mut self, id: WordId) -> Result<bool, StoreError> {
        let spent = exec!(
            &mut self.conn,
            "UPDATE second_words SET state = 'spent' WHERE id = $1 AND state = 'agreed' AND expires_us > $2",
            id.0,
            self.now.as_microsecond()
        )?;
        Ok(spent == 1)
    }

    /// Closes the words whose time is over; a fact each. How many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lapse_words(&mut self) -> Result<u64, StoreError> {
        let now = self.now.as_microsecond();
        let rows: Vec<Row> = sql!(fetch_all &mut self.conn, Row, LAPSED, now)?;
        let mut lapsed = 0;
        for row in rows {
            let word = word(row)?;
            let closed = exec!(
                &mut self.conn,
                "UPDATE second_words SET state = 'expired' WHERE id = $1 AND state IN ('asked', 'agreed') AND expires_us <= $2",
                word.id.0,
                now
            )?;
            if closed == 1 {
                self.fact(word.fact(WordState::Expired, word.asked_by, self.now)).await?;
                lapsed += 1;
            }
        }
        Ok(lapsed)
    }
}

impl Store {
    /// The newest words for an act, newest first; those whose time is over are closed before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn words(&self, act: Act, limit: u32) -> Result<Vec<Word>, StoreError> {
        self.lapse_words().await?;
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, NEWEST, act.as_str(), i64::from(limit))?;
        rows.into_iter().map(word).collect()
    }

    /// Closes the words whose time is over, if there are any.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lapse_words(&self) -> Result<(), StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let now = Timestamp::now().as_microsecond();
        let due: Option<(i64,)> = sql!(
            fetch_optional &mut conn, (i64,),
            "SELECT expires_us FROM second_words WHERE state IN ('asked', 'agreed') AND expires_us <= $1 LIMIT 1", now
        )?;
        drop(conn);
        if due.is_none() {
            return Ok(());
        }
        self.write(|tx| Box::pin(async move { tx.lapse_words().await.map(drop) })).await
    }

    /// A word, wherever it stands.
    ///
    /// # Errors
    /// When there is none.
    pub async fn word(&self, id: WordId) -> Result<Word, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(fetch_optional &mut conn, Row, BY_ID, id.0)?;
        word(row.ok_or(StoreError::NotFound("word"))?)
    }
}
