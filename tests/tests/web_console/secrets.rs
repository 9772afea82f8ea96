//! What the gate signs in to a console with: put in after the recording, and never told to whoever sits at the browser.

use std::io::Write;
use std::time::Duration;

use chaperone_tests::{House, WebHouse, contains, soon};

use crate::behind::{behind, passes_on};

const KEY: &str = "k3y-of-the-console-4711";

/// A house whose gate signs in with a header.
fn by_header(lines: &str) -> WebHouse {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, KEY).unwrap();
    let more = ["--header", "X-Api-Key", "--console-secret", secret.to_str().unwrap()];
    WebHouse::furnished(House::furnish(), lines, &more)
}

#[test]
fn a_header_goes_in_behind_the_recording_in_the_place_of_the_clients() {
    let lines = format!(
        "location = /inside {{ if ($http_x_api_key = \"{KEY}\") {{ return 200 inside; }} return 403; }}"
    );
    let web = by_header(&lines);
    let client = web.opened(&web.open_window("+10m"));
    for speaks in ["--http1.1", "--http2"] {
        let page = client.gets("/inside", &[speaks, "-H", "X-Api-Key: mine-and-wrong"]);
        assert_eq!((page.status, page.text().as_str()), (200, "inside"));
    }
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    let requests = web.events(&session, "http-request");
    assert!(requests.iter().all(|request| request["injected"] == "header x-api-key"), "{requests:#?}");
    assert!(!serde_json::to_string(&web.exported(&session)).unwrap().contains(KEY));
    assert!(!web.house.gate.log().contains(KEY));
}

#[test]
fn a_value_that_could_not_be_told_from_anything_else_is_not_sealed() {
    let web = WebHouse::start();
    let secret = web.house.folder().join("secret");
    std::fs::write(&secret, "k9-xy").unwrap();
    let file = secret.to_str().unwrap();
    let words = ["--header", "X-Api-Key", "--console-secret", file, "--reason", "it has one"];
    let said = web.house.priya().tries(&[&["target", "set-tls", "console-01"][..], &words].concat());
    assert!(format!("{said:?}").contains("at least 6 characters"), "{said:?}");
}

#[test]
fn a_console_that_tells_it_piece_by_piece_tells_nothing_and_the_soc_hears_of_it() {
    let leaks = behind(|mut asked| {
        let key = asked.field("x-api-key").unwrap_or("none").to_owned();
        let (most, last) = key.split_at(key.len() - 1);
        asked.stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
        for piece in ["you sent ", most, last, " and no more"] {
            asked.stream.write_all(piece.as_bytes())?;
            std::thread::sleep(Duration::from_millis(400));
        }
        Ok(())
    });
    let web = by_header(&passes_on("/leaks", leaks));
    let client = web.opened(&web.open_window("+10m"));
    for speaks in ["--http1.1", "--http2"] {
        let told = client.runs("/leaks", &[speaks]);
        assert!(told.status != Some(0), "it is cut: {told:?}");
        assert!(contains(&told.out, b"you sent "), "what came before it passes: {told:?}");
        assert!(!contains(&told.out, &KEY.as_bytes()[..3]), "{told:?}");
    }
    let told = web.house.fact("target-failed");
    assert_eq!((&told.body["failure"], &told.body["protocol"]), (&"shows-credential".into(), &"http".into()));
    assert_eq!(web.house.facts_of("target-failed").len(), 1, "once while it goes on");
    let alert = soon("the SOC's alert", || {
        let alerts = web.house.sam().lists(&["alert", "list"]);
        alerts.into_iter().find(|alert| alert["rule"] == "credential-shown")
    });
    assert_eq!(alert["severity"], "high", "{alert:#}");
    let heard = web.house.webhook.hears(Duration::from_secs(10), "the alert", |delivery| {
        delivery.event["class_uid"] == 2004 && delivery.event.to_string().contains("credential-shown")
    });
    let content = &heard.event["unmapped"]["alert"];
    let summary = content["summary"].as_str().unwrap();
    assert!(summary.contains("console-01") && summary.contains("held the credential"), "{summary}");
    assert_eq!(
        (&content["what"]["protocol"], &content["outcome"]),
        (&"http".into(), &"not passed on".into())
    );
    assert!(content["what_next"][0].as_str().unwrap().contains("changed"), "{content:#}");
    assert!(web.house.facts_of("channel-refused").is_empty(), "nobody asked for it");
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    let all = serde_json::to_string(&web.exported(&session)).unwrap();
    assert!(!all.contains(&KEY[..8]), "nothing of it is recorded");
    let facts: Vec<_> = web.house.facts().iter().map(|fact| fact.body.to_string()).collect();
    assert!(!facts.concat().contains(KEY) && !web.house.gate.log().contains(KEY));
}
