//! An ssh client in a real terminal: a pseudo-terminal whose other side is the scenario.

use std::ffi::OsString;
use std::io::Write;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

use crate::patience::{PATIENCE, eventually};
use crate::visit::Collected;

/// A terminal with a program in it.
pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    screen: Collected,
}

/// A reading end of a terminal that others write to.
struct Reader(Arc<Pty>);

impl std::io::Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Terminal {
    /// A terminal of so many columns and rows.
    #[track_caller]
    pub(crate) fn run(
        (columns, rows): (u16, u16),
        line: &[String],
        environment: Option<(&'static str, OsString)>,
    ) -> Self {
        let (pty, pts) = open().expect("a pseudo-terminal");
        pty.resize(Size::new(rows, columns)).expect("a terminal has a size");
        let program = line.first().expect("a command line has a program");
        let command = Command::new(program).args(line.iter().skip(1)).env("TERM", "xterm");
        let command = command.env_remove("SSH_AUTH_SOCK").envs(environment);
        let child = command.spawn(pts).unwrap_or_else(|error| panic!("{program} cannot be started: {error}"));
        let pty = Arc::new(pty);
        let screen = Collected::from(Reader(Arc::clone(&pty)));
        Self { pty, child, screen }
    }

    /// Types something, as fast as the terminal takes it.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn types(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).expect("the terminal takes what is typed");
    }

    /// Waits until this is on the screen.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        self.screen.shows(PATIENCE, text);
    }

    /// Waits until this is on the screen, and says how long it took.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn shows_after(&self, text: &str) -> Duration {
        let began = Instant::now();
        self.shows(text);
        began.elapsed()
    }

    /// Everything shown so far, as it came.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.screen.bytes()
    }

    /// Everything shown so far.
    #[must_use]
    pub fn screen(&self) -> String {
        self.screen.text()
    }

    /// Makes the window another size.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn resizes(&self, columns: u16, rows: u16) {
        self.pty.resize(Size::new(rows, columns)).expect("a terminal can be resized");
    }

    /// The client's process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the client is still running.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the client's end; returns its exit status.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn ends(&mut self) -> Option<i32> {
        let status = eventually(PATIENCE, "the client in the terminal to end", || {
            self.child.try_wait().ok().flatten()
        });
        self.screen.drains();
        status.code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that has ended already needs no killing.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
