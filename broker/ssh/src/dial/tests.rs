//! A target that opens channels into the gate: a real SSH server of another make, on loopback.

use russh::server::{self, Auth};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::HostKey;

/// Lets everybody in.
struct Open;

impl server::Handler for Open {
    type Error = russh::Error;

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }
}

#[tokio::test]
async fn a_target_opens_nothing_here_whatever_it_asks_for() {
    let host = HostKey::from_seed(&[7; 32], "host").unwrap();
    let pinned: PublicKey = host.public_line().unwrap().parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let target = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let config = Arc::new(algorithms::server(vec![host.into_private()], Rekey::default()));
        let running = server::run_stream(config, stream, Open).await.unwrap();
        let handle = running.handle();
        // Long enough for the sign-in to be over.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let opened = [
            handle.channel_open_session().await.is_ok(),
            handle.channel_open_agent().await.is_ok(),
            handle.channel_open_x11("127.0.0.1", 6000).await.is_ok(),
            handle.channel_open_direct_tcpip("127.0.0.1", 22, "127.0.0.1", 1).await.is_ok(),
            handle.channel_open_forwarded_tcpip("127.0.0.1", 22, "127.0.0.1", 1).await.is_ok(),
        ];
        assert_eq!(opened, [false; 5], "session, agent, x11, direct-tcpip, forwarded-tcpip");
    });
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    let (alive, _gone) = watch::channel(false);
    let check = HostKeyCheck {
        known: Known { keys: vec![pinned.clone()], ..Known::default() },
        seen: Arc::default(),
        alive,
        asks: Box::new(move |kind| heard.lock().unwrap().push(kind)),
        announced: None,
    };
    let stream = TcpStream::connect(address).await.unwrap();
    let config = Arc::new(algorithms::client(&[pinned], true, &BTreeSet::new(), Rekey::default()));
    let mut gate = client::connect_stream(config, stream, check).await.unwrap();
    assert!(gate.authenticate_none("svc").await.unwrap().success());
    target.await.unwrap();
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked, ["session", "agent", "x11", "direct-tcpip", "forwarded-tcpip"]);
}
