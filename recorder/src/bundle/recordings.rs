//! Sessions against their recordings: what became of each, and whether its recording is the one that the ledger's seal
//! is of. The ledger holds the hash of the seal, and the seal names its key: no seal key is trusted on its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use uuid::Uuid;

use super::archive::{Archive, Part};
use super::layout;
use super::report::{Failing, Finding, RecordingStands, Report, SessionSeen};
use super::seen::{Seen, Session};
use crate::checkpoint::Checkpoint;
use crate::cipher::{DataKey, KeyRole};
use crate::content::OpenedKeys;
use crate::header::Header;
use crate::key::PublicKey;
use crate::medium::Medium;
use crate::seal::{self, Seal};
use crate::verify::{Content, LedgerView, Verdict, VerifyWith, verify_part};
use crate::walk::Walk;

/// Data keys as `keys.json` has them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct KeyFile {
    keys: BTreeMap<Uuid, KeyTexts>,
}

#[derive(Debug, Deserialize)]
struct KeyTexts {
    #[serde(with = "hex::serde")]
    evidence: [u8; 32],
    #[serde(default)]
    input: Option<String>,
}

/// One look at all sessions.
pub(super) struct Sessions<'a> {
    pub archive: &'a Archive,
    pub seen: &'a Seen,
    /// `None` where the keys cannot be read.
    pub keys: Option<&'a KeyFile>,
    pub withheld: BTreeSet<Uuid>,
    /// Whether all about the target is in the bundle.
    pub whole: bool,
    pub report: &'a mut Report,
}

impl Sessions<'_> {
    pub(super) fn check(&mut self) {
        for (id, session) in self.seen.in_order() {
            self.one(id, session);
        }
        let known = |id: &Uuid| self.seen.sessions.get(id).is_some_and(Session::is_sealed);
        let recorded = self.archive.order.iter().filter_map(|name| layout::recorded(name));
        let unexpected: Vec<Uuid> = recorded.filter(|id| !known(id)).collect();
        for id in unexpected {
            let detail = "no fact in the bundle says that it was sealed";
            self.report.fail(Finding::new(Failing::RecordingUnexpected, detail).session(id));
        }
    }

    fn one(&mut self, id: Uuid, session: &Session) {
        let part = self.archive.part(&layout::recording(id)).filter(|_| session.is_sealed());
        if let (Some((admitted, _)), None, false) = (session.admitted, &session.outcome, session.deleted) {
            self.without_outcome(id, session, admitted);
        }
        let (stands, verdict) = match part {
            Some(part) => self.recording(id, session, part),
            None if !session.is_sealed() && !session.deleted => (RecordingStands::None, None),
            None if session.deleted => {
                self.report.gap(
                    "recording-deleted",
                    None,
                    Some(id),
                    "retention has deleted it, as the ledger says",
                );
                (RecordingStands::Deleted, None)
            }
            None if session.admitted.is_none() => (RecordingStands::Missing, None),
            None => {
                let detail = "the ledger has its seal";
                self.report.fail(Finding::new(Failing::RecordingMissing, detail).session(id));
                (RecordingStands::Missing, None)
            }
        };
        let Some((number, began)) = session.admitted else { return };
        // Where no channel was opened, nothing could pass and nothing was typed.
        let passed =
            verdict.as_ref().map(|(verdict, _)| verdict).filter(|verdict| !verdict.channels.is_empty());
        let opened = verdict.as_ref().is_some_and(|(_, opened)| *opened && stands == RecordingStands::Sound);
        self.report.session_list.push(SessionSeen {
            session: id,
            number,
            began,
            ended: session.ended,
            outcome: session.outcome.clone(),
            end_reason: session.end_reason.clone(),
            recording: stands,
            typed: passed.is_some_and(|verdict| verdict.content == Content::AllOpened),
            coverage: passed.and_then(|verdict| verdict.coverage),
            content: if opened { "opened" } else { "not-opened" },
        });
    }

    /// A session that was admitted, and of which nothing says what became of it. Whose a hidden outcome is cannot be
    /// told: only where all about the target is in the bundle is it one that should be there.
    fn without_outcome(&mut self, id: Uuid, session: &Session, admitted: u64) {
        let hidden = self.seen.hidden_outcome.is_some_and(|number| number > admitted);
        if session.ended.is_some() || (hidden && self.whole) {
            let detail = if hidden {
                "the ledger has outcomes of sessions on the target that the bundle does not show"
            } else {
                "the session ended, and nothing says what became of its recording"
            };
            self.report.fail(Finding::new(Failing::OutcomeMissing, detail).session(id));
        } else if hidden {
            let detail = "outcomes of sessions on the target are not shown: one may be this session's, or it had not ended";
            self.report.gap("outcome-not-shown", None, Some(id), detail);
        } else {
            let detail =
                "the session had not ended, or its end was not written, when checkpoint B was signed";
            self.report.gap("not-ended", None, Some(id), detail);
        }
    }

    /// The verdict on a recording, and whether its content was opened.
    fn recording(
        &mut self,
        id: Uuid,
        session: &Session,
        part: Part,
    ) -> (RecordingStands, Option<(Verdict, bool)>) {
        let part: Arc<dyn Medium> = Arc::new(part);
        let header = Walk::start(Arc::clone(&part)).ok().map(|walk| walk.header);
        let keys = header.as_ref().and_then(|header| self.data_keys(id, header));
        let opened = keys.is_some();
        let trusted = header.iter().map(|header| header.seal_key).chain(seal_key(&*part));
        let checkpoints = session.checkpoints.iter().map(|(block, chain)| Checkpoint {
            session: id,
            block: *block,
            chain: *chain,
            bytes: 0,
            records: 0,
            at: jiff::Timestamp::UNIX_EPOCH,
        });
        let ledger = LedgerView { session: Some(id), checkpoints: checkpoints.collect(), seal: session.seal };
        let with = VerifyWith { keys: trusted.collect(), identities: Vec::new(), ledger: Some(ledger) };
        let verdict = verify_part(part, &with, keys);
        let stands = match &verdict.bad {
            None => RecordingStands::Sound,
            Some(bad) => {
                let finding = Finding::new(Failing::RecordingUnsound, bad.to_string()).session(id);
                self.report.fail(finding.failure(Some(bad.failure)));
                RecordingStands::Unsound
            }
        };
        (stands, Some((verdict, opened)))
    }

    /// The keys of a recording, if they are the committed ones.
    fn data_keys(&mut self, id: Uuid, header: &Header) -> Option<OpenedKeys> {
        let keys = self.keys?;
        let Some(texts) = keys.keys.get(&id) else {
            if self.withheld.contains(&id) {
                let detail =
                    "its key was left out on purpose: order and completeness are checked, the content is not";
                self.report.gap("key-withheld", None, Some(id), detail);
            } else {
                self.report.fail(Finding::new(Failing::KeyMissing, "keys.json has it not").session(id));
            }
            return None;
        };
        let evidence = DataKey::committed(
            texts.evidence,
            KeyRole::Evidence,
            header.session,
            &header.evidence.commitment,
        );
        let input = match &texts.input {
            None => Some(None),
            Some(text) => {
                let mut bytes = [0; 32];
                let key = hex::decode_to_slice(text, &mut bytes).ok().and_then(|()| {
                    DataKey::committed(bytes, KeyRole::Input, header.session, &header.input.commitment)
                });
                key.map(Some)
            }
        };
        match (evidence, input) {
            (Some(evidence), Some(input)) => Some(OpenedKeys { evidence, input }),
            _ => {
                let detail = "the recording's header commits to another key";
                self.report.fail(Finding::new(Failing::KeyNotCommitted, detail).session(id));
                None
            }
        }
    }
}

/// The key that the seal at a file's end names.
fn seal_key(part: &dyn Medium) -> Option<PublicKey> {
    let len = part.len().ok()?;
    let mut trailer = [0; 4];
    part.read_exact_at(&mut trailer, len.checked_sub(12)?).ok()?;
    let total = u32::from_be_bytes(trailer);
    let at = len.checked_sub(u64::from(total))?;
    let mut prefix = [0; seal::PREFIX_LEN];
    part.read_exact_at(&mut prefix, at).ok()?;
    let measured = Seal::measure(&prefix).filter(|measured| u32::try_from(*measured) == Ok(total))?;
    let mut bytes = vec![0; measured];
    part.read_exact_at(&mut bytes, at).ok()?;
    Seal::read(&bytes).ok().map(|seal| seal.seal_key)
}
