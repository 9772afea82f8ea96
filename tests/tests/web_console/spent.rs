//! A link opens once, and a visit that was stopped or left is over: for every browser, when the gate has started again.

use chaperone_tests::{Furnishing, WebHouse, on_both_databases, soon};

on_both_databases!(
    a_link_is_used_up_and_a_stopped_visits_cookie_spent_when_the_gate_has_started_again,
    who_has_left_a_console_has_left_it_when_the_gate_has_started_again,
    a_link_opens_nothing_while_the_database_is_gone_and_is_not_used_up_by_that,
);

fn restart(web: &mut WebHouse) {
    web.house.gate.stop();
    web.house.gate.rise();
}

fn a_link_is_used_up_and_a_stopped_visits_cookie_spent_when_the_gate_has_started_again(
    furnishing: Furnishing,
) {
    let mut web = WebHouse::furnished(furnishing, "", &[]);
    let window = web.open_window("+10m");
    let link = web.link(&window);
    let danas = web.client("dana");
    assert_eq!(danas.gets(&link, &[]).status, 303);
    assert_eq!(danas.gets("/", &[]).status, 200);
    let session = web.house.newest_session();
    web.house.sam().does(&["session", "stop", &session, "--reason", "not planned"]);
    web.house.sealed(&session);
    restart(&mut web);

    let second = web.client("second").gets(&link, &[]);
    assert!(second.status == 403 && second.text().contains("This link is used up"), "{}", second.text());
    let told = web.house.refusal("attempt-failed", "credential");
    assert_eq!(told.body["why"], "a link that was used before");
    for _ in 0..2 {
        let again = web.client("dana").gets("/", &[]);
        assert!(
            again.status == 403 && again.text().contains("the hospital has stopped this visit"),
            "{}",
            again.text()
        );
    }
    let failed = web.house.facts_of("attempt-failed");
    let spent: Vec<_> =
        failed.iter().filter(|fact| fact.body["why"] == "console: its visit was stopped").collect();
    assert_eq!(spent.len(), 1, "once, however often the page asks: {failed:#?}");
    assert_eq!(web.house.sessions().len(), 1, "the cookie opened nothing");
    assert_eq!(web.opened(&window).gets("/", &[]).status, 200, "a new link does");
}

fn who_has_left_a_console_has_left_it_when_the_gate_has_started_again(furnishing: Furnishing) {
    let mut web = WebHouse::furnished(furnishing, "", &[]);
    let window = web.open_window("+10m");
    let kept = {
        let client = web.opened(&window);
        assert_eq!(client.gets("/", &[]).status, 200);
        let kept = format!("Cookie: __Host-chaperone={}", client.cookie());
        client.leaves();
        kept
    };
    web.house.sealed(&web.house.newest_session());
    restart(&mut web);
    let again = web.client("another").gets("/", &["-H", &kept]);
    assert!(again.status == 403 && again.text().contains("This visit is over: you left"), "{}", again.text());
    assert_eq!(web.house.sessions().len(), 1, "the cookie opened nothing");
}

fn a_link_opens_nothing_while_the_database_is_gone_and_is_not_used_up_by_that(furnishing: Furnishing) {
    let mut web = WebHouse::furnished(furnishing, "", &[]);
    let link = web.link(&web.open_window("+10m"));
    web.house.database.fall();
    let refused = web.client("dana").gets(&link, &["--max-time", "40"]);
    assert_eq!((refused.status, refused.field("set-cookie")), (403, None), "{}", refused.text());
    assert!(refused.text().contains("The schedule cannot be read at this time"), "{}", refused.text());
    web.house.database.rise();
    let client = web.client("dana");
    soon("the link to open its console", || {
        let page = client.gets(&link, &[]);
        (page.status == 303).then_some(())
    });
    let told = web.house.refusal("attempt-refused", "store");
    assert!(told.body["reference"].as_str().is_some_and(|reference| refused.text().contains(reference)));
}

#[test]
fn a_cookie_that_is_shown_again_after_a_stop_or_a_leave_is_a_fact_each_minute() {
    let web = WebHouse::start();
    let window = web.open_window("+10m");
    let facts = |why: &str| {
        web.house.facts_of("attempt-failed").iter().filter(|fact| fact.body["why"] == why).count()
    };
    let stopped = web.opened(&window);
    assert_eq!(stopped.gets("/", &[]).status, 200);
    let session = web.house.newest_session();
    web.house.sam().does(&["session", "stop", &session, "--reason", "not planned"]);
    web.house.sealed(&session);
    for _ in 0..3 {
        let again = stopped.gets("/", &[]);
        assert!(again.text().contains("the hospital has stopped this visit"), "{}", again.text());
    }
    assert_eq!(facts("console: its visit was stopped"), 1, "once, however often the page asks");
    let left = web.opened(&window);
    assert_eq!(left.gets("/", &[]).status, 200);
    let kept = format!("Cookie: __Host-chaperone={}", left.cookie());
    let session = web.house.newest_session();
    left.leaves();
    web.house.sealed(&session);
    for _ in 0..3 {
        let again = web.client("another").gets("/", &["-H", &kept]);
        assert!(again.text().contains("This visit is over: you left"), "{}", again.text());
    }
    assert_eq!(
        facts(
            "console: its holder has left the visit or signed out, or was locked or given new factors since"
        ),
        1
    );
    let told = web.house.refusal("attempt-failed", "credential");
    assert!(told.body["user"].as_str().unwrap().starts_with("dana+console-01"), "{:#}", told.body);
    assert_eq!(web.house.sessions().len(), 2, "the cookies opened nothing");
}
