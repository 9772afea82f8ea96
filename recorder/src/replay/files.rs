//! The raw bytes of each stream as a file of its own, in one tar (POSIX.1-1988 ustar), with an index that has their
//! SHA-256. Typed input is left out; the index says how much there was. Files that passed by SFTP or scp follow, put
//! together again, with an index of their own.
//!
//! A member's length stands before it. So the recording is read twice: once to measure, and then for each stream from the
//! block where it begins. Memory does not grow with the recording.

mod passed;

use std::collections::BTreeMap;
use std::io::Write;

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::json;

use self::passed::Passed;
use super::ReplayError;
use crate::channel::Stream;
use crate::content::What;
use crate::failure::BadPlace;
use crate::mark::Mark;
use crate::read::Recording;

/// tar's unit.
const RECORD: usize = 512;
/// Streams that are written; a recording with more channels than that is for other formats.
const MOST: usize = 20_000;

struct Tally {
    bytes: u64,
    sha256: Context,
    /// The block in which it begins.
    from: Option<Mark>,
}

/// Writes the tar. `open` opens the recording anew, at a mark or at its beginning.
///
/// # Errors
/// When the recording is not sound to its end, or `to` cannot be written.
pub fn files(
    open: &dyn Fn(Option<&Mark>) -> Result<Recording, BadPlace>,
    to: &mut dyn Write,
) -> Result<(), ReplayError> {
    let mut recording = open(None)?;
    let (tallies, masked, passed) = measure(&mut recording)?;
    let at = recording.header().started.as_second();
    let listed: Vec<_> = tallies
        .iter()
        .map(|((channel, stream), tally)| {
            json!({
                "name": name(*channel, *stream), "channel": channel, "stream": stream.name(),
                "bytes": tally.bytes.to_string(), "sha256": hex::encode(tally.sha256.clone().finish()),
            })
        })
        .collect();
    let left_out: Vec<_> = masked
        .iter()
        .map(|(channel, bytes)| json!({ "channel": channel, "stream": "input", "bytes": bytes.to_string() }))
        .collect();
    let index = json!({ "session": recording.header().session, "files": listed, "masked": left_out });
    let index = format!("{index:#}\n");
    member(to, "index.json", index.len() as u64, at)?;
    to.write_all(index.as_bytes())?;
    pad(to, index.len() as u64)?;
    for ((channel, stream), tally) in &tallies {
        member(to, &name(*channel, *stream), tally.bytes, at)?;
        copy(&mut open(tally.from.as_ref())?, *channel, *stream, tally.bytes, to)?;
        pad(to, tally.bytes)?;
    }
    passed.write(open, at, to)?;
    Ok(to.write_all(&[0; 2 * RECORD])?)
}

type Tallies = BTreeMap<(u32, Stream), Tally>;

fn measure(recording: &mut Recording) -> Result<(Tallies, BTreeMap<u32, u64>, Passed), ReplayError> {
    let (mut tallies, mut masked, mut passed) = (Tallies::new(), BTreeMap::new(), Passed::default());
    let mut block = None;
    loop {
        if let Some(mark) = recording.mark() {
            block = Some(mark);
        }
        let Some(entry) = recording.next() else { return Ok((tallies, masked, passed)) };
        let entry = entry?;
        match (entry.channel, entry.what) {
            (Some(channel), What::Event(kind, body)) => passed.event(channel, &kind, &body),
            (Some(channel), What::Bytes(stream, bytes)) => {
                passed.bytes(channel, stream, bytes.len(), block);
                if tallies.len() >= MOST && !tallies.contains_key(&(channel, stream)) {
                    continue;
                }
                let tally = tallies.entry((channel, stream)).or_insert_with(|| Tally {
                    bytes: 0,
                    sha256: Context::new(&SHA256),
                    from: block,
                });
                tally.bytes += bytes.len() as u64;
                tally.sha256.update(&bytes);
            }
            (Some(channel), What::Masked(_, len)) => *masked.entry(channel).or_default() += len,
            _ => {}
        }
    }
}

/// The bytes of one stream, exactly as many as were measured.
fn copy(
    recording: &mut Recording,
    channel: u32,
    stream: Stream,
    mut left: u64,
    to: &mut dyn Write,
) -> Result<(), ReplayError> {
    while left > 0 {
        let Some(entry) = recording.next() else {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        };
        let entry = entry?;
        if let (true, What::Bytes(of, bytes)) = (entry.channel == Some(channel), entry.what)
            && of == stream
        {
            let len = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            to.write_all(bytes.get(..len).unwrap_or_default())?;
            left -= len as u64;
        }
    }
    Ok(())
}

fn name(channel: u32, stream: Stream) -> String {
    let stream = match stream {
        Stream::Output => "stdout",
        Stream::Stderr => "stderr",
        Stream::Input => "stdin",
        Stream::Gate => "gate",
        Stream::ForwardIn => "forward-in",
        Stream::ForwardOut => "forward-out",
    };
    format!("ch-{channel}.{stream}.bin")
}

/// A member's header.
fn member(to: &mut dyn Write, name: &str, bytes: u64, at: i64) -> Result<(), ReplayError> {
    let size = if bytes < 1 << 33 {
        format!("{bytes:011o}\0").into_bytes()
    } else {
        // Larger than eleven octal digits: base 256, as GNU tar and others read it.
        [[0x80, 0, 0, 0].as_slice(), &bytes.to_be_bytes()].concat()
    };
    let seconds = format!("{:011o}\0", u64::try_from(at).unwrap_or(0));
    let fields: [(usize, &[u8]); 9] = [
        (100, name.as_bytes()),
        (8, b"0000600\0"),
        (8, b"0000000\0"),
        (8, b"0000000\0"),
        (12, &size),
        (12, seconds.as_bytes()),
        (8, b"        "),
        (101, b"0"),
        (255, b"ustar\x0000"),
    ];
    let mut header = Vec::with_capacity(RECORD);
    for (width, field) in fields {
        let end = header.len() + width;
        header.extend_from_slice(field.get(..width.min(field.len())).unwrap_or_default());
        header.resize(end, 0);
    }
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    for (to, from) in header.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").into_bytes()) {
        *to = from;
    }
    Ok(to.write_all(&header)?)
}

fn pad(to: &mut dyn Write, bytes: u64) -> Result<(), ReplayError> {
    let over = usize::try_from(bytes % RECORD as u64).unwrap_or(0);
    let more = if over == 0 { 0 } else { RECORD - over };
    Ok(to.write_all(vec![0; more].as_slice())?)
}
