//! What a client can have kept for it: answers that it does not take, and pieces that came before their turn.

use super::*;

/// Requests that the gate refuses, and one that goes on.
fn asks(kind: u8, id: u32) -> Vec<u8> {
    match kind {
        0 => packet(11, &[U32(id), Text(b"/tmp")]),
        1 => packet(5, &[U32(id), Text(b"never opened"), U64(0), U32(9)]),
        2 => packet(200, &[U32(id), Text(b"new@example.org"), Text(b"/tmp")]),
        _ => packet(13, &[U32(id), Text(b"/tmp/a")]),
    }
}

#[test]
fn answers_that_nobody_takes_end_the_channel_as_requests_do_that_nobody_answers() {
    for kind in 0..3 {
        let mut channel = Channel::granting(&[Access::SftpWrite]);
        let ended = (1..).find_map(|id| channel.asks(&asks(kind, id)).err());
        assert_eq!(ended, Some(Malformed::TooMany(UNDER_WAY)), "{kind}");
        assert_eq!(channel.dialogue.due.len(), UNDER_WAY);
    }
}

#[test]
fn who_is_refused_again_and_again_is_shown_out_and_reads_why() {
    let mut channel = Channel::granting(&[Access::SftpWrite]);
    let refused = (1..).find_map(|id| {
        let ended = channel.asks(&asks((id % 3).try_into().unwrap(), id)).err();
        assert_eq!(channel.dialogue.due().is_some(), ended.is_none(), "each is answered");
        Some(id - 1).zip(ended)
    });
    let most = u32::try_from(REFUSED).unwrap();
    assert_eq!(refused, Some((most, Malformed::Refused(REFUSED))));
    channel.dialogue.ends(Malformed::Refused(REFUSED));
    let words = channel.dialogue.words().unwrap();
    assert!(words.contains("more than 65536 requests were refused"), "{words}");
}

#[test]
fn many_open_files_with_long_paths_keep_no_more_of_them_than_is_said() {
    let long = [b'a'; 60_000];
    let mut channel = Channel::granting(&[Access::SftpRead]);
    for id in 0..u32::try_from(OPEN).unwrap() {
        channel.opens(id, &long, 0x1, &id.to_be_bytes());
    }
    let kept: usize = channel.dialogue.files.values().map(|open| open.path.len()).sum();
    assert_eq!(kept, OPEN * 1025, "one byte more tells that a path goes on");
    for id in 10_000..10_100 {
        channel.asks(&packet(17, &[U32(id), Text(&[&id.to_be_bytes()[..], &long].concat())])).unwrap();
        channel.answers(&packet(105, &[U32(id), U32(1), U64(7)])).unwrap();
    }
    let sizes: usize = channel.dialogue.sizes.iter().map(|(path, _)| path.len()).sum();
    assert!(sizes <= SIZES * SIZE_OF_BYTES, "{sizes} bytes of paths whose sizes are known");
}

/// Opens files and writes or reads each from behind its beginning on: how many pieces each was given, and their length.
fn from_the_middle(files: u32, pieces: u64, length: usize, reads: bool) -> Channel {
    let mut channel = Channel::granting(&[Access::SftpRead, Access::SftpWrite]);
    let payload = Bytes::from(vec![7; length]);
    for file in 1..=files {
        let path = format!("/tmp/{file}");
        channel.opens(file, path.as_bytes(), if reads { 0x1 } else { 0x1a }, &file.to_be_bytes());
        for piece in 1..=pieces {
            let at = piece * payload.len() as u64;
            match reads {
                true => channel.dialogue.was_read(file, at, payload.clone()),
                false => channel.dialogue.written(file, at, payload.clone()),
            }
        }
    }
    channel
}

/// The hole at each file's beginning is filled and the file closed: how many have a hash.
fn hashed(channel: &mut Channel, files: u32, length: usize) -> usize {
    for file in 1..=files {
        channel.dialogue.written(file, 0, Bytes::from(vec![7; length]));
        channel.asks(&packet(4, &[U32(file), Text(&file.to_be_bytes())])).unwrap();
        channel.answers(&ok(file)).unwrap();
    }
    let passed = channel.dialogue.passed();
    let without = passed.iter().filter(|file| file.sha256.is_none());
    assert!(without.clone().all(|file| file.partial.unwrap().contains("out of order")), "and says why");
    passed.len() - without.count()
}

#[test]
fn files_that_are_written_from_their_middle_share_what_may_wait() {
    let mut channel = from_the_middle(100, 3, 64 << 10, false);
    let taken = channel.dialogue.room().taken();
    assert!(taken <= 8 << 20 && taken > 7 << 20, "{taken} bytes wait");
    let whole = hashed(&mut channel, 100, 64 << 10);
    assert!((40..100).contains(&whole), "{whole} of 100 came in time to have their hash");
    assert_eq!(channel.dialogue.room().taken(), 0, "and what waited is gone");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever is asked, and however little of the answers is taken.
    #[test]
    fn no_client_is_owed_more_than_may_be_under_way(
        kinds in prop::collection::vec(0_u8..=3, 1..20),
        takes in prop::collection::vec(0_usize..=2, 1..7),
        answered in any::<bool>(),
    ) {
        let mut channel = Channel::granting(&[Access::SftpWrite]);
        for ((id, kind), takes) in (1..40_000).zip(kinds.iter().cycle()).zip(takes.iter().cycle()) {
            match channel.asks(&asks(*kind, id)) {
                Ok(Verdict::Send) if answered => drop(channel.answers(&ok(id)).unwrap()),
                Ok(_) => {}
                Err(_) => break,
            }
            channel.log.take("requests");
            prop_assert!(channel.dialogue.owed() <= UNDER_WAY && channel.dialogue.under_way.len() <= UNDER_WAY);
            (0..*takes).for_each(|_| drop(channel.dialogue.due()));
        }
    }

    /// However many files, and however short the pieces: what waits fits into the channel's room, and so does what keeping
    /// it costs.
    #[test]
    fn what_waits_of_all_files_is_bounded(
        files in 1_u32..1000,
        pieces in 1_u64..400,
        length in prop_oneof![Just(1_usize), 1_usize..40_000],
        reads in any::<bool>(),
    ) {
        let mut channel = from_the_middle(files, pieces, length, reads);
        let taken = channel.dialogue.room().taken();
        prop_assert!(taken <= 8 << 20, "{} bytes wait", taken);
        prop_assert!(taken <= usize::try_from(files).unwrap() * 256 * (length + 256));
        drop(channel.dialogue.end());
        prop_assert_eq!(channel.dialogue.room().taken(), 0);
    }
}
