//! Change windows. A transition is policy's; here it is asked, inside the transaction that stores it, whether the actor
//! may, of the facts as they are then.

use axum::Json;
use axum::extract::State;
use chaperone_policy::{Act, Caution, Facts, Needs, Purpose, Role, Subject, Window, WindowId, may_read};
use chaperone_store::FactKind;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Newest};
use crate::actor::{Actor, Asker, known};
use crate::body::{Asked, At, Body};
use crate::problem::Problem;
use crate::wire::{Because, Go, MoveWindow, NewCloses, NewWindow, Substitute, WindowView};
use crate::{App, parse, render};

/// The windows that the caller may know of, by when they open: all that are not over, and the newest of those that are.
#[utoipa::path(get, path = "/api/windows", tag = "windows", security(("token" = [])), params(Newest),
    responses((status = 200, body = [WindowView]), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    Asked(newest): Asked<Newest>,
) -> Answer<Vec<WindowView>> {
    let beside = render::Beside::read(&app.parts.store).await?;
    let mut windows: Vec<&Window> = actor.facts.windows.values().collect();
    windows.sort_by_key(|window| std::cmp::Reverse((window.opens, window.id)));
    let mut over = usize::try_from(newest.limit()).unwrap_or(usize::MAX);
    windows.retain(|window| {
        let is_over = window.ends() <= actor.now;
        // Whether somebody may see it is asked last: it is what takes time.
        let seen = (!is_over || over > 0) && actor.sees(Act::SeeWindows, Subject::Window(window));
        over = over.saturating_sub(usize::from(seen && is_over));
        seen
    });
    windows.reverse();
    let view = |window| render::window_with(&actor.facts, window, actor.now, &beside);
    Ok(Json(windows.into_iter().map(view).collect()))
}

/// One window.
#[utoipa::path(get, path = "/api/windows/{window}", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")),
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(State(app): State<App>, actor: Actor, At(id): At<String>) -> Answer<WindowView> {
    let window = found(&app, &actor, &id).await?;
    let beside = render::Beside::of(&app.parts.store, window.id).await?;
    Ok(Json(render::window_with(&actor.facts, &window, actor.now, &beside)))
}

/// Asks for a window.
#[utoipa::path(post, path = "/api/windows", tag = "windows", security(("token" = [])), request_body = NewWindow,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn request(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewWindow>,
) -> Answer<WindowView> {
    let request = parse::window(&actor.facts, &new, actor.person, actor.now)?;
    let asker = actor.asker;
    let written = app.parts.store.write(move |tx| {
        Box::pin(async move {
            let facts = tx.facts().await?;
            let wish = request.ask(&facts, tx.now())?;
            asker.may(&facts, Subject::Window(&wish.window), tx.now())?;
            let cautions: Vec<String> =
                wish.cautions.iter().map(|caution| warning(&facts, asker, caution, tx.now())).collect();
            tx.add_window(&wish.window, asker.person, json!({ "cautions": cautions })).await?;
            Ok::<_, Problem>((wish.window, cautions))
        })
    });
    let (window, warnings) = written.await?;
    Ok(Json(WindowView { warnings, ..render::window(&*app.facts().await?, &window, actor.now) }))
}

/// Says yes: an approval, one of the two words of an emergency, or an engineer's yes to a replaced technician.
#[utoipa::path(post, path = "/api/windows/{window}/approve", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = Go,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn approve(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(_): Body<Go>,
) -> Answer<WindowView> {
    let window = found(&app, &actor, &id).await?;
    let emergency = window.purpose == Purpose::Emergency;
    let kind = if emergency { FactKind::WindowEmergency } else { FactKind::WindowApproved };
    changed(&app, &actor, &id, kind, json!({}), |asker, window, facts, now| {
        let by = known(facts, asker.person)?;
        let needs = Needs::of(facts, window);
        let act = Act::of_approving(window);
        asker.may_do(facts, act, Subject::Window(window), now)?;
        let mut refused = None;
        // Somebody with several roles says yes as the one that is still needed.
        for role in Role::ALL {
            if asker.may_do_as(facts, role, act, Subject::Window(window), now).is_err() {
                continue;
            }
            let yes = match act {
                Act::OpenEmergency => window.emergency(by, role, now),
                _ => window.approve(by, role, &needs, now),
            };
            match yes {
                Ok(next) => return Ok(next),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.map_or_else(|| Problem::forbidden("no role of yours approves this", ""), Problem::from))
    })
    .await
}

/// Says no.
#[utoipa::path(post, path = "/api/windows/{window}/deny", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = Because,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn deny(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<WindowView> {
    changed(&app, &actor, &id, FactKind::WindowDenied, because(&why.reason)?, |asker, window, facts, now| {
        asker.may(facts, Subject::Window(window), now)?;
        Ok(window.deny(now)?)
    })
    .await
}

/// Takes a request back.
#[utoipa::path(post, path = "/api/windows/{window}/withdraw", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = Because,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<WindowView> {
    changed(
        &app,
        &actor,
        &id,
        FactKind::WindowWithdrawn,
        because(&why.reason)?,
        |asker, window, facts, now| {
            asker.may(facts, Subject::Window(window), now)?;
            Ok(window.withdraw(now)?)
        },
    )
    .await
}

/// Ends a window now, with its visits.
#[utoipa::path(post, path = "/api/windows/{window}/revoke", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = Because,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(why): Body<Because>,
) -> Answer<WindowView> {
    changed(&app, &actor, &id, FactKind::WindowRevoked, because(&why.reason)?, |asker, window, facts, now| {
        asker.may(facts, Subject::Window(window), now)?;
        Ok(window.revoke(now)?)
    })
    .await
}

/// Gives it a new end: later to extend, earlier to shorten. What is relative is from now.
#[utoipa::path(post, path = "/api/windows/{window}/extend", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = NewCloses,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn extend(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(new): Body<NewCloses>,
) -> Answer<WindowView> {
    let closes = new.closes.resolve(actor.now);
    changed(
        &app,
        &actor,
        &id,
        FactKind::WindowExtended,
        because(&new.reason)?,
        move |asker, window, facts, now| {
            let act = if closes < window.closes { Act::ShortenWindow } else { Act::ExtendWindow };
            let role = asker.may_do(facts, act, Subject::Window(window), now)?;
            Ok(window.end_at(closes, known(facts, asker.person)?, role, now)?)
        },
    )
    .await
}

/// Gives it new times. Approvals of other roles lapse, and its technicians accept again.
#[utoipa::path(post, path = "/api/windows/{window}/move", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = MoveWindow,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn move_to(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(new): Body<MoveWindow>,
) -> Answer<WindowView> {
    let times = (new.opens.resolve(actor.now), new.closes.resolve(actor.now));
    changed(
        &app,
        &actor,
        &id,
        FactKind::WindowMoved,
        because(&new.reason)?,
        move |asker, window, facts, now| {
            let role = asker.may(facts, Subject::Window(window), now)?;
            let needs = Needs::of(facts, window);
            Ok(window.move_to(times, known(facts, asker.person)?, role, &needs, now)?)
        },
    )
    .await
}

/// A technician accepts a window that others booked or moved.
#[utoipa::path(post, path = "/api/windows/{window}/accept", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = Go,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn accept(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(_): Body<Go>,
) -> Answer<WindowView> {
    changed(&app, &actor, &id, FactKind::WindowAccepted, json!({}), |asker, window, facts, now| {
        asker.may(facts, Subject::Window(window), now)?;
        Ok(window.accept(asker.person, now)?)
    })
    .await
}

/// Puts one technician in place of another of the same vendor.
#[utoipa::path(post, path = "/api/windows/{window}/substitute", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = Substitute,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn substitute(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(who): Body<Substitute>,
) -> Answer<WindowView> {
    let out = parse::known_person(&actor.facts, &who.out)?.id;
    let comes = parse::known_person(&actor.facts, &who.replacement)?.id;
    let about = json!({ "out": out, "in": comes });
    changed(&app, &actor, &id, FactKind::WindowSubstituted, about, move |asker, window, facts, now| {
        let role = asker.may(facts, Subject::Window(window), now)?;
        Ok(window.substitute(out, known(facts, comes)?, known(facts, asker.person)?, role, now)?)
    })
    .await
}

/// Gives the clinical go of the day.
#[utoipa::path(post, path = "/api/windows/{window}/go", tag = "windows", security(("token" = [])),
    params(("window" = String, description = "Id")), request_body = Go,
    responses((status = 200, body = WindowView), (status = "4XX", body = Problem)))]
pub(crate) async fn go(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Body(_): Body<Go>,
) -> Answer<WindowView> {
    changed(&app, &actor, &id, FactKind::WindowReleased, json!({}), |asker, window, facts, now| {
        asker.may(facts, Subject::Window(window), now)?;
        Ok(window.go(known(facts, asker.person)?, now)?)
    })
    .await
}

/// A window that the caller may know of; any other does not exist for them.
pub(super) async fn found(app: &App, actor: &Actor, id: &str) -> Result<Window, Problem> {
    let parsed: WindowId = parse::id("window", id)?;
    let window = match actor.facts.windows.get(&parsed) {
        Some(window) => window.clone(),
        None => app.parts.store.window(parsed).await?,
    };
    if actor.sees(Act::SeeWindows, Subject::Window(&window)) {
        Ok(window)
    } else {
        Err(Problem::unknown("window", id))
    }
}

/// Carries out a transition.
pub(super) async fn changed(
    app: &App,
    actor: &Actor,
    id: &str,
    kind: FactKind,
    about: Value,
    change: impl FnOnce(Asker, &Window, &Facts, Timestamp) -> Result<Window, Problem> + Send + 'static,
) -> Answer<WindowView> {
    let window = found(app, actor, id).await?;
    let asker = actor.asker;
    let change = move |window: &Window, facts: &Facts, now| change(asker, window, facts, now);
    let window = app.parts.store.transition(window.id, kind, Some(asker.person), about, change).await?;
    Ok(Json(render::window(&*app.facts().await?, &window, Timestamp::now())))
}

fn because(reason: &str) -> Result<Value, Problem> {
    Ok(json!({ "reason": parse::words("reason", reason)? }))
}

/// A caution, as the asker may know it: of windows that are not theirs a vendor learns no times (P9).
fn warning(facts: &Facts, asker: Asker, caution: &Caution, now: Timestamp) -> String {
    let times = |id| match facts.windows.get(id) {
        Some(window)
            if may_read(facts, asker.person, Act::SeeWindows, Subject::Window(window), now).is_ok() =>
        {
            format!("{} to {}", window.opens, window.closes)
        }
        _ => "clinical engineering sees when".to_owned(),
    };
    match caution {
        Caution::SameTarget(id) => format!("another window shares a server: {}", times(id)),
        Caution::SameTechnician(id) => format!("another window shares a technician: {}", times(id)),
        Caution::Frozen(id) => {
            let reason = facts.freezes.get(id).map(|freeze| freeze.reason.as_str()).unwrap_or_default();
            format!("a freeze covers some of the time: {reason}")
        }
    }
}
