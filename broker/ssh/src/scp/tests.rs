use proptest::prelude::*;

use super::*;

enum Said {
    Sender(&'static [u8]),
    Receiver(&'static [u8]),
}
use Said::{Receiver, Sender as From};

fn heard(command: &str, said: &[Said]) -> (Vec<FileTransfer>, bool) {
    let mut scp = Scp::of(command.as_bytes(), 0).unwrap();
    for one in said {
        match one {
            From(bytes) => scp.sent(Bytes::from_static(bytes)),
            Receiver(bytes) => scp.answered(&Bytes::from_static(bytes)),
        }
    }
    let delivered = scp.position;
    let found: Vec<Found> = scp.found().into_iter().chain(scp.end(delivered)).collect();
    let unread = found.iter().any(|one| matches!(one, Found::Unread));
    let files = found.into_iter().filter_map(|one| match one {
        Found::File(file) => Some(file),
        _ => None,
    });
    (files.collect(), unread)
}

fn sha(bytes: &[u8]) -> Option<[u8; 32]> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().try_into().ok()
}

#[test]
fn files_and_folders_are_read_out_of_the_streams() {
    let (files, unread) = heard(
        "scp -r -t /tmp",
        &[
            Receiver(b"\0"),
            From(b"D0755 0 tree\n"),
            Receiver(b"\0"),
            From(b"T1700000000 0 1700000000 0\n"),
            Receiver(b"\0"),
            From(b"C0644 8 patch 7.2.bin\n"),
            Receiver(b"\0"),
            From(b"infu"),
            From(b"sion\0"),
            Receiver(b"\0"),
            From(b"C0644 0 empty\n"),
            Receiver(b"\0"),
            From(b"\0"),
            Receiver(b"\0"),
            From(b"E\n"),
            Receiver(b"\0"),
        ],
    );
    assert!(!unread);
    let told: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.bytes, file.sha256)).collect();
    assert_eq!(told, [("/tmp/tree/patch 7.2.bin", 8, sha(b"infusion")), ("/tmp/tree/empty", 0, sha(b""))]);
}

#[test]
fn a_file_that_is_not_taken_does_not_come_and_the_next_one_does() {
    let (files, unread) = heard(
        "scp -t /tmp",
        &[
            Receiver(b"\0"),
            From(b"C0644 4 a\n"),
            Receiver(b"\x01scp: /tmp/a: Permission denied\n"),
            From(b"C0644 4 b\n"),
            Receiver(b"\0"),
            From(b"pump\0"),
            Receiver(b"\x01scp: /tmp/b: No space left on device\n"),
        ],
    );
    assert!(!unread);
    assert_eq!((files.len(), files[0].path.as_str(), files[0].sha256), (1, "/tmp/b", None));
    assert!(files[0].partial.unwrap().contains("did not take"));
}

#[test]
fn bytes_that_come_before_they_are_asked_for_and_are_refused_are_no_file() {
    // To the receiver, which refuses the first, the bytes of the first are a second file's announcement.
    let hidden = b"C0644 20 decoy\nC0644 4 evil\nabcd\0..\0";
    for sent in [&hidden[..16], &hidden[..35], hidden] {
        let (files, unread) =
            heard("scp -t /opt", &[Receiver(b"\0"), From(sent), Receiver(b"\x01denied\n\0\0")]);
        assert!(unread && files.is_empty(), "{files:?}");
    }
}

#[test]
fn a_shell_behind_an_scp_is_no_scp_and_nothing_is_made_of_it() {
    assert!(Scp::of(b"scp -t x; bash", 0).is_none());
    let (files, unread) = heard("scp -t x", &[Receiver(b"\0"), From(b"id\n"), Receiver(b"uid=0(root)\n")]);
    assert!(files.is_empty() && unread);
}

#[test]
fn files_that_wait_for_their_answers_keep_no_more_of_their_paths_than_is_said() {
    let folder = "f".repeat(LINE - 10);
    let long = format!("scp -r -t /{}", "c".repeat(100_000));
    let mut scp = Scp::of(long.as_bytes(), 0).unwrap();
    scp.sent(Bytes::from(format!("D0755 0 {folder}\n")));
    let name = "n".repeat(LINE - 20);
    for _ in 0..UNANSWERED - 8 {
        scp.sent(Bytes::from(format!("C0644 0 {name}\n\0")));
        scp.answered(&Bytes::from_static(b"\0"));
    }
    let waiting = scp.unanswered.iter().filter_map(|awaited| match awaited {
        Awaits::Sent(file) => Some(&file.at_path),
        Awaits::Anything | Awaits::Announced => None,
    });
    let kept: Vec<usize> =
        waiting.map(|at| at.path.len() + at.or_path.as_ref().map_or(0, Vec::len)).collect();
    assert!(kept.len() > UNANSWERED / 4 && kept.iter().all(|kept| *kept <= 2050), "{kept:?}");
    // All open folders together have the length of one line.
    let mut scp = Scp::of(b"scp -r -t /opt", 0).unwrap();
    scp.answered(&Bytes::from_static(b"\0"));
    for folders in 1..DEEP {
        scp.sent(Bytes::from(format!("D0755 0 {}\n", "f".repeat(1000))));
        scp.answered(&Bytes::from_static(b"\0"));
        let kept: usize = scp.folders.iter().map(Vec::len).sum();
        assert!(kept <= FOLDERS, "{kept}");
        assert_eq!(matches!(scp.sender, Sender::Unread), folders > 8, "{folders}");
    }
}

#[test]
fn a_file_of_libssh2s_dialect_is_whole_once_all_its_bytes_went_on() {
    // It answers no file that it has received, and may be gone before the server has ended it.
    let down: [&[u8]; 2] = [b"infusion", b"infusion\0"];
    for (sent, delivered) in down.into_iter().flat_map(|sent| [(sent, 37), (sent, 36)]) {
        let mut scp = Scp::of(b"scp -pf '/opt/a'", 0).unwrap();
        scp.answered(&Bytes::from_static(b"\0"));
        scp.sent(Bytes::from_static(b"T1 0 1 0\nC0644 8 a.b.c.d.e.f\n"));
        scp.answered(&Bytes::from_static(b"\0\0"));
        scp.sent(Bytes::from_static(sent));
        let found: Vec<Found> = scp.found().into_iter().chain(scp.end(delivered)).collect();
        let [Found::Payload(run), Found::File(file)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((run.operation, run.bytes, run.place.unwrap().at), ("data", 8, 29));
        assert_eq!((file.bytes, file.direction), (8, FileDirection::Download));
        assert_eq!(file.sha256, sha(b"infusion").filter(|_| delivered == 37), "{delivered} bytes went on");
    }
    // Nor does it end one that it sends.
    let (files, unread) = heard(
        "scp -t '/opt/a'",
        &[Receiver(b"\0"), From(b"C0644 8 a\n"), Receiver(b"\0"), From(b"infusion")],
    );
    assert!(!unread);
    assert_eq!((files.len(), files[0].sha256, files[0].path.as_str()), (1, sha(b"infusion"), "/opt/a"));
}

#[test]
fn a_file_that_breaks_off_has_no_hash() {
    let (files, _) =
        heard("scp -f x", &[Receiver(b"\0"), From(b"C0644 8 a\n"), Receiver(b"\0"), From(b"infu")]);
    assert_eq!((files[0].bytes, files[0].sha256, files[0].direction), (4, None, FileDirection::Download));
}

proptest! {
    #[test]
    fn any_two_streams_in_any_pieces_are_survived(
        turns in prop::collection::vec((any::<bool>(), prop_oneof![
            Just(b"C0644 5 a\n".to_vec()), Just(b"\0".to_vec()), Just(b"D0755 0 d\n".to_vec()), Just(b"E\n".to_vec()),
            Just(b"\x01no\n".to_vec()), prop::collection::vec(any::<u8>(), 0..40),
        ]), 0..60),
    ) {
        let mut scp = Scp::of(b"scp -t x", 0).unwrap();
        for (sender, bytes) in turns {
            if sender { scp.sent(bytes.into()) } else { scp.answered(&bytes.into()) }
            prop_assert!(scp.line.len() <= LINE + 40 && scp.unanswered.len() <= UNANSWERED + 1);
        }
        drop(scp.end(u64::MAX));
    }

    #[test]
    fn a_copy_is_the_same_however_its_bytes_come(cut in prop::collection::vec(1_usize..30, 1..10)) {
        let stream = b"T1 0 1 0\nC0644 11 infusion.db\n0123456789\n\0C0600 1 b\nx\0".as_slice();
        let mut scp = Scp::of(b"scp -t x", 0).unwrap();
        let (mut rest, mut lengths) = (stream, cut.iter().cycle());
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at((*lengths.next().unwrap()).min(rest.len()));
            rest = behind;
            scp.sent(Bytes::copy_from_slice(piece));
        }
        scp.answered(&Bytes::from_static(&[0; 6]));
        let files: Vec<_> = scp.end(u64::MAX).into_iter().filter_map(|one| match one {
            Found::File(file) => Some((file.path, file.sha256)),
            _ => None,
        }).collect();
        prop_assert_eq!(files, [("x/infusion.db".to_owned(), sha(b"0123456789\n")), ("x/b".to_owned(), sha(b"x"))]);
    }
}
