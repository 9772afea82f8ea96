//! Does what clients ask of staged files, in the order of what is recorded: their payload goes into the gate's stage, and on
//! their close the whole file is looked at and released to the server. The answers wait in the dialogue for their turn.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chaperone_policy::FileHash;
use chaperone_session::{
    Carrier, Delivered, FileAttributes, FileDirection, FileTransfer, Flow, NotPassed, Passing, Staging,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Sftp;
use super::answer;
use super::dialogue::Done;
use super::field::{self, Attributes, status};
use super::in_order::InOrder;
use super::work::{ToDo, Work};

/// The longest path, as most systems have it.
const PATH_BYTES: usize = 4095;
/// What a file is made with where nobody says: the server takes away what it always does.
const MADE_WITH: u32 = 0o666;
/// Why a file is given up that its client has left open.
const SILENT: &str = "nothing of it came for too long: put the file anew";

/// The staged files of one channel.
pub(crate) struct Stager {
    sftp: Arc<Sftp>,
    channel: u32,
    files: HashMap<u32, Held>,
    /// `None` while it is lent to a file that is released.
    carrier: Option<Carrier>,
}

/// One of them.
enum Held {
    Coming(Box<Coming>),
    /// Nothing more of it is taken, for this reason.
    Failed(String),
}

struct Coming {
    staging: Staging,
    path: String,
    pieces: InOrder,
    /// Whether it takes the place of whatever is there.
    replaces: bool,
    /// Whether there must be nothing.
    exclusive: bool,
    attributes: FileAttributes,
    /// What its length was set to.
    cut: Option<u64>,
    /// When its client last said something of it.
    heard: Instant,
}

impl Stager {
    pub(crate) fn new(sftp: &Arc<Sftp>, channel: u32) -> Self {
        Self { sftp: Arc::clone(sftp), channel, files: HashMap::new(), carrier: None }
    }

    /// Takes payload that belongs at an offset of a file.
    pub(crate) async fn put(&mut self, file: u32, offset: u64, payload: Bytes) {
        let Some(Held::Coming(coming)) = self.files.get_mut(&file) else { return };
        coming.heard = Instant::now();
        let failed = match coming.put(offset, payload).await {
            Ok(()) => return,
            Err(failed) => failed,
        };
        if let Some(Held::Coming(coming)) = self.files.insert(file, Held::Failed(failed.clone())) {
            coming.staging.give_up(&failed).await;
        }
    }

    /// Does what was asked, and answers it.
    pub(crate) async fn does(&mut self, work: Work) {
        let Work { id, file, ref to_do } = work;
        let began = Instant::now();
        let done = match to_do {
            ToDo::Open { .. } => self.open(&work).await,
            ToDo::Close => self.close(id, file).await,
            to_do => self.with_open(id, file, to_do),
        };
        self.could_hear_nobody(began.elapsed());
        self.sftp.done(&work, done);
    }

    /// Nobody was silent who could not be heard: while one file is looked at and released, what is said of others waits.
    fn could_hear_nobody(&mut self, took: Duration) {
        for held in self.files.values_mut() {
            if let Held::Coming(coming) = held {
                coming.heard += took;
            }
        }
    }

    async fn open(&mut self, work: &Work) -> Done {
        let ToDo::Open { path, handle, begins_empty, exclusive, attributes } = &work.to_do else {
            return fails(work.id, "No such file");
        };
        let text = std::str::from_utf8(path).ok().filter(|path| path.len() <= PATH_BYTES);
        let Some(path) = text.filter(|path| !path.chars().any(char::is_control)) else {
            let words = "the gate passes files on whose paths are UTF-8, of at most 4095 bytes, without control characters";
            return over(fails(work.id, words));
        };
        let of = Passing { channel: self.channel, file: work.file, path: path.to_owned() };
        let teller = self.sftp.teller();
        let staging = match teller.gate().begin_staging(teller.session(), of).await {
            Ok(staging) => staging,
            Err(error) => return over(fails(work.id, &said(path, &error))),
        };
        let made_with = Some(attributes.permissions.map_or(MADE_WITH, |mode| mode & 0o777));
        let coming = Coming {
            staging,
            path: path.to_owned(),
            pieces: InOrder::new(self.sftp.dialogue().room()),
            replaces: *begins_empty && !exclusive,
            exclusive: *exclusive,
            attributes: FileAttributes { made_with, ..FileAttributes::default() },
            cut: None,
            heard: Instant::now(),
        };
        self.files.insert(work.file, Held::Coming(Box::new(coming)));
        answers(field::handle(work.id, handle))
    }

    /// What needs nobody but the gate.
    fn with_open(&mut self, id: u32, file: u32, to_do: &ToDo) -> Done {
        match self.files.get_mut(&file) {
            None => answers(status(id, answer::FAILURE, "No such file")),
            // It was told once.
            Some(Held::Failed(why)) => answers(status(id, answer::FAILURE, why)),
            Some(Held::Coming(coming)) => answers(match coming.hears(to_do) {
                ToDo::Look => field::attributes(id, &coming.looks()),
                ToDo::Set(attributes) => {
                    coming.set(attributes);
                    status(id, answer::OK, "")
                }
                _ => status(id, answer::OK, ""),
            }),
        }
    }

    async fn close(&mut self, id: u32, file: u32) -> Done {
        let coming = match self.files.remove(&file) {
            None => return over(fails(id, "No such file")),
            Some(Held::Failed(why)) => return over(fails(id, &why)),
            Some(Held::Coming(coming)) => coming,
        };
        let (path, bytes) = (coming.path.clone(), coming.pieces.len());
        match self.release(*coming).await {
            Ok(delivered) => {
                let sha256 = delivered.sha256.parse::<FileHash>().ok().map(|hash| hash.0);
                let passed = FileTransfer {
                    channel: self.channel,
                    file,
                    protocol: "sftp",
                    direction: FileDirection::Upload,
                    path,
                    or_path: None,
                    bytes,
                    sha256,
                    partial: None,
                };
                Done { passed: Some(passed), ..over(answers(status(id, answer::OK, ""))) }
            }
            Err(why) => over(fails(id, &why)),
        }
    }

    /// Releases a file that has come whole. On a task of its own: a channel that ends meanwhile does not end it.
    async fn release(&mut self, coming: Coming) -> Result<Delivered, String> {
        let Coming { staging, path, pieces, replaces, exclusive, attributes, cut, .. } = coming;
        let (whole, cut_right) = (pieces.whole(), cut.is_none_or(|cut| Some(cut) == pieces.whole()));
        if whole.is_none() || !cut_right {
            let why = if whole.is_none() {
                "a part of it is missing"
            } else {
                "it was cut to another length than was written"
            };
            staging.give_up(why).await;
            return Err(said(&path, &why));
        }
        let replaces = replaces || (cut.is_some() && !exclusive);
        let teller = self.sftp.teller();
        let new = || Carrier::new(teller.gate(), teller.session(), self.channel);
        let mut carrier = self.carrier.take().unwrap_or_else(new);
        let (tell, told) = oneshot::channel();
        tokio::spawn(async move {
            let released = staging.release(attributes, replaces, &mut carrier).await;
            if let Err((mut carrier, _)) = tell.send((carrier, released)) {
                carrier.end().await;
            }
        });
        let (carrier, released): (Carrier, Result<Delivered, NotPassed>) =
            told.await.map_err(|_| said(&path, &"the gate gave it up"))?;
        self.carrier = Some(carrier);
        released.map_err(|error| said(&path, &error))
    }

    /// Gives up the files of which nothing has been heard for too long. While input waits, nobody is silent.
    pub(crate) fn gives_up_silent(&mut self) {
        let now = Instant::now();
        let waits = *self.sftp.teller().session().flow().borrow() != Flow::Open;
        for held in self.files.values_mut() {
            let Held::Coming(coming) = held else { continue };
            if waits {
                coming.heard = now;
                continue;
            }
            if now.duration_since(coming.heard) < Staging::patience() {
                continue;
            }
            let why = said(&coming.path, &SILENT);
            if let Held::Coming(coming) = std::mem::replace(held, Held::Failed(why)) {
                // What becomes of it is a fact, whoever goes meanwhile.
                tokio::spawn(coming.staging.give_up(SILENT));
            }
        }
    }

    /// The channel is over: what is still open is gone.
    pub(crate) async fn end(&mut self) {
        self.files.clear();
        if let Some(mut carrier) = self.carrier.take() {
            carrier.end().await;
        }
    }
}

impl Coming {
    async fn put(&mut self, offset: u64, payload: Bytes) -> Result<(), String> {
        const ORDER: &str = "it was not written from its beginning to its end: put the whole file";
        let pieces = self.pieces.take(offset, payload).map_err(|_| said(&self.path, &ORDER))?;
        for piece in pieces {
            self.staging.put(piece).await.map_err(|error| said(&self.path, &error))?;
        }
        Ok(())
    }

    /// Its client says something of it.
    fn hears<'w>(&mut self, to_do: &'w ToDo) -> &'w ToDo {
        self.heard = Instant::now();
        to_do
    }

    fn set(&mut self, to: &Attributes) {
        self.cut = to.size.or(self.cut);
        let FileAttributes { permissions, owner, times, .. } = &mut self.attributes;
        *permissions = to.permissions.map(|mode| mode & 0o7777).or(*permissions);
        *owner = to.owner.or(*owner);
        *times = to.times.or(*times);
    }

    /// What `fstat` says of it: an ordinary file, as long as what has come.
    fn looks(&self) -> Attributes {
        const ORDINARY: u32 = 0o100_000;
        let FileAttributes { made_with, permissions, owner, times } = self.attributes;
        let mode = permissions.or(made_with).map(|mode| ORDINARY | mode);
        Attributes { size: Some(self.cut.unwrap_or(self.pieces.len())), owner, permissions: mode, times }
    }
}

/// Why something is not done, as people read it.
fn said(path: &str, why: &impl std::fmt::Display) -> String {
    let shown: String = path.chars().take(200).collect();
    format!("{shown} is not on the server: {why}")
}

fn answers(answer: Bytes) -> Done {
    Done { answer, words: None, passed: None, over: false }
}

fn fails(id: u32, why: &str) -> Done {
    Done { words: Some(why.to_owned()), ..answers(status(id, answer::FAILURE, why)) }
}

/// Its file is held no longer.
fn over(done: Done) -> Done {
    Done { over: true, ..done }
}
