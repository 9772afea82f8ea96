//! From a proven person to a live visit: the schedule's verdict, then the leg to the target. Runs beside the
//! connection, so that the verdict is a fact and an alert also for a client that opens no channel.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chaperone_identity::{ProvenPerson, UserName};
use chaperone_policy::Reason;
use chaperone_session::{Ask, Cord, EndReason, FailedProof, Gate, Leg, LiveSession, Refused};
use russh::Disconnect;
use russh::server::Handle;
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::bounds::Bounds;
use crate::courier::SshCourier;
use crate::dial::{SshDial, TargetLeg};
use crate::jump::Jumps;
use crate::menu::{Menu, Menus};

/// How long a connection whose attempt came to nothing is kept, to say why.
const READ_WHY: Duration = Duration::from_secs(15);
/// What somebody reads then who named no server and chose none.
const NOTHING_CHOSEN: &str = "No server is chosen on this connection: name one, ssh LOGIN+SERVER@GATE.";
/// How long its goodbye may take.
const PARTING: Duration = Duration::from_millis(300);

/// What became of a connection's attempt.
#[derive(Clone)]
pub(crate) enum Verdict {
    /// Not known yet.
    Pending,
    /// No target was named: a menu of one's own windows, or how to name one.
    Menu(Arc<Menu>),
    /// No target was named, and none is to be had here: the text says why.
    Nothing(Arc<str>),
    /// Outside the schedule.
    Refused(Arc<Refused>),
    /// Admitted, but the target could not be reached: the text says so.
    NoTargetLeg(Arc<str>),
    /// A visit is on.
    Visit(Arc<Visit>),
    /// A visit is on to a server without SSH: there is nothing but its declared endpoints.
    Forwards(Arc<LiveSession>),
}

impl Verdict {
    /// Whether a visit is on.
    pub(crate) fn is_visit(&self) -> bool {
        matches!(self, Self::Visit(_) | Self::Forwards(_))
    }

    /// The session of a connection, once its verdict is known; `None` where there is none.
    pub(crate) async fn session(verdict: &mut watch::Receiver<Self>) -> Option<Arc<LiveSession>> {
        let known = verdict.wait_for(|verdict| !matches!(verdict, Self::Pending)).await.ok()?;
        match &*known {
            Self::Visit(visit) => Some(Arc::clone(&visit.session)),
            Self::Forwards(session) => Some(Arc::clone(session)),
            _ => None,
        }
    }
}

/// A live session with its leg to the target.
pub(crate) struct Visit {
    pub session: Arc<LiveSession>,
    pub leg: TargetLeg,
}

/// A connection whose person is proven.
pub(crate) struct Admission {
    pub gate: Gate,
    pub user: String,
    pub peer: SocketAddr,
    pub cord: Cord,
    pub offers: Vec<String>,
    /// What the banner said to give the help desk.
    pub reference: String,
    /// The client software's name, as it says itself.
    pub client: String,
    /// How the second factor was shown, if one was.
    pub second: Option<&'static str>,
    /// What was refused, and is a fact, before the last factor.
    pub foretold: Option<Refused>,
    /// Nobody could say whether a code is owed.
    pub unsure: bool,
    pub handle: Handle,
    /// Cancelled when the connection has ended.
    pub over: CancellationToken,
    /// The connections inside this one: while there are some, it goes on.
    pub jumps: Arc<Jumps>,
    /// Whether it came through another connection, where its person is proven.
    pub jumped: bool,
    /// Those that are shown a menu.
    pub menus: Menus,
    pub bounds: Bounds,
}

/// What a connection has said of itself.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub user: &'a str,
    pub peer: SocketAddr,
    pub offers: &'a [String],
    pub client: &'a str,
    pub second: Option<&'static str>,
    pub reference: &'a str,
    pub jumped: bool,
}

/// What somebody asks for who has proven a key; `None` where the user name holds no target.
pub(crate) fn ask(proven: &ProvenPerson, asking: &Asking<'_>) -> Option<Ask> {
    let Asking { user, peer, reference, .. } = *asking;
    let Ok(UserName { target: Some(target), account, .. }) = user.parse::<UserName>() else { return None };
    Some(Ask {
        person: proven.person(),
        key: Some(proven.key().clone()),
        target,
        account,
        within: None,
        access: None,
        source: peer,
        proof: shown_by(proven, asking),
        shown: None,
        protocol: "ssh",
        reference: reference.to_owned(),
    })
}

/// How somebody has proved who they are, for the facts.
fn shown_by(proven: &ProvenPerson, asking: &Asking<'_>) -> serde_json::Value {
    let Asking { offers, client, second, jumped, .. } = *asking;
    let certificate = proven.key().certificate.as_ref();
    let method = if certificate.is_some() { "certificate" } else { "publickey" };
    let certificate = certificate.map(|certified| {
        json!({
            "authority": certified.authority, "serial": certified.serial.to_string(),
            "key_id": UserName::printable(&certified.key_id), "valid_until": certified.validity.until,
        })
    });
    json!({
        "login": proven.login().as_str(), "method": method, "key": proven.fingerprint(),
        "certificate": certificate, "offers": offers, "client": client, "second_factor": second,
        "jumped": jumped,
    })
}

impl Admission {
    /// Decides, opens the session, dials.
    pub(crate) async fn decide(mut self, proven: ProvenPerson, verdict: watch::Sender<Verdict>) {
        let foretold = self.foretold.take();
        let admission = Arc::new(self);
        let found = match foretold {
            Some(refused) => Verdict::Refused(Arc::new(refused)),
            None => admission.verdict(&proven).await,
        };
        let is_visit = found.is_visit();
        if is_visit {
            admission.jumps.keep_outer();
        }
        verdict.send_replace(found.clone());
        if is_visit {
            return;
        }
        // Time to ask for a channel and read why, to choose from the menu, or to go on from here to a server; there is
        // nothing else to do here.
        let reading = async {
            loop {
                match &found {
                    Verdict::Menu(menu) => menu.is_left().await,
                    _ => tokio::time::sleep(READ_WHY).await,
                }
                if !admission.jumps.are_some() {
                    break;
                }
                admission.jumps.none().await;
            }
        };
        let left = admission.over.run_until_cancelled(reading).await.is_some();
        if left && !verdict.borrow().is_visit() {
            let why = admission.in_one_line(&found);
            let bye = goodbye(&admission.handle, why, &admission.over);
            drop(tokio::time::timeout(PARTING, bye).await);
            // A connection inside another ends alone.
            admission.cord.leave();
        }
    }

    /// Why nothing came of it, for a client that opened no channel to read it in: what of it fits into one line of its
    /// own, and what the help desk looks it up by.
    fn in_one_line(&self, found: &Verdict) -> String {
        let text = match found {
            Verdict::Refused(refused) => refused.text.as_str(),
            Verdict::NoTargetLeg(text) | Verdict::Nothing(text) => text,
            Verdict::Menu(_) => NOTHING_CHOSEN,
            Verdict::Pending | Verdict::Visit(_) | Verdict::Forwards(_) => return String::new(),
        };
        let first = text.lines().next().unwrap_or_default();
        match first.contains(&self.reference) {
            true => first.to_owned(),
            false => format!("{first} Reference {}.", self.reference),
        }
    }

    async fn verdict(self: &Arc<Self>, proven: &ProvenPerson) -> Verdict {
        let Some(ask) = ask(proven, &self.asking()) else {
            if let Some(refused) = self.turned_away(proven).await {
                return refused;
            }
            self.gate.signed_in(proven.person(), self.peer, self.proof(proven)).await;
            return Verdict::Menu(Arc::new(Menu::new(Arc::clone(self), proven.clone())));
        };
        self.attempt(ask).await
    }

    /// What the connection has said of itself.
    pub(crate) fn asking(&self) -> Asking<'_> {
        Asking {
            user: &self.user,
            peer: self.peer,
            offers: &self.offers,
            client: &self.client,
            second: self.second,
            reference: &self.reference,
            jumped: self.jumped,
        }
    }

    /// Attempts to open a visit: the schedule's verdict, the session, the dial.
    pub(crate) async fn attempt(&self, ask: Ask) -> Verdict {
        let session = match self.gate.attempt(ask).await {
            Ok(session) => session,
            Err(refused) => return Verdict::Refused(Arc::new(refused)),
        };
        session.hang(self.client_leg());
        if !session.permit().target().has_ssh() {
            return Verdict::Forwards(session);
        }
        match session.dial(&self.gate, &SshDial { gate: self.gate.clone(), rekey: self.bounds.rekey }).await {
            Ok((leg, cord)) => self.visit(session, leg, cord),
            Err(text) => Verdict::NoTargetLeg(text.into()),
        }
    }

    /// Somebody who names no target, so that nothing is decided yet, and who is told nothing of what is theirs: they come
    /// from where they may not come from, or may owe a code that nobody could ask for.
    async fn turned_away(&self, proven: &ProvenPerson) -> Option<Verdict> {
        let (person, key, source) = (proven.person(), proven.key(), self.peer.ip());
        let theirs = self.gate.people().await.is_ok_and(|facts| {
            facts.people.get(&person).is_some_and(|of| facts.are_their_networks(of, Some(key), source))
        });
        let (reason, why, words) = match (self.unsure, theirs) {
            (true, _) => (
                Reason::Store,
                "proven, and nobody could say whether a code is owed; no server was named",
                "the gate cannot look up what it must know of you at this time; try again in some minutes",
            ),
            (false, false) => (
                Reason::SourceNetwork,
                "proven, and not from there; no server was named",
                "you may not come from this address",
            ),
            (false, true) => return None,
        };
        let failed = FailedProof {
            user: self.user.clone(),
            source: self.peer,
            offers: self.offers.clone(),
            reason,
            person: Some(person),
            why: Some(why.to_owned()),
            reference: self.reference.clone(),
            protocol: "ssh",
        };
        self.gate.failed_proof(failed).await;
        let text = format!("{}: {words}. Reference {}.", self.gate.name(), self.reference);
        Some(Verdict::Nothing(text.into()))
    }

    fn proof(&self, proven: &ProvenPerson) -> serde_json::Value {
        shown_by(proven, &self.asking())
    }

    fn visit(&self, session: Arc<LiveSession>, leg: TargetLeg, cord: Cord) -> Verdict {
        let mut gone = leg.gone();
        let watched = Arc::clone(&session);
        tokio::spawn(async move {
            // An error means the sender is gone, and with it the connection.
            drop(gone.wait_for(|gone| *gone).await);
            watched.cut(EndReason::TargetClosed);
        });
        let visit = Arc::new(Visit { session: Arc::clone(&session), leg });
        session.brings_files_by(SshCourier::of(&visit));
        let parting = Arc::downgrade(&visit);
        session.hang(Leg {
            name: "target",
            cord,
            goodbye: Box::new(move |reason| {
                Box::pin(async move {
                    if let Some(visit) = parting.upgrade() {
                        visit.leg.goodbye(reason.sentence()).await;
                    }
                })
            }),
        });
        Verdict::Visit(visit)
    }

    fn client_leg(&self) -> Leg {
        let (handle, over) = (self.handle.clone(), self.over.clone());
        Leg {
            name: "client",
            cord: self.cord.clone(),
            goodbye: Box::new(move |reason| {
                Box::pin(async move {
                    let text = format!("chaperone: {}", reason.sentence());
                    goodbye(&handle, text, &over).await;
                })
            }),
        }
    }

    /// The session of a connection, once its verdict is known; `None` where there is none.
    pub(crate) async fn session(mut verdict: watch::Receiver<Verdict>) -> Option<Arc<LiveSession>> {
        Verdict::session(&mut verdict).await
    }
}

/// Says why a connection ends, and returns once it has ended by that: what is cut off before is read by nobody. A client
/// that is gone already, or does not read, is for the cord to end.
async fn goodbye(handle: &Handle, why: String, over: &CancellationToken) {
    if handle.disconnect(Disconnect::ByApplication, why, String::new()).await.is_ok() {
        over.cancelled().await;
    }
}
