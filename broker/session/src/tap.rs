//! What those who watch see: each channel's output as it is recorded, and for terminals what led to the screen as it is
//! now. A bounded ring and bounded queues: whoever cannot keep up skips, and learns that they did (P10).
//!
//! Nothing is kept for channels without a terminal, and nothing is sent while nobody watches: a bulk transfer costs
//! nobody anything here. Typed input is not shown.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use chaperone_recorder::Stream;
use serde_json::Value;
use tokio::sync::{broadcast, watch};

/// Output of a terminal that is kept for whoever begins to watch: what a screen is drawn from. A full-screen program
/// repaints it many times over.
const RING_BYTES: usize = 128 << 10;
/// Batches that wait for one watcher; each is at most a relay's batch, and most are a few bytes.
const QUEUE: usize = 64;
/// A text of an HTTP event is shown so far, in characters.
const LONGEST_SAID: usize = 2000;
/// Watchers of one session. More is no watching, but a flood.
pub const WATCHERS: usize = 16;

/// What happens in a session, for those who watch.
#[derive(Clone, Debug)]
pub enum Seen {
    /// A channel has been opened.
    Start(SeenChannel),
    /// Output, as it went into the recording.
    Output {
        /// Which channel.
        channel: u32,
        /// Whether it is the error stream.
        error: bool,
        /// Whether the channel has a terminal.
        terminal: bool,
        /// The bytes.
        bytes: Bytes,
    },
    /// A terminal has another size.
    Resize {
        /// Which channel.
        channel: u32,
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// Something of an HTTP transaction has passed.
    Http(SeenHttp),
    /// A channel has closed.
    End(u32),
}

/// A step of an HTTP transaction, without its header fields and bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenHttp {
    /// Its lane.
    pub channel: u32,
    /// The event, such as `http-request`.
    pub kind: String,
    /// What of its body those who watch see: `n`, `method`, `url`, `status`, `media`, `bytes`, `outcome`, `protocol`.
    pub said: Value,
}

/// An open channel, as it is when somebody begins to watch.
#[derive(Clone, Debug)]
pub struct SeenChannel {
    /// Its number in the recording.
    pub channel: u32,
    /// `shell`, `exec`, …
    pub kind: String,
    /// The command, if it runs one.
    pub command: Option<String>,
    /// The terminal's columns and rows; `None` where there is none.
    pub size: Option<(u16, u16)>,
    /// What a terminal has shown of late, oldest first.
    pub lately: Vec<u8>,
}

/// The tap of one session.
#[derive(Debug)]
pub(crate) struct Tap {
    open: Mutex<BTreeMap<u32, Open>>,
    /// Made for the first who watches: most visits have nobody, and the queue has its room from the beginning.
    seen: OnceLock<broadcast::Sender<Seen>>,
    /// How many watch: an observer's coming and going is news.
    watchers: watch::Sender<usize>,
}

#[derive(Debug)]
struct Open {
    kind: String,
    command: Option<String>,
    size: Option<(u16, u16)>,
    ring: VecDeque<u8>,
}

/// Somebody who watches; dropping it ends that.
pub struct Watching<'t> {
    tap: &'t Tap,
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.tap.watchers.send_modify(|watchers| *watchers = watchers.saturating_sub(1));
    }
}

impl Default for Tap {
    fn default() -> Self {
        Self { open: Mutex::default(), seen: OnceLock::new(), watchers: watch::Sender::new(0) }
    }
}

impl Tap {
    pub(crate) fn opened(&self, channel: u32, kind: &str, about: &Value) {
        let size = about.get("terminal").and_then(size);
        let command = about.get("command").and_then(Value::as_str).map(str::to_owned);
        let open = Open { kind: kind.to_owned(), command, size, ring: VecDeque::new() };
        let start = Seen::Start(open.seen(channel));
        let mut all = self.open();
        all.insert(channel, open);
        self.tell(start);
    }

    /// What goes to the technician from a channel, once it is recorded.
    pub(crate) fn output(&self, channel: u32, stream: Stream, bytes: &Bytes) {
        if !matches!(stream, Stream::Output | Stream::Stderr | Stream::Gate) {
            return;
        }
        let mut all = self.open();
        // Files are no text: nobody watches their bytes.
        if all.get(&channel).is_some_and(|open| open.kind == "sftp") {
            return;
        }
        let open = all.get_mut(&channel).filter(|open| open.size.is_some());
        let terminal = open.is_some();
        if let Some(open) = open {
            open.keep(bytes);
        }
        if !self.is_watched() {
            return;
        }
        // Under the lock, so that who begins to watch sees every byte once.
        // Without a terminal the gate's words are an error to their client.
        let error = stream == Stream::Stderr || (stream == Stream::Gate && !terminal);
        self.tell(Seen::Output { channel, error, terminal, bytes: bytes.clone() });
    }

    pub(crate) fn event(&self, channel: u32, kind: &str, body: &Value) {
        if kind.starts_with("http-") {
            if self.is_watched() {
                self.tell(Seen::Http(SeenHttp { channel, kind: kind.to_owned(), said: said(body) }));
            }
            return;
        }
        if kind != "resize" {
            return;
        }
        let Some((columns, rows)) = size(body) else { return };
        if let Some(open) = self.open().get_mut(&channel) {
            open.size = Some((columns, rows));
        }
        self.tell(Seen::Resize { channel, columns, rows });
    }

    pub(crate) fn closed(&self, channel: u32) {
        self.open().remove(&channel);
        self.tell(Seen::End(channel));
    }

    /// Whether a channel is open.
    pub(crate) fn is_open(&self) -> bool {
        !self.open().is_empty()
    }

    /// Everything that is open now, and everything from now on.
    pub(crate) fn watch(&self) -> (Vec<SeenChannel>, broadcast::Receiver<Seen>) {
        let all = self.open();
        let now = all.iter().map(|(channel, open)| open.seen(*channel)).collect();
        (now, self.seen.get_or_init(|| broadcast::Sender::new(QUEUE)).subscribe())
    }

    fn is_watched(&self) -> bool {
        self.seen.get().is_some_and(|seen| seen.receiver_count() > 0)
    }

    /// A place among those who watch; `None` when there are too many.
    pub(crate) fn place(&self) -> Option<Watching<'_>> {
        let taken = self.watchers.send_if_modified(|watchers| {
            let free = *watchers < WATCHERS;
            *watchers += usize::from(free);
            free
        });
        taken.then_some(Watching { tap: self })
    }

    pub(crate) fn watchers(&self) -> usize {
        *self.watchers.borrow()
    }

    /// How many watch, now and from now on.
    pub(crate) fn watching(&self) -> watch::Receiver<usize> {
        self.watchers.subscribe()
    }

    fn tell(&self, seen: Seen) {
        // Nobody need watch.
        drop(self.seen.get().map(|watching| watching.send(seen)));
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u32, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn seen(&self, channel: u32) -> SeenChannel {
        SeenChannel {
            channel,
            kind: self.kind.clone(),
            command: self.command.clone(),
            size: self.size,
            lately: self.ring.iter().copied().collect(),
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let newest = bytes.get(bytes.len().saturating_sub(RING_BYTES)..).unwrap_or_default();
        let over = (self.ring.len() + newest.len()).saturating_sub(RING_BYTES);
        self.ring.drain(..over.min(self.ring.len()));
        self.ring.extend(newest);
    }
}

/// What is shown of an HTTP event while it happens: where to and what came of it.
fn said(body: &Value) -> Value {
    let shown = ["n", "method", "url", "status", "bytes", "outcome", "protocol"];
    let mut said: serde_json::Map<String, Value> = shown
        .into_iter()
        .filter_map(|name| {
            let value = match body.get(name)? {
                Value::String(text) => text.chars().take(LONGEST_SAID).collect::<String>().into(),
                value @ Value::Number(_) => value.clone(),
                _ => return None,
            };
            Some((name.to_owned(), value))
        })
        .collect();
    let pairs = body.get("headers").and_then(Value::as_array).into_iter().flatten();
    let media = pairs.filter_map(|pair| Some((pair.get(0)?.as_str()?, pair.get(1)?.as_str()?)));
    if let Some((_, media)) = media.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        let media: String = media.split(';').next().unwrap_or_default().trim().chars().take(100).collect();
        said.insert("media".to_owned(), media.into());
    }
    said.into()
}

/// Columns and rows as a recording's event has them.
fn size(of: &Value) -> Option<(u16, u16)> {
    let number = |name: &str| of.get(name)?.as_u64()?.try_into().ok();
    Some((number("columns")?, number("rows")?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn terminal() -> Value {
        json!({ "request": "shell", "terminal": { "name": "xterm", "columns": 80, "rows": 24 } })
    }

    #[test]
    fn who_begins_to_watch_sees_what_was_shown_of_late_and_then_every_byte_once() {
        let tap = Tap::default();
        tap.opened(0, "shell", &terminal());
        tap.output(0, Stream::Output, &Bytes::from_static(b"before "));
        let (now, mut from_now) = tap.watch();
        tap.output(0, Stream::Output, &Bytes::from_static(b"after"));
        tap.output(0, Stream::Input, &Bytes::from_static(b"a password"));
        tap.event(0, "resize", &json!({ "columns": 132, "rows": 43 }));
        tap.closed(0);
        assert_eq!((now[0].size, now[0].lately.as_slice()), (Some((80, 24)), b"before ".as_slice()));
        assert!(matches!(from_now.try_recv(), Ok(Seen::Output { bytes, .. }) if &bytes[..] == b"after"));
        assert!(matches!(from_now.try_recv(), Ok(Seen::Resize { columns: 132, rows: 43, .. })));
        assert!(matches!(from_now.try_recv(), Ok(Seen::End(0))));
        assert!(from_now.try_recv().is_err(), "what is typed is not shown");
    }

    #[test]
    fn memory_is_bounded_and_channels_without_a_terminal_keep_nothing() {
        let tap = Tap::default();
        tap.opened(0, "shell", &terminal());
        tap.opened(1, "exec", &json!({ "command": "cat image" }));
        let block = Bytes::from(vec![7; 100_000]);
        for _ in 0..50 {
            tap.output(0, Stream::Output, &block);
            tap.output(1, Stream::Output, &block);
        }
        let (now, _) = tap.watch();
        assert_eq!((now[0].lately.len(), now[1].lately.len()), (RING_BYTES, 0));
        assert_eq!(now[1].command.as_deref(), Some("cat image"));
    }

    #[test]
    fn a_transaction_is_shown_without_its_heads_and_only_while_somebody_watches() {
        let tap = Tap::default();
        let request = json!({
            "n": 7, "method": "GET", "url": "https://console/pumps", "headers": [["cookie", "a-secret"]], "injected": "console",
        });
        tap.event(1, "http-request", &request);
        let (_, mut from_now) = tap.watch();
        tap.event(1, "http-request", &request);
        let head =
            json!({ "n": 7, "status": 200, "headers": [["Content-Type", "text/html; charset=utf-8"]] });
        tap.event(1, "http-response", &head);
        let Ok(Seen::Http(seen)) = from_now.try_recv() else { panic!("nothing was shown") };
        assert_eq!((seen.channel, seen.kind.as_str()), (1, "http-request"));
        assert_eq!(seen.said, json!({ "n": 7, "method": "GET", "url": "https://console/pumps" }));
        let Ok(Seen::Http(seen)) = from_now.try_recv() else { panic!("no answer was shown") };
        assert_eq!(seen.said, json!({ "n": 7, "status": 200, "media": "text/html" }));
    }

    #[test]
    fn watchers_are_counted_and_bounded() {
        let tap = Tap::default();
        let all: Vec<_> = (0..WATCHERS).filter_map(|_| tap.place()).collect();
        assert_eq!((all.len(), tap.watchers()), (WATCHERS, WATCHERS));
        assert!(tap.place().is_none());
        drop(all);
        assert_eq!(tap.watchers(), 0);
    }
}
