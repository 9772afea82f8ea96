//! The rules of HAR 1.2, as its specification has them: which fields each object must have, of which type, and which it may.
//! Fields that begin with an underscore are anybody's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

/// A field's type.
#[derive(Clone, Copy)]
enum Is {
    Text,
    Number,
    Flag,
    Time,
    List,
    Object,
}

use Is::{Flag, List, Number, Object, Text, Time};

/// Checks a whole HAR.
pub fn check(har: &Value) {
    assert_eq!(har.as_object().unwrap().len(), 1);
    let log = &har["log"];
    fields(
        "log",
        log,
        &[("version", Text), ("creator", Object), ("entries", List)],
        &[("browser", Object), ("pages", List), ("comment", Text)],
    );
    assert_eq!(log["version"], "1.2");
    named("creator", &log["creator"]);
    if let Some(browser) = log.get("browser") {
        named("browser", browser);
    }
    let pages: Vec<&str> = log["pages"].as_array().into_iter().flatten().map(page).collect();
    for entry in log["entries"].as_array().unwrap() {
        check_entry(entry, &pages);
    }
}

pub fn decoded(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().unwrap()).unwrap()
}

fn named(what: &str, value: &Value) {
    fields(what, value, &[("name", Text), ("version", Text)], &[("comment", Text)]);
}

fn page(page: &Value) -> &str {
    let must = [("startedDateTime", Time), ("id", Text), ("title", Text), ("pageTimings", Object)];
    fields("page", page, &must, &[("comment", Text)]);
    page["id"].as_str().unwrap()
}

fn check_entry(entry: &Value, pages: &[&str]) {
    let must = [
        ("startedDateTime", Time),
        ("time", Number),
        ("request", Object),
        ("response", Object),
        ("cache", Object),
        ("timings", Object),
    ];
    fields(
        "entry",
        entry,
        &must,
        &[("pageref", Text), ("serverIPAddress", Text), ("connection", Text), ("comment", Text)],
    );
    if let Some(of) = entry.get("pageref") {
        assert!(pages.contains(&of.as_str().unwrap()), "an entry is of a page that is not there");
    }
    check_timings(entry);
    check_request(&entry["request"]);
    check_response(&entry["response"]);
}

/// The whole time is the sum of its parts; a part that was not seen is −1, and these three are always there.
fn check_timings(entry: &Value) {
    let must = [("send", Number), ("wait", Number), ("receive", Number)];
    let may = [("blocked", Number), ("dns", Number), ("connect", Number), ("ssl", Number), ("comment", Text)];
    fields("timings", &entry["timings"], &must, &may);
    let of = |name: &str| entry["timings"][name].as_f64().unwrap();
    assert!(must.iter().all(|(name, _)| of(name) >= 0.0));
    let parts = ["blocked", "dns", "connect", "send", "wait", "receive"].map(of);
    let sum: f64 = parts.into_iter().filter(|part| *part >= 0.0).sum();
    assert!((sum - entry["time"].as_f64().unwrap()).abs() < 0.01);
}

fn check_request(request: &Value) {
    let must = [
        ("method", Text),
        ("url", Text),
        ("httpVersion", Text),
        ("cookies", List),
        ("headers", List),
        ("queryString", List),
        ("headersSize", Number),
        ("bodySize", Number),
    ];
    fields("request", request, &must, &[("postData", Object), ("comment", Text)]);
    pairs(request, &["headers", "queryString"]);
    cookies(request);
    if let Some(post) = request.get("postData") {
        // Text and parameters exclude one another.
        fields("postData", post, &[("mimeType", Text), ("text", Text)], &[("comment", Text)]);
    }
}

fn check_response(response: &Value) {
    let must = [
        ("status", Number),
        ("statusText", Text),
        ("httpVersion", Text),
        ("cookies", List),
        ("headers", List),
        ("content", Object),
        ("redirectURL", Text),
        ("headersSize", Number),
        ("bodySize", Number),
    ];
    fields("response", response, &must, &[("comment", Text)]);
    pairs(response, &["headers"]);
    cookies(response);
    let content = &response["content"];
    let may = [("compression", Number), ("text", Text), ("encoding", Text), ("comment", Text)];
    fields("content", content, &[("size", Number), ("mimeType", Text)], &may);
    let Some(text) = content.get("text") else { return };
    let len = match content.get("encoding") {
        Some(encoding) => {
            assert_eq!(encoding, "base64");
            decoded(text).len()
        }
        None => text.as_str().unwrap().len(),
    };
    assert_eq!(content["size"], len, "a content's size is that of what is there");
}

fn pairs(of: &Value, lists: &[&str]) {
    for pair in lists.iter().flat_map(|list| of[list].as_array().unwrap()) {
        fields("pair", pair, &[("name", Text), ("value", Text)], &[("comment", Text)]);
    }
}

fn cookies(of: &Value) {
    for cookie in of["cookies"].as_array().unwrap() {
        let may = [
            ("path", Text),
            ("domain", Text),
            ("expires", Time),
            ("httpOnly", Flag),
            ("secure", Flag),
            ("comment", Text),
        ];
        fields("cookie", cookie, &[("name", Text), ("value", Text)], &may);
    }
}

fn fields(what: &str, value: &Value, must: &[(&str, Is)], may: &[(&str, Is)]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{what} is no object"));
    for (name, _) in must {
        assert!(object.contains_key(*name), "{what} lacks {name}");
    }
    for (name, value) in object.iter().filter(|(name, _)| !name.starts_with('_')) {
        let Some((_, is)) = must.iter().chain(may).find(|(known, _)| known == name) else {
            panic!("{what} has {name}, which the format does not know");
        };
        let right = match is {
            Text => value.is_string(),
            Number => value.is_number(),
            Flag => value.is_boolean(),
            Time => value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
            List => value.is_array(),
            Object => value.is_object(),
        };
        assert!(right, "{what} has a {name} of another type: {value}");
    }
}
