//! A house with a TLS gate, a server behind it that OpenSSL or nginx plays, and a technician with a certificate.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use chaperone_tests::{
    Answer, Authority, Furnishing, House, Issued, Process, Ran, Visit, ask, eventually, free_port, legs, soon,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The gate's domain.
pub const DOMAIN: &str = "gate.hospital.example";
/// The server.
pub const CONSOLE: &str = "console-01";
/// By which its certificate knows it.
pub const NAME: &str = "console.pumps.example";

/// How long one command may take.
const RUN_WITHIN: Duration = Duration::from_secs(120);

/// A house, its TLS door, and what vouches for servers behind it.
pub struct World {
    pub house: House,
    /// The TLS door's port.
    pub port: u16,
    pub hospital: Authority,
}

/// What a technician proves who they are with.
#[derive(Clone, Debug)]
pub struct Proof {
    pub key: PathBuf,
    pub certificate: PathBuf,
    /// The gate's authority.
    pub authority: PathBuf,
}

impl World {
    /// On SQLite.
    pub fn start() -> Self {
        Self::of(House::furnish())
    }

    pub fn of(furnishing: Furnishing) -> Self {
        let port = free_port();
        let house = furnishing
            .with("CHAPERONE_GATE__TLS", &format!("127.0.0.1:{port}"))
            .with("CHAPERONE_GATE__DOMAIN", DOMAIN)
            .with("CHAPERONE_GATE__TLS_LINGER_SECONDS", "1")
            .start();
        let hospital = Authority::new(house.folder(), "hospital");
        Self { house, port, hospital }
    }

    pub fn folder(&self) -> &Path {
        self.house.folder()
    }

    /// The server's own certificate.
    pub fn issued(&self) -> Issued {
        self.hospital.issues(NAME)
    }

    /// Declares the server.
    pub fn add(&self, port: u16, more: &[&str]) {
        self.add_as(CONSOLE, port, more);
    }

    pub fn add_as(&self, name: &str, port: u16, more: &[&str]) {
        let address = format!("127.0.0.1:{port}");
        let words = ["target", "add", name, "--tls", &address, "--server-name", NAME];
        let trust = ["--trust", self.hospital.certificate().to_str().unwrap()];
        self.house.priya().does(&[&words[..], &trust, more].concat());
    }

    /// Dana's window on it.
    pub fn window(&self, closes: &str) -> String {
        self.house.open_window_on(CONSOLE, "dana", "tls", closes)
    }

    /// The same, with more said of it.
    pub fn window_with(&self, closes: &str, more: &[&str]) -> String {
        let words = ["window", "request", "--target", CONSOLE, "--person", "dana", "--access", "tls"];
        let times =
            ["--opens", "now", "--closes", closes, "--purpose", "patch", "--reason", "security patch"];
        let asked = self.house.gate.person("dana").does(&[&words[..], &times, more].concat());
        let id = asked["id"].as_str().unwrap().to_owned();
        self.house.approve(&id);
        id
    }

    /// Signs what Dana needs to come to a target in a window of hers that is open.
    pub fn proof(&self, to: &str) -> Proof {
        self.proof_of("dana", to)
    }

    /// The same, for somebody.
    pub fn proof_of(&self, login: &str, to: &str) -> Proof {
        let (answer, proof) = self.asks_as(login, to);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let said = answer.json();
        std::fs::write(&proof.certificate, said["certificate_pem"].as_str().unwrap()).unwrap();
        std::fs::write(&proof.authority, said["authority_pem"].as_str().unwrap()).unwrap();
        proof
    }

    /// What the gate answers to who asks for one, and the key that it is for.
    pub fn asks_for_a_proof(&self, to: &str) -> (Answer, Proof) {
        self.asks_as("dana", to)
    }

    fn asks_as(&self, login: &str, to: &str) -> (Answer, Proof) {
        let (folder, number) = (self.folder(), free_port());
        let file = |kind: &str| folder.join(format!("{login}-{number}.{kind}"));
        let proof = Proof { key: file("key"), certificate: file("pem"), authority: file("ca") };
        let kind = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
        openssl(&[&["genpkey", "-out", proof.key.to_str().unwrap()][..], &kind].concat());
        let public = openssl(&["pkey", "-in", proof.key.to_str().unwrap(), "-pubout"]);
        let bearer = format!("Bearer {}", self.house.gate.token(login));
        let body = json!({ "to": to, "public_key_pem": public });
        let headers = [("authorization", bearer.as_str())];
        let answer = ask(self.house.gate.web_port(), "POST", "/api/connect", &headers, Some(&body)).unwrap();
        (answer, proof)
    }

    /// The gate's authority, for somebody who has no certificate.
    pub fn authority(&self) -> PathBuf {
        let file = self.folder().join("gate-ca.pem");
        let said = chaperone_tests::get(
            self.house.gate.web_port(),
            "/api/tls/authority",
            Some(&self.house.gate.token("dana")),
        );
        std::fs::write(&file, said.unwrap().json()["pem"].as_str().unwrap()).unwrap();
        file
    }

    /// `openssl s_client` to a name below `tls.`, with a certificate.
    pub fn s_client(&self, label: &str, proof: &Proof, more: &[&str]) -> Command {
        let name = format!("{label}.tls.{DOMAIN}");
        let mut command = Command::new("openssl");
        command.args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-connect",
            &format!("127.0.0.1:{}", self.port),
        ]);
        command.args(["-servername", &name, "-verify_hostname", &name]);
        command
            .arg("-CAfile")
            .arg(&proof.authority)
            .arg("-cert")
            .arg(&proof.certificate)
            .arg("-key")
            .arg(&proof.key);
        command.args(more);
        command
    }

    /// The same with nothing to say, to its end.
    pub fn tries(&self, proof: &Proof) -> Ran {
        Process::run("openssl", RUN_WITHIN, self.s_client(CONSOLE, proof, &[]).stdin(Stdio::null()))
    }

    /// The same, running.
    pub fn client(&self, proof: &Proof) -> Visit {
        Visit::of(self.s_client(CONSOLE, proof, &[]))
    }

    /// `curl` to the server through the gate.
    pub fn curl(&self, proof: &Proof, path: &str, more: &[&str]) -> Ran {
        let name = format!("{CONSOLE}.tls.{DOMAIN}");
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--max-time", "50"]);
        command.args(["--resolve", &format!("{name}:{}:127.0.0.1", self.port)]);
        command.arg("--cacert").arg(&proof.authority).arg("--cert").arg(&proof.certificate);
        command.arg("--key").arg(&proof.key).args(more).arg(format!("https://{name}:{}{path}", self.port));
        Process::run("curl", RUN_WITHIN, &mut command)
    }

    /// What a recording holds, line by line, once it is sealed.
    pub fn recorded(&self, session: &str) -> Vec<Value> {
        self.house.sealed(session);
        let file = self.folder().join(format!("{session}.jsonl"));
        let words = ["recording", "export", session, "--format", "jsonl", "-o", file.to_str().unwrap()];
        self.house.sam().does(&[&words[..], &["--reason", "looked into"]].concat());
        let text = std::fs::read_to_string(&file).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until no leg of the server's visits is in the kernel's socket table; returns when that was seen.
    #[track_caller]
    pub fn legs_gone(&self, server: u16) -> Timestamp {
        eventually(Duration::from_secs(30), "all legs to be gone from the kernel's socket table", || {
            (legs(self.port, server) == (0, 0)).then(Timestamp::now)
        })
    }

    /// Holds the gate to its promise: at this moment all legs end, within a second; and to its own record of it.
    #[track_caller]
    pub fn cut_at(&self, due: Timestamp, server: u16, reason: &str) -> Value {
        let late = self.legs_gone(server).duration_since(due);
        assert!(late >= SignedDuration::ZERO, "cut {} ms early", -late.as_millis());
        assert!(late <= SignedDuration::from_millis(1300), "cut {} ms late", late.as_millis());
        let session = self.house.newest_session();
        let visit = self.house.sealed(&session);
        assert_eq!(visit["end_reason"], reason, "{visit:#}");
        let ended = self.house.fact("session-ended");
        assert_eq!(ended.body["sockets_gone"], true, "{:#}", ended.body);
        let verdict = self.house.sam().does(&["recording", "verify", &session]);
        assert_eq!(verdict["sound"], true, "{verdict:#}");
        visit
    }
}

/// A server that OpenSSL plays: `-rev` answers each line with itself, backwards.
pub struct Server {
    pub port: u16,
    pub process: Visit,
}

impl Server {
    pub fn start(issued: &Issued, more: &[&str]) -> Self {
        let port = free_port();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &format!("127.0.0.1:{port}")]);
        command.arg("-cert").arg(&issued.certificate).arg("-key").arg(&issued.key).args(more);
        let process = Visit::of(command);
        soon("openssl s_server to listen", || listens(port).then_some(()));
        Self { port, process }
    }

    pub fn reverses(issued: &Issued) -> Self {
        Self::start(issued, &["-rev"])
    }
}

/// nginx with TLS and HTTP/2.
pub struct Nginx {
    pub port: u16,
    pub home: PathBuf,
    _process: Process,
}

impl Nginx {
    pub fn start(folder: &Path, issued: &Issued) -> Self {
        let port = free_port();
        let home = folder.join(format!("nginx-{port}"));
        std::fs::create_dir_all(&home).unwrap();
        std::fs::write(home.join("big"), vec![b'x'; 3 << 20]).unwrap();
        let (own, cert, key) = (home.display(), issued.certificate.display(), issued.key.display());
        let text = format!(
            "daemon off; master_process off; pid {own}/pid; error_log {own}/error;\n\
             events {{ worker_connections 256; }}\n\
             http {{ access_log off; client_body_temp_path {own}/t; proxy_temp_path {own}/p; fastcgi_temp_path {own}/f;\n\
             uwsgi_temp_path {own}/u; scgi_temp_path {own}/s; keepalive_timeout 600s; client_max_body_size 0;\n\
             server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {cert}; ssl_certificate_key {key};\n\
             root {own}; location = /hello {{ return 200 \"hello from the pump server\\n\"; }} }} }}\n"
        );
        let file = home.join("nginx.conf");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-p").arg(&home).arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::start("nginx", &mut command);
        soon("nginx to listen", || listens(port).then_some(()));
        Self { port, home, _process: process }
    }
}

/// What is in clear of one stream.
pub fn stream(lines: &[Value], stream: &str) -> String {
    lines.iter().filter(|line| line["stream"] == stream).filter_map(|line| line["text"].as_str()).collect()
}

pub fn events<'l>(lines: &'l [Value], kind: &str) -> Vec<&'l Value> {
    lines.iter().filter(|line| line["event"] == kind).map(|line| &line["body"]).collect()
}

pub fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[track_caller]
pub fn openssl(words: &[&str]) -> String {
    let done = Command::new("openssl").args(words).output().expect("openssl runs");
    assert!(done.status.success(), "openssl {}: {}", words.join(" "), String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}
