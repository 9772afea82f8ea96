//! Whoever comes without a link, with a spent one, or outside of their window.

use chaperone_tests::{DOMAIN, WebHouse, soon};

#[test]
fn nobody_who_has_not_signed_in_learns_which_consoles_there_are() {
    let web = WebHouse::start();
    let client = web.client("stranger");
    let known = client.gets("/", &[]);
    let unknown = client.gets(&format!("https://nothing.web.{DOMAIN}:{}/any?x", web.port()), &[]);
    assert_eq!((known.status, &known.body), (403, &unknown.body), "the same bytes");
    assert!(
        known.text().contains("Sign in first") && known.text().contains("Open console"),
        "{}",
        known.text()
    );
    assert!(known.field("content-security-policy").unwrap().starts_with("default-src 'none'"));
    let forged = ["-H", "Cookie: __Host-chaperone=eyJhbGciOiJFZERTQSJ9.e30.AAAA"];
    assert_eq!(client.gets("/", &forged).body, known.body, "a cookie of nobody's");
    let failed = web.house.refusal("attempt-failed", "credential");
    assert_eq!(failed.body["why"], "a cookie that is none of this gate's");
    assert!(web.house.sessions().is_empty() && web.console.log().is_empty());
}

#[test]
fn a_link_opens_once_and_only_its_own_console() {
    let web = WebHouse::start();
    let window = web.open_window("+10m");
    let link = web.link(&window);
    let first = web.client("first");
    assert_eq!(first.gets(&link, &[]).status, 303);
    let second = web.client("second").gets(&link, &[]);
    assert!(second.status == 403 && second.text().contains("This link is used up"), "{}", second.text());
    let told = web.house.refusal("attempt-failed", "credential");
    assert_eq!(told.body["why"], "a link that was used before");
    assert!(second.text().contains(told.body["reference"].as_str().unwrap()));
    let elsewhere = web.link(&window).replace("console-01.web", "console-02.web");
    assert_eq!(web.client("third").gets(&elsewhere, &[]).status, 403);
    let cookie = first.cookie();
    let stolen = format!("Cookie: __Host-chaperone={cookie}");
    let other = format!("https://console-02.web.{DOMAIN}:{}/", web.port());
    assert_eq!(
        web.client("fourth").gets(&other, &["-H", &stolen]).status,
        403,
        "the cookie is of one console"
    );
    assert!(web.console.log().is_empty());
}

#[test]
fn who_has_left_has_left_and_who_holds_the_cookie_too() {
    let web = WebHouse::start();
    let window = web.open_window("+10m");
    let client = web.opened(&window);
    assert_eq!(client.gets("/", &[]).status, 200);
    let kept = format!("Cookie: __Host-chaperone={}", client.cookie());
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    let again = web.client("another").gets("/", &["-H", &kept]);
    assert!(again.status == 403 && again.text().contains("This visit is over"), "{}", again.text());
    assert_eq!(web.house.sessions().len(), 1, "the cookie opened nothing");
    assert_eq!(web.opened(&window).gets("/", &[]).status, 200, "a new link does");
}

#[test]
fn a_link_of_somebody_else_takes_nobody_s_place() {
    let web = WebHouse::start();
    let danas = web.opened(&web.open_window("+10m"));
    assert_eq!(danas.gets("/", &[]).status, 200);
    let theirs = web.house.open_window_on("console-01", "viktor", "tls", "+10m");
    let link =
        web.house.gate.person("viktor").does(&["window", "console", &theirs, "--target", "console-01"]);
    let clicked = danas.gets(link["url"].as_str().unwrap(), &[]);
    assert!(clicked.status == 409 && clicked.text().contains("somebody else's"), "{}", clicked.text());
    assert!(clicked.field("set-cookie").is_none());
    assert_eq!(danas.gets("/", &[]).status, 200, "her own goes on");
    let told = web.house.refusal("attempt-failed", "credential");
    assert!(told.body["user"].as_str().unwrap().starts_with("viktor+"), "{:#}", told.body);
}

#[test]
fn off_schedule_is_the_same_refusal_with_its_alert_and_a_page_that_says_what_to_do() {
    let web = WebHouse::start();
    let early = web.house.request_on_console("+2h", "+3h");
    web.house.approve(&early);
    let said = web.house.gate.person("dana").tries(&["window", "console", &early]);
    assert_eq!(said.status, Some(1), "{said:?}");
    let refused = web.house.refusal("attempt-refused", "early");
    assert_eq!(refused.body["protocol"], "tls");
    soon("the SOC's alert", || (!web.house.alerts_because("early").is_empty()).then_some(()));

    let window = web.open_window("+15s");
    let client = web.opened(&window);
    assert_eq!(client.gets("/", &[]).status, 200);
    let cookie = client.cookie();
    soon("the window to be over", || (web.house.facts_of("session-ended").len() == 1).then_some(()));
    let kept = format!("Cookie: __Host-chaperone={cookie}");
    let late = soon("the schedule's answer", || {
        let page = web.client("late").gets("/", &["-H", &kept]);
        page.text().contains("Not now").then_some(page)
    });
    assert_eq!(late.status, 403);
    let refused = web.house.refusal("attempt-refused", "late");
    assert!(late.text().contains(refused.body["reference"].as_str().unwrap()), "{}", late.text());
    assert!(late.text().contains("To ask for a change window"), "{}", late.text());
    soon("the SOC's alert", || (!web.house.alerts_because("late").is_empty()).then_some(()));
}

#[test]
fn a_console_that_is_gone_is_said_and_the_visit_goes_on() {
    let mut web = WebHouse::start();
    let client_window = web.open_window("+10m");
    web.console.falls();
    let client = web.opened(&client_window);
    let page = client.gets("/", &[]);
    assert_eq!(page.status, 502);
    assert!(
        page.text().contains("your visit goes on") && page.text().contains("Reference"),
        "{}",
        page.text()
    );
    assert_eq!(client.gets("/", &[]).status, 502);
    let failed = web.house.fact("target-failed");
    assert_eq!(failed.body["failure"], "unreachable");
    assert!(failed.body["channel"].is_number() && failed.body["n"].is_number(), "{:#}", failed.body);
    assert!(client.gets("/.chaperone/", &[]).text().contains("Recorded"));
}
