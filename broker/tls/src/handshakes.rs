//! The handshakes under way, or whatever else a peer says first: each on its own task, with its own time, and never more than the listener can carry.
//!
//! With no room left the oldest one of whoever has the most under way is dropped, so that a peer that opens connections and
//! says nothing takes room from itself and not from others (P10).

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};

use crate::places::Origin;

/// Handshakes under way, and the finished ones that nobody has taken yet.
pub struct Handshakes<T> {
    /// A finished one says its number, and what came of it.
    tasks: JoinSet<(u64, Option<T>)>,
    /// By number, and so by age.
    under_way: BTreeMap<u64, (Origin, AbortHandle)>,
    next: u64,
    most: usize,
    within: Duration,
}

impl<T: Send + 'static> Handshakes<T> {
    /// At most so many, each within a time.
    #[must_use]
    pub fn new(most: usize, within: Duration) -> Self {
        Self { tasks: JoinSet::new(), under_way: BTreeMap::new(), next: 0, most, within }
    }

    /// Begins one. The future says nothing when the handshake fails.
    pub fn begin(&mut self, source: IpAddr, handshake: impl Future<Output = Option<T>> + Send + 'static) {
        if self.under_way.len() >= self.most {
            self.drop_one();
        }
        let (number, within) = (self.next, self.within);
        self.next += 1;
        let task = self.tasks.spawn(async move {
            // A handshake that is not over in its time is dropped like one that failed.
            (number, tokio::time::timeout(within, handshake).await.ok().flatten())
        });
        self.under_way.insert(number, (Origin::of(source), task));
    }

    /// The next one that succeeds; pending while none is under way. Dropping the future loses nothing.
    pub async fn next(&mut self) -> T {
        loop {
            match self.tasks.join_next().await {
                None => std::future::pending::<()>().await,
                Some(Ok((number, done))) => {
                    self.under_way.remove(&number);
                    if let Some(done) = done {
                        return done;
                    }
                }
                // Dropped for want of room, and forgotten then.
                Some(Err(_)) => {}
            }
        }
    }

    fn drop_one(&mut self) {
        let mut counts: HashMap<Origin, usize> = HashMap::new();
        for (source, _) in self.under_way.values() {
            *counts.entry(*source).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or(0);
        let oldest = self.under_way.iter().find(|(_, (source, _))| counts.get(source) == Some(&most));
        let Some(number) = oldest.map(|(number, _)| *number) else { return };
        if let Some((source, task)) = self.under_way.remove(&number) {
            task.abort();
            tracing::debug!(client.net = %source, "a TLS handshake is dropped for want of room");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const FLOOD: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const DANA: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    #[tokio::test]
    async fn a_flood_takes_room_from_itself_alone() {
        let mut handshakes = Handshakes::new(4, Duration::from_secs(60));
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        handshakes.begin(DANA, async move { gone.await.ok().map(|()| "dana") });
        for _ in 0..100 {
            handshakes.begin(FLOOD, std::future::pending());
        }
        assert_eq!(handshakes.under_way.len(), 4);
        go.send(()).unwrap();
        assert_eq!(handshakes.next().await, "dana");
        assert_eq!(handshakes.under_way.len(), 3);
    }

    #[tokio::test]
    async fn a_slow_one_is_dropped_after_its_time() {
        let mut handshakes = Handshakes::<()>::new(4, Duration::from_millis(20));
        handshakes.begin(FLOOD, std::future::pending());
        handshakes.begin(FLOOD, std::future::ready(None));
        assert!(tokio::time::timeout(Duration::from_millis(500), handshakes.next()).await.is_err());
        assert!(handshakes.under_way.is_empty() && handshakes.tasks.is_empty());
    }
}
