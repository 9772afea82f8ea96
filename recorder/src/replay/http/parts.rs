//! The files in a form that was sent (RFC 7578), hashed while they pass. Memory does not grow with them.

use aws_lc_rs::digest::{Context, SHA256};

use super::file::file_name;

/// Files of one form; what is more is in the body.
const MOST: usize = 200;
/// The head of a part, in bytes.
const MOST_HEAD: usize = 16 << 10;
/// RFC 2046 §5.1.1.
const MOST_BOUNDARY: usize = 70;

/// A file that was in a form.
pub(super) struct Part {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// A form that is being read.
pub(super) struct Parts {
    delimiter: Vec<u8>,
    state: State,
    pending: Vec<u8>,
    pub files: Vec<Part>,
}

enum State {
    /// Behind it no file begins.
    Over,
    /// Up to the next delimiter, and the file that it ends.
    Inside(Option<(String, u64, Box<Context>)>),
    /// Behind a delimiter.
    Delimited,
    /// In a part's head.
    Head,
}

impl Parts {
    /// For the value of `Content-Type`; none where it is no form with files.
    pub(super) fn of(content_type: &str) -> Option<Self> {
        let (kind, parameters) = content_type.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
        })?;
        let right = !boundary.is_empty() && boundary.len() <= MOST_BOUNDARY;
        right.then(|| Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            state: State::Inside(None),
            // The first delimiter may stand at the very beginning.
            pending: b"\r\n".to_vec(),
            files: Vec::new(),
        })
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while self.step() {}
    }

    /// Goes on by one delimiter, line or head; whether there may be more.
    fn step(&mut self) -> bool {
        match &mut self.state {
            State::Over => {
                self.pending.clear();
                false
            }
            State::Inside(file) => match find(&self.pending, &self.delimiter) {
                Some(at) => {
                    let content = self.pending.get(..at).unwrap_or_default();
                    if let Some((name, bytes, mut sha)) = file.take() {
                        sha.update(content);
                        let (bytes, sha256) = (bytes + content.len() as u64, hex::encode(sha.finish()));
                        self.files.push(Part { name, bytes, sha256 });
                    }
                    self.pending.drain(..at + self.delimiter.len());
                    self.state = if self.files.len() < MOST { State::Delimited } else { State::Over };
                    true
                }
                None => {
                    // The delimiter may have begun.
                    let sure = self.pending.len().saturating_sub(self.delimiter.len() - 1);
                    let content = self.pending.get(..sure).unwrap_or_default();
                    if let Some((_, bytes, sha)) = file {
                        sha.update(content);
                        *bytes += content.len() as u64;
                    }
                    self.pending.drain(..sure);
                    false
                }
            },
            State::Delimited => {
                if self.pending.starts_with(b"--") {
                    self.state = State::Over;
                    return true;
                }
                let Some(at) = find(&self.pending, b"\r\n") else { return self.waits() };
                self.pending.drain(..at + 2);
                self.state = State::Head;
                true
            }
            State::Head => {
                let end = if self.pending.starts_with(b"\r\n") {
                    Some((0, 2))
                } else {
                    find(&self.pending, b"\r\n\r\n").map(|at| (at, 4))
                };
                let Some((at, len)) = end else { return self.waits() };
                let head = String::from_utf8_lossy(self.pending.get(..at).unwrap_or_default()).into_owned();
                self.pending.drain(..at + len);
                let name = named(&head);
                self.state = State::Inside(name.map(|name| (name, 0, Box::new(Context::new(&SHA256)))));
                true
            }
        }
    }

    /// More is needed; a head without end is none.
    fn waits(&mut self) -> bool {
        if self.pending.len() > MOST_HEAD {
            self.state = State::Over;
            return true;
        }
        false
    }
}

/// The file's name in a part's head; a part without one is no file.
fn named(head: &str) -> Option<String> {
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    file_name(disposition)
}

fn find(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    let first = *sought.first()?;
    let mut from = 0;
    loop {
        let at = from + bytes.get(from..)?.iter().position(|byte| *byte == first)?;
        let rest = bytes.get(at..)?;
        if rest.len() < sought.len() {
            return None;
        }
        if rest.starts_with(sought) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Parts;

    const FORM: &[u8] = b"--edge\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nto be installed\r\n--edge\r\n\
        Content-Disposition: form-data; name=\"image\"; filename=\"pump.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\
        \0\r\n--edg\r\n--\r\n--edge\r\nContent-Disposition: form-data; name=\"b\"; filename=\"empty\"\r\n\r\n\r\n--edge--\r\nignored";

    fn read(step: usize) -> Vec<(String, u64, String)> {
        let mut parts = Parts::of("multipart/form-data; boundary=edge").unwrap();
        FORM.chunks(step).for_each(|piece| parts.take(piece));
        parts.files.into_iter().map(|part| (part.name, part.bytes, part.sha256)).collect()
    }

    #[test]
    fn files_of_a_form_are_hashed_however_it_came() {
        let whole = read(FORM.len());
        assert_eq!(whole.len(), 2);
        assert_eq!((whole[0].0.as_str(), whole[0].1), ("pump.bin", 12));
        // Of `\0\r\n--edg\r\n--`, as sha256sum says it.
        assert_eq!(whole[0].2, SHA_OF_PUMP);
        assert_eq!((whole[1].0.as_str(), whole[1].1), ("empty", 0));
        for step in 1..40 {
            assert_eq!(read(step), whole, "in pieces of {step}");
        }
    }

    const SHA_OF_PUMP: &str = "15339a0cd27f569fd495b370c98aa7d4bdb1a43bd3b80a9aca9f838da5112f29";

    #[test]
    fn what_is_no_form_is_none() {
        assert!(Parts::of("application/json").is_none());
        assert!(Parts::of("multipart/form-data").is_none());
        assert!(Parts::of("multipart/form-data; boundary=").is_none());
        assert!(Parts::of("multipart/mixed; boundary=edge").is_none());
        assert!(Parts::of("Multipart/Form-Data; charset=x; Boundary=\"e d\"").is_some());
    }

    proptest! {
        #[test]
        fn foreign_forms_are_read_within_bounds(pieces in proptest::collection::vec(
            proptest::collection::vec(proptest::sample::select(b"-\r\nae:;=\"fil".to_vec()), 0..60), 0..40),
            noise in proptest::collection::vec(any::<u8>(), 0..50)) {
            let mut parts = Parts::of("multipart/form-data; boundary=e").unwrap();
            for piece in &pieces {
                parts.take(piece);
                parts.take(b"\r\n--e");
                parts.take(&noise);
            }
            assert!(parts.pending.len() <= 20 << 10 && parts.files.len() <= 200);
        }
    }
}
