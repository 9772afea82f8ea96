//! The house itself: packages depend on each other only as the design draws it, nothing brings a second TLS or crypto
//! stack, every licence is permissive, and the root stays tidy.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use chaperone_tests::workspace;
use serde_json::Value;

/// DESIGN §4: which of our packages each of our packages may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("chaperone-policy", &[]),
    ("chaperone-recorder", &[]),
    ("chaperone-store", &["policy", "recorder"]),
    ("chaperone-identity", &["policy", "store"]),
    ("chaperone-vault", &["policy", "store"]),
    ("chaperone-session", &["policy", "store", "recorder", "vault"]),
    ("chaperone-ssh", &["session", "identity", "policy"]),
    ("chaperone-tls", &["session", "identity", "policy"]),
    ("chaperone-alert", &["policy", "store"]),
    ("chaperone-desk", &["policy", "store", "recorder"]),
    ("chaperone-web", &["desk", "session", "identity", "vault", "alert", "store", "policy", "recorder"]),
    (
        "chaperone",
        &[
            "desk", "session", "identity", "vault", "alert", "store", "policy", "recorder", "ssh", "tls",
            "web",
        ],
    ),
    // The scenarios know the product by its command line only.
    ("chaperone-tests", &[]),
];

/// Which of our packages may use a library directly: where its story is told.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("sqlx", &["chaperone-store"]),
    // The flood of the scenarios is thousands of clients in one process.
    ("russh", &["chaperone-ssh", "chaperone-tests"]),
    ("axum", &["chaperone-web", "chaperone"]),
    ("tokio-tungstenite", &["chaperone"]),
    ("utoipa-axum", &["chaperone-web"]),
    // What loads the TLS gate is thousands of clients in one process, too.
    ("rustls", &["chaperone-tls", "chaperone-alert", "chaperone", "chaperone-tests"]),
    ("tokio-rustls", &["chaperone-tls", "chaperone-alert", "chaperone", "chaperone-tests"]),
    ("lettre", &["chaperone-alert"]),
    ("jsonwebtoken", &["chaperone-identity"]),
    ("age", &["chaperone-recorder", "chaperone"]),
    // Scenarios look at screens.
    ("vt100", &["chaperone-recorder", "chaperone-desk", "chaperone-tests"]),
    ("clap", &["chaperone", "chaperone-recorder"]),
];

/// A second stack beside aws-lc-rs and rustls would be a second set of advisories.
const STRANGERS: &[&str] = &[
    "ring",
    "openssl",
    "openssl-sys",
    "native-tls",
    "boring",
    "boring-sys",
    "mbedtls",
    "libssh2-sys",
    "ssh2",
    "gnutls",
];

const LICENCES: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "MIT-0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "CC0-1.0",
    "0BSD",
    "Unlicense",
    "BSL-1.0",
    "MPL-2.0",
    "OpenSSL",
    "CDLA-Permissive-2.0",
];

fn cargo(words: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let done = Command::new(cargo).args(words).arg("--offline").current_dir(workspace()).output().unwrap();
    assert!(done.status.success(), "cargo {}: {}", words.join(" "), String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn metadata() -> Value {
    serde_json::from_str(&cargo(&["metadata", "--format-version", "1"])).unwrap()
}

/// Our packages with the names of everything that each depends on directly: when it is built, and in its own tests.
fn ours(metadata: &Value) -> BTreeMap<String, Uses> {
    let members: BTreeSet<_> =
        metadata["workspace_members"].as_array().unwrap().iter().map(Value::to_string).collect();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let mine = packages.filter(|package| members.contains(&package["id"].to_string()));
    mine.map(|package| (package["name"].as_str().unwrap().to_owned(), Uses::of(package))).collect()
}

#[derive(Default)]
struct Uses {
    built: BTreeSet<String>,
    tested: BTreeSet<String>,
}

impl Uses {
    fn of(package: &Value) -> Self {
        let mut uses = Self::default();
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap().to_owned();
            if dependency["kind"] == "dev" {
                uses.tested.insert(name)
            } else {
                uses.built.insert(name)
            };
        }
        uses
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.built.iter().chain(&self.tested)
    }
}

/// What the design lets a package use, and everything below that.
fn below(name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(one) = open.pop() {
        let (_, may) = ARROWS.iter().find(|(name, _)| *name == one).unwrap();
        let next = may.iter().map(|short| format!("chaperone-{short}"));
        open.extend(next.filter(|name| found.insert(name.clone())));
    }
    found
}

/// Name and version of everything that goes into the binaries.
fn shipped() -> BTreeSet<(String, String)> {
    let words = [
        "tree",
        "-p",
        "chaperone",
        "-p",
        "chaperone-recorder",
        "-e",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    let tree = cargo(&words);
    let parts = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
    });
    parts.collect()
}

#[test]
fn no_package_uses_another_against_the_arrows() {
    let ours = ours(&metadata());
    let drawn: BTreeSet<_> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(ours.keys().cloned().collect::<BTreeSet<_>>(), drawn, "the packages of the design");
    for (name, may) in ARROWS {
        let may: BTreeSet<_> = may.iter().map(|short| format!("chaperone-{short}")).collect();
        let wrong = |uses: &BTreeSet<String>, may: &BTreeSet<String>| {
            uses.iter()
                .filter(|used| ours.contains_key(*used) && !may.contains(*used))
                .cloned()
                .collect::<Vec<_>>()
        };
        let built = wrong(&ours[*name].built, &may);
        assert!(built.is_empty(), "{name} uses {built:?}, which the design does not draw");
        // A package's own tests may build what its arrows lead to, at any depth; never what stands beside or above it.
        let tested = wrong(&ours[*name].tested, &below(name));
        assert!(tested.is_empty(), "the tests of {name} use {tested:?}, which does not stand below it");
    }
}

#[test]
fn each_library_is_used_only_where_its_story_is_told() {
    let ours = ours(&metadata());
    for (library, may) in WRAPPERS {
        for (name, uses) in &ours {
            assert!(
                !uses.all().any(|used| used == library) || may.contains(&name.as_str()),
                "{name} uses {library}"
            );
        }
    }
}

#[test]
fn policy_is_pure() {
    let ours = ours(&metadata());
    let may = ["jiff", "serde", "serde_json", "thiserror", "uuid", "ipnet", "proptest"];
    let strange: Vec<_> =
        ours["chaperone-policy"].all().filter(|name| !may.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "{strange:?}");
    for_each_source(&workspace().join("broker").join("policy").join("src"), &mut |path, text| {
        for impure in [
            "std::fs",
            "TcpStream",
            "UdpSocket",
            "ToSocketAddrs",
            "std::env",
            "Timestamp::now",
            "Zoned::now",
            "Instant::now",
            "async fn",
            "tokio",
        ] {
            assert!(!text.contains(impure), "{} has {impure}", path.display());
        }
    });
}

#[test]
fn there_is_one_crypto_and_one_tls_stack() {
    let shipped: BTreeSet<_> = shipped().into_iter().map(|(name, _)| name).collect();
    let strangers: Vec<_> = STRANGERS.iter().filter(|name| shipped.contains(**name)).collect();
    assert!(strangers.is_empty(), "{strangers:?} in the binaries: `cargo tree -i NAME` says who brings it");
    assert!(shipped.contains("aws-lc-rs") && shipped.contains("rustls"));
}

#[test]
fn every_licence_is_permissive() {
    let shipped = shipped();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    for package in packages {
        let (name, version) = (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        if shipped.contains(&(name.to_owned(), version.to_owned())) {
            let licence = package["license"].as_str().unwrap_or("none");
            assert!(is_permissive(licence), "{name} {version} is under {licence:?}");
        }
    }
}

/// An SPDX expression: one of the alternatives has only parts that we take.
fn is_permissive(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], "");
    let all = |alternative: &str| alternative.split(" AND ").all(|part| LICENCES.contains(&part.trim()));
    expression.split(" OR ").any(all)
        || (expression.contains(" AND ") && expression.split(" AND ").all(|part| part.split(" OR ").any(all)))
}

#[test]
fn the_root_holds_what_the_design_says_and_nothing_else() {
    let may = [
        "Cargo.toml",
        "Cargo.lock",
        "LICENSE",
        "README.md",
        "broker",
        "recorder",
        "web",
        "migrations",
        "deploy",
        "tests",
        // What cargo and npm make, and git ignores.
        "target",
        "node_modules",
    ];
    let entries = std::fs::read_dir(workspace())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap());
    let strange: Vec<_> =
        entries.filter(|name| !name.starts_with('.') && !may.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn every_package_is_under_the_lints_of_the_house() {
    let root = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    assert!(root.contains("unsafe_code = \"forbid\""));
    for package in metadata()["packages"].as_array().unwrap() {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        // The patched russh is somebody else's house.
        if manifest.starts_with(workspace()) && package["name"] != "russh" {
            let text = std::fs::read_to_string(manifest).unwrap();
            let own = text.contains("[lints]\nworkspace = true");
            // The scenarios fail by panicking; they have the other lints in their own manifest.
            assert!(
                own || (package["name"] == "chaperone-tests" && text.contains("unsafe_code = \"forbid\"")),
                "{}",
                manifest.display()
            );
        }
    }
}

#[test]
fn no_file_tells_more_than_one_story() {
    for folder in ["broker", "recorder", "web/api", "tests"] {
        for_each_source(&workspace().join(folder), &mut |path, text| {
            let lines = text.lines().count();
            assert!(lines <= 600, "{} has {lines} lines", path.display());
            let lint = format!("#{}allow(", '[');
            assert!(!text.contains(&lint), "{} silences a lint without a reason", path.display());
        });
    }
}

fn for_each_source(folder: &Path, check: &mut dyn FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && name != "node_modules" && name != "russh" {
            for_each_source(&path, check);
        } else if path.extension().is_some_and(|end| end == "rs") {
            check(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}
