//! The gate's door for web consoles, and clients for it: curl, OpenSSL's s_client for what no client sends, and whatever
//! else maps the gate's names to its port.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::console::{CONSOLE_NAME, Console};
use crate::furnish::Furnishing;
use crate::house::House;
use crate::http::get;
use crate::port::free_port;
use crate::process::{Process, Ran};

/// The gate's domain in scenarios.
pub const DOMAIN: &str = "gate.hospital.example";
/// How long a request may take.
const WITHIN: Duration = Duration::from_secs(120);

/// When a connection that is kept has said everything.
const QUIET_AFTER: Duration = Duration::from_secs(3);

/// A house with a web console behind its gate.
pub struct WebHouse {
    /// Everything else.
    pub house: House,
    /// The console.
    pub console: Console,
    port: u16,
    authority: PathBuf,
}

/// What curl was answered.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The fields, in small letters.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Page {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A field's value.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name))
            .map(|(_, value)| value)
    }
}

impl Furnishing {
    /// With a TLS gate on a port of its own; returns it.
    #[must_use]
    pub fn with_tls(self) -> (Self, u16) {
        let port = free_port();
        let at = format!("127.0.0.1:{port}");
        (self.with("CHAPERONE_GATE__TLS", &at).with("CHAPERONE_GATE__DOMAIN", DOMAIN), port)
    }
}

impl House {
    /// Asks for a window of Dana's on the console.
    ///
    /// # Panics
    /// When the gate refuses it.
    #[track_caller]
    #[must_use]
    pub fn request_on_console(&self, opens: &str, closes: &str) -> String {
        self.request_on("console-01", "dana", "tls", (opens, closes), &[])
    }
}

impl WebHouse {
    /// A house with a console called `console-01` that speaks HTTP/1.1 and HTTP/2.
    ///
    /// # Panics
    /// When anything does not come up.
    #[track_caller]
    #[must_use]
    pub fn start() -> Self {
        Self::furnished(House::furnish(), "", &[])
    }

    /// The same, made otherwise: with more lines for the console's server, and more words for `target add`.
    ///
    /// # Panics
    /// When anything does not come up.
    #[track_caller]
    #[must_use]
    pub fn furnished(furnishing: Furnishing, lines: &str, more: &[&str]) -> Self {
        let (furnishing, port) = furnishing.with_tls();
        let house = furnishing.start();
        let console = Console::start(house.folder(), lines);
        Self::with(house, console, port, more)
    }

    /// The same, with a console that speaks HTTP/1.1 alone.
    ///
    /// # Panics
    /// When anything does not come up.
    #[track_caller]
    #[must_use]
    pub fn with_old_console(lines: &str) -> Self {
        let (furnishing, port) = House::furnish().with_tls();
        let house = furnishing.start();
        let console = Console::of_http1(house.folder(), lines);
        Self::with(house, console, port, &[])
    }

    /// The same, with a console that speaks no TLS, as is allowed until then.
    ///
    /// # Panics
    /// When anything does not come up.
    #[track_caller]
    #[must_use]
    pub fn in_clear(until: &str) -> Self {
        let (furnishing, port) = House::furnish().with_tls();
        let house = furnishing.start();
        let console = Console::in_clear(house.folder());
        let words = ["--plain-http-until", until, "--plain-http-reason", "firmware 3 has no TLS"];
        Self::declared(house, console, port, &words)
    }

    #[track_caller]
    fn with(house: House, console: Console, port: u16, more: &[&str]) -> Self {
        let trust = console.trust().display().to_string();
        Self::declared(house, console, port, &[&["--trust", &trust], more].concat())
    }

    #[track_caller]
    fn declared(house: House, console: Console, port: u16, more: &[&str]) -> Self {
        let address = console.address();
        let mut words = vec!["target", "add", "console-01", "--tls", &address, "--server-name", CONSOLE_NAME];
        words.push("--http");
        words.extend(more);
        house.priya().does(&words);
        let authority = house.folder().join("gate-ca.pem");
        let known = get(house.gate.web_port(), "/api/tls/authority", None)
            .expect("the gate names its authority")
            .json();
        std::fs::write(&authority, known["pem"].as_str().expect("a certificate"))
            .expect("the authority's file");
        Self { house, console, port, authority }
    }

    /// A window of Dana's on the console, open from now on.
    ///
    /// # Panics
    /// When the gate refuses it.
    #[track_caller]
    pub fn open_window(&self, closes: &str) -> String {
        self.house.open_window_on("console-01", "dana", "tls", closes)
    }

    /// The link that opens the console, as Dana's desk asks for it.
    ///
    /// # Panics
    /// When the gate refuses it.
    #[track_caller]
    #[must_use]
    pub fn link(&self, window: &str) -> String {
        let made =
            self.house.gate.person("dana").does(&["window", "console", window, "--target", "console-01"]);
        made["url"].as_str().expect("a link").to_owned()
    }

    /// Somebody's browser, without a cookie yet.
    #[must_use]
    pub fn client(&self, name: &str) -> Client<'_> {
        self.client_through(name, self.port)
    }

    /// The same, whose connections go to another port of this machine.
    #[must_use]
    pub fn client_through(&self, name: &str, port: u16) -> Client<'_> {
        Client { house: self, jar: self.house.folder().join(format!("{name}.cookies")), port }
    }

    /// A browser that has opened the console.
    ///
    /// # Panics
    /// When it does not open.
    #[track_caller]
    #[must_use]
    pub fn opened(&self, window: &str) -> Client<'_> {
        let client = self.client(window);
        let entered = client.gets(&self.link(window), &[]);
        assert_eq!((entered.status, entered.field("location")), (303, Some("/")), "{}", entered.text());
        client
    }

    /// The console's address at the gate.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://console-01.web.{DOMAIN}:{}{path}", self.port)
    }

    /// The host name of a console at the gate.
    #[must_use]
    pub fn host(&self) -> String {
        format!("console-01.web.{DOMAIN}:{}", self.port)
    }

    /// The TLS gate's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The file with what vouches for the gate.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// Says these bytes on a connection for the console's name, and returns what comes back until the gate ends it, or for
    /// some seconds.
    ///
    /// # Panics
    /// When OpenSSL does not run.
    #[track_caller]
    #[must_use]
    pub fn says(&self, bytes: &[u8]) -> String {
        self.says_after("", "", bytes)
    }

    /// The same, after something else was said and answered with these words.
    ///
    /// # Panics
    /// When OpenSSL does not run.
    #[track_caller]
    #[must_use]
    pub fn says_after(&self, first: &str, answer: &str, bytes: &[u8]) -> String {
        let mut child = self.raw("http/1.1");
        let mut input = child.stdin.take().expect("s_client listens");
        let mut out = child.stdout.take().expect("s_client tells");
        let (send, told) = std::sync::mpsc::sync_channel(64);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = std::io::Read::read(&mut out, &mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut all = String::new();
        let hears = |until: &dyn Fn(&str) -> bool, all: &mut String| {
            let deadline = Instant::now() + QUIET_AFTER;
            while !until(all) {
                let left = deadline.saturating_duration_since(Instant::now());
                let Ok(more) = told.recv_timeout(left) else { break };
                all.push_str(&String::from_utf8_lossy(&more));
            }
        };
        input.write_all(first.as_bytes()).expect("s_client listens");
        hears(&|all| all.contains(answer), &mut all);
        input.write_all(bytes).expect("s_client listens");
        hears(&|_| false, &mut all);
        drop((child.kill(), child.wait()));
        all
    }

    /// A raw TLS connection for the console's name.
    ///
    /// # Panics
    /// When OpenSSL does not run.
    #[track_caller]
    #[must_use]
    pub fn raw(&self, alpn: &str) -> Child {
        let mut command = Command::new("openssl");
        let name = format!("console-01.web.{DOMAIN}");
        command.args(["s_client", "-quiet", "-connect", &format!("127.0.0.1:{}", self.port)]);
        command.args(["-servername", &name, "-alpn", alpn, "-CAfile"]).arg(&self.authority);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().expect("openssl runs")
    }

    /// What a recording's transactions are, as its events say.
    ///
    /// # Panics
    /// When it cannot be exported.
    #[track_caller]
    #[must_use]
    pub fn events(&self, session: &str, kind: &str) -> Vec<Value> {
        let all = self.exported(session);
        let of_kind = all.iter().filter(|line| line["kind"] == kind || line["event"] == kind);
        of_kind.map(|line| line.get("body").cloned().unwrap_or_else(|| line.clone())).collect()
    }

    /// Everything in a recording, a line each.
    ///
    /// # Panics
    /// When it cannot be exported.
    #[track_caller]
    #[must_use]
    pub fn exported(&self, session: &str) -> Vec<Value> {
        let file = self.house.folder().join(format!("{session}-{}.jsonl", self.house.facts().len()));
        let name = file.to_str().expect("the harness makes UTF-8 paths");
        self.house.sam().does(&[
            "recording",
            "export",
            session,
            "--format",
            "jsonl",
            "-o",
            name,
            "--reason",
            "review",
        ]);
        let text = std::fs::read_to_string(&file).expect("the export can be read");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}

/// curl, with cookies of its own.
pub struct Client<'h> {
    house: &'h WebHouse,
    jar: PathBuf,
    /// Where it connects to, whatever it asks for.
    port: u16,
}

impl Client<'_> {
    /// A curl that knows the gate's names and its authority.
    #[must_use]
    pub fn curl(&self, more: &[&str]) -> Command {
        let mut command = Command::new("curl");
        let (named, port) = (self.house.port, self.port);
        command.args(["--silent", "--show-error", "--cacert"]).arg(&self.house.authority);
        command.args([
            "--resolve",
            &format!("*:{named}:127.0.0.1"),
            "--connect-to",
            &format!("::127.0.0.1:{port}"),
        ]);
        command.arg("--cookie").arg(&self.jar).arg("--cookie-jar").arg(&self.jar).args(more);
        command.stdin(Stdio::null());
        command
    }

    /// Asks for a URL, or a path of the console.
    ///
    /// # Panics
    /// When curl fails.
    #[track_caller]
    #[must_use]
    pub fn gets(&self, url: &str, more: &[&str]) -> Page {
        let ran = self.runs(url, more).succeeded();
        page(&ran.out)
    }

    /// The same, whatever comes of it.
    ///
    /// # Panics
    /// When curl does not end.
    #[track_caller]
    #[must_use]
    pub fn runs(&self, url: &str, more: &[&str]) -> Ran {
        let url = if url.starts_with('/') { self.house.url(url) } else { url.to_owned() };
        let mut command = self.curl(&["--include", "--max-time", "100"]);
        Process::run("curl", WITHIN, command.args(more).arg(url))
    }

    /// Ends the visit, as whoever presses *leave*.
    ///
    /// # Panics
    /// When the gate does not take it.
    #[track_caller]
    pub fn leaves(&self) {
        let left = self.gets("/.chaperone/leave", &["--request", "POST"]);
        assert_eq!(left.status, 200, "{}", left.text());
    }

    /// The gate's cookie in its jar.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn cookie(&self) -> String {
        let jar = std::fs::read_to_string(&self.jar).expect("a cookie jar");
        let line = jar.lines().find(|line| line.contains("__Host-chaperone")).expect("the gate's cookie");
        line.rsplit('\t').next().expect("a value").to_owned()
    }
}

fn page(out: &[u8]) -> Page {
    let mut rest = out;
    loop {
        let end = rest.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&rest[..end]).to_ascii_lowercase();
        rest = &rest[end + 4..];
        let status: u16 = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        if status >= 200 {
            return Page { status, head: head.replace("\r\n", "\n"), body: rest.to_vec() };
        }
    }
}
