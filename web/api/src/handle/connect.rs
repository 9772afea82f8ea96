//! Coming by TLS: a certificate that says who somebody is, for as long as a window lets them in. The schedule decides here
//! as it does at the doors, and refuses as it does there.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Access, Endpoint, Facts, Permit, Target, TargetName, WindowId};
use chaperone_session::{Ask, Proof, Refused, Wish, new_reference, why_spent};
use chaperone_store::{FactKind, NewFact};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Answer;
use crate::App;
use crate::actor::Actor;
use crate::body::Body;
use crate::credential::Credential;
use crate::issuing::{CertificateWish, Certificates, NotIssued};
use crate::problem::Problem;
use crate::wire::{ConnectionEndpoint, ConnectionTarget, ConnectionView, NewConnection};

/// What a technician's machine is called by itself.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Signs what a technician needs to come by TLS, in a window of theirs that is open now.
#[utoipa::path(post, path = "/api/connect", tag = "windows", security(("token" = [])), request_body = NewConnection,
    responses((status = 200, body = ConnectionView), (status = "4XX", body = Problem)))]
pub(crate) async fn connect(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewConnection>,
) -> Answer<ConnectionView> {
    let nobody = || Problem::conflict("this node lets nobody in by TLS", "ask at the node that does");
    let (door, issue) = app.parts.tls.get().zip(app.parts.issue.get()).ok_or_else(nobody)?;
    let wished = wishes(&actor, &new.to, new.renews_pem.is_some())?;
    if !proves_enough(&app, &actor).await? {
        let refused = match wished.first() {
            Some(wish) => app.parts.gate.refuse_unproven(&wish.ask).await,
            None => return Err(nobody()),
        };
        let next = "sign in with password and second factor: chaperone login --person LOGIN";
        return Err(Problem { next: next.to_owned(), ..problem(refused) });
    }
    let permits = app.parts.gate.permits(&wished).await.map_err(problem)?;
    let permits = of_one_window(permits);
    let targets: Vec<ConnectionTarget> = permits.iter().map(view).collect();
    let Some(longest) = permits.iter().max_by_key(|permit| permit.output_until()) else {
        return Err(Problem::conflict("nothing of this window is reached by TLS", "ask for access tls"));
    };
    let (window, until) = (longest.window(), longest.output_until());
    let names = local_names(&targets);
    let wish = CertificateWish {
        login: actor.me()?.login.clone(),
        person: actor.person,
        window,
        until,
        domain: door.domain.clone(),
        key_pem: new.public_key_pem,
        renews_pem: new.renews_pem,
        local: new.local_key_pem.filter(|_| !names.is_empty()).map(|key| (key, names)),
    };
    let made = match issue(wish).await {
        Ok(made) => made,
        Err(error) => {
            if matches!(error, NotIssued::Key("renews_pem", _)) {
                // It goes on with nothing: what else would be refused is refused, and a fact.
                app.parts.gate.permits(&wishes(&actor, &new.to, false)?).await.map_err(problem)?;
            }
            return Err(not_issued(error));
        }
    };
    if let Some(visit) = &made.renews {
        still_goes_on(&app, visit).await?;
    }
    let fact = issued(&actor, &permits, window, &made);
    // The commit point: what is in no fact is in nobody's hands.
    app.parts.store.fact(fact).await?;
    let facts = app.facts().await?;
    let known = facts.windows.get(&window).ok_or_else(|| Problem::unknown("window", &window.to_string()))?;
    let (local, local_authority) = made.local.map(|(local, authority)| (local.pem, authority)).unzip();
    Ok(Json(ConnectionView {
        window: window.to_string(),
        opens: known.opens,
        closes: known.closes,
        until: made.certificate.until,
        domain: door.domain.clone(),
        host: door.host.clone(),
        port: door.port,
        authority_pem: made.authority_pem,
        certificate_pem: made.certificate.pem,
        local_certificate_pem: local,
        local_authority_pem: local_authority,
        targets,
    }))
}

/// A visit that was stopped, or left, goes on with no other certificate either.
async fn still_goes_on(app: &App, visit: &str) -> Result<(), Problem> {
    match app.parts.gate.proof_over(&Proof::Certificate(visit.to_owned())).await? {
        None => Ok(()),
        Some(over) => Err(Problem::conflict(
            format!("this certificate opens nothing any more: {}", why_spent(over)),
            "begin again if the window is still yours",
        )),
    }
}

/// What the caller wants to open: the servers of a window, or one server. What is not there is asked for all the same: the
/// schedule's answer does not tell whether it is.
fn wishes(actor: &Actor, to: &str, goes_on: bool) -> Result<Vec<Wish>, Problem> {
    let facts: &Facts = &actor.facts;
    let wish = |name: TargetName, within| Wish {
        access: facts.target_by_name(&name).map(kinds).unwrap_or_else(|| vec![Access::Tls]),
        ask: ask(actor, name, within),
        goes_on,
    };
    let within = to.parse::<WindowId>().ok();
    let window = within.and_then(|id| facts.windows.get(&id));
    let names: Vec<TargetName> = match window {
        Some(window) => {
            let targets = window.targets.iter().filter_map(|id| facts.targets.get(id));
            targets.map(|target| target.name.clone()).collect()
        }
        None => vec![to.parse().map_err(|error| Problem::field("to", error))?],
    };
    Ok(names.into_iter().map(|name| wish(name, within)).collect())
}

/// What the caller asks for at a server: in this window only, where one is said.
pub(super) fn ask(actor: &Actor, target: TargetName, within: Option<WindowId>) -> Ask {
    Ask {
        person: actor.person,
        key: None,
        target,
        account: None,
        within,
        access: None,
        source: actor.source.unwrap_or(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)),
        proof: proof(actor),
        shown: None,
        protocol: "tls",
        reference: new_reference(),
    }
}

fn proof(actor: &Actor) -> Value {
    match &actor.credential {
        Credential::Token(claims) => json!({ "login": actor.login, "method": "token", "token": claims.jti }),
        Credential::Browser(session) => json!({ "login": actor.login, "method": session.how }),
    }
}

/// What of a target is reached by TLS, in the words that windows grant.
fn kinds(target: &Target) -> Vec<Access> {
    let mut kinds: BTreeSet<Access> = target.forwards().map(|forward| forward.access()).collect();
    if target.endpoints.iter().any(|endpoint| matches!(endpoint, Endpoint::Tls { .. })) {
        kinds.insert(Access::Tls);
    }
    // Who asks for what is not there is told what the window says of it.
    if kinds.is_empty() { vec![Access::Tls] } else { kinds.into_iter().collect() }
}

/// Whether the caller has proven what the doors would ask for: a second factor, where they have one. Whoever signs in with
/// a password has given it; a token of the host proves none.
pub(super) async fn proves_enough(app: &App, actor: &Actor) -> Result<bool, Problem> {
    if !actor.credential.is_host_minted() || app.parts.settings.host_tokens {
        return Ok(true);
    }
    Ok(!app.parts.factors.has_second(actor.person).await?)
}

/// The permits of the window that lasts longest: one certificate is for one window.
fn of_one_window(permits: Vec<Permit>) -> Vec<Permit> {
    let longest = permits.iter().max_by_key(|permit| permit.output_until()).map(Permit::window);
    permits.into_iter().filter(|permit| Some(permit.window()) == longest).collect()
}

/// What a permit grants of its target.
fn view(permit: &Permit) -> ConnectionTarget {
    let target = permit.target();
    let granted = |access: Access| permit.access().contains(&access);
    let mut endpoints = Vec::new();
    for endpoint in &target.endpoints {
        // What speaks no TLS is reached as a web console only.
        if let Endpoint::Tls { host, port, server_name, http, terms, .. } = endpoint
            && granted(Access::Tls)
            && terms.plain_http.is_none()
        {
            endpoints.push(ConnectionEndpoint {
                label: target.name.to_string(),
                kind: if *http { "http" } else { "tls" }.to_owned(),
                host: host.clone(),
                port: *port,
                server_name: Some(server_name.clone()),
                access: Access::Tls.to_string(),
                recorded: "plain".to_owned(),
            });
        }
    }
    endpoints.extend(target.forwards().filter(|forward| granted(forward.access())).map(|forward| {
        ConnectionEndpoint {
            label: format!("{}--{}", forward.name, target.name),
            kind: "tcp".to_owned(),
            host: forward.host.to_owned(),
            port: forward.port,
            server_name: None,
            access: forward.access().to_string(),
            recorded: if forward.opaque { "flow" } else { "bytes" }.to_owned(),
        }
    }));
    ConnectionTarget { name: target.name.to_string(), endpoints }
}

/// The names under which a technician's machine serves what speaks TLS; none where nothing does.
fn local_names(targets: &[ConnectionTarget]) -> Vec<String> {
    let mut names = BTreeSet::new();
    for target in targets {
        for server_name in target.endpoints.iter().filter_map(|endpoint| endpoint.server_name.as_ref()) {
            names.extend([server_name.clone(), target.name.clone()]);
        }
    }
    if !names.is_empty() {
        names.extend(OWN_NAMES.map(str::to_owned));
    }
    names.into_iter().collect()
}

fn issued(actor: &Actor, permits: &[Permit], window: WindowId, made: &Certificates) -> NewFact {
    let now = Timestamp::now();
    let local = made
        .local
        .as_ref()
        .map(|(local, _)| json!({ "serial": local.serial, "until": local.until, "names": local.names }));
    let targets: Vec<_> = permits.iter().map(|permit| &permit.target().name).collect();
    let body = json!({
        "serial": made.certificate.serial, "renews": made.renews, "until": made.certificate.until, "authority": made.by, "local": local,
        "targets": targets, "proof": proof(actor), "source": actor.source.map(|source| source.to_string()),
    });
    let fact = NewFact::new(FactKind::CertificateIssued, now, body).by(actor.person).in_window(window);
    fact.also_on(permits.iter().map(|permit| permit.target().id))
}

pub(super) fn problem(refused: Refused) -> Problem {
    let (what, next) = refused.text.split_once('\n').unwrap_or((&refused.text, ""));
    Problem::forbidden(what, next)
}

fn not_issued(error: NotIssued) -> Problem {
    match error {
        NotIssued::Key(field, why) => Problem::field(field, why),
        NotIssued::Over => Problem::conflict("this window is over", "ask for a new one"),
        NotIssued::Failed => Problem::fault("sign a certificate", &error),
    }
}
