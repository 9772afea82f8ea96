//! A client and a gate's side of SSH with nothing between them and nobody else there, for tests of what is said in channels.

use std::collections::BTreeSet;
use std::sync::Arc;

use russh::keys::{Algorithm, PublicKeyOrCertificate};
use russh::server::{self, Auth, ChannelOpenHandle, Msg, Session};
use russh::{Channel, client};
use tokio::sync::mpsc;

use crate::HostKey;
use crate::algorithms;
use crate::bounds::Rekey;

/// Lets everybody in, and hands out the channels.
struct Door(mpsc::Sender<Channel<Msg>>);

impl server::Handler for Door {
    type Error = russh::Error;

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        drop(self.0.send(channel).await);
        Ok(())
    }
}

struct Trusting;

impl client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

/// One connection with channels that are open at both ends.
pub(crate) struct Pair {
    peer: client::Handle<Trusting>,
    accepted: mpsc::Receiver<Channel<Msg>>,
    _server: server::RunningSession<Door>,
}

impl Pair {
    pub(crate) async fn connect() -> Self {
        let host = HostKey::from_seed(&[9; 32], "host").unwrap();
        let (near, far) = tokio::io::duplex(1 << 20);
        let (opened, accepted) = mpsc::channel(4);
        let config = Arc::new(algorithms::server(vec![host.into_private()], Rekey::default()));
        let serving = tokio::spawn(server::run_stream(config, near, Door(opened)));
        let config =
            algorithms::client_for(vec![Algorithm::Ed25519], Vec::new(), &BTreeSet::new(), Rekey::default());
        let mut peer = client::connect_stream(Arc::new(config), far, Trusting).await.unwrap();
        let server = serving.await.unwrap().unwrap();
        assert!(peer.authenticate_none("dana").await.unwrap().success());
        Self { peer, accepted, _server: server }
    }

    /// A channel, as the client and as the gate have it.
    pub(crate) async fn channel(&mut self) -> (Channel<client::Msg>, Channel<Msg>) {
        let channel = self.peer.channel_open_session().await.unwrap();
        (channel, self.accepted.recv().await.unwrap())
    }
}
