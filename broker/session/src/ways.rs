//! The ways that a session goes to its target, as they were declared when it took them. Where the hospital withdraws one, or
//! declares it otherwise, the session ends: what was checked then is not what is to be trusted now.
//!
//! | it uses | it goes on while |
//! |---|---|
//! | the SSH server | the address that it reached is declared, and the key or authority that the server was known by is pinned |
//! | the TLS service | nothing of its declaration has changed |
//! | a declared forward, for as long as a connection to it is open | the same |

use std::sync::{Arc, Mutex, PoisonError};

use chaperone_policy::{Endpoint, Facts, HostPort, Target};

use crate::flow::EndReason;
use crate::live::LiveSession;

/// One way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// To the SSH server, at this address, known by this line of its declaration.
    Ssh { at: HostPort, known_by: String },
    /// To an endpoint as it was declared.
    Declared(Endpoint),
}

/// The ways of a session.
#[derive(Debug, Default)]
pub(crate) struct Ways(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    taken: Vec<(u64, Taken)>,
}

/// A way that is taken until this is dropped.
pub(crate) struct OnWay {
    session: Arc<LiveSession>,
    number: u64,
}

impl Taken {
    /// Whether the target is declared so still.
    fn stands(&self, target: &Target) -> bool {
        target.endpoints.iter().any(|endpoint| match (self, endpoint) {
            (Self::Declared(declared), endpoint) => declared == endpoint,
            (Self::Ssh { at, known_by }, Endpoint::Ssh { host, port, host_keys, reach, .. }) => {
                let is_there = (at.host == *host && at.port == *port) || reach.also.contains(at);
                is_there && host_keys.iter().chain(&reach.authorities).any(|line| line == known_by)
            }
            (Self::Ssh { .. }, Endpoint::Tls { .. } | Endpoint::Tcp { .. }) => false,
        })
    }
}

impl Ways {
    /// Whether all of them are declared still.
    pub(crate) fn stand(&self, target: &Target) -> bool {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.taken.iter().all(|(_, taken)| taken.stands(target))
    }

    fn take(&self, taken: Taken) -> u64 {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = open.next;
        open.next += 1;
        open.taken.push((number, taken));
        number
    }

    fn take_once(&self, taken: Taken) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.taken.iter().any(|(_, known)| *known == taken) {
            let number = open.next;
            open.next += 1;
            open.taken.push((number, taken));
        }
    }

    fn leave(&self, number: u64) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.taken.retain(|(taken, _)| *taken != number);
    }
}

impl LiveSession {
    /// The session goes this way from now on, to its end.
    pub(crate) fn goes(&self, way: Taken) {
        self.ways.take_once(way);
        self.goes_on_declared_ways();
    }

    /// The session goes this way until what is returned is dropped.
    pub(crate) fn goes_for_now(self: &Arc<Self>, way: Taken) -> OnWay {
        let number = self.ways.take(way);
        self.goes_on_declared_ways();
        OnWay { session: Arc::clone(self), number }
    }

    /// Whether all its ways are declared still, as of these facts.
    pub(crate) fn stands_on(&self, facts: &Facts) -> bool {
        facts.target_by_name(&self.attempt.target).is_none_or(|target| self.ways.stand(target))
    }

    /// Ends a session that is on a way which is not declared any more. Asked when one is taken, and when a permit is
    /// replaced: a change that comes between is seen by whichever of the two is later.
    pub(crate) fn goes_on_declared_ways(&self) {
        let stand = self.ways.stand(self.permit.borrow().target());
        if !stand {
            self.cut(EndReason::EndpointChanged);
        }
    }
}

impl Drop for OnWay {
    fn drop(&mut self) {
        self.session.ways.leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use chaperone_policy::{AccountName, ConsoleTerms, Reach};

    use super::*;

    fn target(endpoints: Vec<Endpoint>) -> Target {
        Target {
            id: chaperone_policy::TargetId(uuid::Uuid::nil()),
            name: "alaris-sm-01".parse().unwrap(),
            endpoints,
            card: chaperone_policy::Card::default(),
            approvals: Vec::new(),
            durable: false,
            observer_required: false,
            session_limit: None,
            uploads: chaperone_policy::Uploads::default(),
        }
    }

    fn ssh(port: u16, host_keys: &[&str], authorities: &[&str]) -> Endpoint {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        let account: AccountName = "svc".parse().unwrap();
        let also = vec![HostPort { host: "192.0.2.2".to_owned(), port: 22 }];
        let reach = Reach { also, authorities: lines(authorities), ..Reach::default() };
        let (host, host_keys, accounts) = ("192.0.2.1".to_owned(), lines(host_keys), vec![account]);
        Endpoint::Ssh { host, port, host_keys, accounts, reach }
    }

    fn tls(server_name: &str) -> Endpoint {
        Endpoint::Tls {
            host: "192.0.2.1".to_owned(),
            port: 443,
            server_name: server_name.to_owned(),
            trust_pem: String::new(),
            http: true,
            terms: ConsoleTerms::default(),
        }
    }

    #[test]
    fn a_way_by_ssh_stands_while_its_address_and_its_key_are_declared() {
        let on = |host: &str, known_by: &str| Taken::Ssh {
            at: HostPort { host: host.to_owned(), port: 22 },
            known_by: known_by.to_owned(),
        };
        let declared = target(vec![ssh(22, &["one", "two"], &["ca"]), tls("a")]);
        for (host, known_by) in [("192.0.2.1", "one"), ("192.0.2.1", "ca"), ("192.0.2.2", "two")] {
            assert!(on(host, known_by).stands(&declared), "{host} {known_by}");
        }
        for (host, known_by) in [("192.0.2.1", "three"), ("192.0.2.3", "one")] {
            assert!(!on(host, known_by).stands(&declared), "{host} {known_by}");
        }
        let one = on("192.0.2.1", "one");
        assert!(one.stands(&target(vec![ssh(22, &["one"], &[])])), "another key is retired");
        assert!(!one.stands(&target(vec![ssh(22, &["two"], &[])])), "its own is");
        assert!(!one.stands(&target(vec![ssh(2222, &["one"], &[])])) && !one.stands(&target(vec![tls("a")])));
    }

    #[test]
    fn a_declared_way_stands_while_nothing_of_it_changes_and_one_that_was_left_does_not_count() {
        let ways = Ways::default();
        ways.take_once(Taken::Declared(tls("a")));
        ways.take_once(Taken::Declared(tls("a")));
        assert!(ways.stand(&target(vec![ssh(22, &[], &[]), tls("a")])));
        assert!(!ways.stand(&target(vec![tls("b")])));
        ways.leave(0);
        assert!(ways.stand(&target(vec![tls("b")])), "it was noted once");
        let number = ways.take(Taken::Declared(tls("a")));
        assert!(!ways.stand(&target(Vec::new())));
        ways.leave(number);
        assert!(ways.stand(&target(Vec::new())));
    }
}
