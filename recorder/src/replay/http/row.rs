//! The table of a visit's transactions: a row for each, with the files that passed in it. Rows are derived and bounded; heads
//! and bodies are read from the recording when somebody opens a row.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::again::Way;
use super::coding::{Coding, Decoder, Opened};
use super::file::file_of;
use super::head::Passed;
use super::parts::Parts;
use super::track::{Gather, Tracker, Transaction};
use crate::content::Entry;
use crate::ledger::Hash;
use crate::mark::Mark;

/// A URL is cut here in a row, in characters, and a media type there.
const MOST_URL: usize = 2000;
const MOST_TYPE: usize = 100;
/// A file that grows past this under its content coding is not hashed.
const MOST_OPENED: u64 = 4 << 30;

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
        Some(HttpRow::of(&transaction, files.finish(&transaction)))
    }

    /// The rows that the recording does not end.
    pub(crate) fn rest(&mut self) -> Vec<HttpRow> {
        let rest = self.0.rest().into_iter();
        rest.map(|(transaction, files)| HttpRow::of(&transaction, files.finish(&transaction))).collect()
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
            let decoder = Decoder::new(coding, MOST_OPENED)?;
            Some(OneFile { name, decoder, opened: Opened::Whole, bytes: 0, sha: Context::new(&SHA256) })
        });
        file.map_or(Self::Nothing, |file| Self::File(Box::new(file)))
    }

    fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::Fresh | Self::Nothing => {}
            Self::Form(parts) => parts.take(bytes),
            Self::File(file) => file.take(bytes),
        }
    }

    fn finish(self, of: &Transaction, way: Way, to: &mut Vec<HttpFile>) {
        let whole = of.is_whole(way);
        match self {
            Self::Fresh | Self::Nothing => {}
            Self::Form(parts) => to.extend(parts.files.into_iter().map(|part| HttpFile {
                upload: true,
                name: part.name,
                bytes: part.bytes,
                sha256: Some(part.sha256),
            })),
            Self::File(mut file) => {
                // Of one that was not recorded whole, what its sender's bytes hashed to is known where they were its own.
                let said = of.passed(way).sha256.clone().filter(|_| of.coding(way) == Coding::Identity);
                let sha256 = if whole { file.hash() } else { said };
                to.push(HttpFile { upload: way == Way::Request, name: file.name, bytes: file.bytes, sha256 });
            }
        }
    }
}

impl OneFile {
    fn take(&mut self, bytes: &[u8]) {
        if self.opened == Opened::Whole {
            let (count, sha) = (&mut self.bytes, &mut self.sha);
            let opened = self.decoder.take(bytes, &mut |piece| {
                *count += piece.len() as u64;
                sha.update(piece);
                Ok(())
            });
            self.opened = opened.unwrap_or(Opened::No);
        }
    }

    /// The hash of all of it, and the last of its bytes.
    fn hash(&mut self) -> Option<String> {
        let (count, sha) = (&mut self.bytes, &mut self.sha);
        let ended = self.decoder.finish(&mut |piece| {
            *count += piece.len() as u64;
            sha.update(piece);
            Ok(())
        });
        let whole = self.opened == Opened::Whole && ended.is_ok_and(|ended| ended == Opened::Whole);
        whole.then(|| hex::encode(self.sha.clone().finish()))
    }
}

impl Gather for Files {
    fn bytes(&mut self, of: &Transaction, way: Way, bytes: &[u8], _: &mut usize) {
        let reading = match way {
            Way::Request => &mut self.request,
            Way::Response => &mut self.response,
        };
        if matches!(reading, Reading::Fresh) {
            *reading = Reading::begin(of, way);
        }
        reading.take(bytes);
    }

    fn held(&self) -> usize {
        0
    }
}

impl Files {
    fn finish(self, of: &Transaction) -> Vec<HttpFile> {
        let mut files = Vec::new();
        self.request.finish(of, Way::Request, &mut files);
        self.response.finish(of, Way::Response, &mut files);
        files
    }
}
