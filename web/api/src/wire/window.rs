//! Change windows and freezes on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment::Moment;

/// A window to ask for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWindow {
    /// Names of the targets.
    pub targets: Vec<String>,
    /// Logins of the technicians, all of one vendor.
    pub technicians: Vec<String>,
    /// What is granted: shell, exec, sftp-read, sftp-write, forward, forward-opaque, tls.
    pub access: Vec<String>,
    /// Accounts on the targets; empty means each target's default.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// First instant inside: `now`, `+90m`, or RFC 3339.
    #[schema(value_type = String, example = "now")]
    pub opens: Moment,
    /// First instant outside.
    #[schema(value_type = String, example = "+90m")]
    pub closes: Moment,
    /// How long output still flows after `closes`, seconds.
    #[serde(default)]
    pub overrun_seconds: u32,
    /// From the first session on, the work lasts at most this long, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_limit_seconds: Option<u32>,
    /// What for: patch, upgrade, repair, maintenance, library, configuration, inspection, emergency.
    #[schema(example = "patch")]
    pub purpose: String,
    /// The change ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// In words.
    #[serde(default)]
    pub reason: String,
    /// The files that will be uploaded: each upload by SFTP or scp is held against them. Without any, none is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PlannedFileView>,
    /// Whether a clinical *go* is needed on the day.
    #[serde(default)]
    pub go_required: bool,
    /// Whether an observer must be present while input flows.
    #[serde(default)]
    pub observer_required: bool,
}

/// A new end of a window: later is an extension, earlier (but still ahead) shortens it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCloses {
    /// First instant outside; what is relative is from now.
    #[schema(value_type = String, example = "+120m")]
    pub closes: Moment,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// New times for a window.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveWindow {
    /// First instant inside.
    #[schema(value_type = String)]
    pub opens: Moment,
    /// First instant outside.
    #[schema(value_type = String)]
    pub closes: Moment,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// One technician in place of another.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Substitute {
    /// Login of who does not come.
    pub out: String,
    /// Login of who comes.
    #[serde(rename = "in")]
    pub replacement: String,
}

/// Whether an observer must be present while input flows.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewObserver {
    /// `true`: somebody must watch.
    pub required: bool,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// The clinical go of the day.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Go {}

/// A window.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WindowView {
    /// Identity.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Where it stands now: requested, approved, open, closed, reviewed, denied, withdrawn, revoked, expired.
    pub state: String,
    /// Vendor's name.
    pub vendor: String,
    /// Logins of who may connect.
    pub technicians: Vec<String>,
    /// Logins of technicians who have not accepted yet.
    pub awaiting_acceptance: Vec<String>,
    /// Logins of substitutes whom an engineer has not confirmed yet.
    pub awaiting_substitution: Vec<String>,
    /// Names of the targets.
    pub targets: Vec<String>,
    /// Accounts; empty means each target's default.
    pub accounts: Vec<String>,
    /// What is granted.
    pub access: Vec<String>,
    /// First instant inside.
    #[schema(value_type = String, format = DateTime)]
    pub opens: Timestamp,
    /// First instant outside.
    #[schema(value_type = String, format = DateTime)]
    pub closes: Timestamp,
    /// How long output still flows after `closes`, seconds.
    pub overrun_seconds: i64,
    /// Longest work, seconds.
    pub work_limit_seconds: Option<i64>,
    /// When the first session began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub work_began: Option<Timestamp>,
    /// What for.
    pub purpose: String,
    /// The change ticket.
    pub ticket: Option<String>,
    /// In words.
    pub reason: String,
    /// The files that the plan expects to be uploaded.
    #[serde(default)]
    pub files: Vec<PlannedFileView>,
    /// Login of who asked.
    pub requester: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    /// Who has said yes.
    pub approvals: Vec<ApprovalView>,
    /// Whether a clinical go is needed on the day.
    pub go_required: bool,
    /// Login of who gave it.
    pub go_by: Option<String>,
    /// Whether an observer must be present.
    pub observer_required: bool,
    /// Opened as an emergency: to be reviewed by this instant.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub review_by: Option<Timestamp>,
    /// Login of who has reviewed the evidence of its visits.
    #[serde(default)]
    pub reviewed_by: Option<String>,
    /// How its technician left the server: done, partly, backed-out.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Login of who said so.
    #[serde(default)]
    pub returned_by: Option<String>,
    /// Approvals that are still missing.
    #[serde(default)]
    pub missing: Vec<MissingView>,
    /// More time that was asked for and nobody has answered.
    #[serde(default)]
    pub more_time: Option<MoreTimeView>,
    /// Why it was denied, revoked or withdrawn.
    #[serde(default)]
    pub decision: Option<DecisionView>,
    /// How many visits it has had.
    #[serde(default)]
    pub visits: u64,
    /// What a planner should know, such as overlaps; only in the answer to a request or a move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A file that a plan expects.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedFileView {
    /// Its name, without a path.
    #[schema(example = "patch-7.2.bin")]
    pub name: String,
    /// SHA-256 of its content, as `sha256sum` prints it.
    pub sha256: String,
}

/// Approvals that are still missing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MissingView {
    /// Of which role.
    pub role: String,
    /// How many.
    pub count: u8,
}

/// More time that was asked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MoreTimeView {
    /// First instant outside, as asked.
    #[schema(value_type = String, format = DateTime)]
    pub closes: Timestamp,
    /// Why.
    pub reason: String,
    /// Login of who asks.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Why a window came to nothing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DecisionView {
    /// Login.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// How to come by SSH in a window.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectView {
    /// Lines to paste into a terminal.
    pub lines: Vec<ConnectLine>,
    /// The line for `known_hosts`.
    pub known_hosts: String,
    /// The gate's host key, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// The line for `known_hosts` that vouches for all servers which are reached by `ssh -J`; nothing where none is.
    pub cert_authority: Option<String>,
    /// Web consoles and programs, where the window grants any.
    pub tls: Option<TlsWays>,
}

/// How to come to web consoles, and with programs of one's own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TlsWays {
    /// Servers with a web console, to be opened in a browser.
    pub consoles: Vec<String>,
    /// The line that opens every endpoint on the technician's own machine, until the window ends.
    pub line: String,
    /// What it opens there.
    pub programs: Vec<ProgramWay>,
}

/// An endpoint that a program of the technician's reaches on their own machine.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProgramWay {
    /// The server.
    pub target: String,
    /// What it is: a web console, a TLS service, or the name of a declared forward.
    pub what: String,
    /// The name that the program looks for: a line in its hosts file leads it to the own machine.
    pub name: String,
    /// Port, there as here where it is free.
    pub port: u16,
    /// How it is recorded: `plain` (what passes, in the clear), `bytes`, or `flow` (encrypted inside: when and how much).
    pub recorded: String,
}

/// A line to paste.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectLine {
    /// What it does.
    pub what: String,
    /// The line.
    pub line: String,
}

/// What somebody should know who decides about a window.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WindowCard {
    /// Its servers.
    pub targets: Vec<super::TargetView>,
    /// What else is planned on them that day.
    pub same_day: Vec<WindowView>,
    /// Freezes of theirs that day.
    pub freezes: Vec<FreezeView>,
    /// What will be recorded, in plain words.
    pub recorded: Vec<String>,
    /// What will not be recorded, in plain words.
    pub not_recorded: Vec<String>,
}

/// A server that the caller may ask a window for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MyServer {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub site: Option<String>,
}

/// One yes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ApprovalView {
    /// Login.
    pub by: String,
    /// As what.
    pub role: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A freeze to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFreeze {
    /// Names of the targets; empty means all.
    #[serde(default)]
    pub targets: Vec<String>,
    /// First frozen instant.
    #[schema(value_type = String)]
    pub from: Moment,
    /// First instant that is not frozen any more.
    #[schema(value_type = String)]
    pub until: Moment,
    /// Why.
    pub reason: String,
}

/// A freeze.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FreezeView {
    /// Identity.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Names of the targets; empty means all.
    pub targets: Vec<String>,
    /// First frozen instant.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// First instant that is not frozen any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
}
