//! The place that a `direct-tcpip` channel asks for, as the client says it: outside text, cut and made printable once.

use chaperone_identity::UserName;

/// A host, a port, and who is said to have asked on the client's machine.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub host: String,
    pub port: u32,
    /// `address:port` on the client's side, by its own word.
    pub originator: String,
}

impl Place {
    pub(crate) fn new(host: &str, port: u32, (originator, from): (&str, u32)) -> Self {
        let originator = UserName::printable(&format!("{originator}:{from}"));
        Self { host: UserName::printable(host), port, originator }
    }
}
