//! Every view, search, replay, export and change is a fact with who and why: each route of the API and each verb of the
//! command line is in a table that says which fact it leaves, or why it leaves none. A new one that is not in it fails.

mod doors;
mod verbs;
mod world;

use std::collections::BTreeSet;

use chaperone_tests::{Fact, ask, get, soon};
use serde_json::Value;

use doors::{DOORS, Door, Leaves, Why};
use verbs::VERBS;
use world::{REASON, World};

fn routes(world: &World) -> BTreeSet<String> {
    let answer =
        get(world.house.gate.web_port(), "/api/openapi.json", None).expect("the gate describes its API");
    let described = answer.json();
    let paths = described["paths"].as_object().expect("an API has paths");
    let methods = |(path, item): (&String, &Value)| {
        let methods: Vec<String> = item.as_object().expect("a path has methods").keys().cloned().collect();
        methods.into_iter().map(|method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(methods).collect()
}

#[test]
fn every_route_leaves_its_fact_with_who_and_why_or_says_why_it_leaves_none() {
    let world = World::furnished();
    let listed: BTreeSet<String> = DOORS.iter().map(|door| template(door.route)).collect();
    let served: BTreeSet<String> = routes(&world).iter().map(|route| template(route)).collect();
    assert_eq!(served, listed, "left: what the gate serves; right: what the table of doors.rs says of it");
    let faults: Vec<String> = DOORS.iter().filter_map(|door| fault_of(&world, door)).collect();
    assert!(faults.is_empty(), "{} doors:\n{}", faults.len(), faults.join("\n"));
}

/// What is wrong with a door, if anything is.
fn fault_of(world: &World, door: &Door) -> Option<String> {
    let fault = match door.leaves {
        Leaves::Elsewhere(why) => (why.is_empty()).then(|| "no scenario is named".to_owned()),
        Leaves::Nothing("") => Some("nothing says why it leaves no fact".to_owned()),
        Leaves::Nothing(_) => is_seen(world, door).err(),
        Leaves::Fact(kind, why) => goes_through(world, door, kind, why).err(),
    };
    fault.map(|fault| format!("{} by {}: {fault}", door.route, door.by))
}

/// The route with its parameters unnamed: the table names them after what it goes to.
fn template(route: &str) -> String {
    let parts = route.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// What is not evidence is answered all the same.
fn is_seen(world: &World, door: &Door) -> Result<(), String> {
    let (method, path) = door.route.split_once(' ').expect("a method and a path");
    if method != "GET" || door.endless {
        return Ok(());
    }
    let path = world.path(path, door.query);
    let answer =
        get(world.house.gate.web_port(), &path, Some(world.token(door.by))).expect("the gate answers");
    if answer.status == 200 { Ok(()) } else { Err(format!("{} {}", answer.status, answer.body)) }
}

fn goes_through(world: &World, door: &Door, kind: &str, why: Why) -> Result<(), String> {
    let (method, template) = door.route.split_once(' ').expect("a method and a path");
    let path = world.path(template, door.query);
    let body = (door.body)(world);
    // What they say in the body is what the fact says.
    let sent = body.as_ref().and_then(|body| body["reason"].as_str()).map(str::to_owned);
    let head = world.house.facts().last().map_or(0, |fact| fact.number);
    let bearer = format!("Bearer {}", world.token(door.by));
    let (port, method) = (world.house.gate.web_port(), method.to_owned());
    let asking =
        std::thread::spawn(move || ask(port, &method, &path, &[("authorization", &bearer)], body.as_ref()));
    let left = |fact: &Fact| fact.number > head && fact.kind == kind;
    let left = || world.house.facts().into_iter().find(left);
    let fact = if door.endless {
        soon(door.route, left)
    } else {
        let answer = asking.join().expect("the request is made").ok_or("the gate does not answer")?;
        if answer.status != 200 {
            return Err(format!("{} {}", answer.status, answer.body));
        }
        // It is committed before the answer.
        left().ok_or_else(|| format!("no fact {kind}"))?
    };
    let said = fact.body.to_string();
    if !names(&fact, world.id(door.by), door.by) {
        return Err(format!("{kind} does not say who: {said}"));
    }
    let is_said = match why {
        Why::Theirs => said.contains(sent.as_deref().unwrap_or(REASON)),
        Why::Drawn => fact.body["reason"].as_str().is_some_and(|reason| !reason.is_empty()),
        Why::Itself(because) => !because.is_empty(),
    };
    if is_said { Ok(()) } else { Err(format!("{kind} does not say why: {said}")) }
}

/// Whether a fact says that somebody did it: as its person, or in what it says where it is about another.
fn names(fact: &Fact, id: &str, login: &str) -> bool {
    let said = fact.body.to_string();
    fact.person.as_deref() == Some(id) || said.contains(id) || said.contains(&format!("\"by\":\"{login}\""))
}

#[test]
fn every_verb_is_a_door_of_the_table_or_acts_on_the_host() {
    let found: BTreeSet<String> = chaperone_tests::all_verbs();
    let listed: BTreeSet<String> = VERBS.iter().map(|(verb, _)| (*verb).to_owned()).collect();
    assert_eq!(found, listed, "left: what --help lists; right: what the table of verbs.rs says of it");
    let routes: BTreeSet<&str> = DOORS.iter().map(|door| door.route).collect();
    for (verb, goes) in VERBS {
        match goes {
            verbs::Goes::Through(through) => {
                assert!(
                    routes.contains(through),
                    "chaperone {verb} goes through {through}, which is no door"
                );
            }
            verbs::Goes::OnTheHost(why) => assert!(!why.is_empty(), "{verb}"),
        }
    }
}

/// The reason of the command line is the reason of the fact.
#[test]
fn a_reason_given_to_a_command_is_in_its_fact() {
    let world = World::furnished();
    let (house, session) = (&world.house, world.session.as_str());
    let out = |name: &str| house.folder().join(name).to_str().expect("a path in letters").to_owned();
    let log = out("auth.log");
    std::fs::write(&log, "2026-11-28T07:10:11Z alaris sshd[1]: Server listening on 0.0.0.0 port 22.\n")
        .unwrap();
    let (copy, facts) = (out("copy.txt"), out("facts.jsonl"));
    let table: &[(&str, &[&str])] = &[
        ("recording-viewed", &["recording", "play", session]),
        ("recording-verified", &["recording", "verify", session]),
        ("recording-exported", &["recording", "export", session, "--format", "txt", "-o", &copy]),
        ("ledger-searched", &["ledger", "facts", "--kind", "session-started"]),
        ("ledger-exported", &["ledger", "export", "--to", "5", "-o", &facts]),
        ("ledger-verified", &["ledger", "verify"]),
        ("reconciled", &["reconcile", "--target", chaperone_tests::TARGET, "--auth-log", &log]),
    ];
    for (kind, words) in table {
        let words: Vec<&str> = words.iter().copied().chain(["--reason", REASON]).collect();
        house.sam().runs(&words).succeeded();
        let fact = house.facts_of(kind).pop().unwrap_or_else(|| panic!("no fact {kind}"));
        assert_eq!(fact.body["reason"], REASON, "{kind}");
        assert_eq!(fact.person.as_deref(), Some(world.id("sam")), "{kind}");
    }
    // Without words of their own, what they look at is the reason; taking a copy out wants words.
    house.sam().runs(&["recording", "verify", session]).succeeded();
    let reason = house.facts_of("recording-verified").pop().unwrap().body["reason"].clone();
    assert!(reason.as_str().is_some_and(|reason| reason.contains("window")), "{reason}");
    assert_eq!(
        house.sam().tries(&["recording", "export", session, "--format", "txt", "-o", "x"]).status,
        Some(2)
    );
    let bare = get(
        house.gate.web_port(),
        &format!("/api/recordings/{session}/export?format=txt"),
        Some(world.token("sam")),
    );
    assert_eq!(bare.unwrap().status, 400, "the API wants a reason as well");
}
