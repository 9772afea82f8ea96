//! The table of the command line's verbs: the door that each goes through, or what it does on the host alone.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use chaperone_tests::{Process, chaperone};

/// Where a verb goes.
pub enum Goes {
    /// To the API, as somebody, through this door: its fact is the door's.
    Through(&'static str),
    /// Nowhere: it acts on the host, as whoever has the host.
    OnTheHost(&'static str),
}

use Goes::{OnTheHost, Through};

/// Every verb there is.
pub const VERBS: &[(&str, Goes)] = &[
    ("alert ack", Through("POST /api/alerts/{alert}/acknowledge")),
    ("alert close", Through("POST /api/alerts/{alert}/close")),
    ("alert list", Through("GET /api/alerts")),
    ("alert show", Through("GET /api/alerts/{alert}")),
    ("backup", OnTheHost("copies the database as it is, for whoever has the host")),
    ("bundle make", Through("POST /api/bundles")),
    ("check-config", OnTheHost("reads a file")),
    ("clock accept", Through("POST /api/clock/accept")),
    ("demo", OnTheHost("a house of its own in a temporary folder")),
    ("derived rebuild", OnTheHost("makes anew what is read out of the recordings, and shows none of it")),
    ("destination add", Through("POST /api/destinations")),
    ("destination list", Through("GET /api/destinations")),
    ("destination remove", Through("DELETE /api/destinations/{destination}")),
    ("destination test", Through("POST /api/destinations/{destination}/test")),
    ("everything lock", Through("POST /api/lock")),
    ("everything unlock", Through("POST /api/unlock")),
    ("freeze add", Through("POST /api/freezes")),
    ("freeze list", Through("GET /api/freezes")),
    ("freeze remove", Through("DELETE /api/freezes/{freeze}")),
    ("init", OnTheHost("makes the ledger; the first administrator is its first fact")),
    ("keep add", Through("POST /api/keep")),
    ("keep lift", Through("POST /api/keep/{hold}/lift")),
    ("keep list", Through("GET /api/keep")),
    (
        "key new",
        OnTheHost("makes a pair of keys in a file; the recipient opens nothing until it is configured"),
    ),
    ("ledger checkpoint", Through("GET /api/ledger/checkpoint")),
    ("ledger export", Through("GET /api/ledger/export")),
    ("ledger facts", Through("GET /api/ledger/facts")),
    ("ledger fork", Through("POST /api/ledger/fork")),
    ("ledger proof", Through("GET /api/ledger/proof/inclusion")),
    ("ledger verify", Through("POST /api/ledger/verify")),
    ("login", Through("POST /api/sign-in")),
    ("migrate", OnTheHost("changes the schema, and no fact")),
    ("person add", Through("POST /api/people")),
    ("person add-key", Through("POST /api/people/{login}/keys")),
    ("person enrol", Through("POST /api/people/{login}/enrolment")),
    ("person list", Through("GET /api/people")),
    ("person lock", Through("POST /api/people/{login}/lock")),
    ("person reset", Through("POST /api/people/{login}/reset")),
    ("person set-email", Through("PUT /api/people/{login}/email")),
    ("person show", Through("GET /api/people/{login}")),
    ("person unlock", Through("POST /api/people/{login}/unlock")),
    ("person withdraw-key", Through("POST /api/people/{login}/keys/withdraw")),
    ("reconcile", Through("POST /api/reconcile")),
    ("recording export", Through("GET /api/recordings/{session}/export")),
    ("recording list", Through("GET /api/recordings")),
    ("recording play", Through("GET /api/recordings/{session}/text")),
    ("recording show", Through("GET /api/recordings/{session}")),
    ("recording verify", Through("POST /api/recordings/{session}/verify")),
    ("restore", OnTheHost("before the gate runs; the ledger says what it lacks when it starts")),
    ("retention agree", Through("POST /api/retention/words/{shorter}/agree")),
    ("retention allow", Through("POST /api/retention/allow")),
    ("retention assign", Through("PUT /api/retention/assigned")),
    ("retention list", Through("GET /api/retention")),
    ("retention refuse", Through("POST /api/retention/words/{no-shorter}/refuse")),
    ("retention run", Through("POST /api/retention/run")),
    ("retention set", Through("PUT /api/retention/classes/{class}")),
    ("search", Through("GET /api/search")),
    ("serve", OnTheHost("is the gate; its start and stop are facts")),
    ("session list", Through("GET /api/sessions")),
    ("session pause", Through("POST /api/sessions/{live}/pause")),
    ("session resume", Through("POST /api/sessions/{live}/resume")),
    ("session show", Through("GET /api/sessions/{session}")),
    ("session stop", Through("POST /api/sessions/{live}/stop")),
    ("target add", Through("POST /api/targets")),
    ("target list", Through("GET /api/targets")),
    ("target pin-host-key", Through("PUT /api/targets/{target}/host-keys")),
    ("target lock", Through("POST /api/targets/{target}/lock")),
    ("target set-credential", Through("PUT /api/targets/{target}/credentials")),
    ("target unlock", Through("POST /api/targets/{target}/unlock")),
    ("target show", Through("GET /api/targets/{target}")),
    ("token", OnTheHost("mints a token; every use of it is a fact, and an alarm")),
    ("unmask agree", Through("POST /api/unmask/{wish}/agree")),
    ("unmask ask", Through("POST /api/unmask")),
    ("unmask list", Through("GET /api/unmask")),
    ("unmask refuse", Through("POST /api/unmask/{no-wish}/refuse")),
    ("unmask withdraw", Through("POST /api/unmask/{own-wish}/withdraw")),
    ("vendor add", Through("POST /api/vendors")),
    ("vendor list", Through("GET /api/vendors")),
    ("vendor lock", Through("POST /api/vendors/{vendor}/lock")),
    ("vendor unlock", Through("POST /api/vendors/{vendor}/unlock")),
    ("window accept", Through("POST /api/windows/{booked}/accept")),
    ("window approve", Through("POST /api/windows/{asked}/approve")),
    ("window deny", Through("POST /api/windows/{denied}/deny")),
    ("window extend", Through("POST /api/windows/{extended}/extend")),
    ("window go", Through("POST /api/windows/{held}/go")),
    ("window list", Through("GET /api/windows")),
    ("window move", Through("POST /api/windows/{moved}/move")),
    ("window request", Through("POST /api/windows")),
    ("window revoke", Through("POST /api/windows/{revoked}/revoke")),
    ("window show", Through("GET /api/windows/{window}")),
    ("window substitute", Through("POST /api/windows/{lent}/substitute")),
    ("window withdraw", Through("POST /api/windows/{withdrawn}/withdraw")),
];

/// Every verb with its nouns, found by walking through the help.
pub fn all() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(words) = open.pop() {
        let below = below(&words);
        if below.is_empty() {
            found.insert(words.join(" "));
        }
        open.extend(below.into_iter().map(|verb| words.iter().cloned().chain([verb]).collect()));
    }
    found
}

fn below(words: &[String]) -> Vec<String> {
    let mut command = Command::new(chaperone());
    command.args(words).arg("--help").env_remove("CHAPERONE_CONFIG");
    let help = Process::run("chaperone --help", Duration::from_secs(20), &mut command).succeeded().text();
    let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = listed.lines().take_while(|line| !line.trim().is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
