//! How fast batches and keystrokes are appended, by one session and by a hundred, in both modes, on one core.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use chaperone_recorder::{Durability, Stream};

use crate::Outcome;
use crate::bench::{BATCH, Bench, batches, mb_per_s, median, timed};
use crate::streams;

const LEN: usize = 128 << 20;
/// In `durable` mode every append waits for the disk.
const DURABLE_LEN: usize = 4 << 20;
const KEYS: usize = 20_000;

pub fn run(bench: &Bench) -> Outcome {
    for size in [BATCH, 4 * BATCH] {
        println!("append, batches of {} KiB, MB/s on one core", size >> 10);
        println!("  {:20} {:>10} {:>10} {:>10} {:>10}", "", "prompt", "prompt×100", "durable", "durable×100");
        for stream in streams::all(LEN) {
            let durable = stream.bytes.slice(..DURABLE_LEN);
            let figures = [
                rate(bench, Durability::Prompt, 1, &stream.bytes, size)?,
                rate(bench, Durability::Prompt, 100, &stream.bytes, size)?,
                rate(bench, Durability::Durable, 1, &durable, size)?,
                rate(bench, Durability::Durable, 100, &durable, size)?,
            ];
            print!("  {:20}", stream.name);
            figures.iter().for_each(|figure| print!(" {figure:10.0}"));
            println!();
        }
    }
    let keys = median(|| appended(bench, Durability::Prompt, 1, &Bytes::from(vec![b'a'; KEYS]), 1))?;
    println!("  keystrokes, prompt: {:.1} µs each", keys.as_secs_f64() * 1e6 / KEYS as f64);
    Ok(())
}

fn rate(
    bench: &Bench,
    mode: Durability,
    sessions: usize,
    stream: &Bytes,
    size: usize,
) -> Result<f64, Box<dyn Error>> {
    Ok(mb_per_s(stream.len(), median(|| appended(bench, mode, sessions, stream, size))?))
}

/// The stream, dealt out to so many sessions in turn.
fn appended(
    bench: &Bench,
    mode: Durability,
    sessions: usize,
    stream: &Bytes,
    size: usize,
) -> Result<Duration, Box<dyn Error>> {
    let mut live = Vec::new();
    for _ in 0..sessions {
        live.push(bench.start(mode)?);
    }
    let (appended, time) = timed(|| {
        let mut turns = batches(stream, size).zip(live.iter().cycle());
        turns.try_for_each(|(batch, (_, shell))| shell.append(Stream::Output, batch).map(drop))
    });
    appended?;
    for (live, _) in &live {
        bench.seal(live)?;
        bench.forget(live)?;
    }
    Ok(time)
}
