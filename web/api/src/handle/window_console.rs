//! Opens a web console: the signed-in technician gets a link that does once, within a minute. What the schedule refuses is
//! refused here as at every door, with its fact and its alert.

use axum::Json;
use axum::extract::State;
use chaperone_identity::{ENTER_WITHIN, VisitUse, Visiting};
use chaperone_policy::{Access, Act, Endpoint, Permit, Subject, Target, TargetName, Window};
use chaperone_session::{Ask, Proof, Wish};
use chaperone_store::NewConsole;
use jiff::Timestamp;
use uuid::Uuid;

use super::Answer;
use super::connect;
use super::window::found;
use crate::App;
use crate::actor::Actor;
use crate::body::{At, Body};
use crate::issuing::TlsDoor;
use crate::problem::Problem;
use crate::wire::{ConsoleView, OpenConsole};

/// Opens a web console of a window that is open.
#[utoipa::path(post, path = "/api/windows/{window}/console", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = OpenConsole,
    responses((status = 200, body = ConsoleView), (status = "4XX", body = Problem)))]
pub(crate) async fn open(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(asked): Body<OpenConsole>,
) -> Answer<ConsoleView> {
    let window = found(&app, &actor, &id).await?;
    if !actor.sees(Act::Connect, Subject::Window(&window)) {
        return Err(Problem::forbidden("this window is not yours to connect in", "ask for one of your own"));
    }
    let nobody = || Problem::conflict("this node serves no web consoles", "ask at the node that does");
    let door = app.parts.tls.get().ok_or_else(nobody)?;
    let target = of_window(&actor, &window, asked.target.as_deref())?;
    let ask = Ask { access: Some(Access::Tls), ..connect::ask(&actor, target.name.clone(), Some(window.id)) };
    if !connect::proves_enough(&app, &actor).await? {
        let next = "sign in with password and second factor: chaperone login --person LOGIN";
        let refused = app.parts.gate.refuse_unproven(&ask).await;
        return Err(Problem { next: next.to_owned(), ..connect::problem(refused) });
    }
    let wish = Wish { access: vec![Access::Tls], ask, goes_on: false };
    let permits = app.parts.gate.permits(&[wish]).await.map_err(connect::problem)?;
    let until = permits.iter().map(Permit::output_until).max().unwrap_or(window.closes);
    let (console, url) = link(&app, &actor, &window, &target.name, door)?;
    // What is not written down here opens nothing anywhere.
    app.parts.store.write(move |tx| Box::pin(async move { tx.offer_console(&console).await })).await?;
    Ok(Json(ConsoleView { url, until, target: target.name.to_string() }))
}

/// The console that is meant: of this very window, and one that has pages.
fn of_window<'a>(actor: &'a Actor, window: &Window, named: Option<&str>) -> Result<&'a Target, Problem> {
    let targets = window.targets.iter().filter_map(|id| actor.facts.targets.get(id));
    let mut consoles = targets.filter(|target| {
        target.endpoints.iter().any(|endpoint| matches!(endpoint, Endpoint::Tls { http: true, .. }))
    });
    match named {
        Some(named) => consoles.find(|target| target.name.as_str() == named).ok_or_else(|| {
            Problem::bad(
                format!("target: {named} is no web console of this window"),
                "see which servers it has: chaperone window show",
            )
        }),
        None => match (consoles.next(), consoles.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => {
                Err(Problem::bad("this window has no web console", "see its servers: chaperone window show"))
            }
            (Some(_), Some(_)) => {
                Err(Problem::bad("target: this window has several web consoles", "say which"))
            }
        },
    }
}

/// The link, and what is kept of it: that it opens once, and which sign-in ends what it opens.
fn link(
    app: &App,
    actor: &Actor,
    window: &Window,
    target: &TargetName,
    door: &TlsDoor,
) -> Result<(NewConsole, String), Problem> {
    let host = format!("{}.web.{}", target.as_str().to_ascii_lowercase(), door.domain);
    let login = actor.login.parse().map_err(|error| Problem::field("login", error))?;
    let about = Visiting {
        person: actor.person,
        login,
        target: target.clone(),
        window: window.id,
        host: host.clone(),
    };
    let now = Timestamp::now();
    let until = now.checked_add(ENTER_WITHIN).unwrap_or(now);
    let id = Uuid::now_v7();
    let minted = app.parts.tokens.mint_visit(VisitUse::Enter, &about, id, now, until);
    let token = minted.map_err(|error| Problem::fault("sign a link to a console", &error))?;
    let port = if door.port == 443 { String::new() } else { format!(":{}", door.port) };
    let proof = Proof::Token(id).to_string();
    let console =
        NewConsole { proof, person: actor.person, sign_in: Some(actor.credential.sign_in()), until };
    Ok((console, format!("https://{host}{port}/.chaperone/enter?token={token}")))
}
