//! A house with a TLS gate and a console behind it, and OpenSSL beside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chaperone_tests::{Answer, Authority, Furnishing, House, ask, free_port};
use serde_json::{Value, json};

/// The gate's domain.
pub const DOMAIN: &str = "gate.hospital.example";
/// The console.
pub const CONSOLE: &str = "console-01";

/// A house whose gate ends TLS.
pub fn furnish() -> Furnishing {
    House::furnish()
        .with("CHAPERONE_GATE__TLS", &format!("127.0.0.1:{}", free_port()))
        .with("CHAPERONE_WEB__URL", &format!("https://{DOMAIN}"))
}

/// Adds the console, which nobody needs to reach.
pub fn add_console(house: &House) {
    let trust = Authority::new(house.folder(), "console-ca");
    let words = ["target", "add", CONSOLE, "--tls", "127.0.0.1:9", "--server-name", "console.pumps.example"];
    let trust = ["--trust", trust.certificate().to_str().unwrap(), "--http"];
    house.priya().does(&[&words[..], &trust].concat());
}

/// Asks for what somebody needs to come by TLS, with a token.
pub fn connects(house: &House, token: &str, to: &str, key: &Key) -> Answer {
    connects_with(house, token, &json!({ "to": to, "public_key_pem": key.public_pem() }))
}

/// The same, with this body.
pub fn connects_with(house: &House, token: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    ask(house.gate.web_port(), "POST", "/api/connect", &headers, Some(body)).expect("the web answers")
}

/// A key that OpenSSL made.
pub struct Key(PathBuf);

impl Key {
    /// Of this kind, as `openssl genpkey` names it.
    pub fn make(folder: &Path, name: &str, kind: &[&str]) -> Self {
        let file = folder.join(format!("{name}.key"));
        openssl(&[&["genpkey", "-out", file.to_str().unwrap(), "-algorithm"][..], kind].concat());
        Self(file)
    }

    /// P-256.
    pub fn p256(folder: &Path, name: &str) -> Self {
        Self::make(folder, name, &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.0.clone()
    }

    /// Its public half, as a file.
    pub fn public_file(&self) -> PathBuf {
        let file = self.0.with_extension("pub.pem");
        std::fs::write(&file, self.public_pem()).unwrap();
        file
    }

    pub fn public_pem(&self) -> String {
        openssl(&["pkey", "-in", self.0.to_str().unwrap(), "-pubout"])
    }
}

/// Runs OpenSSL; what it printed.
#[track_caller]
pub fn openssl(words: &[&str]) -> String {
    let (good, out, err) = tries_openssl(words);
    assert!(good, "openssl {}: {err}", words.join(" "));
    out
}

/// Runs OpenSSL: whether it was content, and both of its outputs.
pub fn tries_openssl(words: &[&str]) -> (bool, String, String) {
    let done = Command::new("openssl").args(words).stdin(Stdio::null()).output().expect("openssl runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (done.status.success(), text(done.stdout), text(done.stderr))
}

/// Writes a text of the API's into a file.
pub fn kept(folder: &Path, name: &str, text: &Value) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text.as_str().unwrap_or_else(|| panic!("{name} is a text"))).unwrap();
    file
}
