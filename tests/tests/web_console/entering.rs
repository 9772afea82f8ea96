//! A link that another site sends a browser to is asked about first: nobody works as somebody else without knowing it.

use chaperone_tests::{Client, House, Page, WebHouse};

/// Follows a link as a browser does that a page of such a site has sent.
fn sent_from(client: &Client<'_>, site: &str, link: &str, more: &[&str]) -> Page {
    let site = format!("Sec-Fetch-Site: {site}");
    let browser = ["-H", &site, "-H", "Sec-Fetch-Mode: navigate", "-H", "Sec-Fetch-Dest: document"];
    client.gets(link, &[&browser, more].concat())
}

#[test]
fn a_link_that_another_site_sends_here_opens_when_its_person_says_so() {
    let web = WebHouse::start();
    let link = web.link(&web.open_window("+10m"));
    let client = web.client("dana");
    let asked = sent_from(&client, "cross-site", &link, &[]);
    assert_eq!((asked.status, asked.field("set-cookie")), (200, None), "{}", asked.text());
    let text = asked.text();
    assert!(text.contains("You are about to open <b>console-01</b> as <b>dana</b>"), "{text}");
    let path = link.split(&web.host()).nth(1).unwrap();
    assert!(text.contains(&format!("<form method=\"post\" action=\"{path}\">")), "{text}");
    assert!(asked.field("content-security-policy").unwrap().contains("frame-ancestors 'none'"));

    // A page of another site, or of another console, does not say so in its person's place.
    let post = ["--request", "POST"];
    for site in ["cross-site", "same-site"] {
        assert_eq!(sent_from(&client, site, &link, &post).status, 403, "{site}");
    }
    for origin in ["Origin: https://evil.example", "Origin: null"] {
        assert_eq!(client.gets(&link, &[&post[..], &["-H", origin]].concat()).status, 403, "{origin}");
    }
    assert_eq!(client.gets("/", &[]).status, 403, "nothing is open yet");

    let opened = sent_from(&client, "same-origin", &link, &post);
    assert_eq!((opened.status, opened.field("location")), (303, Some("/")), "{}", opened.text());
    assert_eq!(client.gets("/", &[]).status, 200);
    let again = sent_from(&web.client("another"), "same-origin", &link, &post);
    assert!(again.status == 403 && again.text().contains("This link is used up"), "{}", again.text());
}

#[test]
fn a_link_that_another_console_sends_here_opens_when_its_person_says_so() {
    let web = WebHouse::start();
    let window = web.open_window("+10m");
    let evil = format!("Referer: https://evil.web.gate.hospital.example:{}/", web.port());
    for more in [&[][..], &["-H", evil.as_str()]] {
        let asked = sent_from(&web.client("dana"), "same-site", &web.link(&window), more);
        assert_eq!((asked.status, asked.field("set-cookie")), (200, None), "{}", asked.text());
        assert!(asked.text().contains("as <b>dana</b>"), "{}", asked.text());
    }
}

#[test]
fn a_link_from_the_gates_own_desk_or_typed_opens_at_once() {
    let furnishing = House::furnish().with("CHAPERONE_WEB__URL", "https://desk.hospital.example");
    let web = WebHouse::furnished(furnishing, "", &[]);
    let window = web.open_window("+10m");
    let desk = ["-H", "Referer: https://desk.hospital.example/"];
    for (site, more) in [("same-site", &desk[..]), ("same-origin", &[]), ("none", &[])] {
        let opened = sent_from(&web.client(site), site, &web.link(&window), more);
        assert_eq!((opened.status, opened.field("location")), (303, Some("/")), "{site}: {}", opened.text());
    }
}

#[test]
fn a_link_that_opens_nothing_is_not_asked_about() {
    let web = WebHouse::start();
    let link = web.link(&web.open_window("+10m"));
    let forged = format!("{}AAAA", link);
    let asked = sent_from(&web.client("one"), "cross-site", &forged, &[]);
    assert!(asked.status == 403 && asked.text().contains("This link is used up"), "{}", asked.text());
    assert_eq!(
        web.house.refusal("attempt-failed", "credential").body["why"],
        "a link that is none of this gate's"
    );
}
