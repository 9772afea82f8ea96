//! What grows without measure under its content codings costs a reader no more than the visit's length allows, and is shown
//! as it passed; what is no bomb is still opened.

use std::time::{Duration, Instant};

use chaperone_recorder::replay::http::Way;

use super::lane::{Lane, hash};
use super::{Mark, Visit, decoded, entry, gzip, http};

/// What a bomb grows to, in bytes.
const GROWN: usize = 24 << 20;
/// How many of them are in the visit.
const BOMBS: usize = 200;

#[test]
fn bombs_under_several_codings_are_opened_within_one_bound_for_a_visit() {
    let bomb = gzip(&gzip(&vec![b'A'; GROWN]));
    assert!(bomb.len() < 2500, "{}", bomb.len());
    let text: String = (0..2000).map(|n| format!("{n} rate {} mL/h\n", n % 7)).collect();
    let visit = Visit::of(|live| {
        let lane = Lane::open(live, 1);
        let coded = |codings: &'static str| {
            [("content-encoding", codings), ("content-type", "application/octet-stream")]
        };
        for n in 0..BOMBS {
            lane.asks(n as u64, "PUT", &format!("/bomb/{n}"), &coded("gzip, gzip"), &bomb);
            lane.answers(n as u64, 200, &coded("gzip, gzip"), &[&bomb]);
        }
        lane.asks(999, "GET", "/log", &[], b"");
        lane.answers(999, 200, &coded("gzip"), &[&gzip(text.as_bytes())]);
    });
    let most = (64 << 20) + 100 * 2 * BOMBS * bomb.len();

    let began = Instant::now();
    let rows = visit.rows();
    assert!(began.elapsed() < Duration::from_secs(20), "rows took {:?}", began.elapsed());
    let files: Vec<_> = rows.iter().flat_map(|row| &row.files).collect();
    assert_eq!(files.len(), 2 * BOMBS + 1);
    let grown: usize = files.iter().map(|file| file.bytes as usize).sum();
    assert!(grown <= most, "{grown} bytes were opened where {most} may be");
    let left = &rows[BOMBS - 1].files[0];
    assert_eq!(
        (left.bytes as usize, left.sha256.clone(), left.coding.as_deref()),
        (bomb.len(), Some(hash(&bomb)), Some("gzip, gzip")),
        "as it passed"
    );
    let log = &rows[BOMBS].files[0];
    assert_eq!((log.sha256.clone(), log.coding.as_deref()), (Some(hash(text.as_bytes())), None), "{log:?}");

    let began = Instant::now();
    let har = visit.har();
    assert!(began.elapsed() < Duration::from_secs(40), "the HAR took {:?}", began.elapsed());
    let size = |n: usize| har["log"]["entries"][n]["response"]["content"]["size"].as_u64().unwrap() as usize;
    let opened: usize = (0..BOMBS).map(size).sum();
    assert!(opened <= most, "{opened} bytes stand in it where {most} may be");
    let last = entry(&har, &format!("/bomb/{}", BOMBS - 1));
    let content = &last["response"]["content"];
    assert_eq!(decoded(&content["text"]), bomb);
    assert!(content["comment"].as_str().unwrap().contains("under the content coding gzip, gzip"));
    assert_eq!(entry(&har, "/log")["response"]["content"]["text"], text.as_str());

    // One that is opened by itself has a bound of its own.
    let open = |mark: Option<&Mark>| visit.open(mark);
    let found = http::transaction(&open, &rows[BOMBS - 1]).unwrap().unwrap();
    let mut bytes = 0;
    let left = http::content(&open, &found, Way::Response, &mut |piece| {
        bytes += piece.len();
        Ok(())
    });
    assert_eq!((left.unwrap(), bytes), (None, GROWN));
}
