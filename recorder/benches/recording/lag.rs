//! How long an appended byte waits until it is durable, where the caller syncs every 200 ms as a gate does.

use std::error::Error;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chaperone_recorder::{Durability, Stream};

use crate::Outcome;
use crate::bench::{Bench, quantile};

const EVERY: Duration = Duration::from_millis(200);
const ROUNDS: u32 = 25;

pub fn run(bench: &Bench) -> Outcome {
    println!("durability lag in prompt mode, sync every {} ms", EVERY.as_millis());
    for (sessions, batch) in [(1, 1), (1, 32 << 10), (100, 1), (100, 4 << 10)] {
        let lags = lags(bench, sessions, batch)?;
        println!(
            "  {sessions:3} sessions, {batch:5} bytes every 20 ms: p50 {:?}, p99 {:?}",
            quantile(&lags, 0.5),
            quantile(&lags, 0.99)
        );
    }
    Ok(())
}

/// Appends go on while a sync runs: what was appended before its beginning is durable at its end.
fn lags(bench: &Bench, sessions: usize, batch: usize) -> Result<Vec<Duration>, Box<dyn Error>> {
    let mut live = Vec::new();
    for _ in 0..sessions {
        live.push(bench.start(Durability::Prompt)?);
    }
    let bytes = Bytes::from(vec![b'a'; batch]);
    let (sender, appended) = std::sync::mpsc::sync_channel::<(usize, Instant)>(1 << 16);
    let until = Instant::now() + EVERY * ROUNDS;
    let mut lags = Vec::new();
    std::thread::scope(|scope| {
        let shells = live.iter().map(|(_, shell)| shell.clone()).collect::<Vec<_>>();
        scope.spawn(move || {
            while Instant::now() < until {
                for (number, shell) in shells.iter().enumerate() {
                    let recorded = shell.append(Stream::Output, bytes.clone()).map(drop);
                    if recorded.is_err() || sender.send((number, Instant::now())).is_err() {
                        return;
                    }
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let mut waiting = vec![Vec::new(); sessions];
        let mut next = Instant::now() + EVERY;
        while Instant::now() < until {
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            next += EVERY;
            for (number, (live, _)) in live.iter().enumerate() {
                for (of, at) in appended.try_iter() {
                    if let Some(queue) = waiting.get_mut(of) {
                        queue.push(at);
                    }
                }
                if live.sync().is_ok()
                    && let Some(queue) = waiting.get_mut(number)
                {
                    lags.extend(queue.drain(..).map(|at: Instant| at.elapsed()));
                }
            }
        }
    });
    for (live, _) in &live {
        bench.seal(live)?;
        bench.forget(live)?;
    }
    lags.sort();
    Ok(lags)
}
