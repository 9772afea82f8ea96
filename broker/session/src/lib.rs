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
mod backlog;
mod clock;
mod courier;
mod dial;
mod durable;
mod end;
mod events;
mod failing;
mod failpoint;
mod files;
mod flow;
mod foresee;
mod foretell;
mod forward;
mod gate;
mod health;
mod hold;
mod host_keys;
mod inside;
mod live;
mod lost;
mod mandate;
mod node;
mod observe;
mod open;
mod own;
mod pen;
mod pieces;
mod proof;
mod reached;
mod record;
mod recover;
mod registry;
mod relay;
mod room;
mod scan;
mod seal_told;
mod sever;
mod sockets;
mod stage;
mod tap;
mod terminal;
mod transaction;
mod uploads;
mod watch;
mod way;
mod ways;
mod without_content;
mod words;

pub use back::Pending;
pub use chaperone_recorder::{ChannelRecorder, Recorded, Stream};
pub use chaperone_store::{Followed, KeyOrigin, ProposedKey};
pub use chaperone_vault::{Secret, TargetCredential as Credential, UserCa};
pub use clock::{ClockWatch, MAX_SKEW, PROBATION, Trust};
pub use courier::{Courier, Delivered, Errand, FileAttributes, Hand, NotDelivered, Parcel};
pub use dial::{Dial, DialError, Dialled, Ticket};
pub use files::{FileDirection, FileTransfer};
pub use flow::{EndReason, Flow, flows, input_flows};
pub use foresee::Foreseen;
pub use foretell::Wish;
pub use forward::{NoPassage, Passage};
pub use gate::{Ask, Gate, Refused, Settings, new_reference};
pub use live::{Leg, LiveSession, NotRecorded, Notice};
pub use mandate::Mandate;
pub use own::{NoMoreTime, OwnTarget, OwnWindow, Standing};
pub use proof::{Proof, why_spent};
pub use record::{Captured, Closed, FailedProof};
pub use relay::{BATCH_BYTES, Broken, Direction, Item, Note, Relay, RelayEnd, Sink, Source};
pub use scan::{ScanError, Scanner, ScannerAddress, UnknownScanner, Verdict};
pub use sever::{Cord, Entered, Severable, SeverableWriter, Tenants, Within};
pub use sockets::user_at;
pub use stage::StageError;
pub use tap::{Seen, SeenChannel, SeenHttp, WATCHERS, Watching};
pub use terminal::Terminal;
pub use transaction::Step;
pub use uploads::{
    Carrier, FileName, NoFileName, NotPassed, NotReleased, NotTaken, Passing, ReleaseWish, Sending, Staging,
    UploadSettings,
};
pub use way::Way;
