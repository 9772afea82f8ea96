//! The packets of the SSH file transfer protocol, version 3 (draft-ietf-secsh-filexfer-02), that a delivery needs: what is
//! asked of a server, and what it answers. Every length of an answer is bounded.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The longest answer: a server may send more than was asked for, and is not believed.
const ANSWER_BYTES: usize = 256 << 10;
/// The longest handle (§4).
const HANDLE_BYTES: usize = 256;
/// The longest words of a server that are kept.
const WORDS: usize = 200;
/// The longest path that is taken from a server.
const PATH_BYTES: usize = 4096;

/// `posix-rename@openssh.com`: puts a file in the place of another.
pub(super) const POSIX_RENAME: &str = "posix-rename@openssh.com";

/// `SSH_FXF_READ`; and to write to a file that is not there yet (§6.3).
pub(super) const READ: u32 = 0x01;
pub(super) const WRITE_NEW: u32 = 0x02 | 0x08 | 0x20;

/// A request.
#[derive(Clone, Debug)]
pub(super) enum Ask<'a> {
    /// With flags, and the permissions of a file that is made.
    Open(&'a str, u32, Option<u32>),
    Close(&'a Bytes),
    Read(&'a Bytes, u64, u32),
    Write(&'a Bytes, u64, &'a [u8]),
    Stat(&'a str),
    RealPath(&'a str),
    SetStat(&'a str, Attributes),
    Remove(&'a str),
    Rename(&'a str, &'a str),
    PosixRename(&'a str, &'a str),
}

/// What is asked of a file beside its bytes (§5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub owner: Option<(u32, u32)>,
    pub permissions: Option<u32>,
    /// Last access and last change, in seconds since 1970.
    pub times: Option<(u32, u32)>,
}

impl Attributes {
    fn put(&self, to: &mut BytesMut) {
        let flag = |there: bool, bit: u32| if there { bit } else { 0 };
        to.put_u32(
            flag(self.owner.is_some(), 2)
                | flag(self.permissions.is_some(), 4)
                | flag(self.times.is_some(), 8),
        );
        self.owner.into_iter().for_each(|(user, group)| {
            to.put_u32(user);
            to.put_u32(group);
        });
        self.permissions.into_iter().for_each(|permissions| to.put_u32(permissions));
        self.times.into_iter().for_each(|(accessed, changed)| {
            to.put_u32(accessed);
            to.put_u32(changed);
        });
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Its extensions, by name.
    Version(Vec<String>),
    Status {
        id: u32,
        code: Code,
        words: String,
    },
    Handle {
        id: u32,
        handle: Bytes,
    },
    Data {
        id: u32,
        data: Bytes,
    },
    /// Type and permissions, as `st_mode` has them, where the server says them.
    Attributes {
        id: u32,
        mode: Option<u32>,
    },
    /// The first of the names.
    Name {
        id: u32,
        name: Bytes,
    },
}

/// Codes of §7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Ok,
    Eof,
    Other,
}

/// The server broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// `SSH_FXP_INIT`.
pub(super) fn init() -> Bytes {
    Bytes::from_static(&[0, 0, 0, 5, 1, 0, 0, 0, 3])
}

impl Ask<'_> {
    pub(super) fn packet(&self, id: u32) -> Bytes {
        let mut body = BytesMut::new();
        body.put_u8(self.kind());
        body.put_u32(id);
        match *self {
            Self::Open(path, flags, permissions) => {
                text(&mut body, path.as_bytes());
                body.put_u32(flags);
                Attributes { permissions, ..Attributes::default() }.put(&mut body);
            }
            Self::Close(handle) => text(&mut body, handle),
            Self::Read(handle, at, length) => {
                text(&mut body, handle);
                body.put_u64(at);
                body.put_u32(length);
            }
            Self::Write(handle, at, data) => {
                text(&mut body, handle);
                body.put_u64(at);
                text(&mut body, data);
            }
            Self::Stat(path) | Self::RealPath(path) | Self::Remove(path) => text(&mut body, path.as_bytes()),
            Self::SetStat(path, attributes) => {
                text(&mut body, path.as_bytes());
                attributes.put(&mut body);
            }
            Self::Rename(from, to) => {
                text(&mut body, from.as_bytes());
                text(&mut body, to.as_bytes());
            }
            Self::PosixRename(from, to) => {
                text(&mut body, POSIX_RENAME.as_bytes());
                text(&mut body, from.as_bytes());
                text(&mut body, to.as_bytes());
            }
        }
        let mut packet = BytesMut::with_capacity(body.len() + 4);
        text(&mut packet, &body);
        packet.freeze()
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Open(..) => 3,
            Self::Close(_) => 4,
            Self::Read(..) => 5,
            Self::Write(..) => 6,
            Self::SetStat(..) => 9,
            Self::Remove(_) => 13,
            Self::RealPath(_) => 16,
            Self::Stat(_) => 17,
            Self::Rename(..) => 18,
            Self::PosixRename(..) => 200,
        }
    }
}

fn text(to: &mut BytesMut, bytes: &[u8]) {
    // Nothing that is sent comes near four gigabytes.
    to.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    to.extend_from_slice(bytes);
}

/// Takes the next whole answer off what has come in; `None` while there is none.
pub(super) fn take(from: &mut BytesMut) -> Result<Option<Answer>, Broken> {
    let Some(length) = from.first_chunk::<4>() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Broken)?;
    if !(1..=ANSWER_BYTES).contains(&length) {
        return Err(Broken);
    }
    if from.len() < 4 + length {
        return Ok(None);
    }
    from.advance(4);
    answer(from.split_to(length).freeze()).map(Some)
}

fn answer(mut body: Bytes) -> Result<Answer, Broken> {
    let kind = body.try_get_u8().map_err(|_| Broken)?;
    let id = body.try_get_u32().map_err(|_| Broken)?;
    match kind {
        // What stands where an id does is the version (§4).
        2 if id >= 3 => {
            let mut extensions = Vec::new();
            while body.has_remaining() {
                extensions.push(words(&string(&mut body)?));
                string(&mut body)?;
            }
            Ok(Answer::Version(extensions))
        }
        101 => {
            let code = match body.try_get_u32().map_err(|_| Broken)? {
                0 => Code::Ok,
                1 => Code::Eof,
                _ => Code::Other,
            };
            // Old servers leave the words out.
            let said = if body.has_remaining() { words(&string(&mut body)?) } else { String::new() };
            Ok(Answer::Status { id, code, words: said })
        }
        102 => {
            let handle = string(&mut body)?;
            if handle.len() > HANDLE_BYTES { Err(Broken) } else { Ok(Answer::Handle { id, handle }) }
        }
        103 => Ok(Answer::Data { id, data: string(&mut body)? }),
        104 => {
            let count = body.try_get_u32().map_err(|_| Broken)?;
            let name = if count == 0 { Bytes::new() } else { string(&mut body)? };
            if name.len() > PATH_BYTES { Err(Broken) } else { Ok(Answer::Name { id, name }) }
        }
        105 => Ok(Answer::Attributes { id, mode: mode(&mut body)? }),
        _ => Err(Broken),
    }
}

/// Type and permissions, of attributes (§5).
fn mode(body: &mut Bytes) -> Result<Option<u32>, Broken> {
    let flags = body.try_get_u32().map_err(|_| Broken)?;
    // Before the permissions stand size (1) and owner (2), where there are any.
    let before = if flags & 1 == 0 { 0 } else { 8 } + if flags & 2 == 0 { 0 } else { 8 };
    if body.remaining() < before {
        return Err(Broken);
    }
    body.advance(before);
    if flags & 4 == 0 {
        return Ok(None);
    }
    body.try_get_u32().map(Some).map_err(|_| Broken)
}

fn string(body: &mut Bytes) -> Result<Bytes, Broken> {
    let length = body.try_get_u32().map_err(|_| Broken)?;
    let length = usize::try_from(length).map_err(|_| Broken)?;
    if body.remaining() < length { Err(Broken) } else { Ok(body.split_to(length)) }
}

fn words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|c| !c.is_control()).take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(body: &[u8]) -> BytesMut {
        let mut packet = BytesMut::new();
        text(&mut packet, body);
        packet
    }

    #[test]
    fn answers_are_read_as_servers_send_them() {
        let status = framed(&[101, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0, 2, b'n', b'o', 0, 0, 0, 0]);
        let read = take(&mut status.clone()).unwrap().unwrap();
        assert_eq!(read, Answer::Status { id: 7, code: Code::Other, words: "no".to_owned() });
        let old = take(&mut framed(&[101, 0, 0, 0, 7, 0, 0, 0, 0])).unwrap().unwrap();
        assert_eq!(old, Answer::Status { id: 7, code: Code::Ok, words: String::new() });
        let folder = [105, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0x41, 0xed];
        let read = take(&mut framed(&folder)).unwrap().unwrap();
        assert_eq!(read, Answer::Attributes { id: 1, mode: Some(0o40_755) });
        let names = [104, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, b'/', b'a', 0, 0, 0, 0, 0, 0, 0, 0];
        let read = take(&mut framed(&names)).unwrap().unwrap();
        assert_eq!(read, Answer::Name { id: 4, name: Bytes::from_static(b"/a") });
        let mut half = status;
        half.truncate(9);
        assert_eq!(take(&mut half), Ok(None));
        assert_eq!(take(&mut BytesMut::from(&[0xff, 0, 0, 0, 1][..])), Err(Broken));
        assert_eq!(take(&mut BytesMut::from(&[0, 0, 0, 0][..])), Err(Broken));
    }

    #[test]
    fn attributes_are_asked_for_in_the_protocol_s_order() {
        let attributes = Attributes { owner: None, permissions: Some(0o640), times: Some((1, 2)) };
        let packet = Ask::SetStat("/a", attributes).packet(5);
        let fields = [0, 0, 0, 12, 0, 0, 1, 0o240, 0, 0, 0, 1, 0, 0, 0, 2];
        let head = [0, 0, 0, 27, 9, 0, 0, 0, 5, 0, 0, 0, 2, b'/', b'a'];
        assert_eq!(packet, [&head[..], &fields].concat());
    }

    proptest! {
        #[test]
        fn no_answer_breaks_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = take(&mut BytesMut::from(&bytes[..]));
            if let Ok(Some(Answer::Status { words, .. })) = take(&mut framed(&bytes)) {
                prop_assert!(!words.chars().any(char::is_control));
            }
        }

        #[test]
        fn data_comes_back_whole_however_it_is_cut(data in prop::collection::vec(any::<u8>(), 0..5000), at in any::<prop::sample::Index>()) {
            let mut body = BytesMut::from(&[103, 0, 0, 0, 9][..]);
            text(&mut body, &data);
            let whole = framed(&body);
            let (first, second) = whole.split_at(at.index(whole.len()));
            let mut coming = BytesMut::from(first);
            prop_assert_eq!(take(&mut coming), Ok(None));
            coming.extend_from_slice(second);
            prop_assert_eq!(take(&mut coming), Ok(Some(Answer::Data { id: 9, data: data.into() })));
            prop_assert!(coming.is_empty());
        }
    }
}
