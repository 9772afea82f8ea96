//! Tells open pages what has become stale, as it does. It says which lists to read again, never what happened: reading
//! asks for the right to.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::App;
use crate::actor::Actor;
use crate::problem::Problem;
use crate::stream::{self, ASK_AGAIN, Gone, Shows, Writer};
use crate::topic;

/// Facts between two looks that are told one by one; more make everything stale.
const LOOKED_AT: u32 = 2000;
/// Pages are told at most this often, and less and less often while it goes on, so that a flood of facts is no flood of
/// requests.
const GATHER: Duration = Duration::from_millis(200);
const GATHER_MOST: Duration = Duration::from_secs(2);

/// What has become stale, from now on; everything to begin with.
#[utoipa::path(get, path = "/api/events", tag = "live", security(("token" = [])),
    responses((status = 200, body = String, content_type = "text/event-stream"),
              (status = "4XX", body = crate::problem::Problem)))]
pub(crate) async fn events(State(app): State<App>, actor: Actor) -> Result<Response, Problem> {
    let (writer, answer) = stream::open(&app, actor.person, Shows::Changes)?;
    tokio::spawn(async move {
        // The reader has gone, or may not read any more: both end the stream.
        drop(tell(&app, &actor, &writer).await);
    });
    Ok(answer)
}

async fn tell(app: &App, actor: &Actor, to: &Writer) -> Result<(), Gone> {
    let mut changes = app.parts.store.changes();
    let mut seen = changes.borrow_and_update().size;
    say(to, topic::ALL.into_iter().collect(), seen).await?;
    let mut asked = Instant::now();
    let mut gather = GATHER;
    loop {
        let quiet_since = Instant::now();
        tokio::select! {
            changed = changes.changed() => changed.map_err(|_| Gone)?,
            () = sleep(ASK_AGAIN) => {}
            () = to.closed() => return Err(Gone),
        }
        if asked.elapsed() >= ASK_AGAIN {
            asked = Instant::now();
            if !actor.is_still_here(app).await {
                return Err(Gone);
            }
        }
        let head = changes.borrow_and_update().size;
        if head == seen {
            continue;
        }
        let stale = if head.saturating_sub(seen) > u64::from(LOOKED_AT) {
            topic::ALL.into_iter().collect()
        } else {
            match app.parts.store.kinds_from(seen, LOOKED_AT).await {
                Ok(kinds) => topic::stale(&kinds),
                Err(_) => continue,
            }
        };
        seen = head;
        if !stale.is_empty() {
            say(to, stale, head).await?;
        }
        gather = if quiet_since.elapsed() > GATHER { GATHER } else { (gather * 2).min(GATHER_MOST) };
        sleep(gather).await;
    }
}

async fn say(to: &Writer, topics: BTreeSet<&str>, head: u64) -> Result<(), Gone> {
    to.send("changed", &json!({ "topics": topics, "head": head })).await
}
