//! What this machine is: who runs the tests, and where its servers are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether the tests run as root.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The login of whoever runs the tests: the account that the target's sshd serves.
///
/// # Panics
/// When `id` cannot say it.
#[must_use]
pub fn login_of_this_process() -> String {
    let said = Command::new("id").arg("-un").output().expect("`id` runs");
    String::from_utf8(said.stdout).expect("a login is text").trim().to_owned()
}

/// Where Debian's libfaketime is.
///
/// # Panics
/// When it is not installed.
#[must_use]
pub fn libfaketime() -> String {
    let machine = std::env::consts::ARCH;
    let path = PathBuf::from(format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1"));
    assert!(
        path.is_file(),
        "libfaketime is not installed: it is in Debian's package libfaketime; tests/run installs it"
    );
    path.display().to_string()
}

/// A program that need not be on the search path.
///
/// # Panics
/// When it is not installed.
#[must_use]
pub fn program(name: &str, package: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders)
        .chain(["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!("{name} is not installed: it is in Debian's package {package}; tests/run installs it")
        })
}

/// Runs a program to its end.
///
/// # Panics
/// When it fails; the message has what it said.
#[track_caller]
pub(crate) fn must(command: &mut Command) -> String {
    let done = command.output().unwrap_or_else(|error| panic!("{command:?} does not run: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?} failed with {}: {said}", done.status);
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// A path as a word of a command line.
///
/// # Panics
/// When it is no UTF-8; the harness makes its own paths.
pub(crate) fn word(path: &Path) -> &str {
    path.to_str().expect("the harness makes UTF-8 paths")
}
