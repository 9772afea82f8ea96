//! A compressed section: exactly one zstd frame, within bounds that any reader can keep.

use zstd::zstd_safe::find_frame_compressed_size;

/// Magic number, and what says how the frame is laid out (RFC 8878 §3.1.1).
const HEAD: usize = 5;
const SINGLE_SEGMENT: u8 = 0x20;
/// The window descriptor of 8 MiB (RFC 8878 §3.1.1.1.2).
const MAX_WINDOW: u8 = 13 << 3;

/// The `plain` bytes that a section decompresses to, a bound of the caller. `None` where they are more or fewer, or
/// where the section is anything but one frame.
pub(crate) fn unpack(packed: &[u8], plain: usize) -> Option<Vec<u8>> {
    let ([.., layout], rest) = packed.split_first_chunk::<HEAD>()?;
    let bounded = layout & SINGLE_SEGMENT != 0 || rest.first().is_some_and(|window| *window <= MAX_WINDOW);
    if !bounded || find_frame_compressed_size(packed).ok()? != packed.len() {
        return None;
    }
    zstd::bulk::decompress(packed, plain).ok().filter(|opened| opened.len() == plain)
}

#[cfg(test)]
mod tests {
    use super::unpack;

    #[test]
    fn a_section_is_one_frame_of_the_stated_length() {
        let text = b"pump.rate 12.5\n".repeat(1000);
        let one = zstd::bulk::compress(&text, 1).unwrap();
        assert_eq!(unpack(&one, text.len()).unwrap(), text);
        assert!(unpack(&one, text.len() - 1).is_none() && unpack(&one, text.len() + 1).is_none());
        assert!(unpack(&one.repeat(2), 2 * text.len()).is_none(), "two frames");
        assert!(unpack(&[one.as_slice(), b"x"].concat(), text.len()).is_none());
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7], one.as_slice()].concat();
        assert!(unpack(&skippable, text.len()).is_none(), "another frame before it");
        for short in [&b""[..], b"\x28\xb5\x2f\xfd", &one[..one.len() - 1]] {
            assert!(unpack(short, text.len()).is_none());
        }
    }

    #[test]
    fn a_window_beyond_the_bound_is_refused() {
        // One raw block of a byte, with a window descriptor and no content size.
        let frame = |window: u8| [0x28, 0xb5, 0x2f, 0xfd, 0, window, 9, 0, 0, b'x'];
        assert_eq!(unpack(&frame(13 << 3), 1).unwrap(), b"x");
        assert!(unpack(&frame((13 << 3) + 1), 1).is_none());
    }
}
