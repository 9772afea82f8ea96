//! scp, old and new, and rsync: they copy as without the gate, are recorded as what they are, and uploads are held
//! against the plan.

use std::fs;
use std::path::PathBuf;

use chaperone_tests::{Fact, House, Ssh, TARGET, digest, noise, soon};
use serde_json::Value;

/// A house, and two folders: the technician's and one on the server.
struct Desk {
    house: House,
    here: PathBuf,
    there: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let house = House::start();
        let (here, there) = (house.folder().join("here"), house.folder().join("there"));
        fs::create_dir_all(&here).unwrap();
        fs::create_dir_all(&there).unwrap();
        Self { house, here, there }
    }

    fn granting(access: &str) -> Self {
        let desk = Self::new();
        desk.house.open_window("dana", access, "+10m");
        desk
    }

    /// A window with a plan that names these files.
    fn planning(access: &str, files: &[(&str, &[u8])]) -> Self {
        let desk = Self::new();
        let planned: Vec<String> =
            files.iter().map(|(name, content)| format!("{name}={}", digest(content))).collect();
        let more: Vec<&str> = planned.iter().flat_map(|file| ["--file", file]).collect();
        let window = desk.house.request("dana", access, "now", "+10m", &more);
        desk.house.approve(&window);
        desk
    }

    fn dana(&self) -> Ssh {
        self.house.technician("dana").ssh(TARGET)
    }

    fn here(&self, name: &str, content: &[u8]) -> String {
        fs::write(self.here.join(name), content).unwrap();
        self.here.join(name).display().to_string()
    }

    fn there(&self, name: &str) -> String {
        format!(":{}", self.there.join(name).display())
    }

    fn files(&self, count: usize) -> Vec<Fact> {
        soon(&format!("{count} facts of files"), || {
            let facts = self.house.facts_of("file-transferred");
            (facts.len() >= count).then_some(facts)
        })
    }

    /// What `recording export --format files` gives of the newest visit, unpacked.
    fn exported(&self) -> PathBuf {
        let session = self.house.newest_session();
        self.house.sealed(&session);
        let (tar, folder) = (self.house.folder().join("files.tar"), self.house.folder().join("exported"));
        let name = tar.display().to_string();
        let words = ["recording", "export", &session, "--format", "files", "-o", &name, "--reason", "a test"];
        self.house.sam().does(&words);
        fs::create_dir_all(&folder).unwrap();
        let mut command = std::process::Command::new("tar");
        assert!(command.arg("-xf").arg(&tar).arg("-C").arg(&folder).status().unwrap().success());
        folder
    }
}

fn index(folder: &std::path::Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("files.json")).unwrap();
    let index: Value = serde_json::from_str(&text).unwrap();
    index["files"].as_array().unwrap().clone()
}

#[test]
fn scp_in_both_its_forms_copies_both_ways_with_equal_hashes() {
    for (access, old) in [("sftp-read,sftp-write", false), ("exec", true)] {
        let desk = Desk::granting(access);
        let content = noise(5 << 20);
        let mine = desk.here("patch 7.2.bin", &content);
        let back = desk.here.join("back.bin").display().to_string();
        let form: &[&str] = if old { &["-O"] } else { &["-s"] };
        let there = desk.there("patch.bin");
        let dana = desk.dana();
        let _up = dana.scp(&[form, &["-p", &mine, &there]].concat()).succeeded();
        let _down = dana.scp(&[form, &[&there, &back]].concat()).succeeded();
        assert_eq!(digest(&fs::read(desk.there.join("patch.bin")).unwrap()), digest(&content));
        assert_eq!(digest(&fs::read(&back).unwrap()), digest(&content));
        let facts = desk.files(2);
        let protocol = if old { "scp" } else { "sftp" };
        for (fact, direction) in facts.iter().zip(["upload", "download"]) {
            assert_eq!(fact.body["protocol"], protocol);
            assert_eq!(fact.body["direction"], direction);
            assert_eq!(fact.body["sha256"].as_str(), Some(digest(&content).as_str()), "{}", fact.body);
        }
    }
}

#[test]
fn scp_is_refused_where_its_access_is_not_granted() {
    let desk = Desk::granting("exec");
    let mine = desk.here("patch.bin", b"patch");
    let ran = desk.dana().scp(&["-s", &mine, &desk.there("patch.bin")]);
    assert!(ran.status != Some(0) && !desk.there.join("patch.bin").exists(), "{}", ran.err);
    let desk = Desk::granting("sftp-read,sftp-write");
    let mine = desk.here("patch.bin", b"patch");
    let ran = desk.dana().scp(&["-O", &mine, &desk.there("patch.bin")]);
    assert!(ran.status != Some(0) && !desk.there.join("patch.bin").exists(), "{}", ran.err);
}

#[test]
fn old_scp_copies_a_tree_and_each_file_is_told_with_its_hash() {
    let desk = Desk::granting("exec");
    let tree = desk.here.join("tree");
    fs::create_dir_all(tree.join("deep/er")).unwrap();
    for (name, len) in [("a", 0), ("deep/b c", 10), ("deep/er/ü", 100_000)] {
        fs::write(tree.join(name), noise(len)).unwrap();
    }
    let _ran = desk.dana().scp(&["-O", "-r", &tree.display().to_string(), &desk.there("")]).succeeded();
    // The folder stands in the command, and the name on the wire.
    let there = |name: &str| desk.there.join(name).display().to_string();
    let mut told: Vec<(String, String)> = desk
        .files(3)
        .iter()
        .map(|fact| {
            (fact.body["path"].as_str().unwrap().to_owned(), fact.body["sha256"].as_str().unwrap().to_owned())
        })
        .collect();
    told.sort();
    let hash = |name: &str| digest(&fs::read(tree.join(name)).unwrap());
    let expected = [
        (there("tree/a"), hash("a")),
        (there("tree/deep/b c"), hash("deep/b c")),
        (there("tree/deep/er/ü"), hash("deep/er/ü")),
    ];
    assert_eq!(told, expected);
}

#[test]
fn rsync_copies_both_ways_and_its_bytes_are_recorded() {
    let desk = Desk::granting("exec");
    let tree = desk.here.join("tree");
    fs::create_dir_all(tree.join("deep")).unwrap();
    let content = noise(3 << 20);
    fs::write(tree.join("deep/image.bin"), &content).unwrap();
    let _up = desk.dana().rsync(&["-a", &format!("{}/", tree.display()), &desk.there("copy")]).succeeded();
    assert_eq!(digest(&fs::read(desk.there.join("copy/deep/image.bin")).unwrap()), digest(&content));
    let back = desk.here.join("back").display().to_string();
    let _down = desk.dana().rsync(&["-a", &desk.there("copy/"), &back]).succeeded();
    assert_eq!(digest(&fs::read(desk.here.join("back/deep/image.bin")).unwrap()), digest(&content));
    let exported = desk.exported();
    let stdout = fs::read(exported.join("ch-0.stdout.bin")).unwrap();
    assert!(stdout.len() > 3 << 20, "the download is in the recording as bytes");
    assert_eq!(desk.house.facts_of("file-transferred").len(), 0, "rsync's own protocol is not read");
}

#[test]
fn a_shell_behind_an_scp_is_recorded_whole() {
    let desk = Desk::granting("exec");
    let command = format!("scp -t {}; bash", desk.there.display());
    let terminal = desk.dana().opens(&command);
    terminal.types("no line of scp\n");
    terminal.shows("scp: no line of scp");
    terminal.types("echo be$((1))hind the scp\n");
    terminal.shows("be1hind the scp");
    terminal.types("exit\n");
    let session = desk.house.newest_session();
    let recorded = desk.house.recorded(&session);
    assert!(recorded.output.contains("be1hind the scp"));
    // Without a terminal, too: what follows the scp is no scp, and nothing of it is lost.
    let ran = desk.dana().input("echo not a line of scp\n").runs(&format!("{command}; true"));
    assert!(ran.status.is_some());
}

#[test]
fn the_export_gives_the_files_as_they_passed_those_without_a_hash_too() {
    let desk = Desk::granting("sftp-read,sftp-write,exec");
    let (whole, part) = (noise(700_000), noise(900_000));
    let socket = format!("ControlPath={}/mux", desk.house.folder().display());
    let dana = desk.dana().option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    let (first, second) = (desk.here("whole.bin", &whole), desk.here("part.bin", &part));
    fs::write(desk.there.join("part.bin"), &part[..400_000]).unwrap();
    let there = desk.there.display();
    let _ran =
        dana.sftp(&format!("put {first} {there}/whole.bin\nreput {second} {there}/part.bin\n")).succeeded();
    let _old = dana
        .scp(&["-O", &desk.there("whole.bin"), &desk.here.join("old.bin").display().to_string()])
        .succeeded();
    master.ends_input();
    master.ends();
    let exported = desk.exported();
    let listed = index(&exported);
    let find = |path: &str, stream: &str| {
        let found = listed.iter().find(|file| {
            file["said"]["path"].as_str().is_some_and(|said| said.ends_with(path)) && file["stream"] == stream
        });
        found.unwrap_or_else(|| panic!("no {path} in {listed:#?}"))
    };
    let of = |file: &Value| fs::read(exported.join(file["name"].as_str().unwrap())).unwrap();
    let up = find("whole.bin", "input");
    assert_eq!(digest(&of(up)), digest(&whole));
    assert_eq!(up["sha256"], up["said"]["sha256"]);
    let resumed = find("part.bin", "input");
    assert_eq!((of(resumed), resumed["from"].as_str()), (part[400_000..].to_vec(), Some("400000")));
    assert!(resumed["said"]["sha256"].is_null() && resumed["sha256"].is_string());
    assert_eq!(digest(&of(find("whole.bin", "output"))), digest(&whole));
}

#[test]
fn uploads_are_held_against_the_plan_and_what_is_not_in_it_alarms() {
    let desk =
        Desk::planning("sftp-read,sftp-write,exec", &[("patch.bin", b"planned"), ("notes.txt", b"notes")]);
    let right = desk.here("patch.bin", b"planned");
    let _ran = desk.dana().scp(&["-s", &right, &desk.there("patch.bin")]).succeeded();
    assert_eq!(desk.files(1)[0].body["plan"], "file-as-planned");
    let _ran = desk.dana().scp(&["-O", &right, &desk.there("renamed.bin")]).succeeded();
    assert_eq!(desk.files(2)[1].body["plan"], "file-as-planned");
    let off_plan = || {
        let alerts = desk.house.sam().lists(&["alert", "list"]);
        alerts.into_iter().find(|alert| alert["rule"] == "upload-off-plan")
    };
    assert!(off_plan().is_none(), "what is planned raises nothing");
    let other = desk.here("notes.txt", b"something else");
    let _ran = desk.dana().scp(&["-O", &other, &desk.there("notes.txt")]).succeeded();
    let fact = &desk.files(3)[2].body;
    assert_eq!(fact["plan"], "file-other-content");
    assert_eq!(fact["expected"].as_str(), Some(digest(b"notes").as_str()));
    let tool = desk.here("tool.bin", b"a tool");
    let _ran = desk.dana().scp(&["-s", &tool, &desk.there("tool.bin")]).succeeded();
    assert_eq!(desk.files(4)[3].body["plan"], "file-not-planned");
    let alert = soon("an alert", off_plan);
    assert_eq!(alert["severity"], "high", "{alert}");
    // Reading is not compared.
    let _ran = desk
        .dana()
        .scp(&["-s", &desk.there("tool.bin"), &desk.here.join("x").display().to_string()])
        .succeeded();
    assert!(desk.files(5)[4].body["plan"].is_null());
}

#[test]
fn a_plan_that_is_none_is_refused_with_what_would_be_right() {
    let desk = Desk::new();
    let ask = |file: &str| {
        let words = [
            "window",
            "request",
            "--target",
            TARGET,
            "--person",
            "dana",
            "--access",
            "sftp-write",
            "--opens",
            "now",
            "--closes",
            "+10m",
            "--purpose",
            "patch",
            "--file",
            file,
        ];
        desk.house.priya().tries(&words)
    };
    for (file, words) in [
        ("patch.bin", "right is NAME=SHA256"),
        ("patch.bin=abc", "64 hexadecimal digits"),
        (&format!("a/b={}", digest(b"x")), "without a path"),
    ] {
        let said = ask(file);
        assert!(said.status != Some(0) && said.err.contains(words), "{file}: {}", said.err);
    }
}

#[test]
fn two_hundred_megabytes_by_old_scp_and_by_rsync_have_equal_hashes_both_ways() {
    let desk = Desk::granting("exec");
    let content = noise(200 << 20);
    let expected = digest(&content);
    let mine = desk.here("image.bin", &content);
    drop(content);
    let back = desk.here.join("back.bin").display().to_string();
    let dana = desk.dana();
    for (tool, up) in [("scp", desk.there("scp.bin")), ("rsync", desk.there("rsync.bin"))] {
        let began = std::time::Instant::now();
        match tool {
            "scp" => {
                let _up = dana.scp(&["-O", &mine, &up]).succeeded();
                let _down = dana.scp(&["-O", &up, &back]).succeeded();
            }
            _ => {
                let _up = dana.rsync(&["--whole-file", &mine, &up]).succeeded();
                let _down = dana.rsync(&["--whole-file", "--ignore-times", &up, &back]).succeeded();
            }
        }
        eprintln!("{tool}: 200 MB each way in {:?}", began.elapsed());
        let there = fs::read(desk.there.join(format!("{tool}.bin"))).unwrap();
        assert_eq!((digest(&there), digest(&fs::read(&back).unwrap())), (expected.clone(), expected.clone()));
    }
}
