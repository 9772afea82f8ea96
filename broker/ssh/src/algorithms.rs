//! Which algorithms the gate speaks on either leg: AES-GCM first (a third faster end to end than ChaCha20 on machines
//! with AES instructions), post-quantum key exchange first, no SHA-1, no compression.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use chaperone_policy::LegacyAlgorithm;
use russh::keys::PrivateKey;
use russh::keys::ssh_key::{Algorithm, EcdsaCurve, HashAlg, PublicKey};
use russh::{
    Limits, MethodKind, MethodSet, Names, Preferred, SshId, cipher, client, compression, kex, mac, server,
};
use serde_json::{Value, json};

use crate::bounds::Rekey;
use crate::greeting::Offer;

/// What technicians are offered. The exchange of numbers alone (RFC 4253 §8) is left out: whoever asks for it again and
/// again costs a server more than it costs them (CVE-2002-20001).
const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::EXTENSION_SUPPORT_AS_SERVER,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
];
/// What they are offered where each must be safe from a quantum computer: OpenSSH 9.9 or newer, PuTTY 0.83 or newer.
const POST_QUANTUM: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::EXTENSION_SUPPORT_AS_SERVER,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
];
/// Offered besides to those who have none of [`KEX`]: what FIPS 140 allows, and JSch of 2018 has (RFC 5656).
const OLDER_KEX: &[kex::Name] = &[kex::ECDH_SHA2_NISTP256, kex::ECDH_SHA2_NISTP384];
/// Offered besides to those who have none of these either, one after the other ([`crate::greeting`]): numbers alone, with
/// SHA-2 (RFC 8268).
const NUMBERS: &[kex::Name] = &[kex::DH_G16_SHA512, kex::DH_G14_SHA256];
/// What the gate says it is.
const NAME: &str = "SSH-2.0-Chaperone";
/// The same, as it goes over the wire.
pub(crate) const GREETING: &str = "SSH-2.0-Chaperone\r\n";
/// The cipher of whoever has it, by its name on the wire.
pub(crate) const GCM: &str = "aes256-gcm@openssh.com";
const CIPHERS: &[cipher::Name] = &[cipher::AES_256_GCM, cipher::CHACHA20_POLY1305, cipher::AES_256_CTR];
const MACS: &[mac::Name] = &[mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM];
/// Offered besides to those who have none of [`CIPHERS`]: shorter keys.
const OLDER_CIPHERS: &[cipher::Name] = &[cipher::AES_192_CTR, cipher::AES_128_CTR];
/// Offered besides to those who have none of [`MACS`]: of the plain text, as libssh2 had them until 2023 (RFC 6668).
const OLDER_MACS: &[mac::Name] = &[mac::HMAC_SHA512, mac::HMAC_SHA256];
/// The ciphers that need no MAC beside them.
const AUTHENTICATED: &[cipher::Name] = &[cipher::AES_256_GCM, cipher::CHACHA20_POLY1305];
const KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// What people sign in with beside [`KEYS`], and what the gate tells clients that it takes (RFC 8308 §3.1): security keys.
const SECURITY_KEYS: &[Algorithm] = &[Algorithm::SkEd25519, Algorithm::SkEcdsaSha2NistP256];

/// The largest window that a peer may fill ahead (RFC 4254 §5.2).
const WINDOW_BYTES: u32 = 2 << 20;
/// OpenSSH's largest packet.
const PACKET_BYTES: u32 = 32 << 10;
/// Messages that wait between a connection's loop and a channel's relay: one batch and a bit.
const CHANNEL_MESSAGES: usize = 16;

/// A failed proof is answered this long after it arrived, whatever was wrong (P9).
pub(crate) const ANSWER_AFTER: Duration = Duration::from_millis(100);

/// More than an agent's twenty keys, and few enough to end a guessing connection.
const MAX_REFUSED_OFFERS: usize = 32;

fn preferred() -> Preferred {
    Preferred {
        key: Cow::Borrowed(KEYS),
        cipher: Cow::Borrowed(CIPHERS),
        mac: Cow::Borrowed(MACS),
        compression: Cow::Borrowed(&[compression::NONE]),
        ..Preferred::DEFAULT
    }
}

/// Offers technicians nothing but post-quantum key exchange.
pub(crate) fn post_quantum_only(config: &mut server::Config) {
    config.preferred.kex = Cow::Borrowed(POST_QUANTUM);
}

/// Offers technicians no other cipher than AES-GCM.
pub(crate) fn gcm_only(mut config: server::Config) -> server::Config {
    config.preferred.cipher = Cow::Borrowed(&[cipher::AES_256_GCM]);
    config
}

/// Of which kinds of algorithms a client has none that everybody is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each list of an offer, and no state among them")]
pub(crate) struct Lacks {
    kex: bool,
    /// Nor any curve of the older kinds.
    pub curves: bool,
    pub host_key: bool,
    cipher: bool,
    mac: bool,
}

impl Lacks {
    /// What this client lacks, of a gate that has an ECDSA key as well, or none but Ed25519.
    pub(crate) fn of(offer: &Offer<'_>, has_ecdsa: bool) -> Self {
        let [ciphers, _] = offer.ciphers;
        let cipher = ciphers.first_of(CIPHERS);
        let has_gcm = offer.ciphers.into_iter().all(|ciphers| ciphers.has(GCM));
        let needs_mac = !has_gcm && cipher.is_none_or(|cipher| !AUTHENTICATED.contains(cipher));
        let kex = offer.kex.first_of(KEX).is_none();
        Self {
            kex,
            curves: kex && offer.kex.first_of(OLDER_KEX).is_none(),
            host_key: has_ecdsa && !offer.host_keys.has(Algorithm::Ed25519.as_str()),
            cipher: cipher.is_none(),
            mac: needs_mac && offer.macs.into_iter().any(|macs| macs.first_of(MACS).is_none()),
        }
    }

    /// No MAC that covers what is encrypted.
    pub(crate) const MACS_ALONE: Self =
        Self { kex: false, curves: false, host_key: false, cipher: false, mac: true };
}

/// Offers the older kinds of what a client lacks, after what everybody is offered.
pub(crate) fn widened(mut config: server::Config, lacks: Lacks) -> server::Config {
    let Preferred { kex, cipher, mac, .. } = &mut config.preferred;
    if lacks.kex {
        kex.to_mut().extend(OLDER_KEX);
    }
    if lacks.curves {
        kex.to_mut().extend(NUMBERS);
    }
    if lacks.cipher {
        cipher.to_mut().extend(OLDER_CIPHERS);
    }
    if lacks.mac {
        mac.to_mut().extend(OLDER_MACS);
    }
    config
}

/// How the gate listens.
pub(crate) fn server(host_keys: Vec<PrivateKey>, rekey: Rekey) -> server::Config {
    server::Config {
        server_id: SshId::Standard(Cow::Borrowed(NAME)),
        methods: MethodSet::from([MethodKind::PublicKey].as_slice()),
        auth_rejection_time: ANSWER_AFTER,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: host_keys,
        window_size: WINDOW_BYTES,
        maximum_packet_size: PACKET_BYTES,
        channel_buffer_size: CHANNEL_MESSAGES,
        limits: limits(rekey),
        preferred: Preferred {
            kex: Cow::Borrowed(KEX),
            key: Cow::Owned([KEYS, SECURITY_KEYS].concat()),
            ..preferred()
        },
        max_auth_attempts: MAX_REFUSED_OFFERS,
        inactivity_timeout: None,
        keepalive_interval: Some(Duration::from_secs(15)),
        keepalive_max: 8,
        nodelay: true,
        ..server::Config::default()
    }
}

/// When the gate asks for new keys; what was sent and what was received count alone.
fn limits(rekey: Rekey) -> Limits {
    Limits::new(rekey.bytes, rekey.bytes, rekey.after)
}

/// How the gate connects to a target: of the host keys that are pinned the kinds only, so that a target with several keys
/// shows the one that is known; certificates, where an authority is pinned; and old algorithms, last, where the target may
/// still speak them.
pub(crate) fn client(
    pinned: &[PublicKey],
    no_authority: bool,
    legacy: &BTreeSet<LegacyAlgorithm>,
    rekey: Rekey,
) -> client::Config {
    let known = |offered: &Algorithm| {
        pinned.iter().any(|pin| match (offered, pin.algorithm()) {
            (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
            (offered, pin) => *offered == pin,
        })
    };
    let keys = kinds_of_key(legacy).into_iter().flatten().filter(known).collect();
    let certificates = if no_authority { Vec::new() } else { KEYS.to_vec() };
    client_for(keys, certificates, legacy, rekey)
}

/// The kinds of host keys, and the ways of each to sign.
pub(crate) fn kinds_of_key(legacy: &BTreeSet<LegacyAlgorithm>) -> Vec<Vec<Algorithm>> {
    let is_rsa = |kind: &Algorithm| matches!(kind, Algorithm::Rsa { .. });
    let (rsa, others): (Vec<Algorithm>, Vec<Algorithm>) = KEYS.iter().cloned().partition(is_rsa);
    let old = legacy.contains(&LegacyAlgorithm::SshRsa).then_some(Algorithm::Rsa { hash: None });
    let rsa = rsa.into_iter().chain(old).collect();
    others.into_iter().map(|kind| vec![kind]).chain([rsa]).collect()
}

/// How the gate connects to a server that shows one of these kinds of key or certificate.
pub(crate) fn client_for(
    keys: Vec<Algorithm>,
    certificates: Vec<Algorithm>,
    legacy: &BTreeSet<LegacyAlgorithm>,
    rekey: Rekey,
) -> client::Config {
    client::Config {
        client_id: SshId::Standard(Cow::Borrowed(NAME)),
        limits: limits(rekey),
        window_size: WINDOW_BYTES,
        maximum_packet_size: PACKET_BYTES,
        channel_buffer_size: CHANNEL_MESSAGES,
        preferred: Preferred {
            key: Cow::Owned(keys),
            host_key_certificates: Cow::Owned(certificates),
            ..with_old(preferred(), legacy)
        },
        inactivity_timeout: None,
        keepalive_interval: Some(Duration::from_secs(15)),
        keepalive_max: 8,
        nodelay: true,
        ..client::Config::default()
    }
}

/// What is preferred, and after it the old algorithms that are allowed.
fn with_old(mut preferred: Preferred, legacy: &BTreeSet<LegacyAlgorithm>) -> Preferred {
    for old in legacy {
        match old {
            LegacyAlgorithm::SshRsa => {}
            LegacyAlgorithm::DhGroup14Sha1 => preferred.kex.to_mut().push(kex::DH_G14_SHA1),
            LegacyAlgorithm::DhGroup1Sha1 => preferred.kex.to_mut().push(kex::DH_G1_SHA1),
            LegacyAlgorithm::DhGexSha1 => preferred.kex.to_mut().push(kex::DH_GEX_SHA1),
            LegacyAlgorithm::AesCbc => {
                preferred.cipher.to_mut().extend([
                    cipher::AES_256_CBC,
                    cipher::AES_192_CBC,
                    cipher::AES_128_CBC,
                ]);
            }
            LegacyAlgorithm::HmacSha1 => preferred.mac.to_mut().extend([mac::HMAC_SHA1_ETM, mac::HMAC_SHA1]),
        }
    }
    preferred
}

/// What two peers agreed on, for the recording.
pub(crate) fn describe(names: &Names) -> Value {
    json!({
        "kex": names.kex.as_ref(),
        "host_key": names.key.to_string(),
        "cipher": names.cipher.as_ref(),
        "strict_kex": names.strict_kex(),
    })
}
