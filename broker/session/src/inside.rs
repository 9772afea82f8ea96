//! What is encrypted inside a forward that was declared as readable. A recording of it is a recording of nothing: a
//! connection by SSH, which is a shell that nobody sees, is ended where it begins; of one by TLS the coverage says that it
//! has the flow alone. Two ends that are both in somebody's hands can hide one in anything: this is for those that are not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use chaperone_recorder::Stream;
use tokio_util::sync::CancellationToken;

use crate::relay::{Item, Source};

/// How every peer that speaks SSH says what it speaks (RFC 4253 §4.2).
const SSH: &[u8] = b"SSH-";
/// And how it does behind lines of its own, which a server may say before.
const SSH_IN_A_LINE: [&[u8]; 3] = [b"SSH-2.0-", b"SSH-1.99-", b"SSH-1.5-"];
/// So far lines are looked at, in bytes; clients give up on a server sooner.
const LINES: usize = 8 << 10;
/// Longest identification (RFC 4253 §4.2), of which so much is told.
const TOLD: usize = 255;

/// What was found; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inside(Arc<Found>);

#[derive(Debug, Default)]
struct Found {
    ssh: CancellationToken,
    /// How the peer that began says who it is.
    said: OnceLock<String>,
    tls: AtomicBool,
}

impl Inside {
    /// Returns once a peer has begun to speak SSH.
    pub(crate) async fn is_ssh(&self) {
        self.0.ssh.cancelled().await;
    }

    /// Who it says it is, printable, if a peer has begun to speak SSH.
    pub(crate) fn ssh(&self) -> Option<&str> {
        self.0.ssh.is_cancelled().then(|| self.0.said.get().map(String::as_str).unwrap_or_default())
    }

    pub(crate) fn was_tls(&self) -> bool {
        self.0.tls.load(Ordering::Relaxed)
    }

    /// Reads along with what one side sends, where that is said to be readable.
    pub(crate) fn watch<S: Source>(&self, source: S, readable: bool) -> Watched<S> {
        Watched { source, readable, heard: 0, line: Vec::new(), inside: self.clone() }
    }

    fn begins_ssh(&self, line: &[u8], rest: &[u8]) {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let said = line.iter().chain(rest.get(..end).unwrap_or(rest)).take(TOLD);
        let said = said.map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { ' ' }).collect();
        // The other side may have begun already.
        drop(self.0.said.set(said));
        self.0.ssh.cancel();
    }
}

/// A source that is read along with.
pub struct Watched<S> {
    source: S,
    readable: bool,
    /// How many bytes were looked at.
    heard: usize,
    /// The beginning of the line that is coming.
    line: Vec<u8>,
    inside: Inside,
}

impl<S: Source> Watched<S> {
    /// What goes on of an item: nothing once there is SSH, whichever side began.
    fn passes(&mut self, item: Item<S::Note>) -> Option<Item<S::Note>> {
        if let Item::Data(Stream::ForwardIn | Stream::ForwardOut, bytes) = &item
            && self.readable
        {
            self.hears(bytes);
        }
        self.inside.ssh().is_none().then_some(item)
    }

    fn hears(&mut self, bytes: &[u8]) {
        if is_tls(bytes) {
            self.inside.0.tls.store(true, Ordering::Relaxed);
        }
        for (at, byte) in bytes.iter().enumerate() {
            if self.heard >= LINES {
                return;
            }
            self.heard += 1;
            if *byte == b'\n' {
                self.line.clear();
                continue;
            }
            if self.line.len() < SSH_IN_A_LINE.iter().map(|begins| begins.len()).max().unwrap_or_default() {
                self.line.push(*byte);
                let at_first = self.heard == SSH.len() && self.line == SSH;
                if at_first || SSH_IN_A_LINE.contains(&self.line.as_slice()) {
                    return self.inside.begins_ssh(&self.line, bytes.get(at + 1..).unwrap_or_default());
                }
            }
        }
    }
}

/// Whether a piece begins with the first message of either side of TLS (RFC 8446 §4.1, §5.1): a record of a handshake, with a
/// client's or a server's hello. A database of Microsoft's wraps it into its own packets ([MS-TDS] §2.2.3.1).
fn is_tls(piece: &[u8]) -> bool {
    let begins = |piece: &[u8]| matches!(piece, [22, 3, 0..=4, _, _, 1 | 2, ..]);
    begins(piece) || matches!(piece, [0x12 | 0x04, _, _, _, _, _, _, _, inside @ ..] if begins(inside))
}

impl<S: Source> Source for Watched<S> {
    type Note = S::Note;

    async fn next(&mut self) -> Option<Item<Self::Note>> {
        let item = self.source.next().await?;
        self.passes(item)
    }

    fn ready(&mut self) -> Option<Item<Self::Note>> {
        let item = self.source.ready()?;
        self.passes(item)
    }

    fn shares(&self) -> bool {
        self.source.shares()
    }

    fn ends_the_channel(&self) -> bool {
        self.source.ends_the_channel()
    }

    fn loses_the_thread(&mut self) -> bool {
        self.source.loses_the_thread()
    }

    fn misses(&self) -> bool {
        self.source.misses()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::relay::Note;

    struct Unnoted;

    impl Note for Unnoted {
        fn replaces(&self, _earlier: &Self) -> bool {
            false
        }

        fn event(&self) -> Option<(&'static str, serde_json::Value)> {
            None
        }
    }

    /// Says these pieces.
    struct Says(std::vec::IntoIter<Vec<u8>>);

    impl Source for Says {
        type Note = Unnoted;

        async fn next(&mut self) -> Option<Item<Unnoted>> {
            self.ready()
        }

        fn ready(&mut self) -> Option<Item<Unnoted>> {
            self.0.next().map(|piece| Item::Data(Stream::ForwardOut, Bytes::from(piece)))
        }
    }

    /// How many bytes passed of these pieces, and whether there was SSH, or TLS.
    fn heard(pieces: &[&[u8]]) -> (usize, bool, bool) {
        let inside = Inside::default();
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
        let mut watched = inside.watch(Says(pieces.into_iter()), true);
        let mut passed = 0;
        while let Some(Item::Data(_, bytes)) = watched.ready() {
            passed += bytes.len();
        }
        (passed, inside.ssh().is_some(), inside.was_tls())
    }

    #[test]
    fn ssh_is_known_by_its_first_bytes_and_tls_by_its_first_message() {
        assert_eq!(heard(&[b"SSH-2.0-OpenSSH_9.9\r\n", b"x"]), (0, true, false));
        assert_eq!(heard(&[b"S", b"SH", b"-1.99"]), (3, true, false));
        assert_eq!(heard(&[b"SSL", b"SSH-2.0"]), (10, false, false));
        assert_eq!(heard(&[b" SSH-2.0-x"]), (10, false, false));
        assert_eq!(heard(&[b"Welcome\r\n", b"SSH-2.", b"0-x\r\n"]), (15, true, false), "behind a line");
        assert_eq!(heard(&[b"Welcome\r\nSSH-1.99-x"]), (0, true, false));
        assert_eq!(heard(&[b"we speak of\nSSH-keys"]), (20, false, false));
        assert_eq!(heard(&[&[b'x'; LINES], b"\nSSH-2.0-x"]), (LINES + 10, false, false), "far behind");
        assert_eq!(heard(&[&[0x12, 1, 0, 99, 0, 0, 0, 0, 22, 3, 1, 0, 86, 1]]), (14, false, true));
        assert_eq!(heard(&[&[22, 3, 1, 2, 0, 1, 0]]), (7, false, true));
        assert_eq!(heard(&[b"S", &[22, 3, 3, 2, 0, 2, 0]]), (8, false, true), "after a start of its own");
        assert_eq!(heard(&[&[22, 3, 1]]), (3, false, false));
    }

    #[test]
    fn who_it_says_it_is_is_told_in_plain_letters() {
        let inside = Inside::default();
        let pieces = vec![b"SSH-2.0-a\x1b[2J \xff\r\nmore".to_vec()];
        let mut watched = inside.watch(Says(pieces.into_iter()), true);
        assert!(watched.ready().is_none());
        assert_eq!(inside.ssh(), Some("SSH-2.0-a [2J  "));
    }

    proptest! {
        #[test]
        fn whatever_does_not_begin_like_it_passes_whole(
            pieces in prop::collection::vec(prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"SH-2.0\n".to_vec())], 1..9), 0..20),
        ) {
            let whole = pieces.concat();
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let (passed, ssh, _) = heard(&pieces);
            prop_assert!(ssh || !whole.starts_with(SSH));
            prop_assert!(ssh || passed == whole.len());
        }
    }
}
