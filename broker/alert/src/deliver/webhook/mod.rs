//! HTTPS webhooks by Standard Webhooks 1.0.0.

pub mod address;
pub mod sign;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url, redirect};

use address::{AddressError, AddressPolicy, CheckedResolver};
use sign::WebhookSecret;

/// Every body is shorter than this ("Payload size").
pub const BODY_MAX: usize = 20_000;

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a webhook did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The address may not be called.
    #[error("the webhook's address is refused")]
    Address(#[from] AddressError),
    /// The HTTP client cannot be made.
    #[error("no http client can be had")]
    Client(#[source] reqwest::Error),
    /// No answer came.
    #[error("the webhook's receiver gave no answer: {why}")]
    NoAnswer {
        /// The innermost cause, in words.
        why: String,
        /// What the client said, without the address.
        #[source]
        source: reqwest::Error,
    },
    /// An answer other than 2xx came.
    #[error("the webhook's receiver answered {status}")]
    Status {
        /// What it answered.
        status: StatusCode,
        /// The pause that it asked for.
        retry_after: Option<Duration>,
    },
    /// 410: the receiver wants no more.
    #[error("the webhook's receiver answered 410: it wants no more")]
    Gone,
}

/// One receiver.
#[derive(Debug)]
pub struct Webhook {
    client: Client,
    url: Url,
    secret: WebhookSecret,
}

impl Webhook {
    /// A receiver at `url`, whose bodies are signed with `secret`.
    ///
    /// # Errors
    /// When the address may not be called, or TLS cannot be set up.
    pub fn new(url: Url, secret: WebhookSecret, policy: &Arc<AddressPolicy>) -> Result<Self, WebhookError> {
        policy.check_url(&url)?;
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE)
            .pool_max_idle_per_host(1)
            .dns_resolver(CheckedResolver(Arc::clone(policy)))
            .user_agent(concat!("chaperone/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(WebhookError::Client)?;
        Ok(Self { client, url, secret })
    }

    /// Sends one body. `Ok` says that the receiver took it (2xx).
    ///
    /// # Errors
    /// When no answer came within ten seconds, or one other than 2xx; a redirect is not followed.
    pub async fn send(&self, id: &str, now: Timestamp, body: String) -> Result<(), WebhookError> {
        let timestamp = now.as_second();
        let signature = self.secret.signature(id, timestamp, body.as_bytes());
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .body(body);
        let answer = request.send().await.map_err(|fault| no_answer(fault.without_url()))?;
        let status = answer.status();
        if status.is_success() {
            // A short body read to its end lets the connection be used again; a long one is not worth reading.
            if answer.content_length().is_some_and(|length| length <= 4_096) {
                answer.bytes().await.map(drop).unwrap_or_default();
            }
            return Ok(());
        }
        if status == StatusCode::GONE {
            return Err(WebhookError::Gone);
        }
        let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        Err(WebhookError::Status { status, retry_after: asked.and_then(|text| retry_after(text, now)) })
    }
}

fn no_answer(source: reqwest::Error) -> WebhookError {
    let mut cause: &dyn Error = &source;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    WebhookError::NoAnswer { why: cause.to_string(), source }
}

/// `Retry-After` in seconds or as an HTTP date (RFC 9110 §10.2.3).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_read_in_seconds_or_as_a_date() {
        let now: Timestamp = "2026-11-23T02:10:00Z".parse().unwrap();
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Mon, 23 Nov 2026 02:11:30 GMT", now), Some(Duration::from_secs(90)));
        assert_eq!(retry_after("Mon, 23 Nov 2026 02:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
