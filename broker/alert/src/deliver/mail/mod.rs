//! Mail: each event is a letter, taken over by a mail server before it counts as delivered.
//!
//! `smtps://` speaks TLS from the first byte; `smtp://` wants STARTTLS, but on this machine, where a server without a CA of
//! its own is spoken to in the clear. A letter that was taken twice (the answer was lost, or the gate crashed before it
//! marked it) has the same Message-ID both times.

pub mod letter;

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use chaperone_policy::MailAddress;
use chaperone_store::Destination;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use super::fault::AddressFault;
use super::link::{NOTICES, Outgoing, host_and_port};
use super::tls::fault::TlsFault;
use super::tls::{TermsFault, anchors};
use letter::Letter;

/// How long one letter may take, from the connection to the server's word.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the connection and its handshake may take.
const CONNECT: Duration = Duration::from_secs(10);
/// The ports of RFC 8314 §3.3 and RFC 6409.
const SMTPS: u16 = 465;
const SUBMISSION: u16 = 587;

/// Why a letter was not taken.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No connection.
    #[error("the mail server at {0} cannot be reached")]
    Unreachable(String, #[source] smtp::Error),
    /// No TLS with it.
    #[error("no TLS with the mail server at {0}")]
    Tls(String, #[source] TlsFault),
    /// It offers no STARTTLS.
    #[error("the mail server at {0} does not offer STARTTLS, and nothing is sent in the clear")]
    NoStartTls(String),
    /// It does not take user name and password.
    #[error("the mail server does not let us in: is the user name right, and the password?")]
    Login(#[source] smtp::Error),
    /// Not now (4xx), or the connection broke.
    #[error("the mail server does not take the letter now")]
    Later(#[source] smtp::Error),
    /// Never (5xx).
    #[error("the mail server refuses the letter to {to}")]
    Refused {
        /// To whom.
        to: String,
        /// What it said.
        #[source]
        source: smtp::Error,
    },
    /// It takes too long.
    #[error("the mail server did not take the letter within {} s", PATIENCE.as_secs())]
    Slow,
    /// Nobody to send it to: no recipient has a mail address.
    #[error("the letter has no recipient")]
    Nobody,
    /// No letter can be made of the event.
    #[error("no letter can be made of the event")]
    Make(#[source] lettre::error::Error),
}

impl MailError {
    /// Whether the server answered, and did not only fail to.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Login(_) | Self::Later(_) | Self::Refused { .. } | Self::NoStartTls(_))
    }

    /// Whether trying again will not help this letter, whatever becomes of others.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Nobody | Self::Make(_))
    }
}

/// One mail server, and who writes to whom through it.
pub struct Mail {
    host: String,
    port: u16,
    security: Security,
    login: Option<Credentials>,
    from: MailAddress,
    to: Vec<MailAddress>,
}

/// How the connection is kept from others.
enum Security {
    /// TLS from the first byte.
    Whole(TlsParameters),
    /// STARTTLS or nothing.
    StartTls(TlsParameters),
    /// In the clear, to this machine.
    None,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mail({}:{})", self.host, self.port)
    }
}

impl Mail {
    /// Reads a destination's configuration; `password` is its secret, opened. Connects to nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(to: &Destination, password: Option<&str>) -> Result<Self, AddressFault> {
        let fault = || AddressFault::Mail(to.address.clone());
        let (scheme, rest) = to.address.split_once("://").ok_or_else(fault)?;
        let default = match scheme {
            "smtps" => SMTPS,
            "smtp" => SUBMISSION,
            _ => return Err(fault()),
        };
        let (host, port) = host_and_port(rest.trim_end_matches('/'), Some(default)).ok_or_else(fault)?;
        let reach = &to.reach;
        if reach.certificate.is_some() {
            return Err(AddressFault::Stray("a client certificate"));
        }
        let security = match scheme {
            "smtp" if reach.ca.is_none() && is_this_machine(host) => Security::None,
            "smtp" => Security::StartTls(terms(host, reach.ca.as_deref())?),
            _ => Security::Whole(terms(host, reach.ca.as_deref())?),
        };
        let login = match (&reach.user, password) {
            (Some(_), Some(_)) if matches!(security, Security::None) => return Err(AddressFault::ClearLogin),
            (Some(user), Some(password)) => Some(Credentials::new(user.clone(), password.to_owned())),
            (None, None) => None,
            _ => return Err(AddressFault::HalfLogin),
        };
        let notices = to.events == NOTICES;
        if notices != reach.to.is_empty() {
            return Err(if notices { AddressFault::To } else { AddressFault::NoTo });
        }
        let from = reach.from.clone().ok_or(AddressFault::NoFrom)?;
        Ok(Self { host: host.to_owned(), port, security, login, from, to: reach.to.clone() })
    }

    /// Sends the letter of one event to everybody whom it is for. `Ok` says that the server has taken it over, for one of
    /// them at least: one address that is wrong does not keep alerts from the others.
    ///
    /// # Errors
    /// When it has not. Who got it gets it again, under the same Message-ID, with the next try.
    pub async fn send(&self, out: &Outgoing<'_>) -> Result<(), MailError> {
        let letter = Letter::of(out);
        let to: Vec<MailAddress> = letter.to.clone().unwrap_or_else(|| self.to.clone());
        let message = self.message(&letter, &to)?;
        let (mut taken, mut refused) = (false, Err(MailError::Nobody));
        for one in &to {
            match timeout(PATIENCE, self.deliver(one, &message)).await.unwrap_or(Err(MailError::Slow)) {
                Ok(()) => taken = true,
                Err(error) if error.is_refusal() => {
                    tracing::warn!(
                        destination = out.destination, to = %one, fault = super::chain(&error),
                        "a letter was refused"
                    );
                    refused = Err(error);
                }
                Err(error) => return Err(error),
            }
        }
        if taken { Ok(()) } else { refused }
    }

    /// The letter with its headers, as bytes. Every text in it has been made harmless, and is encoded here besides.
    pub(in crate::deliver) fn message(
        &self,
        letter: &Letter,
        to: &[MailAddress],
    ) -> Result<Vec<u8>, MailError> {
        let domain = self.from.domain();
        let mailbox = |address: &MailAddress| address_of(address).map(|address| Mailbox::new(None, address));
        let mut message = Message::builder()
            .from(mailbox(&self.from)?)
            .subject(letter.subject.as_str())
            .date(letter.at.into())
            .message_id(Some(format!("<{}@{domain}>", letter.id)))
            .header(MIME_VERSION_1_0)
            // So that nobody's absence is answered to the gate (RFC 3834 §5).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for address in to {
            message = message.to(mailbox(address)?);
        }
        if let Some(thread) = &letter.thread {
            message = message.references(format!("<{thread}@{domain}>"));
        }
        let made =
            message.header(ContentType::TEXT_PLAIN).body(letter.text.clone()).map_err(MailError::Make)?;
        Ok(made.formatted())
    }

    async fn deliver(&self, to: &MailAddress, message: &[u8]) -> Result<(), MailError> {
        let mut server = self.connect().await?;
        if let Some(login) = &self.login {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            server.auth(&mechanisms, login).await.map_err(|error| {
                match error.is_permanent() || error.is_client() {
                    true => MailError::Login(error),
                    false => MailError::Later(error),
                }
            })?;
        }
        let envelope = Envelope::new(Some(address_of(&self.from)?), vec![address_of(to)?]);
        let envelope = envelope.map_err(MailError::Make)?;
        let taken = server.send(&envelope, message).await;
        // The letter's fate is known; how the goodbye goes changes nothing.
        drop(timeout(Duration::from_secs(2), server.quit()).await);
        match taken {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => {
                Err(MailError::Refused { to: to.to_string(), source: error })
            }
            Err(error) => Err(MailError::Later(error)),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let hello = ClientId::default();
        let at = || format!("{}:{}", self.host, self.port);
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        let whole = match &self.security {
            Security::Whole(terms) => Some(terms.clone()),
            Security::StartTls(_) | Security::None => None,
        };
        let place = (bare, self.port);
        let mut server = AsyncSmtpConnection::connect_tokio1(place, Some(CONNECT), &hello, whole, None)
            .await
            .map_err(|error| unreachable(at(), error))?;
        if let Security::StartTls(terms) = &self.security {
            if !server.can_starttls() {
                server.abort().await;
                return Err(MailError::NoStartTls(at()));
            }
            server.starttls(terms.clone(), &hello).await.map_err(|error| unreachable(at(), error))?;
        }
        Ok(server)
    }
}

fn address_of(address: &MailAddress) -> Result<Address, MailError> {
    address.as_str().parse().map_err(|_| MailError::Nobody)
}

/// Whether a host is this machine by its very name: nothing is resolved.
fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn terms(host: &str, ca: Option<&str>) -> Result<TlsParameters, AddressFault> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let mut builder = TlsParameters::builder(bare.to_owned());
    if let Some(ca) = ca {
        builder = builder.certificate_store(CertificateStore::None);
        let (certificates, _) = anchors(ca)?;
        for (at, certificate) in certificates.into_iter().enumerate() {
            let damaged = |_| TermsFault::Anchor(at + 1, rustls::Error::General("unreadable".to_owned()));
            builder =
                builder.add_root_certificate(Certificate::from_der(certificate.to_vec()).map_err(damaged)?);
        }
    }
    builder.build_rustls().map_err(|error| {
        let cause = in_chain::<rustls::Error>(&error).cloned();
        TermsFault::Platform(cause.unwrap_or_else(|| rustls::Error::General(error.to_string()))).into()
    })
}

/// What kept us from a connection: the network, or TLS.
fn unreachable(at: String, error: smtp::Error) -> MailError {
    if let Some(fault) = in_chain::<rustls::Error>(&error) {
        let told = std::io::Error::new(std::io::ErrorKind::InvalidData, fault.clone());
        return MailError::Tls(at, TlsFault::of(told, false));
    }
    if error.is_transient() || error.is_permanent() {
        MailError::Later(error)
    } else {
        MailError::Unreachable(at, error)
    }
}

/// The first cause of this type; an `io::Error` is looked into.
fn in_chain<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        let wrapped = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = inner.downcast_ref::<T>().or_else(|| wrapped?.downcast_ref::<T>()) {
            return Some(found);
        }
        cause = inner.source();
    }
    None
}
