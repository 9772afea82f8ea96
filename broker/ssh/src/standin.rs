//! The demo's target: a small SSH server on loopback that gives whoever holds the demo's key a real shell as the user
//! who started the demo. It exists so that the demo needs no root and no installed server; a release package has none.

mod process;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::ssh_key::PublicKey;
use russh::server::{self, Auth, ChannelOpenHandle, Handler, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, Pty};
use tokio::net::TcpListener;

use crate::algorithms;
use crate::bounds::Rekey;
use crate::host_key::HostKey;
use crate::note::Size;
use crate::wish::SFTP;

/// Where systems keep OpenSSH's file server. Without one the stand-in has no SFTP.
const SFTP_SERVERS: [&str; 4] = [
    "/usr/lib/openssh/sftp-server",
    "/usr/libexec/openssh/sftp-server",
    "/usr/lib/ssh/sftp-server",
    "/usr/libexec/sftp-server",
];

/// The stand-in server.
pub struct Standin {
    socket: TcpListener,
    config: Arc<server::Config>,
    key: PublicKey,
    name: Arc<str>,
}

impl Standin {
    /// Binds a loopback address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is not loopback or cannot be bound, or `authorized` is no public key.
    pub async fn bind(
        address: SocketAddr,
        host_key: HostKey,
        authorized: &str,
        name: &str,
    ) -> io::Result<Self> {
        if !match address.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        } {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the stand-in listens on loopback only"));
        }
        let key =
            authorized.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "no public key"))?;
        let socket = TcpListener::bind(address).await?;
        let config = server::Config {
            auth_rejection_time: Duration::from_secs(1),
            ..algorithms::server(vec![host_key.into_private()], Rekey::default())
        };
        Ok(Self { socket, config: Arc::new(config), key, name: name.into() })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves for ever.
    ///
    /// # Errors
    /// When connections can no longer be accepted.
    pub async fn serve(self) -> io::Result<()> {
        loop {
            let (stream, _) = self.socket.accept().await?;
            stream.set_nodelay(true)?;
            let shell =
                Shell { key: self.key.clone(), name: Arc::clone(&self.name), channels: HashMap::new() };
            let config = Arc::clone(&self.config);
            tokio::spawn(async move {
                match server::run_stream(config, stream, shell).await {
                    Ok(running) => drop(running.await),
                    Err(error) => tracing::debug!(%error, "the stand-in refused a connection"),
                }
            });
        }
    }
}

/// One connection to the stand-in.
struct Shell {
    key: PublicKey,
    name: Arc<str>,
    channels: HashMap<ChannelId, Opening>,
}

/// A channel before its process starts.
struct Opening {
    channel: Channel<Msg>,
    environment: Vec<(String, String)>,
    terminal: Option<(String, Size)>,
}

impl Shell {
    fn start(
        &mut self,
        id: ChannelId,
        command: Option<&[u8]>,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let Some(opening) = self.channels.remove(&id) else { return session.channel_failure(id) };
        session.channel_success(id)?;
        let command = command.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let name = Arc::clone(&self.name);
        let handle = session.handle();
        tokio::spawn(async move {
            let Opening { channel, environment, terminal } = opening;
            let (read, write) = channel.split();
            let served = match terminal {
                Some((term, size)) => {
                    process::in_terminal(&name, command, &term, size, environment, read, &write).await
                }
                None => process::with_pipes(command, environment, read, &write).await,
            };
            let status = served.unwrap_or_else(|error| {
                tracing::warn!(%error, "the stand-in could not run a process");
                127
            });
            // The peer may have gone in the meantime.
            handle.exit_status_request(id, status).await.unwrap_or_default();
            handle.eof(id).await.unwrap_or_default();
            handle.close(id).await.unwrap_or_default();
        });
        Ok(())
    }
}

impl Handler for Shell {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        _user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        Ok(if key.public_key.key_data() == self.key.key_data() { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        let opening = Opening { environment: Vec::new(), terminal: None, channel };
        self.channels.insert(opening.channel.id(), opening);
        reply.accept().await;
        Ok(())
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        // As an OpenSSH server with `AcceptEnv LANG LC_*`.
        if name == "LANG" || name.starts_with("LC_") {
            if let Some(opening) = self.channels.get_mut(&id) {
                opening.environment.push((name.to_owned(), value.to_owned()));
            }
            return session.channel_success(id);
        }
        session.channel_failure(id)
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        term: &str,
        columns: u32,
        rows: u32,
        width_px: u32,
        height_px: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if let Some(opening) = self.channels.get_mut(&id) {
            opening.terminal = Some((term.to_owned(), Size::clamped(columns, rows, width_px, height_px)));
        }
        session.channel_success(id)
    }

    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        self.start(id, None, session)
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.start(id, Some(command), session)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let server = SFTP_SERVERS.iter().find(|path| Path::new(path).exists());
        match server.filter(|_| name == SFTP) {
            Some(server) => self.start(id, Some(server.as_bytes()), session),
            None => session.channel_failure(id),
        }
    }
}
