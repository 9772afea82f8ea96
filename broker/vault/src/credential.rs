//! What the gate signs in to a target with.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text; never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

/// A target's credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetCredential {
    /// A private key in OpenSSH's format, without a passphrase.
    SshKey(Secret),
    /// A password.
    Password(Secret),
    /// None of its own: the server trusts the gate's user CA.
    UserCa,
}

impl TargetCredential {
    /// The stored name of its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SshKey(_) => "ssh-key",
            Self::Password(_) => "password",
            Self::UserCa => "user-ca",
        }
    }

    pub(crate) fn expose(&self) -> &str {
        match self {
            Self::SshKey(secret) | Self::Password(secret) => secret.expose(),
            Self::UserCa => "",
        }
    }

    pub(crate) fn of_kind(kind: &str, secret: String) -> Option<Self> {
        match kind {
            "ssh-key" => Some(Self::SshKey(secret.into())),
            "password" => Some(Self::Password(secret.into())),
            "user-ca" if secret.is_empty() => Some(Self::UserCa),
            _ => None,
        }
    }
}
