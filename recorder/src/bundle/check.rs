//! Walks leaves and facts together, by number: what is missing, changed, out of place, left out or not to be there.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::archive::Archive;
use super::fact::{FactReader, LeafReader, NextFact, NextLeaf, ReadFact};
use super::made::{MADE, Making, targets};
use super::manifest::{Manifest, Subject};
use super::report::{AttemptSeen, Failing, Finding, Report};
use super::seen::{ADMITTED, ATTEMPTS, Seen, id};
use crate::ledger::{Checkpoint, CompactRange, Hash, Leaf, TagKey, body_text_hash, tag, verify_inclusion};

/// Missing leaves of one gap that are named one by one.
const NAMED: u64 = 1_000;
/// The kind of fact that says that retention has emptied facts.
const CLEARED: &str = "bodies-cleared";
/// So long every fact keeps its words: 90 days, in microseconds.
const KEPT_US: i64 = 90 * 86_400 * 1_000_000;
/// Kinds that are counted apart among what is not disclosed.
const MAX_KINDS: usize = 1_000;

/// One walk.
pub(super) struct Check<'a> {
    pub archive: &'a Archive,
    pub manifest: &'a Manifest,
    pub keys: &'a [(Uuid, TagKey)],
    /// B.
    pub to: &'a Checkpoint,
    /// C.
    pub since: Option<&'a Checkpoint>,
    pub report: &'a mut Report,
    pub seen: Seen,
    pub making: Option<Making>,
    pub first_at_us: Option<i64>,
    /// The tree as far as it has been appended to.
    range: CompactRange,
    due: u64,
    /// Whether every leaf so far stood where it is due.
    whole: bool,
    since_root: Option<Hash>,
    waiting: Option<NextFact>,
    last_fact: Option<u64>,
    /// Number and time of each fact that retention is said to have emptied.
    wordless: Vec<(u64, i64)>,
    /// The last leaf that says that retention has emptied facts.
    last_cleared: Option<u64>,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        archive: &'a Archive,
        manifest: &'a Manifest,
        keys: &'a [(Uuid, TagKey)],
        (range, to, since): (CompactRange, &'a Checkpoint, Option<&'a Checkpoint>),
        report: &'a mut Report,
    ) -> Self {
        Self {
            archive,
            manifest,
            keys,
            to,
            since,
            report,
            seen: Seen::default(),
            making: None,
            first_at_us: None,
            range,
            due: manifest.from,
            whole: true,
            since_root: None,
            waiting: None,
            last_fact: None,
            wordless: Vec::new(),
            last_cleared: None,
        }
    }

    /// Walks to the end. An error is what nothing more can be checked behind.
    pub(super) fn run(&mut self) -> Result<(), Finding> {
        let (mut leaves, mut facts) = (LeafReader::new(self.archive), FactReader::new(self.archive));
        self.note_since();
        while let Some(next) = leaves.next()? {
            match next {
                NextLeaf::Leaf(leaf) => self.leaf(&leaf, &mut facts)?,
                NextLeaf::Malformed => {
                    self.report
                        .fail(Finding::new(Failing::LeafMalformed, "its bytes are no leaf").number(self.due));
                    self.whole = false;
                    self.due = self.due.saturating_add(1);
                }
            }
        }
        self.missing_until(self.to.size);
        while let Some(fact) = self.next_fact(&mut facts)? {
            self.fact(&fact, None)?;
        }
        self.gaps();
        self.roots();
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf, facts: &mut FactReader<'_>) -> Result<(), Finding> {
        let number = leaf.number;
        if number < self.due {
            self.whole = false;
            let detail = format!("number {} is due here", self.due);
            self.report.fail(Finding::new(Failing::LeafReordered, detail).number(number));
            return Ok(());
        }
        if number >= self.to.size {
            self.whole = false;
            let detail = format!("the ledger has {} entries at B", self.to.size);
            self.report.fail(Finding::new(Failing::LeafBeyond, detail).number(number));
            return Ok(());
        }
        self.missing_until(number);
        self.due = number.saturating_add(1);
        self.first_at_us.get_or_insert(leaf.at_us);
        if leaf.kind == CLEARED {
            self.last_cleared = Some(number);
        }
        if self.whole {
            self.range
                .append(leaf.hash())
                .map_err(|error| Finding::new(Failing::TooMuch, error.to_string()))?;
            self.note_since();
        }
        while let Some(fact) = self.fact_up_to(number, facts)? {
            let own = fact.number == Some(number);
            self.fact(&fact, own.then_some(leaf))?;
            if own {
                return Ok(());
            }
        }
        self.undisclosed(leaf);
        Ok(())
    }

    /// Leaves from the one that is due up to `until` are not there.
    fn missing_until(&mut self, until: u64) {
        if self.due >= until {
            return;
        }
        self.whole = false;
        let named = until.min(self.due.saturating_add(NAMED));
        for number in self.due..named {
            self.report.fail(Finding::new(Failing::LeafMissing, "it is not among the leaves").number(number));
        }
        if named < until {
            let detail = format!("nor is any up to number {}", until - 1);
            self.report.fail(Finding::new(Failing::LeafMissing, detail).number(named));
        }
        self.due = until;
    }

    fn note_since(&mut self) {
        if self.since.is_some_and(|since| since.size == self.range.size()) {
            self.since_root = Some(self.range.root());
        }
    }

    /// Retention waits for [`KEPT_US`], and a later leaf says what it did.
    fn gaps(&mut self) {
        let young = self
            .making
            .as_ref()
            .filter(|made| made.kind == MADE)
            .map(|made| made.at_us.saturating_sub(KEPT_US));
        for (number, at_us) in std::mem::take(&mut self.wordless) {
            let detail = if young.is_some_and(|young| at_us > young) {
                "it is younger than what retention takes"
            } else if self.whole && self.last_cleared.is_none_or(|cleared| number > cleared) {
                "no later entry says that retention emptied facts"
            } else {
                let detail = "retention has deleted what this fact says; the entry stays";
                self.report.gap("body-deleted", Some(number), None, detail);
                continue;
            };
            self.report.fail(Finding::new(Failing::FactGapUnknown, detail).number(number));
        }
    }

    fn roots(&mut self) {
        if !self.whole {
            return;
        }
        if self.range.root() != self.to.root {
            let detail = format!("the root is {}", hex::encode(self.range.root()));
            self.report.fail(Finding::new(Failing::RootMismatch, detail));
        }
        if let Some(since) = self.since
            && self.since_root.is_some_and(|root| root != since.root)
        {
            let detail = format!("the root at {} is another", since.size);
            self.report.fail(Finding::new(Failing::CheckpointMismatch, detail).file("checkpoint"));
        }
    }

    fn next_fact(&mut self, facts: &mut FactReader<'_>) -> Result<Option<NextFact>, Finding> {
        match self.waiting.take() {
            Some(fact) => Ok(Some(fact)),
            None => facts.next(),
        }
    }

    /// The next fact, unless it is one of a later number.
    fn fact_up_to(&mut self, number: u64, facts: &mut FactReader<'_>) -> Result<Option<NextFact>, Finding> {
        match self.next_fact(facts)? {
            Some(later) if later.number.is_some_and(|its| its > number) => {
                self.waiting = Some(later);
                Ok(None)
            }
            fact => Ok(fact),
        }
    }

    fn fact(&mut self, next: &NextFact, beside: Option<&Leaf>) -> Result<(), Finding> {
        let (Some(number), Some(fact)) = (next.number, &next.fact) else {
            let finding =
                Finding::new(Failing::FactMalformed, "its line does not read as a fact").file(&next.file);
            self.report.fail(match next.number {
                Some(number) => finding.number(number),
                None => finding,
            });
            return Ok(());
        };
        if self.last_fact.is_some_and(|last| number <= last) {
            self.report.fail(Finding::new(Failing::FactReordered, "a later one precedes it").number(number));
            return Ok(());
        }
        self.last_fact = Some(number);
        self.proved(number, fact, beside);
        let tagged = self.is_tagged(&fact.leaf);
        let document = self.opened(number, fact);
        self.belongs(number, fact, document.as_ref(), tagged);
        if number == self.manifest.made {
            self.making = Some(Making::read(&fact.leaf, document.as_ref(), self.keys));
        }
        self.collect(number, &fact.leaf, document.as_ref(), fact.opened.is_none())
    }

    /// Whether it is in the ledger as B has it, and the same as among the leaves.
    fn proved(&mut self, number: u64, fact: &ReadFact, beside: Option<&Leaf>) {
        if !(self.manifest.from..self.to.size).contains(&number) {
            self.report.fail(Finding::new(Failing::FactOutside, "it is not between A and B").number(number));
        }
        let proof = verify_inclusion(&fact.leaf.hash(), number, &fact.proof, self.to.size, &self.to.root);
        if let Err(error) = &proof {
            self.report.fail(Finding::new(Failing::ProofWrong, error.to_string()).number(number));
        }
        if let Some((salt, text)) = &fact.opened
            && body_text_hash(salt, text) != fact.leaf.body_hash
        {
            let detail = "its salt and body do not give the hash that the ledger holds";
            self.report.fail(Finding::new(Failing::FactChanged, detail).number(number));
        }
        if proof.is_ok() && beside.is_some_and(|leaf| *leaf != fact.leaf) {
            let detail = "the leaf that is proved is not the one among the leaves";
            self.report.fail(Finding::new(Failing::LeafChanged, detail).number(number));
        }
        if !fact.known_gap {
            self.report.fail(
                Finding::new(Failing::FactGapUnknown, "it gives no reason that there can be").number(number),
            );
        }
    }

    fn opened(&mut self, number: u64, fact: &ReadFact) -> Option<Value> {
        let Some((_, text)) = &fact.opened else {
            if fact.known_gap {
                self.wordless.push((number, fact.leaf.at_us));
            }
            return None;
        };
        let document = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
        if document.is_none() {
            self.report.fail(Finding::new(Failing::FactChanged, "its body is no document").number(number));
        }
        document
    }

    /// Whether it carries the tags that it should, and is one that this bundle is about.
    fn belongs(&mut self, number: u64, fact: &ReadFact, document: Option<&Value>, tagged: bool) {
        if let Some(document) = document {
            let named = targets(document);
            let lacks = |(target, key): &&(Uuid, TagKey)| {
                named.contains(target) && !fact.leaf.tags.contains(&tag(key, number))
            };
            if let Some((target, _)) = self.keys.iter().find(lacks) {
                let detail = format!("it is about target {target}, and does not carry its tag");
                self.report.fail(Finding::new(Failing::TagKeyWrong, detail).number(number));
            }
        }
        let ours = match (&self.manifest.what, document) {
            (Subject::Target { .. }, _) => tagged,
            (_, None) => true,
            (subject, Some(document)) => {
                number == self.manifest.made
                    || id(document, "window") == subject.window()
                    || id(document, "session").is_some_and(|session| self.seen.admitted(session))
            }
        };
        if !ours {
            let detail = format!("{} is not about the bundle's subject", fact.leaf.kind);
            self.report.fail(Finding::new(Failing::FactForeign, detail).number(number));
        }
    }

    /// Counts, and remembers what the sessions need.
    fn collect(
        &mut self,
        number: u64,
        leaf: &Leaf,
        document: Option<&Value>,
        gone: bool,
    ) -> Result<(), Finding> {
        let at = Timestamp::from_microsecond(leaf.at_us).unwrap_or(Timestamp::UNIX_EPOCH);
        let within = matches!(self.manifest.what, Subject::Window { .. } | Subject::Session { .. })
            || self.manifest.what.is_whole_at(leaf.at_us);
        if within && leaf.kind == ADMITTED {
            self.report.sessions = self.report.sessions.saturating_add(1);
        }
        if within && ATTEMPTS.contains(&leaf.kind.as_str()) {
            self.report.wordless += u64::from(gone);
            let text = |pointer: &str| document?.pointer(pointer)?.as_str().map(str::to_owned);
            self.report.attempt(AttemptSeen {
                number,
                at,
                kind: leaf.kind.clone(),
                person: text("/person"),
                session: document.and_then(|document| id(document, "session")),
                reason: text("/body/reason"),
            });
        }
        match document {
            Some(document) => self.seen.take(number, at, &leaf.kind, document),
            None => {
                self.seen.hide(number, &leaf.kind);
                Ok(())
            }
        }
    }

    fn is_tagged(&self, leaf: &Leaf) -> bool {
        self.keys.iter().any(|(_, key)| leaf.tags.contains(&tag(key, leaf.number)))
    }

    /// A leaf without a fact.
    fn undisclosed(&mut self, leaf: &Leaf) {
        if leaf.tags.is_empty() || !self.is_tagged(leaf) {
            return;
        }
        let counts = &mut self.report.not_disclosed;
        let kind = if counts.len() < MAX_KINDS || counts.contains_key(&leaf.kind) {
            leaf.kind.as_str()
        } else {
            "other"
        };
        *counts.entry(kind.to_owned()).or_default() += 1;
        self.seen.hide(leaf.number, &leaf.kind);
        if self.manifest.what.is_whole_at(leaf.at_us) {
            let detail = format!("the ledger has {} about this target, and the bundle has it not", leaf.kind);
            self.report.fail(Finding::new(Failing::FactMissing, detail).number(leaf.number));
        }
    }
}
