//! The handlers, a file per noun. Each parses, asks whether the actor may, calls, and renders.

pub(crate) mod after;
pub(crate) mod alert;
mod alert_beside;
pub(crate) mod authority;
pub(crate) mod bundle;
mod carried;
pub(crate) mod connect;
pub(crate) mod demo;
pub(crate) mod destination;
pub(crate) mod emergency;
pub(crate) mod enrolment;
pub(crate) mod events;
pub(crate) mod freeze;
pub(crate) mod host_key;
pub(crate) mod keep;
pub(crate) mod ledger;
pub(crate) mod ledger_facts;
pub(crate) mod lock;
pub(crate) mod person;
pub(crate) mod proof;
pub(crate) mod reconcile;
pub(crate) mod recording;
pub(crate) mod retention;
pub(crate) mod search;
pub(crate) mod second_word;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod ssh;
pub(crate) mod target;
pub(crate) mod target_endpoint;
pub(crate) mod target_reach;
pub(crate) mod tls;
pub(crate) mod tls_ca;
mod tls_ways;
pub(crate) mod transaction;
pub(crate) mod two_keepers;
pub(crate) mod unmask;
pub(crate) mod user_ca;
pub(crate) mod vendor;
pub(crate) mod watch;
mod ways;
mod why;
pub(crate) mod window;
pub(crate) mod window_console;
pub(crate) mod window_desk;
pub(crate) mod window_file;

use std::sync::Arc;

use axum::Json;
use chaperone_policy::Facts;

use crate::App;
use crate::problem::Problem;

/// What a handler answers.
type Answer<T> = Result<Json<T>, Problem>;

/// How many of the newest a list shows where nothing else is asked.
const LISTED: u32 = 200;
/// The longest list.
const MOST_LISTED: u32 = 10_000;

/// A list's length.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Newest {
    /// At most this many of the newest.
    limit: Option<u32>,
}

impl Newest {
    fn limit(&self) -> u32 {
        self.limit.unwrap_or(LISTED).min(MOST_LISTED)
    }
}

impl App {
    /// The facts with everything that this node has committed.
    async fn facts(&self) -> Result<Arc<Facts>, Problem> {
        Ok(self.parts.store.facts().await?)
    }
}
