//! Asking a server which host keys it shows: one key exchange for each kind of key, given up before anybody signs in, so
//! that nothing secret is sent. What it answers is proposed, and pinned by people.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chaperone_policy::Endpoint;
use chaperone_session::{DialError, KeyOrigin, ProposedKey};
use jiff::Timestamp;
use russh::client;
use russh::keys::PublicKeyOrCertificate;
use russh::keys::ssh_key::PublicKey;

use super::{addresses, connect, legacy, proposed, within};
use crate::algorithms;
use crate::bounds::Rekey;

/// How long all of it may take.
const SCAN: Duration = Duration::from_secs(30);

/// Keeps the key that it is shown, and goes no further.
struct Look(Arc<Mutex<Option<PublicKey>>>);

impl client::Handler for Look {
    type Error = russh::Error;

    async fn check_server_key(&mut self, offered: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        if let PublicKeyOrCertificate::PublicKey { key, .. } = offered {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
        }
        Ok(false)
    }
}

/// The host keys that a server shows, one of each kind that it has.
///
/// # Errors
/// When it has no SSH endpoint, cannot be reached, or shows none.
pub async fn scan_host_keys(endpoint: &Endpoint, now: Timestamp) -> Result<Vec<ProposedKey>, DialError> {
    let found = tokio::time::timeout(SCAN, scan(endpoint, now)).await;
    found.unwrap_or(Err(DialError::Slow(SCAN)))
}

async fn scan(endpoint: &Endpoint, now: Timestamp) -> Result<Vec<ProposedKey>, DialError> {
    let Endpoint::Ssh { host, port, reach, .. } = endpoint else { return Err(DialError::NoEndpoint) };
    let (addresses, legacy) = (addresses(host, *port, reach), legacy(reach, now));
    let mut found = Vec::new();
    let mut failed = None;
    for kinds in algorithms::kinds_of_key(&legacy) {
        let seen = Arc::new(Mutex::new(None));
        let (stream, _) = connect::connect(&addresses).await?;
        let config = Arc::new(algorithms::client_for(kinds, Vec::new(), &legacy, Rekey::default()));
        // It always fails: the key is not accepted. What matters is whether one was shown.
        let looked = within(client::connect_stream(config, stream, Look(Arc::clone(&seen)))).await?;
        let shown = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (shown, looked) {
            (Some(key), _) => found.extend(proposed(&key, KeyOrigin::Scanned)),
            (None, Err(russh::Error::NoCommonAlgo { kind: russh::AlgorithmKind::Key, .. }) | Ok(_)) => {}
            (None, Err(error)) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if found.is_empty() => Err(DialError::Protocol(error.to_string())),
        _ => Ok(found),
    }
}
