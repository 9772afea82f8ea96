//! What the guard lets by, it lets by however it is cut into pieces; what it refuses, too.

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn asking() -> Asking {
    Asking { state: Asked::start(), other: Arc::default(), in_head: Arc::default() }
}

fn follows(text: &[u8], cut: usize) -> Result<(), Ambiguity> {
    let mut asking = asking();
    text.chunks(cut.max(1)).try_for_each(|piece| asking.follow(piece))
}

const SOUND: &str = "\r\nPOST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\
    GET /b HTTP/1.1\r\nHost: a\r\n\r\n\
    POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nChecksum: 1\r\n\r\n\
    POST /d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
    HEAD /e HTTP/1.0\r\n\r\n";

#[test]
fn requests_one_after_the_other_are_followed_however_they_are_cut() {
    for cut in 1..SOUND.len() {
        assert_eq!(follows(SOUND.as_bytes(), cut), Ok(()), "in pieces of {cut}");
    }
}

#[test]
fn a_second_request_that_hides_in_a_body_is_one() {
    // Nothing of a body is read as a head: what looks like one there is only bytes.
    let hidden = "GET /hidden HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
    let text = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len());
    assert_eq!(follows(text.as_bytes(), 7), Ok(()));
    let after = format!("POST / HTTP/1.1\r\nHost: a\r\n\r\n{hidden}");
    assert_eq!(follows(after.as_bytes(), 7), Err(Ambiguity::Length));
}

#[test]
fn chunks_that_are_framed_otherwise_are_refused() {
    for (chunks, why) in [
        ("5 \r\nhello\r\n0\r\n\r\n", Ambiguity::Chunk),
        ("0x5\r\nhello\r\n0\r\n\r\n", Ambiguity::Chunk),
        ("\r\nhello", Ambiguity::Chunk),
        ("fffffffffffffffff\r\n", Ambiguity::Chunk),
        ("5\r\nhelloX\r\n0\r\n\r\n", Ambiguity::TooLarge),
        ("5\nhello\r\n0\r\n\r\n", Ambiguity::LineEnd),
        ("0\r\nContent-Length: 5\r\n\r\n", Ambiguity::Trailer),
        ("0\r\nHost: b\r\n\r\n", Ambiguity::Trailer),
    ] {
        let text = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        for cut in 1..text.len() {
            assert_eq!(follows(text.as_bytes(), cut), Err(why), "{chunks:?} in pieces of {cut}");
        }
    }
}

#[test]
fn a_head_without_end_is_refused_before_it_is_held() {
    let text = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "y".repeat(limits::HEAD_BYTES));
    assert_eq!(follows(text.as_bytes(), 1000), Err(Ambiguity::TooLarge));
}

#[tokio::test]
async fn the_connection_ends_at_the_fault_and_says_which() {
    let (near, mut far) = tokio::io::duplex(4096);
    let (mut guarded, found) = Guarded::asking(near);
    far.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").await.unwrap();
    assert!(guarded.read_to_end(&mut Vec::new()).await.is_err());
    assert_eq!(found.fault(), Some(Ambiguity::Host));
    assert!(guarded.read_u8().await.is_err(), "and stays at its end");
}

#[tokio::test]
async fn another_protocol_is_nobody_s_matter_here() {
    let (near, mut far) = tokio::io::duplex(4096);
    let (mut guarded, found) = Guarded::asking(near);
    far.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut head = [0; 27];
    guarded.read_exact(&mut head).await.unwrap();
    found.signal();
    far.write_all(b"\x81\x05hello\n\n\0").await.unwrap();
    let mut frame = [0; 10];
    guarded.read_exact(&mut frame).await.unwrap();
    assert_eq!(&frame, b"\x81\x05hello\n\n\0");
}

#[test]
fn only_the_heads_of_answers_are_looked_at_one_for_each_request() {
    let due = Arc::new(AtomicBool::new(false));
    let mut answering = Answering { head: None, due: Arc::clone(&due) };
    due.store(true, Ordering::Release);
    let interim = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\r\n\0 body";
    assert_eq!(answering.follow(interim), Ok(()));
    assert_eq!(answering.follow(b"\0\0\n"), Ok(()), "a body");
    due.store(true, Ordering::Release);
    let twice = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(answering.follow(twice), Err(Ambiguity::LengthAndCoding));
}

proptest! {
    #[test]
    fn any_bytes_are_followed_or_refused_the_same_in_any_pieces(
        bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'5'), any::<u8>()], 0..200),
        cut in 1usize..40,
    ) {
        let mut text = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec();
        text.extend(bytes);
        prop_assert_eq!(follows(&text, cut), follows(&text, text.len()));
    }
}
