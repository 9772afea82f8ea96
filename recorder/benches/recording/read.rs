//! How fast a recording is verified, read and turned into a film, and how fast a moment of the film is found.

use chaperone_recorder::replay::Film;
use chaperone_recorder::{Durability, Recording, Stream, verify};

use crate::Outcome;
use crate::bench::{BATCH, Bench, batches, mb_per_s, median, timed};
use crate::streams;

const LEN: usize = 128 << 20;

pub fn run(bench: &Bench) -> Outcome {
    println!("verify, MB/s: of the file where it is not opened, of the payload where it is");
    println!("  {:20} {:>10} {:>10} {:>10}", "", "not opened", "opened", "read");
    for stream in streams::all(LEN) {
        let (live, shell) = bench.start(Durability::Prompt)?;
        for batch in batches(&stream.bytes, BATCH) {
            drop(shell.append(Stream::Output, batch)?);
        }
        let stored = usize::try_from(bench.seal(&live)?)?;
        let path = bench.folder.recording(live.session());
        let judge = |opened: bool| {
            median(|| {
                let (verdict, time) = timed(|| verify(&path, &bench.with(opened)));
                if verdict.sound { Ok(time) } else { Err(verdict.to_string().into()) }
            })
        };
        let (closed, opened) = (judge(false)?, judge(true)?);
        let read = median(|| {
            let (read, time) =
                timed(|| Recording::open(&path, &bench.readers).map(|mut open| open.all(|one| one.is_ok())));
            if read? { Ok(time) } else { Err("it does not read".into()) }
        })?;
        println!(
            "  {:20} {:10.0} {:10.0} {:10.0}",
            stream.name,
            mb_per_s(stored, closed),
            mb_per_s(LEN, opened),
            mb_per_s(LEN, read)
        );
        bench.forget(&live)?;
    }
    film(bench)
}

fn film(bench: &Bench) -> Outcome {
    let stream = streams::log(40 << 20);
    let (live, shell) = bench.start(Durability::Prompt)?;
    for batch in batches(&stream, 2048) {
        drop(shell.append(Stream::Output, batch)?);
    }
    bench.seal(&live)?;
    let mut recording = Recording::open(&bench.folder.recording(live.session()), &bench.readers)?;
    let ((_, keyframes), made) = timed(|| Film::of(&mut recording));
    println!(
        "  film of {} MiB of coloured log: made in {made:?}, with {} keyframes; tests/bench-desk times the seeks",
        stream.len() >> 20,
        keyframes.len()
    );
    bench.forget(&live)
}
