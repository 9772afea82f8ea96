//! A wire between two programs that a scenario can look at and disturb: it notes when how many bytes passed in which
//! direction, and can be slow, break off, or stop taking bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From whoever connected.
    Out,
    /// Back to whoever connected.
    Back,
}

/// Bytes that came together.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// The number of their connection, from 0.
    pub connection: usize,
    /// Their direction.
    pub direction: Direction,
    /// When they came.
    pub at: Instant,
    /// How many they were.
    pub bytes: usize,
}

/// How the wire behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Every segment is held back for this long.
    pub delay: Duration,
    /// The connection breaks in the middle of things once this many bytes have come back over it.
    pub breaks_after: Option<usize>,
    /// Nothing passes any more, in either direction.
    pub stalled: bool,
}

/// A running proxy to one address. Its threads end with the test process.
#[derive(Clone)]
pub struct Proxy {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    segments: Vec<Segment>,
    weather: Weather,
    connections: usize,
}

impl Proxy {
    /// Starts one in front of a port on loopback.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the proxy");
        let own = listener.local_addr().expect("a listener has an address").port();
        let proxy = Self { port: own, shared: Arc::default() };
        let accepting = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                accepting.join(client, server);
            }
        });
        proxy
    }

    /// Its own port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes the wire behave otherwise from now on.
    pub fn weather(&self, weather: Weather) {
        self.shared().weather = weather;
    }

    /// Everything that has passed.
    #[must_use]
    pub fn segments(&self) -> Vec<Segment> {
        self.shared().segments.clone()
    }

    /// Forgets what has passed.
    pub fn forget(&self) {
        self.shared().segments.clear();
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, client: TcpStream, server: TcpStream) {
        let number = {
            let mut shared = self.shared();
            shared.connections += 1;
            shared.connections - 1
        };
        for stream in [&client, &server] {
            // Small packets go at once, or the wire would be what is measured.
            drop(stream.set_nodelay(true));
        }
        let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) else { return };
        let (out, back) = (self.clone(), self.clone());
        std::thread::spawn(move || out.pump(number, Direction::Out, client, server));
        std::thread::spawn(move || back.pump(number, Direction::Back, server_too, client_too));
    }

    fn pump(&self, connection: usize, direction: Direction, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 64 << 10];
        let mut passed = 0;
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let at = Instant::now();
            let weather = {
                let mut shared = self.shared();
                shared.segments.push(Segment { connection, direction, at, bytes: count });
                shared.weather
            };
            std::thread::sleep(weather.delay);
            while self.shared().weather.stalled {
                std::thread::sleep(Duration::from_millis(5));
            }
            let room = match (direction, weather.breaks_after) {
                (Direction::Back, Some(limit)) => limit.saturating_sub(passed).min(count),
                _ => count,
            };
            passed += room;
            if to.write_all(buffer.get(..room).unwrap_or_default()).is_err() || room < count {
                break;
            }
        }
        // One that is closed already needs no closing.
        drop(to.shutdown(Shutdown::Both));
        drop(from.shutdown(Shutdown::Both));
    }
}
