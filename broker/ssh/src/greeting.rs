//! What a client can do, heard before it is told what the gate can: of two lists the client's order decides (RFC 4253
//! §7.1), and stock clients put slower ciphers first. Whoever has AES-GCM is offered no other cipher, and a third of the work
//! of a transfer is saved on both sides. Whoever has nothing of what everybody is offered is offered the older kinds of what
//! is missing, and of nothing else: what an auditor's tool warns about is said to those alone who could not come without it.

mod ahead;
mod offer;

use std::io;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::PrivateKey;
use russh::keys::ssh_key::{Certificate, PublicKey};
use russh::server::Config;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, timeout};

pub(crate) use self::ahead::{Ahead, Carried};
pub(crate) use self::offer::Offer;
use crate::algorithms::{self, Lacks};
use crate::bounds::Rekey;
use crate::host_key;
use crate::line::Line;

/// How long a client is waited for, once it has said who it is. Most say what they can do within a round trip.
const OFFER: Duration = Duration::from_secs(1);
/// No identification and offer are longer.
const MOST: usize = 16 << 10;
/// Clients that have nothing but the exchange of numbers are answered this far apart, one after the other, each place in
/// turn: an exchange takes some milliseconds of a core, and others are served on it.
const NUMBERS_APART: Duration = Duration::from_millis(100);

/// What clients are offered; cheap to clone.
#[derive(Clone)]
pub(crate) struct Offers {
    /// Those that have AES-GCM.
    gcm: Arc<Config>,
    /// Those that have not.
    any: Arc<Config>,
    /// Those that wait for the gate to speak first, as SSH.NET did until 2023: it had no encrypt-then-MAC either.
    silent: Arc<Config>,
    keys: Arc<Keys>,
    rekey: Rekey,
    post_quantum_only: bool,
    /// Whose turn it is of those that have nothing but the exchange of numbers; one at a time.
    numbers: Arc<Line>,
}

/// Where a client comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct From {
    pub place: IpAddr,
    /// Whether visits came from there.
    pub is_known: bool,
}

/// The gate's host keys.
struct Keys {
    all: Vec<PrivateKey>,
    /// For clients that have no Ed25519, where the gate has.
    ecdsa: Option<PrivateKey>,
}

/// What was heard of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Heard {
    has_gcm: bool,
    lacks: Lacks,
}

impl Heard {
    /// It waits for the gate's offer, or says what cannot be read.
    const NOTHING: Self = Self { has_gcm: false, lacks: Lacks::MACS_ALONE };
}

impl Offers {
    pub(crate) fn new(all: Vec<PrivateKey>, rekey: Rekey) -> Self {
        let ecdsa = all.iter().find_map(host_key::ecdsa_of);
        let gcm = algorithms::gcm_only(algorithms::server(all.clone(), rekey));
        let any = algorithms::server(all.clone(), rekey);
        let silent = algorithms::widened(algorithms::server(all.clone(), rekey), Lacks::MACS_ALONE);
        let [gcm, any, silent] = [gcm, any, silent].map(Arc::new);
        let keys = Arc::new(Keys { all, ecdsa });
        Self { gcm, any, silent, keys, rekey, post_quantum_only: false, numbers: Arc::new(Line::new(1, 0)) }
    }

    /// No key exchange but the post-quantum one is offered. For before the first client.
    pub(crate) fn are_post_quantum_only(&mut self) {
        self.post_quantum_only = true;
        let all = [&mut self.gcm, &mut self.any, &mut self.silent].map(Arc::get_mut);
        all.into_iter().flatten().for_each(algorithms::post_quantum_only);
    }

    /// Each host key that a client may be shown.
    pub(crate) fn host_keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.all.iter().chain(&self.keys.ecdsa).map(PrivateKey::public_key)
    }

    /// Says who the gate is, and hears what the client can do that comes from there.
    pub(crate) async fn suited_to(&self, stream: &mut impl Ahead, from: From) -> io::Result<Arc<Config>> {
        Ok(self.to(self.hears(stream, from).await?))
    }

    /// The same for somebody who is shown certificates for the host keys.
    pub(crate) async fn certified_to(
        &self,
        stream: &mut impl Ahead,
        from: From,
        certificates: Vec<Certificate>,
    ) -> io::Result<Arc<Config>> {
        let heard = self.hears(stream, from).await?;
        Ok(Arc::new(Config { certificates, ..self.made_for(heard) }))
    }

    /// Nothing is taken from the stream, and whoever speaks SSH on it next begins with the same words.
    async fn hears(&self, stream: &mut impl Ahead, from: From) -> io::Result<Heard> {
        stream.says_first(algorithms::GREETING.as_bytes()).await?;
        stream.looks_ahead(MOST, |seen| seen.contains(&b'\n')).await?;
        // One that says no more for now may be waiting for the gate's own offer.
        if let Ok(heard) = timeout(OFFER, stream.looks_ahead(MOST, |seen| Offer::read(seen).is_some())).await
        {
            heard?;
        }
        let heard = Offer::read(stream.ahead()).map_or(Heard::NOTHING, |offer| self.reads(&offer));
        if heard.lacks.curves && !self.post_quantum_only {
            let _turn = self.turn(from).await;
            sleep(NUMBERS_APART).await;
        }
        Ok(heard)
    }

    /// Waits for a turn to exchange numbers. Who gives up waiting leaves the line; whoever waits calls the others, too.
    async fn turn(&self, from: From) -> Option<OwnedSemaphorePermit> {
        let turn = async {
            match from.is_known {
                true => self.numbers.turn_of_known(from.place).await,
                false => self.numbers.turn(from.place).await,
            }
        };
        tokio::select! {
            biased;
            turn = turn => turn,
            // How far apart they come is up to those that have a turn.
            () = self.numbers.serve(|| NonZeroU32::MAX) => None,
        }
    }

    fn reads(&self, offer: &Offer<'_>) -> Heard {
        let has_gcm = offer.ciphers.into_iter().all(|ciphers| ciphers.has(algorithms::GCM));
        Heard { has_gcm, lacks: Lacks::of(offer, self.keys.ecdsa.is_some()) }
    }

    fn to(&self, heard: Heard) -> Arc<Config> {
        match heard {
            Heard::NOTHING => Arc::clone(&self.silent),
            Heard { has_gcm, lacks } if lacks == Lacks::default() => {
                Arc::clone(if has_gcm { &self.gcm } else { &self.any })
            }
            heard => Arc::new(self.made_for(heard)),
        }
    }

    fn made_for(&self, Heard { has_gcm, lacks }: Heard) -> Config {
        let older = self.keys.ecdsa.clone().filter(|_| lacks.host_key);
        let keys = self.keys.all.iter().cloned().chain(older).collect();
        let mut config = algorithms::widened(algorithms::server(keys, self.rekey), lacks);
        if has_gcm {
            config = algorithms::gcm_only(config);
        }
        if self.post_quantum_only {
            algorithms::post_quantum_only(&mut config);
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
    use tokio::io::AsyncWriteExt;
    use tokio::task::JoinHandle;
    use tokio::time::Instant;

    use super::offer::tests::wire;
    use super::*;

    fn offers() -> Offers {
        let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&[3; 32]));
        Offers::new(vec![PrivateKey::new(pair, "test").unwrap()], Rekey::default())
    }

    /// What a client is offered that can do this, as text.
    fn offered(offers: &Offers, [kex, key, cipher, mac]: [&str; 4]) -> [String; 4] {
        let wire = wire(&[kex, key, cipher, cipher, mac, mac]);
        let config = offers.to(offers.reads(&Offer::read(&wire).unwrap()));
        let names = |names: Vec<&str>| {
            let pseudo = ["ext-info-s", "kex-strict-s-v00@openssh.com"];
            names.into_iter().filter(|name| !pseudo.contains(name)).collect::<Vec<_>>().join(",")
        };
        let kinds: Vec<String> = config.keys.iter().map(|key| key.algorithm().to_string()).collect();
        [
            names(config.preferred.kex.iter().map(AsRef::as_ref).collect()),
            kinds.join(","),
            names(config.preferred.cipher.iter().map(AsRef::as_ref).collect()),
            names(config.preferred.mac.iter().map(AsRef::as_ref).collect()),
        ]
    }

    const KEX: &str = "mlkem768x25519-sha256,curve25519-sha256,curve25519-sha256@libssh.org";
    const KEY: &str = "ssh-ed25519";
    const GCM: &str = "aes256-gcm@openssh.com";
    const CIPHERS: &str = "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr";
    const MACS: &str = "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com";

    #[test]
    fn each_client_is_offered_what_everybody_is_and_the_older_kinds_of_what_it_has_nothing_of() {
        let x25519 = "curve25519-sha256";
        let etm = "hmac-sha2-256,hmac-sha2-256-etm@openssh.com";
        let older = |list: &str, more: &str| format!("{list},{more}");
        let kex = older(KEX, "ecdh-sha2-nistp256,ecdh-sha2-nistp384");
        let numbers = older(&kex, "diffie-hellman-group16-sha512,diffie-hellman-group14-sha256");
        let macs = older(MACS, "hmac-sha2-512,hmac-sha2-256");
        let keys = older(KEY, "ecdsa-sha2-nistp256");
        let ciphers = older(CIPHERS, "aes192-ctr,aes128-ctr");
        let table = [
            // One that has it all, with AES-GCM and without.
            ([x25519, KEY, CIPHERS, etm], [KEX, KEY, GCM, MACS]),
            ([x25519, KEY, "aes256-ctr", etm], [KEX, KEY, CIPHERS, MACS]),
            // An authenticated cipher needs no MAC; one that the client puts behind another does not help.
            ([x25519, KEY, CIPHERS, "hmac-md5"], [KEX, KEY, GCM, MACS]),
            ([x25519, KEY, "chacha20-poly1305@openssh.com,aes256-ctr", ""], [KEX, KEY, CIPHERS, MACS]),
            (
                [x25519, KEY, "aes256-ctr,chacha20-poly1305@openssh.com", "hmac-sha2-256"],
                [KEX, KEY, CIPHERS, &macs],
            ),
            // libssh2 before 1.11.
            ([x25519, KEY, "aes256-ctr", "hmac-sha2-256"], [KEX, KEY, CIPHERS, &macs]),
            // JSch of 2018.
            (
                ["ecdh-sha2-nistp256", "ecdsa-sha2-nistp256", "aes128-ctr", "hmac-sha2-256"],
                [&kex, &keys, &ciphers, &macs],
            ),
            // OpenSSH where nothing but FIPS 140 is allowed.
            (["ecdh-sha2-nistp384", "ecdsa-sha2-nistp256", CIPHERS, etm], [&kex, &keys, GCM, MACS]),
            // One without any curve.
            (["diffie-hellman-group14-sha256", KEY, CIPHERS, etm], [&numbers, KEY, GCM, MACS]),
            // One that the gate has nothing for: it is told so.
            (["diffie-hellman-group1-sha1", KEY, "3des-cbc", "hmac-md5"], [&numbers, KEY, &ciphers, &macs]),
        ];
        let offers = offers();
        for (has, is_offered) in table {
            assert_eq!(offered(&offers, has), is_offered, "{has:?}");
        }
    }

    #[test]
    fn where_all_must_be_post_quantum_no_older_exchange_is_offered_to_anybody() {
        let mut offers = offers();
        offers.are_post_quantum_only();
        for kex in ["curve25519-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group16-sha512"] {
            for cipher in [GCM, "aes256-ctr"] {
                let [offered, ..] = offered(&offers, [kex, KEY, cipher, "hmac-sha2-256"]);
                assert_eq!(offered, "mlkem768x25519-sha256");
            }
        }
    }

    const CURVES: &str = "curve25519-sha256";
    const NUMBERS: &str = "diffie-hellman-group16-sha512";

    /// A client from there that has this exchange, on its way to be answered; how long after `began` it was.
    fn comes(offers: &Offers, place: u8, kex: &str, began: Instant) -> JoinHandle<Duration> {
        let (offers, said) = (offers.clone(), wire(&[kex, KEY, CIPHERS, CIPHERS, MACS, MACS]));
        tokio::spawn(async move {
            let (near, mut far) = tokio::io::duplex(1 << 16);
            far.write_all(&said).await.unwrap();
            let from = From { place: IpAddr::from([192, 0, 2, place]), is_known: false };
            offers.suited_to(&mut Carried::new(near), from).await.unwrap();
            began.elapsed()
        })
    }

    #[tokio::test]
    async fn those_that_have_nothing_but_numbers_are_answered_one_after_the_other_and_others_at_once() {
        const CLIENTS: u32 = 5;
        let (offers, began) = (offers(), Instant::now());
        let mut waiting: Vec<_> = (0..=CLIENTS).map(|_| comes(&offers, 1, NUMBERS, began)).collect();
        tokio::task::yield_now().await;
        // One that gives up waiting leaves the line.
        waiting.remove(1).abort();
        comes(&offers, 1, CURVES, began).await.unwrap();
        assert!(!waiting.iter().last().unwrap().is_finished());
        for (turn, one) in (1..).zip(waiting) {
            let after = one.await.unwrap();
            assert!(after >= NUMBERS_APART * turn && after < NUMBERS_APART * (turn + CLIENTS), "{after:?}");
        }
    }

    #[tokio::test]
    async fn who_comes_from_elsewhere_with_nothing_but_numbers_waits_for_no_flood_of_them() {
        const EACH: u32 = 20;
        let (offers, began) = (offers(), Instant::now());
        let flood: Vec<_> =
            (0..2 * EACH).map(|n| comes(&offers, if n % 2 == 0 { 1 } else { 2 }, NUMBERS, began)).collect();
        sleep(NUMBERS_APART / 2).await;
        let after = comes(&offers, 3, NUMBERS, Instant::now()).await.unwrap();
        assert!(after < NUMBERS_APART * EACH / 2, "{after:?}");
        flood.iter().for_each(JoinHandle::abort);
    }
}
