//! What is under a coding, or several, comes out, within its bound, however it comes; what does not open is left as it passed.

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
    let (mut decoder, visit) = (Decoder::new(coding, most).unwrap(), Allowance::default());
    for piece in pieces {
        let state = decoder.take(piece, &visit, &mut give).unwrap();
        if state != Opened::Whole {
            return (state, all);
        }
    }
    let state = decoder.finish(&visit, &mut give).unwrap();
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
        let name = coding.name();
        let mut all = Vec::new();
        let left = content(&body, coding, &mut |piece| {
            all.extend_from_slice(piece);
            Ok(())
        });
        assert_eq!((left.unwrap(), all.as_slice()), (Some(name), b"plain words".as_slice()));
    }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn several_codings_are_opened_in_order_in_whatever_pieces_they_come() {
    let rate = b"rate 5 mL/h\n".to_vec();
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    for (field, body) in [
        ("br, gzip", gzipped(&bytes(RATE))),
        ("GZIP ,  zstd", zstd(&gzipped(&rate))),
        ("identity, x-gzip, , gzip", gzipped(&gzipped(&rate))),
        ("br,gzip,zstd,gzip", gzipped(&zstd(&gzipped(&bytes(RATE))))),
    ] {
        let coding = Coding::of(Some(field));
        assert!(matches!(coding, Coding::Several(_)), "{field}: {coding:?}");
        let single: Vec<&[u8]> = body.chunks(1).collect();
        for pieces in [&[body.as_slice()][..], &single] {
            assert_eq!(opened(coding.clone(), pieces, 1000), (Opened::Whole, rate.clone()), "{field}");
        }
        let (broken_off, _) = opened(coding, &[&body[..body.len() - 2]], 1000);
        assert_eq!(broken_off, Opened::Partly, "{field}");
    }
}

#[test]
fn several_codings_that_do_not_open_are_left_as_they_passed_and_said() {
    let left = |field: &str, body: &[u8]| {
        let mut all = Vec::new();
        let left = content(&Body::Here(body), Coding::of(Some(field)), &mut |piece| {
            all.extend_from_slice(piece);
            Ok(())
        });
        assert_eq!(all, body, "{field}");
        left.unwrap()
    };
    // The other order than it says; one that is not known; more than anybody puts on.
    assert_eq!(left("gzip, br", &gzipped(&bytes(RATE))).as_deref(), Some("gzip, br"));
    assert_eq!(left("gzip, compress", b"as it is").as_deref(), Some("gzip, compress"));
    let many = "gzip, gzip, gzip, gzip, gzip";
    assert_eq!(left(many, &gzipped(b"x")).as_deref(), Some(many));
}

#[test]
fn what_grows_under_several_codings_is_bounded_under_each() {
    // 8 MiB of zeros, in a few bytes, twice.
    let zeros = gzipped(&bytes(ZEROS));
    let coding = Coding::of(Some("br, gzip"));
    let (state, all) = opened(coding.clone(), &[&zeros], 8 << 20);
    assert_eq!((state, all.len()), (Opened::Whole, 8 << 20));
    let (state, all) = opened(coding, &[&zeros], (8 << 20) - 1);
    assert!(state == Opened::No && all.len() < 8 << 20);
    // What lies between may not grow either.
    let between = gzipped(&gzipped(&vec![0; 1 << 20]));
    let (state, all) = opened(Coding::of(Some("gzip, gzip")), &[&between], 100);
    assert!(state == Opened::No && all.len() <= 100, "{state:?}");
}

/// Something that begins as a coding does, or as none.
fn coded() -> impl Strategy<Value = (Coding, Vec<u8>)> {
    let coding = prop_oneof![
        Just((Coding::Gzip, b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec())),
        Just((Coding::Deflate, b"\x78\x9c".to_vec())),
        Just((Coding::Zstd, b"\x28\xb5\x2f\xfd".to_vec())),
        Just((Coding::Brotli, bytes(ZEROS))),
        Just((Coding::Brotli, bytes(RATE))),
        Just((Coding::of(Some("br, gzip")), gzipped(&bytes(RATE)))),
        Just((Coding::of(Some("gzip, gzip")), gzipped(&gzipped(&[0; 5000])))),
    ];
    let begins = (coding, 0..60_usize, proptest::collection::vec(any::<u8>(), 0..400));
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

    #[test]
    fn no_bodies_together_grow_past_what_may_be_opened_of_a_visit(
        bodies in proptest::collection::vec((coded(), 1..64_usize), 0..20),
    ) {
        let (visit, mut recorded, mut given) = (Allowance::spent(), 0, 0);
        for ((coding, body), step) in bodies {
            let mut decoder = Decoder::new(coding, u64::MAX).unwrap();
            let mut state = Opened::Whole;
            for piece in body.chunks(step) {
                recorded += piece.len();
                if state == Opened::Whole {
                    state = decoder.take(piece, &visit, &mut |piece| { given += piece.len(); Ok(()) }).unwrap();
                }
            }
            if state == Opened::Whole {
                decoder.finish(&visit, &mut |piece| { given += piece.len(); Ok(()) }).unwrap();
            }
            prop_assert!(given <= 100 * recorded, "{given} of {recorded}");
        }
    }
}
