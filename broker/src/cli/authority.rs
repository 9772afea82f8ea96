//! `chaperone vendor add-ca`, `list-ca`, `remove-ca`, `revoke-cert`: who a company says its people are.

use std::path::PathBuf;

use chaperone_web::wire::{
    AuthoritiesView, Moment, NewAuthority, NewRevocation, RevokedBy, WithdrawnAuthority,
};
use clap::Args;

use super::client::Client;
use super::moment::{FORMS, moment};
use super::outcome::Failure;
use super::public_key;
use super::table::{Table, maybe_time};
use super::via::Via;

#[derive(Debug, Args)]
pub(crate) struct AddCa {
    /// The company's name
    vendor: String,
    /// The public key file of its certificate authority
    #[arg(value_name = "FILE")]
    key: PathBuf,
    #[arg(long, value_name = "TIME", value_parser = moment, help = format!("When its certificates are believed no more: {FORMS}"))]
    valid_until: Option<Moment>,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveCa {
    /// The company's name
    vendor: String,
    /// As `ssh-keygen -l` and `chaperone vendor list-ca` print it
    #[arg(long, value_name = "SHA256:…")]
    fingerprint: String,
    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeCert {
    /// The company's name
    vendor: String,
    #[command(flatten)]
    which: Which,
    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The certificates with this serial number, whichever of the company's authorities signed them
    #[arg(long, value_name = "N")]
    serial: Option<u64>,
    /// The certificates with this key id
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// The certificates for the key with this fingerprint
    #[arg(long, value_name = "SHA256:…")]
    key: Option<String>,
}

pub(crate) async fn add(via: &Via, client: &Client, add: AddCa) -> Result<(), Failure> {
    let mut view: Option<AuthoritiesView> = None;
    for ssh_key in public_key::from_file(&add.key)? {
        let new = NewAuthority { ssh_key, valid_until: add.valid_until };
        view = Some(client.post(&["vendors", &add.vendor, "authorities"], &new).await?);
    }
    match view {
        Some(view) => via.done(&view, |view| {
            format!("{} has {} certificate authorities.", view.vendor, view.authorities.len())
        }),
        None => Ok(()),
    }
}

pub(crate) async fn list(via: &Via, client: &Client, vendor: &str) -> Result<(), Failure> {
    let view: AuthoritiesView = client.get(&["vendors", vendor, "authorities"]).await?;
    via.show(&view, |view| {
        let table = Table::list(
            ["what", "which", "until", "why"],
            "No certificate authority yet: `chaperone vendor add-ca NAME FILE`.",
        );
        let table = view.authorities.iter().fold(table, |table, one| {
            let which = format!("{} {}", one.fingerprint, one.algorithm);
            table.row(["authority".to_owned(), which, maybe_time(one.valid_until), String::new()])
        });
        view.revoked.iter().fold(table, |table, one| {
            let what = match one.by {
                RevokedBy::Serial => "revoked serial",
                RevokedBy::KeyId => "revoked key id",
                RevokedBy::Key => "revoked key",
            };
            table.row([what.to_owned(), one.value.clone(), String::new(), one.reason.clone()])
        })
    })
}

pub(crate) async fn remove(via: &Via, client: &Client, remove: RemoveCa) -> Result<(), Failure> {
    let RemoveCa { vendor, fingerprint, reason } = remove;
    let which = WithdrawnAuthority { fingerprint, reason };
    let view: AuthoritiesView = client.post(&["vendors", &vendor, "authorities", "withdraw"], &which).await?;
    via.done(&view, |view| format!("Its certificates prove nobody of {} any more.", view.vendor))
}

pub(crate) async fn revoke(via: &Via, client: &Client, revoke: RevokeCert) -> Result<(), Failure> {
    let Which { serial, key_id, key } = revoke.which;
    let serial = serial.map(|serial| (RevokedBy::Serial, serial.to_string()));
    let which = serial
        .or(key_id.map(|id| (RevokedBy::KeyId, id)))
        .or(key.map(|fingerprint| (RevokedBy::Key, fingerprint)));
    // One of the three is there: clap asks for it.
    let Some((by, value)) = which else { return Err(Failure::usage("name the certificates")) };
    let new = NewRevocation { by, value, reason: revoke.reason };
    let view: AuthoritiesView = client.post(&["vendors", &revoke.vendor, "revocations"], &new).await?;
    via.done(&view, |view| format!("{} revocation(s) of {} stand.", view.revoked.len(), view.vendor))
}
