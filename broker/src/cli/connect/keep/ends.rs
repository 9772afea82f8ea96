//! How it ends: when the window does, or when whoever runs it has had enough. Until then the window is asked for every few
//! seconds, since it may be extended, shortened or revoked.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chaperone_web::wire::{ConnectionView, NewConnection, WindowView};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{sleep, timeout};

use super::super::pass::{Keys, Pass};
use super::super::tell::Event;
use super::refusal::Asks;
use super::{Client, Failure, Kept, unusable};

/// How often the window is asked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long an answer may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How soon again when the gate refused, and at the end.
const AT_THE_END: Duration = Duration::from_millis(500);
/// How long before their end certificates are asked for anew, where the window goes on.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_mins(2);
/// How often certificates are asked for anew in vain: each refusal is the SOC's business.
const RENEWALS: u8 = 3;
/// When the time left is told, in seconds before the end.
const MARKS: [i64; 6] = [30 * 60, 15 * 60, 10 * 60, 5 * 60, 60, 10];

/// Asks for certificates: once, and again when they end before the window does.
pub(super) struct Renews {
    pub keys: Keys,
    /// Certificates that the caller trusts, as PEM.
    pub trusted: String,
    pub client: Client,
}

/// Why it is over.
pub(super) struct Ended {
    /// A word for scripts.
    pub reason: String,
    /// A sentence.
    pub what: String,
}

/// What may change about a window while it is open.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    closes: Timestamp,
    overrun_seconds: i64,
    work_began: Option<Timestamp>,
}

impl Renews {
    /// Asks the gate. A refusal is the one that its doors give.
    pub(super) async fn ask(&self, to: &str) -> Result<Pass, Failure> {
        self.asks(self.keys.asks(to, None)).await
    }

    /// Asks for certificates in place of those that are held: the visit goes on with them.
    pub(super) async fn renew(&self, pass: &Pass) -> Result<Pass, Failure> {
        self.asks(self.keys.asks(&pass.window, Some(pass))).await
    }

    async fn asks(&self, asked: NewConnection) -> Result<Pass, Failure> {
        let asking = self.client.post::<ConnectionView>(&["connect"], &asked);
        let granted = timeout(ANSWER_WITHIN, asking).await;
        let silent = |_| Failure::failed("the gate does not answer", "try again in a moment");
        Pass::new(granted.map_err(silent)??, &self.keys, &self.trusted).map_err(unusable)
    }
}

/// Waits for the end.
pub(super) async fn wait(kept: &Kept, renews: &Renews) -> Ended {
    tokio::select! {
        ended = watch(kept, renews) => ended,
        never = count_down(kept) => match never {},
        () = stopped() => Ended { reason: "stopped".to_owned(), what: "Stopped.".to_owned() },
    }
}

impl Ended {
    fn closed() -> Self {
        Self { reason: "closed".to_owned(), what: "The window has closed.".to_owned() }
    }

    fn of(view: &WindowView) -> Self {
        let why =
            view.decision.as_ref().map(|decision| decision.reason.as_str()).filter(|why| !why.is_empty());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        Self { reason: view.state.clone(), what: format!("The window is {}{why}.", view.state) }
    }
}

/// Asks for the window until it is over.
async fn watch(kept: &Kept, renews: &Renews) -> Ended {
    let (mut renewing, mut asks) = (Renewing::default(), Asks::default());
    loop {
        let pass = kept.pass();
        let looked =
            timeout(ANSWER_WITHIN, renews.client.get::<WindowView>(&["windows", &pass.window])).await;
        let past = Timestamp::now() >= kept.ends();
        match looked {
            Ok(Ok(view)) => {
                kept.heard();
                if let Some(ended) = over(&view, past) {
                    return ended;
                }
                if let Some(refusal) = kept.refusal()
                    && let Some(ended) = asks.explain(kept, renews, &pass, &refusal).await
                {
                    return ended;
                }
                renewing.look(kept, renews, &pass, &view).await;
            }
            Ok(Err(_)) | Err(_) if past => return Ended::closed(),
            Ok(Err(failure)) => kept.unheard(&failure.to_string()),
            Err(_) => kept.unheard("the gate does not answer"),
        }
        // What nobody could be asked about.
        if let Some(refusal) = kept.refusal() {
            refusal.told(kept, None);
        }
        let left = left(kept).try_into().unwrap_or(Duration::ZERO);
        let pause = LOOK_EVERY.min(left.max(AT_THE_END));
        tokio::select! {
            () = sleep(pause) => {}
            () = kept.look.notified() => sleep(AT_THE_END).await,
        }
    }
}

/// Whether the window is over. This machine's clock may be wrong: the gate says so.
fn over(view: &WindowView, past: bool) -> Option<Ended> {
    match view.state.as_str() {
        "open" => None,
        // Output may still flow.
        "approved" | "closed" | "reviewed" if !past => None,
        "closed" | "reviewed" => Some(Ended::closed()),
        _ => Some(Ended::of(view)),
    }
}

/// What is known about the need for other certificates.
#[derive(Default)]
struct Renewing {
    shape: Option<Shape>,
    failed: u8,
    /// The end of certificates that others do not outlive.
    last: Option<Timestamp>,
}

impl Renewing {
    /// Tells where the window has changed. Asks for certificates where those that are held end before it does, and not sooner:
    /// each is a fact of the gate's.
    async fn look(&mut self, kept: &Kept, renews: &Renews, pass: &Pass, view: &WindowView) {
        let shape = Shape::of(view);
        let changed = self.shape.map_or(shape.closes != pass.closes, |known| known != shape);
        self.shape = Some(shape);
        if changed {
            self.failed = 0;
            let (was, closes, until) = (kept.ends(), shape.closes, shape.ends());
            kept.ends_at(until);
            if until > was {
                kept.tells.event(&Event::Extended { closes, until });
            } else if until < was {
                kept.tells.event(&Event::Shortened { closes, until });
            }
        }
        let runs_out = pass.until.duration_since(Timestamp::now()) < RENEWED_BEFORE
            && pass.until < shape.ends()
            && self.last != Some(pass.until);
        if !runs_out || self.failed >= RENEWALS {
            return;
        }
        match renews.renew(pass).await {
            Ok(new) => {
                self.failed = 0;
                self.last = (new.until <= pass.until).then_some(new.until);
                kept.takes(new);
            }
            Err(failure) => {
                self.failed += 1;
                kept.unheard(&failure.to_string());
            }
        }
    }
}

impl Shape {
    fn of(view: &WindowView) -> Self {
        Self { closes: view.closes, overrun_seconds: view.overrun_seconds, work_began: view.work_began }
    }

    fn ends(self) -> Timestamp {
        self.closes.saturating_add(SignedDuration::from_secs(self.overrun_seconds)).unwrap_or(self.closes)
    }
}

/// Tells the time left.
async fn count_down(kept: &Kept) -> Infallible {
    let mut before = i64::MAX;
    loop {
        let left = left(kept);
        let seconds = left.as_secs();
        if MARKS.iter().any(|mark| seconds <= *mark && before > *mark) && before != i64::MAX {
            kept.tells.event(&Event::TimeLeft { seconds });
        }
        before = seconds;
        kept.tells.status(left, kept.carried.load(Ordering::Relaxed), kept.told().is_lost());
        sleep(Duration::from_millis(500)).await;
    }
}

fn left(kept: &Kept) -> SignedDuration {
    kept.ends().duration_since(Timestamp::now()).max(SignedDuration::ZERO)
}

/// Ctrl-C, or what a service manager sends.
#[cfg(unix)]
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn stopped() {
    drop(tokio::signal::ctrl_c().await);
}
