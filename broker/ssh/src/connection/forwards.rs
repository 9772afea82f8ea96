//! Where a `direct-tcpip` channel of a connection leads: to a server by name, which is ended inside (`ssh -J`); to a
//! declared endpoint of the visit; or nowhere.

use std::net::IpAddr;
use std::sync::Arc;

use chaperone_identity::UserName;
use chaperone_policy::TargetName;
use chaperone_session::LiveSession;
use russh::server::{ChannelOpenHandle, Handle, Msg};
use russh::{Channel, ChannelOpenFailure};

use super::{Connection, held_for};
use crate::admission::Verdict;
use crate::forward;
use crate::jump::{self, Through};
use crate::place::Place;

/// A connection that a client wants from here on.
pub(super) struct Wanted {
    pub channel: Channel<Msg>,
    pub reply: ChannelOpenHandle,
    pub place: Place,
}

impl Connection {
    /// Serves it on a task of its own, or refuses it.
    pub(super) async fn connect(&mut self, wanted: Wanted, handle: Handle) {
        if self.has_its_channels() {
            let what = wanted.place.refused("too many channels");
            // A scan of the network is no busy browser.
            match self.is_declared(&wanted.place) {
                true => self.refusals.declines("direct-tcpip", what),
                false => self.refuse("direct-tcpip", what),
            }
            return wanted.reply.reject(ChannelOpenFailure::ResourceShortage).await;
        }
        if self.unsure {
            self.refuse("direct-tcpip", wanted.place.refused("a code may be owed"));
            return wanted.reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        }
        if let Some(target) = self.jumps_to(&wanted.place).await {
            return self.jump(wanted, target).await;
        }
        let is_chosen = self.verdict.borrow().is_visit();
        if !is_chosen && self.named().is_none_or(|named| named.target.is_none()) {
            self.refuse("direct-tcpip", wanted.place.refused("no server is named"));
            return wanted.reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        }
        let held = self.channels.opens_connecting(wanted.channel.id());
        let lent = forward::Lent {
            gate: self.gate.clone(),
            handle,
            verdict: self.verdict.subscribe(),
            refusals: Arc::clone(&self.refusals),
        };
        let Wanted { channel, reply, place } = wanted;
        let asked = forward::Asked { channel, reply, place };
        tokio::spawn(held_for(held, Box::pin(forward::run(asked, lent))));
    }

    /// Whether a visit is on to a server that declares an endpoint there.
    fn is_declared(&self, place: &Place) -> bool {
        let Ok(port) = u16::try_from(place.port) else { return false };
        let declares = |session: &LiveSession| session.permit().target().forward(&place.host, port).is_some();
        match &*self.verdict.borrow() {
            Verdict::Visit(visit) => declares(&visit.session),
            Verdict::Forwards(session) => declares(session),
            _ => false,
        }
    }

    /// The server that is meant by a place: its name, with SSH's port or its own. Of a server's own port only somebody
    /// learns who has a window on it (P9).
    async fn jumps_to(&self, place: &Place) -> Option<TargetName> {
        // No deeper than one connection inside another.
        if self.through.is_some() || !self.jumps.are_taken() {
            return None;
        }
        // No server is called by an address, or by what every machine calls itself.
        if place.host.parse::<IpAddr>().is_ok() || place.host.eq_ignore_ascii_case("localhost") {
            return None;
        }
        let target: TargetName = place.host.to_ascii_lowercase().parse().ok()?;
        let named = self.named()?;
        if named.target.is_some_and(|named| named != target) {
            return None;
        }
        if place.port == jump::SSH_PORT {
            return Some(target);
        }
        let facts = self.gate.facts().await.ok()?;
        let (person, port) = (self.proven.as_ref()?.person(), u16::try_from(place.port).ok()?);
        let known = facts.target_by_name(&target).filter(|known| known.has_ssh_on(port))?;
        let is_theirs = |window: &chaperone_policy::Window| {
            window.targets.contains(&known.id) && window.technicians.contains(&person)
        };
        facts.windows.values().any(is_theirs).then_some(target)
    }

    /// Ends the client's connection to a server here.
    async fn jump(&mut self, wanted: Wanted, target: TargetName) {
        let Wanted { channel, reply, place } = wanted;
        let Some(proven) = self.proven.clone() else {
            return reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        };
        let through = Through { proven, second: self.shown, target, reference: self.reference.clone() };
        let Some(inside) = self.jumps.begin(&self.cord, &through.target, self.gate.now()) else {
            self.refusals.declines("direct-tcpip", place.refused("too many connections inside this one"));
            return reply.reject(ChannelOpenFailure::ResourceShortage).await;
        };
        let held = self.channels.opens_connecting(channel.id());
        let asks = self.asks.clone();
        let (half_open, outer_over) = (self.progress.half_open.clone(), self.progress.over.clone());
        let asked = jump::Asked { channel, reply, peer: self.peer, through, half_open, outer_over };
        tokio::spawn(held_for(held, Box::pin(jump::run(self.gate.clone(), asks, asked, inside))));
    }

    /// The user name, as it is read.
    fn named(&self) -> Option<UserName> {
        self.user.as_deref()?.parse().ok()
    }
}
