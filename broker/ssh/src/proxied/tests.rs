//! A header is believed from listed networks alone, read exactly, and bounded; everything else is refused.

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

fn proxies() -> Proxies {
    Proxies::new(vec!["192.0.2.0/24".parse().unwrap()])
}

fn proxy() -> SocketAddr {
    "192.0.2.7:40000".parse().unwrap()
}

/// A header as a proxy sends it.
fn header(source: SocketAddr, extensions: &[u8]) -> Vec<u8> {
    let (family, addresses): (u8, Vec<u8>) = match source.ip() {
        IpAddr::V4(ip) => (0x11, [ip.octets(), [10, 0, 0, 1]].concat()),
        IpAddr::V6(ip) => (0x21, [ip.octets(), [0; 16]].concat()),
    };
    let rest = [&addresses[..], &source.port().to_be_bytes(), &22_u16.to_be_bytes(), extensions].concat();
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&SIGNATURE[..], &[0x21, family], &length, &rest].concat()
}

/// Who calls on a connection that begins so, and what is left of it.
async fn hears(bytes: &[u8], peer: SocketAddr) -> (Result<SocketAddr, HeaderFault>, Vec<u8>) {
    let (mut near, mut far) = duplex(1 << 20);
    far.write_all(bytes).await.unwrap();
    drop(far);
    let caller = proxies().caller(&mut near, peer).await;
    let mut left = Vec::new();
    near.read_to_end(&mut left).await.unwrap();
    (caller, left)
}

#[tokio::test]
async fn a_listed_peer_says_who_calls_and_what_follows_is_left_alone() {
    for source in ["203.0.113.9:51000", "[2001:db8::9]:51000"] {
        let source = source.parse().unwrap();
        let mut bytes = header(source, &[0x04, 0, 3, 1, 2, 3]);
        bytes.extend_from_slice(b"SSH-2.0-OpenSSH_9.2\r\n");
        let (caller, left) = hears(&bytes, proxy()).await;
        assert_eq!(caller.unwrap(), source);
        assert_eq!(left, b"SSH-2.0-OpenSSH_9.2\r\n");
    }
    let mapped: SocketAddr = "[::ffff:203.0.113.9]:51000".parse().unwrap();
    let (caller, _) = hears(&header(mapped, &[]), proxy()).await;
    assert_eq!(caller.unwrap(), "203.0.113.9:51000".parse().unwrap(), "one address has one form");
}

#[tokio::test]
async fn an_unlisted_peer_is_who_it_is_and_its_header_is_left_for_the_protocol_to_refuse() {
    let bytes = header("203.0.113.9:51000".parse().unwrap(), &[]);
    let peer = "198.51.100.1:1".parse().unwrap();
    let (caller, left) = hears(&bytes, peer).await;
    assert_eq!(caller.unwrap(), peer);
    assert_eq!(left, bytes);
}

#[tokio::test]
async fn a_proxy_that_calls_for_itself_is_who_it_is() {
    let local = [&SIGNATURE[..], &[0x20, 0x00, 0, 0]].concat();
    assert_eq!(hears(&local, proxy()).await.0.unwrap(), proxy());
}

#[tokio::test]
async fn everything_else_from_a_listed_peer_is_refused() {
    let whole = header("203.0.113.9:51000".parse().unwrap(), &[]);
    let with = |at: usize, octet: u8| {
        let mut bytes = whole.clone();
        bytes[at] = octet;
        bytes
    };
    let refused = async |bytes: &[u8]| hears(bytes, proxy()).await.0.unwrap_err();
    assert!(matches!(refused(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n").await, HeaderFault::Missing));
    assert!(matches!(refused(b"PROXY TCP4 203.0.113.9 10.0.0.1 51000 22\r\n").await, HeaderFault::Version1));
    assert!(matches!(refused(&with(12, 0x11)).await, HeaderFault::Command(0x11)));
    assert!(matches!(refused(&with(12, 0x22)).await, HeaderFault::Command(0x22)));
    for family in [0x00, 0x12, 0x22, 0x31] {
        assert!(matches!(refused(&with(13, family)).await, HeaderFault::Family(_)), "{family:#x}");
    }
    assert!(matches!(refused(&with(14, 0xff)).await, HeaderFault::Length(_)), "no proxy's is so long");
    assert!(matches!(refused(&with(13, 0x21)).await, HeaderFault::Length(12)), "shorter than its addresses");
    assert!(matches!(refused(&whole[..20]).await, HeaderFault::Broken(_)));
    assert!(matches!(refused(b"").await, HeaderFault::Broken(_)));
}

#[tokio::test]
async fn a_header_that_trickles_is_given_up() {
    let (mut near, mut far) = duplex(64);
    let trickling = tokio::spawn(async move {
        for octet in header("203.0.113.9:51000".parse().unwrap(), &[]) {
            if far.write_all(&[octet]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let read = read_within(Duration::from_millis(100), &mut near).await;
    assert!(matches!(read, Err(HeaderFault::Slow)), "{read:?}");
    trickling.abort();
}

proptest! {
    #[test]
    fn no_octets_panic_and_no_more_is_asked_for_than_is_allowed(fixed: [u8; FIXED], rest: Vec<u8>, signed: bool) {
        let mut fixed = fixed;
        if signed {
            fixed[..12].copy_from_slice(&SIGNATURE);
        }
        if let Ok(begun) = Begun::parse(fixed) {
            prop_assert!(begun.length <= MOST);
            drop(begun.caller(&rest));
        }
    }

    #[test]
    fn what_a_proxy_writes_is_what_is_read(ip: IpAddr, port: u16, extensions in prop::collection::vec(any::<u8>(), 0..2000)) {
        let source = SocketAddr::new(ip, port);
        let bytes = header(source, &extensions);
        let begun = Begun::parse(*bytes.first_chunk().unwrap()).unwrap();
        prop_assert_eq!(begun.length, bytes.len() - FIXED);
        let caller = begun.caller(&bytes[FIXED..]).unwrap().unwrap();
        prop_assert_eq!(caller, SocketAddr::new(ip.to_canonical(), port));
    }
}
