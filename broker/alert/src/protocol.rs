//! What was spoken at the gate's door, as a fact says it: which of a server's logs has the other half of it, and which
//! technique an attack by it is.

use serde_json::Value;

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// SSH.
    Ssh,
    /// TLS, with a client certificate.
    Tls,
    /// HTTP, to a web console.
    Http,
}

impl Protocol {
    /// Its name, in facts and events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Tls => "tls",
            Self::Http => "http",
        }
    }

    /// What a fact says of it; `None` where it is about no connection, or older than this member.
    pub(crate) fn read(body: &Value) -> Option<Self> {
        let said = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
        // A console's cookie is shown on a TLS connection, and its requests are channels of their own.
        if said("/proof/method") == Some("visit-token") || said("/channel") == Some("http") {
            return Some(Self::Http);
        }
        let names = ["/protocol", "/about/protocol", "/listener"];
        names.iter().filter_map(|pointer| said(pointer)).find_map(Self::named)
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            // Files go inside SSH.
            "ssh" | "sftp" | "scp" => Some(Self::Ssh),
            "tls" => Some(Self::Tls),
            "http" => Some(Self::Http),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_facts_protocol_is_what_it_says_and_nothing_else() {
        for (body, protocol) in [
            (json!({ "protocol": "tls", "listener": "gate-1" }), Some(Protocol::Tls)),
            (json!({ "protocol": "tls", "proof": { "method": "visit-token" } }), Some(Protocol::Http)),
            (json!({ "protocol": "ssh", "channel": "shell" }), Some(Protocol::Ssh)),
            (json!({ "protocol": "scp", "path": "/tmp/tool" }), Some(Protocol::Ssh)),
            (json!({ "channel": "http", "about": { "n": 3 } }), Some(Protocol::Http)),
            (json!({ "listener": "tls" }), Some(Protocol::Tls)),
            (json!({ "listener": "web" }), None),
            (json!({ "listener": "gate-1" }), None),
        ] {
            assert_eq!(Protocol::read(&body), protocol, "{body}");
        }
    }
}
