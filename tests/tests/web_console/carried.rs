//! A console over a web socket: the token that opens the way, and the cookie inside, are the same person's.

use chaperone_tests::WebHouse;

#[test]
fn nobodys_cookie_or_link_is_taken_on_a_way_that_somebody_elses_token_has_opened() {
    let web = WebHouse::start();
    let window = web.open_window("+10m");
    let (danas, viktors) = (web.house.gate.token("dana"), web.house.gate.token("viktor"));
    // Viktor may connect somewhere, else nothing is carried for him at all.
    let _his = web.house.open_window_on("console-01", "viktor", "tls", "+10m");
    let (own, other) = (web.house.gate.carries(danas), web.house.gate.carries(viktors));

    // Her link is not followed on his way, and is good on hers.
    let link = web.link(&window);
    let borrowed = web.client_through("borrowed", other).gets(&link, &[]);
    assert!(
        borrowed.status == 403 && borrowed.text().contains("This link is used up"),
        "{}",
        borrowed.text()
    );
    let failed = web.house.refusal("attempt-failed", "credential");
    assert_eq!(failed.body["why"], "a link of dana's, and viktor's token carries it", "{:#}", failed.body);
    let console = web.client_through("dana", own);
    assert_eq!(console.gets(&link, &[]).status, 303);
    assert_eq!(console.gets("/", &[]).status, 200);
    let session = web.house.newest_session();

    // Nor is her cookie taken there, whatever is asked with it; it is told once a connection.
    let kept = format!("Cookie: __Host-chaperone={}", console.cookie());
    for path in ["/", "/.chaperone/"] {
        let asked = web.client_through("borrowed", other).gets(path, &["-H", &kept]);
        let stranger = web.client("stranger").gets(path, &[]);
        assert_eq!((asked.status, asked.text()), (stranger.status, stranger.text()), "{path}");
    }
    let left = web.client_through("borrowed", other).gets("/.chaperone/leave", &["-X", "POST", "-H", &kept]);
    assert_ne!(left.status, 200, "{}", left.text());
    let told = chaperone_tests::soon("three more facts", || {
        let failed = web.house.facts_of("attempt-failed");
        (failed.len() == 4).then(|| failed.last().unwrap().clone())
    });
    assert_eq!(told.body["why"], "a cookie of dana's, and viktor's token carries it", "{:#}", told.body);
    assert!(told.body["user"].as_str().unwrap().starts_with("dana+"), "{:#}", told.body);

    // On her own way, and at the door itself, she goes on; and it was one visit.
    assert_eq!(console.gets("/", &[]).status, 200);
    assert_eq!(web.client("at the door").gets("/", &["-H", &kept]).status, 200);
    assert_eq!(web.house.newest_session(), session);
}
