//! Separate hands (P8): who asks does not approve, who technically administers does not see evidence, and nobody acts for
//! somebody else.

use std::time::Duration;

use chaperone_tests::{House, TARGET, get, soon};

/// What a role must not do: each is refused with words, and changes nothing.
#[test]
fn each_role_is_refused_what_is_not_its_own() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+30m");
    let waiting = house.request("dana", "exec", "+2h", "+3h", &[]);
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    let session = house.newest_session();
    house.sealed(&session);
    let out = house.folder().join("never.txt");
    let out = out.to_str().unwrap();
    let table: &[(&str, &[&str])] = &[
        ("dana", &["window", "approve", &waiting]),
        ("dana", &["window", "extend", &window, "--closes", "+5h"]),
        ("dana", &["session", "stop", &session]),
        ("dana", &["recording", "export", &session, "--format", "txt", "-o", out, "--reason", "x"]),
        ("dana", &["alert", "list"]),
        ("dana", &["person", "lock", "viktor", "--reason", "x"]),
        ("viktor", &["window", "show", &window]),
        ("viktor", &["window", "withdraw", &waiting]),
        ("sam", &["window", "approve", &waiting]),
        ("sam", &["person", "add", "eve", "--role", "administrator"]),
        ("sam", &["destination", "remove", "soc"]),
        ("audrey", &["window", "approve", &waiting]),
        ("audrey", &["session", "stop", &session]),
        ("audrey", &["person", "lock", "dana", "--reason", "x"]),
        ("adam", &["window", "approve", &waiting]),
        ("adam", &["recording", "export", &session, "--format", "txt", "-o", out, "--reason", "x"]),
        ("adam", &["recording", "play", &session]),
        ("priya", &["destination", "add", "evil", "--syslog", "tcp://127.0.0.1:9"]),
        ("priya", &["person", "add", "eve", "--role", "administrator"]),
    ];
    for (login, words) in table {
        let said = house.gate.person(login).tries(words);
        assert_eq!(said.status, Some(1), "{login}: chaperone {}: {said:?}", words.join(" "));
        assert!(!said.err.trim().is_empty());
    }
    assert!(!std::path::Path::new(out).exists());
    let shown = house.priya().does(&["window", "show", &waiting]);
    assert_eq!(shown["state"], "requested");
}

#[test]
fn who_asked_does_not_approve() {
    let house = House::start();
    let asked = house.priya().does(&[
        "window",
        "request",
        "--target",
        TARGET,
        "--person",
        "dana",
        "--access",
        "exec",
        "--opens",
        "now",
        "--closes",
        "+30m",
        "--purpose",
        "patch",
        "--reason",
        "booked by the hospital",
    ]);
    let window = asked["id"].as_str().unwrap();
    assert_eq!(house.priya().tries(&["window", "approve", window]).status, Some(1));
    house.gate.person("quentin").does(&["window", "approve", window]);
    // Booked by others: the technician accepts first.
    house.technician("dana").ssh(TARGET).runs("true").refused();
    house.gate.person("dana").does(&["window", "accept", window]);
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn a_moved_window_is_accepted_again() {
    let house = House::start();
    let window = house.request("dana", "exec", "+2h", "+3h", &[]);
    house.approve(&window);
    house
        .gate
        .person("quentin")
        .does(&["window", "move", &window, "--opens", "now", "--closes", "+1h", "--reason", "earlier"]);
    house.technician("dana").ssh(TARGET).runs("true").refused();
    house.gate.person("dana").does(&["window", "accept", &window]);
    let shown = house.priya().does(&["window", "show", &window]);
    if shown["state"] == "requested" {
        house.approve(&window);
    }
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn without_a_sound_token_the_api_says_nothing() {
    let house = House::start();
    let web = house.gate.web_port();
    let token = house.gate.token("sam");
    let forged = {
        let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        parts[1] = parts[1].chars().rev().collect();
        parts.join(".")
    };
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", token.split('.').nth(1).unwrap());
    for path in [
        "/api/people",
        "/api/windows",
        "/api/sessions",
        "/api/alerts",
        "/api/recordings",
        "/api/targets",
        "/api/me",
    ] {
        for token in [None, Some("x"), Some(forged.as_str()), Some(unsigned.as_str())] {
            let answer = get(web, path, token).unwrap();
            assert_eq!(answer.status, 401, "{path} with {token:?}: {}", answer.body);
        }
        assert_ne!(get(web, path, Some(&token)).unwrap().status, 401, "{path}");
    }
}

#[test]
fn a_token_ends_with_its_time_and_with_its_person() {
    let house = House::start();
    let sam = house.sam();
    sam.does(&["session", "list"]);
    house.admin().does(&["person", "lock", "sam", "--reason", "left"]);
    soon("the token to be worthless", || (sam.tries(&["session", "list"]).status == Some(1)).then_some(()));
    let mut mint = house.gate.command();
    let config = house.gate.config();
    mint.args(["token", "--config", config.to_str().unwrap(), "--person", "priya", "--ttl", "2s"]);
    let minted =
        chaperone_tests::Process::run("chaperone token", Duration::from_secs(30), &mut mint).succeeded();
    let priya = house.gate.holder_of(minted.text().trim().to_owned());
    soon("the token to expire", || (priya.tries(&["window", "list"]).status == Some(1)).then_some(()));
}

#[test]
fn a_token_for_nobody_is_not_minted() {
    let house = House::start();
    let config = house.gate.config();
    let mut mint = house.gate.command();
    mint.args(["token", "--config", config.to_str().unwrap(), "--person", "nobody", "--ttl", "1h"]);
    let ran = chaperone_tests::Process::run("chaperone token", Duration::from_secs(30), &mut mint);
    assert_eq!(ran.status, Some(1), "{}", ran.text());
    assert!(ran.err.contains("nobody"), "{}", ran.err);
}

#[test]
fn the_gate_says_how_it_is_and_documents_its_api() {
    let house = House::start();
    let web = house.gate.web_port();
    house.technician("dana").ssh(TARGET).runs("id").refused();
    assert_eq!(get(web, "/healthz", None).unwrap().status, 200);
    assert_eq!(get(web, "/readyz", None).unwrap().status, 200);
    let metrics = get(web, "/metrics", None).unwrap().body;
    assert!(metrics.lines().any(|line| line.starts_with("chaperone_")), "{metrics}");
    let document = get(web, "/api/openapi.json", None).unwrap().body;
    for path in ["/api/windows", "/api/sessions", "/api/alerts"] {
        assert!(document.contains(path), "{path} is documented");
    }
    assert_eq!(get(web, "/api/docs", None).unwrap().status, 200);
}

#[test]
fn wrong_requests_are_refused_with_what_would_be_right() {
    let house = House::start();
    let dana = house.gate.person("dana");
    let base = ["window", "request", "--purpose", "patch", "--reason", "x", "--access", "exec"];
    let wrong: &[(&[&str], &str)] = &[
        (&["--target", TARGET, "--person", "dana", "--opens", "+2h", "--closes", "+1h"], "clos"),
        (&["--target", TARGET, "--person", "dana", "--opens", "-3h", "--closes", "-1h"], "now or later"),
        (
            &["--target", "alaris-sm-77", "--person", "dana", "--opens", "now", "--closes", "+1h"],
            "alaris-sm-77",
        ),
        (&["--target", TARGET, "--person", "nobody", "--opens", "now", "--closes", "+1h"], "nobody"),
        (
            &[
                "--target", TARGET, "--person", "dana", "--person", "viktor", "--opens", "now", "--closes",
                "+1h",
            ],
            "company",
        ),
    ];
    for (words, named) in wrong {
        let words: Vec<&str> = base.iter().chain(*words).copied().collect();
        let said = dana.tries(&words);
        assert_eq!(said.status, Some(1), "{words:?}: {said:?}");
        assert!(said.err.to_lowercase().contains(&named.to_lowercase()), "{words:?}: {}", said.err);
    }
    // One word of the closed sets that is wrong is found before anything is sent, or by the gate: with words either way.
    for words in [&["--access", "everything"][..], &["--purpose", "fun"]] {
        let mut all = vec![
            "window", "request", "--target", TARGET, "--person", "dana", "--opens", "now", "--closes", "+1h",
        ];
        all.extend(if words[0] == "--access" { ["--purpose", "patch"] } else { ["--access", "exec"] });
        all.extend(words);
        let said = dana.tries(&all);
        assert!(matches!(said.status, Some(1 | 2)) && said.err.contains(words[1]), "{said:?}");
    }
}

#[test]
fn signing_in_once_keeps_the_token_for_later_commands_and_for_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::start();
    let server = format!("http://127.0.0.1:{}", house.gate.web_port());
    let token = house.gate.token("sam");
    let run = |words: &[&str]| {
        let mut command = house.gate.command();
        chaperone_tests::Process::run("chaperone", Duration::from_secs(30), command.args(words))
    };
    assert_eq!(run(&["login", "--server", &server, "--token", "nonsense"]).status, Some(1));
    assert_eq!(run(&["alert", "list"]).status, Some(2), "nothing is kept of a sign-in that failed");
    run(&["login", "--server", &server, "--token", &token]).succeeded();
    run(&["alert", "list"]).succeeded();
    let kept = house.gate.config().with_file_name(".config").join("chaperone").join("tokens.json");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn beyond_loopback_the_api_speaks_https_only() {
    let house = House::furnish().empty();
    let port = chaperone_tests::free_port();
    let config = house.gate.config();
    let mut serve = house.gate.command();
    serve
        .args(["serve", "--config", config.to_str().unwrap()])
        .env("CHAPERONE_WEB__LISTEN", format!("0.0.0.0:{port}"));
    serve.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let _serving = chaperone_tests::Process::start("the gate", &mut serve);
    let admin = house.admin();
    let certificate = house.gate.data().join("tls").join("certificate.pem");
    let server = format!("https://127.0.0.1:{port}");
    let list = |more: &[&str]| {
        let words: Vec<&str> = ["person", "list", "--server", &server].iter().chain(more).copied().collect();
        admin.runs(&words)
    };
    soon("the API to answer by HTTPS", || {
        (list(&["--ca", certificate.to_str().unwrap()]).status == Some(0)).then_some(())
    });
    assert_eq!(list(&[]).status, Some(1), "a certificate that nobody vouched for is not trusted");
    assert!(
        get(port, "/healthz", None).is_none_or(|answer| answer.status != 200),
        "nothing is said in clear text"
    );
}
