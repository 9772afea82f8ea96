//! Files that pass through a session: whether its window grants them now, each as a fact, and whether the plan names it.

use std::sync::Arc;

use chaperone_policy::{Access, FileHash, Planned, Refusal};
use chaperone_recorder::{ChannelKind, ChannelRecorder};
use chaperone_store::FactKind;
use serde_json::{Value, json};

use crate::gate::{Gate, Refused};
use crate::live::LiveSession;
use crate::open::not_recorded;

/// Which way a file went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileDirection {
    /// To the target.
    Upload,
    /// To the technician.
    Download,
}

impl FileDirection {
    /// The name in facts and recordings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
        }
    }
}

/// A file that has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTransfer {
    /// Through which channel.
    pub channel: u32,
    /// Its number on the channel.
    pub file: u32,
    /// By `sftp` or `scp`.
    pub protocol: &'static str,
    /// Which way.
    pub direction: FileDirection,
    /// What it is called, as the client said it.
    pub path: String,
    /// The other path that it may have, where only the server knows whether the client named a folder.
    pub or_path: Option<String>,
    /// Payload, in bytes.
    pub bytes: u64,
    /// Of the whole file, where it passed in order.
    pub sha256: Option<[u8; 32]>,
    /// Why there is no hash, in words.
    pub partial: Option<&'static str>,
}

impl FileTransfer {
    /// What the recording and the fact say of it.
    #[must_use]
    pub fn event(&self) -> Value {
        let mut event = json!({
            "file": self.file, "protocol": self.protocol, "direction": self.direction.as_str(), "path": self.path,
            "bytes": self.bytes.to_string(), "sha256": self.sha256.map(FileHash), "partial": self.partial,
        });
        if let (Some(fields), Some(or_path)) = (event.as_object_mut(), &self.or_path) {
            fields.insert("or_path".to_owned(), or_path.as_str().into());
        }
        event
    }
}

impl Gate {
    /// Opens a channel for files in the recording, if the window grants any of what is wanted: the answer is what it
    /// grants. Asked again for each operation by [`LiveSession::grants`].
    ///
    /// # Errors
    /// The refusal of this channel; a fact.
    pub async fn open_file_channel(
        &self,
        session: &LiveSession,
        wanted: &[Access],
        about: Value,
    ) -> Result<ChannelRecorder, Refused> {
        let mut refused: Option<Refusal> = None;
        for access in wanted {
            let refusal = match self.channel_verdict(session, *access).await {
                Ok(()) => {
                    let kind = ChannelKind::new("sftp", about.clone());
                    match session.record_channel(kind, false).await {
                        Ok(channel) => {
                            self.write_channel_opened(session, &channel, *access, about);
                            return Ok(channel);
                        }
                        Err(error) => not_recorded(session, &error),
                    }
                }
                Err(refusal) => refusal,
            };
            refused.get_or_insert(refusal);
        }
        let reason = chaperone_policy::Reason::AccessNotGranted;
        let refusal = refused.unwrap_or_else(|| Refusal::without_window(reason));
        let body = json!({ "reason": refusal.reason, "about": about });
        self.write_channel_refused(Some(session), "sftp", body).await;
        Err(self.refused_channel(&refusal, session, wanted))
    }

    /// A file has passed: a fact, beside the relay and not before it; the recording has it already. An upload is held
    /// against the window's plan, where that names files.
    pub fn file_transferred(&self, session: &Arc<LiveSession>, file: &FileTransfer) {
        let mut body = file.event();
        if let Some(fields) = body.as_object_mut()
            && file.direction == FileDirection::Upload
            && let Some(planned) = self.planned(session, &file.path, file.sha256.map(FileHash))
        {
            fields.insert("plan".to_owned(), planned.as_str().into());
            if let Planned::Other { expected } = planned {
                fields.insert("expected".to_owned(), json!(expected));
            }
            if planned.alarms() {
                fields.insert("failure".to_owned(), planned.as_str().into());
            }
        }
        self.write_file(session, body, file.channel);
    }

    /// How an uploaded file stands to the window's plan, where that names files.
    pub(crate) fn planned(
        &self,
        session: &LiveSession,
        path: &str,
        content: Option<FileHash>,
    ) -> Option<Planned> {
        let window = session.permit.borrow().window();
        let facts = self.shared.store.last_facts()?;
        facts.windows.get(&window)?.compare(path, content)
    }

    /// Files beyond those that are a fact each: their number and size.
    pub fn more_files(&self, session: &Arc<LiveSession>, channel: u32, files: u64, bytes: u64) {
        let body = json!({ "more": files.to_string(), "bytes": bytes.to_string() });
        self.write_file(session, body, channel);
    }

    fn write_file(&self, session: &LiveSession, mut body: Value, channel: u32) {
        if let Some(fields) = body.as_object_mut() {
            fields.insert("channel".to_owned(), channel.into());
            fields.insert("source".to_owned(), json!(session.source.to_string()));
        }
        let fact = session.fact(FactKind::FileTransferred, body);
        let gate = self.clone();
        self.beside(async move { gate.write_or_spool(fact, None).await });
    }
}

impl LiveSession {
    /// Whether the permit in force grants this.
    #[must_use]
    pub fn grants(&self, access: Access) -> bool {
        self.permit.borrow().access().contains(&access)
    }

    /// Records what became of a channel's files when its relay is over; given up when the medium does not answer.
    pub async fn note_files(&self, channel: u32, kind: &'static str, body: Value) {
        if let Err(error) = self.note(Some(channel), kind, body).await {
            tracing::warn!(session.id = %self.id, %error, "what became of a file could not be recorded");
        }
    }
}
