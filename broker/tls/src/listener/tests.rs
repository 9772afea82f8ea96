//! Slow, silent and hostile peers take their own place and nobody else's.

use std::sync::Arc;
use std::time::Instant;

use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::sample::Authority;
use crate::{TargetTrust, connect, provider};

async fn listener(most: usize, within: Duration) -> (TlsListener<TcpListener>, Authority, SocketAddr) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("hospital");
    let tls = authority.issue(&["localhost"]).serve_from(folder.path());
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listener = TlsListener::bounded(tcp, &tls, most, within);
    let address = listener.address().unwrap();
    (listener, authority, address)
}

/// Answers every client with one octet more than it sent.
async fn echo(mut listener: TlsListener<TcpListener>) {
    loop {
        let (mut stream, _) = listener.accept().await;
        tokio::spawn(async move {
            let octet = stream.read_u8().await.unwrap();
            stream.write_u8(octet + 1).await.unwrap();
            stream.shutdown().await.unwrap();
        });
    }
}

async fn asks(address: SocketAddr, trust: &TargetTrust) -> u8 {
    let mut stream = connect("127.0.0.1", address.port(), trust, HANDSHAKE_WITHIN).await.unwrap();
    stream.write_u8(6).await.unwrap();
    stream.read_u8().await.unwrap()
}

#[tokio::test]
async fn clients_are_served_beside_silent_ones_and_ones_that_speak_no_tls() {
    let (listener, authority, address) = listener(16, HANDSHAKE_WITHIN).await;
    let trust = TargetTrust::parse(&authority.pem(), "localhost").unwrap();
    let server = tokio::spawn(echo(listener));
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(TcpStream::connect(address).await.unwrap());
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        others.push(stream);
    }
    let began = Instant::now();
    for _ in 0..3 {
        assert_eq!(asks(address, &trust).await, 7);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "silent clients held up others");
    server.abort();
}

#[tokio::test]
async fn a_silent_client_is_closed_after_its_time() {
    let (listener, _, address) = listener(16, Duration::from_millis(50)).await;
    let server = tokio::spawn(echo(listener));
    let mut silent = TcpStream::connect(address).await.unwrap();
    let read = tokio::time::timeout(Duration::from_secs(5), silent.read(&mut [0; 16])).await;
    assert!(matches!(read.unwrap(), Ok(0) | Err(_)));
    server.abort();
}

#[tokio::test]
async fn the_protocols_are_tls_1_2_and_1_3_with_http_1_1() {
    let (listener, authority, address) = listener(16, HANDSHAKE_WITHIN).await;
    let server = tokio::spawn(echo(listener));
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let tcp = TcpStream::connect(address).await.unwrap();
        let stream = connector.connect("localhost".try_into().unwrap(), tcp).await.unwrap();
        let (_, connection) = stream.get_ref();
        assert_eq!(connection.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(connection.protocol_version(), Some(version.version));
    }
    server.abort();
}
