//! A TCP connection to one of a target's addresses: each in its order, the next as soon as the one before has failed or
//! has not answered for a moment, the first that answers wins (in the manner of RFC 8305), all of it in bounded time.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use chaperone_policy::HostPort;
use chaperone_session::DialError;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};

use super::within;

/// How long an address is waited for before the next one is tried beside it (RFC 8305 §8).
const STAGGER: Duration = Duration::from_millis(250);
/// Addresses of one name that are tried; a name server's answer has no end by itself.
const MOST_ADDRESSES: usize = 8;

/// Connects; returns by which of the declared addresses.
pub(super) async fn connect(places: &[HostPort]) -> Result<(TcpStream, HostPort), DialError> {
    let attempts = places.iter().map(|place| async move { Ok((reach(place).await?, place.clone())) });
    within(staggered(attempts)).await?.map_err(|failures| DialError::Unreachable(failures.join("; ")))
}

/// One declared address: a literal, or a name with one or more addresses.
async fn reach(place: &HostPort) -> Result<TcpStream, Vec<String>> {
    let HostPort { host, port } = place;
    let found = lookup_host((host.as_str(), *port)).await;
    let found = found.map_err(|error| vec![format!("{place}: {error}")])?;
    let attempts = alternating(found.collect()).into_iter().take(MOST_ADDRESSES).map(|address| async move {
        TcpStream::connect(address).await.map_err(|error| vec![format!("{address}: {error}")])
    });
    staggered(attempts).await
}

/// The addresses with their families in turn, beginning with the resolver's first.
fn alternating(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let six_first = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == six_first);
    let mut ordered = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        match (first.next(), second.next()) {
            (None, None) => break,
            (one, other) => ordered.extend(one.into_iter().chain(other)),
        }
    }
    ordered.dedup();
    ordered
}

/// Runs attempts in their order, each begun when the one before has failed or [`STAGGER`] after it. The first that succeeds
/// wins, and the others are dropped; when none does, why of each.
async fn staggered<T, F>(mut attempts: impl Iterator<Item = F>) -> Result<T, Vec<String>>
where
    F: Future<Output = Result<T, Vec<String>>>,
{
    let mut running = FuturesUnordered::new();
    let mut failures = Vec::new();
    let mut left = true;
    loop {
        if left {
            match attempts.next() {
                Some(attempt) => running.push(attempt),
                None => left = false,
            }
        }
        let ended = tokio::select! {
            ended = running.next() => ended,
            () = tokio::time::sleep(STAGGER), if left => continue,
        };
        match ended {
            Some(Ok(done)) => return Ok(done),
            Some(Err(why)) => failures.extend(why),
            None if left => {}
            None => {
                if failures.is_empty() {
                    failures.push("it has no address".to_owned());
                }
                return Err(failures);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    type Attempt = futures::future::BoxFuture<'static, Result<u32, Vec<String>>>;

    fn fails(why: &str) -> Attempt {
        Box::pin(ready(Err(vec![why.to_owned()])))
    }

    #[tokio::test]
    async fn a_failed_attempt_is_followed_at_once_and_a_silent_one_after_a_moment() {
        let began = std::time::Instant::now();
        let attempts: Vec<Attempt> = vec![fails("first"), Box::pin(pending()), Box::pin(ready(Ok(3)))];
        assert_eq!(staggered(attempts.into_iter()).await, Ok(3));
        assert!(began.elapsed() >= STAGGER && began.elapsed() < STAGGER * 8);
    }

    #[tokio::test]
    async fn the_first_that_answers_wins_whatever_its_place() {
        let late: Attempt = Box::pin(async {
            tokio::time::sleep(STAGGER * 3).await;
            Ok(1)
        });
        let attempts: Vec<Attempt> = vec![late, Box::pin(pending()), fails("third")];
        assert_eq!(staggered(attempts.into_iter()).await, Ok(1));
    }

    #[tokio::test]
    async fn where_none_answers_each_says_why() {
        let attempts = vec![fails("first"), fails("second")];
        let failures = staggered(attempts.into_iter()).await.unwrap_err();
        assert_eq!(failures, ["first", "second"]);
        let none: Vec<Attempt> = Vec::new();
        assert_eq!(staggered(none.into_iter()).await.unwrap_err(), ["it has no address"]);
    }

    #[test]
    fn families_take_turns() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let found = ["[::1]:22", "[::2]:22", "[::3]:22", "10.0.0.1:22"].map(address);
        let tried = alternating(found.to_vec());
        assert_eq!(tried, ["[::1]:22", "10.0.0.1:22", "[::2]:22", "[::3]:22"].map(address));
    }

    #[tokio::test]
    async fn a_dead_address_is_passed_over_and_the_answer_says_by_which() {
        let listener = tokio::net::TcpListener::bind("[::1]:0").await.unwrap();
        let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gone = dead.local_addr().unwrap();
        drop(dead);
        let alive = HostPort { host: "::1".to_owned(), port: listener.local_addr().unwrap().port() };
        let places = [HostPort { host: gone.ip().to_string(), port: gone.port() }, alive.clone()];
        let (stream, by) = connect(&places).await.unwrap();
        assert_eq!(by, alive);
        assert!(stream.peer_addr().unwrap().is_ipv6());
        let refused = connect(&places[..1]).await.unwrap_err();
        assert!(matches!(&refused, DialError::Unreachable(why) if why.contains("127.0.0.1")), "{refused}");
    }
}
