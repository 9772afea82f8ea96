//! Heads of requests and answers, and what is said of their bodies, out of a lane's events. What a reader does not know, or
//! what is of another shape, is left out: an event is read, and never believed to be well-formed.

use serde_json::Value;

use super::masked::shown;

/// Header fields of one head, and bytes of all of them; what goes beyond is left out.
const MOST_FIELDS: usize = 1000;
const MOST_BYTES: usize = 256 << 10;
/// A method, a version and a name are cut here, a URL there, in characters.
const MOST_WORD: usize = 64;
const MOST_URL: usize = 16 << 10;
/// And what the gate says of itself.
const MOST_SAID: usize = 400;

/// Name and value of each header field, in order, without what signs somebody in. A byte that is no ASCII is the character of
/// its number (ISO 8859-1).
pub type Fields = Vec<(String, String)>;

/// A request, as the client sent it: without the gate's own cookie, and before a credential was injected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// GET, POST, …
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// `HTTP/1.1` or `HTTP/2`.
    pub version: String,
    /// Header fields.
    pub headers: Fields,
    /// The name of the credential that went in behind the recording.
    pub injected: Option<String>,
}

/// The head of an answer, as the target sent it, or the gate in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Status code.
    pub status: u16,
    /// `HTTP/1.1` or `HTTP/2`.
    pub version: String,
    /// Header fields.
    pub headers: Fields,
    /// Why the gate answered, where it did.
    pub gate: Option<String>,
}

/// What passed of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Bytes that passed, with their content coding; of an unfinished one those that were recorded, or stated.
    pub bytes: u64,
    /// Bytes that are in the recording.
    pub recorded: u64,
    /// SHA-256 of all that passed, hex; none while it is unfinished.
    pub sha256: Option<String>,
    /// Whether its end passed: what was given up or cut has none.
    pub ended: bool,
}

impl Asked {
    pub(super) fn read(body: &Value) -> Self {
        Self {
            method: word(body, "method"),
            url: cut(body, "url", MOST_URL),
            version: word(body, "version"),
            headers: fields(body),
            injected: Some(word(body, "injected")).filter(|name| !name.is_empty()),
        }
    }

    /// The first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }
}

impl Answered {
    pub(super) fn read(body: &Value) -> Self {
        let status = body.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        let gate = (word(body, "by") == "gate").then(|| cut(body, "why", MOST_SAID));
        Self { status: status.unwrap_or(0), version: word(body, "version"), headers: fields(body), gate }
    }

    /// The first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }
}

impl Passed {
    /// What is stated of a body on its way, beyond what is recorded of it.
    pub(super) fn reached(&mut self, body: &Value) {
        self.bytes = self.bytes.max(number(body, "bytes").unwrap_or_default());
    }

    /// What the end of a body says of it; how much was recorded is seen, not said.
    pub(super) fn ended(&mut self, body: &Value) {
        if let Some(bytes) = number(body, "bytes") {
            self.bytes = bytes;
        }
        self.ended = word(body, "outcome").replace("complete", "").is_empty();
        let hash = body.get("sha256").and_then(Value::as_str);
        self.sha256 = hash.filter(|hash| is_hash(hash)).map(str::to_owned);
    }
}

/// A field's value, whatever the case of its name (RFC 9110 §5.1).
pub(super) fn field<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A 64-bit number, as a decimal string or as a number.
pub(super) fn number(body: &Value, name: &str) -> Option<u64> {
    let value = body.get(name)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// A word of an event, cut.
pub(super) fn word(body: &Value, name: &str) -> String {
    cut(body, name, MOST_WORD)
}

fn cut(body: &Value, name: &str, most: usize) -> String {
    body.get(name).and_then(Value::as_str).unwrap_or_default().chars().take(most).collect()
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn fields(body: &Value) -> Fields {
    let mut bytes = 0;
    let pairs = body.get("headers").and_then(Value::as_array).into_iter().flatten().filter_map(|pair| {
        let text = |at: usize| pair.get(at).and_then(Value::as_str);
        Some((text(0)?, text(1)?))
    });
    let fits = |(name, value): &(&str, &str)| {
        bytes += name.len() + value.len();
        bytes <= MOST_BYTES
    };
    pairs
        .take(MOST_FIELDS)
        .take_while(fits)
        .map(|(name, value)| (name.to_owned(), shown(name, value).into_owned()))
        .collect()
}
