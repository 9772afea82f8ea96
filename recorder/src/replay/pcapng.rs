//! What passed through forwards and in TLS as packets (pcapng, draft-ietf-opsawg-pcapng), for tools that follow streams.
//!
//! The bytes and their times are the recording's; the IP and TCP headers around them are made, since a gate sees streams and
//! no packets. Addresses are those of the connection to the target where the recording has them, else all zeros. HTTP lanes
//! hold messages and no stream, and are not here: a HAR has them.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::Value;

use super::ReplayError;
use super::text::plain;
use crate::channel::Stream;
use crate::content::What;
use crate::read::Recording;

/// Payload of one packet, in bytes.
const MOST_PAYLOAD: usize = 32 << 10;
/// Channels whose connection is known at once.
const MOST_OPEN: usize = 4096;
/// LINKTYPE_RAW: a packet begins with its IP header.
const LINK_RAW: u16 = 101;
const MADE: &str =
    "Derived from a recording by Chaperone: payload and times are recorded, IP and TCP headers are made.";

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PUSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// Writes the packets. A recording without forwards and TLS is a capture without packets.
///
/// # Errors
/// When the recording is not sound to its end, or `to` cannot be written.
pub fn pcapng(recording: &mut Recording, to: &mut dyn Write) -> Result<(), ReplayError> {
    let session = recording.header().session;
    section(to, &format!("Visit {session}. {MADE}"))?;
    let mut open: BTreeMap<u32, Connection> = BTreeMap::new();
    for entry in recording.by_ref() {
        let entry = entry?;
        let Some(number) = entry.channel else { continue };
        let at_ns = u64::try_from(entry.at.as_nanosecond()).unwrap_or_default();
        match entry.what {
            What::Event(kind, body)
                if kind == "channel-open" && is_stream(&body) && open.len() < MOST_OPEN =>
            {
                open.insert(number, Connection::new(number, &body));
            }
            What::Event(kind, body) => {
                let Some(connection) = open.get_mut(&number) else { continue };
                connection.ends(&body);
                if kind == "channel-close" {
                    connection.close(at_ns, to)?;
                    open.remove(&number);
                }
            }
            What::Bytes(stream @ (Stream::ForwardIn | Stream::ForwardOut), bytes) => {
                if let Some(connection) = open.get_mut(&number) {
                    connection.payload(at_ns, stream == Stream::ForwardIn, &bytes, to)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_stream(opened: &Value) -> bool {
    matches!(opened.get("kind").and_then(Value::as_str), Some("forward" | "forward-opaque" | "tls"))
}

/// A channel as a TCP connection.
struct Connection {
    channel: u32,
    about: String,
    gate: SocketAddr,
    target: SocketAddr,
    /// Next sequence numbers, of the gate and of the target.
    next: [u32; 2],
    begun: bool,
}

impl Connection {
    fn new(channel: u32, opened: &Value) -> Self {
        let about = opened.get("about");
        let port =
            about.and_then(|about| about.get("port")?.as_u64()).and_then(|port| u16::try_from(port).ok());
        let named = about.and_then(|about| about.get("endpoint")?.as_str()).unwrap_or("a connection");
        let named: String = plain(named).chars().take(100).collect();
        let nowhere = |port: u16| SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
        // Where the recording has no addresses, the port tells channels apart.
        let own = u16::try_from(channel % 64_000).unwrap_or_default() + 1024;
        Self {
            channel,
            about: format!("channel {channel}: {named}"),
            gate: nowhere(own),
            target: nowhere(port.unwrap_or(443)),
            next: [0, 0],
            begun: false,
        }
    }

    /// Takes the two ends of the connection to the target from an event that has them.
    fn ends(&mut self, body: &Value) {
        let end = |name: &str| body.get(name)?.as_str()?.parse::<SocketAddr>().ok();
        if let (false, Some(local), Some(peer)) = (self.begun, end("local"), end("peer")) {
            (self.gate, self.target) = (local, peer);
        }
    }

    fn payload(&mut self, at_ns: u64, to_target: bool, bytes: &[u8], to: &mut dyn Write) -> io::Result<()> {
        self.begin(at_ns, to)?;
        for piece in bytes.chunks(MOST_PAYLOAD) {
            self.packet(at_ns, to_target, PUSH | ACK, piece, None, to)?;
        }
        Ok(())
    }

    /// The handshake that a reader of streams looks for.
    fn begin(&mut self, at_ns: u64, to: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        let about = std::mem::take(&mut self.about);
        self.packet(at_ns, true, SYN, &[], Some(&about), to)?;
        self.packet(at_ns, false, SYN | ACK, &[], None, to)?;
        self.packet(at_ns, true, ACK, &[], None, to)
    }

    fn close(&mut self, at_ns: u64, to: &mut dyn Write) -> io::Result<()> {
        if !self.begun {
            return Ok(());
        }
        self.packet(at_ns, true, FIN | ACK, &[], None, to)?;
        self.packet(at_ns, false, FIN | ACK, &[], None, to)
    }

    fn packet(
        &mut self,
        at_ns: u64,
        to_target: bool,
        flags: u8,
        payload: &[u8],
        comment: Option<&str>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let [gate, target] = self.next;
        let (from, towards, sequence, acknowledged) = if to_target {
            (self.gate, self.target, gate, target)
        } else {
            (self.target, self.gate, target, gate)
        };
        let segment = tcp(from, towards, (sequence, acknowledged), flags, payload);
        let packet = ip(self.channel, from.ip(), towards.ip(), &segment);
        let counts = u32::from(flags & (SYN | FIN) != 0);
        let passed = u32::try_from(payload.len()).unwrap_or_default().wrapping_add(counts);
        let [gate, target] = &mut self.next;
        let mine = if to_target { gate } else { target };
        *mine = mine.wrapping_add(passed);
        enhanced(to, at_ns, &packet, comment)
    }
}

/// A TCP segment with its checksum (RFC 9293 §3.1).
fn tcp(
    from: SocketAddr,
    to: SocketAddr,
    (sequence, acknowledged): (u32, u32),
    flags: u8,
    payload: &[u8],
) -> Vec<u8> {
    let acknowledged = if flags & ACK == 0 { 0 } else { acknowledged };
    let mut segment = Vec::with_capacity(20 + payload.len());
    segment.extend_from_slice(&from.port().to_be_bytes());
    segment.extend_from_slice(&to.port().to_be_bytes());
    segment.extend_from_slice(&sequence.to_be_bytes());
    segment.extend_from_slice(&acknowledged.to_be_bytes());
    segment.extend_from_slice(&[5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend_from_slice(payload);
    let mut pseudo = Vec::with_capacity(40);
    for address in [from.ip(), to.ip()] {
        match address {
            IpAddr::V4(address) => pseudo.extend_from_slice(&address.octets()),
            IpAddr::V6(address) => pseudo.extend_from_slice(&address.octets()),
        }
    }
    pseudo.extend_from_slice(&[0, 6]);
    pseudo.extend_from_slice(&u32::try_from(segment.len()).unwrap_or_default().to_be_bytes());
    let sum = checksum(&[pseudo.as_slice(), &segment]);
    for (byte, value) in segment.iter_mut().skip(16).zip(sum.to_be_bytes()) {
        *byte = value;
    }
    segment
}

/// An IP packet around a segment (RFC 791, RFC 8200).
fn ip(channel: u32, from: IpAddr, to: IpAddr, segment: &[u8]) -> Vec<u8> {
    let len = segment.len();
    let mut packet = Vec::with_capacity(40 + len);
    if let (IpAddr::V4(from), IpAddr::V4(to)) = (from, to) {
        let total = u16::try_from(20 + len).unwrap_or(u16::MAX);
        let [.., high, low] = channel.to_be_bytes();
        packet.extend_from_slice(&[0x45, 0]);
        packet.extend_from_slice(&total.to_be_bytes());
        packet.extend_from_slice(&[high, low, 0x40, 0, 64, 6, 0, 0]);
        packet.extend_from_slice(&from.octets());
        packet.extend_from_slice(&to.octets());
        let sum = checksum(&[&packet]);
        for (byte, value) in packet.iter_mut().skip(10).zip(sum.to_be_bytes()) {
            *byte = value;
        }
    } else {
        let octets = |address: IpAddr| match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        };
        packet.extend_from_slice(&[0x60, 0, 0, 0]);
        packet.extend_from_slice(&u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes());
        packet.extend_from_slice(&[6, 64]);
        packet.extend_from_slice(&octets(from));
        packet.extend_from_slice(&octets(to));
    }
    packet.extend_from_slice(segment);
    packet
}

/// The Internet checksum (RFC 1071) of parts of even length, but for the last.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2)).map(|two| {
        let [high, low] = [two.first(), two.get(1)].map(|byte| u32::from(byte.copied().unwrap_or(0)));
        (high << 8) | low
    });
    let mut sum = words.fold(0_u32, |sum, word| {
        let sum = sum + word;
        (sum & 0xffff) + (sum >> 16)
    });
    sum = (sum & 0xffff) + (sum >> 16);
    !u16::try_from(sum).unwrap_or_default()
}

/// The section's header and its one interface, with times in nanoseconds.
fn section(to: &mut dyn Write, comment: &str) -> io::Result<()> {
    let mut body = Vec::new();
    body.extend_from_slice(&0x1A2B_3C4D_u32.to_le_bytes());
    body.extend_from_slice(&[1, 0, 0, 0]);
    body.extend_from_slice(&(-1_i64).to_le_bytes());
    option(&mut body, 1, comment.as_bytes());
    option(&mut body, 0, &[]);
    block(to, 0x0A0D_0D0A, &body)?;
    let mut body = Vec::new();
    body.extend_from_slice(&LINK_RAW.to_le_bytes());
    body.extend_from_slice(&[0, 0]);
    body.extend_from_slice(&0_u32.to_le_bytes());
    option(&mut body, 9, &[9]);
    option(&mut body, 0, &[]);
    block(to, 1, &body)
}

fn enhanced(to: &mut dyn Write, at_ns: u64, packet: &[u8], comment: Option<&str>) -> io::Result<()> {
    let len = u32::try_from(packet.len()).unwrap_or(u32::MAX);
    let mut body = Vec::with_capacity(packet.len() + 32);
    body.extend_from_slice(&0_u32.to_le_bytes());
    body.extend_from_slice(&u32::try_from(at_ns >> 32).unwrap_or_default().to_le_bytes());
    body.extend_from_slice(&u32::try_from(at_ns & 0xffff_ffff).unwrap_or_default().to_le_bytes());
    body.extend_from_slice(&len.to_le_bytes());
    body.extend_from_slice(&len.to_le_bytes());
    body.extend_from_slice(packet);
    body.resize(body.len().next_multiple_of(4), 0);
    if let Some(comment) = comment {
        option(&mut body, 1, comment.as_bytes());
        option(&mut body, 0, &[]);
    }
    block(to, 6, &body)
}

/// An option: code, length, and its value to a multiple of four.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..value.len().min(usize::from(u16::MAX))).unwrap_or_default();
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_le_bytes());
    body.extend_from_slice(value);
    body.resize(body.len().next_multiple_of(4), 0);
}

fn block(to: &mut dyn Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let len = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
    to.write_all(&kind.to_le_bytes())?;
    to.write_all(&len)?;
    to.write_all(body)?;
    to.write_all(&len)
}
