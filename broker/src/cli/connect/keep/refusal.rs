//! What it means that the gate did not take a connection: TLS has one word for that, the gate's API has sentences. It is
//! asked once in a while, since each refusal of it is the SOC's business, too.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chaperone_web::wire::SessionView;
use tokio::time::{sleep, timeout};

use super::super::error::DialError;
use super::super::pass::Pass;
use super::super::tell::Event;
use super::ends::{ANSWER_WITHIN, Ended, Renews};
use super::{Failure, Kept};

/// How often the gate is asked why.
const ASKED_EVERY: Duration = Duration::from_secs(60);
/// How long the end of a visit may take to be written down.
const A_MOMENT: Duration = Duration::from_secs(1);
/// Visits that are looked through for one that was stopped.
const LOOKED_THROUGH: &str = "100";

/// A connection that the gate did not take.
pub(super) struct Refusal {
    endpoint: String,
    /// What TLS says of it.
    why: String,
    /// Whether it is the certificate that is not taken, whatever the schedule says.
    is_of_the_certificate: bool,
}

/// What the gate was asked about refusals.
#[derive(Default)]
pub(super) struct Asks {
    last: Option<Instant>,
}

impl Refusal {
    pub(super) fn of(endpoint: &str, fault: &DialError) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            why: fault.to_string(),
            is_of_the_certificate: fault.is_of_the_certificate(),
        }
    }

    /// Tells of it in the gate's own words, if it has any.
    pub(super) fn told(&self, kept: &Kept, why: Option<&str>) {
        let why = why.unwrap_or(&self.why);
        kept.tells.event(&Event::Refused { endpoint: &self.endpoint, why });
    }
}

impl Asks {
    /// Tells why a connection was refused; says whether everything is over with that: a certificate whose visit somebody has
    /// stopped opens nothing any more, and another one is for whoever begins again.
    pub(super) async fn explain(
        &mut self,
        kept: &Kept,
        renews: &Renews,
        pass: &Pass,
        refusal: &Refusal,
    ) -> Option<Ended> {
        if refusal.is_of_the_certificate {
            return self.spent(kept, renews, pass, refusal).await;
        }
        let said = if self.is_due() { renews.renew(pass).await.err() } else { None };
        // A yes is for something else than what was refused, or is new: what was granted before stays.
        refusal.told(kept, said.as_ref().map(sentence).as_deref());
        None
    }

    /// A certificate that is not taken although it should last: somebody has stopped its visit, or its holder has left it.
    async fn spent(&mut self, kept: &Kept, renews: &Renews, pass: &Pass, refusal: &Refusal) -> Option<Ended> {
        let (reason, what) = if was_stopped(renews, &pass.window).await {
            ("visit-stopped", "The hospital has stopped this visit.")
        } else if pass.until < kept.ends() {
            // By the gate's clock it may be over, and the window is not.
            let said = if self.is_due() { renews.renew(pass).await } else { return None };
            match said {
                Ok(new) => kept.takes(new),
                Err(failure) => refusal.told(kept, Some(&sentence(&failure))),
            }
            return None;
        } else {
            ("spent", "The gate takes this certificate no more. Begin again if the window is still yours.")
        };
        Some(Ended { reason: reason.to_owned(), what: what.to_owned() })
    }

    /// Whether the gate may be asked now.
    fn is_due(&mut self) -> bool {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= ASKED_EVERY);
        if is_due {
            self.last = Some(Instant::now());
        }
        is_due
    }
}

/// Whether somebody has stopped the last visit to a server of this window: the order comes first, and a moment later the end.
async fn was_stopped(renews: &Renews, window: &str) -> bool {
    if has_stopped(renews, window).await {
        return true;
    }
    sleep(A_MOMENT).await;
    has_stopped(renews, window).await
}

/// Whether one has ended so. Where the gate cannot be asked, none has.
async fn has_stopped(renews: &Renews, window: &str) -> bool {
    let asking = renews.client.get_with::<Vec<SessionView>>(&["sessions"], &[("limit", LOOKED_THROUGH)]);
    let Ok(Ok(visits)) = timeout(ANSWER_WITHIN, asking).await else { return false };
    let theirs =
        visits.iter().filter(|visit| visit.protocol == "tls" && visit.window.as_deref() == Some(window));
    // The newest come last.
    let last: BTreeMap<&str, &SessionView> = theirs.map(|visit| (visit.target.as_str(), visit)).collect();
    last.values().any(|visit| visit.end_reason.as_deref() == Some("stopped"))
}

/// On one line.
fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::Failed { what, next } if !next.is_empty() => format!("{what} {next}"),
        other => other.to_string(),
    }
}
