//! Requests that the gate answers itself.

use chaperone_policy::Access;

use super::answer;

/// Why the gate answers itself, and with which status.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub code: u32,
    /// The access, where that was it.
    pub missing: Option<&'static str>,
    pub words: &'static str,
}

impl Refusal {
    pub(crate) const UNKNOWN: Self = Self {
        code: answer::UNSUPPORTED,
        missing: Some("unknown extension"),
        words: "Operation unsupported: the gate does not know this extension",
    };
    /// A file for this server is written from its beginning, since it is looked at as a whole.
    pub(crate) const RESUMED: Self = Self::staged(
        "Permission denied: files for this server are scanned whole: put the file anew, do not resume it or append to it",
    );
    pub(crate) const PART: Self = Self::staged(
        "Permission denied: files for this server are scanned whole: put the whole file, do not change a part of it",
    );
    /// The server would copy what nobody has looked at together.
    pub(crate) const COPIED: Self = Self::staged(
        "Permission denied: files for this server are scanned at the gate: put the file, do not have it copied there",
    );
    /// The same file twice at once.
    pub(crate) const UNDER_WAY: Self =
        Self { code: answer::FAILURE, missing: None, words: "This file is being written: close it first" };
    /// The file is in the stage, and the stage gives nothing back.
    pub(crate) const HELD: Self = Self {
        code: answer::UNSUPPORTED,
        missing: None,
        words: "This file is at the gate until it is closed: it can be written, and looked at by fstat",
    };
    pub(crate) const NO_HANDLE: Self = Self { code: answer::FAILURE, missing: None, words: "No such handle" };
    pub(crate) const TOO_MANY: Self =
        Self { code: answer::FAILURE, missing: None, words: "Too many open files" };

    const fn staged(words: &'static str) -> Self {
        Self { code: answer::PERMISSION_DENIED, missing: Some("staged"), words }
    }

    /// Whether whoever asked learns nothing of why from the code.
    pub(crate) fn needs_words(&self) -> bool {
        self.missing == Some("staged")
    }

    pub(crate) fn missing(access: Access) -> Self {
        let words = match access {
            Access::SftpWrite => {
                "Permission denied: this change window does not grant writing files (sftp-write)"
            }
            _ => "Permission denied: this change window does not grant reading files (sftp-read)",
        };
        Self { code: answer::PERMISSION_DENIED, missing: Some(access.as_str()), words }
    }
}
