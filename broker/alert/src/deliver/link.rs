//! One destination's line: an address and a connection that is made when it is needed.

use std::sync::Arc;
use std::time::Duration;

use chaperone_store::DestinationKind;
use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Value, json};

use super::backoff::Failure;
use super::fit::fitted;
use super::syslog::frame::{self, Header};
use super::syslog::{SyslogError, TcpCollector, UdpCollector};
use super::webhook::address::{AddressError, AddressPolicy};
use super::webhook::sign::{SecretError, WebhookSecret};
use super::webhook::{BODY_MAX, Webhook, WebhookError};
use crate::Severity;

/// Why a destination's configuration is no use.
#[derive(Debug, thiserror::Error)]
pub enum AddressFault {
    /// A syslog address of another form.
    #[error("{0:?} is no syslog address: tcp://HOST:PORT or udp://HOST:PORT")]
    Syslog(String),
    /// A webhook address that is no URL.
    #[error("{0:?} is no webhook address: https://HOST/PATH")]
    Webhook(String),
    /// A webhook address that may not be called.
    #[error("the webhook's address is refused")]
    Refused(#[from] AddressError),
    /// A webhook without its secret.
    #[error("a webhook needs a signing secret")]
    NoSecret,
    /// A secret that is none.
    #[error("the webhook's signing secret is no use")]
    Secret(#[from] SecretError),
    /// No HTTP client.
    #[error("the webhook cannot be set up")]
    Client(#[source] WebhookError),
}

/// Why one event did not go out.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// By syslog.
    #[error(transparent)]
    Syslog(#[from] SyslogError),
    /// By webhook.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
}

impl SendError {
    /// How patient to be.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Webhook(WebhookError::Status { retry_after, .. }) => Failure::Answered(*retry_after),
            _ => Failure::Unreachable,
        }
    }

    /// Whether the receiver wants no more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Webhook(WebhookError::Gone))
    }
}

/// One event on its way to one destination.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// The OCSF event, numbered.
    pub event: &'a Value,
    /// Its number at this destination.
    pub sequence: u64,
    /// The destination's name.
    pub destination: &'a str,
    /// This node's name.
    pub node: &'a str,
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
    /// Syslog over UDP.
    Udp {
        /// `host:port`.
        address: String,
        /// The socket.
        live: Option<UdpCollector>,
    },
    /// HTTPS.
    Webhook(Box<Webhook>),
}

impl Link {
    /// Reads a destination's configuration; connects to nothing.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(
        kind: DestinationKind,
        url: &str,
        secret: Option<&str>,
        policy: &Arc<AddressPolicy>,
    ) -> Result<Self, AddressFault> {
        match kind {
            DestinationKind::Syslog => syslog(url),
            DestinationKind::Webhook => {
                let parsed: Url = url.parse().map_err(|_| AddressFault::Webhook(url.to_owned()))?;
                let secret: WebhookSecret = secret.ok_or(AddressFault::NoSecret)?.parse()?;
                let webhook = Webhook::new(parsed, secret, policy).map_err(|fault| match fault {
                    WebhookError::Address(refused) => AddressFault::Refused(refused),
                    other => AddressFault::Client(other),
                })?;
                Ok(Self::Webhook(Box::new(webhook)))
            }
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
            Self::Udp { address, live: live @ None } => {
                *live = Some(UdpCollector::open(address).await?);
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// Sends one event. `Ok` means: taken by the receiver (webhook), or by the kernel (syslog).
    ///
    /// # Errors
    /// Why it did not go out; a broken connection is put away.
    pub async fn send(&mut self, out: &Outgoing<'_>, now: Timestamp) -> Result<(), SendError> {
        let sent = match self {
            Self::Tcp { live: Some(collector), .. } => {
                collector.send(&syslog_message(out)).await.map_err(SendError::from)
            }
            Self::Udp { live: Some(collector), .. } => {
                collector.send(&syslog_message(out)).await.map_err(SendError::from)
            }
            Self::Webhook(webhook) => {
                webhook.send(&uid(out), now, webhook_body(out)).await.map_err(SendError::from)
            }
            Self::Tcp { .. } | Self::Udp { .. } => {
                Err(SyslogError::Broken(std::io::ErrorKind::NotConnected.into()).into())
            }
        };
        if sent.is_err() {
            self.hang_up();
        }
        sent
    }

    /// Waits until a connection that is up breaks; for ever where there is none to break.
    pub async fn broken(&self) -> SyslogError {
        match self {
            Self::Tcp { live: Some(collector), .. } => collector.gone().await,
            _ => std::future::pending().await,
        }
    }

    /// Puts the connection away.
    pub fn hang_up(&mut self) {
        match self {
            Self::Tcp { live, .. } => *live = None,
            Self::Udp { live, .. } => *live = None,
            Self::Webhook(_) => {}
        }
    }

    /// After how many events they are marked as sent: where each is acknowledged, a crash should repeat few.
    #[must_use]
    pub fn marks_every(&self) -> usize {
        match self {
            Self::Tcp { .. } | Self::Udp { .. } => 64,
            Self::Webhook(_) => 4,
        }
    }

    /// How much of the past a new connection sends again: what a transport without acknowledgement may have lost.
    #[must_use]
    pub fn resends(&self) -> Duration {
        match self {
            Self::Tcp { .. } => Duration::from_secs(60),
            Self::Udp { .. } | Self::Webhook(_) => Duration::ZERO,
        }
    }
}

fn syslog(url: &str) -> Result<Link, AddressFault> {
    let fault = || AddressFault::Syslog(url.to_owned());
    let (scheme, rest) = url.split_once("://").ok_or_else(fault)?;
    let address = rest.trim_end_matches('/').to_owned();
    let (host, port) = address.rsplit_once(':').ok_or_else(fault)?;
    if host.is_empty() || !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(fault());
    }
    match scheme {
        "tcp" => Ok(Link::Tcp { address, live: None }),
        "udp" => Ok(Link::Udp { address, live: None }),
        _ => Err(fault()),
    }
}

fn uid(out: &Outgoing<'_>) -> String {
    let uid = out.event.pointer("/metadata/uid").and_then(Value::as_str);
    // A full stop would let an id run over into the signed timestamp.
    uid.map_or_else(|| format!("msg_{}", out.sequence), |uid| uid.replace('.', "-"))
}

fn number(event: &Value, name: &str) -> u64 {
    event.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn at(event: &Value) -> Timestamp {
    let millisecond = event.get("time").and_then(Value::as_i64).unwrap_or_default();
    Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn syslog_message(out: &Outgoing<'_>) -> String {
    let uid = uid(out);
    let header = Header {
        severity: Severity::from_ocsf_id(number(out.event, "severity_id")),
        at: at(out.event),
        node: out.node,
        process: std::process::id(),
        class_uid: number(out.event, "class_uid"),
        uid: &uid,
        destination: out.destination,
        sequence: out.sequence,
    };
    frame::message(&header, &fitted(out.event, frame::room(&header)))
}

/// Standard Webhooks' payload: type, time, and the OCSF event as data.
fn webhook_body(out: &Outgoing<'_>) -> String {
    let kind = match (number(out.event, "class_uid"), number(out.event, "activity_id")) {
        (2004, 1) => "alert.raised",
        (2004, 2) => "alert.grown",
        (2004, 3) => "alert.closed",
        (3002, _) => "authentication",
        (3003, _) => "session.authorized",
        (3004, _) => "entity.changed",
        (4007, _) => "session.activity",
        _ => "event",
    };
    let around = json!({ "type": kind, "timestamp": at(out.event).to_string(), "data": {} }).to_string();
    let data = fitted(out.event, BODY_MAX.saturating_sub(around.len()));
    // `data` is JSON text already: put in place of its empty stand-in, so that it is not rendered a second time.
    around.replacen("\"data\":{}", &format!("\"data\":{data}"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ocsf::{numbered, test_event};

    fn out(event: &Value) -> Outgoing<'_> {
        Outgoing { event, sequence: 9, destination: "soc", node: "gate-1" }
    }

    #[test]
    fn both_transports_carry_the_same_event_under_the_same_number() {
        let event = numbered(&test_event("u-1", "soc", Timestamp::UNIX_EPOCH), 9);
        let message = syslog_message(&out(&event));
        let (header, body) = message.split_once("] ").unwrap();
        assert!(
            header.contains(r#"sequence="9""#)
                && header.starts_with("<86>1 1970-01-01T00:00:00.000000Z gate-1")
        );
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), event);
        let webhook: Value = serde_json::from_str(&webhook_body(&out(&event))).unwrap();
        assert_eq!(webhook["data"], event);
        assert_eq!(webhook["type"], "alert.raised");
    }

    #[test]
    fn a_huge_event_fits_both_transports() {
        let mut event = numbered(&test_event("u-1", "soc", Timestamp::UNIX_EPOCH), 9);
        event["evidences"] = json!([{ "data": { "x": "é".repeat(50_000) } }]);
        assert!(syslog_message(&out(&event)).len() < frame::MESSAGE_MAX);
        assert!(webhook_body(&out(&event)).len() < BODY_MAX);
    }

    #[test]
    fn an_address_that_is_no_use_is_named() {
        let policy = Arc::new(AddressPolicy::default());
        let fault = |kind, url| Link::new(kind, url, None, &policy).map(|_| ()).unwrap_err().to_string();
        for url in ["tcp://soc", "tcp://soc:0", "tls://soc:1", "soc:514", "tcp://:514"] {
            assert!(fault(DestinationKind::Syslog, url).contains("tcp://HOST:PORT"), "{url}");
        }
        assert!(fault(DestinationKind::Webhook, "https://x.example/").contains("needs a signing secret"));
        assert!(Link::new(DestinationKind::Syslog, "tcp://[::1]:514", None, &policy).is_ok());
    }
}
