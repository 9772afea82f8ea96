//! Scanners of files: a real clamd with one signature, EICAR's, and a real c-icap that asks it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::machine::{login_of_this_process, program};
use crate::patience::soon;
use crate::port::free_port;
use crate::process::Process;
use crate::sockets::listens;

/// What clamd calls the test file.
pub const EICAR: &str = "Eicar-Test-Signature";

/// The anti-malware test file of EICAR, in two halves: whole it would set off whoever scans this source.
#[must_use]
pub fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
}

/// A running clamd.
pub struct Clamd {
    port: u16,
    process: Option<Process>,
    folder: TempDir,
}

impl Clamd {
    /// Starts one that knows EICAR and takes files of at most 20 MB.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start() -> Self {
        let folder = folder();
        fs::create_dir(folder.path().join("database")).expect("a folder for clamd's signatures");
        let mut clamd = Self { folder, port: free_port(), process: None };
        let (here, port) = (clamd.folder.path().display(), clamd.port);
        let configuration = format!(
            "DatabaseDirectory {here}/database\nLocalSocket {here}/socket\nTCPSocket {port}\nTCPAddr 127.0.0.1\n\
             Foreground yes\nUser {}\nStreamMaxLength 20M\nMaxFileSize 20M\nMaxScanSize 20M\nAlertExceedsMax yes\n",
            login_of_this_process()
        );
        fs::write(clamd.folder.path().join("config"), configuration).expect("clamd's configuration");
        clamd.knows("eicar", &eicar());
        clamd.rise();
        clamd
    }

    /// From its next start on it finds this in files.
    ///
    /// # Panics
    /// When its signatures cannot be written.
    pub fn knows(&self, name: &str, bytes: &[u8]) {
        let called = if name == "eicar" { EICAR } else { name };
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let signature = format!("{called}:0:*:{hex}\n");
        fs::write(self.folder.path().join("database").join(format!("{name}.ndb")), signature)
            .expect("a signature");
    }

    /// Starts it again.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn rise(&mut self) {
        let log = fs::File::create(self.folder.path().join("log")).expect("a log for clamd");
        let errors = log.try_clone().expect("a log for clamd");
        let mut command = Command::new(program("clamd", "clamav-daemon"));
        command
            .arg("-c")
            .arg(self.folder.path().join("config"))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        let mut process = Process::start("clamd", &mut command);
        let port = self.port;
        soon("clamd to listen", || {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(process.is_running(), "clamd ended: {log}");
            listens(port).then_some(())
        });
        self.process = Some(process);
    }

    /// Ends it.
    pub fn fall(&mut self) {
        self.process = None;
        drop(fs::remove_file(self.socket()));
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it has fallen.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("clamd runs").id()
    }

    /// Its local socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// A running c-icap, whose service `avscan` asks a clamd.
pub struct Icap {
    port: u16,
    _process: Process,
    _folder: TempDir,
}

impl Icap {
    /// Starts one.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(clamd: &Clamd) -> Self {
        let folder = folder();
        let (here, port, modules) = (folder.path().display(), free_port(), modules());
        let configuration = format!(
            "PidFile {here}/pid\nCommandsSocket {here}/ctl\nPort 127.0.0.1:{port}\nStartServers 1\nMaxServers 2\n\
             ThreadsPerChild 4\nTmpDir {here}\nServerLog {here}/log\nAccessLog {here}/access\nModulesDir {modules}\n\
             ServicesDir {modules}\nTemplateDir /usr/share/c_icap/templates/\nLoadMagicFile /etc/c-icap/c-icap.magic\n\
             Module common clamd_mod.so\nService antivirus_module virus_scan.so\n\
             ServiceAlias avscan virus_scan?allow204=on&sizelimit=off&mode=simple\n\
             virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE\nvirus_scan.MaxObjectSize 20M\n\
             virus_scan.StartSendPercentDataAfter 20M\nvirus_scan.DefaultEngine clamd\nclamd_mod.ClamdSocket {}\n",
            clamd.socket().display()
        );
        fs::write(folder.path().join("config"), configuration).expect("c-icap's configuration");
        let log = fs::File::create(folder.path().join("out")).expect("a log for c-icap");
        let errors = log.try_clone().expect("a log for c-icap");
        let mut command = Command::new(program("c-icap", "c-icap"));
        command.arg("-N").arg("-f").arg(folder.path().join("config"));
        let mut process = Process::start("c-icap", command.stdin(Stdio::null()).stdout(log).stderr(errors));
        soon("c-icap to listen", || {
            let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            assert!(process.is_running(), "c-icap ended: {log}");
            listens(port).then_some(())
        });
        Self { port, _process: process, _folder: folder }
    }

    /// Its service, as `uploads.scanner` names it.
    #[must_use]
    pub fn service(&self) -> String {
        format!("icap://127.0.0.1:{}/avscan", self.port)
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("chaperone-tests-").tempdir().expect("a folder for a scanner")
}

/// Where Debian puts c-icap's modules: in the folder of the machine's kind.
fn modules() -> String {
    let libraries = fs::read_dir("/usr/lib").expect("/usr/lib can be read");
    let folders = libraries.flatten().map(|entry| entry.path().join("c_icap"));
    let found = folders.into_iter().find(|folder| folder.join("virus_scan.so").exists());
    found.expect("Debian's libc-icap-mod-virus-scan is installed").display().to_string()
}
