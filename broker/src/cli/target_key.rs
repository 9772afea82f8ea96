//! `chaperone target …` for what a server is known by, what it may still speak, and where it is.

use std::path::PathBuf;

use chaperone_web::wire::{
    Because, HostKeyWord, LegacyView, Moment, NewAddresses, NewHostKeys, NewLegacy, ProposedKeyView,
    TargetView, UserCaView,
};
use clap::Subcommand;

use super::moment::{FORMS, moment};
use super::outcome::Failure;
use super::public_key;
use super::table::maybe_time;
use super::via::Via;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Propose host keys of its SSH server; another engineer approves each before it counts
    PinHostKey {
        /// Its name
        name: String,
        /// A public key file or known_hosts lines; repeat for more
        #[arg(
            long,
            visible_alias = "host-key",
            value_name = "FILE",
            required_unless_present = "scan",
            conflicts_with = "scan"
        )]
        key: Vec<PathBuf>,
        /// Have the gate ask the server which keys it shows; nothing secret is sent
        #[arg(long, conflicts_with = "authority")]
        scan: bool,
        /// They may sign host keys (OpenSSH's @cert-authority) rather than be some
        #[arg(long)]
        authority: bool,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Approve a host key that another engineer, or the gate, has proposed
    ApproveHostKey {
        /// Its name
        name: String,
        /// The key, SHA256:… as `ssh-keygen -l` prints it on the server's console
        fingerprint: String,
        /// How it was compared
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Say no to a proposed host key, or take one's own proposal back
    RefuseHostKey {
        /// Its name
        name: String,
        /// The key, SHA256:…
        fingerprint: String,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Take a pinned host key, or an authority, away
    RetireHostKey {
        /// Its name
        name: String,
        /// The key, SHA256:…
        fingerprint: String,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Let it speak old algorithms for a time
    AllowLegacy {
        /// Its name
        name: String,
        /// ssh-rsa, dh-group14-sha1, dh-group1-sha1, dh-gex-sha1, aes-cbc or hmac-sha1; repeat for more
        #[arg(long, value_name = "NAME", required = true)]
        algorithm: Vec<String>,
        #[arg(long, value_name = "TIME", value_parser = moment, help = format!("First instant at which they are refused again, two years ahead at most: {FORMS}"))]
        until: Moment,
        /// Why it has nothing better
        #[arg(long)]
        reason: String,
    },
    /// Let it speak old algorithms no longer
    ForbidLegacy {
        /// Its name
        name: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Say where its SSH server is
    SetAddress {
        /// Its name
        name: String,
        /// HOST:PORT, port 22 where it is left out; repeat for more, which are tried in this order
        #[arg(long, value_name = "HOST:PORT", required = true)]
        ssh: Vec<String>,
        /// Why it changes
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Print the lines by which a server trusts the gate's user CA (TrustedUserCAKeys)
    UserCa,
    /// Make a new user CA beside the old one, and print both lines: servers are to trust both
    RenewUserCa {
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Retire the old user CA: only the new one signs, and servers may forget the old one
    RetireUserCa {
        /// Why
        #[arg(long)]
        reason: String,
    },
}

pub(crate) async fn run(via: &Via, verb: Verb) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::PinHostKey { name, key, scan, authority, reason } => {
            let mut host_keys = Vec::new();
            for path in &key {
                host_keys.extend(public_key::from_file(path)?);
            }
            let new = NewHostKeys { host_keys, authority, scan, reason };
            let target: TargetView = client.post(&["targets", &name, "host-keys"], &new).await?;
            via.done(&target, proposed)
        }
        Verb::ApproveHostKey { name, fingerprint, reason } => {
            let word = HostKeyWord { fingerprint: fingerprint.clone(), reason };
            let path = ["targets", name.as_str(), "host-keys", "approve"];
            let target: TargetView = client.post(&path, &word).await?;
            via.done(&target, |target| {
                let waits = target.proposed_keys.iter().any(|key| key.fingerprint == fingerprint);
                let done = if waits {
                    "stands for now; another engineer must approve it"
                } else {
                    "counts from now on"
                };
                format!("The host key {fingerprint} of {} {done}.", target.name)
            })
        }
        Verb::RefuseHostKey { name, fingerprint, reason } => {
            let word = HostKeyWord { fingerprint, reason };
            let path = ["targets", name.as_str(), "host-keys", "refuse"];
            let target: TargetView = client.post(&path, &word).await?;
            via.done(&target, |target| format!("The proposed host key of {} is refused.", target.name))
        }
        Verb::RetireHostKey { name, fingerprint, reason } => {
            let word = HostKeyWord { fingerprint, reason };
            let path = ["targets", name.as_str(), "host-keys", "retire"];
            let target: TargetView = client.post(&path, &word).await?;
            via.done(&target, |target| format!("The host key of {} counts no longer.", target.name))
        }
        Verb::AllowLegacy { name, algorithm, until, reason } => {
            let new = NewLegacy { algorithms: algorithm, until: Some(until), reason };
            let target: TargetView = client.put(&["targets", &name, "legacy"], &new).await?;
            via.done(&target, |target| format!("{} may speak old algorithms for a time.", target.name))
        }
        Verb::ForbidLegacy { name, reason } => {
            let new = NewLegacy { algorithms: Vec::new(), until: None, reason };
            let target: TargetView = client.put(&["targets", &name, "legacy"], &new).await?;
            via.done(&target, |target| format!("{} may speak old algorithms no longer.", target.name))
        }
        Verb::SetAddress { name, ssh, reason } => {
            let new = NewAddresses { addresses: ssh, reason };
            let target: TargetView = client.put(&["targets", &name, "addresses"], &new).await?;
            via.done(&target, |target| format!("The address of {} is set.", target.name))
        }
        Verb::UserCa => {
            let ca: UserCaView = client.get(&["ssh", "user-ca"]).await?;
            via.done(&ca, lines)
        }
        Verb::RenewUserCa { reason } => {
            let ca: UserCaView = client.post(&["ssh", "user-ca", "next"], &Because { reason }).await?;
            via.done(&ca, lines)
        }
        Verb::RetireUserCa { reason } => {
            let ca: UserCaView = client.post(&["ssh", "user-ca", "retire"], &Because { reason }).await?;
            via.done(&ca, lines)
        }
    }
}

/// Each CA on a line of its own, as the servers' file has them.
fn lines(ca: &UserCaView) -> String {
    ca.next.iter().fold(ca.public.clone(), |lines, next| format!("{lines}\n{next}"))
}

fn proposed(target: &TargetView) -> String {
    let mut text = format!("Host keys of {} that wait for another engineer:", target.name);
    for key in &target.proposed_keys {
        text.push_str("\n  ");
        text.push_str(&proposal(key));
    }
    text.push_str(
        "\nCompare them on the server's own console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
    );
    text
}

/// A host key that waits, in one line.
pub(super) fn proposal(key: &ProposedKeyView) -> String {
    let kind = key.key.split(' ').next().unwrap_or_default();
    let by = key.by.as_deref().unwrap_or("the gate");
    let role = if key.authority { ", an authority" } else { "" };
    format!("{} ({kind}{role}; {} and proposed by {by})", key.fingerprint, key.origin)
}

/// Old algorithms, in one line.
pub(super) fn legacy(legacy: &LegacyView) -> String {
    let over = if legacy.until <= jiff::Timestamp::now() { "EXPIRED: " } else { "" };
    format!(
        "{over}{} until {}: {}",
        legacy.algorithms.join(", "),
        maybe_time(Some(legacy.until)),
        legacy.reason
    )
}
