//! Signing in, proving again and enrolling, on the wire.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PersonView;

/// The name of a sign-in's cookie; with HTTPS it carries the `__Host-` prefix, which browsers let nobody else set.
pub const COOKIE: &str = "chaperone_session";
/// The name with HTTPS.
pub const SECURE_COOKIE: &str = "__Host-chaperone_session";
/// The header that a changing request carries beside the cookie.
pub const CSRF: &str = "x-csrf-token";

/// Who signs in, and with what.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Sign-in name.
    pub login: String,
    /// Password.
    pub password: String,
    /// Six digits of the authenticator, or a recovery code.
    pub code: String,
}

/// A second factor, proven again.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Six digits of the authenticator, or a recovery code.
    pub code: String,
}

/// How long a fresh proof does.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProvenUntil {
    /// First instant at which it is asked for again.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// What an enrolment link carries.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkToken {
    /// From the link's fragment.
    pub token: String,
}

/// What is behind an enrolment link.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct EnrolmentOffer {
    /// Sign-in name.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// The `otpauth://` URL, for a QR code.
    pub otpauth: String,
    /// The secret in base 32, for typing.
    pub secret: String,
    /// First instant at which the link is worth nothing.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
}

/// What somebody chose who enrols.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentAnswer {
    /// From the link's fragment.
    pub token: String,
    /// The new password, at least twelve characters.
    pub password: String,
    /// A first code of the authenticator.
    pub code: String,
}

/// What nobody sees again.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each stands in once for a code of the authenticator.
    pub recovery_codes: Vec<String>,
}

/// A link that enrols somebody, shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct EnrolmentLink {
    /// To be handed to the person on a way that only they read.
    pub link: String,
    /// First instant at which it is worth nothing.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
}

/// Where a reset stands.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ResetView {
    /// `waiting-for-second` or `done`.
    pub state: String,
    /// The new enrolment link, once it is done.
    pub link: Option<String>,
    /// The role whose word is missing.
    pub waiting_for: Option<String>,
}

/// Whom the demo signs in with one click, and how to come by SSH.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DemoView {
    /// One per desk.
    pub desks: Vec<DemoDesk>,
    /// Lines to paste into a terminal.
    pub ssh: Vec<String>,
    /// What this is.
    pub note: String,
}

/// A desk of the demo.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DemoDesk {
    /// Sign-in name.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// `technician`, `engineering`, `soc` or `administration`.
    pub desk: String,
    /// What they do there, in a sentence.
    pub words: String,
}

/// Whom to sign in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoSignIn {
    /// Sign-in name.
    pub login: String,
}

/// Who the caller is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The caller.
    pub person: PersonView,
    /// Roles without their scopes.
    pub roles: Vec<String>,
    /// Desks: `technician`, `engineering`, `soc`, `administration`.
    pub desks: Vec<String>,
    /// Acts of the table of rights that some role of theirs may do, or look at.
    pub acts: Vec<String>,
    /// What every changing request of a browser carries in `X-CSRF-Token`.
    pub csrf: Option<String>,
    /// When they signed in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signed_in_at: Option<Timestamp>,
    /// Until when acts that want a fresh second factor are done without asking.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub step_up_until: Option<Timestamp>,
    /// Whether the token was minted on the host.
    pub host_minted: bool,
    /// When the token, or the sign-in, ends.
    #[schema(value_type = String, format = DateTime)]
    pub token_expires: Timestamp,
    /// The hospital's IANA time zone.
    pub time_zone: String,
}

macro_rules! secret {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}

secret!(SignIn, Code, LinkToken, EnrolmentOffer, EnrolmentAnswer, RecoveryCodes, EnrolmentLink, ResetView);
