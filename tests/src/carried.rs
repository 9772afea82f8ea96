//! Connections that are carried to the gate's TLS door in web sockets, as from a network that lets nothing else through.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use crate::gate::Gate;
use crate::patience::PATIENCE;

impl Gate {
    /// A port of this machine whose connections are carried to the TLS door over a web socket that this token opens.
    ///
    /// # Panics
    /// When this machine has no port.
    #[must_use]
    pub fn carries(&self, token: String) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (port, web) = (listener.local_addr().expect("an address").port(), self.web_port());
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let far = upgraded(web, &token);
                let (from_near, to_far) =
                    (near.try_clone().expect("a socket"), far.try_clone().expect("a socket"));
                thread::spawn(move || drop(wraps(from_near, to_far)));
                thread::spawn(move || drop(unwraps(far, near)));
            }
        });
        port
    }
}

/// A connection on which the gate speaks the web socket protocol (RFC 6455).
fn upgraded(web: u16, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", web)).expect("the web listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let head = format!(
        "GET /api/tls HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {token}\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("the web listens");
    let (mut answer, mut octet) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut octet).expect("an answer") == 1 {
        answer.push(octet[0]);
    }
    let answer = String::from_utf8(answer).expect("a head");
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    stream
}

/// What comes goes out in binary messages, masked by zeros: the octets are as they are.
fn wraps(mut near: TcpStream, mut far: TcpStream) -> std::io::Result<()> {
    let mut part = [0; 4096];
    while let count @ 1.. = near.read(&mut part)? {
        let mut frame = vec![0x82, 0xfe];
        frame.extend(u16::try_from(count).expect("a part is short").to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(&part[..count]);
        far.write_all(&frame)?;
    }
    // The client has gone, and with it the web socket.
    far.shutdown(Shutdown::Both)
}

fn unwraps(mut far: TcpStream, mut near: TcpStream) -> std::io::Result<()> {
    loop {
        let mut head = [0; 2];
        let read = far.read_exact(&mut head);
        // Whatever ends the web socket ends what it carries.
        if read.is_err() || head[0] & 0x0f != 2 {
            return near.shutdown(Shutdown::Both);
        }
        let length = match head[1] {
            126 => {
                let mut long = [0; 2];
                far.read_exact(&mut long)?;
                u64::from(u16::from_be_bytes(long))
            }
            127 => {
                let mut long = [0; 8];
                far.read_exact(&mut long)?;
                u64::from_be_bytes(long)
            }
            short => u64::from(short),
        };
        if length == 0 {
            return near.shutdown(Shutdown::Both);
        }
        let mut payload = vec![0; usize::try_from(length).expect("a message fits")];
        far.read_exact(&mut payload)?;
        near.write_all(&payload)?;
    }
}
