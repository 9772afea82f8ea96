//! Keys apart: a gate has no key that opens what it wrote a moment ago; a desk opens it, and lets nobody in. Keys rotate
//! while visits run, and the loss of one is not the loss of the evidence.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chaperone_tests::{
    Engine, Gate, House, Process, Ran, Ready, TARGET, chaperone, chaperone_verify, contains, soon,
};
use serde_json::Value;

/// A gate that is nothing else, whose identities lie in a safe; and the safe.
fn gate_alone() -> (House, PathBuf) {
    let mut house = House::furnish().on(Engine::Postgresql).empty();
    let safe = house.folder().join("safe");
    fs::create_dir(&safe).unwrap();
    for name in ["evidence.identity", "unmask.identity"] {
        let there = keys(&house.gate).join(name);
        fs::copy(&there, safe.join(name)).unwrap();
        fs::remove_file(there).unwrap();
    }
    house.gate.serves_as("gate");
    house.gate.rise();
    house.enrol();
    (house, safe)
}

fn keys(gate: &Gate) -> PathBuf {
    gate.data().join("keys")
}

/// A visit that shows something, sealed; its id.
fn visit(house: &House, shown: &str) -> String {
    let dana = house.technician("dana").ssh(TARGET);
    dana.runs(&format!("echo {shown}")).succeeded();
    let session = house.newest_session();
    house.sealed(&session);
    session
}

fn recording(gate: &Gate, session: &str) -> PathBuf {
    gate.data().join("recordings").join(format!("{session}.chap"))
}

/// The off-line verifier, with an identity.
fn verify(house: &House, session: &str, identity: &Path) -> Ran {
    let mut command = Command::new(chaperone_verify());
    let key = house.gate.installed.pointer("/keys/seal/public").and_then(Value::as_str).unwrap();
    command.arg(recording(&house.gate, session)).args(["--key", key, "--json", "--identity"]).arg(identity);
    Process::run("chaperone-verify", Duration::from_secs(30), &mut command)
}

/// What it says of the content.
fn content(house: &House, session: &str, identity: &Path) -> Value {
    let ran = verify(house, session, identity).succeeded();
    serde_json::from_slice::<Value>(&ran.out).unwrap()["content"].clone()
}

/// A new identity, and its recipient as the command prints it.
fn new_key(kind: &str, file: &Path) -> String {
    let mut command = Command::new(chaperone());
    command.args(["key", "new", kind, "--json", "-o"]).arg(file);
    let ran = Process::run("chaperone key new", Duration::from_secs(20), &mut command).succeeded();
    let said: Value = serde_json::from_slice(&ran.out).unwrap();
    said["recipient"].as_str().unwrap().to_owned()
}

fn all_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => all_files(&entry.path(), files),
            kind if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

#[test]
fn a_gate_cannot_read_what_it_wrote_a_moment_ago_and_the_desk_can() {
    let (house, safe) = gate_alone();
    house.open_window("dana", "exec", "+10m");
    let session = visit(&house, "shown-$((6 * 7))-on-screen");
    let sam = house.sam();
    for words in [
        &["recording", "play", session.as_str()][..],
        &["recording", "export", &session, "--format", "txt", "-o", "/dev/null", "--reason", "review"],
    ] {
        let said = sam.tries(words);
        assert!(
            said.status == Some(1) && said.err.contains("evidence identity is not on this node"),
            "{said:?}"
        );
        assert!(said.err.contains("ask a node that is a desk"), "{said:?}");
    }
    let said = sam.tries(&["search", "shown 42"]);
    assert!(said.status == Some(1) && said.err.contains("nothing was read out of recordings"), "{said:?}");
    // It can still say that the recording is whole.
    assert_eq!(sam.does(&["recording", "verify", &session])["sound"], true);

    let before = listing(&house.gate.data().join("recordings"));
    let mut desk = house.gate.desk(&house.folder().join("desk"), Some(&safe.join("evidence.identity")));
    desk.rise();
    let sam = desk.person("sam");
    let played = sam.runs(&["recording", "play", &session]).succeeded();
    assert!(played.text().contains("shown-42-on-screen"), "{}", played.text());
    let hits = soon("the desk to have read the recording", || {
        Some(sam.lists(&["search", "shown 42 on screen"])).filter(|hits| !hits.is_empty())
    });
    assert_eq!(hits[0]["session"], session.as_str());
    assert_eq!(sam.does(&["recording", "verify", &session])["sound"], true);
    assert_eq!(listing(&house.gate.data().join("recordings")), before, "a desk writes nothing there");

    let mut files = Vec::new();
    all_files(&house.gate.config().with_file_name(""), &mut files);
    assert!(files.len() > 8, "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        assert!(!contains(&bytes, b"shown-42-on-screen"), "plain text is in {}", file.display());
        assert!(!contains(&bytes, b"AGE-SECRET-KEY"), "an identity is in {}", file.display());
    }
    let derived = fs::read(desk.data().join("derived.db")).unwrap();
    let log = fs::read(desk.data().join("derived.db-wal")).unwrap_or_default();
    assert!(contains(&derived, b"shown-42-on-screen") || contains(&log, b"shown-42-on-screen"));
    assert!(!house.gate.data().join("derived.db").exists(), "a gate has no derived store");
}

/// Names and lengths of the files in a folder.
fn listing(folder: &Path) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut files: Vec<_> = entries.map(|entry| (entry.path(), entry.metadata().unwrap().len())).collect();
    files.sort();
    files
}

#[test]
fn a_desk_takes_no_visits() {
    let (house, safe) = gate_alone();
    let mut desk = house.gate.desk(&house.folder().join("desk"), Some(&safe.join("evidence.identity")));
    desk.rise();
    house.open_window("dana", "exec", "+10m");
    let ran = house.technician("dana").at_port(desk.ssh_port()).ssh(TARGET).runs("true");
    assert_eq!(ran.status, Some(255), "nobody listens there: {}", ran.err);
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn a_gate_leaves_an_identity_that_lies_there_alone_and_says_so() {
    let mut house = House::furnish().empty();
    // Whoever read it would stumble.
    fs::write(keys(&house.gate).join("evidence.identity"), "not an identity\n").unwrap();
    house.gate.serves_as("gate");
    house.gate.rise();
    assert!(house.gate.log().contains("it is not read: move it away"), "{}", house.gate.log());
    let started = house.fact("node-started");
    let told = started.body["keys"]["identities_not_read"].as_array().unwrap();
    assert!(told.contains(&Value::from("evidence.identity")), "{:#}", started.body);
    house.gate.stop();
    house.gate.serves_as("gate,desk");
    assert_eq!(house.gate.try_to_rise(&[]), Ready::Ended, "a desk reads it");
    assert!(house.gate.log().contains("evidence.identity cannot be used"), "{}", house.gate.log());
}

#[test]
fn each_role_says_which_key_it_lacks() {
    for missing in [
        "seal.key",
        "ledger.key",
        "vault.key",
        "ssh_host_ed25519_key",
        "evidence.recipients",
        "unmask.recipients",
    ] {
        let mut house = House::furnish().without_soc().empty();
        house.gate.serves_as("gate");
        fs::remove_file(keys(&house.gate).join(missing)).unwrap();
        assert_eq!(house.gate.try_to_rise(&[]), Ready::Ended, "a gate needs {missing}");
        let log = house.gate.log();
        assert!(log.contains(missing) && log.contains("OPERATORS.md"), "{missing}: {log}");
    }
    let (house, _) = gate_alone();
    let mut desk = house.gate.desk(&house.folder().join("desk"), None);
    fs::remove_file(keys(&desk).join("seal.pub")).unwrap();
    desk.rise();
    let log = desk.log();
    for lack in ["nothing is replayed, searched or derived here", "no recording can be verified here"] {
        assert!(log.contains(lack), "{lack}: {log}");
    }
}

#[test]
fn keys_rotate_while_visits_run_and_older_recordings_stay_open() {
    let (house, safe) = gate_alone();
    house.open_window("dana", "exec", "+10m");
    let old = visit(&house, "before");
    let newer = safe.join("newer.identity");
    let recipient = new_key("evidence", &newer);
    let file = keys(&house.gate).join("evidence.recipients");
    let before = fs::read_to_string(&file).unwrap();
    let put = |text: &str, changes: usize| {
        fs::write(&file, text).unwrap();
        soon("the change to be in force", || {
            Some(house.facts_of("recipients-changed")).filter(|facts| facts.len() == changes)
        });
    };
    put(&format!("# both, for a while\n{before}\n{recipient}\n"), 1);
    let both = visit(&house, "both");
    put(&format!("{recipient}\n"), 2);
    let new = visit(&house, "after");
    // A file that cannot be used changes nothing.
    put("age1nonsense\n", 3);
    let still = visit(&house, "still");
    let (first, second) = (safe.join("evidence.identity"), newer);
    for (session, opens, not) in [
        (&old, &first, Some(&second)),
        (&both, &first, None),
        (&both, &second, None),
        (&new, &second, Some(&first)),
        (&still, &second, Some(&first)),
    ] {
        verify(&house, session, opens).succeeded();
        if let Some(not) = not {
            let ran = verify(&house, session, not);
            assert!(ran.status == Some(1) && ran.text().contains("wrong-identity"), "{}", ran.text());
        }
    }
    let facts = house.facts_of("recipients-changed");
    assert_eq!(facts[0].body["recipients"]["evidence"].as_array().map(Vec::len), Some(2));
    assert_eq!(facts[1].body["recipients"]["evidence"][0], recipient.as_str());
    assert!(facts[2].body["fault"].is_string(), "{:#}", facts[2].body);

    // A desk with both opens all of them.
    let mut desk = house.gate.desk(&house.folder().join("desk"), Some(&first));
    let more = keys(&desk).join("identities");
    fs::create_dir(&more).unwrap();
    fs::copy(&second, more.join("newer.identity")).unwrap();
    desk.rise();
    for (session, shown) in [(&old, "before"), (&both, "both"), (&new, "after")] {
        assert!(desk.person("sam").runs(&["recording", "play", session]).succeeded().text().contains(shown));
    }
}

#[test]
fn when_the_evidence_identity_is_lost_escrow_opens_the_recording_and_what_was_typed() {
    let (house, safe) = gate_alone();
    let escrow = safe.join("escrow.identity");
    let recipient = new_key("escrow", &escrow);
    fs::write(keys(&house.gate).join("escrow.recipients"), format!("{recipient}\n")).unwrap();
    soon("escrow to be in force", || house.facts_of("recipients-changed").pop());
    house.open_window("dana", "shell", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo in-$((1 + 1))-out; exit\n");
    assert_eq!(terminal.ends(), Some(0));
    let session = house.newest_session();
    house.sealed(&session);
    assert_eq!(content(&house, &session, &safe.join("evidence.identity")), "evidence-opened");
    fs::remove_file(safe.join("evidence.identity")).unwrap();
    fs::remove_file(safe.join("unmask.identity")).unwrap();
    assert_eq!(content(&house, &session, &escrow), "all-opened");
    // The safe's key on a desk: the evidence is at work again.
    let mut desk = house.gate.desk(&house.folder().join("desk"), Some(&escrow));
    desk.rise();
    let played = desk.person("sam").runs(&["recording", "play", &session]).succeeded();
    assert!(played.text().contains("in-2-out"));
}

#[test]
fn a_new_identity_is_its_owners_alone_and_never_replaces_another() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for kind in ["evidence", "unmask", "escrow"] {
        let file = folder.path().join(kind);
        assert!(new_key(kind, &file).starts_with("age1"));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let mut again = Command::new(chaperone());
        again.args(["key", "new", kind, "-o"]).arg(&file);
        let ran = Process::run("chaperone key new", Duration::from_secs(20), &mut again);
        assert!(ran.status == Some(1) && ran.err.contains("name a file that does not exist"), "{}", ran.err);
    }
}

/// In PostgreSQL the gate's role has everything in the gate's database and cannot even connect to the desk's.
#[test]
fn a_gate_has_no_way_into_the_desks_store() {
    let mut house = House::furnish().on(Engine::Postgresql).empty();
    for statement in [
        "CREATE ROLE gatekeeper LOGIN",
        "CREATE ROLE reader LOGIN",
        "CREATE DATABASE derived OWNER reader",
        "REVOKE CONNECT ON DATABASE derived FROM PUBLIC",
        "GRANT ALL ON SCHEMA public TO gatekeeper",
        "DO $$ DECLARE t record; f record; BEGIN
            FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                EXECUTE format('ALTER TABLE %I OWNER TO gatekeeper', t.tablename);
            END LOOP;
            FOR f IN SELECT oid::regprocedure AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace LOOP
                EXECUTE format('ALTER FUNCTION %s OWNER TO gatekeeper', f.name);
            END LOOP; END $$",
    ] {
        house.database.tamper(statement);
    }
    let url = house.database.url();
    let gates = url.replace("postgres@", "gatekeeper@");
    let desks = url.replace("postgres@", "reader@");
    let desks = format!("{}/derived", desks.trim_end_matches("/postgres"));
    house.gate.is_told("CHAPERONE_DATABASE__URL", &gates);
    let identity = house.folder().join("evidence.identity");
    fs::rename(keys(&house.gate).join("evidence.identity"), &identity).unwrap();
    house.gate.serves_as("gate");
    house.gate.rise();
    house.enrol();
    house.open_window("dana", "exec", "+10m");
    visit(&house, "kept-$((2 * 3))-apart");
    let mut desk = house.gate.desk(&house.folder().join("desk"), Some(&identity));
    desk.is_told("CHAPERONE_DESK__DATABASE", &desks);
    desk.rise();
    soon("the desk to have read the recording", || {
        desk.person("sam").lists(&["search", "kept 6 apart"]).pop()
    });
    let asks = |as_whom: &str| {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-t", "-d", as_whom, "-c", "SELECT line FROM derived_lines"]);
        Process::run("psql", Duration::from_secs(20), &mut psql)
    };
    let refused = asks(&desks.replace("reader@", "gatekeeper@"));
    assert!(refused.status != Some(0) && refused.err.contains("permission denied"), "{}", refused.err);
    assert!(asks(&desks).succeeded().text().contains("kept-6-apart"));
}
