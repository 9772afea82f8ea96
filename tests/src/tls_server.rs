//! Consoles and servers that speak TLS, behind the gate: nginx with pages, and an `openssl s_server` that answers each line
//! by its reverse.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::authority::Authority;
use crate::machine::word;
use crate::patience::{PATIENCE, eventually};
use crate::process::Process;

/// A running server of TLS.
pub struct TlsServer {
    /// `ADDR:PORT`.
    pub at: String,
    _process: Process,
}

impl TlsServer {
    /// nginx at this address, with HTTP/1.1 and HTTP/2 and one page, which says this.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn nginx(folder: &Path, authority: &Authority, name: &str, at: &str, says: &str) -> Self {
        let folder = folder.join(format!("nginx-{}", at.replace([':', '.'], "-")));
        fs::create_dir_all(&folder).expect("a folder for nginx");
        let issued = authority.issues(name);
        let text = format!(
            "daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; events {{}}\n\
             http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;\n\
             fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;\n\
             server {{ listen {at} ssl http2; ssl_certificate {}; ssl_certificate_key {};\n\
             location / {{ return 200 \"{says}\\n\"; }} }} }}\n",
            word(&issued.certificate),
            word(&issued.key),
            folder = folder.display(),
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, text).expect("nginx's configuration");
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-e").arg(folder.join("error.log")).arg("-c").arg(&file);
        Self::begin("nginx", &mut command, at)
    }

    /// An `openssl s_server` that answers each line by its reverse.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn reversing(authority: &Authority, name: &str, at: &str) -> Self {
        let issued = authority.issues(name);
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", at, "-rev", "-cert", word(&issued.certificate)]);
        command.args(["-key", word(&issued.key)]);
        Self::begin("openssl s_server", &mut command, at)
    }

    fn begin(name: &str, command: &mut Command, at: &str) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::start(name, command);
        eventually(PATIENCE, &format!("{name} to listen"), || TcpStream::connect(at).ok());
        Self { at: at.to_owned(), _process: process }
    }
}
