//! What is encrypted inside a forward that was declared as readable. A recording of it is a recording of nothing: a
//! connection by SSH, which is a shell that nobody sees, is ended before its first byte has passed; of one by TLS the
//! coverage says that it has the flow alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chaperone_recorder::Stream;
use tokio_util::sync::CancellationToken;

use crate::relay::{Item, Source};

/// How every peer that speaks SSH begins (RFC 4253 §4.2).
const SSH: &[u8] = b"SSH-";
/// Pieces among which TLS is looked for: protocols that change to it do so before they say anything else.
const PIECES: u8 = 16;

/// What was found; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inside(Arc<Found>);

#[derive(Debug, Default)]
struct Found {
    ssh: CancellationToken,
    tls: AtomicBool,
}

impl Inside {
    /// Returns once a peer has begun to speak SSH.
    pub(crate) async fn is_ssh(&self) {
        self.0.ssh.cancelled().await;
    }

    pub(crate) fn was_ssh(&self) -> bool {
        self.0.ssh.is_cancelled()
    }

    pub(crate) fn was_tls(&self) -> bool {
        self.0.tls.load(Ordering::Relaxed)
    }

    /// Reads along with what one side sends, where that is said to be readable.
    pub(crate) fn watch<S: Source>(&self, source: S, readable: bool) -> Watched<S> {
        let (begun, pieces) = if readable { (Some(Vec::new()), 0) } else { (None, PIECES) };
        Watched { source, begun, pieces, inside: self.clone() }
    }
}

/// A source that is read along with.
pub struct Watched<S> {
    source: S,
    /// Its first bytes, as long as they might be SSH's.
    begun: Option<Vec<u8>>,
    pieces: u8,
    inside: Inside,
}

impl<S: Source> Watched<S> {
    /// What goes on of an item: nothing of SSH.
    fn passes(&mut self, item: Item<S::Note>) -> Option<Item<S::Note>> {
        if let Item::Data(Stream::ForwardIn | Stream::ForwardOut, bytes) = &item {
            self.hears(bytes);
        }
        (!self.inside.was_ssh()).then_some(item)
    }

    fn hears(&mut self, bytes: &[u8]) {
        if let Some(begun) = &mut self.begun {
            begun.extend_from_slice(bytes.get(..SSH.len() - begun.len()).unwrap_or(bytes));
            match begun.as_slice() {
                SSH => self.inside.0.ssh.cancel(),
                some if SSH.starts_with(some) => {}
                _ => self.begun = None,
            }
        }
        if self.pieces < PIECES {
            self.pieces += 1;
            if is_tls(bytes) {
                self.inside.0.tls.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// Whether a piece begins with the first message of either side of TLS (RFC 8446 §4.1, §5.1): a record of a handshake, with a
/// client's or a server's hello.
fn is_tls(piece: &[u8]) -> bool {
    matches!(piece, [22, 3, 0..=4, _, _, 1 | 2, ..])
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
        (passed, inside.was_ssh(), inside.was_tls())
    }

    #[test]
    fn ssh_is_known_by_its_first_bytes_and_tls_by_its_first_message() {
        assert_eq!(heard(&[b"SSH-2.0-OpenSSH_9.9\r\n", b"x"]), (0, true, false));
        assert_eq!(heard(&[b"S", b"SH", b"-1.99"]), (3, true, false));
        assert_eq!(heard(&[b"SSL", b"SSH-2.0"]), (10, false, false));
        assert_eq!(heard(&[b" SSH-2.0"]), (8, false, false));
        assert_eq!(heard(&[&[22, 3, 1, 2, 0, 1, 0]]), (7, false, true));
        assert_eq!(heard(&[b"S", &[22, 3, 3, 2, 0, 2, 0]]), (8, false, true), "after a start of its own");
        assert_eq!(heard(&[&[22, 3, 1]]), (3, false, false));
    }

    proptest! {
        #[test]
        fn whatever_does_not_begin_like_it_passes_whole(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..9), 0..20),
        ) {
            let whole = pieces.concat();
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let (passed, ssh, _) = heard(&pieces);
            prop_assert_eq!(ssh, whole.starts_with(SSH));
            prop_assert!(ssh || passed == whole.len());
        }
    }
}
