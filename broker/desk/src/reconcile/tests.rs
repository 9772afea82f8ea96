//! Logs as the real programs write them, logs as nobody should, and what fits a visit.

use std::net::SocketAddr;

use chaperone_policy::{PersonId, SessionId};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Calendar, LogFormat, ReadLog, SignIn, Visit, compare};

fn calendar() -> Calendar {
    Calendar { year: 2026, zone: TimeZone::get("Europe/Berlin").unwrap() }
}

fn read(text: &str) -> ReadLog {
    LogFormat::of(text).read(text, &calendar())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn source(sign_in: &SignIn) -> String {
    format!(
        "{}:{}",
        sign_in.source.unwrap(),
        sign_in.port.map_or_else(|| "-".to_owned(), |port| port.to_string())
    )
}

#[test]
fn every_form_of_an_sshd_log_gives_the_same_sign_in() {
    let said = "Accepted publickey for svc from 10.20.0.2 port 50022 ssh2: ED25519 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    let micros = at("2026-11-28T06:10:11Z").as_microsecond();
    for line in [
        format!("Nov 28 07:10:11 alaris-sm-01 sshd[4711]: {said}"),
        format!("2026-11-28T07:10:11+01:00 alaris-sm-01 sshd[4711]: {said}"),
        format!("2026-11-28T06:10:11.000000Z alaris-sm-01 sshd-session[4711]: {said}"),
        format!("2026-11-28T07:10:11+0100 alaris-sm-01 sshd[4711]: {said}"),
        format!(r#"{{"SYSLOG_IDENTIFIER":"sshd","__REALTIME_TIMESTAMP":"{micros}","MESSAGE":"{said}"}}"#),
        format!(
            r#"{{"_COMM":"sshd-session","_SOURCE_REALTIME_TIMESTAMP":"{micros}","__REALTIME_TIMESTAMP":"1","MESSAGE":"{said}"}}"#
        ),
    ] {
        let log = read(&line);
        assert_eq!(log.sign_ins.len(), 1, "{line}");
        let sign_in = &log.sign_ins[0];
        assert_eq!(sign_in.at, Some(at("2026-11-28T06:10:11Z")), "{line}");
        assert_eq!((sign_in.account.as_str(), source(sign_in).as_str()), ("svc", "10.20.0.2:50022"));
        assert_eq!((sign_in.how.as_str(), &sign_in.serial), ("publickey", &None));
    }
    let untimed = read(&format!("Server listening on :: port 22.\n{said}\nDisconnected from user svc"));
    assert_eq!((untimed.sign_ins[0].at, untimed.sign_ins[0].line), (None, 2));
}

#[test]
fn a_certificate_s_serial_and_other_methods_are_read() {
    let log = read(
        "Nov 28 07:10:11 h sshd[1]: Accepted publickey for svc from 10.0.0.1 port 1 ssh2: ED25519-CERT SHA256:AAAA ID visit from x (serial 4711) CA ED25519 SHA256:BBBB\n\
         Nov 28 07:10:12 h sshd[2]: Accepted password for MEDNET\\svc from ::ffff:10.0.0.2 port 2 ssh2\n\
         Nov 28 07:10:13 h sshd[3]: Accepted keyboard-interactive/pam for svc from fe80::1%eth0 port 3 ssh2\n\
         Nov 28 07:10:14 h sshd[3]: pam_unix(sshd:session): session opened for user svc(uid=1000) by (uid=0)\n\
         Nov 28 07:10:15 h CRON[9]: Accepted publickey for svc from 10.0.0.9 port 9 ssh2\n\
         Nov 28 07:10:16 h sshd[3]: Failed password for svc from 10.0.0.3 port 4 ssh2\n",
    );
    let sources: Vec<String> = log.sign_ins.iter().map(source).collect();
    assert_eq!(sources, ["10.0.0.1:1", "10.0.0.2:2", "fe80::1:3"]);
    assert_eq!(log.sign_ins[0].serial.as_deref(), Some("4711"));
    assert_eq!(log.sign_ins[1].account, "svc");
    assert_eq!((log.lines, log.understood), (6, 5));
    assert_eq!(
        read("<38>Nov 28 07:10:11 h sshd[1]: Accepted password for svc from 10.0.0.1 port 1 ssh2")
            .sign_ins
            .len(),
        1
    );
    assert_eq!(log.unread_lines, [5], "another program's words are none of sshd's, and are named");
    assert_eq!(log.span, Some((at("2026-11-28T06:10:11Z"), at("2026-11-28T06:10:16Z"))));
}

#[test]
fn a_name_that_a_stranger_made_up_makes_no_sign_in() {
    for hostile in [
        "Nov 28 07:10:11 h sshd[1]: Invalid user Accepted publickey for svc from 10.0.0.1 port 1 ssh2 from 203.0.113.9 port 5",
        "Nov 28 07:10:11 h sshd[1]: Invalid user x sshd[1]: Accepted password for svc from 10.0.0.1 port 1 ssh2",
        "Nov 28 07:10:11 h sshd[1]: Failed password for invalid user a sshd[2]: Accepted password for b from 10.0.0.1 port 1 ssh2 from 203.0.113.9 port 5 ssh2",
        "Nov 28 07:10:11 h sshd[1]: Accepted publickey for svc from nowhere port 1 ssh2",
        "Nov 28 07:10:11 h sshd[1]: Accepted publickey for svc from 10.0.0.1 port 99999 ssh2",
    ] {
        assert!(read(hostile).sign_ins.is_empty(), "{hostile}");
    }
}

#[test]
fn what_tells_of_a_sign_in_and_cannot_be_read_is_counted_and_named() {
    let sign_in = "Accepted publickey for svc from 10.0.0.1 port 1 ssh2";
    for odd in [
        format!("28 Nov 2026 07:10:11 h sshd[1]: {sign_in}"),
        format!("[1234.567] sshd[1]: {sign_in}"),
        format!("<38>x y h sshd[1]: {sign_in}"),
        "Nov 28 07:10:11 h sshd[1]: Accepted publickey for svc from nowhere port 1 ssh2".to_owned(),
        event(4624, &[("TargetUserName", "svc"), ("IpAddress", "203.0.113.9")]),
        event(4624, &[("LogonType", "10"), ("IpAddress", "203.0.113.9")]),
        event(4778, &[("ClientAddress", "203.0.113.9")]),
        event(4624, &[("TargetUserName", "svc")]).replace("SystemTime", "Zeit"),
        "Level,Date and Time,Source,Event ID\nInformation,28.11.2026 07:10:11,x,4624,\"Anmeldetyp:\t10\r\nKontoname:\tsvc\"\n".to_owned(),
        "Level;Datum und Uhrzeit;Quelle;Event ID\nInformation;28.11.2026 07:10:11;x;4624;\"Anmeldetyp: 10\"\n".to_owned(),
    ] {
        let log = read(&format!("{odd}\n"));
        assert!(log.sign_ins.is_empty() && log.unread == 1, "{odd}: {log:?}");
        assert_eq!(log.unread_lines.len(), 1);
    }
}

#[test]
fn a_key_that_would_do_is_no_sign_in_yet() {
    for note in [
        "Accepted key ED25519 SHA256:wn7pPm2tynOfQ5Uchw3 found at /root/.ssh/authorized_keys:1",
        "Accepted certificate ID \"visit\" (serial 7) signed by ED25519 CA SHA256:AAAA via /etc/ssh/ca.pub",
    ] {
        for line in [note.to_owned(), format!("Nov 28 07:10:11 h sshd[1]: {note}")] {
            let log = read(&format!("{line}\n"));
            assert!(log.sign_ins.is_empty() && log.unread == 0, "{line}: {log:?}");
        }
    }
}

#[test]
fn whoever_comes_from_elsewhere_is_read_by_whichever_kind_of_logon() {
    let logon = |kind, user, source| {
        event(4624, &[("TargetUserName", user), ("LogonType", kind), ("IpAddress", source), ("IpPort", "-")])
    };
    for (kind, user, source, comes) in [
        ("8", "svc", "-", true),
        ("8", "backdoor$", "203.0.113.9", true),
        ("10", "backdoor$", "203.0.113.9", true),
        ("12", "svc", "203.0.113.9", true),
        ("11", "svc", "203.0.113.9", true),
        ("11", "svc", "-", false),
        ("3", "PUMP-DB$", "10.20.0.9", false),
        ("3", "svc", "-", false),
        ("5", "svc", "-", false),
    ] {
        let log = read(&logon(kind, user, source));
        assert_eq!((log.sign_ins.len(), log.unread), (usize::from(comes), 0), "{kind} {user} {source}");
    }
}

#[test]
fn a_log_that_goes_over_new_year_goes_on() {
    let line =
        |stamp: &str| format!("{stamp} h sshd[1]: Accepted publickey for svc from 10.0.0.1 port 1 ssh2\n");
    let log = read(&format!("{}{}", line("Dec 31 23:59:59"), line("Jan  1 00:00:01")));
    let times: Vec<_> = log.sign_ins.iter().map(|sign_in| sign_in.at.unwrap()).collect();
    assert_eq!(times, [at("2026-12-31T22:59:59Z"), at("2026-12-31T23:00:01Z")]);
}

fn event(id: u16, data: &[(&str, &str)]) -> String {
    let data: String =
        data.iter().map(|(name, value)| format!("<Data Name='{name}'>{value}</Data>")).collect();
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/>\
         <EventID>{id}</EventID><TimeCreated SystemTime='2026-11-28T06:10:11.1234567Z'/><Computer>pump-db</Computer></System>\
         <EventData>{data}</EventData></Event>"
    )
}

#[test]
fn windows_events_as_xml_are_read() {
    let logon = |kind, user, source, port| {
        event(
            4624,
            &[
                ("SubjectUserName", "PUMP-DB$"),
                ("TargetUserName", user),
                ("TargetDomainName", "MEDNET"),
                ("LogonType", kind),
                ("IpAddress", source),
                ("IpPort", port),
            ],
        )
    };
    let text = [
        logon("10", "svc", "10.20.0.2", "50022"),
        logon("3", "svc", "::ffff:10.20.0.2", "0"),
        logon("5", "SYSTEM", "-", "-"),
        logon("2", "svc", "127.0.0.1", "0"),
        logon("3", "PUMP-DB$", "10.20.0.9", "1"),
        logon("3", "ANONYMOUS LOGON", "10.20.0.9", "1"),
        logon("7", "svc", "-", "-"),
        event(
            4778,
            &[("AccountName", "a&amp;b"), ("ClientName", "LAPTOP"), ("ClientAddress", "203.0.113.9")],
        ),
        event(
            4625,
            &[("TargetUserName", "svc"), ("LogonType", "3"), ("IpAddress", "203.0.113.9"), ("IpPort", "7")],
        ),
    ]
    .join("\n");
    let log = read(&text);
    let found: Vec<_> =
        log.sign_ins.iter().map(|s| (s.line, s.account.as_str(), s.how.as_str(), source(s))).collect();
    assert_eq!(
        found,
        [
            (1, "svc", "logon type 10", "10.20.0.2:50022".to_owned()),
            (2, "svc", "logon type 3", "10.20.0.2:-".to_owned()),
            (8, "a&b", "session reconnected", "203.0.113.9:-".to_owned()),
        ]
    );
    assert_eq!((log.lines, log.understood), (9, 9));
    assert!(log.sign_ins[0].at.unwrap() > at("2026-11-28T06:10:11Z"));
}

#[test]
fn windows_events_as_event_viewer_saves_them_are_read() {
    let message = "An account was successfully logged on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tSYSTEM\r\n\tAccount Name:\t\tPUMP-DB$\r\n\r\n\
        Logon Information:\r\n\tLogon Type:\t\t10\r\n\r\nNew Logon:\r\n\tSecurity ID:\t\tMEDNET\\svc\r\n\tAccount Name:\t\tsvc\r\n\r\n\
        Network Information:\r\n\tWorkstation Name:\tLAPTOP\r\n\tSource Network Address:\t10.20.0.2\r\n\tSource Port:\t\t50022\r\n";
    for (when, instant) in [
        ("11/28/2026 7:10:11 AM", "2026-11-28T06:10:11Z"),
        ("11/28/2026 12:10:11 PM", "2026-11-28T11:10:11Z"),
        ("28/11/2026 07:10:11", "2026-11-28T06:10:11Z"),
        ("28.11.2026 07:10:11", "2026-11-28T06:10:11Z"),
        ("2026-11-28 07:10:11", "2026-11-28T06:10:11Z"),
    ] {
        let text = format!(
            "\u{feff}Level,Date and Time,Source,Event ID,Task Category\r\n\
             Information,{when},Microsoft-Windows-Security-Auditing,4624,Logon,\"{message}\"\r\n\
             Information,{when},Microsoft-Windows-Security-Auditing,4634,Logoff,\"An account was logged off.\"\r\n"
        );
        let log = read(&text);
        assert_eq!(log.sign_ins.len(), 1, "{when}");
        let sign_in = &log.sign_ins[0];
        assert_eq!((sign_in.account.as_str(), source(sign_in).as_str()), ("svc", "10.20.0.2:50022"));
        assert_eq!((sign_in.at, sign_in.line), (Some(at(instant)), 2), "{when}");
        assert_eq!((log.lines, log.understood), (2, 2));
    }
    let exported =
        format!("\"TimeCreated\";\"Id\";\"Message\"\n\"28.11.2026 07:10:11\";\"4624\";\"{message}\"\n");
    assert_eq!(read(&exported).sign_ins.len(), 1);
}

fn visit(number: u128, started: &str, leg: Option<&str>) -> Visit {
    Visit {
        session: SessionId(Uuid::from_u128(number)),
        person: PersonId(Uuid::from_u128(1)),
        account: "svc".to_owned(),
        started: at(started),
        ended: Some(at(started) + SignedDuration::from_mins(10)),
        leg: leg.map(|leg| leg.parse::<SocketAddr>().unwrap()),
        serial: SessionId(Uuid::from_u128(number)).serial().to_string(),
        reached: leg.is_some(),
    }
}

fn signed_in(when: Option<&str>, from: &str) -> SignIn {
    let from: SocketAddr = from.parse().unwrap();
    SignIn {
        line: 1,
        at: when.map(at),
        account: "svc".to_owned(),
        source: Some(from.ip()),
        port: Some(from.port()).filter(|port| *port != 0),
        how: "publickey".to_owned(),
        serial: None,
    }
}

#[test]
fn a_sign_in_is_explained_by_the_connection_that_made_it_and_by_nothing_else() {
    let span = Some((at("2026-11-28T06:00:00Z"), at("2026-11-28T07:00:00Z")));
    let minute = SignedDuration::from_mins(1);
    let one = || visit(1, "2026-11-28T06:10:00Z", Some("10.20.0.2:50022"));
    let judge = |sign_in, visits| compare(vec![sign_in], visits, span, minute);
    let fits = |sign_in| judge(sign_in, vec![one()]).unexplained.is_empty();
    assert!(fits(signed_in(Some("2026-11-28T06:10:01Z"), "10.20.0.2:50022")));
    assert!(fits(signed_in(None, "10.20.0.2:50022")), "the port says enough");
    assert!(
        fits(signed_in(Some("2026-11-28T06:10:30Z"), "10.20.0.2:0")),
        "no port in the log: time and account"
    );
    assert!(
        !fits(signed_in(Some("2026-11-28T06:10:01Z"), "10.20.0.2:50023")),
        "another connection of the gate's"
    );
    assert!(!fits(signed_in(Some("2026-11-28T06:10:01Z"), "203.0.113.9:50022")), "the same port elsewhere");
    assert!(!fits(signed_in(Some("2026-11-28T06:40:01Z"), "10.20.0.2:50022")), "long after the visit");
    assert!(!fits(SignIn { account: "root".to_owned(), ..signed_in(None, "10.20.0.2:50022") }));
    assert!(!fits(signed_in(None, "10.20.0.2:0")), "neither a time nor a port");
    // A visit explains one sign-in.
    let both = vec![signed_in(None, "10.20.0.2:50022"), signed_in(None, "10.20.0.2:50022")];
    let judged = compare(both, vec![one()], span, minute);
    assert_eq!((judged.explained.len(), judged.unexplained.len()), (1, 1));
    // Visits without a sign-in are those that reached the server while the log was written.
    let visits = vec![
        one(),
        visit(2, "2026-11-28T06:20:00Z", None),
        visit(3, "2026-11-28T05:10:00Z", Some("10.20.0.2:4")),
    ];
    let judged = compare(Vec::new(), visits, span, minute);
    let missing: Vec<_> = judged.without_sign_in.iter().map(|visit| visit.session.0.as_u128()).collect();
    assert_eq!(missing, [1]);
}

mod hostile {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{LogFormat, calendar};

    proptest! {
        #[test]
        fn no_text_makes_a_reader_panic_or_invent_fields(text in any::<String>(), which in 0_usize..4) {
            let log = LogFormat::ALL[which].read(&text, &calendar());
            prop_assert!(log.understood <= log.lines);
            for sign_in in log.sign_ins {
                prop_assert!(sign_in.account.chars().count() <= 128 && !sign_in.account.contains('\n'));
            }
        }

        #[test]
        fn lines_that_are_nearly_right_are_read_or_left(
            stamp in "(Nov|Dez|Feb) [ 0-9]{1,2} [0-9:]{0,8}", name in "[a-z \u{e9}\u{2028}\\[\\]:]{0,40}",
            rest in "(Accepted|accepted) .{0,30} (for|from) .{0,30} port [0-9]{0,7}.{0,30}",
        ) {
            let log = LogFormat::Sshd.read(&format!("{stamp} {name} sshd[1]: {rest}"), &calendar());
            prop_assert!(log.sign_ins.len() <= 1);
        }

        #[test]
        fn events_that_are_cut_or_doubled_are_left(cut in any::<prop_index::Index>(), twice in any::<bool>()) {
            let event = super::event(4624, &[("LogonType", "10"), ("TargetUserName", "svc"), ("IpAddress", "10.0.0.1"), ("IpPort", "7")]);
            let event = &event[..cut.index(event.len())];
            let text = if twice { format!("{event}{event}") } else { event.to_owned() };
            prop_assert!(LogFormat::WindowsXml.read(&text, &calendar()).sign_ins.is_empty());
        }
    }

    use proptest::sample as prop_index;
}

fn certified(when: Option<&str>, from: &str, serial: u64) -> SignIn {
    SignIn { serial: Some(serial.to_string()), ..signed_in(when, from) }
}

#[test]
fn a_serial_names_its_visit_whatever_address_the_server_saw_and_once_only() {
    let visits = || vec![visit(7, "2026-11-28T07:00:00Z", Some("10.0.0.1:50001"))];
    let during = Some("2026-11-28T07:00:01Z");
    let tolerance = SignedDuration::from_secs(60);
    // A firewall between the gate and the server has given the connection another address and port.
    let one = vec![certified(during, "192.0.2.9:1024", 7)];
    let found = compare(one.clone(), visits(), None, tolerance);
    assert_eq!((found.explained.len(), found.unexplained.len(), found.without_sign_in.len()), (1, 0, 0));
    // The same certificate a second time is somebody else.
    let twice = [one, vec![certified(during, "192.0.2.66:4000", 7)]].concat();
    let found = compare(twice, visits(), None, tolerance);
    assert_eq!((found.explained.len(), found.unexplained.len()), (1, 1));
    // Another certificate from the visit's own port is not the visit's; nor is its own, hours after it has ended.
    for other in
        [certified(during, "10.0.0.1:50001", 8), certified(Some("2026-11-28T12:00:00Z"), "10.0.0.1:50001", 7)]
    {
        let found = compare(vec![other], visits(), None, tolerance);
        assert_eq!((found.explained.len(), found.unexplained.len()), (0, 1));
    }
}
