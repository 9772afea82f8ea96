//! A company's authorities, revoked certificates, and networks.

use chaperone_identity::ssh_key;
use chaperone_policy::{Authority, AuthorityId, Revoked, VendorId};
use ipnet::IpNet;
use jiff::Timestamp;
use uuid::Uuid;

use super::person::validity;
use super::{all, needed};
use crate::problem::Problem;
use crate::wire::{NewAuthority, NewNetworks, NewRevocation, RevokedBy};

pub(crate) fn authority(new: &NewAuthority, vendor: VendorId, now: Timestamp) -> Result<Authority, Problem> {
    let key = ssh_key::PublicKey::parse(&new.ssh_key).map_err(|error| Problem::field("ssh_key", error))?;
    Ok(Authority {
        id: AuthorityId(Uuid::now_v7()),
        vendor,
        fingerprint: key.fingerprint().to_owned(),
        openssh: key.openssh().to_owned(),
        validity: validity(None, new.valid_until, now)?,
    })
}

pub(crate) fn revoked(new: &NewRevocation) -> Result<Revoked, Problem> {
    let value = needed("value", &new.value)?;
    match new.by {
        RevokedBy::Serial => {
            let serial =
                value.parse().map_err(|_| Problem::field("value", "a serial number is a decimal number"))?;
            Ok(Revoked::Serial(serial))
        }
        RevokedBy::KeyId => Ok(Revoked::KeyId(value)),
        RevokedBy::Key if value.starts_with("SHA256:") => Ok(Revoked::Key(value)),
        RevokedBy::Key => Err(Problem::field("value", "a key is named by its SHA256: fingerprint")),
    }
}

pub(crate) fn networks(new: &NewNetworks) -> Result<Vec<IpNet>, Problem> {
    all("source_networks", &new.source_networks)
}
