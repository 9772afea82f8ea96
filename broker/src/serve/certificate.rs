//! The certificates of the gate's doors, while they serve: read again when their files change, made anew before they end.
//! Running connections go on; the next handshake shows the new one. Files that cannot be used change nothing, and that is
//! an alert.

use std::path::Path;
use std::time::{Duration, SystemTime};

use chaperone_store::{FactKind, NewFact, Store};
use chaperone_tls::ServerTls;
use chaperone_vault::Vault;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::authority;
use crate::cli::{Failure, chain};
use crate::config::Certificate;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long before its end the gate's own certificate is made anew.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The certificate of one door.
pub(super) struct Shown {
    /// The key of the configuration that names it.
    pub key: &'static str,
    /// What is shown.
    pub tls: ServerTls,
    /// Where it comes from.
    pub from: Origin,
}

/// Where a door's certificate comes from.
pub(super) enum Origin {
    /// Files of the hospital's.
    Files(Certificate),
    /// The gate's own authority.
    Own {
        /// The gate's domain.
        domain: String,
        /// Opens the authority.
        vault: Vault,
        /// The certificate of the authority that signed what is shown first (PEM).
        by: String,
    },
    /// A file of the node's own, which people have pinned: it stays.
    SelfSigned,
}

/// A certificate of the gate's own authority, for its doors; and that of the authority (PEM).
///
/// # Errors
/// When the authority cannot be opened, or the domain is no name.
pub(super) async fn own(vault: &Vault, store: &Store, domain: &str) -> Result<(ServerTls, String), Failure> {
    let cannot = |why: String| {
        Failure::failed(
            format!("the gate has no certificate for {domain}: {why}"),
            "see gate.tls_cert and gate.tls_key",
        )
    };
    let (authority, pem) = authority::for_the_door(vault, store)
        .await
        .ok_or_else(|| cannot("its TLS authority cannot be opened; the log says why".to_owned()))?;
    let made = authority.door_certificate(domain, Timestamp::now());
    Ok((made.map_err(|error| cannot(chain(&error)))?, pem))
}

/// What a file is, as far as its folder says.
type Stamp = Option<(SystemTime, u64, u64)>;

/// What is known of a door's files.
#[derive(Default)]
struct Known {
    /// As they were when they were last judged.
    judged: (Stamp, Stamp),
    /// As they were at the last look.
    seen: (Stamp, Stamp),
}

/// Looks until the future is dropped.
pub(super) async fn keep(doors: Vec<Shown>, store: Store) {
    let mut known: Vec<Known> = doors.iter().map(|door| Known::of(&door.from)).collect();
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        for (door, known) in doors.iter().zip(&mut known) {
            let next = match &door.from {
                Origin::Files(files) => reread(door, files, known),
                Origin::Own { domain, vault, .. } => renewed(door, domain, vault, &store).await,
                Origin::SelfSigned => None,
            };
            if let Some(fact) = next {
                note(&store, fact).await;
            }
        }
    }
}

impl Known {
    fn of(origin: &Origin) -> Self {
        let now = match origin {
            Origin::Files(files) => stamps(files),
            Origin::Own { .. } | Origin::SelfSigned => (None, None),
        };
        Self { judged: now, seen: now }
    }
}

/// Shows what the files hold now, if they have changed. The two are written one after the other: what does not go together
/// is judged once it has stayed as it is from one look to the next.
fn reread(door: &Shown, files: &Certificate, known: &mut Known) -> Option<NewFact> {
    let now = stamps(files);
    let settled = now == known.seen;
    known.seen = now;
    if now == known.judged {
        return None;
    }
    let before = door.tls.fingerprint();
    match ServerTls::from_files(&files.chain, &files.key).and_then(|next| next.unless_over(Timestamp::now()))
    {
        Ok(next) => {
            known.judged = now;
            if next.fingerprint() == before {
                return None;
            }
            door.tls.shows(&next);
            tracing::info!(
                tls.certificate = next.fingerprint(),
                key = door.key,
                "another certificate is shown"
            );
            Some(changed(door.key, &door.tls, &before))
        }
        Err(_) if !settled => None,
        Err(error) => {
            known.judged = now;
            let why = chain(&error);
            tracing::error!(
                why,
                key = door.key,
                "the new certificate is of no use; the one before is shown on"
            );
            let body = json!({ "part": door.key, "why": why, "shown": before, "until": door.tls.ends() });
            Some(NewFact::new(FactKind::DoorCertificateRefused, Timestamp::now(), body))
        }
    }
}

/// Makes the gate's own certificate anew, where it is about to end.
async fn renewed(door: &Shown, domain: &str, vault: &Vault, store: &Store) -> Option<NewFact> {
    let now = Timestamp::now();
    let ends_soon = |ends: Timestamp| ends.duration_since(now) < RENEW_BEFORE;
    if !door.tls.ends().is_none_or(ends_soon) {
        return None;
    }
    let before = door.tls.fingerprint();
    match own(vault, store, domain).await {
        // An authority near its own end signs nothing that lasts longer.
        Ok((next, _)) if next.ends() > door.tls.ends() => {
            door.tls.shows(&next);
            Some(changed(door.key, &door.tls, &before))
        }
        Ok(_) => None,
        Err(failure) => {
            tracing::error!(%failure, "the gate's own certificate cannot be made anew");
            None
        }
    }
}

/// What is shown now at a door, in place of what was.
pub(super) fn changed(key: &str, tls: &ServerTls, before: &str) -> NewFact {
    let body: Value =
        json!({ "part": key, "shown": tls.fingerprint(), "before": before, "until": tls.ends() });
    NewFact::new(FactKind::DoorCertificateChanged, Timestamp::now(), body)
}

pub(super) async fn note(store: &Store, fact: NewFact) {
    if let Err(error) = store.fact_or_spool(fact, None).await {
        tracing::warn!(
            error = chain(&error),
            "what became of a door's certificate could not be written down"
        );
    }
}

fn stamps(files: &Certificate) -> (Stamp, Stamp) {
    (stamp(&files.chain), stamp(&files.key))
}

fn stamp(path: &Path) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len(), about.ino()))
}
