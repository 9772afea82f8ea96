//! What is stored, against what passed and against asciicast; and what a live recording costs in memory.

use std::error::Error;

use bytes::Bytes;
use chaperone_recorder::{Durability, Recording, Stream, replay};

use crate::Outcome;
use crate::bench::{BATCH, Bench, batches};
use crate::streams;

const LEN: usize = 16 << 20;
const IDLE: usize = 1000;

pub fn run(bench: &Bench) -> Outcome {
    println!("stored size, in % of what passed; asciicast beside it");
    for stream in streams::all(LEN) {
        for size in [BATCH, 1024] {
            let (stored, cast) = stored(bench, |say| {
                batches(&stream.bytes, size).try_for_each(|batch| say(Stream::Output, batch))
            })?;
            let share = |bytes: u64| bytes as f64 * 100.0 / LEN as f64;
            println!(
                "  {:14} in batches of {size:5}: {:6.1} %   asciicast {:6.1} %",
                stream.name,
                share(stored),
                share(cast)
            );
        }
    }
    let bare = stored(bench, |_| Ok(()))?.0;
    let typed = 500_usize;
    let (all, cast) = stored(bench, |say| {
        (0..typed).try_for_each(|at| {
            let key = Bytes::copy_from_slice(&[b'a' + u8::try_from(at % 26).unwrap_or(0)]);
            say(Stream::Input, key.clone())?;
            say(Stream::Output, key)
        })
    })?;
    let raw = 2 * typed;
    println!(
        "  {typed} keystrokes with echoes: {raw} bytes raw, {} stored beside {bare} of header, end and seal ({:.2} × raw); asciicast {cast}",
        all - bare,
        (all - bare) as f64 / raw as f64
    );
    Ok(())
}

type Say<'s> = dyn FnMut(Stream, Bytes) -> Outcome + 's;

/// Bytes stored, and bytes of the asciicast.
fn stored(bench: &Bench, pass: impl FnOnce(&mut Say<'_>) -> Outcome) -> Result<(u64, u64), Box<dyn Error>> {
    let (live, shell) = bench.start(Durability::Prompt)?;
    pass(&mut |stream, batch| {
        drop(shell.append(stream, batch)?);
        Ok(())
    })?;
    let stored = bench.seal(&live)?;
    let mut recording = Recording::open(&bench.folder.recording(live.session()), &bench.readers)?;
    let mut cast = Vec::new();
    replay::asciicast_v3(&mut recording, None, &mut cast)?;
    bench.forget(&live)?;
    Ok((stored, u64::try_from(cast.len())?))
}

/// Resident memory of this process, in bytes.
fn resident() -> Result<usize, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<usize>()? * 1024)
}

pub fn memory(bench: &Bench) -> Outcome {
    let mut live = Vec::with_capacity(IDLE);
    // What the process itself needs once is not counted.
    let (warm, shell) = bench.start(Durability::Prompt)?;
    drop(shell.append(Stream::Output, vec![b'a'; 20_000].into())?);
    let before = resident()?;
    for _ in 0..IDLE {
        let (recording, shell) = bench.start(Durability::Prompt)?;
        for _ in 0..40 {
            drop(shell.append(Stream::Input, Bytes::from_static(b"k"))?);
            drop(shell.append(Stream::Output, Bytes::from_static(b"k"))?);
        }
        drop(shell.append(Stream::Output, vec![b'a'; 12_000].into())?);
        recording.checkpoint()?;
        live.push((recording, shell));
    }
    let each = resident()?.saturating_sub(before) / IDLE;
    println!("memory of a live recording, of {IDLE} idle ones: {:.1} KiB", each as f64 / 1024.0);
    for (recording, _) in &live {
        bench.seal(recording)?;
        bench.forget(recording)?;
    }
    bench.seal(&warm)?;
    bench.forget(&warm)
}
