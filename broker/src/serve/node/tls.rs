//! The TLS doors of a node: one for targets, and what is TLS on the port that is shared.

use std::net::SocketAddr;
use std::sync::Arc;

use chaperone_ssh::{Callers, Proxies};
use chaperone_tls::http::{Consoles, HttpSettings, Targets};
use chaperone_tls::{DoorParts, Names, TlsDoor, Visits};
use chaperone_vault::TlsAuthority;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Door, Node, cannot_listen};
use crate::cli::{Failure, chain};
use crate::config::{Config, TlsPort};
use crate::serve::{authority, carried, succession, tls};

/// Connections that wait for the door, which takes each at once.
const HANDED: usize = 64;

impl Node {
    /// The door for targets, on whatever ports it is served.
    pub(super) async fn tls_door(&mut self, config: &Config, callers: &Callers) -> Result<TlsDoor, Failure> {
        let failed =
            |why: String| Failure::failed(format!("there is no TLS door: {why}"), "see the keys gate.tls…");
        let known = self.vault.tls_authorities(&self.store, TlsAuthority::Gate).await;
        let known = known.map_err(|error| failed(chain(&error)))?;
        let known = known.ok_or_else(|| failed("its authority has not been made".to_owned()))?;
        let domain = tls::domain(config);
        let certificates = self.gate_tls(config, &domain).await?.resolver();
        let unheard = callers.clone();
        let visits = Visits::new(self.gate.clone(), config.gate.tls_linger);
        let consoles = self.consoles(config, &visits).at_the_door();
        let parts = DoorParts {
            gate: self.gate.clone(),
            visits,
            names: Names::of(&domain),
            certificates,
            authorities: authority::certificates(&known),
            consoles,
            site: self.app.site().into(),
            public_port: config.gate.tls_public.as_ref().map(|public| public.port),
            unheard: Arc::new(move |source| unheard.unheard(source)),
            runtime: self.visits.handle(),
        };
        TlsDoor::new(parts).map_err(|error| failed(chain(&error)))
    }

    /// Follows the authority while another takes its place: whom the door trusts, and what it shows.
    pub(super) fn watch_authority(&self, door: TlsDoor, doors: &mut Vec<Door>) {
        let own = self.shown.iter().find_map(succession::Own::of);
        let watching = succession::keep(door, own, self.vault.clone(), self.store.clone());
        doors.push(Door { name: "the watch over the TLS authority", task: tokio::spawn(watching) });
    }

    /// Serves what comes to it over web sockets, where visits run.
    pub(super) fn open_carried(
        &self,
        door: TlsDoor,
        at: SocketAddr,
        stop: CancellationToken,
        doors: &mut Vec<Door>,
    ) {
        let (to, from) = mpsc::channel(HANDED);
        self.app.carries_tls_to(carried::carrier(to));
        let handed = tls::Handed { from, at };
        let task = self.visits.run(async move { door.serve(handed, tls::known(), None, stop).await });
        doors.push(Door { name: "the TLS door over web sockets", task });
    }

    /// The web consoles behind that door.
    fn consoles(&self, config: &Config, visits: &Visits) -> Consoles {
        let settings =
            HttpSettings { body_limit: config.recording.http_body_limit, site: self.app.site().to_owned() };
        let targets = Arc::new(Targets::new(self.gate.clone()));
        Consoles::new(self.gate.clone(), self.tokens.clone(), Arc::new(visits.clone()), targets, settings)
    }

    /// Serves it on a port of its own, where visits run. A port that nobody asked for, and that somebody else has, is no reason
    /// not to start.
    pub(super) async fn open_tls(
        &self,
        config: &Config,
        door: TlsDoor,
        callers: &Callers,
        stop: CancellationToken,
        doors: &mut Vec<Door>,
    ) -> Result<Option<SocketAddr>, Failure> {
        let (TlsPort::At(at) | TlsPort::Usual(at)) = config.gate.tls else { return Ok(None) };
        let failed = |error: std::io::Error| cannot_listen("gate.tls", at, &error);
        let binding = self.visits.run(async move { TcpListener::bind(at).await });
        let socket = match binding.await.unwrap_or_else(|error| Err(error.into())) {
            Err(error) if config.gate.tls == TlsPort::Usual(at) => {
                tracing::warn!(%at, %error, "no TLS port: nobody is let in by TLS; set gate.tls");
                return Ok(None);
            }
            bound => bound.map_err(failed)?,
        };
        let address = socket.local_addr().map_err(failed)?;
        let arrives = tls::behind(Proxies::new(config.gate.proxy_from.clone()), callers.clone());
        let task = self.visits.run(async move { door.serve(socket, arrives, None, stop).await });
        doors.push(Door { name: "the TLS door", task });
        Ok(Some(address))
    }
}
