//! The gate's TLS authority, while the node serves: where another takes its place, both are trusted within seconds, and once
//! the old one is retired it is trusted no more, and the door shows what the new one signs. No connection is cut.

use std::time::Duration;

use chaperone_store::Store;
use chaperone_tls::{ServerTls, TlsDoor};
use chaperone_vault::{TlsAuthorities, TlsAuthority, Vault};
use tokio::time::{MissedTickBehavior, interval};

use super::authority;
use super::certificate::{self, Origin, Shown};
use crate::cli::chain;

/// How often it is looked; a new authority signs later than this.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What a door shows of the authority's.
pub(super) struct Own {
    key: &'static str,
    tls: ServerTls,
    domain: String,
    /// The authority that signed it (PEM).
    by: String,
}

impl Own {
    /// What a door shows, where that is of the authority's.
    pub(super) fn of(shown: &Shown) -> Option<Self> {
        let Origin::Own { domain, by, .. } = &shown.from else { return None };
        let (domain, by) = (domain.clone(), by.clone());
        Some(Self { key: shown.key, tls: shown.tls.clone(), domain, by })
    }
}

/// Looks until the future is dropped.
pub(super) async fn keep(door: TlsDoor, mut own: Option<Own>, vault: Vault, store: Store) {
    let mut trusted = None;
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let known = match vault.tls_authorities(&store, TlsAuthority::Gate).await {
            Ok(Some(known)) => known,
            Ok(None) => continue,
            Err(error) => {
                // As it was is as it is, until the database says otherwise.
                tracing::debug!(error = chain(&error), "the TLS authority cannot be looked at");
                continue;
            }
        };
        if trusted.as_ref() != Some(&known) {
            trust(&door, &known);
            trusted = Some(known.clone());
        }
        if let Some(own) = own.as_mut().filter(|own| own.by != known.pem) {
            show(own, &vault, &store).await;
        }
    }
}

fn trust(door: &TlsDoor, known: &TlsAuthorities) {
    let certificates = authority::certificates(known);
    match door.trusts(&certificates) {
        Ok(()) => {
            let prints: Vec<String> = certificates.iter().map(chaperone_tls::fingerprint).collect();
            tracing::info!(tls.authorities = prints.join(", "), "client certificates of these are taken");
        }
        Err(error) => {
            tracing::error!(
                error = chain(&error),
                "the TLS authority is of no use; the one before counts on"
            );
        }
    }
}

/// Shows what the authority signs that counts now.
async fn show(own: &mut Own, vault: &Vault, store: &Store) {
    match certificate::own(vault, store, &own.domain).await {
        Ok((_, by)) if by == own.by => {}
        Ok((next, by)) => {
            let before = own.tls.fingerprint();
            own.tls.shows(&next);
            own.by = by;
            certificate::note(store, certificate::changed(own.key, &own.tls, &before)).await;
        }
        Err(failure) => tracing::error!(%failure, "the new TLS authority has signed nothing for the door"),
    }
}
