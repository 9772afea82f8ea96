//! An HTTP proxy that lets `CONNECT` through and nothing else (RFC 9110 §9.3.6), as networks have that let nothing but
//! the web out.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A running proxy. Its threads end with the test process.
#[derive(Clone)]
pub struct ConnectProxy {
    port: u16,
    wants: Option<String>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    /// One that lets everybody through.
    #[must_use]
    pub fn open() -> Self {
        Self::begin(None)
    }

    /// One that wants a name and a password (RFC 7617).
    #[must_use]
    pub fn with_password(name: &str, password: &str) -> Self {
        Self::begin(Some(format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))))
    }

    fn begin(wants: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the proxy");
        let port = listener.local_addr().expect("a listener has an address").port();
        let proxy = Self { port, wants, asked: Arc::default() };
        let accepting = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let proxy = accepting.clone();
                std::thread::spawn(move || proxy.serve(client));
            }
        });
        proxy
    }

    /// Where it is.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The first line of each request.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn serve(&self, mut client: TcpStream) -> Option<()> {
        let head = head(&mut client)?;
        let mut lines = head.lines();
        let first = lines.next()?.to_owned();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(first.clone());
        let mut fields = lines.filter_map(|line| line.split_once(':'));
        let shown = fields.find(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization"));
        if self.wants.is_some() && shown.map(|(_, value)| value.trim()) != self.wants.as_deref() {
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"out\"\r\ncontent-length: 0\r\n\r\n";
            return client.write_all(refusal.as_bytes()).ok();
        }
        let to = first.strip_prefix("CONNECT ")?.split(' ').next()?;
        let Ok(server) = TcpStream::connect(to) else {
            return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").ok();
        };
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
        let (from, into) = (client.try_clone().ok()?, server.try_clone().ok()?);
        std::thread::spawn(move || pump(from, into));
        pump(server, client);
        Some(())
    }
}

/// A request's head, up to its empty line.
fn head(client: &mut TcpStream) -> Option<String> {
    let (mut head, mut octet) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 16 << 10 || client.read(&mut octet).ok()? == 0 {
            return None;
        }
        head.extend_from_slice(&octet);
    }
    String::from_utf8(head).ok()
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    // A broken side is a closed one.
    drop(std::io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Write));
}
