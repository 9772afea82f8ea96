use bytes::{BufMut, BytesMut};
use proptest::prelude::*;

use super::*;

/// Everything that a direction gives when its bytes come in pieces of these lengths: packets and heads as they are,
/// payload joined.
fn split(side: Side, bytes: &[u8], pieces: &[usize]) -> (Vec<Part>, Option<Malformed>) {
    let (mut splitter, mut parts, mut rest) = (Splitter::new(side), Vec::new(), bytes);
    let mut lengths = pieces.iter().copied().cycle();
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(lengths.next().unwrap_or(usize::MAX).clamp(1, rest.len()));
        rest = behind;
        let mut input = Bytes::copy_from_slice(piece);
        loop {
            match splitter.next(&mut input) {
                Ok(Some(Part::Payload(more))) => match parts.last_mut() {
                    Some(Part::Payload(before)) => *before = [&before[..], &more].concat().into(),
                    _ => parts.push(Part::Payload(more)),
                },
                Ok(Some(part)) => parts.push(part),
                Ok(None) => break,
                Err(why) => return (parts, Some(why)),
            }
        }
        assert!(splitter.begun.len() <= usize::try_from(MOST).unwrap() + 4, "what is kept is bounded");
    }
    (parts, None)
}

/// A packet of this type with this body.
fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = BytesMut::new();
    packet.put_u32(u32::try_from(body.len() + 1).unwrap());
    packet.put_u8(kind);
    packet.put_slice(body);
    packet.to_vec()
}

fn write(handle: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut body = BytesMut::new();
    body.put_u32(7);
    body.put_u32(u32::try_from(handle.len()).unwrap());
    body.put_slice(handle);
    body.put_u64(1 << 40);
    body.put_u32(u32::try_from(payload.len()).unwrap());
    body.put_slice(payload);
    packet(super::super::request::WRITE, &body)
}

#[test]
fn a_writes_payload_comes_apart_from_what_stands_before_it() {
    let bytes = [write(b"h1", b"infusion"), packet(4, b"\0\0\0\x08\0\0\0\x02h1")].concat();
    let (parts, wrong) = split(Side::Client, &bytes, &[bytes.len()]);
    assert_eq!(wrong, None);
    assert!(matches!(&parts[0], Part::Head(head, 8) if head.len() == 27), "{parts:?}");
    assert_eq!(parts[1], Part::Payload(Bytes::from_static(b"infusion")));
    assert!(matches!(&parts[2], Part::Packet(raw) if raw.len() == 15), "{parts:?}");
}

#[test]
fn lengths_that_lie_are_malformed() {
    let mut longer = write(b"h", b"abc");
    longer[3] += 1;
    for bytes in [
        vec![0, 0, 0, 0, 3],
        vec![0xff, 0xff, 0xff, 0xff, 3],
        vec![0, 1, 0, 1, 3],
        longer,
        [vec![0, 0, 1, 0, 6, 0, 0, 0, 1], vec![0xff; 20]].concat(),
        [vec![0, 0, 0, 9, 6, 0, 0, 0, 1], vec![0, 0, 0, 200], vec![0; 300]].concat(),
    ] {
        assert!(split(Side::Client, &bytes, &[bytes.len()]).1.is_some(), "{bytes:?}");
    }
}

/// Packets that are sound, or nearly.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |most| prop::collection::vec(any::<u8>(), 0..most);
    let one = prop_oneof![
        4 => (bytes(20), bytes(300)).prop_map(|(handle, payload)| write(&handle, &payload)),
        4 => (any::<u8>(), bytes(60)).prop_map(|(kind, body)| packet(kind, &body)),
        1 => bytes(12),
    ];
    prop::collection::vec(one, 0..12).prop_map(|packets| packets.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_are_the_same_parts(
        bytes in stream(),
        pieces in prop::collection::vec(1_usize..400, 1..20),
        client in any::<bool>(),
    ) {
        let side = if client { Side::Client } else { Side::Server };
        let whole = split(side, &bytes, &[bytes.len().max(1)]);
        let (parts, wrong) = split(side, &bytes, &pieces);
        // Payload that came before a packet that is none may have come in more pieces, and no less of it.
        prop_assert_eq!(&whole.0, &parts);
        prop_assert_eq!(whole.1, wrong);
        let given: usize = parts.iter().map(|part| match part {
            Part::Packet(raw) | Part::Head(raw, _) | Part::Payload(raw) => raw.len(),
        }).sum();
        prop_assert!(given <= bytes.len());
    }
}
