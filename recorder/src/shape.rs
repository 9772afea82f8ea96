//! The one way in which a value stands in signed JSON: another spelling of it is damage.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::ledger::Hash;

/// A value whose text is the one that it is written as.
pub(crate) fn same<T: FromStr + fmt::Display>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

/// A moment: RFC 3339 in UTC with `Z`, the years 1000 to 9998, no fraction that ends in 0.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let year = text.get(..4)?;
    ("1000"..="9998").contains(&year).then(|| same(text))?
}

/// A hash in lower-case hex.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    let value: Hash = hex::decode(text).ok()?.try_into().ok()?;
    (hex::encode(value) == text).then_some(value)
}

/// Whether a JSON text states `value` in just this form, and perhaps fields that are not in it. Those are skipped, so
/// that nothing is kept of them.
pub(crate) fn states(text: &[u8], value: &Value) -> bool {
    let mut reader = serde_json::Deserializer::from_slice(text);
    States(value).deserialize(&mut reader).is_ok()
}

struct States<'v>(&'v Value);

impl States<'_> {
    fn holds<E: Error>(&self, found: &Value) -> Result<(), E> {
        if self.0 == found { Ok(()) } else { Err(E::custom("another value")) }
    }
}

impl<'de> DeserializeSeed<'de> for States<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for States<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value as it is written")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.holds(&Value::Null)
    }

    fn visit_bool<E: Error>(self, found: bool) -> Result<(), E> {
        self.holds(&found.into())
    }

    fn visit_u64<E: Error>(self, found: u64) -> Result<(), E> {
        self.holds(&found.into())
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<(), E> {
        if self.0.as_str() == Some(found) { Ok(()) } else { Err(E::custom("another text")) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut found: A) -> Result<(), A::Error> {
        for value in self.0.as_array().ok_or_else(|| A::Error::custom("no list is due"))? {
            found.next_element_seed(States(value))?.ok_or_else(|| A::Error::custom("too few"))?;
        }
        match found.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom("too many")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut found: A) -> Result<(), A::Error> {
        let due = self.0.as_object().ok_or_else(|| A::Error::custom("no object is due"))?;
        let mut known = 0;
        while let Some(name) = found.next_key::<String>()? {
            match due.get(&name) {
                Some(value) => {
                    found.next_value_seed(States(value))?;
                    known += 1;
                }
                None => drop(found.next_value::<IgnoredAny>()?),
            }
        }
        if known == due.len() { Ok(()) } else { Err(A::Error::custom("a field is missing")) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{hash, same, states, time};

    #[test]
    fn a_value_has_one_spelling() {
        assert_eq!(same::<u64>("7"), Some(7));
        assert!(
            ["+7", "07", "", "-1", "18446744073709551616"]
                .into_iter()
                .all(|text| same::<u64>(text).is_none())
        );
        assert!(time("2026-11-28T06:00:00.5Z").is_some());
        for text in [
            "2026-11-28T06:00:00.50Z",
            "2026-11-28t06:00:00Z",
            "2026-11-28T06:00:00+00:00",
            "0999-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
            "2026-11-28T06:00:60Z",
            "é",
        ] {
            assert!(time(text).is_none(), "{text}");
        }
        assert!(hash(&"ab".repeat(32)).is_some());
        assert!(hash(&"AB".repeat(32)).is_none() && hash("ab").is_none());
    }

    #[test]
    fn unknown_fields_are_skipped_and_known_ones_compared() {
        let due = json!({ "a": [{ "b": 1 }], "c": null, "d": "x", "e": true });
        assert!(states(br#"{"a":[{"b":1,"n":[{}]}],"c":null,"d":"x","e":true,"f":-1.5}"#, &due));
        for text in [
            r#"{"a":[{"b":1}],"d":"x","e":true}"#,
            r#"{"a":[[1]],"c":null,"d":"x","e":true}"#,
            r#"{"a":[{"b":1},{}],"c":null,"d":"x","e":true}"#,
            r#"{"a":[],"c":null,"d":"x","e":true}"#,
            r#"{"a":[{"b":1}],"c":null,"d":"y","e":true}"#,
            r#"[1]"#,
            r#"{"a":"#,
        ] {
            assert!(!states(text.as_bytes(), &due), "{text}");
        }
    }
}
