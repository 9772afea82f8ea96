//! Aligned columns for people, and times as people read them: in the reader's own zone.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Rows under headings; or pairs of a name and a value.
#[derive(Debug)]
pub(crate) struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
    empty: String,
}

impl Table {
    /// A list; `empty` says what to do when there is nothing in it.
    pub(crate) fn list<const N: usize>(headings: [&str; N], empty: &str) -> Self {
        Self { headings: headings.map(str::to_owned).to_vec(), rows: Vec::new(), empty: empty.to_owned() }
    }

    /// One thing, a line for each of its properties.
    pub(crate) fn card() -> Self {
        Self { headings: Vec::new(), rows: Vec::new(), empty: String::new() }
    }

    /// A row.
    pub(crate) fn row<const N: usize>(mut self, cells: [String; N]) -> Self {
        self.rows.push(cells.map(|cell| plain(&cell)).to_vec());
        self
    }

    /// A property; left out when it is empty.
    pub(crate) fn line(self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if value.is_empty() { self } else { self.row([name.to_owned(), value]) }
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::new();
        for row in std::iter::once(&self.headings).chain(&self.rows) {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            return f.write_str(&self.empty);
        }
        let widths = self.widths();
        let upper: Vec<String> = self.headings.iter().map(|heading| heading.to_uppercase()).collect();
        let head = Some(&upper).filter(|upper| !upper.is_empty());
        for (number, row) in head.into_iter().chain(&self.rows).enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            let last = row.len().saturating_sub(1);
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if column == last { f.write_str(cell)? } else { write!(f, "{cell:<width$}  ")? }
            }
        }
        Ok(())
    }
}

/// An instant in the reader's zone, to the second.
pub(crate) fn time(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::system()).strftime("%a %Y-%m-%d %H:%M:%S").to_string()
}

/// An instant that may not have come.
pub(crate) fn maybe_time(instant: Option<Timestamp>) -> String {
    instant.map(time).unwrap_or_default()
}

/// Joins names.
pub(crate) fn join(names: &[String]) -> String {
    names.join(", ")
}

/// Text from elsewhere, without anything that a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{200e}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
                ' '
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_escape_sequences_do_not_get_through() {
        let table = Table::list(["id", "name"], "nothing")
            .row(["1".into(), "a\u{1b}[2Jb".into()])
            .row(["twenty".into(), "c".into()]);
        assert_eq!(table.to_string(), "ID      NAME\n1       a [2Jb\ntwenty  c");
        assert_eq!(Table::list(["id"], "nothing yet").to_string(), "nothing yet");
    }
}
