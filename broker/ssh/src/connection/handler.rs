//! What russh calls for one connection, message by message: who somebody is, and each request's answer (RFC 4252, RFC 4254).
//! What the design does not open is refused here, in the protocol's own words.

use std::sync::Arc;

use chaperone_identity::{CertificateFault, ProofFailure, UserName, Why};
use russh::keys::ssh_key::{Certificate, PublicKey};
use russh::server::{
    Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Response, Session, Unheard, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, ChannelOpenFailure, Pty, Sig};
use serde_json::json;

use super::forwards::Wanted;
use super::{Connection, held_for};
use crate::admission::Admission;
use crate::channel;
use crate::place::Place;
use crate::wish::SFTP;

impl Handler for Connection {
    type Error = russh::Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, russh::Error> {
        if self.through.is_some() {
            // It was said once, with the reference that is this connection's too.
            return Ok(None);
        }
        let banner = self.asks.banner.trim_end();
        let space = if banner.is_empty() { "" } else { " " };
        Ok(Some(format!("{banner}{space}Reference {}.\n", self.reference)))
    }

    async fn auth_none(&mut self, user: &str) -> Result<Auth, russh::Error> {
        if self.through.is_some() {
            return self.comes_through(user).await;
        }
        self.names(user).await;
        if self.is_spent() { Err(russh::Error::Disconnect) } else { Ok(Auth::reject()) }
    }

    async fn auth_password(&mut self, user: &str, _password: &str) -> Result<Auth, russh::Error> {
        self.names(user).await;
        if self.is_spent() {
            return Err(russh::Error::Disconnect);
        }
        Ok(self.fail(ProofFailure::credential()).await)
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, russh::Error> {
        if let Some(through) = &self.through {
            let same = self.is_key_of(&through.proven, offer.public_key).await;
            return Ok(if same { Auth::Accept } else { Auth::reject() });
        }
        self.names(user).await;
        self.offered(offer.public_key);
        // An offer is no sign-in: nobody is proven by it, whatever the answer.
        match self.worth_a_signature(user, &offer).await {
            Ok(()) => Ok(Auth::Accept),
            Err(_) if self.is_spent() => Err(russh::Error::Disconnect),
            Err(failure) => {
                self.refuse_offer(failure);
                Ok(Auth::reject())
            }
        }
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        if self.through.is_some() {
            return self.comes_with_key(user, key.public_key).await;
        }
        self.names(user).await;
        self.offered(key.public_key);
        let proof = self.prove(user, &key).await;
        self.first_factor(proof).await
    }

    async fn auth_openssh_certificate_signed(
        &mut self,
        user: &str,
        certificate: &Certificate,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        if self.through.is_some() {
            return self.comes_with_key(user, key.public_key).await;
        }
        self.names(user).await;
        self.offered(key.public_key);
        let proof = self.prove_by_certificate(user, certificate, &key).await;
        self.first_factor(proof).await
    }

    async fn openssh_certificate_rejected(
        &mut self,
        user: &str,
        certificate: &Certificate,
    ) -> Result<(), russh::Error> {
        if self.through.is_some() {
            return Ok(());
        }
        self.names(user).await;
        self.offered(&PublicKey::new(certificate.public_key().clone(), ""));
        let why = Why::Certificate(CertificateFault::Unsound);
        self.refuse_offer(ProofFailure::credential().because(why));
        if self.is_spent() { Err(russh::Error::Disconnect) } else { Ok(()) }
    }

    async fn publickey_unreadable(&mut self, user: &str) -> Result<(), russh::Error> {
        if self.through.is_some() {
            return Ok(());
        }
        self.names(user).await;
        self.refuse_offer(ProofFailure::credential().because(Why::Unreadable));
        if self.is_spent() { Err(russh::Error::Disconnect) } else { Ok(()) }
    }

    async fn publickey_signature_rejected(
        &mut self,
        user: &str,
        key: &PublicKey,
    ) -> Result<(), russh::Error> {
        if self.through.is_some() {
            return Ok(());
        }
        self.names(user).await;
        if self.is_spent() {
            return Err(russh::Error::Disconnect);
        }
        self.offered(key);
        drop(self.fail(ProofFailure::credential().because(Why::Forged)).await);
        Ok(())
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        self.names(user).await;
        if self.is_spent() {
            return Err(russh::Error::Disconnect);
        }
        if self.half.is_none() {
            return Ok(self.fail(ProofFailure::credential()).await);
        }
        let Some(mut response) = response else {
            return Ok(Auth::Partial {
                name: "".into(),
                instructions: "".into(),
                prompts: vec![("Authenticator code: ".into(), false)].into(),
            });
        };
        let code = response.next().map(|code| String::from_utf8_lossy(&code).into_owned());
        self.code_given(&code.unwrap_or_default()).await
    }

    async fn auth_succeeded(&mut self, session: &mut Session) -> Result<(), russh::Error> {
        let Some(proven) = self.proven.take() else {
            return Err(russh::Error::Inconsistent);
        };
        if self.whose.is_some_and(|whose| whose != proven.person()) {
            // Somebody else than whose token carries this: the connection ends here, and that is a fact.
            drop(self.fail(ProofFailure::credential()).await);
            return Err(russh::Error::Disconnect);
        }
        let admission = Admission {
            gate: self.gate.clone(),
            user: self.user.clone().unwrap_or_default(),
            peer: self.peer,
            cord: self.cord.clone(),
            offers: std::mem::take(&mut self.offers),
            reference: self.reference.clone(),
            client: UserName::printable(&String::from_utf8_lossy(session.remote_sshid())),
            second: self.shown,
            foretold: self.foretold.take(),
            unsure: self.unsure,
            handle: session.handle(),
            over: self.progress.over.clone(),
            jumps: Arc::clone(&self.jumps),
            jumped: self.through.is_some(),
            menus: self.progress.half_open.menus(),
            bounds: self.asks.bounds,
        };
        self.refusals.are_of(&admission.user);
        self.proven = Some(proven.clone());
        self.progress.signed_in.send_replace(true);
        tokio::spawn(admission.decide(proven, self.verdict.clone()));
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.has_its_channels() {
            self.refusals.declines("session", json!({ "why": "too many channels" }));
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        }
        let held = self.channels.opens(channel.id());
        reply.accept().await;
        let lent = channel::Lent {
            gate: self.gate.clone(),
            handle: session.handle(),
            verdict: self.verdict.clone(),
            refusals: Arc::clone(&self.refusals),
            ending: held.ending(),
        };
        tokio::spawn(held_for(held, Box::pin(channel::run(channel, lent))));
        Ok(())
    }

    async fn channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        _address: &str,
        _port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refuse("x11", json!({}));
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        originator: &str,
        originator_port: u32,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let place = Place::new(host, port, (originator, originator_port));
        self.connect(Wanted { channel, reply, place }, session.handle()).await;
        Ok(())
    }

    async fn channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refuse("direct-streamlocal", json!({ "path": UserName::printable(path) }));
        Ok(())
    }

    async fn channel_open_forwarded_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        host: &str,
        port: u32,
        _originator: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refuse("forwarded-tcpip", json!({ "host": UserName::printable(host), "port": port }));
        Ok(())
    }

    async fn channel_close(
        &mut self,
        channel: ChannelId,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.channels.closes(channel);
        Ok(())
    }

    fn closes_in_turn(&mut self, channel: ChannelId) -> bool {
        !self.channels.is_awaited(channel)
    }

    async fn channel_eof(&mut self, channel: ChannelId, _session: &mut Session) -> Result<(), russh::Error> {
        self.channels.ends(channel);
        Ok(())
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        // Its channel's task drops it, too.
        if let Some(untimely) = self.channels.untimely(channel) {
            self.refuse(untimely.as_str(), json!({ "bytes": data.len() }));
        }
        Ok(())
    }

    async fn extended_data(
        &mut self,
        _channel: ChannelId,
        code: u32,
        data: &[u8],
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        // A server has errors to tell, a client has none; its channel's task drops it.
        self.refuse("extended-data", json!({ "code": code, "bytes": data.len() }));
        Ok(())
    }

    async fn unheard(&mut self, what: Unheard<'_>) -> Result<(), russh::Error> {
        self.did_not_hear(what);
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.channels.takes_terminal(channel) {
            session.channel_success(channel)
        } else {
            self.refuse("second-terminal", json!({}));
            session.channel_failure(channel)
        }
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.channels.takes_variable(channel, name, value) {
            session.channel_success(channel)
        } else {
            // What is in it stays out of the ledger.
            let what = json!({ "name": UserName::printable(name), "bytes": value.len() });
            self.refusals.declines("environment", what);
            session.channel_failure(channel)
        }
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        self.start(channel, session)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.start(channel, session)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if name != SFTP {
            self.refuse("subsystem", json!({ "name": UserName::printable(name) }));
            return session.channel_failure(channel);
        }
        if !self.channels.starts(channel) {
            self.refuse("second-request", json!({}));
            return session.channel_failure(channel);
        }
        // The channel's own task answers, once the window has.
        Ok(())
    }

    async fn x11_request(
        &mut self,
        channel: ChannelId,
        _single: bool,
        _protocol: &str,
        _cookie: &str,
        _screen: u32,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refusals.declines("x11", json!({}));
        session.channel_failure(channel)
    }

    async fn agent_request(
        &mut self,
        _channel: ChannelId,
        _session: &mut Session,
    ) -> Result<bool, russh::Error> {
        self.refusals.declines("agent", json!({}));
        Ok(false)
    }

    async fn tcpip_forward(
        &mut self,
        address: &str,
        port: &mut u32,
        _session: &mut Session,
    ) -> Result<bool, russh::Error> {
        self.refuse("tcpip-forward", json!({ "address": UserName::printable(address), "port": *port }));
        Ok(false)
    }

    async fn streamlocal_forward(
        &mut self,
        path: &str,
        _session: &mut Session,
    ) -> Result<bool, russh::Error> {
        self.refuse("streamlocal-forward", json!({ "path": UserName::printable(path) }));
        Ok(false)
    }

    async fn signal(
        &mut self,
        _channel: ChannelId,
        _signal: Sig,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        Ok(())
    }
}
