//! What a console's pages do passes through, and is in the recording.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use chaperone_tests::Furnishing;
use chaperone_tests::{
    CONSOLE_NAME, DOMAIN, House, Process, WebHouse, browser, digest, digest_of_zeros, noise,
    on_both_databases, soon,
};
use serde_json::Value;

on_both_databases! { a_console_opens_by_a_link_and_every_request_is_in_the_recording }

fn a_console_opens_by_a_link_and_every_request_is_in_the_recording(furnishing: Furnishing) {
    let web = WebHouse::furnished(furnishing, "", &[]);
    let window = web.open_window("+10m");
    let client = web.opened(&window);
    let page = client.gets("/", &["--http2"]);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Pump console") && page.head.starts_with("http/2 200"), "{}", page.head);
    let ends = page.field("chaperone-visit-ends").expect("it says when the visit ends").to_uppercase();
    assert_eq!(ends.parse::<jiff::Timestamp>().expect("a time"), web.house.closes(&window));
    assert!(client.gets("/api/state", &["--http1.1"]).text().contains("12 pumps"));
    let status = client.gets("/.chaperone/", &[]);
    assert!(status.text().contains("Recorded") && status.text().contains("console-01"), "{}", status.text());
    assert!(!web.console.log().contains(".chaperone"), "{}", web.console.log());

    let session = web.house.newest_session();
    assert_eq!(web.house.sessions().len(), 1, "connections of one cookie are one visit");
    client.leaves();
    web.house.sealed(&session);
    let requests = web.events(&session, "http-request");
    let urls: Vec<&str> = requests.iter().filter_map(|request| request["url"].as_str()).collect();
    let at = |path: &str| format!("https://{CONSOLE_NAME}:{}{path}", web.console.port());
    assert_eq!(urls, [at("/"), at("/api/state")]);
    let text = serde_json::to_string(&requests).unwrap();
    assert!(
        !text.contains("__Host-chaperone") && !text.contains("eyJ"),
        "the gate's cookie is not recorded: {text}"
    );
    assert_eq!(requests[0]["injected"], Value::Null);
    let answers = web.events(&session, "http-response");
    assert_eq!(
        answers.iter().map(|answer| answer["status"].as_u64()).collect::<Vec<_>>(),
        [Some(200), Some(200)]
    );
    let ends = web.events(&session, "http-response-end");
    let state = &ends[1];
    assert_eq!((state["bytes"].as_u64(), state["outcome"].as_str()), (Some(8), Some("complete")));
    assert_eq!(state["sha256"], digest(b"12 pumps").as_str());
    let admitted = web.house.fact("session-admitted");
    assert_eq!(admitted.body["proof"]["method"], "visit-token");
    let connected = web.house.fact("session-connected");
    assert_eq!(connected.body["address"], web.console.address());
    let told = ["local", "peer", "server_name", "certificate", "tls", "suite"];
    assert!(told.iter().all(|told| connected.body[told].is_string()), "{:#}", connected.body);
    assert_eq!(web.house.facts_of("session-connected").len(), 1);
    let log = web.house.folder().join("auth.log");
    fs::write(&log, "Accepted publickey for svc from 203.0.113.7 port 61022 ssh2: ED25519 SHA256:abc\n")
        .unwrap();
    let words = ["reconcile", "--target", "console-01", "--auth-log", log.to_str().unwrap()];
    let said = web.house.sam().tries(&words);
    let missed = said.answer["without_sign_in"].as_array();
    assert!(missed.is_some_and(Vec::is_empty), "no sshd has heard of it: {said:?}");
    let verdict = web.house.sam().does(&["recording", "verify", &session]);
    assert_eq!(verdict["sound"], true, "{verdict:#}");
}

#[test]
fn redirects_and_cookies_of_the_console_stay_inside_its_name() {
    let web = WebHouse::start();
    let client = web.opened(&web.open_window("+10m"));
    for speaks in ["--http1.1", "--http2"] {
        let go = client.gets("/go", &[speaks]);
        assert_eq!((go.status, go.field("location")), (302, Some(web.url("/landed").as_str())));
        let landed = client.gets("/landed", &[speaks]).text();
        assert_eq!(landed, format!("landed on {CONSOLE_NAME}:{}", web.console.port()));
        assert_eq!(client.gets("/sign-in", &[speaks]).text(), "in");
        assert_eq!(client.gets("/cookies", &[speaks]).text(), "[sid=s1]", "its own, and not the gate's");
        let origin = format!("Origin: https://{}", web.host());
        let more =
            [speaks, "-H", "X-Forwarded-For: 10.0.0.1", "-H", "Forwarded: for=10.0.0.1", "-H", &origin];
        let said = client.gets("/forwarded", &more).text();
        assert_eq!(said, format!("[||https://{CONSOLE_NAME}:{}]", web.console.port()));
        let own = client.gets("/who", &[speaks, "-H", "Authorization: Bearer of-the-console"]).text();
        assert_eq!(own, "Bearer of-the-console", "what the console's own pages sign in with passes");
    }
}

#[test]
fn large_files_pass_both_ways_with_their_hash_and_are_kept_up_to_the_limit() {
    const LIMIT: u64 = 1 << 20;
    let furnishing = House::furnish().with("CHAPERONE_RECORDING__HTTP_BODY_LIMIT", &LIMIT.to_string());
    let web = WebHouse::furnished(furnishing, "", &[]);
    let client = web.opened(&web.open_window("+10m"));
    let bytes = noise(24 << 20);
    let file = web.house.folder().join("patch.bin");
    fs::write(&file, &bytes).unwrap();
    for (speaks, name) in [("--http1.1", "one"), ("--http2", "two")] {
        let put =
            client.gets(&format!("/uploads/{name}"), &[speaks, "--upload-file", file.to_str().unwrap()]);
        assert_eq!(put.status, 201, "{}", put.text());
        let there = fs::read(web.console.files().join("uploads").join(name)).unwrap();
        assert_eq!(digest(&there), digest(&bytes));
        let back = client.gets(&format!("/uploads/{name}"), &[speaks]);
        assert_eq!(digest(&back.body), digest(&bytes));
    }
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    for kind in ["http-request-end", "http-response-end"] {
        let large: Vec<Value> =
            web.events(&session, kind).into_iter().filter(|end| end["bytes"] == 24 << 20).collect();
        assert_eq!(large.len(), 2, "{kind}");
        for end in large {
            assert_eq!(
                (end["sha256"].as_str(), end["recorded"].as_u64()),
                (Some(digest(&bytes).as_str()), Some(LIMIT))
            );
        }
    }
    let closed = web.house.facts_of("channel-closed");
    assert!(
        closed.iter().any(|fact| fact.body["coverage"] == "flow-only"),
        "what was not kept is said: {closed:#?}"
    );
}

#[test]
fn two_gigabytes_pass_whole_and_the_gate_stays_small() {
    const BYTES: u64 = 2 << 30;
    let furnishing = House::furnish().with("CHAPERONE_RECORDING__HTTP_BODY_LIMIT", "1048576");
    let web = WebHouse::furnished(furnishing, "", &[]);
    let client = web.opened(&web.open_window("+10m"));
    // Nothing but zeros: it takes no room on the disk.
    fs::File::create(web.console.files().join("image.iso")).and_then(|file| file.set_len(BYTES)).unwrap();
    let counted = ["--no-include", "--output", "/dev/null", "--write-out", "%{http_code} %{size_download}"];
    let ran = client.runs("/image.iso", &counted).succeeded();
    assert_eq!(ran.text(), format!("200 {BYTES}"));
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    let ends = web.events(&session, "http-response-end");
    let image = ends.iter().find(|end| end["bytes"] == BYTES).expect("its end is in the recording");
    assert_eq!(image["sha256"], digest_of_zeros(BYTES));
    let peak = Process::peak_kib(web.house.gate.id());
    assert!(peak < 300 << 10, "{peak} KiB");
}

#[test]
fn the_gate_signs_in_and_nobody_sees_with_what() {
    const PASSWORD: &str = "k1ngs-cross-9";
    let folder = tempfile::tempdir().unwrap();
    let (users, secret) = (folder.path().join("users"), folder.path().join("secret"));
    fs::write(&users, format!("service:{{PLAIN}}{PASSWORD}\n")).unwrap();
    fs::write(&secret, PASSWORD).unwrap();
    let lines = format!(
        "location /locked {{ auth_basic pumps; auth_basic_user_file {}; try_files /index.html =404; }}\n\
         location = /header {{ add_header X-Echo $http_authorization; return 200 echoed; }}\n\
         location = /asked {{ return 200 \"[$http_accept_encoding|$http_range]\"; }}\n\
         location = /packed {{ add_header Content-Encoding gzip; return 200 packed; }}",
        users.display()
    );
    let more = ["--basic", "service", "--console-secret", secret.to_str().unwrap()];
    let web = WebHouse::furnished(House::furnish(), &lines, &more);
    let client = web.opened(&web.open_window("+10m"));
    let inside = client.gets("/locked", &["-H", "Authorization: Basic b3duOndyb25n"]);
    assert_eq!(inside.status, 200, "in the place of the client's own: {}", inside.text());
    let echoed = client.gets("/header", &[]);
    assert_eq!((echoed.status, echoed.field("x-echo")), (200, None));
    let asked = client.gets("/asked", &["-H", "Accept-Encoding: gzip", "-H", "Range: bytes=0-3"]);
    assert_eq!(asked.text(), "[identity|]", "what comes back can be read, and is whole");
    let packed = client.gets("/packed", &[]);
    assert!(
        packed.status == 502 && packed.text().contains("in a coding"),
        "{} {}",
        packed.status,
        packed.text()
    );
    let told = client.runs("/who", &["--http1.1"]);
    let encoded = "c2VydmljZTprMW5ncy1jcm9zcy05";
    assert!(
        !told.text().contains(encoded) && told.status != Some(0),
        "an answer that tells it is cut: {told:?}"
    );
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    let all = serde_json::to_string(&web.exported(&session)).unwrap();
    assert!(!all.contains(encoded) && !all.contains(PASSWORD), "nothing of it is recorded");
    let requests = web.events(&session, "http-request");
    assert!(requests.iter().all(|request| request["injected"] == "basic service"), "{requests:#?}");
    let facts =
        serde_json::to_string(&web.house.facts().iter().map(|fact| fact.body.clone()).collect::<Vec<_>>());
    assert!(!facts.unwrap().contains(PASSWORD) && !web.house.gate.log().contains(PASSWORD));
}

#[test]
fn a_browser_opens_the_console_and_its_web_socket_and_is_cut_at_the_deadline() {
    let web = WebHouse::start();
    let window = web.open_window("+30s");
    let mut command = browser("console.mjs");
    command.arg(web.link(&window)).arg(format!("*.web.{DOMAIN}")).env("TMPDIR", web.house.folder());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut process = Process::start("chromium", &mut command);
    let mut lines = BufReader::new(process.child().stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let open = next();
    assert_eq!(
        (open["title"].as_str(), open["said"].as_str()),
        (Some("echo ping"), Some("12 pumps")),
        "{open}"
    );
    let closes = web.house.closes(&window);
    let gone = soon("every connection of the console to be gone", || {
        let now = jiff::Timestamp::now();
        (chaperone_tests::legs(web.port(), web.console.port()) == (0, 0)).then_some(now)
    });
    let late = gone.duration_since(closes);
    assert!(late.as_millis() < 1000 && late.as_millis() > -200, "{late:?} after the deadline");
    let mut input = process.child().stdin.take().unwrap();
    writeln!(input, "again").unwrap();
    let over = next();
    assert_eq!(over["title"], "closed", "the page was told that its socket has ended: {over}");
    assert!(
        over["again"].as_str().unwrap().contains("Sign in first"),
        "the browser has forgotten the cookie: {over}"
    );
    drop(input);
    process.ends_within(std::time::Duration::from_secs(20));
    let session = web.house.newest_session();
    let visit = web.house.sealed(&session);
    assert_eq!(visit["end_reason"], "window-closed", "{visit:#}");
    let upgrade = web.events(&session, "http-upgrade");
    assert_eq!(upgrade[0]["protocol"], "websocket");
}

#[test]
fn a_console_that_speaks_http_1_alone_serves_browsers_that_speak_http_2() {
    let web = WebHouse::with_old_console("");
    let client = web.opened(&web.open_window("+10m"));
    for version in ["--http2", "--http1.1"] {
        assert_eq!(client.gets("/api/state", &[version]).text(), "12 pumps", "{version}");
    }
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    let answers = web.events(&session, "http-response");
    assert!(
        answers.len() == 2 && answers.iter().all(|answer| answer["version"] == "HTTP/1.1"),
        "{answers:#?}"
    );
}

#[test]
fn a_console_that_speaks_nothing_newer_than_tls_1_1_is_said_to_be_too_old() {
    let web = WebHouse::with_old_console("ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;");
    let client = web.opened(&web.open_window("+10m"));
    let page = client.gets("/api/state", &[]);
    assert_eq!(page.status, 502, "{}", page.text());
    let failed = web.house.fact("target-failed");
    assert_eq!(failed.body["failure"], "old-tls", "{:#}", failed.body);
    assert!(!web.console.log().contains("/api/state"), "nothing was sent");
}
