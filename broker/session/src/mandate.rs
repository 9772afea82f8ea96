//! What the certificate says that a session signs in to its target with, where the target trusts the gate's user CA: who,
//! until when, from where and what for. It is minted for one dial, on a fresh key, and is worth nothing once the session
//! must have ended.

use chaperone_policy::{Access, AccountName, Permit, SessionId};
use chaperone_vault::UserCa;
use jiff::{SignedDuration, Timestamp};

/// How far a target's clock may be behind the gate's.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The terms of one certificate (OpenSSH's PROTOCOL.certkeys), with the keys that may sign it.
#[derive(Clone, Debug)]
pub struct Mandate {
    /// Signs it: the first that the target trusts.
    pub authorities: Vec<UserCa>,
    /// By which the target's own log names the session.
    pub serial: u64,
    /// What that log calls it.
    pub key_id: String,
    /// The one account that it is for.
    pub principal: AccountName,
    /// First second in which it is valid.
    pub from: Timestamp,
    /// First second in which it is not any more.
    pub until: Timestamp,
    /// Where it is valid from, as `source-address` has it; anywhere where there is nothing.
    pub sources: Vec<String>,
    /// Whether a terminal may be asked for.
    pub terminal: bool,
}

impl Mandate {
    /// The terms for a session as its permit is now.
    pub(crate) fn of(
        session: SessionId,
        permit: &Permit,
        authorities: Vec<UserCa>,
        sources: &[String],
        now: Timestamp,
    ) -> Option<Self> {
        let from = now.checked_sub(SKEW).unwrap_or(now);
        Some(Self {
            authorities,
            serial: session.serial(),
            key_id: format!("chaperone visit {session}"),
            principal: permit.account()?.clone(),
            from,
            until: permit.output_until(),
            sources: sources.to_vec(),
            terminal: permit.access().iter().any(|access| matches!(access, Access::Shell | Access::Exec)),
        })
    }
}
