//! The packets of the SSH file transfer protocol, version 3 (draft-ietf-secsh-filexfer-02), that a delivery needs: what is
//! asked of a server, and what it answers. Every length of an answer is bounded.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The longest answer: a server may send more than was asked for, and is not believed.
const ANSWER_BYTES: usize = 256 << 10;
/// The longest handle (§4).
const HANDLE_BYTES: usize = 256;
/// The longest words of a server that are kept.
const WORDS: usize = 200;

/// `posix-rename@openssh.com`: puts a file in the place of another.
pub(super) const POSIX_RENAME: &str = "posix-rename@openssh.com";

/// `SSH_FXF_READ`; and to write to a file that is not there yet (§6.3).
pub(super) const READ: u32 = 0x01;
pub(super) const WRITE_NEW: u32 = 0x02 | 0x08 | 0x20;

/// A request.
#[derive(Clone, Debug)]
pub(super) enum Ask<'a> {
    Open(&'a str, u32),
    Close(&'a Bytes),
    Read(&'a Bytes, u64, u32),
    Write(&'a Bytes, u64, &'a [u8]),
    Stat(&'a str),
    Remove(&'a str),
    Rename(&'a str, &'a str),
    PosixRename(&'a str, &'a str),
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
    /// Whether it is a folder.
    Attributes {
        id: u32,
        folder: bool,
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
            Self::Open(path, flags) => {
                text(&mut body, path.as_bytes());
                body.put_u32(flags);
                body.put_u32(0);
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
            Self::Stat(path) | Self::Remove(path) => text(&mut body, path.as_bytes()),
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
            Self::Remove(_) => 13,
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
        105 => Ok(Answer::Attributes { id, folder: folder(&mut body)? }),
        _ => Err(Broken),
    }
}

/// Whether attributes (§5) are those of a folder.
fn folder(body: &mut Bytes) -> Result<bool, Broken> {
    let flags = body.try_get_u32().map_err(|_| Broken)?;
    // Before the permissions stand size (1) and owner (2), where there are any.
    let before = if flags & 1 == 0 { 0 } else { 8 } + if flags & 2 == 0 { 0 } else { 8 };
    if body.remaining() < before {
        return Err(Broken);
    }
    body.advance(before);
    if flags & 4 == 0 {
        return Ok(false);
    }
    let permissions = body.try_get_u32().map_err(|_| Broken)?;
    Ok(permissions & 0o170_000 == 0o040_000)
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
        assert_eq!(read, Answer::Attributes { id: 1, folder: true });
        let mut half = status;
        half.truncate(9);
        assert_eq!(take(&mut half), Ok(None));
        assert_eq!(take(&mut BytesMut::from(&[0xff, 0, 0, 0, 1][..])), Err(Broken));
        assert_eq!(take(&mut BytesMut::from(&[0, 0, 0, 0][..])), Err(Broken));
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
