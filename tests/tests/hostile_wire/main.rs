//! Peers that break the protocol, before and after they have signed in: each is refused, nothing is held for it, and the
//! gate goes on. `broker/ssh/ADVISORIES.md` says which of these stand for which advisory.

mod after;
mod lists;
mod raw;

use std::fs;

use chaperone_tests::{House, Process, TARGET, noise, workspace};

use raw::{Raw, framed, half, offer};

/// What all hostile peers of a scenario together may cost in memory.
const GROWTH_KIB: u64 = 64 << 10;
/// Peers that send noise.
const NOISY: usize = 150;
/// So many at once.
const LANES: usize = 15;

/// A house whose gate hears as many as come, and what its memory has been.
fn house() -> (House, u64) {
    let house = House::furnish().with("CHAPERONE_GATE__ATTEMPTS_PER_SECOND", "10000").start();
    house.open_window("dana", "exec", "+10m");
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    let had = Process::peak_kib(house.gate.id());
    (house, had)
}

/// Nothing panicked, nothing was hoarded, and a visit works.
#[track_caller]
fn goes_on(house: &House, had: u64) {
    let log = house.gate.log();
    assert!(!log.contains("panicked"), "{log}");
    let most = Process::peak_kib(house.gate.id());
    assert!(most < had + GROWTH_KIB, "memory grew from {had} KiB to {most} KiB");
    assert_eq!(house.technician("dana").ssh(TARGET).runs("echo well").succeeded().text(), "well\n");
}

#[test]
fn a_client_that_talks_before_it_says_who_it_is_is_hung_up_on() {
    let (house, had) = house();
    for talk in ["hello\r\n".repeat(3), "\r\n".repeat(2000), "x".repeat(4000), "SSH-1.5-old\r\n".to_owned()] {
        let mut peer = Raw::connect(house.gate.ssh_port());
        peer.says(talk.as_bytes());
        peer.says(b"SSH-2.0-late\r\n");
        peer.line();
        assert!(peer.is_hung_up_on(), "{:?}", talk.get(..20));
    }
    goes_on(&house, had);
}

#[test]
fn a_packet_that_says_it_is_huge_is_not_waited_for() {
    let (house, had) = house();
    for length in [u32::MAX, 1 << 31, 1 << 28, 300 << 10, 0, 1] {
        let mut peer = Raw::hello(house.gate.ssh_port());
        peer.says(&length.to_be_bytes());
        peer.says(&[4; 64]);
        assert!(peer.is_hung_up_on(), "a packet of {length} bytes");
    }
    goes_on(&house, had);
}

#[test]
fn a_key_exchange_with_a_point_that_is_none_is_refused() {
    let (house, had) = house();
    // RFC 7748 §6.1: a point of small order gives nothing but zeros.
    let small: [[u8; 32]; 2] = [[0; 32], std::array::from_fn(|at| u8::from(at == 0))];
    let mut halves: Vec<(&str, Vec<u8>)> = Vec::new();
    for length in [0, 1, 31, 33, 64, 20_000] {
        for kex in ["curve25519-sha256", "mlkem768x25519-sha256", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384"]
        {
            halves.push((kex, vec![9; length]));
        }
    }
    // RFC 5656 §4: a point that is not on the curve, in the form that the others have; and the one at infinity.
    for (kex, length) in [("ecdh-sha2-nistp256", 65), ("ecdh-sha2-nistp384", 97)] {
        halves.push((kex, vec![4; length]));
        halves.push((kex, vec![0]));
        halves.push((kex, vec![0; length]));
    }
    // RFC 4253 §8: a number that is not between 1 and the prime.
    for kex in ["diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512"] {
        halves.extend([vec![], vec![0], vec![1], vec![0xff; 512]].map(|number| (kex, number)));
    }
    for point in small {
        halves.push(("curve25519-sha256", point.to_vec()));
        halves.push(("mlkem768x25519-sha256", [vec![0; 1184], point.to_vec()].concat()));
    }
    for (kex, public) in halves {
        let mut peer = Raw::hello(house.gate.ssh_port());
        peer.says(&framed(&offer(kex)));
        peer.says(&framed(&half(&public)));
        assert!(peer.is_hung_up_on(), "{kex} with {} bytes", public.len());
    }
    goes_on(&house, had);
}

#[test]
fn whatever_is_sent_before_there_are_keys_the_gate_goes_on() {
    let (house, had) = house();
    let port = house.gate.ssh_port();
    std::thread::scope(|scope| {
        for lane in 0..LANES {
            scope.spawn(move || (lane..NOISY).step_by(LANES).for_each(|round| makes_noise(port, round)));
        }
    });
    goes_on(&house, had);
}

fn makes_noise(port: u16, round: usize) {
    let mut peer = Raw::hello(port);
    let mut sent = framed(&offer("curve25519-sha256"));
    let dice = noise(16);
    match round % 3 {
        // Nothing but noise.
        0 => sent = noise(1 + usize::from(dice[0]) * 8),
        // An offer with some bytes changed; its length stays, so that it is parsed.
        1 => {
            for pair in dice.chunks_exact(2) {
                let at = 5 + (usize::from(pair[0]) * 3) % (sent.len() - 5);
                sent[at] ^= pair[1];
            }
        }
        // A message that has no place here.
        _ => sent = framed(&[&[dice[0]][..], &noise(usize::from(dice[1]))].concat()),
    }
    peer.says(&sent);
    // The gate offers its algorithms, or hangs up: either way it goes on.
    drop(peer.packet());
}

#[test]
fn every_advisory_has_a_test_that_is_there_or_a_reason() {
    let text = fs::read_to_string(workspace().join("broker/ssh/ADVISORIES.md")).unwrap();
    let rows: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| advisory")).collect();
    assert!(rows.len() > 15, "{} rows", rows.len());
    let tests: String = [
        "broker/ssh/src/greeting.rs",
        "tests/tests/hostile_wire/main.rs",
        "tests/tests/hostile_wire/after.rs",
        "tests/tests/hostile_wire/lists.rs",
        "tests/tests/target.rs",
        "tests/tests/sign_in.rs",
        "tests/tests/refused.rs",
    ]
    .iter()
    .map(|file| fs::read_to_string(workspace().join(file)).unwrap())
    .collect();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [advisory, what, fixed, answer] = cells[..] else { panic!("a row has four cells: {row}") };
        assert!(!advisory.is_empty() && !what.is_empty() && !fixed.is_empty() && answer.len() > 20, "{row}");
        for test in answer.split('`').skip(1).step_by(2) {
            assert!(
                tests.contains(&format!("fn {test}()")),
                "{advisory} names a test that is not there: {test}"
            );
        }
    }
}
