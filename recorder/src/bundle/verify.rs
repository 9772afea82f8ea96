//! The verification of a bundle, in the order that `BUNDLES.md` states.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use uuid::Uuid;

use super::archive::Archive;
use super::check::Check;
use super::files;
use super::layout;
use super::made::Making;
use super::manifest::{self, FORMAT, Manifest, Subject};
use super::recordings::{KeyFile, Sessions};
use super::report::{Failing, Finding, Report, TreeState};
use super::signed::{LedgerKey, opened};
use super::words;
use crate::key::Identity;
use crate::ledger::{Checkpoint, CompactRange, Hash, TagKey, empty_root, verify_consistency};
use crate::medium::Medium;

/// Tag keys of one bundle.
const MAX_TAG_KEYS: usize = 1_000;
/// How checkpoint C is named in reports.
const SINCE: &str = "checkpoint";

/// What a bundle is verified with.
#[derive(Clone, Debug, Default)]
pub struct BundleWith {
    /// Trusted keys of the ledger.
    pub keys: Vec<LedgerKey>,
    /// Checkpoint C, a signed note that somebody else has kept.
    pub since: Option<String>,
    /// Who opens sealed keys.
    pub identities: Vec<Identity>,
}

/// Whether a file is to be read as a bundle: it begins as an archive does.
#[must_use]
pub fn is_bundle(path: &Path) -> bool {
    let mut begun = [0; 512];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut begun));
    read.is_ok() && begun.get(257..262) == Some(b"ustar")
}

/// Verifies the bundle at `path`.
#[must_use]
pub fn verify(path: &Path, with: &BundleWith) -> Report {
    match File::open(path) {
        Ok(file) => judge(Arc::new(file), with),
        Err(error) => {
            let mut report = Report::new();
            report.fail(Finding::new(Failing::Unreadable, error.to_string()));
            report
        }
    }
}

/// Verifies a bundle that is in memory.
#[must_use]
pub fn verify_bytes(bytes: Vec<u8>, with: &BundleWith) -> Report {
    judge(Arc::new(bytes), with)
}

fn judge(file: Arc<dyn Medium>, with: &BundleWith) -> Report {
    let mut report = Report::new();
    if let Err(last) = steps(file, with, &mut report) {
        report.fail(last);
    }
    report.holds = report.failures.is_empty();
    report.statement = report.holds.then(|| words::statement(&report)).flatten();
    report
}

/// All checks. An error is a failure behind which nothing more can be checked.
fn steps(file: Arc<dyn Medium>, with: &BundleWith, report: &mut Report) -> Result<(), Finding> {
    let archive = Archive::open(file)?;
    let manifest = read_manifest(&archive, with, report)?;
    report.names = serde_json::from_slice(&archive.content(layout::NAMES)?).unwrap_or_default();
    let trees = checkpoints(&archive, &manifest, with, report)?;
    let tag_keys = tag_keys(&archive)?;
    let keys = data_keys(&archive, with, report)?;
    // Hashing reads everything once more, beside the rest.
    std::thread::scope(|scope| {
        let hashed = scope.spawn(|| files::compare(&archive, &manifest.files));
        let range = trees.range.clone();
        let mut check =
            Check::new(&archive, &manifest, &tag_keys, (range, &trees.to, trees.since.as_ref()), report);
        check.run()?;
        let (seen, made, first) = (std::mem::take(&mut check.seen), check.making.take(), check.first_at_us);
        let made = made.filter(|made| made.is_of(&manifest, archive.has(layout::SEALED_KEYS)));
        making(&manifest, &tag_keys, made.as_ref(), first, report);
        let withheld: BTreeSet<Uuid> = manifest.withheld.iter().copied().collect();
        let whole = matches!(manifest.what, Subject::Target { .. });
        Sessions { archive: &archive, seen: &seen, keys: keys.as_ref(), withheld, whole, report }.check();
        let stopped = |_| vec![Finding::new(Failing::Unreadable, "hashing did not finish")];
        hashed.join().unwrap_or_else(stopped).into_iter().for_each(|finding| report.fail(finding));
        Ok(())
    })
}

fn read_manifest(archive: &Archive, with: &BundleWith, report: &mut Report) -> Result<Manifest, Finding> {
    #[derive(Deserialize)]
    struct Version {
        format: u64,
    }
    let text = archive.content(layout::MANIFEST)?;
    let malformed = |error: serde_json::Error| {
        Finding::new(Failing::ManifestMalformed, error.to_string()).file(layout::MANIFEST)
    };
    let Version { format } = serde_json::from_slice(&text).map_err(malformed)?;
    if format != FORMAT {
        return Err(Finding::new(Failing::UnknownVersion, format!("format {format}")).file(layout::MANIFEST));
    }
    let manifest: Manifest = serde_json::from_slice(&text).map_err(malformed)?;
    let keys: Vec<_> = with.keys.iter().map(LedgerKey::public).collect();
    if !manifest::is_signed(&text, &archive.content(layout::SIGNATURE)?, &keys) {
        let detail = "no given key made its signature";
        report.fail(Finding::new(Failing::ManifestChanged, detail).file(layout::MANIFEST));
    }
    report.subject = serde_json::to_value(&manifest.what).unwrap_or_default();
    report.made = Some((manifest.by.clone(), manifest.at.clone(), manifest.reason.clone()));
    Ok(manifest)
}

/// The trees between which the bundle is.
struct Trees {
    range: CompactRange,
    to: Checkpoint,
    since: Option<Checkpoint>,
}

fn checkpoints(
    archive: &Archive,
    manifest: &Manifest,
    with: &BundleWith,
    report: &mut Report,
) -> Result<Trees, Finding> {
    let mut open = |name: &str, note: &[u8], size: Option<u64>| {
        let (checkpoint, unsigned) = opened(note, &with.keys, name)?;
        if let Some(finding) = unsigned {
            report.fail(finding);
        }
        let fits = checkpoint.origin == manifest.origin && size.is_none_or(|size| size == checkpoint.size);
        if !fits || manifest.from > manifest.to {
            let detail = format!("it is of {} at {}", words::plain(&checkpoint.origin), checkpoint.size);
            report.fail(Finding::new(Failing::CheckpointForeign, detail).file(name));
        }
        Ok::<_, Finding>(checkpoint)
    };
    let to = open(layout::TO, &archive.content(layout::TO)?, Some(manifest.to))?;
    let note = archive.content(layout::FROM)?;
    let from = match note.as_slice() {
        [] if manifest.from == 0 => {
            Checkpoint { origin: manifest.origin.clone(), size: 0, root: empty_root() }
        }
        note => open(layout::FROM, note, Some(manifest.from))?,
    };
    let since = match &with.since {
        Some(note) => open(SINCE, note.as_bytes(), None).map(Some),
        None => Ok(None),
    };
    let since = match since {
        Ok(since) => since,
        Err(malformed) => {
            report.fail(malformed);
            None
        }
    };
    let range = range(archive, &from, report)?;
    grown(archive, &from, &to, report)?;
    if let Some(since) = &since
        && !(from.size..=to.size).contains(&since.size)
    {
        let detail = format!("it is at {}, the bundle from {} to {}", since.size, from.size, to.size);
        report.fail(Finding::new(Failing::CheckpointOutside, detail).file(SINCE));
    }
    report.from = Some(state(&from));
    report.to = Some(state(&to));
    report.since = since.as_ref().map(state);
    Ok(Trees { range, to, since })
}

fn state(checkpoint: &Checkpoint) -> TreeState {
    TreeState { size: checkpoint.size, root: hex::encode(checkpoint.root) }
}

fn range(archive: &Archive, from: &Checkpoint, report: &mut Report) -> Result<CompactRange, Finding> {
    let read = CompactRange::from_bytes(&archive.content(layout::RANGE)?);
    let detail = match &read {
        Ok(range) if range.size() == from.size && range.root() == from.root => None,
        Ok(range) => Some(format!("it is one of {} leaves with another root or size", range.size())),
        Err(error) => Some(error.to_string()),
    };
    if let Some(detail) = detail {
        report.fail(Finding::new(Failing::RangeMismatch, detail).file(layout::RANGE));
    }
    Ok(read.unwrap_or_default())
}

fn grown(archive: &Archive, from: &Checkpoint, to: &Checkpoint, report: &mut Report) -> Result<(), Finding> {
    let text = archive.content(layout::CONSISTENCY)?;
    let read = || {
        let text = std::str::from_utf8(&text).ok()?;
        let hash = |line: &str| STANDARD.decode(line).ok()?.try_into().ok();
        let lines = if text.is_empty() { Vec::new() } else { text.strip_suffix('\n')?.split('\n').collect() };
        lines.into_iter().map(hash).collect::<Option<Vec<Hash>>>()
    };
    let shown = match read() {
        Some(path) => {
            verify_consistency(from.size, &from.root, &path, to.size, &to.root).map_err(|e| e.to_string())
        }
        None => Err("it is no list of hashes".to_owned()),
    };
    if let Err(detail) = shown {
        report.fail(Finding::new(Failing::ConsistencyWrong, detail).file(layout::CONSISTENCY));
    }
    Ok(())
}

fn tag_keys(archive: &Archive) -> Result<Vec<(Uuid, TagKey)>, Finding> {
    #[derive(Deserialize)]
    struct Listed {
        target: Uuid,
        #[serde(with = "hex::serde")]
        key: [u8; 32],
    }
    let malformed = |detail: String| Finding::new(Failing::TagKeysMalformed, detail).file(layout::TAG_KEYS);
    let listed: Vec<Listed> = serde_json::from_slice(&archive.content(layout::TAG_KEYS)?)
        .map_err(|error| malformed(error.to_string()))?;
    if listed.len() > MAX_TAG_KEYS {
        return Err(malformed(format!("there are {} keys", listed.len())));
    }
    Ok(listed.into_iter().map(|listed| (listed.target, TagKey(listed.key))).collect())
}

/// The recordings' keys; `None` where they stay closed.
fn data_keys(archive: &Archive, with: &BundleWith, report: &mut Report) -> Result<Option<KeyFile>, Finding> {
    let sealed = archive.has(layout::SEALED_KEYS);
    let name = if sealed { layout::SEALED_KEYS } else { layout::KEYS };
    let mut text = archive.content(name)?;
    if sealed {
        if with.identities.is_empty() {
            let detail = "the recordings' keys are sealed to others: order and completeness are checked, the content is not";
            report.gap("keys-sealed", None, None, detail);
            return Ok(None);
        }
        match super::making::open_keys(&text, &with.identities) {
            Some(opened) => text = opened,
            None => {
                report.fail(Finding::new(Failing::KeysNotOpened, "no identity is a recipient").file(name));
                return Ok(None);
            }
        }
    }
    match serde_json::from_slice(&text) {
        Ok(keys) => Ok(Some(keys)),
        Err(error) => {
            report.fail(Finding::new(Failing::KeysMalformed, error.to_string()).file(name));
            Ok(None)
        }
    }
}

/// The fact that the bundle was made: it shows that the tag keys are the targets', and how far the bundle reaches.
fn making(
    manifest: &Manifest,
    keys: &[(Uuid, TagKey)],
    made: Option<&Making>,
    first_at_us: Option<i64>,
    report: &mut Report,
) {
    let fail = |report: &mut Report, name, detail: &str| {
        report.fail(Finding::new(name, detail).number(manifest.made));
    };
    let Some(made) = made else {
        return fail(
            report,
            Failing::MakingMissing,
            "no fact of this number says that the bundle was made for this",
        );
    };
    if made.lacks > 0 {
        let detail = "the fact of this number is not known to be about every target whose key is here";
        fail(report, Failing::MakingMissing, detail);
    }
    let keyless =
        |target: &Uuid| !made.named.contains(target) || !keys.iter().any(|(keyed, _)| keyed == target);
    if made.lacks > 0 || manifest.what.targets().iter().any(keyless) {
        fail(
            report,
            Failing::TagKeyWrong,
            "it does not carry the tag of every target that the bundle is about",
        );
    }
    let Subject::Target { from_us, to_us, .. } = manifest.what else { return };
    if manifest.from > 0 && first_at_us.is_none_or(|first| first >= from_us) {
        let detail = "the first entry behind checkpoint A is not before the asked time";
        report.fail(Finding::new(Failing::RangeStartsLate, detail));
    }
    if made.at_us < to_us {
        let detail = "the bundle was made before the asked time ended";
        report.fail(Finding::new(Failing::RangeEndsEarly, detail));
    }
}
