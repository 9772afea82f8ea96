//! What is recorded: zeros, a log with colours, a terminal's real output, bytes without any pattern, and keystrokes.

use std::fmt::Write;
use std::process::Command;

use bytes::Bytes;

pub struct Stream {
    pub name: &'static str,
    pub bytes: Bytes,
}

pub fn all(len: usize) -> Vec<Stream> {
    let stream = |name, bytes| Stream { name, bytes };
    vec![
        stream("zeros", vec![0; len].into()),
        stream("coloured log", log(len)),
        stream("terminal", terminal(len)),
        stream("random", random(len)),
    ]
}

/// Numbers without a pattern, the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

pub fn random(len: usize) -> Bytes {
    let mut dice = Dice::new();
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        bytes.extend_from_slice(&dice.roll().to_le_bytes());
    }
    bytes.truncate(len);
    bytes.into()
}

/// A log as services write it: times, levels in colour, addresses, counts.
pub fn log(len: usize) -> Bytes {
    const LEVELS: [(&str, u8); 4] = [("INFO", 32), ("INFO", 32), ("WARN", 33), ("ERROR", 31)];
    const WORDS: [&str; 6] = [
        "infusion rate changed",
        "heartbeat",
        "channel occluded",
        "battery",
        "dose limit",
        "drug library synced",
    ];
    let mut dice = Dice::new();
    let mut text = String::with_capacity(len + 256);
    let mut ms = 0;
    while text.len() < len {
        let roll = dice.roll();
        ms += roll % 900;
        let (level, colour) = LEVELS.get(roll as usize % 4).copied().unwrap_or(("INFO", 32));
        let words = WORDS.get(roll as usize % 6).copied().unwrap_or_default();
        let written = write!(
            text,
            "\x1b[2m2026-03-02T{:02}:{:02}:{:02}.{:03}Z\x1b[0m \x1b[{colour}m{level:5}\x1b[0m \x1b[1mpump::channel\x1b[0m: \
             {words} \x1b[3mpump\x1b[0m=10.12.{}.{} \x1b[3mvalue\x1b[0m={}.{} ml/h\r\n",
            ms / 3_600_000 % 24,
            ms / 60_000 % 60,
            ms / 1000 % 60,
            ms % 1000,
            roll >> 8 & 7,
            roll >> 16 & 255,
            roll >> 24 & 127,
            roll >> 32 & 7,
        );
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
    text.truncate(len);
    text.into()
}

/// What commands really show in a terminal: a listing with colours, over and over where it is too short.
pub fn terminal(len: usize) -> Bytes {
    let shown = Command::new("ls").args(["-laR", "--color=always", "/usr/lib", "/usr/share"]).output();
    let mut text = shown.map(|output| output.stdout).unwrap_or_default();
    if text.is_empty() {
        return log(len);
    }
    while text.len() < len {
        text.extend_from_within(..);
    }
    text.truncate(len);
    text.into()
}
