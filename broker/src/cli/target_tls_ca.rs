//! `chaperone target …` for the authority that vouches for the gate, and for technicians who come by TLS.

use chaperone_web::wire::{Because, RetireTlsAuthority, TlsAuthorityView};
use clap::Subcommand;

use super::outcome::Failure;
use super::table::maybe_time;
use super::via::Via;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Print the certificate that vouches for the gate's TLS door, for trust stores; two while one takes the other's place
    TlsCa,
    /// Make a new TLS CA beside the old one, and say what is to be done: both are trusted until the old one is retired
    RenewTlsCa {
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Retire the old TLS CA: what it signed is refused from now on; visits that are on go on
    RetireTlsCa {
        /// Also while technicians may hold certificates of it: its key was stolen, say
        #[arg(long)]
        at_once: bool,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

pub(crate) async fn run(via: &Via, verb: Verb) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::TlsCa => {
            let ca: TlsAuthorityView = client.get(&["tls", "authority"]).await?;
            via.done(&ca, certificates)
        }
        Verb::RenewTlsCa { reason } => {
            let path = ["tls", "authority", "next"];
            let ca: TlsAuthorityView = client.post(&path, &Because { reason }).await?;
            via.done(&ca, made)
        }
        Verb::RetireTlsCa { at_once, reason } => {
            let path = ["tls", "authority", "retire"];
            let ca: TlsAuthorityView = client.post(&path, &RetireTlsAuthority { reason, at_once }).await?;
            via.done(&ca, retired)
        }
    }
}

/// Each certificate behind the other, as a trust store takes them.
fn certificates(ca: &TlsAuthorityView) -> String {
    ca.next.iter().fold(ca.pem.trim_end().to_owned(), |pems, next| format!("{pems}\n{}", next.pem.trim_end()))
}

fn made(ca: &TlsAuthorityView) -> String {
    let Some(next) = &ca.next else { return format!("The TLS CA is {}.", ca.fingerprint) };
    format!(
        "There is a new TLS CA: {new}, until {until}.
Within seconds it signs technicians' certificates. Until the old one ({old}) is retired both are trusted, and the gate's
own door shows what the old one signed.
  trust stores   put the new one beside the old one, wherever browsers or programs trust the old one:
                 `chaperone target tls-ca` prints both. Where gate.tls_cert is a certificate of the hospital's, there is nothing to do.
  technicians    `chaperone connect` needs nothing. A client that was given a certificate by hand keeps it until it ends;
                 the answer to the next one has both CAs.
  then           `chaperone target retire-tls-ca --reason R`, once trust stores have it, and not before {from}.",
        new = next.fingerprint,
        until = maybe_time(Some(next.until)),
        old = ca.fingerprint,
        from = maybe_time(Some(next.retires_from)),
    )
}

fn retired(ca: &TlsAuthorityView) -> String {
    format!(
        "The old TLS CA is retired: within seconds no door takes what it signed, and the gate's own door shows what the new one
({}) signs. Visits that are on go on. Take the old one out of trust stores.",
        ca.fingerprint
    )
}
