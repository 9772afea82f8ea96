//! A client that is still running: a command over ssh, or anything else that talks through its standard input and output.

use std::io::{Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::process::Signal;

use crate::patience::{PATIENCE, eventually};
use crate::process::Process;

/// A running ssh client.
pub struct Visit {
    process: Process,
    out: Collected,
    err: Collected,
}

/// What a pipe has given so far.
#[derive(Clone, Default)]
pub(crate) struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: Arc<AtomicBool>,
}

/// How long a pipe may stay open after its process: a client's master process may go on holding it.
const DRAINED: Duration = Duration::from_secs(2);

impl Collected {
    /// Reads a pipe to its end, on a thread of its own.
    pub(crate) fn from(mut pipe: impl Read + Send + 'static) -> Self {
        let collected = Self::default();
        let (bytes, ended) = (Arc::clone(&collected.bytes), Arc::clone(&collected.ended));
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            // A terminal's end is an error, a pipe's end is no bytes.
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                let part = buffer.get(..count).unwrap_or_default();
                bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
            }
            ended.store(true, Ordering::Release);
        });
        collected
    }

    /// What a pipe gives that nobody reads.
    fn nothing() -> Self {
        Self { ended: Arc::new(AtomicBool::new(true)), ..Self::default() }
    }

    /// Waits until what a process that has ended wrote last is here, too.
    pub(crate) fn drains(&self) {
        let began = Instant::now();
        while !self.ended.load(Ordering::Acquire) && began.elapsed() < DRAINED {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    #[track_caller]
    pub(crate) fn shows(&self, within: Duration, text: &str) {
        let mut seen = String::new();
        let shown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            eventually(within, text, || {
                seen = self.text();
                seen.contains(text).then_some(())
            });
        }));
        assert!(shown.is_ok(), "{text:?} was not shown within {within:?}; shown was {seen:?}");
    }
}

impl Visit {
    /// Starts any client, or server, that takes and gives bytes by its standard input and output.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    #[must_use]
    pub fn of(mut command: Command) -> Self {
        Self::begin(&mut command, true)
    }

    /// The same, and nobody reads what it gives.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    #[must_use]
    pub fn unread(mut command: Command) -> Self {
        Self::begin(&mut command, false)
    }

    #[track_caller]
    pub(crate) fn begin(command: &mut Command, reads: bool) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start("ssh", command);
        let err = process.child().stderr.take().map(Collected::from).unwrap_or_default();
        let out = match reads {
            true => process.child().stdout.take().map(Collected::from).unwrap_or_default(),
            false => Collected::nothing(),
        };
        Self { process, out, err }
    }

    /// Waits until this is in its output.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        self.out.shows(PATIENCE, text);
    }

    /// Waits until this is in its standard error.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn says(&self, text: &str) {
        self.err.shows(PATIENCE, text);
    }

    /// Its standard error so far.
    #[must_use]
    pub fn err(&self) -> String {
        self.err.text()
    }

    /// Its output so far.
    #[must_use]
    pub fn out(&self) -> Vec<u8> {
        self.out.bytes()
    }

    /// How many bytes of output it has had so far.
    #[must_use]
    pub fn received(&self) -> usize {
        self.out.len()
    }

    /// Sends something to its input.
    ///
    /// # Panics
    /// When its input is closed.
    pub fn types(&mut self, text: &str) {
        let input = self.process.child().stdin.as_mut().expect("the visit's input is open");
        input.write_all(text.as_bytes()).and_then(|()| input.flush()).expect("ssh reads its input");
    }

    /// Sends noise without end, on a thread of its own, until ssh ends.
    pub fn floods(&mut self) {
        if let Some(mut input) = self.process.child().stdin.take() {
            std::thread::spawn(move || {
                let block = crate::text::noise(64 << 10);
                while input.write_all(&block).is_ok() {}
            });
        }
    }

    /// Sends numbered lines without end, some ten thousand at a time, on a thread of its own, until ssh ends.
    pub fn counts(&mut self) {
        if let Some(mut input) = self.process.child().stdin.take() {
            std::thread::spawn(move || {
                for block in 0_u64.. {
                    let lines: String =
                        (0..10_000).map(|line| format!("{}\n", block * 10_000 + line)).collect();
                    if input.write_all(lines.as_bytes()).is_err() {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            });
        }
    }

    /// Closes its input.
    pub fn ends_input(&mut self) {
        drop(self.process.child().stdin.take());
    }

    /// Stops the client as Ctrl-Z does (SIGSTOP): it neither reads nor answers.
    pub fn freezes(&mut self) {
        self.process.signal(Signal::STOP);
    }

    /// Lets a stopped client go on.
    pub fn thaws(&mut self) {
        self.process.signal(Signal::CONT);
    }

    /// Sends the client a signal.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Whether the client is still running.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Waits for its end; returns its status and when it was seen.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn ends(&mut self) -> (ExitStatus, Timestamp) {
        let ended = (self.process.ends_within(PATIENCE), Timestamp::now());
        self.out.drains();
        self.err.drains();
        ended
    }
}
