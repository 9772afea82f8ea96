//! Connections that have not signed in: so many at once, so many from one place; and what came of those that ended before
//! they named anybody, told once a minute.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chaperone_session::Gate;
use serde_json::json;
use tokio::sync::Notify;

/// Connections that have not signed in, in all and from one address or IPv6 /64. One place cannot take all of them.
const HALF_OPEN: usize = 1024;
const FROM_ONE_PLACE: usize = 64;
/// How often what was heard of nobody is told: at once, and then after this.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// Sources that one fact names.
const NAMED: usize = 8;

/// Counts connections that have not signed in; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct HalfOpen(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Default)]
struct State {
    open: usize,
    by_place: HashMap<IpAddr, usize>,
    unheard: u64,
    turned_away: u64,
    sources: Vec<IpAddr>,
}

/// A place among the connections that have not signed in.
pub(crate) struct Place {
    of: HalfOpen,
    from: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.of.state();
        state.open = state.open.saturating_sub(1);
        if let Some(count) = state.by_place.get_mut(&self.from) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                state.by_place.remove(&self.from);
            }
        }
    }
}

impl HalfOpen {
    /// A place for a connection from there; `None` when there is none, which is told.
    pub(crate) fn place(&self, source: IpAddr) -> Option<Place> {
        let from = place_of(source);
        let mut state = self.state();
        let here = state.by_place.get(&from).copied().unwrap_or_default();
        if state.open >= HALF_OPEN || here >= FROM_ONE_PLACE {
            state.turned_away += 1;
            state.name(source);
            drop(state);
            self.0.news.notify_one();
            return None;
        }
        state.open += 1;
        state.by_place.insert(from, here + 1);
        Some(Place { of: self.clone(), from })
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
fn place_of(source: IpAddr) -> IpAddr {
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

    #[test]
    fn one_place_cannot_take_every_place() {
        let half_open = HalfOpen::default();
        let here: IpAddr = "192.0.2.1".parse().unwrap();
        let taken: Vec<_> = (0..FROM_ONE_PLACE).filter_map(|_| half_open.place(here)).collect();
        assert_eq!(taken.len(), FROM_ONE_PLACE);
        assert!(half_open.place(here).is_none());
        assert!(half_open.place("192.0.2.2".parse().unwrap()).is_some(), "others come in");
        assert_eq!(half_open.state().turned_away, 1);
        drop(taken);
        assert!(half_open.place(here).is_some());
        assert!(half_open.state().by_place.is_empty(), "nothing is kept of those that have gone");
    }

    #[test]
    fn the_addresses_of_one_ipv6_host_are_one_place() {
        let [one, two]: [IpAddr; 2] = ["2001:db8::1".parse().unwrap(), "2001:db8::ffff".parse().unwrap()];
        assert_eq!(place_of(one), place_of(two));
        assert_eq!(place_of("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
