//! The command that an old copy starts at its other end: `scp -t PATH` receives there, `scp -f PATH` sends. OpenSSH gives each
//! flag alone, libssh2 gives them together and its path in quotes: `scp -pf 'PATH'`.

use chaperone_session::FileDirection;

/// Flags of OpenSSH's scp that take the word behind them.
const TAKE_A_WORD: &str = "cDFiJloPSX";

/// What a command says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub direction: FileDirection,
    /// Whether it says that its path is a folder.
    pub folder: bool,
    /// Its path, as a shell reads it.
    pub path: String,
}

impl Command {
    /// Reads it; `None` where it is no end of a copy, or does more than that: what passes then is not scp's alone.
    pub(super) fn read(command: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(command).ok()?.trim();
        if does_more(text) {
            return None;
        }
        let (program, mut rest) = word(text)?;
        if program.rsplit('/').next() != Some("scp") {
            return None;
        }
        let (mut sends, mut receives, mut folder) = (false, false, false);
        while let Some((flags, behind)) = word(rest).filter(|(flags, _)| is_flags(flags)) {
            rest = behind;
            if flags == "--" {
                break;
            }
            let taking = flags.find(|flag| TAKE_A_WORD.contains(flag));
            let (plain, taken) = flags.split_at(taking.map_or(flags.len(), |at| at + 1));
            sends |= plain.contains('f');
            receives |= plain.contains('t');
            folder |= plain.contains('d');
            if taking.is_some() && taken.is_empty() {
                rest = word(rest).map_or("", |(_, behind)| behind);
            }
        }
        // OpenSSH's own order, where somebody says both.
        let direction = match (sends, receives) {
            (true, _) => FileDirection::Download,
            (false, true) => FileDirection::Upload,
            (false, false) => return None,
        };
        Some(Self { direction, folder, path: unquoted(rest.trim()) })
    }
}

/// Whether a shell would run anything beside the first command, or turn its streams elsewhere.
fn does_more(text: &str) -> bool {
    let mut letters = text.chars().peekable();
    let mut quote = None;
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '\\') => drop(letters.next()),
            (None | Some('"'), '`') => return true,
            (None | Some('"'), '$') if letters.peek() == Some(&'(') => return true,
            // Quotes by rules of their own.
            (None, '$') if matches!(letters.peek(), Some('\'' | '"')) => return true,
            (None, ';' | '&' | '|' | '<' | '>' | '(' | ')' | '#' | '\n' | '\r') => return true,
            _ => {}
        }
    }
    false
}

fn is_flags(word: &str) -> bool {
    word.starts_with('-') && word.len() > 1
}

/// The first word, and what is behind it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A path without what a shell takes away; as it is where its quotes do not fit together.
fn unquoted(said: &str) -> String {
    let mut path = String::with_capacity(said.len());
    let mut letters = said.chars();
    let mut quote = None;
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), close) if open == close => quote = None,
            (None, '\\') => path.extend(letters.next()),
            (Some('"'), '\\') => match letters.next() {
                Some(escaped @ ('"' | '\\' | '$' | '`')) => path.push(escaped),
                other => path.extend(['\\'].into_iter().chain(other)),
            },
            _ => path.push(letter),
        }
    }
    if quote.is_some() { said.to_owned() } else { path }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(command: &str) -> Option<(FileDirection, bool, String)> {
        let Command { direction, folder, path } = Command::read(command.as_bytes())?;
        Some((direction, folder, path))
    }

    #[test]
    fn the_ends_of_a_copy_are_known_however_their_flags_are_written() {
        let receives = |folder, path: &str| Some((FileDirection::Upload, folder, path.to_owned()));
        let sends = |path: &str| Some((FileDirection::Download, false, path.to_owned()));
        assert_eq!(read("scp -t /tmp"), receives(false, "/tmp"));
        assert_eq!(read("scp -r -p -d -t -- /tmp"), receives(true, "/tmp"));
        assert_eq!(read("scp -prdt /tmp"), receives(true, "/tmp"));
        assert_eq!(read("scp -t 'x; bash'"), receives(false, "x; bash"));
        assert_eq!(read("scp -t $HOME/x"), receives(false, "$HOME/x"));
        assert_eq!(read("scp -l 100 -t x"), receives(false, "x"));
        assert_eq!(read("scp -oft -t x"), receives(false, "x"), "what an option takes is no flag");
        assert_eq!(read("/usr/bin/scp -f x"), sends("x"));
        assert_eq!(read("scp -pf '/opt/it'\"'\"'s here'"), sends("/opt/it's here"), "libssh2");
        assert_eq!(read("scp -t -f x"), sends("x"));
        for command in
            ["scp", "scp a b", "bash -c 'scp -t x'", "scpx -t /tmp", "scp -- -t", "scp -P -t x", ""]
        {
            assert_eq!(read(command), None, "{command}");
        }
    }

    #[test]
    fn a_command_that_does_more_than_copy_is_no_copy() {
        for more in [
            "scp -t x; bash",
            "scp -t x\nbash",
            "scp -t x & bash",
            "scp -t x|sh",
            "scp -t x >/tmp/y",
            "scp -t \"$(bash)\"",
            "scp -t `bash`",
            "scp -t;bash x",
            "scp -t x # y",
            r"scp -t $'\'' ; bash #'",
        ] {
            assert_eq!(read(more), None, "{more}");
        }
    }

    #[test]
    fn a_path_is_as_a_shell_reads_it() {
        for (said, path) in [
            (r"/opt/my\ dir/a", "/opt/my dir/a"),
            (r#""/opt/my \"dir\" \n""#, r#"/opt/my "dir" \n"#),
            ("'/opt/a'\\!'b'", "/opt/a!b"),
            ("'open", "'open"),
            ("", ""),
        ] {
            assert_eq!(unquoted(said), path, "{said}");
        }
    }

    proptest! {
        #[test]
        fn any_command_is_survived_and_a_quoted_path_is_read_back(noise in "(?s:.){0,60}", path in "[^\0]{0,40}") {
            drop(read(&noise));
            drop(read(&format!("scp -t {noise}")));
            let quoted = format!("'{}'", path.replace('\'', r#"'"'"'"#));
            prop_assert_eq!(unquoted(&quoted), path);
        }
    }
}
