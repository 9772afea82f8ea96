//! Inside an approved window, a stock OpenSSH client works as if the gate were not there.

use std::process::Stdio;

use chaperone_tests::{Engine, House, KeyPair, Process, SshdOptions, TARGET, digest, noise, reference_in};

#[test]
fn a_shell_shows_what_the_server_says_and_keeps_its_exit_status() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.shows("recorded");
    terminal.types("echo $((6 * 7)) pumps\n");
    terminal.shows("42 pumps");
    terminal.types("exit 5\n");
    assert_eq!(terminal.ends(), Some(5));
}

#[test]
fn a_terminal_keeps_its_kind_and_its_size_and_learns_of_a_new_size() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("stty size; echo kind=$TERM\n");
    terminal.shows("24 80");
    terminal.shows("kind=xterm");
    terminal.resizes(132, 43);
    terminal.types("until stty size | grep -q '43 132'; do sleep 0.05; done; echo si$((1))zed\n");
    terminal.shows("si1zed");
}

#[test]
fn control_c_interrupts_what_runs_on_the_server() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo be$((1))gun; sleep 1000; echo $?\n");
    terminal.shows("be1gun");
    terminal.types("\x03");
    terminal.types("echo still $((40 + 1)) here\n");
    terminal.shows("still 41 here");
}

#[test]
fn a_command_has_its_own_input_output_errors_and_status() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    let ran =
        dana.clone().input("patch-7.2\n").runs("read name; echo applied $name; echo warned >&2; exit 3");
    assert_eq!(ran.text(), "applied patch-7.2\n");
    assert_eq!(ran.err, "warned\n");
    assert_eq!(ran.status, Some(3));
    assert_eq!(dana.runs("true").status, Some(0));
    assert_eq!(dana.runs("exit 255").status, Some(255));
}

#[test]
fn a_command_that_a_signal_ends_looks_the_same_as_without_the_gate() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let ran = house.technician("dana").ssh(TARGET).runs("echo before; kill -TERM $$");
    assert_eq!(ran.text(), "before\n");
    // OpenSSH's client has one status for every signal.
    assert_eq!(ran.status, Some(255));
}

#[test]
fn a_command_in_a_terminal_gets_one() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let mut terminal =
        house.technician("dana").ssh(TARGET).opens("tty >/dev/null && echo on a terminal; exit 6");
    terminal.shows("on a terminal");
    assert_eq!(terminal.ends(), Some(6));
}

#[test]
fn twenty_megabytes_of_noise_pass_unchanged_in_both_directions() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    let bytes = noise(20 << 20);
    let up = dana.clone().input(bytes.clone()).runs("sha256sum").succeeded();
    assert_eq!(up.text().split(' ').next(), Some(digest(&bytes).as_str()));
    let file = house.folder().join("noise");
    std::fs::write(&file, &bytes).unwrap();
    let down = dana.runs(&format!("cat {}", file.display())).succeeded();
    assert_eq!(digest(&down.out), digest(&bytes));
    let both = dana.input(bytes.clone()).runs("cat").succeeded();
    assert_eq!(digest(&both.out), digest(&bytes));
}

#[test]
fn the_end_of_input_reaches_the_server_while_output_goes_on() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    let ran = dana.clone().input("one\ntwo\n").runs("wc -l; seq 1 50000 | tail -n 1; exit 9");
    assert_eq!((ran.text().as_str(), ran.status), ("2\n50000\n", Some(9)));
    let ran = dana.with(&["-n"]).runs("cat; echo after the end").succeeded();
    assert_eq!(ran.text(), "after the end\n");
}

#[test]
fn the_end_of_output_does_not_end_the_command() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let ran = house
        .technician("dana")
        .ssh(TARGET)
        .runs("echo all; exec >&-; exec 2>&-; head -c 0 /dev/zero; exit 4");
    assert_eq!((ran.text().as_str(), ran.status), ("all\n", Some(4)));
}

#[test]
fn many_commands_over_one_connection_all_keep_their_status() {
    const COMMANDS: usize = 120;
    const AT_ONCE: usize = 6;
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..AT_ONCE)
            .map(|lane| {
                let dana = dana.clone();
                scope.spawn(move || {
                    let mine = (lane..COMMANDS).step_by(AT_ONCE);
                    let run = |n: usize| {
                        let ran = dana.runs(&format!("echo out {n}; exit {}", n % 200));
                        let right =
                            ran.status == i32::try_from(n % 200).ok() && ran.text() == format!("out {n}\n");
                        (!right).then(|| format!("{n}: {:?} {:?} {:?}", ran.status, ran.text(), ran.err))
                    };
                    mine.filter_map(run).collect::<Vec<_>>()
                })
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    });
    assert_eq!(wrong, Vec::<String>::new());
    master.ends_input();
    assert_eq!(master.ends().0.code(), Some(0));
    assert_eq!(house.sessions().len(), 1, "one connection is one visit");
}

#[test]
fn a_stalled_channel_does_not_hold_up_its_neighbours() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    // The target reads none of it.
    let mut pushing = dana.begins("echo pushing; sleep 1000");
    pushing.shows("pushing");
    pushing.floods();
    for n in 0..5 {
        assert_eq!(dana.runs(&format!("echo {n}")).succeeded().text(), format!("{n}\n"));
    }
    drop(pushing);
    master.ends_input();
}

#[test]
fn visits_side_by_side_do_not_mix() {
    const VISITS: usize = 8;
    let house = House::start();
    let admin = house.admin();
    let people: Vec<String> = (0..VISITS).map(|n| format!("tech{n}")).collect();
    for login in &people {
        let key = KeyPair::make(house.folder(), login);
        let key = key.public.to_str().unwrap();
        admin.does(&[
            "person",
            "add",
            login,
            "--role",
            "technician",
            "--vendor",
            "Meridian Infusion",
            "--ssh-key",
            key,
        ]);
        house.open_window(login, "exec", "+10m");
    }
    std::thread::scope(|scope| {
        for login in &people {
            let technician = house.technician(login);
            scope.spawn(move || {
                let bytes = noise(2 << 20);
                let ran = technician.ssh(TARGET).input(bytes.clone()).runs("cat").succeeded();
                assert_eq!(digest(&ran.out), digest(&bytes), "{}", technician.login);
            });
        }
    });
    assert_eq!(house.sessions().len(), VISITS);
}

#[test]
fn the_gates_host_key_is_the_one_that_init_made() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let keys = house.gate.data().join("keys").join("ssh_host_ed25519_key.pub");
    let installed = house.gate.installed.to_string();
    let line = std::fs::read_to_string(keys).unwrap();
    let blob = line.split_whitespace().nth(1).unwrap();
    assert!(installed.contains(blob), "init prints the host key: {installed}");
    let known = house.folder().join("pinned");
    std::fs::write(&known, format!("[127.0.0.1]:{} ssh-ed25519 {blob}\n", house.gate.ssh_port())).unwrap();
    let dana = house.technician("dana").ssh(TARGET);
    let strict =
        dana.option(&format!("UserKnownHostsFile={}", known.display())).option("StrictHostKeyChecking=yes");
    strict.runs("true").succeeded();
}

#[test]
fn only_the_banner_and_a_reference_are_said_before_sign_in() {
    let house =
        House::furnish().with("CHAPERONE_GATE__BANNER", "Private system. Visits are recorded.").start();
    house.open_window("dana", "exec", "+10m");
    let ran = house.technician("dana").ssh(TARGET).option("LogLevel=INFO").runs("true").succeeded();
    let reference = reference_in(&ran.err);
    let said = format!("Private system. Visits are recorded. Reference {reference}.");
    assert!(ran.err.contains(&said), "{}", ran.err);
    assert_eq!(house.fact("session-admitted").body["reference"], reference.as_str());
}

#[test]
fn nothing_is_added_to_the_output_of_a_command() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let ran = house.technician("dana").ssh(TARGET).runs("printf x").succeeded();
    assert_eq!((ran.out.as_slice(), ran.err.as_str()), (b"x".as_slice(), ""));
}

#[test]
fn variables_that_the_server_accepts_arrive() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET).option("SetEnv=LC_WINDOW=CHG0031337");
    assert_eq!(dana.runs("echo $LC_WINDOW").succeeded().text(), "CHG0031337\n");
}

#[test]
fn a_target_that_wants_every_byte_on_disk_first_works_the_same() {
    let house = House::start();
    house.add_target("alaris-sm-02", &house.target, &["--durable"]);
    house.open_window_on("alaris-sm-02", "dana", "exec", "+10m");
    let bytes = noise(1 << 20);
    let ran = house.technician("dana").ssh("alaris-sm-02").input(bytes.clone()).runs("cat").succeeded();
    assert_eq!(digest(&ran.out), digest(&bytes));
}

#[test]
fn a_password_opens_the_target_as_a_key_does() {
    let account = Account::make();
    let house = House::furnish().target(SshdOptions { passwords: true, ..SshdOptions::default() }).start();
    let (address, host) = (house.target.address(), house.target.host_key().public.clone());
    let priya = house.priya();
    let mut add = priya.command(&[
        "target",
        "add",
        "alaris-sm-03",
        "--ssh",
        &address,
        "--account",
        &account.login,
        "--password-stdin",
        "--host-key",
        host.to_str().unwrap(),
    ]);
    let mut add = Process::start("chaperone target add", add.stdin(Stdio::piped()));
    let input = add.child().stdin.take().unwrap();
    std::io::Write::write_all(&mut &input, format!("{}\n", account.password).as_bytes()).unwrap();
    drop(input);
    assert!(add.ends_within(chaperone_tests::PATIENCE).success());
    house.open_window_on("alaris-sm-03", "dana", "exec", "+10m");
    let ran = house.technician("dana").ssh("alaris-sm-03").runs("id -un").succeeded();
    assert_eq!(ran.text().trim(), account.login);
    assert!(!house.gate.log().contains(&account.password));
}

/// An account of this machine with a password, for as long as a scenario needs it. Only root can make one.
struct Account {
    login: String,
    password: String,
}

impl Account {
    fn make() -> Self {
        assert!(
            chaperone_tests::is_root(),
            "only root can make an account with a password: run tests/run as root"
        );
        let account = Self {
            login: format!("chaptest{}", std::process::id()),
            password: digest(&noise(16)).chars().take(24).collect(),
        };
        let made = std::process::Command::new("/usr/sbin/useradd")
            .args(["-M", "-d", "/", "-s", "/bin/sh", &account.login])
            .status();
        assert!(made.unwrap().success());
        let mut chpasswd = std::process::Command::new("/usr/sbin/chpasswd");
        let mut chpasswd = Process::start("chpasswd", chpasswd.stdin(Stdio::piped()));
        let input = chpasswd.child().stdin.take().unwrap();
        std::io::Write::write_all(
            &mut &input,
            format!("{}:{}\n", account.login, account.password).as_bytes(),
        )
        .unwrap();
        drop(input);
        assert!(chpasswd.ends_within(chaperone_tests::PATIENCE).success());
        account
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        drop(std::process::Command::new("/usr/sbin/userdel").arg(&self.login).output());
    }
}

#[test]
fn the_same_visit_works_on_postgresql() {
    let house = House::furnish().on(Engine::Postgresql).start();
    house.open_window("dana", "shell,exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    assert_eq!(dana.runs("echo hello").succeeded().text(), "hello\n");
    let mut terminal = dana.opens_a_shell();
    terminal.types("exit 5\n");
    assert_eq!(terminal.ends(), Some(5));
    assert_eq!(house.sessions().len(), 2);
}

#[test]
fn twenty_downloads_all_end_cleanly() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    for n in 0..20 {
        let ran = dana.runs("head -c 4194304 /dev/zero").succeeded();
        assert_eq!(ran.out.len(), 4 << 20, "download {n}");
    }
}
