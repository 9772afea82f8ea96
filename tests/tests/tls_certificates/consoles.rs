//! How a console is trusted and signed in to: what is wrong is named, what is secret is never seen again.

use std::fs;
use std::path::{Path, PathBuf};

use chaperone_tests::{Authority, House, get};
use serde_json::json;

use crate::world::{CONSOLE, Key, openssl};

const PASSWORD: &str = "correct-horse-battery";

struct Files {
    trust: PathBuf,
    client: PathBuf,
    client_key: PathBuf,
    password: PathBuf,
}

fn files(house: &House, authority: &Authority) -> Files {
    let client = authority.issues_for("gate", 300);
    let password = house.folder().join("password.txt");
    fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    Files {
        trust: authority.certificate().to_owned(),
        client: client.certificate,
        client_key: client.key,
        password,
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What a secret key's file holds beside its armour.
fn body_of(key: &Path) -> String {
    let text = fs::read_to_string(key).unwrap();
    text.lines().filter(|line| !line.starts_with("-----")).collect::<Vec<_>>()[0].to_owned()
}

#[test]
fn what_the_gate_signs_in_with_is_sealed_and_never_shown() {
    let house = House::start();
    let files = files(&house, &Authority::new(house.folder(), "consoles"));
    let priya = house.priya();
    let shown = priya.does(&[
        "target",
        "add",
        CONSOLE,
        "--tls",
        "10.1.2.7:443",
        "--server-name",
        "console.pumps.example",
        "--http",
        "--trust",
        text(&files.trust),
        "--client-certificate",
        text(&files.client),
        "--client-key",
        text(&files.client_key),
        "--basic",
        "svc",
        "--console-secret",
        text(&files.password),
    ]);
    let tls = &shown["endpoints"][0];
    assert_eq!((&tls["kind"], &tls["sign_in"]), (&json!("tls"), &json!("basic svc")));
    assert!(tls["client"]["subject"].as_str().unwrap().contains("gate"), "{tls}");
    assert_eq!(tls["trust"].as_array().unwrap().len(), 1);
    let sealed: Vec<_> =
        house.facts_of("credential-sealed").iter().map(|fact| fact.body["for"].clone()).collect();
    assert!(
        sealed.contains(&json!("client certificate")) && sealed.contains(&json!("console sign-in")),
        "{sealed:?}"
    );

    // Changed by header, then nothing of it is left.
    let value = house.folder().join("value.txt");
    fs::write(&value, "token-3141592653").unwrap();
    priya.does(&[
        "target",
        "set-tls",
        CONSOLE,
        "--header",
        "X-Api-Key",
        "--console-secret",
        text(&value),
        "--reason",
        "it has one",
    ]);
    let printed = priya.runs(&["target", "show", CONSOLE]).succeeded().text();
    assert!(printed.contains("header x-api-key"), "{printed}");
    let after = priya.does(&[
        "target",
        "set-tls",
        CONSOLE,
        "--without",
        "sign-in",
        "--without",
        "client",
        "--reason",
        "not needed",
    ]);
    assert!(after["endpoints"][0]["sign_in"].is_null() && after["endpoints"][0]["client"].is_null());
    assert_eq!(house.facts_of("credential-removed").len(), 2);

    let secrets = [PASSWORD.to_owned(), "token-3141592653".to_owned(), body_of(&files.client_key)];
    let token = house.gate.token("priya");
    let listed = get(house.gate.web_port(), "/api/targets", Some(&token)).unwrap().body;
    let export = house.folder().join("ledger.jsonl");
    house.gate.person("audrey").does(&["ledger", "export", "-o", text(&export), "--reason", "review"]);
    let facts = format!("{:?}", house.facts());
    let places = [
        shown.to_string(),
        after.to_string(),
        printed,
        listed,
        facts,
        house.gate.log(),
        fs::read_to_string(export).unwrap_or_default(),
    ];
    secrets.iter().for_each(|secret| is_nowhere(&house, secret, &places));
}

/// Neither in what was said nor in what lies in the gate's folder.
fn is_nowhere(house: &House, secret: &str, said: &[String]) {
    for place in said {
        assert!(!place.contains(secret), "{secret} is in {place}");
    }
    for file in fs::read_dir(house.gate.data()).unwrap().flatten().filter(|file| file.path().is_file()) {
        let bytes = fs::read(file.path()).unwrap();
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret} is in {}", file.path().display());
    }
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let house = House::furnish().without_soc().start();
    let authority = Authority::new(house.folder(), "consoles");
    let files = files(&house, &authority);
    let over = authority.issues_for("over", -1);
    let both = house.folder().join("both.pem");
    let concat = |paths: [&Path; 2]| paths.map(|path| fs::read_to_string(path).unwrap()).concat();
    fs::write(&both, concat([&files.trust, &over.certificate])).unwrap();
    let wrong_order = house.folder().join("order.pem");
    fs::write(&wrong_order, concat([&files.trust, &files.client])).unwrap();
    let other = Key::p256(house.folder(), "other").path();
    let tls = ["--tls", "10.1.2.7:443", "--server-name", "console.pumps.example"];
    let trust = ["--trust", text(&files.trust)];
    let client = ["--client-certificate", text(&files.client), "--client-key"];
    for (more, says) in [
        (vec!["--trust", text(&both)], "tls.trust_pem: certificate number 2"),
        (vec!["--trust", text(&files.password)], "tls.trust_pem: the trust anchors cannot be read"),
        (vec!["--trust", text(&files.client_key)], "treat that key as lost"),
        (vec![], "tls.trust_pem: nothing says who the server is"),
        (vec!["--pin", "abcd"], "tls.pins: "),
        ([&trust[..], &client, &[text(&other)]].concat(), "tls.client.key_pem: "),
        (
            [
                &trust[..],
                &["--client-certificate", text(&wrong_order), "--client-key", text(&files.client_key)],
            ]
            .concat(),
            "certificate number 2 in the file; put that one first",
        ),
        (
            [&trust[..], &["--client-certificate", text(&over.certificate), "--client-key", text(&over.key)]]
                .concat(),
            "is over since",
        ),
        (
            [&trust[..], &["--basic", "svc", "--console-secret", text(&files.password)]].concat(),
            "tls.sign_in: ",
        ),
        (
            [&trust[..], &["--plain-http-until", "+24h", "--plain-http-reason", "old"]].concat(),
            "tls.plain_http: ",
        ),
        (
            [&trust[..], &["--http", "--plain-http-until", "+10000h", "--plain-http-reason", "old"]].concat(),
            "tls.plain_http.until: ",
        ),
    ] {
        let words = [&["target", "add", CONSOLE][..], &tls, &more].concat();
        let said = house.priya().tries(&words);
        assert!(said.status == Some(1) && said.err.contains(says), "{more:?}: {}", said.err);
        assert!(
            !said.err.contains(&body_of(&files.client_key)) && !said.err.contains(PASSWORD),
            "{}",
            said.err
        );
    }
    let said = house.priya().tries(&["target", "add", CONSOLE, "--http"]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(house.facts_of("target-added").len() == 1 && house.facts_of("credential-sealed").len() == 1);
}

#[test]
fn a_way_to_a_server_is_added_replaced_and_removed() {
    let house = House::furnish().without_soc().start();
    let files = files(&house, &Authority::new(house.folder(), "consoles"));
    let priya = house.priya();
    let name = chaperone_tests::TARGET;
    let spki = house.folder().join("spki.der");
    openssl(&[
        "pkey",
        "-pubin",
        "-in",
        text(&Key::p256(house.folder(), "console").public_file()),
        "-outform",
        "DER",
        "-out",
        text(&spki),
    ]);
    let pin = openssl(&["dgst", "-sha256", "-r", text(&spki)]);
    let pin = pin.split(' ').next().unwrap().to_owned();
    priya.does(&[
        "target",
        "set-tls",
        name,
        "--tls",
        "10.1.2.7:443",
        "--pin",
        &pin,
        "--http",
        "--basic",
        "svc",
        "--console-secret",
        text(&files.password),
        "--reason",
        "it has a console",
    ]);
    priya.does(&["target", "add-endpoint", name, "--tcp", "db=10.1.2.7:5432", "--reason", "backup"]);
    let again =
        priya.tries(&["target", "add-endpoint", name, "--tcp", "db=10.1.2.7:5433", "--reason", "moved"]);
    assert!(again.status == Some(1) && again.err.contains("has tcp:db already"), "{again:?}");
    let shown = priya.does(&[
        "target",
        "add-endpoint",
        name,
        "--tcp",
        "db=10.1.2.7:5433",
        "--replace",
        "--reason",
        "moved",
    ]);
    let kinds = |shown: &serde_json::Value| -> Vec<String> {
        let all = shown["endpoints"].as_array().unwrap().iter();
        all.map(|one| format!("{} {}", one["kind"].as_str().unwrap(), one["address"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(kinds(&shown)[1..], ["tls 10.1.2.7:443", "tcp 10.1.2.7:5433"]);
    assert_eq!(shown["endpoints"][1]["pins"], json!([pin]));
    let shown = priya.does(&["target", "remove-endpoint", name, "tls", "--reason", "the console is gone"]);
    assert_eq!(kinds(&shown)[1..], ["tcp 10.1.2.7:5433"]);
    assert_eq!(house.fact("credential-removed").body["for"], "console sign-in");
    priya.does(&["target", "remove-endpoint", name, "tcp:db"]);
    let last = priya.tries(&["target", "remove-endpoint", name, "ssh"]);
    assert!(last.status == Some(1) && last.err.contains("its last"), "{last:?}");
    let none = priya.tries(&["target", "remove-endpoint", name, "tcp:db"]);
    assert_eq!(none.status, Some(1), "{none:?}");
    let reasons: Vec<_> =
        house.facts_of("target-changed").iter().map(|fact| fact.body["reason"].clone()).collect();
    assert_eq!(
        reasons[..4],
        [json!("it has a console"), json!("backup"), json!("moved"), json!("the console is gone")]
    );
    // Only clinical engineering does so.
    assert_eq!(house.sam().tries(&["target", "remove-endpoint", name, "ssh"]).status, Some(1));
}

#[test]
fn a_console_without_tls_is_said_to_whoever_approves() {
    let house = with_a_console();
    let window = house.open_window_on(CONSOLE, "dana", "tls", "+30m");
    let token = house.gate.token("priya");
    let card =
        get(house.gate.web_port(), &format!("/api/windows/{window}/card"), Some(&token)).unwrap().json();
    let said = card["not_recorded"].to_string();
    assert!(said.contains("nothing is encrypted") && said.contains("firmware 3 has no TLS"), "{said}");
}

/// A house with a console that the gate reaches without TLS: it needs no certificates.
fn with_a_console() -> House {
    let house = House::furnish().without_soc().start();
    let words = ["target", "add", CONSOLE, "--tls", "10.1.2.7:80", "--http", "--plain-http-until", "+720h"];
    house.priya().does(&[&words[..], &["--plain-http-reason", "firmware 3 has no TLS"]].concat());
    house
}

#[test]
fn whoever_seals_a_secret_that_is_easily_met_is_told_so() {
    let house = with_a_console();
    let file = house.folder().join("secret.txt");
    let seals = |secret: &str| {
        fs::write(&file, secret).unwrap();
        let words = ["target", "set-tls", CONSOLE, "--basic", "svc", "--console-secret", text(&file)];
        [&words[..], &["--reason", "it has one"]].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for (secret, told) in [("pump1", true), ("maintenance", true), ("vN4-q8ZtR2xw", false)] {
        let words = seals(secret);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let printed = house.priya().runs(&words).succeeded().text();
        assert_eq!(printed.contains("Note: ") && printed.contains("\n  next: "), told, "{printed}");
        assert!(!printed.contains(secret), "{printed}");
        let answer = house.priya().does(&words);
        assert_eq!(
            answer["warnings"].as_array().is_some_and(|warnings| warnings.len() == 1),
            told,
            "{answer}"
        );
    }
    let shown = house.priya().does(&["target", "show", CONSOLE]);
    assert_eq!(shown["warnings"], serde_json::Value::Null, "nobody else is told");
}

#[test]
fn that_a_console_is_a_way_around_the_plan_of_files_is_said_to_whoever_approves() {
    let house = with_a_console();
    let token = house.gate.token("priya");
    let said = |files: &[&str]| {
        let words = ["window", "request", "--target", CONSOLE, "--person", "dana", "--access", "tls"];
        let times =
            ["--opens", "now", "--closes", "+30m", "--purpose", "patch", "--reason", "security patch"];
        let asked = house.gate.person("dana").does(&[&words[..], &times, files].concat());
        let window = asked["id"].as_str().unwrap().to_owned();
        let at = format!("/api/windows/{window}/card");
        let card = get(house.gate.web_port(), &at, Some(&token)).unwrap().json();
        let shown = house.priya().runs(&["window", "show", &window]).succeeded().text();
        let told = card["not_recorded"].to_string().contains("uploaded through a web console is clean");
        assert_eq!(shown.contains("uploaded through a web console"), told, "{shown}");
        house.gate.person("dana").does(&["window", "withdraw", &window, "--reason", "no more"]);
        told
    };
    assert!(!said(&[]));
    let planned = format!("patch.bin={}", "9f".repeat(32));
    assert!(said(&["--file", &planned]));
}
