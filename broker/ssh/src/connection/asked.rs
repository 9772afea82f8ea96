//! What each channel of a connection has asked for so far, so that each request gets the answer of RFC 4254 §6 that its
//! channel's task acts by: one terminal, a handful of variables, one start, and nothing after the end.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};

use russh::ChannelId;

/// Variables that are taken; OpenSSH sends a handful.
pub(crate) const VARIABLES: usize = 64;
/// Longest name and value together, in bytes.
pub(crate) const VARIABLE_BYTES: usize = 4096;

/// And of all of them: what a channel asks for is one event of its recording, beside a command.
pub(crate) const ENVIRONMENT_BYTES: usize = 32 << 10;

/// Whether one more variable is taken after so many, which have so many bytes together.
pub(crate) fn takes_variable((taken, bytes): (usize, usize), name: &str, value: &str) -> bool {
    let more = name.len() + value.len();
    taken < VARIABLES && more <= VARIABLE_BYTES && bytes + more <= ENVIRONMENT_BYTES
}

/// Channels of one connection of which it is remembered whether their client has closed them.
const REMEMBERED: usize = 65_536;

/// The channels of a connection that are open or about to be, and those whose task goes on; and all that were, as long as
/// their client has not closed them.
#[derive(Debug)]
pub(crate) struct Channels<K = ChannelId>(HashMap<K, Channel>, HashSet<K>);

/// Held by a channel's task for as long as the channel lives: russh does not say when a channel is over that the gate
/// closes first.
pub(crate) struct Held(Ending);

/// What a channel's task and its connection know of the channel's end; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Ending(Arc<AtomicU8>);

/// The client has ended its input.
const INPUT_ENDED: u8 = 1;
/// It has been told of the end of output, and of no exit status yet: when it closes the channel, it still waits for that.
const TOLD: u8 = 2;

impl Held {
    pub(crate) fn ending(&self) -> Ending {
        self.0.clone()
    }
}

impl Ending {
    /// Before there is an exit status: whether the client is told of the end of output now. It is not where it has ended its
    /// input, and waits for nothing else.
    pub(crate) fn tells(&self) -> bool {
        let told = |now| (now & INPUT_ENDED == 0).then_some(now | TOLD);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, told).is_ok()
    }

    /// Whether its close means no more than that both directions have ended.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.load(Ordering::Acquire) == INPUT_ENDED | TOLD
    }
}

/// One of them.
#[derive(Debug)]
struct Channel {
    ending: Weak<AtomicU8>,
    /// Whether it has a connection of its own, which may outlive it for some seconds.
    connects: bool,
    /// Whether its client has closed it.
    closed: bool,
    terminal: bool,
    variables: usize,
    variable_bytes: usize,
    started: bool,
    ended: bool,
}

/// Why payload is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untimely {
    /// Nothing has been started that could take it.
    BeforeRequest,
    /// Its sender has said that no more comes.
    AfterEof,
}

impl Untimely {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::BeforeRequest => "data-before-request",
            Self::AfterEof => "data-after-eof",
        }
    }
}

impl<K> Default for Channels<K> {
    fn default() -> Self {
        Self(HashMap::new(), HashSet::new())
    }
}

impl<K: Copy + Eq + Hash> Channels<K> {
    /// How many are open.
    pub(crate) fn open(&mut self) -> usize {
        self.forget_ended();
        self.0.values().filter(|channel| !channel.closed).count()
    }

    /// How many have a task: those that are open, and those whose server has not heard yet that their client has closed
    /// them, or has not answered. Connections of closed channels are counted by themselves.
    pub(crate) fn tasks(&mut self) -> usize {
        let lingering = self.lingering();
        self.0.len() - lingering
    }

    /// How many connections outlive their channel, which its client has closed.
    pub(crate) fn lingering(&mut self) -> usize {
        self.forget_ended();
        self.0.values().filter(|channel| channel.connects && channel.closed).count()
    }

    fn forget_ended(&mut self) {
        self.0.retain(|_, channel| channel.ending.strong_count() > 0);
    }

    /// A session channel: it waits for requests.
    pub(crate) fn opens(&mut self, id: K) -> Held {
        self.add(id, false)
    }

    /// A channel with a connection of its own: it takes payload at once.
    pub(crate) fn opens_connecting(&mut self, id: K) -> Held {
        self.add(id, true)
    }

    fn add(&mut self, id: K, connects: bool) -> Held {
        let ending = Arc::new(AtomicU8::new(0));
        let waiting = Channel {
            ending: Arc::downgrade(&ending),
            connects,
            closed: false,
            terminal: false,
            variables: 0,
            variable_bytes: 0,
            started: connects,
            ended: false,
        };
        self.0.insert(id, waiting);
        if self.1.len() < REMEMBERED {
            self.1.insert(id);
        }
        Held(Ending(ending))
    }

    /// The client has closed it. Its task may go on.
    pub(crate) fn closes(&mut self, id: K) {
        self.forget(id);
        if let Some(channel) = self.0.get_mut(&id) {
            channel.closed = true;
        }
    }

    /// Whether the client may still send for a channel: it was opened, and the client has not closed it. Of one who opens more
    /// than anybody does it is not known.
    pub(crate) fn knows(&self, id: K) -> bool {
        self.1.contains(&id) || self.1.len() >= REMEMBERED
    }

    /// The client has closed it; whether it might.
    pub(crate) fn forget(&mut self, id: K) -> bool {
        let full = self.1.len() >= REMEMBERED;
        self.1.remove(&id) || full
    }

    /// The first request starts a channel; a second is refused (§6.5: only one can succeed).
    pub(crate) fn starts(&mut self, id: K) -> bool {
        self.0.get_mut(&id).is_some_and(|channel| !std::mem::replace(&mut channel.started, true))
    }

    /// One terminal, before the start.
    pub(crate) fn takes_terminal(&mut self, id: K) -> bool {
        let waiting = self.0.get_mut(&id).filter(|channel| !channel.started);
        waiting.is_some_and(|channel| !std::mem::replace(&mut channel.terminal, true))
    }

    pub(crate) fn takes_variable(&mut self, id: K, name: &str, value: &str) -> bool {
        let waiting = self.0.get_mut(&id).filter(|channel| !channel.started);
        waiting.is_some_and(|channel| {
            let takes = takes_variable((channel.variables, channel.variable_bytes), name, value);
            if takes {
                channel.variables += 1;
                channel.variable_bytes += name.len() + value.len();
            }
            takes
        })
    }

    pub(crate) fn ends(&mut self, id: K) {
        if let Some(channel) = self.0.get_mut(&id) {
            channel.ended = true;
            if let Some(ending) = channel.ending.upgrade() {
                ending.fetch_or(INPUT_ENDED, Ordering::AcqRel);
            }
        }
    }

    /// Whether a channel that its client closes is closed in turn by its task, which has its exit status to tell first.
    pub(crate) fn is_awaited(&self, id: K) -> bool {
        let ending = self.0.get(&id).and_then(|channel| channel.ending.upgrade());
        ending.is_some_and(|ending| Ending(ending).is_awaited())
    }

    /// Whether payload comes at the wrong time.
    pub(crate) fn untimely(&self, id: K) -> Option<Untimely> {
        match self.0.get(&id)? {
            Channel { ended: true, .. } => Some(Untimely::AfterEof),
            Channel { started: false, .. } => Some(Untimely::BeforeRequest),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_has_one_terminal_and_one_start_and_then_takes_payload_until_its_end() {
        let mut channels = Channels::<u32>::default();
        let _held = channels.opens(7);
        assert_eq!(channels.untimely(7), Some(Untimely::BeforeRequest));
        assert!(channels.takes_terminal(7));
        assert!(!channels.takes_terminal(7), "a second terminal");
        assert!(channels.starts(7));
        assert!(!channels.starts(7), "a second start");
        assert!(!channels.takes_variable(7, "LANG", "C"), "a variable after the start");
        assert_eq!(channels.untimely(7), None);
        channels.ends(7);
        assert_eq!(channels.untimely(7), Some(Untimely::AfterEof));
        assert!(!channels.starts(9) && !channels.takes_terminal(9), "a channel that was never opened");
        assert_eq!(channels.untimely(9), None);
    }

    #[test]
    fn variables_are_few_and_short() {
        let mut channels = Channels::<u32>::default();
        let _held = channels.opens(0);
        assert!(!channels.takes_variable(0, "LC_LONG", &"x".repeat(VARIABLE_BYTES)));
        let taken = (0..1000).filter(|n| channels.takes_variable(0, &format!("LC_{n}"), "x")).count();
        assert_eq!(taken, VARIABLES);
        let _held = channels.opens(1);
        let long = "x".repeat(4000);
        let taken = (0..1000).filter(|n| channels.takes_variable(1, &format!("LC_{n:03}"), &long)).count();
        assert_eq!(taken, ENVIRONMENT_BYTES / 4006);
    }

    #[test]
    fn a_channel_counts_until_its_client_has_closed_it_and_its_task_until_that_has_ended() {
        let mut channels = Channels::<u32>::default();
        let (one, two, three) = (channels.opens(1), channels.opens(2), channels.opens_connecting(3));
        assert_eq!((channels.open(), channels.tasks()), (3, 3));
        drop(one);
        assert_eq!((channels.open(), channels.tasks()), (2, 2));
        channels.closes(2);
        assert_eq!((channels.open(), channels.tasks()), (1, 2), "its server has not answered yet");
        drop(two);
        assert_eq!((channels.open(), channels.tasks()), (1, 1));
        assert_eq!(channels.untimely(3), None, "a forward takes payload at once");
        channels.closes(3);
        assert_eq!(
            (channels.open(), channels.tasks(), channels.lingering()),
            (0, 0, 1),
            "its connection lives on"
        );
        drop(three);
        assert_eq!(channels.lingering(), 0);
    }

    #[test]
    fn who_was_told_of_the_end_of_output_before_the_status_waits_for_it_after_the_close() {
        let mut channels = Channels::<u32>::default();
        let (one, two) = (channels.opens(1), channels.opens(2));
        assert!(one.ending().tells() && !channels.is_awaited(1), "its input goes on");
        channels.ends(1);
        assert!(channels.is_awaited(1));
        channels.ends(2);
        assert!(!two.ending().tells(), "it waits for nothing but the status");
        assert!(!channels.is_awaited(2));
        drop(one);
        assert!(!channels.is_awaited(1), "nobody is there to close it");
    }

    #[test]
    fn what_comes_for_a_channel_is_late_until_its_client_has_closed_it_and_then_it_is_for_nobody() {
        let mut channels = Channels::<u32>::default();
        let one = channels.opens(1);
        drop(one);
        assert_eq!(channels.open(), 0, "the gate has closed it");
        assert!(channels.knows(1) && !channels.knows(2));
        assert!(channels.forget(1));
        assert!(!channels.knows(1) && !channels.forget(1), "closed twice");
    }
}
