//! People are told what becomes of their change windows, by mail to each and by webhook, and by nothing but their own.

use std::path::Path;
use std::time::Duration;

use chaperone_tests::{Authority, House, Letter, MailServer, TARGET, on_both_databases, soon};

const WITHIN: Duration = Duration::from_secs(20);

/// A house with a mail server, where everybody has an address and notices go by mail and by webhook.
fn connect(house: &House) -> MailServer {
    let hospital = Authority::new(house.folder(), "hospital");
    let mail = MailServer::start(&house.folder().join("mail"), &hospital.issues("localhost"), None);
    let admin = house.admin();
    for login in ["dana", "viktor", "priya", "quentin", "sam", "adam"] {
        admin.does(&["person", "set-email", login, &format!("{login}@hospital.example")]);
    }
    let (url, ca) = (mail.url(), path(hospital.certificate()));
    let mut words = vec!["destination", "add", "people", "--notices", "--smtp", &url, "--ca", ca];
    words.extend(["--from", "chaperone@hospital.example"]);
    admin.does(&words);
    let secret = house.folder().join("secret");
    std::fs::write(&secret, house.webhook.secret()).unwrap();
    let hook = house.webhook.url();
    admin.does(&[
        "destination",
        "add",
        "chat",
        "--notices",
        "--webhook",
        &hook,
        "--secret-file",
        path(&secret),
    ]);
    mail
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn to(login: &str, words: &str) -> impl Fn(&Letter) -> bool {
    let (address, words) = (format!("{login}@hospital.example"), words.to_owned());
    move |letter| letter.to.contains(&address) && letter.header("Subject").contains(&words)
}

fn count(mail: &MailServer, wanted: impl Fn(&Letter) -> bool) -> usize {
    mail.taken().iter().filter(|letter| wanted(letter)).count()
}

on_both_databases! {
    a_request_and_its_answer_reach_those_whom_they_concern,
}

fn a_request_and_its_answer_reach_those_whom_they_concern(house: chaperone_tests::Furnishing) {
    let house = house.without_soc().start();
    let mail = connect(&house);
    let window = house.request("dana", "exec", "+3h", "+4h", &[]);
    for login in ["priya", "quentin"] {
        let letter = mail.takes(WITHIN, "to who decides", to(login, "asked for"));
        for words in [
            "Dana Reyes",
            "Meridian Infusion",
            TARGET,
            "CHG0031337",
            "What to do next: look at it and approve",
        ] {
            assert!(letter.text.contains(words), "no {words:?} in\n{}", letter.text);
        }
        assert!(letter.text.contains(&format!("/windows/{window}\n")), "{}", letter.text);
        assert!(letter.encrypted && letter.header("From") == "chaperone@hospital.example");
    }
    mail.takes(WITHIN, "to who asked", to("dana", "asked for"));
    house.approve(&window);
    let approved = mail.takes(WITHIN, "to who asked", to("dana", "approved"));
    assert!(approved.text.contains("What to do next: be ready"), "{}", approved.text);
    mail.takes(WITHIN, "to the other approver", to("quentin", "approved"));
    house.priya().does(&["window", "extend", &window, "--closes", "+210m", "--reason", "be done by noon"]);
    let new_end = mail.takes(WITHIN, "about the new end", to("dana", "ends at"));
    assert!(new_end.text.contains("be done by noon"), "{}", new_end.text);
    house.priya().does(&["window", "revoke", &window, "--reason", "the pump fleet is busy"]);
    let revoked = mail.takes(WITHIN, "about the end of it", to("dana", "revoked"));
    assert!(revoked.text.contains("the pump fleet is busy"), "{}", revoked.text);
    house.webhook.hears(WITHIN, "the same", |delivery| delivery.event["notice"]["topic"] == "revoked");
    assert_eq!(count(&mail, to("priya", "approved")), 0, "nobody is told of what they did");
    assert_eq!(count(&mail, to("viktor", "")), 0, "nobody of another vendor is told anything");
    assert_eq!(count(&mail, to("sam", "")), 0, "the SOC decides nothing about it");
    assert!(house.webhook.received().iter().all(|delivery| delivery.event.get("notice").is_some()));
}

#[test]
fn what_a_clock_says_is_told_once_over_restarts() {
    let mut house = House::furnish().without_soc().with("CHAPERONE_NOTICE__OPENING_MINUTES", "60").start();
    let mail = connect(&house);
    let window = house.request("dana", "exec", "+30m", "+50m", &[]);
    house.approve(&window);
    mail.takes(WITHIN, "opening soon", to("dana", "opens in"));
    // A gate that dies before it has noted a delivery delivers again; what is noted is not told a second time.
    soon("the delivery to be noted", || {
        house.admin().lists(&["destination", "list"]).iter().all(|one| one["waiting"] == 0).then_some(())
    });
    house.gate.kill();
    house.gate.rise();
    // Something told later, by the same queue, and the time of two reviews.
    let later = house.request("dana", "exec", "+31m", "+40m", &[]);
    house.approve(&later);
    mail.takes(WITHIN, "the second opens soon", |letter| {
        to("dana", "opens in")(letter) && letter.text.contains(&later)
    });
    let about = |letter: &Letter| to("dana", "opens in")(letter) && letter.text.contains(&window);
    assert_eq!(count(&mail, about), 1);
}

#[test]
fn a_request_that_nobody_answers_is_brought_up_again() {
    let house = House::furnish().without_soc().with("CHAPERONE_NOTICE__REMIND_MINUTES", "1").start();
    let mail = connect(&house);
    let window = house.request("dana", "exec", "+3h", "+4h", &[]);
    let again = mail.takes(Duration::from_secs(90), "a reminder", to("priya", "still waits"));
    assert!(again.text.contains(&window) && again.text.contains("nobody has answered"), "{}", again.text);
    assert_eq!(count(&mail, to("dana", "still waits")), 0, "who waits cannot answer");
}

#[test]
fn what_nobody_answers_goes_to_the_deputy() {
    let house = House::furnish()
        .without_soc()
        .with("CHAPERONE_NOTICE__REMIND_MINUTES", "1")
        .with("CHAPERONE_NOTICE__STAND_INS", "sam")
        .start();
    let mail = connect(&house);
    let window = house.request("dana", "exec", "+3h", "+4h", &[]);
    mail.takes(Duration::from_secs(90), "a reminder", to("priya", "still waits"));
    assert_eq!(count(&mail, to("sam", "")), 0, "not before the reminder has gone unanswered too");
    let handed_on = mail.takes(Duration::from_secs(90), "the deputy's letter", to("sam", "you stand in"));
    assert!(handed_on.text.contains(&window) && handed_on.text.contains("on call"), "{}", handed_on.text);
}

#[test]
fn a_mailbox_that_is_gone_holds_up_nobody_and_is_a_fact() {
    let house = House::furnish().without_soc().start();
    let mail = connect(&house);
    house.admin().does(&["person", "set-email", "priya", "gone@hospital.example"]);
    let window = house.request("dana", "exec", "+3h", "+4h", &[]);
    mail.takes(WITHIN, "to the others", to("quentin", "asked for"));
    mail.takes(WITHIN, "to the others", to("dana", "asked for"));
    let fact = house.fact("notice-refused");
    assert!(fact.body["why"].to_string().contains("no such mailbox"), "{fact:?}");
    let list = house.admin().lists(&["destination", "list"]);
    assert!(list.iter().all(|one| one["waiting"] == 0), "{list:#?}");
    drop(window);
}

#[test]
fn a_test_of_notices_goes_to_who_asks_for_it_and_a_wrong_address_is_named() {
    let house = House::furnish().without_soc().start();
    let mail = connect(&house);
    let admin = house.admin();
    let said = admin.tries(&["destination", "test", "people"]);
    assert!(said.status == Some(1) && said.err.contains("mail address of yours"), "{said:?}");
    house.gate.person("adam").does(&["destination", "test", "people"]);
    mail.takes(WITHIN, "the test", to("adam", "Test message"));
    for wrong in ["dana", "dana@x.example, eve@y.example", "dana@x.example\nBcc: eve@y.example"] {
        let said = admin.tries(&["person", "set-email", "dana", wrong]);
        assert!(said.status == Some(1) && said.err.contains("mail address"), "{wrong:?}: {said:?}");
    }
    admin.does(&["person", "set-email", "dana"]);
    drop(house.request("dana", "exec", "+3h", "+4h", &[]));
    mail.takes(WITHIN, "to who has an address", to("priya", "asked for"));
    soon("nobody without an address is written to", || (count(&mail, to("dana", "")) == 0).then_some(()));
}
