//! Files that are sent ahead: hashed, scanned by a real clamd, sealed, and put onto the server inside a live, recorded visit.
//! And those that a client writes in it.

mod by_sftp;
mod small_window;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chaperone_tests::{
    Clamd, EICAR, Furnishing, House, Icap, Said, SshdOptions, TARGET, Visit, contains, digest, eicar,
    eventually, noise, on_both_databases, soon,
};
use serde_json::Value;

/// A house with a scanner.
fn scanned(furnishing: Furnishing) -> (House, Clamd) {
    let clamd = Clamd::start();
    let scanner = format!("clamd:{}", clamd.socket().display());
    (furnishing.with("CHAPERONE_UPLOADS__SCANNER", &scanner).start(), clamd)
}

fn a_file(house: &House, name: &str, bytes: &[u8]) -> PathBuf {
    let path = house.folder().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn send(house: &House, login: &str, window: &str, file: &Path) -> Said {
    house.gate.person(login).tries(&["window", "send", window, file.to_str().unwrap()])
}

fn release(house: &House, window: &str, file: &str, to: &Path) -> Said {
    house.gate.person("dana").tries(&["window", "release", window, file, "--to", to.to_str().unwrap()])
}

/// A visit that stays until it is dropped.
fn stays(house: &House) -> Visit {
    let visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 300");
    visit.shows("in");
    visit
}

/// What lies in the gate's stage.
fn staged(house: &House) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(house.gate.data().join("stage")) else { return Vec::new() };
    entries.flatten().map(|entry| fs::read(entry.path()).unwrap()).collect()
}

fn alerts(house: &House, rule: &str) -> Vec<Value> {
    house.sam().lists(&["alert", "list"]).into_iter().filter(|alert| alert["rule"] == rule).collect()
}

on_both_databases!(
    a_file_sent_ahead_waits_sealed_and_reaches_the_server_in_the_visit,
    the_eicar_file_is_refused_and_the_soc_hears
);

fn a_file_sent_ahead_waits_sealed_and_reaches_the_server_in_the_visit(furnishing: Furnishing) {
    let (house, _clamd) = scanned(furnishing);
    let window = house.request("dana", "exec,sftp-write", "now", "+10m", &[]);
    let bytes = [b"plain words that stand in the patch".as_slice(), &noise(3 << 20)].concat();
    let file = a_file(&house, "patch-7.2.bin", &bytes);
    let sent = send(&house, "dana", &window, &file);
    assert_eq!(sent.status, Some(0), "{}", sent.err);
    // Who decides about the window sees what it brings.
    let shown = house.priya().lists(&["window", "files", &window]);
    assert_eq!(shown.len(), 1);
    assert_eq!((&shown[0]["name"], &shown[0]["state"]), (&"patch-7.2.bin".into(), &"clean".into()));
    assert_eq!(shown[0]["sha256"], digest(&bytes));
    assert_eq!(shown[0]["size_bytes"], bytes.len());
    assert!(shown[0]["scanner"].as_str().unwrap().contains("ClamAV"), "{}", shown[0]);
    let lies = staged(&house);
    assert_eq!(lies.len(), 1);
    assert!(!contains(&lies[0], b"plain words that stand"), "it is sealed");
    house.approve(&window);
    let visit = stays(&house);
    let folder = house.folder().join("incoming");
    fs::create_dir(&folder).unwrap();
    let released = release(&house, &window, "patch-7.2.bin", &folder);
    assert_eq!(released.status, Some(0), "{}", released.err);
    assert_eq!(fs::read(folder.join("patch-7.2.bin")).unwrap(), bytes);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
    let fact = house.fact("file-released");
    assert_eq!(fact.session.as_deref(), Some(house.newest_session().as_str()));
    assert_eq!(fact.body["read_back_sha256"], digest(&bytes));
    assert_eq!(fact.body["sha256"], digest(&bytes));
    let opened = house.facts_of("channel-opened");
    assert!(
        opened
            .iter()
            .any(|fact| fact.body["access"] == "sftp-write" && fact.body["about"]["request"] == "release")
    );
    // The same path again: the file that is there is put aside by the new one.
    assert_eq!(release(&house, &window, "patch-7.2.bin", &folder.join("patch-7.2.bin")).status, Some(0));
    drop(visit);
    let session = house.newest_session();
    house.sealed(&session);
    let verdict = house.sam().does(&["recording", "verify", &session, "--reason", "review"]);
    assert_eq!(verdict["sound"], true, "{verdict}");
}

fn the_eicar_file_is_refused_and_the_soc_hears(furnishing: Furnishing) {
    let (house, _clamd) = scanned(furnishing);
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    let file = a_file(&house, "update.com", &eicar());
    let said = send(&house, "dana", &window, &file);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains(EICAR) && said.err.contains("refused"), "{}", said.err);
    let fact = house.fact("file-refused");
    assert_eq!((&fact.body["failure"], &fact.body["sha256"]), (&"virus".into(), &digest(&eicar()).into()));
    assert!(fact.body["found"].as_str().unwrap().starts_with(EICAR));
    let alert = soon("the alert", || alerts(&house, "virus-in-upload").pop());
    assert_eq!(alert["severity"], "high");
    assert_eq!(alert["content"]["file"]["name"], "update.com");
    assert_eq!(alert["content"]["who"]["login"], "dana");
    assert_eq!(alert["content"]["who"]["address"], "127.0.0.1");
    soon("the alert on the wire", || {
        let sent = house.syslog.received();
        sent.into_iter()
            .find(|message| message.title() == Some("A scanner found something in a file for a server"))
    });
    assert!(staged(&house).is_empty(), "nothing of it is kept");
    let shown = house.priya().lists(&["window", "files", &window]);
    assert_eq!(shown[0]["state"], "refused");
    let _visit = stays(&house);
    let id = shown[0]["id"].as_str().unwrap().to_owned();
    let said = release(&house, &window, &id, &house.folder().join("never"));
    assert_eq!(said.status, Some(1));
    assert!(!house.folder().join("never").exists());
}

#[test]
fn while_the_scanner_is_down_nothing_is_taken() {
    let (house, mut clamd) = scanned(House::furnish());
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    let file = a_file(&house, "patch.bin", b"harmless");
    clamd.fall();
    let said = send(&house, "dana", &window, &file);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("the scanner does not answer"), "{}", said.err);
    assert_eq!(house.fact("file-refused").body["failure"], "scanner");
    soon("the alert", || alerts(&house, "scanner-unavailable").pop());
    assert!(staged(&house).is_empty());
    clamd.rise();
    assert_eq!(send(&house, "dana", &window, &file).status, Some(0));
}

#[test]
fn what_the_scanner_would_not_read_to_its_end_is_refused() {
    let (house, _clamd) = scanned(House::furnish().with("CHAPERONE_UPLOADS__FILE_BYTES", "31457280"));
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    // Beyond what clamd takes; and beyond what the gate does.
    let said = send(&house, "dana", &window, &a_file(&house, "large.bin", &noise(25 << 20)));
    assert_eq!(said.status, Some(1), "{}", said.answer);
    assert_eq!(house.fact("file-refused").body["failure"], "scanner");
    let said = send(&house, "dana", &window, &a_file(&house, "larger.bin", &noise(31 << 20)));
    assert_eq!(said.status, Some(1));
    assert!(house.priya().lists(&["window", "files", &window]).is_empty());
    soon("nothing to be left of either", || staged(&house).is_empty().then_some(()));
}

#[test]
fn without_a_scanner_no_file_is_taken_and_no_server_is_staged() {
    let house = House::start();
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    let said = send(&house, "dana", &window, &a_file(&house, "patch.bin", b"harmless"));
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("has no scanner"), "{}", said.err);
    let said = house.priya().tries(&["target", "set-uploads", TARGET, "staged"]);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("has no scanner"), "{}", said.err);
}

#[test]
fn only_the_window_s_own_people_send_files_and_only_while_it_lasts() {
    let (house, _clamd) = scanned(House::furnish());
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    let file = a_file(&house, "patch.bin", b"harmless");
    // For another vendor the window does not exist; the hospital's people do not send files.
    for (login, words) in [("viktor", "there is no window"), ("priya", "no role"), ("sam", "no role")] {
        let said = send(&house, login, &window, &file);
        assert_eq!(said.status, Some(1), "{login}");
        assert!(said.err.contains(words), "{login}: {}", said.err);
    }
    assert_eq!(send(&house, "dana", &window, &file).status, Some(0));
    let said = house.gate.person("dana").does(&["window", "take-back", &window, "patch.bin"]);
    assert_eq!(said["state"], "withdrawn");
    assert!(staged(&house).is_empty());
    assert_eq!(house.facts_of("file-withdrawn").len(), 1);
    assert_eq!(send(&house, "dana", &window, &file).status, Some(0));
    house.priya().does(&["window", "revoke", &window, "--reason", "not today"]);
    let said = send(&house, "dana", &window, &file);
    assert!(said.err.contains("no file can be sent"), "{}", said.err);
    eventually(Duration::from_secs(60), "what waited to be thrown away", || {
        staged(&house).is_empty().then_some(())
    });
    assert_eq!(house.facts_of("file-discarded").len(), 1);
}

#[test]
fn a_file_goes_on_only_in_a_visit_of_one_s_own_that_may_write_files() {
    let (house, _clamd) = scanned(House::furnish());
    let place = house.folder().join("never");
    let window = house.open_window("dana", "exec", "+10m");
    assert_eq!(send(&house, "dana", &window, &a_file(&house, "patch.bin", b"harmless")).status, Some(0));
    let said = release(&house, &window, "patch.bin", &place);
    assert!(said.err.contains("no visit of yours"), "{}", said.err);
    let visit = stays(&house);
    let said = release(&house, &window, "patch.bin", &place);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("sftp-write"), "{}", said.err);
    let refused = house.facts_of("channel-refused").pop().unwrap();
    assert_eq!(
        (&refused.body["channel"], refused.reason()),
        (&"sftp-write".into(), Some("access-not-granted"))
    );
    // The hospital's people do not release, and another vendor's see nothing.
    for login in ["priya", "viktor"] {
        let words = ["window", "release", &window, "patch.bin", "--to", place.to_str().unwrap()];
        assert_eq!(house.gate.person(login).tries(&words).status, Some(1));
    }
    house.priya().does(&["window", "revoke", &window, "--reason", "not today"]);
    drop(visit);
    assert_eq!(release(&house, &window, "patch.bin", &place).status, Some(1));
    assert!(!place.exists());
}

#[test]
fn a_path_that_the_server_refuses_leaves_nothing_and_is_a_fact() {
    let (house, _clamd) = scanned(House::furnish());
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    assert_eq!(send(&house, "dana", &window, &a_file(&house, "patch.bin", b"harmless")).status, Some(0));
    let _visit = stays(&house);
    let said = release(&house, &window, "patch.bin", &house.folder().join("nowhere").join("patch.bin"));
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("the server refused to write the file"), "{}", said.err);
    let fact = house.fact("file-not-released");
    assert!(fact.body["why"].as_str().unwrap().contains("No such file"), "{}", fact.body);
    assert!(house.facts_of("file-released").is_empty());
}

#[test]
fn a_server_without_sftp_takes_no_file_and_keeps_its_sessions_for_the_visit() {
    // It takes three sessions of one connection.
    let lines = ["Match all", "MaxSessions 3"].map(str::to_owned).into();
    let options = SshdOptions { lines, without_sftp: true, ..SshdOptions::default() };
    let (house, _clamd) = scanned(House::furnish().target(options));
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    let file = a_file(&house, "patch-7.2.bin", &noise(1 << 10));
    assert_eq!(send(&house, "dana", &window, &file).status, Some(0));
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let visit = dana.clone().with(&["-M"]).begins("echo in; cat");
    visit.shows("in");
    for _ in 0..4 {
        let released = release(&house, &window, "patch-7.2.bin", &house.folder().join("there"));
        assert_eq!(released.status, Some(1));
        assert!(released.err.contains("takes no files"), "{}", released.err);
    }
    assert_eq!(dana.runs("echo still").succeeded().text(), "still\n");
}

#[test]
fn a_pause_holds_a_release_and_a_stop_ends_it_with_nothing_in_its_place() {
    let (house, _clamd) = scanned(House::furnish());
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    assert_eq!(send(&house, "dana", &window, &a_file(&house, "patch.bin", &noise(1 << 20))).status, Some(0));
    let _visit = stays(&house);
    let session = house.newest_session();
    house.sam().does(&["session", "pause", &session, "--reason", "a question"]);
    soon("the pause", || house.facts_of("session-paused").pop());
    let place = house.folder().join("held.bin");
    std::thread::scope(|scope| {
        let releasing = scope.spawn(|| release(&house, &window, "patch.bin", &place));
        // What opens is input, and waits as long as that does.
        std::thread::sleep(Duration::from_millis(500));
        assert!(!releasing.is_finished());
        // It is on its way once, however often it is asked for.
        let twice = release(&house, &window, "patch.bin", &place);
        assert!(twice.status == Some(1) && twice.err.contains("is on its way"), "{}", twice.err);
        let opened = house.facts_of("channel-opened");
        assert!(opened.iter().all(|fact| fact.body["access"] != "sftp-write"), "{opened:#?}");
        house.sam().does(&["session", "stop", &session, "--reason", "not this one"]);
        let said = releasing.join().unwrap();
        assert_eq!(said.status, Some(1));
        assert!(said.err.contains("the visit ended first"), "{}", said.err);
    });
    assert!(!place.exists());
    assert_eq!(house.fact("file-not-released").session.as_deref(), Some(session.as_str()));
}

#[test]
fn a_file_that_is_taken_back_while_its_release_waits_is_not_released() {
    let (house, _clamd) = scanned(House::furnish());
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    assert_eq!(send(&house, "dana", &window, &a_file(&house, "patch.bin", b"patch")).status, Some(0));
    let _visit = stays(&house);
    let session = house.newest_session();
    house.sam().does(&["session", "pause", &session, "--reason", "a question"]);
    soon("the pause", || house.facts_of("session-paused").pop());
    let place = house.folder().join("taken-back.bin");
    std::thread::scope(|scope| {
        let releasing = scope.spawn(|| release(&house, &window, "patch.bin", &place));
        std::thread::sleep(Duration::from_millis(500));
        assert!(!releasing.is_finished());
        house.gate.person("dana").does(&["window", "take-back", &window, "patch.bin"]);
        house.sam().does(&["session", "resume", &session]);
        let said = releasing.join().unwrap();
        assert_eq!(said.status, Some(1));
        assert!(said.err.contains("withdrawn"), "{}", said.err);
    });
    let left: Vec<_> =
        std::fs::read_dir(house.folder()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("taken-back")), "{left:?}");
}

#[test]
fn a_scan_that_is_too_old_is_made_again_and_what_it_finds_now_is_refused() {
    let (house, mut clamd) = scanned(House::furnish().with("CHAPERONE_UPLOADS__CLEAN_HOURS", "0"));
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    let bytes = b"a tool that nobody knew yesterday".as_slice();
    assert_eq!(send(&house, "dana", &window, &a_file(&house, "tool.bin", bytes)).status, Some(0));
    let _visit = stays(&house);
    let place = house.folder().join("tool");
    assert_eq!(release(&house, &window, "tool.bin", &place).status, Some(0));
    assert_eq!(house.facts_of("file-scanned").len(), 1);
    clamd.fall();
    let said = release(&house, &window, "tool.bin", &house.folder().join("again"));
    assert!(said.err.contains("the scanner does not answer"), "{}", said.err);
    clamd.knows("Tool.Known.Now", bytes);
    clamd.rise();
    let said = release(&house, &window, "tool.bin", &house.folder().join("again"));
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("Tool.Known.Now"), "{}", said.err);
    assert!(!house.folder().join("again").exists() && staged(&house).is_empty());
    soon("the alert", || alerts(&house, "virus-in-upload").pop());
}

#[test]
fn a_server_whose_files_are_staged_takes_none_from_a_command() {
    let (house, _clamd) = scanned(House::furnish());
    house.priya().does(&["target", "set-uploads", TARGET, "staged", "--reason", "the plan wants it"]);
    assert_eq!(house.priya().does(&["target", "show", TARGET])["uploads"], "staged");
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    let place = house.folder().join("direct");
    let dana = house.technician("dana").ssh(TARGET);
    let ran = dana.clone().runs(&format!("scp -t {}", place.display())).refused();
    assert!(ran.err.contains("copy them by SFTP"), "{}", ran.err);
    dana.clone().runs(&format!("rsync --server -logDtpre.iLsfxC . {}", place.display())).refused();
    assert_eq!(house.facts_of("channel-refused").len(), 2);
    assert!(!place.exists());
    // Everything else goes on, and so do files that were sent ahead.
    dana.runs("true").succeeded();
    assert_eq!(send(&house, "dana", &window, &a_file(&house, "patch.bin", b"harmless")).status, Some(0));
    let _visit = stays(&house);
    assert_eq!(release(&house, &window, "patch.bin", &place).status, Some(0));
    assert_eq!(fs::read(place).unwrap(), b"harmless");
}

#[test]
fn a_file_sent_ahead_is_held_against_the_plan_before_the_visit() {
    let (house, _clamd) = scanned(House::furnish());
    let planned = format!("patch.bin={}", digest(b"as planned"));
    let window = house.request("dana", "exec,sftp-write", "now", "+10m", &["--file", &planned]);
    for (name, bytes, stands) in [
        ("patch.bin", &b"as planned"[..], "file-as-planned"),
        ("renamed.bin", b"as planned", "file-as-planned"),
        ("patch.bin", b"another", "file-other-content"),
        ("notes.txt", b"words", "file-not-planned"),
    ] {
        let sent = send(&house, "dana", &window, &a_file(&house, name, bytes));
        assert_eq!(sent.status, Some(0), "{}", sent.err);
        let shown = house.priya().lists(&["window", "files", &window]);
        let file = shown.iter().find(|file| file["name"] == name && file["sha256"] == digest(bytes));
        assert_eq!(file.expect("it is listed")["planned"], stands, "{name}");
    }
}

#[test]
fn an_icap_server_is_asked_as_well() {
    let clamd = Clamd::start();
    let icap = Icap::start(&clamd);
    let house = House::furnish().with("CHAPERONE_UPLOADS__SCANNER", &icap.service()).start();
    let window = house.open_window("dana", "exec,sftp-write", "+10m");
    for (name, bytes) in
        [("empty.bin", Vec::new()), ("small.bin", b"small".to_vec()), ("large.bin", noise(2 << 20))]
    {
        let said = send(&house, "dana", &window, &a_file(&house, name, &bytes));
        assert_eq!(said.status, Some(0), "{name}: {}", said.err);
    }
    let shown = house.priya().lists(&["window", "files", &window]);
    assert!(shown[0]["scanner"].as_str().unwrap().contains("ISTag"), "{}", shown[0]);
    let said = send(&house, "dana", &window, &a_file(&house, "update.com", &eicar()));
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains(EICAR), "{}", said.err);
    drop(icap);
    let said = send(&house, "dana", &window, &a_file(&house, "late.bin", b"harmless"));
    assert!(said.err.contains("the scanner does not answer"), "{}", said.err);
}
