//! How far a terminal is in reading a control sequence (ECMA-48 §5.4) or a character, byte by byte.
//!
//! Between two of them a terminal is at rest: there its output may be cut, drawn anew, or written into. Inside one, what
//! was begun belongs to what follows.

/// What a terminal waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sequence {
    /// Nothing: it is at rest.
    #[default]
    Rest,
    /// What follows an ESC.
    Escape,
    /// The final byte after an ESC and intermediate bytes, such as a character set's.
    Designation,
    /// The final byte of a control sequence.
    Control,
    /// The end of a system command (OSC): BEL, or ESC.
    Command,
    /// The end of a string (DCS, APC, PM, SOS): ESC.
    Text,
    /// So many more bytes of a UTF-8 character.
    Character(u8),
}

const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
pub(super) const ESC: u8 = 0x1b;

impl Sequence {
    /// What it waits for after one more byte.
    #[must_use]
    pub const fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (_, ESC) => Self::Escape,
            (_, CAN | SUB) => Self::Rest,
            (Self::Escape | Self::Designation | Self::Control, 0x00..=0x1f | 0x7f..) => self,
            (Self::Escape | Self::Designation, 0x20..=0x2f) => Self::Designation,
            (Self::Escape, b'[') => Self::Control,
            (Self::Escape, b']') => Self::Command,
            (Self::Escape, b'P' | b'X' | b'^' | b'_') => Self::Text,
            (Self::Command, BEL) | (Self::Escape | Self::Designation, _) | (Self::Control, 0x40..=0x7e) => {
                Self::Rest
            }
            (Self::Control | Self::Command | Self::Text, _) => self,
            (Self::Character(left), 0x80..=0xbf) if left > 1 => Self::Character(left - 1),
            (Self::Rest | Self::Character(_), 0xc2..=0xdf) => Self::Character(1),
            (Self::Rest | Self::Character(_), 0xe0..=0xef) => Self::Character(2),
            (Self::Rest | Self::Character(_), 0xf0..=0xf4) => Self::Character(3),
            (Self::Rest | Self::Character(_), _) => Self::Rest,
        }
    }

    /// Whether a byte was carried out at once although a sequence goes on around it: a line feed inside a colour.
    pub(super) const fn carries_out(self, byte: u8) -> bool {
        let inside = matches!(self, Self::Escape | Self::Designation | Self::Control);
        inside && byte != ESC && matches!(byte, 0x00..=0x1f | 0x7f)
    }
}
