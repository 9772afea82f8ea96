//! What a channel's files give as facts: each transferred file and each refused operation, a flood of them as a number.

use std::sync::{Arc, Mutex, PoisonError};

use chaperone_session::{FileTransfer, Gate, LiveSession};
use serde_json::{Value, json};

/// Files of one channel that are a fact each.
const FILES_TOLD: u64 = 500;
/// Refused operations of one channel that are a fact each.
const REFUSALS_TOLD: u64 = 16;

/// Tells of one channel's files.
pub(crate) struct Teller {
    gate: Gate,
    session: Arc<LiveSession>,
    channel: u32,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    files: u64,
    more_files: u64,
    more_bytes: u64,
    refusals: u64,
}

impl Teller {
    pub(crate) fn new(gate: &Gate, session: &Arc<LiveSession>, channel: u32) -> Self {
        Self { gate: gate.clone(), session: Arc::clone(session), channel, told: Mutex::default() }
    }

    pub(crate) fn session(&self) -> &Arc<LiveSession> {
        &self.session
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Whether the gate takes what a client writes to this server.
    pub(crate) fn stages(&self) -> bool {
        self.gate.stages(self.session.permit().target())
    }

    pub(crate) fn file(&self, file: &FileTransfer) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.files < FILES_TOLD {
            told.files += 1;
            self.gate.file_transferred(&self.session, file);
        } else {
            told.more_files += 1;
            told.more_bytes = told.more_bytes.saturating_add(file.bytes);
        }
    }

    /// An operation was refused.
    pub(crate) fn refused(&self, what: Value) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.refusals += 1;
        if told.refusals <= REFUSALS_TOLD {
            self.write_refused(what);
        }
    }

    /// The channel is ended for what came in it: told however much was refused before.
    pub(crate) fn ends(&self, why: Value) {
        self.write_refused(why);
    }

    fn write_refused(&self, what: Value) {
        let (gate, session) = (self.gate.clone(), Arc::clone(&self.session));
        tokio::spawn(async move {
            gate.channel_refused(Some(&session), "", session.source(), "sftp", what).await;
        });
    }

    /// The channel is over: what was not told one by one is told as a number.
    pub(crate) fn end(&self) {
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        if told.more_files > 0 {
            self.gate.more_files(&self.session, self.channel, told.more_files, told.more_bytes);
        }
        if let Some(more) = told.refusals.checked_sub(REFUSALS_TOLD).filter(|more| *more > 0) {
            self.write_refused(json!({ "more": more.to_string() }));
        }
    }
}
