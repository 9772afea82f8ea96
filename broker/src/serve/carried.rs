//! TLS that comes over web sockets, handed to the TLS door as the connections that it knows: each is bridged to a
//! connection of this machine with itself, whose other end the door may sever like any caller's. What is severed there
//! severs the web socket's own connection too.

use std::io;
use std::net::Ipv4Addr;

use chaperone_session::Cord;
use chaperone_tls::Calls;
use chaperone_web::{Carried, Carrier, Duplex};
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::cli::chain;

/// Bytes on their way in one direction.
const BUFFER_BYTES: usize = 64 << 10;

/// Hands what is carried to whoever takes connections there.
pub(super) fn carrier(to: mpsc::Sender<(TcpStream, Calls)>) -> Carrier {
    Carrier::new(move |Carried { stream, cord, caller, whose }| {
        let calls = Calls { from: caller, bearer: Some(whose) };
        let to = to.clone();
        tokio::spawn(async move {
            if let Err(error) = carry(stream, calls, &to).await {
                tracing::debug!(client.addr = %caller, error = chain(&error), "what a web socket carried broke off");
                Cord::sever(&cord);
            }
        });
    })
}

/// Bridges one, up to its end. An end of one direction is carried on.
async fn carry(
    mut carried: Box<dyn Duplex>,
    calls: Calls,
    to: &mpsc::Sender<(TcpStream, Calls)>,
) -> io::Result<()> {
    let (mut near, far) = pair().await?;
    to.send((far, calls)).await.map_err(|_| io::ErrorKind::NotConnected)?;
    let carrying = copy_bidirectional_with_sizes(&mut carried, &mut near, BUFFER_BYTES, BUFFER_BYTES);
    if let Err(error) = carrying.await {
        // The door learns that it broke off, and not that it ended.
        drop(near.set_zero_linger());
        return Err(error);
    }
    Ok(())
}

/// Both ends of a connection of this machine with itself, and with nobody else who may have come first.
async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    near.set_nodelay(true)?;
    let own = near.local_addr()?;
    loop {
        let (far, peer) = listener.accept().await?;
        if peer == own {
            return Ok((near, far));
        }
    }
}
