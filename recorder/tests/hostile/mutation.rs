//! Changes of real recordings that lead readers astray: flipped bits, other lengths, parts of other files, cuts.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::Index;

/// One change.
#[derive(Clone, Debug)]
pub enum Edit {
    Flip(Index, u8),
    /// A 32-bit number at this place.
    Number(Index, u32),
    /// A number in one of the fields of a block, a frame or a seal.
    Field(Index, u8, u32),
    Cut(Index),
    /// Part of another file.
    Splice(Index, Index, Index, u16),
    Insert(Index, Vec<u8>),
    Remove(Index, u16),
}

fn extreme() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(15),
        Just(16),
        Just(0x7fff_ffff),
        Just(u32::MAX),
        Just(2 << 20),
        Just((2 << 20) + 16),
        Just((2 << 20) + 17),
        Just(1 << 20),
        Just(16_400),
        any::<u32>(),
    ]
}

pub fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let index = any::<Index>;
    let edit = prop_oneof![
        (index(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        (index(), extreme()).prop_map(|(at, to)| Edit::Number(at, to)),
        (index(), 0..17_u8, extreme()).prop_map(|(at, field, to)| Edit::Field(at, field, to)),
        index().prop_map(Edit::Cut),
        (index(), index(), index(), any::<u16>())
            .prop_map(|(at, file, from, len)| Edit::Splice(at, file, from, len)),
        (index(), proptest::collection::vec(any::<u8>(), 0..80))
            .prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (index(), any::<u16>()).prop_map(|(at, len)| Edit::Remove(at, len)),
    ];
    proptest::collection::vec(edit, 0..6)
}

/// The file after these changes.
pub fn changed(mut file: Vec<u8>, edits: &[Edit], others: &[Vec<u8>]) -> Vec<u8> {
    for edit in edits {
        let place = |at: &Index, file: &[u8]| at.index(file.len() + 1);
        match edit {
            Edit::Flip(at, bit) => {
                let at = place(at, &file);
                file.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit);
            }
            Edit::Number(at, to) => {
                let at = place(at, &file);
                overwrite(&mut file, at, *to);
            }
            Edit::Field(at, field, to) => {
                let begins = |window: &[u8]| matches!(window, b"CBLK" | b"CFRM" | b"CSEL");
                let heads: Vec<_> = file.windows(4).enumerate().filter(|(_, four)| begins(four)).collect();
                if !heads.is_empty() {
                    let head = heads[at.index(heads.len())].0;
                    overwrite(&mut file, head + usize::from(*field) * 4, *to);
                }
            }
            Edit::Cut(at) => file.truncate(place(at, &file)),
            Edit::Splice(at, other, from, len) => {
                let other = &others[other.index(others.len())];
                let from = from.index(other.len() + 1);
                let part = other[from..(from + usize::from(*len)).min(other.len())].to_vec();
                let at = place(at, &file);
                file.splice(at..at, part);
            }
            Edit::Insert(at, bytes) => {
                let at = place(at, &file);
                file.splice(at..at, bytes.iter().copied());
            }
            Edit::Remove(at, len) => {
                let at = place(at, &file);
                let end = (at + usize::from(*len)).min(file.len());
                file.drain(at..end);
            }
        }
    }
    file
}

fn overwrite(file: &mut [u8], at: usize, to: u32) {
    file.iter_mut().skip(at).zip(to.to_be_bytes()).for_each(|(byte, to)| *byte = to);
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("fixtures")
}

/// Every committed recording.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let recordings = paths.iter().filter(|path| path.extension().is_some_and(|end| end == "chap"));
    recordings.map(|path| fs::read(path).unwrap()).collect()
}
