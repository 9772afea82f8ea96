//! From the gate's yes to the window's end: the ports stay open, the time left is told, an extension is taken, and a
//! network that is gone for a while is waited for.

mod ends;
mod refusal;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::refusal::Refusal;
use super::dial::Dialer;
use super::error::DialError;
use super::local::carry;
use super::pass::{Keys, Pass};
use super::ports::{self, Opened};
use super::tell::{Event, Tells};
use super::{Connect, Way};
use crate::cli::client::Client;
use crate::cli::outcome::{Failure, chain};

/// Connections that are carried at once; more wait to be accepted.
const CONNECTIONS: usize = 256;
/// How long to wait before the next connection when the system has no room for it.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the refusal of an endpoint is told: clients try again by themselves.
const TOLD_EVERY: Duration = Duration::from_secs(5);
/// How long connections have to be broken off at the end.
const LAST: Duration = Duration::from_millis(300);

/// What all connections share.
pub(super) struct Kept {
    pub dialer: Dialer,
    pub tells: Tells,
    /// Cancelled at the end: every connection breaks off.
    pub over: CancellationToken,
    pass: Mutex<Arc<Pass>>,
    /// When the window ends, output included.
    ends: Mutex<Timestamp>,
    carried: AtomicUsize,
    room: Arc<Semaphore>,
    /// Woken when the gate refused: the window may be over.
    look: Notify,
    told: Mutex<Told>,
}

/// What was told last.
#[derive(Default)]
struct Told {
    way: Option<Way>,
    /// No connection came about, and none has since.
    unreachable: bool,
    /// The same of what is asked about the window.
    unheard: bool,
    refused: Option<Instant>,
    /// The last refusal, until it was looked into.
    refusal: Option<Refusal>,
    turned_away: Option<Instant>,
}

impl Told {
    fn is_lost(&self) -> bool {
        self.unreachable || self.unheard
    }
}

/// One more connection is carried, as long as this lives.
pub(super) struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Asks the gate, opens the ports, and keeps them open up to the end.
pub(super) async fn run(connect: Connect, to: String) -> Result<(), Failure> {
    let client = connect.via.tunnelled()?;
    let trusted = connect.via.ca.as_deref().map(read).transpose()?.unwrap_or_default();
    let renews = ends::Renews { keys: Keys::make().map_err(unusable)?, trusted, client: client.clone() };
    let pass = renews.ask(&to).await?;
    if let (Some(path), Some(pem)) = (&connect.authority, &pass.local_authority_pem) {
        std::fs::write(path, pem)
            .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", path.display()), ""))?;
    }
    let opened = ports::open(&pass, connect.listen).await?;
    if opened.is_empty() {
        return Err(Failure::failed(
            "this window opens no TLS or TCP endpoint",
            "SSH needs no `chaperone connect`: see the window's page for the line",
        ));
    }
    let tells = Tells::new(connect.via.json);
    tells.begun(
        &pass,
        pass.until.max(pass.closes),
        &opened.iter().map(|(opened, _)| opened).collect::<Vec<_>>(),
    )?;
    let kept = Arc::new(Kept::new(Dialer::new(client, connect.way), tells, pass));
    for (opened, listener) in opened {
        tokio::spawn(accept(listener, Arc::new(opened), Arc::clone(&kept)));
    }
    let ended = ends::wait(&kept, &renews).await;
    kept.over.cancel();
    kept.is_quiet_within(LAST).await;
    kept.tells.event(&Event::Ended { reason: &ended.reason, what: &ended.what });
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{} is no PEM certificate: {error}", path.display())))
}

fn unusable(error: super::error::PassError) -> Failure {
    Failure::failed(chain(&error), "are the gate and this command of the same release?")
}

/// Accepts connections to one endpoint, up to the end.
pub(super) async fn accept(listener: TcpListener, opened: Arc<Opened>, kept: Arc<Kept>) {
    loop {
        let accepting = async {
            let room = Arc::clone(&kept.room).acquire_owned().await;
            (room, listener.accept().await)
        };
        tokio::select! {
            () = kept.over.cancelled() => return,
            (room, accepted) = accepting => match accepted {
                Ok((stream, _)) => {
                    let (opened, kept) = (Arc::clone(&opened), Arc::clone(&kept));
                    tokio::spawn(async move {
                        let over = kept.over.clone();
                        // What is carried breaks off by itself; what has only begun is dropped.
                        let carrying = carry(stream, opened, kept);
                        tokio::pin!(carrying);
                        tokio::select! {
                            () = &mut carrying => {}
                            () = over.cancelled() => drop(tokio::time::timeout(LAST, carrying).await),
                        }
                        drop(room);
                    });
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }
}

impl Kept {
    pub(super) fn new(dialer: Dialer, tells: Tells, pass: Pass) -> Self {
        Self {
            dialer,
            tells,
            over: CancellationToken::new(),
            ends: Mutex::new(pass.until.max(pass.closes)),
            pass: Mutex::new(Arc::new(pass)),
            carried: AtomicUsize::new(0),
            room: Arc::new(Semaphore::new(CONNECTIONS)),
            look: Notify::new(),
            told: Mutex::default(),
        }
    }

    /// What is granted now.
    pub(super) fn pass(&self) -> Arc<Pass> {
        Arc::clone(&self.pass.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn takes(&self, pass: Pass) {
        *self.pass.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(pass);
    }

    fn ends(&self) -> Timestamp {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ends_at(&self, ends: Timestamp) {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = ends;
    }

    /// Counts a connection.
    pub(super) fn count(&self) -> Counted<'_> {
        self.carried.fetch_add(1, Ordering::Relaxed);
        Counted(&self.carried)
    }

    /// A connection came about; told where that, or the way, is new.
    pub(super) fn reached(&self) {
        let way = self.dialer.way();
        let mut told = self.told();
        if std::mem::take(&mut told.unreachable) && !told.unheard {
            self.tells.event(&Event::Reconnected);
        }
        if let Some(now) = way.filter(|_| way != told.way) {
            told.way = way;
            self.tells.event(&Event::Way { way: now });
        }
    }

    /// No connection comes about; told once, until one does.
    pub(super) fn lost(&self, why: &str) {
        let mut told = self.told();
        let known = told.is_lost();
        told.unreachable = true;
        if !known {
            self.tells.event(&Event::Lost { why });
        }
    }

    /// The gate answered about the window.
    fn heard(&self) {
        let mut told = self.told();
        if std::mem::take(&mut told.unheard) && !told.unreachable {
            self.tells.event(&Event::Reconnected);
        }
    }

    /// It did not.
    fn unheard(&self, why: &str) {
        let mut told = self.told();
        let known = told.is_lost();
        told.unheard = true;
        if !known {
            self.tells.event(&Event::Lost { why });
        }
    }

    /// The gate did not take a connection: perhaps the window has ended. Why is asked and told where the window is looked
    /// after.
    pub(super) fn refused(&self, opened: &Opened, fault: &DialError) {
        let mut told = self.told();
        if told.refused.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            told.refused = Some(Instant::now());
            told.refusal = Some(Refusal::of(&opened.endpoint, fault));
        }
        drop(told);
        self.look.notify_one();
    }

    /// The last refusal, if nobody has looked into it.
    fn refusal(&self) -> Option<Refusal> {
        self.told().refusal.take()
    }

    /// A client of this machine does not come in.
    pub(super) fn turned_away(&self, opened: &Opened, why: &str) {
        let mut told = self.told();
        if told.turned_away.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            told.turned_away = Some(Instant::now());
            self.tells.event(&Event::TurnedAway { endpoint: &opened.endpoint, why });
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn is_quiet_within(&self, within: Duration) {
        let until = Instant::now() + within;
        while self.carried.load(Ordering::Relaxed) > 0 && Instant::now() < until {
            sleep(Duration::from_millis(5)).await;
        }
    }
}
