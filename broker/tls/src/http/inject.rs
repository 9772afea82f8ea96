//! The target's credential, put into a request after it was recorded (P6): the technician never has it, and the recording
//! holds its name alone.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use chaperone_policy::SHORTEST_HEADER_SECRET;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, IF_RANGE, RANGE, SEC_WEBSOCKET_EXTENSIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Secrets of fewer characters are in everything, and are not looked for.
const SHORTEST: usize = SHORTEST_HEADER_SECRET;
/// So much of a secret's beginning is held back until it is known what follows, in bytes, or half of a short one: behind what
/// is no secret of it. Who has the target say guesses of theirs sees which of them wait: so much at once nobody guesses.
const HELD_FROM: usize = 8;
/// A field that the gate adds to each request of a visit.
#[derive(Clone)]
pub struct Injection {
    name: String,
    field: HeaderName,
    value: HeaderValue,
    /// What must not come back in an answer's fields: the value, and what it is made of.
    secrets: Vec<Secret>,
}

/// What must not come back.
#[derive(Clone)]
struct Secret {
    bytes: Vec<u8>,
    /// How much of its beginning must be there before it is held back.
    held_from: usize,
}

impl Secret {
    /// Of which the first `known` bytes are anybody's to know.
    fn new(bytes: &str, known: usize) -> Self {
        let held_from = known + HELD_FROM.min(bytes.len().saturating_sub(known) / 2).max(1);
        Self { bytes: bytes.as_bytes().to_vec(), held_from }
    }

    /// How many bytes at this end may be its beginning.
    fn begins_at_the_end(&self, bytes: &[u8]) -> Option<usize> {
        let most = bytes.len().min(self.bytes.len().saturating_sub(1));
        (self.held_from..=most)
            .rev()
            .find(|len| self.bytes.get(..*len).is_some_and(|begin| bytes.ends_with(begin)))
    }
}

/// A credential that fits into no field, or could not be told from anything else in what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential does not fit into a field, or is too short; seal another, without line ends")]
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
        // Four letters for three bytes, the first of which are the name.
        let known = (user.len() + 1) / 3 * 4;
        let secrets = vec![Secret::new(&token, known), Secret::new(password, 0)];
        Self::new(format!("basic {user}"), AUTHORIZATION, &format!("Basic {token}"), secrets)
    }

    /// A field with a value of its own.
    ///
    /// # Errors
    /// When the name or the value is none of a field, or is one that frames or routes a request, and when the value is too short to
    /// be looked for.
    pub fn header(name: &str, value: &str) -> Result<Self, NotAField> {
        let field: HeaderName = name.parse().map_err(|_| NotAField)?;
        let frames = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "cookie"];
        if frames.contains(&field.as_str()) || value.len() < SHORTEST {
            return Err(NotAField);
        }
        // A scheme before it, and what a JSON Web Token begins with (RFC 7519), are no secrets.
        let word = value.rfind(' ').map_or(0, |space| space + 1);
        let rest = value.get(word..).filter(|rest| rest.starts_with("eyJ"));
        let known = word + rest.and_then(|rest| rest.find('.')).map_or(0, |dot| dot + 1);
        let mut secrets = vec![Secret::new(value, known)];
        // A page says the token without its scheme.
        if let Some(token) = value.get(word..).filter(|token| word > 0 && token.len() >= SHORTEST) {
            secrets.push(Secret::new(token, known - word));
        }
        Self::new(format!("header {field}"), field, value, secrets)
    }

    fn new(name: String, field: HeaderName, value: &str, secrets: Vec<Secret>) -> Result<Self, NotAField> {
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
        let across = self.looked_for().map(<[u8]>::len).max().unwrap_or_default();
        Sought { injection: self.clone(), across, tail: Vec::new(), held: Bytes::new() }
    }

    /// Takes fields out of an answer that hold the secret: a target that echoes it tells the technician. Returns whether there
    /// were any.
    pub(super) fn take_out_of(&self, fields: &mut HeaderMap) -> bool {
        let tells: Vec<HeaderName> = fields
            .iter()
            .filter(|(_, value)| self.is_in(value.as_bytes()))
            .map(|(name, _)| name.clone())
            .collect();
        for name in &tells {
            fields.remove(name);
        }
        !tells.is_empty()
    }

    /// Whether the secret stands in these bytes.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        self.looked_for().any(|secret| bytes.windows(secret.len()).any(|window| window == secret))
    }

    /// How many bytes at this end may be the beginning of the secret.
    fn begins_at_the_end(&self, bytes: &[u8]) -> usize {
        let looked_for = self.secrets.iter().filter(|secret| secret.bytes.len() >= SHORTEST);
        looked_for.filter_map(|secret| secret.begins_at_the_end(bytes)).max().unwrap_or_default()
    }

    fn looked_for(&self) -> impl Iterator<Item = &[u8]> {
        self.secrets.iter().map(|secret| secret.bytes.as_slice()).filter(|secret| secret.len() >= SHORTEST)
    }
}

/// Whether an answer's content is in a coding, in which no secret could be seen.
pub(super) fn is_coded(fields: &HeaderMap) -> bool {
    let codings = fields.get_all(CONTENT_ENCODING).iter();
    codings.into_iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// A secret that is looked for in a stream of bytes, however they are cut. What may be its beginning passes once it is known not
/// to be.
pub(super) struct Sought {
    injection: Injection,
    /// The longest secret, in bytes.
    across: usize,
    /// The last that passed, perhaps a beginning.
    tail: Vec<u8>,
    /// What waits for what follows.
    held: Bytes,
}

impl Sought {
    /// What passes of these bytes, behind what was held back; `None` when the secret stands in them. So much of its beginning
    /// as is held back, with something else behind it, is none by chance: that is how one would go on guessing who knows it.
    pub(super) fn passes(&mut self, bytes: Bytes) -> Option<Bytes> {
        let held = self.held.len();
        let mut bytes = joined(std::mem::take(&mut self.held), bytes);
        let begin = bytes.get(..bytes.len().min(self.across)).unwrap_or_default();
        if self.injection.is_in(&[self.tail.as_slice(), begin].concat()) || self.injection.is_in(&bytes) {
            return None;
        }
        let end = bytes.get(bytes.len().saturating_sub(self.across)..).unwrap_or_default();
        let end = if end.len() < self.across { [self.tail.as_slice(), end].concat() } else { end.to_vec() };
        let holds = self.injection.begins_at_the_end(&end).min(bytes.len());
        // What goes on as the secret does is still held, whole.
        let goes_on = holds == bytes.len() && holds >= held;
        if held > 0 && !goes_on {
            return None;
        }
        self.held = bytes.split_off(bytes.len() - holds);
        let last = bytes.get(bytes.len().saturating_sub(self.across)..).unwrap_or_default();
        self.tail.extend_from_slice(last);
        self.tail.drain(..self.tail.len().saturating_sub(self.across));
        Some(bytes)
    }

    /// The same, with nothing behind them. What has waited until here was a beginning alone.
    pub(super) fn last(&mut self, bytes: Bytes) -> Option<Bytes> {
        let waited = !self.held.is_empty();
        let passes = self.passes(bytes)?;
        let held = std::mem::take(&mut self.held);
        (!waited || held.is_empty()).then(|| joined(passes, held))
    }
}

fn joined(first: Bytes, second: Bytes) -> Bytes {
    if first.is_empty() {
        return second;
    }
    if second.is_empty() {
        return first;
    }
    let mut both = BytesMut::from(first);
    both.extend_from_slice(&second);
    both.freeze()
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

    /// What passes of a text that comes in pieces; `None` once the secret was seen, with what had passed by then.
    fn passed(injection: &Injection, text: &str, cut: usize) -> (Vec<u8>, bool) {
        let (mut sought, mut passed) = (injection.sought(), Vec::new());
        for piece in text.as_bytes().chunks(cut) {
            match sought.passes(Bytes::copy_from_slice(piece)) {
                Some(bytes) => passed.extend_from_slice(&bytes),
                None => return (passed, true),
            }
        }
        match sought.last(Bytes::new()) {
            Some(bytes) => passed.extend_from_slice(&bytes),
            None => return (passed, true),
        }
        (passed, false)
    }

    proptest! {
        #[test]
        fn it_is_seen_however_the_bytes_are_cut_and_none_of_it_has_passed_before(
            secret in "[a-c]{6,30}", long in proptest::bool::ANY, before in "[a-d]{0,300}", after in "[a-d]{0,300}",
            cut in 1usize..400,
        ) {
            let secret = if long { secret.repeat(40) } else { secret };
            let injection = Injection::header("X-Key", &secret).unwrap();
            let text = format!("{before}{secret}{after}");
            let (passed, seen) = passed(&injection, &text, cut);
            prop_assert!(seen && text.as_bytes().starts_with(&passed));
            prop_assert!(passed.len() < text.find(&secret).unwrap() + HELD_FROM, "{} bytes passed", passed.len());
        }

        #[test]
        fn what_holds_nothing_like_it_passes_whole_and_at_once(
            secret in "[a-c]{6,30}", text in "[a-c]{0,300}", cut in 1usize..400,
        ) {
            let injection = Injection::header("X-Key", &secret).unwrap();
            prop_assume!(!text.contains(&secret[..injection.secrets[0].held_from]));
            let mut sought = injection.sought();
            for piece in text.as_bytes().chunks(cut) {
                let passed = sought.passes(Bytes::copy_from_slice(piece));
                prop_assert_eq!(passed.as_deref(), Some(piece));
            }
        }

        #[test]
        fn guessing_brings_nothing_in_however_many_messages(
            secret in "[a-b]{16,30}", guesses in prop::collection::vec("[a-b]{1,20}", 1..200),
        ) {
            let injection = Injection::header("X-Key", &secret).unwrap();
            let mut sought = injection.sought();
            let mut waited = 0;
            for guess in guesses {
                // Each guess, and what the next message of the connection begins with.
                let said = sought.passes(guess.clone().into()).and_then(|passed| {
                    waited += u32::from(passed.len() < guess.len());
                    sought.passes(Bytes::from_static(b"\x81"))
                });
                if said.is_none() {
                    break;
                }
            }
            prop_assert!(waited <= 1, "{waited} guesses were told apart");
        }
    }

    #[test]
    fn its_beginning_waits_and_the_end_of_a_message_does_not() {
        let mut sought = Injection::header("X-Key", "s3cret-word-of-16").unwrap().sought();
        let mut passes = |text: &'static str| sought.passes(Bytes::from_static(text.as_bytes()));
        assert_eq!(passes("data: 1\n\n").unwrap(), "data: 1\n\n");
        assert_eq!(passes("key s3cret-").unwrap(), "key s3cret-", "too little to be guessed by");
        assert_eq!(passes("word-").unwrap(), "", "in two parts");
        assert_eq!(passes("of-1").unwrap(), "");
        assert_eq!(passes("6"), None);
        let mut sought = sought.injection.sought();
        assert_eq!(sought.passes("s3cret-word".into()).unwrap(), "");
        assert_eq!(sought.passes("-smith".into()), None, "somebody guesses");
        let mut sought = sought.injection.sought();
        assert_eq!(sought.passes("s3cret-word".into()).unwrap(), "");
        assert_eq!(sought.last(Bytes::new()), None, "also where nothing follows");
        let mut whole = sought.injection.sought();
        assert_eq!(
            whole.last("a s3cret-word".into()).unwrap(),
            "a s3cret-word",
            "of which nobody sees that it waits"
        );
    }

    #[test]
    fn what_anybody_knows_of_it_is_not_held_back() {
        let injection = Injection::basic("service", "s3cret-word-16-ch").unwrap();
        let token = STANDARD.encode("service:s3cret-word-16-ch");
        let jwt = "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJwdW1wcyJ9.c2lnbmF0dXJlLW9mLWl0";
        for (injection, said) in [
            (injection, &token[..STANDARD.encode("service").len()]),
            (Injection::header("Authorization", jwt).unwrap(), &jwt[..30]),
        ] {
            let passed = injection.sought().passes(Bytes::copy_from_slice(said.as_bytes()));
            assert_eq!(passed.as_deref(), Some(said.as_bytes()));
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
    fn a_token_is_looked_for_without_its_scheme() {
        let injection = Injection::header("Authorization", "Bearer 0123456789").unwrap();
        assert!(injection.is_in(b"{\"token\":\"0123456789\"}") && injection.is_in(b"Bearer 0123456789"));
        assert!(!injection.is_in(b"Bearer 012345678"));
        let web = Injection::header("Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJwdW1wIn0.c2ln")
            .unwrap();
        assert!(web.is_in(b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJwdW1wIn0.c2ln"));
        // A word behind a space that is too short to be looked for by itself.
        assert!(!Injection::header("X-Key", "long enough x").unwrap().is_in(b"x"));
    }

    #[test]
    fn an_answer_that_echoes_it_loses_that_field() {
        let injection = Injection::header("X-Api-Key", "0123456789").unwrap();
        let mut fields = HeaderMap::new();
        fields.insert("x-echo", HeaderValue::from_static("key=0123456789;"));
        fields.insert("x-other", HeaderValue::from_static("012345678"));
        assert!(injection.take_out_of(&mut fields));
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["x-other"]);
        assert!(!injection.take_out_of(&mut fields));
    }

    #[test]
    fn what_is_no_field_or_frames_a_request_is_none() {
        assert!(Injection::header("X-Key", "a\r\nHost: b").is_err());
        assert!(Injection::header("Host", "long enough").is_err());
        assert!(Injection::header("a b", "long enough").is_err());
        assert!(Injection::header("X-Key", "short").is_err(), "it would be in everything");
        assert!(Injection::basic("a:b", "c").is_err());
    }
}
