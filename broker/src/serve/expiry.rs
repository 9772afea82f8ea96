//! Certificates that are about to end: those of the gate's doors, its authorities, and what servers are trusted and signed
//! in to with. Each is told 30, 14 and 3 days before, an authority of the gate's also 90, since what trusts it is far away;
//! and once it is over. Each time once, whichever node comes first.

use std::collections::BTreeMap;
use std::time::Duration;

use chaperone_policy::{Endpoint, TargetId};
use chaperone_store::{FactKind, NewFact, Store, StoreError};
use chaperone_tls::{CertificateNote, ServerTls, certificates_in};
use chaperone_vault::{TlsAuthority, Vault};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::cli::chain;

/// How often it is looked: an end is told within an hour of its time.
const LOOK_EVERY: Duration = Duration::from_secs(3600);
/// How many days before its end a certificate is told of; the last is its end itself.
const DAYS: &[i64] = &[30, 14, 3, 0];
/// The same, of an authority of the gate's own: it is in trust stores all over the hospital.
const AUTHORITY_DAYS: &[i64] = &[90, 30, 14, 3, 0];
/// From this many days on it is urgent.
const URGENT_DAYS: i64 = 3;
/// Most places of one certificate that are named.
const NAMED: usize = 10;

/// A certificate, and where it is used.
struct Used {
    note: CertificateNote,
    places: Vec<String>,
    targets: Vec<TargetId>,
    /// When it is told of.
    days: &'static [i64],
}

/// Looks until the future is dropped.
pub(super) async fn watch(doors: Vec<(&'static str, ServerTls)>, vault: Vault, store: Store) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = look(&doors, &vault, &store, Timestamp::now()).await {
            tracing::warn!(error = chain(&error), "the ends of certificates could not be looked at");
        }
    }
}

async fn look(
    doors: &[(&'static str, ServerTls)],
    vault: &Vault,
    store: &Store,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (fingerprint, used) in used(doors, vault, store).await? {
        let Some(days) = due(used.note.until, now, used.days) else { continue };
        let key = format!("certificate/{fingerprint}/{days}");
        let fact = fact(&fingerprint, &used, days, now);
        store
            .write(move |tx| {
                Box::pin(async move {
                    if tx.tell_once(&key).await? {
                        tx.fact(fact).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await?;
    }
    Ok(())
}

/// Which of the times is the last that has come.
fn due(until: Timestamp, now: Timestamp, days: &[i64]) -> Option<i64> {
    let left = until.duration_since(now);
    days.iter().copied().rfind(|days| left <= SignedDuration::from_hours(24 * days))
}

/// Every certificate that matters, by its fingerprint.
async fn used(
    doors: &[(&'static str, ServerTls)],
    vault: &Vault,
    store: &Store,
) -> Result<BTreeMap<String, Used>, StoreError> {
    let mut all = BTreeMap::new();
    for (key, tls) in doors {
        let place = format!("the gate's door ({key})");
        add(&mut all, tls.note().into_iter().collect(), place, None, DAYS);
    }
    for (which, name) in [(TlsAuthority::Gate, "the gate's TLS CA"), (TlsAuthority::Local, "the connect CA")]
    {
        match vault.tls_authorities(store, which).await {
            Ok(Some(known)) => {
                let mut found =
                    |pem: &str, place| add(&mut all, certificates_in(pem), place, None, AUTHORITY_DAYS);
                found(&known.pem, name.to_owned());
                if let Some(next) = &known.next {
                    found(&next.pem, format!("{name} that takes its place"));
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(error = chain(&error), "the gate's TLS authority cannot be read"),
        }
    }
    for target in store.facts().await?.targets.values() {
        for endpoint in &target.endpoints {
            let Endpoint::Tls { trust_pem, terms, .. } = endpoint else { continue };
            let anchors = certificates_in(trust_pem);
            add(&mut all, anchors, format!("what {} is trusted by", target.name), Some(target.id), DAYS);
            let client = certificates_in(terms.client_pem.as_deref().unwrap_or_default());
            let place = format!("what {} is shown by the gate", target.name);
            add(&mut all, client, place, Some(target.id), DAYS);
        }
    }
    Ok(all)
}

fn add(
    all: &mut BTreeMap<String, Used>,
    notes: Vec<CertificateNote>,
    place: String,
    target: Option<TargetId>,
    days: &'static [i64],
) {
    for note in notes {
        let used = all.entry(note.fingerprint.clone()).or_insert_with(|| Used {
            note,
            places: Vec::new(),
            targets: Vec::new(),
            days,
        });
        used.places.push(place.clone());
        used.targets.extend(target);
    }
}

fn fact(fingerprint: &str, used: &Used, days: i64, now: Timestamp) -> NewFact {
    let more = used.places.len().saturating_sub(NAMED);
    let mut places = used.places.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 {
        places.push_str(&format!(" and {more} more"));
    }
    let why = match days {
        0 => "it is over".to_owned(),
        days => format!("it ends within {days} days"),
    };
    let body = json!({
        "part": fingerprint, "name": places, "subject": used.note.subject, "until": used.note.until, "days": days,
        "why": why, "failure": if days <= URGENT_DAYS { "ends-now" } else { "ends-soon" },
    });
    let mut fact = NewFact::new(FactKind::CertificateEnding, now, body);
    fact.target = used.targets.first().copied();
    fact.also_on(used.targets.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_due_until_the_next_one_comes() {
        let now: Timestamp = "2026-11-25T22:00:00Z".parse().unwrap();
        let in_hours = |hours: i64| due(now + SignedDuration::from_hours(hours), now, DAYS);
        assert_eq!(in_hours(31 * 24), None);
        assert_eq!(in_hours(30 * 24), Some(30));
        assert_eq!(in_hours(15 * 24), Some(30));
        assert_eq!(in_hours(14 * 24), Some(14));
        assert_eq!(in_hours(73), Some(14));
        assert_eq!(in_hours(72), Some(3));
        assert_eq!(in_hours(1), Some(3));
        assert_eq!((in_hours(0), in_hours(-5000)), (Some(0), Some(0)));
        let authority = |days: i64| due(now + SignedDuration::from_hours(24 * days), now, AUTHORITY_DAYS);
        assert_eq!((authority(91), authority(90), authority(30)), (None, Some(90), Some(30)));
    }
}
