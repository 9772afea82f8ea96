//! Who signs out at the web has left the consoles that were opened from there, and no others.

use std::time::{Duration, Instant};

use chaperone_tests::{
    Browser, Engine, Enrolled, Furnishing, House, WebHouse, eventually, free_port, legs, on_both_databases,
    soon,
};
use serde_json::json;

/// Dana, with a password and an app.
fn enrolled(web: &WebHouse) -> Enrolled {
    let link = web.house.admin().does(&["person", "enrol", "dana"]);
    Enrolled::by_link(web.house.gate.web_port(), link["link"].as_str().unwrap())
}

fn signs_in(port: u16, dana: &Enrolled, steps: i64) -> Browser {
    Browser::signs_in(port, &dana.login, &dana.password, &dana.app.code(steps)).unwrap()
}

/// The link that her desk is given.
fn link(desk: &Browser, window: &str) -> String {
    let made = desk.posts(&format!("/api/windows/{window}/console"), &json!({ "target": "console-01" }));
    assert_eq!(made.status, 200, "{}", made.body);
    made.json()["url"].as_str().unwrap().to_owned()
}

on_both_databases!(signing_out_ends_the_consoles_that_were_opened_from_there_at_once);

fn signing_out_ends_the_consoles_that_were_opened_from_there_at_once(furnishing: Furnishing) {
    let web = WebHouse::furnished(furnishing, "", &[]);
    let window = web.open_window("+10m");
    let dana = enrolled(&web);
    let desk = signs_in(web.house.gate.web_port(), &dana, 0);
    let console = web.client("from the desk");
    assert_eq!(console.gets(&link(&desk, &window), &[]).status, 303);
    assert_eq!(console.gets("/", &[]).status, 200);
    let session = web.house.newest_session();
    let unopened = link(&desk, &window);
    // By the command line: of no sign-in at the web.
    let other = web.opened(&window);
    assert_eq!(other.gets("/", &[]).status, 200);
    assert_eq!(web.house.sessions().len(), 2);

    let began = Instant::now();
    assert_eq!(desk.posts("/api/sign-out", &json!({})).status, 204);
    soon("the order to reach the visit", || (web.house.facts_of("session-ended").len() == 1).then_some(()));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let out = web.house.fact("signed-out");
    assert_eq!(out.body["visits"], json!([session]), "{:#}", out.body);
    let visit = web.house.sealed(&session);
    assert_eq!(visit["end_reason"], "client-closed", "{visit:#}");
    let again = console.gets("/", &[]);
    assert!(again.status == 403 && again.text().contains("This visit is over: you left"), "{}", again.text());
    let failed = web.house.facts_of("attempt-failed");
    assert_eq!(failed.len(), 1, "a page that asks on is a fact: {failed:#?}");
    assert_eq!(
        failed[0].body["why"],
        "console: its holder has left the visit or signed out, or was locked or given new factors since"
    );
    let never = web.client("never").gets(&unopened, &[]);
    assert!(never.status == 403 && never.text().contains("This link is used up"), "{}", never.text());
    let failed = web.house.facts_of("attempt-failed");
    assert!(
        failed.iter().any(|fact| fact.body["why"] == "a link of somebody who has signed out since"),
        "{failed:#?}"
    );
    assert_eq!(other.gets("/", &[]).status, 200, "the other one goes on");
    assert_eq!(web.house.sessions().len(), 2, "the cookie opened nothing");
}

on_both_databases!(logging_out_on_the_command_line_ends_the_consoles_that_its_token_opened);

fn logging_out_on_the_command_line_ends_the_consoles_that_its_token_opened(furnishing: Furnishing) {
    let web = WebHouse::furnished(furnishing, "", &[]);
    let window = web.open_window("+10m");
    let opens = |token: &str, name: &str| {
        let words = ["window", "console", &window, "--target", "console-01"];
        let made = web.house.gate.holder_of(token.to_owned()).does(&words);
        let client = web.client(name);
        assert_eq!(client.gets(made["url"].as_str().unwrap(), &[]).status, 303);
        assert_eq!(client.gets("/", &[]).status, 200);
        client
    };
    let (token, another) = (web.house.gate.token("dana"), web.house.gate.token("dana"));
    let console = opens(&token, "by the token");
    let session = web.house.newest_session();
    let other = opens(&another, "by another");
    assert_eq!(web.house.sessions().len(), 2);

    let began = Instant::now();
    let out = web.house.gate.holder_of(token.clone()).does(&["logout"]);
    assert_eq!(out["was_good"], true);
    soon("the visit to end", || (web.house.facts_of("session-ended").len() == 1).then_some(()));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let fact = web.house.fact("signed-out");
    assert_eq!((&fact.body["listener"], &fact.body["visits"]), (&json!("api"), &json!([session])));
    assert_eq!(web.house.sealed(&session)["end_reason"], "client-closed");
    let again = console.gets("/", &[]);
    assert!(again.status == 403 && again.text().contains("This visit is over: you left"), "{}", again.text());
    assert_eq!(other.gets("/", &[]).status, 200, "what another token opened goes on");
    assert_eq!(web.house.sessions().len(), 2, "the cookie opened nothing");
}

#[test]
fn logging_out_ends_the_sign_in_that_is_kept_and_forgets_it() {
    let web = WebHouse::start();
    let window = web.open_window("+10m");
    let dana = enrolled(&web);
    let server = format!("http://127.0.0.1:{}", web.house.gate.web_port());
    let home = web.house.folder().join("laptop");
    let runs = |words: &[&str], input: &str| {
        let mut command = web.house.gate.command();
        command.env_remove("CHAPERONE_TOKEN").env_remove("CHAPERONE_SERVER").env("XDG_CONFIG_HOME", &home);
        let input = input.to_owned();
        let stdin = std::process::Stdio::piped();
        let mut child =
            command.args(words).stdin(stdin).stdout(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    let proof = format!("{}\n{}\n", dana.password, dana.app.code(0));
    let (status, _) = runs(&["login", "--server", &server, "--person", "dana"], &proof);
    assert_eq!(status, Some(0));
    let (_, made) = runs(&["window", "console", &window, "--target", "console-01", "--json"], "");
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let console = web.client("from the laptop");
    assert_eq!(console.gets(made["url"].as_str().unwrap(), &[]).status, 303);
    assert_eq!(console.gets("/", &[]).status, 200);

    let (status, said) = runs(&["logout"], "");
    assert!(status == Some(0) && said.contains("Signed out of"), "{said}");
    soon("the visit to end", || (web.house.facts_of("session-ended").len() == 1).then_some(()));
    assert_eq!(console.gets("/", &[]).status, 403);
    assert_eq!(runs(&["window", "list"], "").0, Some(2), "nothing is kept any more");
    let kept = std::fs::read_to_string(home.join("chaperone").join("tokens.json")).unwrap();
    assert!(!kept.contains("sign-in:"), "{kept}");
}

#[test]
fn new_factors_end_what_was_opened_with_the_old_ones_and_a_restart_opens_none_of_it() {
    let mut web = WebHouse::start();
    let window = web.open_window("+10m");
    let dana = enrolled(&web);
    let desk = signs_in(web.house.gate.web_port(), &dana, 0);
    let cookie = {
        let console = web.client("from the desk");
        assert_eq!(console.gets(&link(&desk, &window), &[]).status, 303);
        assert_eq!(console.gets("/", &[]).status, 200);
        console.cookie()
    };
    for who in [web.house.admin(), web.house.priya()] {
        who.does(&["person", "reset", "dana", "--reason", "her telephone was stolen"]);
    }
    soon("the visit to end", || (web.house.facts_of("session-ended").len() == 1).then_some(()));
    web.house.gate.stop();
    web.house.gate.rise();
    let kept = format!("Cookie: __Host-chaperone={cookie}");
    let again = web.client("another").gets("/", &["-H", &kept]);
    assert!(again.status == 403 && again.text().contains("This visit is over: you left"), "{}", again.text());
    assert_eq!(web.house.sessions().len(), 1);
}

#[test]
fn a_lock_is_a_lock_and_what_was_open_before_it_does_not_come_back_with_its_end() {
    let web = WebHouse::start();
    let window = web.open_window("+10m");
    let dana = enrolled(&web);
    let desk = signs_in(web.house.gate.web_port(), &dana, 0);
    let console = web.client("from the desk");
    assert_eq!(console.gets(&link(&desk, &window), &[]).status, 303);
    assert_eq!(console.gets("/", &[]).status, 200);
    let session = web.house.newest_session();
    web.house.sam().does(&["person", "lock", "dana", "--reason", "lost laptop"]);
    assert_eq!(web.house.sealed(&session)["end_reason"], "locked");
    let locked = console.gets("/", &[]);
    assert!(locked.status == 403 && locked.text().contains("Not now"), "{}", locked.text());
    let _ = web.house.refusal("attempt-refused", "locked");
    web.house.sam().does(&["person", "unlock", "dana"]);
    // A page that asks again and again is told the same for a minute.
    eventually(Duration::from_secs(90), "the page to be asked anew", || {
        let page = web.client("from the desk").gets("/", &[]);
        page.text().contains("This visit is over: you left").then_some(())
    });
    assert_eq!(web.house.sessions().len(), 1, "the cookie opened nothing");
}

#[test]
fn signing_out_at_one_node_ends_a_console_at_the_other() {
    let web = WebHouse::furnished(House::furnish().on(Engine::Postgresql), "", &[]);
    let window = web.open_window("+10m");
    let dana = enrolled(&web);
    let mut second = web.house.gate.beside(&web.house.folder().join("second"));
    second.is_told("CHAPERONE_GATE__TLS", &format!("127.0.0.1:{}", free_port()));
    second.rise();
    // The console is opened at the first node; the desk is served by the second.
    let desk = signs_in(second.web_port(), &dana, 0);
    let console = web.client("from the desk");
    let at_second = link(&desk, &window);
    let path = format!("/.chaperone{}", at_second.split("/.chaperone").nth(1).unwrap());
    assert_eq!(console.gets(&path, &[]).status, 303);
    assert_eq!(console.gets("/", &[]).status, 200);
    let session = web.house.newest_session();
    assert_eq!(desk.posts("/api/sign-out", &json!({})).status, 204);
    soon("every connection of the console to be gone", || {
        (legs(web.port(), web.console.port()) == (0, 0)).then_some(())
    });
    assert_eq!(web.house.sealed(&session)["end_reason"], "client-closed");
    assert_eq!(console.gets("/", &[]).status, 403);
}
