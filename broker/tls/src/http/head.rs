//! How the head of an HTTP/1 message frames what follows it (RFC 9112 §6.3), and every way to say it ambiguously: what two
//! readers could take for two different things is refused, and not mended.

use std::str;

use super::limits;

/// What can be read in two ways, or is too much. The texts are stored in facts and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguity {
    /// A head or a line that is too long, or too many fields.
    #[error(
        "the head is longer than {} bytes or has more than {} fields",
        limits::HEAD_BYTES,
        limits::FIELDS
    )]
    TooLarge,
    /// CR without LF, LF without CR, or NUL.
    #[error("a line does not end with CR LF, or holds a control character")]
    LineEnd,
    /// No request line or status line of HTTP/1.
    #[error("the first line is not one of HTTP/1")]
    FirstLine,
    /// A line that continues the one before (RFC 9112 §5.2).
    #[error("a field is folded over lines")]
    Folded,
    /// A field without a name, or with white space in or after it (RFC 9112 §5.1).
    #[error("a field's name is none")]
    FieldName,
    /// Several lengths, or one that is no number.
    #[error("the content-length is given more than once, or is no number")]
    Length,
    /// A coding other than `chunked` alone, or one in HTTP/1.0.
    #[error("the transfer-encoding is not chunked alone")]
    Coding,
    /// Both a length and a coding.
    #[error("both content-length and transfer-encoding are given")]
    LengthAndCoding,
    /// No host, or several (RFC 9112 §3.2).
    #[error("there is not exactly one host")]
    Host,
    /// A chunk's size or end.
    #[error("a chunk is not framed as one")]
    Chunk,
    /// A trailer that frames or routes the message (RFC 9110 §6.5.1).
    #[error("a trailer field belongs into the head")]
    Trailer,
}

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// Nothing is said of it.
    Unsaid,
}

/// What a head says of its framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Framed {
    pub body: Body,
    /// The status, of an answer.
    pub status: Option<u16>,
}

/// Reads the head of a request: everything before and with the empty line.
pub(super) fn request(head: &[u8]) -> Result<Framed, Ambiguity> {
    let mut lines = lines(head)?;
    let first = lines.next().ok_or(Ambiguity::FirstLine)?;
    let mut words = first.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Ambiguity::FirstLine);
    };
    let old = is_old(version).ok_or(Ambiguity::FirstLine)?;
    if !is_token(method) || target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
        return Err(Ambiguity::FirstLine);
    }
    let fields = Fields::read(lines)?;
    if fields.hosts > 1 || (fields.hosts == 0 && !old) {
        return Err(Ambiguity::Host);
    }
    Ok(Framed { body: fields.body(old)?, status: None })
}

/// Reads the head of an answer.
pub(super) fn answer(head: &[u8]) -> Result<Framed, Ambiguity> {
    let mut lines = lines(head)?;
    let first = lines.next().ok_or(Ambiguity::FirstLine)?;
    let (version, rest) = first.split_at_checked(8).ok_or(Ambiguity::FirstLine)?;
    let old = is_old(version).ok_or(Ambiguity::FirstLine)?;
    let status = rest.strip_prefix(b" ").and_then(|rest| rest.split_at_checked(3));
    let (status, reason) = status.ok_or(Ambiguity::FirstLine)?;
    if !status.iter().all(u8::is_ascii_digit) || !(reason.is_empty() || reason.starts_with(b" ")) {
        return Err(Ambiguity::FirstLine);
    }
    let status = str::from_utf8(status).ok().and_then(|status| status.parse().ok());
    let body = Fields::read(lines)?.body(old)?;
    Ok(Framed { body, status: Some(status.ok_or(Ambiguity::FirstLine)?) })
}

/// Reads trailers: field lines, each with its end.
pub(super) fn trailers(section: &[u8]) -> Result<(), Ambiguity> {
    let fields = Fields::read(lines(section)?)?;
    let frames = fields.hosts > 0 || fields.length.is_some() || fields.coding;
    if frames { Err(Ambiguity::Trailer) } else { Ok(()) }
}

/// Whether it is HTTP/1.0; `None` for anything but that and HTTP/1.1.
fn is_old(version: &[u8]) -> Option<bool> {
    match version {
        b"HTTP/1.1" => Some(false),
        b"HTTP/1.0" => Some(true),
        _ => None,
    }
}

/// The lines of a head, without their ends and without the empty one.
fn lines(head: &[u8]) -> Result<impl Iterator<Item = &[u8]>, Ambiguity> {
    let mut after_cr = false;
    for byte in head {
        let sound = match byte {
            b'\n' => after_cr,
            b'\t' | b'\r' => !after_cr,
            byte => !after_cr && !byte.is_ascii_control(),
        };
        if !sound {
            return Err(Ambiguity::LineEnd);
        }
        after_cr = *byte == b'\r';
    }
    if after_cr {
        return Err(Ambiguity::LineEnd);
    }
    let lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    Ok(lines.filter(|line| !line.is_empty()))
}

#[derive(Default)]
struct Fields {
    length: Option<u64>,
    coding: bool,
    hosts: usize,
}

impl Fields {
    fn read<'h>(lines: impl Iterator<Item = &'h [u8]>) -> Result<Self, Ambiguity> {
        let mut fields = Self::default();
        for (n, line) in lines.enumerate() {
            if n >= limits::FIELDS {
                return Err(Ambiguity::TooLarge);
            }
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                return Err(Ambiguity::Folded);
            }
            let colon = line.iter().position(|byte| *byte == b':').ok_or(Ambiguity::FieldName)?;
            let (name, value) = line.split_at_checked(colon).ok_or(Ambiguity::FieldName)?;
            if !is_token(name) {
                return Err(Ambiguity::FieldName);
            }
            fields.take(name, value.get(1..).unwrap_or_default().trim_ascii())?;
        }
        Ok(fields)
    }

    fn take(&mut self, name: &[u8], value: &[u8]) -> Result<(), Ambiguity> {
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            let length = str::from_utf8(value).ok().filter(|_| digits).and_then(|value| value.parse().ok());
            if self.length.is_some() || length.is_none() {
                return Err(Ambiguity::Length);
            }
            self.length = length;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.coding || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Ambiguity::Coding);
            }
            self.coding = true;
        } else if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
        }
        Ok(())
    }

    fn body(&self, old: bool) -> Result<Body, Ambiguity> {
        match (self.length, self.coding) {
            (Some(_), true) => Err(Ambiguity::LengthAndCoding),
            (None, true) if old => Err(Ambiguity::Coding),
            (None, true) => Ok(Body::Chunked),
            (Some(length), false) => Ok(Body::Length(length)),
            (None, false) => Ok(Body::Unsaid),
        }
    }
}

/// A token (RFC 9110 §5.6.2).
fn is_token(text: &[u8]) -> bool {
    !text.is_empty()
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(fields: &str) -> Result<Body, Ambiguity> {
        request(format!("POST /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n").as_bytes()).map(|framed| framed.body)
    }

    #[test]
    fn one_way_to_say_how_long_it_is_is_taken() {
        assert_eq!(asked(""), Ok(Body::Unsaid));
        assert_eq!(asked("Content-Length: 12\r\n"), Ok(Body::Length(12)));
        assert_eq!(asked("transfer-encoding:\tChunked \r\n"), Ok(Body::Chunked));
        let answered = answer(b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n").unwrap();
        assert_eq!((answered.body, answered.status), (Body::Unsaid, Some(204)));
        assert_eq!(answer(b"HTTP/1.0 200\r\n\r\n").unwrap().status, Some(200));
    }

    #[test]
    fn every_way_to_say_it_twice_is_refused() {
        for (fields, why) in [
            ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", Ambiguity::LengthAndCoding),
            ("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", Ambiguity::LengthAndCoding),
            ("Content-Length: 3\r\nContent-Length: 3\r\n", Ambiguity::Length),
            ("Content-Length: 3, 3\r\n", Ambiguity::Length),
            ("Content-Length: +3\r\n", Ambiguity::Length),
            ("Content-Length: 0x3\r\n", Ambiguity::Length),
            ("Content-Length: 99999999999999999999\r\n", Ambiguity::Length),
            ("Transfer-Encoding: gzip, chunked\r\n", Ambiguity::Coding),
            ("Transfer-Encoding: xchunked\r\n", Ambiguity::Coding),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", Ambiguity::Coding),
            ("Transfer-Encoding : chunked\r\n", Ambiguity::FieldName),
            ("X: y\r\n Transfer-Encoding: chunked\r\n", Ambiguity::Folded),
            ("X: y\nTransfer-Encoding: chunked\r\n", Ambiguity::LineEnd),
            ("X: y\rTransfer-Encoding: chunked\r\n", Ambiguity::LineEnd),
            ("X: y\0\r\n", Ambiguity::LineEnd),
            ("Host: b\r\n", Ambiguity::Host),
            ("nonsense\r\n", Ambiguity::FieldName),
        ] {
            assert_eq!(asked(fields), Err(why), "{fields:?}");
        }
        assert_eq!(request(b"GET / HTTP/1.1\r\n\r\n"), Err(Ambiguity::Host));
        assert_eq!(request(b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), Err(Ambiguity::FirstLine));
        assert_eq!(request(b"GET / HTTP/1.2\r\nHost: a\r\n\r\n"), Err(Ambiguity::FirstLine));
        assert_eq!(request(b"GET /\r\n\r\n"), Err(Ambiguity::FirstLine));
        assert_eq!(request(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), Err(Ambiguity::Coding));
        assert_eq!(asked(&"X: y\r\n".repeat(limits::FIELDS)), Err(Ambiguity::TooLarge));
        assert_eq!(trailers(b"Content-Length: 3\r\n"), Err(Ambiguity::Trailer));
        assert_eq!(trailers(b"Checksum: 3\r\n"), Ok(()));
        for first in ["HTTP/2 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1  200", "ICY 200 OK", "HTTP/1.1 200OK"] {
            assert_eq!(answer(format!("{first}\r\n\r\n").as_bytes()), Err(Ambiguity::FirstLine), "{first}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop((request(&bytes), answer(&bytes), trailers(&bytes)));
        }

        #[test]
        fn what_is_taken_says_its_length_once(
            fields in proptest::collection::vec(("(content-length|transfer-encoding|x-a)", "([0-9]{1,3}|chunked)"), 0..4),
        ) {
            let text: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let framing = fields.iter().filter(|(name, _)| name != "x-a").count();
            if asked(&text).is_ok() {
                prop_assert!(framing <= 1);
            }
        }
    }
}
