//! One destination's line: an address and a connection that is made when it is needed.

use std::sync::Arc;
use std::time::Duration;

use chaperone_store::{Destination, DestinationKind};
use jiff::Timestamp;
use reqwest::Url;
use serde_json::Value;

use super::fault::{AddressFault, SendError};
use super::mail::Mail;
use super::render::{syslog_message, uid, webhook_body};
use super::syslog::tls::TlsCollector;
use super::syslog::{SyslogError, TcpCollector, UdpCollector};
use super::tls::TlsTerms;
use super::webhook::address::AddressPolicy;
use super::webhook::sign::WebhookSecret;
use super::webhook::{Webhook, WebhookError};

/// What a destination wants that tells people, not the SOC.
pub(crate) const NOTICES: &str = "notices";
/// The port of syslog over TLS (RFC 5425 §4.1).
const SYSLOG_TLS: u16 = 6_514;

/// One event on its way to one destination.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// The OCSF event, or the notice, numbered.
    pub event: &'a Value,
    /// Its number at this destination.
    pub sequence: u64,
    /// The destination's name.
    pub destination: &'a str,
    /// This node's name.
    pub node: &'a str,
    /// What links to the web's pages begin with; empty where it is not known.
    pub site: &'a str,
}

/// The line of one destination.
#[derive(Debug)]
pub enum Link {
    /// Syslog over TCP; `None` while there is no connection.
    Tcp {
        /// `host:port`.
        address: String,
        /// The connection.
        live: Option<TcpCollector>,
    },
    /// Syslog over TLS.
    Tls {
        /// `host:port`.
        address: String,
        /// Whom to trust, and what to show.
        terms: Box<TlsTerms>,
        /// The connection.
        live: Option<Box<TlsCollector>>,
    },
    /// Syslog over UDP.
    Udp {
        /// `host:port`.
        address: String,
        /// The socket.
        live: Option<UdpCollector>,
    },
    /// HTTPS.
    Webhook(Box<Webhook>),
    /// A mail server.
    Mail(Box<Mail>),
}

impl Link {
    /// Reads a destination's configuration, with its secret opened; connects to nothing.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(
        to: &Destination,
        secret: Option<&str>,
        policy: &Arc<AddressPolicy>,
    ) -> Result<Self, AddressFault> {
        match to.kind {
            DestinationKind::Syslog => syslog(to, secret),
            DestinationKind::Webhook => {
                let url = &to.address;
                let parsed: Url = url.parse().map_err(|_| AddressFault::Webhook(url.clone()))?;
                let secret: WebhookSecret = secret.ok_or(AddressFault::NoSecret)?.parse()?;
                if to.reach != chaperone_store::Reach::default() {
                    return Err(AddressFault::Stray("a certificate or mail address"));
                }
                let webhook = Webhook::new(parsed, secret, policy).map_err(|fault| match fault {
                    WebhookError::Address(refused) => AddressFault::Refused(refused),
                    other => AddressFault::Client(other),
                })?;
                Ok(Self::Webhook(Box::new(webhook)))
            }
            DestinationKind::Smtp => Ok(Self::Mail(Box::new(Mail::new(to, secret)?))),
        }
    }

    /// Makes sure that there is a connection. `true` says that it is new, and that nobody knows what the one before lost.
    ///
    /// # Errors
    /// When none can be had.
    pub async fn connect(&mut self) -> Result<bool, SendError> {
        match self {
            Self::Tcp { address, live: live @ None } => {
                *live = Some(TcpCollector::connect(address).await?);
                Ok(true)
            }
            Self::Tls { address, terms, live: live @ None } => {
                *live = Some(Box::new(TlsCollector::connect(address, terms).await?));
                Ok(true)
            }
            Self::Udp { address, live: live @ None } => {
                *live = Some(UdpCollector::open(address).await?);
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// Sends one event. `Ok` means: taken by the receiver (webhook, mail server), or by the kernel (syslog).
    ///
    /// # Errors
    /// Why it did not go out; a broken connection is put away.
    pub async fn send(&mut self, out: &Outgoing<'_>, now: Timestamp) -> Result<(), SendError> {
        let sent: Result<(), SendError> = match self {
            Self::Tcp { live: Some(collector), .. } => {
                collector.send(&syslog_message(out)).await.map_err(Into::into)
            }
            Self::Tls { live: Some(collector), .. } => {
                collector.send(&syslog_message(out)).await.map_err(Into::into)
            }
            Self::Udp { live: Some(collector), .. } => {
                collector.send(&syslog_message(out)).await.map_err(Into::into)
            }
            Self::Webhook(webhook) => {
                webhook.send(&uid(out), now, webhook_body(out)).await.map_err(Into::into)
            }
            Self::Mail(mail) => mail.send(out).await.map_err(Into::into),
            Self::Tcp { .. } | Self::Tls { .. } | Self::Udp { .. } => {
                Err(SyslogError::Broken(std::io::ErrorKind::NotConnected.into()).into())
            }
        };
        if sent.is_err() {
            self.hang_up();
        }
        sent
    }

    /// Waits until a connection that is up breaks; for ever where there is none to break.
    pub async fn broken(&mut self) -> SyslogError {
        match self {
            Self::Tcp { live: Some(collector), .. } => collector.gone().await,
            Self::Tls { live: Some(collector), .. } => collector.gone().await,
            _ => std::future::pending().await,
        }
    }

    /// Puts the connection away.
    pub fn hang_up(&mut self) {
        match self {
            Self::Tcp { live, .. } => *live = None,
            Self::Tls { live, .. } => *live = None,
            Self::Udp { live, .. } => *live = None,
            Self::Webhook(_) | Self::Mail(_) => {}
        }
    }

    /// After how many events they are marked as sent: where each is acknowledged, a crash should repeat few.
    #[must_use]
    pub fn marks_every(&self) -> usize {
        match self {
            Self::Tcp { .. } | Self::Tls { .. } | Self::Udp { .. } => 64,
            Self::Webhook(_) => 4,
            Self::Mail(_) => 1,
        }
    }

    /// How much of the past a new connection sends again: what a transport without acknowledgement may have lost.
    #[must_use]
    pub fn resends(&self) -> Duration {
        match self {
            Self::Tcp { .. } | Self::Tls { .. } => Duration::from_secs(60),
            Self::Udp { .. } | Self::Webhook(_) | Self::Mail(_) => Duration::ZERO,
        }
    }
}

fn syslog(to: &Destination, secret: Option<&str>) -> Result<Link, AddressFault> {
    let fault = || AddressFault::Syslog(to.address.clone());
    let (scheme, rest) = to.address.split_once("://").ok_or_else(fault)?;
    let default = (scheme == "tls").then_some(SYSLOG_TLS);
    let (host, port) = host_and_port(rest.trim_end_matches('/'), default).ok_or_else(fault)?;
    let address = format!("{host}:{port}");
    if to.events == NOTICES {
        return Err(AddressFault::NoPeople);
    }
    if to.reach.from.is_some() || !to.reach.to.is_empty() || to.reach.user.is_some() {
        return Err(AddressFault::Stray("a mail address or user name"));
    }
    let bare = to.reach.ca.is_none() && to.reach.certificate.is_none() && secret.is_none();
    match scheme {
        "tls" => {
            let terms = Box::new(TlsTerms::new(host, &to.reach, secret)?);
            Ok(Link::Tls { address, terms, live: None })
        }
        "tcp" | "udp" if !bare => Err(AddressFault::Stray("a certificate or key")),
        "tcp" => Ok(Link::Tcp { address, live: None }),
        "udp" => Ok(Link::Udp { address, live: None }),
        _ => Err(fault()),
    }
}

/// Splits `HOST:PORT`, `HOST` where there is a port by default, and an IPv6 address in brackets.
pub(super) fn host_and_port(text: &str, default: Option<u16>) -> Option<(&str, u16)> {
    let bracketed = text.starts_with('[');
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !bracketed || host.ends_with(']') => (host, port.parse().ok()?),
        _ => (text, default?),
    };
    let whole = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().is_ok(),
        // Several colons without brackets: where the port begins is anybody's guess.
        None => !host.is_empty() && !host.contains([':', '/', '@', '?', '#', '[', ']', ' ']),
    };
    (whole && port > 0).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use chaperone_store::Reach;
    use proptest::prelude::*;

    use super::*;
    use crate::deliver::tests::authority::Authority;
    use crate::deliver::tests::destination;

    fn fault(kind: DestinationKind, url: &str) -> String {
        let policy = Arc::new(AddressPolicy::default());
        Link::new(&destination(kind, url), None, &policy).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn an_address_that_is_no_use_is_named() {
        for url in
            ["tcp://soc", "tcp://soc:0", "ftp://soc:1", "soc:514", "tcp://:514", "tls://", "tls://a b:1"]
        {
            assert!(fault(DestinationKind::Syslog, url).contains("tcp://HOST:PORT"), "{url}");
        }
        assert!(fault(DestinationKind::Webhook, "https://x.example/").contains("needs a signing secret"));
        assert!(fault(DestinationKind::Smtp, "mail.example").contains("smtps://HOST"));
        let policy = Arc::new(AddressPolicy::default());
        assert!(Link::new(&destination(DestinationKind::Syslog, "tcp://[::1]:514"), None, &policy).is_ok());
    }

    #[test]
    fn syslog_over_tls_has_its_own_port_and_what_it_does_not_need_is_refused() {
        let policy = Arc::new(AddressPolicy::default());
        let reach = Reach { ca: Some(Authority::new("hospital").pem()), ..Reach::default() };
        let made = |url: &str, reach: &Reach, events: &str| {
            let plain = destination(DestinationKind::Syslog, url);
            let to = Destination { reach: reach.clone(), events: events.to_owned(), ..plain };
            Link::new(&to, None, &policy)
        };
        for (url, expected) in [
            ("tls://siem.example", "siem.example:6514"),
            ("tls://siem.example:7000/", "siem.example:7000"),
            ("tls://[2001:db8::7]", "[2001:db8::7]:6514"),
        ] {
            let Link::Tls { address, .. } = made(url, &reach, "all").unwrap() else { panic!("{url}") };
            assert_eq!(address, expected);
        }
        assert!(matches!(made("tcp://siem.example:514", &reach, "all"), Err(AddressFault::Stray(_))));
        assert!(matches!(made("tls://siem.example", &reach, "notices"), Err(AddressFault::NoPeople)));
        let mail = Reach { from: Some("gate@hospital.example".parse().unwrap()), ..reach };
        assert!(matches!(made("tls://siem.example", &mail, "all"), Err(AddressFault::Stray(_))));
    }

    proptest! {
        #[test]
        fn no_address_panics_and_what_is_read_is_whole(url in ".{0,80}", rest in "[a-z0-9:.\\[\\]/@-]{0,40}") {
            let policy = Arc::new(AddressPolicy::default());
            for kind in [DestinationKind::Syslog, DestinationKind::Webhook, DestinationKind::Smtp] {
                drop(Link::new(&destination(kind, &url), None, &policy));
            }
            for default in [None, Some(6514)] {
                if let Some((host, port)) = host_and_port(&rest, default) {
                    prop_assert!(port > 0 && !host.is_empty());
                    prop_assert!(rest.starts_with(host));
                }
            }
        }
    }
}
