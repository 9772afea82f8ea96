//! Headers are what the usual tar programs write, and nothing else is read.

use super::{Packer, header, stated};

#[test]
fn a_header_is_what_tar_programs_write_and_is_read_back() {
    for size in [0, 1, 511, (1 << 33) - 1, 1 << 33, u64::MAX] {
        let bytes = header("recordings/x.chap", size).unwrap();
        assert_eq!(stated(&bytes), Some(("recordings/x.chap".to_owned(), size)));
    }
    for name in ["", "/etc/passwd", "../x", "a//b", "a/./b", "a/", "ä", "a b", &"x".repeat(100)] {
        assert!(header(name, 0).is_none(), "{name:?}");
    }
}

#[test]
fn every_changed_bit_of_a_header_is_refused_or_names_another_entry() {
    let bytes = header("manifest.json", 77).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(stated(&changed), None, "bit {bit}");
    }
}

#[test]
fn an_entry_that_changes_its_size_while_it_is_packed_is_an_error() {
    let mut packer = Packer::new(Vec::new());
    assert!(packer.stream("a", 3, |out| out.write_all(b"ab")).is_err());
    assert!(packer.stream("b", 3, |out| out.write_all(b"abcd")).is_err());
    packer.stream("c", 3, |out| out.write_all(b"abc")).unwrap();
}
