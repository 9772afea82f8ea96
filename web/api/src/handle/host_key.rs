//! What a server is known by: host keys are proposed by one engineer, or by the gate, and approved by another.

use axum::extract::State;
use chaperone_identity::ssh_key;
use chaperone_policy::{Endpoint, Subject, Target};
use chaperone_store::{KeyOrigin, KeyYes, ProposedKey};

use super::Answer;
use super::target::shown;
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{HostKeyWord, NewHostKeys, TargetView};
use crate::{App, parse};

/// Proposes host keys, or authorities over them: given ones, or those that the server shows to the gate. Another engineer
/// approves each before it counts; what is pinned already goes on.
#[utoipa::path(post, path = "/api/targets/{target}/host-keys", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = NewHostKeys,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn propose(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(new): Body<NewHostKeys>,
) -> Answer<TargetView> {
    let (known, reason) = asked(&actor, &name, &new.reason)?;
    let mut keys = Vec::new();
    if !new.host_keys.is_empty() || !new.scan {
        for line in parse::host_keys("host_keys", &new.host_keys)? {
            keys.push(given(&line, new.authority)?);
        }
    }
    if new.scan {
        keys.extend(scanned(&app, known).await?);
    }
    let (id, by) = (known.id, actor.person);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let new = tx.propose_host_keys(id, &keys, (Some(by), None), &reason).await?;
            if new == 0 {
                return Err(Problem::conflict(
                    "each of these keys is pinned or waits for approval already",
                    "chaperone target show says which",
                ));
            }
            Ok(())
        })
    });
    written.await?;
    shown(&app, id).await
}

/// Says yes to a proposed host key, as the second pair of eyes; or stands for one that the gate has proposed, which then
/// waits for another.
#[utoipa::path(post, path = "/api/targets/{target}/host-keys/approve", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = HostKeyWord,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn approve(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(word): Body<HostKeyWord>,
) -> Answer<TargetView> {
    let (known, reason) = asked(&actor, &name, &word.reason)?;
    let (id, by) = (known.id, actor.person);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            match tx.approve_host_key(id, &word.fingerprint, by, &reason).await? {
                Some(KeyYes::Pinned | KeyYes::Seconded) => Ok(()),
                Some(KeyYes::OwnProposal) => Err(Problem::forbidden(
                    "whoever proposed a host key cannot approve it",
                    "ask another clinical engineer to compare it with the server's console",
                )),
                None => Err(not_waiting(&word.fingerprint)),
            }
        })
    });
    written.await?;
    shown(&app, id).await
}

/// Says no to a proposed host key, or takes back one's own proposal.
#[utoipa::path(post, path = "/api/targets/{target}/host-keys/refuse", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = HostKeyWord,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn refuse(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(word): Body<HostKeyWord>,
) -> Answer<TargetView> {
    let (known, reason) = asked(&actor, &name, &word.reason)?;
    let (id, by) = (known.id, actor.person);
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            match tx.refuse_host_key(id, &word.fingerprint, by, &reason).await? {
                true => Ok(()),
                false => Err(not_waiting(&word.fingerprint)),
            }
        })
    });
    written.await?;
    shown(&app, id).await
}

/// Takes a pinned host key, or an authority, away: from now on who shows it is somebody else.
#[utoipa::path(post, path = "/api/targets/{target}/host-keys/retire", tag = "targets", security(("token" = [])),
    params(("target" = String, description = "Name")), request_body = HostKeyWord,
    responses((status = 200, body = TargetView), (status = "4XX", body = Problem)))]
pub(crate) async fn retire(
    State(app): State<App>,
    actor: Actor,
    At(name): At<String>,
    Body(word): Body<HostKeyWord>,
) -> Answer<TargetView> {
    let (known, reason) = asked(&actor, &name, &word.reason)?;
    let not_pinned = || {
        Problem::new(
            axum::http::StatusCode::NOT_FOUND,
            format!("no host key {:?} is pinned", shortened(&word.fingerprint)),
            "chaperone target show lists the fingerprints of those that are",
        )
    };
    let line = pinned(known, &word.fingerprint).ok_or_else(not_pinned)?;
    let (id, by, fingerprint) = (known.id, actor.person, word.fingerprint.clone());
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let retired = tx.retire_host_key(id, (&line, &fingerprint), by, &reason).await?;
            let gone =
                || Problem::conflict("this host key has just been retired", "there is nothing left to do");
            if retired { Ok(()) } else { Err(gone()) }
        })
    });
    written.await?;
    shown(&app, id).await
}

/// The server that is meant, which must be the caller's to set up, and why.
fn asked<'a>(actor: &'a Actor, name: &str, reason: &str) -> Result<(&'a Target, String), Problem> {
    let known = parse::known_target(&actor.facts, name)?;
    actor.may(Subject::Target(known))?;
    Ok((known, parse::words("reason", reason)?))
}

fn given(line: &str, is_authority: bool) -> Result<ProposedKey, Problem> {
    let key = ssh_key::PublicKey::parse(line).map_err(|error| Problem::field("host_keys", error))?;
    let (line, fingerprint) = (line.to_owned(), key.fingerprint().to_owned());
    Ok(ProposedKey { is_authority, line, fingerprint, origin: KeyOrigin::Given })
}

/// The keys that the server shows to this node.
async fn scanned(app: &App, target: &Target) -> Result<Vec<ProposedKey>, Problem> {
    let ssh = target.endpoints.iter().find(|endpoint| matches!(endpoint, Endpoint::Ssh { .. })).cloned();
    let no_ssh =
        || Problem::conflict("this server has no SSH endpoint", "its TLS trust is set when it is added");
    let ssh = ssh.ok_or_else(no_ssh)?;
    let no_gate = || {
        Problem::conflict(
            "this node is no gate, and reaches no servers",
            "ask a node that is, or give the keys",
        )
    };
    let scan = app.parts.scan.get().ok_or_else(no_gate)?;
    scan(ssh).await.map_err(|error| {
        let what = format!("the server's host keys cannot be read: {error}");
        Problem::unavailable(what, "check its address with chaperone target show, or give the keys")
    })
}

/// The line that is pinned under a fingerprint.
fn pinned(target: &Target, fingerprint: &str) -> Option<String> {
    let lines = target.endpoints.iter().flat_map(|endpoint| match endpoint {
        Endpoint::Ssh { host_keys, reach, .. } => [host_keys.as_slice(), reach.authorities.as_slice()],
        Endpoint::Tls { .. } | Endpoint::Tcp { .. } => [&[][..], &[]],
    });
    let is_it =
        |line: &&String| ssh_key::PublicKey::parse(line).is_ok_and(|key| key.fingerprint() == fingerprint);
    lines.flatten().find(is_it).cloned()
}

fn not_waiting(fingerprint: &str) -> Problem {
    Problem::new(
        axum::http::StatusCode::NOT_FOUND,
        format!("no host key {:?} waits for approval", shortened(fingerprint)),
        "chaperone target show lists the fingerprints of those that do",
    )
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}
