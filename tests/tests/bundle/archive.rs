//! A bundle taken apart, and put together again by hand.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The entries of a bundle, and the bundle of entries: headers as its specification has them.
pub fn entries(bundle: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(bundle).unwrap();
    let (mut at, mut found) = (0, Vec::new());
    while bytes[at] != 0 {
        let text = |from: usize, to: usize| {
            let field = &bytes[at + from..at + to];
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
            String::from_utf8(field[..end].to_vec()).unwrap()
        };
        let size = usize::from_str_radix(&text(124, 136), 8).unwrap();
        found.push((text(0, 100), bytes[at + 512..at + 512 + size].to_vec()));
        at += 512 + size.next_multiple_of(512);
    }
    found
}

fn packed(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in entries {
        let mut header = [0_u8; 512];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, "0000644\x000000000\x000000000\0");
        put(124, &format!("{:011o}\x0000000000000\0        0", content.len()));
        put(257, "ustar\x0000");
        put(329, "0000000\x000000000\0");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// A copy of a bundle in which somebody has changed an entry by hand; without content it is gone.
pub fn tampered(bundle: &Path, entry: &str, change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>) -> PathBuf {
    let mut all = entries(bundle);
    let at = all.iter().position(|(name, _)| name.starts_with(entry)).unwrap_or_else(|| panic!("no {entry}"));
    let (name, content) = all.remove(at);
    if let Some(changed) = change(content) {
        all.insert(at, (name, changed));
    }
    let file = bundle.with_extension("tampered");
    std::fs::write(&file, packed(&all)).unwrap();
    file
}

/// A copy without one line of its facts.
pub fn without_fact(bundle: &Path, number: &str) -> PathBuf {
    tampered(bundle, "facts/", |text| {
        let text = String::from_utf8(text).unwrap();
        let kept = text.lines().filter(|line| fact_number(line) != number);
        Some(kept.map(|line| format!("{line}\n")).collect::<String>().into_bytes())
    })
}

fn fact_number(line: &str) -> String {
    let fact: Value = serde_json::from_str(line).unwrap();
    fact["number"].as_str().unwrap().to_owned()
}
