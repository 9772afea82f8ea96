//! Who is trusted, by which name, and what is refused.

use rustls::CertificateError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::TlsListener;
use crate::sample::{Authority, Issued};

/// A target that greets whoever trusts it; returns its port.
async fn target(issued: &Issued) -> u16 {
    let folder = tempfile::tempdir().unwrap();
    let tls = issued.serve_from(folder.path());
    let mut listener = TlsListener::new(TcpListener::bind("127.0.0.1:0").await.unwrap(), &tls);
    let port = listener.address().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await;
            tokio::spawn(async move { stream.write_all(b"hello").await });
        }
    });
    port
}

fn trust(authority: &Authority, name: &str) -> TargetTrust {
    TargetTrust::parse(&authority.pem(), name).unwrap()
}

/// Why the certificate was not trusted.
async fn doubt(port: u16, trust: &TargetTrust) -> CertificateError {
    match connect("127.0.0.1", port, trust, CONNECT_WITHIN).await {
        Err(ConnectError::Untrusted { source: rustls::Error::InvalidCertificate(fault), .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_declared_anchor_and_name_are_trusted_by_name_and_by_address() {
    let authority = Authority::new("hospital");
    let port = target(&authority.issue(&["console.example", "127.0.0.1"])).await;
    for name in ["console.example", "127.0.0.1"] {
        let mut stream = connect("127.0.0.1", port, &trust(&authority, name), CONNECT_WITHIN).await.unwrap();
        let mut greeting = [0; 5];
        stream.read_exact(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"hello");
    }
}

#[tokio::test]
async fn another_anchor_even_of_the_same_name_is_not_trusted() {
    let authority = Authority::new("hospital");
    let port = target(&authority.issue(&["console.example"])).await;
    let other = doubt(port, &trust(&Authority::new("elsewhere"), "console.example")).await;
    assert_eq!(other, CertificateError::UnknownIssuer);
    let same_name = doubt(port, &trust(&Authority::new("hospital"), "console.example")).await;
    assert!(
        matches!(same_name, CertificateError::BadSignature | CertificateError::UnknownIssuer),
        "{same_name:?}"
    );
}

#[tokio::test]
async fn another_name_is_not_trusted() {
    let authority = Authority::new("hospital");
    let port = target(&authority.issue(&["console.example"])).await;
    let fault = doubt(port, &trust(&authority, "other.example")).await;
    assert!(matches!(fault, CertificateError::NotValidForNameContext { .. }), "{fault:?}");
}

#[tokio::test]
async fn an_expired_certificate_is_not_trusted() {
    let authority = Authority::new("hospital");
    let port = target(&authority.issue_expired(&["console.example"])).await;
    let fault = doubt(port, &trust(&authority, "console.example")).await;
    assert!(matches!(fault, CertificateError::ExpiredContext { .. }), "{fault:?}");
}

#[tokio::test]
async fn a_self_signed_gate_is_trusted_by_whoever_pins_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["gate.example".to_owned()];
    let tls = crate::ServerTls::self_signed(&names, folder.path(), jiff::Timestamp::now()).unwrap();
    let mut listener = TlsListener::new(TcpListener::bind("127.0.0.1:0").await.unwrap(), &tls);
    let port = listener.address().unwrap().port();
    let served = tokio::spawn(async move { listener.accept().await });
    let pem = std::fs::read_to_string(crate::ServerTls::self_signed_certificate(folder.path())).unwrap();
    let trust = TargetTrust::parse(&pem, "gate.example").unwrap();
    connect("127.0.0.1", port, &trust, CONNECT_WITHIN).await.unwrap();
    served.await.unwrap();
}

#[tokio::test]
async fn a_target_that_is_down_silent_or_speaks_no_tls_is_told_apart() {
    let trust = trust(&Authority::new("hospital"), "console.example");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let slow = connect("127.0.0.1", port, &trust, Duration::from_millis(50)).await;
    assert!(matches!(slow, Err(ConnectError::Slow { .. })), "{slow:?}");

    let speaks = tokio::spawn(async move {
        // The first is the connection that was given up above.
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            drop(stream.write_all(b"220 ready\r\n").await);
            drop(stream.read(&mut [0; 1024]).await);
        }
    });
    let plain = connect("127.0.0.1", port, &trust, CONNECT_WITHIN).await;
    assert!(matches!(plain, Err(ConnectError::Handshake { .. })), "{plain:?}");
    speaks.await.unwrap();

    let down = connect("127.0.0.1", port, &trust, CONNECT_WITHIN).await;
    assert!(matches!(down, Err(ConnectError::Unreachable { .. })), "{down:?}");
}

#[tokio::test]
async fn a_pinned_key_says_who_it_is_and_an_anchor_beside_it_must_too() {
    let (authority, other) = (Authority::new("hospital"), Authority::new("elsewhere"));
    let issued = authority.issue(&["console.example"]);
    let port = target(&issued).await;
    let pin = crate::pin_of(&crate::pem::certificates(issued.pem().0.as_bytes()).unwrap()[0]).unwrap();
    let wrong = chaperone_policy::KeyPin::new([7; 32]);
    let trusts = |trust_pem: &str, server_name: &str, pins: &[chaperone_policy::KeyPin]| {
        TargetTrust::of(&crate::Declared { trust_pem, server_name, pins, client: None }).unwrap()
    };
    // Whatever name and validity the certificate has: the key is the identity.
    connect("127.0.0.1", port, &trusts("", "any.example", &[wrong, pin]), CONNECT_WITHIN).await.unwrap();
    let good = trusts(&authority.pem(), "console.example", &[pin]);
    connect("127.0.0.1", port, &good, CONNECT_WITHIN).await.unwrap();
    let fault = doubt(port, &trusts("", "console.example", &[wrong])).await;
    assert_eq!(fault, CertificateError::ApplicationVerificationFailure);
    let fault = doubt(port, &trusts(&authority.pem(), "console.example", &[wrong])).await;
    assert_eq!(fault, CertificateError::ApplicationVerificationFailure);
    let fault = doubt(port, &trusts(&other.pem(), "console.example", &[pin])).await;
    assert_eq!(fault, CertificateError::UnknownIssuer);
}

/// What somebody answers a ClientHello with, who speaks TLS 1.0 or 1.1 only: an alert, or a hello of their own.
#[tokio::test]
async fn a_target_that_speaks_nothing_newer_than_tls_1_1_is_told_what_to_do() {
    let alert = vec![0x15, 3, 1, 0, 2, 2, 70];
    let hello = |minor: u8| {
        let mut body = vec![3, minor];
        body.extend([7; 32]);
        body.extend([0, 0, 0x2f, 0]);
        let mut hello = vec![2, 0, 0, body.len() as u8];
        hello.extend(&body);
        let mut record = vec![0x16, 3, minor, 0, hello.len() as u8];
        record.extend(hello);
        record
    };
    let trust = trust(&Authority::new("hospital"), "console.example");
    for answer in [alert, hello(1), hello(2)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let old = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            drop(stream.read(&mut [0; 4096]).await);
            stream.write_all(&answer).await.unwrap();
            drop(stream.read(&mut [0; 4096]).await);
        });
        let refused = connect("127.0.0.1", port, &trust, CONNECT_WITHIN).await.unwrap_err();
        assert!(matches!(refused, ConnectError::TooOld { .. }), "{refused:?}");
        assert!(refused.to_string().contains("declare it as an opaque tcp endpoint"));
        old.await.unwrap();
    }
}
