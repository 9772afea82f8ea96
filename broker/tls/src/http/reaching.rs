//! How the consoles of this node are entered and reached: by its visits, and by the session's own way to its target.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::{ConsoleSignIn, Endpoint, TargetName};
use chaperone_session::{Ask, Cord, DialError, EndReason, Gate, LiveSession, Proof, Refused, Way};
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::engine::{Caller, Consoles, Enter, Entered};
use super::inject::Injection;
use super::upstream::{Duplex, Offer, Reach, Reached};
use crate::door::{ServesConsoles, WebConnection};
use crate::target::secure;
use crate::visit::{Beyond, Visit, Visits};

impl Enter for Visits {
    fn enter<'a>(&'a self, token: Uuid, ask: Ask) -> BoxFuture<'a, Result<Box<dyn Entered>, Refused>> {
        async move {
            let visit = Visits::enter(self, Proof::Token(token), ask).await?;
            Ok(Box::new(visit) as Box<dyn Entered>)
        }
        .boxed()
    }

    fn over(&self, token: Uuid, target: &TargetName, source: IpAddr) -> Option<EndReason> {
        self.over_from(&Proof::Token(token), target, source)
    }

    fn left(&self, token: Uuid, session: &LiveSession) {
        Visits::left(self, Proof::Token(token), session);
    }
}

impl Entered for Visit {
    fn session(&self) -> &Arc<LiveSession> {
        Visit::session(self)
    }

    fn beyond(&self) -> Option<Beyond> {
        Visit::beyond(self)
    }
}

impl Consoles {
    /// Serves what a TLS door hands over.
    #[must_use]
    pub fn at_the_door(self) -> ServesConsoles {
        Arc::new(move |connection| {
            let consoles = self.clone();
            let WebConnection { stream, cord, caller, host, bearer, place, .. } = connection;
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let caller = Caller { host, peer: caller, bearer, cord, place };
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
        let Connected { stream, cord, http2, about, until } = match plain(&way) {
            Some(until) => self.in_clear(&way, until).await,
            None => secured(&way, offer).await,
        }?;
        way.connected(&self.gate, None, &cord, about).await;
        let allowed = until.map(|until| self.allows(until, &cord));
        let over = move || {
            drop(allowed);
            way.ended(&cord);
        };
        Ok(Reached { stream, http2, over: Box::new(over) })
    }

    /// Without TLS, as somebody has allowed for a time.
    async fn in_clear(&self, way: &Way, until: Timestamp) -> Result<Connected, DialError> {
        if self.gate.now() >= until {
            return Err(DialError::PlainHttpExpired(until));
        }
        let (stream, cord) = way.reach().await?;
        let about = json!({ "tls": null, "plain_http_until": until });
        Ok(Connected { stream: Box::new(stream), cord, http2: false, about, until: Some(until) })
    }

    /// Ends a connection once what allows it is over, whatever is under way on it; until what is returned is dropped.
    fn allows(&self, until: Timestamp, cord: &Cord) -> DropGuard {
        let left = Duration::try_from(until.duration_since(self.gate.now())).unwrap_or(Duration::ZERO);
        let (over, cord) = (CancellationToken::new(), cord.clone());
        let ended = over.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = sleep(left) => cord.sever(),
                () = ended.cancelled() => {}
            }
        });
        over.drop_guard()
    }

    async fn injection(&self, session: &Arc<LiveSession>) -> Result<Option<Injection>, DialError> {
        let Some(secret) = self.gate.console_secret(session).await? else { return Ok(None) };
        let permit = session.permit();
        let signs_in = permit.target().endpoints.iter().find_map(|endpoint| match endpoint {
            Endpoint::Tls { terms, .. } => terms.sign_in.as_ref(),
            Endpoint::Ssh { .. } | Endpoint::Tcp { .. } => None,
        });
        let injection = match signs_in {
            Some(ConsoleSignIn::Basic { user }) => Injection::basic(user, secret.expose()),
            Some(ConsoleSignIn::Header { name }) => Injection::header(name, secret.expose()),
            None => return Ok(None),
        };
        injection.map(Some).map_err(|error| {
            tracing::error!(session.id = %session.id(), %error, "a console's credential is of no use");
            DialError::NoCredential
        })
    }
}

/// A connection to a target, before it is known to the visit's recording.
struct Connected {
    stream: Box<dyn Duplex>,
    cord: Cord,
    http2: bool,
    about: Value,
    /// When it must end, where it is without TLS.
    until: Option<Timestamp>,
}

/// Until when the target is reached without TLS, where it is.
fn plain(way: &Way) -> Option<Timestamp> {
    match way.endpoint() {
        Endpoint::Tls { terms, .. } => terms.plain_http.as_ref().map(|plain| plain.until),
        Endpoint::Ssh { .. } | Endpoint::Tcp { .. } => None,
    }
}

async fn secured(way: &Way, offer: Offer) -> Result<Connected, DialError> {
    let offered: &[&[u8]] = match offer {
        Offer::Either => &[b"h2", b"http/1.1"],
        Offer::Http1 => &[b"http/1.1"],
    };
    let offered: Vec<Vec<u8>> = offered.iter().map(|name| name.to_vec()).collect();
    let secured = secure(way, &offered).await?;
    let http2 = secured.protocol() == Some(b"h2");
    Ok(Connected {
        stream: Box::new(secured.stream),
        cord: secured.cord,
        http2,
        about: secured.about,
        until: None,
    })
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
