//! Servers whose files are staged: what a client writes by SFTP, the gate takes ([`crate::sftp`]); a command that is there to
//! receive files is refused as a whole. What else a shell or a command writes cannot be told from what it is asked to do, and
//! the approval page says so.

use chaperone_session::Gate;

use crate::admission::Visit;
use crate::wish::{What, Wish};

/// What a technician reads.
pub(crate) const WORDS: &str = "Files for this server are scanned before they get there: copy them by SFTP (sftp, or scp without \
     -O), or send them ahead (chaperone window send WINDOW FILE) and release them in this visit (chaperone window release \
     WINDOW FILE --to PATH).";

/// Whether a client asks to write files itself where they are staged.
pub(crate) fn writes_directly(gate: &Gate, visit: &Visit, wish: &Wish) -> bool {
    matches!(&wish.what, What::Exec(command) if receives_files(command))
        && gate.stages(visit.session.permit().target())
}

/// Whether a command is the receiving end of scp or rsync, as their clients start it. Not a lock: a shell that may run
/// anything may also write anything.
fn receives_files(command: &[u8]) -> bool {
    let text = String::from_utf8_lossy(command);
    let mut words = text.split_ascii_whitespace();
    let program = words.by_ref().find(|word| !word.contains('='));
    let program = program.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let options: Vec<&str> = words.take_while(|word| *word != "--").collect();
    let short =
        |letter| options.iter().any(|o| o.starts_with('-') && !o.starts_with("--") && o.contains(letter));
    match program {
        "scp" => short('t'),
        "rsync" => options.contains(&"--server") && !options.contains(&"--sender"),
        "sftp-server" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_receiving_ends_of_scp_and_rsync_are_known() {
        for receives in [
            "scp -t /opt",
            "scp -v -r -p -t -- /opt",
            "/usr/bin/scp -pt /opt",
            "LC_ALL=C scp -t x",
            "rsync --server -vlogDtpre.iLsfxC . /opt",
            "/usr/lib/openssh/sftp-server",
        ] {
            assert!(receives_files(receives.as_bytes()), "{receives}");
        }
        for other in
            ["", "scp -f /etc/motd", "rsync --server --sender -vlogDtpr . /opt", "tar -t", "echo scp -t"]
        {
            assert!(!receives_files(other.as_bytes()), "{other}");
        }
    }
}
