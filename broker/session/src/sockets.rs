//! Whether the kernel still has a connection: read from its socket table, so that *gone* is an observation (P3).

#[cfg(target_os = "linux")]
mod diag;

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
    let row = row(cord.local(), cord.peer())?;
    Ok(row.is_some_and(|row| row.state != TIME_WAIT))
}

/// Whose process is at the far end of a connection inside this machine, by the kernel's number of the user; `None` where the
/// connection is not, or nobody has its far end any more: the kernel says 0 then, which is no word for the administrator.
/// `local` and `peer` are as this end sees them.
///
/// # Errors
/// When the socket table cannot be read.
pub fn user_at(local: SocketAddr, peer: SocketAddr) -> io::Result<Option<u32>> {
    Ok(row(peer, local)?.and_then(|row| row.is_held.then_some(row.user)))
}

/// What the kernel says of one end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    /// `include/net/tcp_states.h`.
    state: u8,
    user: u32,
    /// Whether a process has it: else it has no inode.
    is_held: bool,
}

const TIME_WAIT: u8 = 6;

fn row(local: SocketAddr, peer: SocketAddr) -> io::Result<Option<Row>> {
    #[cfg(target_os = "linux")]
    match diag::find(local, peer) {
        Ok(row) => return Ok(row),
        // Not every sandbox lets it ask.
        Err(error) => tracing::debug!(%error, "no sock_diag: the socket table is read as text"),
    }
    let table = fs::read_to_string(if local.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" })?;
    Ok(listed(&table, local, peer))
}

/// The state, three words of queues and timers, the user, a time, and the inode.
fn listed(table: &str, local: SocketAddr, peer: SocketAddr) -> Option<Row> {
    rows(table, local, peer).find_map(|mut words| {
        let state = u8::from_str_radix(words.next()?, 16).ok()?;
        let user = words.nth(3)?.parse().ok()?;
        Some(Row { state, user, is_held: words.nth(1)? != "0" })
    })
}

/// What follows the two ends in the rows of a connection.
fn rows(
    table: &str,
    local: SocketAddr,
    peer: SocketAddr,
) -> impl Iterator<Item = impl Iterator<Item = &str>> {
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

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
        0: 0100007F:08AE 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000  1000        0 1\n   \
        1: 0100007F:08AE 0100007F:D2F1 06 00000000:00000000 00:00000000 00000000     0        0 0\n   \
        2: 0100007F:08AE 0100007F:D2F2 01 00000000:00000000\n";

    #[tokio::test]
    async fn the_user_at_the_far_end_is_known() {
        use std::os::unix::fs::MetadataExt;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, peer) = listener.accept().await.unwrap();
        let us = fs::metadata("/proc/self").unwrap().uid();
        let local = near.local_addr().unwrap();
        assert_eq!(user_at(local, peer).unwrap(), Some(us));
        // Said, and gone: nobody's, and not the administrator's.
        far.try_write(b"a request").unwrap();
        drop(far);
        assert_eq!(user_at(local, peer).unwrap(), None);
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        assert!(listed(&table, peer, local).is_none_or(|row| !row.is_held), "the text says so too");
        drop(near);
    }

    #[test]
    fn a_connection_is_found_by_both_ends_and_time_wait_is_not_open() {
        let local = "127.0.0.1:2222".parse().unwrap();
        let row = |peer: &str| listed(TABLE, local, peer.parse().unwrap());
        assert_eq!(row("127.0.0.1:54000"), Some(Row { state: 1, user: 1000, is_held: true }));
        assert_eq!(row("127.0.0.1:54001"), Some(Row { state: TIME_WAIT, user: 0, is_held: false }));
        assert_eq!(row("127.0.0.1:54002"), None, "half a row");
        assert_eq!(row("127.0.0.1:54003"), None);
        assert_eq!(kernel_form("[::1]:22".parse().unwrap()), "00000000000000000000000001000000:0016");
    }
}
