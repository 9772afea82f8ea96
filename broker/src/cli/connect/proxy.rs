//! The way through an HTTP proxy that lets `CONNECT` through (RFC 9110 §9.3.6).

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::error::DialError;
use super::line::Line;

/// Longest answer to `CONNECT`, in bytes.
const HEAD_BYTES: usize = 16 << 10;
/// How its first line begins.
const STATUS: &[u8] = b"HTTP/1.";

/// A proxy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub host: String,
    pub port: u16,
    /// Whether it is spoken to over TLS.
    pub secured: bool,
    /// What it wants to see (RFC 7617).
    credential: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy that leads to this host; none where none is named or the host is excepted.
    ///
    /// # Errors
    /// When one is named that is not spoken to.
    pub(super) fn towards(proxies: &Matcher, host: &str, port: u16) -> Result<Option<Self>, DialError> {
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let Ok(uri) = format!("https://{bracketed}:{port}/").parse::<Uri>() else { return Ok(None) };
        let Some(found) = proxies.intercept(&uri) else { return Ok(None) };
        let (at, secured) = (found.uri(), found.uri().scheme_str() == Some("https"));
        let Some(proxy_host) = at.host().filter(|_| matches!(at.scheme_str(), Some("http" | "https"))) else {
            return Err(DialError::ProxyKind(format!(
                "{}://{}",
                at.scheme_str().unwrap_or_default(),
                at.host().unwrap_or_default()
            )));
        };
        let proxy_host = proxy_host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = at.port_u16().unwrap_or(if secured { 443 } else { 80 });
        Ok(Some(Self { host: proxy_host, port, secured, credential: found.basic_auth().cloned() }))
    }

    /// Asks it to connect there. What comes after its answer is the gate's.
    ///
    /// # Errors
    /// When it does not.
    pub(super) async fn asks(
        &self,
        line: &mut (impl Line + ?Sized),
        host: &str,
        port: u16,
    ) -> Result<(), DialError> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let mut head = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
        if let Some(credential) = &self.credential {
            head.extend_from_slice(b"Proxy-Authorization: ");
            head.extend_from_slice(credential.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        line.write_all(&head).await.map_err(DialError::Proxy)?;
        line.flush().await.map_err(DialError::Proxy)?;
        let mut answer = Vec::new();
        // Byte by byte: nothing of what the gate says may be taken.
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() == HEAD_BYTES {
                return Err(DialError::NotAProxy);
            }
            answer.push(line.read_u8().await.map_err(DialError::Proxy)?);
        }
        match status(&answer) {
            Some(200..=299) => Ok(()),
            Some(other) => Err(DialError::ProxyRefused(other)),
            None => Err(DialError::NotAProxy),
        }
    }
}

/// The status of an answer (RFC 9112 §4).
fn status(head: &[u8]) -> Option<u16> {
    let (_minor, rest) = head.strip_prefix(STATUS)?.split_first()?;
    let digits = rest.strip_prefix(b" ")?.get(..3)?;
    let status = digits.iter().try_fold(0, |status: u16, digit| {
        digit.is_ascii_digit().then(|| status * 10 + u16::from(digit - b'0'))
    })?;
    let after = rest.get(4)?;
    ((100..=599).contains(&status) && matches!(after, b' ' | b'\r')).then_some(status)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn through(proxy: &str, no: &str, host: &str) -> Option<Proxy> {
        let proxies = Matcher::builder().https(proxy.to_owned()).no(no.to_owned()).build();
        Proxy::towards(&proxies, host, 8443).unwrap()
    }

    #[test]
    fn the_proxy_is_the_one_that_the_environment_names_for_this_host() {
        let proxy = through("http://ward:s3cret@proxy.example:3128", "", "gate.example").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port, proxy.secured), ("proxy.example", 3128, false));
        assert_eq!(proxy.credential.unwrap(), "Basic d2FyZDpzM2NyZXQ=");
        assert!(through("http://proxy.example:3128", "gate.example", "gate.example").is_none());
        assert!(through("http://proxy.example:3128", "127.0.0.0/8", "127.0.0.1").is_none());
        assert!(through("", "", "gate.example").is_none());
        assert!(through("https://[::1]", "", "gate.example").is_some_and(|proxy| proxy.host == "::1"));
        let socks = Matcher::builder().https("socks5://127.0.0.1:1080").build();
        assert!(matches!(Proxy::towards(&socks, "gate.example", 443), Err(DialError::ProxyKind(_))));
    }

    #[test]
    fn an_answer_is_understood_or_is_none() {
        for (head, right) in [
            (&b"HTTP/1.1 200 Connection established\r\n\r\n"[..], Some(200)),
            (b"HTTP/1.0 407\r\n\r\n", Some(407)),
            (b"HTTP/1.1 2000 \r\n\r\n", None),
            (b"HTTP/2 200 \r\n\r\n", None),
            (b"SSH-2.0-x\r\n\r\n", None),
            (b"HTTP/1.1 099 x\r\n\r\n", None),
            (b"HTTP/1.1 +20 x\r\n\r\n", None),
        ] {
            assert_eq!(status(head), right, "{head:?}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut head = b"HTTP/1.1 ".to_vec();
            head.extend_from_slice(&bytes);
            prop_assert!(status(&bytes).is_none_or(|status| (100..600).contains(&status)));
            prop_assert!(status(&head).is_none_or(|status| (100..600).contains(&status)));
        }
    }
}
