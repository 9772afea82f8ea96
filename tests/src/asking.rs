//! A target that asks for a password, in either of the protocol's ways and in any words: what no OpenSSH server does without
//! the machine's own accounts. It keeps what it was told.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};

use russh::keys::PrivateKey;
use russh::server::{self, Auth, ChannelOpenHandle, Msg, Response, Session};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::keys::KeyPair;

/// How it asks.
#[derive(Clone, Debug)]
pub enum Asks {
    /// By the method `password`.
    Password,
    /// By `keyboard-interactive`: rounds of prompts, each with whether the answer is shown.
    Prompts(&'static [&'static [(&'static str, bool)]]),
}

/// A running target of this kind, with one account `svc`.
pub struct Asking {
    port: u16,
    host: KeyPair,
    told: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl Asking {
    /// Starts one that takes this password.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(folder: &Path, asks: Asks, password: &str) -> Self {
        fs::create_dir_all(folder).expect("a folder for the target");
        let host = KeyPair::make(folder, "host");
        let key = fs::read_to_string(&host.private).expect("a host key");
        let key = PrivateKey::from_openssh(key).expect("an OpenSSH key");
        let method = match asks {
            Asks::Password => MethodKind::Password,
            Asks::Prompts(_) => MethodKind::KeyboardInteractive,
        };
        let config = Arc::new(server::Config {
            keys: vec![key],
            methods: MethodSet::from([method].as_slice()),
            ..server::Config::default()
        });
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let account = Account { asks, password: password.to_owned(), round: 0, told: Arc::clone(&told) };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a thread for the target");
        let (says, bound) = sync_channel(1);
        runtime.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            says.send(listener.local_addr().expect("an address").port()).expect("somebody waits");
            while let Ok((stream, _)) = listener.accept().await {
                let running = server::run_stream(Arc::clone(&config), stream, account.clone());
                tokio::spawn(async move {
                    if let Ok(running) = running.await {
                        // Whoever is refused hangs up.
                        drop(running.await);
                    }
                });
            }
        });
        let port = bound.recv().expect("the target listens");
        Self { port, host, told, _runtime: runtime }
    }

    /// Its address, as `target add --ssh` takes it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its host key.
    #[must_use]
    pub fn host_key(&self) -> &PathBuf {
        &self.host.public
    }

    /// Every secret and answer that it was told, in order.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Clone)]
struct Account {
    asks: Asks,
    password: String,
    round: usize,
    told: Arc<Mutex<Vec<String>>>,
}

impl Account {
    fn hears(&self, what: &str) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(what.to_owned());
    }
}

impl server::Handler for Account {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        self.hears(password);
        Ok(if user == "svc" && password == self.password { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Asks::Prompts(rounds) = self.asks else { return Ok(Auth::reject()) };
        if let Some(answers) = response {
            for answer in answers {
                let answer = String::from_utf8_lossy(&answer).into_owned();
                self.hears(&answer);
                if user != "svc" || answer != self.password {
                    return Ok(Auth::reject());
                }
            }
        }
        let Some(prompts) = rounds.get(self.round) else { return Ok(Auth::Accept) };
        self.round += 1;
        let prompts: Vec<(Cow<'static, str>, bool)> =
            prompts.iter().map(|(text, shown)| (Cow::Borrowed(*text), *shown)).collect();
        Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts: prompts.into() })
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(id)?;
        session.data(id, [b"ran ", command, b"\n"].concat())?;
        session.exit_status_request(id, 0)?;
        session.eof(id)?;
        session.close(id)
    }
}
