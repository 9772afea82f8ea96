//! Forwards and raw TLS as packets: a reader of pcapng finds every byte, in order, between the ends that were recorded.

use chaperone_recorder::{ChannelKind, Recording, Stream, replay};
use serde_json::json;

use crate::visit::{Gate, ending, noise, say};

fn le(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
}

fn be(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// The packets of a capture, whose blocks fit.
fn packets(mut capture: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while !capture.is_empty() {
        let (kind, len) = (le(&capture[..4]), le(&capture[4..8]));
        assert!(len % 4 == 0 && le(&capture[len - 4..len]) == len);
        if kind == 6 {
            packets.push(capture[28..28 + le(&capture[20..24])].to_vec());
        }
        capture = &capture[len..];
    }
    packets
}

/// The one's complement sum over what is right is all ones (RFC 1071).
fn sums_up(bytes: &[u8]) -> bool {
    let mut sum: u64 = bytes.chunks(2).map(|two| be(&[two[0], *two.get(1).unwrap_or(&0)])).sum();
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum == 0xffff
}

#[test]
fn streams_are_packets_between_the_ends_that_were_recorded() {
    let gate = Gate::new();
    let (live, _) = gate.start();
    let about = json!({ "endpoint": "database", "port": 1433 });
    let tls = live.open_channel(1, ChannelKind::new("tls", about), false).unwrap();
    let lane = live.open_channel(2, ChannelKind::new("http", json!({})), false).unwrap();
    live.event(Some(1), "target-leg", json!({ "local": "10.2.0.9:40112", "peer": "10.2.0.17:1433" }))
        .unwrap();
    let large = noise(100_001);
    say(&tls, Stream::ForwardIn, b"select 1");
    say(&lane, Stream::ForwardIn, b"not of a stream");
    say(&tls, Stream::ForwardOut, &large);
    say(&tls, Stream::ForwardIn, b"quit");
    live.event(Some(1), "channel-close", json!({})).unwrap();
    live.seal(ending()).unwrap();
    let mut capture = Vec::new();
    let path = gate.path(live.session());
    replay::pcapng(&mut Recording::open(&path, &gate.readers()).unwrap(), &mut capture).unwrap();
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    for packet in packets(&capture) {
        assert!(sums_up(&packet[..20]) && be(&packet[2..4]) == packet.len() as u64);
        let segment = &packet[20..];
        let pseudo = [&packet[12..20], &[0, 6], &(segment.len() as u16).to_be_bytes(), segment].concat();
        assert!(sums_up(&pseudo));
        let to_target = packet[16..20] == [10, 2, 0, 17];
        assert_eq!(be(&segment[if to_target { 2..4 } else { 0..2 }]), 1433);
        let stream = if to_target { &mut sent } else { &mut received };
        let flags = segment[13];
        // Sequence numbers count bytes behind the first, which SYN takes.
        let expected = if flags & 2 == 0 { stream.len() as u64 + 1 } else { 0 };
        assert_eq!(be(&segment[4..8]), expected);
        stream.extend_from_slice(&segment[20..]);
    }
    assert_eq!((sent.as_slice(), received), (b"select 1quit".as_slice(), large));
}
