//! The hospital's mail server: a real aiosmtpd that wants STARTTLS, keeps what it takes, and refuses mailboxes that are
//! not there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::authority::Issued;
use crate::machine::word;
use crate::patience::{eventually, soon};
use crate::port::free_port;
use crate::process::Process;
use crate::sockets::listens;

/// Debian's own Python, whose package python3-aiosmtpd has the server.
const PYTHON: &str = "/usr/bin/python3";
const SERVER: &str = include_str!("mail/server.py");

/// A running mail server.
pub struct MailServer {
    folder: PathBuf,
    port: u16,
    _process: Process,
}

/// A letter, as it was taken.
#[derive(Clone, Debug)]
pub struct Letter {
    /// When it was taken.
    pub arrived: Timestamp,
    /// For whom the server took it.
    pub to: Vec<String>,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
    /// Who signed in.
    pub login: Option<String>,
    /// Its headers, decoded, in their order.
    pub headers: Vec<(String, String)>,
    /// Its body, decoded.
    pub text: String,
}

impl Letter {
    /// A header.
    ///
    /// # Panics
    /// When it is not there exactly once.
    #[track_caller]
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let all: Vec<_> = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).collect();
        assert_eq!(all.len(), 1, "{name} in {:?}", self.headers);
        &all[0].1
    }
}

impl MailServer {
    /// Starts one with this certificate; `login` is the user name and password that it wants, if any.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(folder: &Path, own: &Issued, login: Option<(&str, &str)>) -> Self {
        fs::create_dir_all(folder).expect("a folder for the mail server");
        let script = folder.join("server.py");
        fs::write(&script, SERVER).expect("the mail server's script");
        let port = free_port();
        let log = fs::File::create(folder.join("log")).expect("a log for the mail server");
        let mut command = Command::new(PYTHON);
        command.arg(&script).arg(port.to_string()).arg(folder.join("taken"));
        command.arg(word(&own.certificate)).arg(word(&own.key));
        command.args(login.map(|(user, password)| [user, password]).into_iter().flatten());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut process = Process::start("aiosmtpd", &mut command);
        soon("the mail server to listen", || {
            let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(
                process.is_running(),
                "the mail server ended; is Debian's python3-aiosmtpd installed? {}",
                log()
            );
            listens(port).then_some(())
        });
        Self { folder: folder.to_owned(), port, _process: process }
    }

    /// Where it listens, as `destination add --smtp` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://localhost:{}", self.port)
    }

    /// Everything taken so far, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<Letter> {
        let text = fs::read_to_string(self.folder.join("taken")).unwrap_or_default();
        // A line without its end is still being written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().filter_map(letter).collect()
    }

    /// Waits for a letter.
    ///
    /// # Panics
    /// When it has not come `within` the time.
    #[track_caller]
    pub fn takes(&self, within: Duration, what: &str, wanted: impl Fn(&Letter) -> bool) -> Letter {
        eventually(within, &format!("letter: {what}"), || self.taken().into_iter().find(&wanted))
    }
}

fn letter(line: &str) -> Option<Letter> {
    let letter: Value = serde_json::from_str(line).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let pair = |pair: &Value| Some((text(pair.get(0)?)?, text(pair.get(1)?)?));
    Some(Letter {
        arrived: letter["arrived"].as_str()?.parse().ok()?,
        to: letter["to"].as_array()?.iter().filter_map(text).collect(),
        encrypted: letter["encrypted"].as_bool()?,
        login: text(&letter["login"]),
        headers: letter["headers"].as_array()?.iter().filter_map(pair).collect(),
        text: text(&letter["text"])?,
    })
}
