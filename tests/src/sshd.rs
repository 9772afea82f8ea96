//! The target: OpenSSH's own server, with its own configuration, host key and port.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::keys::KeyPair;
use crate::machine::{is_root, login_of_this_process, must, program, word};
use crate::patience::soon;
use crate::port::free_port;
use crate::process::Process;
use crate::sockets::listens;

/// What a target is to be like.
#[derive(Clone, Debug, Default)]
pub struct SshdOptions {
    /// Whether it takes passwords, too.
    pub passwords: bool,
    /// The password of its account, where it is not the machine's own.
    pub password: Option<String>,
    /// Whether it has no SFTP subsystem.
    pub without_sftp: bool,
    /// More lines for its configuration.
    pub lines: Vec<String>,
}

/// A running OpenSSH server.
pub struct Sshd {
    port: u16,
    folder: PathBuf,
    host: KeyPair,
    account: String,
    client: KeyPair,
    mark: String,
    /// What makes its account's password another than the machine's own.
    shadow: Option<(PathBuf, String)>,
    process: Option<Process>,
}

impl Sshd {
    /// Starts one whose account lets in the key pair that it makes.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(folder: &Path, options: &SshdOptions) -> Self {
        fs::create_dir_all(folder).expect("a folder for the target");
        let host = KeyPair::make(folder, "host");
        let client = KeyPair::make(folder, "account");
        fs::copy(&client.public, folder.join("authorized")).expect("the account's key is let in");
        fs::create_dir_all(folder.join("home")).expect("the account's home");
        let mark = format!("CHAPERONE_HOUSE={}", folder.display());
        let mut sshd = Self {
            port: free_port(),
            folder: folder.to_owned(),
            host,
            account: login_of_this_process(),
            client,
            mark,
            shadow: options.password.as_deref().map(|password| shadow(folder, password)),
            process: None,
        };
        fs::write(sshd.folder.join("config"), sshd.configuration(options))
            .expect("the target's configuration");
        sshd.rise();
        sshd
    }

    /// The account is this process's own, its home is not: what a developer's start-up files do is no part of a test,
    /// and a shell that is killed in the middle of them can leave a lock that stalls the next one for a minute.
    fn configuration(&self, options: &SshdOptions) -> String {
        let (port, folder, mark) = (self.port, self.folder.display(), &self.mark);
        let sftp = if options.without_sftp { "" } else { "Subsystem sftp internal-sftp\n" };
        let passwords = if options.passwords || options.password.is_some() { "yes" } else { "no" };
        let mut text = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n\
             PidFile {folder}/pid\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication {passwords}\n\
             KbdInteractiveAuthentication no\nUsePAM no\nUseDNS no\nPrintMotd no\nPrintLastLog no\nMaxStartups 1000\n\
             MaxSessions 1000\nLogLevel VERBOSE\nAcceptEnv LANG LC_*\n{sftp}\
             PermitUserRC no\nSetEnv HISTFILE=/dev/null \"HOME={folder}/home\" \"{mark}\"\n"
        );
        for line in &options.lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Starts it again after [`Sshd::fall`], on the same port with the same keys.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn rise(&mut self) {
        if is_root() {
            fs::create_dir_all("/run/sshd").expect("the folder that sshd's unprivileged half is locked into");
        }
        let mut command = Command::new(program("sshd", "openssh-server"));
        command.arg("-D").arg("-f").arg(self.folder.join("config")).arg("-E").arg(self.folder.join("log"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((library, hash)) = &self.shadow {
            command.env("LD_PRELOAD", library).env("CHAPERONE_TEST_SHADOW", hash);
        }
        let mut process = Process::start("sshd", &mut command);
        let port = self.port;
        soon("the target's sshd to listen", || {
            assert!(process.is_running(), "sshd ended: {}", self.log());
            listens(port).then_some(())
        });
        self.process = Some(process);
    }

    /// Ends it with all of its sessions, as a machine that loses power.
    pub fn fall(&mut self) {
        let sessions = self.process.as_ref().map(|sshd| children(sshd.id())).unwrap_or_default();
        self.process = None;
        sessions.into_iter().for_each(kill);
        self.end_what_it_started();
    }

    /// What ran on the target may live on after its connection: it carries the target's mark in its environment.
    fn end_what_it_started(&self) {
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(id) = process.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let environment = fs::read(process.path().join("environ")).unwrap_or_default();
            if environment.split(|byte| *byte == 0).any(|variable| variable == self.mark.as_bytes()) {
                kill(id);
            }
        }
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address, as `target add --ssh` takes it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The account that it serves.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Its host key.
    #[must_use]
    pub fn host_key(&self) -> &KeyPair {
        &self.host
    }

    /// The key that opens its account: the gate's secret.
    #[must_use]
    pub fn account_key(&self) -> &KeyPair {
        &self.client
    }

    /// Its log so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.fall();
    }
}

/// Builds what says the account's password, and hashes it.
fn shadow(folder: &Path, password: &str) -> (PathBuf, String) {
    let library = folder.join("shadow.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/shadow.c");
    let mut compiler = Command::new(program("cc", "build-essential"));
    must(compiler.args(["-shared", "-fPIC", "-O2", "-o", word(&library)]).arg(source));
    let hash = must(Command::new(program("openssl", "openssl")).args(["passwd", "-6", password]));
    (library, hash.trim().to_owned())
}

fn children(parent: u32) -> Vec<i32> {
    let stat = |id: i32| fs::read_to_string(format!("/proc/{id}/stat")).ok();
    let parent_of = |id: i32| stat(id)?.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok();
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| parent_of(*id) == Some(parent))
        .collect()
}

fn kill(id: i32) {
    if let Some(id) = Pid::from_raw(id) {
        // It may have ended by itself.
        kill_process(id, Signal::KILL).ok();
    }
}
