//! Connections that have no visit yet: so many at once, so many from one place, and so many more that wait in line to be
//! heard; and what came of those that ended before they named anybody, told once a minute.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chaperone_session::Gate;
use serde_json::json;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::greeting::From;
use crate::known::Known;
use crate::line::Line;
use crate::menu::Menus;

/// Connections without a visit, in all and from one address or IPv6 /64. One place cannot take all of them.
const HALF_OPEN: usize = 1024;
const FROM_ONE_PLACE: usize = 64;
/// And as many more from places that are known: strangers that sit there and say nothing cannot take these.
const HALF_OPEN_KNOWN: usize = 128;
/// Connections that wait to be one of those; each is a socket and little else.
const IN_LINE: usize = 4096;
const IN_LINE_FROM_ONE_PLACE: usize = 256;
/// As many more from places that are known: strangers cannot take these.
const IN_LINE_KNOWN: usize = 1024;
/// How long one waits in line: clients give up on a server that says nothing.
const WAIT: Duration = Duration::from_secs(20);
/// Connections that are heard in a second while the disk has no room for visits: each that is refused is a fact, and facts
/// must have room for weeks.
const WITHOUT_ROOM: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);
/// How often what was heard of nobody is told: at once, and then after this.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// Sources that one fact names.
const NAMED: usize = 8;

/// Counts connections that have no visit; cheap to clone.
#[derive(Clone)]
pub(crate) struct HalfOpen(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    news: Notify,
    line: Line,
    known: Known,
    menus: Menus,
}

#[derive(Default)]
struct State {
    known: usize,
    by_place: HashMap<IpAddr, Here>,
    unheard: u64,
    turned_away: u64,
    sources: Vec<IpAddr>,
}

/// One place's connections.
struct Here {
    known: usize,
    open: Arc<Semaphore>,
}

/// A connection that waits to be heard.
pub(crate) struct Waiting {
    of: HalfOpen,
    source: IpAddr,
    from: IpAddr,
    open: Arc<Semaphore>,
}

/// A place among the connections that have no visit.
pub(crate) struct Place {
    _counted: Waiting,
    _here: OwnedSemaphorePermit,
    _open: OwnedSemaphorePermit,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.of.state();
        state.known = state.known.saturating_sub(1);
        if let Some(here) = state.by_place.get_mut(&self.from) {
            here.known = here.known.saturating_sub(1);
            if here.known == 0 {
                state.by_place.remove(&self.from);
            }
        }
    }
}

impl Waiting {
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let Shared { line, known, .. } = &*self.of.0;
        match known.has(self.from) {
            true => line.turn_of_known(self.from).await,
            false => line.turn(self.from).await,
        }
    }

    /// Waits for a turn and a place; `None` when neither came in time, which is told.
    pub(crate) async fn place(self) -> Option<Place> {
        let heard = async {
            // First come, first served among those from one place; then each place in turn.
            let here = Arc::clone(&self.open).acquire_owned().await.ok()?;
            Some((here, self.turn().await?))
        };
        let heard = timeout(WAIT, heard).await;
        match heard {
            Ok(Some((here, open))) => Some(Place { _counted: self, _here: here, _open: open }),
            _ => {
                self.of.turned_away(self.source);
                None
            }
        }
    }
}

impl HalfOpen {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            news: Notify::new(),
            line: Line::new(HALF_OPEN, HALF_OPEN_KNOWN),
            known: Known::default(),
            menus: Menus::default(),
        }))
    }

    /// Lets a connection from there wait to be heard; `None` when too many do, which is told.
    pub(crate) fn wait(&self, source: IpAddr) -> Option<Waiting> {
        let from = place_of(source);
        let mut state = self.state();
        let here = state.by_place.get(&from).map_or(0, |here| here.known);
        let known = if self.0.known.has(from) { IN_LINE_KNOWN } else { 0 };
        if state.known >= HALF_OPEN + IN_LINE + known || here >= FROM_ONE_PLACE + IN_LINE_FROM_ONE_PLACE {
            drop(state);
            self.turned_away(source);
            return None;
        }
        state.known += 1;
        let here = state
            .by_place
            .entry(from)
            .or_insert_with(|| Here { known: 0, open: Arc::new(Semaphore::new(FROM_ONE_PLACE)) });
        here.known += 1;
        let open = Arc::clone(&here.open);
        drop(state);
        Some(Waiting { of: self.clone(), source, from, open })
    }

    /// A turn for a connection inside one that was heard: the other holds a place for both. `None` where none came in time, or
    /// too many wait, which is told.
    pub(crate) async fn turn(&self, source: IpAddr) -> Option<()> {
        let waiting = self.wait(source)?;
        match timeout(WAIT, waiting.turn()).await {
            Ok(called) => called.map(drop),
            Err(_elapsed) => {
                self.turned_away(source);
                None
            }
        }
    }

    /// Where somebody comes from.
    pub(crate) fn from(&self, source: IpAddr) -> From {
        let place = place_of(source);
        From { place, is_known: self.0.known.has(place) }
    }

    /// A visit came from there: its next connections need not wait for every stranger.
    pub(crate) fn visited(&self, source: IpAddr) {
        self.0.known.visited(place_of(source));
    }

    /// Those that are shown a menu, which need no place.
    pub(crate) fn menus(&self) -> Menus {
        self.0.menus.clone()
    }

    /// Calls those that wait, for ever, at the rate that the gate allows.
    pub(crate) async fn call(self, gate: Gate, per_second: NonZeroU32) {
        let rate = || if gate.has_room() { per_second } else { per_second.min(WITHOUT_ROOM) };
        self.0.line.serve(rate).await;
    }

    fn turned_away(&self, source: IpAddr) {
        let mut state = self.state();
        state.turned_away += 1;
        state.name(source);
        drop(state);
        self.0.news.notify_one();
    }

    /// A connection ended before it named anybody.
    pub(crate) fn unheard(&self, source: IpAddr) {
        let mut state = self.state();
        state.unheard += 1;
        state.name(source);
        drop(state);
        self.0.news.notify_one();
    }

    /// Tells for ever.
    pub(crate) async fn tell(self, gate: Gate) {
        loop {
            self.0.news.notified().await;
            // Those that come together are told together.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let (unheard, turned_away, sources) = {
                let mut state = self.state();
                let sources = std::mem::take(&mut state.sources);
                (std::mem::take(&mut state.unheard), std::mem::take(&mut state.turned_away), sources)
            };
            let first = sources.first().map(ToString::to_string);
            let sources: Vec<String> = sources.iter().map(ToString::to_string).collect();
            let about = json!({
                "listener": "ssh", "source": first, "sources": sources,
                "unheard": unheard.to_string(), "turned_away": turned_away.to_string(),
            });
            gate.unheard(about).await;
            tokio::time::sleep(TELL_EVERY).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn name(&mut self, source: IpAddr) {
        if self.sources.len() < NAMED && !self.sources.contains(&source) {
            self.sources.push(source);
        }
    }
}

/// An IPv4 address, or the /64 that one IPv6 host can choose from.
pub(crate) fn place_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_place_cannot_take_every_place() {
        let half_open = HalfOpen::new();
        let line = half_open.clone();
        let calling = tokio::spawn(async move { line.0.line.serve(|| NonZeroU32::MAX).await });
        let [here, elsewhere]: [IpAddr; 2] = ["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()];
        let mut taken = Vec::new();
        for _ in 0..FROM_ONE_PLACE {
            taken.push(half_open.wait(here).unwrap().place().await.unwrap());
        }
        let in_line: Vec<_> = (0..IN_LINE_FROM_ONE_PLACE).filter_map(|_| half_open.wait(here)).collect();
        assert_eq!(in_line.len(), IN_LINE_FROM_ONE_PLACE, "as many wait in line");
        assert!(half_open.wait(here).is_none(), "and the next is turned away");
        assert_eq!(half_open.state().turned_away, 1);
        assert!(half_open.wait(elsewhere).unwrap().place().await.is_some(), "others come in");
        drop((taken, in_line));
        assert!(half_open.wait(here).unwrap().place().await.is_some());
        assert!(half_open.state().by_place.is_empty(), "nothing is kept of those that have gone");
        calling.abort();
    }

    #[tokio::test]
    async fn strangers_from_everywhere_do_not_keep_out_who_is_known() {
        let half_open = HalfOpen::new();
        let strangers = (0..).map(|n: u32| half_open.wait(IpAddr::from((0x0a00_0000 + n).to_be_bytes())));
        let line: Vec<_> = strangers.map_while(|waiting| waiting).collect();
        assert_eq!(line.len(), HALF_OPEN + IN_LINE);
        let place = IpAddr::from([192, 0, 2, 1]);
        assert!(half_open.wait(place).is_none(), "nobody else comes in");
        half_open.visited(place);
        assert!(half_open.wait(place).is_some(), "but who had a visit");
    }

    #[test]
    fn the_addresses_of_one_ipv6_host_are_one_place() {
        let [one, two]: [IpAddr; 2] = ["2001:db8::1".parse().unwrap(), "2001:db8::ffff".parse().unwrap()];
        assert_eq!(place_of(one), place_of(two));
        assert_eq!(place_of("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
