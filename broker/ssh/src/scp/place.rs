//! Where the files of an old copy are on the server. On the wire they are named without their folder, which stands in the
//! command; and whether what stands there is a folder at all, only the server knows.

use chaperone_session::FileDirection;

use super::command::Command;
use crate::transfer::kept;

/// What a command says of where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    direction: FileDirection,
    /// As the command has it.
    said: Vec<u8>,
    /// Whether the command says that it is a folder.
    folder: bool,
}

/// A file's path, and the other one that it may have: the server knows which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path {
    pub path: Vec<u8>,
    pub or_path: Option<Vec<u8>>,
}

impl Path {
    /// As much of it as is said of a file: a file that waits for its answer keeps no more.
    pub(super) fn cut(self) -> Self {
        let short = |path: Vec<u8>| kept(&path).to_vec();
        Self { path: short(self.path), or_path: self.or_path.map(short) }
    }
}

impl Place {
    /// Of a command.
    pub(super) fn of(Command { direction, folder, path }: Command) -> Self {
        let folder = folder || path.ends_with('/') || matches!(path.as_str(), "" | "." | "..");
        Self { direction, said: path.into_bytes(), folder }
    }

    /// The path of what is named so on the wire, the folders that it is in first.
    pub(crate) fn path(&self, wire: &[&[u8]]) -> Path {
        let all = wire.join(&b'/');
        let (first, inside) = (wire.first().copied().unwrap_or_default(), wire.get(1..).unwrap_or_default());
        let within = joined(&self.said, &all);
        if self.direction == FileDirection::Download {
            // What is asked for is named by its last part.
            let folder = parent(&self.said);
            return Path { path: joined(folder, &all), or_path: None };
        }
        if self.folder {
            return Path { path: within, or_path: None };
        }
        // A folder that is there takes what comes by its name; otherwise it gets this name.
        let under_it = joined(&self.said, &inside.join(&b'/'));
        match last(&self.said) == first {
            true => Path { path: under_it, or_path: Some(within) },
            false => Path { path: within, or_path: Some(under_it) },
        }
    }
}

fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() || folder == b"." {
        return name.to_vec();
    }
    if name.is_empty() {
        return folder.to_vec();
    }
    let slash: &[u8] = if folder.ends_with(b"/") { b"" } else { b"/" };
    [folder, slash, name].concat()
}

/// A path without its last part.
fn parent(path: &[u8]) -> &[u8] {
    let trimmed = trimmed(path);
    match trimmed.iter().rposition(|byte| *byte == b'/') {
        Some(0) => b"/",
        Some(at) => trimmed.get(..at).unwrap_or_default(),
        None => b"",
    }
}

fn last(path: &[u8]) -> &[u8] {
    trimmed(path).rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

fn trimmed(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    path.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(rest: &str, wire: &[&str]) -> (String, Option<String>) {
        let command = Command::read(format!("scp {rest}").as_bytes()).unwrap();
        let wire: Vec<&[u8]> = wire.iter().map(|part| part.as_bytes()).collect();
        let Path { path, or_path } = Place::of(command).path(&wire);
        (String::from_utf8(path).unwrap(), or_path.map(|path| String::from_utf8(path).unwrap()))
    }

    #[test]
    fn a_file_has_the_folder_of_the_command_and_its_name_on_the_wire() {
        let sure = |path: &str| (path.to_owned(), None);
        assert_eq!(path("-t /opt/", &["a"]), sure("/opt/a"));
        assert_eq!(path("-p -d -t -- /opt", &["a"]), sure("/opt/a"));
        assert_eq!(path("-t .", &["a"]), sure("a"));
        assert_eq!(path("-t -- '/opt/my dir/'", &["a"]), sure("/opt/my dir/a"));
        assert_eq!(path("-f /var/log/app.log", &["app.log"]), sure("/var/log/app.log"));
        assert_eq!(path("-r -f /var/log", &["log", "deep", "one"]), sure("/var/log/deep/one"));
        assert_eq!(path("-f '/etc/*.conf'", &["a.conf"]), sure("/etc/a.conf"));
        assert_eq!(path("-f x", &["x"]), sure("x"));
    }

    #[test]
    fn where_only_the_server_knows_both_paths_are_said() {
        let either = |path: &str, other: &str| (path.to_owned(), Some(other.to_owned()));
        assert_eq!(path("-t /opt/a", &["a"]), either("/opt/a", "/opt/a/a"));
        assert_eq!(path("-t /opt", &["a"]), either("/opt/a", "/opt"));
        assert_eq!(path("-r -t /opt/copy", &["tree", "one"]), either("/opt/copy/tree/one", "/opt/copy/one"));
    }

    proptest! {
        #[test]
        fn any_path_and_any_names_are_survived(path in "(?s:.){0,40}", folder: bool, wire in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..5)) {
            for direction in [FileDirection::Upload, FileDirection::Download] {
                let wire: Vec<&[u8]> = wire.iter().map(Vec::as_slice).collect();
                let command = Command { direction, folder, path: path.clone() };
                let Path { path, .. } = Place::of(command).path(&wire);
                prop_assert!(wire.last().is_none_or(|name| path.ends_with(name)) || direction == FileDirection::Upload);
            }
        }
    }
}
