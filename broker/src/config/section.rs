//! Every section and key: its kind, its default, and what must hold between keys.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::time::Duration;

use chaperone_alert::Timing;
use chaperone_policy::Login;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::Config;
use super::gate::gate;
use super::raw::{Judged, Raw, address, boolean, mismatch, one_of, text, whole, whole_list, words};
use super::reader::Reader;
use super::uploads::uploads;
use crate::installation::Installation;

/// `[web]`: the pages and the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// Where it is served: HTTPS, except on loopback.
    pub listen: SocketAddr,
    /// What links to the pages begin with, without a slash at the end; the default is the node's own address.
    pub url: Option<String>,
    /// Certificate chain and key, PEM; without them the node makes its own.
    pub certificate: Option<Certificate>,
}

/// A certificate chain and its key, both PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The chain, leaf first.
    pub chain: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// `[database]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
}

/// `[recording]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Where recordings lie; a desk may only read there.
    pub dir: PathBuf,
    /// When bytes are on stable storage.
    pub mode: Mode,
    /// Below this much free space no new visit begins.
    pub low_bytes: u64,
    /// Below this much free space running visits are ended in order.
    pub critical_bytes: u64,
    /// How much of the body of one request or answer is kept, in bytes; the rest is counted and hashed.
    pub http_body_limit: u64,
}

/// When recorded bytes are on stable storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// At the latest 200 ms after they passed.
    Prompt,
    /// Before they pass.
    Durable,
}

/// `[desk]`: what is read out of recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// The derived store: `sqlite:PATH` or `postgres://…`, with credentials that no gate has.
    pub database: String,
}

/// `[security]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// Whether who comes by SSH shows a second factor beside the key.
    pub ssh_second_factor: SecondFactor,
    /// How long a second factor shown by SSH does for the same key from the same address.
    pub second_factor: Duration,
    /// How long a second factor shown in a browser does for approving, stopping and exporting.
    pub step_up: Duration,
    /// Whether tokens minted on the host may approve, replay and export (P8).
    pub host_tokens: bool,
}

/// Whether who comes by SSH shows a second factor beside the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// Everybody; who has enrolled none is refused.
    Always,
    /// Who has enrolled one.
    WhenEnrolled,
    /// Nobody.
    Never,
}

/// `[ledger]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The name that signed checkpoints carry.
    pub origin: String,
}

/// `[session]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Minutes before the end at which a terminal is warned, longest first.
    pub warn_minutes: Vec<u64>,
    /// How long visits go on without the database.
    pub store_grace: Duration,
    /// How long visits wait for the recorder.
    pub recorder_grace: Duration,
    /// For how long another node is not heard of before its visits are declared lost.
    pub lost_after: Duration,
    /// How long a visit waits for an observer.
    pub observer_wait: Duration,
    /// How long after a lost connection its technician may go on with the same visit; zero for never.
    pub come_back: Duration,
}

/// `[alert]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The syslog collector that hears what cannot be written, while the database is gone.
    pub emergency: Option<String>,
    /// Whether webhooks may go to private and loopback addresses.
    pub allow_private_webhooks: bool,
}

/// `[log]`: the node's own log on standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// How lines look.
    pub format: LogFormat,
    /// A filter such as `info` or `chaperone=debug`.
    pub level: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Plain,
    /// One JSON object a line.
    Json,
}

/// Everything. `None` only when a key without a default is missing, which is then a fault.
pub(super) fn config(reader: &mut Reader<'_>) -> Option<Config> {
    let data = data(reader);
    let gate = gate(reader);
    let database = database(reader, data.as_ref());
    let web = web(reader);
    let recording = recording(reader, data.as_ref());
    let desk = desk(reader, data.as_ref());
    let security = security(reader);
    let ledger = Ledger { origin: reader.or("ledger.origin", format!("chaperone/{}", gate.name), origin) };
    let session = session(reader);
    let uploads = uploads(reader, data.as_ref());
    let alert = Alert {
        emergency: reader.optional("alert.emergency", collector),
        allow_private_webhooks: reader.or("alert.allow_private_webhooks", false, boolean),
    };
    let notice = notice(reader);
    let log = log(reader);
    Some(Config {
        data: data?,
        gate,
        web,
        database: database?,
        recording: recording?,
        desk: desk?,
        security,
        ledger,
        session,
        uploads: uploads?,
        alert,
        notice,
        log,
    })
}

/// `[notice]`.
fn notice(reader: &mut Reader<'_>) -> Timing {
    let standard = Timing::default();
    let mut minutes = |key: &'static str, standard: SignedDuration, most: u64| {
        let minutes = reader.or(key, standard.as_mins().unsigned_abs(), |raw| whole(raw, 1, most));
        SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(i64::MAX / 60))
    };
    Timing {
        opening_before: minutes("notice.opening_minutes", standard.opening_before, 24 * 60),
        remind_after: minutes("notice.remind_minutes", standard.remind_after, 14 * 24 * 60),
        review_before: minutes("notice.review_minutes", standard.review_before, 14 * 24 * 60),
        stand_ins: reader.or("notice.stand_ins", Vec::new(), logins),
    }
}

/// Sign-in names, with commas between.
fn logins(raw: &Raw) -> Judged<Vec<Login>> {
    let text = text(raw)?;
    let named = text.split(',').map(str::trim).filter(|login| !login.is_empty());
    match named.map(str::parse).collect() {
        Ok(logins) => Ok(logins),
        Err(_) => mismatch(format!("{text:?} are no sign-in names"), "right is such as \"lea, quentin\""),
    }
}

/// `tls://HOST:PORT`, `tcp://HOST:PORT` or `udp://HOST:PORT`.
fn collector(raw: &Raw) -> Judged<String> {
    let url = words(raw)?;
    match chaperone_alert::Emergency::new(&url, TimeZone::UTC) {
        Ok(_) => Ok(url),
        Err(fault) => {
            mismatch(fault.to_string(), "right is tls://HOST:PORT, tcp://HOST:PORT or udp://HOST:PORT")
        }
    }
}

/// What links begin with: scheme and host, and no path.
fn site(raw: &Raw) -> Judged<String> {
    let url = words(raw)?;
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ']) => Ok(url),
        _ => mismatch(
            format!("{url:?} is no address of a site"),
            "right is https://HOST, with a port if need be, and no slash at the end",
        ),
    }
}

fn security(reader: &mut Reader<'_>) -> Security {
    let hours = reader.or("security.second_factor_hours", 12, |raw| whole(raw, 0, 168));
    let minutes = reader.or("security.step_up_minutes", 15, |raw| whole(raw, 1, 120));
    Security {
        ssh_second_factor: reader.or("security.ssh_second_factor", SecondFactor::WhenEnrolled, |raw| {
            one_of(
                raw,
                &[
                    ("always", SecondFactor::Always),
                    ("when-enrolled", SecondFactor::WhenEnrolled),
                    ("never", SecondFactor::Never),
                ],
            )
        }),
        second_factor: Duration::from_secs(hours * 3600),
        step_up: Duration::from_secs(minutes * 60),
        host_tokens: reader.or("security.host_tokens", false, boolean),
    }
}

fn data(reader: &mut Reader<'_>) -> Option<Installation> {
    let given = reader.optional("data.dir", words);
    if given.is_none() && !reader.has("data.dir") {
        reader.fault("data.dir", "is missing", "name the folder for keys, recordings and the database");
    }
    given.map(|dir| Installation::at(reader.path(&dir)))
}

fn database(reader: &mut Reader<'_>, data: Option<&Installation>) -> Option<Database> {
    let given = reader.optional("database.url", database_url);
    match given {
        Some(url) => Some(Database { url }),
        None => data.map(|data| Database { url: data.sqlite_url() }),
    }
}

fn web(reader: &mut Reader<'_>) -> Web {
    let listen =
        reader.or("web.listen", SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080)), address);
    let certificate = certificate(reader, ["web.tls_cert", "web.tls_key"]);
    Web { listen, url: reader.optional("web.url", site), certificate }
}

/// A certificate chain and its key, by the names of their keys: both, or neither.
pub(super) fn certificate(reader: &mut Reader<'_>, names: [&'static str; 2]) -> Option<Certificate> {
    let [cert_name, key_name] = names;
    let chain = reader.optional(cert_name, words);
    let key = reader.optional(key_name, words);
    let certificate = match (chain, key) {
        (Some(chain), Some(key)) => Some(Certificate { chain: reader.path(&chain), key: reader.path(&key) }),
        (Some(_), None) => {
            reader.fault(cert_name, "has no key beside it", format!("set {key_name} too, or neither"));
            None
        }
        (None, Some(_)) => {
            reader.fault(
                key_name,
                "has no certificate beside it",
                format!("set {cert_name} too, or neither"),
            );
            None
        }
        (None, None) => None,
    };
    if let Some(Certificate { chain, key }) = &certificate {
        for (name, path) in [(cert_name, chain), (key_name, key)] {
            if !path.is_file() {
                reader.fault(name, format!("there is no file {}", path.display()), "name a PEM file");
            }
        }
    }
    certificate
}

/// `[desk]`.
fn desk(reader: &mut Reader<'_>, data: Option<&Installation>) -> Option<Desk> {
    let given = reader.optional("desk.database", database_url);
    let own = || data.map(|data| format!("sqlite:{}", data.derived_file().display()));
    given.or_else(own).map(|database| Desk { database })
}

fn recording(reader: &mut Reader<'_>, data: Option<&Installation>) -> Option<Recording> {
    let modes = [("prompt", Mode::Prompt), ("durable", Mode::Durable)];
    let given = reader.optional("recording.dir", words);
    let dir = given.map(|dir| reader.path(&dir)).or_else(|| data.map(Installation::recordings));
    let mode = reader.or("recording.mode", Mode::Prompt, |raw| one_of(raw, &modes));
    let low_bytes = reader.or("recording.low_bytes", 2 << 30, |raw| whole(raw, 0, 1 << 50));
    let critical_bytes = reader.or("recording.critical_bytes", 512 << 20, |raw| whole(raw, 0, 1 << 50));
    if critical_bytes > low_bytes {
        reader.fault(
            "recording.critical_bytes",
            format!("{critical_bytes} is more than recording.low_bytes, {low_bytes}"),
            "visits must be refused before running ones are ended: make it the smaller of the two",
        );
    }
    let http_body_limit = reader.or("recording.http_body_limit", 64 << 20, |raw| whole(raw, 0, 1 << 50));
    dir.map(|dir| Recording { dir, mode, low_bytes, critical_bytes, http_body_limit })
}

fn session(reader: &mut Reader<'_>) -> Session {
    let mut warn_minutes = reader.or("session.warn_minutes", vec![15, 5, 1], |raw| whole_list(raw, 1, 1440));
    warn_minutes.sort_unstable_by(|a, b| b.cmp(a));
    warn_minutes.dedup();
    let seconds = |reader: &mut Reader<'_>, key, default, most| {
        Duration::from_secs(reader.or(key, default, |raw| whole(raw, 1, most)))
    };
    Session {
        warn_minutes,
        store_grace: seconds(reader, "session.store_grace_seconds", 10, 600),
        recorder_grace: seconds(reader, "session.recorder_grace_seconds", 60, 60),
        lost_after: seconds(reader, "session.lost_after_seconds", 900, 604_800),
        observer_wait: seconds(reader, "session.observer_wait_seconds", 900, 86_400),
        come_back: Duration::from_secs(
            reader.or("session.come_back_minutes", 15, |raw| whole(raw, 0, 24 * 60)) * 60,
        ),
    }
}

fn log(reader: &mut Reader<'_>) -> Log {
    let format = [("plain", LogFormat::Plain), ("json", LogFormat::Json)];
    Log {
        format: reader.or("log.format", LogFormat::Plain, |raw| one_of(raw, &format)),
        level: reader.or("log.level", "info".to_owned(), log_level),
    }
}

pub(super) fn any(port: u16) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port))
}

/// A key name of a signed note has no white space and no plus sign (C2SP signed-note).
fn origin(raw: &Raw) -> Judged<String> {
    let origin = words(raw)?;
    if origin.len() <= 200 && origin.chars().all(|c| c.is_ascii_graphic() && c != '+') {
        Ok(origin)
    } else {
        mismatch(
            format!("{origin:?} is no ledger name"),
            "right is one word without '+', such as \"hospital.example/chaperone\"",
        )
    }
}

fn database_url(raw: &Raw) -> Judged<String> {
    let url = words(raw)?;
    if ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        Ok(url)
    } else {
        // The value may hold a password: it is not repeated.
        mismatch(
            "is no database URL",
            "right is \"sqlite:/path/chaperone.db\" or \"postgres://user@host/database\"",
        )
    }
}

fn log_level(raw: &Raw) -> Judged<String> {
    let level = words(raw)?;
    match level.parse::<tracing_subscriber::filter::Targets>() {
        Ok(_) => Ok(level),
        Err(_) => mismatch(
            format!("{level:?} is no log level"),
            "right is error, warn, info, debug or trace, also by module: \"info,chaperone_ssh=debug\"",
        ),
    }
}
