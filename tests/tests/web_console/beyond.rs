//! A body that is larger than what is kept of one: how far it came is in the recording before it passes, whatever becomes of
//! the gate or of its disk.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use chaperone_tests::{
    Action, Client, Faults, Furnishing, House, Operation, Process, WebHouse, digest, eventually, noise, soon,
};

const LIMIT: u64 = 1 << 20;
/// How much may pass until it is stated again.
const STATED_EVERY: u64 = 4 << 20;
/// As fast as a server in the next building.
const LINES: &str = "location = /image.bin { limit_rate 8m; }";

fn keeps_little() -> Furnishing {
    House::furnish().with("CHAPERONE_RECORDING__HTTP_BODY_LIMIT", &LIMIT.to_string())
}

/// A download that has come beyond what is kept of it.
fn downloads(web: &WebHouse, client: &Client<'_>, part: &Path) -> Process {
    let mut curl = client.curl(&["--output", part.to_str().unwrap(), &web.url("/image.bin")]);
    let download = Process::start("curl", curl.stderr(Stdio::null()));
    soon("the download to be beyond the limit", || (length(part) > 6 * LIMIT).then_some(()));
    download
}

fn length(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |file| file.len())
}

#[test]
fn a_gate_that_is_killed_leaves_how_far_a_body_came_beyond_the_limit() {
    let mut web = WebHouse::furnished(keeps_little(), LINES, &[]);
    let bytes = noise(64 << 20);
    std::fs::write(web.console.files().join("image.bin"), &bytes).unwrap();
    let part = web.house.folder().join("part");
    let download = {
        let client = web.opened(&web.open_window("+10m"));
        downloads(&web, &client, &part)
    };
    let session = web.house.newest_session();
    web.house.gate.kill();
    drop(download);
    web.house.gate.rise();
    web.house.sealed(&session);
    let passed = length(&part);
    let stated = web.events(&session, "http-beyond");
    assert!(stated.len() >= 2, "before the first of it, and again: {stated:#?}");
    for state in &stated {
        let count = usize::try_from(state["bytes"].as_u64().unwrap()).unwrap();
        assert_eq!((state["way"].as_str(), &state["n"]), (Some("response"), &stated[0]["n"]));
        assert_eq!(state["sha256"].as_str(), Some(digest(&bytes[..count]).as_str()));
    }
    let last = stated.last().unwrap()["bytes"].as_u64().unwrap();
    assert!(last + STATED_EVERY > passed && last > passed / 2, "{last} stated, and {passed} passed");
    assert!(web.events(&session, "http-response-end").is_empty(), "it has no end");
    let verdict = web.house.sam().does(&["recording", "verify", &session]);
    assert_eq!(verdict["sound"], true, "{verdict:#}");
}

#[test]
fn nothing_passes_beyond_the_limit_while_the_recording_cannot_be_written() {
    let mut web = WebHouse::furnished(keeps_little(), LINES, &[]);
    let bytes = noise(48 << 20);
    std::fs::write(web.console.files().join("image.bin"), &bytes).unwrap();
    let faults = Faults::build(web.house.folder());
    web.house.gate.stop();
    faults.under(&mut web.house.gate);
    let client = web.opened(&web.open_window("+10m"));
    let part = web.house.folder().join("part");
    let mut download = downloads(&web, &client, &part);
    let session = web.house.newest_session();
    faults.strike(&session, Operation::Write, Action::Eio);
    let struck = length(&part);
    let stopped = eventually(Duration::from_secs(20), "the download to stop", || {
        let before = length(&part);
        std::thread::sleep(Duration::from_secs(2));
        (length(&part) == before).then_some(before)
    });
    assert!(stopped < struck + 2 * STATED_EVERY, "{struck}, then {stopped}");
    let _ = web.house.fact("recorder-fault");
    faults.mend();
    assert!(download.ends_within(Duration::from_secs(60)).success(), "it goes on when the disk does");
    assert_eq!(digest(&std::fs::read(&part).unwrap()), digest(&bytes));
    client.leaves();
    web.house.sealed(&session);
    let ends = web.events(&session, "http-response-end");
    assert!(ends.iter().any(|end| end["sha256"] == digest(&bytes).as_str()), "{ends:#?}");
}
