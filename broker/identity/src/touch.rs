//! What a signature of a security key (FIDO) says of whoever made it: OpenSSH's PROTOCOL.u2f, in the bytes behind the
//! signature proper.
//!
//! ```text
//!   … signature … │ flags (1) │ counter (4, big-endian)
//!                   bit 0: somebody touched it   bit 2: it verified who, by PIN or finger
//! ```
//!
//! The protocol layer has verified that the key signed these bytes. What they say is enforced here.

/// Somebody touched it (`SSH_SK_USER_PRESENCE_REQD`).
const PRESENT: u8 = 0x01;
/// It verified who did (`SSH_SK_USER_VERIFICATION_REQD`).
const VERIFIED: u8 = 0x04;
/// Flags and counter.
const TRAILER_BYTES: usize = 5;

/// Who is behind a verified signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// A program: the key is a file or in an agent.
    Software,
    /// A security key.
    SecurityKey {
        /// Whether somebody touched it.
        present: bool,
        /// Whether it verified who.
        verified: bool,
    },
}

impl Touch {
    /// Reads a verified signature of a key: for one in a security key, the signature with flags and counter behind it. One
    /// that is too short to have flags says that nobody was there.
    #[must_use]
    pub fn of(key: &[u8], signature: &[u8]) -> Self {
        if !crate::ssh_key::is_in_a_security_key(key) {
            return Self::Software;
        }
        let flags = signature.len().checked_sub(TRAILER_BYTES).and_then(|at| signature.get(at)).unwrap_or(&0);
        Self::SecurityKey { present: flags & PRESENT != 0, verified: flags & VERIFIED != 0 }
    }

    /// Whether a security key was used without anybody there: a program has it plugged in, and nobody knows.
    pub(crate) fn is_unattended(self) -> bool {
        matches!(self, Self::SecurityKey { present: false, .. })
    }

    /// Whether a security key says that it verified who touched it.
    pub(crate) fn is_verified(self) -> bool {
        matches!(self, Self::SecurityKey { present: true, verified: true })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `string kind`, which is all of a key that is looked at here.
    fn key(kind: &str) -> Vec<u8> {
        [&u32::try_from(kind.len()).unwrap().to_be_bytes(), kind.as_bytes()].concat()
    }

    #[test]
    fn only_the_two_bits_of_the_flags_count() {
        let sk = key("sk-ssh-ed25519@openssh.com");
        let of = |flags: u8| Touch::of(&sk, &[&[9; 64][..], &[flags, 0, 0, 0, 1]].concat());
        for (flags, unattended, verified) in [
            (0, true, false),
            (1, false, false),
            (4, true, false),
            (5, false, true),
            (0xfa, true, false),
            (0xff, false, true),
        ] {
            assert_eq!(
                (of(flags).is_unattended(), of(flags).is_verified()),
                (unattended, verified),
                "{flags:#x}"
            );
        }
        assert!(Touch::of(&sk, &[]).is_unattended() && Touch::of(&sk, &[1; 4]).is_unattended());
        assert_eq!(Touch::of(&key("ssh-ed25519"), &[0; 69]), Touch::Software);
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_a_verified_touch_is_a_touch(key in any::<Vec<u8>>(), signature in any::<Vec<u8>>()) {
            let touch = Touch::of(&key, &signature);
            prop_assert!(!(touch.is_unattended() && touch.is_verified()));
        }
    }
}
