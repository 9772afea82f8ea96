//! A TLS server that answers, and clients that load it or whoever stands before it; for `tests/bench-tls`.
//!
//! ```text
//! tls-load serve      --certificate FILE --key FILE            prints its port
//! tls-load down       TO --bytes N                             one answer of so many bytes
//! tls-load up         TO --bytes N                             one request of so many bytes
//! tls-load requests   TO --count N --lanes N                   small ones, over so many connections that are kept
//! tls-load handshakes TO --count N --lanes N                   a connection each, with one small request
//! tls-load idle       TO --count N                             that many connections, held until its input ends
//! ```
//!
//! *TO* is `--connect ADDRESS:PORT --name NAME --authority FILE`, where a client certificate is asked for
//! `--certificate FILE --key FILE`, and `--header TEXT` for a line more in each request. `--exchange x25519` leaves the
//! post-quantum key exchange out. Each ends with one line of JSON. No connection resumes an earlier one.

mod client;
mod message;
mod server;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use client::Client;

/// What the command line says, by option.
struct Words(BTreeMap<String, String>);

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1);
    let kind = words.next().expect("the first word is what to do");
    let words: Vec<String> = words.collect();
    let words = Words(words.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect());
    if kind == "serve" {
        return server::serve(&words).await;
    }
    let client = Arc::new(Client::new(&words));
    let began = Instant::now();
    let said = match kind.as_str() {
        "down" => bulk(client.down(words.number("--bytes")).await, began),
        "up" => bulk(client.up(words.number("--bytes")).await, began),
        "requests" => several(client.requests(words.number("--count"), words.number("--lanes")).await, began),
        "handshakes" => {
            several(client.handshakes(words.number("--count"), words.number("--lanes")).await, began)
        }
        "idle" => idle(&client, words.number("--count")).await,
        other => panic!("{other} is not known; right are serve, down, up, requests, handshakes and idle"),
    };
    println!("{said}");
}

fn bulk(bytes: u64, began: Instant) -> Value {
    let seconds = began.elapsed().as_secs_f64();
    json!({ "bytes": bytes, "seconds": seconds, "mb_a_second": bytes as f64 / 1e6 / seconds })
}

/// `took` is in milliseconds.
fn several(mut took: Vec<f64>, began: Instant) -> Value {
    let seconds = began.elapsed().as_secs_f64();
    took.sort_by(f64::total_cmp);
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    json!({ "count": took.len(), "seconds": seconds, "a_second": took.len() as f64 / seconds, "p50_ms": at(50), "p99_ms": at(99) })
}

async fn idle(client: &Client, count: u64) -> Value {
    let mut held = Vec::new();
    for _ in 0..count {
        held.push(client.connect_and_ask().await);
    }
    println!("{}", json!({ "held": held.len() }));
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    ended.await.expect("the thread that reads").expect("standard input can be read");
    json!({ "count": held.len() })
}

impl Words {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn needed(&self, name: &str) -> &str {
        self.text(name).unwrap_or_else(|| panic!("{name} is missing"))
    }

    fn number(&self, name: &str) -> u64 {
        self.needed(name).parse().unwrap_or_else(|_| panic!("{name} is a number"))
    }

    /// The certificates and the key of `--certificate` and `--key`, where they are given.
    fn identity(&self) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let chain = certificates(Path::new(self.text("--certificate")?));
        let key = PrivateKeyDer::from_pem_file(self.needed("--key")).expect("a private key in PEM");
        Some((chain, key))
    }

    fn provider(&self) -> Arc<CryptoProvider> {
        let mut provider = aws_lc_rs::default_provider();
        if self.text("--exchange") == Some("x25519") {
            provider.kx_groups = vec![aws_lc_rs::kx_group::X25519];
        }
        Arc::new(provider)
    }
}

fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    let read = CertificateDer::pem_file_iter(file).expect("a file of certificates");
    read.map(|certificate| certificate.expect("a certificate in PEM")).collect()
}
