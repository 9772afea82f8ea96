//! A security key (FIDO) in software, behind an agent's socket, so that the stock `ssh` uses it: it signs as OpenSSH's
//! PROTOCOL.u2f says, and touches itself as the scenario wants it to.
//!
//! ```text
//!   signed: SHA-256(application) ‖ flags ‖ counter ‖ SHA-256(what ssh asks to sign)
//! ```

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What it was made for: OpenSSH's own.
const APPLICATION: &str = "ssh:";
/// Messages of draft-ietf-sshm-ssh-agent.
const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// Somebody touched it.
pub const TOUCHED: u8 = 0x01;
/// It verified who.
pub const VERIFIED: u8 = 0x04;

enum Secret {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

struct Inside {
    secret: Secret,
    flags: AtomicU8,
    /// What it shows: its key, and certificates for it.
    shown: std::sync::Mutex<Vec<Vec<u8>>>,
}

/// A security key that somebody has plugged in.
pub struct SecurityKey {
    inside: Arc<Inside>,
    public: PathBuf,
    socket: PathBuf,
}

impl SecurityKey {
    /// One with an `sk-ssh-ed25519@openssh.com` key.
    #[must_use]
    pub fn ed25519(folder: &Path, name: &str) -> Self {
        let pair = Ed25519KeyPair::generate().expect("a key");
        Self::with(folder, name, Secret::Ed25519(pair))
    }

    /// One with an `sk-ecdsa-sha2-nistp256@openssh.com` key.
    #[must_use]
    pub fn p256(folder: &Path, name: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self::with(folder, name, Secret::P256(pair))
    }

    fn with(folder: &Path, name: &str, secret: Secret) -> Self {
        let (public, socket) = (folder.join(format!("{name}.pub")), folder.join(format!("{name}.agent")));
        let blob = secret.blob();
        let line = format!("{} {} {name}\n", secret.kind(), STANDARD.encode(&blob));
        std::fs::write(&public, line).expect("the public key");
        let inside = Inside { secret, flags: AtomicU8::new(TOUCHED), shown: vec![blob].into() };
        let key = Self { inside: Arc::new(inside), public, socket };
        let listener = UnixListener::bind(&key.socket).expect("the agent's socket");
        let inside = Arc::clone(&key.inside);
        // It ends with the process: whoever connects to a socket that is gone finds nothing.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inside = Arc::clone(&inside);
                std::thread::spawn(move || inside.serve(stream));
            }
        });
        key
    }

    /// The public key's file.
    #[must_use]
    pub fn public(&self) -> &Path {
        &self.public
    }

    /// Where clients find its agent.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What it will say of whoever uses it from here on.
    pub fn says(&self, flags: u8) {
        self.inside.flags.store(flags, Ordering::SeqCst);
    }

    /// Shows a certificate for its key instead of the key.
    ///
    /// # Panics
    /// When the file holds none.
    pub fn shows(&self, certificate: &Path) {
        let line = std::fs::read_to_string(certificate).expect("the certificate");
        let data = line.split_whitespace().nth(1).expect("a certificate is a line of OpenSSH's");
        let blob = STANDARD.decode(data).expect("a certificate's data");
        *self.inside.shown.lock().expect("nobody panics with it") = vec![blob];
    }
}

impl Secret {
    fn kind(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "sk-ssh-ed25519@openssh.com",
            Self::P256(_) => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    fn blob(&self) -> Vec<u8> {
        let kind = self.kind().as_bytes();
        match self {
            Self::Ed25519(pair) => {
                [kind, pair.public_key().as_ref(), APPLICATION.as_bytes()].map(string).concat()
            }
            Self::P256(pair) => {
                [kind, b"nistp256", pair.public_key().as_ref(), APPLICATION.as_bytes()].map(string).concat()
            }
        }
    }

    /// The signature proper: 64 bytes, or two mpints.
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::P256(pair) => {
                let fixed = pair.sign(&SystemRandom::new(), message).expect("a signature");
                let (r, s) = fixed.as_ref().split_at(32);
                [mpint(r), mpint(s)].concat()
            }
        }
    }
}

impl Inside {
    fn serve(&self, mut stream: UnixStream) {
        while let Ok(asked) = message(&mut stream) {
            let answer = self.answer(&asked).unwrap_or_else(|| vec![FAILURE]);
            if stream.write_all(&string(&answer)).is_err() {
                return;
            }
        }
    }

    fn answer(&self, asked: &[u8]) -> Option<Vec<u8>> {
        let (kind, rest) = asked.split_first()?;
        match *kind {
            REQUEST_IDENTITIES => {
                let shown = self.shown.lock().expect("nobody panics with it");
                let count = u32::try_from(shown.len()).ok()?.to_be_bytes();
                let each = shown.iter().flat_map(|blob| [string(blob), string(b"security key")].concat());
                Some([IDENTITIES_ANSWER].into_iter().chain(count).chain(each).collect())
            }
            SIGN_REQUEST => {
                let (_key, rest) = split(rest)?;
                let (data, _flags) = split(rest)?;
                Some([vec![SIGN_RESPONSE], string(self.signature(data))].concat())
            }
            _ => None,
        }
    }

    fn signature(&self, data: &[u8]) -> Vec<u8> {
        let said = [&[self.flags.load(Ordering::SeqCst)][..], &1u32.to_be_bytes()].concat();
        let hash = |bytes: &[u8]| digest(&SHA256, bytes).as_ref().to_vec();
        let signed = [hash(APPLICATION.as_bytes()), said.clone(), hash(data)].concat();
        [string(self.secret.kind().as_bytes()), string(self.secret.sign(&signed)), said].concat()
    }
}

fn message(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut bytes = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap_or(0).min(1 << 18)];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn string(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [&u32::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat()
}

fn mpint(magnitude: &[u8]) -> Vec<u8> {
    let start = magnitude.iter().position(|byte| *byte != 0).unwrap_or(magnitude.len());
    let plain = &magnitude[start..];
    if plain.first().is_some_and(|first| *first >= 0x80) {
        string([&[0], plain].concat())
    } else {
        string(plain)
    }
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}
