//! The target's credential, put into a request after it was recorded (P6): the technician never has it, and the recording
//! holds its name alone.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, IF_RANGE, RANGE, SEC_WEBSOCKET_EXTENSIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// A field that the gate adds to each request of a visit.
#[derive(Clone)]
pub struct Injection {
    name: String,
    field: HeaderName,
    value: HeaderValue,
    /// What must not come back in an answer's fields: the value, and what it is made of.
    secrets: Vec<Vec<u8>>,
}

/// A credential that fits into no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential does not fit into a field; seal it again without line ends")]
pub struct NotAField;

impl Injection {
    /// A user's password (RFC 7617).
    ///
    /// # Errors
    /// When the user's name holds a colon.
    pub fn basic(user: &str, password: &str) -> Result<Self, NotAField> {
        if user.contains(':') {
            return Err(NotAField);
        }
        let token = STANDARD.encode(format!("{user}:{password}"));
        let secrets = vec![token.clone().into_bytes(), password.as_bytes().to_vec()];
        Self::new(format!("basic {user}"), AUTHORIZATION, &format!("Basic {token}"), secrets)
    }

    /// A field with a value of its own.
    ///
    /// # Errors
    /// When the name or the value is none of a field, or is one that frames or routes a request.
    pub fn header(name: &str, value: &str) -> Result<Self, NotAField> {
        let field: HeaderName = name.parse().map_err(|_| NotAField)?;
        let frames = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "cookie"];
        if frames.contains(&field.as_str()) {
            return Err(NotAField);
        }
        Self::new(format!("header {field}"), field, value, vec![value.as_bytes().to_vec()])
    }

    fn new(name: String, field: HeaderName, value: &str, secrets: Vec<Vec<u8>>) -> Result<Self, NotAField> {
        let mut value = HeaderValue::from_str(value).map_err(|_| NotAField)?;
        value.set_sensitive(true);
        Ok(Self { name, field, value, secrets })
    }

    /// How the recording calls it: the kind and no secret.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts it in the place of whatever the client has sent there. What comes back must be readable: nothing is asked for in
    /// a coding, or in parts, of which each would hold half a secret.
    pub(super) fn put_into(&self, fields: &mut HeaderMap) {
        fields.insert(self.field.clone(), self.value.clone());
        fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for name in [RANGE, IF_RANGE, SEC_WEBSOCKET_EXTENSIONS] {
            fields.remove(name);
        }
    }

    /// Begins to look for the secret in what comes back.
    pub(super) fn sought(&self) -> Sought {
        let across = self.secrets.iter().map(Vec::len).max().unwrap_or_default();
        Sought { injection: self.clone(), across, tail: Vec::new() }
    }

    /// Takes fields out of an answer that hold the secret: a target that echoes it tells the technician.
    pub(super) fn take_out_of(&self, fields: &mut HeaderMap) {
        let tells: Vec<HeaderName> = fields
            .iter()
            .filter(|(_, value)| self.is_in(value.as_bytes()))
            .map(|(name, _)| name.clone())
            .collect();
        for name in tells {
            fields.remove(name);
        }
    }

    /// Whether the secret stands in these bytes. Secrets of a few characters are in everything.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        let long = self.secrets.iter().filter(|secret| secret.len() >= 6);
        long.into_iter().any(|secret| bytes.windows(secret.len()).any(|window| window == secret.as_slice()))
    }
}

/// Whether an answer's content is in a coding, in which no secret could be seen.
pub(super) fn is_coded(fields: &HeaderMap) -> bool {
    let codings = fields.get_all(CONTENT_ENCODING).iter();
    codings.into_iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// A secret that is looked for in a stream of bytes, however they are cut.
pub(super) struct Sought {
    injection: Injection,
    /// The longest secret, in bytes.
    across: usize,
    /// The end of what came before.
    tail: Vec<u8>,
}

impl Sought {
    /// Whether the secret stands in what came, or across it and what came before.
    pub(super) fn is_in(&mut self, bytes: &[u8]) -> bool {
        let begin = bytes.get(..bytes.len().min(self.across)).unwrap_or_default();
        self.tail.extend_from_slice(begin);
        let tells = self.injection.is_in(&self.tail) || self.injection.is_in(bytes);
        let end = bytes.get(bytes.len().saturating_sub(self.across)..).unwrap_or_default();
        self.tail.extend_from_slice(if bytes.len() > self.across { end } else { &[] });
        let drop_until = self.tail.len().saturating_sub(self.across);
        self.tail.drain(..drop_until);
        tells
    }

    /// Takes fields out of trailers that hold it.
    pub(super) fn take_out_of(&self, fields: &mut HeaderMap) {
        self.injection.take_out_of(fields);
    }
}

impl std::fmt::Debug for Injection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hash = digest(&SHA256, self.value.as_bytes());
        write!(f, "Injection({}, {})", self.name, hex::encode(hash.as_ref().get(..4).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_comes_back_is_asked_for_in_a_form_that_can_be_read() {
        let injection = Injection::basic("service", "s3cret-word").unwrap();
        let mut fields = HeaderMap::new();
        for (name, value) in [
            ("accept-encoding", "gzip, br"),
            ("range", "bytes=0-9"),
            ("if-range", "x"),
            ("sec-websocket-extensions", "permessage-deflate"),
        ] {
            fields.insert(name, HeaderValue::from_static(value));
        }
        injection.put_into(&mut fields);
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["accept-encoding", "authorization"]);
        assert_eq!(fields["accept-encoding"], "identity");
        let mut answer = HeaderMap::new();
        assert!(!is_coded(&answer));
        answer.insert("content-encoding", HeaderValue::from_static("Identity"));
        assert!(!is_coded(&answer));
        answer.append("content-encoding", HeaderValue::from_static("gzip"));
        assert!(is_coded(&answer));
    }

    proptest! {
        #[test]
        fn it_is_seen_however_the_bytes_are_cut(
            long in 6usize..2000, before in "[a-y]{0,700}", after in "[a-y]{0,700}", cut in 1usize..900,
        ) {
            let secret = "z".repeat(long);
            let injection = Injection::header("X-Key", &secret).unwrap();
            let text = format!("{before}{secret}{after}");
            let mut sought = injection.sought();
            let seen = text.as_bytes().chunks(cut).any(|piece| sought.is_in(piece));
            prop_assert!(seen);
            let mut sought = injection.sought();
            let clean = format!("{before}{}{after}", "z".repeat(long - 1));
            prop_assert!(!clean.as_bytes().chunks(cut).any(|piece| sought.is_in(piece)));
        }
    }

    #[test]
    fn it_stands_in_the_place_of_the_client_s_and_shows_nowhere() {
        let injection = Injection::basic("service", "s3cret-word").unwrap();
        let mut fields = HeaderMap::new();
        fields.append(AUTHORIZATION, HeaderValue::from_static("Bearer mine"));
        injection.put_into(&mut fields);
        let put: Vec<_> = fields.get_all(AUTHORIZATION).iter().collect();
        assert_eq!(put, ["Basic c2VydmljZTpzM2NyZXQtd29yZA=="]);
        assert!(put[0].is_sensitive());
        let said = format!("{injection:?} {}", injection.name());
        assert!(!said.contains("s3cret") && !said.contains("c2Vydm"), "{said}");
        assert_eq!(injection.name(), "basic service");
    }

    #[test]
    fn an_answer_that_echoes_it_loses_that_field() {
        let injection = Injection::header("X-Api-Key", "0123456789").unwrap();
        let mut fields = HeaderMap::new();
        fields.insert("x-echo", HeaderValue::from_static("key=0123456789;"));
        fields.insert("x-other", HeaderValue::from_static("012345678"));
        injection.take_out_of(&mut fields);
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["x-other"]);
    }

    #[test]
    fn what_is_no_field_or_frames_a_request_is_none() {
        assert!(Injection::header("X-Key", "a\r\nHost: b").is_err());
        assert!(Injection::header("Host", "b").is_err());
        assert!(Injection::header("a b", "c").is_err());
        assert!(Injection::basic("a:b", "c").is_err());
    }
}
