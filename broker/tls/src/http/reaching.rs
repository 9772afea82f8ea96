//! How the consoles of this node are entered and reached: by its visits, and by the session's own way to its target.

use std::sync::Arc;

use chaperone_policy::{ConsoleSignIn, Endpoint};
use chaperone_session::{Ask, DialError, Gate, LiveSession, Refused, Way};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use uuid::Uuid;

use super::engine::{Caller, Consoles, Enter, Entered};
use super::inject::Injection;
use super::upstream::{Offer, Reach, Reached};
use crate::door::{ServesConsoles, WebConnection};
use crate::target::secure;
use crate::visit::{Proof, Visit, Visits};

impl Enter for Visits {
    fn enter<'a>(&'a self, token: Uuid, ask: Ask) -> BoxFuture<'a, Result<Box<dyn Entered>, Refused>> {
        async move {
            let visit = Visits::enter(self, Proof::Token(token), ask).await?;
            Ok(Box::new(visit) as Box<dyn Entered>)
        }
        .boxed()
    }
}

impl Entered for Visit {
    fn session(&self) -> &Arc<LiveSession> {
        Visit::session(self)
    }
}

impl Consoles {
    /// Serves what a TLS door hands over.
    #[must_use]
    pub fn at_the_door(self) -> ServesConsoles {
        Arc::new(move |connection| {
            let consoles = self.clone();
            let WebConnection { stream, cord, caller, host, place, .. } = connection;
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let caller = Caller { host, peer: caller, cord, place };
            async move { consoles.serve(stream, http2, caller).await }.boxed()
        })
    }
}

/// Reaches targets over TLS.
pub struct Targets {
    gate: Gate,
}

impl Targets {
    /// Through this gate's sessions.
    #[must_use]
    pub fn new(gate: Gate) -> Self {
        Self { gate }
    }

    async fn connect(&self, session: &Arc<LiveSession>, offer: Offer) -> Result<Reached, DialError> {
        let way = self.gate.way_to_tls(session).await?;
        if way.is_plain() {
            return self.connect_plainly(way).await;
        }
        let offered: &[&[u8]] = match offer {
            Offer::Either => &[b"h2", b"http/1.1"],
            Offer::Http1 => &[b"http/1.1"],
        };
        let offered: Vec<Vec<u8>> = offered.iter().map(|name| name.to_vec()).collect();
        match secure(&way, &offered).await {
            Ok(secured) => {
                way.connected(None, &secured.cord, secured.about.clone()).await;
                let http2 = secured.protocol() == Some(b"h2");
                let cord = secured.cord.clone();
                let over = Box::new(move || way.ended(&cord));
                Ok(Reached { stream: Box::new(secured.stream), http2, over })
            }
            Err(error) => {
                way.failed(&self.gate, None, &error).await;
                Err(error)
            }
        }
    }
}

impl Targets {
    /// Reaches a console that speaks no TLS: the recording says that nothing vouches for who it is.
    async fn connect_plainly(&self, way: Way) -> Result<Reached, DialError> {
        match way.reach().await {
            Ok((stream, cord)) => {
                way.connected(None, &cord, json!({ "tls": null, "plain_http": true })).await;
                let over = Box::new(move || way.ended(&cord));
                Ok(Reached { stream: Box::new(stream), http2: false, over })
            }
            Err(error) => {
                way.failed(&self.gate, None, &error).await;
                Err(error)
            }
        }
    }

    /// What the gate signs in with, as a field of each request.
    async fn injection(&self, session: &Arc<LiveSession>) -> Result<Option<Injection>, DialError> {
        let permit = session.permit();
        let how = permit.target().endpoints.iter().find_map(|endpoint| match endpoint {
            Endpoint::Tls { terms, .. } => terms.sign_in.as_ref(),
            Endpoint::Ssh { .. } | Endpoint::Tcp { .. } => None,
        });
        let (Some(how), Some(secret)) = (how, self.gate.console_secret(session).await?) else {
            return Ok(None);
        };
        let made = match how {
            ConsoleSignIn::Basic { user } => Injection::basic(user, secret.expose()),
            ConsoleSignIn::Header { name } => Injection::header(name, secret.expose()),
        };
        made.map(Some).map_err(|_| DialError::NoCredential)
    }
}

impl Reach for Targets {
    fn reach<'a>(
        &'a self,
        session: &'a Arc<LiveSession>,
        offer: Offer,
    ) -> BoxFuture<'a, Result<Reached, DialError>> {
        self.connect(session, offer).boxed()
    }

    fn injects<'a>(
        &'a self,
        session: &'a Arc<LiveSession>,
    ) -> BoxFuture<'a, Result<Option<Injection>, DialError>> {
        self.injection(session).boxed()
    }
}
