//! Files that a client writes by SFTP to a server whose files are staged: the gate takes them, has them scanned by a real
//! clamd, and puts them onto the server before the client hears that its file is closed.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use chaperone_tests::Furnishing;

use super::*;

/// A house with a scanner, whose server's files are staged.
fn staging(furnishing: Furnishing) -> (House, Clamd) {
    let (house, clamd) = scanned(furnishing);
    house.priya().does(&["target", "set-uploads", TARGET, "staged", "--reason", "the plan wants it"]);
    (house, clamd)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn changed(path: &Path) -> u64 {
    fs::metadata(path).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Nothing of an upload is left beside its place.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

on_both_databases!(
    what_sftp_puts_is_scanned_and_then_on_the_server,
    what_the_scanner_finds_fails_the_close_and_never_reaches_the_server
);

fn what_sftp_puts_is_scanned_and_then_on_the_server(furnishing: Furnishing) {
    let (house, _clamd) = staging(furnishing);
    house.open_window("dana", "sftp-write", "+10m");
    let (here, there) = (house.folder().join("here"), house.folder().join("there"));
    fs::create_dir_all(here.join("tree/deep")).unwrap();
    fs::create_dir(&there).unwrap();
    let bytes = noise(3 << 20);
    for (name, bytes) in
        [("patch.bin", &bytes[..]), ("empty", b""), ("tree/one", b"one"), ("tree/deep/two", b"two")]
    {
        fs::write(here.join(name), bytes).unwrap();
    }
    set_mode(&here.join("patch.bin"), 0o750);
    let old = fs::File::options().write(true).open(here.join("patch.bin")).unwrap();
    old.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
    let (from, to) = (here.display(), there.display());
    let dana = house.technician("dana").ssh(TARGET);
    let batch = format!(
        "put -p {from}/patch.bin {to}/patch.bin\nput {from}/empty {to}/empty\nput -r {from}/tree {to}\n\
         rename {to}/empty {to}/renamed\nchmod 600 {to}/renamed\n"
    );
    dana.sftp(&batch).succeeded();
    assert_eq!(digest(&fs::read(there.join("patch.bin")).unwrap()), digest(&bytes));
    assert_eq!((mode(&there.join("patch.bin")), changed(&there.join("patch.bin"))), (0o750, 1_700_000_000));
    assert_eq!(names(&there), ["patch.bin", "renamed", "tree"]);
    assert_eq!((fs::read(there.join("renamed")).unwrap(), mode(&there.join("renamed"))), (Vec::new(), 0o600));
    assert_eq!(fs::read(there.join("tree/deep/two")).unwrap(), b"two");
    let released = house.facts_of("file-released");
    assert_eq!(released.len(), 4);
    let patch = &released[0].body;
    assert_eq!(
        (&patch["sha256"], &patch["read_back_sha256"]),
        (&digest(&bytes).into(), &digest(&bytes).into())
    );
    assert_eq!((patch["way"].as_str(), patch["name"].as_str()), (Some("sftp"), Some("patch.bin")));
    assert!(patch["scanner"].as_str().unwrap().contains("ClamAV"), "{patch}");
    let session = house.newest_session();
    assert!(released.iter().all(|fact| fact.session.as_deref() == Some(session.as_str())));
    let passed = soon("each file as a fact", || {
        Some(house.facts_of("file-transferred")).filter(|facts| facts.len() == 4)
    });
    assert_eq!(passed[0].body["sha256"], digest(&bytes));
    soon("nothing to be left in the stage", || staged(&house).is_empty().then_some(()));
    house.sealed(&session);
    let verdict = house.sam().does(&["recording", "verify", &session, "--reason", "review"]);
    assert_eq!(verdict["sound"], true, "{verdict}");
    // A file that takes another's place is as that was, and scp is told how to copy many.
    set_mode(&there.join("patch.bin"), 0o640);
    fs::write(here.join("patch.bin"), b"the next patch").unwrap();
    dana.scp(&["-q", &format!("{from}/patch.bin"), &format!(":{to}/patch.bin")]).succeeded();
    assert_eq!(fs::read(there.join("patch.bin")).unwrap(), b"the next patch");
    assert_eq!(mode(&there.join("patch.bin")), 0o640);
    dana.scp(&["-q", "-r", "-p", &format!("{from}/tree"), &format!(":{to}/copied")]).succeeded();
    assert_eq!(fs::read(there.join("copied/deep/two")).unwrap(), b"two");
    assert_eq!(changed(&there.join("copied/one")), changed(&here.join("tree/one")));
}

fn what_the_scanner_finds_fails_the_close_and_never_reaches_the_server(furnishing: Furnishing) {
    let (house, mut clamd) = staging(furnishing);
    house.open_window("dana", "sftp-write", "+10m");
    let (bad, good) = (a_file(&house, "update.com", &eicar()), a_file(&house, "good.bin", b"harmless"));
    let there = house.folder().join("there");
    fs::create_dir(&there).unwrap();
    let dana = house.technician("dana").ssh(TARGET);
    let (from, to) = (bad.display(), there.display());
    let ran = dana.sftp(&format!("-put {from} {to}/update.com\nput {} {to}/good.bin\n", good.display()));
    assert!(ran.err.contains(EICAR) && ran.err.contains("is not on the server"), "{}", ran.err);
    assert_eq!(names(&there), ["good.bin"], "what is clean goes on in the same session");
    let ran = dana.sftp(&format!("put {from} {to}/update.com\n"));
    assert_ne!(ran.status, Some(0));
    let ran = dana.scp(&["-q", bad.to_str().unwrap(), &format!(":{to}/update.com")]);
    assert!(ran.status != Some(0) && ran.err.contains(EICAR), "{ran:?}");
    let refused = house.facts_of("file-refused");
    assert_eq!(refused.len(), 3);
    let fact = &refused[0].body;
    assert_eq!((&fact["failure"], &fact["sha256"]), (&"virus".into(), &digest(&eicar()).into()));
    assert_eq!(fact["path"], format!("{to}/update.com"));
    let alert = soon("the alert", || alerts(&house, "virus-in-upload").pop());
    assert_eq!(alert["content"]["who"]["login"], "dana");
    assert_eq!(alert["content"]["file"]["name"], "update.com");
    // Without a verdict there is no release.
    clamd.fall();
    let ran = dana.sftp(&format!("put {} {to}/late.bin\n", good.display()));
    assert!(ran.status != Some(0) && ran.err.contains("could not be scanned"), "{ran:?}");
    assert_eq!(house.facts_of("file-refused").last().unwrap().body["failure"], "scanner");
    soon("the alert", || alerts(&house, "scanner-unavailable").pop());
    clamd.rise();
    dana.sftp(&format!("put {} {to}/late.bin\n", good.display())).succeeded();
    assert_eq!(names(&there), ["good.bin", "late.bin"]);
    soon("only what reached the server to have passed", || {
        (house.facts_of("file-transferred").len() == 2).then_some(())
    });
    soon("nothing to be left in the stage", || staged(&house).is_empty().then_some(()));
}

/// What Paramiko asks for, one thing after the other; `{there}` is a folder on the server.
const ASKS: &str = r"
import os
sftp = client.open_sftp()
sftp.chdir('{there}')
def refused(what, words):
    try: what()
    except IOError as error: assert words in str(error), error
    else: raise AssertionError('it was taken: ' + words)
# Paramiko's own close keeps to itself what the server says.
def closes(f):
    f.flush()
    f._closed = True
    sftp._request(paramiko.sftp.CMD_CLOSE, f.handle)
# What is open answers for itself, and is not on the server before it is closed.
f = sftp.open('new', 'wx')
f.write(b'one, ')
f.flush()
assert f.stat().st_size == 5 and sftp.stat('new').st_size == 5
refused(lambda: sftp.open('new', 'w'), 'being written')
assert not os.path.exists('{there}/new')
f.write(b'two')
f.chmod(0o600)
f.utime((5, 7))
closes(f)
assert sftp.open('new').read() == b'one, two'
at = sftp.stat('new')
assert at.st_mtime == 7 and at.st_mode & 0o777 == 0o600
sftp.utime('new', (1, 2))
sftp.posix_rename('new', 'newer')
assert sftp.stat('newer').st_mtime == 2
# A part of what is there, its end, and something behind a gap.
refused(lambda: sftp.open('old', 'a'), 'do not resume')
refused(lambda: sftp.open('old', 'r+'), 'do not change a part')
refused(lambda: sftp.truncate('old', 3), 'do not change a part')
f = sftp.open('gap', 'w')
f.seek(10)
f.write(b'behind nothing')
refused(lambda: closes(f), 'missing')
f = sftp.open('twice', 'w')
f.set_pipelined(False)
f.write(b'abc')
f.flush()
f.seek(1)
refused(lambda: (f.write(b'b'), f.flush()), 'from its beginning to its end')
refused(lambda: closes(f), 'from its beginning to its end')
# There must be no file, and there is one.
refused(lambda: closes(sftp.open('old', 'wx')), 'not to be replaced')
# A folder is no file, and neither is a device.
os.mkdir('{there}/folder')
os.symlink('/dev/null', '{there}/device')
refused(lambda: closes(sftp.open('folder', 'w')), 'a folder')
refused(lambda: closes(sftp.open('device', 'w')), 'no ordinary file')
refused(lambda: closes(sftp.open('nowhere/x', 'w')), 'No such file')
# A link goes on leading where it leads.
os.symlink('{there}/old', '{there}/link')
f = sftp.open('link', 'w')
f.write(b'through the link')
closes(f)
assert os.path.islink('{there}/link')
many = [sftp.open('many-%d' % n, 'w') for n in range(16)]
refused(lambda: sftp.open('one-more', 'w'), 'Too many')
for n, f in enumerate(many): f.write(b'%d' % n)
for f in many: closes(f)
assert sftp.open('many-9').read() == b'9'
client.close()
";

#[test]
fn a_staged_file_is_written_whole_or_not_at_all() {
    let (house, _clamd) = staging(House::furnish());
    house.open_window("dana", "sftp-read,sftp-write", "+10m");
    let there = house.folder().join("there");
    fs::create_dir(&there).unwrap();
    fs::write(there.join("old"), b"what was there").unwrap();
    let script = ASKS.replace("{there}", &there.display().to_string());
    house.elsewhere("dana").paramiko(TARGET, &script).succeeded();
    assert_eq!(fs::read(there.join("old")).unwrap(), b"through the link");
    let mut expected: Vec<String> = (0..16).map(|n| format!("many-{n}")).collect();
    expected.extend(["device", "folder", "link", "newer", "old"].map(str::to_owned));
    expected.sort();
    assert_eq!(names(&there), expected);
    let not = house.facts_of("file-not-released");
    let why: Vec<&str> = not.iter().filter_map(|fact| fact.body["why"].as_str()).collect();
    assert!(why.iter().any(|why| why.contains("missing")), "{why:?}");
    soon("each refused part as a fact", || {
        let refused = house.facts_of("channel-refused").into_iter();
        (refused.filter(|fact| fact.body["about"]["what"]["missing"] == "staged").count() >= 3).then_some(())
    });
    soon("nothing to be left in the stage", || staged(&house).is_empty().then_some(()));
}

/// One file goes on, if slowly, and another is left open.
const LEAVES_OPEN: &str = "
import time
sftp = client.open_sftp()
sftp.get_channel().settimeout(20)
sftp.chdir('{there}')
left, slow = sftp.open('left', 'w'), sftp.open('slow', 'w')
left.write(b'a beginning')
for _ in range(16):
    slow.write(b'x'); slow.flush()
    time.sleep(0.25)
slow.close()
left._closed = True
try:
    sftp._request(paramiko.sftp.CMD_CLOSE, left.handle)
except IOError as error:
    said = str(error)
assert 'nothing of it came for too long' in said, said
client.close()
";

#[test]
fn a_file_that_is_left_open_gives_its_place_back() {
    let (house, _clamd) = staging(House::furnish().with("CHAPERONE_FAILPOINT", "staging-patience=2"));
    house.open_window("dana", "sftp-read,sftp-write", "+10m");
    let there = house.folder().join("there");
    fs::create_dir(&there).unwrap();
    let script = LEAVES_OPEN.replace("{there}", &there.display().to_string());
    house.elsewhere("dana").paramiko(TARGET, &script).succeeded();
    assert_eq!(names(&there), ["slow"]);
    let why = house.fact("file-not-released").body["why"].clone();
    assert!(why.as_str().unwrap().contains("nothing of it came for too long"), "{why}");
    soon("nothing to be left in the stage", || staged(&house).is_empty().then_some(()));
}

/// Something is said of one file while another is scanned for longer than anybody may be silent.
const GOES_ON_BESIDE: &str = "
import os, signal, threading, time
from paramiko.sftp import CMD_CLOSE
sftp = client.open_sftp()
sftp.get_channel().settimeout(60)
sftp.chdir('{there}')
first, second = sftp.open('first', 'w'), sftp.open('second', 'w')
for f in first, second:
    f.write(b'x'); f.flush(); f._closed = True
os.kill({scanner}, signal.SIGSTOP)
threading.Timer(6, os.kill, [{scanner}, signal.SIGCONT]).start()
closes = lambda f: sftp._async_request(type(None), CMD_CLOSE, f.handle)
asked = [closes(first)]
time.sleep(1)
# Without waiting for the answer.
second.set_pipelined(True)
second._closed = False
second.write(b'y'); second.flush()
second._closed = True
asked += [closes(second)]
for n in asked: sftp._read_response(n)
client.close()
";

#[test]
fn who_waits_for_another_files_scan_is_not_silent() {
    let (house, clamd) = staging(House::furnish().with("CHAPERONE_FAILPOINT", "staging-patience=2"));
    house.open_window("dana", "sftp-read,sftp-write", "+10m");
    let there = house.folder().join("there");
    fs::create_dir(&there).unwrap();
    let script = GOES_ON_BESIDE.replace("{there}", &there.display().to_string());
    let script = script.replace("{scanner}", &clamd.id().to_string());
    house.elsewhere("dana").paramiko(TARGET, &script).succeeded();
    assert_eq!(fs::read(there.join("first")).unwrap(), b"x");
    assert_eq!(fs::read(there.join("second")).unwrap(), b"xy");
}

#[test]
fn what_is_resumed_is_refused_in_words_and_by_the_old_protocols_too() {
    let (house, _clamd) = staging(House::furnish());
    house.open_window("dana", "exec,sftp-write", "+10m");
    let file = a_file(&house, "mine.bin", b"the whole of it");
    let place = house.folder().join("place");
    fs::write(&place, b"the whole").unwrap();
    let dana = house.technician("dana").ssh(TARGET);
    let ran = dana.sftp(&format!("reput {} {}\n", file.display(), place.display()));
    assert!(ran.status != Some(0) && ran.err.contains("put the file anew"), "{ran:?}");
    let to = format!(":{}", place.display());
    let ran = dana.scp(&["-O", "-q", file.to_str().unwrap(), &to]);
    assert!(ran.status != Some(0) && ran.err.contains("copy them by SFTP"), "{ran:?}");
    let ran = dana.rsync(&[file.to_str().unwrap(), &to]);
    assert!(ran.status != Some(0) && ran.err.contains("copy them by SFTP"), "{ran:?}");
    assert_eq!(fs::read(&place).unwrap(), b"the whole");
    // The recordings have the words as the gate's, beside what the server said.
    let sessions = house.sessions();
    assert_eq!(sessions.len(), 3);
    for session in sessions {
        let id = session["id"].as_str().unwrap();
        house.sealed(id);
        let file = house.folder().join(format!("{id}.jsonl"));
        let words = ["recording", "export", id, "--format", "jsonl", "-o", file.to_str().unwrap()];
        house.sam().does(&[&words[..], &["--reason", "looked into"]].concat());
        let lines = fs::read(&file).unwrap();
        assert!(contains(&lines, b"gate-said") && !contains(&lines, b"\"stderr\""), "{id}");
    }
}

#[test]
fn what_is_too_much_for_the_stage_is_refused_and_leaves_nothing() {
    let limits = [("FILE_BYTES", "3000000"), ("WINDOW_BYTES", "4000000")];
    let furnishing = limits.iter().fold(House::furnish(), |furnishing, (name, bytes)| {
        furnishing.with(&format!("CHAPERONE_UPLOADS__{name}"), bytes)
    });
    let (house, _clamd) = staging(furnishing);
    let window = house.open_window("dana", "sftp-write", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    let place = house.folder().join("place");
    let put = |file: &Path| dana.sftp(&format!("put {} {}\n", file.display(), place.display()));
    let ran = put(&a_file(&house, "long.bin", &noise(3 << 20)));
    assert!(ran.status != Some(0) && ran.err.contains("longer than 3000000 bytes"), "{ran:?}");
    // What waits for the window counts too.
    let fits = a_file(&house, "fits.bin", &noise(2 << 20));
    assert_eq!(send(&house, "dana", &window, &fits).status, Some(0));
    let ran = put(&fits);
    assert!(ran.status != Some(0) && ran.err.contains("as much waits for this window as may"), "{ran:?}");
    assert!(!place.exists());
    house.gate.person("dana").does(&["window", "take-back", &window, "fits.bin"]);
    put(&fits).succeeded();
    assert!(place.exists());
    assert_eq!(house.facts_of("file-not-released").len(), 2);
    soon("nothing to be left in the stage", || staged(&house).is_empty().then_some(()));
}

#[test]
fn a_visit_that_is_cut_in_the_middle_of_an_upload_leaves_nothing_anywhere() {
    let (house, _clamd) = staging(House::furnish());
    house.open_window("dana", "sftp-write", "+10m");
    let file = a_file(&house, "image.bin", &noise(8 << 20));
    let place = house.folder().join("place");
    let batch = a_file(&house, "batch", format!("put {} {}\n", file.display(), place.display()).as_bytes());
    let sftp = house.technician("dana").ssh(TARGET).begins_sftp_at("8000", &batch);
    soon("some of it to be in the stage", || {
        staged(&house).iter().any(|file| file.len() > 100_000).then_some(())
    });
    let session = house.newest_session();
    house.sam().does(&["session", "stop", &session, "--reason", "not this one"]);
    house.both_legs_gone(Duration::from_secs(20));
    let fact = soon("the fact", || house.facts_of("file-not-released").pop());
    assert!(fact.body["why"].as_str().unwrap().contains("broke off"), "{}", fact.body);
    assert!(fact.body["bytes"].as_str().unwrap().parse::<u64>().unwrap() > 0, "{}", fact.body);
    soon("nothing to be left in the stage", || staged(&house).is_empty().then_some(()));
    assert!(!place.exists());
    drop(sftp);
    house.sealed(&session);
}

#[test]
fn a_gate_that_is_killed_in_the_middle_of_an_upload_throws_it_away_at_its_next_start() {
    let (mut house, _clamd) = staging(House::furnish());
    house.open_window("dana", "sftp-write", "+10m");
    let file = a_file(&house, "image.bin", &noise(8 << 20));
    let place = house.folder().join("place");
    let batch = a_file(&house, "batch", format!("put {} {}\n", file.display(), place.display()).as_bytes());
    let _sftp = house.technician("dana").ssh(TARGET).begins_sftp_at("8000", &batch);
    soon("some of it to be in the stage", || {
        staged(&house).iter().any(|file| file.len() > 100_000).then_some(())
    });
    house.gate.kill();
    assert_eq!(staged(&house).len(), 1);
    house.gate.rise();
    assert!(staged(&house).is_empty() && !place.exists());
    house.sealed(&house.newest_session());
}

#[test]
fn a_pause_holds_an_upload_and_it_goes_on_afterwards() {
    let (house, _clamd) = staging(House::furnish());
    house.open_window("dana", "sftp-write", "+10m");
    let bytes = noise(2 << 20);
    let (file, place) = (a_file(&house, "image.bin", &bytes), house.folder().join("place"));
    let batch = a_file(&house, "batch", format!("put {} {}\n", file.display(), place.display()).as_bytes());
    let mut sftp = house.technician("dana").ssh(TARGET).begins_sftp_at("8000", &batch);
    soon("some of it to be in the stage", || (!staged(&house).is_empty()).then_some(()));
    let session = house.newest_session();
    house.sam().does(&["session", "pause", &session, "--reason", "a question"]);
    // All of it would have come by then.
    std::thread::sleep(Duration::from_secs(4));
    assert!(sftp.is_running() && !place.exists());
    house.sam().does(&["session", "resume", &session, "--reason", "explained"]);
    assert!(sftp.ends_within(Duration::from_secs(60)).success());
    assert_eq!(digest(&fs::read(&place).unwrap()), digest(&bytes));
}

#[test]
fn an_upload_is_held_against_the_plan() {
    let (house, _clamd) = staging(House::furnish());
    let planned = format!("patch.bin={}", digest(b"as planned"));
    let window = house.request("dana", "sftp-write", "now", "+10m", &["--file", &planned]);
    house.approve(&window);
    let there = house.folder().join("there");
    fs::create_dir(&there).unwrap();
    let dana = house.technician("dana").ssh(TARGET);
    for (bytes, stands) in [(&b"as planned"[..], "file-as-planned"), (b"another", "file-other-content")] {
        let file = a_file(&house, "patch.bin", bytes);
        dana.sftp(&format!("put {} {}\n", file.display(), there.display())).succeeded();
        assert_eq!(house.facts_of("file-released").last().unwrap().body["plan"], stands);
    }
    soon("the fact that alarms", || {
        let mut facts = house.facts_of("file-transferred").into_iter();
        facts.find(|fact| fact.body["failure"] == "file-other-content")
    });
}
