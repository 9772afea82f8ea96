//! `chaperone session watch`: shows a visit while it goes on. Whoever watches observes it: where an observer is required,
//! input flows for as long as this runs.

use std::io::{IsTerminal, Write, stdout};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_recorder::replay::Sequence;
use serde_json::{Value, json};

use super::client::Client;
use super::outcome::Failure;

/// The longest event: a screen, with room.
const MAX_EVENT_BYTES: usize = 8 << 20;

/// Watches until the visit is over, or the gate ends it.
pub(crate) async fn run(client: &Client, id: &str, reason: &str, as_json: bool) -> Result<(), Failure> {
    let mut events = Events::default();
    let mut shown = Shown::default();
    let query = [("reason", reason)];
    let query = if reason.is_empty() { &query[..0] } else { &query[..] };
    client
        .stream(&["sessions", id, "watch"], query, |bytes| {
            events.push(bytes, |name, body| if as_json { line(name, &body) } else { shown.tell(name, &body) })
        })
        .await
}

/// One event a line.
fn line(name: &str, body: &Value) -> Result<(), Failure> {
    print(format!("{}\n", json!({ "event": name, "data": body })).as_bytes())
}

/// What a visit shows, as harmless text: what a server sends must not reach the terminal of whoever watches (P10).
#[derive(Default)]
struct Shown {
    sequence: Sequence,
    said: Option<String>,
}

impl Shown {
    fn tell(&mut self, name: &str, body: &Value) -> Result<(), Failure> {
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
        match name {
            "screen" | "output" => {
                let bytes = STANDARD.decode(text("data")).unwrap_or_default();
                print(self.plain(&bytes).as_bytes())
            }
            "start" => print(format!("\n[a {} begins {}]\n", text("kind"), text("command")).as_bytes()),
            "end" => print(b"\n[it has ended]\n"),
            "state" => {
                let said = text("said").to_owned();
                if self.said.as_ref() == Some(&said) {
                    return Ok(());
                }
                let words = if said.is_empty() { "input flows" } else { said.as_str() };
                let told = print(format!("\n[{words}]\n").as_bytes());
                self.said = Some(said);
                told
            }
            "over" => print(format!("\n[{}]\n", text("reason")).as_bytes()),
            _ => Ok(()),
        }
    }

    /// Characters and ends of lines, and nothing that a terminal carries out.
    fn plain(&mut self, bytes: &[u8]) -> String {
        let mut kept = Vec::with_capacity(bytes.len());
        for byte in bytes {
            let before = self.sequence;
            self.sequence = before.after(*byte);
            let inside = !matches!(before, Sequence::Rest | Sequence::Character(_)) || *byte == 0x1b;
            if !inside && (*byte == b'\n' || *byte == b'\t' || !byte.is_ascii_control()) {
                kept.push(*byte);
            }
        }
        // C1 controls are characters of two bytes in UTF-8.
        let text = String::from_utf8_lossy(&kept);
        text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
    }
}

/// Somebody who reads through a pipe sees each event as it comes.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = stdout().lock();
    let printed = out.write_all(bytes).and_then(|()| out.flush());
    let next = if stdout().is_terminal() { "" } else { "is whoever reads it still there?" };
    printed.map_err(|error| Failure::failed(format!("the output cannot be written: {error}"), next))
}

/// Server-sent events (WHATWG HTML §9.2) out of the pieces in which they come.
#[derive(Default)]
struct Events {
    begun: Vec<u8>,
}

impl Events {
    fn push(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&str, Value) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.begun.extend_from_slice(bytes);
        while let Some(end) = self.begun.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = self.begun.drain(..end + 2).collect();
            let event = String::from_utf8_lossy(&event);
            let field =
                |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let (name, data) = (field("event"), field("data"));
            // A comment keeps the connection up and says nothing.
            if let (Some(name), Some(data)) = (name, data) {
                take(name.trim(), serde_json::from_str(data.trim()).unwrap_or_default())?;
            }
        }
        if self.begun.len() > MAX_EVENT_BYTES {
            return Err(Failure::failed("an event of the gate's is too long", "is this a Chaperone gate?"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<(String, Value)> {
        let (mut events, mut read) = (Events::default(), Vec::new());
        for piece in pieces {
            let took = events.push(piece, |name, body| {
                read.push((name.to_owned(), body));
                Ok(())
            });
            took.unwrap();
        }
        read
    }

    proptest! {
        /// Wherever the network cuts the stream, the events are the same.
        #[test]
        fn events_are_read_whole_however_they_come(bodies in prop::collection::vec("[a-z ]{0,20}", 0..6), cut in 0_usize..400) {
            let stream: String = bodies
                .iter()
                .map(|body| format!(": still here\n\nevent: output\ndata: {}\n\n", json!({ "data": body })))
                .collect();
            let cut = cut.min(stream.len());
            let whole = read(&[stream.as_bytes()]);
            prop_assert_eq!(whole.len(), bodies.len());
            prop_assert_eq!(read(&[&stream.as_bytes()[..cut], &stream.as_bytes()[cut..]]), whole);
        }

        #[test]
        fn nothing_that_a_terminal_carries_out_is_shown(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let text = Shown::default().plain(&bytes);
            prop_assert!(text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()), "{text:?}");
        }

        #[test]
        fn no_bytes_of_a_gate_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            drop(read(&[&bytes]));
        }
    }

    #[test]
    fn text_is_shown_and_sequences_are_not() {
        let mut shown = Shown::default();
        let text = shown.plain(b"red \x1b[31mal")
            + &shown.plain(b"arm\x1b]0;ti")
            + &shown.plain(b"tle\x07 caf\xc3\xa9\r\n");
        assert_eq!(text, "red alarm café\n");
    }
}
