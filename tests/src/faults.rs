//! A disk under the gate's recordings that fails as disks do: a library that is loaded before the gate's own, and stands
//! before its calls that write to files (`faults.c`).

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::gate::{Gate, Ready};
use crate::machine::{must, program, word};

/// What can be struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Opening for writing, and creating.
    Open,
    /// Writing.
    Write,
    /// Making durable.
    Sync,
    /// Cutting a file.
    Cut,
    /// Everything.
    Any,
}

/// What happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An I/O error, and nothing is done.
    Eio,
    /// No space is left.
    Enospc,
    /// The file system is read-only.
    Erofs,
    /// Half of it is written, then an I/O error.
    Torn,
    /// All of it is done, then an I/O error: *failed but persisted*.
    Kept,
    /// Half of it is written, and that is what the answer says.
    Short,
    /// Done after so many milliseconds.
    Slow(u32),
    /// Done when it is mended.
    Hang,
    /// The gate is killed before it does so for the so manieth time.
    Die(u32),
    /// The gate is killed after it has done so for the so manieth time.
    Died(u32),
}

/// The faults of one gate's disk; none at first.
pub struct Faults {
    library: PathBuf,
    rules: PathBuf,
}

impl Faults {
    /// Builds the library.
    ///
    /// # Panics
    /// When there is no C compiler.
    #[must_use]
    pub fn build(folder: &Path) -> Self {
        let faults = Self { library: folder.join("faults.so"), rules: folder.join("faults") };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/faults.c");
        let mut compiler = Command::new(program("cc", "build-essential"));
        must(compiler.args(["-shared", "-fPIC", "-O2", "-o"]).arg(&faults.library).arg(source));
        faults.mend();
        faults
    }

    /// Starts the gate on this disk.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    pub fn under(&self, gate: &mut Gate) {
        let variables = [("LD_PRELOAD", word(&self.library)), ("CHAPERONE_TEST_FAULTS", word(&self.rules))];
        assert_eq!(gate.try_to_rise(&variables), Ready::Serving, "{}", gate.log());
    }

    /// What puts a gate on this disk, in its environment.
    #[must_use]
    pub fn variables(&self) -> [(&str, &str); 2] {
        [("LD_PRELOAD", word(&self.library)), ("CHAPERONE_TEST_FAULTS", word(&self.rules))]
    }

    /// From now on this happens to files whose path has this part in it.
    pub fn strike(&self, part: &str, operation: Operation, action: Action) {
        self.strike_all(&[(part, operation, action)]);
    }

    /// From now on all of this happens; the first that fits counts.
    ///
    /// # Panics
    /// When the rules cannot be written.
    pub fn strike_all(&self, strokes: &[(&str, Operation, Action)]) {
        let mut text = String::new();
        for (part, operation, action) in strokes {
            let operation = match operation {
                Operation::Open => "open",
                Operation::Write => "write",
                Operation::Sync => "sync",
                Operation::Cut => "cut",
                Operation::Any => "any",
            };
            let (action, number) = match action {
                Action::Eio => ("eio", 0),
                Action::Enospc => ("enospc", 0),
                Action::Erofs => ("erofs", 0),
                Action::Torn => ("torn", 0),
                Action::Kept => ("kept", 0),
                Action::Short => ("short", 0),
                Action::Slow(milliseconds) => ("slow", *milliseconds),
                Action::Hang => ("hang", 0),
                Action::Die(time) => ("die", *time),
                Action::Died(time) => ("died", *time),
            };
            writeln!(text, "{operation} {part} {action} {number}").expect("a text takes a line");
        }
        // Renamed: the library reads whole files only, and knows a new one by its number.
        let new = self.rules.with_extension("new");
        fs::write(&new, text).and_then(|()| fs::rename(&new, &self.rules)).expect("the rules are written");
    }

    /// The disk works again.
    pub fn mend(&self) {
        self.strike_all(&[]);
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        // A gate whose writes hang could not even be ended.
        self.mend();
    }
}
