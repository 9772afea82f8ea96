//! A private PostgreSQL cluster. The server refuses to run as root, so root runs it as the account `postgres`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::machine::{is_root, must, word};
use crate::patience::{PATIENCE, soon};
use crate::port::free_port;
use crate::process::Process;

/// A running server with an empty database.
pub struct Postgres {
    folder: TempDir,
    port: u16,
    process: Option<Process>,
}

impl Postgres {
    /// Starts one.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not come up.
    #[must_use]
    pub fn start() -> Self {
        let template = template();
        let folder = tempfile::Builder::new()
            .prefix("chaperone-tests-pg-")
            .tempdir()
            .expect("a folder for PostgreSQL");
        open_to_all(folder.path());
        must(Command::new("cp").arg("-a").arg(&template).arg(folder.path().join("data")));
        let mut postgres = Self { folder, port: free_port(), process: None };
        postgres.rise();
        postgres
    }

    /// Where the database is, as `init --database` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts the server again, on the same port with the same data.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn rise(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.expect("a log for PostgreSQL");
        let mut command = as_postgres(&binary("postgres"));
        command.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
        command.arg("-k").arg(self.data()).args(["-c", "listen_addresses=127.0.0.1"]);
        // Power loss is not what these tests are about: without fsync a cluster costs a fraction.
        command.args(["-c", "fsync=off", "-c", "max_connections=60"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).current_dir("/");
        let mut process = Process::start("postgres", &mut command);
        soon("PostgreSQL to answer", || {
            assert!(process.is_running(), "postgres ended: {}", self.log());
            let mut ask = Command::new(binary("pg_isready"));
            let ask = ask.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            ask.status().ok().filter(std::process::ExitStatus::success)
        });
        self.process = Some(process);
    }

    /// Stops the server, ending every connection.
    ///
    /// # Panics
    /// When it does not end.
    pub fn fall(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Fast shutdown.
            process.signal(Signal::INT);
            process.ends_within(PATIENCE);
        }
    }

    /// Keeps a copy of everything in it, as a backup does.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn back_up(&mut self, to: &Path) {
        self.fall();
        must(Command::new("cp").arg("-a").arg(self.data()).arg(to));
        self.rise();
    }

    /// Goes back to a copy.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn restore(&mut self, from: &Path) {
        self.fall();
        must(Command::new("rm").arg("-r").arg(self.data()));
        must(Command::new("cp").arg("-a").arg(from).arg(self.data()));
        self.rise();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // An orderly end frees its shared memory; a crash would leave it behind.
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::INT);
            let ended =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| process.ends_within(PATIENCE)));
            drop(ended);
        }
    }
}

/// An initialised cluster to copy: made once per user of this machine, since `initdb` takes seconds.
fn template() -> PathBuf {
    let version = must(Command::new(binary("postgres")).arg("--version"));
    let version: String = version.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let user = rustix::process::geteuid().as_raw();
    let template = std::env::temp_dir().join(format!("chaperone-tests-pg-template-{user}-{version}"));
    if !template.exists() {
        let fresh = tempfile::Builder::new()
            .prefix("chaperone-tests-initdb-")
            .tempdir()
            .expect("a folder for initdb");
        open_to_all(fresh.path());
        let data = fresh.path().join("data");
        fs::create_dir(&data).expect("a folder for the cluster");
        if is_root() {
            must(Command::new("chown").args(["postgres:postgres", word(&data)]));
        }
        let mut initdb = as_postgres(&binary("initdb"));
        let initdb = initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]);
        must(initdb.args(["-D", word(&data)]).current_dir("/"));
        // Several tests may get here at once: one of them wins, and the others' work is thrown away.
        drop(fs::rename(&data, &template));
        assert!(template.exists(), "{} cannot be made", template.display());
    }
    template
}

fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("the folder is ours");
}

fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    // `setpriv` becomes the program: the process id stays that of the child.
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
    command
}

/// A server program of PostgreSQL, which Debian keeps off the search path.
pub(crate) fn binary(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("bin").join(name)).collect();
    found.retain(|path| path.is_file());
    found.sort();
    found.pop().unwrap_or_else(|| crate::machine::program(name, "postgresql"))
}
