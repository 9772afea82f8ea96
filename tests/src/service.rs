//! A small TCP service on loopback, as a server's declared endpoint may be: it answers, counts, or never reads.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::text::digest;

/// A running service; it ends with the test's process.
pub struct Service {
    port: u16,
    connections: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

impl Service {
    /// Sends back what comes, in upper case, until its client has finished; then says `bye` and finishes too.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn answers() -> Self {
        Self::start(|mut stream| {
            let mut buffer = [0; 64 << 10];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                let part = buffer.get_mut(..count).unwrap_or_default();
                part.make_ascii_uppercase();
                if stream.write_all(part).is_err() {
                    return;
                }
            }
            drop(stream.write_all(b"bye"));
        })
    }

    /// Takes everything until its client has finished, and only then says how much it was and its SHA-256.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn counts() -> Self {
        Self::start(|mut stream| {
            let mut all = Vec::new();
            if stream.read_to_end(&mut all).is_ok() {
                drop(stream.write_all(format!("{} {}", all.len(), digest(&all)).as_bytes()));
            }
        })
    }

    /// Says something, finishes, and goes on reading to the end; what it read is said nowhere but in `heard`.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn speaks_first(says: Vec<u8>, heard: std::sync::mpsc::SyncSender<usize>) -> Self {
        Self::start(move |mut stream| {
            drop(stream.write_all(&says).and_then(|()| stream.shutdown(Shutdown::Write)));
            let mut all = Vec::new();
            if stream.read_to_end(&mut all).is_ok() {
                heard.send(all.len()).unwrap_or_default();
            }
        })
    }

    /// Waits for something, and breaks off with it unread: whoever sent it is reset (RFC 1122 §4.2.2.13).
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn breaks_off() -> Self {
        Self::start(|stream| drop(stream.peek(&mut [0; 1])))
    }

    fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for a service");
        let port = listener.local_addr().expect("it has one").port();
        let (connections, ended) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (counted, over, serve) = (Arc::clone(&connections), Arc::clone(&ended), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let (serve, over) = (Arc::clone(&serve), Arc::clone(&over));
                thread::spawn(move || {
                    serve(stream);
                    over.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, connections, ended }
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How many have connected.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many of them have gone.
    #[must_use]
    pub fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }
}
