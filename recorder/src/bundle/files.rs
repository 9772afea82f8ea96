//! Every entry against the manifest's hash of it.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{Context, SHA256};

use super::archive::{Archive, Packed};
use super::layout::{MANIFEST, SIGNATURE};
use super::report::{Failing, Finding};
use crate::medium::Medium;

/// Bytes that are read at once.
const AT_ONCE: usize = 1 << 20;

/// What differs, in the order of the manifest, and then of the archive.
pub(super) fn compare(archive: &Archive, files: &[Packed]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut listed = BTreeSet::new();
    for file in files {
        listed.insert(file.name.as_str());
        let Some(part) = archive.part(&file.name) else {
            found.push(Finding::new(Failing::FileMissing, "it is not in the file").file(&file.name));
            continue;
        };
        match sha256(&part) {
            Ok((bytes, hash)) if bytes == file.bytes && hash == file.sha256 => {}
            Ok((bytes, _)) => {
                let detail = format!("{bytes} bytes, where {} are listed", file.bytes);
                found.push(Finding::new(Failing::FileChanged, detail).file(&file.name));
            }
            Err(error) => found.push(Finding::new(Failing::Unreadable, error.to_string()).file(&file.name)),
        }
    }
    let unlisted =
        |name: &&String| !listed.contains(name.as_str()) && !matches!(name.as_str(), MANIFEST | SIGNATURE);
    for name in archive.order.iter().filter(unlisted) {
        found.push(Finding::new(Failing::FileUnlisted, "the manifest does not name it").file(name));
    }
    found
}

fn sha256(part: &dyn Medium) -> std::io::Result<(u64, [u8; 32])> {
    let len = part.len()?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; AT_ONCE.min(usize::try_from(len).unwrap_or(AT_ONCE))];
    let mut at = 0;
    while at < len {
        let take = usize::try_from(len - at).unwrap_or(AT_ONCE).min(AT_ONCE);
        let Some(piece) = buffer.get_mut(..take) else { break };
        part.read_exact_at(piece, at)?;
        context.update(piece);
        at += u64::try_from(take).unwrap_or(0);
    }
    let mut hash = [0; 32];
    hash.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    Ok((len, hash))
}
