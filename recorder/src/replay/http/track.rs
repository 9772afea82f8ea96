//! Which transaction each lane is in, while a recording is read from its beginning to its end.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::again::Way;
use super::allowance::Allowance;
use super::coding::Coding;
use super::head::{Answered, Asked, Passed, number, word};
use crate::channel::Stream;
use crate::content::{Entry, What};
use crate::mark::Mark;

/// Transactions that are open at once; a visit has far fewer lanes.
const MOST_OPEN: usize = 1024;

/// One request and what came of it. Times are nanoseconds from the recording's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its number in the visit.
    pub number: u64,
    /// The lane it is on.
    pub channel: u32,
    /// When it was asked.
    pub at: Timestamp,
    /// The same, from the start.
    pub begun_ns: u64,
    /// The request.
    pub asked: Asked,
    /// Its body.
    pub sent: Passed,
    /// When its body had passed.
    pub sent_ns: Option<u64>,
    /// The answer.
    pub answered: Option<Answered>,
    /// When its head was there.
    pub answered_ns: Option<u64>,
    /// The answer's body; of an upgraded connection, what came of it.
    pub received: Passed,
    /// The protocol that the connection went on in.
    pub upgraded: Option<String>,
    /// When it was over.
    pub ended_ns: Option<u64>,
    /// `complete`, `aborted`, `cut`, or `unfinished` where the recording does not say how it ended.
    pub outcome: String,
    /// Before the block in which it begins.
    pub mark: Option<Mark>,
}

impl Transaction {
    fn begin(channel: u32, entry: &Entry, body: &Value, mark: Option<Mark>) -> Self {
        Self {
            number: number(body, "n").unwrap_or(0),
            channel,
            at: entry.at,
            begun_ns: entry.mono_ns,
            asked: Asked::read(body),
            sent: Passed::default(),
            sent_ns: None,
            answered: None,
            answered_ns: None,
            received: Passed::default(),
            upgraded: None,
            ended_ns: None,
            outcome: "unfinished".to_owned(),
            mark,
        }
    }

    /// Whether everything of it passed, and was recorded.
    #[must_use]
    pub fn is_whole(&self, way: Way) -> bool {
        let passed = self.passed(way);
        passed.ended && passed.recorded == passed.bytes
    }

    /// What passed this way.
    #[must_use]
    pub fn passed(&self, way: Way) -> &Passed {
        match way {
            Way::Request => &self.sent,
            Way::Response => &self.received,
        }
    }

    /// A header field of the head that goes before the body.
    #[must_use]
    pub fn field(&self, way: Way, name: &str) -> Option<&str> {
        match way {
            Way::Request => self.asked.field(name),
            Way::Response => self.answered.as_ref()?.field(name),
        }
    }

    pub(super) fn coding(&self, way: Way) -> Coding {
        let headers = match way {
            Way::Request => Some(&self.asked.headers),
            Way::Response => self.answered.as_ref().map(|answered| &answered.headers),
        };
        let named = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case("content-encoding").then(|| value.clone())
        };
        // One list, in however many fields it stands (RFC 9110 §5.3).
        let list: Vec<String> = headers.into_iter().flatten().filter_map(named).collect();
        Coding::of(Some(&list.join(", ")))
    }

    fn event(&mut self, at_ns: u64, kind: &str, body: &Value) -> bool {
        match kind {
            "http-request-end" => {
                self.sent.ended(body);
                self.sent_ns = Some(at_ns);
            }
            "http-response" => {
                self.answered = Some(Answered::read(body));
                self.answered_ns = Some(at_ns);
            }
            "http-beyond" => match word(body, "way").as_str() {
                "request" => self.sent.reached(body),
                "response" => self.received.reached(body),
                _ => {}
            },
            "http-upgrade" => self.upgraded = Some(word(body, "protocol")),
            "http-response-end" => {
                self.received.ended(body);
                self.ended_ns = Some(at_ns);
                self.outcome = word(body, "outcome");
                return true;
            }
            _ => {}
        }
        false
    }
}

/// What those who gather of one visit share.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Bytes that may be gathered yet.
    pub bytes: usize,
    /// What may be opened of content codings.
    pub opening: Allowance,
}

/// What a reader gathers of a transaction's bytes.
pub(super) trait Gather: Default {
    /// Bytes of the transaction, which may take so much of the room, in bytes.
    fn bytes(&mut self, of: &Transaction, way: Way, bytes: &[u8], room: &mut Room);
    /// What it takes of the room.
    fn held(&self) -> usize;
}

/// The lanes, and what each is in the midst of.
pub(super) struct Tracker<G> {
    open: BTreeMap<u32, (Transaction, G)>,
    room: Room,
}

impl<G: Gather> Tracker<G> {
    /// A tracker whose gatherers together hold at most so many bytes.
    pub(super) fn new(room: usize) -> Self {
        Self { open: BTreeMap::new(), room: Room { bytes: room, opening: Allowance::default() } }
    }

    /// What may be opened of the visit.
    pub(super) fn opening(&self) -> &Allowance {
        &self.room.opening
    }

    /// Takes an entry; returns the transaction that it ends. `mark` is before the block that it is in.
    pub(super) fn take(&mut self, entry: &Entry, mark: Option<Mark>) -> Option<(Transaction, G)> {
        let channel = entry.channel?;
        match &entry.what {
            What::Bytes(stream, bytes) => {
                let way = Way::of(*stream)?;
                let (transaction, gathered) = self.open.get_mut(&channel)?;
                let passed = match way {
                    Way::Request => &mut transaction.sent,
                    Way::Response => &mut transaction.received,
                };
                passed.recorded = passed.recorded.saturating_add(bytes.len() as u64);
                passed.bytes = passed.bytes.max(passed.recorded);
                gathered.bytes(transaction, way, bytes, &mut self.room);
                None
            }
            What::Event(kind, body) if kind == "http-request" => {
                let before = self.close(channel);
                if self.open.len() < MOST_OPEN {
                    let transaction = Transaction::begin(channel, entry, body, mark);
                    self.open.insert(channel, (transaction, G::default()));
                }
                before
            }
            What::Event(kind, _) if kind == "channel-close" => self.close(channel),
            What::Event(kind, body) => {
                let (transaction, _) = self.open.get_mut(&channel)?;
                let ours = number(body, "n") == Some(transaction.number);
                let over = ours && transaction.event(entry.mono_ns, kind, body);
                if over { self.close(channel) } else { None }
            }
            _ => None,
        }
    }

    /// The transactions that the recording does not end.
    pub(super) fn rest(&mut self) -> Vec<(Transaction, G)> {
        std::mem::take(&mut self.open).into_values().collect()
    }

    fn close(&mut self, channel: u32) -> Option<(Transaction, G)> {
        let (transaction, gathered) = self.open.remove(&channel)?;
        self.room.bytes = self.room.bytes.saturating_add(gathered.held());
        Some((transaction, gathered))
    }
}

impl Way {
    /// Which way a lane's stream goes.
    pub(super) fn of(stream: Stream) -> Option<Self> {
        match stream {
            Stream::ForwardIn => Some(Self::Request),
            Stream::ForwardOut => Some(Self::Response),
            _ => None,
        }
    }
}
