//! The hour's run of retention, and the words of two people whose time is over.

use std::time::Duration;

use chaperone_desk::Desk;
use chaperone_session::Gate;
use chaperone_store::Store;
use jiff::Timestamp;
use tokio::time::sleep;

use crate::cli::chain;

/// How often what is over its time is looked for.
const EVERY: Duration = Duration::from_secs(3600);
/// How often words whose time is over are closed.
const WORDS_EVERY: Duration = Duration::from_secs(60);

/// Runs for as long as the node does. The first run comes after an hour: a node that has just started has not looked at
/// its clock for long.
pub(super) async fn keep(desk: Desk, gate: Gate, store: Store) {
    let minutes = EVERY.as_secs() / WORDS_EVERY.as_secs();
    loop {
        for _ in 0..minutes {
            sleep(WORDS_EVERY).await;
            match store.lapse_words().await {
                Err(error) if !error.is_gone() => {
                    tracing::error!(error = chain(&error), "words whose time is over could not be closed");
                }
                _ => {}
            }
        }
        match desk.retain(gate.clock_is_trusted(), Timestamp::now(), None, false).await {
            Ok(run) => {
                if let Some(stopped) = &run.stopped {
                    tracing::error!(why = stopped.words(), "retention does nothing");
                } else if run.recordings_deleted + run.words_cleared > 0 {
                    tracing::info!(
                        recordings = run.recordings_deleted,
                        facts = run.words_cleared,
                        "retention has run"
                    );
                }
            }
            Err(error) => tracing::error!(error = chain(&error), "retention could not run to its end"),
        }
    }
}
