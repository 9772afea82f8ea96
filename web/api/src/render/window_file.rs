//! Files that were sent ahead.

use chaperone_policy::Facts;
use chaperone_store::SentFile;

use super::login;
use crate::wire::SentFileView;

pub(crate) fn sent_file(facts: &Facts, file: &SentFile) -> SentFileView {
    SentFileView {
        id: file.id.to_string(),
        name: file.name.clone(),
        size_bytes: file.size_bytes,
        sha256: file.sha256.clone(),
        state: file.state.as_str().to_owned(),
        found: file.found.clone(),
        scanner: file.scanner.clone(),
        sent_by: login(facts, file.sent_by),
        sent: file.sent,
        scanned: file.scanned,
        released: file.released,
        released_to: file.released_to.clone(),
    }
}
