//! Content as a string of JSON, written as it is read: text as it is, anything else in base 64.

use std::io::{self, Write};

use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;

use super::again::Body;
use super::allowance::Allowance;
use super::coding::{Measured, Utf8, open};
use crate::replay::ReplayError;

/// Writes a JSON string with what `measured` says of the body.
pub(super) fn write(body: &Body<'_>, measured: &Measured, to: &mut dyn Write) -> Result<(), ReplayError> {
    to.write_all(b"\"")?;
    if measured.is_text {
        let mut utf8 = Utf8::default();
        open(body, &measured.coding, &Allowance::default(), &mut |piece| {
            utf8.take(piece, &mut |text| escaped(text, to))
        })?;
    } else {
        let mut encoder = EncoderWriter::new(&mut *to, &STANDARD);
        open(body, &measured.coding, &Allowance::default(), &mut |piece| encoder.write_all(piece))?;
        encoder.finish()?;
    }
    Ok(to.write_all(b"\"")?)
}

/// The inside of a JSON string.
fn escaped(text: &str, to: &mut dyn Write) -> io::Result<()> {
    let quoted = serde_json::to_string(text).map_err(io::Error::from)?;
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    to.write_all(inside.as_bytes())
}
