//! What scanners may answer, and what is made of it: a scripted peer for each answer that a real one gives only when it is
//! ill or old. Real ones are asked in the scenarios.

use bytes::Bytes;
use chaperone_policy::FileId;
use chaperone_vault::Vault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::*;
use crate::stage::Stage;

const FILE: &[u8] = b"the patch of tonight";
const OPTIONS: &str = "ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nService: Old AV\r\nISTag: \"sig-7\"\r\nEncapsulated: null-body=0\r\n\r\n";

#[test]
fn a_scanner_is_named_as_it_is_written() {
    for text in ["clamd:/run/clamav/clamd.ctl", "clamd://[::1]:3310", "icap://127.0.0.1:1344/avscan"] {
        assert_eq!(text.parse::<ScannerAddress>().unwrap().to_string(), text);
    }
    let short: ScannerAddress = "icap://av.example/srv_clamav".parse().unwrap();
    assert_eq!(short.to_string(), "icap://av.example:1344/srv_clamav");
    for wrong in
        ["", "clamd", "clamd:run", "clamd://host", "clamd://:1", "icap://host", "icap:///x", "icap://h:x/y"]
    {
        assert!(wrong.parse::<ScannerAddress>().is_err(), "{wrong}");
    }
}

/// A file in a stage of its own.
async fn content(folder: &std::path::Path) -> Content {
    let vault = Vault::load_or_create(&folder.join("vault.key")).unwrap();
    let (stage, id) = (Stage::new(folder.join("stage"), vault), FileId(Uuid::now_v7()));
    let coming = stage.take(id);
    assert!(coming.put(Bytes::from_static(FILE)).await);
    let taken = coming.whole().await.unwrap();
    Content {
        name: "patch 7.bin".to_owned(),
        size_bytes: taken.size_bytes,
        sha256: taken.sha256,
        chunks: stage.read(id),
    }
}

/// Answers the connections that come, one after another, once each has said `until`; returns what the last one said.
async fn answered(listener: TcpListener, script: Vec<(&'static [u8], Vec<u8>)>) -> Vec<u8> {
    let mut said = Vec::new();
    for (until, answer) in script {
        // Who was told enough does not come again.
        let Ok(come) = tokio::time::timeout(Duration::from_secs(1), listener.accept()).await else { break };
        let (mut peer, _) = come.unwrap();
        said.clear();
        let mut buffer = [0; 4096];
        while !said.windows(until.len()).any(|part| part == until) {
            match peer.read(&mut buffer).await.unwrap() {
                0 => break,
                count => said.extend_from_slice(&buffer[..count]),
            }
        }
        peer.write_all(&answer).await.unwrap();
        peer.shutdown().await.unwrap();
    }
    said
}

/// What comes of an ICAP service's answer, and what it was asked.
async fn icap(options: &str, answer: &[u8]) -> (Result<(Verdict, String), ScanError>, String) {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let scanner = Scanner {
        at: ScannerAddress::Icap { host: "127.0.0.1".to_owned(), port, service: "scan".to_owned() },
        within: Duration::from_secs(5),
    };
    let script: Vec<(&[u8], Vec<u8>)> =
        vec![(b"\r\n\r\n", options.as_bytes().to_vec()), (b"\r\n0\r\n\r\n", answer.to_vec())];
    let peer = tokio::spawn(answered(listener, script));
    let verdict = scanner.scan(content(folder.path()).await).await;
    (verdict, String::from_utf8_lossy(&peer.await.unwrap()).into_owned())
}

fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    let icap = format!("ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body={}\r\n\r\n", head.len());
    let size = format!("{:x}\r\n", body.len());
    [icap.as_bytes(), head.as_bytes(), size.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

#[tokio::test]
async fn a_service_is_shown_the_whole_file_as_rfc_3507_has_it() {
    let (verdict, asked) = icap(OPTIONS, b"ICAP/1.0 204 No Content\r\n\r\n").await;
    assert_eq!(verdict.unwrap(), (Verdict::Clean, "Old AV ISTag sig-7".to_owned()));
    assert!(asked.starts_with("RESPMOD icap://127.0.0.1:"), "{asked}");
    let (head, rest) = asked.split_once("\r\n\r\n").unwrap();
    let encapsulated = head.lines().find_map(|line| line.strip_prefix("Encapsulated: ")).unwrap();
    let at = |name: &str| {
        encapsulated.split(", ").find_map(|part| part.strip_prefix(name)?.parse::<usize>().ok()).unwrap()
    };
    assert!(rest[at("req-hdr=")..].starts_with("GET http://upload.invalid/patch%207.bin HTTP/1.1\r\n"));
    assert!(rest[at("res-hdr=")..].starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(&rest[at("res-body=")..], "14\r\nthe patch of tonight\r\n0\r\n\r\n");
}

#[tokio::test]
async fn a_service_that_takes_requests_only_gets_one() {
    let (verdict, asked) =
        icap(&OPTIONS.replace("RESPMOD", "REQMOD"), b"ICAP/1.0 204 No Content\r\n\r\n").await;
    assert_eq!(verdict.unwrap().0, Verdict::Clean);
    assert!(asked.starts_with("REQMOD ") && asked.contains("PUT http://upload.invalid/"), "{asked}");
}

#[tokio::test]
async fn the_same_bytes_back_are_clean_and_any_others_are_not() {
    let (verdict, _) = icap(OPTIONS, &http("200 OK", FILE)).await;
    assert_eq!(verdict.unwrap().0, Verdict::Clean);
    for other in [&b"the patch of tonighT"[..], b"the patch", b"", b"the patch of tonight and more of it"] {
        let (verdict, _) = icap(OPTIONS, &http("200 OK", other)).await;
        assert!(matches!(verdict.unwrap().0, Verdict::Found(_)), "{other:?}");
    }
    for refused in [http("403 Forbidden", b"no"), b"ICAP/1.0 403 Forbidden\r\n\r\n".to_vec()] {
        let (verdict, _) = icap(OPTIONS, &refused).await;
        assert!(matches!(verdict.unwrap().0, Verdict::Found(_)));
    }
}

#[tokio::test]
async fn whatever_else_a_service_says_is_no_verdict() {
    for ill in [
        &b""[..],
        b"ICAP/1.0 500 Oops\r\n\r\n",
        b"ICAP/1.0 404 No such service\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"ICAP/1.0 200 OK\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=90000\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: null-body=0\r\n\r\nxyz",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        let (verdict, _) = icap(OPTIONS, ill).await;
        assert!(verdict.is_err(), "{ill:?}: {verdict:?}");
    }
    let (verdict, _) = icap("ICAP/1.0 200 OK\r\nMethods: OPTIONS\r\n\r\n", b"").await;
    assert!(matches!(verdict, Err(ScanError::Answer(_))), "{verdict:?}");
    let endless = [b"ICAP/1.0 200 OK\r\n".as_slice(), &b"X: y\r\n".repeat(10_000)].concat();
    let (verdict, _) = icap(OPTIONS, &endless).await;
    assert!(verdict.is_err(), "{verdict:?}");
}

#[tokio::test]
async fn a_scanner_that_says_nothing_is_waited_for_no_longer_than_it_may_take() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for at in [
        ScannerAddress::Clamd("127.0.0.1".to_owned(), port),
        ScannerAddress::Icap { host: "127.0.0.1".to_owned(), port, service: "scan".to_owned() },
    ] {
        let scanner = Scanner { at, within: Duration::from_millis(100) };
        let verdict = scanner.scan(content(folder.path()).await).await;
        assert!(matches!(verdict, Err(ScanError::Slow(_))), "{verdict:?}");
    }
}

#[tokio::test]
async fn clamd_says_why_it_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let script: Vec<(&[u8], Vec<u8>)> = vec![
        (b"zVERSION\0", b"ClamAV 1.4.6/27800\0".to_vec()),
        (b"zINSTREAM\0", b"INSTREAM size limit exceeded. ERROR\0".to_vec()),
    ];
    tokio::spawn(answered(listener, script));
    let scanner =
        Scanner { at: ScannerAddress::Clamd("127.0.0.1".to_owned(), port), within: Duration::from_secs(5) };
    let verdict = scanner.scan(content(folder.path()).await).await;
    assert!(matches!(verdict, Err(ScanError::TooBig)), "{verdict:?}");
}
