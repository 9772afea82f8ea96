//! What a target, a client, or whoever holds the data keys writes on a lane to hurt whoever looks at it later.

use chaperone_recorder::replay::http::{self, Way};
use chaperone_recorder::{ChannelKind, Mark, Recording, Stream, replay};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::bounds::{SHOWING, within};
use crate::visit::{Gate, ending, say};

#[derive(Clone, Debug)]
enum Step {
    Event(&'static str, Value),
    In(Vec<u8>),
    Out(Vec<u8>),
}

/// Values that are of the wrong kind, too many, or too long.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(|number| json!(number.to_string())),
        ".{0,40}".prop_map(Value::from),
        (1..20_000_usize).prop_map(|many| json!(vec![json!(["x", "y"]); many])),
        (1..200_000_usize).prop_map(|len| json!("\u{1}é".repeat(len))),
        Just(json!([["content-encoding", "gzip"], ["content-type", "multipart/form-data; boundary=e"]])),
        Just(json!([
            ["content-encoding", "zstd"],
            ["content-disposition", "attachment; filename*=''%00%ff/../"]
        ])),
        Just(json!([["content-encoding", "br"], ["content-type", "application/zip"]])),
        Just(json!([
            ["content-encoding", "deflate"],
            ["sec-websocket-extensions", "permessage-deflate"],
            ["set-cookie", "=;;="]
        ])),
        Just(json!([["name"], "field", [1, 2], [["a"], "b"], {}])),
    ]
}

fn event() -> impl Strategy<Value = Step> {
    let kinds = [
        "http-request",
        "http-request-end",
        "http-response",
        "http-beyond",
        "http-upgrade",
        "http-response-end",
        "channel-close",
    ];
    let codings = prop_oneof![Just("gzip"), Just("zstd"), Just("br")];
    let right = (proptest::sample::select(kinds.to_vec()), 0..3_u64, codings).prop_map(|(kind, n, coding)| {
        let headers = json!([["content-encoding", coding], ["content-type", "application/zip"]]);
        let body = json!({
            "n": n, "method": "GET", "url": "https://c/\u{202e}?%ff&=%", "headers": headers, "status": 200,
            "protocol": "websocket", "bytes": "5", "sha256": "00", "outcome": "complete", "way": "response",
        });
        Step::Event(kind, body)
    });
    let wrong = (proptest::sample::select(kinds.to_vec()), odd(), odd(), odd()).prop_map(|(kind, n, headers, other)| {
        Step::Event(kind, json!({
            "n": n, "headers": headers, "url": other, "method": other, "status": other, "bytes": other, "sha256": other,
            "protocol": "WebSocket", "outcome": other, "way": other,
        }))
    });
    prop_oneof![4 => right, 1 => wrong]
}

fn bomb(kind: u8) -> Vec<u8> {
    let zeros = vec![0; 8 << 20];
    match kind % 4 {
        0 => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            std::io::Write::write_all(&mut encoder, &zeros).unwrap();
            encoder.finish().unwrap()
        }
        1 => zstd::bulk::compress(&zeros, 19).unwrap(),
        // Brotli of as many, as Node's zlib makes it.
        2 => b"\x9f\xff\xff\x7f\xf8\x27\x00\xe2\xb1\x40\x20\xf7\xfe\x0f".to_vec(),
        _ => b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec(),
    }
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = || {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 1..400),
            any::<u8>().prop_map(bomb),
            Just(b"\r\n--e\r\ncontent-disposition: form-data; filename=\"a\"\r\n\r\nx\r\n--e".to_vec()),
            Just(vec![0xc1, 0x7e, 0xff, 0xff]),
            Just(vec![0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ]
    };
    prop_oneof![3 => event(), 1 => bytes().prop_map(Step::In), 2 => bytes().prop_map(Step::Out)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn hostile_lanes_are_shown_within_bounds(steps in proptest::collection::vec((1..4_u32, step()), 0..60)) {
        let gate = Gate::new();
        let (live, _) = gate.start();
        let open = |number| live.open_channel(number, ChannelKind::new("http", json!({})), false).unwrap();
        let lanes = [open(1), open(2), open(3)];
        for (lane, step) in steps {
            match step {
                Step::Event(kind, body) => drop(live.event(Some(lane), kind, body)),
                Step::In(bytes) => say(&lanes[lane as usize - 1], Stream::ForwardIn, &bytes),
                Step::Out(bytes) => say(&lanes[lane as usize - 1], Stream::ForwardOut, &bytes),
            }
        }
        live.seal(ending()).unwrap();
        let path = gate.path(live.session());
        let open = |mark: Option<&Mark>| match mark {
            Some(mark) => Recording::open_at(&path, &gate.readers(), mark),
            None => Recording::open(&path, &gate.readers()),
        };
        let mut text = Vec::new();
        within(SHOWING + (48 << 20), || http::har(&open, &mut text).unwrap());
        let har: Value = serde_json::from_slice(&text).unwrap();
        let derivation = within(SHOWING, || replay::derive(&mut open(None).unwrap(), || ()));
        let rows = &derivation.film.transactions;
        assert_eq!(har["log"]["entries"].as_array().unwrap().len(), rows.len());
        for row in rows {
            let found = within(SHOWING, || http::transaction(&open, row).unwrap()).unwrap();
            for way in [Way::Request, Way::Response] {
                let mut bytes = 0;
                within(SHOWING, || http::content(&open, &found, way, &mut |piece| {
                    bytes += piece.len();
                    Ok(())
                }).unwrap());
            }
            within(SHOWING, || http::messages(&open, &found, 10).unwrap());
        }
    }
}
