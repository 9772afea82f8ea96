//! `chaperone vendor …`

use chaperone_web::wire::{Because, Moment, NewNetworks, NewVendor, VendorView};
use clap::Subcommand;

use super::authority::{self, AddCa, RemoveCa, RevokeCert};
use super::moment::{FORMS, moment};
use super::outcome::Failure;
use super::table::{Table, join, maybe_time};
use super::via::{Remote, Via};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Add a company whose people visit
    Add {
        /// Its name, as contracts spell it
        name: String,
        /// Login of the hospital's person who answers for it
        #[arg(long, value_name = "LOGIN")]
        sponsor: Option<String>,
        /// A network its people may come from; repeat for more
        #[arg(long, value_name = "ADDR/BITS")]
        source_network: Vec<String>,
        /// When its people may no longer visit
        #[arg(long, value_name = "TIME", value_parser = moment, help = format!("When its people may no longer visit: {FORMS}"))]
        valid_until: Option<Moment>,
    },
    /// List all companies
    List,
    /// Say where its people may come from; visits from elsewhere end
    SetNetworks {
        /// Its name
        name: String,
        /// The networks; leave out for anywhere
        #[arg(value_name = "ADDR/BITS")]
        source_network: Vec<String>,
    },
    /// Believe the OpenSSH certificates that a key of its signs, for its own people
    AddCa(AddCa),
    /// List the keys that sign certificates for it, and the certificates that are revoked
    ListCa {
        /// Its name
        name: String,
    },
    /// Believe a key no more: its certificates prove nobody, and visits that were begun with one end
    RemoveCa(RemoveCa),
    /// Revoke certificates of its: visits that were begun with one end
    RevokeCert(RevokeCert),
    /// Keep all its people out, and end their visits
    Lock {
        /// Its name
        name: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Let its people in again
    Unlock {
        /// Its name
        name: String,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Add { name, sponsor, source_network, valid_until } => {
            let new = NewVendor { name, sponsor, source_networks: source_network, valid_until };
            let vendor: VendorView = client.post(&["vendors"], &new).await?;
            via.done(&vendor, |vendor| format!("Added {} ({}).", vendor.name, vendor.id))
        }
        Verb::List => list(&via, client.get(&["vendors"]).await?),
        Verb::SetNetworks { name, source_network } => {
            let new = NewNetworks { source_networks: source_network };
            let vendor: VendorView = client.put(&["vendors", &name, "networks"], &new).await?;
            via.done(&vendor, |vendor| come_from(&vendor.name, &vendor.source_networks))
        }
        Verb::AddCa(add) => authority::add(&via, &client, add).await,
        Verb::ListCa { name } => authority::list(&via, &client, &name).await,
        Verb::RemoveCa(remove) => authority::remove(&via, &client, remove).await,
        Verb::RevokeCert(revoke) => authority::revoke(&via, &client, revoke).await,
        Verb::Lock { name, reason } => {
            let vendor: VendorView = client.post(&["vendors", &name, "lock"], &Because { reason }).await?;
            via.done(&vendor, |vendor| format!("{} is locked; its visits end now.", vendor.name))
        }
        Verb::Unlock { name, reason } => {
            let vendor: VendorView = client.post(&["vendors", &name, "unlock"], &Because { reason }).await?;
            via.done(&vendor, |vendor| format!("{} is no longer locked.", vendor.name))
        }
    }
}

/// Where somebody may come from, in words.
pub(super) fn come_from(who: &str, networks: &[String]) -> String {
    if networks.is_empty() {
        return format!("{who} may come from anywhere.");
    }
    format!("{who} may come from {}.", join(networks))
}

fn list(via: &Via, vendors: Vec<VendorView>) -> Result<(), Failure> {
    via.show(&vendors, |vendors| {
        let table = Table::list(
            ["name", "people", "sponsor", "valid until", "locked", "id"],
            "No vendors yet: `chaperone vendor add NAME`.",
        );
        vendors.iter().fold(table, |table, vendor| {
            table.row([
                vendor.name.clone(),
                join(&vendor.people),
                vendor.sponsor.clone().unwrap_or_default(),
                maybe_time(vendor.valid_until),
                vendor.locked.clone().unwrap_or_default(),
                vendor.id.clone(),
            ])
        })
    })
}
