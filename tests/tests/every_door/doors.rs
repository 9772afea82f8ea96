//! The table of the API's doors: who goes through, and what that leaves in the ledger.

use serde_json::{Value, json};

use crate::world::{NO, REASON, World};

/// One route.
pub struct Door {
    /// Method and path.
    pub route: &'static str,
    /// Who goes through.
    pub by: &'static str,
    /// What they ask for beside the path.
    pub query: &'static str,
    /// What they send.
    pub body: fn(&World) -> Option<Value>,
    /// What it leaves.
    pub leaves: Leaves,
    /// Whether the answer goes on for as long as what it shows.
    pub endless: bool,
}

/// What is in the ledger afterwards.
#[derive(Clone, Copy)]
pub enum Leaves {
    /// A fact of this kind, which names who did it.
    Fact(&'static str, Why),
    /// None: it is neither evidence nor a change, because.
    Nothing(&'static str),
    /// A fact, and the scenario that asserts it has what this one has not.
    Elsewhere(&'static str),
}

/// Where the reason of a fact comes from.
#[derive(Clone, Copy)]
pub enum Why {
    /// Whoever does it says so.
    Theirs,
    /// Whoever does it may say so; else it is drawn from what it is done to.
    Drawn,
    /// The fact itself says why: the route takes no reason, because.
    Itself(&'static str),
}

use Leaves::{Elsewhere, Fact, Nothing};
use Why::{Drawn, Itself, Theirs};

const fn none(_: &World) -> Option<Value> {
    None
}

#[expect(clippy::unnecessary_wraps, reason = "a body as the table wants it")]
fn because(_: &World) -> Option<Value> {
    Some(json!({ "reason": REASON }))
}

/// A no, in words that nothing else in the ledger has.
#[expect(clippy::unnecessary_wraps, reason = "a body as the table wants it")]
fn no(_: &World) -> Option<Value> {
    Some(json!({ "reason": NO }))
}

const fn get(route: &'static str, leaves: Leaves) -> Door {
    Door { route, by: "sam", query: "", body: none, leaves, endless: false }
}

const fn reads(route: &'static str, why: &'static str) -> Door {
    get(route, Nothing(why))
}

const fn elsewhere(route: &'static str, where_: &'static str) -> Door {
    get(route, Elsewhere(where_))
}

/// A change with nothing but a reason.
const fn cut(route: &'static str, by: &'static str, kind: &'static str) -> Door {
    Door { route, by, query: "", body: because, leaves: Fact(kind, Theirs), endless: false }
}

const fn change(
    route: &'static str,
    by: &'static str,
    kind: &'static str,
    why: Why,
    body: fn(&World) -> Option<Value>,
) -> Door {
    Door { route, by, query: "", body, leaves: Fact(kind, why), endless: false }
}

const STATE: &str = "how things stand, not what somebody did inside a visit";
const NEW: Why = Itself("what is added says what it is for; the act is its own reason");
const SOFTWARE: &str = "about the gate's software, and open to strangers";
const FILES: &str =
    "uploads.rs: file-sent-ahead, file-refused, file-withdrawn, file-released, with who and which file";
const HTTP: &str = "har.rs: recording-viewed, of a visit that has transactions";
const SIGN_IN: &str = "sign_in.rs: signed-in, signed-out, proven-again, factors-enrolled, with who";

/// Every route there is, in an order in which they can be gone through.
pub const DOORS: &[Door] = &[
    reads("GET /healthz", SOFTWARE),
    reads("GET /readyz", SOFTWARE),
    reads("GET /metrics", SOFTWARE),
    reads("GET /api/openapi.json", SOFTWARE),
    reads("GET /api/docs", SOFTWARE),
    elsewhere("POST /api/sign-in", SIGN_IN),
    elsewhere("POST /api/sign-out", SIGN_IN),
    elsewhere("POST /api/step-up", SIGN_IN),
    reads("GET /api/me", "somebody's own name and rights"),
    elsewhere("GET /api/demo", "pages.rs: the demo's cast; nothing but in the demo"),
    elsewhere("POST /api/demo/sign-in", "pages.rs and tour.rs; nothing but in the demo"),
    reads("POST /api/enrolment/look", "an offer to whoever holds its link; finishing it is the fact"),
    elsewhere("POST /api/enrolment/finish", SIGN_IN),
    Door {
        endless: true,
        ..reads("GET /api/events", "names of what has changed, and nothing of what it is")
    },
    reads("GET /api/lock", STATE),
    reads("GET /api/vendors", STATE),
    change("POST /api/vendors", "adam", "vendor-added", NEW, |_| Some(json!({ "name": "Halden Pumps" }))),
    cut("POST /api/vendors/{vendor}/lock", "lee", "lock-added"),
    cut("POST /api/vendors/{vendor}/unlock", "lee", "lock-removed"),
    change("PUT /api/vendors/{vendor}/networks", "adam", "vendor-changed", NEW, |_| {
        Some(json!({ "source_networks": ["127.0.0.0/8"] }))
    }),
    reads("GET /api/vendors/{vendor}/authorities", STATE),
    change("POST /api/vendors/{vendor}/authorities", "adam", "authority-added", NEW, |world| {
        Some(json!({ "ssh_key": world.host_key }))
    }),
    change(
        "POST /api/vendors/{vendor}/authorities/withdraw",
        "adam",
        "authority-withdrawn",
        Theirs,
        |world| Some(json!({ "fingerprint": world.authority(), "reason": REASON })),
    ),
    change("POST /api/vendors/{vendor}/revocations", "adam", "certificate-revoked", Theirs, |_| {
        Some(json!({ "by": "serial", "value": "4711", "reason": REASON }))
    }),
    reads("GET /api/people", STATE),
    change("POST /api/people", "adam", "person-added", NEW, |_| {
        Some(json!({ "login": "uma", "name": "Uma", "roles": ["auditor"] }))
    }),
    reads("GET /api/people/{login}", STATE),
    cut("POST /api/people/{login}/lock", "lee", "lock-added"),
    cut("POST /api/people/{login}/unlock", "lee", "lock-removed"),
    change("POST /api/people/{login}/enrolment", "adam", "enrolment-made", NEW, |_| Some(json!({}))),
    cut("POST /api/people/{login}/reset", "adam", "reset-asked"),
    change("POST /api/people/{login}/keys", "adam", "person-changed", NEW, |world| {
        Some(json!({ "ssh_key": world.spare_key }))
    }),
    change("POST /api/people/{login}/keys/withdraw", "adam", "key-withdrawn", Theirs, |world| {
        Some(json!({ "fingerprint": world.fingerprint(), "reason": REASON }))
    }),
    change("PUT /api/people/{login}/networks", "adam", "person-changed", NEW, |_| {
        Some(json!({ "source_networks": ["127.0.0.0/8"] }))
    }),
    change("PUT /api/people/{login}/email", "adam", "person-changed", NEW, |_| {
        Some(json!({ "email": "viktor@northwind.example" }))
    }),
    reads("GET /api/targets", STATE),
    change("POST /api/targets", "priya", "target-added", NEW, |world| {
        Some(json!({ "name": "alaris-sm-09", "ssh": {
            "address": "127.0.0.1:9", "host_keys": [world.host_key],
            "accounts": [{ "account": "svc", "kind": "password", "secret": "hunter2" }],
        }}))
    }),
    reads("GET /api/targets/{target}", STATE),
    change("POST /api/targets/{target}/host-keys", "priya", "host-key-proposed", Theirs, |world| {
        Some(json!({ "host_keys": [world.spare_key], "reason": REASON }))
    }),
    change("POST /api/targets/{target}/host-keys/approve", "quentin", "host-key-approved", Theirs, |world| {
        Some(json!({ "fingerprint": world.host_key_at("/proposed_keys/0/fingerprint"), "reason": REASON }))
    }),
    change("POST /api/targets/{target}/host-keys/retire", "priya", "host-key-retired", Theirs, |world| {
        Some(json!({ "fingerprint": world.host_key_at("/endpoints/0/host_keys/1"), "reason": REASON }))
    }),
    change("POST /api/targets/{target}/host-keys/refuse", "quentin", "host-key-refused", Theirs, |world| {
        world.propose_spare_key();
        Some(json!({ "fingerprint": world.host_key_at("/proposed_keys/0/fingerprint"), "reason": NO }))
    }),
    reads("GET /api/ssh/user-ca", "a public key, for people who set servers up"),
    change("POST /api/ssh/user-ca/next", "adam", "gate-key-made", Theirs, because),
    change("POST /api/ssh/user-ca/retire", "adam", "gate-key-retired", Theirs, because),
    reads("GET /api/tls/authority", "a public certificate, for trust stores"),
    change("POST /api/tls/authority/next", "adam", "gate-key-made", Theirs, because),
    change("POST /api/tls/authority/retire", "adam", "gate-key-retired", Theirs, |_| {
        Some(json!({ "reason": REASON, "at_once": true }))
    }),
    change("PUT /api/targets/{target}/legacy", "priya", "target-changed", Theirs, |_| {
        Some(json!({ "algorithms": ["ssh-rsa"], "until": "+1h", "reason": REASON }))
    }),
    change("PUT /api/targets/{target}/addresses", "priya", "target-changed", Theirs, |_| {
        Some(json!({ "addresses": ["127.0.0.1:9", "[::1]:9"], "reason": REASON }))
    }),
    change("PUT /api/targets/{target}/tls", "priya", "target-changed", Theirs, |_| {
        let pin = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        Some(json!({ "address": "127.0.0.1:9", "pins": [pin], "reason": REASON }))
    }),
    change("POST /api/targets/{target}/endpoints", "priya", "target-changed", Theirs, |_| {
        Some(json!({ "tcp": [{ "name": "db", "address": "127.0.0.1:5432" }], "reason": REASON }))
    }),
    change("POST /api/targets/{target}/endpoints/remove", "priya", "target-changed", Theirs, |_| {
        Some(json!({ "endpoint": "tcp:db", "reason": REASON }))
    }),
    change("PUT /api/targets/{target}/credentials", "priya", "credential-sealed", NEW, |_| {
        Some(json!({ "account": "svc", "kind": "password", "secret": "hunter3" }))
    }),
    change("PUT /api/targets/{target}/uploads", "priya", "target-changed", Theirs, |_| {
        Some(json!({ "uploads": "direct", "reason": REASON }))
    }),
    cut("POST /api/targets/{target}/lock", "lee", "lock-added"),
    cut("POST /api/targets/{target}/unlock", "lee", "lock-removed"),
    reads("GET /api/freezes", STATE),
    change("POST /api/freezes", "priya", "freeze-added", Theirs, |_| {
        Some(json!({ "targets": ["alaris-sm-02"], "from": "+700h", "until": "+701h", "reason": REASON }))
    }),
    Door {
        route: "DELETE /api/freezes/{freeze}",
        by: "priya",
        query: "",
        body: none,
        leaves: Fact(
            "freeze-removed",
            Itself("a freeze that is lifted keeps nobody out; why it stood is on its own fact"),
        ),
        endless: false,
    },
    reads("GET /api/windows", STATE),
    change("POST /api/windows", "dana", "window-requested", Theirs, |_| {
        Some(World::wish("dana", "+300h", "+301h"))
    }),
    reads("GET /api/windows/{window}", STATE),
    change("POST /api/windows/{window}/more-time", "dana", "more-time-asked", Theirs, |_| {
        Some(json!({ "closes": "+3h", "reason": REASON }))
    }),
    Door {
        by: "dana",
        ..reads("GET /api/windows/{window}/connect", "how the technician connects to their own window")
    },
    elsewhere(
        "POST /api/windows/{window}/console",
        "web_console.rs: a link is nothing until it is used; its use, and its refusal, are attempts",
    ),
    reads("GET /api/windows/{window}/card", STATE),
    reads("GET /api/windows/{window}/files", STATE),
    elsewhere("POST /api/windows/{window}/files", FILES),
    elsewhere("POST /api/windows/{window}/files/{file}/withdraw", FILES),
    elsewhere("POST /api/windows/{window}/files/{file}/release", FILES),
    Door { by: "dana", ..reads("GET /api/my/servers", STATE) },
    elsewhere("POST /api/connect", "tls_certificates.rs: certificate-issued, with who and for which window"),
    elsewhere("GET /api/ssh", "websocket.rs: signed-in, with who; what is done inside is SSH's own"),
    elsewhere("GET /api/tls", "connect.rs: signed-in, with who; what is done inside is the TLS door's own"),
    change(
        "POST /api/windows/{asked}/approve",
        "priya",
        "window-approved",
        Itself("a yes is to the reason of the request"),
        |_| Some(json!({})),
    ),
    cut("POST /api/windows/{denied}/deny", "priya", "window-denied"),
    cut("POST /api/windows/{withdrawn}/withdraw", "dana", "window-withdrawn"),
    cut("POST /api/windows/{revoked}/revoke", "priya", "window-revoked"),
    change("POST /api/windows/{extended}/extend", "priya", "window-extended", Theirs, |_| {
        Some(json!({ "closes": "+4h", "reason": REASON }))
    }),
    change("POST /api/windows/{moved}/move", "priya", "window-moved", Theirs, |_| {
        Some(json!({ "opens": "+500h", "closes": "+501h", "reason": REASON }))
    }),
    change(
        "POST /api/windows/{booked}/accept",
        "dana",
        "window-accepted",
        Itself("a yes is to the reason of the request"),
        |_| Some(json!({})),
    ),
    change(
        "POST /api/windows/{lent}/substitute",
        "dana",
        "window-substituted",
        Itself("it names who stands in for whom"),
        |_| Some(json!({ "out": "dana", "in": "ben" })),
    ),
    change(
        "POST /api/windows/{held}/go",
        "priya",
        "window-released",
        Itself("the clinical go of the day"),
        |_| Some(json!({})),
    ),
    change("POST /api/windows/{held}/observer", "priya", "window-changed", Theirs, |_| {
        Some(json!({ "required": true, "reason": REASON }))
    }),
    change("POST /api/windows/{window}/return", "dana", "window-returned", Theirs, |_| {
        Some(json!({ "outcome": "partly", "reason": REASON }))
    }),
    elsewhere("POST /api/windows/{window}/review", "emergency.rs: window-reviewed, once a window is over"),
    change("POST /api/emergency/people", "priya", "technician-sponsored", Theirs, |world| {
        Some(json!({
            "login": "nora", "vendor": "Meridian Infusion", "ssh_key": world.night_key, "reason": REASON,
        }))
    }),
    change("POST /api/emergency/windows", "priya", "window-emergency", Theirs, |_| {
        Some(json!({
            "targets": ["alaris-sm-02"], "technicians": ["nora"], "access": ["exec"], "closes": "+1h",
            "reason": REASON,
        }))
    }),
    reads("GET /api/sessions", "which visits there were, not what happened inside; vendors see their own"),
    reads("GET /api/sessions/{session}", "as the list of visits"),
    Door {
        route: "GET /api/sessions/{live}/watch",
        by: "sam",
        query: "",
        body: none,
        leaves: Fact("session-watched", Drawn),
        endless: true,
    },
    cut("POST /api/sessions/{live}/pause", "sam", "session-paused"),
    cut("POST /api/sessions/{live}/resume", "sam", "session-resumed"),
    cut("POST /api/sessions/{live}/stop", "sam", "session-stop-asked"),
    reads("GET /api/recordings", "which recordings there are, not what is in them"),
    reads("GET /api/recordings/{session}", "as the list of recordings"),
    get("GET /api/recordings/{session}/timeline", Fact("recording-viewed", Drawn)),
    Door {
        by: "lee",
        query: "channel=0",
        ..get("GET /api/recordings/{session}/play", Fact("recording-viewed", Drawn))
    },
    elsewhere("GET /api/recordings/{session}/transactions", HTTP),
    elsewhere("GET /api/recordings/{session}/transactions/{place}", HTTP),
    elsewhere("GET /api/recordings/{session}/transactions/{place}/body", HTTP),
    Door {
        query: "reason=asked+by+the+case",
        ..get("GET /api/recordings/{session}/text", Fact("recording-viewed", Theirs))
    },
    Door {
        query: "format=txt&reason=asked+by+the+case",
        ..get("GET /api/recordings/{session}/export", Fact("recording-exported", Theirs))
    },
    cut("POST /api/recordings/{session}/verify", "sam", "recording-verified"),
    reads("GET /api/unmask", "who asks to see what was typed, and why; nothing that was typed"),
    change("POST /api/unmask", "sam", "unmask-asked", Theirs, |world| {
        Some(json!({ "session": world.session, "reason": REASON }))
    }),
    change("POST /api/unmask/{wish}/agree", "sam", "unmask-agreed", Theirs, |_| Some(json!({}))),
    change("POST /api/unmask/{no-wish}/refuse", "sam", "unmask-refused", Theirs, no),
    change("POST /api/unmask/{own-wish}/withdraw", "lee", "unmask-withdrawn", Theirs, no),
    reads("GET /api/keep", STATE),
    change("POST /api/keep", "sam", "hold-added", Theirs, |world| {
        Some(json!({ "kind": "session", "name": world.session, "reason": REASON }))
    }),
    cut("POST /api/keep/{hold}/lift", "lee", "hold-lifted"),
    reads("GET /api/retention", STATE),
    change("PUT /api/retention/classes/{class}", "lee", "retention-changed", Theirs, |_| {
        Some(json!({ "facts_days": 4000, "recordings_days": 1000, "reason": REASON }))
    }),
    change("PUT /api/retention/assigned", "lee", "retention-assigned", Theirs, |_| {
        Some(json!({ "kind": "target", "name": "alaris-sm-02", "class": "longer", "reason": REASON }))
    }),
    change("POST /api/retention/words/{shorter}/agree", "sam", "retention-changed", Theirs, |_| {
        Some(json!({}))
    }),
    change("POST /api/retention/words/{no-shorter}/refuse", "sam", "second-word-refused", Theirs, no),
    cut("POST /api/retention/allow", "lee", "second-word-asked"),
    cut("POST /api/retention/run", "lee", "retention-ran"),
    Door {
        query: "q=done&reason=asked+by+the+case",
        ..get("GET /api/search", Fact("evidence-searched", Theirs))
    },
    change("POST /api/bundles", "audrey", "bundle-made", Theirs, |world| {
        Some(json!({ "session": world.session, "reason": REASON }))
    }),
    Door { by: "lee", ..get("GET /api/alerts", Fact("alerts-viewed", Drawn)) },
    get("GET /api/alerts/{alert}", Fact("alerts-viewed", Drawn)),
    cut("POST /api/alerts/{alert}/acknowledge", "sam", "alert-acknowledged"),
    change("POST /api/alerts/{alert}/close", "sam", "alert-closed", Theirs, |_| {
        Some(json!({ "disposition": "benign", "note": REASON }))
    }),
    Door { by: "adam", ..reads("GET /api/destinations", STATE) },
    change("POST /api/destinations", "adam", "destination-added", NEW, |_| {
        Some(json!({ "name": "second", "kind": "syslog", "url": "tcp://127.0.0.1:9" }))
    }),
    change("POST /api/destinations/{destination}/test", "adam", "destination-tested", NEW, |_| {
        Some(json!({}))
    }),
    Door {
        route: "DELETE /api/destinations/{destination}",
        by: "adam",
        query: "",
        body: none,
        leaves: Fact(
            "destination-removed",
            Itself("where alerts go is the configuration; whose act it is, is on the fact"),
        ),
        endless: false,
    },
    reads(
        "GET /api/ledger/checkpoint",
        "a signed size and root, which the SOC gets every ten seconds anyway",
    ),
    Door {
        query: "fact=0",
        ..reads("GET /api/ledger/proof/inclusion", "hashes, and nothing of what happened")
    },
    Door {
        query: "from=1",
        ..reads("GET /api/ledger/proof/consistency", "hashes, and nothing of what happened")
    },
    Door {
        query: "kind=session-sealed&reason=asked+by+the+case",
        ..get("GET /api/ledger/facts", Fact("ledger-searched", Theirs))
    },
    Door {
        query: "to=3&reason=asked+by+the+case",
        ..get("GET /api/ledger/export", Fact("ledger-exported", Theirs))
    },
    cut("POST /api/ledger/verify", "audrey", "ledger-verified"),
    elsewhere("POST /api/ledger/fork", "store.rs: ledger-forked, with both and why"),
    elsewhere("POST /api/clock/accept", "clock.rs: clock-accepted, with both and why"),
    Door {
        query: "target=alaris-sm-01&reason=asked+by+the+case",
        ..change("POST /api/reconcile", "sam", "reconciled", Theirs, |_| Some(json!({})))
    },
    cut("POST /api/lock", "lee", "lock-added"),
    cut("POST /api/unlock", "lee", "lock-removed"),
];
