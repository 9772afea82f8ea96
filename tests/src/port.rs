//! Free ports on loopback, from outside the range that the kernel gives to outgoing connections, so that nobody takes one
//! between its choice and its use.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

const FIRST: u16 = 10_240;
const COUNT: u16 = 20_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that nobody listens on.
///
/// # Panics
/// When all are taken.
#[must_use]
pub fn free_port() -> u16 {
    // Test processes run side by side: each begins at another place of the range.
    let begin = std::process::id().wrapping_mul(7919) % u32::from(COUNT);
    let begin = u16::try_from(begin).unwrap_or_default();
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST
            + u16::try_from((u32::from(begin) + u32::from(step)) % u32::from(COUNT)).unwrap_or_default();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port from {FIRST} on is free");
}
