//! A child process of the harness, ended by its process id at the latest when it is dropped.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::patience::eventually;

/// A running child.
pub struct Process {
    child: Child,
    name: String,
}

/// What a finished command left.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// Its standard output.
    pub out: Vec<u8>,
    /// Its standard error, as text.
    pub err: String,
    /// How long it ran.
    pub took: Duration,
}

impl Ran {
    /// Its standard output as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// The same, if it succeeded.
    ///
    /// # Panics
    /// When its status is not 0.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.status, Some(0), "out: {}\nerr: {}", self.text(), self.err);
        self
    }

    /// The same, if the gate refused it: status 77 and a sentence.
    ///
    /// # Panics
    /// When it was not refused.
    #[track_caller]
    pub fn refused(self) -> Self {
        assert_eq!(self.status, Some(77), "out: {}\nerr: {}", self.text(), self.err);
        self
    }
}

impl Process {
    /// Starts a command.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn start(name: &str, command: &mut Command) -> Self {
        let child = command.spawn().unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        Self { child, name: name.to_owned() }
    }

    /// Runs a command to its end; both of its outputs are collected.
    ///
    /// # Panics
    /// When it has not ended `within` the time.
    #[track_caller]
    pub fn run(name: &str, within: Duration, command: &mut Command) -> Ran {
        let began = Instant::now();
        let mut process = Self::start(name, command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        let (out, err) = (process.child.stdout.take(), process.child.stderr.take());
        let read = |pipe: Option<Box<dyn Read + Send>>| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
                bytes
            })
        };
        let out = read(out.map(|pipe| Box::new(pipe) as _));
        let err = read(err.map(|pipe| Box::new(pipe) as _));
        let status = process.ends_within(within);
        let took = began.elapsed();
        let out = out.join().expect("a reader does not panic");
        let err = String::from_utf8_lossy(&err.join().expect("a reader does not panic")).into_owned();
        Ran { status: status.code(), out, err, took }
    }

    /// The process itself, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The most memory that it has had at once, in KiB.
    ///
    /// # Panics
    /// When it is gone.
    #[must_use]
    pub fn peak_kib(id: u32) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the process is there");
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel counts memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it is still running.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends it a signal. One that has ended already gets none.
    pub fn signal(&mut self, signal: Signal) {
        if self.is_running()
            && let Some(id) = i32::try_from(self.id()).ok().and_then(Pid::from_raw)
        {
            // It may end between the look and the signal.
            kill_process(id, signal).ok();
        }
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it is still running after `within`.
    #[track_caller]
    pub fn ends_within(&mut self, within: Duration) -> ExitStatus {
        let what = format!("{} (process {}) to end", self.name, self.id());
        eventually(within, &what, || self.child.try_wait().ok().flatten())
    }

    /// Ends it without a chance to say anything, as a crash does.
    pub fn kill(&mut self) {
        // One that has ended already needs no killing.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
