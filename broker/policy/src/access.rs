//! What a window may allow, and what a technician may come for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! closed {
    ($(#[$doc:meta])* $name:ident, $unknown:ident, $what:literal, { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stored and shown name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        /// The text is none of the closed set.
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        #[error("{0:?} is no {what}; one of: {all}", what = $what, all = [$($text),+].join(", "))]
        pub struct $unknown(pub String);

        impl FromStr for $name {
            type Err = $unknown;
            fn from_str(text: &str) -> Result<Self, $unknown> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text).ok_or_else(|| $unknown(text.to_owned()))
            }
        }
    };
}

closed!(
    /// One kind of access that a window grants.
    Access, UnknownAccess, "kind of access", {
    /// An interactive shell.
    Shell = "shell",
    /// A command, with its streams.
    Exec = "exec",
    /// Reading files by SFTP.
    SftpRead = "sftp-read",
    /// Writing files by SFTP.
    SftpWrite = "sftp-write",
    /// Connections to declared endpoints, recorded as bytes.
    Forward = "forward",
    /// Connections to declared endpoints that are encrypted inside.
    ForwardOpaque = "forward-opaque",
    /// A TLS session.
    Tls = "tls",
});

closed!(
    /// What a window is for.
    Purpose, UnknownPurpose, "purpose", {
    /// Software or operating-system patch.
    Patch = "patch",
    /// Version upgrade.
    Upgrade = "upgrade",
    /// Fault finding and repair.
    Repair = "repair",
    /// Scheduled upkeep.
    Maintenance = "maintenance",
    /// Drug-library work.
    Library = "library",
    /// Configuration change.
    Configuration = "configuration",
    /// Looking only.
    Inspection = "inspection",
    /// An emergency.
    Emergency = "emergency",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_what_is_shown_and_read() {
        for access in Access::ALL {
            assert_eq!(serde_json::to_value(access).unwrap(), access.as_str());
            assert_eq!(access.as_str().parse(), Ok(*access));
        }
        for purpose in Purpose::ALL {
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.as_str());
            assert_eq!(purpose.as_str().parse(), Ok(*purpose));
        }
    }

    #[test]
    fn an_unknown_kind_of_access_is_told_which_there_are() {
        let error = "ssh".parse::<Access>().unwrap_err();
        let all = "shell, exec, sftp-read, sftp-write, forward, forward-opaque, tls";
        assert_eq!(error.to_string(), format!("\"ssh\" is no kind of access; one of: {all}"));
    }
}
