//! The demo's servers, in processes of their own: one with a shell as whoever started the demo, one with a web console.
//! Both are on loopback only, and say what they are.

use std::path::{Path, PathBuf};

use chaperone_policy::TargetName;
use chaperone_ssh::HostKey;
use chaperone_ssh::standin::Standin;
use chaperone_tls::ServerTls;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::certificate;
use super::console::{Console, SERVER_NAME};
use super::error::{DemoError, trying};
use super::stage::{READY, Stage, text};
use crate::cli::outcome::{Failure, chain, say};
use crate::private_file;

/// The demo's target: a loopback SSH server that gives a real shell as this user
#[derive(Debug, clap::Args)]
pub struct StandinArgs {
    /// What it calls itself in its prompt
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Its host key, in OpenSSH's format
    #[arg(long, value_name = "FILE")]
    host_key: PathBuf,
    /// The one public key that it lets in
    #[arg(long, value_name = "FILE")]
    authorized: PathBuf,
}

/// The demo's web console: a loopback HTTPS server with a few pages
#[derive(Debug, clap::Args)]
pub struct ConsoleArgs {
    /// What it calls itself on its pages
    #[arg(long, value_name = "NAME")]
    name: TargetName,
    /// Its certificate, PEM
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// The private key to that, PEM
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The file with the password that it lets its account in with
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
}

/// Serves as the demo's target until it is killed.
///
/// # Errors
/// When a file cannot be read, or it cannot listen.
pub async fn standin(args: StandinArgs) -> Result<(), Failure> {
    let host_key = HostKey::from_openssh(&read(&args.host_key)?).map_err(|error| failed(&error))?;
    let authorized = read(&args.authorized)?;
    let bound = Standin::bind(([127, 0, 0, 1], 0).into(), host_key, &authorized, &args.name).await;
    let standin = bound.map_err(|error| failed(&error))?;
    let address = standin.address().map_err(|error| failed(&error))?;
    say(&json!({ "port": address.port() }).to_string())?;
    standin.serve().await.map_err(|error| failed(&error))
}

/// Serves as the demo's web console until it is killed.
///
/// # Errors
/// When a file cannot be read or used, or it cannot listen.
pub async fn console(args: ConsoleArgs) -> Result<(), Failure> {
    let tls = ServerTls::from_files(&args.certificate, &args.key).map_err(|error| failed(&error))?;
    let password = read(&args.secret)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| failed(&error))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    say(&json!({ "port": address.port() }).to_string())?;
    Console::new(args.name, password.trim_end()).serve(listener, &tls).await;
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::failed(format!("{} cannot be read: {error}", path.display()), ""))
}

fn failed(error: &dyn std::error::Error) -> Failure {
    Failure::failed(chain(error), "")
}

/// A running web console, and what the gate is told of it.
pub(super) struct Running {
    pub port: u16,
    /// What vouches for its certificate.
    pub authority: PathBuf,
    /// The file with its account's password.
    pub secret: PathBuf,
}

impl Stage {
    /// Starts a stand-in server; returns its port.
    pub(super) async fn standin(
        &mut self,
        name: &str,
        host_key: &Path,
        key: &Path,
    ) -> Result<u16, DemoError> {
        let key = key.with_extension("pub");
        let words = ["standin", "--name", name, "--host-key", text(host_key), "--authorized", text(&key)];
        let ready = self.start("the stand-in server", &words).await?;
        port(&ready).ok_or(DemoError::NotReady("the stand-in server", READY))
    }

    /// Starts a stand-in console, with a certificate and a password made now.
    pub(super) async fn console(&mut self, name: &str) -> Result<Running, DemoError> {
        let made = certificate::make(&self.folder, SERVER_NAME, Timestamp::now())?;
        let secret = self.file("console.secret");
        let password = format!("{}\n", uuid::Uuid::new_v4().simple());
        private_file::create(&secret, password.as_bytes()).map_err(trying("write the console's password"))?;
        let (certificate, key) = (text(&made.certificate), text(&made.key));
        let words = ["standin-console", "--name", name, "--certificate", certificate, "--key", key];
        let words: Vec<_> = words.into_iter().chain(["--secret", text(&secret)]).collect();
        let ready = self.start("the stand-in console", &words).await?;
        let port = port(&ready).ok_or(DemoError::NotReady("the stand-in console", READY))?;
        Ok(Running { port, authority: made.authority, secret })
    }
}

fn port(ready: &Value) -> Option<u16> {
    ready.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok())
}
