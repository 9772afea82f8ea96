//! A peer that speaks as much of SSH as it likes: identification, and packets before any key (RFC 4253 §4.2, §6, §7).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long the gate may take to answer, or to hang up, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// `SSH_MSG_KEXINIT`.
pub const KEXINIT: u8 = 20;
/// `SSH_MSG_KEX_ECDH_INIT`.
const ECDH_INIT: u8 = 30;

/// A connection to the gate.
pub struct Raw(TcpStream);

impl Raw {
    pub fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the gate accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("reading ends");
        stream.set_nodelay(true).expect("small packets go at once");
        Self(stream)
    }

    /// Connects, says who it is, and reads who the gate is.
    pub fn hello(port: u16) -> Self {
        let mut raw = Self::connect(port);
        raw.says(b"SSH-2.0-OpenSSH_9.9\r\n");
        assert!(raw.line().starts_with("SSH-2.0-"));
        raw
    }

    /// The same, and waits for what the gate offers a client that says no more.
    pub fn greeted(port: u16) -> (Self, Vec<u8>) {
        let mut raw = Self::hello(port);
        let offer = raw.packet().expect("the gate offers its algorithms");
        assert_eq!(offer.first(), Some(&KEXINIT));
        (raw, offer)
    }

    /// Connects, says what it can do, in the lists of one direction, and reads what the gate offers in return.
    pub fn offered(port: u16, has: [&str; 4]) -> Vec<u8> {
        let mut raw = Self::hello(port);
        raw.says(&framed(&offer_of(has)));
        let offer = raw.packet().expect("the gate offers its algorithms");
        assert_eq!(offer.first(), Some(&KEXINIT));
        offer
    }

    /// Sends bytes. The gate may have hung up already.
    pub fn says(&mut self, bytes: &[u8]) {
        drop(self.0.write_all(bytes));
    }

    /// One line, without its end.
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        let mut byte = [0];
        while self.0.read_exact(&mut byte).is_ok() && byte != *b"\n" && line.len() < 1024 {
            line.extend(byte);
        }
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    /// The next packet's payload; `None` when the gate hangs up.
    pub fn packet(&mut self) -> Option<Vec<u8>> {
        let mut head = [0; 5];
        self.0.read_exact(&mut head).ok()?;
        let [a, b, c, d, padding] = head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        assert!(length < 40_000, "a packet of {length} bytes before any key");
        let mut rest = vec![0; length - 1];
        self.0.read_exact(&mut rest).ok()?;
        rest.truncate(rest.len() - usize::from(padding));
        Some(rest)
    }

    /// Whether the gate hangs up, whatever it says before.
    pub fn is_hung_up_on(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => {
                    return !matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    );
                }
            }
        }
    }
}

/// A packet as it goes over the wire before there are keys.
pub fn framed(payload: &[u8]) -> Vec<u8> {
    let padding = 8 - (payload.len() + 5) % 8;
    let padding = if padding < 4 { padding + 8 } else { padding };
    let length = u32::try_from(payload.len() + padding + 1).expect("a short packet");
    let mut packet = length.to_be_bytes().to_vec();
    packet.push(u8::try_from(padding).expect("a short padding"));
    packet.extend_from_slice(payload);
    packet.resize(packet.len() + padding, 0);
    packet
}

/// An SSH string (RFC 4251 §5).
pub fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).expect("a short string").to_be_bytes()[..], bytes].concat()
}

/// What a client offers, with one way of exchanging keys.
pub fn offer(kex: &str) -> Vec<u8> {
    offer_of([kex, "ssh-ed25519", "aes256-gcm@openssh.com,aes256-ctr", "hmac-sha2-256-etm@openssh.com"])
}

/// What a client offers: key exchanges, host keys, and for both directions ciphers and MACs.
fn offer_of([kex, key, cipher, mac]: [&str; 4]) -> Vec<u8> {
    let lists = [kex, key, cipher, cipher, mac, mac, "none", "none", "", ""];
    let mut payload = vec![KEXINIT];
    payload.extend([7; 16]);
    payload.extend(lists.iter().flat_map(|list| string(list.as_bytes())));
    payload.extend([0; 5]);
    payload
}

/// A client's half of a key exchange.
pub fn half(public: &[u8]) -> Vec<u8> {
    [vec![ECDH_INIT], string(public)].concat()
}

/// The ten name lists of an offer (RFC 4253 §7.1).
pub fn lists(offer: &[u8]) -> Vec<Vec<String>> {
    let mut rest = &offer[17..];
    (0..10)
        .map(|_| {
            let (length, behind) = rest.split_first_chunk::<4>().expect("a list has a length");
            let (list, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
            rest = behind;
            let names = String::from_utf8_lossy(list).into_owned();
            names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
        })
        .collect()
}
