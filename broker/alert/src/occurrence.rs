//! What a fact says, with names: the one place where a fact's body becomes something that rules and events are made of.
//!
//! Bodies are written by several crates; every member is optional here, and every text is made harmless on the way in.
//! Members that are read: `reason` or `refusal`, `source`, `listener`, `protocol`, `login`, `target`, `account`, `access`, `proof`
//! (`login`, `method`, `key`, `offers`, `client`, `second_factor`), `host_minted`, `failure`, `part`, `name`, `why`. What is not at the top of a refused channel's
//! body is looked for under `about`.

use std::net::{IpAddr, SocketAddr};

use chaperone_policy::{
    AttemptId, Card, Facts, Login, PersonId, Reason, Refusal, SessionId, Target, TargetId, TargetName,
    VendorId, WindowId,
};
use chaperone_store::{CommittedFact, FactKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::protocol::Protocol;
use crate::sanitise::{plain, plain_json};

/// The longest name that is kept of what a caller calls themselves.
const NAME_MAX: usize = 128;

/// A fact, read.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// The fact's number in the ledger.
    pub number: u64,
    /// Its kind.
    pub kind: FactKind,
    /// When it happened.
    pub at: Timestamp,
    /// The node that wrote it.
    pub node: Option<String>,
    /// Whose id it carries; with a failed proof, whom the caller claimed to be.
    pub person_id: Option<PersonId>,
    /// The same, by name.
    pub person: Option<Somebody>,
    /// What the caller called themselves, where that is nobody.
    pub named_login: Option<String>,
    /// To which target.
    pub target_id: Option<TargetId>,
    /// The same, by name.
    pub target: Option<Something>,
    /// What the caller called the target, where that is none.
    pub named_target: Option<String>,
    /// As which account.
    pub account: Option<String>,
    /// For what kind of access.
    pub access: Option<String>,
    /// What the window grants.
    pub granted: Vec<String>,
    /// From which address.
    pub source: Option<IpAddr>,
    /// From which port.
    pub source_port: Option<u16>,
    /// Through which listener.
    pub listener: Option<String>,
    /// What was spoken there.
    pub protocol: Option<Protocol>,
    /// How they proved who they are, such as `publickey`.
    pub proof_method: Option<String>,
    /// With what: a key's fingerprint.
    pub proof_key: Option<String>,
    /// The second factor, where there was one.
    pub second_factor: Option<String>,
    /// What the client software calls itself.
    pub client: Option<String>,
    /// Why it was refused.
    pub reason: Option<Reason>,
    /// The refusal, with the nearest window.
    pub refusal: Option<Refusal>,
    /// Inside which window.
    pub window: Option<WindowId>,
    /// Whose people are concerned.
    pub vendor_id: Option<VendorId>,
    /// Of which session.
    pub session: Option<SessionId>,
    /// Of which attempt.
    pub attempt: Option<AttemptId>,
    /// Whether a token that was minted on the host was used.
    pub host_minted: bool,
    /// How a target or a part of the gate failed, as a stored name.
    pub failure: Option<String>,
    /// The body, made harmless.
    pub body: Value,
}

/// A person, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Somebody {
    /// Identity.
    pub id: PersonId,
    /// Sign-in name.
    pub login: Login,
    /// Name for people.
    pub name: String,
    /// The company they work for.
    pub vendor: Option<String>,
}

/// A target, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Something {
    /// Identity.
    pub id: TargetId,
    /// Name.
    pub name: TargetName,
    /// What clinical engineering knows of it.
    pub card: Card,
}

impl Occurrence {
    /// Reads a fact, with names from `facts`.
    #[must_use]
    pub fn read(fact: &CommittedFact, facts: &Facts) -> Self {
        Self::unnamed(fact).named(facts)
    }

    /// The same with names from `facts`.
    #[must_use]
    pub fn named(&self, facts: &Facts) -> Self {
        let by_name = || facts.target_by_name(&self.named_target.as_deref()?.parse().ok()?);
        let target = self.target_id.and_then(|id| facts.targets.get(&id)).or_else(by_name);
        Self {
            person: self.person_id.and_then(|id| somebody(facts, id)),
            target: target.map(something),
            ..self.clone()
        }
    }

    /// Reads a fact as it stands: ids, no names.
    #[must_use]
    pub fn unnamed(fact: &CommittedFact) -> Self {
        let body = plain_json(&fact.body);
        let about = body.get("about").unwrap_or(&Value::Null);
        let refusal = is_refusal(fact.kind).then(|| refusal(&body).or_else(|| refusal(about))).flatten();
        let (source, source_port) = source(body.get("source").or_else(|| about.get("source")));
        let proof = |name: &str| text(&body, &["/proof"], name);
        let reason = refusal.as_ref().map(|refusal| refusal.reason);
        Self {
            number: fact.number,
            kind: fact.kind,
            at: fact.at,
            node: Some(plain(&fact.node, NAME_MAX)),
            person_id: fact.person,
            person: None,
            named_login: proof("login")
                .or_else(|| text(&body, &[""], "login"))
                .or_else(|| text(&body, &[""], "user")),
            target_id: fact.target,
            target: None,
            named_target: text(&body, &[""], "target"),
            account: text(&body, &[""], "account"),
            access: text(&body, &[""], "access"),
            granted: list(&body, "access"),
            source,
            source_port,
            listener: text(&body, &[""], "listener").or_else(|| text(&body, &[""], "protocol")),
            protocol: Protocol::read(&body),
            proof_method: proof("method"),
            proof_key: proof("key"),
            second_factor: proof("second_factor"),
            client: proof("client").or_else(|| text(&body, &[""], "client")),
            reason,
            refusal,
            window: fact.window,
            vendor_id: fact.vendor,
            session: fact.session,
            attempt: fact.attempt,
            failure: text(&body, &[""], "failure").or_else(|| end_reason(fact.kind, &body)),
            host_minted: body.get("host_minted").and_then(Value::as_bool).unwrap_or(false),
            body,
        }
    }

    /// By how long it was off.
    #[must_use]
    pub fn off_by(&self) -> Option<SignedDuration> {
        self.refusal.as_ref().and_then(|refusal| refusal.off_by)
    }

    /// What was off, in words: *Off schedule: late by 3 h 10 min*.
    #[must_use]
    pub fn verdict(&self) -> Option<String> {
        self.refusal.as_ref().map(Refusal::verdict)
    }

    /// Whether somebody proved who they are; where not, the person is whom the caller claimed to be.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        !matches!(self.kind, FactKind::AttemptFailed | FactKind::SignInHeldBack)
    }

    /// Whether something of a visit was not passed on, which goes on.
    #[must_use]
    pub fn was_withheld(&self) -> bool {
        matches!(self.failure.as_deref(), Some("shows-credential" | "ambiguous-answer" | "ssh-inside"))
    }

    /// Who it was, in a sentence.
    #[must_use]
    pub fn who(&self) -> String {
        match (self.person.as_ref().filter(|_| self.is_proven()), &self.named_login) {
            (Some(person), _) => match &person.vendor {
                Some(vendor) => format!("{} ({}, {vendor})", person.name, person.login),
                None => format!("{} ({})", person.name, person.login),
            },
            (None, Some(login)) if !login.is_empty() => format!("somebody who calls themselves {login}"),
            _ => "somebody".to_owned(),
        }
    }

    /// To what, in a sentence.
    #[must_use]
    pub fn to_what(&self) -> String {
        match (&self.target, &self.named_target) {
            (Some(target), _) => target.name.to_string(),
            (None, Some(name)) if !name.is_empty() => name.clone(),
            _ => "the gate".to_owned(),
        }
    }

    /// What a fault or a session's fate is about: the session, the part of the gate, or the kind of fact.
    #[must_use]
    pub fn subject(&self) -> String {
        if let Some(session) = self.session {
            return format!("session {session}");
        }
        if let Some(window) = self.window.filter(|_| self.kind == FactKind::ReviewOverdue) {
            return format!("window {window}");
        }
        let named =
            ["destination", "part", "recording"].iter().find_map(|name| text(&self.body, &[""], name));
        match (named, self.reason) {
            (Some(named), _) => format!("{} {named}", self.kind.as_str()),
            (None, Some(reason)) => reason.as_str().to_owned(),
            (None, None) => self.kind.as_str().to_owned(),
        }
    }

    /// A fault in words: what kind, of what, why.
    #[must_use]
    pub fn fault(&self) -> String {
        let first = |names: &[&str]| names.iter().find_map(|name| text(&self.body, &[""], name));
        let mut words = self.kind.as_str().replace('-', " ");
        let (of, why) = (first(&["name", "part"]), first(&["why", "detail", "error", "failure"]));
        for more in [of, why, self.verdict()].into_iter().flatten() {
            words = format!("{words}: {more}");
        }
        words
    }

    /// The id and name of the thing that a change is about.
    #[must_use]
    pub fn entity(&self) -> (Option<String>, Option<String>) {
        let thing = self.kind.as_str().split('-').next().unwrap_or_default();
        let name = text(&self.body, &[""], "name").or_else(|| text(&self.body, &[""], "login"));
        let id = text(&self.body, &[""], "id").or_else(|| text(&self.body, &[""], thing));
        match thing {
            "window" => (self.window.map(|id| id.to_string()).or(id), name),
            "target" => {
                let known = self.target.as_ref();
                (known.map(|target| target.id.to_string()).or(id), known.map(|t| t.name.to_string()).or(name))
            }
            "recording" => (self.session.map(|id| id.to_string()).or(id), name),
            _ => (id, name),
        }
    }

    /// OCSF `auth_type_id` of an SSH sign-in: 6 public key, 5 password, 4 keyboard-interactive, 1 certificate.
    #[must_use]
    pub fn ssh_auth_type(&self) -> Option<u8> {
        match self.proof_method.as_deref()? {
            "publickey" => Some(6),
            "password" => Some(5),
            "keyboard-interactive" => Some(4),
            "certificate" => Some(1),
            _ => Some(0),
        }
    }
}

fn somebody(facts: &Facts, id: PersonId) -> Option<Somebody> {
    let person = facts.people.get(&id)?;
    let vendor = person.vendor.and_then(|vendor| facts.vendors.get(&vendor));
    Some(Somebody {
        id,
        login: person.login.clone(),
        name: plain(&person.name, NAME_MAX),
        vendor: vendor.map(|vendor| plain(&vendor.name, NAME_MAX)),
    })
}

fn something(target: &Target) -> Something {
    Something { id: target.id, name: target.name.clone(), card: target.card.clone() }
}

fn text(body: &Value, under: &[&str], name: &str) -> Option<String> {
    under
        .iter()
        .find_map(|pointer| body.pointer(pointer)?.get(name)?.as_str())
        .map(|text| plain(text, NAME_MAX))
}

fn list(body: &Value, name: &str) -> Vec<String> {
    let members = body.get(name).and_then(Value::as_array);
    members.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The refusal as it was written down, or one made of a bare `reason`.
fn refusal(body: &Value) -> Option<Refusal> {
    let whole = body.get("refusal").unwrap_or(body);
    if let Ok(refusal) = serde_json::from_value(whole.clone()) {
        return Some(refusal);
    }
    let reason: Reason = serde_json::from_value(body.get("reason")?.clone()).ok()?;
    let off_by = body.get("off_by").and_then(|off_by| serde_json::from_value(off_by.clone()).ok());
    Some(Refusal { off_by, ..Refusal::without_window(reason) })
}

/// Whether a fact's `reason` says why something was refused.
fn is_refusal(kind: FactKind) -> bool {
    matches!(kind, FactKind::AttemptFailed | FactKind::AttemptRefused | FactKind::ChannelRefused)
}

/// Why a session ended: other words than a refusal's, under the same name.
fn end_reason(kind: FactKind, body: &Value) -> Option<String> {
    text(body, &[""], "reason").filter(|_| kind == FactKind::SessionEnded)
}

fn source(value: Option<&Value>) -> (Option<IpAddr>, Option<u16>) {
    let Some(text) = value.and_then(Value::as_str) else { return (None, None) };
    match text.parse::<SocketAddr>() {
        Ok(address) => (Some(address.ip().to_canonical()), Some(address.port())),
        Err(_) => (text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()), None),
    }
}
