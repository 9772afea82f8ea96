//! Syslog over TLS, against a collector that wants certificates, or does not like ours.

use std::sync::Arc;

use chaperone_store::{Destination, DestinationKind, Reach};
use jiff::{SignedDuration, Timestamp};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};

use super::authority::{Authority, parsed};
use super::receiver::Collector;
use super::{MemoryOutbox, Running, destination, until};

const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS12, &version::TLS13];
const EITHER: [(&[&SupportedProtocolVersion], usize); 4] = [
    (&[&version::TLS12], 0),
    (&[&version::TLS13], 2),
    // As GnuTLS does in rsyslog: no ticket says that it is content.
    (&[&version::TLS13], 0),
    (BOTH, 2),
];

/// A collector's TLS: its certificate, whose client certificates it takes, and in which version.
fn server(
    own: &(String, String),
    clients: Option<&Authority>,
    versions: &[&'static SupportedProtocolVersion],
    tickets: usize,
) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions).unwrap();
    let (chain, key) = parsed(own);
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            let (anchor, _) = parsed(&(clients.pem(), own.1.clone()));
            roots.add(anchor[0].clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.send_tls13_tickets = tickets;
    Arc::new(config)
}

/// A destination at the collector, trusting `ca`, showing `client`.
fn to(collector: &Collector, ca: &Authority, client: Option<&(String, String)>) -> Destination {
    let url = format!("tls://localhost:{}", collector.address.port());
    let reach = Reach {
        ca: Some(ca.pem()),
        certificate: client.map(|(certificate, _)| certificate.clone()),
        ..Reach::default()
    };
    Destination { reach, ..destination(DestinationKind::Syslog, &url) }
}

fn start(outbox: &MemoryOutbox, to: &Destination, client: Option<&(String, String)>) -> Running {
    Running::to(outbox, to, client.map(|(_, key)| key.as_str()))
}

#[tokio::test]
async fn everything_arrives_in_order_with_and_without_a_client_certificate() {
    let hospital = Authority::new("hospital");
    let own = hospital.issue(&["localhost"]);
    let client = hospital.issue(&["gate-1"]);
    for (versions, tickets) in EITHER {
        for client in [None, Some(&client)] {
            let clients = client.map(|_| &hospital);
            let collector = Collector::listen_tls(server(&own, clients, versions, tickets)).await;
            let outbox = MemoryOutbox::with(1..=200);
            let _running = start(&outbox, &to(&collector, &hospital, client), client);
            until("all arrived", || collector.sequences() == (1..=200).collect::<Vec<_>>()).await;
            until("all marked", || outbox.marked() == 200).await;
        }
    }
}

/// Waits for the fault; nothing may be sent or marked before it, nor after.
async fn refused(collector: &Collector, to: &Destination, client: Option<&(String, String)>, words: &str) {
    let outbox = MemoryOutbox::with(1..=3);
    let running = start(&outbox, to, client);
    until("a fault", || running.gauge.read().fault.is_some()).await;
    let fault = running.gauge.read().fault.unwrap();
    assert!(fault.contains(words), "{fault}");
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(
        (outbox.marked(), collector.sequences().len()),
        (0, 0),
        "nothing counts as delivered: {fault}"
    );
}

#[tokio::test]
async fn a_collector_that_is_not_who_it_should_be_gets_nothing() {
    let (hospital, other) = (Authority::new("hospital"), Authority::new("other"));
    let named = |names: &[&str]| server(&hospital.issue(names), None, BOTH, 2);
    let good = Collector::listen_tls(named(&["localhost"])).await;
    refused(&good, &to(&good, &other, None), None, "does not lead to the CA").await;
    let misnamed = Collector::listen_tls(named(&["siem.example"])).await;
    refused(&misnamed, &to(&misnamed, &hospital, None), None, "is for siem.example, and not for localhost")
        .await;
    let expired = server(&hospital.issue_expired(&["localhost"]), None, BOTH, 2);
    let expired = Collector::listen_tls(expired).await;
    refused(&expired, &to(&expired, &hospital, None), None, "has expired").await;
    let plain = Collector::listen("127.0.0.1:0").await;
    let silent = std::time::Instant::now();
    refused(&plain, &to(&plain, &hospital, None), None, "TLS").await;
    assert!(silent.elapsed() < std::time::Duration::from_secs(10));
}

#[tokio::test]
async fn a_refused_client_certificate_is_noticed_before_anything_counts_as_delivered() {
    let (hospital, other) = (Authority::new("hospital"), Authority::new("other"));
    let own = hospital.issue(&["localhost"]);
    let stranger = other.issue(&["gate-1"]);
    let late = hospital.issue_expired(&["gate-1"]);
    for (versions, tickets) in EITHER {
        let collector = Collector::listen_tls(server(&own, Some(&hospital), versions, tickets)).await;
        for client in [&stranger, &late] {
            let to = to(&collector, &hospital, Some(client));
            refused(&collector, &to, Some(client), "refuses our client certificate").await;
        }
        refused(&collector, &to(&collector, &hospital, None), None, "wants a client certificate").await;
    }
}

#[tokio::test]
async fn a_new_connection_repeats_the_last_minute_under_the_same_numbers() {
    let hospital = Authority::new("hospital");
    let config = server(&hospital.issue(&["localhost"]), None, BOTH, 2);
    let first = Collector::listen_tls(Arc::clone(&config)).await;
    let outbox = MemoryOutbox::with(1..=4);
    let now = Timestamp::now();
    for (sequence, seconds) in [(1, 300), (2, 62), (3, 59), (4, 0)] {
        outbox.mark(sequence, now - SignedDuration::from_secs(seconds));
    }
    let running = start(&outbox, &to(&first, &hospital, None), None);
    until("the last minute", || first.sequences() == [3, 4]).await;
    outbox.push(5);
    running.tell();
    until("the next", || first.sequences() == [3, 4, 5]).await;
    let address = first.address.to_string();
    drop(first);
    let second = Collector::listen_tls_at(&address, config).await;
    until("the last minute again", || second.sequences() == [3, 4, 5]).await;
}
