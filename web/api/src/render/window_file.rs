//! Files that were sent ahead.

use chaperone_policy::Facts;
use chaperone_store::SentFile;

use super::login;
use crate::wire::SentFileView;

pub(crate) fn sent_file(facts: &Facts, file: &SentFile) -> SentFileView {
    let window = facts.windows.get(&file.window);
    let planned = window.and_then(|window| window.compare(&file.name, file.sha256.parse().ok()));
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
        planned: planned.map(|planned| planned.as_str().to_owned()),
        released_to: file.released_to.clone(),
    }
}
