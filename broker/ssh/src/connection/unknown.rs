//! What the SSH library answers or drops by itself, since it knows no better: kinds of channels and requests without a
//! meaning here, and messages for channels that were never opened or that their client has closed. Each is a fact, but for
//! those that every client sends to hear whether anybody is there.

use chaperone_identity::UserName;
use russh::ChannelId;
use russh::server::Unheard;
use serde_json::json;

use super::Connection;

/// Requests that ask for nothing but an answer, or announce what changes nothing here: a failure is an answer.
const HARMLESS: [&str; 5] = [
    // OpenSSH's client, which says that it opens no more sessions, that nobody reads on, or asks about host keys.
    "no-more-sessions@openssh.com",
    "eow@openssh.com",
    "hostkeys-prove-00@openssh.com",
    // PuTTY's, which measures how fast its window empties, and says that it opens one channel only.
    "winadj@putty.projects.tartarus.org",
    "simple@putty.projects.tartarus.org",
];

/// `SSH_MSG_CHANNEL_CLOSE` (RFC 4254 §5.3).
const CLOSE: u8 = 97;

impl Connection {
    pub(super) fn did_not_hear(&mut self, what: Unheard<'_>) {
        let named = |name: &str| json!({ "name": UserName::printable(name) });
        match what {
            Unheard::ChannelKind(name) => self.refuse("channel-kind", named(name)),
            Unheard::ChannelRequest(name) if !is_harmless(name) => {
                self.refuse("channel-request", named(name))
            }
            Unheard::GlobalRequest(name) if !is_harmless(name) => self.refuse("global-request", named(name)),
            Unheard::ChannelRequest(_) | Unheard::GlobalRequest(_) => {}
            // As one that is too much: what is in it stays out of the ledger.
            Unheard::Variable(name, bytes) => {
                let what = json!({ "name": UserName::printable(name), "bytes": bytes });
                self.refusals.declines("environment", what);
            }
            Unheard::NoChannel(channel, message) => self.for_nobody(channel, message),
        }
    }

    /// A message for a channel that is not open. It may have been sent before its client heard that the gate has closed it.
    fn for_nobody(&mut self, channel: ChannelId, message: u8) {
        let late = match message {
            CLOSE => self.channels.forget(channel),
            _ => self.channels.knows(channel),
        };
        if !late {
            self.refuse("no-channel", json!({ "message": name_of(message), "channel": u32::from(channel) }));
        }
    }
}

fn is_harmless(name: &str) -> bool {
    name.starts_with("keepalive@") || HARMLESS.contains(&name)
}

/// A message in RFC 4254's words.
fn name_of(message: u8) -> &'static str {
    match message {
        94 => "data",
        95 => "extended-data",
        96 => "eof",
        CLOSE => "close",
        98 => "request",
        _ => "message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_nothing_is_no_fact() {
        for name in ["keepalive@openssh.com", "keepalive@libssh2.org", "winadj@putty.projects.tartarus.org"] {
            assert!(is_harmless(name), "{name}");
        }
        for name in ["tun@openssh.com", "x-keepalive@openssh.com", "no-more-sessions", ""] {
            assert!(!is_harmless(name), "{name}");
        }
    }
}
