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
    let len = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut packet = BytesMut::with_capacity(21 + message.len());
    packet.put_u32(17 + len(message));
    packet.put_u8(super::answer::STATUS);
    packet.put_u32(id);
    packet.put_u32(code);
    packet.put_u32(len(message));
    packet.put_slice(message.as_bytes());
    packet.put_u32(0);
    packet.freeze()
}
