//! Where the binaries under test are. Nothing is built here: `tests/run` builds them first.

use std::path::{Path, PathBuf};

/// The folder of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The server's binary: `CHAPERONE_BIN`, or the workspace's debug build.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn chaperone() -> PathBuf {
    find("CHAPERONE_BIN", "chaperone")
}

/// The off-line verifier's binary: `CHAPERONE_VERIFY_BIN`, or the workspace's debug build.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn chaperone_verify() -> PathBuf {
    find("CHAPERONE_VERIFY_BIN", "chaperone-verify")
}

fn find(variable: &str, name: &str) -> PathBuf {
    let built = || {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
        target.join("debug").join(name)
    };
    let path = std::env::var_os(variable).map_or_else(built, PathBuf::from);
    assert!(
        path.is_file(),
        "there is no {}: build it first (`cargo build --workspace --bins`, or tests/run), or name one with {variable}",
        path.display()
    );
    path
}
