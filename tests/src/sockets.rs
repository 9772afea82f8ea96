//! The kernel's own table of TCP connections: what *gone* means.

use std::net::Ipv4Addr;

/// One end of a TCP connection on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// This end's port.
    pub local: u16,
    /// The other end's address.
    pub remote_address: Ipv4Addr,
    /// The other end's port.
    pub remote: u16,
    /// The kernel's number for its state (`include/net/tcp_states.h`).
    pub state: u8,
}

const TIME_WAIT: u8 = 6;
const LISTEN: u8 = 10;

impl Connection {
    /// Whether a byte could still pass: listening and waiting-out sockets are no connections.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, TIME_WAIT | LISTEN)
    }
}

/// Every end of a TCP connection over IPv4.
///
/// # Panics
/// When the kernel's table cannot be read.
#[must_use]
pub fn connections() -> Vec<Connection> {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel has a socket table");
    table.lines().skip(1).filter_map(row).collect()
}

fn row(line: &str) -> Option<Connection> {
    let mut columns = line.split_whitespace().skip(1);
    let (_, local) = end(columns.next()?)?;
    let (remote_address, remote) = end(columns.next()?)?;
    let state = u8::from_str_radix(columns.next()?, 16).ok()?;
    Some(Connection { local, remote_address, remote, state })
}

fn end(text: &str) -> Option<(Ipv4Addr, u16)> {
    let (address, port) = text.split_once(':')?;
    // The address is printed as the machine's own integer.
    let address = u32::from_str_radix(address, 16).ok()?.to_ne_bytes();
    Some((Ipv4Addr::from(address), u16::from_str_radix(port, 16).ok()?))
}

/// Whether somebody listens on a port.
#[must_use]
pub(crate) fn listens(port: u16) -> bool {
    connections().iter().any(|end| end.local == port && end.state == LISTEN)
}

/// How many open ends a gate has: towards clients, and towards a target.
#[must_use]
pub fn legs(gate_port: u16, target_port: u16) -> (usize, usize) {
    let open: Vec<_> = connections().into_iter().filter(Connection::is_open).collect();
    let clients = open.iter().filter(|end| end.local == gate_port).count();
    let targets = open.iter().filter(|end| end.remote == target_port).count();
    (clients, targets)
}
