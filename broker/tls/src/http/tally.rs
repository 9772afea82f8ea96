//! What was not HTTP as anybody may send it, from people who have not proven who they are: counted, and told as one fact at
//! once and then once a minute, so that a flood of it is no flood of facts.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chaperone_session::Gate;
use serde_json::json;

/// How long what follows is gathered.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// Sources and faults that one fact names.
const NAMED: usize = 8;

/// Counts; cheap to clone.
#[derive(Clone)]
pub(super) struct Tally {
    gate: Gate,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Somebody tells when the time comes.
    waits: bool,
    count: u64,
    sources: Vec<String>,
    faults: Vec<String>,
}

impl Tally {
    pub(super) fn new(gate: Gate) -> Self {
        Self { gate, state: Arc::default() }
    }

    /// Somebody sent what is not taken.
    pub(super) async fn count(&self, source: IpAddr, fault: &str) {
        let first = {
            let mut state = self.state();
            state.count += 1;
            name(&mut state.sources, source.to_string());
            name(&mut state.faults, fault.to_owned());
            !std::mem::replace(&mut state.waits, true)
        };
        if !first {
            return;
        }
        self.tell().await;
        let later = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(TELL_EVERY).await;
            later.tell().await;
            later.state().waits = false;
        });
    }

    async fn tell(&self) {
        let (count, sources, faults) = {
            let mut state = self.state();
            (
                std::mem::take(&mut state.count),
                std::mem::take(&mut state.sources),
                std::mem::take(&mut state.faults),
            )
        };
        if count > 0 {
            let about = json!({
                "listener": "tls", "source": sources.first(), "sources": sources, "unheard": count.to_string(),
                "turned_away": "0", "why": faults,
            });
            self.gate.unheard(about).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(names: &mut Vec<String>, one: String) {
    if names.len() < NAMED && !names.contains(&one) {
        names.push(one);
    }
}
