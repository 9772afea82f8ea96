//! An emergency: the vendor's technician on duty is nobody whom the gate knows. Somebody of the hospital enrols them on the
//! spot and answers for them; an engineer and an analyst open a window by two words; and somebody reviews it in time.

use chaperone_tests::{Furnishing, House, KeyPair, TARGET, on_both_databases, soon};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Priya enrols Nora, whom nobody knew a minute ago.
#[track_caller]
fn enrol_nora(house: &House) -> Value {
    let key = KeyPair::make(house.folder(), "nora");
    house.priya().does(&[
        "person",
        "emergency",
        "nora",
        "--name",
        "Nora Vance",
        "--vendor",
        "Meridian Infusion",
        "--ssh-key",
        key.public.to_str().unwrap(),
        "--reason",
        "Meridian's night desk vouches for her: INC0042",
    ])
}

/// Somebody takes Nora's call, and gives the first word; the window's id.
#[track_caller]
fn called(house: &House, by: &str) -> Value {
    house.gate.person(by).does(&[
        "window",
        "emergency",
        "--target",
        TARGET,
        "--person",
        "nora",
        "--access",
        "shell,exec",
        "--closes",
        "+2h",
        "--ticket",
        "INC0042",
        "--reason",
        "the pumps of the ICU lose their server",
    ])
}

on_both_databases! { an_emergency_opens_on_two_words_for_a_technician_whom_nobody_knew }

fn an_emergency_opens_on_two_words_for_a_technician_whom_nobody_knew(house: Furnishing) {
    let house = house.start();
    let nora = enrol_nora(&house);
    assert_eq!(nora["sponsor"], "priya", "{nora:#}");
    let until: Timestamp = nora["valid_until"].as_str().unwrap().parse().unwrap();
    let left = until.duration_since(Timestamp::now());
    assert!(left <= SignedDuration::from_hours(4) && left > SignedDuration::from_mins(239), "{left:?}");
    assert_eq!(nora["keys"][0]["valid_until"], nora["valid_until"], "the key goes with its person");
    let sponsored = house.fact("technician-sponsored");
    assert_eq!(sponsored.reason(), Some("Meridian's night desk vouches for her: INC0042"));
    let alert = |rule: &'static str| {
        soon(rule, || house.sam().lists(&["alert", "list"]).into_iter().find(|alert| alert["rule"] == rule))
    };
    assert_eq!(alert("technician-sponsored")["severity"], "medium");

    let asked = called(&house, "priya");
    let window = asked["id"].as_str().unwrap();
    assert_eq!((&asked["state"], &asked["requester"]), (&"requested".into(), &"nora".into()), "{asked:#}");
    let dana_s = house.technician("nora");
    dana_s.ssh(TARGET).runs("true").refused();
    // One side's word is one word, however many say it.
    for login in ["priya", "quentin", "dana"] {
        assert_eq!(house.gate.person(login).tries(&["window", "approve", window]).status, Some(1), "{login}");
    }
    let open = house.sam().does(&["window", "approve", window]);
    assert_eq!(open["state"], "open", "{open:#}");
    dana_s.ssh(TARGET).runs("echo in").succeeded();
    let said: Vec<_> =
        house.facts_of("window-emergency").iter().map(|fact| fact.body["window"].clone()).collect();
    assert_eq!(said.len(), 2, "a fact for each word");
    let closes: Timestamp = open["closes"].as_str().unwrap().parse().unwrap();
    let review_by: Timestamp = open["review_by"].as_str().unwrap().parse().unwrap();
    assert_eq!(review_by, closes + SignedDuration::from_hours(24));
}

#[test]
fn an_analyst_may_take_the_call_and_the_engineer_gives_the_other_word() {
    let house = House::start();
    enrol_nora(&house);
    let asked = called(&house, "sam");
    let window = asked["id"].as_str().unwrap();
    assert_eq!(house.gate.person("lee").tries(&["window", "approve", window]).status, Some(1));
    assert_eq!(house.priya().does(&["window", "approve", window])["state"], "open");
    house.technician("nora").ssh(TARGET).runs("true").succeeded();
    // Those who prepare visits in order do not open emergencies.
    for login in ["dana", "audrey", "adam"] {
        let tried = house.gate.person(login).tries(&[
            "window",
            "emergency",
            "--target",
            TARGET,
            "--person",
            "nora",
            "--access",
            "exec",
            "--closes",
            "+1h",
            "--reason",
            "x",
        ]);
        assert_eq!(tried.status, Some(1), "{login}: {}", tried.err);
    }
}

#[test]
fn nobody_is_enrolled_on_the_spot_for_longer_or_for_a_planned_window_or_by_a_vendor() {
    let house = House::start();
    let key = KeyPair::make(house.folder(), "nora");
    let key = key.public.to_str().unwrap();
    let words = |minutes: &'static str| {
        vec![
            "person",
            "emergency",
            "nora",
            "--vendor",
            "Meridian Infusion",
            "--ssh-key",
            key,
            "--minutes",
            minutes,
            "--reason",
            "x",
        ]
    };
    let long = house.priya().tries(&words("241"));
    assert!(long.status == Some(1) && long.err.contains("at most 4 h"), "{}", long.err);
    for login in ["dana", "sam"] {
        assert_eq!(house.gate.person(login).tries(&words("60")).status, Some(1), "{login}");
    }
    assert!(house.facts_of("technician-sponsored").is_empty());
    house.priya().does(&words("60"));
    let planned = house.priya().tries(&[
        "window",
        "request",
        "--target",
        TARGET,
        "--person",
        "nora",
        "--access",
        "exec",
        "--opens",
        "now",
        "--closes",
        "+1h",
        "--purpose",
        "patch",
        "--reason",
        "x",
    ]);
    assert!(
        planned.status == Some(1) && planned.err.contains("for emergency windows only"),
        "{}",
        planned.err
    );
    // A window that goes on for longer than its technician does.
    let asked = called(&house, "priya");
    house.sam().does(&["window", "approve", asked["id"].as_str().unwrap()]);
    let terminal = house.technician("nora").ssh(TARGET).opens_a_shell();
    terminal.shows("It ends at");
    let admitted = house.fact("session-admitted");
    let ends: Timestamp = admitted.body["input_until"].as_str().unwrap().parse().unwrap();
    assert!(
        ends.duration_since(Timestamp::now()) <= SignedDuration::from_hours(1),
        "their hour ends the visit"
    );
}

#[test]
fn an_emergency_is_reviewed_by_somebody_else_or_the_soc_hears_of_it() {
    let house = House::start();
    enrol_nora(&house);
    let asked = called(&house, "priya");
    let window = asked["id"].as_str().unwrap();
    house.sam().does(&["window", "approve", window]);
    house.technician("nora").ssh(TARGET).runs("echo mended").succeeded();
    let early = house.gate.person("lee").tries(&["window", "review", window, "--reason", "x"]);
    assert!(early.status == Some(1) && early.err.contains("must be closed"), "{}", early.err);
    house.priya().does(&["window", "extend", window, "--closes", "+2s"]);
    soon("the window to close", || {
        (house.priya().does(&["window", "show", window])["state"] == "closed").then_some(())
    });

    // A day later nobody has looked: the review's time is turned back, and the schedule is read anew.
    let due = Timestamp::now() - SignedDuration::from_secs(60);
    house.database.tamper(&format!(
        "UPDATE windows SET doc = replace(doc, '\"emergency_review_by\":\"{}\"', '\"emergency_review_by\":\"{due}\"')",
        house.priya().does(&["window", "show", window])["review_by"].as_str().unwrap()
    ));
    house.priya().does(&["freeze", "add", "--from", "+700h", "--until", "+701h", "--reason", "go-live"]);
    let overdue = house.fact("review-overdue");
    assert_eq!(overdue.reason(), Some("the pumps of the ICU lose their server"));
    let alert = soon("the alert", || {
        house.sam().lists(&["alert", "list"]).into_iter().find(|alert| alert["rule"] == "review-overdue")
    });
    assert_eq!(alert["severity"], "high", "{alert:#}");

    // Whoever gave a word does not review; another does, and the sponsor says how the server was left.
    let own = house.sam().tries(&["window", "review", window, "--reason", "x"]);
    assert!(own.status == Some(1) && own.err.contains("somebody else"), "{}", own.err);
    assert_eq!(house.priya().tries(&["window", "review", window, "--reason", "x"]).status, Some(1));
    let reviewed =
        house.gate.person("lee").does(&["window", "review", window, "--reason", "as told, nothing else"]);
    assert_eq!(
        (&reviewed["reviewed_by"], &reviewed["state"]),
        (&"lee".into(), &"closed".into()),
        "{reviewed:#}"
    );
    let returned = house.priya().does(&[
        "window",
        "return",
        window,
        "--outcome",
        "done",
        "--reason",
        "pumps reconnected",
    ]);
    assert_eq!(
        (&returned["outcome"], &returned["state"]),
        (&"done".into(), &"reviewed".into()),
        "{returned:#}"
    );
    assert_eq!(house.facts_of("review-overdue").len(), 1, "it is told once");
}
