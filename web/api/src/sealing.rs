//! The vault, as what seals the secrets of people's authenticators.

use chaperone_identity::Seals;
use chaperone_policy::PersonId;
use chaperone_vault::Vault;
use zeroize::Zeroizing;

/// Seals each person's secret for that person: one that is put beside another login does not open.
pub struct Sealing(pub Vault);

impl Seals for Sealing {
    fn seal(&self, person: PersonId, secret: &[u8]) -> Option<Vec<u8>> {
        self.0.seal(&place(person), secret).ok()
    }

    fn unseal(&self, person: PersonId, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let opened = self.0.unseal(&place(person), sealed);
        if let Err(error) = &opened {
            tracing::error!(%person, %error, "a second factor's secret does not open");
        }
        opened.ok()
    }
}

fn place(person: PersonId) -> String {
    format!("totp {person}")
}
