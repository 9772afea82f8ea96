//! Places where a debug build can be told to die (`CHAPERONE_FAILPOINT=name`), so that the crash table of the design is
//! tested at each of its arrows. A release build has none of it.

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
