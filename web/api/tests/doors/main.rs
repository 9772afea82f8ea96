//! The API as its callers meet it: a real database, real tokens, a real socket. Every door is tried by every role.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod hospital;

use chaperone_policy::Role;
use chaperone_store::{FactFilter, FactKind};
use chaperone_web::route::{Door, ROUTES, Route};
use hospital::Hospital;
use reqwest::StatusCode;
use serde_json::{Value, json};

fn guarded() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.door != Door::Open)
}

#[tokio::test]
async fn nobody_comes_in_without_a_token_of_this_gate() {
    let hospital = Hospital::open(true).await;
    let stranger = Hospital::open(true).await.token("administrator");
    for route in guarded() {
        for token in ["", "garbage", "eyJhbGciOiJub25lIn0.e30.", &stranger] {
            let (status, body) = hospital.knock(route, token).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{} {} with {token:?}", route.method, route.path);
            assert!(!body["what"].as_str().unwrap().is_empty() && !body["next"].as_str().unwrap().is_empty());
        }
    }
    let (status, _) = hospital.knock(&ROUTES[0], "").await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn every_role_comes_in_by_exactly_the_doors_of_the_table() {
    let hospital = Hospital::open(true).await;
    for role in Role::ALL {
        let token = hospital.token(role.as_str());
        for route in guarded() {
            let (status, body) = hospital.knock(route, &token).await;
            let kept_out = status == StatusCode::FORBIDDEN;
            assert_eq!(
                kept_out,
                !route.door.lets_in(role),
                "{role}: {} {}: {status} {body}",
                route.method,
                route.path
            );
            assert!(!status.is_server_error(), "{role}: {} {}: {status} {body}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn a_token_minted_on_the_host_neither_approves_nor_opens_evidence_and_its_use_is_a_fact() {
    let hospital = Hospital::open(false).await;
    for role in Role::ALL {
        let token = hospital.token(role.as_str());
        for route in guarded().filter(|route| route.door.refuses_host_tokens()) {
            let (status, _) = hospital.knock(route, &token).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{role}: {} {}", route.method, route.path);
        }
    }
    let filter = FactFilter { kind: Some(FactKind::TokenUsed.as_str().to_owned()), ..FactFilter::default() };
    let used = hospital.store.facts_page(&filter, 100).await.unwrap();
    assert_eq!(used.len(), Role::ALL.len(), "one fact stands for an hour of a token's uses");
    assert!(used.iter().all(|fact| fact.body["host_minted"] == true && fact.body["source"].is_string()));
}

#[tokio::test]
async fn a_lock_shuts_every_door_at_once() {
    let hospital = Hospital::open(true).await;
    let token = hospital.token("analyst");
    let (status, _) =
        hospital.post("lead", "/api/people/analyst/lock", json!({"reason": "lost laptop"})).await;
    assert_eq!(status, StatusCode::OK);
    for route in guarded() {
        let (status, _) = hospital.knock(route, &token).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{} {}", route.method, route.path);
    }
    let (status, person) = hospital.post("lead", "/api/people/analyst/unlock", json!({})).await;
    assert_eq!((status, &person["locked"]), (StatusCode::OK, &Value::Null));
}

#[tokio::test]
async fn a_window_is_asked_for_and_approved_by_different_hands() {
    let hospital = Hospital::open(true).await;
    hospital.target("alaris-sm-01").await;
    let wish = hospital.wish("alaris-sm-01", "technician");
    let (status, window) = hospital.post("technician", "/api/windows", wish.clone()).await;
    assert_eq!((status, &window["state"]), (StatusCode::OK, &json!("requested")), "{window}");
    let approve = format!("/api/windows/{}/approve", window["id"].as_str().unwrap());
    for role in ["technician", "coordinator", "auditor", "administrator"] {
        assert_eq!(hospital.post(role, &approve, json!({})).await.0, StatusCode::FORBIDDEN, "{role}");
    }
    let (status, window) = hospital.post("clinical-engineer", &approve, json!({})).await;
    assert_eq!((status, &window["state"]), (StatusCode::OK, &json!("open")), "{window}");
    // Who asks does not approve, whatever their role.
    let (_, own) = hospital.post("clinical-engineer", "/api/windows", wish).await;
    assert!(own["warnings"][0].as_str().unwrap().contains("shares a server"), "{own}");
    let approve = format!("/api/windows/{}/approve", own["id"].as_str().unwrap());
    let (status, refused) = hospital.post("clinical-engineer", &approve, json!({})).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{refused}");
    let revoke = format!("/api/windows/{}/revoke", window["id"].as_str().unwrap());
    let (status, window) = hospital.post("clinical-engineer", &revoke, json!({"reason": "recall"})).await;
    assert_eq!((status, &window["state"]), (StatusCode::OK, &json!("revoked")));
    let (status, refused) = hospital.post("clinical-engineer", &revoke, json!({"reason": "again"})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
}

#[tokio::test]
async fn what_somebody_may_not_see_does_not_exist_for_them() {
    let hospital = Hospital::open(true).await;
    hospital.target("alaris-sm-01").await;
    let (_, window) =
        hospital.post("technician", "/api/windows", hospital.wish("alaris-sm-01", "technician")).await;
    let path = format!("/api/windows/{}", window["id"].as_str().unwrap());
    assert_eq!(hospital.get("technician", &path).await.0, StatusCode::OK);
    let (status, theirs) = hospital.get("other-technician", &path).await;
    let (none, nothing) =
        hospital.get("other-technician", &format!("/api/windows/{}", uuid::Uuid::nil())).await;
    assert_eq!((status, theirs["title"].clone()), (none, nothing["title"].clone()));
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, list) = hospital.get("other-technician", "/api/windows").await;
    assert_eq!(list, json!([]));
}

#[tokio::test]
async fn a_vendor_learns_of_nobody_else_by_asking() {
    let hospital = Hospital::open(true).await;
    hospital.target("alaris-sm-01").await;
    let answer = async |login: &str| {
        let (status, problem) =
            hospital.post("technician", "/api/windows", hospital.wish("alaris-sm-01", login)).await;
        (status, problem.to_string().replace(login, "LOGIN"))
    };
    assert_eq!(answer("other-technician").await, answer("nobody-at-all").await);
}

#[tokio::test]
async fn an_engineer_sponsors_technicians_and_nobody_else() {
    let hospital = Hospital::open(true).await;
    let new =
        |login: &str, role: &str, vendor: Value| json!({"login": login, "roles": [role], "vendor": vendor});
    let (status, _) =
        hospital.post("clinical-engineer", "/api/people", new("ann", "technician", json!("Meridian"))).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) =
        hospital.post("clinical-engineer", "/api/people", new("eve", "administrator", Value::Null)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let key = json!({"ssh_key": hospital::SSH_KEY});
    let (status, _) = hospital.post("clinical-engineer", "/api/people/administrator/keys", key.clone()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a key of an administrator's would be their hands");
    assert_eq!(
        hospital.post("clinical-engineer", "/api/people/ann/keys", key.clone()).await.0,
        StatusCode::OK
    );
    let (status, taken) = hospital.post("administrator", "/api/people/technician/keys", key).await;
    assert_eq!(status, StatusCode::CONFLICT, "{taken}");
    let (status, mixed) =
        hospital.post("administrator", "/api/people", new("mix", "analyst", json!("Meridian"))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{mixed}");
}

#[tokio::test]
async fn a_secret_goes_in_and_never_comes_out() {
    let hospital = Hospital::open(true).await;
    hospital.target("alaris-sm-01").await;
    let webhook =
        json!({"name": "hook", "kind": "webhook", "url": "http://127.0.0.1:9/x", "secret": hospital::SECRET});
    let (status, added) = hospital.post("administrator", "/api/destinations", webhook).await;
    assert_eq!(status, StatusCode::OK, "{added}");
    let mut seen = added.to_string();
    for (role, path) in [
        ("clinical-engineer", "/api/targets"),
        ("clinical-engineer", "/api/targets/alaris-sm-01"),
        ("auditor", "/api/destinations"),
    ] {
        let (status, answer) = hospital.get(role, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        seen.push_str(&answer.to_string());
    }
    for fact in hospital.store.facts_page(&FactFilter::default(), 1000).await.unwrap() {
        seen.push_str(&fact.body.to_string());
    }
    assert!(!seen.contains(hospital::SECRET) && !seen.contains("hunter2"));
    for file in hospital.files() {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", file.display());
    }
}

#[tokio::test]
async fn bad_input_gets_the_place_and_what_would_be_right() {
    let hospital = Hospital::open(true).await;
    hospital.target("alaris-sm-01").await;
    let wish = hospital.wish("alaris-sm-01", "technician");
    let wrong = [
        ("closes", json!("tomorrow"), "+90m"),
        ("closes", json!("-1h"), ""),
        ("access", json!(["root"]), "shell"),
        ("purpose", json!("fun"), "patch"),
        ("targets", json!(["nowhere"]), "nowhere"),
        ("technicians", json!(["nobody"]), "nobody"),
        ("reason", json!("x".repeat(2000)), "1000"),
        ("unknown", json!(1), "unknown"),
    ];
    for (field, value, named) in wrong {
        let mut body = wish.clone();
        body[field] = value;
        let (status, answer) = hospital.post("technician", "/api/windows", body).await;
        assert!(status.is_client_error(), "{field}: {status}");
        assert!(answer.to_string().contains(named), "{field}: {answer}");
    }
    let (status, _) =
        hospital.post("technician", "/api/windows", json!({"reason": "x".repeat(2 << 20)})).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}
