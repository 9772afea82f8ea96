//! A house with one of everything that a door is about.

use std::collections::HashMap;

use chaperone_tests::{House, KeyPair, TARGET, Visit, get, soon};
use serde_json::{Value, json};

/// Why everything in this scenario is done.
pub const REASON: &str = "asked by the case";

/// Why somebody says no to it.
pub const NO: &str = "not without the nurse in charge";

/// Everybody who goes through a door.
const CAST: [&str; 7] = ["dana", "priya", "sam", "lee", "audrey", "adam", "quentin"];

/// The house, and the ids of what is in it.
pub struct World {
    pub house: House,
    /// A visit that is over and sealed.
    pub session: String,
    /// Public keys of nobody's yet.
    pub spare_key: String,
    pub night_key: String,
    /// The target's host key.
    pub host_key: String,
    named: HashMap<&'static str, String>,
    people: HashMap<String, (String, String)>,
    _live: Visit,
}

impl World {
    /// Everything that the table of doors asks for.
    pub fn furnished() -> Self {
        let house = House::start();
        let people = CAST.iter().map(|login| ((*login).to_owned(), known(&house, login))).collect();
        let ben = KeyPair::make(house.folder(), "ben");
        house.admin().does(&[
            "person",
            "add",
            "ben",
            "--role",
            "technician",
            "--vendor",
            "Meridian Infusion",
            "--ssh-key",
            ben.public.to_str().unwrap(),
        ]);
        house.add_target("alaris-sm-02", &house.target, &[]);
        let window = house.open_window("dana", "exec", "+2h");
        house.technician("dana").ssh(TARGET).runs("echo done").succeeded();
        let session = house.newest_session();
        house.sealed(&session);
        house.technician("viktor").ssh(TARGET).runs("true").refused();
        let alert = soon("an alert", || {
            house.sam().lists(&["alert", "list"]).into_iter().find(|alert| alert["rule"] == "off-schedule")
        });
        let live = house.technician("dana").ssh(TARGET).begins("echo in; sleep 300");
        live.shows("in");
        let freeze = house.priya().does(&[
            "freeze",
            "add",
            "--target",
            "alaris-sm-02",
            "--from",
            "+600h",
            "--until",
            "+601h",
            "--reason",
            "audit",
        ]);
        let mut named = HashMap::from([
            ("session", session.clone()),
            ("live", house.newest_session()),
            ("window", window.clone()),
            ("extended", window),
            ("alert", alert["id"].as_str().unwrap().to_owned()),
            ("freeze", freeze["id"].as_str().unwrap().to_owned()),
            ("vendor", "Northwind%20Imaging".to_owned()),
            ("login", "viktor".to_owned()),
            ("target", "alaris-sm-02".to_owned()),
            ("destination", "pager".to_owned()),
        ]);
        for (name, hours) in [("asked", 100), ("denied", 110), ("withdrawn", 120), ("lent", 130)] {
            named.insert(name, later(&house, hours));
        }
        for (name, hours) in [("revoked", 140), ("moved", 150)] {
            let window = later(&house, hours);
            house.approve(&window);
            named.insert(name, window);
        }
        let wish = Self::wish("dana", "+160h", "+161h");
        named.insert("booked", asked(&house, &people, "priya", &wish));
        // The go is given on the day.
        let mut wish = Self::wish("dana", "+3h", "+4h");
        wish["go_required"] = json!(true);
        let held = asked(&house, &people, "dana", &wish);
        house.approve(&held);
        named.insert("held", held);
        named.extend(words_of_two(&house, &session));
        let (spare, night) = (KeyPair::make(house.folder(), "spare"), KeyPair::make(house.folder(), "night"));
        let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap().trim().to_owned();
        let host_key = read(&house.target.host_key().public);
        Self {
            session,
            spare_key: read(&spare.public),
            night_key: read(&night.public),
            host_key,
            named,
            people,
            _live: live,
            house,
        }
    }

    /// A request for a window.
    pub fn wish(technician: &str, opens: &str, closes: &str) -> Value {
        json!({
            "targets": [TARGET], "technicians": [technician], "access": ["exec"], "opens": opens, "closes": closes,
            "purpose": "patch", "ticket": "CHG0031337", "reason": REASON,
        })
    }

    /// A path with the names of this world in it.
    pub fn path(&self, template: &str, query: &str) -> String {
        let mut path = template.to_owned();
        for (name, value) in &self.named {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        assert!(!path.contains('{'), "{template}: not all of it is in this world");
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    /// Somebody's token.
    pub fn token(&self, login: &str) -> &str {
        &self.people[login].0
    }

    /// Somebody's id, as facts print it.
    pub fn id(&self, login: &str) -> &str {
        &self.people[login].1
    }

    /// The fingerprint of the key that was given to the person of `{login}`.
    pub fn fingerprint(&self) -> String {
        let shown = self.house.admin().does(&["person", "show", "viktor"]);
        let keys = shown["keys"].as_array().expect("a person has keys");
        let newest = keys.last().expect("one was added");
        newest["fingerprint"].as_str().expect("a key has a fingerprint").to_owned()
    }
}

/// Somebody's token and id: the use of a token that was minted on the host is a fact about whose it is.
fn known(house: &House, login: &str) -> (String, String) {
    let token = house.gate.token(login);
    let answer = get(house.gate.web_port(), "/api/me", Some(&token)).expect("the gate answers");
    assert_eq!(answer.status, 200, "{login}: {}", answer.body);
    let used = house.facts_of("token-used").pop().expect("a token was used");
    (token, used.person.expect("somebody's"))
}

/// Words of one person that wait for another's.
fn words_of_two(house: &House, session: &str) -> [(&'static str, String); 7] {
    let (sam, lee) = (house.sam(), house.gate.person("lee"));
    let because = ["--reason", REASON];
    let wish = |from: &str| {
        let asked =
            lee.does(&[&["unmask", "ask", "--session", session, "--from", from], &because[..]].concat());
        asked["id"].as_str().expect("a wish has an id").to_owned()
    };
    let set = |class: &str, recordings: &str| {
        let times = ["--facts", "3y", "--recordings", recordings];
        lee.does(&[&["retention", "set", class], &times[..], &because[..]].concat())
    };
    let waits = |said: Value| said["word"]["id"].as_str().expect("it takes two").to_owned();
    let hold = sam.does(&[&["keep", "add", "--session", session], &because[..]].concat());
    let hold = hold["id"].as_str().expect("a hold has an id").to_owned();
    assert_eq!(sam.does(&[&["keep", "lift", &hold], &because[..]].concat())["done"], false);
    assert_eq!(set("lab", "2y")["done"], true, "a new class is nobody's yet");
    [
        ("wish", wish("0")),
        ("no-wish", wish("1")),
        ("own-wish", wish("2")),
        ("hold", hold),
        ("class", "longer".to_owned()),
        ("shorter", waits(set("lab", "1y"))),
        ("no-shorter", waits(set("lab", "300d"))),
    ]
}

fn later(house: &House, hours: u32) -> String {
    house.request("dana", "exec", &format!("+{hours}h"), &format!("+{}h", hours + 1), &[])
}

fn asked(house: &House, people: &HashMap<String, (String, String)>, login: &str, wish: &Value) -> String {
    let bearer = format!("Bearer {}", people[login].0);
    let port = house.gate.web_port();
    let answer =
        chaperone_tests::ask(port, "POST", "/api/windows", &[("authorization", &bearer)], Some(wish));
    let answer = answer.expect("the gate answers");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["id"].as_str().expect("a window has an id").to_owned()
}
