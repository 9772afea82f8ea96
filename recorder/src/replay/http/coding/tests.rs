use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

/// What Node's zlib makes of `rate 5 mL/h` and a line end.
const RATE: &str = "iwWAcmF0ZSA1IG1ML2gKAw==";
/// Of 8 MiB of zeros.
const ZEROS: &str = "n///f/gnAOKxQCD3/g8=";
/// Of a text, with a window of 256 MiB.
const LARGE_WINDOW: &str = "EVy8duA3Urp5q1oBJAxOtdWVIbeVCASi/lcVAHkD";

fn bytes(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

/// Opens pieces within a bound: how far, and what came of it.
fn opened(coding: Coding, pieces: &[&[u8]], most: u64) -> (Opened, Vec<u8>) {
    let mut all = Vec::new();
    let mut give = |piece: &[u8]| {
        all.extend_from_slice(piece);
        Ok(())
    };
    let mut decoder = Decoder::new(coding, most).unwrap();
    for piece in pieces {
        let state = decoder.take(piece, &mut give).unwrap();
        if state != Opened::Whole {
            return (state, all);
        }
    }
    let state = decoder.finish(&mut give).unwrap();
    (state, all)
}

#[test]
fn brotli_opens_in_whatever_pieces_it_comes() {
    let rate = bytes(RATE);
    let single: Vec<&[u8]> = rate.chunks(1).collect();
    for pieces in [&[rate.as_slice()][..], &single] {
        assert_eq!(opened(Coding::Brotli, pieces, 100), (Opened::Whole, b"rate 5 mL/h\n".to_vec()));
    }
    assert_eq!(opened(Coding::Brotli, &[&rate[..9]], 100).0, Opened::Partly, "it breaks off");
    assert_eq!(opened(Coding::Brotli, &[&rate, b"x"], 100).0, Opened::Partly, "something is behind its end");
    assert_eq!(opened(Coding::Brotli, &[], 100), (Opened::Whole, Vec::new()));
}

#[test]
fn brotli_beyond_the_bound_or_with_a_larger_window_is_not_opened() {
    let (state, zeros) = opened(Coding::Brotli, &[&bytes(ZEROS)], 8 << 20);
    assert_eq!((state, zeros.len()), (Opened::Whole, 8 << 20));
    let (state, zeros) = opened(Coding::Brotli, &[&bytes(ZEROS)], (8 << 20) - 1);
    assert!(state == Opened::No && zeros.len() < 8 << 20);
    assert_eq!(opened(Coding::Brotli, &[&bytes(LARGE_WINDOW)], 1 << 20), (Opened::Partly, Vec::new()));
}

#[test]
fn what_is_under_another_coding_than_it_says_is_left_as_it_passed() {
    let body = Body::Here(b"plain words");
    for coding in [Coding::Gzip, Coding::Deflate, Coding::Zstd, Coding::Brotli] {
        let name = coding.name().to_owned();
        let mut all = Vec::new();
        let left = content(&body, coding, &mut |piece| {
            all.extend_from_slice(piece);
            Ok(())
        });
        assert_eq!((left.unwrap(), all.as_slice()), (Some(name), b"plain words".as_slice()));
    }
}

/// Something that begins as a coding does, or as none.
fn coded() -> impl Strategy<Value = (Coding, Vec<u8>)> {
    let coding = prop_oneof![
        Just((Coding::Gzip, b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec())),
        Just((Coding::Deflate, b"\x78\x9c".to_vec())),
        Just((Coding::Zstd, b"\x28\xb5\x2f\xfd".to_vec())),
        Just((Coding::Brotli, bytes(ZEROS))),
        Just((Coding::Brotli, bytes(RATE))),
    ];
    let begins = (coding, 0..20_usize, proptest::collection::vec(any::<u8>(), 0..400));
    begins.prop_map(|((coding, mut head), kept, rest)| {
        head.truncate(kept);
        head.extend_from_slice(&rest);
        (coding, head)
    })
}

proptest! {
    #[test]
    fn no_bytes_panic_or_grow_past_the_bound((coding, body) in coded(), step in 1..64_usize, most in 0..70_000_u64) {
        let pieces: Vec<&[u8]> = body.chunks(step).collect();
        let (_, all) = opened(coding, &pieces, most);
        prop_assert!(all.len() as u64 <= most);
    }
}
