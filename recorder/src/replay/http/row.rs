//! The table of a visit's transactions: a row for each, with the files that passed in it. Rows are derived and bounded; heads
//! and bodies are read from the recording when somebody opens a row.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::again::Way;
use super::allowance::Allowance;
use super::coding::{Coding, Decoder, Opened};
use super::file::file_of;
use super::head::Passed;
use super::parts::Parts;
use super::track::{Gather, Room, Tracker, Transaction};
use crate::content::Entry;
use crate::ledger::Hash;
use crate::mark::Mark;

/// A URL is cut here in a row, in characters, and a media type there.
const MOST_URL: usize = 2000;
const MOST_TYPE: usize = 100;

/// A row. Times are nanoseconds from the recording's start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRow {
    /// Its number in the visit.
    pub number: u64,
    /// The lane it was on.
    pub channel: u32,
    /// When it was asked.
    pub begun_ns: u64,
    /// When it was over.
    pub ended_ns: Option<u64>,
    /// GET, POST, …
    pub method: String,
    /// The URL.
    pub url: String,
    /// Status code; none where no answer came.
    pub status: Option<u16>,
    /// Media type of the answer, without parameters.
    pub media: String,
    /// Bytes of the request's body.
    pub sent: u64,
    /// Its SHA-256, hex.
    pub sent_sha256: Option<String>,
    /// Bytes of the answer's body.
    pub received: u64,
    /// Its SHA-256, hex.
    pub received_sha256: Option<String>,
    /// Whether both bodies are in the recording whole.
    pub whole: bool,
    /// How it ended.
    pub outcome: String,
    /// Why the gate answered in the target's place, where it did.
    #[serde(default)]
    pub gate: Option<String>,
    /// The protocol that the connection went on in.
    pub upgraded: Option<String>,
    /// The credential that went in behind the recording.
    pub injected: Option<String>,
    /// Files that passed in it.
    pub files: Vec<HttpFile>,
    from: Option<From>,
}

/// A file that passed in a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpFile {
    /// Whether it went to the target.
    pub upload: bool,
    /// Its name, as it came.
    pub name: String,
    /// Its length without a content coding, as far as it was recorded.
    pub bytes: u64,
    /// Its SHA-256, hex; none where it did not pass whole.
    pub sha256: Option<String>,
    /// The content coding that was left on it, where it does not open or grows past what may be opened: length and hash are
    /// of what passed.
    #[serde(default)]
    pub coding: Option<String>,
}

/// A mark, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct From {
    offset: u64,
    ordinal: u64,
    nonce: u64,
    #[serde(with = "hex::serde")]
    chain: Hash,
}

impl HttpRow {
    /// Before the block in which it begins.
    #[must_use]
    pub(super) fn mark(&self) -> Option<Mark> {
        self.from.map(|From { offset, ordinal, nonce, chain }| Mark { offset, ordinal, nonce, chain })
    }

    fn of(transaction: &Transaction, files: Vec<HttpFile>) -> Self {
        let Transaction { asked, sent, received, .. } = transaction;
        let media = transaction.field(Way::Response, "content-type").unwrap_or_default();
        let whole = |passed: &Passed| passed.recorded == passed.bytes;
        let mark = |Mark { offset, ordinal, nonce, chain }| From { offset, ordinal, nonce, chain };
        Self {
            number: transaction.number,
            channel: transaction.channel,
            begun_ns: transaction.begun_ns,
            ended_ns: transaction.ended_ns,
            method: asked.method.clone(),
            url: asked.url.chars().take(MOST_URL).collect(),
            status: transaction.answered.as_ref().map(|head| head.status),
            media: media.split(';').next().unwrap_or_default().trim().chars().take(MOST_TYPE).collect(),
            sent: sent.bytes,
            sent_sha256: sent.sha256.clone().filter(|_| sent.bytes > 0),
            received: received.bytes,
            received_sha256: received.sha256.clone().filter(|_| received.bytes > 0),
            whole: whole(sent) && whole(received),
            outcome: transaction.outcome.clone(),
            gate: transaction.answered.as_ref().and_then(|head| head.gate.clone()),
            upgraded: transaction.upgraded.clone(),
            injected: asked.injected.clone(),
            files,
            from: transaction.mark.map(mark),
        }
    }
}

/// Makes rows of a recording's entries.
pub(crate) struct RowMaker(Tracker<Files>);

impl Default for RowMaker {
    fn default() -> Self {
        Self(Tracker::new(0))
    }
}

impl RowMaker {
    /// Takes an entry; returns the row that it ends.
    pub(crate) fn take(&mut self, entry: &Entry, mark: Option<Mark>) -> Option<HttpRow> {
        let (transaction, files) = self.0.take(entry, mark)?;
        Some(HttpRow::of(&transaction, files.finish(&transaction, self.0.opening())))
    }

    /// The rows that the recording does not end.
    pub(crate) fn rest(&mut self) -> Vec<HttpRow> {
        let (rest, visit) = (self.0.rest().into_iter(), self.0.opening());
        rest.map(|(transaction, files)| HttpRow::of(&transaction, files.finish(&transaction, visit)))
            .collect()
    }
}

/// The files of a transaction, hashed while they pass.
#[derive(Default)]
struct Files {
    request: Reading,
    response: Reading,
}

#[derive(Default)]
enum Reading {
    /// No byte has come yet.
    #[default]
    Fresh,
    /// It is no file.
    Nothing,
    File(Box<OneFile>),
    Form(Box<Parts>),
}

struct OneFile {
    name: String,
    decoder: Decoder,
    opened: Opened,
    bytes: u64,
    sha: Context,
}

impl Reading {
    fn begin(of: &Transaction, way: Way) -> Self {
        if of.upgraded.is_some() {
            return Self::Nothing;
        }
        let coding = of.coding(way);
        let form = of.field(way, "content-type").filter(|_| way == Way::Request).and_then(Parts::of);
        if let Some(parts) = form.filter(|_| coding == Coding::Identity) {
            return Self::Form(Box::new(parts));
        }
        let file = file_of(of, way).and_then(|name| {
            let decoder = Decoder::new(coding, u64::MAX)?;
            Some(OneFile { name, decoder, opened: Opened::Whole, bytes: 0, sha: Context::new(&SHA256) })
        });
        file.map_or(Self::Nothing, |file| Self::File(Box::new(file)))
    }

    fn take(&mut self, bytes: &[u8], visit: &Allowance) {
        match self {
            Self::Fresh | Self::Nothing => {}
            Self::Form(parts) => parts.take(bytes),
            Self::File(file) => file.take(bytes, visit),
        }
    }

    fn finish(self, of: &Transaction, way: Way, visit: &Allowance, to: &mut Vec<HttpFile>) {
        match self {
            Self::Fresh | Self::Nothing => {}
            Self::Form(parts) => to.extend(parts.files.into_iter().map(|part| HttpFile {
                upload: true,
                name: part.name,
                bytes: part.bytes,
                sha256: Some(part.sha256),
                coding: None,
            })),
            Self::File(file) => to.push(file.finish(of, way, visit)),
        }
    }
}

impl OneFile {
    fn take(&mut self, bytes: &[u8], visit: &Allowance) {
        if self.opened == Opened::Whole {
            let (count, sha) = (&mut self.bytes, &mut self.sha);
            let opened = self.decoder.take(bytes, visit, &mut |piece| {
                *count += piece.len() as u64;
                sha.update(piece);
                Ok(())
            });
            self.opened = opened.unwrap_or(Opened::No);
        }
    }

    /// The last of its bytes, and what is known of all of them.
    fn finish(mut self, of: &Transaction, way: Way, visit: &Allowance) -> HttpFile {
        if self.opened == Opened::Whole {
            let (count, sha) = (&mut self.bytes, &mut self.sha);
            let ended = self.decoder.finish(visit, &mut |piece| {
                *count += piece.len() as u64;
                sha.update(piece);
                Ok(())
            });
            self.opened = ended.unwrap_or(Opened::No);
        }
        let (coding, passed, is_whole) = (of.coding(way), of.passed(way), of.is_whole(way));
        let (bytes, sha256, left) = match self.opened {
            // As views show it: what its sender's bytes hashed to is known.
            Opened::No => (passed.bytes, passed.sha256.clone(), Some(coding.name())),
            // Of one that was not recorded whole, that is known where they were its own.
            _ if !is_whole => {
                (self.bytes, passed.sha256.clone().filter(|_| coding == Coding::Identity), None)
            }
            Opened::Whole => (self.bytes, Some(hex::encode(self.sha.finish())), None),
            Opened::Partly => (self.bytes, None, None),
        };
        HttpFile { upload: way == Way::Request, name: self.name, bytes, sha256, coding: left }
    }
}

impl Gather for Files {
    fn bytes(&mut self, of: &Transaction, way: Way, bytes: &[u8], room: &mut Room) {
        let reading = match way {
            Way::Request => &mut self.request,
            Way::Response => &mut self.response,
        };
        if matches!(reading, Reading::Fresh) {
            *reading = Reading::begin(of, way);
        }
        reading.take(bytes, &room.opening);
    }

    fn held(&self) -> usize {
        0
    }
}

impl Files {
    fn finish(self, of: &Transaction, visit: &Allowance) -> Vec<HttpFile> {
        let mut files = Vec::new();
        self.request.finish(of, Way::Request, visit, &mut files);
        self.response.finish(of, Way::Response, visit, &mut files);
        files
    }
}
