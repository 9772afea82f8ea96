//! Canonical JSON (RFC 8785): one text for one value, so that a hash of it means something.

use serde_json::Value;

/// Integers beyond this lose digits in readers that use binary64 (RFC 8785 §3.2.2.3).
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Why a value has no canonical text.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// An integer that a binary64 reader would change.
    #[error("the integer {0} does not fit 53 bits; write it as a string")]
    UnsafeInteger(String),
    /// The serialiser refused the value.
    #[error("the value cannot be written as canonical JSON")]
    Serialise(#[source] serde_json::Error),
}

/// The canonical text of `value` (RFC 8785).
///
/// # Errors
/// For an integer beyond ±(2⁵³ − 1): 64-bit numbers are written as strings.
pub fn canonical_json(value: &Value) -> Result<String, CanonicalError> {
    check_integers(value)?;
    serde_json_canonicalizer::to_string(value).map_err(CanonicalError::Serialise)
}

/// Whether `text` is the canonical text of what was read from it. Another text may be read in another way by somebody else.
pub(crate) fn is_canonical(text: &[u8], value: &Value) -> bool {
    serde_json_canonicalizer::to_vec(value).is_ok_and(|canonical| canonical == text)
}

fn check_integers(value: &Value) -> Result<(), CanonicalError> {
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
        Value::Array(items) => items.iter().try_for_each(check_integers),
        Value::Object(fields) => fields.values().try_for_each(check_integers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::canonical_json;

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
}
