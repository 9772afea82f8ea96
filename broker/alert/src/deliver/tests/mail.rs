//! Alerts by mail, against a mail server that refuses whom it is told to.

use std::sync::Arc;

use chaperone_store::{Destination, DestinationKind, Reach};
use proptest::prelude::*;
use rustls::ServerConfig;
use serde_json::{Value, json};

use super::authority::{Authority, parsed};
use super::mail_server::{Kind, MailServer};
use super::{MemoryOutbox, Running, destination, until};
use crate::deliver::link::Outgoing;
use crate::deliver::mail::Mail;
use crate::deliver::mail::letter::Letter;

fn config(own: &(String, String)) -> Arc<ServerConfig> {
    let (chain, key) = parsed(own);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

/// A destination of alerts for `to` at a server.
fn at(
    scheme: &str,
    server: &MailServer,
    ca: Option<&Authority>,
    to: &[&str],
    user: Option<&str>,
) -> Destination {
    let reach = Reach {
        ca: ca.map(Authority::pem),
        from: Some("gate@hospital.example".parse().unwrap()),
        to: to.iter().map(|to| to.parse().unwrap()).collect(),
        user: user.map(str::to_owned),
        ..Reach::default()
    };
    let url = format!("{scheme}://localhost:{}", server.address.port());
    Destination { reach, ..destination(DestinationKind::Smtp, &url) }
}

#[tokio::test]
async fn alerts_are_letters_in_order_and_a_repeat_has_the_same_id() {
    let hospital = Authority::new("hospital");
    let own = hospital.issue(&["localhost"]);
    for (scheme, kind) in [("smtp", Kind::StartTls(config(&own))), ("smtps", Kind::Whole(config(&own)))] {
        let server = MailServer::listen(kind, &[]).await;
        let outbox = MemoryOutbox::with(1..=3);
        outbox.refuse_marks(true);
        let to = at(scheme, &server, Some(&hospital), &["soc@hospital.example"], Some("gate"));
        let running = Running::to(&outbox, &to, Some("secret"));
        until("the first, again and again", || server.taken().len() >= 2).await;
        outbox.refuse_marks(false);
        until("all marked", || outbox.marked() == 3).await;
        drop(running);
        let taken = server.taken();
        assert!(taken.iter().all(|letter| letter.encrypted && letter.login.as_deref() == Some("gate")));
        let mut ids: Vec<_> = taken.iter().map(|letter| letter.headers("Message-ID").concat()).collect();
        assert_eq!(ids[0], ids[1], "a repeat can be told");
        ids.dedup();
        let expected: Vec<_> = (1..=3).map(|n| format!("<uid-{n}@hospital.example>")).collect();
        assert_eq!(ids, expected, "in order");
        assert_eq!(taken[0].headers("To"), ["soc@hospital.example"]);
        assert_eq!(taken[0].headers("Auto-Submitted"), ["auto-generated"]);
    }
}

#[tokio::test]
async fn a_server_that_is_not_to_be_trusted_gets_nothing() {
    let (hospital, other) = (Authority::new("hospital"), Authority::new("other"));
    let own = config(&hospital.issue(&["localhost"]));
    let fault = |kind, scheme, ca, user, secret, words: &'static str| async move {
        let server = MailServer::listen(kind, &[]).await;
        let outbox = MemoryOutbox::with(1..=1);
        let to = at(scheme, &server, Some(ca), &["soc@hospital.example"], user);
        let running = Running::to(&outbox, &to, secret);
        until("a fault", || running.gauge.read().fault.is_some()).await;
        let fault = running.gauge.read().fault.unwrap();
        assert!(fault.contains(words), "{fault}");
        assert!(!fault.contains("hunter2"), "{fault}");
        assert_eq!((outbox.marked(), server.taken().len()), (0, 0));
    };
    fault(Kind::Clear, "smtp", &hospital, None, None, "does not offer STARTTLS").await;
    fault(Kind::StartTls(Arc::clone(&own)), "smtp", &other, None, None, "does not lead to the CA").await;
    fault(Kind::Whole(Arc::clone(&own)), "smtps", &other, None, None, "does not lead to the CA").await;
    let misnamed = config(&hospital.issue(&["mail.example"]));
    fault(Kind::Whole(misnamed), "smtps", &hospital, None, None, "and not for localhost").await;
    fault(Kind::Whole(own), "smtps", &hospital, Some("gate"), Some("hunter2"), "does not let us in").await;
}

#[tokio::test]
async fn on_this_machine_a_server_is_spoken_to_in_the_clear_and_gets_no_password() {
    let server = MailServer::listen(Kind::Clear, &[]).await;
    let outbox = MemoryOutbox::with(1..=1);
    let to = at("smtp", &server, None, &["soc@hospital.example"], None);
    let _running = Running::to(&outbox, &to, None);
    until("marked", || outbox.marked() == 1).await;
    assert!(!server.taken()[0].encrypted);
    let with_password = at("smtp", &server, None, &["soc@hospital.example"], Some("gate"));
    assert!(Mail::new(&with_password, Some("secret")).unwrap_err().to_string().contains("in the clear"));
}

#[tokio::test]
async fn one_address_that_is_wrong_does_not_keep_alerts_from_the_others() {
    const ANSWERS: &[(&str, &str)] =
        &[("gone@", "550 5.1.1 no such mailbox"), ("full@", "452 4.2.2 mailbox full")];
    let server = MailServer::listen(Kind::Clear, ANSWERS).await;
    let outbox = MemoryOutbox::with(1..=2);
    let to = at("smtp", &server, None, &["gone@hospital.example", "soc@hospital.example"], None);
    let _running = Running::to(&outbox, &to, None);
    until("both marked", || outbox.marked() == 2).await;
    assert!(server.taken().iter().all(|letter| letter.to == "soc@hospital.example"));
    // Nobody took it: it waits, and says why.
    for (nobody, words) in
        [("gone@hospital.example", "no such mailbox"), ("full@hospital.example", "mailbox full")]
    {
        let outbox = MemoryOutbox::with(1..=1);
        let running = Running::to(&outbox, &at("smtp", &server, None, &[nobody], None), None);
        until("a fault", || running.gauge.read().fault.is_some()).await;
        let fault = running.gauge.read().fault.unwrap();
        assert!(fault.contains(words) && outbox.marked() == 0, "{fault}");
    }
}

/// A notice to one address.
fn notice(to: Option<&str>, n: u64) -> Value {
    json!({
        "time": 1_800_000_000_000_i64, "message": "Change window approved", "metadata": { "uid": format!("n-{n}") },
        "notice": {
            "topic": "approved", "window": "w-1", "to": { "email": to }, "subject": "Change window approved",
            "text": "Priya approved this change window.\n\nWhat to do next: be ready.\n", "path": "/windows/w-1",
        },
    })
}

#[tokio::test]
async fn a_notice_goes_to_its_own_reader_and_a_mailbox_that_is_gone_holds_up_nobody() {
    const ANSWERS: &[(&str, &str)] = &[("gone@", "550 5.1.1 no such mailbox")];
    let server = MailServer::listen(Kind::Clear, ANSWERS).await;
    let outbox = MemoryOutbox::default();
    let readers =
        [Some("dana@meridian.example"), Some("gone@meridian.example"), None, Some("priya@hospital.example")];
    for (n, to) in (1..).zip(readers) {
        outbox.put(n, notice(to, n));
    }
    let to = Destination { events: "notices".to_owned(), ..at("smtp", &server, None, &[], None) };
    let _running = Running::to(&outbox, &to, None);
    until("all marked", || outbox.marked() == 4).await;
    assert_eq!(outbox.passed_by(), [2, 3], "what nobody takes is written down");
    let taken = server.taken();
    let readers: Vec<_> = taken.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(readers, ["dana@meridian.example", "priya@hospital.example"]);
    assert_eq!(taken[0].headers("To"), ["dana@meridian.example"]);
    assert_eq!(taken[0].headers("Message-ID"), ["<n-1@hospital.example>"]);
    assert_eq!(taken[0].headers("References"), ["<window-w-1@hospital.example>"]);
    assert!(
        taken[0].text.contains("What to do next: be ready.\nhttps://gate.example/windows/w-1\n"),
        "{}",
        taken[0].text
    );
}

#[test]
fn what_mail_needs_is_asked_for_before_it_is_stored() {
    let reach = Reach { from: Some("gate@hospital.example".parse().unwrap()), ..Reach::default() };
    let to = vec!["soc@hospital.example".parse().unwrap()];
    let made = |reach: &Reach, events: &str, secret: Option<&str>| {
        let plain = destination(DestinationKind::Smtp, "smtp://localhost");
        let all = Destination { reach: reach.clone(), events: events.to_owned(), ..plain };
        Mail::new(&all, secret).map(drop).map_err(|fault| fault.to_string())
    };
    assert!(made(&reach, "alerts", None).unwrap_err().contains("somebody to go to"));
    assert!(made(&reach, "notices", None).is_ok());
    let whole = Reach { to, ..reach };
    assert!(made(&whole, "alerts", None).is_ok());
    assert!(made(&whole, "notices", None).unwrap_err().contains("to the people whom they are for"));
    assert!(made(&whole, "alerts", Some("secret")).unwrap_err().contains("a password too"));
    let user = Reach { user: Some("gate".to_owned()), ..whole.clone() };
    assert!(made(&user, "alerts", None).unwrap_err().contains("a password too"));
    let nobody = Reach { from: None, ..whole };
    assert!(made(&nobody, "alerts", None).unwrap_err().contains("needs a sender"));
}

/// An alert in which every text is the attacker's.
fn hostile(text: &str) -> Value {
    json!({
        "class_uid": 2004, "activity_id": 1, "severity": text, "message": text, "time": 1_800_000_000_000_i64, "count": 3,
        "metadata": { "uid": text },
        "finding_info": { "uid": text },
        "unmapped": { "alert": {
            "outcome": text,
            "who": { "name": text, "login": text, "vendor": text, "proof": text, "address": text },
            "what": { "name": text, "site": text, "unit": text },
            "windows": { "running": { "local": text, "ticket": text } },
            "what_next": [text, text],
        } },
    })
}

proptest! {
    /// P10: whatever names, tickets and reasons hold, the letter has the headers that it should, once each.
    #[test]
    fn no_text_becomes_a_header_or_a_second_letter(text in "(\\PC|[\r\n\t\0: .]){0,60}|(\r\n|\n|\r)(Bcc: x@y.example|\\.)(\r\n|\n){1,2}.{0,20}") {
        let event = hostile(&text);
        let out = Outgoing { event: &event, sequence: 7, destination: "soc", node: "gate-1", site: "https://gate.example" };
        let letter = Letter::of(&out);
        prop_assert!(!letter.subject.contains(['\r', '\n']));
        prop_assert!(!letter.text.contains('\r'));
        let mail = Mail::new(&plain(), None).unwrap();
        let bytes = String::from_utf8(mail.message(&letter, &["soc@hospital.example".parse().unwrap()]).unwrap()).unwrap();
        let (head, _) = bytes.split_once("\r\n\r\n").unwrap();
        let mut names: Vec<_> = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).map(|line| {
            line.split_once(':').map(|(name, _)| name).unwrap_or("none")
        }).collect();
        names.sort_unstable();
        let expected = [
            "Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "References", "Subject", "To",
        ];
        prop_assert_eq!(names.into_iter().filter(|name| *name != "References").collect::<Vec<_>>(),
            expected.into_iter().filter(|name| *name != "References").collect::<Vec<_>>(), "{}", head);
        prop_assert!(bytes.bytes().all(|b| b == b'\r' || b == b'\n' || (b' '..=b'~').contains(&b)), "{}", bytes);
        prop_assert!(!bytes.replace("\r\n", "").contains(['\r', '\n']), "no bare line feed");
    }
}

fn plain() -> Destination {
    let reach = Reach {
        from: Some("gate@hospital.example".parse().unwrap()),
        to: vec!["soc@hospital.example".parse().unwrap()],
        ..Reach::default()
    };
    Destination { reach, ..destination(DestinationKind::Smtp, "smtp://localhost") }
}

#[test]
fn a_letter_reads_from_top_to_bottom() {
    let event = json!({
        "class_uid": 2004, "activity_id": 1, "severity": "High", "time": 1_800_000_000_000_i64, "count": 3,
        "message": "Off schedule: late by 3 h 10 min; Dana Reyes (dana, Meridian Infusion) to alaris-sm-01; refused",
        "metadata": { "uid": "u-1" },
        "finding_info": { "uid": "a-1" },
        "unmapped": { "alert": {
            "outcome": "refused",
            "who": { "name": "Dana Reyes", "login": "dana", "vendor": "Meridian Infusion", "address": "203.0.113.77" },
            "what": { "name": "alaris-sm-01", "unit": "ICU, ED", "pumps": 412, "patient_data": true },
            "when": { "local": "Mon 2026-11-23 03:10:00 CET" },
            "attempts": { "last": "2026-11-23T02:11:00Z" },
            "what_next": ["Call the person.", "Lock the key.", "Open a case."],
        } },
    });
    let out = Outgoing {
        event: &event,
        sequence: 7,
        destination: "soc",
        node: "gate-1",
        site: "https://gate.example",
    };
    let letter = Letter::of(&out);
    assert_eq!(
        letter.subject,
        "[HIGH] Off schedule: late by 3 h 10 min; Dana Reyes (dana, Meridian Infusion) to alaris-sm-01; refused"
    );
    assert_eq!((letter.id.as_str(), letter.thread.as_deref()), ("u-1", Some("alert-a-1")));
    let mut rest = letter.text.as_str();
    for next in [
        "Off schedule: late by 3 h 10 min",
        "Outcome:       refused",
        "Dana Reyes, dana, Meridian Infusion",
        "203.0.113.77",
        "alaris-sm-01, ICU, ED",
        "412 pumps depend on it, it holds patient data",
        "Mon 2026-11-23 03:10:00 CET",
        "3 times",
        "What to do next:\n1. Call the person.\n2. Lock the key.\n3. Open a case.\n",
        "https://gate.example/soc/alerts/a-1",
        "Number 7 to soc",
    ] {
        let at =
            rest.find(next).unwrap_or_else(|| panic!("{next:?} is not in its place in:\n{}", letter.text));
        rest = &rest[at + next.len()..];
    }
    let mail = Mail::new(&plain(), None).unwrap();
    let bytes = mail.message(&letter, &["soc@hospital.example".parse().unwrap()]).unwrap();
    let read = String::from_utf8(bytes).unwrap();
    assert!(read.contains("Message-ID: <u-1@hospital.example>\r\n"), "{read}");
    assert!(read.contains("References: <alert-a-1@hospital.example>\r\n"), "{read}");
}
