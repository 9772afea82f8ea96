//! What the machine needs for each part alone: the floor under every other figure.

use std::fs::File;
use std::os::unix::fs::FileExt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};

use crate::Outcome;
use crate::bench::{BATCH, Bench, batches, mb_per_s, median, timed};
use crate::streams;

const LEN: usize = 64 << 20;

pub fn run(bench: &Bench) -> Outcome {
    println!("floor: each part alone, in batches of {} KiB, MB/s", BATCH >> 10);
    let random = streams::random(LEN);
    let hash = median(|| {
        let (_, time) = timed(|| {
            batches(&random, BATCH).for_each(|batch| {
                std::hint::black_box(digest(&SHA256, &batch));
            })
        });
        Ok(time)
    })?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).map_err(|_| "no key")?);
    let mut buffer = random.get(..BATCH).unwrap_or_default().to_vec();
    let cipher = median(|| {
        let (_, time) = timed(|| {
            for _ in 0..LEN / BATCH {
                let nonce = Nonce::assume_unique_for_key([0; 12]);
                let sealed = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut buffer);
                std::hint::black_box(sealed.is_ok());
            }
        });
        Ok(time)
    })?;
    let path = bench.file("floor");
    let write = median(|| {
        let file = File::create(&path)?;
        let (written, time) = timed(|| {
            (0_u64..)
                .step_by(BATCH)
                .zip(batches(&random, BATCH))
                .try_for_each(|(at, batch)| file.write_all_at(&batch, at))
        });
        written?;
        Ok(time)
    })?;
    std::fs::remove_file(&path)?;
    let all = hash + cipher + write;
    for (name, time) in
        [("SHA-256", hash), ("AES-256-GCM", cipher), ("write", write), ("the three together", all)]
    {
        println!("  {name:20} {:8.0}", mb_per_s(LEN, time));
    }
    let mut compressor = zstd::bulk::Compressor::new(1)?;
    for stream in streams::all(LEN) {
        let mut packed = Vec::with_capacity(zstd::zstd_safe::compress_bound(BATCH));
        let time = median(|| {
            let (packed, time) = timed(|| {
                batches(&stream.bytes, BATCH).try_for_each(|batch| {
                    packed.clear();
                    compressor.compress_to_buffer(&batch, &mut packed).map(drop)
                })
            });
            packed?;
            Ok(time)
        })?;
        println!("  zstd, {:14} {:8.0}", stream.name, mb_per_s(LEN, time));
    }
    Ok(())
}
