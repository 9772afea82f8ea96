//! One connection out of the kernel's socket table, by `sock_diag(7)`: a question that names both ends, and one answer. To
//! read the whole table for it takes milliseconds where some thousand connections wait out their time.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

use super::Row;

/// The kernel answers within the question; this is for a kernel that does not.
const ANSWERS_WITHIN: Duration = Duration::from_millis(500);

/// `linux/netlink.h`, `linux/sock_diag.h`, `linux/inet_diag.h`.
const HEADER_LEN: usize = 16;
const REQUEST_LEN: u32 = 72;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const IPPROTO_TCP: u8 = 6;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const ENOENT: i32 = 2;

/// The connection as the kernel has it; `None` where it has none.
///
/// # Errors
/// When the kernel cannot be asked, or answers something else.
pub(super) fn find(local: SocketAddr, peer: SocketAddr) -> io::Result<Option<Row>> {
    let kind = (AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC);
    let socket = socket_with(kind.0, kind.1, kind.2, Some(SOCK_DIAG))?;
    set_socket_timeout(&socket, Timeout::Recv, Some(ANSWERS_WITHIN))?;
    sendto(&socket, &question(local, peer), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut answer = [0; 1024];
    let (len, _) = recv(&socket, &mut answer, RecvFlags::empty())?;
    read(answer.get(..len).unwrap_or_default(), local, peer)
}

/// `nlmsghdr`, then `inet_diag_req_v2`: numbers in the machine's order, ports and addresses in the network's.
fn question(local: SocketAddr, peer: SocketAddr) -> Vec<u8> {
    let family = if local.is_ipv4() { AF_INET } else { AF_INET6 };
    // A link-local address is one of its interface alone.
    let interface = match local {
        SocketAddr::V6(local) => local.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    let parts: [&[u8]; 11] = [
        &REQUEST_LEN.to_ne_bytes(),
        &SOCK_DIAG_BY_FAMILY.to_ne_bytes(),
        &NLM_F_REQUEST.to_ne_bytes(),
        // Its number, and who asks: the kernel knows.
        &[0; 8],
        &[family, IPPROTO_TCP, 0, 0],
        // In any state.
        &u32::MAX.to_ne_bytes(),
        &[local.port().to_be_bytes(), peer.port().to_be_bytes()].concat(),
        &address(local.ip()),
        &address(peer.ip()),
        &interface.to_ne_bytes(),
        // Whichever connection it is (`INET_DIAG_NOCOOKIE`).
        &[0xFF; 8],
    ];
    parts.concat()
}

fn address(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => {
            let mut words = [0; 16];
            words.iter_mut().zip(ip.octets()).for_each(|(to, from)| *to = from);
            words
        }
        IpAddr::V6(ip) => ip.octets(),
    }
}

fn read(answer: &[u8], local: SocketAddr, peer: SocketAddr) -> io::Result<Option<Row>> {
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "no answer of sock_diag");
    match field::<2>(answer, 4).map(u16::from_ne_bytes) {
        Some(NLMSG_ERROR) => match field(answer, HEADER_LEN).map(i32::from_ne_bytes) {
            Some(error) if error == -ENOENT => Ok(None),
            Some(error) if error < 0 => Err(io::Error::from_raw_os_error(error.saturating_neg())),
            _ => Err(odd()),
        },
        Some(SOCK_DIAG_BY_FAMILY) => {
            let port = |at| field(answer, HEADER_LEN + at).map(u16::from_be_bytes);
            let word = |at| field(answer, HEADER_LEN + at).map(u32::from_ne_bytes).ok_or_else(odd);
            let [state] = field::<1>(answer, HEADER_LEN + 1).ok_or_else(odd)?;
            let (user, inode) = (word(64)?, word(68)?);
            // Where there is no such connection, the kernel may answer with whoever listens.
            let is_it = port(4) == Some(local.port()) && port(6) == Some(peer.port());
            Ok(is_it.then_some(Row { state, user, is_held: inode != 0 }))
        }
        _ => Err(odd()),
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use proptest::prelude::*;

    use super::*;

    const ESTABLISHED: u8 = 1;

    #[test]
    fn a_connection_is_found_from_both_ends_and_whoever_listens_is_none() {
        for at in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(at).unwrap();
            let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (near, peer) = listener.accept().unwrap();
            let local = near.local_addr().unwrap();
            for (local, peer) in [(local, peer), (peer, local)] {
                assert_eq!(find(local, peer).unwrap().unwrap().state, ESTABLISHED, "{at}");
            }
            let mut nobody = peer;
            nobody.set_port(1);
            assert!(find(local, nobody).unwrap().is_none(), "{at}: nobody is connected from there");
            assert!(find(nobody, peer).unwrap().is_none(), "{at}: nor there");
            drop((near, far));
            let left = find(local, peer).unwrap().map(|row| row.state);
            assert_ne!(left, Some(ESTABLISHED), "{at}");
        }
    }

    #[test]
    fn a_dual_stack_connection_is_found_by_its_mapped_addresses() {
        let listener = TcpListener::bind("[::]:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let _far = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (near, peer) = listener.accept().unwrap();
        assert!(peer.is_ipv6(), "{peer}");
        assert_eq!(find(near.local_addr().unwrap(), peer).unwrap().unwrap().state, ESTABLISHED);
    }

    proptest! {
        #[test]
        fn no_answer_is_misread(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in prop_oneof![Just(2_u16), Just(20), any::<u16>()]) {
            let ends = ("127.0.0.1:22".parse().unwrap(), "127.0.0.1:54000".parse().unwrap());
            let mut bytes = bytes;
            if let Some(place) = bytes.get_mut(4..6) {
                place.copy_from_slice(&kind.to_ne_bytes());
            }
            if let Ok(Some(_)) = read(&bytes, ends.0, ends.1) {
                prop_assert_eq!(&bytes[20..24], &[0, 22, 0xD2, 0xF0]);
            }
        }
    }
}
