//! What a client says it can do: its `SSH_MSG_KEXINIT` (RFC 4253 §7.1), read ahead of whoever speaks SSH with it.
//!
//! ```text
//!   SSH-2.0-…⏎ │ length │ padding │ 20 │ cookie (16) │ kex │ host keys │ ciphers ⇄ │ MACs ⇄ │ …
//! ```

/// `SSH_MSG_KEXINIT`.
pub(super) const KEXINIT: u8 = 20;

/// A name list (RFC 4251 §5), as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List<'a>(&'a [u8]);

/// What it can do; of what differs by direction, towards the gate and from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer<'a> {
    pub kex: List<'a>,
    pub host_keys: List<'a>,
    pub ciphers: [List<'a>; 2],
    pub macs: [List<'a>; 2],
}

impl<'a> Offer<'a> {
    /// Reads it, once the client's identification and its whole offer are here.
    pub(super) fn read(seen: &'a [u8]) -> Option<Self> {
        let line = seen.iter().position(|byte| *byte == b'\n')?;
        let (length, packet) = seen.get(line + 1..)?.split_first_chunk::<4>()?;
        let packet = packet.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let [_padding, KEXINIT, offer @ ..] = packet else { return None };
        let (kex, rest) = List::read(offer.get(16..)?)?;
        let (host_keys, rest) = List::read(rest)?;
        let (cipher_there, rest) = List::read(rest)?;
        let (cipher_back, rest) = List::read(rest)?;
        let (mac_there, rest) = List::read(rest)?;
        let (mac_back, _) = List::read(rest)?;
        Some(Self { kex, host_keys, ciphers: [cipher_there, cipher_back], macs: [mac_there, mac_back] })
    }
}

impl<'a> List<'a> {
    /// A list, and what is behind it.
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (list, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        Some((Self(list), rest))
    }

    /// Whether it has this name.
    pub(crate) fn has(self, name: &str) -> bool {
        self.names().any(|one| one == name.as_bytes())
    }

    /// The first of its names that is one of these, which is the one that is taken (RFC 4253 §7.1).
    pub(crate) fn first_of<N: AsRef<str>>(self, names: &[N]) -> Option<&N> {
        self.names().find_map(|one| names.iter().find(|name| name.as_ref().as_bytes() == one))
    }

    fn names(self) -> impl Iterator<Item = &'a [u8]> {
        self.0.split(|byte| *byte == b',')
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An identification and an offer, as they go over the wire.
    pub(crate) fn wire(lists: &[&str]) -> Vec<u8> {
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
    fn it_is_heard_once_the_whole_offer_is_here() {
        let whole = wire(&["curve25519-sha256", "ssh-ed25519", "aes256-ctr,x", "none", "hmac", ""]);
        let offer = Offer::read(&whole).unwrap();
        let list = |text: &'static str| List(text.as_bytes());
        assert_eq!(offer.kex, list("curve25519-sha256"));
        assert_eq!(offer.host_keys, list("ssh-ed25519"));
        assert_eq!(offer.ciphers, [list("aes256-ctr,x"), list("none")]);
        assert_eq!(offer.macs, [list("hmac"), list("")]);
        for end in 0..whole.len() {
            assert_eq!(Offer::read(whole.get(..end).unwrap()), None, "{end}");
        }
    }

    #[test]
    fn the_clients_own_order_decides() {
        let whole = wire(&["c,a,b", "", "", "", "", ""]);
        let kex = Offer::read(&whole).unwrap().kex;
        assert_eq!(kex.first_of(&["a", "b", "c"]), Some(&"c"));
        assert_eq!(kex.first_of(&["b", "a"]), Some(&"a"));
        assert_eq!(kex.first_of(&["d"]), None);
        assert!(kex.has("b") && !kex.has("a,b") && !kex.has("d"));
    }

    proptest! {
        #[test]
        fn anything_may_be_heard(
            noise in prop::collection::vec(any::<u8>(), 0..300),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let within = |offer: Offer<'_>, seen: &[u8]| {
                let Offer { kex, host_keys, ciphers, macs } = offer;
                let lists = [[kex, host_keys], ciphers, macs];
                lists.as_flattened().iter().map(|list| list.0.len()).sum::<usize>() < seen.len()
            };
            prop_assert!(Offer::read(&noise).is_none_or(|offer| within(offer, &noise)));
            let mut bent = wire(&["a", "b", "c,d", "e", "f", "g"]);
            let at = at.index(bent.len());
            if let Some(letter) = bent.get_mut(at) {
                *letter = byte;
            }
            prop_assert!(Offer::read(&bent).is_none_or(|offer| within(offer, &bent)));
        }
    }
}
