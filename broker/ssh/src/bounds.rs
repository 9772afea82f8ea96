//! What a hospital may set of its SSH door: how long somebody may take to sign in, how long a menu waits for a key, and when
//! the gate asks for new keys.

use std::time::Duration;

/// The bounds of the SSH door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// From a connection's beginning to its last factor, as OpenSSH's `LoginGraceTime`.
    pub sign_in: Duration,
    /// How long a menu is shown to somebody who types nothing.
    pub menu_idle: Duration,
    /// When keys are changed, towards technicians and towards servers.
    pub rekey: Rekey,
}

/// When the gate asks for new keys by itself, at the latest (RFC 4253 §9: after each gigabyte and each hour).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rekey {
    /// After so many bytes in either direction; russh allows at most 1 GiB.
    pub bytes: usize,
    /// After this time.
    pub after: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            sign_in: Duration::from_secs(60),
            menu_idle: Duration::from_secs(15 * 60),
            rekey: Rekey::default(),
        }
    }
}

impl Default for Rekey {
    fn default() -> Self {
        Self { bytes: 1 << 30, after: Duration::from_secs(3600) }
    }
}
