use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::{any, proptest};

use super::{Allowance, Growth, MOST, Side};

type Got = (u8, Vec<u8>, bool);

fn read(side: &mut Side, bytes: &[u8], step: usize) -> Vec<Got> {
    let (mut got, growth, visit) = (Vec::new(), Growth::default(), Allowance::default());
    for piece in bytes.chunks(step) {
        side.take(piece, (&growth, &visit), &mut |opcode, data, cut| {
            got.push((opcode, data, cut));
            Ok(())
        })
        .unwrap();
    }
    got
}

/// A frame: its first byte, its payload, and its mask if it has one.
fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut bytes = vec![first];
    let bit = if mask.is_some() { 0x80 } else { 0 };
    match payload.len() {
        short @ 0..126 => bytes.push(bit | short as u8),
        middle @ 126..65_536 => {
            bytes.push(bit | 126);
            bytes.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(bit | 127);
            bytes.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    bytes.extend(mask.unwrap_or_default().iter().take(if mask.is_some() { 4 } else { 0 }));
    bytes.extend(
        payload
            .iter()
            .zip((0..).map(|at| mask.map_or(0, |mask| mask[at % 4])))
            .map(|(byte, mask)| byte ^ mask),
    );
    bytes
}

#[test]
fn messages_are_put_together_however_they_come() {
    let mask = Some([1, 2, 3, 4]);
    let bytes = [
        frame(0x01, b"hello ", mask),
        frame(0x89, b"ping", mask),
        frame(0x80, b"pump", mask),
        frame(0x82, &vec![7; 70_000], mask),
        frame(0x82, b"", mask),
        frame(0x88, &[3, 232], mask),
    ]
    .concat();
    for step in [1, 2, 3, 7, 1000, bytes.len()] {
        let got = read(&mut Side::new("", "client"), &bytes, step);
        let expected: Vec<Got> = vec![
            (9, b"ping".to_vec(), false),
            (1, b"hello pump".to_vec(), false),
            (2, vec![7; 70_000], false),
            (2, Vec::new(), false),
            (8, vec![3, 232], false),
        ];
        assert_eq!(got, expected, "in pieces of {step}");
    }
}

/// A message as a sender with a window of its own compresses it: RFC 7692 §7.2.3.1 has one.
#[test]
fn compressed_messages_are_opened_over_one_window() {
    let hello = [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    // §7.2.3.2: the second refers to the first.
    let again = [0xc1, 0x05, 0xf2, 0x00, 0x11, 0x00, 0x00];
    let bytes = [hello.as_slice(), &again].concat();
    let got = read(&mut Side::new("permessage-deflate", "server"), &bytes, 3);
    assert_eq!(got, [(1, b"Hello".to_vec(), false), (1, b"Hello".to_vec(), false)]);
    let alone = [hello, hello].concat();
    let fresh = "permessage-deflate; server_no_context_takeover";
    assert_eq!(read(&mut Side::new(fresh, "server"), &alone, 100).len(), 2);
}

#[test]
fn a_message_that_grows_is_cut_and_one_that_breaks_the_protocol_is_the_last() {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 40 << 20]).unwrap();
    let bomb = frame(0xc2, &encoder.finish().unwrap(), None);
    let got = read(&mut Side::new("permessage-deflate", "server"), &bomb, 1 << 20);
    assert!(got.len() == 1 && got[0].2 && got[0].1.len() <= MOST + (64 << 10));
    let mut got = Vec::new();
    let mut side = Side::new("permessage-deflate", "server");
    let give = &mut |_, data: Vec<u8>, cut| {
        got.push((data.len(), cut));
        Ok(())
    };
    let opening = (&Growth::default(), &Allowance::spent());
    side.take(&[bomb.as_slice(), &bomb].concat(), opening, give).unwrap();
    assert!(got.len() == 1 && got[0].1 && got[0].0 <= 64 << 10, "nothing is left to grow to: {got:?}");
    let long = frame(0x82, &vec![1; MOST + 5], None);
    let got = read(&mut Side::new("", "server"), &long, 4096);
    assert_eq!((got[0].1.len(), got[0].2), (MOST, true));
    for wrong in [
        frame(0x80, b"goes on with nothing", None),
        frame(0x83, b"", None),
        frame(0xc1, b"", None),
        frame(0x09, b"", None),
    ] {
        let got = read(&mut Side::new("", "server"), &[wrong.clone(), frame(0x81, b"x", None)].concat(), 100);
        let compressed_without_asking = wrong[0] == 0xc1;
        assert!(got.is_empty() || compressed_without_asking, "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn foreign_frames_are_read_within_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..3000), step in 1..200_usize) {
        let got = read(&mut Side::new("permessage-deflate", "server"), &bytes, step);
        assert!(got.iter().all(|(_, data, _)| data.len() <= MOST + (64 << 10)));
    }
}
