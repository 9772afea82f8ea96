//! Numbers as decimal strings, since JSON's lose digits beyond 2⁵³.

use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer, N: std::fmt::Display>(
    value: &N,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(crate) fn deserialize<'de, D, N>(deserializer: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: std::str::FromStr<Err: std::fmt::Display> + std::fmt::Display,
{
    let text = String::deserialize(deserializer)?;
    let number: N = text.parse().map_err(serde::de::Error::custom)?;
    // One text for one number.
    if number.to_string() == text {
        Ok(number)
    } else {
        Err(serde::de::Error::custom("not a plain decimal number"))
    }
}

/// One that may be absent.
pub(crate) fn maybe<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
