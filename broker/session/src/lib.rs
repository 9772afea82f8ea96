//! One live session, blind to protocols: open, relay, watch, end.
//!
//! ```text
//!   Ask ─▶ attempt ─▶ policy::decide ─▶ refused: fact + alert, one commit
//!                          │ permit
//!                          ▼
//!   fact admitted ─▶ recording header on disk ─▶ fact started ─▶ dial (a Ticket) ─▶ legs
//!                                                                                    │
//!   leg ─▶ Source ─▶ relay: record, then forward what the recorder gave back ─▶ Sink ─▶ other leg
//!                          ▲                                                         │
//!   watch: decide again, warn, cut ──────────────▶ end: goodbye, sever, gone, seal, fact
//! ```
//!
//! This layer never parses a protocol and never says yes by itself. A sink takes [`Recorded`] and nothing else, and only
//! the recorder makes one; a dial takes a [`Ticket`], and only a session with a permit and a running recording makes one.
//! Entry points: [`Gate::attempt`], [`Gate::run`], [`Gate::recover`].

mod back;
mod clock;
mod dial;
mod durable;
mod end;
mod failpoint;
mod flow;
mod gate;
mod health;
mod hold;
mod live;
mod lost;
mod node;
mod observe;
mod open;
mod pen;
mod record;
mod recover;
mod registry;
mod relay;
mod room;
mod sever;
mod sockets;
mod tap;
mod terminal;
mod watch;
mod words;

pub use chaperone_recorder::{ChannelRecorder, Recorded, Stream};
pub use chaperone_vault::TargetCredential as Credential;
pub use clock::{ClockWatch, MAX_SKEW, PROBATION, Trust};
pub use dial::{Dial, DialError, Dialled, Ticket};
pub use flow::{EndReason, Flow};
pub use gate::{Ask, Gate, Refused, Settings, new_reference};
pub use live::{Leg, LiveSession, NotRecorded, Notice};
pub use record::{Captured, FailedProof};
pub use relay::{BATCH_BYTES, Broken, Direction, Item, Note, Relay, RelayEnd, Sink, Source};
pub use sever::{Cord, Severable};
pub use tap::{Seen, SeenChannel, WATCHERS, Watching};
pub use terminal::Terminal;
