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
    Ok(listed(&table(local)?, local, peer))
}

/// Whose process is at the far end of a connection inside this machine, by the kernel's number of the user; `None` where the
/// connection is not, or not any more. `local` and `peer` are as this end sees them.
///
/// # Errors
/// When the socket table cannot be read.
pub fn user_at(local: SocketAddr, peer: SocketAddr) -> io::Result<Option<u32>> {
    Ok(user(&table(local)?, peer, local))
}

fn table(local: SocketAddr) -> io::Result<String> {
    fs::read_to_string(if local.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" })
}

const TIME_WAIT: &str = "06";

fn listed(table: &str, local: SocketAddr, peer: SocketAddr) -> bool {
    rows(table, local, peer).any(|mut words| words.next() != Some(TIME_WAIT))
}

fn user(table: &str, local: SocketAddr, peer: SocketAddr) -> Option<u32> {
    // The state, three words of queues and timers, then the user.
    rows(table, local, peer).find_map(|mut words| words.nth(4)?.parse().ok())
}

/// What follows the two ends in the rows of a connection.
fn rows<'t>(
    table: &'t str,
    local: SocketAddr,
    peer: SocketAddr,
) -> impl Iterator<Item = impl Iterator<Item = &'t str>> {
    let (local, peer) = (kernel_form(local), kernel_form(peer));
    table.lines().skip(1).filter_map(move |line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        (words.next() == Some(&local) && words.next() == Some(&peer)).then_some(words)
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

    #[tokio::test]
    async fn the_user_at_the_far_end_is_known() {
        use std::os::unix::fs::MetadataExt;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, peer) = listener.accept().await.unwrap();
        let us = fs::metadata("/proc/self").unwrap().uid();
        assert_eq!(user_at(near.local_addr().unwrap(), peer).unwrap(), Some(us));
        drop((far, near));
        let row = "head\n 0: 0100007F:08AE 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000  1000        0 1\n";
        let (local, peer) = ("127.0.0.1:2222".parse().unwrap(), "127.0.0.1:54000".parse().unwrap());
        assert_eq!(user(row, local, peer), Some(1000));
        assert_eq!(user(row, peer, local), None);
        assert_eq!(user("head\n 0: 0100007F:08AE 0100007F:D2F0 01\n", local, peer), None);
    }

    #[test]
    fn a_connection_is_found_by_both_ends_and_time_wait_is_not_open() {
        let local = "127.0.0.1:2222".parse().unwrap();
        assert!(listed(TABLE, local, "127.0.0.1:54000".parse().unwrap()));
        assert!(!listed(TABLE, local, "127.0.0.1:54001".parse().unwrap()));
        assert!(!listed(TABLE, local, "127.0.0.1:54002".parse().unwrap()));
        assert_eq!(kernel_form("[::1]:22".parse().unwrap()), "00000000000000000000000001000000:0016");
    }
}
