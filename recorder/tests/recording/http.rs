//! HTTP transactions come out of a recording as they passed: as a HAR that follows the format, as rows, and as lines.

mod bombs;
mod lane;
mod valid;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_recorder::replay::http::{self, HttpRow, Sender, Way};
use chaperone_recorder::replay::{Film, Seen, derive};
use chaperone_recorder::{BadPlace, LiveRecording, Mark, Recording};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use self::lane::{Lane, hash};
use self::valid::{check, decoded};
use crate::visit::{Gate, ending, noise};

/// A visit of some transactions, sealed, and how to open it.
struct Visit {
    gate: Gate,
    session: uuid::Uuid,
}

impl Visit {
    fn of(record: impl FnOnce(&LiveRecording)) -> Self {
        let gate = Gate::new();
        let (live, _) = gate.start();
        record(&live);
        let session = live.session();
        live.seal(ending()).unwrap();
        Self { gate, session }
    }

    fn open(&self, mark: Option<&Mark>) -> Result<Recording, BadPlace> {
        let path = self.gate.path(self.session);
        match mark {
            Some(mark) => Recording::open_at(&path, &self.gate.readers(), mark),
            None => Recording::open(&path, &self.gate.readers()),
        }
    }

    fn har(&self) -> Value {
        let mut text = Vec::new();
        http::har(&|mark| self.open(mark), &mut text).unwrap();
        let har = serde_json::from_slice(&text).unwrap();
        check(&har);
        har
    }

    fn rows(&self) -> Vec<HttpRow> {
        Film::of(&mut self.open(None).unwrap()).0.transactions
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The entry that asked for this.
fn entry<'h>(har: &'h Value, of: &str) -> &'h Value {
    let entries = har["log"]["entries"].as_array().unwrap();
    entries.iter().find(|entry| entry["request"]["url"].as_str().unwrap().ends_with(of)).unwrap()
}

#[test]
fn a_page_and_a_form_become_entries_with_all_that_a_har_has() {
    let visit = Visit::of(|live| {
        let lane = Lane::open(live, 1);
        lane.asks(
            1,
            "GET",
            "/pumps?ward=ICU%202&ward=ED",
            &[("Cookie", "a=1; b=2"), ("User-Agent", "Firefox/140")],
            b"",
        );
        lane.answers(
            1,
            200,
            &[
                ("Content-Type", "text/html; charset=utf-8"),
                ("Set-Cookie", "sid=7; Path=/; HttpOnly; Secure"),
            ],
            &["<p>412 pumps, 3 in ".as_bytes(), "Übung</p>".as_bytes()],
        );
        lane.asks_with(
            2,
            "POST",
            "/login",
            &[("Content-Type", "application/x-www-form-urlencoded")],
            b"u=dana",
            Some("console basic"),
        );
        lane.answers(2, 303, &[("Location", "/home")], &[]);
    });
    let har = visit.har();
    assert_eq!(har["log"]["browser"]["name"], "Firefox/140");
    let page = entry(&har, "/pumps?ward=ICU%202&ward=ED");
    assert_eq!(page["response"]["content"]["text"], "<p>412 pumps, 3 in Übung</p>");
    assert_eq!(page["response"]["content"]["size"], page["response"]["bodySize"]);
    assert_eq!(page["response"]["_sha256"], hash("<p>412 pumps, 3 in Übung</p>".as_bytes()));
    assert_eq!(page["request"]["queryString"][0], json!({ "name": "ward", "value": "ICU 2" }));
    assert_eq!(page["request"]["cookies"][1], json!({ "name": "b", "value": "masked" }));
    assert!(page["response"]["headers"].to_string().contains("sid=masked; Path=/"), "{page:#}");
    assert_eq!((&page["_by"], &page["response"]["_error"]), (&json!("target"), &Value::Null));
    assert_eq!(page["response"]["cookies"][0]["httpOnly"], true);
    assert_eq!((&page["_credential"], &page["_outcome"]), (&Value::Null, &json!("complete")));
    let form = entry(&har, "/login");
    assert_eq!(form["request"]["postData"]["text"], "u=dana");
    assert_eq!(form["request"]["postData"]["mimeType"], "application/x-www-form-urlencoded");
    assert_eq!(form["response"]["redirectURL"], "/home");
    assert_eq!(form["_credential"], "console basic");
    assert!(form["response"]["content"].get("text").is_none());
}

#[test]
fn content_codings_are_opened_and_what_does_not_open_is_kept_as_it_passed() {
    let text = "settings of a pump\n".repeat(400);
    let image = noise(3000);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(text.as_bytes()).unwrap();
    let zlib = zlib.finish().unwrap();
    let zstd = zstd::bulk::compress(text.as_bytes(), 1).unwrap();
    // As Node's zlib makes it of this text.
    let brotli = STANDARD.decode("G68d+I2Ubt6qVgAJg1NtdWXIbSWCQOp/VQGQNwA=").unwrap();
    let mut torn = gzip(text.as_bytes());
    torn.truncate(torn.len() / 2);
    let visit = Visit::of(|live| {
        let lane = Lane::open(live, 4);
        let bodies: [(&str, &str, &[u8]); 8] = [
            ("/gzip", "gzip", &gzip(text.as_bytes())),
            ("/deflate", "deflate", &zlib),
            ("/raw", "deflate", &zlib[2..zlib.len() - 4]),
            ("/zstd", "zstd", &zstd),
            ("/br", "br", &brotli),
            ("/twice", "gzip, br", b"\x0b\x02\x80hello\x03"),
            ("/torn", "gzip", &torn),
            ("/image", "", &image),
        ];
        for (n, (path, coding, body)) in (1..).zip(bodies) {
            lane.asks(n, "GET", path, &[], b"");
            lane.answers(n, 200, &[("content-encoding", coding), ("content-type", "text/plain")], &[body]);
        }
    });
    let har = visit.har();
    for path in ["/gzip", "/deflate", "/raw", "/zstd", "/br"] {
        let content = &entry(&har, path)["response"]["content"];
        assert_eq!(content["text"], text.as_str(), "{path}");
        assert_eq!(content["size"], text.len());
        let body = entry(&har, path)["response"]["bodySize"].as_u64().unwrap();
        assert_eq!(content["compression"], text.len() as u64 - body);
    }
    let twice = b"\x0b\x02\x80hello\x03".as_slice();
    for (path, body) in [("/twice", twice), ("/torn", &torn), ("/image", &image)] {
        let content = &entry(&har, path)["response"]["content"];
        assert_eq!(content["encoding"], "base64", "{path}");
        assert_eq!(decoded(&content["text"]), body);
    }
    let said = entry(&har, "/twice")["response"]["content"]["comment"].as_str().unwrap();
    assert!(said.contains("coding gzip, br"), "{said}");
}

#[test]
fn large_bodies_of_lanes_that_interleave_come_out_whole() {
    let (one, two) = (noise(900_000), vec![b'x'; 700_000]);
    let visit = Visit::of(|live| {
        let (first, second) = (Lane::open(live, 1), Lane::open(live, 2));
        first.asks(1, "GET", "/one", &[], b"");
        second.asks(2, "PUT", "/two", &[("content-type", "text/plain")], &two);
        first.answered(1, 200, &[]);
        second.answered(2, 200, &[]);
        for (a, b) in one.chunks(30_000).zip(two.chunks(23_334)) {
            first.received(a);
            second.received(b);
        }
        second.ended(2, &two, "complete");
        first.ended(1, &one, "complete");
    });
    let har = visit.har();
    assert_eq!(decoded(&entry(&har, "/one")["response"]["content"]["text"]), one);
    assert_eq!(entry(&har, "/two")["response"]["content"]["text"].as_str().unwrap().as_bytes(), two);
    assert_eq!(entry(&har, "/two")["request"]["postData"]["text"].as_str().unwrap().as_bytes(), two);
    let rows = visit.rows();
    let open = |mark: Option<&Mark>| visit.open(mark);
    let found = http::transaction(&open, &rows[0]).unwrap().unwrap();
    let mut bytes = Vec::new();
    let left = http::content(&open, &found, Way::Response, &mut |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    });
    assert!(left.unwrap().is_none() && bytes == one);
}

#[test]
fn what_was_not_recorded_or_not_finished_is_said() {
    let visit = Visit::of(|live| {
        let lane = Lane::open(live, 1);
        lane.asks(1, "GET", "/large", &[], b"");
        lane.answered(1, 200, &[]);
        lane.received(b"the first bytes");
        let whole = json!({ "n": 1, "bytes": "5000000000", "sha256": hash(b"other"), "recorded": "15", "outcome": "complete" });
        lane.event("http-response-end", whole);
        lane.asks(2, "GET", "/cut", &[], b"");
        lane.answered(2, 200, &[]);
        lane.received(b"half of");
        lane.event(
            "http-response-end",
            json!({ "n": 2, "bytes": "7", "sha256": hash(b"half of"), "recorded": 7, "outcome": "cut" }),
        );
        lane.asks(3, "GET", "/never", &[], b"");
    });
    let har = visit.har();
    let large = entry(&har, "/large");
    assert_eq!(
        (&large["response"]["bodySize"], &large["response"]["_recordedBytes"]),
        (&json!(5_000_000_000_u64), &json!(15))
    );
    assert!(large["response"]["content"]["comment"].as_str().unwrap().starts_with("15 of 5000000000 bytes"));
    assert_eq!(large["response"]["_sha256"], hash(b"other"));
    assert_eq!(entry(&har, "/cut")["_outcome"], "cut");
    assert_eq!(entry(&har, "/cut")["response"]["_error"], "cut by the gate");
    assert_eq!(
        (&entry(&har, "/never")["_outcome"], &entry(&har, "/never")["response"]["status"]),
        (&json!("unfinished"), &json!(0))
    );
    assert_eq!(
        visit.rows().iter().map(|row| (row.status, row.whole)).collect::<Vec<_>>(),
        [(Some(200), false), (Some(200), true), (None, true)]
    );
}

#[test]
fn what_the_gate_answered_is_not_shown_as_the_targets() {
    let visit = Visit::of(|live| {
        let lane = Lane::open(live, 1);
        lane.asks(1, "GET", "/gone", &[], b"");
        let answered = json!({
            "n": 1, "status": 502, "version": "HTTP/1.1", "headers": [], "by": "gate", "why": "the server broke off",
        });
        lane.event("http-response", answered);
        lane.ended(1, b"", "complete");
    });
    let har = visit.har();
    let gone = entry(&har, "/gone");
    assert_eq!(gone["_by"], "gate");
    assert_eq!(
        gone["response"]["_error"], "answered by the gate, not by the target: the server broke off",
        "{gone:#}"
    );
    assert_eq!(visit.rows()[0].gate.as_deref(), Some("the server broke off"));
}

#[test]
fn how_far_a_body_came_beyond_what_is_kept_is_shown_where_its_end_is_missing() {
    let visit = Visit::of(|live| {
        let lane = Lane::open(live, 1);
        lane.asks(1, "GET", "/image", &[], b"");
        lane.answered(1, 200, &[]);
        lane.received(b"the first bytes");
        for bytes in [20, 4_194_324] {
            let stated = json!({ "n": 1, "way": "response", "bytes": bytes, "sha256": hash(b"so far") });
            lane.event("http-beyond", stated);
        }
        lane.event("http-beyond", json!({ "n": 1, "way": "request", "bytes": 7, "sha256": hash(b"so far") }));
    });
    let row = &visit.rows()[0];
    assert_eq!(
        (row.sent, row.received, row.received_sha256.as_deref(), row.whole),
        (7, 4_194_324, None, false)
    );
    assert_eq!(row.outcome, "unfinished");
    let har = visit.har();
    let image = entry(&har, "/image");
    assert_eq!(
        (&image["response"]["bodySize"], &image["response"]["_recordedBytes"]),
        (&json!(4_194_324), &json!(15))
    );
    let comment = image["response"]["content"]["comment"].as_str().unwrap();
    assert!(comment.starts_with("15 of at least 4194324 bytes"), "{comment}");
}

#[test]
fn messages_of_an_upgraded_connection_are_listed_as_browsers_list_them() {
    let visit = Visit::of(|live| {
        let lane = Lane::open(live, 3);
        lane.asks(9, "GET", "/live", &[("upgrade", "websocket")], b"");
        lane.answered(9, 101, &[("Sec-WebSocket-Accept", "x")]);
        lane.event("http-upgrade", json!({ "n": 9, "protocol": "websocket" }));
        lane.sent(&[0x81, 0x84, 1, 2, 3, 4, b'p' ^ 1, b'u' ^ 2, b'm' ^ 3, b'p' ^ 4]);
        lane.received(&[0x89, 0, 0x82, 2, 0xff, 0]);
        lane.event(
            "http-response-end",
            json!({ "n": 9, "bytes": "6", "sha256": hash(b""), "recorded": "6", "outcome": "complete" }),
        );
    });
    let har = visit.har();
    let live = entry(&har, "/live");
    let said = |at: usize| {
        let message = &live["_webSocketMessages"][at];
        (message["type"].as_str(), message["opcode"].as_u64(), message["data"].as_str())
    };
    assert_eq!(said(0), (Some("send"), Some(1), Some("pump")));
    assert_eq!(said(1), (Some("receive"), Some(2), Some("/wA=")));
    assert!(live["_webSocketMessages"][0]["time"].as_f64().unwrap() > 1.7e9);
    assert_eq!(live["_resourceType"], "websocket");
    let open = |mark: Option<&Mark>| visit.open(mark);
    let found = http::transaction(&open, &visit.rows()[0]).unwrap().unwrap();
    let (messages, more) = http::messages(&open, &found, 2).unwrap();
    assert!(more && messages[0].from == Sender::Client && messages[1].opcode == 9);
}

#[test]
fn files_up_and_down_are_marked_hashed_and_found() {
    let form =
        b"--e\r\nContent-Disposition: form-data; name=\"f\"; filename=\"pump.bin\"\r\n\r\nimage\r\n--e--\r\n";
    let log = "a line of the log\n".repeat(1000);
    let visit = Visit::of(|live| {
        let lane = Lane::open(live, 1);
        lane.asks(1, "POST", "/firmware", &[("Content-Type", "multipart/form-data; boundary=e")], form);
        lane.answers(1, 200, &[("Content-Type", "text/html")], &[b"thanks"]);
        let headers =
            [("content-disposition", "attachment; filename=\"pump.log\""), ("content-encoding", "gzip")];
        lane.asks(2, "GET", "/log?id=7", &[], b"");
        lane.answers(2, 200, &headers, &[&gzip(log.as_bytes())]);
    });
    let rows = visit.rows();
    let file = |row: usize| {
        let file = &rows[row].files[0];
        (file.upload, file.name.as_str(), file.bytes, file.sha256.clone().unwrap())
    };
    assert_eq!(file(0), (true, "pump.bin", 5, hash(b"image")));
    assert_eq!(file(1), (false, "pump.log", log.len() as u64, hash(log.as_bytes())));
    let derivation = derive(&mut visit.open(None).unwrap(), || {});
    let has = |seen: Seen, words: &str| {
        derivation.lines.iter().any(|line| line.seen == seen && line.text.contains(words))
    };
    assert!(
        has(Seen::File, &hash(b"image"))
            && has(Seen::File, "download pump.log")
            && has(Seen::Http, "/log?id=7")
    );
    assert!(has(Seen::Http, &hash(form)), "the body's own hash is found too");
    let marked: Vec<_> = derivation.film.markers.iter().filter(|marker| marker.kind == "file").collect();
    assert_eq!(marked.len(), 2);
    assert!(!derivation.film.markers.iter().any(|marker| marker.text.starts_with("http-")));
    let packed = derivation.film.pack().unwrap();
    assert_eq!(Film::unpack(&packed).unwrap().transactions, rows);
}
