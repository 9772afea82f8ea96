//! What goes over the wire: requests as they are read and answers as they are rendered, one file per noun. The command
//! line uses the same types, so that it cannot drift from the API.

mod alert;
mod authority;
mod bundle;
mod connect;
mod console;
mod destination;
mod emergency;
mod film;
mod host_key;
mod http;
mod keeping;
mod ledger;
mod moment;
mod person;
mod reason;
mod reconcile;
mod recording;
mod role;
mod search;
mod session;
mod sign_in;
mod target;
mod tls_ca;
mod vendor;
mod window;
mod window_console;
mod window_file;

pub use alert::{AlertClose, AlertView, Disposition, DueView, RelatedView};
pub use authority::{
    AuthoritiesView, AuthorityView, NewAuthority, NewNetworks, NewRevocation, RevokedBy, RevokedView,
    WithdrawnAuthority,
};
pub use bundle::NewBundle;
pub use connect::{ConnectionEndpoint, ConnectionTarget, ConnectionView, NewConnection};
pub use console::{
    CertificateView, ChangeTls, NewClientCertificate, NewConsoleSignIn, NewEndpoints, NewPlainHttp, NewTls,
    PlainHttpView, RemovedEndpoint,
};
pub use destination::{DestinationKind, DestinationView, NewDestination};
pub use emergency::{NewEmergency, NewOnTheSpot, ReturnToService};
pub use film::{Idle, PieceView, TimelineChannel, TimelineMarker, TimelineView};
pub use host_key::{
    HostKeyWord, LegacyView, NewAddresses, NewHostKeys, NewLegacy, ProposedKeyView, UserCaView,
};
pub use http::{
    HeaderField, TransactionFile, TransactionOpened, TransactionView, TransactionsView, WebSocketMessage,
};
pub use keeping::{
    AssignedView, ClassView, HoldView, NewAssigned, NewClass, NewHold, NewUnmask, RetainedView, RetentionRun,
    RetentionView, TogetherView, WordView,
};
pub use ledger::{
    CheckpointView, ConsistencyView, FactView, FactsView, ForkRequest, ForkView, InclusionView,
    LedgerVerdict, VerifyLedger,
};
pub use moment::{Moment, NotAMoment};
pub use person::{KeyView, NewEmail, NewKey, NewPerson, PersonView, WithdrawnKey};
pub use reason::{Because, EverythingLock};
pub use reconcile::{ReconcileView, SignInView, UnseenVisit};
pub use recording::{ExportFormat, RecordingVerdict, RecordingView, UnknownFormat};
pub use role::{NotAGrant, grant_from_text, grant_to_text};
pub use search::SearchHit;
pub use session::SessionView;
pub use sign_in::{
    COOKIE, CSRF, Code, DemoDesk, DemoSignIn, DemoView, EnrolmentAnswer, EnrolmentLink, EnrolmentOffer,
    LinkToken, Me, ProvenUntil, RecoveryCodes, ResetView, SECURE_COOKIE, SignIn,
};
pub use target::{
    CardView, CredentialKind, EndpointView, NewCredential, NewSsh, NewTarget, NewTcp, NewUploads, TargetView,
};
pub use tls_ca::{NextTlsAuthorityView, RetireTlsAuthority, TlsAuthorityView};
pub use vendor::{NewVendor, VendorView};
pub use window::{
    ApprovalView, ConnectLine, ConnectView, DecisionView, FreezeView, Go, MissingView, MoreTimeView,
    MoveWindow, MyServer, NewCloses, NewFreeze, NewObserver, NewWindow, PlannedFileView, ProgramWay,
    Substitute, TlsWays, WindowCard, WindowView,
};
pub use window_console::{ConsoleView, OpenConsole};
pub use window_file::{FileRelease, SentFileView};
