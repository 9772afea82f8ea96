//! Packs a bundle, from its first byte to its last, on a thread that may wait. Memory is bounded: a page of leaves, a
//! tile of facts, a piece of a recording.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};

use chaperone_policy::SessionId;
use chaperone_recorder::bundle::{
    FORMAT, FactLine, Manifest, Nodes, PYTHON_VERIFIER, Packer, RecordingKeyTexts, encode_leaf, evidence_key,
    layout, seal_keys,
};
use serde_json::Value;
use uuid::Uuid;

use super::out::Out;
use super::papers::{self, HOW_TO_VERIFY, Papers, pretty};
use super::pick::{Pick, is_tagged};
use super::plan::Plan;
use crate::desk::Desk;
use crate::view::{Source, View};

/// Leaves read at once.
const PAGE: u32 = 2_000;
/// Bytes of a chunk of leaves or facts; below what verifiers take.
const CHUNK: usize = 1 << 20;
/// Bytes of a derived view; a longer one is left out, and the recording is there.
const MOST_DERIVED: u64 = 256 << 20;

/// A bundle while it is packed.
pub(super) struct Pack {
    desk: Desk,
    plan: Plan,
    packer: Packer<Out>,
    runtime: tokio::runtime::Handle,
    pick: Pick,
    papers: Papers,
}

impl Pack {
    pub(super) fn begin(desk: Desk, plan: Plan, out: Out) -> Self {
        let runtime = tokio::runtime::Handle::current();
        Self {
            desk,
            plan,
            packer: Packer::new(out),
            runtime,
            pick: Pick::default(),
            papers: Papers::default(),
        }
    }

    /// Everything, in the order of the file.
    pub(super) fn all(mut self) -> io::Result<()> {
        self.packer.add(layout::HOW_TO, HOW_TO_VERIFY.as_bytes())?;
        self.packer.add(layout::PYTHON, PYTHON_VERIFIER)?;
        self.packer.add(layout::FROM, self.plan.from_note.as_bytes())?;
        self.packer.add(layout::RANGE, &self.plan.range.to_bytes())?;
        self.packer.add(layout::TO, self.plan.to_note.as_bytes())?;
        self.tag_keys()?;
        let (mut nodes, tagged) = self.leaves()?;
        self.grown(&nodes)?;
        self.facts(&mut nodes, &tagged)?;
        drop(nodes);
        self.recordings()?;
        self.papers.uncovered(&self.pick.sessions);
        self.packer.add(layout::WINDOWS, self.papers.windows.text().as_bytes())?;
        self.packer.add(layout::ALERTS, self.papers.alerts.text().as_bytes())?;
        self.packer.add(layout::CUSTODY, self.papers.custody.text().as_bytes())?;
        self.packer.add(layout::COVERAGE, self.papers.coverage.text().as_bytes())?;
        let names = papers::names(&self.pick, &self.plan.targets, &self.plan.names);
        self.packer.add(layout::NAMES, pretty(&names).as_bytes())?;
        self.manifest()?;
        // Written out with the last piece: only now is it a bundle.
        self.packer.finish().map(drop)
    }

    fn tag_keys(&mut self) -> io::Result<()> {
        let name = |target| self.plan.names.targets.get(target).map(|target| target.name.to_string());
        let keys = self.plan.tag_keys.iter().map(|(target, key)| {
            let hex: String = key.0.iter().map(|byte| format!("{byte:02x}")).collect();
            serde_json::json!({ "target": target, "name": name(target), "key": hex })
        });
        let keys = keys.collect::<Vec<_>>();
        self.packer.add(layout::TAG_KEYS, pretty(&keys).as_bytes())
    }

    /// All leaves from A to B; the tree's nodes for proofs, and the numbers of those that are about the targets.
    fn leaves(&mut self) -> io::Result<(Nodes, Vec<u64>)> {
        let (mut nodes, mut tagged) = (Nodes::new(&self.plan.range), Vec::new());
        let mut chunks = Chunks::new(layout::leaves);
        let until = self.plan.to.size;
        while nodes.size() < until {
            let page = self.desk.store().leaves(nodes.size(), until, PAGE);
            let page = self.runtime.block_on(page).map_err(io::Error::other)?;
            for leaf in &page {
                if leaf.number != nodes.size() {
                    return Err(io::Error::other(format!(
                        "fact {} is missing in the database",
                        nodes.size()
                    )));
                }
                nodes.append(leaf.hash()).map_err(io::Error::other)?;
                if is_tagged(leaf, &self.plan.tag_keys) {
                    tagged.push(leaf.number);
                }
                chunks.add(&encode_leaf(leaf), &mut self.packer)?;
            }
            if page.is_empty() {
                return Err(io::Error::other(format!("fact {} is missing in the database", nodes.size())));
            }
        }
        chunks.end(&mut self.packer)?;
        nodes.close();
        Ok((nodes, tagged))
    }

    fn grown(&mut self, nodes: &Nodes) -> io::Result<()> {
        let hashes = nodes.grown().map_err(io::Error::other)?;
        let lines: String =
            hashes.iter().map(|hash| format!("{}\n", chaperone_recorder::bundle::base64(hash))).collect();
        self.packer.add(layout::CONSISTENCY, lines.as_bytes())
    }

    /// The disclosed facts, tile by tile, each with its proof.
    fn facts(&mut self, nodes: &mut Nodes, tagged: &[u64]) -> io::Result<()> {
        let mut chunks = Chunks::new(layout::facts);
        let mut rest = tagged;
        while let Some(first) = rest.first() {
            let (begin, end) = nodes.tile_of(*first);
            let cut = rest.partition_point(|number| *number < end);
            let (these, later) = rest.split_at_checked(cut).unwrap_or((rest, &[]));
            rest = later;
            let facts = self
                .runtime
                .block_on(self.desk.store().ledger_facts(begin, end))
                .map_err(io::Error::other)?;
            let leaves: Vec<_> = facts.iter().map(|fact| fact.leaf.clone()).collect();
            nodes.open_tile(&leaves);
            let these: BTreeSet<u64> = these.iter().copied().collect();
            for fact in facts.iter().filter(|fact| these.contains(&fact.leaf.number)) {
                let document =
                    fact.opened.as_ref().and_then(|(_, text)| serde_json::from_str::<Value>(text).ok());
                if !self.pick.wants(&self.plan, &fact.leaf, document.as_ref()) {
                    continue;
                }
                self.papers.take(&fact.leaf, document.as_ref());
                let proof = nodes.prove(fact.leaf.number).map_err(io::Error::other)?;
                let opened = fact.opened.as_ref().map(|(salt, text)| (salt, text.as_str()));
                chunks
                    .add(FactLine::new(&fact.leaf, opened, &proof).to_line().as_bytes(), &mut self.packer)?;
            }
        }
        chunks.end(&mut self.packer)
    }

    /// Recordings, their keys, and what is derived of them.
    fn recordings(&mut self) -> io::Result<()> {
        let sealed: Vec<Uuid> = self
            .pick
            .sessions
            .iter()
            .filter(|(_, fate)| fate.is_sealed() && !fate.deleted)
            .map(|(id, _)| *id)
            .collect();
        let mut keys = RecordingKeyTexts::default();
        let mut readable = Vec::new();
        for id in sealed {
            let path = self.desk.recording(SessionId(id));
            let Ok(file) = File::open(&path) else {
                self.papers.left_out(id, "its recording is not on the node that made the bundle");
                continue;
            };
            let size = file.metadata()?.len();
            self.packer
                .stream(&layout::recording(id), size, |out| io::copy(&mut file.take(size), out).map(drop))?;
            if self.plan.wish.withheld.contains(&SessionId(id)) {
                self.papers.left_out(id, "its key was left out on purpose");
                continue;
            }
            match evidence_key(&path, id, &self.plan.identities) {
                Ok(key) => {
                    // Typed input stays masked: its key goes along only where two people have agreed to unmask it.
                    keys.insert(id, key, None);
                    readable.push(id);
                }
                Err(error) => self.papers.left_out(id, &error.to_string()),
            }
        }
        let text = pretty(&keys);
        if self.plan.wish.recipients.is_empty() {
            self.packer.add(layout::KEYS, text.as_bytes())?;
            return readable.into_iter().try_for_each(|id| self.derived(id));
        }
        // Whoever may not have the keys may not have what they open either.
        let sealed = seal_keys(text.as_bytes(), &self.plan.wish.recipients).map_err(io::Error::other)?;
        self.packer.add(layout::SEALED_KEYS, &sealed)
    }

    /// The views of one recording: counted first and then written, so that no plain text waits anywhere.
    fn derived(&mut self, id: Uuid) -> io::Result<()> {
        for (view, suffix) in [(View::AsciicastV3, "cast"), (View::Text, "txt"), (View::Har, "har")] {
            let (session, identities) = (SessionId(id), self.plan.identities.clone());
            let from = Source { path: self.desk.recording(session), session, identities, shown: None };
            let _place = self.runtime.block_on(self.desk.place()).map_err(io::Error::other)?;
            let mut counted = Counted::default();
            match view.write(&from, &mut counted) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => {
                    self.papers.left_out(id, &format!("its {suffix} is left out: {error}"));
                    continue;
                }
            }
            self.packer.stream(&layout::derived(id, suffix), counted.bytes, |out| {
                view.write(&from, out).map(drop).map_err(io::Error::other)
            })?;
        }
        Ok(())
    }

    fn manifest(&mut self) -> io::Result<()> {
        let Plan { wish, subject, range, to, made, .. } = &self.plan;
        let manifest = Manifest {
            format: FORMAT,
            what: subject.clone(),
            from: range.size(),
            to: to.size,
            origin: to.origin.clone(),
            made: *made,
            by: wish.login.clone(),
            reason: wish.reason.clone(),
            at: wish.at.to_string(),
            withheld: wish.withheld.iter().map(|session| session.0).collect(),
            files: self.packer.packed().to_vec(),
        };
        let text = pretty(&manifest);
        let signature = self.desk.store().sign_manifest(text.as_bytes()).map_err(io::Error::other)?;
        self.packer.add(layout::MANIFEST, text.as_bytes())?;
        self.packer.add(layout::SIGNATURE, signature.as_bytes())
    }
}

/// Items that become entries of bounded size.
struct Chunks {
    name: fn(usize) -> String,
    count: usize,
    bytes: Vec<u8>,
}

impl Chunks {
    fn new(name: fn(usize) -> String) -> Self {
        Self { name, count: 0, bytes: Vec::new() }
    }

    fn add(&mut self, item: &[u8], packer: &mut Packer<Out>) -> io::Result<()> {
        if !self.bytes.is_empty() && self.bytes.len() + item.len() > CHUNK {
            self.end(packer)?;
        }
        self.bytes.extend_from_slice(item);
        Ok(())
    }

    fn end(&mut self, packer: &mut Packer<Out>) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        packer.add(&(self.name)(self.count), &self.bytes)?;
        self.count += 1;
        self.bytes.clear();
        Ok(())
    }
}

/// Counts what is written, up to what is too long.
#[derive(Default)]
struct Counted {
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.bytes > MOST_DERIVED {
            return Err(io::Error::other("it is longer than 256 MiB"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
