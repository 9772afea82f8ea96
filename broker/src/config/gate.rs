//! `[gate]`: the SSH door, and what the node is called.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use chaperone_policy::HostPort;
use ipnet::IpNet;
use jiff::tz::TimeZone;

use super::raw::{Judged, Mismatch, Raw, address, boolean, mismatch, text, text_list, whole, words};
use super::reader::Reader;
use super::section::{Certificate, any, certificate};

/// A quarter of one core, of which an attempt takes 2 to 3 ms; a day of it is 8 GB of facts.
const ATTEMPTS_PER_SECOND: NonZeroU32 = match NonZeroU32::new(100) {
    Some(rate) => rate,
    None => NonZeroU32::MIN,
};

/// `[gate]`: the SSH door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// What the node is called in facts and alerts.
    pub name: String,
    /// Where SSH is served.
    pub ssh: SocketAddr,
    /// Where targets are reached by TLS.
    pub tls: TlsPort,
    /// The gate's own domain, in small letters: targets are below it.
    pub domain: Option<String>,
    /// The name and port that clients dial for it, where these are others than its own.
    pub tls_public: Option<HostPort>,
    /// How long a visit by TLS stays when its last connection has ended.
    pub tls_linger: Duration,
    /// What the TLS door shows, PEM; without it, a certificate of the gate's own authority.
    pub tls_certificate: Option<Certificate>,
    /// What everybody reads before sign-in; empty for none.
    pub banner: String,
    /// The hospital's time zone, for words to people.
    pub time_zone: TimeZone,
    /// Whom technicians call.
    pub help: String,
    /// How many SSH connections are heard in a second; the others wait in line.
    pub attempts_per_second: NonZeroU32,
    /// One port for SSH and the web: what a client says first decides.
    pub shared: Option<SocketAddr>,
    /// Networks of load balancers: their connections begin with a PROXY header, which says who calls.
    pub proxy_from: Vec<IpNet>,
    /// Whether clients without post-quantum key exchange are turned away.
    pub post_quantum_only: bool,
    /// How long an SSH client may take to sign in.
    pub sign_in: Duration,
    /// How long the menu of one's windows is shown to somebody who types nothing.
    pub menu_idle: Duration,
    /// After how many bytes in either direction keys are changed.
    pub rekey_bytes: usize,
    /// After what time keys are changed.
    pub rekey_after: Duration,
    /// The addresses that servers see the gate come from, as certificates name them; empty where nobody has said.
    pub leaves_from: Vec<IpNet>,
}

/// Where targets are reached by TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsPort {
    /// On the usual port, if nobody else has it: the configuration does not say.
    Usual(SocketAddr),
    /// There, or the gate does not start.
    At(SocketAddr),
    /// On no port of its own.
    Off,
}

impl TlsPort {
    /// The usual port, beside SSH; any free one where SSH takes any, and none where the shared port is there for it.
    fn beside(ssh: SocketAddr, shared: Option<SocketAddr>) -> Self {
        match (shared, ssh.port()) {
            (Some(_), _) => Self::Off,
            (None, 0) => Self::Usual(ssh),
            (None, _) => Self::Usual(SocketAddr::new(ssh.ip(), TLS_PORT)),
        }
    }
}

const TLS_PORT: u16 = 8443;

/// A gigabyte.
const REKEY_BYTES: usize = 1 << 30;

pub(super) fn gate(reader: &mut Reader<'_>) -> Gate {
    let ssh = reader.or("gate.ssh", any(2222), address);
    let shared = reader.optional("gate.shared", address);
    Gate {
        name: reader.or("gate.name", "gate".to_owned(), node_name),
        ssh,
        tls: reader.or("gate.tls", TlsPort::beside(ssh, shared), tls_port),
        domain: reader.optional("gate.domain", domain),
        tls_public: reader.optional("gate.tls_public", host_port),
        tls_linger: Duration::from_secs(reader.or("gate.tls_linger_seconds", 60, |raw| whole(raw, 1, 3600))),
        tls_certificate: certificate(reader, ["gate.tls_cert", "gate.tls_key"]),
        banner: reader.or("gate.banner", String::new(), text),
        time_zone: reader.or("gate.time_zone", TimeZone::system(), time_zone),
        help: reader.or("gate.help", "clinical engineering".to_owned(), words),
        attempts_per_second: reader.or("gate.attempts_per_second", ATTEMPTS_PER_SECOND, rate),
        shared,
        proxy_from: reader.or("gate.proxy_from", Vec::new(), networks),
        post_quantum_only: reader.or("gate.post_quantum_only", false, boolean),
        sign_in: Duration::from_secs(reader.or("gate.sign_in_seconds", 60, |raw| whole(raw, 2, 600))),
        menu_idle: Duration::from_secs(reader.or("gate.menu_idle_seconds", 900, |raw| whole(raw, 2, 14_400))),
        rekey_bytes: reader.or("gate.rekey_megabytes", REKEY_BYTES, megabytes),
        rekey_after: Duration::from_secs(reader.or("gate.rekey_seconds", 3600, |raw| whole(raw, 2, 3600))),
        leaves_from: reader.or("gate.leaves_from", Vec::new(), networks),
    }
}

/// An address with a port, or the word that there is none.
fn tls_port(raw: &Raw) -> Judged<TlsPort> {
    match text(raw)?.as_str() {
        "off" => Ok(TlsPort::Off),
        _ => address(raw).map(TlsPort::At),
    }
}

/// A name below which targets have theirs.
fn domain(raw: &Raw) -> Judged<String> {
    let given = words(raw)?;
    let name = given.strip_suffix('.').unwrap_or(&given).to_ascii_lowercase();
    let is_label = |label: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // Room for a server's name and the suffix before it (RFC 1035 §2.3.4).
    let fits = name.len() <= 180 && name.parse::<IpAddr>().is_err();
    if fits && name.split('.').all(is_label) {
        Ok(name)
    } else {
        mismatch(
            format!("{given:?} is no domain"),
            "right is a name such as \"gate.hospital.example\", without a port",
        )
    }
}

/// `HOST:PORT`.
fn host_port(raw: &Raw) -> Judged<HostPort> {
    let given = words(raw)?;
    HostPort::parse(&given, None).or_else(|error| {
        mismatch(error.to_string(), "right is HOST:PORT, such as \"gate.hospital.example:443\"")
    })
}

/// What RFC 4253 §9 asks for, and no more.
fn megabytes(raw: &Raw) -> Judged<usize> {
    let megabytes = whole(raw, 1, 1024)?;
    Ok(usize::try_from(megabytes << 20).unwrap_or(REKEY_BYTES))
}

/// How many a second, at least one.
fn rate(raw: &Raw) -> Judged<NonZeroU32> {
    let rate = whole(raw, 1, 10_000)?;
    Ok(u32::try_from(rate).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN))
}

/// Networks, and addresses, which are networks of one.
fn networks(raw: &Raw) -> Judged<Vec<IpNet>> {
    let network = |text: String| {
        let alone = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse().or_else(|_| alone()).map_err(|_| Mismatch {
            what: format!("{text:?} is no address and no network"),
            right: "right is a list such as [\"10.20.0.0/24\", \"2001:db8::7\"]".to_owned(),
        })
    };
    text_list(raw)?.into_iter().map(network).collect()
}

fn node_name(raw: &Raw) -> Judged<String> {
    let name = words(raw)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if name.len() <= 63 && name.chars().all(plain) {
        Ok(name)
    } else {
        mismatch(format!("{name:?} is no node name"), "right is at most 63 letters, digits and .-_")
    }
}

fn time_zone(raw: &Raw) -> Judged<TimeZone> {
    let name = words(raw)?;
    TimeZone::get(&name).or_else(|_| {
        mismatch(format!("{name:?} is no time zone"), "right is an IANA name such as \"Europe/Berlin\"")
    })
}
