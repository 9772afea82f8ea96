//! `[uploads]`: files that technicians send ahead of a visit.

use std::path::PathBuf;
use std::time::Duration;

use chaperone_session::{Scanner, ScannerAddress, UploadSettings};

use super::raw::{Judged, Raw, boolean, mismatch, whole, words};
use super::reader::Reader;
use crate::installation::Installation;

/// `[uploads]`: how files are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploads {
    /// Who looks at them; without one none is taken.
    pub scanner: Option<Scanner>,
    /// Where they wait, sealed.
    pub dir: PathBuf,
    /// The longest file.
    pub file_bytes: u64,
    /// The most that may wait for one window.
    pub window_bytes: u64,
    /// For how long a clean scan counts.
    pub clean_for: Duration,
    /// Whether every server is one whose files are staged.
    pub staging_required: bool,
}

impl From<&Uploads> for UploadSettings {
    fn from(config: &Uploads) -> Self {
        let Uploads { scanner, dir, file_bytes, window_bytes, clean_for, staging_required } = config.clone();
        Self { scanner, folder: dir, file_bytes, window_bytes, clean_for, staging_required }
    }
}

pub(super) fn uploads(reader: &mut Reader<'_>, data: Option<&Installation>) -> Option<Uploads> {
    let at = reader.optional("uploads.scanner", scanner);
    let within = Duration::from_secs(reader.or("uploads.scan_seconds", 300, |raw| whole(raw, 1, 3600)));
    let given = reader.optional("uploads.dir", words);
    let dir = given.map(|dir| reader.path(&dir)).or_else(|| data.map(Installation::stage));
    let file_bytes = reader.or("uploads.file_bytes", 2 << 30, |raw| whole(raw, 1, 1 << 40));
    let window_bytes = reader.or("uploads.window_bytes", 8 << 30, |raw| whole(raw, 1, 1 << 44));
    let hours = reader.or("uploads.clean_hours", 24, |raw| whole(raw, 0, 24 * 365));
    let staging_required = reader.or("uploads.staging_required", false, boolean);
    if staging_required && at.is_none() {
        reader.fault(
            "uploads.staging_required",
            "has no scanner beside it",
            "set uploads.scanner too: without one no file would reach a server",
        );
    }
    let scanner = at.map(|at| Scanner { at, within });
    let clean_for = Duration::from_secs(hours * 3600);
    Some(Uploads { scanner, dir: dir?, file_bytes, window_bytes, clean_for, staging_required })
}

fn scanner(raw: &Raw) -> Judged<ScannerAddress> {
    let text = words(raw)?;
    text.parse().or_else(|_| {
        mismatch(
            format!("{text:?} is no scanner"),
            "right is clamd:/run/clamav/clamd.ctl, clamd://HOST:PORT or icap://HOST:PORT/SERVICE",
        )
    })
}
