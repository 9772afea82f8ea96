//! What one direction of a channel has received and not yet delivered, in order. All of it is recorded; its first part is
//! in memory, the rest is read back from the recording.
//!
//! A channel whose peer takes little is held back as a direct connection would hold it: its source is not read while too
//! much waits. One whose peer takes nothing any more is read on while there are others, into the recording, so that what
//! came for it waits nowhere else, until it is so far behind that it must end.

use std::collections::VecDeque;
use std::time::Duration;

use chaperone_recorder::Kept;
use tokio::time::Instant;

use crate::relay::{Direction, Note};

/// Received and not yet delivered bytes of one direction that are kept in memory: an SSH window. What comes beyond it
/// stays in the recording only, and is read back when its turn comes.
const BACKLOG_BYTES: usize = 2 << 20;

/// What the channels of one session share of that, and what each has at least. One person may have thousands of channels
/// that take nothing.
const LEAST_BACKLOG_BYTES: usize = 64 << 10;

/// How far one direction may be ahead before it is held back. An upload may be a whole image; output that nobody reads is
/// worth less.
const INPUT_AHEAD_BYTES: usize = 4 << 30;
const OUTPUT_AHEAD_BYTES: usize = 64 << 20;

/// How much farther it may be ahead while it would hold up others.
const BESIDE_OTHERS_BYTES: usize = 4 << 30;

/// A peer that takes nothing for so long takes nothing.
const STALLS_AFTER: Duration = Duration::from_secs(5);

/// What a waiting message counts for: few are ever under way, and a flood of them ends as a flood of bytes does.
const NOTE_WEIGHS: usize = 64 << 10;
/// What a waiting batch counts for at least: where it stands is remembered, however small it is.
const BATCH_WEIGHS: usize = 512;

/// Something on its way to the sink.
pub(crate) enum Outgoing<N> {
    Payload(Kept),
    Pass(N),
}

/// Whether the source may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It may.
    Goes,
    /// Not before the sink has taken some, or this moment has come.
    WaitsUntil(Instant),
    /// Not before the sink has taken some, or others share the connection.
    Waits,
    /// The sink takes nothing, and others would wait for it.
    Over,
}

/// What is recorded and not yet delivered, in order.
pub(crate) struct Backlog<N> {
    items: VecDeque<Outgoing<N>>,
    /// In memory.
    bytes: usize,
    /// In memory and in the recording.
    ahead: usize,
    limit: usize,
    /// What may be kept in memory.
    keeps: usize,
    /// When the sink last took something, or had nothing to take.
    moved: Instant,
}

impl<N: Note> Backlog<N> {
    pub(crate) fn new(direction: Direction, now: Instant) -> Self {
        let limit = match direction {
            Direction::Input => INPUT_AHEAD_BYTES,
            Direction::Output => OUTPUT_AHEAD_BYTES,
        };
        Self { items: VecDeque::new(), bytes: 0, ahead: 0, limit, keeps: BACKLOG_BYTES, moved: now }
    }

    /// So many channels share the session's connection, and what it may keep in memory.
    pub(crate) fn shares(&mut self, channels: usize) {
        self.keeps = (BACKLOG_BYTES / channels.max(1)).max(LEAST_BACKLOG_BYTES);
    }

    /// Whether the source may be read, where others `share` its connection or not.
    pub(crate) fn reading(&self, share: bool, now: Instant) -> Reading {
        if self.ahead < self.limit {
            return Reading::Goes;
        }
        if !share {
            return Reading::Waits;
        }
        let stalled = self.moved + STALLS_AFTER;
        if now < stalled {
            Reading::WaitsUntil(stalled)
        } else if self.ahead < self.limit.saturating_add(BESIDE_OTHERS_BYTES) {
            Reading::Goes
        } else {
            Reading::Over
        }
    }

    /// Whether more must stay in the recording.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= self.keeps
    }

    /// The sink has taken something, or is not asked to.
    pub(crate) fn moves(&mut self, now: Instant) {
        self.moved = now;
    }

    pub(crate) fn push_payload(&mut self, kept: Kept) {
        let (here, weight) = weighed(&kept);
        self.bytes += here;
        self.ahead += weight;
        self.items.push_back(Outgoing::Payload(kept));
    }

    pub(crate) fn push_note(&mut self, note: N) {
        if let Some(Outgoing::Pass(last)) = self.items.back_mut()
            && note.replaces(last)
        {
            *last = note;
            return;
        }
        self.ahead += NOTE_WEIGHS;
        self.items.push_back(Outgoing::Pass(note));
    }

    pub(crate) fn pop(&mut self) -> Option<Outgoing<N>> {
        let item = self.items.pop_front()?;
        match &item {
            Outgoing::Payload(kept) => {
                let (here, weight) = weighed(kept);
                self.bytes -= here;
                self.ahead -= weight;
            }
            Outgoing::Pass(_) => self.ahead -= NOTE_WEIGHS,
        }
        Some(item)
    }
}

/// Bytes in memory, and what it counts for.
fn weighed(kept: &Kept) -> (usize, usize) {
    match kept {
        // The smallest takes room in memory, too.
        Kept::Here(recorded) => {
            let weight = recorded.len().max(BATCH_WEIGHS);
            (weight, weight)
        }
        Kept::There(spilled) => (0, spilled.len().max(BATCH_WEIGHS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message that nothing replaces.
    struct Plain;

    impl Note for Plain {
        fn replaces(&self, _earlier: &Self) -> bool {
            false
        }

        fn event(&self) -> Option<(&'static str, serde_json::Value)> {
            None
        }
    }

    fn filled(bytes: usize, now: Instant) -> Backlog<Plain> {
        let mut backlog = Backlog::new(Direction::Output, now);
        while backlog.ahead < bytes {
            backlog.push_note(Plain);
        }
        backlog
    }

    #[test]
    fn a_slow_peer_is_waited_for_and_one_that_takes_nothing_is_not_while_others_share_its_connection() {
        let now = Instant::now();
        assert_eq!(filled(0, now).reading(true, now), Reading::Goes);
        let mut backlog = filled(OUTPUT_AHEAD_BYTES, now);
        assert_eq!(backlog.reading(false, now), Reading::Waits, "alone it holds up nobody");
        assert_eq!(backlog.reading(true, now), Reading::WaitsUntil(now + STALLS_AFTER));
        let later = now + STALLS_AFTER;
        assert_eq!(backlog.reading(true, later), Reading::Goes, "it takes nothing: the others go on");
        backlog.moves(later);
        assert!(matches!(backlog.reading(true, later), Reading::WaitsUntil(_)), "it is slow");
        assert_eq!(backlog.reading(false, later), Reading::Waits);
    }

    #[test]
    fn the_channels_of_a_session_share_what_it_keeps_in_memory() {
        let mut backlog = Backlog::<Plain>::new(Direction::Output, Instant::now());
        for (channels, keeps) in
            [(0, 2 << 20), (1, 2 << 20), (4, 512 << 10), (64, 64 << 10), (4096, 64 << 10)]
        {
            backlog.shares(channels);
            for (bytes, full) in [(keeps - 1, false), (keeps, true)] {
                backlog.bytes = bytes;
                assert_eq!(backlog.is_full(), full, "{bytes} beside {channels}");
            }
        }
    }

    #[test]
    fn what_waits_is_bounded_also_beside_others() {
        let now = Instant::now();
        let mut backlog = filled(OUTPUT_AHEAD_BYTES + BESIDE_OTHERS_BYTES, now);
        let later = now + STALLS_AFTER;
        assert_eq!(backlog.reading(true, later), Reading::Over);
        assert_eq!(backlog.reading(false, later), Reading::Waits);
        assert!(backlog.pop().is_some());
        assert_eq!(backlog.reading(true, later), Reading::Goes);
        while backlog.pop().is_some() {}
        assert_eq!((backlog.ahead, backlog.bytes), (0, 0));
    }
}
