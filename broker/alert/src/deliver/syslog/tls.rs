//! Syslog over TLS (RFC 5425): the frames of TCP inside TLS 1.2 or 1.3.
//!
//! In TLS 1.3 a client has finished its handshake before the server has looked at the client's certificate: a refusal is
//! the first thing that it reads. So a new connection sends nothing before the server has shown that it is content, by a
//! session ticket, or has had [`CONTENT_WITHIN`] to say otherwise.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use rustls::ProtocolVersion;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::tls::TlsTerms;
use super::super::tls::fault::TlsFault;
use super::{PATIENCE, SyslogError, dial, frame};

/// How long a server that sends no tickets has to refuse our certificate, before it counts as content.
const CONTENT_WITHIN: Duration = Duration::from_secs(1);

/// A TLS connection to a collector, over which frames go one after the other.
#[derive(Debug)]
pub struct TlsCollector {
    stream: TlsStream<TcpStream>,
    address: String,
    shows: bool,
}

impl TlsCollector {
    /// Connects to `host:port`; the collector is who it should be, and content with us.
    ///
    /// # Errors
    /// When nobody answers, or either side refuses the other. Nothing was sent then.
    pub async fn connect(address: &str, terms: &TlsTerms) -> Result<Self, SyslogError> {
        let tcp = dial(address).await?;
        let shows = terms.shows_certificate();
        let failed = |source| SyslogError::Tls { address: address.to_owned(), source };
        let connector = TlsConnector::from(terms.config());
        let handshake = timeout(PATIENCE, connector.connect(terms.name().clone(), tcp)).await;
        let stream = handshake
            .map_err(|_| failed(TlsFault::Slow))?
            .map_err(|error| failed(TlsFault::of(error, shows)))?;
        let mut collector = Self { stream, address: address.to_owned(), shows };
        collector.content().await?;
        Ok(collector)
    }

    /// Sends one message in its frame. Not durable: `Ok` says that the kernel has the bytes.
    ///
    /// # Errors
    /// When the collector has gone or takes nothing. The frame may have gone out in part: the connection is of no more use.
    pub async fn send(&mut self, message: &str) -> Result<(), SyslogError> {
        self.alive()?;
        let frame = frame::counted(message);
        let writing = async {
            self.stream.write_all(&frame).await?;
            self.stream.flush().await
        };
        match timeout(PATIENCE, writing).await {
            Err(_) => Err(SyslogError::Stalled),
            Ok(written) => written.map_err(|error| self.broken(error)),
        }
    }

    /// Waits until the collector goes away.
    pub async fn gone(&mut self) -> SyslogError {
        let mut ignored = [0u8; 512];
        loop {
            match self.stream.read(&mut ignored).await {
                Ok(0) => return self.broken(io::ErrorKind::ConnectionReset.into()),
                Ok(_) => {}
                Err(error) => return self.broken(error),
            }
        }
    }

    /// Looks for an end of stream, an alert or an error that has arrived already.
    fn alive(&mut self) -> Result<(), SyslogError> {
        match self.gone().now_or_never() {
            None => Ok(()),
            Some(gone) => Err(gone),
        }
    }

    /// Waits for a sign that the server takes our certificate, or our having none. TLS 1.2 has given it already.
    async fn content(&mut self) -> Result<(), SyslogError> {
        if self.stream.get_ref().1.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
            return Ok(());
        }
        match timeout(CONTENT_WITHIN, poll_fn(|context| self.judged(context))).await {
            // It had the time to refuse.
            Err(_) => Ok(()),
            Ok(judged) => judged.map_err(|source| SyslogError::Tls { address: self.address.clone(), source }),
        }
    }

    fn judged(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TlsFault>> {
        let mut room = [0u8; 512];
        let mut ignored = ReadBuf::new(&mut room);
        match Pin::new(&mut self.stream).poll_read(context, &mut ignored) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(TlsFault::of(error, self.shows))),
            Poll::Ready(Ok(())) if ignored.filled().is_empty() => {
                Poll::Ready(Err(TlsFault::hung_up(self.shows)))
            }
            // Whatever it says, it says after its handshake.
            Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
            // Tickets come once the server has taken our side of the handshake (RFC 8446 §4.6.1).
            Poll::Pending if self.stream.get_ref().1.tls13_tickets_received() > 0 => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    }

    /// An end of the connection is what it is for TCP; whatever TLS says about it is told in its words.
    fn broken(&self, error: io::Error) -> SyslogError {
        match TlsFault::of(error, self.shows) {
            TlsFault::HungUp { .. } => SyslogError::Broken(io::ErrorKind::ConnectionReset.into()),
            TlsFault::Broken(error) => SyslogError::Broken(error),
            source => SyslogError::Tls { address: self.address.clone(), source },
        }
    }
}

impl Drop for TlsCollector {
    /// Says goodbye (RFC 5425 §4.4) as far as the kernel takes it at once.
    fn drop(&mut self) {
        let (tcp, tls) = self.stream.get_mut();
        tls.send_close_notify();
        let mut goodbye = Vec::new();
        if tls.write_tls(&mut goodbye).is_ok() {
            // Who does not hear it hears the end of the stream.
            drop(tcp.try_write(&goodbye));
        }
    }
}
