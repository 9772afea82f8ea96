//! Finding a phrase. The one place where the two engines have texts of their own: their indexes of words are each
//! engine's, the words in them are ours, and so the same query finds the same lines in both.

use chaperone_policy::{PersonId, SessionId, TargetId};
use chaperone_recorder::replay::Line;
use jiff::Timestamp;
use sqlx::types::Uuid;

use super::words::{as_fts5, as_tsquery, as_tsvector, words};
use super::{Derived, EPOCH_MS, LINES};
use crate::StoreError;
use crate::db::{Conn, big, bounded, count, exec};

/// Lines that PostgreSQL takes with one statement.
const AT_ONCE: usize = 2000;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct DerivedQuery {
    /// The words, in this order, of one line.
    pub phrase: String,
    /// On visits of this person alone.
    pub person: Option<PersonId>,
    /// On this target alone.
    pub target: Option<TargetId>,
    /// On visits that were admitted then or later.
    pub from: Option<Timestamp>,
    /// On visits that were admitted before that.
    pub to: Option<Timestamp>,
    /// Behind this hit: its [`DerivedHit::place`].
    pub after: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// A line that has the phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivedHit {
    /// Its place in the order of all hits.
    pub place: i64,
    /// The visit.
    pub session: SessionId,
    /// Who was there.
    pub person: PersonId,
    /// On what.
    pub target: TargetId,
    /// When that was admitted.
    pub began: Timestamp,
    /// When the line was first there, in milliseconds from the recording's start.
    pub at_ms: u64,
    /// On which channel.
    pub channel: u32,
    /// `screen`, `command`, `command-guess`, `file` or `http`.
    pub seen: String,
    /// The line.
    pub line: String,
}

type Row = (i64, Uuid, Uuid, Uuid, i64, i64, i64, String, String);

const ON_SQLITE: &str = "SELECT l.id, r.session_id, r.person_id, r.target_id, r.began_us, l.at_ms, l.channel, l.seen, l.line
    FROM derived_words w CROSS JOIN derived_lines l ON l.id = w.rowid CROSS JOIN derived_recordings r ON r.slot = l.id >> 20
    WHERE w.words MATCH $1 AND w.rowid >= $2 AND w.rowid < $3
      AND ($4 = 0 OR r.person_id = $5) AND ($6 = 0 OR r.target_id = $7)
    ORDER BY w.rowid DESC LIMIT $8";
const ON_POSTGRES: &str =
    "SELECT l.id, r.session_id, r.person_id, r.target_id, r.began_us, l.at_ms, l.channel, l.seen, l.line
    FROM derived_lines l JOIN derived_recordings r ON r.slot = l.id >> 20
    WHERE l.words @@ CAST(CAST($1 AS TEXT) AS tsquery) AND l.id >= $2 AND l.id < $3
      AND ($4 = 0 OR r.person_id = $5) AND ($6 = 0 OR r.target_id = $7)
    ORDER BY l.id DESC LIMIT $8";

impl Derived {
    /// The lines that have the words of the phrase in this order, newest visits first, and within a visit in order of time.
    /// A phrase without any word finds nothing.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn search(&self, query: &DerivedQuery) -> Result<Vec<DerivedHit>, StoreError> {
        let words = words(&query.phrase);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let slot = |at: Timestamp| (at.as_millisecond() - EPOCH_MS).clamp(0, i64::MAX / LINES);
        let first = query.from.map_or(0, |from| slot(from) * LINES);
        let end = query.to.map_or(i64::MAX, |to| slot(to).saturating_mul(LINES));
        let end = query.after.map_or(end, |after| after.min(end));
        let (one, person) = (i64::from(query.person.is_some()), query.person.map_or(Uuid::nil(), |id| id.0));
        let (on, target) = (i64::from(query.target.is_some()), query.target.map_or(Uuid::nil(), |id| id.0));
        let limit = i64::from(query.limit);
        macro_rules! find {
            ($conn:expr, $text:expr, $phrase:expr) => {
                bounded(
                    sqlx::query_as::<_, Row>($text)
                        .bind($phrase)
                        .bind(first)
                        .bind(end)
                        .bind(one)
                        .bind(person)
                        .bind(on)
                        .bind(target)
                        .bind(limit)
                        .fetch_all(&mut **$conn),
                )
                .await
            };
        }
        let rows = match &mut self.0.conn().await? {
            Conn::Lite(conn) => find!(conn, ON_SQLITE, as_fts5(&words)),
            Conn::Pg(conn) => find!(conn, ON_POSTGRES, as_tsquery(&words)),
        };
        rows?.into_iter().map(hit).collect()
    }
}

fn hit(row: Row) -> Result<DerivedHit, StoreError> {
    let (place, session, person, target, began_us, at_ms, channel, seen, line) = row;
    Ok(DerivedHit {
        place,
        session: SessionId(session),
        person: PersonId(person),
        target: TargetId(target),
        began: Timestamp::from_microsecond(began_us)
            .map_err(|_| StoreError::Corrupt { what: "derived line", source: None })?,
        at_ms: count(at_ms),
        channel: u32::try_from(channel).unwrap_or(u32::MAX),
        seen,
        line,
    })
}

/// Keeps the lines of a recording and their words.
pub(super) async fn put_lines(conn: &mut Conn, slot: i64, lines: &[Line]) -> Result<(), StoreError> {
    // Backwards, so that descending numbers are ascending times.
    let numbered = (1..LINES).map(|number| slot * LINES + LINES - number).zip(lines);
    match conn {
        Conn::Lite(conn) => {
            for (id, line) in numbered {
                let insert =
                    "INSERT INTO derived_lines (id, at_ms, channel, seen, line) VALUES ($1, $2, $3, $4, $5)";
                let insert = sqlx::query(insert).bind(id).bind(big(line.at_ms)).bind(i64::from(line.channel));
                bounded(insert.bind(line.seen.as_str()).bind(&line.text).execute(&mut **conn)).await?;
                let insert = sqlx::query("INSERT INTO derived_words (rowid, words) VALUES ($1, $2)");
                bounded(insert.bind(id).bind(words(&line.text).join(" ")).execute(&mut **conn)).await?;
            }
        }
        Conn::Pg(conn) => {
            let numbered: Vec<(i64, &Line)> = numbered.collect();
            for some in numbered.chunks(AT_ONCE) {
                let insert = "INSERT INTO derived_lines (id, at_ms, channel, seen, line, words)
                    SELECT id, at_ms, channel, seen, line, CAST(words AS tsvector)
                    FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[])
                      AS given (id, at_ms, channel, seen, line, words)";
                let insert = sqlx::query(insert)
                    .bind(some.iter().map(|(id, _)| *id).collect::<Vec<i64>>())
                    .bind(some.iter().map(|(_, line)| big(line.at_ms)).collect::<Vec<i64>>())
                    .bind(some.iter().map(|(_, line)| i64::from(line.channel)).collect::<Vec<i64>>())
                    .bind(some.iter().map(|(_, line)| line.seen.as_str().to_owned()).collect::<Vec<String>>())
                    .bind(some.iter().map(|(_, line)| line.text.clone()).collect::<Vec<String>>())
                    .bind(
                        some.iter().map(|(_, line)| as_tsvector(&words(&line.text))).collect::<Vec<String>>(),
                    );
                bounded(insert.execute(&mut **conn)).await?;
            }
        }
    }
    Ok(())
}

/// Removes them.
pub(super) async fn clear_lines(conn: &mut Conn, slot: i64) -> Result<(), StoreError> {
    let (first, end) = (slot * LINES, (slot + 1) * LINES);
    if let Conn::Lite(conn) = conn {
        let delete = "DELETE FROM derived_words WHERE rowid IN
            (SELECT id FROM derived_lines WHERE id >= $1 AND id < $2)";
        bounded(sqlx::query(delete).bind(first).bind(end).execute(&mut **conn)).await?;
    }
    exec!(conn, "DELETE FROM derived_lines WHERE id >= $1 AND id < $2", first, end)?;
    Ok(())
}
