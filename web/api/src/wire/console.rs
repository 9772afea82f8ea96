//! A target's TLS service on the wire: how it is trusted, what the gate shows to it, and how the gate signs in to its
//! console. Secrets go in and never come out.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Moment;
use super::target::{NewSsh, NewTcp};

/// A TLS service to add.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTls {
    /// `HOST:PORT`.
    pub address: String,
    /// Name that its certificate must carry.
    pub server_name: String,
    /// PEM certificates to trust for it; nothing where a pinned key alone says who it is.
    #[serde(default)]
    pub trust_pem: String,
    /// Whether it is a web console.
    #[serde(default)]
    pub http: bool,
    /// SHA-256 of public keys, one of which its certificate must have: hexadecimal or base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<String>,
    /// The certificate that the gate shows to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<NewClientCertificate>,
    /// How the gate signs in to the console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<NewConsoleSignIn>,
    /// The console speaks no TLS, for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_http: Option<NewPlainHttp>,
}

/// What changes of a TLS service; what is not said stays. A target that has none gets one.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeTls {
    /// `HOST:PORT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Name that its certificate must carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// PEM certificates to trust for it, in place of those before; an empty text where a pinned key alone is to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_pem: Option<String>,
    /// Whether it is a web console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<bool>,
    /// SHA-256 of public keys, in place of those before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pins: Option<Vec<String>>,
    /// The certificate that the gate shows to it from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<NewClientCertificate>,
    /// How the gate signs in to the console from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<NewConsoleSignIn>,
    /// The console speaks no TLS, for a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain_http: Option<NewPlainHttp>,
    /// What it is to have no longer: `client`, `sign-in`, `plain-http`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Why.
    pub reason: String,
}

/// A certificate that the gate shows, and its key.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClientCertificate {
    /// The certificate, with what vouches for it behind it (PEM).
    pub certificate_pem: String,
    /// Its private key (PEM), without a passphrase. Sealed at once; no answer ever has it.
    #[schema(write_only)]
    pub key_pem: String,
}

impl fmt::Debug for NewClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewClientCertificate(..)")
    }
}

/// How the gate signs in to a console: by one of the two.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConsoleSignIn {
    /// This user, with the secret as the password (`Authorization: Basic`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic: Option<String>,
    /// This header, with the secret as its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The secret. Sealed at once; no answer ever has it.
    #[schema(write_only)]
    pub secret: String,
}

impl fmt::Debug for NewConsoleSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewConsoleSignIn")
            .field("basic", &self.basic)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// A console that is reached without TLS.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlainHttp {
    /// First instant at which it is no longer reached: a year ahead at most.
    #[schema(value_type = String, example = "+2160h")]
    pub until: Moment,
    /// Why it has nothing better.
    pub reason: String,
}

/// A certificate, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateView {
    /// Whose it is, as it says.
    pub subject: String,
    /// SHA-256, as `openssl x509 -fingerprint -sha256` shows it.
    pub fingerprint: String,
    /// The last second in which it is valid.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// A console that is reached without TLS, by somebody's word and for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlainHttpView {
    /// First instant at which it is no longer reached.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// Ways to reach a target, to add.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewEndpoints {
    /// Its SSH server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<NewSsh>,
    /// Declared forwards.
    pub tcp: Vec<NewTcp>,
    /// Whether forwards that are declared already are replaced.
    pub replace: bool,
    /// Why.
    pub reason: String,
}

/// A way to reach a target that there is no longer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovedEndpoint {
    /// `ssh`, `tls`, or `tcp:NAME`.
    #[schema(example = "tcp:db")]
    pub endpoint: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}
