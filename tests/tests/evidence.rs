//! What a recording proves: everything that was seen is in it, nothing secret is anywhere else, and no change goes unseen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chaperone_tests::{House, Process, Ran, TARGET, chaperone_verify, contains, noise, soon};
use serde_json::Value;

/// A visit with something typed and something shown, sealed.
fn visited(house: &House) -> String {
    house.open_window("dana", "shell,exec", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo shown-$((6 * 7))-on-screen; seq 1 500; exit\n");
    terminal.shows("shown-42-on-screen");
    assert_eq!(terminal.ends(), Some(0));
    let session = house.newest_session();
    house.sealed(&session);
    session
}

fn recording(house: &House, session: &str) -> PathBuf {
    house.gate.data().join("recordings").join(format!("{session}.chap"))
}

/// The public half of the key that seals recordings, as `init` left it.
fn seal_key(house: &House) -> String {
    let installed = &house.gate.installed;
    let found = installed.pointer("/keys/seal/public").and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("init prints the seal's public key: {installed:#}")).to_owned()
}

/// The off-line verifier, on a copy and with the public key only.
fn verify_off_line(recording: &Path, key: &str, more: &[&str]) -> Ran {
    let mut command = Command::new(chaperone_verify());
    command.arg(recording).args(["--key", key, "--json"]).args(more);
    Process::run("chaperone-verify", Duration::from_secs(60), &mut command)
}

fn export(house: &House, session: &str, format: &str) -> Vec<u8> {
    let file = house.folder().join(format!("{session}.{format}"));
    let file_name = file.to_str().unwrap();
    let words =
        ["recording", "export", session, "--format", format, "-o", file_name, "--reason", "looked into"];
    house.sam().does(&words);
    std::fs::read(file).unwrap()
}

/// The lines that a replay shows of a visit's channels, without the heading of each.
fn shown(replay: &str) -> BTreeSet<&str> {
    replay.lines().filter_map(|line| line.split_once("| ")).map(|(_, shown)| shown.trim_end()).collect()
}

#[test]
fn a_sealed_recording_is_sound_for_the_gate_and_for_the_off_line_verifier() {
    let house = House::start();
    let session = visited(&house);
    let verdict = house.sam().does(&["recording", "verify", &session]);
    assert_eq!(verdict["sound"], true, "{verdict:#}");
    let key = seal_key(&house);
    let ran = verify_off_line(&recording(&house, &session), &key, &[]).succeeded();
    let said: Value = serde_json::from_slice(&ran.out).unwrap();
    assert!(said.to_string().contains(&session), "{said:#}");
    let exported = export(&house, &session, "chap");
    assert_eq!(exported, std::fs::read(recording(&house, &session)).unwrap());
}

#[test]
fn the_replay_shows_what_the_technician_saw() {
    let house = House::start();
    let session = visited(&house);
    let text = String::from_utf8(export(&house, &session, "txt")).unwrap();
    assert!(text.contains("shown-42-on-screen"), "{text}");
    let missing: Vec<_> = (1..=500).filter(|n| !shown(&text).contains(&n.to_string().as_str())).collect();
    assert!(missing.is_empty(), "lines that scrolled by and are not shown: {missing:?}\n{text}");
    let played = house.sam().runs(&["recording", "play", &session]).succeeded();
    assert!(played.text().contains("shown-42-on-screen"));
}

#[test]
fn the_asciicast_is_version_3_and_holds_every_byte_that_the_technician_saw() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("PS1='$ '; echo re$((0))ady\n");
    terminal.shows("re0ady");
    terminal.resizes(132, 43);
    terminal.types("seq 1 20000; printf 'caf\\303\\251 \\033[1mbold\\033[0m\\n'; exit 3\n");
    assert_eq!(terminal.ends(), Some(3));
    let screen = terminal.screen();
    let session = house.newest_session();
    house.sealed(&session);
    let cast = String::from_utf8(export(&house, &session, "asciicast-v3")).unwrap();
    let mut lines = cast.lines().filter(|line| !line.starts_with('#'));
    let header: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(header["version"], 3, "{header}");
    assert_eq!(
        (header["term"]["cols"].as_u64(), header["term"]["rows"].as_u64()),
        (Some(80), Some(24)),
        "{header}"
    );
    let events: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| {
        events
            .iter()
            .filter(|event| event[1] == kind)
            .map(|event| event[2].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert!(events.iter().all(|event| event[0].as_f64().is_some_and(|interval| interval >= 0.0)));
    let shown: String = of("o").concat();
    let recorded: BTreeSet<_> = shown.lines().map(str::trim_end).collect();
    for line in screen.lines().filter(|line| !line.contains("127.0.0.1")) {
        assert!(recorded.contains(line.trim_end()), "{line:?} was seen and is not in the recording");
    }
    assert_eq!(of("r").first(), Some(&"132x43"), "the resize");
    assert_eq!(of("x").last(), Some(&"3"), "the exit status");
}

#[test]
fn every_byte_of_a_command_is_in_the_recording() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    let ran = dana.input("in-put-1\n").runs("cat; seq 1 100000; echo err-or-2 >&2; exit 7");
    assert_eq!(ran.status, Some(7));
    let session = house.newest_session();
    house.sealed(&session);
    let text = String::from_utf8(export(&house, &session, "txt")).unwrap();
    let lines = shown(&text);
    assert!(
        lines.contains(&"in-put-1") && lines.contains(&"err-or-2"),
        "what was read, and what was said on standard error"
    );
    let numbers: BTreeSet<u32> = lines.iter().filter_map(|line| line.parse().ok()).collect();
    assert_eq!(numbers, (1..=100_000).collect::<BTreeSet<_>>());
}

#[test]
fn a_shell_hidden_behind_a_copy_command_is_recorded() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens("scp -t x; bash");
    // The copy's side of its protocol begins with a zero byte, and ends at anything that is not in the protocol.
    terminal.shows("\0");
    terminal.types("nonsense\n");
    terminal.types("echo hid$((1))den\n");
    terminal.shows("hid1den");
    terminal.types("exit\n");
    terminal.ends();
    let session = house.newest_session();
    house.sealed(&session);
    let text = String::from_utf8(export(&house, &session, "txt")).unwrap();
    assert!(text.contains("hid1den"), "{text}");
}

#[test]
fn what_was_typed_blind_is_masked() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("read -s -p 'pass'word: secret; echo; echo ${#secret} characters\n");
    terminal.shows("password:");
    terminal.types("hunter2-hunter2\n");
    terminal.shows("15 characters");
    terminal.types("exit\n");
    terminal.ends();
    let session = house.newest_session();
    house.sealed(&session);
    for format in ["txt", "asciicast-v3"] {
        let exported = export(&house, &session, format);
        assert!(!contains(&exported, b"hunter2-hunter2"), "{format} shows typed input");
        assert!(contains(&exported, b"15 characters"));
    }
}

#[test]
fn no_secret_and_no_payload_is_in_any_file_of_the_gate() {
    // Not at any level of the log either. What a desk derives is text of what was shown, in a store that gates do not have:
    // there, what was typed and every key are still nowhere.
    let mut house = House::furnish().with("CHAPERONE_LOG__LEVEL", "trace").start();
    house.open_window("dana", "shell,exec", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo pay-$((6 * 7))-load; read -s x\n");
    terminal.shows("pay-42-load");
    terminal.types("typed-secret-7\n");
    terminal.types("exit\n");
    terminal.ends();
    house.sealed(&house.newest_session());
    soon("the desk to have read it", || {
        (!house.sam().lists(&["search", "pay-42-load"]).is_empty()).then_some(())
    });
    let token = house.gate.token("sam");
    let private = std::fs::read_to_string(&house.target.account_key().private).unwrap();
    house.gate.stop();
    let body: Vec<_> = private.lines().filter(|line| !line.starts_with("--")).collect();
    let secrets = [
        ("the target's private key", body[1]),
        ("what was shown", "pay-42-load"),
        ("what was typed", "typed-secret-7"),
        ("the webhook's secret", house.webhook.secret().trim_start_matches("whsec_")),
        ("a token", token.as_str()),
    ];
    let mut files = Vec::new();
    all_files(&house.gate.config().with_file_name(""), &mut files);
    assert!(files.len() > 8, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy();
        let is_derived = ["derived.db", "derived.db-wal"].contains(&&*name);
        for (what, secret) in secrets.into_iter().filter(|(what, _)| !is_derived || *what != "what was shown")
        {
            assert!(!contains(&bytes, secret.as_bytes()), "{what} is in {}", file.display());
        }
    }
    for message in house.syslog.received() {
        assert!(secrets.iter().all(|(_, secret)| !message.raw.contains(secret)), "{}", message.raw);
    }
}

fn all_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => all_files(&entry.path(), files),
            kind if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

#[test]
fn private_keys_are_for_the_service_alone() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::furnish().empty();
    let mut files = Vec::new();
    all_files(&house.gate.data().join("keys"), &mut files);
    assert!(files.len() >= 6, "{files:?}");
    for file in files
        .iter()
        .filter(|file| !matches!(file.extension(), Some(end) if end == "pub" || end == "recipients"))
    {
        let mode = std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let house = House::start();
    let session = visited(&house);
    let key = seal_key(&house);
    let sound = std::fs::read(recording(&house, &session)).unwrap();
    let copy = house.folder().join("copy.chap");
    // A step that shares no factor with the block sizes walks over every part of the file.
    let step = (sound.len() / 60).max(1) | 1;
    for at in (0..sound.len()).step_by(step).chain([sound.len() - 1]) {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&copy, bytes).unwrap();
        let ran = verify_off_line(&copy, &key, &[]);
        assert_eq!(ran.status, Some(1), "byte {at} of {}: {}{}", sound.len(), ran.text(), ran.err);
    }
    std::fs::write(&copy, &sound).unwrap();
    verify_off_line(&copy, &key, &[]).succeeded();
}

#[test]
fn a_recording_that_was_cut_or_grew_is_found() {
    let house = House::start();
    let session = visited(&house);
    let key = seal_key(&house);
    let sound = std::fs::read(recording(&house, &session)).unwrap();
    let copy = house.folder().join("copy.chap");
    let cut = |bytes: &[u8]| {
        std::fs::write(&copy, bytes).unwrap();
        verify_off_line(&copy, &key, &[]).status
    };
    for keep in [0, 1, 100, sound.len() / 3, sound.len() / 2, sound.len() - 100, sound.len() - 1] {
        assert_eq!(cut(&sound[..keep]), Some(1), "the first {keep} bytes of {}", sound.len());
    }
    let grown = [sound.as_slice(), noise(64).as_slice()].concat();
    assert_eq!(cut(&grown), Some(1), "more after the seal");
    let twice = [sound.as_slice(), sound.as_slice()].concat();
    assert_eq!(cut(&twice), Some(1), "twice the same");
}

#[test]
fn another_gates_recording_is_foreign() {
    let house = House::start();
    let session = visited(&house);
    let other = House::furnish().empty();
    let ran = verify_off_line(&recording(&house, &session), &seal_key(&other), &[]);
    assert_eq!(ran.status, Some(1), "{}", ran.text());
}

#[test]
fn a_change_of_the_file_is_found_by_the_gate_and_is_a_fact_and_an_alarm() {
    let house = House::start();
    let session = visited(&house);
    let file = recording(&house, &session);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&file, &bytes).unwrap();
    let said = house.sam().tries(&["recording", "verify", &session]);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert_eq!(said.answer["sound"], false, "{:#}", said.answer);
    assert!(said.answer["failure"].is_string(), "{:#}", said.answer);
    let verified = house.fact("recording-verified");
    assert!(verified.body.to_string().contains("false"), "{:#}", verified.body);
    assert_eq!(alarmed(&house), 1);
    std::fs::remove_file(&file).unwrap();
    let said = house.sam().tries(&["recording", "verify", &session]);
    assert!(said.status == Some(1) && said.err.contains("gone from this node"), "{said:?}");
    assert!(house.facts_of("evidence-unsound").iter().any(|fact| fact.body["failure"] == "missing"));
}

/// How many critical alerts there are of evidence that is not as it was sealed.
fn alarmed(house: &House) -> usize {
    let is_that = |alert: &Value| alert["rule"] == "evidence-unsound" && alert["severity"] == "critical";
    let alerts = || house.sam().lists(&["alert", "list"]).iter().filter(|alert| is_that(alert)).count();
    soon("the alert", || Some(alerts()).filter(|count| *count > 0))
}

#[test]
fn a_recording_that_another_one_replaces_is_found() {
    let house = House::start();
    let first = visited(&house);
    house.technician("dana").ssh(TARGET).runs("echo another").succeeded();
    let second = house.newest_session();
    house.sealed(&second);
    std::fs::copy(recording(&house, &second), recording(&house, &first)).unwrap();
    let said = house.sam().tries(&["recording", "verify", &first]);
    assert_eq!(
        (said.status, said.answer["failure"].as_str()),
        (Some(1), Some("foreign-recording")),
        "{said:?}"
    );
    let words =
        ["recording", "export", &first, "--format", "txt", "-o", "/dev/null", "--reason", "looked into"];
    let shown = house.sam().tries(&words);
    assert!(shown.status == Some(1) && shown.err.contains("foreign-recording"), "{shown:?}");
    assert_eq!(alarmed(&house), 1);
}

#[test]
fn verifying_a_visit_that_goes_on_says_so_and_alarms_nobody() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 60");
    visit.shows("in");
    let said = house.sam().tries(&["recording", "verify", &house.newest_session()]);
    assert_eq!(said.answer["failure"], "missing-seal", "{said:?}");
    assert!(house.facts_of("evidence-unsound").is_empty());
    assert!(visit.is_running());
}

#[test]
fn every_look_at_evidence_is_a_fact_with_who_looked() {
    let house = House::start();
    let session = visited(&house);
    house.sam().does(&["recording", "verify", &session]);
    export(&house, &session, "txt");
    house.gate.person("audrey").runs(&["recording", "play", &session]).succeeded();
    for kind in ["recording-verified", "recording-exported", "recording-viewed"] {
        let looks = house.facts_of(kind);
        assert_eq!(looks.len(), 1, "{kind}");
    }
    assert_eq!(
        house.gate.person("dana").tries(&["recording", "verify", &session]).status,
        Some(1),
        "not hers to see"
    );
}

#[test]
fn each_session_has_exactly_one_sealed_recording_with_its_coverage() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    for n in 0..5 {
        house.technician("dana").ssh(TARGET).runs(&format!("echo {n}")).succeeded();
    }
    for visit in house.sessions() {
        let id = visit["id"].as_str().unwrap();
        house.sealed(id);
        let shown = house.sam().does(&["recording", "show", id]);
        assert_eq!(
            (shown["state"].as_str(), shown["coverage"].as_str()),
            (Some("sealed"), Some("captured")),
            "{shown:#}"
        );
        let sealed =
            house.facts_of("session-sealed").into_iter().filter(|fact| fact.session.as_deref() == Some(id));
        assert_eq!(sealed.count(), 1);
    }
}

#[test]
fn a_long_paste_is_recorded_line_by_line() {
    const LINES: usize = 2000;
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("PS1=; stty -echo; echo re$((0))ady\n");
    terminal.shows("re0ady");
    let paste: String = (0..LINES).map(|n| format!("echo line-$(({n} + 0))-done\n")).collect();
    terminal.types(&paste);
    terminal.types("exit\n");
    assert_eq!(terminal.ends(), Some(0));
    let session = house.newest_session();
    house.sealed(&session);
    let text = String::from_utf8(export(&house, &session, "txt")).unwrap();
    let lines = shown(&text);
    let missing: Vec<_> =
        (0..LINES).filter(|n| !lines.contains(&format!("line-{n}-done").as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
