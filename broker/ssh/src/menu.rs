//! The menu of `ssh login@gate`: one's own windows, from which one is chosen. It is no visit, and it decides nothing: a
//! choice is an attempt of its own, on the same connection, judged and recorded like any other. What stands in the menu
//! is the person's own and nobody else's (P9); what is typed into it is bounded, and goes to no server.

mod count;
mod page;
mod seat;
mod typing;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chaperone_identity::ProvenPerson;
use chaperone_policy::{AccountName, TargetName};
use chaperone_session::{Gate, LiveSession};
use russh::ChannelReadHalf;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::admission::{Admission, Asking, Verdict, Visit, ask};
use crate::leg::ClientSink;
use crate::wish::Wish;
use seat::Seat;

use self::count::Counted;
pub(crate) use self::count::Menus;

/// How long a connection that named no server is kept for a menu to be opened on it.
const OPENED_WITHIN: Duration = Duration::from_secs(15);

/// Choices of one connection that may be refused: each is a fact and an alert.
const REFUSED: usize = 10;

/// A choice without SSH of its own: the visit is on, for as long as this connection is.
const NO_TERMINAL: &str =
    "This server takes no terminal. Its forwards are open while you stay connected; q leaves.";

/// The menu of one connection.
pub(crate) struct Menu {
    admission: Arc<Admission>,
    proven: ProvenPerson,
    /// Whether one of the connection's terminals is opening a visit.
    choosing: AtomicBool,
    /// How many of its terminals show the menu.
    open: watch::Sender<usize>,
    /// Its place among those that do, from the first on.
    counted: Mutex<Option<Counted>>,
    /// Choices that were refused, at whichever of its terminals.
    refused: AtomicUsize,
    /// Wishes for more time, the same.
    wishes: AtomicUsize,
}

/// Why a menu ended without a visit.
#[derive(Debug)]
pub(crate) enum Over {
    /// Its person left.
    Left,
    /// Nobody typed anything.
    Idle,
    /// Too many choices were refused.
    Enough,
    /// Its person is shown too many menus already.
    Crowded,
    /// The server that was chosen could not be reached, which ended the visit: the text says so.
    Failed(Arc<str>),
    /// The visit that was chosen, which shows nothing here, has ended: the text says why.
    Ended(String),
    /// The terminal has gone, or does not read.
    Gone,
}

/// What a choice came to.
enum Chosen {
    Visit(Arc<Visit>),
    /// It has no terminal: the one that shows the menu is kept for as long as it is on.
    Forwards(Arc<LiveSession>),
    /// In words; the menu goes on.
    Refused(Arc<str>),
    /// Nothing is attempted any more: too many choices were refused.
    Enough,
    /// In words; the connection ends with the visit that came to nothing.
    Failed(Arc<str>),
}

impl Menu {
    pub(crate) fn new(admission: Arc<Admission>, proven: ProvenPerson) -> Self {
        Self {
            admission,
            proven,
            choosing: AtomicBool::new(false),
            open: watch::Sender::new(0),
            counted: Mutex::new(None),
            refused: AtomicUsize::new(0),
            wishes: AtomicUsize::new(0),
        }
    }

    /// What a terminal's request came to: a visit, once one was chosen and let in.
    pub(crate) async fn run(
        &self,
        gate: &Gate,
        verdict: &watch::Sender<Verdict>,
        read: &mut ChannelReadHalf,
        client: &ClientSink,
        wish: &mut Wish,
    ) -> Result<Arc<Visit>, Over> {
        if !self.is_counted() {
            return Err(Over::Crowded);
        }
        let _shown = Shown::on(&self.open);
        let mut seat = Seat::new(gate, self, read, client, wish);
        let visit = seat.sit(verdict).await?;
        seat.leaves()?;
        Ok(visit)
    }

    /// Whether its person may be shown one more, or is shown this one already.
    fn is_counted(&self) -> bool {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.is_none() {
            *counted = self.admission.menus.count(self.proven.person());
        }
        counted.is_some()
    }

    /// Returns once a connection shows its person a menu, if it ever does.
    pub(crate) async fn is_shown(mut verdict: watch::Receiver<Verdict>) {
        let menu = match verdict.wait_for(|verdict| matches!(verdict, Verdict::Menu(_))).await.as_deref() {
            Ok(Verdict::Menu(menu)) => Some(Arc::clone(menu)),
            _ => None,
        };
        match menu {
            // The sender is the menu's own: the wait cannot fail.
            Some(menu) => drop(menu.open.subscribe().wait_for(|open| *open > 0).await),
            None => std::future::pending().await,
        }
    }

    /// How long somebody may sit there without a key.
    fn idle(&self) -> Duration {
        self.admission.bounds.menu_idle
    }

    /// For a channel that cannot show it.
    pub(crate) async fn in_words(&self, gate: &Gate) -> String {
        gate.how_to_name_a_target(self.proven.person()).await
    }

    /// Returns once nobody is at the menu, and nobody comes to it.
    pub(crate) async fn is_left(&self) {
        let mut open = self.open.subscribe();
        while matches!(timeout(OPENED_WITHIN, open.wait_for(|open| *open > 0)).await, Ok(Ok(_))) {
            // The sender is ours: it is not gone.
            drop(open.wait_for(|open| *open == 0).await);
        }
    }

    /// Attempts to open a visit, as if its server had been named when the connection was made.
    async fn choose(
        &self,
        verdict: &watch::Sender<Verdict>,
        target: &TargetName,
        account: Option<&AccountName>,
    ) -> Chosen {
        let taken =
            || Chosen::Refused("This connection has its visit already: connect again for another.".into());
        if self.refused.load(Ordering::Relaxed) >= REFUSED {
            return Chosen::Enough;
        }
        if !self.admission.gate.is_accepting() {
            // A refusal could not even be spooled: the door is closed.
            return Chosen::Refused("The gate opens no visit at this time.".into());
        }
        let first = self.choosing.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire);
        if first.is_err() || verdict.borrow().is_visit() {
            return taken();
        }
        let chosen = self.attempt(target, account).await;
        let chosen = match chosen {
            Verdict::Visit(visit) => {
                self.admission.jumps.keep_outer();
                verdict.send_replace(Verdict::Visit(Arc::clone(&visit)));
                self.ends_with_its_client(&visit.session);
                return Chosen::Visit(visit);
            }
            Verdict::Forwards(session) => {
                self.admission.jumps.keep_outer();
                verdict.send_replace(Verdict::Forwards(Arc::clone(&session)));
                self.ends_with_its_client(&session);
                return Chosen::Forwards(session);
            }
            Verdict::Refused(refused) => Chosen::Refused(refused.text.as_str().into()),
            Verdict::NoTargetLeg(text) => Chosen::Failed(text),
            Verdict::Menu(_) | Verdict::Nothing(_) | Verdict::Pending => {
                Chosen::Refused("There is no such server.".into())
            }
        };
        self.choosing.store(false, Ordering::Release);
        chosen
    }

    /// The client may have gone while its choice was attempted, and then nobody tells the visit.
    fn ends_with_its_client(&self, session: &LiveSession) {
        if self.admission.over.is_cancelled() {
            session.client_gone(false);
        }
    }

    async fn attempt(&self, target: &TargetName, account: Option<&AccountName>) -> Verdict {
        let account = account.map_or_else(String::new, |account| format!("+{account}"));
        let user = format!("{}+{target}{account}", self.proven.login());
        let asking = Asking { user: &user, ..self.admission.asking() };
        match ask(&self.proven, &asking) {
            Some(ask) => self.admission.attempt(ask).await,
            None => Verdict::Pending,
        }
    }
}

/// A terminal that shows the menu.
struct Shown<'m>(&'m watch::Sender<usize>);

impl<'m> Shown<'m> {
    fn on(open: &'m watch::Sender<usize>) -> Self {
        open.send_modify(|open| *open += 1);
        Self(open)
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open = open.saturating_sub(1));
    }
}
