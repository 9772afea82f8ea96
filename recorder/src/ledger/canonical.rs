//! Canonical JSON (RFC 8785): one text for one value, so that a hash of it means something.

use serde_json::Value;

/// Integers beyond this lose digits in readers that use binary64 (RFC 8785 §3.2.2.3).
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Values inside each other, a number or a text among them: part of the format, and below where `serde_json` stops.
const MAX_DEPTH: u8 = 100;

/// Why a value has no canonical text.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// An integer that a binary64 reader would change.
    #[error("the integer {0} does not fit 53 bits; write it as a string")]
    UnsafeInteger(String),
    /// Values inside each other beyond what a reader follows.
    #[error("the value is nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// The serialiser refused the value.
    #[error("the value cannot be written as canonical JSON")]
    Serialise(#[source] serde_json::Error),
}

/// The canonical text of `value` (RFC 8785).
///
/// # Errors
/// For an integer beyond ±(2⁵³ − 1): 64-bit numbers are written as strings. And for more than 100 values inside each
/// other.
pub fn canonical_json(value: &Value) -> Result<String, CanonicalError> {
    check_bounds(value, MAX_DEPTH)?;
    serde_json_canonicalizer::to_string(value).map_err(CanonicalError::Serialise)
}

/// Whether a text is the canonical text of its value: another one may be read in another way by somebody else. What is
/// remembered on the way is one key for each level, however long the text is.
pub(crate) fn is_canonical(text: &[u8]) -> bool {
    let mut scan = Scan { rest: text };
    scan.value(MAX_DEPTH).is_some() && scan.rest.is_empty()
}

/// A text being checked. Everything returns `None` for what is not canonical.
struct Scan<'t> {
    rest: &'t [u8],
}

impl Scan<'_> {
    fn value(&mut self, depth: u8) -> Option<()> {
        let deeper = depth.checked_sub(1)?;
        match self.rest.first()? {
            b'{' => self.members(deeper),
            b'[' => self.items(deeper),
            b'"' => self.string().map(drop),
            _ => {
                let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}');
                let len = self.rest.iter().position(ends).unwrap_or(self.rest.len());
                let (token, rest) = self.rest.split_at(len);
                self.rest = rest;
                let value: Value = serde_json::from_slice(token).ok()?;
                (serde_json_canonicalizer::to_vec(&value).ok()? == token).then_some(())
            }
        }
    }

    /// Members in the order of their names' UTF-16 code units, each once (RFC 8785 §3.2.3).
    fn members(&mut self, depth: u8) -> Option<()> {
        self.byte(b'{')?;
        if self.byte(b'}').is_some() {
            return Some(());
        }
        let mut before: Option<String> = None;
        loop {
            let name = self.string()?;
            if before.is_some_and(|before| before.encode_utf16().ge(name.encode_utf16())) {
                return None;
            }
            before = Some(name);
            self.byte(b':')?;
            self.value(depth)?;
            if self.byte(b',').is_none() {
                return self.byte(b'}');
            }
        }
    }

    fn items(&mut self, depth: u8) -> Option<()> {
        self.byte(b'[')?;
        if self.byte(b']').is_some() {
            return Some(());
        }
        loop {
            self.value(depth)?;
            if self.byte(b',').is_none() {
                return self.byte(b']');
            }
        }
    }

    /// A string in its only form: escaped where it must be, and nowhere else.
    fn string(&mut self) -> Option<String> {
        let inside = self.rest.strip_prefix(b"\"")?;
        let mut escaped = false;
        let ends = |byte: &u8| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        };
        let len = inside.iter().position(ends)? + 2;
        let (token, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        let text: String = serde_json::from_slice(token).ok()?;
        (serde_json_canonicalizer::to_vec(&text).ok()? == token).then_some(text)
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        (*first == wanted).then(|| self.rest = rest)
    }
}

fn check_bounds(value: &Value, depth: u8) -> Result<(), CanonicalError> {
    let deeper = depth.checked_sub(1).ok_or(CanonicalError::TooDeep)?;
    match value {
        Value::Number(number) => {
            let unsigned = number.as_u64();
            let signed = number.as_i64().map(i64::unsigned_abs);
            match unsigned.or(signed) {
                Some(size) if size > MAX_SAFE_INTEGER => {
                    Err(CanonicalError::UnsafeInteger(number.to_string()))
                }
                _ => Ok(()),
            }
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_bounds(item, deeper)),
        Value::Object(fields) => fields.values().try_for_each(|field| check_bounds(field, deeper)),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use proptest::prelude::{any, proptest};

    use super::{canonical_json, is_canonical};

    #[test]
    fn keys_are_sorted_by_utf16_and_space_is_dropped() {
        let value = json!({ "b": 1, "a": [true, null, "é\n"], "\u{20ac}": 1.5 });
        assert_eq!(canonical_json(&value).unwrap(), "{\"a\":[true,null,\"é\\n\"],\"b\":1,\"€\":1.5}");
    }

    #[test]
    fn integers_that_binary64_would_change_are_refused() {
        assert!(canonical_json(&json!({ "n": 9_007_199_254_740_991_u64 })).is_ok());
        assert!(canonical_json(&json!({ "n": 9_007_199_254_740_992_u64 })).is_err());
        assert!(canonical_json(&json!([i64::MIN])).is_err());
    }

    #[test]
    fn what_is_nested_too_deeply_is_neither_written_nor_read() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        for (levels, fits) in [(100, true), (101, false)] {
            let text = nested(levels);
            assert_eq!(is_canonical(text.as_bytes()), fits, "{levels}");
            let value = serde_json::from_str(&text).unwrap();
            assert_eq!(canonical_json(&value).is_ok(), fits, "{levels}");
        }
    }

    #[test]
    fn only_the_one_text_of_a_value_is_canonical() {
        for text in [
            "{}",
            "[]",
            "0",
            "null",
            "\"\\n\\\\\"",
            "{\"a\":[1.5,{\"\":\"\"}],\"b\":1e+21}",
            "\"é\u{1f600}\"",
        ] {
            assert!(is_canonical(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            " {}",
            "{} ",
            "{\"a\": 1}",
            "[1,]",
            "[,1]",
            "{\"b\":1,\"a\":1}",
            "{\"a\":1,\"a\":1}",
            "1.0",
            "01",
            "-0",
            "1e5",
            "\"\\u0061\"",
            "\"\\/\"",
            "\"a",
            "{\"a\"}",
            "[1 2]",
            "nul",
            "{\"\u{e000}\":1,\"\u{1f600}\":1}",
            "[1]]",
        ] {
            assert!(!is_canonical(text.as_bytes()), "{text}");
        }
        assert!(!is_canonical("[".repeat(1 << 20).as_bytes()));
    }

    proptest! {
        #[test]
        fn what_is_written_canonically_is_canonical(names in proptest::collection::vec(any::<String>(), 0..8), number in any::<f64>()) {
            let fields: serde_json::Map<_, _> =
                names.iter().map(|name| (name.clone(), json!([name, number, { "n": name }]))).collect();
            let text = canonical_json(&fields.into()).unwrap();
            assert!(is_canonical(text.as_bytes()), "{text}");
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            is_canonical(&bytes);
        }
    }
}
