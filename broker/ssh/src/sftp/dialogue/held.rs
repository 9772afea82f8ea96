//! The part of a dialogue that is about files which the gate holds itself: what is asked of them, and what came of it.

use bytes::Bytes;
use chaperone_session::FileTransfer;

use super::{Asked, Dialogue, Verdict};
use crate::sftp::field::status;
use crate::sftp::malformed::Malformed;
use crate::sftp::own::{self, Own, Whose};
use crate::sftp::refusal::Refusal;
use crate::sftp::request::Request;
use crate::sftp::work::{ToDo, Work};

/// Files that the gate holds for one channel: each keeps a thread.
pub(super) const OWN: usize = 16;
/// Sentences that may wait for whoever reads them.
const WORDS: usize = 16;

/// What came of something that the gate did.
#[derive(Debug)]
pub(crate) struct Done {
    pub answer: Bytes,
    /// For whoever reads more than a code.
    pub words: Option<String>,
    /// A file that is on the server now.
    pub passed: Option<FileTransfer>,
    /// Whether its file is held no longer.
    pub over: bool,
}

impl Dialogue {
    /// What happens to a request, and which file it is about.
    pub(super) fn judged(
        &mut self,
        id: u32,
        request: &Request<'_>,
        file: Option<u32>,
        whose: Whose,
    ) -> (Verdict, Option<u32>) {
        match whose {
            Whose::Nobody(refusal) => {
                if refusal.needs_words() {
                    self.says(refusal.words.to_owned());
                }
                self.under_way.insert(id, Asked::Ours(status(id, refusal.code, refusal.words)));
                self.settle();
                (Verdict::Refused(refusal.missing), file)
            }
            Whose::Gate(to_do) => {
                self.under_way.insert(id, Asked::Works(request.operation()));
                let file = self.holds(&to_do, request, file);
                (Verdict::Works(Work { id, file, to_do }), Some(file))
            }
            Whose::Server => {
                let asked = self.asked(request, file);
                self.kept += asked.kept();
                self.under_way.insert(id, asked);
                (Verdict::Send, file)
            }
        }
    }

    /// Whose a request is that the window grants.
    pub(super) fn whose(&self, request: &Request<'_>, file: Option<u32>) -> Whose {
        if !self.stages {
            return Whose::Server;
        }
        let by_handle = file.is_some_and(|file| self.own.contains_key(&file));
        let by_path = request.path().is_some_and(|path| self.held_at(path).is_some());
        let (secret, number) = (&self.secret, self.next_file);
        let whose = own::whose(request, (by_handle, by_path), || {
            format!("gate-{secret}-{number}").into_bytes().into_boxed_slice()
        });
        match whose {
            Whose::Gate(ToDo::Open { .. }) if self.own.len() >= OWN => Whose::Nobody(Refusal::TOO_MANY),
            whose => whose,
        }
    }

    /// The staged file at a path, as long as it is open: what comes behind its close is about what is on the server then.
    fn held_at(&self, path: &[u8]) -> Option<u32> {
        let open = |own: &Own| !own.closing && *own.path == *path;
        self.own.iter().find(|(_, own)| open(own)).map(|(file, _)| *file)
    }

    /// The staged file that something is to be done with: a new one, or one that is open.
    fn holds(&mut self, to_do: &ToDo, request: &Request<'_>, file: Option<u32>) -> u32 {
        match to_do {
            ToDo::Open { path, handle, .. } => {
                let file = self.next_file;
                self.next_file = self.next_file.wrapping_add(1);
                self.handles.insert(handle.clone(), file);
                let (path, handle) = (path.clone(), handle.clone());
                self.own.insert(file, Own { path, handle, closing: false });
                file
            }
            ToDo::Close => {
                let file = file.unwrap_or_default();
                if let Some(own) = self.own.get_mut(&file) {
                    own.closing = true;
                    self.handles.remove(&own.handle);
                }
                file
            }
            _ => file.or_else(|| request.path().and_then(|path| self.held_at(path))).unwrap_or_default(),
        }
    }

    /// The gate has done something that was asked of it.
    pub(crate) fn done(&mut self, work: &Work, done: Done) {
        let Done { answer, words, passed, over } = done;
        if over && let Some(own) = self.own.remove(&work.file) {
            self.handles.remove(&own.handle);
        }
        words.into_iter().for_each(|words| self.says(words));
        self.passed.extend(passed);
        if let Some(asked) = self.under_way.get_mut(&work.id) {
            *asked = Asked::Ours(answer);
        }
        self.settle();
    }

    /// Has something told to people; a flood of it is not.
    fn says(&mut self, words: String) {
        if self.words.len() < WORDS && self.words.back() != Some(&words) {
            self.words.push_back(words);
        }
    }

    /// The channel ends for this. Whoever sent what is no SFTP is told nothing; who was refused too often is a person.
    pub(crate) fn ends(&mut self, why: Malformed) {
        if let Malformed::Refused(_) = why {
            self.says(format!("This transfer is ended: {why}."));
        }
    }

    /// What is to be told to people.
    pub(crate) fn words(&mut self) -> Option<String> {
        self.words.pop_front()
    }

    /// Whether a handle is one of the gate's.
    pub(super) fn is_ours(&self, handle: &[u8]) -> bool {
        self.handles.get(handle).is_some_and(|file| self.own.contains_key(file))
    }
}
