//! Makes text from outside harmless before a person or a collector reads it (P10).
//!
//! User names, client versions and host names come from whoever connects. Control characters, terminal escapes and
//! direction overrides are written out visibly (`\u{1b}`), never dropped, so that an analyst sees that they were there.

use serde_json::Value;

/// The longest text that a single field keeps, in characters.
pub const FIELD_MAX: usize = 512;

/// What stands where a text, list or object was cut.
pub const CUT: &str = "…(cut)";

/// Levels of nesting that a fact's body keeps; deeper ones are replaced by [`CUT`].
const DEPTH_MAX: usize = 12;
/// Members that one list or object of a fact's body keeps.
const MEMBERS_MAX: usize = 64;

/// The text with every control and direction character written out, at most `max` characters long.
#[must_use]
pub fn plain(text: &str, max: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(max.saturating_mul(4)));
    let mut room = max;
    for c in text.chars() {
        let width = if disturbs(c) { c.escape_unicode().count() } else { 1 };
        if width > room {
            clean.push_str(CUT);
            break;
        }
        room -= width;
        if disturbs(c) {
            clean.extend(c.escape_unicode());
        } else {
            clean.push(c);
        }
    }
    clean
}

/// The same for every text in a JSON value, with its depth and the length of its lists bounded.
#[must_use]
pub fn plain_json(value: &Value) -> Value {
    bounded(value, DEPTH_MAX)
}

fn bounded(value: &Value, depth: usize) -> Value {
    match value {
        Value::String(text) => Value::String(plain(text, FIELD_MAX)),
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::String(CUT.to_owned()),
        Value::Array(list) => {
            Value::Array(list.iter().take(MEMBERS_MAX).map(|v| bounded(v, depth - 1)).collect())
        }
        Value::Object(members) => Value::Object(
            members.iter().take(MEMBERS_MAX).map(|(k, v)| (plain(k, 64), bounded(v, depth - 1))).collect(),
        ),
        other => other.clone(),
    }
}

/// Whether a character could move a cursor, hide text or reorder it.
fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn escapes_and_overrides_are_written_out() {
        assert_eq!(plain("da\x1b[31mna\r\n", 64), "da\\u{1b}[31mna\\u{d}\\u{a}");
        assert_eq!(plain("a\u{202e}b\u{9b}c\u{7f}", 64), "a\\u{202e}b\\u{9b}c\\u{7f}");
        assert_eq!(plain("Zoë 日本", 64), "Zoë 日本");
    }

    #[test]
    fn a_long_text_is_cut_visibly() {
        assert_eq!(plain(&"x".repeat(1_000_000), 3), format!("xxx{CUT}"));
    }

    #[test]
    fn nesting_and_lists_are_bounded() {
        let mut deep = json!("x");
        for _ in 0..100 {
            deep = json!([deep]);
        }
        assert!(plain_json(&deep).to_string().len() < 64);
        let long = json!((0..10_000).collect::<Vec<_>>());
        assert_eq!(plain_json(&long).as_array().map(Vec::len), Some(MEMBERS_MAX));
    }

    proptest! {
        #[test]
        fn no_control_character_survives(text in any::<String>(), max in 0usize..200) {
            let clean = plain(&text, max);
            prop_assert!(!clean.chars().any(disturbs));
            prop_assert!(clean.chars().count() <= max + CUT.chars().count());
        }
    }
}
