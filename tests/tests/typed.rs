//! Typed input may be a password: nobody sees it, but whoever asked with a reason and another person agreed, for that visit
//! and for a while; and whatever happens on the way is a fact.

use chaperone_tests::{Fact, House, Person, Said, TARGET, contains, on_both_databases};

const SECRET: &str = "hunter2-hunter2";

/// A visit in which a password was typed blind.
fn visited(house: &House) -> String {
    house.open_window("dana", "shell", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo a-line-that-$((6 * 7))-shows\n");
    terminal.shows("a-line-that-42-shows");
    terminal.types("read -s -p 'pass'word: secret; echo; echo ${#secret} characters\n");
    terminal.shows("password:");
    terminal.types(&format!("{SECRET}\n"));
    terminal.shows("15 characters");
    terminal.types("exit\n");
    terminal.ends();
    let session = house.newest_session();
    house.sealed(&session);
    session
}

fn asks(person: &Person<'_>, session: &str) -> String {
    let asked =
        person.does(&["unmask", "ask", "--session", session, "--reason", "incident 7: what was typed?"]);
    asked["id"].as_str().unwrap().to_owned()
}

fn plays(person: &Person<'_>, session: &str) -> Said {
    person.tries(&["recording", "play", session, "--unmask"])
}

fn denied(house: &House) -> Vec<Fact> {
    house.facts_of("second-word-denied")
}

on_both_databases!(what_was_typed_is_shown_to_two_people_with_a_reason_and_to_nobody_else);

fn what_was_typed_is_shown_to_two_people_with_a_reason_and_to_nobody_else(
    house: chaperone_tests::Furnishing,
) {
    let house = house.start();
    let session = visited(&house);
    let (sam, lee) = (house.sam(), house.gate.person("lee"));
    let refused = plays(&sam, &session);
    assert!(refused.status == Some(1) && refused.err.contains("unmask ask"), "{refused:?}");
    assert_eq!(denied(&house).len(), 1, "a look at it that is refused is a fact");

    let word = asks(&sam, &session);
    assert_eq!(plays(&sam, &session).status, Some(1), "nobody has agreed yet");
    let alone = sam.tries(&["unmask", "agree", &word]);
    assert!(alone.status == Some(1) && alone.err.contains("second person"), "{alone:?}");
    for nobody in ["adam", "priya", "audrey", "dana"] {
        let said = house.gate.person(nobody).tries(&["unmask", "agree", &word]);
        assert_eq!(said.status, Some(1), "{nobody}: {said:?}");
    }
    let tried: Vec<_> = denied(&house).iter().map(|fact| fact.body["act"].clone()).collect();
    assert_eq!(tried.len(), 2 + 1 + 4, "the same person, and the wrong ones: {tried:?}");
    assert!(tried.iter().all(|act| act == "unmask-input"));
    let agreed = lee.does(&["unmask", "agree", &word]);
    assert_eq!((agreed["state"].as_str(), agreed["answered_by"].as_str()), (Some("agreed"), Some("lee")));

    let shown = plays(&sam, &session);
    assert_eq!(shown.status, Some(0), "{shown:?}");
    let text = sam.runs(&["recording", "play", &session, "--unmask"]).succeeded().text();
    let line = text.lines().find(|line| line.contains(SECRET)).unwrap_or_else(|| panic!("{text}"));
    assert!(line.ends_with("(not echoed: a hint)"), "{line}");
    let echoed = text.lines().find(|line| line.contains("typed: echo a-line")).unwrap();
    assert!(!echoed.contains("not echoed"), "{echoed}");
    let file = house.folder().join("unmasked.cast");
    let words = [
        "recording",
        "export",
        &session,
        "--format",
        "asciicast-v3",
        "--unmask",
        "--reason",
        "review",
        "-o",
        file.to_str().unwrap(),
    ];
    sam.does(&words);
    assert!(contains(&std::fs::read(&file).unwrap(), b"h"), "typed letters are in the cast");

    // For whoever asked alone: the second person has seen nothing by agreeing.
    assert_eq!(plays(&lee, &session).status, Some(1));
    let masked = sam.runs(&["recording", "play", &session]).succeeded().text();
    assert!(!masked.contains(SECRET), "without being asked for it stays masked");

    let looks = house.facts_of("input-unmasked");
    assert_eq!(looks.len(), 3, "each look is a fact");
    assert!(
        looks
            .iter()
            .all(|fact| fact.body["unmasked"] == true && fact.session.as_deref() == Some(session.as_str()))
    );
    for kind in ["unmask-asked", "unmask-agreed"] {
        let fact = house.fact(kind);
        assert!(fact.body["reason"].as_str().unwrap().contains("incident 7"), "{:#}", fact.body);
        assert!(!fact.body.to_string().contains(SECRET));
    }
    assert_eq!(sam.does(&["ledger", "verify"])["sound"], true);
}

#[test]
fn a_wish_is_refused_or_taken_back_and_then_worth_nothing() {
    let house = House::start();
    let session = visited(&house);
    let (sam, lee) = (house.sam(), house.gate.person("lee"));
    let word = asks(&sam, &session);
    assert_eq!(lee.tries(&["unmask", "withdraw", &word]).status, Some(1), "not hers to take back");
    lee.does(&["unmask", "refuse", &word]);
    assert_eq!(lee.tries(&["unmask", "agree", &word]).status, Some(1));
    let word = asks(&sam, &session);
    lee.does(&["unmask", "agree", &word]);
    assert_eq!(plays(&sam, &session).status, Some(0));
    sam.does(&["unmask", "withdraw", &word]);
    assert_eq!(plays(&sam, &session).status, Some(1), "what stood is taken back");
    // The word of somebody who was locked since is nobody's.
    let word = asks(&sam, &session);
    lee.does(&["unmask", "agree", &word]);
    house.admin().does(&["person", "lock", "lee", "--reason", "left"]);
    assert_eq!(plays(&sam, &session).status, Some(1), "one of the two may not any more");
    let states: Vec<_> = sam
        .lists(&["unmask", "list"])
        .iter()
        .map(|word| word["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(states, ["agreed", "withdrawn", "refused"]);
    let _ = house.fact("unmask-refused");
    let _ = house.fact("unmask-withdrawn");
}

#[test]
fn only_what_was_agreed_to_is_shown() {
    let house = House::start();
    let session = visited(&house);
    let (sam, lee) = (house.sam(), house.gate.person("lee"));
    let asked = sam.does(&[
        "unmask",
        "ask",
        "--session",
        &session,
        "--reason",
        "the first second",
        "--from",
        "3000",
        "--to",
        "3001",
    ]);
    lee.does(&["unmask", "agree", asked["id"].as_str().unwrap()]);
    let text = sam.runs(&["recording", "play", &session, "--unmask"]).succeeded().text();
    assert!(!text.contains(SECRET) && text.contains("bytes, masked"), "{text}");
}

#[test]
fn it_works_only_where_the_unmask_identity_is_and_not_with_a_token_of_the_host() {
    let mut house = House::start();
    let session = visited(&house);
    let word = asks(&house.sam(), &session);
    house.gate.person("lee").does(&["unmask", "agree", &word]);
    house.gate.stop();
    let identity = house.gate.data().join("keys").join("unmask.identity");
    std::fs::rename(&identity, house.folder().join("moved.identity")).unwrap();
    house.gate.rise();
    let said = plays(&house.sam(), &session);
    assert!(said.status == Some(1) && said.err.contains("unmask identity is not on this node"), "{said:?}");
    house.gate.stop();
    std::fs::rename(house.folder().join("moved.identity"), &identity).unwrap();
    assert_eq!(
        house.gate.try_to_rise(&[("CHAPERONE_SECURITY__HOST_TOKENS", "false")]),
        chaperone_tests::Ready::Serving
    );
    let ask = ["unmask", "ask", "--session", &session, "--reason", "why not"];
    for words in [&ask[..], &["unmask", "agree", &word], &["recording", "play", &session, "--unmask"]] {
        let said = house.sam().tries(words);
        assert!(said.status == Some(1) && said.err.contains("minted on the host"), "{words:?}: {said:?}");
    }
}

#[test]
fn whoever_watches_live_sees_what_is_shown_and_not_what_is_typed() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo be-$((1))-fore; stty -echo; read x; stty echo; echo af-$((1))-ter\n");
    terminal.shows("be-1-fore");
    let session = house.newest_session();
    let token = house.gate.token("sam");
    let port = house.gate.web_port();
    let path = format!("/api/sessions/{session}/watch");
    let watching = std::thread::spawn(move || chaperone_tests::get(port, &path, Some(&token)));
    let _ = house.fact("session-watched");
    terminal.types(&format!("{SECRET}\n"));
    terminal.shows("af-1-ter");
    terminal.types("exit\n");
    terminal.ends();
    house.sealed(&session);
    let seen = watching.join().unwrap().unwrap().body;
    assert!(seen.len() > 100, "{seen}");
    // What is shown comes as base64, so each of its three places in it is looked for.
    for shift in 0..3 {
        let padded = format!("{}{SECRET}", "x".repeat(shift));
        let encoded = base64(padded.as_bytes());
        let middle = &encoded[4..encoded.len() - 4];
        assert!(!seen.contains(middle), "typed input is among what whoever watches is sent");
    }
    assert!(!seen.contains(SECRET));
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let chunk = |three: &[u8]| {
        let number = three.iter().chain(&[0, 0]).take(3).fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        (0..4).map(|place| LETTERS[(number >> (18 - 6 * place) & 63) as usize] as char).collect::<String>()
    };
    bytes.chunks(3).map(chunk).collect()
}
