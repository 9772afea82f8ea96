//! Reaching a target: what a door's protocol implements, and the ticket without which it cannot.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::{AccountName, Endpoint, HostPort, TargetName};
use chaperone_vault::TargetCredential;
use futures::FutureExt;
use jiff::Timestamp;
use serde_json::Value;

use crate::live::{Leg, LiveSession};
use crate::mandate::Mandate;
use crate::sever::Cord;

/// The right to dial once: made only for a session whose permit stands and whose recording runs.
pub struct Ticket {
    pub(crate) endpoint: Endpoint,
    pub(crate) account: AccountName,
    pub(crate) credential: TargetCredential,
    pub(crate) mandate: Option<Mandate>,
    pub(crate) session: Arc<LiveSession>,
}

impl Ticket {
    /// Where to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// As whom.
    #[must_use]
    pub fn account(&self) -> &AccountName {
        &self.account
    }

    /// What the target is called at the gate.
    #[must_use]
    pub fn target(&self) -> TargetName {
        self.session.permit().target().name.clone()
    }

    /// The time, by the session's own clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.session.began.now()
    }

    /// The stored name of the kind of credential.
    #[must_use]
    pub fn credential_kind(&self) -> &'static str {
        self.credential.kind()
    }

    /// What a certificate for this dial says, where the credential is one.
    #[must_use]
    pub fn mandate(&self) -> Option<&Mandate> {
        self.mandate.as_ref()
    }

    /// The session that it is for.
    #[must_use]
    pub fn session(&self) -> &Arc<LiveSession> {
        &self.session
    }

    /// There is a connection: from now on the session's end severs it, also before anybody has signed in.
    pub fn connected(&self, cord: &Cord) {
        let goodbye = Box::new(|_| futures::future::ready(()).boxed());
        self.session.hang(Leg { name: "target", cord: cord.clone(), goodbye });
    }

    /// With what; spends the ticket.
    #[must_use]
    pub fn into_credential(self) -> TargetCredential {
        self.credential
    }
}

/// A protocol's way to a target. Implementations say [`Ticket::connected`] as soon as there is a connection, bound each
/// step's time, check the target's identity before any secret leaves, and sever the connection when they fail.
pub trait Dial: Send + Sync {
    /// A signed-in connection.
    type Leg: Send;

    /// Connects and signs in.
    fn dial(&self, ticket: Ticket) -> impl Future<Output = Result<Dialled<Self::Leg>, DialError>> + Send;
}

/// A target reached.
#[derive(Debug)]
pub struct Dialled<L> {
    /// The protocol's handle.
    pub leg: L,
    /// Ends the connection.
    pub cord: Cord,
    /// Algorithms, host key and account, for the recording.
    pub about: Value,
    /// The address that answered.
    pub at: HostPort,
    /// What of the endpoint's declaration the target was known by: the line of a host key, or of an authority.
    pub known_by: String,
}

/// Why a target was not reached.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The target has no endpoint of this protocol.
    #[error("the target has no endpoint of this protocol")]
    NoEndpoint,
    /// The vault holds no credential for the account, or cannot open it.
    #[error("no credential for this account can be opened")]
    NoCredential,
    /// Nobody has pinned a host key of the target yet.
    #[error("no host key of the target is pinned, so that nothing can be told from an impostor")]
    NoHostKey,
    /// The target has nothing better than algorithms that nobody has allowed.
    #[error("the target has nothing better than {offered}; allow old algorithms for a time, or renew it")]
    OldAlgorithms {
        /// What it offers.
        offered: String,
    },
    /// The target has no TLS that the gate speaks.
    #[error(
        "the target speaks nothing newer than TLS 1.1; declare it as an opaque tcp endpoint, of which only the flow is \
         recorded, or renew it"
    )]
    OldTls,
    /// The target has no TLS, and the time for which that was allowed is over.
    #[error("the target speaks no TLS, and was allowed to be reached without it until {0}")]
    PlainHttpExpired(Timestamp),
    /// What the target speaks was allowed for a time, which is over.
    #[error("the target has nothing better than algorithms that were allowed until {0}")]
    LegacyExpired(Timestamp),
    /// No connection.
    #[error("the target cannot be reached: {0}")]
    Unreachable(String),
    /// A step took too long.
    #[error("the target did not answer within {0:?}")]
    Slow(Duration),
    /// The target showed a key that is not pinned; nothing secret was sent.
    #[error("the target showed the host key {offered}, which is not pinned")]
    HostKey {
        /// Its fingerprint.
        offered: String,
    },
    /// The target showed a certificate that is not the declared one, or does not lead to it; nothing was sent.
    #[error("the target's certificate is not the one that was declared for it: {0}")]
    Certificate(String),
    /// The target did not accept the credential.
    #[error("the target did not accept the gate's credential")]
    Credential,
    /// The target asked for more than the one password.
    #[error("the target asked for something else than its password: {0}")]
    Prompt(&'static str),
    /// An answer held what the gate signs in with.
    #[error("the server's answer held the credential that the gate signs in to it with")]
    ShowsCredential,
    /// An answer can be read in two ways.
    #[error("the server's answer can be read in two ways, and was not passed on: {0}")]
    Ambiguous(String),
    /// A forward was declared as readable, and a peer begins to speak SSH in it.
    #[error(
        "SSH inside a forward that was declared as readable ({0}): a shell that nobody would see, and it was ended"
    )]
    SshInside(String),
    /// The session ended while its target was being reached.
    #[error("the session ended first")]
    Ended,
    /// The protocol broke.
    #[error("the target broke the protocol: {0}")]
    Protocol(String),
}

impl DialError {
    /// The stored name.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NoEndpoint => "no-endpoint",
            Self::NoCredential => "no-credential",
            Self::NoHostKey => "no-host-key",
            Self::OldAlgorithms { .. } => "old-algorithms",
            Self::OldTls => "old-tls",
            Self::PlainHttpExpired(_) => "plain-http-expired",
            Self::LegacyExpired(_) => "legacy-expired",
            Self::Unreachable(_) => "unreachable",
            Self::Slow(_) => "slow",
            Self::HostKey { .. } => "host-key",
            Self::Certificate(_) => "certificate",
            Self::Credential => "target-credential",
            Self::Prompt(_) => "target-prompt",
            Self::ShowsCredential => "shows-credential",
            Self::Ambiguous(_) => "ambiguous-answer",
            Self::SshInside(_) => "ssh-inside",
            Self::Ended => "ended",
            Self::Protocol(_) => "protocol",
        }
    }

    /// What the technician reads: nothing about keys, addresses or credentials.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::NoEndpoint | Self::NoCredential | Self::NoHostKey | Self::Credential | Self::Prompt(_) => {
                "The gate is not set up to sign in to this server. Please call the hospital."
            }
            Self::OldAlgorithms { .. }
            | Self::OldTls
            | Self::PlainHttpExpired(_)
            | Self::LegacyExpired(_) => {
                "The server speaks only what the hospital no longer allows. Please call the hospital."
            }
            Self::Unreachable(_) => "The server cannot be reached. Please call the hospital.",
            Self::Slow(_) => "The server does not answer. Please call the hospital.",
            Self::ShowsCredential => "The server's answer was not passed on. The hospital has been told.",
            Self::Ambiguous(_) => "The server's answer could be read in two ways, and was not passed on.",
            Self::SshInside(_) => "SSH inside a forward is not passed on. Use ssh with the server's name.",
            Self::Ended => "The visit has ended.",
            Self::HostKey { .. } | Self::Certificate(_) => {
                "The server's identity has changed, so the gate did not sign in. The hospital has been told."
            }
            Self::Protocol(_) => "The server broke off the connection. Please call the hospital.",
        }
    }
}
