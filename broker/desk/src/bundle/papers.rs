//! The papers of a bundle: what people read. They are made of the disclosed facts, each item with its number, and prove
//! nothing that the facts do not.

use std::collections::BTreeMap;

use chaperone_policy::{Facts, PersonId, TargetId, VendorId};
use chaperone_recorder::bundle::{NamedPerson, Names};
use chaperone_recorder::ledger::Leaf;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::pick::{Fate, Pick};

/// Bytes of one paper; what goes beyond is in the facts alone, and the paper says so.
const MOST: usize = 12 << 20;

/// How to check a bundle, for people.
pub(super) const HOW_TO_VERIFY: &str = include_str!("how-to-verify.txt");

/// A list of items of bounded length.
#[derive(Debug, Default)]
pub(super) struct Paper {
    items: Vec<Value>,
    bytes: usize,
    shortened: bool,
}

impl Paper {
    fn add(&mut self, item: Value) {
        let len = item.to_string().len();
        if self.bytes + len > MOST {
            self.shortened = true;
            return;
        }
        self.bytes += len;
        self.items.push(item);
    }

    pub(super) fn text(&self) -> String {
        pretty(&json!({ "shortened": self.shortened, "items": self.items }))
    }
}

/// What was not captured, and why.
#[derive(Debug, Default)]
pub(super) struct Papers {
    pub windows: Paper,
    pub alerts: Paper,
    pub custody: Paper,
    pub coverage: Paper,
}

impl Papers {
    /// Takes a disclosed fact.
    pub(super) fn take(&mut self, leaf: &Leaf, document: Option<&Value>) {
        let kind = leaf.kind.as_str();
        let field =
            |name: &str| document.and_then(|document| document.get(name)).cloned().unwrap_or_default();
        let item = || {
            json!({
                "fact": leaf.number.to_string(), "at": Timestamp::from_microsecond(leaf.at_us).ok(), "kind": kind,
                "by": field("person"), "session": field("session"), "window": field("window"), "says": field("body"),
            })
        };
        let of_evidence = kind.starts_with("recording-") && kind != "recording-checkpoint";
        if kind.starts_with("window-") || kind == "more-time-asked" {
            self.windows.add(item());
        } else if kind.starts_with("alert-") {
            self.alerts.add(item());
        } else if of_evidence
            || kind.starts_with("unmask-")
            || matches!(
                kind,
                "bundle-made"
                    | "session-watched"
                    | "session-unwatched"
                    | "evidence-unsound"
                    | "input-unmasked"
            )
        {
            self.custody.add(item());
        } else if matches!(kind, "channel-refused" | "recorder-fault" | "recorder-mended" | "target-failed") {
            self.coverage.add(item());
        }
    }

    /// What became of each session that was not captured whole.
    pub(super) fn uncovered(&mut self, sessions: &BTreeMap<Uuid, Fate>) {
        for (session, fate) in sessions {
            let why = match fate.outcome.as_str() {
                "session-sealed" => {
                    let channels = fate.body.get("coverage").and_then(Value::as_array).into_iter().flatten();
                    let partly: Vec<&Value> = channels
                        .filter(|channel| channel.get("coverage").and_then(Value::as_str) != Some("captured"))
                        .collect();
                    if partly.is_empty() {
                        continue;
                    }
                    let mut said = json!({ "session": session, "channels": partly });
                    let more = fate.body.get("more").filter(|more| more.as_u64() > Some(0));
                    if let (Some(more), Some(fields)) = (more, said.as_object_mut()) {
                        fields.insert("and_more".to_owned(), more.clone());
                    }
                    said
                }
                "session-recovered" => json!({
                    "session": session,
                    "why": "sealed as found after a crash: the very last bytes may be missing",
                }),
                "" => json!({ "session": session, "why": "it had not ended when checkpoint B was signed" }),
                other => json!({ "session": session, "why": other }),
            };
            self.coverage.add(why);
        }
    }

    /// Something that was left out of the bundle.
    pub(super) fn left_out(&mut self, session: Uuid, why: &str) {
        self.coverage.add(json!({ "session": session, "why": why }));
    }
}

/// Names of whoever is named.
pub(super) fn names(pick: &Pick, targets: &[TargetId], facts: &Facts) -> Names {
    let mut names = Names::default();
    let mut vendors = pick.vendors.clone();
    for id in &pick.people {
        let Some(person) = facts.people.get(&PersonId(*id)) else { continue };
        vendors.extend(person.vendor.map(|vendor| vendor.0));
        let named = NamedPerson {
            login: person.login.to_string(),
            name: person.name.clone(),
            vendor: person.vendor.map(|vendor| vendor.to_string()),
        };
        names.people.insert(id.to_string(), named);
    }
    for id in vendors {
        if let Some(vendor) = facts.vendors.get(&VendorId(id)) {
            names.vendors.insert(id.to_string(), vendor.name.clone());
        }
    }
    for target in targets {
        if let Some(known) = facts.targets.get(target) {
            names.targets.insert(target.to_string(), known.name.to_string());
        }
    }
    names
}

/// JSON that people can read.
pub(super) fn pretty(value: &impl serde::Serialize) -> String {
    // Values with string keys always have a JSON form.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
