//! Every route has a door, every door a route, and the description is the one that is published.

use std::collections::BTreeSet;

use chaperone_policy::Role;
use serde_json::Value;

use super::openapi;
use crate::route::{Door, ROUTES};

fn described() -> Value {
    serde_json::from_str(&openapi()).unwrap()
}

#[test]
fn every_route_has_a_door_and_every_door_a_route() {
    let described: BTreeSet<(String, String)> = described()["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let doors: BTreeSet<(String, String)> =
        ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    assert_eq!(described, doors);
}

#[test]
fn only_what_a_stranger_may_see_is_open() {
    let open: Vec<&str> =
        ROUTES.iter().filter(|route| route.door == Door::Open).map(|route| route.path).collect();
    let expected = [
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/openapi.json",
        "/api/docs",
        "/api/sign-in",
        "/api/demo",
        "/api/demo/sign-in",
        "/api/enrolment/look",
        "/api/enrolment/finish",
        "/api/tls/authority",
    ];
    assert_eq!(open, expected);
}

#[test]
fn nothing_that_changes_is_a_reading_door() {
    let reading = ROUTES.iter().filter(|route| route.method != "GET" && route.door.reads());
    let paths: Vec<&str> = reading.map(|route| route.path).collect();
    // Signing in and out, proving again and enrolling are about the caller alone.
    let expected = [
        "/api/sign-in",
        "/api/sign-out",
        "/api/step-up",
        "/api/demo/sign-in",
        "/api/enrolment/look",
        "/api/enrolment/finish",
        "/api/ledger/verify",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn whatever_opens_evidence_or_agrees_refuses_tokens_minted_on_the_host() {
    let refusing = ROUTES.iter().filter(|route| route.door.refuses_host_tokens());
    let paths: Vec<&str> = refusing.map(|route| route.path).collect();
    let expected = [
        "/api/targets/{target}/host-keys/approve",
        "/api/windows/{window}/approve",
        "/api/windows/{window}/go",
        "/api/windows/{window}/observer",
        "/api/emergency/windows",
        "/api/recordings/{session}/timeline",
        "/api/recordings/{session}/play",
        "/api/recordings/{session}/text",
        "/api/recordings/{session}/export",
        "/api/recordings/{session}/verify",
        "/api/unmask",
        "/api/unmask",
        "/api/unmask/{word}/agree",
        "/api/unmask/{word}/refuse",
        "/api/unmask/{word}/withdraw",
        "/api/keep/{hold}/lift",
        "/api/retention/words/{word}/agree",
        "/api/retention/words/{word}/refuse",
        "/api/retention/allow",
        "/api/search",
        "/api/bundles",
        "/api/ledger/export",
        "/api/ledger/fork",
        "/api/clock/accept",
        "/api/reconcile",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn a_technician_comes_in_by_few_doors() {
    let doors: Vec<String> = ROUTES
        .iter()
        .filter(|route| route.method != "GET" && !route.door.acts().is_empty())
        .filter(|route| route.door.lets_in(Role::Technician))
        .map(|route| route.path.replace("/api/windows", ""))
        .collect();
    let expected = [
        "",
        "/{window}/more-time",
        "/{window}/console",
        "/{window}/files",
        "/{window}/files/{file}/withdraw",
        "/{window}/files/{file}/release",
        "/api/connect",
        "/{window}/withdraw",
        "/{window}/accept",
        "/{window}/substitute",
        "/{window}/return",
    ];
    assert_eq!(doors, expected);
}

#[test]
fn an_administrator_neither_decides_about_windows_nor_opens_evidence() {
    let enters = |part: &str| {
        ROUTES.iter().any(|route| {
            route.method != "GET" && route.path.contains(part) && route.door.lets_in(Role::Administrator)
                || route.path.contains(part) && !route.door.reads() && route.door.lets_in(Role::Administrator)
        })
    };
    for part in [
        "/api/windows",
        "/api/recordings",
        "/api/sessions",
        "/api/alerts",
        "/api/freezes",
        "/host-keys",
        "/credentials",
    ] {
        assert!(!enters(part), "{part}");
    }
    assert!(enters("/api/people") && enters("/api/destinations"));
}

#[test]
fn the_description_is_the_published_one() {
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::env::var_os("CHAPERONE_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(published, openapi()).unwrap();
    }
    let kept = std::fs::read_to_string(published).unwrap_or_default();
    assert!(
        kept == openapi(),
        "the API has changed: run this test with CHAPERONE_UPDATE_SNAPSHOTS=1 and review openapi.json"
    );
}
