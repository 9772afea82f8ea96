//! `ssh login@gate` without a server: a menu of one's own windows, from which a visit is opened like any other.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use chaperone_tests::{
    Furnishing, House, Service, Sshd, SshdOptions, TARGET, Terminal, eventually, free_port, on_both_databases,
};

#[track_caller]
fn menu(house: &House, login: &str) -> Terminal {
    let terminal = house.technician(login).ssh_as(login).opens_a_shell();
    terminal.shows("your change windows.");
    terminal
}

/// Asks for a window with a ticket of its own; returns its id.
#[track_caller]
fn asks(house: &House, login: &str, opens: &str, closes: &str, ticket: &str) -> String {
    let words = ["window", "request", "--target", TARGET, "--person", login, "--access", "shell"];
    let more =
        ["--opens", opens, "--closes", closes, "--purpose", "patch", "--ticket", ticket, "--reason", "patch"];
    let asked = house.gate.person(login).does(&[&words[..], &more[..]].concat());
    asked["id"].as_str().expect("a window has an id").to_owned()
}

on_both_databases!(a_window_is_chosen_by_its_number_and_is_a_visit_like_any_other);

fn a_window_is_chosen_by_its_number_and_is_a_visit_like_any_other(house: Furnishing) {
    let house = house.start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = menu(&house, "dana");
    terminal.shows(&format!("1) {TARGET}: open, 9 min"));
    terminal.shows("CHG0031337");
    assert!(house.sessions().is_empty(), "the menu is no visit");
    assert_eq!(house.fact("signed-in").body["proof"]["login"], "dana");
    terminal.types("1\r");
    terminal.shows("is recorded");
    terminal.types("echo $((6 * 7)) pumps; exit 5\r");
    terminal.shows("42 pumps");
    assert_eq!(terminal.ends(), Some(5));
    let session = house.newest_session();
    house.sealed(&session);
    let recorded = house.recorded(&session);
    assert!(recorded.output.contains("42 pumps"), "{recorded:?}");
    assert!(!recorded.output.contains("your change windows"), "the menu was no part of the visit");
}

#[test]
fn it_shows_ones_own_windows_open_ones_first_and_nobody_elses() {
    let house = House::start();
    house.approve(&asks(&house, "viktor", "now", "+1h", "CHG-VIKTOR"));
    house.approve(&asks(&house, "dana", "+2h", "+3h", "CHG-LATER"));
    let _asked = asks(&house, "dana", "+5h", "+6h", "CHG-ASKED");
    house.approve(&asks(&house, "dana", "now", "+1h", "CHG-NOW"));
    let mut terminal = menu(&house, "dana");
    terminal.shows("q leaves");
    let screen = terminal.screen();
    let at = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text} is not in {screen}"));
    assert!(at("CHG-NOW") < at("CHG-LATER") && at("CHG-LATER") < at("CHG-ASKED"), "{screen}");
    assert!(screen.contains("open, 59 min") && screen.contains("opens in 1 h 59 min"), "{screen}");
    assert!(screen.contains("waits for approval"), "{screen}");
    assert!(!screen.contains("VIKTOR") && !screen.contains("viktor"), "{screen}");
    // One that is not open is not tried: nobody is alarmed by a number.
    terminal.types("2\r");
    terminal.shows("This window is not open: opens in");
    terminal.types("9\r");
    terminal.shows("There is no such choice.");
    terminal.types("q\r");
    terminal.shows("Goodbye.");
    assert_eq!(terminal.ends(), Some(0));
    assert!(house.facts_of("attempt-refused").is_empty());
}

#[test]
fn of_several_servers_and_accounts_one_of_each_is_chosen() {
    let house = House::start();
    let second = Sshd::start(&house.folder().join("second"), &SshdOptions::default());
    house.add_target("alaris-sm-02", &second, &[]);
    let window = house.request("dana", "shell", "now", "+10m", &["--target", "alaris-sm-02"]);
    house.approve(&window);
    let mut terminal = menu(&house, "dana");
    terminal.shows(&format!("1) {TARGET}, alaris-sm-02"));
    terminal.types("1\r");
    terminal.shows("Which server?");
    terminal.types("3\r");
    terminal.shows("There is no such server in this window.");
    terminal.types("1\r2\r");
    terminal.shows("to alaris-sm-02");
    terminal.types("exit\r");
    assert_eq!(terminal.ends(), Some(0));
    assert_eq!(house.sessions().last().unwrap()["target"], "alaris-sm-02");
}

#[test]
fn more_time_is_asked_for_with_a_reason_and_is_a_fact() {
    let house = House::start();
    house.open_window("dana", "shell", "+20m");
    let mut terminal = menu(&house, "dana");
    terminal.types("m\r");
    terminal.shows("How many minutes more?");
    terminal.types("soon\rno matter\r");
    terminal.shows("Not asked: say how many minutes");
    terminal.types("m\r30\r");
    terminal.shows("Why?");
    terminal.types("the library needs a second pass\r");
    terminal.shows("Asked.");
    let fact = house.fact("more-time-asked");
    assert_eq!(fact.body["reason"], "the library needs a second pass");
    terminal.types("\x03");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn a_choice_is_an_attempt_of_its_own_and_a_refused_one_alarms_and_goes_back_to_the_menu() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = menu(&house, "dana");
    terminal.shows("q leaves");
    house.priya().does(&["target", "lock", TARGET, "--reason", "incident"]);
    terminal.types("1\r");
    terminal.shows("Your access is locked.");
    assert_eq!(house.refusal("attempt-refused", "locked").body["proof"]["login"], "dana");
    eventually(Duration::from_secs(10), "an alert", || {
        (!house.alerts_because("locked").is_empty()).then_some(())
    });
    house.priya().does(&["target", "unlock", TARGET, "--reason", "over"]);
    terminal.types("1\r");
    terminal.shows("is recorded");
    terminal.types("exit\r");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn who_chooses_again_and_again_what_is_refused_is_shown_out() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = menu(&house, "dana");
    terminal.shows("q leaves");
    house.priya().does(&["target", "lock", TARGET, "--reason", "incident"]);
    for refused in 1..=10 {
        terminal.types("1\r");
        eventually(Duration::from_secs(10), "the choice to be refused", || {
            (terminal.screen().matches("Your access is locked.").count() >= refused).then_some(())
        });
    }
    assert_eq!(terminal.ends(), Some(77));
    assert!(terminal.screen().contains("Too many choices were refused."), "{}", terminal.screen());
    assert_eq!(house.facts_of("attempt-refused").len(), 10);
}

#[test]
fn another_terminal_of_the_same_connection_gives_no_more_choices() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    house.priya().does(&["target", "lock", TARGET, "--reason", "incident"]);
    let said = house.technician("dana").raw(
        "dana",
        r"
for _ in range(3):
    channel = transport.open_session(timeout=20)
    channel.get_pty()
    channel.invoke_shell()
    channel.sendall(b'1\r' * 10)
    say(b'Too many choices were refused.' in everything(channel), channel.recv_exit_status())
",
    );
    assert_eq!(said, ["True 77"; 3]);
    assert_eq!(house.facts_of("attempt-refused").len(), 10);
}

/// Opens as many menus as somebody may be shown, and one more; takes many places of those that have not said who they are;
/// and then makes a visit.
const WAITING: &str = r"
def shows(user):
    other = paramiko.Transport(socket.create_connection(('127.0.0.1', PORT)))
    other.start_client(timeout=30)
    other.auth_publickey(user, paramiko.Ed25519Key.from_private_key_file(KEY))
    return other, terminal(other)
def terminal(other):
    channel = other.open_session(timeout=20)
    channel.get_pty()
    channel.invoke_shell()
    got = b''
    while b'q leaves' not in got and b'too many' not in got:
        got += channel.recv(4096)
    return got
terminal(transport)
menus = [shows('dana') for _ in range(15)]
say(all(b'q leaves' in shown for _, shown in menus))
one_more = shows('dana')
say(b'You are shown too many menus at once.' in one_more[1])
one_more[0].close()
others = [socket.create_connection(('127.0.0.1', PORT)) for _ in range(56)]
for other in others:
    other.sendall(b'SSH-2.0-waits\r\n')
    other.recv(4)
began = time.time()
visit = paramiko.Transport(socket.create_connection(('127.0.0.1', PORT)))
visit.start_client(timeout=30)
visit.auth_publickey('dana+alaris-sm-01', paramiko.Ed25519Key.from_private_key_file(KEY))
channel = visit.open_session(timeout=20)
channel.exec_command('echo in')
say(everything(channel).decode().strip(), time.time() - began < 10)
menus.pop()[0].close()
time.sleep(1)
say(b'q leaves' in shows('dana')[1])
";

#[test]
fn who_waits_at_a_menu_takes_no_place_from_others_of_the_same_address() {
    let house = House::start();
    house.open_window("dana", "shell,exec", "+10m");
    let said = house.technician("dana").raw("dana", WAITING);
    assert_eq!(said, ["True", "True", "in True", "True"]);
}

/// A server without SSH, chosen from the menu by somebody whose client listens for it on a local port.
struct Console {
    terminal: Terminal,
    local: u16,
    window: String,
}

/// A server that has no SSH, and what it has.
fn console(house: &House) -> Service {
    let service = Service::answers();
    let admin = format!("admin={}", service.address());
    house.priya().does(&["target", "add", "pump-console", "--tcp", &admin]);
    service
}

impl Console {
    fn chosen(house: &House, service: &Service) -> Self {
        let window = house.open_window_on("pump-console", "dana", "forward", "+2h");
        let local = free_port();
        let there = format!("{local}:admin:{}", service.port());
        let terminal = house.technician("dana").ssh_as("dana").with(&["-L", &there]).opens_a_shell();
        terminal.shows("1) pump-console: open,");
        terminal.types("1\r");
        terminal.shows("Its forwards are open while you stay connected");
        Self { terminal, local, window }
    }

    #[track_caller]
    fn is_reached(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.local)).unwrap();
        stream.write_all(b"x").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert_eq!(said, "Xbye");
    }
}

#[test]
fn a_server_without_a_terminal_is_chosen_for_its_forwards_and_the_menu_is_over() {
    let house = House::start();
    let service = console(&house);
    let mut console = Console::chosen(&house, &service);
    console.is_reached();
    console.terminal.types("1\r\r");
    console.is_reached();
    let screen = console.terminal.screen();
    assert_eq!(screen.matches("1) pump-console").count(), 1, "{screen}");
    assert_eq!(house.sessions().len(), 1, "one choice, one visit");
    house.priya().does(&["window", "revoke", &console.window, "--reason", "the wrong server"]);
    console.terminal.shows("the hospital has revoked this change window");
    console.terminal.ends();
    // Who has had enough leaves as from the menu.
    let mut again = Console::chosen(&house, &service);
    again.terminal.types("q\r");
    again.terminal.shows("Goodbye.");
    assert_eq!(again.terminal.ends(), Some(0));
    house.sealed(&house.newest_session());
}

#[test]
fn a_window_without_a_shell_opens_no_server_that_has_ssh() {
    let house = House::start();
    house.open_window("dana", "exec,forward", "+10m");
    let mut terminal = menu(&house, "dana");
    terminal.types("1\r");
    terminal
        .shows(&format!("This window grants no shell. Reach it with:\r\nssh LOGIN+{TARGET}@GATE COMMAND"));
    terminal.types("q\r");
    assert_eq!(terminal.ends(), Some(0));
    assert!(house.sessions().is_empty());
}

#[test]
fn a_window_of_forwards_or_of_a_console_says_how_it_is_reached() {
    let house = House::start();
    house.add_target("alaris-sm-02", &house.target, &["--tcp", "db=127.0.0.1:9"]);
    house.open_window_on("alaris-sm-02", "dana", "forward", "+10m");
    house.open_window_on("alaris-sm-02", "dana", "sftp-read", "+20m");
    let mut terminal = menu(&house, "dana");
    terminal.types("1\r");
    terminal.shows("Reach it with:\r\nssh -N -L PORT:NAME:PORT LOGIN+alaris-sm-02@GATE");
    terminal.types("2\r");
    terminal.shows("Reach it with:\r\nsftp LOGIN+alaris-sm-02@GATE");
    terminal.types("q\r");
    assert_eq!(terminal.ends(), Some(0));
    assert!(house.sessions().is_empty());
}

#[test]
fn a_window_that_opens_meanwhile_is_shown_as_open() {
    let house = House::start();
    let window = house.request("dana", "shell", "+6s", "+10m", &[]);
    house.approve(&window);
    let mut terminal = menu(&house, "dana");
    terminal.shows("opens in");
    terminal.shows(": open,");
    terminal.types("1\r");
    terminal.shows("is recorded");
    terminal.types("exit\r");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn who_types_nothing_is_not_kept_and_each_key_counts() {
    let house = House::furnish().with("CHAPERONE_GATE__MENU_IDLE_SECONDS", "3").start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = menu(&house, "dana");
    terminal.shows("q leaves");
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(4) {
        terminal.types("x");
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(terminal.is_running() && !terminal.screen().contains("Nothing was chosen"));
    let idle = Instant::now();
    terminal.shows("Nothing was chosen in time.");
    assert_eq!(terminal.ends(), Some(75));
    assert!(idle.elapsed() > Duration::from_secs(2), "{:?}", idle.elapsed());
    assert!(house.sessions().is_empty() && house.facts_of("attempt-refused").is_empty());
}

#[test]
fn a_narrow_terminal_shows_lines_that_fit() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = house.technician("dana").ssh_as("dana").opens_at((20, 10), "");
    terminal.shows("\r\n> ");
    let screen = terminal.screen();
    let menu = screen.split_once("Chaperone").map_or("", |(_, menu)| menu);
    assert!(menu.split("\r\n").skip(1).all(|line| line.chars().count() <= 20), "{screen:?}");
    assert!(!screen.contains("\x1b"), "plain text: {screen:?}");
    terminal.types("q\r");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn a_visit_has_the_size_that_the_terminal_has_by_then() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let terminal = menu(&house, "dana");
    terminal.shows("q leaves");
    terminal.resizes(132, 43);
    terminal.types("1\r");
    terminal.shows("is recorded");
    terminal.types("until stty size | grep -q '43 132'; do sleep 0.05; done; echo si$((1))zed\r");
    terminal.shows("si1zed");
}

#[test]
fn without_a_terminal_the_list_is_printed_and_how_to_name_a_server() {
    let house = House::start();
    house.open_window("dana", "shell,exec", "+10m");
    let dana = house.technician("dana").ssh_as("dana");
    for ran in [dana.runs("true"), dana.clone().with(&["-T"]).runs("")] {
        assert_eq!(ran.status, Some(64), "{ran:?}");
        assert!(
            ran.err.contains("LOGIN+SERVER@GATE") && ran.err.contains(&format!("{TARGET}: open, ")),
            "{ran:?}"
        );
        assert!(ran.out.is_empty());
    }
    assert!(house.sessions().is_empty());
}

#[test]
fn what_is_thrown_at_it_is_bounded_and_goes_nowhere() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let terminal = menu(&house, "dana");
    terminal.shows("q leaves");
    // A long line of everything, with what would act on a terminal, and no end.
    for _ in 0..50 {
        terminal.types(&"\x1b]0;pwned\x07\x1b[2Jsecret-typed-at-the-menu".repeat(60));
    }
    terminal.types("\r");
    terminal.shows("There is no such choice.");
    let screen = terminal.screen();
    assert!(!screen.contains('\x1b') && !screen.contains('\x07'), "nothing acts on the terminal");
    assert!(screen.len() < 64 << 10, "{} bytes were echoed", screen.len());
    terminal.types("1\r");
    terminal.shows("is recorded");
    assert!(!house.gate.log().contains("secret-typed"), "what is typed is in no log");
    let facts = house.facts();
    assert!(!facts.iter().any(|fact| fact.body.to_string().contains("secret-typed")), "nor in a fact");
}
