//! What recording costs: appends, durability, verification, stored size, memory. `tests/bench-recorder` runs it; tests never do.
//!
//! Every figure stands beside a floor of the same run: what the machine needs for the hash, the cipher and the write
//! alone. A ratio to that floor means the same on another machine.

use std::error::Error;

use self::bench::Bench;

mod append;
mod bench;
mod floor;
mod lag;
mod read;
mod size;
mod streams;

type Outcome = Result<(), Box<dyn Error>>;

type Measure = fn(&Bench) -> Outcome;

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        println!("measures under `cargo bench` alone");
        return Ok(());
    }
    let wanted = |name: &str| {
        let mut names = words.iter().filter(|word| !word.starts_with('-')).peekable();
        names.peek().is_none() || names.any(|one| one == name)
    };
    let bench = Bench::new()?;
    let all: [(&str, Measure); 6] = [
        // First: what another measurement gave back would be taken again.
        ("memory", size::memory),
        ("floor", floor::run),
        ("append", append::run),
        ("lag", lag::run),
        ("read", read::run),
        ("size", size::run),
    ];
    for (_, run) in all.into_iter().filter(|(name, _)| wanted(name)) {
        run(&bench)?;
        println!();
    }
    Ok(())
}
