//! What a client asks for (filexfer-02 §6, and OpenSSH's extensions), and which access each takes.

use chaperone_policy::Access;
use serde_json::{Map, Value, json};

use super::field::{Attributes, Fields, say_path};
use super::malformed::Malformed;

pub(crate) const INIT: u8 = 1;
pub(crate) const WRITE: u8 = 6;

/// What a file is opened for (§6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(pub u32);

const READ_FLAG: u32 = 0x1;
const WRITE_FLAG: u32 = 0x2;
const APPEND: u32 = 0x4;
const CREATE: u32 = 0x8;
const TRUNCATE: u32 = 0x10;
const EXCLUSIVE: u32 = 0x20;

impl Flags {
    pub(crate) fn reads(self) -> bool {
        self.0 & READ_FLAG != 0
    }

    /// Whether anything of the file or its folder may change.
    pub(crate) fn writes(self) -> bool {
        self.0 & !READ_FLAG != 0
    }

    pub(crate) fn appends(self) -> bool {
        self.0 & APPEND != 0
    }

    pub(crate) fn creates(self) -> bool {
        self.0 & CREATE != 0
    }

    /// Whether there must be no file yet.
    pub(crate) fn is_exclusive(self) -> bool {
        self.0 & (CREATE | EXCLUSIVE) == CREATE | EXCLUSIVE
    }

    /// Whether nothing of an earlier file is left.
    pub(crate) fn begins_empty(self) -> bool {
        self.0 & TRUNCATE != 0 || self.is_exclusive()
    }

    fn names(self) -> Vec<&'static str> {
        let all = [
            (READ_FLAG, "read"),
            (WRITE_FLAG, "write"),
            (APPEND, "append"),
            (CREATE, "create"),
            (TRUNCATE, "truncate"),
            (EXCLUSIVE, "exclusive"),
        ];
        all.into_iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, name)| name).collect()
    }
}

/// A request without its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request<'p> {
    Open {
        path: &'p [u8],
        flags: Flags,
        attributes: Attributes,
    },
    Close {
        handle: &'p [u8],
    },
    Read {
        handle: &'p [u8],
        offset: u64,
        len: u32,
    },
    Write {
        handle: &'p [u8],
        offset: u64,
        len: u32,
    },
    /// `stat`, `lstat`, `realpath`, `readlink`, and extensions that tell of a path.
    Look {
        operation: &'static str,
        path: &'p [u8],
    },
    /// `fstat`, and extensions that tell of an open file.
    LookAt {
        operation: &'static str,
        handle: &'p [u8],
    },
    OpenFolder {
        path: &'p [u8],
    },
    ReadFolder {
        handle: &'p [u8],
    },
    /// `setstat` and `lsetstat@openssh.com`.
    Set {
        operation: &'static str,
        path: &'p [u8],
        attributes: Attributes,
    },
    SetOn {
        handle: &'p [u8],
        attributes: Attributes,
    },
    /// `remove`, `rmdir`, `mkdir`.
    Change {
        operation: &'static str,
        path: &'p [u8],
    },
    /// `rename`, `symlink` and the like: two paths.
    Pair {
        operation: &'static str,
        from: &'p [u8],
        to: &'p [u8],
    },
    /// `fsync@openssh.com`.
    Sync {
        handle: &'p [u8],
    },
    /// `copy-data`: what is written is nowhere on the wire.
    Copy {
        from: &'p [u8],
        to: &'p [u8],
        offset: u64,
        len: u64,
        at: u64,
    },
    /// Extensions that tell of the server.
    Ask {
        operation: &'static str,
    },
    /// An extension that the gate does not know: nobody could say what it does.
    Unknown {
        name: &'p [u8],
    },
}

/// Reads a request, length field and all; of a write everything before its payload. The first value is its number.
///
/// # Errors
/// When it is none of version 3.
pub(crate) fn read(raw: &[u8]) -> Result<(u32, Request<'_>), Malformed> {
    let mut fields = Fields::new(raw.get(4..).unwrap_or_default());
    let kind = fields.u8().unwrap_or_default();
    let wrong = || Malformed::Fields(kind);
    if !matches!(kind, 3..=20 | 200) {
        return Err(Malformed::Type(kind));
    }
    let id = fields.u32().ok_or_else(wrong)?;
    let request = of_type(kind, &mut fields).ok_or_else(wrong)?;
    let whole = fields.is_empty() || matches!(request, Request::Unknown { .. });
    if whole { Ok((id, request)) } else { Err(wrong()) }
}

fn of_type<'p>(kind: u8, fields: &mut Fields<'p>) -> Option<Request<'p>> {
    Some(match kind {
        3 => {
            let (path, flags) = (fields.string()?, Flags(fields.u32()?));
            Request::Open { path, flags, attributes: fields.attributes()? }
        }
        4 => Request::Close { handle: fields.string()? },
        5 => Request::Read { handle: fields.string()?, offset: fields.u64()?, len: fields.u32()? },
        WRITE => Request::Write { handle: fields.string()?, offset: fields.u64()?, len: fields.u32()? },
        7 => Request::Look { operation: "lstat", path: fields.string()? },
        8 => Request::LookAt { operation: "fstat", handle: fields.string()? },
        9 => {
            let path = fields.string()?;
            Request::Set { operation: "setstat", path, attributes: fields.attributes()? }
        }
        10 => Request::SetOn { handle: fields.string()?, attributes: fields.attributes()? },
        11 => Request::OpenFolder { path: fields.string()? },
        12 => Request::ReadFolder { handle: fields.string()? },
        13 => Request::Change { operation: "remove", path: fields.string()? },
        14 => {
            let path = fields.string()?;
            fields.attributes()?;
            Request::Change { operation: "mkdir", path }
        }
        15 => Request::Change { operation: "rmdir", path: fields.string()? },
        16 => Request::Look { operation: "realpath", path: fields.string()? },
        17 => Request::Look { operation: "stat", path: fields.string()? },
        18 => Request::Pair { operation: "rename", from: fields.string()?, to: fields.string()? },
        19 => Request::Look { operation: "readlink", path: fields.string()? },
        20 => Request::Pair { operation: "symlink", from: fields.string()?, to: fields.string()? },
        _ => extension(fields)?,
    })
}

fn extension<'p>(fields: &mut Fields<'p>) -> Option<Request<'p>> {
    let name = fields.string()?;
    Some(match name {
        b"posix-rename@openssh.com" => {
            Request::Pair { operation: "posix-rename", from: fields.string()?, to: fields.string()? }
        }
        b"hardlink@openssh.com" => {
            Request::Pair { operation: "hardlink", from: fields.string()?, to: fields.string()? }
        }
        b"fsync@openssh.com" => Request::Sync { handle: fields.string()? },
        b"statvfs@openssh.com" => Request::Look { operation: "statvfs", path: fields.string()? },
        b"fstatvfs@openssh.com" => Request::LookAt { operation: "fstatvfs", handle: fields.string()? },
        b"expand-path@openssh.com" => Request::Look { operation: "expand-path", path: fields.string()? },
        b"home-directory" => Request::Look { operation: "home-directory", path: fields.string()? },
        b"limits@openssh.com" => Request::Ask { operation: "limits" },
        b"users-groups-by-id@openssh.com" => {
            fields.string()?;
            fields.string()?;
            Request::Ask { operation: "users-groups-by-id" }
        }
        b"lsetstat@openssh.com" => {
            let path = fields.string()?;
            Request::Set { operation: "lsetstat", path, attributes: fields.attributes()? }
        }
        b"copy-data" => {
            let (from, offset, len) = (fields.string()?, fields.u64()?, fields.u64()?);
            Request::Copy { from, to: fields.string()?, offset, len, at: fields.u64()? }
        }
        _ => Request::Unknown { name },
    })
}

/// The offset of a write, of its head.
pub(crate) fn offset_of(head: &[u8]) -> Option<u64> {
    let at = head.len().checked_sub(12)?;
    Fields::new(head.get(at..)?).u64()
}

/// What a request takes of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Any access to files: sizes, dates and where a path leads, without which no client can write either.
    Either,
    All(&'static [Access]),
    /// Nothing grants it.
    Nothing,
}

const READ: Takes = Takes::All(&[Access::SftpRead]);
const WRITES: Takes = Takes::All(&[Access::SftpWrite]);
const BOTH: Takes = Takes::All(&[Access::SftpRead, Access::SftpWrite]);

impl<'p> Request<'p> {
    pub(crate) fn takes(&self) -> Takes {
        match self {
            Self::Open { flags, .. } => match (flags.reads(), flags.writes()) {
                (true, true) => BOTH,
                (false, true) => WRITES,
                (_, false) => READ,
            },
            Self::Look { operation: "readlink", .. } => READ,
            Self::Look { .. } | Self::LookAt { .. } | Self::Ask { .. } | Self::Close { .. } => Takes::Either,
            Self::Read { .. } | Self::OpenFolder { .. } | Self::ReadFolder { .. } => READ,
            Self::Write { .. } | Self::Set { .. } | Self::SetOn { .. } | Self::Change { .. } => WRITES,
            Self::Pair { .. } | Self::Sync { .. } => WRITES,
            Self::Copy { .. } => BOTH,
            Self::Unknown { .. } => Takes::Nothing,
        }
    }

    /// The open files that it is about.
    pub(crate) fn handles(&self) -> [Option<&'p [u8]>; 2] {
        match *self {
            Self::Close { handle }
            | Self::Read { handle, .. }
            | Self::Write { handle, .. }
            | Self::LookAt { handle, .. }
            | Self::ReadFolder { handle }
            | Self::SetOn { handle, .. }
            | Self::Sync { handle } => [Some(handle), None],
            Self::Copy { from, to, .. } => [Some(from), Some(to)],
            _ => [None, None],
        }
    }

    /// The one path that it names, of what is there or to be there.
    pub(crate) fn path(&self) -> Option<&'p [u8]> {
        match *self {
            Self::Open { path, .. } | Self::Look { path, .. } | Self::Set { path, .. } => Some(path),
            _ => None,
        }
    }

    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Close { .. } => "close",
            Self::Read { .. } => "read",
            Self::Write { .. } => "write",
            Self::OpenFolder { .. } => "opendir",
            Self::ReadFolder { .. } => "readdir",
            Self::SetOn { .. } => "fsetstat",
            Self::Sync { .. } => "fsync",
            Self::Copy { .. } => "copy-data",
            Self::Unknown { .. } => "unknown",
            Self::Look { operation, .. }
            | Self::LookAt { operation, .. }
            | Self::Set { operation, .. }
            | Self::Change { operation, .. }
            | Self::Pair { operation, .. }
            | Self::Ask { operation } => operation,
        }
    }

    /// What the recording says of it beside its number and files.
    pub(crate) fn say(&self, to: &mut Map<String, Value>) {
        to.insert("operation".to_owned(), self.operation().into());
        match self {
            Self::Open { path, flags, attributes } => {
                say_path(to, "path", path);
                to.insert("flags".to_owned(), json!(flags.names()));
                attributes.say(to);
            }
            Self::Look { path, .. } | Self::OpenFolder { path } | Self::Change { path, .. } => {
                say_path(to, "path", path);
            }
            Self::Set { path, attributes, .. } => {
                say_path(to, "path", path);
                attributes.say(to);
            }
            Self::SetOn { attributes, .. } => attributes.say(to),
            Self::Pair { from, to: second, .. } => {
                say_path(to, "path", from);
                say_path(to, "second_path", second);
            }
            Self::Read { offset, len, .. } | Self::Write { offset, len, .. } => {
                to.insert("offset".to_owned(), offset.to_string().into());
                to.insert("bytes".to_owned(), len.to_string().into());
            }
            Self::Copy { offset, len, at, .. } => {
                to.insert("offset".to_owned(), offset.to_string().into());
                to.insert("bytes".to_owned(), len.to_string().into());
                to.insert("to_offset".to_owned(), at.to_string().into());
            }
            Self::Unknown { name } => say_path(to, "name", name.get(..256).unwrap_or(name)),
            _ => {}
        }
    }
}
