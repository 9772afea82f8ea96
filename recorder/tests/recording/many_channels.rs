//! A visit with as many channels as a recording takes is sealed, and every verifier reads its seal.

use std::path::Path;
use std::process::Command;

use chaperone_recorder::{
    CHANNELS, ChannelCoverage, ChannelKind, Coverage, Ending, RecordError, SealState, Stream, verify,
};
use jiff::Timestamp;
use serde_json::json;

use crate::visit::{Gate, say};

/// Why a channel is not covered whole, as long as a gate says it.
const WHY: &str = "between the gate and the server nothing was encrypted, as allowed for a time; a body was larger than \
                   what is kept of one: of the rest, length and SHA-256 alone";

/// Verifies one recording with the independent verifier, all of it.
const OTHER: &str = r#"
import base64, sys
sys.path.insert(0, sys.argv[1])
import chaperone_verify as other
identities = [one for name in sys.argv[4:] for one in other.parse_identities(open(name).read())]
verdict = other.verify_recording(sys.argv[2], [base64.b64decode(sys.argv[3])], identities=identities, ledger=None)
print(verdict.sound, verdict.content, len(verdict.channels), verdict.coverage(), verdict.detail)
"#;

fn stated(channel: u32, coverage: Coverage) -> ChannelCoverage {
    ChannelCoverage { channel, coverage, why: WHY.to_owned() }
}

#[test]
fn a_visit_of_as_many_channels_as_there_may_be_is_sealed_and_verifies() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    say(&shell, Stream::Output, b"$ ");
    let most = u32::try_from(CHANNELS).unwrap();
    for number in 1..most {
        let channel = live.open_channel(number, ChannelKind::new("exec", json!({})), false).unwrap();
        say(&channel, Stream::Output, b"1");
    }
    let refused = live.open_channel(most, ChannelKind::new("exec", json!({})), false).unwrap_err();
    assert!(matches!(refused, RecordError::TooManyChannels), "{refused}");
    say(&shell, Stream::Output, b"what is open goes on");
    let coverage: Vec<_> = (0..most).map(|number| stated(number, Coverage::FlowOnly)).collect();
    let seal = live.seal(Ending { reason: "closed".into(), at: Timestamp::now(), coverage }).unwrap();
    assert_eq!((seal.coverage.len(), seal.counts.len()), (CHANNELS, CHANNELS));

    let path = gate.path(live.session());
    let verdict = verify(&path, &gate.with_identities());
    assert!(verdict.is_sound(), "{verdict}");
    let known: Vec<_> = ["evidence", "unmask"].map(|name| gate.dir.path().join(name)).into();
    gate.evidence.save(&known[0]).unwrap();
    gate.unmask.save(&known[1]).unwrap();
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let done = Command::new("/usr/bin/python3")
        .args(["-B", "-c", OTHER])
        .args([&python, &path])
        .arg(gate.signer.public().to_string())
        .args(&known)
        .output()
        .unwrap();
    let (said, error) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert_eq!(said.trim(), format!("True all-opened {CHANNELS} flow-only"), "{error}");
}

#[test]
fn what_no_seal_has_room_for_is_stated_as_one_and_the_recording_is_sealed() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    say(&shell, Stream::Output, b"$ ");
    let mut coverage: Vec<_> = (0..80_000).map(|_| stated(0, Coverage::Captured)).collect();
    coverage.push(stated(0, Coverage::OutputOnly));
    let reason = "x".repeat(1 << 20);
    let seal = live.seal(Ending { reason, at: Timestamp::now(), coverage }).unwrap();
    let [one] = &seal.coverage[..] else { panic!("{} statements", seal.coverage.len()) };
    assert_eq!((one.coverage, seal.state), (Coverage::OutputOnly, SealState::Sealed));
    assert!(one.why.contains("the weakest of 80001 statements"), "{}", one.why);
    assert!(verify(&gate.path(live.session()), &gate.with_identities()).is_sound());
}
