//! The web's doors: one of its own, and the one that it shares with SSH.

use std::future::Future;
use std::net::SocketAddr;

use chaperone_ssh::{Callers, Proxies};
use chaperone_tls::{Elsewhere, ServerTls, ServerTlsError, TlsDoor, TlsListener};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Door, Node, cannot_listen};
use crate::cli::{Failure, chain};
use crate::config::Config;
use crate::serve::certificate::{self, Origin, Shown};
use crate::serve::door::{Own, Plain, Secured};
use crate::serve::shared::Shared;
use crate::serve::tls::{self, Handed, PassedOn};

/// Connections for the web that wait for its listener, which takes each at once.
const PASSED: usize = 64;

impl Node {
    /// Plain HTTP on loopback, HTTPS on every other address. Returns the URL, and the certificate's fingerprint.
    pub(super) async fn open_web(
        &mut self,
        config: &Config,
        stop: CancellationToken,
        doors: &mut Vec<Door>,
    ) -> Result<(String, Option<String>), Failure> {
        let wanted = config.web.listen;
        let socket =
            TcpListener::bind(wanted).await.map_err(|error| cannot_listen("web.listen", wanted, &error))?;
        let address = socket.local_addr().map_err(|error| cannot_listen("web.listen", wanted, &error))?;
        let app = self.app.clone();
        if address.ip().is_loopback() && config.web.certificate.is_none() {
            let task = tokio::spawn(served(chaperone_web::serve(app, Plain(Own(socket)), stop)));
            doors.push(Door { name: "the web's door", task });
            let url = format!("http://{address}");
            self.is_at(config, &url).await;
            return Ok((url, None));
        }
        let tls = self.web_tls(config)?;
        let door = TlsListener::new(Own(socket), &tls);
        let task = tokio::spawn(served(chaperone_web::serve(app, Secured(door), stop)));
        doors.push(Door { name: "the web's door", task });
        let url = format!("https://{address}");
        self.is_at(config, &url).await;
        Ok((url, Some(tls.fingerprint())))
    }

    /// Tells whoever writes links what they begin with, on other nodes too.
    async fn is_at(&self, config: &Config, url: &str) {
        let site = config.web.url.clone().unwrap_or_else(|| url.to_owned());
        self.delivery.is_at(site.clone());
        self.app.is_at(site.clone());
        let node = self.store.node().to_owned();
        let written = self.store.write(move |tx| Box::pin(async move { tx.node_is_at(&node, &site).await }));
        if let Err(error) = written.await {
            // Other nodes say the node's name, and no link.
            tracing::warn!(
                error = chain(&error),
                "where this node serves its pages could not be written down"
            );
        }
    }

    /// One port for SSH, targets and the web: HTTPS always, since SSH comes from anywhere too.
    pub(super) async fn open_shared(
        &mut self,
        config: &Config,
        (at, targets): (SocketAddr, TlsDoor),
        callers: &Callers,
        stop: CancellationToken,
        doors: &mut Vec<Door>,
    ) -> Result<(SocketAddr, String), Failure> {
        let proxies = Proxies::new(config.gate.proxy_from.clone());
        let failed = |error: std::io::Error| cannot_listen("gate.shared", at, &error);
        let (door, handed) = Shared::bind(at, proxies, callers.clone()).await.map_err(failed)?;
        let address = door.address().map_err(failed)?;
        let tls = self.web_tls(config)?;
        let (to, from) = mpsc::channel(PASSED);
        let (incoming, elsewhere) =
            (Handed { from: handed, at: address }, Elsewhere { config: tls.config(), to });
        let dividing = targets.serve(incoming, tls::known(), Some(elsewhere), stop.clone());
        doors.push(Door { name: "the TLS door on the shared port", task: tokio::spawn(dividing) });
        let web = PassedOn { from, at: address };
        let task = tokio::spawn(served(chaperone_web::serve(self.app.clone(), web, stop.clone())));
        doors.push(Door { name: "the web's door on the shared port", task });
        doors.push(Door { name: "the shared port", task: tokio::spawn(door.serve(stop)) });
        Ok((address, tls.fingerprint()))
    }

    /// What both of the web's doors show.
    fn web_tls(&mut self, config: &Config) -> Result<ServerTls, Failure> {
        const KEY: &str = "web.tls_cert";
        if let Some(shown) = self.shown.iter().find(|shown| shown.key == KEY) {
            return Ok(shown.tls.clone());
        }
        let (made, from) = match &config.web.certificate {
            Some(files) => (ServerTls::from_files(&files.chain, &files.key), Origin::Files(files.clone())),
            None => (own_certificate(config), Origin::SelfSigned),
        };
        let tls = made.map_err(|error| {
            Failure::failed(
                format!("there is no HTTPS: {}", chain(&error)),
                "see web.tls_cert and web.tls_key",
            )
        })?;
        self.shown.push(Shown { key: KEY, tls: tls.clone(), from });
        Ok(tls)
    }

    /// What the TLS door shows: the hospital's certificate, or one of the gate's own authority.
    pub(super) async fn gate_tls(&mut self, config: &Config, domain: &str) -> Result<ServerTls, Failure> {
        let (tls, from) = match &config.gate.tls_certificate {
            Some(files) => {
                let read = ServerTls::from_files(&files.chain, &files.key).map_err(|error| {
                    let what = format!("there is no TLS door: {}", chain(&error));
                    Failure::failed(what, "see gate.tls_cert and gate.tls_key")
                })?;
                (read, Origin::Files(files.clone()))
            }
            None => {
                let (own, by) = certificate::own(&self.vault, &self.store, domain).await?;
                (own, Origin::Own { domain: domain.to_owned(), vault: self.vault.clone(), by })
            }
        };
        self.shown.push(Shown { key: "gate.tls_cert", tls: tls.clone(), from });
        Ok(tls)
    }
}

/// A certificate of the node's own, for the address it listens on and the names of this machine.
fn own_certificate(config: &Config) -> Result<ServerTls, ServerTlsError> {
    let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let ip = config.web.listen.ip();
    if !ip.is_unspecified() && !ip.is_loopback() {
        names.push(ip.to_string());
    }
    names.extend(std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned()));
    ServerTls::self_signed(&names, &config.data.tls(), jiff::Timestamp::now())
}

async fn served(serving: impl Future<Output = std::io::Result<()>>) {
    if let Err(error) = serving.await {
        tracing::error!(error = chain(&error), "the web's door failed");
    }
}
