//! Lines of standard input that a terminal does not show: passwords and codes.

use std::io::{self, BufRead, Read};

use super::login::MAX_TOKEN_BYTES;
use super::outcome::Failure;

/// One line of standard input, which a terminal does not show.
pub(super) fn secret_line(prompt: &str) -> Result<String, Failure> {
    let line = hidden(prompt).map_err(|error| Failure::usage(format!("nothing can be read: {error}")))?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::usage("a password and a code are needed, a line each")),
        line => Ok(line.to_owned()),
    }
}

#[cfg(unix)]
fn hidden(prompt: &str) -> io::Result<String> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    let stdin = io::stdin();
    let shown = tcgetattr(&stdin).ok();
    if let Some(attributes) = &shown {
        let mut hidden = attributes.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
        eprint!("{prompt}");
    }
    let line = shown_line();
    if let Some(attributes) = &shown {
        tcsetattr(&stdin, OptionalActions::Now, attributes)?;
        eprintln!();
    }
    line
}

#[cfg(windows)]
fn hidden(prompt: &str) -> io::Result<String> {
    use std::io::IsTerminal;

    if io::stdin().is_terminal() {
        eprint!("{prompt}");
        return rpassword::read_password();
    }
    shown_line()
}

fn shown_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().take(MAX_TOKEN_BYTES).read_line(&mut line)?;
    Ok(line)
}
