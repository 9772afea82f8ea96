//! How text becomes words, the same for both engines: an index finds what is made of the same words in the same order.

/// A longer word is cut, in characters.
const MOST: usize = 200;
/// From here on scripts are written without spaces: each character is a word.
const UNSPACED: char = '\u{2e80}';

/// The words of a text: runs of letters and digits in lower case. Everything else separates.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            words.push(std::mem::take(word).chars().take(MOST).collect());
        }
    };
    for c in text.chars() {
        if !c.is_alphanumeric() {
            end(&mut word);
            continue;
        }
        // Lower case may bring marks that are no letters, which would separate when the text is read again, and may come
        // from another part of the scripts than its capital.
        for lower in c.to_lowercase().filter(|c| c.is_alphanumeric()) {
            if lower >= UNSPACED {
                end(&mut word);
            }
            word.push(lower);
            if lower >= UNSPACED {
                end(&mut word);
            }
        }
    }
    end(&mut word);
    words
}

/// Words with their places, as PostgreSQL writes a `tsvector`. They have no quotes in them.
pub(super) fn as_tsvector(words: &[String]) -> String {
    let placed = (1..).zip(words).map(|(place, word)| format!("'{word}':{place}"));
    placed.collect::<Vec<_>>().join(" ")
}

/// A phrase as PostgreSQL's `tsquery`.
pub(super) fn as_tsquery(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    quoted.join(" <-> ")
}

/// A phrase as SQLite's FTS5 reads it.
pub(super) fn as_fts5(words: &[String]) -> String {
    format!("\"{}\"", words.join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::words;

    #[test]
    fn punctuation_separates_and_case_does_not_count() {
        assert_eq!(
            words("root@Alaris-SM-01:~# cat /etc/passwd"),
            ["root", "alaris", "sm", "01", "cat", "etc", "passwd"]
        );
        assert_eq!(words("点滴ポンプ x"), ["点", "滴", "ポ", "ン", "プ", "x"]);
        assert_eq!(
            words("\u{13a0}²"),
            ["\u{ab70}", "²"],
            "a capital below, its small letter among the unspaced"
        );
        assert!(words(" '\":* -- ").is_empty());
    }

    proptest! {
        /// Words are made of letters and digits alone, and are their own words: nothing of a query steers an engine.
        #[test]
        fn words_are_their_own_words(text in any::<String>()) {
            let once = words(&text);
            prop_assert!(once.iter().all(|word| word.chars().all(char::is_alphanumeric)));
            prop_assert_eq!(words(&once.join(" ")), once);
        }
    }
}
