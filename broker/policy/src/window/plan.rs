//! The files that a window's plan expects, and an upload held against them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{TransitionError, Window};

/// Files that a plan may name: a release with all its parts.
pub(super) const MOST_FILES: usize = 500;
/// The longest name, in bytes: longer ones no file system takes.
const NAME_BYTES: usize = 255;

/// SHA-256 of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileHash(pub [u8; 32]);

/// The text is no SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no SHA-256; right are 64 hexadecimal digits, as sha256sum prints them")]
pub struct NotAHash(pub String);

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for FileHash {
    type Err = NotAHash;
    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let wrong = || NotAHash(text.chars().take(80).collect());
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut hash = [0; 32];
        if pairs.len() != hash.len() || !rest.is_empty() {
            return Err(wrong());
        }
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            let digit = |of: u8| char::from(of).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte = digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low).ok_or_else(wrong)?;
        }
        Ok(Self(hash))
    }
}

impl Serialize for FileHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A file that a plan expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// Its name, without a path.
    pub name: String,
    /// What is in it.
    pub sha256: FileHash,
}

/// How an upload stands to a plan that names files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// Its content is what the plan says of its name; or one that the plan names, under a name that is not in the plan, as of
    /// a file that is renamed when it is whole.
    Match,
    /// Its name is in the plan, its content is another.
    Other {
        /// What the plan expects.
        expected: FileHash,
    },
    /// Neither its name nor its content is in the plan.
    NotPlanned,
    /// It did not pass whole and in order, so that nobody knows its content yet.
    Unchecked,
}

impl Planned {
    /// The name in facts; a rule is about the last three.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "file-as-planned",
            Self::Other { .. } => "file-other-content",
            Self::NotPlanned => "file-not-planned",
            Self::Unchecked => "file-unchecked",
        }
    }

    /// Whether somebody should look at it.
    #[must_use]
    pub fn alarms(self) -> bool {
        self != Self::Match
    }
}

impl Window {
    /// Holds an upload against the plan; `None` where the plan names no files.
    #[must_use]
    pub fn compare(&self, path: &str, content: Option<FileHash>) -> Option<Planned> {
        if self.files.is_empty() {
            return None;
        }
        let Some(content) = content else { return Some(Planned::Unchecked) };
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let named = self.files.iter().filter(|file| file.name == name).map(|file| file.sha256);
        if let Some(expected) = named.clone().next() {
            let right = named.into_iter().any(|hash| hash == content);
            return Some(if right { Planned::Match } else { Planned::Other { expected } });
        }
        let planned = self.files.iter().any(|file| file.sha256 == content);
        Some(if planned { Planned::Match } else { Planned::NotPlanned })
    }
}

/// Whether these files can be a plan's.
pub(super) fn check_files(files: &[PlannedFile]) -> Result<(), TransitionError> {
    if files.len() > MOST_FILES {
        return Err(TransitionError::TooManyFiles { most: MOST_FILES });
    }
    let wrong = |name: &str| {
        name.is_empty() || name.len() > NAME_BYTES || name.contains('/') || name.chars().any(char::is_control)
    };
    match files.iter().find(|file| wrong(&file.name)) {
        Some(file) => Err(TransitionError::FileName(file.name.chars().take(80).collect())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hospital;

    const RIGHT: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn a_hash_is_read_as_it_is_shown_and_nothing_else_is_one() {
        let hash: FileHash = RIGHT.parse().unwrap();
        assert_eq!(hash.to_string(), RIGHT);
        assert_eq!(RIGHT.to_uppercase().parse(), Ok(hash));
        assert_eq!(serde_json::from_str::<FileHash>(&serde_json::to_string(&hash).unwrap()).unwrap(), hash);
        for wrong in ["", "9f86", &RIGHT[1..], &format!("{RIGHT}0"), &RIGHT.replace('9', "g"), "ö"] {
            assert!(wrong.parse::<FileHash>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_upload_is_held_against_the_plan_by_its_name_and_under_another_name_by_its_content() {
        let (right, other) = (FileHash([1; 32]), FileHash([2; 32]));
        let mut window = hospital::window(1);
        assert_eq!(window.compare("/tmp/patch.bin", Some(right)), None, "a plan without files says nothing");
        let second = FileHash([3; 32]);
        let planned = |name: &str, sha256| PlannedFile { name: name.to_owned(), sha256 };
        window.files = vec![planned("patch.bin", right), planned("tables.bin", second)];
        for (path, content, expected) in [
            ("/tmp/patch.bin", Some(right), Planned::Match),
            ("patch.bin.filepart", Some(right), Planned::Match),
            ("/tmp/patch.bin", Some(second), Planned::Other { expected: right }),
            ("/tmp/tables.bin", Some(right), Planned::Other { expected: second }),
            ("/tmp/other.bin", Some(second), Planned::Match),
            ("/opt/patch.bin", Some(other), Planned::Other { expected: right }),
            ("C:\\patch.bin", Some(other), Planned::Other { expected: right }),
            ("/tmp/tool.bin", Some(other), Planned::NotPlanned),
            ("/tmp/patch.bin", None, Planned::Unchecked),
        ] {
            assert_eq!(window.compare(path, content), Some(expected), "{path}");
            assert_eq!(expected.alarms(), expected != Planned::Match);
        }
    }

    #[test]
    fn a_plan_of_paths_or_of_too_many_files_is_refused() {
        let named = |name: &str| PlannedFile { name: name.to_owned(), sha256: FileHash([1; 32]) };
        assert_eq!(check_files(&[named("patch 7.2 (ö).bin")]), Ok(()));
        for wrong in ["", "a/b", "a\nb", &"x".repeat(256)] {
            assert!(matches!(check_files(&[named(wrong)]), Err(TransitionError::FileName(_))), "{wrong:?}");
        }
        assert!(check_files(&vec![named("a"); MOST_FILES + 1]).is_err());
    }
}
