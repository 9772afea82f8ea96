//! People prove who they are: by a link once, by password and code in a browser, by a code beside the key at the SSH door.
//! What fails tells nothing, is a fact, and is limited; a cookie alone changes nothing.

use std::time::{Duration, Instant};

use chaperone_tests::{
    Browser, Engine, Enrolled, House, Process, TARGET, Technician, Terminal, ask, legs, soon,
};
use serde_json::json;

/// Gives somebody a password and a second factor, as an administrator does.
#[track_caller]
fn enrols(house: &House, login: &str) -> Enrolled {
    let link = house.admin().does(&["person", "enrol", login]);
    Enrolled::by_link(house.gate.web_port(), link["link"].as_str().expect("a link"))
}

#[track_caller]
fn signs_in(house: &House, who: &Enrolled, steps: i64) -> Browser {
    let signed_in = Browser::signs_in(house.gate.web_port(), &who.login, &who.password, &who.app.code(steps));
    signed_in.unwrap_or_else(|refused| panic!("{} was not signed in: {}", who.login, refused.body))
}

/// An ssh client that asks its person for what the gate asks.
fn by_hand(technician: &Technician, target: &str) -> Terminal {
    technician.ssh(target).option("BatchMode=no").option("NumberOfPasswordPrompts=1").opens_a_shell()
}

#[test]
fn a_link_enrols_once_and_then_password_and_code_sign_in() {
    let house = House::furnish().without_soc().start();
    let link = house.admin().does(&["person", "enrol", "priya"]);
    let link = link["link"].as_str().unwrap().to_owned();
    let priya = Enrolled::by_link(house.gate.web_port(), &link);
    assert_eq!(priya.recovery.len(), 10);
    let token = json!({ "token": link.rsplit_once('#').unwrap().1 });
    let spent = ask(house.gate.web_port(), "POST", "/api/enrolment/look", &[], Some(&token)).unwrap();
    assert_eq!(spent.status, 404, "a link works once: {}", spent.body);
    let browser = signs_in(&house, &priya, 0);
    let me = browser.gets("/api/me").json();
    assert_eq!((me["person"]["login"].as_str(), me["host_minted"].as_bool()), (Some("priya"), Some(false)));
    let fact = house.fact("signed-in");
    assert!(!fact.body.to_string().contains(&priya.password), "no fact has a secret");
    assert_eq!(browser.posts("/api/sign-out", &json!({})).status, 204);
    assert_eq!(browser.gets("/api/me").status, 401, "signing out acts at once");
    // Nobody alone puts their own factors in place of hers.
    let again = house.admin().tries(&["person", "enrol", "priya"]);
    assert_eq!(again.status, Some(1), "{again:?}");
}

#[test]
fn whatever_is_wrong_with_a_sign_in_the_answer_is_the_same_and_the_fact_is_not() {
    let house = House::furnish().without_soc().start();
    let priya = enrols(&house, "priya");
    let port = house.gate.web_port();
    let mut answers = Vec::new();
    for (login, password, code) in [
        ("priya", "not her password at all", priya.app.code(0)),
        ("priya", priya.password.as_str(), "000000".to_owned()),
        ("nobody", priya.password.as_str(), priya.app.code(0)),
        ("dana", priya.password.as_str(), priya.app.code(0)),
        ("priya", priya.password.as_str(), "not a code".to_owned()),
    ] {
        let began = Instant::now();
        let refused = Browser::signs_in(port, login, password, &code).unwrap_err();
        assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
        assert_eq!(refused.status, 401);
        let mut said = refused.json();
        assert!(said["reference"].as_str().is_some_and(|reference| reference.len() == 8), "{said}");
        said["reference"] = json!("");
        answers.push(said);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    let reasons: Vec<_> =
        house.facts_of("attempt-failed").iter().map(|fact| fact.body["reason"].clone()).collect();
    assert_eq!(reasons, ["credential", "second-factor", "unknown-person", "credential", "second-factor"]);
    // A code works once.
    let code = priya.app.code(0);
    Browser::signs_in(port, "priya", &priya.password, &code).unwrap();
    assert_eq!(Browser::signs_in(port, "priya", &priya.password, &code).unwrap_err().status, 401);
    // So does a recovery code.
    Browser::signs_in(port, "priya", &priya.password, &priya.recovery[0]).unwrap();
    assert_eq!(
        Browser::signs_in(port, "priya", &priya.password, &priya.recovery[0]).unwrap_err().status,
        401
    );
}

#[test]
fn who_fails_too_often_waits() {
    let house = House::furnish().without_soc().start();
    let priya = enrols(&house, "priya");
    let port = house.gate.web_port();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| Browser::signs_in(port, "priya", "wrong wrong wrong", "123456").unwrap_err())
            })
            .collect();
        tries.into_iter().map(|tried| tried.join().unwrap().status).collect()
    });
    assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
    let waits = Browser::signs_in(port, "priya", &priya.password, &priya.app.code(0)).unwrap_err();
    assert_eq!((waits.status, waits.json()["kind"].as_str()), (429, Some("too-many")), "{}", waits.body);
    assert_eq!(house.facts_of("attempt-failed").len(), 6, "every failure is a fact");
}

#[test]
fn a_cookie_alone_changes_nothing() {
    let house = House::furnish().without_soc().start();
    let window = house.request("dana", "exec", "now", "+10m", &[]);
    let priya = enrols(&house, "priya");
    let browser = signs_in(&house, &priya, 0);
    let path = format!("/api/windows/{window}/approve");
    let made = |headers: &[(&str, &str)]| browser.is_made_to_post(&path, headers, &json!({})).status;
    assert_eq!(made(&[]), 403, "without what only our page knows");
    assert_eq!(made(&[("x-csrf-token", "guessed")]), 403);
    let known = ("x-csrf-token", browser.csrf());
    assert_eq!(made(&[known, ("sec-fetch-site", "cross-site")]), 403);
    assert_eq!(made(&[known, ("origin", "https://elsewhere.example")]), 403);
    assert_eq!(house.facts_of("window-approved").len(), 0);
    assert_eq!(browser.posts(&path, &json!({})).status, 200);
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn approving_wants_a_code_of_the_last_minutes() {
    let house = House::furnish().without_soc().start();
    let window = house.request("dana", "exec", "now", "+10m", &[]);
    let priya = enrols(&house, "priya");
    let browser = signs_in(&house, &priya, 0);
    house.database.tamper("UPDATE web_sessions SET proven_us = proven_us - 901000000");
    let path = format!("/api/windows/{window}/approve");
    let refused = browser.posts(&path, &json!({}));
    assert_eq!((refused.status, refused.json()["kind"].as_str()), (403, Some("step-up")), "{}", refused.body);
    assert_eq!(browser.gets("/api/windows").status, 200, "looking does not");
    assert_eq!(browser.posts("/api/step-up", &json!({ "code": "000000" })).status, 403);
    let proven = browser.posts("/api/step-up", &json!({ "code": priya.app.code(1) }));
    assert_eq!(proven.status, 200, "{}", proven.body);
    assert_eq!(browser.posts(&path, &json!({})).status, 200);
    assert_eq!(house.facts_of("proven-again").len(), 1);
}

#[test]
fn a_lock_signs_a_browser_out_at_once() {
    let house = House::furnish().without_soc().start();
    let priya = enrols(&house, "priya");
    let browser = signs_in(&house, &priya, 0);
    house.sam().does(&["person", "lock", "priya", "--reason", "lost laptop"]);
    assert_eq!(browser.gets("/api/windows").status, 401);
    let refused = Browser::signs_in(house.gate.web_port(), "priya", &priya.password, &priya.app.code(1));
    assert_eq!(refused.unwrap_err().status, 401, "and she does not come in again");
    let reasons = house.facts_of("attempt-failed");
    assert_eq!(reasons.last().unwrap().body["reason"], "locked");
    house.sam().does(&["person", "unlock", "priya"]);
    assert_eq!(browser.gets("/api/windows").status, 401, "whoever has her browser does not get it back");
}

#[test]
fn a_reset_takes_an_administrator_and_an_engineer() {
    let house = House::furnish().without_soc().start();
    let sam = enrols(&house, "sam");
    let browser = signs_in(&house, &sam, 0);
    let reset = ["person", "reset", "sam", "--reason", "lost telephone"];
    let one = house.admin().does(&reset);
    assert_eq!(one["state"], "waiting-for-second", "{one}");
    let again = house.gate.person("adam").does(&reset);
    assert_eq!(again["state"], "waiting-for-second", "two administrators are not enough: {again}");
    assert_eq!(browser.gets("/api/me").status, 200);
    let two = house.priya().does(&reset);
    assert_eq!(two["state"], "done", "{two}");
    assert_eq!(browser.gets("/api/me").status, 401, "whoever is signed in with the old ones is no more");
    let anew = Enrolled::by_link(house.gate.web_port(), two["link"].as_str().unwrap());
    let _ = signs_in(&house, &anew, 0);
    let alone = house.gate.person("sam").tries(&["person", "reset", "priya", "--reason", "x"]);
    assert_eq!(alone.status, Some(1), "{alone:?}");
    // A word counts while whoever gave it may give it.
    assert_eq!(house.gate.person("adam").does(&reset)["state"], "waiting-for-second");
    house.admin().does(&["person", "lock", "adam", "--reason", "left"]);
    assert_eq!(house.priya().does(&reset)["state"], "waiting-for-second", "his half went with him");
}

#[test]
fn what_strangers_fail_at_the_front_page_keeps_nobody_from_stopping_a_visit() {
    let house = House::furnish().without_soc().start();
    let sam = enrols(&house, "sam");
    let browser = signs_in(&house, &sam, 0);
    let guess = json!({ "login": "sam", "password": "a guess at his password", "code": "000000" });
    let tries = || ask(house.gate.web_port(), "POST", "/api/sign-in", &[], Some(&guess)).unwrap().status;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..20).map(|_| scope.spawn(tries)).collect();
        guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
    });
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(looked_at, 6, "at once or one after the other: {statuses:?}");
    let again = browser.posts("/api/step-up", &json!({ "code": sam.app.code(1) }));
    assert_eq!(again.status, 200, "{}", again.body);
}

#[test]
fn a_key_alone_opens_nothing_once_a_second_factor_is_enrolled() {
    let house = House::furnish().without_soc().start();
    house.open_window("dana", "shell,exec", "+10m");
    let technician = house.technician("dana");
    technician.ssh(TARGET).runs("true").succeeded();
    let dana = enrols(&house, "dana");
    let refused = technician.ssh(TARGET).runs("true");
    assert_eq!(refused.status, Some(255), "{}", refused.err);
    let fact = soon("the half proof to be a fact", || {
        house.facts_of("attempt-failed").into_iter().find(|fact| fact.body["reason"] == "second-factor")
    });
    assert!(fact.body.to_string().contains("dana"), "{:#}", fact.body);
    let mut terminal = by_hand(&technician, TARGET);
    terminal.shows("Authenticator code:");
    terminal.types(&format!("{}\n", dana.app.code(0)));
    terminal.shows("is recorded");
    terminal.types("exit 5\n");
    assert_eq!(terminal.ends(), Some(5));
    // Not again for some hours, from the same key and address: scripts and copies work.
    technician.ssh(TARGET).runs("true").succeeded();
    let admitted = house.facts_of("session-admitted");
    assert!(
        admitted.last().unwrap().body.to_string().contains("totp-earlier"),
        "{:#}",
        admitted.last().unwrap().body
    );
}

#[test]
fn a_wrong_code_opens_nothing_and_is_told_to_the_soc() {
    let house = House::furnish().with("CHAPERONE_SECURITY__SECOND_FACTOR_HOURS", "0").start();
    house.open_window("dana", "shell", "+10m");
    let dana = enrols(&house, "dana");
    let mut terminal = by_hand(&house.technician("dana"), TARGET);
    terminal.shows("Authenticator code:");
    terminal.types("000000\n");
    assert_eq!(terminal.ends(), Some(255));
    soon("the alert", || house.alerts_because("second-factor").pop());
    for step in [0, 1] {
        let mut terminal = by_hand(&house.technician("dana"), TARGET);
        terminal.shows("Authenticator code:");
        terminal.types(&format!("{}\n", dana.app.code(step)));
        terminal.shows("is recorded");
        terminal.types("exit\n");
        terminal.ends();
    }
}

#[test]
fn off_schedule_the_soc_hears_before_the_code_and_the_caller_only_after_it() {
    let house = House::start();
    let dana = enrols(&house, "dana");
    let mut terminal = by_hand(&house.technician("dana"), TARGET);
    terminal.shows("Authenticator code:");
    let _ = house.refusal("attempt-refused", "no-window");
    soon("the alert", || house.alerts_because("no-window").pop());
    assert!(!terminal.screen().contains("change window"), "{}", terminal.screen());
    terminal.types(&format!("{}\n", dana.app.code(0)));
    assert_eq!(terminal.ends(), Some(77));
    assert!(terminal.screen().contains("change window"), "{}", terminal.screen());
    assert_eq!(house.facts_of("attempt-refused").len(), 1, "one attempt, one fact");
}

#[test]
fn who_came_while_nobody_could_ask_for_the_code_is_let_nowhere_once_the_database_is_back() {
    let mut house = House::furnish().on(Engine::Postgresql).without_soc().start();
    house.open_window("dana", "shell,exec", "+10m");
    let _dana = enrols(&house, "dana");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let technician = house.technician("dana");
    let dana = technician.ssh_as("dana");
    house.database.fall();
    let mut menu = dana.opens_a_shell();
    let mut outer = dana.clone().option(&socket).with(&["-M", "-N"]).begins("");
    soon("the outer connection", || house.folder().join("mux").exists().then_some(()));
    house.database.rise();
    menu.types("\r1\r");
    let through = dana.clone().option(&socket).with(&["-W", &format!("{TARGET}:22")]).runs("");
    assert_eq!((through.text().as_str(), through.status), ("", Some(255)), "{}", through.err);
    assert_eq!(menu.ends(), Some(77), "{}", menu.screen());
    assert!(menu.screen().contains("cannot look up what it must know of you"), "{}", menu.screen());
    soon("a fact of each", || {
        let failed = house.facts_of("attempt-failed");
        (failed.iter().filter(|fact| fact.reason() == Some("store")).count() == 2).then_some(())
    });
    assert!(house.sessions().is_empty());
    outer.ends();
    // With the code it is a sign-in like any other.
    assert_eq!(technician.ssh(TARGET).runs("true").status, Some(255));
}

#[test]
fn who_takes_too_long_to_sign_in_is_hung_up_on_and_a_half_proof_is_a_fact() {
    let house = House::furnish().with("CHAPERONE_GATE__SIGN_IN_SECONDS", "5").without_soc().start();
    house.open_window("dana", "shell,exec", "+10m");
    // Who has signed in stays for longer.
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo ready; cat");
    visit.shows("ready");
    // Somebody who says hello, agrees on keys, and says no more.
    let script = "logging.basicConfig(level=logging.INFO)
transport = paramiko.Transport(('127.0.0.1', PORT))
transport.start_client(timeout=10)
began = time.monotonic()
while transport.is_active() and time.monotonic() < began + 10:
    time.sleep(0.05)
out.write(b'%.1f' % (time.monotonic() - began))
";
    let head = format!("import logging, time\nPORT = {}\n", house.gate.ssh_port());
    let ran = house.elsewhere("dana").paramiko_alone(&format!("{head}{script}")).succeeded();
    let after: f64 = ran.text().parse().unwrap();
    assert!((3.0..9.0).contains(&after), "hung up on after {after} s");
    assert!(ran.err.contains("Disconnect (code 11): sign-in took too long"), "{}", ran.err);
    // Somebody who has proven a key, and looks for the telephone with the code on it: their client waits for them.
    let dana = enrols(&house, "dana");
    let mut terminal = by_hand(&house.technician("dana"), TARGET);
    terminal.shows("Authenticator code:");
    let fact = soon("the half proof to be a fact", || {
        house.facts_of("attempt-failed").into_iter().find(|fact| fact.body["reason"] == "second-factor")
    });
    assert!(fact.body.to_string().contains("dana"), "{:#}", fact.body);
    soon("its connection to be gone", || {
        (legs(house.gate.ssh_port(), house.target.port()) == (1, 1)).then_some(())
    });
    terminal.types(&format!("{}\n", dana.app.code(0)));
    assert_eq!(terminal.ends(), Some(255));
    assert_eq!(house.facts_of("session-admitted").len(), 1, "the one who was in time");
    visit.types("still here\n");
    visit.shows("still here");
}

#[test]
fn where_everybody_needs_one_who_has_none_stays_out() {
    let house =
        House::furnish().with("CHAPERONE_SECURITY__SSH_SECOND_FACTOR", "always").without_soc().start();
    house.open_window("dana", "exec", "+10m");
    assert_eq!(house.technician("dana").ssh(TARGET).runs("true").status, Some(255));
    soon("the fact", || {
        house.facts_of("attempt-failed").into_iter().find(|fact| fact.body["reason"] == "second-factor")
    });
}

#[test]
fn the_command_line_signs_in_by_password_and_code_and_needs_no_token_of_the_host() {
    let house = House::furnish().with("CHAPERONE_SECURITY__HOST_TOKENS", "true").start();
    let priya = enrols(&house, "priya");
    let window = house.request("dana", "exec", "now", "+30m", &[]);
    let server = format!("http://127.0.0.1:{}", house.gate.web_port());
    let run = |words: &[&str], typed: &str| {
        let mut command = house.gate.command();
        let given = house.folder().join("typed");
        std::fs::write(&given, typed).unwrap();
        let (wait, command) = (Duration::from_secs(30), command.args(words));
        Process::run("chaperone", wait, command.stdin(std::fs::File::open(given).unwrap()))
    };
    let login = ["login", "--server", &server, "--person", "priya"];
    let wrong = run(&login, "not her password\n123456\n");
    assert_eq!(wrong.status, Some(1), "{}", wrong.err);
    assert!(wrong.err.contains("was not accepted"), "{}", wrong.err);
    run(&login, &format!("{}\n{}\n", priya.password, priya.app.code(0))).succeeded();
    run(&["window", "approve", &window], "").succeeded();
    assert_eq!(house.facts_of("window-approved").len(), 1);
    let tokens = house.facts_of("host-token-used");
    assert!(tokens.iter().all(|fact| fact.body["login"] != "priya"), "{tokens:#?}");
    house.admin().does(&["person", "lock", "priya", "--reason", "left"]);
    assert_ne!(run(&["window", "list"], "").status, Some(0), "a lock ends sign-ins too");
}
