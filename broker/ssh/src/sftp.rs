//! The subsystem `sftp`: decoded in both directions, each operation judged, each file hashed.
//!
//! ```text
//!   client ─▶ Requests: split, judge ─▶ relay: bytes and judgement recorded ─▶ ToServer: what was judged goes on ─▶ server
//!                │ not granted                                                                                       │
//!                ▼                                                                                                   │
//!             Dialogue: which answer is whose, what is open, what the gate answers and when                          │
//!                ▲                                                                                                   │
//!   client ◀── relay: bytes and what they say recorded ◀── Answers: split, match, the gate's own in between ◀────────┘
//! ```
//!
//! Where a server's files are staged, the gate itself takes what is written: `ToServer` gives it to the `Stager` in place of
//! the server, and the answers come by way of the dialogue.
//!
//! A request is judged when it has come so far that it is known; until then its bytes are recorded and wait. Payload is
//! passed on as it comes and is never copied; only what must wait for a file's hash is. Bytes that are no SFTP end the channel.

mod answer;
mod answers;
mod asked;
mod dialogue;
mod field;
mod in_order;
mod log;
mod malformed;
mod open_file;
mod own;
mod refusal;
mod request;
mod requests;
mod split;
mod stager;
mod to_server;
mod work;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chaperone_session::FileTransfer;
use serde_json::json;
use tokio::sync::Notify;

pub(crate) use self::answers::Answers;
use self::dialogue::{Dialogue, Done};
use self::malformed::Malformed;
pub(crate) use self::requests::Requests;
pub(crate) use self::stager::Stager;
pub(crate) use self::to_server::ToServer;
pub(crate) use self::work::Work;
use crate::note::SshNote;
use crate::teller::Teller;

/// Bytes that are kept of what is no SFTP.
const BEGINS: usize = 4096;

/// What both directions of one channel share.
pub(crate) struct Sftp {
    dialogue: Mutex<Dialogue>,
    /// Something is due that the gate answers.
    due: Notify,
    teller: Teller,
}

impl Sftp {
    pub(crate) fn new(channel: u32, teller: Teller) -> Arc<Self> {
        let dialogue = Mutex::new(Dialogue::new(channel, teller.stages()));
        Arc::new(Self { dialogue, due: Notify::new(), teller })
    }

    fn dialogue(&self) -> MutexGuard<'_, Dialogue> {
        self.dialogue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn teller(&self) -> &Teller {
        &self.teller
    }

    /// The gate has done something that was asked of it.
    fn done(&self, work: &Work, done: Done) {
        self.dialogue().done(work, done);
        self.due.notify_one();
    }

    /// The channel is over: files that are still open have passed as far as they came.
    pub(crate) async fn end(&self, channel: u32) {
        let passed = self.dialogue().end();
        for file in &passed {
            self.teller.file(file);
            self.teller.session().note_files(channel, "file", file.event()).await;
        }
        self.teller.end();
    }
}

/// A file that has passed, for the recording.
fn passed(file: &FileTransfer) -> SshNote {
    SshNote::told("file", file.event())
}

/// That a channel's bytes are none of its protocol, and how those begin among which they were found: a server's are shown
/// to nobody, and are nowhere else.
fn malformed(teller: &Teller, by: &'static str, why: Malformed, bytes: &Bytes) -> SshNote {
    let about = json!({ "by": by, "malformed": why.to_string() });
    teller.ends(about);
    let begins: String = bytes.iter().take(BEGINS).map(|byte| format!("{byte:02x}")).collect();
    SshNote::told("sftp-malformed", json!({ "by": by, "malformed": why.to_string(), "among": begins }))
}
