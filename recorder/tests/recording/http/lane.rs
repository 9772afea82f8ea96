//! A lane, as the gate records one: events and bytes in the order in which they pass.

use aws_lc_rs::digest::{SHA256, digest};
use chaperone_recorder::{ChannelKind, ChannelRecorder, LiveRecording, Stream};
use serde_json::{Value, json};

use crate::visit::say;

pub struct Lane {
    live: LiveRecording,
    recorder: ChannelRecorder,
    number: u32,
}

pub fn hash(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

type Field<'f> = (&'f str, &'f str);

impl Lane {
    pub fn open(live: &LiveRecording, number: u32) -> Self {
        let recorder = live.open_channel(number, ChannelKind::new("http", json!({})), false).unwrap();
        Self { live: live.clone(), recorder, number }
    }

    pub fn event(&self, kind: &str, body: Value) {
        self.live.event(Some(self.number), kind, body).unwrap();
    }

    pub fn sent(&self, bytes: &[u8]) {
        say(&self.recorder, Stream::ForwardIn, bytes);
    }

    pub fn received(&self, bytes: &[u8]) {
        say(&self.recorder, Stream::ForwardOut, bytes);
    }

    pub fn asks(&self, n: u64, method: &str, path: &str, headers: &[Field<'_>], body: &[u8]) {
        self.asks_with(n, method, path, headers, body, None);
    }

    pub fn asks_with(
        &self,
        n: u64,
        method: &str,
        path: &str,
        headers: &[Field<'_>],
        body: &[u8],
        injected: Option<&str>,
    ) {
        let url = format!("https://alaris-console.web.gate.example{path}");
        let head = json!({
            "n": n, "method": method, "url": url, "version": "HTTP/1.1", "headers": headers, "injected": injected,
        });
        self.event("http-request", head);
        if !body.is_empty() {
            body.chunks(100_000).for_each(|piece| self.sent(piece));
        }
        let bytes = body.len().to_string();
        self.event(
            "http-request-end",
            json!({ "n": n, "bytes": bytes, "sha256": hash(body), "recorded": bytes }),
        );
    }

    pub fn answered(&self, n: u64, status: u16, headers: &[Field<'_>]) {
        let head = json!({ "n": n, "status": status, "version": "HTTP/1.1", "headers": headers });
        self.event("http-response", head);
    }

    pub fn ended(&self, n: u64, body: &[u8], outcome: &str) {
        let bytes = body.len().to_string();
        self.event(
            "http-response-end",
            json!({ "n": n, "bytes": bytes, "sha256": hash(body), "recorded": bytes, "outcome": outcome }),
        );
    }

    pub fn answers(&self, n: u64, status: u16, headers: &[Field<'_>], body: &[&[u8]]) {
        self.answered(n, status, headers);
        body.iter().filter(|piece| !piece.is_empty()).for_each(|piece| self.received(piece));
        self.ended(n, &body.concat(), "complete");
    }
}
