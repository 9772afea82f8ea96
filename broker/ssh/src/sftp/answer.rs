//! What a server answers (filexfer-02 §7).

use serde_json::{Map, Value, json};

use super::field::{Attributes, Fields, say_path};
use super::malformed::Malformed;

pub(crate) const VERSION: u8 = 2;
pub(crate) const STATUS: u8 = 101;
pub(crate) const HANDLE: u8 = 102;
pub(crate) const DATA: u8 = 103;
pub(crate) const ATTRIBUTES: u8 = 105;

/// `SSH_FX_OK` and its like (§7).
pub(crate) const OK: u32 = 0;
pub(crate) const EOF: u32 = 1;
pub(crate) const PERMISSION_DENIED: u32 = 3;
pub(crate) const FAILURE: u32 = 4;
pub(crate) const UNSUPPORTED: u32 = 8;

/// An answer without its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer<'p> {
    Status(u32),
    Handle(&'p [u8]),
    /// Payload of this length follows.
    Data(u32),
    /// So many names, the first of them, and the number of them all.
    Names(u32, Option<&'p [u8]>),
    Attributes(Attributes),
    /// An extension's own.
    Other,
}

/// Reads an answer, length field and all; of data everything before its payload. The first value is the request's number.
///
/// # Errors
/// When it is none of version 3.
pub(crate) fn read(raw: &[u8]) -> Result<(u32, Answer<'_>), Malformed> {
    let mut fields = Fields::new(raw.get(4..).unwrap_or_default());
    let kind = fields.u8().unwrap_or_default();
    let wrong = || Malformed::Fields(kind);
    if !matches!(kind, STATUS..=ATTRIBUTES | 201) {
        return Err(Malformed::Type(kind));
    }
    let id = fields.u32().ok_or_else(wrong)?;
    Ok((id, of_type(kind, &mut fields).ok_or_else(wrong)?))
}

fn of_type<'p>(kind: u8, fields: &mut Fields<'p>) -> Option<Answer<'p>> {
    Some(match kind {
        // Some servers leave out the words behind the code.
        STATUS => Answer::Status(fields.u32()?),
        HANDLE => Answer::Handle(fields.string().filter(|handle| handle.len() <= 256)?),
        DATA => Answer::Data(fields.u32()?),
        104 => names(fields)?,
        ATTRIBUTES => Answer::Attributes(fields.attributes()?),
        _ => Answer::Other,
    })
}

fn names<'p>(fields: &mut Fields<'p>) -> Option<Answer<'p>> {
    let count = fields.u32()?;
    let mut first = None;
    for _ in 0..count {
        let name = fields.string()?;
        fields.string()?;
        fields.attributes()?;
        first = first.or(Some(name));
    }
    Some(Answer::Names(count, first))
}

/// The version that a server agrees to.
///
/// # Errors
/// When it is none.
pub(crate) fn version(raw: &[u8]) -> Result<u32, Malformed> {
    let mut fields = Fields::new(raw.get(4..).unwrap_or_default());
    match (fields.u8(), fields.u32()) {
        (Some(VERSION), Some(version)) => Ok(version),
        (kind, _) => Err(Malformed::Fields(kind.unwrap_or_default())),
    }
}

impl Answer<'_> {
    /// What the recording says of it.
    pub(crate) fn say(&self, to: &mut Map<String, Value>) {
        match self {
            Self::Status(code) => drop(to.insert("status".to_owned(), status_name(*code).into())),
            Self::Names(count, first) => {
                to.insert("names".to_owned(), json!(count));
                if let (1, Some(name)) = (count, first) {
                    say_path(to, "name", name);
                }
            }
            Self::Attributes(attributes) => attributes.say(to),
            Self::Data(len) => drop(to.insert("bytes".to_owned(), len.to_string().into())),
            Self::Handle(_) | Self::Other => {}
        }
    }
}

/// A status in words.
pub(crate) fn status_name(code: u32) -> String {
    let names = [
        "ok",
        "eof",
        "no-such-file",
        "permission-denied",
        "failure",
        "bad-message",
        "no-connection",
        "connection-lost",
        "unsupported",
    ];
    let name = usize::try_from(code).ok().and_then(|code| names.get(code));
    name.map_or_else(|| code.to_string(), |name| (*name).to_owned())
}
