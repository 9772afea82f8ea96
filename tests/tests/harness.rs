//! The house's own parts, without the gate: what the scenarios stand on.

use std::net::TcpStream;
use std::time::Duration;

use chaperone_tests::{
    Direction, KeyPair, Proxy, Sshd, SshdOptions, Syslog, Technician, Weather, Webhook, free_port, legs,
    noise,
};
use tempfile::TempDir;

struct Lab {
    folder: TempDir,
    sshd: Sshd,
}

fn lab() -> Lab {
    let folder = tempfile::tempdir().unwrap();
    let sshd = Sshd::start(&folder.path().join("target"), &SshdOptions::default());
    Lab { folder, sshd }
}

impl Lab {
    /// Somebody who knows the account's key and goes around the gate.
    fn insider(&self) -> Technician {
        Technician {
            login: self.sshd.account().to_owned(),
            key: self.sshd.account_key().clone(),
            folder: self.folder.path().to_owned(),
            port: self.sshd.port(),
        }
    }
}

#[test]
fn the_target_is_a_real_ssh_server() {
    let lab = lab();
    let insider = lab.insider();
    let direct = insider.ssh_as(&insider.login);
    let ran = direct.runs("echo hello; echo trouble >&2; exit 3");
    assert_eq!((ran.text().as_str(), ran.err.as_str(), ran.status), ("hello\n", "trouble\n", Some(3)));
    let bytes = noise(1 << 20);
    assert_eq!(direct.clone().input(bytes.clone()).runs("cat").succeeded().out, bytes);
    let mut terminal = direct.opens_a_shell();
    terminal.types("echo $((6 * 7)) pumps\n");
    terminal.shows("42 pumps");
    terminal.resizes(132, 43);
    terminal.types("stty size\n");
    terminal.shows("43 132");
    assert_eq!(legs(lab.sshd.port(), lab.sshd.port()), (1, 1));
    terminal.types("exit 4\n");
    assert_eq!(terminal.ends(), Some(4));
}

#[test]
fn a_target_that_falls_takes_its_sessions_and_what_they_left_with_it() {
    let mut lab = lab();
    let insider = lab.insider();
    let mut visit = insider.ssh_as(&insider.login).begins("echo ready; exec sleep 1000");
    visit.shows("ready");
    lab.sshd.fall();
    visit.ends();
    assert!(TcpStream::connect(("127.0.0.1", lab.sshd.port())).is_err());
    lab.sshd.rise();
    insider.ssh_as(&insider.login).runs("true").succeeded();
}

#[test]
fn the_wire_notes_what_passes_and_breaks_when_told() {
    let lab = lab();
    let proxy = Proxy::before(lab.sshd.port());
    let insider = lab.insider().at_port(proxy.port());
    insider.ssh_as(&insider.login).runs("true").succeeded();
    let back = proxy.segments().iter().filter(|part| part.direction == Direction::Back).count();
    assert!(back > 4, "{back} segments came back");
    proxy.weather(Weather { breaks_after: Some(100_000), ..Weather::default() });
    let ran = insider.ssh_as(&insider.login).runs("head -c 1000000 /dev/zero");
    assert_eq!(ran.status, Some(255));
}

#[test]
fn the_soc_hears_syslog_in_octet_counting() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let mut syslog = Syslog::start(folder.path());
    let port = syslog.url().rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).unwrap();
    let say = |words: &str| {
        let message =
            format!("<84>1 2026-11-25T22:00:00Z gate chaperone - - [chaperone@32473 sequence=\"7\"] {words}");
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "{} {message}", message.len()).unwrap();
    };
    say("{\"class_uid\":2004,\n\"finding_info\":{\"title\":\"late\"}}");
    let first = syslog.hears(Duration::from_secs(10), "the first", |message| message.raw.contains("late"));
    assert_eq!(first.sequence(), Some(7));
    syslog.fall();
    syslog.rise();
    say("{\"finding_info\":{\"title\":\"again\"}}");
    let second =
        syslog.hears(Duration::from_secs(10), "the second", |message| message.title() == Some("again"));
    assert!(second.arrived >= first.arrived);
}

#[test]
fn the_soc_hears_webhooks() {
    use std::io::Write;
    let webhook = Webhook::start();
    webhook.answers_next_with("503 Service Unavailable");
    let port = webhook.url().split([':', '/']).find_map(|part| part.parse::<u16>().ok()).unwrap();
    for expected in ["503", "204"] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "POST /chaperone HTTP/1.1\r\nContent-Length: 2\r\nconnection: close\r\n\r\n{{}}")
            .unwrap();
        let mut answer = [0; 12];
        std::io::Read::read_exact(&mut stream, &mut answer).unwrap();
        assert!(String::from_utf8_lossy(&answer).ends_with(expected));
    }
    assert_eq!(webhook.received().len(), 2);
}

#[test]
fn postgresql_comes_goes_and_goes_back() {
    use chaperone_tests::{Database, Engine};
    let mut database = Database::prepare(Engine::Postgresql, std::path::Path::new("."));
    database.tamper("CREATE TABLE pumps (n INT); INSERT INTO pumps VALUES (1)");
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    database.back_up(&backup);
    database.tamper("INSERT INTO pumps VALUES (2)");
    assert_eq!(database.rows("SELECT n FROM pumps").len(), 2);
    database.restore(&backup);
    assert_eq!(database.rows("SELECT n FROM pumps").len(), 1);
}

#[test]
fn sqlite_can_be_locked_by_somebody_else() {
    use chaperone_tests::{Database, Engine};
    let folder = tempfile::tempdir().unwrap();
    let mut database = Database::prepare(Engine::Sqlite, folder.path());
    database.tamper("PRAGMA journal_mode = WAL; CREATE TABLE pumps (n INT); INSERT INTO pumps VALUES (1)");
    database.fall();
    assert_eq!(database.rows("SELECT n FROM pumps").len(), 1);
    database.rise();
    database.tamper("INSERT INTO pumps VALUES (2)");
    assert_eq!(database.rows("SELECT n FROM pumps").len(), 2);
}

#[test]
fn keys_and_ports_are_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (KeyPair::make(folder.path(), "dana"), KeyPair::make(folder.path(), "dana"));
    assert_eq!(one.line(), two.line());
    assert_ne!(free_port(), free_port());
}
