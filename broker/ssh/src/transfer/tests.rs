use proptest::prelude::*;

use super::*;

fn named() -> Named<'static> {
    Named { channel: 0, file: 1, protocol: "sftp", path: b"/tmp/a", or_path: None }
}

fn sha(bytes: &[u8]) -> Option<[u8; 32]> {
    aws_lc_rs::digest::digest(&SHA256, bytes).as_ref().try_into().ok()
}

fn passed(pieces: &[(u64, &'static [u8])]) -> FileTransfer {
    let mut transfer = Transfer::new(FileDirection::Upload, &Room::default());
    for (offset, piece) in pieces {
        transfer.take(*offset, Bytes::from_static(piece));
    }
    transfer.end(&named())
}

#[test]
fn pieces_in_order_and_pieces_a_little_out_of_order_have_the_files_hash() {
    assert_eq!(passed(&[]).sha256, sha(b""));
    assert_eq!(passed(&[(0, b"infu"), (4, b"sion")]).sha256, sha(b"infusion"));
    assert_eq!(passed(&[(4, b"si"), (6, b"on"), (0, b"infu")]).sha256, sha(b"infusion"));
}

#[test]
fn a_hole_a_second_writing_and_a_middle_have_no_hash_and_say_why() {
    for (pieces, why) in [
        (vec![(0, b"infu".as_slice()), (5, b"ion")], "missing"),
        (vec![(0, b"infu"), (2, b"fu")], "twice"),
        (vec![(4, b"si"), (4, b"si"), (0, b"infu")], "twice"),
        (vec![(3, b"us"), (0, b"infu")], "twice"),
        (vec![(1 << 40, b"sion")], "missing"),
    ] {
        let file = passed(&pieces);
        assert_eq!(file.sha256, None);
        assert!(file.partial.unwrap().contains(why), "{file:?}");
    }
}

#[test]
fn what_waits_for_its_turn_is_bounded() {
    let mut transfer = Transfer::new(FileDirection::Download, &Room::default());
    for piece in 0..10_000_u64 {
        transfer.take(1 + piece * 65_536, Bytes::from(vec![0; 65_536]));
        assert!(transfer.waiting_bytes <= WAITING_BYTES + 65_536 && transfer.waiting.len() <= WAITING_PIECES);
    }
    assert!(transfer.end(&named()).partial.unwrap().contains("out of order"));
}

#[test]
fn payload_at_regular_distances_is_one_entry() {
    let mut run = Run::new("write", 1, 0, 32_768, Some(100));
    assert!(run.joins(&Run::new("write", 1, 32_768, 32_768, Some(100 + 32_768 + 29))));
    assert!(run.joins(&Run::new("write", 1, 65_536, 10, Some(100 + 2 * (32_768 + 29)))));
    assert_eq!(run.place, Some(Place { at: 100, chunk: 32_768, gap: 29 }));
    assert_eq!((run.bytes, run.requests), (65_546, 3));
    // After a short one nothing can follow at the same distance.
    assert!(!run.joins(&Run::new("write", 1, 65_546, 10, Some(200_000))));
    for other in [
        Run::new("data", 1, 65_546, 10, Some(65_700)),
        Run::new("write", 2, 65_546, 10, Some(65_700)),
        Run::new("write", 1, 1, 10, Some(65_700)),
    ] {
        assert!(!run.joins(&other));
    }
}

proptest! {
    /// Offsets and lengths are a client's, and a server's.
    #[test]
    fn any_runs_may_follow_one_another(
        runs in prop::collection::vec((any::<u32>(), any::<u64>(), any::<u32>(), any::<Option<u32>>()), 1..20),
        ends in any::<bool>(),
    ) {
        let mut open: Option<Run> = None;
        for (file, offset, bytes, at) in runs {
            let offset = if ends { u64::MAX - offset % 4 } else { offset };
            let next = Run::new("read", file % 2, offset, bytes.into(), at.map(u64::from));
            let follows = open.as_ref().map(|open| u128::from(open.offset) + u128::from(open.bytes));
            if open.as_mut().is_some_and(|open| open.joins(&next)) {
                prop_assert_eq!(follows, Some(u128::from(offset)), "what joins follows without a break");
            } else {
                open = Some(next);
            }
        }
    }
}
