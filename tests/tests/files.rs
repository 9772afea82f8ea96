//! Files by SFTP: a stock client copies as if the gate were not there, every operation is judged and decoded, every file
//! has its hash.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chaperone_tests::{Fact, House, Ssh, TARGET, digest, eventually, noise, soon};
use serde_json::Value;

/// A house with an open window, and two folders: the technician's and one on the server.
struct Desk {
    house: House,
    window: String,
    here: PathBuf,
    there: PathBuf,
}

impl Desk {
    fn granting(access: &str) -> Self {
        let house = House::start();
        let window = house.open_window("dana", access, "+10m");
        let (here, there) = (house.folder().join("here"), house.folder().join("there"));
        fs::create_dir_all(&here).unwrap();
        fs::create_dir_all(&there).unwrap();
        Self { house, window, here, there }
    }

    fn dana(&self) -> Ssh {
        self.house.technician("dana").ssh(TARGET)
    }

    fn here(&self, name: &str, content: &[u8]) -> PathBuf {
        write(&self.here, name, content)
    }

    fn there(&self, name: &str, content: &[u8]) -> PathBuf {
        write(&self.there, name, content)
    }

    /// The facts of files that have passed, once there are so many.
    fn files(&self, count: usize) -> Vec<Fact> {
        soon(&format!("{count} facts of files"), || {
            let facts = self.house.facts_of("file-transferred");
            (facts.len() >= count).then_some(facts)
        })
    }

    /// Every event of a kind in the newest recording.
    fn events(&self, kind: &str) -> Vec<Value> {
        let session = self.house.newest_session();
        self.house.sealed(&session);
        let file = self.house.folder().join(format!("{session}-{}.jsonl", self.house.facts().len()));
        let name = file.display().to_string();
        let words = ["recording", "export", &session, "--format", "jsonl", "-o", &name, "--reason", "a test"];
        self.house.sam().does(&words);
        let lines = fs::read_to_string(&file).unwrap();
        let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.filter(|record| record["event"] == kind).map(|record| record["body"].clone()).collect()
    }

    /// Every decoded request of the newest recording.
    fn requests(&self) -> Vec<Value> {
        let events = self.events("sftp-request");
        events.iter().flat_map(|event| event["requests"].as_array().cloned().unwrap_or_default()).collect()
    }
}

fn write(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, content).unwrap();
    file
}

fn sha(file: &Path) -> String {
    digest(&fs::read(file).unwrap())
}

#[test]
fn files_go_both_ways_with_equal_hashes_and_each_is_a_fact() {
    let desk = Desk::granting("sftp-read,sftp-write");
    let content = noise(3 << 20);
    let mine = desk.here("patch-7.2.bin", &content);
    let back = desk.here.join("back.bin");
    let commands = format!(
        "put {} {there}/patch-7.2.bin\nget {there}/patch-7.2.bin {}\nput {} {there}/empty\n",
        mine.display(),
        back.display(),
        desk.here("empty", b"").display(),
        there = desk.there.display(),
    );
    let _ran = desk.dana().sftp(&commands).succeeded();
    assert_eq!(sha(&desk.there.join("patch-7.2.bin")), digest(&content));
    assert_eq!(sha(&back), digest(&content));
    let facts = desk.files(2);
    let (up, down) = (&facts[0].body, &facts[1].body);
    assert_eq!((up["direction"].as_str(), down["direction"].as_str()), (Some("upload"), Some("download")));
    for fact in [up, down] {
        assert_eq!(fact["sha256"].as_str(), Some(digest(&content).as_str()), "{fact}");
        assert_eq!(fact["bytes"].as_str(), Some((3 << 20).to_string().as_str()));
        assert!(fact["path"].as_str().unwrap().ends_with("/there/patch-7.2.bin"), "{fact}");
        assert_eq!(fact["protocol"], "sftp");
    }
    assert_eq!(facts[0].session.as_deref(), Some(desk.house.newest_session().as_str()));
}

#[test]
fn a_file_that_is_cut_by_its_path_after_it_passed_is_told_to_have_no_hash() {
    let desk = Desk::granting("sftp-read,sftp-write");
    let script = "
sftp = client.open_sftp()
with sftp.open('{there}/patch.bin', 'w') as file:
    file.write(b'the whole of the patch')
sftp.chmod('{there}/patch.bin', 0o640)
sftp.truncate('{there}/patch.bin', 9)
client.close()
"
    .replace("{there}", &desk.there.display().to_string());
    desk.house.elsewhere("dana").paramiko(TARGET, &script).succeeded();
    assert_eq!(fs::read(desk.there.join("patch.bin")).unwrap(), b"the whole");
    let facts = desk.files(2);
    assert_eq!(facts.len(), 2, "a mode is no content: {facts:?}");
    assert_eq!(facts[0].body["sha256"], digest(b"the whole of the patch"));
    assert_eq!((&facts[1].body["sha256"], &facts[1].body["path"]), (&Value::Null, &facts[0].body["path"]));
    assert!(facts[1].body["partial"].as_str().unwrap().contains("its length was set"), "{:#}", facts[1].body);
}

#[test]
fn the_recording_says_each_operation_with_its_path_offset_length_and_status() {
    let desk = Desk::granting("sftp-read,sftp-write");
    let mine = desk.here("patch.bin", &noise(100_000));
    let commands = format!(
        "put {} {there}/patch.bin\nmkdir {there}/new\nrename {there}/patch.bin {there}/new/patch.bin\n-ls {there}/absent\n",
        mine.display(),
        there = desk.there.display(),
    );
    let _ran = desk.dana().sftp(&commands).succeeded();
    let requests = desk.requests();
    let of = |operation: &str| {
        let found = requests.iter().find(|request| request["operation"] == operation);
        found.unwrap_or_else(|| panic!("no {operation} in {requests:#?}")).clone()
    };
    assert_eq!(of("open")["flags"], serde_json::json!(["write", "create", "truncate"]));
    assert_eq!((of("write")["offset"].as_str(), of("write")["file"].as_u64()), (Some("0"), Some(1)));
    assert!(of("mkdir")["path"].as_str().unwrap().ends_with("/there/new"));
    assert!(of("posix-rename")["second_path"].as_str().unwrap().ends_with("/new/patch.bin"));
    let written: u64 = requests
        .iter()
        .filter(|request| request["operation"] == "write")
        .map(|request| request["bytes"].as_str().unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(written, 100_000);
    let answers = desk.events("sftp-answer");
    let answers: Vec<&Value> =
        answers.iter().flat_map(|event| event["answers"].as_array().unwrap()).collect();
    let answered = |operation: &str, status: &str| {
        answers.iter().any(|answer| answer["operation"] == operation && answer["status"] == status)
    };
    assert!(answered("mkdir", "ok") && answered("close", "ok"), "{answers:#?}");
    assert!(answers.iter().any(|answer| answer["status"] == "no-such-file"), "{answers:#?}");
    let files = desk.events("file");
    assert_eq!(files[0]["sha256"].as_str(), Some(sha(&desk.there.join("new/patch.bin")).as_str()));
}

#[test]
fn with_reading_alone_every_change_is_denied_by_the_gate_and_reading_goes_on() {
    let desk = Desk::granting("sftp-read");
    let theirs = desk.there("settings.conf", b"rate=5\n");
    let mine = desk.here("evil.conf", b"rate=500\n");
    let (there, got) = (desk.there.display(), desk.here.join("got"));
    let commands = format!(
        "-put {} {there}/settings.conf\n-put {} {there}/new.conf\n-rm {there}/settings.conf\n-mkdir {there}/new\n\
         -rename {there}/settings.conf {there}/moved\n-chmod 777 {there}/settings.conf\n\
         -ln -s /etc/passwd {there}/link\n-ln {there}/settings.conf {there}/hard\n-rmdir {there}\n\
         get {there}/settings.conf {}\n",
        mine.display(),
        mine.display(),
        got.display(),
    );
    let ran = desk.dana().sftp(&commands).succeeded();
    assert!(ran.err.matches("ermission denied").count() >= 9, "{}", ran.err);
    assert_eq!(fs::read(&theirs).unwrap(), b"rate=5\n", "the server is untouched");
    assert_eq!(fs::read_dir(&desk.there).unwrap().count(), 1);
    assert_ne!(fs::metadata(&theirs).unwrap().permissions().mode() & 0o777, 0o777);
    assert_eq!(fs::read(&got).unwrap(), b"rate=5\n");
    let refused = soon("nine refused operations", || {
        let facts = desk.house.facts_of("channel-refused");
        (facts.len() >= 9).then_some(facts)
    });
    let first = &refused[0].body["about"]["what"];
    assert_eq!(
        (first["missing"].as_str(), first["request"]["operation"].as_str()),
        (Some("sftp-write"), Some("open"))
    );
    assert!(desk.requests().iter().filter(|request| request["refused"].is_string()).count() >= 9);
}

#[test]
fn with_writing_alone_files_are_written_and_none_is_read_or_listed() {
    let desk = Desk::granting("sftp-write");
    desk.there("secret.conf", b"secret");
    let mine = desk.here("patch.bin", b"patch");
    let there = desk.there.display();
    let ran = desk.dana().sftp(&format!(
        "put {} {there}/patch.bin\n-ls {there}\nget {there}/secret.conf {}\n",
        mine.display(),
        desk.here.join("got").display()
    ));
    assert_ne!(ran.status, Some(0));
    assert!(ran.err.matches("ermission denied").count() >= 2, "{}", ran.err);
    assert_eq!(fs::read(desk.there.join("patch.bin")).unwrap(), b"patch");
    assert!(!desk.here.join("got").exists() || fs::read(desk.here.join("got")).unwrap().is_empty());
}

#[test]
fn without_either_access_the_subsystem_does_not_open_and_the_technician_reads_why() {
    let desk = Desk::granting("exec");
    let ran = desk.dana().sftp("pwd\n");
    assert_ne!(ran.status, Some(0));
    assert!(ran.err.contains("subsystem request failed"), "{}", ran.err);
    let refused = desk.house.fact("channel-refused");
    assert!(refused.body.to_string().contains("subsystem"), "{}", refused.body);
    assert!(!desk.house.target.log().contains("subsystem request for sftp"), "the server was not asked");
}

#[test]
fn an_upload_that_broke_off_is_resumed_and_says_that_it_is_a_part() {
    let desk = Desk::granting("sftp-read,sftp-write");
    let content = noise(900_000);
    let mine = desk.here("image.bin", &content);
    let theirs = desk.there("image.bin", &content[..400_000]);
    let commands = format!("reput {} {}\n", mine.display(), theirs.display());
    let _ran = desk.dana().sftp(&commands).succeeded();
    assert_eq!(sha(&theirs), digest(&content));
    let fact = &desk.files(1)[0].body;
    assert_eq!((fact["sha256"].as_str(), fact["bytes"].as_str()), (None, Some("500000")), "{fact}");
    assert!(fact["partial"].as_str().unwrap().contains("at the end of what was there"), "{fact}");
}

#[test]
fn a_large_folder_is_listed_and_a_tree_with_odd_names_is_copied_whole() {
    let desk = Desk::granting("sftp-read,sftp-write");
    let many = desk.there.join("many");
    fs::create_dir(&many).unwrap();
    for number in 0..5_000 {
        fs::write(many.join(format!("pump-{number:05}-{}", "x".repeat(80))), b"").unwrap();
    }
    let ran = desk.dana().sftp(&format!("ls -1 {}\n", many.display())).succeeded();
    assert_eq!(ran.text().lines().filter(|line| line.contains("pump-")).count(), 5_000);
    let tree = desk.here.join("tree");
    let odd = ["with space", "quote'\"s", "ünïcode-✓", "-dash", "a\\b", "semi;colon", "new\nline"];
    for folder in ["", "deep/er", "deep/er/still"] {
        let folder = tree.join(folder);
        fs::create_dir_all(&folder).unwrap();
        for (number, name) in odd.iter().enumerate() {
            fs::write(folder.join(name), noise(1000 * number)).unwrap();
        }
    }
    let _ran = desk
        .dana()
        .sftp(&format!(
            "put -r {} {}/copy\nget -r {}/copy {}\n",
            tree.display(),
            desk.there.display(),
            desk.there.display(),
            desk.here.join("back").display()
        ))
        .succeeded();
    for copy in [desk.there.join("copy"), desk.here.join("back")] {
        for folder in ["", "deep/er", "deep/er/still"] {
            for name in odd {
                assert_eq!(
                    sha(&copy.join(folder).join(name)),
                    sha(&tree.join(folder).join(name)),
                    "{name:?}"
                );
            }
        }
    }
    desk.files(2 * 3 * odd.len());
}

#[test]
fn two_hundred_megabytes_go_both_ways_with_many_requests_under_way() {
    let desk = Desk::granting("sftp-read,sftp-write");
    let content = noise(200 << 20);
    let mine = desk.here("image.bin", &content);
    let (theirs, back) = (desk.there.join("image.bin"), desk.here.join("back.bin"));
    let commands = format!(
        "put {} {theirs}\nget {theirs} {}\n",
        mine.display(),
        back.display(),
        theirs = theirs.display()
    );
    let began = std::time::Instant::now();
    let _ran = desk.dana().sftp_with(&["-R", "512"], &commands).succeeded();
    eprintln!("200 MB each way in {:?}", began.elapsed());
    let expected = digest(&content);
    assert_eq!((sha(&theirs), sha(&back)), (expected.clone(), expected.clone()));
    let facts = desk.files(2);
    for fact in &facts {
        assert_eq!(fact.body["sha256"].as_str(), Some(expected.as_str()), "{}", fact.body);
    }
}

#[test]
fn a_transfer_that_came_into_the_overrun_is_not_gone_on_with_after_an_extension() {
    let house = House::start();
    let window = house.request("dana", "sftp-read,sftp-write", "now", "+6s", &["--overrun", "10m"]);
    house.approve(&window);
    let mine = write(house.folder(), "image.bin", &noise(64 << 20));
    let theirs = house.folder().join("theirs.bin");
    let put = format!("put {} {}\n", mine.display(), theirs.display());
    let batch = write(house.folder(), "batch", put.as_bytes());
    let dana = house.technician("dana").ssh(TARGET).option("Compression=no");
    let mut sftp = dana.begins_sftp_at("20000", &batch);
    soon("the upload to have begun", || fs::metadata(&theirs).ok().filter(|meta| meta.len() > 100_000));
    let _ = house.fact("overrun-began");
    house.priya().does(&["window", "extend", &window, "--closes", "+10m"]);
    eventually(Duration::from_secs(20), "sftp to end", || (!sftp.is_running()).then_some(()));
    // What was half a request at the server is not made whole by what came later, and no hash is claimed.
    let fact = soon("the fact of the file", || house.facts_of("file-transferred").pop());
    assert!(fact.body["sha256"].is_null() && fact.body["partial"].is_string(), "{:#}", fact.body);
    // A new one goes.
    house.technician("dana").ssh(TARGET).sftp(&format!("get {} /dev/null\n", batch.display())).succeeded();
}

#[test]
fn a_revoked_window_cuts_a_transfer_and_what_had_passed_is_said() {
    let desk = Desk::granting("sftp-read,sftp-write");
    let mine = desk.here("image.bin", &noise(64 << 20));
    let theirs = desk.there.join("image.bin");
    // Slow enough to be cut in the middle.
    let batch = desk.here("batch", format!("put {} {}\n", mine.display(), theirs.display()).as_bytes());
    let mut sftp = desk.dana().option("Compression=no").begins_sftp_at("20000", &batch);
    soon("the upload to have begun", || fs::metadata(&theirs).ok().filter(|meta| meta.len() > 100_000));
    desk.house.priya().does(&["window", "revoke", &desk.window, "--reason", "wrong image"]);
    eventually(Duration::from_secs(10), "sftp to be cut", || (!sftp.is_running()).then_some(()));
    let fact = &desk.files(1)[0].body;
    assert_eq!((fact["sha256"].as_str(), fact["direction"].as_str()), (None, Some("upload")), "{fact}");
    assert!(fact["partial"].as_str().unwrap().contains("before it was closed"), "{fact}");
    assert!(fs::metadata(&theirs).unwrap().len() < 64 << 20);
}

#[test]
fn who_is_refused_again_and_again_is_shown_out_of_the_channel_and_the_visit_goes_on() {
    let desk = Desk::granting("sftp-write,exec");
    // Folders are listed by a client that waits for its answers and hears of nothing in them.
    let script = r"
import struct
channel = client.get_transport().open_session()
channel.settimeout(60)
channel.invoke_subsystem('sftp')
def answer():
    def exactly(count):
        got = b''
        while len(got) < count:
            part = channel.recv(count - len(got))
            if not part: raise EOFError
            got += part
        return got
    return exactly(struct.unpack('>I', exactly(4))[0])
channel.sendall(b'\0\0\0\5\1\0\0\0\3')
answer()
denied = 0
try:
    while denied < 70000:
        channel.sendall(b''.join(struct.pack('>IBII', 13, 11, denied + n, 4) + b'/etc' for n in range(512)))
        for n in range(512):
            said = answer()
            assert said[0] == 101 and said[8] == 3, said
            denied += 1
except (EOFError, OSError):
    pass
words = b''
while True:
    part = channel.recv_stderr(4096)
    if not part: break
    words += part
out.write(b'%d %s' % (denied, words))
i, o, e = client.exec_command('echo the visit goes on')
out.write(o.read())
client.close()
";
    let ran = desk.house.elsewhere("dana").paramiko(TARGET, script).succeeded();
    let text = ran.text();
    assert!(text.starts_with("65536 ") && text.ends_with("the visit goes on\n"), "{text}");
    assert!(text.contains("more than 65536 requests were refused"), "{text}");
    let facts = soon("the facts", || {
        let facts = desk.house.facts_of("channel-refused");
        facts.iter().any(|fact| fact.body.to_string().contains("were refused")).then_some(facts)
    });
    assert!(facts.len() <= 18, "a flood is told as a number: {}", facts.len());
}

#[test]
fn a_packet_that_is_none_ends_the_channel_with_a_fact() {
    let desk = Desk::granting("sftp-read,sftp-write,exec");
    let dana = desk.dana();
    for (bytes, why) in [
        (vec![0xff, 0xff, 0xff, 0xff, 1, 2, 3], "256 KiB"),
        (vec![0, 0, 0, 5, 3, 0, 0, 0, 3], "before the version was agreed"),
        ([&[0, 0, 0, 5, 1, 0, 0, 0, 3][..], &[0, 0, 0, 9, 99, 0, 0, 0, 1, 0, 0, 0, 0]].concat(), "type 99"),
    ] {
        let before = desk.house.facts_of("channel-refused").len();
        let _ran = dana.clone().with(&["-s"]).input(bytes).runs("sftp");
        let fact = soon("the fact", || desk.house.facts_of("channel-refused").get(before).cloned());
        assert!(fact.body.to_string().contains(why), "{}", fact.body);
    }
    assert_eq!(dana.runs("echo the visit goes on").succeeded().text(), "the visit goes on\n");
}
