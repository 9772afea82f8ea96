//! The fields of a packet (RFC 4251 §5): read without copying, and written for the gate's own answers.

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Map, Value, json};

/// As much of a path as an event says. The rest is in the recording's bytes.
const PATH_BYTES: usize = 1024;

/// Reads fields one after the other; `None` where they end too early.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'p> {
    rest: &'p [u8],
}

impl<'p> Fields<'p> {
    pub(crate) fn new(rest: &'p [u8]) -> Self {
        Self { rest }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        let (first, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u32::from_be_bytes(*first))
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        let (first, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u64::from_be_bytes(*first))
    }

    pub(crate) fn string(&mut self) -> Option<&'p [u8]> {
        let len = usize::try_from(self.u32()?).ok()?;
        let (first, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(first)
    }

    /// `ATTRS` (filexfer-02 §5).
    pub(crate) fn attributes(&mut self) -> Option<Attributes> {
        let flags = self.u32()?;
        let has = |bit: u32| flags & bit != 0;
        let mut attributes = Attributes::default();
        if has(0x1) {
            attributes.size = Some(self.u64()?);
        }
        if has(0x2) {
            attributes.owner = Some((self.u32()?, self.u32()?));
        }
        if has(0x4) {
            attributes.permissions = Some(self.u32()?);
        }
        if has(0x8) {
            attributes.times = Some((self.u32()?, self.u32()?));
        }
        if has(0x8000_0000) {
            for _ in 0..self.u32()? {
                self.string()?;
                self.string()?;
            }
        }
        Some(attributes)
    }
}

/// A file's attributes, as far as they are said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// In bytes.
    pub size: Option<u64>,
    /// User and group.
    pub owner: Option<(u32, u32)>,
    pub permissions: Option<u32>,
    /// Last access and last change, in seconds since 1970.
    pub times: Option<(u32, u32)>,
}

impl Attributes {
    pub(crate) fn say(&self, to: &mut Map<String, Value>) {
        let mut say = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                to.insert(key.to_owned(), value);
            }
        };
        say("size", self.size.map(|size| json!(size.to_string())));
        say("owner", self.owner.map(|owner| json!(owner)));
        say("permissions", self.permissions.map(|mode| json!(format!("{mode:o}"))));
        say("times", self.times.map(|times| json!(times)));
    }
}

/// Says a path under a name; one that is no UTF-8 in hexadecimal too, one that is too long by its beginning and its length.
pub(crate) fn say_path(to: &mut Map<String, Value>, name: &str, path: &[u8]) {
    let shown = path.get(..PATH_BYTES).unwrap_or(path);
    let text = String::from_utf8_lossy(shown);
    if std::str::from_utf8(shown).is_err() {
        let hex: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
        to.insert(format!("{name}_hex"), hex.into());
    }
    if shown.len() < path.len() {
        to.insert(format!("{name}_bytes"), path.len().into());
    }
    to.insert(name.to_owned(), text.into());
}

/// `SSH_FXP_STATUS` (filexfer-02 §7), as the gate itself answers.
pub(crate) fn status(id: u32, code: u32, message: &str) -> Bytes {
    packet(super::answer::STATUS, id, |body| {
        body.put_u32(code);
        text(body, message.as_bytes());
        body.put_u32(0);
    })
}

/// `SSH_FXP_HANDLE`.
pub(crate) fn handle(id: u32, handle: &[u8]) -> Bytes {
    packet(super::answer::HANDLE, id, |body| text(body, handle))
}

/// `SSH_FXP_ATTRS`, of an ordinary file.
pub(crate) fn attributes(id: u32, of: &Attributes) -> Bytes {
    packet(super::answer::ATTRIBUTES, id, |body| {
        let flag = |there: bool, bit: u32| if there { bit } else { 0 };
        body.put_u32(
            flag(of.size.is_some(), 0x1)
                | flag(of.owner.is_some(), 0x2)
                | flag(of.permissions.is_some(), 0x4)
                | flag(of.times.is_some(), 0x8),
        );
        of.size.into_iter().for_each(|size| body.put_u64(size));
        if let Some((user, group)) = of.owner {
            body.put_u32(user);
            body.put_u32(group);
        }
        of.permissions.into_iter().for_each(|mode| body.put_u32(mode));
        if let Some((accessed, changed)) = of.times {
            body.put_u32(accessed);
            body.put_u32(changed);
        }
    })
}

fn packet(kind: u8, id: u32, rest: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut body = BytesMut::new();
    body.put_u8(kind);
    body.put_u32(id);
    rest(&mut body);
    let mut packet = BytesMut::with_capacity(4 + body.len());
    text(&mut packet, &body);
    packet.freeze()
}

fn text(to: &mut BytesMut, bytes: &[u8]) {
    // Nothing that the gate says comes near four gigabytes.
    to.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    to.put_slice(bytes);
}
