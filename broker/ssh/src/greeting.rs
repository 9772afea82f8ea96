//! What a client can do, heard before it is told what the gate can: of two lists the client's order decides (RFC 4253
//! §7.1), and stock clients put slower ciphers first. Whoever has AES-GCM is offered nothing else, and a third of the work
//! of a transfer is saved on both sides; whoever has not, or waits for the gate to speak first, is offered everything.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chaperone_session::Severable;
use russh::keys::PrivateKey;
use russh::server::Config;
use tokio::time::timeout;

use crate::algorithms;

/// How long a client is waited for, once it has said who it is. Most say what they can do within a round trip.
const OFFER: Duration = Duration::from_secs(1);
/// No identification and offer are longer.
const MOST: usize = 16 << 10;
/// `SSH_MSG_KEXINIT`.
const KEXINIT: u8 = 20;

/// What clients are offered; cheap to clone.
#[derive(Clone)]
pub(crate) struct Offers {
    /// Those that have AES-GCM.
    gcm: Arc<Config>,
    /// All others.
    any: Arc<Config>,
}

impl Offers {
    pub(crate) fn new(keys: Vec<PrivateKey>) -> Self {
        let mut gcm = algorithms::server(keys.clone());
        algorithms::gcm_only(&mut gcm);
        Self { gcm: Arc::new(gcm), any: Arc::new(algorithms::server(keys)) }
    }

    /// No key exchange but the post-quantum one is offered. For before the first client.
    pub(crate) fn are_post_quantum_only(&mut self) {
        let both = [Arc::get_mut(&mut self.gcm), Arc::get_mut(&mut self.any)];
        both.into_iter().flatten().for_each(algorithms::post_quantum_only);
    }

    /// For a stream whose beginning cannot be looked at.
    pub(crate) fn to_anybody(&self) -> Arc<Config> {
        Arc::clone(&self.any)
    }

    /// Says who the gate is, and hears what the client can do. Nothing is taken from the stream, and whoever speaks SSH on
    /// it next begins with the same words.
    pub(crate) async fn suited_to(&self, stream: &mut Severable) -> io::Result<Arc<Config>> {
        stream.says_first(algorithms::GREETING.as_bytes()).await?;
        stream.looks_ahead(MOST, |seen| seen.contains(&b'\n')).await?;
        // One that says no more for now is offered everything.
        if let Ok(heard) = timeout(OFFER, stream.looks_ahead(MOST, |seen| ciphers(seen).is_some())).await {
            heard?;
        }
        let has =
            |ciphers: &[u8]| ciphers.split(|byte| *byte == b',').any(|one| one == algorithms::GCM.as_bytes());
        let has_gcm = ciphers(stream.ahead()).is_some_and(|both| both.into_iter().all(has));
        Ok(Arc::clone(if has_gcm { &self.gcm } else { &self.any }))
    }
}

/// The ciphers that a client has towards the gate and from it, once its identification and its whole offer are here.
fn ciphers(seen: &[u8]) -> Option<[&[u8]; 2]> {
    let line = seen.iter().position(|byte| *byte == b'\n')?;
    let (length, packet) = seen.get(line + 1..)?.split_first_chunk::<4>()?;
    let packet = packet.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let [_padding, KEXINIT, offer @ ..] = packet else { return None };
    let mut rest = offer.get(16..)?;
    for _ in ["key exchange", "host keys"] {
        (_, rest) = list(rest)?;
    }
    let (there, rest) = list(rest)?;
    list(rest).map(|(back, _)| [there, back])
}

/// A name list (RFC 4251 §5), and what is behind it.
fn list(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offer(lists: &[&str]) -> Vec<u8> {
        let mut payload = vec![4, KEXINIT];
        payload.extend([9; 16]);
        for list in lists {
            payload.extend(u32::try_from(list.len()).unwrap().to_be_bytes());
            payload.extend(list.as_bytes());
        }
        payload.extend([0; 9]);
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [b"SSH-2.0-some client\r\n".as_slice(), &length, &payload].concat()
    }

    #[test]
    fn the_ciphers_are_heard_once_the_whole_offer_is_here() {
        let whole = offer(&["curve25519-sha256", "ssh-ed25519", "aes256-ctr,aes256-gcm@openssh.com", "none"]);
        assert_eq!(ciphers(&whole), Some([b"aes256-ctr,aes256-gcm@openssh.com".as_slice(), b"none"]));
        for end in 0..whole.len() {
            assert_eq!(ciphers(whole.get(..end).unwrap()), None, "{end}");
        }
    }

    proptest! {
        #[test]
        fn anything_may_be_heard(
            noise in prop::collection::vec(any::<u8>(), 0..300),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            prop_assert!(ciphers(&noise).is_none_or(|both| both.concat().len() < noise.len()));
            let mut bent = offer(&["a", "b", "c,d", "e"]);
            let at = at.index(bent.len());
            if let Some(letter) = bent.get_mut(at) {
                *letter = byte;
            }
            if let Some(heard) = ciphers(&bent) {
                prop_assert!(heard.concat().len() < bent.len());
            }
        }
    }
}
