//! Around a window: more time, how to come, and what somebody should know who decides about it.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{
    Access, Act, Endpoint, Facts, Freeze, Subject, Target, Window, WindowId, WindowState,
};
use chaperone_store::MoreTime;
use jiff::{SignedDuration, Timestamp};

use super::Answer;
use super::tls_ways;
use super::ways;
use super::window::found;
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::problem::Problem;
use crate::wire::{ConnectView, MyServer, NewCloses, WindowCard, WindowView};
use crate::{App, parse, render};

/// Of servers whose files are scanned before they get there.
const WRITTEN: &str = "What a shell or a command writes by itself is recorded, but no scanner looks at it.";

/// What is to be known of a window in which files are planned, or staged, where a web console is another way for them.
const THROUGH_A_CONSOLE: &str = "Whether what is uploaded through a web console is clean, and as planned: it is recorded \
    with the SHA-256 of each request, but not scanned, not staged and not compared with the plan's files.";

/// Plans this far from a window are of its day.
const SAME_DAY: SignedDuration = SignedDuration::from_hours(12);

/// A technician asks for more time. Who may extend the window sees it beside it, and answers by extending or not.
#[utoipa::path(post, path = "/api/windows/{window}/more-time", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = NewCloses,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn more_time(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(asked): Body<NewCloses>,
) -> Answer<WindowView> {
    let window = found(&app, &actor, &id).await?;
    actor.may(Subject::Window(&window))?;
    let closes = asked.closes.resolve(actor.now);
    if actor.now >= window.ends() {
        return Err(Problem::conflict("this window is over", "ask for a new one"));
    }
    if closes <= window.closes {
        return Err(Problem::bad(
            format!("closes: the window is open until {} already", window.closes),
            "ask for a later end",
        ));
    }
    let reason = parse::needed("reason", &asked.reason)?;
    let wish = MoreTime { window: window.id, by: actor.person, closes, reason, at: actor.now };
    let kept = app.parts.store.write(move |tx| Box::pin(async move { tx.ask_more_time(&wish).await }));
    kept.await?;
    let beside = render::Beside::of(&app.parts.store, window.id).await?;
    Ok(Json(render::window_with(&actor.facts, &window, actor.now, &beside)))
}

/// How to come by SSH: the lines to paste, and the key by which to know the gate.
#[utoipa::path(get, path = "/api/windows/{window}/connect", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")),
    responses((status = 200, body = ConnectView), (status = "4XX", body = Problem)))]
pub(crate) async fn connect(State(app): State<App>, actor: Actor, At(id): At<String>) -> Answer<ConnectView> {
    let window = found(&app, &actor, &id).await?;
    if !actor.sees(Act::Connect, Subject::Window(&window)) {
        return Err(Problem::forbidden("this window is not yours to connect in", "ask for one of your own"));
    }
    let door =
        app.parts.ssh.get().ok_or_else(|| {
            Problem::conflict("this node lets nobody in by SSH", "ask at the node that does")
        })?;
    let targets = window.targets.iter().filter_map(|id| actor.facts.targets.get(id));
    let mut lines: Vec<_> =
        targets.flat_map(|target| ways::to(target, &window, &actor.login, door, app.site())).collect();
    lines.extend(ways::to_the_menu(&window, &actor.login, door));
    Ok(Json(ConnectView {
        lines,
        known_hosts: format!("[{}]:{} {}", door.host, door.port, door.key),
        fingerprint: door.fingerprint.clone(),
        cert_authority: door.authority.clone(),
        tls: tls_ways::to(&actor.facts, &window, app.site()),
    }))
}

/// The server's card, what else is planned, and what will and will not be recorded.
#[utoipa::path(get, path = "/api/windows/{window}/card", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")),
    responses((status = 200, body = WindowCard), (status = "4XX", body = Problem)))]
pub(crate) async fn card(State(app): State<App>, actor: Actor, At(id): At<String>) -> Answer<WindowCard> {
    let window = found(&app, &actor, &id).await?;
    let facts = &actor.facts;
    let targets = window.targets.iter().filter_map(|id| facts.targets.get(id));
    let targets = targets.filter(|target| actor.sees(Act::SeeTargets, Subject::Target(target)));
    let beside = facts.windows.values().filter(|other| is_beside(&window, other));
    let beside = beside.filter(|other| actor.sees(Act::SeeWindows, Subject::Window(other)));
    let freezes = facts.freezes.values().filter(|freeze| touches(&window, freeze));
    let (recorded, mut not_recorded) = coverage(&window);
    let mut all = window.targets.iter().filter_map(|id| facts.targets.get(id));
    let runs = window.access.iter().any(|access| matches!(access, Access::Shell | Access::Exec));
    if runs && all.any(|target| app.parts.gate.stages(target)) {
        not_recorded.push(WRITTEN.to_owned());
    }
    if window.access.contains(&Access::Tls) {
        let targets = window.targets.iter().filter_map(|id| facts.targets.get(id));
        let checks = |target: &Target| !window.files.is_empty() || app.parts.gate.stages(target);
        if targets.clone().any(|target| has_console(target) && checks(target)) {
            not_recorded.push(THROUGH_A_CONSOLE.to_owned());
        }
        not_recorded.extend(targets.flat_map(in_clear));
    }
    let proposals = app.parts.store.host_key_proposals().await?;
    Ok(Json(WindowCard {
        targets: targets.map(|target| render::target(facts, target, &proposals, app.reading())).collect(),
        same_day: beside.map(|other| render::window(facts, other, actor.now)).collect(),
        freezes: freezes.map(|freeze| render::freeze(facts, freeze)).collect(),
        recorded,
        not_recorded,
    }))
}

/// The servers that the caller knows of from windows of theirs.
#[utoipa::path(get, path = "/api/my/servers", tag = "windows", security(("token" = [])),
    responses((status = 200, body = [MyServer]), (status = "4XX", body = Problem)))]
pub(crate) async fn my_servers(actor: Actor) -> Answer<Vec<MyServer>> {
    let facts: &Facts = &actor.facts;
    let known = |id: &chaperone_policy::TargetId| {
        let windows = facts.windows.values().filter(|window| window.targets.contains(id));
        windows.into_iter().any(|window| actor.sees(Act::SeeWindows, Subject::Window(window)))
    };
    let sees = |target: &&chaperone_policy::Target| {
        actor.sees(Act::SeeTargets, Subject::Target(target)) || known(&target.id)
    };
    let mut servers: Vec<MyServer> = facts
        .targets
        .values()
        .filter(sees)
        .map(|target| MyServer { name: target.name.to_string(), site: target.card.site.clone() })
        .collect();
    servers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(servers))
}

fn is_beside(window: &Window, other: &Window) -> bool {
    let id: WindowId = window.id;
    let (from, to) = day_of(window);
    other.id != id
        && !other.targets.is_disjoint(&window.targets)
        && other.opens < to
        && from < other.ends()
        && matches!(other.state, WindowState::Requested | WindowState::Approved)
}

fn touches(window: &Window, freeze: &Freeze) -> bool {
    let (from, to) = day_of(window);
    let some = freeze.targets.is_empty() || freeze.targets.iter().any(|id| window.targets.contains(id));
    some && freeze.span.from.is_none_or(|begins| begins < to)
        && freeze.span.until.is_none_or(|ends| from < ends)
}

fn day_of(window: &Window) -> (Timestamp, Timestamp) {
    let from = window.opens.checked_sub(SAME_DAY).unwrap_or(Timestamp::MIN);
    (from, window.ends().checked_add(SAME_DAY).unwrap_or(Timestamp::MAX))
}

fn has_console(target: &Target) -> bool {
    target.endpoints.iter().any(|endpoint| matches!(endpoint, Endpoint::Tls { http: true, .. }))
}

/// What is to be known of a server whose console is reached without TLS: somebody between could read and change what is
/// recorded.
fn in_clear(target: &Target) -> Vec<String> {
    let plain = target.endpoints.iter().filter_map(|endpoint| match endpoint {
        Endpoint::Tls { terms, .. } => terms.plain_http.as_ref(),
        Endpoint::Ssh { .. } | Endpoint::Tcp { .. } => None,
    });
    let words = plain.map(|plain| {
        format!(
            "Whether the console of {} is the real one: between the gate and it nothing is encrypted (until {}: {}).",
            target.name, plain.until, plain.reason
        )
    });
    words.collect()
}

/// What will be recorded of each access, and what will not.
fn coverage(window: &Window) -> (Vec<String>, Vec<String>) {
    let (mut recorded, mut not_recorded) = (Vec::new(), Vec::new());
    for access in &window.access {
        match access {
            Access::Shell => recorded.push("Everything that the terminal shows, and what is typed (masked)."),
            Access::Exec => recorded.push("Commands with everything that goes in and comes out."),
            Access::SftpRead => recorded.push("Which files are listed and fetched, with their content."),
            Access::SftpWrite => {
                recorded.push("Which files are put, renamed and removed, with their content.")
            }
            Access::Tls => {
                recorded.push(
                    "Web consoles: each request and answer with its content, in the clear. Of very large ones the \
                     beginning, the length and the SHA-256.",
                );
                recorded.push("Vendors' own programs in TLS: every byte, in the clear.");
                not_recorded.push("What a console's page does inside the technician's browser.");
            }
            Access::Forward => recorded.push("The bytes of declared connections."),
            Access::ForwardOpaque => {
                recorded.push("When and how much passes through encrypted connections.");
                not_recorded.push("The screen: what passes is encrypted inside.");
            }
        }
    }
    not_recorded.push("What goes on living on the server after the visit.");
    let words = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
    (words(recorded), words(not_recorded))
}
