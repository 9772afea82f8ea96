//! A value as it was given, in the file or in the environment, and the few kinds of value that keys have.

use std::net::SocketAddr;

use toml::de::DeValue;

/// A value before its key has judged it.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    /// From the environment: text, whatever the key wants.
    Variable(String),
    /// A TOML string.
    Text(String),
    /// A TOML integer.
    Integer(i64),
    /// A TOML boolean.
    Boolean(bool),
    /// A TOML array.
    List(Vec<Raw>),
    /// Anything else, by its TOML name.
    Other(&'static str),
}

impl Raw {
    pub(super) fn from_toml(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.clone().into_owned()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Self::Other("integer out of range"), Self::Integer),
            DeValue::Boolean(yes) => Self::Boolean(*yes),
            DeValue::Array(items) => {
                Self::List(items.iter().map(|item| Self::from_toml(item.get_ref())).collect())
            }
            DeValue::Float(_) => Self::Other("float"),
            DeValue::Datetime(_) => Self::Other("datetime"),
            DeValue::Table(_) => Self::Other("table"),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Variable(text) | Self::Text(text) => format!("{text:?}"),
            Self::Integer(number) => number.to_string(),
            Self::Boolean(yes) => yes.to_string(),
            Self::List(_) => "a list".to_owned(),
            Self::Other(kind) => format!("a {kind}"),
        }
    }
}

/// What a key wants, against what was given.
pub(super) struct Mismatch {
    pub what: String,
    pub right: String,
}

/// The outcome of judging one value.
pub(super) type Judged<T> = Result<T, Mismatch>;

pub(super) fn mismatch<T>(what: impl Into<String>, right: impl Into<String>) -> Judged<T> {
    Err(Mismatch { what: what.into(), right: right.into() })
}

/// Any text.
pub(super) fn text(raw: &Raw) -> Judged<String> {
    match raw {
        Raw::Variable(text) | Raw::Text(text) => Ok(text.clone()),
        other => mismatch(format!("{} is no text", other.shown()), "put the value in double quotes"),
    }
}

/// Text that is not empty.
pub(super) fn words(raw: &Raw) -> Judged<String> {
    let text = text(raw)?;
    if text.trim().is_empty() {
        mismatch("is empty", "give a value, or leave the key out for its default")
    } else {
        Ok(text)
    }
}

/// `ADDR:PORT`.
pub(super) fn address(raw: &Raw) -> Judged<SocketAddr> {
    let text = text(raw)?;
    text.parse().or_else(|_| {
        mismatch(
            format!("{text:?} is no address with a port"),
            "right is ADDR:PORT, such as \"0.0.0.0:2222\" or \"[::1]:8080\"",
        )
    })
}

/// Yes or no.
pub(super) fn boolean(raw: &Raw) -> Judged<bool> {
    match raw {
        Raw::Boolean(yes) => Ok(*yes),
        Raw::Variable(text) if text == "true" => Ok(true),
        Raw::Variable(text) if text == "false" => Ok(false),
        other => mismatch(
            format!("{} is neither true nor false", other.shown()),
            "right is true or false, without quotes",
        ),
    }
}

/// A whole number in a range.
pub(super) fn whole(raw: &Raw, least: u64, most: u64) -> Judged<u64> {
    let number = match raw {
        Raw::Integer(number) => u64::try_from(*number).ok(),
        Raw::Variable(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(number) if (least..=most).contains(&number) => Ok(number),
        _ => mismatch(
            format!("{} is no whole number from {least} to {most}", raw.shown()),
            format!("right is a number such as {}, without quotes", least.max(most.min(10))),
        ),
    }
}

/// Whole numbers, in the environment separated by commas.
pub(super) fn whole_list(raw: &Raw, least: u64, most: u64) -> Judged<Vec<u64>> {
    match raw {
        Raw::List(items) => items.iter().map(|item| whole(item, least, most)).collect(),
        Raw::Variable(text) if text.trim().is_empty() => Ok(Vec::new()),
        Raw::Variable(text) => {
            text.split(',').map(|item| whole(&Raw::Variable(item.to_owned()), least, most)).collect()
        }
        other => mismatch(
            format!("{} is no list", other.shown()),
            "right is a list of whole numbers such as [15, 5, 1]",
        ),
    }
}

/// Texts, in the environment separated by commas.
pub(super) fn text_list(raw: &Raw) -> Judged<Vec<String>> {
    match raw {
        Raw::List(items) => items.iter().map(text).collect(),
        Raw::Variable(given) => {
            Ok(given.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
        }
        other => mismatch(
            format!("{} is no list", other.shown()),
            "right is a list of texts such as [\"a\", \"b\"]",
        ),
    }
}

/// One of a closed set of words.
pub(super) fn one_of<T: Copy>(raw: &Raw, choices: &[(&str, T)]) -> Judged<T> {
    let given = text(raw)?;
    match choices.iter().find(|(word, _)| *word == given) {
        Some((_, value)) => Ok(*value),
        None => {
            let all = choices.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(" or ");
            mismatch(format!("{given:?} is not known"), format!("right is {all}"))
        }
    }
}
