//! Requests that the gate answers itself.

use chaperone_policy::Access;

use super::answer;

/// Why the gate answers itself, and with which status.
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
    /// Files for this server wait at the gate first.
    pub(crate) const STAGED: Self = Self {
        code: answer::PERMISSION_DENIED,
        missing: Some("staged"),
        words: "Permission denied: send files for this server ahead (chaperone window send), then release them",
    };
    pub(crate) const NO_HANDLE: Self = Self { code: answer::FAILURE, missing: None, words: "No such handle" };
    pub(crate) const TOO_MANY: Self =
        Self { code: answer::FAILURE, missing: None, words: "Too many open files" };

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
