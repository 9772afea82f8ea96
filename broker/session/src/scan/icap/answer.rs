//! Reads an ICAP answer: its head, the HTTP head inside it, and the chunks of a body. Every length is bounded.

use aws_lc_rs::digest::{Context, SHA256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;

use super::ScanError;
use crate::scan::plain;

/// The longest head.
const HEAD_BYTES: usize = 16 << 10;
/// The longest line of a chunk's length.
const LINE_BYTES: usize = 256;

/// A head: of ICAP, or of HTTP inside it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// 0 for a request's.
    pub status: u16,
    /// Names in small letters.
    fields: Vec<(String, String)>,
}

/// The reading half of a connection to a scanner.
pub(super) struct Reader(pub BufReader<OwnedReadHalf>);

impl Head {
    /// Reads a head, with or without the empty line at its end.
    pub(super) fn parse(head: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(head).ok()?;
        let mut lines = text.split("\r\n");
        let first = lines.next()?;
        let status = if first.starts_with("ICAP/1.") || first.starts_with("HTTP/1.") {
            let status = first.split(' ').nth(1)?;
            status.parse().ok().filter(|_| status.len() == 3)?
        } else {
            first.contains(" HTTP/1.").then_some(0)?
        };
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            // A folded line goes on with the field before it.
            if line.starts_with([' ', '\t']) {
                let (_, value) = fields.last_mut()?;
                value.push(' ');
                value.push_str(line.trim());
                continue;
            }
            let (name, value) = line.split_once(':')?;
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        Some(Self { status, fields })
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What was found, in one of the fields that scanners use for it.
    pub(super) fn threat(&self) -> Option<&str> {
        if let Some(found) = self.field("x-infection-found") {
            let threat = found.split(';').find_map(|part| part.trim().strip_prefix("Threat="));
            return Some(threat.unwrap_or(found));
        }
        self.field("x-virus-id").or_else(|| self.field("x-violations-found"))
    }

    /// Whether it is no file but a page that says no.
    pub(super) fn forbids(&self) -> bool {
        self.status >= 400 || self.threat().is_some()
    }

    /// How long the encapsulated heads are, and where the last of them begins (§4.4.1).
    fn encapsulated(&self) -> Option<(usize, usize)> {
        let mut last_head = 0;
        for part in self.field("encapsulated")?.split(',') {
            let (name, at) = part.trim().split_once('=')?;
            let at: usize = at.parse().ok().filter(|at| *at <= HEAD_BYTES)?;
            match name {
                "req-hdr" | "res-hdr" => last_head = at,
                "null-body" | "req-body" | "res-body" => return (last_head <= at).then_some((at, last_head)),
                _ => return None,
            }
        }
        None
    }
}

impl Reader {
    /// The next head.
    pub(super) async fn head(&mut self) -> Result<Head, ScanError> {
        let mut head = Vec::new();
        loop {
            let before = head.len();
            self.line(&mut head, HEAD_BYTES).await?;
            if head.len() == before + 2 && before > 0 {
                break;
            }
        }
        Head::parse(&head).ok_or_else(|| unread("a head that is none"))
    }

    /// The HTTP head inside an answer; none at all is an empty one.
    pub(super) async fn encapsulated(&mut self, head: &Head) -> Result<Head, ScanError> {
        let (length, last) = head.encapsulated().ok_or_else(|| unread("no such encapsulation"))?;
        let mut heads = vec![0; length];
        self.0.read_exact(&mut heads).await.map_err(ScanError::Unreachable)?;
        match heads.get(last..).filter(|inner| !inner.is_empty()) {
            Some(inner) => Head::parse(inner).ok_or_else(|| unread("an encapsulated head that is none")),
            None => Ok(Head::default()),
        }
    }

    /// Length and SHA-256 of a body in chunks that has at most so many bytes; a longer one is read no further.
    pub(super) async fn body(&mut self, most: u64) -> Result<(u64, String), ScanError> {
        let mut hash = Context::new(&SHA256);
        let mut length = 0;
        loop {
            let mut line = Vec::new();
            self.line(&mut line, LINE_BYTES).await?;
            let size = chunk_size(&line).ok_or_else(|| unread("a chunk without its length"))?;
            length += size;
            if size == 0 || length > most {
                break;
            }
            self.chunk(size, &mut hash).await?;
        }
        let hash = hash.finish();
        Ok((length, hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    async fn chunk(&mut self, size: u64, hash: &mut Context) -> Result<(), ScanError> {
        let mut left = size;
        while left > 0 {
            let here = self.0.fill_buf().await.map_err(ScanError::Unreachable)?;
            let take = here.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let Some(part) = here.get(..take).filter(|part| !part.is_empty()) else {
                return Err(unread("a body that breaks off"));
            };
            hash.update(part);
            self.0.consume(take);
            left -= u64::try_from(take).unwrap_or(left);
        }
        let mut end = [0; 2];
        self.0.read_exact(&mut end).await.map_err(ScanError::Unreachable)?;
        if end == *b"\r\n" { Ok(()) } else { Err(unread("a chunk longer than its length")) }
    }

    /// A line with its end, added to what is there already.
    async fn line(&mut self, to: &mut Vec<u8>, most: usize) -> Result<(), ScanError> {
        let room = u64::try_from(most.saturating_sub(to.len())).unwrap_or(u64::MAX);
        (&mut self.0).take(room).read_until(b'\n', to).await.map_err(ScanError::Unreachable)?;
        if to.ends_with(b"\r\n") { Ok(()) } else { Err(unread("a line that is too long or breaks off")) }
    }
}

/// The length before a chunk; extensions after it mean nothing here.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line).ok()?;
    let digits = text.split(';').next()?.trim();
    let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|size| hex && *size < 1 << 48)
}

fn unread(what: &str) -> ScanError {
    ScanError::Answer(plain(what.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_scanners_call_a_find_is_understood() {
        let threat = |field: &str| {
            let head = format!("ICAP/1.0 200 OK\r\n{field}\r\n\r\n");
            Head::parse(head.as_bytes()).unwrap().threat().map(str::to_owned)
        };
        let found = threat("X-Infection-Found: Type=0; Resolution=2; Threat=Eicar-Test;");
        assert_eq!(found.as_deref(), Some("Eicar-Test"));
        assert_eq!(threat("X-Virus-ID: EICAR Test String").as_deref(), Some("EICAR Test String"));
        assert_eq!(threat("X-Violations-Found: 1\r\n\t-\r\n\tEICAR\r\n\t0").as_deref(), Some("1 - EICAR 0"));
        assert_eq!(threat("ISTag: \"a\""), None);
        assert!(Head::parse(b"HTTP/1.1 403 Forbidden\r\n\r\n").unwrap().forbids());
    }

    #[test]
    fn where_a_body_begins_is_said_by_the_encapsulation() {
        let said = |list: &str| {
            let head = format!("ICAP/1.0 200 OK\r\nEncapsulated: {list}\r\n\r\n");
            Head::parse(head.as_bytes()).unwrap().encapsulated()
        };
        assert_eq!(said("res-hdr=0, res-body=137"), Some((137, 0)));
        assert_eq!(said("req-hdr=0, res-hdr=45, res-body=100"), Some((100, 45)));
        assert_eq!(said("null-body=0"), Some((0, 0)));
        for wrong in ["", "res-hdr=0", "res-hdr=9, res-body=2", "res-body=99999999", "opt-body=0"] {
            assert_eq!(said(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_chunk_s_length_is_hexadecimal_and_bounded() {
        assert_eq!(chunk_size(b"1f; ext\r\n"), Some(31));
        for wrong in [&b""[..], b"\r\n", b"+1\r\n", b"-1", b"g", b"ffffffffffffffff", b"1000000000000"] {
            assert_eq!(chunk_size(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_readers(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Some(head) = Head::parse(&bytes) {
                let _ = (head.encapsulated(), head.threat(), head.forbids());
            }
            let _ = chunk_size(&bytes);
        }

        #[test]
        fn a_head_is_read_as_it_was_written(
            status in 100_u16..600,
            fields in prop::collection::vec(("[a-z][a-z-]{0,12}", "[!-~]{0,40}"), 0..8),
        ) {
            let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let head = Head::parse(format!("ICAP/1.0 {status} Said\r\n{lines}\r\n").as_bytes()).unwrap();
            prop_assert_eq!((head.status, &head.fields), (status, &fields));
        }

        #[test]
        fn a_length_is_read_as_it_was_written(size in 0_u64..1 << 40) {
            prop_assert_eq!(chunk_size(format!("{size:X}\r\n").as_bytes()), Some(size));
        }
    }
}
