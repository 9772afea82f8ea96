//! Places where a debug build can be told to die (`CHAPERONE_FAILPOINT=name`), so that the crash table of the design is
//! tested at each of its arrows; and bounds that it can be told to have lower (`CHAPERONE_FAILPOINT=name=number`), so that
//! what happens there is tested without going so far. A release build has none of it.

/// Dies here if this failpoint is asked for.
#[cfg(debug_assertions)]
pub(crate) fn reached(name: &str) {
    if std::env::var("CHAPERONE_FAILPOINT").is_ok_and(|wanted| wanted == name) {
        tracing::error!(failpoint = name, "dying at a failpoint");
        std::process::abort();
    }
}

/// Release builds have no failpoints.
#[cfg(not(debug_assertions))]
pub(crate) fn reached(_name: &str) {}

/// A bound, or the lower one that a test asks for.
#[cfg(debug_assertions)]
pub(crate) fn bound(name: &str, usual: u32) -> u32 {
    let asked = std::env::var("CHAPERONE_FAILPOINT").ok();
    let lower = asked.and_then(|asked| asked.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
    lower.map_or(usual, |lower: u32| lower.min(usual))
}

/// Release builds have the usual bounds.
#[cfg(not(debug_assertions))]
pub(crate) fn bound(_name: &str, usual: u32) -> u32 {
    usual
}
