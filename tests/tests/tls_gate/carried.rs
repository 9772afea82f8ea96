//! The TLS door over a web socket: the token in front and the certificate inside are the same person's.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use chaperone_tests::{PATIENCE, Visit};

use crate::world::{CONSOLE, Proof, Server, World};

/// A port of this machine whose connections are carried to the TLS door over a web socket that this token opens.
fn carries(world: &World, token: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, web) = (listener.local_addr().unwrap().port(), world.house.gate.web_port());
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let far = upgraded(web, &token);
            let (from_near, to_far) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            thread::spawn(move || drop(wraps(from_near, to_far)));
            thread::spawn(move || drop(unwraps(far, near)));
        }
    });
    port
}

/// A connection on which the gate speaks the web socket protocol (RFC 6455).
fn upgraded(web: u16, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", web)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "GET /api/tls HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {token}\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let (mut answer, mut octet) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut octet).unwrap() == 1 {
        answer.push(octet[0]);
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    stream
}

/// What comes goes out in binary messages, masked by zeros: the octets are as they are.
fn wraps(mut near: TcpStream, mut far: TcpStream) -> std::io::Result<()> {
    let mut part = [0; 4096];
    while let count @ 1.. = near.read(&mut part)? {
        let mut frame = vec![0x82, 0xfe];
        frame.extend(u16::try_from(count).unwrap().to_be_bytes());
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
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        far.read_exact(&mut payload)?;
        near.write_all(&payload)?;
    }
}

/// A client whose connection is carried from that port.
fn client(world: &World, port: u16, proof: &Proof) -> Visit {
    let direct = format!("127.0.0.1:{}", world.port);
    let command = world.s_client(CONSOLE, proof, &[]);
    let words = command.get_args().map(|word| match word == direct.as_str() {
        true => format!("127.0.0.1:{port}").into(),
        false => word.to_owned(),
    });
    let mut carried = std::process::Command::new(command.get_program());
    carried.args(words.collect::<Vec<std::ffi::OsString>>());
    Visit::of(carried)
}

#[test]
fn nobodys_certificate_is_taken_on_a_way_that_somebody_elses_token_has_opened() {
    let world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    let window = world.window("+10m");
    let danas = world.proof(&window);
    let theirs = world.house.open_window_on(CONSOLE, "viktor", "tls", "+10m");
    let viktors = world.proof_of("viktor", &theirs);
    let port = carries(&world, world.house.gate.token("dana"));

    let mut refused = client(&world, port, &viktors);
    refused.types("let me in\n");
    refused.ends();
    assert!(refused.err().contains("alert bad certificate"), "{}", refused.err());
    let failed = world.house.refusal("attempt-failed", "credential");
    assert_eq!(
        failed.body["why"], "TLS certificate: it is viktor's, and dana's token carries it",
        "{:#}",
        failed.body
    );
    assert!(failed.body["user"].as_str().unwrap().starts_with("viktor+"), "{:#}", failed.body);
    assert!(world.house.sessions().is_empty());

    let mut own = client(&world, port, &danas);
    own.types("ready\n");
    own.shows("ydaer");
    // OpenSSL's server has one client at a time.
    own.signal(chaperone_tests::Signal::TERM);
    own.ends();
    world.legs_gone(server.port);
    // Viktor's is good at the door itself.
    let mut direct = world.client(&viktors);
    direct.types("ready\n");
    direct.shows("ydaer");
}
