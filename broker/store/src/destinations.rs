//! Destinations and their outboxes: each a queue with its own numbers, without gaps, drained in order.

use std::time::Duration;

use chaperone_policy::{DestinationId, MailAddress, PersonId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::types::Uuid;

use crate::db::{big, count, exec, sql};
use crate::records::found;
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// How a destination is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DestinationKind {
    /// RFC 5424.
    Syslog,
    /// Standard Webhooks.
    Webhook,
    /// Mail.
    Smtp,
}

impl DestinationKind {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syslog => "syslog",
            Self::Webhook => "webhook",
            Self::Smtp => "smtp",
        }
    }

    /// The kind with this stored name.
    fn named(name: &str) -> Result<Self, StoreError> {
        [Self::Syslog, Self::Webhook, Self::Smtp]
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or(StoreError::Corrupt { what: "destination's kind", source: None })
    }
}

/// How a destination is reached beyond its address. Nothing of it is secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reach {
    /// PEM certificates that its own must lead to; `None` means those that the machine trusts.
    pub ca: Option<String>,
    /// The PEM certificate, with its chain, that the gate shows. Its key is the destination's secret.
    pub certificate: Option<String>,
    /// Whom mail is from.
    pub from: Option<MailAddress>,
    /// Whom alerts are mailed to.
    pub to: Vec<MailAddress>,
    /// The user name at the mail server. Its password is the destination's secret.
    pub user: Option<String>,
}

/// A destination of alerts and events.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// Identity.
    pub id: DestinationId,
    /// What people call it.
    pub name: String,
    /// How it is reached.
    pub kind: DestinationKind,
    /// URL.
    pub address: String,
    /// What else it takes to reach it.
    pub reach: Reach,
    /// What it wants: `alerts`, `all`, or `notices` to people.
    pub events: String,
    /// The vault's ciphertext of its secret.
    pub secret: Option<Vec<u8>>,
    /// Whether anything is sent.
    pub enabled: bool,
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the secret nor the address, which may hold one.
        f.debug_struct("Destination")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// An event in a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    /// Its number at this destination: 1, 2, 3, … without gaps.
    pub sequence: u64,
    /// The OCSF event, without its number.
    pub event: Value,
}

/// How a queue stands.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct OutboxHealth {
    /// Events that wait.
    pub depth: u64,
    /// When the oldest of them was queued.
    pub oldest: Option<Timestamp>,
}

type Row = (Uuid, String, String, String, String, String, Option<Vec<u8>>, bool);

fn destination(
    (id, name, kind, address, reach, events, secret, enabled): Row,
) -> Result<Destination, StoreError> {
    let kind = DestinationKind::named(&kind)?;
    let reach = serde_json::from_str(&reach).map_err(StoreError::corrupt("destination"))?;
    Ok(Destination { id: DestinationId(id), name, kind, address, reach, events, secret, enabled })
}

const ALL: &str =
    "SELECT id, name, kind, address, reach, events, secret, enabled FROM destinations ORDER BY name";

impl Tx {
    /// All destinations, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn destinations(&mut self) -> Result<Vec<Destination>, StoreError> {
        sql!(fetch_all &mut self.conn, Row, ALL)?.into_iter().map(destination).collect()
    }

    /// Queues an event under the destination's next number; returns the number.
    ///
    /// # Errors
    /// When there is no such destination.
    pub async fn queue(&mut self, destination: DestinationId, event: &Value) -> Result<u64, StoreError> {
        let event = serde_json::to_string(event).map_err(StoreError::corrupt("event"))?;
        let row = sql!(
            fetch_optional &mut self.conn, (i64,),
            "UPDATE destinations SET next_sequence = next_sequence + 1 WHERE id = $1 RETURNING next_sequence - 1",
            destination.0
        )?;
        let (sequence,) = row.ok_or(StoreError::NotFound("destination"))?;
        exec!(
            &mut self.conn,
            "INSERT INTO outbox (destination_id, sequence, created_us, event, attempts, next_try_us)
             VALUES ($1, $2, $3, $4, 0, 0)",
            destination.0,
            sequence,
            self.now.as_microsecond(),
            event
        )?;
        Ok(count(sequence))
    }
}

impl Store {
    /// All destinations, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn destinations(&self) -> Result<Vec<Destination>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, ALL)?;
        rows.into_iter().map(destination).collect()
    }

    /// Adds a destination, by somebody.
    ///
    /// # Errors
    /// When the name is taken.
    pub async fn add_destination(&self, new: Destination, by: PersonId) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let reach = serde_json::to_string(&new.reach).map_err(StoreError::corrupt("destination"))?;
                exec!(
                    &mut tx.conn,
                    "INSERT INTO destinations (id, name, kind, address, reach, events, secret, enabled, next_sequence)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
                    new.id.0, new.name.as_str(), new.kind.as_str(), new.address.as_str(), reach,
                    new.events.as_str(), new.secret.clone(), new.enabled
                )
                .map_err(|error| match StoreError::from(error) {
                    StoreError::Duplicate(_) => StoreError::Duplicate(new.name.clone()),
                    other => other,
                })?;
                let body = json!({
                    "destination": new.id, "name": new.name, "kind": new.kind, "address": new.address,
                    "events": new.events, "from": new.reach.from, "to": new.reach.to,
                });
                tx.fact(NewFact::new(FactKind::DestinationAdded, tx.now, body).by(by)).await.map(drop)
            })
        })
        .await
    }

    /// Removes a destination and its queue, by somebody.
    ///
    /// # Errors
    /// When there is none.
    pub async fn remove_destination(&self, id: DestinationId, by: PersonId) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let waiting = exec!(&mut tx.conn, "DELETE FROM outbox WHERE destination_id = $1", id.0)?;
                found(exec!(&mut tx.conn, "DELETE FROM destinations WHERE id = $1", id.0)?, "destination")?;
                let body = json!({ "destination": id, "queued": waiting.to_string() });
                tx.fact(NewFact::new(FactKind::DestinationRemoved, tx.now, body).by(by)).await.map(drop)
            })
        })
        .await
    }

    /// Turns a destination off because its receiver wants no more; a fact.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn disable_destination(&self, id: DestinationId, why: String) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                exec!(&mut tx.conn, "UPDATE destinations SET enabled = $2 WHERE id = $1", id.0, false)?;
                let body = json!({ "destination": id, "why": why, "disabled": true });
                tx.fact(NewFact::new(FactKind::DestinationFault, tx.now, body)).await.map(drop)
            })
        })
        .await
    }

    /// The first events that are not delivered, lowest number first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outbox_due(&self, id: DestinationId, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<(i64, String)> = sql!(
            fetch_all &mut conn, (i64, String),
            "SELECT sequence, event FROM outbox WHERE destination_id = $1 AND delivered_us IS NULL
             ORDER BY sequence LIMIT $2",
            id.0, i64::try_from(limit).unwrap_or(i64::MAX)
        )?;
        rows.into_iter().map(event).collect()
    }

    /// Delivered events above `after` that were marked at most `span` before the newest mark, lowest number first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outbox_recent(
        &self,
        id: DestinationId,
        span: Duration,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<(i64, String)> = sql!(
            fetch_all &mut conn, (i64, String),
            "SELECT sequence, event FROM outbox
             WHERE destination_id = $1 AND sequence > $2
               AND delivered_us >= (SELECT MAX(delivered_us) FROM outbox WHERE destination_id = $1) - $3
             ORDER BY sequence LIMIT $4",
            id.0, big(after), i64::try_from(span.as_micros()).unwrap_or(i64::MAX),
            i64::try_from(limit).unwrap_or(i64::MAX)
        )?;
        rows.into_iter().map(event).collect()
    }

    /// Marks every event up to and including `through` as delivered. Durable on return.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outbox_sent(
        &self,
        id: DestinationId,
        through: u64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                exec!(
                    &mut tx.conn,
                    "UPDATE outbox SET delivered_us = $3
                     WHERE destination_id = $1 AND sequence <= $2 AND delivered_us IS NULL",
                    id.0,
                    big(through),
                    at.as_microsecond()
                )?;
                Ok::<_, StoreError>(())
            })
        })
        .await
    }

    /// Removes delivered events that were marked before `before`, some thousands at a time; how many went. The last hour
    /// before the newest mark stays, however old: a new connection sends the last of it again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outbox_prune(&self, id: DestinationId, before: Timestamp) -> Result<u64, StoreError> {
        const HOUR_US: i64 = 3_600_000_000;
        self.write(move |tx| {
            Box::pin(async move {
                let gone = exec!(
                    &mut tx.conn,
                    "DELETE FROM outbox WHERE destination_id = $1 AND sequence IN (
                         SELECT sequence FROM outbox WHERE destination_id = $1 AND delivered_us < $2
                             AND delivered_us < (SELECT MAX(delivered_us) FROM outbox WHERE destination_id = $1) - $3
                         ORDER BY sequence LIMIT 5000)",
                    id.0,
                    before.as_microsecond(),
                    HOUR_US
                )?;
                Ok::<_, StoreError>(gone)
            })
        })
        .await
    }

    /// Notes that the first event did not go out, and when it is tried again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outbox_failed(
        &self,
        id: DestinationId,
        sequence: u64,
        next: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                exec!(
                    &mut tx.conn,
                    "UPDATE outbox SET attempts = attempts + 1, next_try_us = $3
                     WHERE destination_id = $1 AND sequence = $2",
                    id.0,
                    big(sequence),
                    next.as_microsecond()
                )?;
                Ok::<_, StoreError>(())
            })
        })
        .await
    }

    /// How a destination's queue stands.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outbox_health(&self, id: DestinationId) -> Result<OutboxHealth, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<(i64, Option<i64>)> = sql!(
            fetch_optional &mut conn, (i64, Option<i64>),
            "SELECT COUNT(*), MIN(created_us) FROM outbox WHERE destination_id = $1 AND delivered_us IS NULL", id.0
        )?;
        let (depth, oldest) = row.unwrap_or_default();
        Ok(OutboxHealth {
            depth: count(depth),
            oldest: oldest.and_then(|us| Timestamp::from_microsecond(us).ok()),
        })
    }
}

fn event((sequence, event): (i64, String)) -> Result<OutboxRow, StoreError> {
    let event = serde_json::from_str(&event).map_err(StoreError::corrupt("event"))?;
    Ok(OutboxRow { sequence: count(sequence), event })
}
