//! Which requests are about files that the gate holds in its stage, where its server's files are staged; and which of those
//! nothing but a server could do, and so nobody does.

use super::refusal::Refusal;
use super::request::Request;
use super::work::ToDo;

/// A file that the gate holds for a client.
#[derive(Debug)]
pub(crate) struct Own {
    pub path: Box<[u8]>,
    pub handle: Box<[u8]>,
    /// Its close has been asked for.
    pub closing: bool,
}

/// Whose a request is.
#[derive(Debug)]
pub(crate) enum Whose {
    Server,
    Gate(ToDo),
    Nobody(Refusal),
}

/// Judges a request whose access is granted. `by_handle` says that it names a staged file by its handle, `by_path` by its path;
/// `handle` is that of a file that is opened.
pub(crate) fn whose(
    request: &Request<'_>,
    (by_handle, by_path): (bool, bool),
    handle: impl FnOnce() -> Box<[u8]>,
) -> Whose {
    match *request {
        Request::Open { flags, .. } if flags.appends() => Whose::Nobody(Refusal::RESUMED),
        Request::Open { flags, .. } if flags.writes() && !flags.creates() && !flags.begins_empty() => {
            Whose::Nobody(Refusal::PART)
        }
        Request::Open { .. } if by_path => Whose::Nobody(Refusal::UNDER_WAY),
        Request::Open { path, flags, attributes } if flags.writes() => Whose::Gate(ToDo::Open {
            path: path.into(),
            handle: handle(),
            begins_empty: flags.begins_empty(),
            exclusive: flags.is_exclusive(),
            attributes,
        }),
        Request::Copy { .. } => Whose::Nobody(Refusal::COPIED),
        Request::Set { attributes, .. } if attributes.size.is_some() => Whose::Nobody(Refusal::PART),
        // What the server has open was opened to be read.
        Request::Write { .. } if !by_handle => Whose::Nobody(Refusal::PART),
        Request::SetOn { attributes, .. } if !by_handle && attributes.size.is_some() => {
            Whose::Nobody(Refusal::PART)
        }
        Request::Set { attributes, .. } if by_path => Whose::Gate(ToDo::Set(attributes)),
        Request::Look { operation: "stat" | "lstat", .. } if by_path => Whose::Gate(ToDo::Look),
        _ if !by_handle => Whose::Server,
        Request::Write { .. } => Whose::Gate(ToDo::Written),
        Request::LookAt { operation: "fstat", .. } => Whose::Gate(ToDo::Look),
        Request::SetOn { attributes, .. } => Whose::Gate(ToDo::Set(attributes)),
        Request::Sync { .. } => Whose::Gate(ToDo::Sync),
        Request::Close { .. } => Whose::Gate(ToDo::Close),
        _ => Whose::Nobody(Refusal::HELD),
    }
}
