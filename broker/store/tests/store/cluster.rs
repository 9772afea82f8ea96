//! A private PostgreSQL: own folder, own port, one test long.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A running, or stopped, cluster.
pub struct Cluster {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

impl Cluster {
    /// `None` when the tests are told to go without; without PostgreSQL and without being told, the test fails.
    pub async fn start() -> Option<Self> {
        if std::env::var_os("CHAPERONE_TEST_PG").is_some_and(|value| value == "skip") {
            eprintln!("CHAPERONE_TEST_PG=skip: not tested on PostgreSQL");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("chaperone-pg").tempdir().unwrap();
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(folder.path()).status();
            assert!(owned.unwrap().success(), "as root, PostgreSQL is run as user postgres");
        }
        let data = folder.path().join("data");
        let mut initdb = as_server("initdb");
        initdb.arg("-D").arg(&data).args([
            "-U",
            "chaperone",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut cluster = Self { folder, port, server: None };
        cluster.up().await;
        Some(cluster)
    }

    pub fn url(&self) -> String {
        format!("postgres://chaperone@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts the server and waits until it answers.
    pub async fn up(&mut self) {
        let server = as_server("postgres")
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .arg("-k")
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.server = Some(server.unwrap());
        for _ in 0..600 {
            if PgConnection::connect(&self.url()).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("PostgreSQL did not start within 30 s");
    }

    /// Takes the server away at once, as a crash does.
    pub fn down(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // SIGQUIT: the server ends its children and leaves recovery to the next start.
        drop(Command::new("kill").args(["-QUIT", &server.id().to_string()]).status());
        drop(server.wait());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.down();
    }
}

fn is_root() -> bool {
    let said = Command::new("id").arg("-u").output().unwrap();
    said.stdout.trim_ascii() == b"0"
}

/// A server program; as user postgres where we are root, since it refuses to run as root.
fn as_server(name: &str) -> Command {
    let program = program(name);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
    command.current_dir("/");
    command
}

fn program(name: &str) -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut bins: Vec<PathBuf> = installed.map(|version| version.path().join("bin")).collect();
    bins.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    bins.extend(std::env::split_paths(&path));
    let found = bins.iter().map(|bin| bin.join(name)).find(|program| Path::is_file(program));
    found.unwrap_or_else(|| {
        panic!("PostgreSQL's {name} is not installed; CHAPERONE_TEST_PG=skip goes without")
    })
}
