//! Takes keys out of a document one by one, remembers which exist, and collects every fault.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::fault::Fault;
use super::raw::{Judged, Raw};

const PREFIX: &str = "CHAPERONE_";

/// A document on its way to becoming a configuration.
pub(super) struct Reader<'a> {
    given: BTreeMap<String, Given>,
    folder: &'a Path,
    environment: &'a BTreeMap<String, String>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

struct Given {
    raw: Raw,
    line: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &str, folder: &'a Path, environment: &'a BTreeMap<String, String>) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let lines = Lines::of(text);
        let mut faults: Vec<_> = errors.iter().map(|error| syntax(error, &lines)).collect();
        // Recovery may report one slip several times.
        faults.dedup_by(|a, b| a.line == b.line);
        let mut reader = Self { given: BTreeMap::new(), folder, environment, known: Vec::new(), faults };
        for (section, value) in table.get_ref() {
            let line = lines.at(section.span().start);
            match value.get_ref().as_table() {
                Some(keys) => reader.take_section(section.get_ref(), line, keys, &lines),
                None => reader.faults.push(outside_section(section.get_ref(), line)),
            }
        }
        reader
    }

    fn take_section(&mut self, section: &str, line: usize, keys: &DeTable<'_>, lines: &Lines) {
        if keys.is_empty() {
            // Kept, so that an empty section with a misspelt name is found too.
            self.given.insert(format!("{section}."), Given { raw: Raw::Other("empty section"), line });
        }
        for (key, value) in keys {
            let given = Given { raw: Raw::from_toml(value.get_ref()), line: lines.at(key.span().start) };
            self.given.insert(format!("{section}.{}", key.get_ref()), given);
        }
    }

    /// The key's value; `None` when it is not given, or faulty.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        judge: impl FnOnce(&Raw) -> Judged<T>,
    ) -> Option<T> {
        self.known.push(key);
        let variable = variable(key);
        let in_file = self.given.get(key);
        let (raw, line, variable) = match self.environment.get(&variable) {
            Some(text) => (Raw::Variable(text.clone()), None, Some(variable)),
            None => (in_file?.raw.clone(), in_file.map(|given| given.line), None),
        };
        match judge(&raw) {
            Ok(value) => Some(value),
            Err(mismatch) => {
                let (what, right) = (mismatch.what, mismatch.right);
                self.faults.push(Fault { key: Some(key.to_owned()), line, variable, what, right });
                None
            }
        }
    }

    /// The key's value, or its default.
    pub(super) fn or<T>(
        &mut self,
        key: &'static str,
        default: T,
        judge: impl FnOnce(&Raw) -> Judged<T>,
    ) -> T {
        self.optional(key, judge).unwrap_or(default)
    }

    /// A fault that only several keys together show.
    pub(super) fn fault(&mut self, key: &'static str, what: impl Into<String>, right: impl Into<String>) {
        let variable = Some(variable(key)).filter(|variable| self.environment.contains_key(variable));
        let line = self.given.get(key).map(|given| given.line);
        self.faults.push(Fault {
            key: Some(key.to_owned()),
            line,
            variable,
            what: what.into(),
            right: right.into(),
        });
    }

    /// Whether the key is given anywhere.
    pub(super) fn has(&self, key: &str) -> bool {
        self.given.contains_key(key) || self.environment.contains_key(&variable(key))
    }

    /// A path, taken as relative to the configuration's folder.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.folder.join(text)
    }

    /// The configuration, if nothing was wrong, also with keys that nobody asked for.
    pub(super) fn finish<T>(mut self, config: Option<T>) -> Result<T, Vec<Fault>> {
        self.unknown_keys();
        self.unknown_variables();
        self.faults.sort_by_key(|fault| (fault.variable.is_some(), fault.line));
        match config {
            Some(config) if self.faults.is_empty() => Ok(config),
            _ => Err(self.faults),
        }
    }

    fn unknown_keys(&mut self) {
        for (key, given) in &self.given {
            let section = key.strip_suffix('.');
            let exists = match section {
                Some(section) => self.known.iter().any(|known| known.split('.').next() == Some(section)),
                None => self.known.contains(&key.as_str()),
            };
            if !exists {
                let key = section.unwrap_or(key);
                let what = "no such key".to_owned();
                self.faults.push(Fault {
                    right: nearest(key, &self.known),
                    key: Some(key.to_owned()),
                    line: Some(given.line),
                    variable: None,
                    what,
                });
            }
        }
    }

    fn unknown_variables(&mut self) {
        for name in self.environment.keys() {
            let Some((section, key)) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once("__"))
            else {
                continue;
            };
            let key = format!("{}.{}", section.to_lowercase(), key.to_lowercase());
            if !self.known.contains(&key.as_str()) || variable(&key) != *name {
                let right = nearest(&key, &self.known);
                let what = "no such key".to_owned();
                self.faults.push(Fault {
                    key: Some(key),
                    line: None,
                    variable: Some(name.clone()),
                    what,
                    right,
                });
            }
        }
    }

    /// Every key asked for so far.
    #[cfg(test)]
    pub(super) fn known(&self) -> &[&'static str] {
        &self.known
    }
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replacen('.', "__", 1))
}

fn syntax(error: &toml::de::Error, lines: &Lines) -> Fault {
    let line = error.span().map(|span| lines.at(span.start));
    let what = format!("this is no TOML: {}", error.message().replace('\n', ", "));
    Fault { key: None, line, variable: None, what, right: "right is [section] and key = value".to_owned() }
}

fn outside_section(key: &str, line: usize) -> Fault {
    let what = "stands outside every section".to_owned();
    let right = "put it under its [section], such as [gate]".to_owned();
    Fault { key: Some(key.to_owned()), line: Some(line), variable: None, what, right }
}

fn nearest(key: &str, known: &[&'static str]) -> String {
    let best = known.iter().map(|candidate| (distance(key, candidate), *candidate)).min();
    match best {
        Some((steps, candidate)) if steps <= key.len().max(4) / 2 => {
            format!("the nearest known key is {candidate}")
        }
        _ => "deploy/chaperone.example.toml has every key".to_owned(),
    }
}

/// Levenshtein distance, in characters; a key alone is also compared without its section.
fn distance(a: &str, b: &str) -> usize {
    let tail = |text: &str| text.split_once('.').map(|(_, key)| key.to_owned());
    let whole = edits(a, b);
    match (tail(a), tail(b)) {
        (Some(ka), Some(kb)) => whole.min(edits(&ka, &kb) + 2),
        _ => whole,
    }
}

fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let above = *cell;
            let change = diagonal + usize::from(from != *to);
            *cell = change.min(above + 1).min(left + 1);
            diagonal = above;
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// Where lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line, from 1, that a byte is on.
    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|newline| *newline < byte) + 1
    }
}
