//! Content as somebody with the data keys and the seal key could forge it.

use chaperone_recorder::{Recording, replay, verify_bytes};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use crate::bounds::{READING, SHOWING, within};
use crate::forger::Forger;
use crate::mutation::fixtures;
use crate::visit::{Gate, ending, say};

/// The smallest recording of this gate.
fn word(gate: &Gate) -> Vec<u8> {
    let (live, shell) = gate.start();
    say(&shell, chaperone_recorder::Stream::Output, b"up 12 days\r\n");
    live.seal(ending()).unwrap();
    gate.file(live.session())
}

/// Verifies, reads and shows a recording with these sections.
fn shown(gate: &Gate, from: &[u8], records: u32, evidence: &[u8], input: &[u8], packed: bool) {
    let mut forger = Forger::takes_file(gate, from);
    forger.blocks[0][48..52].copy_from_slice(&records.to_be_bytes());
    let first = forger.blocks[0][32..40].to_vec();
    forger.blocks[0][40..48].copy_from_slice(&first);
    if packed {
        let section = zstd::bulk::compress(evidence, 3).unwrap();
        forger.blocks[0][5] = 1;
        forger.blocks[0][60..64].copy_from_slice(&(evidence.len() as u32).to_be_bytes());
        forger.blocks[0][64..68].fill(0);
        forger.encrypt(0, &section, b"");
    } else {
        forger.rewrite(0, evidence, input);
    }
    let file = forger.file();
    let (copy, with) = (file.clone(), gate.with_identities());
    within(READING, || drop(verify_bytes(copy, &with)));
    let open = || Recording::from_bytes(file.clone(), &with.identities).unwrap();
    within(SHOWING, || open().map(drop).count());
    within(SHOWING, || drop(replay::text(&mut open(), &mut std::io::sink())));
    within(SHOWING, || drop(replay::asciicast_v3(&mut open(), None, &mut std::io::sink())));
    within(SHOWING, || drop(replay::Film::of(&mut open())));
}

fn record() -> impl Strategy<Value = Vec<u8>> {
    let payload = || proptest::collection::vec(any::<u8>(), 0..40);
    let with_len =
        |tag: u8, channel: u8, bytes: Vec<u8>| [vec![tag, 0, channel, bytes.len() as u8], bytes].concat();
    prop_oneof![
        (0x10..0x17_u8, 0..4_u8, payload())
            .prop_map(move |(tag, channel, bytes)| with_len(tag, channel, bytes)),
        (0x20..0x27_u8, 0..4_u8, 0..200_u8).prop_map(|(tag, channel, len)| vec![tag, 0, channel, len]),
        (0x30..0x37_u8, 0..4_u8, any::<u8>()).prop_map(|(tag, channel, total)| vec![
            tag,
            0,
            channel,
            total & 0x7f
        ]),
        (
            0..4_u8,
            prop_oneof![
                Just(("channel-open", r#"{"about":{"terminal":{"columns":99999999,"rows":1}},"kind":1}"#)),
                Just(("resize", r#"{"columns":-1,"rows":18446744073709551615}"#)),
                Just(("exit-status", r#"{"status":[[[]]]}"#)),
                Just(("channel-close", "[]")),
                Just(("order", "\"\"")),
                Just(("end", "null")),
            ]
        )
            .prop_map(|(channel, (kind, body))| {
                let mut bytes = vec![0x01, 0, channel, kind.len() as u8];
                bytes.extend_from_slice(kind.as_bytes());
                bytes.push(body.len() as u8);
                bytes.extend_from_slice(body.as_bytes());
                bytes
            }),
        payload(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn forged_records_are_shown_within_bounds(
        records in proptest::collection::vec(record(), 0..30),
        input in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let gate = Gate::new();
        shown(&gate, &word(&gate), records.len() as u32, &records.concat(), &input, false);
    }
}

#[test]
fn sections_that_hold_very_much_are_shown_within_bounds() {
    let gate = Gate::new();
    let word = word(&gate);
    const FULL: usize = 256 << 10;
    let many = |record: &[u8]| (record.repeat(FULL / record.len()), (FULL / record.len()) as u32);
    for record in
        [&[0x30, 0, 1, 0][..], &[0x10, 0, 1, 0], &[0x01, 0, 0, 0, 1, b'0'], &[0x01, 0, 1, 0, 2, b'{', b'}']]
    {
        let (section, records) = many(record);
        shown(&gate, &word, records, &section, b"", true);
    }
    for part in ["[0],", "0,", "{},", "{\"a\":0},"] {
        let body = format!("[{}0]", part.repeat((FULL - 64) / part.len()));
        let mut section = vec![0x01, 0, 1, 4];
        section.extend_from_slice(b"note");
        let mut len = body.len();
        while len > 0x7f {
            section.push(len as u8 | 0x80);
            len >>= 7;
        }
        section.push(len as u8);
        section.extend_from_slice(body.as_bytes());
        shown(&gate, &word, 1, &section, b"", true);
    }
}

/// Decompresses to far more than a section may have.
#[test]
fn bombs_do_not_go_off() {
    let gate = Gate::new();
    let bomb = std::fs::read(fixtures().join("bomb.chap")).unwrap();
    let mut with = gate.with_identities();
    with.keys =
        vec![chaperone_recorder::SigningKey::load(&fixtures().join("keys/gate.pem")).unwrap().public()];
    let identity =
        |name: &str| chaperone_recorder::Identity::load(&fixtures().join("keys").join(name)).unwrap();
    with.identities = vec![identity("evidence.txt"), identity("unmask.txt")];
    let verdict = within(READING, || verify_bytes(bomb, &with));
    assert_eq!(verdict.failure(), Some(chaperone_recorder::Failure::ContentBroken));
}
