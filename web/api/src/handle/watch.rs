//! Watching a visit while it goes on. That somebody watches is a fact before they see a byte, and that they stopped is
//! one too; the right to is asked again every few seconds.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_policy::Act;
use chaperone_recorder::replay::{Screen, readable};
use chaperone_session::{Flow, LiveSession, Seen, SeenChannel};
use chaperone_store::{FactKind, NewFact, SessionRow};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use super::session::{found, subject};
use super::why::Why;
use crate::actor::Actor;
use crate::body::{Asked, At};
use crate::problem::Problem;
use crate::stream::{self, Gone, Shows, Writer};
use crate::{App, render};

/// Output of a channel without a terminal that is shown of one batch, in bytes: nobody reads a file as it goes by.
const GLIMPSE: usize = 4096;
/// The size of a terminal whose client has no screen.
const DEFAULT_SIZE: (u16, u16) = (80, 24);
/// How often the right to watch is asked again: a sign-out or a lock ends it within this.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The size at which a channel's terminal is shown, if it has one.
fn shown(channel: &SeenChannel) -> Option<(u16, u16)> {
    let (columns, rows) = channel.size?;
    Some(readable(columns.into(), rows.into()).unwrap_or(DEFAULT_SIZE))
}

/// What a visit shows, from now on. Events: `start`, `screen`, `output`, `resize`, `end`, `state`, `skipped`, `over`.
#[utoipa::path(get, path = "/api/sessions/{session}/watch", tag = "live", security(("token" = [])),
    params(("session" = String, Path, description = "Id"), Why),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = "4XX", body = Problem)))]
pub(crate) async fn watch(
    State(app): State<App>,
    actor: Actor,
    At(id): At<String>,
    Asked(why): Asked<Why>,
) -> Result<Response, Problem> {
    let row = found(&app, &actor, &id).await?;
    actor.may(subject(&actor.facts, &row)?)?;
    if row.ended.is_some() {
        return Err(Problem::conflict("this visit is over", "replay its recording"));
    }
    let Some(live) = app.parts.gate.live(row.id) else { return Err(elsewhere(&app, &row).await) };
    let reason = why.at(&app, &row).await?;
    let (writer, answer) = stream::open(&app, actor.person, Shows::Visit)?;
    note(&app, &actor, &row, FactKind::SessionWatched, &reason).await?;
    tokio::spawn(async move {
        match live.place() {
            Some(_place) => {
                drop(Watch { app: &app, actor: &actor, row: &row, live: &live }.run(&writer).await)
            }
            None => drop(writer.send("over", &json!({ "reason": "too many people watch this visit" })).await),
        }
        if let Err(problem) = note(&app, &actor, &row, FactKind::SessionUnwatched, &reason).await {
            tracing::warn!(session.id = %row.id, what = problem.what, "the end of watching could not be written");
        }
    });
    Ok(answer)
}

/// A visit is watched on the node where it lives: what it shows is on no wire between nodes.
async fn elsewhere(app: &App, row: &SessionRow) -> Problem {
    let next = match watched_at(app, row).await {
        Some(link) => format!("watch it there: {link}"),
        None => "watch it there: every node serves these pages".to_owned(),
    };
    Problem::conflict(format!("this visit is on the node {}", row.node), next)
}

/// The page that shows a live visit of another node, where that node has said where it is.
pub(super) async fn watched_at(app: &App, row: &SessionRow) -> Option<String> {
    if row.ended.is_some() || row.node == app.parts.store.node() {
        return None;
    }
    let site = app.parts.store.site_of(&row.node).await.ok().flatten()?;
    Some(format!("{site}/soc/live/{}", row.id))
}

async fn note(
    app: &App,
    actor: &Actor,
    row: &SessionRow,
    kind: FactKind,
    reason: &str,
) -> Result<(), Problem> {
    let fact = NewFact::new(kind, Timestamp::now(), json!({ "by": actor.login, "reason": reason }));
    let fact = fact.by(actor.person).on(row.target).in_window(row.window).in_session(row.id);
    app.parts.store.fact(fact).await?;
    Ok(())
}

struct Watch<'w> {
    app: &'w App,
    actor: &'w Actor,
    row: &'w SessionRow,
    live: &'w Arc<LiveSession>,
}

impl Watch<'_> {
    async fn run(&self, to: &Writer) -> Result<(), Gone> {
        let (now, mut seen) = self.live.watch();
        self.show(to, now).await?;
        let mut flow = self.live.flow();
        let state = *flow.borrow_and_update();
        self.state(to, state).await?;
        let mut ask = Instant::now() + ASK_AGAIN;
        loop {
            tokio::select! {
                happened = seen.recv() => match happened {
                    Ok(happened) => self.tell(to, happened).await?,
                    Err(RecvError::Lagged(missed)) => {
                        to.send("skipped", &json!({ "batches": missed })).await?;
                        // From a whole screen on again.
                        let (now, from_now) = self.live.watch();
                        seen = from_now;
                        self.show(to, now).await?;
                    }
                    Err(RecvError::Closed) => return self.over(to, "the visit has ended").await,
                },
                changed = flow.changed() => {
                    let state = *flow.borrow_and_update();
                    match state {
                        Flow::Cut(reason) => return self.over(to, reason.sentence()).await,
                        _ if changed.is_err() => return self.over(to, "the visit has ended").await,
                        flow => self.state(to, flow).await?,
                    }
                }
                () = sleep_until(ask) => {
                    ask = Instant::now() + ASK_AGAIN;
                    if !self.may_still().await {
                        return self.over(to, "you may not watch this visit any more").await;
                    }
                    let state = *flow.borrow();
                    self.state(to, state).await?;
                }
                () = to.closed() => return Err(Gone),
            }
        }
    }

    async fn may_still(&self) -> bool {
        let Ok(facts) = self.app.parts.store.facts().await else { return false };
        let Ok(subject) = subject(&facts, self.row) else { return false };
        let now = Timestamp::now();
        chaperone_policy::may(&facts, self.actor.person, Act::WatchLive, subject, now).is_ok()
            && self.actor.is_still_here(self.app).await
    }

    /// Everything that is open, as it is now.
    async fn show(&self, to: &Writer, channels: Vec<SeenChannel>) -> Result<(), Gone> {
        for channel in channels {
            self.start(to, &channel).await?;
            if let Some((columns, rows)) = shown(&channel) {
                let mut screen = Screen::new(columns, rows);
                screen.write(&channel.lately);
                let data = STANDARD.encode(screen.draw());
                let drawn =
                    json!({ "channel": channel.channel, "columns": columns, "rows": rows, "data": data });
                to.send("screen", &drawn).await?;
            }
        }
        Ok(())
    }

    async fn start(&self, to: &Writer, channel: &SeenChannel) -> Result<(), Gone> {
        let (columns, rows) = shown(channel).unwrap_or(DEFAULT_SIZE);
        let body = json!({
            "channel": channel.channel, "kind": channel.kind, "columns": columns, "rows": rows,
            "terminal": channel.size.is_some(), "command": channel.command.as_deref().map(render::plain),
        });
        to.send("start", &body).await
    }

    async fn tell(&self, to: &Writer, seen: Seen) -> Result<(), Gone> {
        match seen {
            Seen::Start(channel) => self.start(to, &channel).await,
            Seen::End(channel) => to.send("end", &json!({ "channel": channel })).await,
            Seen::Resize { channel, columns, rows } => {
                let Some((columns, rows)) = readable(columns.into(), rows.into()) else { return Ok(()) };
                to.send("resize", &json!({ "channel": channel, "columns": columns, "rows": rows })).await
            }
            Seen::Output { channel, error, terminal, bytes } => {
                let most = if terminal { bytes.len() } else { GLIMPSE };
                let shown = bytes.get(..most).unwrap_or(&bytes);
                let at_ms = Timestamp::now().duration_since(self.live.began()).as_millis();
                let body = json!({
                    "channel": channel, "at_ms": u64::try_from(at_ms).unwrap_or_default(),
                    "stream": if error { "e" } else { "o" },
                    "data": STANDARD.encode(shown),
                });
                to.send("output", &body).await?;
                match bytes.len() - shown.len() {
                    0 => Ok(()),
                    left => to.send("skipped", &json!({ "channel": channel, "bytes": left })).await,
                }
            }
        }
    }

    async fn state(&self, to: &Writer, flow: Flow) -> Result<(), Gone> {
        let permit = self.live.permit();
        let said = match flow {
            Flow::Paused => Some("input is paused"),
            Flow::Frozen => Some("the window has closed; no input is taken, output still flows"),
            Flow::Open | Flow::Cut(_) => None,
        };
        let state = json!({
            "paused": flow == Flow::Paused, "closes": permit.input_until(), "ends": permit.output_until(),
            "watchers": self.live.watchers(), "said": said,
        });
        to.send("state", &state).await
    }

    async fn over(&self, to: &Writer, reason: &str) -> Result<(), Gone> {
        to.send("over", &json!({ "reason": reason })).await
    }
}
