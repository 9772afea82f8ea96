//! RFC 4180 with the leniency that exports need: quotes inside a field, lines inside quotes, one kind of separator a file.

/// Cells of one row that are kept, and bytes of one cell: a Security event is far below.
const MAX_CELLS: usize = 64;
const MAX_CELL: usize = 64 << 10;

/// The rows of a table, each with the line, from 1, on which it begins.
pub(super) fn rows(text: &str) -> impl Iterator<Item = (u64, Vec<String>)> + '_ {
    let head = text.lines().next().unwrap_or_default();
    let separator = [',', ';', '\t'].into_iter().max_by_key(|c| head.matches(*c).count()).unwrap_or(',');
    let mut letters = text.trim_start_matches('\u{feff}').chars().peekable();
    let mut line = 1;
    std::iter::from_fn(move || {
        letters.peek()?;
        let (began, mut row, mut cell, mut quoted) = (line, Vec::new(), String::new(), false);
        while let Some(letter) = letters.next() {
            if letter == '\n' {
                line += 1;
            }
            match letter {
                '"' if quoted && letters.peek() == Some(&'"') => {
                    letters.next();
                    push(&mut cell, '"');
                }
                '"' if quoted || cell.trim().is_empty() => quoted = !quoted,
                '\n' if !quoted => break,
                '\r' if !quoted => {}
                letter if letter == separator && !quoted => end(&mut row, &mut cell),
                letter => push(&mut cell, letter),
            }
        }
        end(&mut row, &mut cell);
        Some((began, row))
    })
}

fn push(cell: &mut String, letter: char) {
    if cell.len() < MAX_CELL {
        cell.push(letter);
    }
}

fn end(row: &mut Vec<String>, cell: &mut String) {
    if row.len() < MAX_CELLS {
        row.push(std::mem::take(cell));
    } else {
        cell.clear();
    }
}
