//! Who fails again and again is not listened to, from there and in that name, and nobody else notices. What is proven under
//! one name is worth nothing under another.

use std::net::Ipv4Addr;
use std::time::Duration;

use chaperone_tests::{Caller, Enrolled, Heard, House, KeyPair, TARGET, soon};

const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Failed proofs after which a login is held back from one address.
const MOST: usize = 20;

/// Fails as somebody from somewhere until the gate says that it listens no more.
fn fails_as(house: &House, user: &str, from: Ipv4Addr) {
    for _ in 0..4 {
        let mut caller = Caller::from(from, house.gate.ssh_port());
        while caller.says_a_password(user) == Heard::No {}
    }
    let held = house.fact("sign-in-held-back");
    assert!(held.body["source"].as_str().unwrap().starts_with("127.0.0.2:"), "{:#}", held.body);
    assert!(house.facts_of("attempt-failed").len() >= MOST, "every failure is a fact");
}

#[test]
fn an_attacker_elsewhere_keeps_nobody_out_of_their_own_place() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    house.open_window("viktor", "exec", "+10m");
    fails_as(&house, &format!("dana+{TARGET}"), ELSEWHERE);
    let dana = house.technician("dana");
    assert_eq!(dana.ssh(TARGET).runs("true").status, Some(0), "she comes in from her own place");
    // From the attacker's place no guess is looked at any more, whatever server is named; her own key is no guess.
    let guess = KeyPair::make(house.folder(), "guess");
    let held = dana.with_key(&guess).ssh("alaris-sm-77").with(&["-b", "127.0.0.2"]).runs("true");
    assert_eq!(held.status, Some(255), "{}", held.text());
    soon("the fact", || {
        let newest = house.facts_of("attempt-failed").pop()?;
        newest.body["why"].as_str()?.contains("not looked at").then_some(())
    });
    let there = house.technician("dana").ssh(TARGET).with(&["-b", "127.0.0.2"]).runs("true");
    assert_eq!(there.status, Some(0), "she herself, behind the attacker's address: {}", there.text());
    let other = house.technician("viktor").ssh(TARGET).with(&["-b", "127.0.0.2"]).runs("true");
    assert_eq!(other.status, Some(0), "somebody else, behind the same address: {}", other.text());
    assert_eq!(house.facts_of("sign-in-held-back").len(), 1, "it is told once");
    house.syslog.hears(Duration::from_secs(10), "that proofs fail in her name", |message| {
        message.raw.contains("Proof after proof has failed")
    });
}

#[test]
fn offers_of_an_agent_count_for_nothing() {
    let house = House::furnish().without_soc().start();
    house.open_window("dana", "exec", "+10m");
    let strangers: Vec<_> = (0..4).map(|n| KeyPair::make(house.folder(), &format!("stranger{n}"))).collect();
    for _ in 0..8 {
        let mut caller = Caller::from(Ipv4Addr::LOCALHOST, house.gate.ssh_port());
        for key in &strangers {
            assert_eq!(caller.shows(&format!("dana+{TARGET}"), key), Heard::No);
        }
    }
    soon("a fact for each connection", || (house.facts_of("attempt-failed").len() >= 8).then_some(()));
    assert_eq!(house.facts_of("attempt-failed").len(), 8, "and not for each key");
    assert_eq!(house.technician("dana").ssh(TARGET).runs("true").status, Some(0));
    assert!(house.facts_of("sign-in-held-back").is_empty());
}

#[test]
fn a_connection_may_fail_six_times_whatever_names_it_says() {
    let house = House::furnish().without_soc().start();
    let mut caller = Caller::from(Ipv4Addr::LOCALHOST, house.gate.ssh_port());
    let heard: Vec<_> = (0..8).map(|n| caller.says_a_password(&format!("guess{n}"))).collect();
    assert_eq!((&heard[..6], heard[7]), (&[Heard::No; 6][..], Heard::Gone), "the seventh ends it");
    drop(caller);
    soon("a fact for each name", || (house.facts_of("attempt-failed").len() == 7).then_some(()));
    // Names without a proof are no way round: each is a fact, and they come to an end.
    let mut caller = Caller::from(Ipv4Addr::LOCALHOST, house.gate.ssh_port());
    let heard: Vec<_> = (0..40).map(|n| caller.names(&format!("name{n}"))).collect();
    assert!(heard.contains(&Heard::Gone) && !heard.contains(&Heard::In), "{heard:?}");
    assert!(house.facts_of("attempt-failed").len() > 7 + 5, "each is a fact");
}

#[test]
fn an_enrolled_key_that_owes_a_code_signs_no_flood_of_attempts() {
    let house = House::furnish().without_soc().start();
    let made = house.admin().does(&["person", "enrol", "dana"]);
    let _dana = Enrolled::by_link(house.gate.web_port(), made["link"].as_str().unwrap());
    let key = house.technician("dana").key;
    let port = house.gate.ssh_port();
    // She has no window: each sign-in by the key alone is an attempt off schedule, and an alert.
    let mut caller = Caller::from(Ipv4Addr::LOCALHOST, port);
    let heard: Vec<_> = (0..20).map(|_| caller.shows(&format!("dana+{TARGET}"), &key)).collect();
    let hung_up_on = |heard: &[Heard]| {
        heard[..7].iter().all(|said| *said == Heard::More)
            && heard[7] != Heard::More
            && heard[8..].iter().all(|said| *said == Heard::Gone)
    };
    assert!(hung_up_on(&heard), "{heard:?}");
    drop(caller);
    assert_eq!(house.facts_of("attempt-refused").len(), 1, "the same key in the same name is one attempt");
    // Other names are no way round.
    let mut caller = Caller::from(Ipv4Addr::LOCALHOST, port);
    let heard: Vec<_> = (0..20).map(|n| caller.shows(&format!("dana+server-{n}"), &key)).collect();
    assert!(hung_up_on(&heard), "{heard:?}");
    assert_eq!(house.facts_of("attempt-refused").len(), 1 + 7);
}

#[test]
fn a_key_proven_in_one_name_is_no_first_factor_in_another() {
    let house = House::furnish().without_soc().start();
    house.open_window("dana", "exec", "+10m");
    house.open_window("viktor", "exec", "+10m");
    let enrols = |login: &str| {
        let link = house.admin().does(&["person", "enrol", login]);
        Enrolled::by_link(house.gate.web_port(), link["link"].as_str().unwrap())
    };
    let (dana, viktor) = (enrols("dana"), enrols("viktor"));
    let (as_dana, as_viktor) = (format!("dana+{TARGET}"), format!("viktor+{TARGET}"));
    let key = house.technician("dana").key;
    let port = house.gate.ssh_port();

    // Dana's key, and then Viktor's code in Viktor's name.
    let mut caller = Caller::from(Ipv4Addr::LOCALHOST, port);
    assert_eq!(caller.shows(&as_dana, &key), Heard::More);
    assert_ne!(caller.says_a_code(&as_viktor, &viktor.app.code(0)), Heard::In);
    // And back: what was proven before is forgotten.
    assert_ne!(caller.says_a_code(&as_dana, &dana.app.code(0)), Heard::In, "the key is to be proven anew");
    drop(caller);
    let left = house.facts_of("attempt-failed");
    assert!(
        left.iter().any(|fact| fact.reason() == Some("second-factor")),
        "a key without its code is a fact"
    );

    // A key that is merely offered in between, by a connection that then says a code.
    let mut caller = Caller::from(Ipv4Addr::LOCALHOST, port);
    assert_ne!(caller.says_a_code(&as_dana, &dana.app.code(0)), Heard::In, "a code alone");
    drop(caller);

    let mut caller = Caller::from(Ipv4Addr::LOCALHOST, port);
    assert_eq!(caller.shows(&as_dana, &key), Heard::More);
    assert_eq!(caller.says_a_code(&as_dana, &dana.app.code(1)), Heard::In, "both, in one name");
    assert!(house.facts_of("session-admitted").iter().all(|fact| fact.body["proof"]["login"] == "dana"));
}
