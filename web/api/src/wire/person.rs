//! People on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment::Moment;

/// A person to enrol.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// Sign-in name.
    #[schema(example = "dana")]
    pub login: String,
    /// Name for people; the login where empty.
    #[serde(default)]
    pub name: String,
    /// Roles: `technician`, or with a scope `clinical-engineer@site:East`.
    pub roles: Vec<String>,
    /// Where they are told what becomes of their change windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "dana@meridian.example")]
    pub email: Option<String>,
    /// Name of the company they work for; nothing for hospital staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// SSH public keys, one OpenSSH line each.
    #[serde(default)]
    pub ssh_keys: Vec<String>,
    /// Networks they may come from, `ADDR/BITS`; empty means any.
    #[serde(default)]
    pub source_networks: Vec<String>,
    /// First instant they may sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_from: Option<Moment>,
    /// First instant they may no longer sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Moment>,
    /// How many sessions they may have at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_limit: Option<u32>,
}

/// A key to enrol.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// One OpenSSH public key line.
    pub ssh_key: String,
    /// First instant it may no longer be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Moment>,
}

/// Where a person gets mail.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEmail {
    /// The address; nothing to be told by mail no more.
    pub email: Option<String>,
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonView {
    /// Identity.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Sign-in name.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// Where they get mail.
    #[serde(default)]
    pub email: Option<String>,
    /// Company.
    pub vendor: Option<String>,
    /// Roles with their scopes.
    pub roles: Vec<String>,
    /// SSH keys.
    pub keys: Vec<KeyView>,
    /// Networks they may come from; empty means any.
    pub source_networks: Vec<String>,
    /// First instant they may sign in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Timestamp>,
    /// First instant they may no longer sign in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
    /// Login of who answers for them, where they were enrolled on the spot.
    #[serde(default)]
    pub sponsor: Option<String>,
    /// Why they are locked; nothing when they are not.
    pub locked: Option<String>,
    /// Whether they can sign in on the web.
    #[serde(default)]
    pub enrolled: bool,
    /// Whether they have a second factor.
    #[serde(default)]
    pub second_factor: bool,
    /// When they last signed in on the web.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sign_in: Option<Timestamp>,
}

/// Which key is withdrawn, and why.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawnKey {
    /// As `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// Why.
    pub reason: String,
}

/// An enrolled key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyView {
    /// As `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// As in the public key line.
    pub algorithm: String,
    /// First instant it may no longer be used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
}
