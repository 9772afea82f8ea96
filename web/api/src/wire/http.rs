//! HTTP transactions of a recording on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The table of a visit's transactions, or a page of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransactionsView {
    /// How many the visit has.
    pub total: u64,
    /// How many of them have what was looked for.
    pub found: u64,
    /// Whether there are more than the table keeps; an export has all of them.
    pub shortened: bool,
    /// A page of those, by when they began.
    pub transactions: Vec<TransactionView>,
    /// What to ask for as `after` for the next page; nothing at the end.
    pub next: Option<u64>,
}

/// One transaction: a request and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransactionView {
    /// Its place in the table.
    pub place: u64,
    /// Its number in the visit, as its events have it.
    pub number: u64,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The same, in milliseconds from the recording's start.
    pub at_ms: u64,
    /// How long it took; nothing where it did not end.
    pub took_ms: Option<u64>,
    /// GET, POST, …
    pub method: String,
    /// The URL.
    pub url: String,
    /// Status code; nothing where no answer came.
    pub status: Option<u16>,
    /// Media type of the answer.
    pub media: String,
    /// Bytes of the request's body.
    pub sent: u64,
    /// Their SHA-256, hex.
    pub sent_sha256: Option<String>,
    /// Bytes of the answer's body.
    pub received: u64,
    /// Their SHA-256, hex.
    pub received_sha256: Option<String>,
    /// Whether both bodies are in the recording whole.
    pub whole: bool,
    /// `complete`, `aborted`, `broken`, `cut`, or `unfinished`.
    pub outcome: String,
    /// Why the gate answered in the target's place; nothing where it did not.
    pub gate: Option<String>,
    /// The protocol that the connection went on in, such as websocket.
    pub upgraded: Option<String>,
    /// The name of the credential that the gate put in, which is not recorded.
    pub credential: Option<String>,
    /// Files that passed in it.
    pub files: Vec<TransactionFile>,
}

/// A file that passed in a transaction.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransactionFile {
    /// `upload` or `download`.
    pub direction: String,
    /// Its name, as it came.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, hex; nothing where it did not pass whole.
    pub sha256: Option<String>,
    /// The content coding that was left on it, where it does not open within bounds; length and hash are of what passed.
    pub coding: Option<String>,
}

/// A transaction that is opened, with its heads.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransactionOpened {
    /// Its row.
    pub transaction: TransactionView,
    /// The request's version of HTTP.
    pub request_version: String,
    /// The request's header fields, as the client sent them, but for values that sign somebody in.
    pub request_headers: Vec<HeaderField>,
    /// The answer's version of HTTP.
    pub response_version: Option<String>,
    /// The answer's header fields, as the target sent them, but for values of cookies.
    pub response_headers: Vec<HeaderField>,
    /// Messages of an upgraded connection.
    pub messages: Vec<WebSocketMessage>,
    /// Whether there are more.
    pub more_messages: bool,
}

/// A header field.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeaderField {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A message of an upgraded connection.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WebSocketMessage {
    /// When its last byte passed, in milliseconds from the recording's start.
    pub at_ms: u64,
    /// `client` or `target`.
    pub from: String,
    /// 1 text, 2 binary, 8 close, 9 ping, 10 pong.
    pub opcode: u8,
    /// Its length, as far as it is kept.
    pub bytes: u64,
    /// The beginning of it, base 64.
    pub data: String,
    /// Whether there is more of it.
    pub cut: bool,
}
