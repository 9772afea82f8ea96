//! HTTP transactions, as a page shows them. What came from outside has no control characters left; bytes are base 64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_desk::Opened;
use chaperone_recorder::replay::http::{HttpFile, HttpRow, Message, Sender};
use jiff::{SignedDuration, Timestamp};

use super::plain;
use crate::wire::{HeaderField, TransactionFile, TransactionOpened, TransactionView, WebSocketMessage};

/// Of one message this much is shown, in bytes.
const SHOWN: usize = 16 << 10;

pub(crate) fn row(began: Timestamp, place: usize, row: &HttpRow) -> TransactionView {
    let after = SignedDuration::from_nanos(i64::try_from(row.begun_ns).unwrap_or(i64::MAX));
    TransactionView {
        place: place as u64,
        number: row.number,
        at: began.checked_add(after).unwrap_or(began),
        at_ms: row.begun_ns / 1_000_000,
        took_ms: row.ended_ns.map(|ended| ended.saturating_sub(row.begun_ns) / 1_000_000),
        method: plain(&row.method),
        url: plain(&row.url),
        status: row.status,
        media: plain(&row.media),
        sent: row.sent,
        sent_sha256: row.sent_sha256.clone(),
        received: row.received,
        received_sha256: row.received_sha256.clone(),
        whole: row.whole,
        outcome: plain(&row.outcome),
        gate: row.gate.as_deref().map(plain),
        upgraded: row.upgraded.as_deref().map(plain),
        credential: row.injected.as_deref().map(plain),
        files: row.files.iter().map(file).collect(),
    }
}

fn file(file: &HttpFile) -> TransactionFile {
    TransactionFile {
        direction: if file.upload { "upload" } else { "download" }.to_owned(),
        name: plain(&file.name),
        bytes: file.bytes,
        sha256: file.sha256.clone(),
        coding: file.coding.as_deref().map(plain),
    }
}

pub(crate) fn opened(began: Timestamp, place: usize, opened: &Opened) -> TransactionOpened {
    let Opened { row: of, transaction, messages, more_messages } = opened;
    let answered = transaction.answered.as_ref();
    TransactionOpened {
        transaction: row(began, place, of),
        request_version: plain(&transaction.asked.version),
        request_headers: fields(&transaction.asked.headers),
        response_version: answered.map(|head| plain(&head.version)),
        response_headers: answered.map(|head| fields(&head.headers)).unwrap_or_default(),
        messages: messages.iter().map(message).collect(),
        more_messages: *more_messages,
    }
}

fn fields(fields: &[(String, String)]) -> Vec<HeaderField> {
    fields.iter().map(|(name, value)| HeaderField { name: plain(name), value: plain(value) }).collect()
}

fn message(message: &Message) -> WebSocketMessage {
    let shown = message.data.get(..SHOWN).unwrap_or(&message.data);
    WebSocketMessage {
        at_ms: message.at_ns / 1_000_000,
        from: match message.from {
            Sender::Client => "client",
            Sender::Target => "target",
        }
        .to_owned(),
        opcode: message.opcode,
        bytes: message.data.len() as u64,
        data: STANDARD.encode(shown),
        cut: message.cut || shown.len() < message.data.len(),
    }
}
