//! The stop in every state: whatever a visit is doing, and whoever ends it, both connections are out of the kernel's socket
//! table within a second, and the ledger says that they are.
//!
//! Each row of [`STATES`] is a state; each is ended in each of the ways of [`ENDS`]. `tests/stops` runs the whole table many
//! times over and prints the distribution; here each is ended once in one way, in turn, and all ways at two states.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use chaperone_tests::{
    Beyond, Clamd, Connected, Enrolled, House, PATIENCE, Process, Proxy, Signal, TARGET, Terminal, Visit,
    Weather, WebHouse, eventually, legs, noise, soon,
};
use jiff::{SignedDuration, Timestamp};

/// The promise.
const GONE_WITHIN: SignedDuration = SignedDuration::from_secs(1);
/// A second server, behind a wire that is slow to answer.
const SLOW: &str = "alaris-sm-09";
/// The first once more, as one whose files are staged.
const STAGED: &str = "alaris-sm-08";

/// A web console, which is reached by TLS.
const CONSOLE: &str = "console-01";

const ACCESS: &str = "shell,exec,sftp-read,sftp-write";

/// A house with servers that are reached by SSH, and a console.
struct Scene {
    web: WebHouse,
    _wire: Proxy,
    _clamd: Clamd,
}

impl Deref for Scene {
    type Target = House;

    fn deref(&self) -> &House {
        &self.web.house
    }
}

impl Scene {
    /// The gate's port for a server, and the port on which the gate reaches it.
    fn ports(&self, target: &str) -> (u16, u16) {
        match target {
            CONSOLE => (self.web.port(), self.web.console.port()),
            // Behind the slow wire it is the wire that the gate is connected to.
            SLOW => (self.gate.ssh_port(), slow_port(self)),
            _ => (self.gate.ssh_port(), self.target.port()),
        }
    }
}

/// What a visit is doing when it is ended.
struct State {
    name: &'static str,
    /// Beside a window for shell, exec and files, or for TLS.
    window: &'static [&'static str],
    target: &'static str,
    begin: fn(&Scene) -> Doing,
}

/// What must live on until the end.
#[derive(Default)]
struct Doing {
    visits: Vec<Visit>,
    terminal: Option<Terminal>,
    helper: Option<Process>,
    connected: Option<Connected>,
}

impl Doing {
    fn one(visit: Visit) -> Self {
        Self { visits: vec![visit], ..Self::default() }
    }
}

const fn state(name: &'static str, begin: fn(&Scene) -> Doing) -> State {
    State { name, window: &[], target: TARGET, begin }
}

const STATES: &[State] = &[
    state("idle", |house| Doing::one(ready(house, "echo ready; sleep 1000"))),
    state("idle shell", |house| {
        let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
        terminal.types("echo re$((0))ady\n");
        terminal.shows("re0ady");
        Doing { terminal: Some(terminal), ..Doing::default() }
    }),
    state("flooding both ways", |house| {
        let mut visit = ready(house, "echo ready; cat /dev/zero & cat >/dev/null");
        visit.floods();
        moving(&visit);
        Doing::one(visit)
    }),
    state("stopped client", |house| {
        let mut visit = ready(house, "echo ready; while :; do echo more; done");
        visit.freezes();
        Doing::one(visit)
    }),
    state("in the middle of a rekey", |house| {
        // The client asks for new keys all the time; what is stopped is stopped in the middle of one, mostly.
        let ssh = house.technician("dana").ssh(TARGET).option("RekeyLimit=16K");
        let mut visit = ssh.begins("echo ready; cat /dev/zero");
        visit.shows("ready");
        moving(&visit);
        visit.freezes();
        Doing::one(visit)
    }),
    state("in the middle of an upload", |house| {
        let mut visit = ready(house, "echo ready; cat > upload.part");
        visit.floods();
        Doing::one(visit)
    }),
    state("in the middle of a copy (scp -O)", copying),
    state("twenty channels", |house| {
        let socket = format!("ControlPath={}/mux-{}", house.folder().display(), house.facts().len());
        let dana = house.technician("dana").ssh(TARGET).option(&socket);
        let master = dana.clone().with(&["-M"]).begins("echo ready; sleep 1000");
        master.shows("ready");
        let mut visits: Vec<Visit> = (0..19).map(|_| dana.begins("echo ready; sleep 1000")).collect();
        visits.iter().for_each(|visit| visit.shows("ready"));
        visits.push(master);
        Doing { visits, ..Doing::default() }
    }),
    state("a server that never reads", |house| {
        let mut visit = ready(house, "echo ready; sleep 1000");
        visit.floods();
        Doing::one(visit)
    }),
    state("a client that never reads", |house| {
        let visit = house.technician("dana").ssh(TARGET).begins_unread("cat /dev/zero");
        legs_are(house, (1, 1));
        Doing::one(visit)
    }),
    State {
        target: SLOW,
        ..state("while the server is being reached", |house| {
            let visit = house.technician("dana").ssh(SLOW).begins("echo never; sleep 1000");
            soon("the session", || (house.sessions().last()?["state"] == "live").then_some(()));
            Doing::one(visit)
        })
    },
    state("in the middle of a transfer inside ssh -J", |house| {
        let mut visit = inside(house).begins(&[], &there(house), "echo ready; cat > upload.part");
        visit.shows("ready");
        visit.floods();
        legs_are(house, (1, 1));
        Doing::one(visit)
    }),
    state("in the middle of an sftp inside ssh -J", |house| {
        let batch = putting(house, "image", "/dev/null");
        let copy = inside(house).begins_sftp(&["-q"], &there(house), &batch);
        files_move(house);
        Doing { helper: Some(copy), ..Doing::default() }
    }),
    State {
        target: STAGED,
        ..state("with an upload on its way into the stage", |house| {
            let batch = putting(house, "image", "image.part");
            let copy = house.technician("dana").ssh(STAGED).begins_sftp_at("400000", &batch);
            files_move(house);
            let stage = house.gate.data().join("stage");
            soon("some of it to be in the stage", || {
                let files = std::fs::read_dir(&stage).ok()?.flatten();
                files.filter_map(|file| file.metadata().ok()).find(|about| about.len() > (1 << 20))
            });
            Doing { helper: Some(copy), ..Doing::default() }
        })
    },
    State {
        window: &["--observer-required"],
        ..state("waiting for an observer", |house| {
            let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
            terminal.shows("waiting for an observer");
            Doing { terminal: Some(terminal), ..Doing::default() }
        })
    },
    state("paused", |house| {
        let mut visit = ready(house, "echo ready; cat >/dev/null");
        house.sam().does(&["session", "pause", &house.newest_session(), "--reason", "what is this?"]);
        visit.floods();
        Doing::one(visit)
    }),
    State {
        target: CONSOLE,
        ..state("in the middle of a download of a console", |house| {
            let client = house.web.opened(&newest_window(house));
            let url = house.web.url("/image.bin");
            slowly(house, client.curl(&["--limit-rate", "200k", &url]))
        })
    },
    State {
        target: CONSOLE,
        ..state("in the middle of a download through chaperone connect", |house| {
            let dana = house.gate.person("dana");
            let connected = dana.connects(CONSOLE, &["--listen", "127.0.0.1:0"], &[]);
            let mut curl = std::process::Command::new("curl");
            curl.args(["--silent", "--noproxy", "*", "--limit-rate", "200k"]);
            curl.arg(format!("http://{}/image.bin", connected.local(CONSOLE)));
            Doing { connected: Some(connected), ..slowly(house, curl) }
        })
    },
    State {
        window: &["--overrun", "20s"],
        ..state("in its overrun", |house| {
            let visit = ready(house, "echo ready; while :; do echo more; sleep 0.1; done");
            let (window, before) = (newest_window(house), house.facts_of("overrun-began").len());
            house.priya().does(&["window", "extend", &window, "--closes", "+2s"]);
            soon("the overrun", || house.facts_of("overrun-began").into_iter().nth(before));
            Doing::one(visit)
        })
    },
];

#[track_caller]
fn ready(house: &House, command: &str) -> Visit {
    let visit = house.technician("dana").ssh(TARGET).begins(command);
    visit.shows("ready");
    visit
}

/// The window that was asked for last.
fn newest_window(house: &House) -> String {
    let windows = house.priya().lists(&["window", "list"]);
    windows.last().and_then(|window| window["id"].as_str()).expect("there is a window").to_owned()
}

/// A curl that reads slowly, in the middle of it.
#[track_caller]
fn slowly(house: &Scene, mut curl: std::process::Command) -> Doing {
    let part = house.folder().join("part");
    drop(std::fs::remove_file(&part));
    curl.arg("--output").arg(&part).stdout(Stdio::null()).stderr(Stdio::null());
    let curl = Process::start("curl", &mut curl);
    soon("a download to be under way", || {
        std::fs::metadata(&part).is_ok_and(|part| part.len() > 100_000).then_some(())
    });
    Doing { helper: Some(curl), ..Doing::default() }
}

#[track_caller]
fn moving(visit: &Visit) {
    let before = visit.received();
    soon("bytes to move", || (visit.received() > before + (1 << 20)).then_some(()));
}

#[track_caller]
fn legs_are(house: &House, wanted: (usize, usize)) {
    soon("the connections", || (legs(house.gate.ssh_port(), house.target.port()) == wanted).then_some(()));
}

/// Somebody who comes by `ssh -J`.
fn inside(house: &House) -> Beyond {
    house.beyond("dana", "dana")
}

/// `account@server`, by the server's own name.
fn there(house: &House) -> String {
    format!("{}@{TARGET}", house.target.account())
}

/// A batch for `sftp` that puts a file which takes a while.
fn putting(house: &House, name: &str, to: &str) -> PathBuf {
    let (file, batch) = (house.folder().join(name), house.folder().join("batch"));
    let large = std::fs::File::create(&file).and_then(|file| file.set_len(64 << 30));
    large.expect("a large file with nothing in it");
    std::fs::write(&batch, format!("put {} {to}\n", file.display())).expect("the batch is written");
    batch
}

/// The file channel of the newest visit is open.
#[track_caller]
fn files_move(house: &House) {
    legs_are(house, (1, 1));
    soon("the copy to begin", || {
        let session = house.newest_session();
        let opened = house.facts_of("channel-opened").into_iter();
        opened.rev().find(|fact| fact.session.as_deref() == Some(session.as_str()))
    });
}

/// The system's own scp with its old protocol, which is an exec at both ends, of a file that takes a while.
fn copying(house: &Scene) -> Doing {
    let file = house.folder().join("image");
    std::fs::File::create(&file)
        .and_then(|file| file.set_len(64 << 30))
        .expect("a large file with nothing in it");
    let mut line = house.technician("dana").ssh(TARGET).line();
    // Its port is `-P`, and its words are those of ssh but for the program and the destination.
    line.retain(|word| word != "ssh" && word != "127.0.0.1");
    let words = line.iter().map(|word| if word == "-p" { "-P".to_owned() } else { word.clone() });
    let user = words.clone().skip_while(|word| word != "-l").nth(1).expect("ssh names a user");
    let mut words: Vec<String> = words.collect();
    let at = words.iter().position(|word| word == "-l").expect("ssh names a user");
    words.drain(at..at + 2);
    let mut scp = std::process::Command::new("scp");
    scp.args(["-O", "-q"]).args(words).arg(&file).arg(format!("{user}@127.0.0.1:/dev/null"));
    let copy = Process::start("scp", scp.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
    soon("the copy to begin", || house.facts_of("channel-opened").pop());
    legs_are(house, (1, 1));
    Doing { helper: Some(copy), ..Doing::default() }
}

/// Who ends a visit, and how the record says that it ended.
const ENDS: &[(&str, &str)] =
    &[("stop", "stopped"), ("revoke", "revoked"), ("lock", "locked"), ("window", "window-closed")];

/// Ends whatever is on, and returns the moment from which it is to be over.
#[track_caller]
fn end(house: &House, how: &str, window: &str, overrun: bool) -> Timestamp {
    match how {
        "window" if overrun => return house.closes(window) + SignedDuration::from_secs(20),
        "stop" => {
            drop(house.sam().does(&["session", "stop", &house.newest_session(), "--reason", "not planned"]))
        }
        "revoke" => drop(house.priya().does(&["window", "revoke", window, "--reason", "the ward needs it"])),
        "lock" => drop(house.sam().does(&["person", "lock", "dana", "--reason", "lost laptop"])),
        _ => {
            house.priya().does(&["window", "extend", window, "--closes", "+2s"]);
            return house.closes(window);
        }
    }
    Timestamp::now()
}

/// How long after its moment both legs were gone.
#[track_caller]
fn stopped_after(house: &Scene, state: &State, (how, reason): (&str, &str)) -> SignedDuration {
    let (door, server) = house.ports(state.target);
    // The slow wire lets go of its own connection to the server some seconds after the gate has.
    legs_are(house, (0, 0));
    let before = house.facts_of("session-ended").len();
    let access = if state.target == CONSOLE { "tls" } else { ACCESS };
    let mut words =
        vec!["window", "request", "--target", state.target, "--person", "dana", "--access", access];
    words.extend(["--opens", "now", "--closes", "+30m", "--purpose", "patch", "--reason", "x"]);
    words.extend(state.window);
    let asked = house.gate.person("dana").does(&words);
    let window = asked["id"].as_str().unwrap();
    house.approve(window);
    let doing = (state.begin)(house);
    let due = end(house, how, window, state.window.contains(&"--overrun"));
    let gone =
        eventually(PATIENCE, "both legs to be gone", || (legs(door, server) == (0, 0)).then(Timestamp::now));
    let (clients, name) = (doing, state.name);
    let ended = soon("the end in the ledger", || house.facts_of("session-ended").into_iter().nth(before));
    assert_eq!(ended.body["reason"], reason, "{name}: {:#}", ended.body);
    assert_eq!(ended.body["sockets_gone"], true, "{name}: {:#}", ended.body);
    assert!(ended.body["took_ms"].as_u64().is_some_and(|took| took <= 1000), "{name}: {:#}", ended.body);
    for mut visit in clients.visits {
        // A stopped client, or one with a full pipe, does not notice its end by itself.
        visit.signal(Signal::KILL);
        visit.ends();
    }
    drop((clients.terminal, clients.helper, clients.connected));
    if how == "lock" {
        house.sam().does(&["person", "unlock", "dana", "--reason", "found"]);
    }
    // A stop acts on what is on; the window goes too, so that the next one is the only one.
    if matches!(how, "stop" | "lock") {
        house.priya().does(&["window", "revoke", window, "--reason", "done"]);
    }
    house.sealed(ended.session.as_deref().expect("an end is of a session"));
    let late = gone.duration_since(due);
    println!("{name}, by {how}: {} ms, of which the gate says {}", late.as_millis(), ended.body["took_ms"]);
    late.max(SignedDuration::ZERO)
}

/// The wire before the slow server, as the target's card names it.
fn slow_port(house: &House) -> u16 {
    let card = house.priya().does(&["target", "show", SLOW]);
    let text = card.to_string();
    let address = text.split("127.0.0.1:").nth(1).unwrap_or_default();
    let digits: String = address.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("the slow server has a port")
}

fn scene() -> Scene {
    let clamd = Clamd::start();
    let scanner = format!("clamd:{}", clamd.socket().display());
    let large = (1_u64 << 40).to_string();
    let furnishing = House::furnish().without_soc().with("CHAPERONE_UPLOADS__SCANNER", &scanner);
    let furnishing = furnishing.with("CHAPERONE_UPLOADS__FILE_BYTES", &large);
    let web = WebHouse::furnished(furnishing.with("CHAPERONE_UPLOADS__WINDOW_BYTES", &large), "", &[]);
    std::fs::write(web.console.files().join("image.bin"), noise(64 << 20)).expect("the console has a file");
    let house = &web.house;
    house.add_target(STAGED, &house.target, &[]);
    house.priya().does(&["target", "set-uploads", STAGED, "staged", "--reason", "the plan wants it"]);
    let wire = Proxy::before(house.target.port());
    wire.weather(Weather { delay: Duration::from_secs(4), ..Weather::default() });
    house.add_target_at(SLOW, &format!("127.0.0.1:{}", wire.port()), &house.target, &[]);
    Scene { web, _wire: wire, _clamd: clamd }
}

#[test]
fn every_state_is_stopped_within_a_second() {
    let house = scene();
    let rounds: usize =
        std::env::var("CHAPERONE_STOPS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(0);
    let mut took: BTreeMap<&str, Vec<SignedDuration>> = BTreeMap::new();
    for (number, state) in STATES.iter().enumerate() {
        let ways: Vec<_> = match rounds {
            0 if number < 2 => ENDS.to_vec(),
            0 => vec![ENDS[number % ENDS.len()]],
            rounds => (0..rounds).flat_map(|_| ENDS.iter().copied()).collect(),
        };
        for way in ways {
            took.entry(state.name).or_default().push(stopped_after(&house, state, way));
        }
    }
    println!("{:<36} {:>5} {:>7} {:>7} {:>7}", "state", "stops", "p50 ms", "p99 ms", "max ms");
    let mut all = Vec::new();
    for state in STATES {
        let times = &mut took.get_mut(state.name).expect("each state was stopped");
        times.sort_unstable();
        all.extend(times.iter().copied());
        row(state.name, times);
    }
    all.sort_unstable();
    row("all", &all);
    let latest = all.last().copied().unwrap_or_default();
    assert!(latest <= GONE_WITHIN, "the latest was gone after {} ms", latest.as_millis());
}

fn row(name: &str, times: &[SignedDuration]) {
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_millis();
    println!("{name:<36} {:>5} {:>7} {:>7} {:>7}", times.len(), at(50), at(99), at(100));
}

/// Somebody has proven a key and still owes a code: there is no visit to stop yet, and the right code gives none to
/// whoever is locked, or whose window is revoked, meanwhile.
#[test]
fn a_stop_during_the_second_factor_leaves_nothing_to_begin() {
    for how in ["lock", "revoke"] {
        let house = House::furnish().without_soc().start();
        let link = house.admin().does(&["person", "enrol", "dana"]);
        let dana = Enrolled::by_link(house.gate.web_port(), link["link"].as_str().expect("a link"));
        let window = house.open_window("dana", "shell", "+10m");
        let ssh = house.technician("dana").ssh(TARGET).option("BatchMode=no");
        let mut terminal = ssh.option("PreferredAuthentications=publickey,keyboard-interactive").opens("");
        terminal.shows("Authenticator code:");
        end(&house, how, &window, false);
        terminal.types(&format!("{}\n", dana.app.code(0)));
        assert_ne!(terminal.ends(), Some(0), "{how}: {}", terminal.screen());
        house.both_legs_gone(PATIENCE);
        assert!(house.facts_of("session-admitted").is_empty(), "{how}");
    }
}
