//! What becomes of a web console's visit as evidence: its transactions as a table with heads and bodies, found by URL and
//! hash, and as a HAR, alone and in a bundle. Every look is a fact. nginx is the console and curl the client.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_tests::{
    Answer, CONSOLE_NAME, Furnishing, House, Process, Walk, WebHouse, browser, digest, get,
    on_both_databases, soon,
};
use serde_json::{Value, json};

/// Lines of the console's: a file to save, under a content coding.
const MORE: &str = "location = /log { gzip on; gzip_min_length 1; gzip_types text/plain; default_type text/plain; \
    add_header Content-Disposition 'attachment; filename=\"pump.log\"'; return 200 'rate 5 mL/h\n'; }";

/// A visit that asks for a page, a state and a file, sends one, and is over.
fn visited(web: &WebHouse) -> String {
    let client = web.opened(&web.open_window("+10m"));
    assert_eq!(client.gets("/", &["--http1.1"]).status, 200);
    assert_eq!(client.gets("/api/state", &["--http1.1"]).text(), "12 pumps");
    assert_eq!(client.gets("/log", &["--http1.1", "--compressed"]).text(), "rate 5 mL/h\n");
    let patch = web.house.folder().join("patch.bin");
    fs::write(&patch, b"a patch").expect("a file to send");
    let sends = [
        "--http1.1",
        "--upload-file",
        patch.to_str().expect("a path"),
        "-H",
        "Content-Type: application/octet-stream",
    ];
    assert_eq!(client.gets("/uploads/patch.bin", &sends).status, 201);
    let session = web.house.newest_session();
    assert_eq!(client.gets("/.chaperone/leave", &["--request", "POST"]).status, 200);
    web.house.sealed(&session);
    session
}

on_both_databases! { transactions_of_a_console_are_a_table_that_opens_and_is_found }

/// What somebody is answered by the API.
fn asks(web: &WebHouse, who: &str, path: &str) -> Answer {
    let house = &web.house;
    get(house.gate.web_port(), path, Some(&house.gate.token(who))).expect("an answer")
}

fn reads(web: &WebHouse, path: &str) -> Value {
    let answer = asks(web, "sam", path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

fn transactions_of_a_console_are_a_table_that_opens_and_is_found(furnishing: Furnishing) {
    let web = WebHouse::furnished(furnishing, MORE, &[]);
    let session = visited(&web);
    let path = format!("/api/recordings/{session}/transactions");
    let table = reads(&web, &format!("{path}?limit=3"));
    assert_eq!((table["total"].as_u64(), table["next"].as_u64()), (Some(4), Some(2)), "{table:#}");
    let rest = reads(&web, &format!("{path}?after=2"));
    let row = &rest["transactions"][0];
    assert_eq!(
        (row["method"].as_str(), row["status"].as_u64(), row["sent"].as_u64()),
        (Some("PUT"), Some(201), Some(7)),
        "{row:#}"
    );
    assert_eq!(row["files"][0]["name"], "patch.bin");
    assert_eq!(row["files"][0]["sha256"], digest(b"a patch").as_str());
    let state = reads(&web, &format!("{path}?q={}", digest(b"12 pumps")));
    assert_eq!((state["found"].as_u64(), state["total"].as_u64()), (Some(1), Some(4)));
    assert!(state["transactions"][0]["url"].as_str().is_some_and(|url| url.ends_with("/api/state")));

    let opened = reads(&web, &format!("{path}/2"));
    let heads = opened["response_headers"].as_array().expect("header fields");
    let gzip = heads.iter().any(|field| field["name"] == "content-encoding" && field["value"] == "gzip");
    assert!(gzip, "{opened:#}");
    let body = asks(&web, "sam", &format!("{path}/2/body?of=response"));
    assert!(body.body.contains("rate 5 mL/h\n"), "without its content coding: {}", body.body);
    assert_eq!(
        body.header("content-type"),
        Some("application/octet-stream"),
        "it is bytes, and never a page"
    );
    assert_eq!(body.header("x-content-type-options"), Some("nosniff"));
    assert!(body.header("content-disposition").is_some_and(|how| how.starts_with("attachment")));
    let short = asks(&web, "sam", &format!("{path}/3/body?of=request&most=3"));
    assert!(short.body.contains("a p") && !short.body.contains("a pa"), "{}", short.body);

    let look = web.house.fact("recording-viewed");
    assert_eq!((&look.body["format"], &look.body["host_minted"]), (&"replay".into(), &true.into()));
    let sam = web.house.sam();
    for sought in ["api state", "pump log", &digest(b"rate 5 mL/h\n"), &digest(b"a patch")] {
        let hits = soon("the visit to be found", || {
            Some(sam.lists(&["search", sought])).filter(|hits| !hits.is_empty())
        });
        assert!(hits.iter().all(|hit| hit["session"] == session.as_str()), "{sought}: {hits:#?}");
    }
    assert_eq!(asks(&web, "sam", &format!("{path}/99")).status, 404);
    assert_eq!(asks(&web, "dana", &path).status, 403, "a technician does not read evidence");
    let visit = reads(&web, &format!("/api/sessions/{session}"));
    assert_eq!(visit["protocol"], "tls");
}

#[test]
fn a_har_has_every_request_with_its_body_alone_and_in_a_bundle() {
    let web = WebHouse::furnished(House::furnish(), MORE, &[]);
    let session = visited(&web);
    let sam = web.house.sam();
    let file = web.house.folder().join("visit.har");
    let to = file.to_str().expect("a path");
    sam.does(&["recording", "export", &session, "--format", "har", "-o", to, "--reason", "the vendor asks"]);
    let har = checked(&file);
    let exported = web.house.fact("recording-exported");
    assert_eq!(
        (&exported.body["format"], &exported.body["reason"]),
        (&Value::from("har"), &Value::from("the vendor asks"))
    );

    let bundle = web.house.folder().join("bundle.tar");
    let into = bundle.to_str().expect("a path");
    sam.does(&["bundle", "make", "--session", &session, "-o", into, "--reason", "the case"]);
    let out = web.house.folder().join("bundle");
    fs::create_dir(&out).expect("a folder");
    let done = Command::new("tar").arg("-xf").arg(&bundle).arg("-C").arg(&out).status().expect("tar");
    assert!(done.success());
    assert_eq!(checked(&out.join(format!("derived/{session}.har"))), har);
    the_tools_of_a_browser_hold_the_same(&file, &har);
    for format in ["jsonl", "txt", "files", "pcapng"] {
        let file = web.house.folder().join(format!("visit.{format}"));
        let to = file.to_str().expect("a path");
        sam.does(&["recording", "export", &session, "--format", format, "-o", to, "--reason", "review"]);
        assert!(fs::metadata(&file).is_ok_and(|file| file.len() > 100), "{format}");
    }
}

/// The HAR in a file, with what must be in it.
fn checked(file: &Path) -> Value {
    let har: Value = serde_json::from_slice(&fs::read(file).expect("a HAR")).expect("JSON");
    assert_eq!(
        (&har["log"]["version"], &har["log"]["creator"]["name"]),
        (&Value::from("1.2"), &Value::from("Chaperone"))
    );
    let entries = har["log"]["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 4);
    let of = |path: &str| {
        let ends = |entry: &&Value| entry["request"]["url"].as_str().is_some_and(|url| url.ends_with(path));
        entries.iter().find(ends).unwrap_or_else(|| panic!("no entry of {path}"))
    };
    assert!(of("/")["request"]["url"].as_str().is_some_and(|url| url.contains(CONSOLE_NAME)));
    assert!(
        of("/")["response"]["content"]["text"].as_str().is_some_and(|text| text.contains("Pump console"))
    );
    let log = &of("/log")["response"];
    assert_eq!(log["content"]["text"], "rate 5 mL/h\n");
    assert!(log["bodySize"].as_u64() != log["content"]["size"].as_u64(), "it passed under a content coding");
    let put = &of("/uploads/patch.bin")["request"];
    assert_eq!(
        (&put["postData"]["text"], &put["_sha256"]),
        (&Value::from("a patch"), &Value::from(digest(b"a patch")))
    );
    let text = har.to_string();
    assert!(!text.contains("__Host-chaperone"), "the gate's cookie is nowhere");
    har
}

/// Chromium's own developer tools take the file, and show of each request what it says.
fn the_tools_of_a_browser_hold_the_same(file: &Path, har: &Value) {
    let ran = Process::run("the developer tools", Duration::from_secs(60), browser("har.mjs").arg(file));
    let held: Value = serde_json::from_slice(&ran.succeeded().out).expect("what the tools hold");
    let held = held.as_array().expect("requests");
    let entries = har["log"]["entries"].as_array().expect("entries");
    assert_eq!(held.len(), entries.len());
    for (held, entry) in held.iter().zip(entries) {
        let (request, response) = (&entry["request"], &entry["response"]);
        assert_eq!((&held["method"], &held["url"]), (&request["method"], &request["url"]), "{held:#}");
        assert_eq!(held["status"], response["status"], "{held:#}");
        // What has no type is "x-unknown" in the format, and nothing to the tools.
        let media = response["content"]["mimeType"].as_str().filter(|media| *media != "x-unknown");
        assert_eq!(held["type"].as_str(), media, "{held:#}");
        let fields = response["headers"].as_array().map(Vec::len);
        assert_eq!(held["fields"].as_u64(), fields.and_then(|count| count.try_into().ok()), "{held:#}");
        let took = entry["time"].as_f64().expect("how long it took");
        assert!(held["ms"].as_f64().is_some_and(|ms| (ms - took).abs() <= 1.0), "{took}: {held:#}");
        let text = response["content"]["text"].as_str().unwrap_or_default();
        assert_eq!((held["content"].as_str(), &held["sent"]), (Some(text), &request["postData"]["text"]));
    }
}

/// Files that the console keeps under a content coding, and sends so to everybody.
const CODED: &str = "default_type text/plain; location = /rate.br { add_header Content-Encoding br; } \
    location = /rate.zst { add_header Content-Encoding zstd; } location = /bomb { add_header Content-Encoding br; }";

/// `rate 5 mL/h` and a line end, and 300 MiB of zeros, as Brotli.
const RATE_BR: &str = "iwWAcmF0ZSA1IG1ML2gKAw==";
const BOMB_BR: &str = "z///fwAkAOKxQHLv//n//w+ABEAcFoDu/T////8BkACIwwLQvf/n//8/ABIAcVgAuvf//P//B0ACIA4LQPf+n////wBIAMRhAeje\
    //P//x8ACYA4LADd+3/+//8DIAEQhwWge//P//9/ACQA4rAAdO//+f//D4AEQBwWgO79P////wGQAIjDAtC9/+f//z8AEgBxWAC69//8//8HQAIgDgtA\
    9/6f////AEgAxGEB6N7/8///HwAJgDgsAN37f/7//wMgARCHBaB7/8///38AJADisAB07//5//8PgARAHBaA7v1//v//ApAAiMMC0L3/BQ==";
/// The first as one raw block of zstd (RFC 8878 §3.1.1.2).
const RATE_ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x20\x0c\x61\0\0rate 5 mL/h\n";

#[test]
fn bodies_under_brotli_and_zstd_are_opened_and_a_bomb_is_kept_as_it_passed() {
    let web = WebHouse::furnished(House::furnish(), CODED, &[]);
    let decoded = |text: &str| STANDARD.decode(text).expect("base64");
    let bodies =
        [("/rate.br", decoded(RATE_BR)), ("/rate.zst", RATE_ZSTD.to_vec()), ("/bomb", decoded(BOMB_BR))];
    let client = web.opened(&web.open_window("+10m"));
    for (path, body) in &bodies {
        fs::write(web.console.files().join(&path[1..]), body).expect("a file of the console's");
        assert_eq!(client.gets(path, &["--http1.1"]).body, *body, "{path} passes as it is");
    }
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    let table = format!("/api/recordings/{session}/transactions");
    for n in 0..2 {
        let shown = asks(&web, "sam", &format!("{table}/{n}/body?of=response"));
        assert!(shown.body.contains("rate 5 mL/h\n"), "{n}: {}", shown.body);
    }
    let file = web.house.folder().join("coded.har");
    let to = file.to_str().expect("a path");
    web.house.sam().does(&[
        "recording",
        "export",
        &session,
        "--format",
        "har",
        "-o",
        to,
        "--reason",
        "review",
    ]);
    let har: Value = serde_json::from_slice(&fs::read(&file).expect("a HAR")).expect("JSON");
    let content = |n: usize| &har["log"]["entries"][n]["response"]["content"];
    for n in 0..2 {
        assert_eq!(content(n)["text"], "rate 5 mL/h\n", "{:#}", content(n));
        assert_eq!(content(n)["size"], 12);
    }
    let bomb = content(2);
    assert_eq!((&bomb["encoding"], &bomb["text"]), (&"base64".into(), &STANDARD.encode(&bodies[2].1).into()));
    assert!(bomb["comment"].as_str().is_some_and(|said| said.contains("coding br")), "{bomb:#}");
}

#[test]
fn the_pages_open_a_console_and_show_what_passed() {
    let web = WebHouse::start();
    let window = web.open_window("+20m");
    let client = web.opened(&window);
    assert_eq!(client.gets("/", &["--http1.1"]).status, 200);
    assert_eq!(client.gets("/api/state", &["--http1.1"]).text(), "12 pumps");
    let session = web.house.newest_session();
    assert_eq!(client.gets("/.chaperone/leave", &["--request", "POST"]).status, 200);
    web.house.sealed(&session);
    let trust = fs::read_to_string(web.console.trust()).expect("what vouches for the console");
    let key = fs::read_to_string(web.house.technician("dana").key.public).expect("some public key");
    let mut walk = Walk::begin(&web.house, "console", &["priya", "dana", "sam", "adam"]);
    walk.comes_to("everything is there");
    walk.goes_on(&json!({ "window": window, "session": session, "trust": trust, "key": key.trim() }));
    walk.ends();
}
