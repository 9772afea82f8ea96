//! Why a destination's configuration is no use, and why one event did not go out.

use super::backoff::Failure;
use super::mail::MailError;
use super::syslog::SyslogError;
use super::tls::TermsFault;
use super::webhook::WebhookError;
use super::webhook::address::AddressError;
use super::webhook::sign::SecretError;

/// Why a destination's configuration is no use.
#[derive(Debug, thiserror::Error)]
pub enum AddressFault {
    /// A syslog address of another form.
    #[error("{0:?} is no syslog address: tls://HOST:PORT, tcp://HOST:PORT or udp://HOST:PORT")]
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
    /// A mail server's address of another form.
    #[error("{0:?} is no mail server: smtps://HOST[:PORT], or smtp://HOST[:PORT] with STARTTLS")]
    Mail(String),
    /// What TLS needs.
    #[error("TLS with this destination cannot be set up")]
    Terms(#[from] TermsFault),
    /// No sender.
    #[error("mail needs a sender: one mail address")]
    NoFrom,
    /// Nobody to send to.
    #[error("alerts by mail need somebody to go to")]
    NoTo,
    /// Somebody to send to, where notices go to whom they are for.
    #[error("notices go to the people whom they are for, and to no other address")]
    To,
    /// A user without a password, or the other way round.
    #[error("a mail server that asks for a user name wants a password too, and the other way round")]
    HalfLogin,
    /// A password that would go over the network in the clear.
    #[error("without a CA a mail server on this machine is spoken to in the clear, and gets no password")]
    ClearLogin,
    /// Something that this kind of destination has no use for.
    #[error("{0} has no meaning for this kind of destination")]
    Stray(&'static str),
    /// Notices to people over a transport that reaches no people.
    #[error("notices to people go by mail or webhook")]
    NoPeople,
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
    /// By mail.
    #[error(transparent)]
    Mail(#[from] MailError),
}

impl SendError {
    /// How patient to be.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Webhook(WebhookError::Status { retry_after, .. }) => Failure::Answered(*retry_after),
            Self::Mail(error) if error.is_answer() => Failure::Answered(None),
            _ => Failure::Unreachable,
        }
    }

    /// Whether trying again does not help this event, whatever becomes of the next.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Mail(error) if error.is_refusal())
    }

    /// Whether the receiver wants no more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Webhook(WebhookError::Gone))
    }
}
