//! The target: answers small requests with a few words, `GET /bytes/N` with so many bytes of noise, and reads whatever
//! body it is sent.

use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::Words;
use crate::message::Head;

/// Noise is sent in pieces of this size.
const PIECE: usize = 256 << 10;
const READ_BYTES: usize = 64 << 10;
/// A small answer, such as a console's status is.
const SMALL: &str = r#"{"pump":"alaris-sm-01","state":"idle","library":"2026.11","battery":"97","alarms":[],"since":"2026-11-04T21:58:11Z"}"#;

pub async fn serve(words: &Words) {
    let (chain, key) = words.identity().expect("--certificate is missing");
    let config = ServerConfig::builder_with_provider(words.provider())
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("the key is the certificate's");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
    println!("{}", listener.local_addr().expect("a bound address").port());
    let noise: Arc<[u8]> = noise().into();
    loop {
        let (stream, _) = listener.accept().await.expect("the next connection");
        tokio::spawn(answer(acceptor.clone(), stream, Arc::clone(&noise)));
    }
}

async fn answer(acceptor: TlsAcceptor, stream: TcpStream, noise: Arc<[u8]>) {
    stream.set_nodelay(true).expect("Nagle's algorithm can be turned off");
    // Somebody who leaves in the middle is no fault of the server.
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let mut stream = BufReader::with_capacity(READ_BYTES, stream);
    while let Some(head) = Head::read(&mut stream).await {
        let received = head.drain(&mut stream).await;
        let path = head.first.split(' ').nth(1).unwrap_or_default();
        let bulk: Option<usize> = path.strip_prefix("/bytes/").and_then(|bytes| bytes.parse().ok());
        let body = if received > 0 { format!(r#"{{"bytes":{received}}}"#) } else { SMALL.to_owned() };
        let kind = if bulk.is_some() { "application/octet-stream" } else { "application/json" };
        let length = bulk.unwrap_or(body.len());
        let mut answer =
            format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
        if bulk.is_none() {
            answer.push_str(&body);
        }
        if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        let mut left = bulk.unwrap_or_default();
        while left > 0 {
            let piece = left.min(noise.len());
            if stream.get_mut().write_all(&noise[..piece]).await.is_err() {
                return;
            }
            left -= piece;
        }
        if stream.get_mut().flush().await.is_err() {
            return;
        }
    }
}

/// Bytes that nothing compresses.
pub fn noise() -> Vec<u8> {
    let mut noise = vec![0; PIECE];
    aws_lc_rs::rand::fill(&mut noise).expect("random bytes");
    noise
}
