//! A raw SSH client: it says what it wants under any name and in any order, from any address of this machine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_openssh_certificate, load_secret_key};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::keys::KeyPair;

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// What the gate answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// In.
    In,
    /// That is proven, and more is wanted.
    More,
    /// No.
    No,
    /// Nothing: the connection is gone.
    Gone,
}

struct Client;

impl client::Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        // The gate is this machine's own.
        Ok(true)
    }
}

/// One connection.
pub struct Caller {
    runtime: Runtime,
    handle: Handle<Client>,
}

impl Caller {
    /// Connects to a port of this machine from one of its own addresses, such as 127.0.0.2.
    ///
    /// # Panics
    /// When it cannot.
    #[track_caller]
    #[must_use]
    pub fn from(address: Ipv4Addr, port: u16) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let handle = runtime.block_on(async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(SocketAddr::new(IpAddr::V4(address), 0)).expect("an address of this machine");
            let gate = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
            let stream = socket.connect(gate).await.expect("the gate answers");
            let config = Arc::new(client::Config::default());
            timeout(ANSWER, client::connect_stream(config, stream, Client)).await
        });
        let handle = handle.expect("the gate answers in time").expect("it speaks SSH");
        Self { runtime, handle }
    }

    /// Says a name, and nothing else (`none`).
    pub fn names(&mut self, user: &str) -> Heard {
        let said = self.handle.authenticate_none(user);
        heard(self.runtime.block_on(in_time(said)))
    }

    /// Says a password.
    pub fn says_a_password(&mut self, user: &str) -> Heard {
        let said = self.handle.authenticate_password(user, "let me in");
        heard(self.runtime.block_on(in_time(said)))
    }

    /// Offers a key and, if it is wanted, signs with it.
    ///
    /// # Panics
    /// When the key cannot be read.
    pub fn shows(&mut self, user: &str, key: &KeyPair) -> Heard {
        let key = load_secret_key(&key.private, None).expect("a private key");
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
        let said = self.handle.authenticate_publickey(user, key);
        heard(self.runtime.block_on(in_time(said)))
    }

    /// Offers a certificate and, if it is wanted, signs with its key.
    ///
    /// # Panics
    /// When either cannot be read.
    pub fn shows_a_certificate(&mut self, user: &str, key: &KeyPair, certificate: &Path) -> Heard {
        let key = load_secret_key(&key.private, None).expect("a private key");
        let certificate = load_openssh_certificate(certificate).expect("a certificate");
        let said = self.handle.authenticate_openssh_cert(user, Arc::new(key), certificate);
        heard(self.runtime.block_on(in_time(said)))
    }

    /// Asks to be asked, and answers with a code.
    pub fn says_a_code(&mut self, user: &str, code: &str) -> Heard {
        use KeyboardInteractiveAuthResponse as Asked;
        let (handle, code) = (&mut self.handle, code.to_owned());
        let said = async {
            let asked = handle.authenticate_keyboard_interactive_start(user, None).await.ok()?;
            if !matches!(asked, Asked::InfoRequest { .. }) {
                return Some(asked);
            }
            handle.authenticate_keyboard_interactive_respond(vec![code]).await.ok()
        };
        match self.runtime.block_on(async { timeout(ANSWER, said).await }).ok().flatten() {
            Some(Asked::Success) => Heard::In,
            Some(Asked::Failure { partial_success: true, .. }) => Heard::More,
            Some(_) => Heard::No,
            None => Heard::Gone,
        }
    }
}

async fn in_time(said: impl Future<Output = Result<AuthResult, russh::Error>>) -> Option<AuthResult> {
    timeout(ANSWER, said).await.ok()?.ok()
}

fn heard(result: Option<AuthResult>) -> Heard {
    match result {
        Some(AuthResult::Success) => Heard::In,
        Some(AuthResult::Failure { partial_success: true, .. }) => Heard::More,
        Some(AuthResult::Failure { .. }) => Heard::No,
        None => Heard::Gone,
    }
}
