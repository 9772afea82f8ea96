//! Whether the kernel still has a connection: read from its socket table, so that *gone* is an observation (P3).

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};

use crate::sever::Cord;

/// Whether the kernel lists this connection from our side, in any state but `TIME_WAIT` (which carries nothing). Of a
/// stream inside a connection that others share, whether it can still carry anything.
///
/// # Errors
/// When the socket table cannot be read.
pub fn open(cord: &Cord) -> io::Result<bool> {
    if let Some(left) = cord.has_left() {
        return Ok(!left);
    }
    let (local, peer) = (cord.local(), cord.peer());
    let table = if local.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" };
    Ok(listed(&fs::read_to_string(table)?, local, peer))
}

const TIME_WAIT: &str = "06";

fn listed(table: &str, local: SocketAddr, peer: SocketAddr) -> bool {
    let (local, peer) = (kernel_form(local), kernel_form(peer));
    table.lines().skip(1).any(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        words.next() == Some(&local) && words.next() == Some(&peer) && words.next() != Some(TIME_WAIT)
    })
}

/// `proc(5)`: each 32-bit word of the address in host byte order, then the port, in upper-case hexadecimal.
fn kernel_form(address: SocketAddr) -> String {
    let words = |bytes: &[u8]| {
        bytes
            .chunks_exact(4)
            .map(|word| word.try_into().map(u32::from_ne_bytes).unwrap_or_default())
            .map(|word| format!("{word:08X}"))
            .collect::<String>()
    };
    let ip = match address.ip() {
        IpAddr::V4(ip) => words(&ip.octets()),
        IpAddr::V6(ip) => words(&ip.octets()),
    };
    format!("{ip}:{:04X}", address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue\n   \
        0: 0100007F:08AE 0100007F:D2F0 01 00000000:00000000\n   \
        1: 0100007F:08AE 0100007F:D2F1 06 00000000:00000000\n";

    #[test]
    fn a_connection_is_found_by_both_ends_and_time_wait_is_not_open() {
        let local = "127.0.0.1:2222".parse().unwrap();
        assert!(listed(TABLE, local, "127.0.0.1:54000".parse().unwrap()));
        assert!(!listed(TABLE, local, "127.0.0.1:54001".parse().unwrap()));
        assert!(!listed(TABLE, local, "127.0.0.1:54002".parse().unwrap()));
        assert_eq!(kernel_form("[::1]:22".parse().unwrap()), "00000000000000000000000001000000:0016");
    }
}
