//! Requests that a page of somebody else's has a browser make. Whatever site a technician looks at may have their browser ask
//! at the ports of their own machine, and a name of its own may lead there (DNS rebinding): such a request does not go on. A
//! browser says where each comes from: by `Host` (RFC 9110 §7.2), `Origin` (RFC 6454 §7) and `Sec-Fetch-Site` (Fetch
//! Metadata). What is no HTTP/1 goes on as it is: no page can have a browser say it.

mod framing;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use self::framing::{Framing, Head, Looks, looks};
use super::ports::Opened;

/// Longest head of a request, in bytes: more than browsers send.
const HEAD_BYTES: usize = 256 << 10;

/// Why a request does not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Foreign {
    /// It is for a name that is not this machine's and not the server's.
    #[error("it asks for {0:?}, which is no name of this server's")]
    Host(String),
    /// A page of somewhere else has a browser make it.
    #[error("a page of {0} has a browser make it")]
    Origin(String),
    /// The same, and the browser does not say of where.
    #[error("a page of another site has a browser make it")]
    CrossSite,
    /// It cannot be told where it comes from.
    #[error("its head is longer than {HEAD_BYTES} bytes")]
    TooLong,
}

/// Looks at what one client says, request by request.
pub(super) struct Guard {
    /// What the server may be called here, in small letters.
    names: Vec<String>,
    local: SocketAddr,
    /// Whether it is waited for a whole request, however long that takes: where nothing but HTTP is spoken.
    waits: bool,
    /// The client speaks TLS.
    secure: bool,
    framing: Framing,
    /// The part of a head that is not complete.
    held: Vec<u8>,
}

impl Guard {
    /// For clients of this port.
    pub(super) fn of(opened: &Opened) -> Self {
        let names = opened.server_name.iter().chain([&opened.host, &opened.target]);
        let names = names.map(|name| plain(name)).chain(["localhost".to_owned()]).collect();
        let waits = opened.kind == "http";
        Self { names, local: opened.local, waits, secure: false, framing: Framing::Begins, held: Vec::new() }
    }

    /// The same, for one that speaks TLS.
    pub(super) fn within_tls(opened: &Opened) -> Self {
        Self { secure: true, ..Self::of(opened) }
    }

    /// For a client whose bytes are not looked at.
    pub(super) fn blind(opened: &Opened) -> Self {
        Self { framing: Framing::Other, ..Self::of(opened) }
    }

    /// Whether something is held that may be no request at all, and is not held for long.
    pub(super) fn is_in_doubt(&self) -> bool {
        !self.waits && !self.held.is_empty() && matches!(self.framing, Framing::Begins)
    }

    /// Nothing more came: what was in doubt is no request, and goes on with all that follows.
    pub(super) fn lets_go(&mut self, on: &mut Vec<u8>) {
        self.framing = Framing::Other;
        on.append(&mut self.held);
    }

    /// Nothing more comes from the client. A request whose head has no end is none.
    pub(super) fn ends(&mut self, on: &mut Vec<u8>) {
        if matches!(self.framing, Framing::Head) {
            self.held.clear();
        }
        self.lets_go(on);
    }

    /// The client says this. What may go on now is added to `on`.
    ///
    /// # Errors
    /// Why a request does not; then nothing more does.
    pub(super) fn takes(&mut self, mut bytes: &[u8], on: &mut Vec<u8>) -> Result<(), Foreign> {
        while !bytes.is_empty() {
            if matches!(self.framing, Framing::Begins | Framing::Head) {
                bytes = self.takes_head(bytes, on)?;
            } else {
                let (passed, rest) = bytes.split_at(self.framing.passes(bytes).min(bytes.len()));
                on.extend_from_slice(passed);
                bytes = rest;
            }
        }
        Ok(())
    }

    /// Takes what belongs to a head; returns what comes after it.
    fn takes_head<'b>(&mut self, bytes: &'b [u8], on: &mut Vec<u8>) -> Result<&'b [u8], Foreign> {
        let before = self.held.len();
        self.held.extend_from_slice(bytes);
        if matches!(self.framing, Framing::Begins) {
            self.framing = match looks(&self.held) {
                Looks::Http => Framing::Head,
                Looks::Other => {
                    self.lets_go(on);
                    return Ok(&[]);
                }
                Looks::Open if self.held.len() > HEAD_BYTES => return Err(Foreign::TooLong),
                Looks::Open => return Ok(&[]),
            };
        }
        let Some(end) = framing::end_of_head(&self.held) else {
            return if self.held.len() > HEAD_BYTES { Err(Foreign::TooLong) } else { Ok(&[]) };
        };
        self.held.truncate(end);
        let head = Head::of(&self.held);
        self.judges(&head)?;
        self.framing = head.framing();
        on.append(&mut self.held);
        Ok(bytes.get(end.saturating_sub(before)..).unwrap_or_default())
    }

    fn judges(&self, head: &Head) -> Result<(), Foreign> {
        if head.is_of_another_page() {
            return Err(head
                .fields("origin")
                .next()
                .map_or(Foreign::CrossSite, |from| Foreign::Origin(brief(from))));
        }
        for host in head.fields("host").chain(head.authority()) {
            if !self.is_ours(host) {
                return Err(Foreign::Host(brief(host)));
            }
        }
        for origin in head.fields("origin") {
            let from = origin.split_once("://").map(|(_, authority)| authority).unwrap_or_default();
            let is_itself = head.fields("host").any(|host| host.eq_ignore_ascii_case(from));
            let is_this_port = self.is_ours(from) && port(from) == Some(self.local.port());
            let is_its_own = !from.is_empty() && (is_itself || is_this_port);
            if !is_its_own && !self.is_of_no_browser(head, origin) {
                return Err(Foreign::Origin(brief(origin)));
            }
        }
        Ok(())
    }

    /// Whether a request without a place of its own is a vendor's program's. `null` is also what a hostile page has a browser
    /// say, from a frame without rights. What tells them apart is what no page can keep a browser from saying: by Fetch
    /// Metadata it says where each request comes from, and does so wherever it takes the address for trustworthy, by TLS or at
    /// a loopback address; and older ones, which do not know that, call themselves Mozilla. A web console is for browsers.
    fn is_of_no_browser(&self, head: &Head, origin: &str) -> bool {
        let is_nowhere = origin.eq_ignore_ascii_case("null") || origin.starts_with("file://");
        let would_say = self.secure || head.fields("host").all(is_loopback);
        is_nowhere && !self.waits && would_say && !head.is_of_a_browser()
    }

    /// Whether a host, with a port or without, is this machine or what the server is called.
    fn is_ours(&self, host: &str) -> bool {
        is_loopback(host) || self.names.contains(&plain(without_port(host)))
    }
}

impl Foreign {
    /// What the client is answered.
    pub(super) fn answer(&self, opened: &Opened) -> String {
        let said = format!(
            "chaperone connect did not pass this request on: {self}. Open http://{}/ or the server's own name in a tab of \
             its own.\n",
            opened.local
        );
        format!(
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nConnection: close\r\n\r\n{said}",
            said.len()
        )
    }
}

/// Whether a host, with a port or without, is this machine by what browsers take for that, too.
fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or_else(|_| plain(name) == "localhost", |address| address.is_loopback())
}

/// In small letters, without a dot at the end.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of an address in brackets are its own.
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

fn port(host: &str) -> Option<u16> {
    host.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
}

/// For people: some of it, and nothing that a terminal would take for more than letters.
fn brief(text: &str) -> String {
    text.chars().take(100).map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}
