//! The SOC's syslog receiver: a real rsyslogd that writes what it gets, with the time it got it, to a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::Signal;
use serde_json::Value;

use crate::authority::{Authority, Issued};
use crate::machine::{program, word};
use crate::patience::{PATIENCE, eventually, soon};
use crate::port::free_port;
use crate::process::Process;
use crate::sockets::listens;

/// A running rsyslogd.
pub struct Syslog {
    folder: PathBuf,
    port: u16,
    scheme: &'static str,
    process: Option<Process>,
}

/// What speaks TLS for rsyslogd.
#[derive(Clone, Copy, Debug)]
pub enum TlsDriver {
    /// GnuTLS, of Debian's rsyslog-gnutls. It sends no session tickets.
    GnuTls,
    /// OpenSSL, of Debian's rsyslog-openssl.
    OpenSsl,
}

/// One message, as rsyslogd received it.
#[derive(Clone, Debug)]
pub struct Message {
    /// When rsyslogd had it.
    pub arrived: Timestamp,
    /// What was on the wire, without its frame.
    pub raw: String,
    /// The OCSF event in its body; null when the body is no JSON.
    pub event: Value,
}

impl Message {
    /// The sequence number in its structured data (`sequence="N"` of RFC 5424's shape).
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        let structured = self.raw.split_once('{').map_or(self.raw.as_str(), |(head, _)| head);
        let after = structured.split("sequence").nth(1)?;
        after.trim_start_matches(['I', 'd', '=', '"']).split('"').next()?.parse().ok()
    }

    /// The title of the alert that it is about, if it is about one.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.event.pointer("/finding_info/title")?.as_str()
    }
}

impl Syslog {
    /// Starts one.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        let input = "module(load=\"imptcp\")\n\
             input(type=\"imptcp\" address=\"127.0.0.1\" port=\"PORT\" ruleset=\"soc\" supportOctetCountedFraming=\"on\")\n";
        Self::configured(folder, "tcp", "", input)
    }

    /// Starts one that speaks TLS (RFC 5425), with this certificate, and takes clients with one of the authority's only.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start_tls(folder: &Path, driver: TlsDriver, own: &Issued, clients: &Authority) -> Self {
        let global = format!(
            " defaultNetstreamDriverCAFile=\"{}\" defaultNetstreamDriverCertFile=\"{}\" defaultNetstreamDriverKeyFile=\"{}\"",
            word(clients.certificate()),
            word(&own.certificate),
            word(&own.key)
        );
        let name = match driver {
            TlsDriver::GnuTls => "gtls",
            TlsDriver::OpenSsl => "ossl",
        };
        let input = format!(
            "module(load=\"imtcp\" streamDriver.name=\"{name}\" streamDriver.mode=\"1\" streamDriver.authMode=\"x509/certvalid\")\n\
             input(type=\"imtcp\" address=\"127.0.0.1\" port=\"PORT\" ruleset=\"soc\")\n"
        );
        Self::configured(folder, "tls", &global, &input)
    }

    fn configured(folder: &Path, scheme: &'static str, global: &str, input: &str) -> Self {
        fs::create_dir_all(folder).expect("a folder for rsyslog");
        let mut syslog = Self { folder: folder.to_owned(), port: free_port(), scheme, process: None };
        let (input, here) = (input.replace("PORT", &syslog.port.to_string()), folder.display());
        let configuration = format!(
            "global(workDirectory=\"{here}\" maxMessageSize=\"64k\" parser.escapeControlCharactersOnReceive=\"on\"{global})\n\
             template(name=\"wire\" type=\"string\" string=\"%timegenerated:::date-rfc3339% %rawmsg%\\n\")\n\
             ruleset(name=\"soc\") {{ action(type=\"omfile\" file=\"{here}/received\" template=\"wire\") }}\n\
             {input}"
        );
        fs::write(folder.join("config"), configuration).expect("rsyslog's configuration");
        syslog.rise();
        syslog
    }

    /// Starts it again, on the same port; what it received is kept.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn rise(&mut self) {
        let log = fs::File::create(self.folder.join("log")).expect("a log for rsyslog");
        let mut command = Command::new(program("rsyslogd", "rsyslog"));
        command.arg("-n").arg("-f").arg(self.folder.join("config")).arg("-i").arg(self.folder.join("pid"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut process = Process::start("rsyslogd", &mut command);
        soon("rsyslog to listen", || {
            assert!(process.is_running(), "rsyslogd ended: {}", self.log());
            listens(self.port).then_some(())
        });
        self.process = Some(process);
    }

    /// Stops it.
    ///
    /// # Panics
    /// When it does not end.
    pub fn fall(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::TERM);
            process.ends_within(PATIENCE);
            // What it leaves behind would make its successor believe that it is still running.
            drop(fs::remove_file(self.folder.join("pid")));
        }
    }

    /// Where it listens, as `destination add --syslog` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        // A certificate is for a name.
        let host = if self.scheme == "tls" { "localhost" } else { "127.0.0.1" };
        format!("{}://{host}:{}", self.scheme, self.port)
    }

    /// Everything received so far, in order.
    #[must_use]
    pub fn received(&self) -> Vec<Message> {
        let text = fs::read(self.folder.join("received")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        // A line without its end is still being written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().filter_map(message).collect()
    }

    /// Waits for a message.
    ///
    /// # Panics
    /// When it has not come `within` the time.
    #[track_caller]
    pub fn hears(&self, within: Duration, what: &str, wanted: impl Fn(&Message) -> bool) -> Message {
        eventually(within, &format!("syslog message: {what}"), || self.received().into_iter().find(&wanted))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

fn message(line: &str) -> Option<Message> {
    let (arrived, raw) = line.split_once(' ')?;
    let body = raw.find('{').and_then(|at| raw.get(at..)).unwrap_or_default();
    Some(Message {
        arrived: arrived.parse().ok()?,
        raw: raw.to_owned(),
        event: serde_json::from_str(body).unwrap_or(Value::Null),
    })
}
