//! What a target is known by, checked before any secret is sent: a pinned host key, or a certificate that a pinned authority
//! has signed for it. A target has nothing to open here, and no key of its own is pinned by its word.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use chaperone_policy::Endpoint;
use chaperone_session::{EndReason, Gate, LiveSession};
use jiff::Timestamp;
use russh::client::{self, ChannelOpenHandle, Msg};
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::public::KeyData;
use russh::keys::ssh_key::{Certificate, PublicKey};
use russh::keys::{HashAlg, PublicKeyOrCertificate};
use russh::{Channel, Names};
use serde_json::json;
use tokio::sync::{oneshot, watch};

use crate::algorithms;

/// Channels that a target asks for in vain and that are facts, and after how many it is cut.
const ASKED_TOLD: usize = 4;
const ASKED_MOST: usize = 64;
/// Keys of one announcement that are looked at.
const ANNOUNCED_MOST: usize = 8;

/// What a target is known by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Its host keys.
    pub keys: Vec<PublicKey>,
    /// Keys that may sign its host keys.
    pub authorities: Vec<PublicKey>,
    /// The names that a certificate may be for: its hosts, and what it is called at the gate.
    pub names: Vec<String>,
    /// When it is asked.
    pub now: Timestamp,
}

impl Known {
    /// Whether a certificate makes its holder this target: of a host, for one of its names, now, signed by one of its
    /// authorities; and without critical options, of which none is defined for hosts (PROTOCOL.certkeys).
    fn vouches(&self, certificate: &Certificate) -> bool {
        let authorities: Vec<_> =
            self.authorities.iter().map(|authority| authority.fingerprint(HashAlg::Sha256)).collect();
        let now = u64::try_from(self.now.as_second()).unwrap_or(0);
        let is_named =
            |principal: &String| self.names.iter().any(|name| name.eq_ignore_ascii_case(principal));
        certificate.cert_type() == CertType::Host
            && certificate.valid_principals().iter().any(is_named)
            && certificate.critical_options().iter().next().is_none()
            && certificate.validate_at(now, &authorities).is_ok()
    }
}

/// What was seen of a target before it was let near a secret.
#[derive(Default)]
pub(crate) struct Seen {
    /// The fingerprint of the key that it showed, or that its certificate holds.
    pub host_key: String,
    /// The key itself, where it showed one without a certificate.
    pub shown: Option<PublicKey>,
    /// Who signed its certificate, where it showed one.
    pub signed_by: Option<KeyData>,
    /// Whether it was taken for somebody else.
    pub refused: bool,
    /// Whether a certificate made it known.
    pub by_certificate: bool,
    /// What it and the gate agreed on.
    pub algorithms: serde_json::Value,
}

impl Seen {
    /// The line of an endpoint's declaration that made the target known.
    pub(crate) fn known_by(&self, endpoint: &Endpoint) -> String {
        let Endpoint::Ssh { host_keys, reach, .. } = endpoint else { return String::new() };
        let (lines, key) = match &self.signed_by {
            Some(authority) => (&reach.authorities, Some(authority)),
            None => (host_keys, self.shown.as_ref().map(PublicKey::key_data)),
        };
        let is_it =
            |line: &&String| line.parse::<PublicKey>().is_ok_and(|declared| Some(declared.key_data()) == key);
        lines.iter().find(is_it).cloned().unwrap_or_default()
    }
}

/// Accepts pinned host keys only, and no channel: a target has nothing to open here.
pub(crate) struct HostKeyCheck {
    pub known: Known,
    pub seen: Arc<Mutex<Seen>>,
    pub alive: watch::Sender<bool>,
    /// Hears of each channel that the target asks for.
    pub asks: Box<dyn FnMut(&'static str) + Send>,
    /// Hears once of the keys that the target announces and that are not pinned.
    pub announced: Option<oneshot::Sender<Vec<PublicKey>>>,
}

impl HostKeyCheck {
    /// The target asks for a channel. Its reply is dropped, which refuses it.
    fn asked_for(&mut self, kind: &'static str) {
        (self.asks)(kind);
    }
}

/// Of channels that a target asks for the first few are facts; who goes on asking is no server, and is cut.
pub(crate) fn told(gate: Gate, session: Weak<LiveSession>) -> impl FnMut(&'static str) + Send {
    let mut asked = 0;
    move |kind| {
        asked += 1;
        let Some(session) = session.upgrade() else { return };
        if asked > ASKED_MOST {
            session.cut(EndReason::TargetFailed);
        }
        if asked <= ASKED_TOLD {
            let gate = gate.clone();
            tokio::spawn(async move {
                let (source, what) = (session.source(), json!({ "asked_by": "target" }));
                gate.channel_refused(Some(&session), "", source, kind, what).await;
            });
        }
    }
}

impl Drop for HostKeyCheck {
    fn drop(&mut self) {
        self.alive.send_replace(true);
    }
}

impl client::Handler for HostKeyCheck {
    type Error = russh::Error;

    async fn check_server_key(&mut self, offered: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match offered {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                seen.host_key = key.fingerprint(HashAlg::Sha256).to_string();
                seen.shown = Some(key.clone());
                self.known.keys.iter().any(|pin| pin.key_data() == key.key_data())
            }
            PublicKeyOrCertificate::Certificate(certificate) => {
                seen.host_key = certificate.public_key().fingerprint(HashAlg::Sha256).to_string();
                seen.by_certificate = true;
                seen.signed_by = Some(certificate.signature_key().clone());
                self.known.vouches(certificate)
            }
        };
        seen.refused = !known;
        Ok(known)
    }

    async fn openssh_ext_host_keys_announced(
        &mut self,
        keys: Vec<PublicKey>,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        let new = |key: &PublicKey| !self.known.keys.iter().any(|pin| pin.key_data() == key.key_data());
        let new: Vec<PublicKey> = keys.into_iter().filter(new).take(ANNOUNCED_MOST).collect();
        if !new.is_empty()
            && let Some(hears) = self.announced.take()
        {
            // Nobody may listen any more: then nothing is proposed.
            drop(hears.send(new));
        }
        Ok(())
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _address: &str,
        _port: u32,
        _originator: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("forwarded-tcpip");
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("forwarded-streamlocal");
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("agent");
        Ok(())
    }

    async fn server_channel_open_unknown(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("unknown");
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("session");
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _host: &str,
        _port: u32,
        _originator: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("direct-tcpip");
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("direct-streamlocal");
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        _originator: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("x11");
        Ok(())
    }

    async fn kex_done(
        &mut self,
        _secret: Option<&[u8]>,
        names: &Names,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.algorithms = algorithms::describe(names);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::PrivateKey;
    use russh::keys::ssh_key::certificate::Builder;
    use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};

    use super::*;

    fn key(seed: u8) -> PrivateKey {
        PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&[seed; 32])), "").unwrap()
    }

    /// A host's certificate as it should be, changed.
    fn certificate(by: u8, change: impl FnOnce(&mut Builder)) -> Certificate {
        let public = key(1).public_key().key_data().clone();
        let mut builder = Builder::new(vec![0; 16], public, 1_000, 2_000).unwrap();
        change(&mut builder);
        builder.sign(&key(by)).unwrap()
    }

    fn host(builder: &mut Builder, name: &str) {
        builder.cert_type(CertType::Host).unwrap();
        builder.valid_principal(name).unwrap();
    }

    #[test]
    fn a_certificate_vouches_for_its_own_host_in_its_time_by_its_authority_alone() {
        let known = Known {
            keys: Vec::new(),
            authorities: vec![key(9).public_key().clone()],
            names: vec!["10.0.0.5".to_owned(), "alaris-sm-01".to_owned()],
            now: Timestamp::from_second(1_500).unwrap(),
        };
        let good = || certificate(9, |builder| host(builder, "ALARIS-sm-01"));
        assert!(known.vouches(&good()));
        assert!(
            !known.vouches(&certificate(8, |builder| host(builder, "alaris-sm-01"))),
            "another authority"
        );
        assert!(!known.vouches(&certificate(9, |builder| host(builder, "alaris-sm-02"))), "another host");
        let user = certificate(9, |builder| {
            builder.cert_type(CertType::User).unwrap().valid_principal("alaris-sm-01").unwrap();
        });
        assert!(!known.vouches(&user), "a person's certificate");
        let any = certificate(9, |builder| {
            builder.cert_type(CertType::Host).unwrap().all_principals_valid().unwrap();
        });
        assert!(!known.vouches(&any), "one for every host");
        let bound = certificate(9, |builder| {
            host(builder, "alaris-sm-01");
            builder.critical_option("source-address", "10.0.0.9").unwrap();
        });
        assert!(!known.vouches(&bound), "an option that nobody here knows");
        for second in [999, 2_000] {
            let now = Timestamp::from_second(second).unwrap();
            assert!(!Known { now, ..known.clone() }.vouches(&good()), "at {second}");
        }
        assert!(!Known { authorities: Vec::new(), ..known }.vouches(&good()));
    }
}
