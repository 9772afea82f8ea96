//! What a bundle will hold, settled before its first byte: subject, tag keys, checkpoint A, the fact that it is made,
//! checkpoint B.

use std::sync::Arc;

use chaperone_policy::{Facts, TargetId, VendorId};
use chaperone_recorder::Identity;
use chaperone_recorder::bundle::Subject;
use chaperone_recorder::ledger::{Checkpoint, CompactRange, TagKey};
use chaperone_store::{FactKind, NewFact, Store, StoreError};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::out::{Out, Pieces, way_out};
use super::pack::Pack;
use super::{BundleError, BundleOf, BundleWish};
use crate::desk::Desk;

/// What will be packed.
pub(super) struct Plan {
    pub wish: BundleWish,
    pub subject: Subject,
    pub targets: Vec<TargetId>,
    /// The vendor that a window or session is of.
    pub vendor: Option<VendorId>,
    pub tag_keys: Vec<(TargetId, TagKey)>,
    /// A, as its note; empty for the tree without leaves.
    pub from_note: String,
    pub range: CompactRange,
    /// B, as its note.
    pub to_note: String,
    pub to: Checkpoint,
    /// Number of the fact `bundle-made`.
    pub made: u64,
    pub names: Arc<Facts>,
    pub identities: Vec<Identity>,
}

impl Desk {
    /// Makes a bundle. That it is made, by whom and why, is committed before anything of it goes out; whether they may is
    /// asked by the door before.
    ///
    /// # Errors
    /// When there is nothing to make it of, another is being made, or the ledger cannot be read or written. What fails
    /// later ends the pieces with an error.
    pub async fn bundle(&self, wish: BundleWish) -> Result<Pieces, BundleError> {
        let turn = self.bundle_turn()?;
        let plan = self.plan(wish).await?;
        let (out, pieces) = way_out();
        let desk = self.clone();
        // It goes on by itself, and ends when nobody takes its pieces.
        drop(spawn_blocking(move || {
            let _turn = turn;
            let last = out.sender();
            if let Err(error) = Pack::begin(desk, plan, out).all() {
                tracing::warn!(error = &error as &dyn std::error::Error, "a bundle was not finished");
                Out::break_off(&last, error);
            }
        }));
        Ok(pieces)
    }

    async fn plan(&self, wish: BundleWish) -> Result<Plan, BundleError> {
        let store = self.store();
        let names = store.facts().await?;
        let (subject, vendor, first) = subject(store, &wish).await?;
        if self.identities().is_empty() {
            return Err(BundleError::NoIdentity);
        }
        let targets: Vec<TargetId> = subject.targets().iter().copied().map(TargetId).collect();
        let mut tag_keys = Vec::new();
        for target in &targets {
            tag_keys.push((*target, store.tag_key(*target).await?));
        }
        let (from, from_note) = store.checkpoint_below(first).await?.unwrap_or_default();
        let range = store.range_at(from).await?;
        let made = store.fact(made(&wish, &subject, &targets)).await?;
        let to_note = store.checkpoint().await?;
        let to = Checkpoint::open(&to_note, store.ledger_verifier()).map_err(StoreError::from)?;
        let identities = self.identities().to_vec();
        Ok(Plan {
            wish,
            subject,
            targets,
            vendor,
            tag_keys,
            from_note,
            range,
            to_note,
            to,
            made,
            names,
            identities,
        })
    }
}

/// The subject, its vendor where it has one, and the number of its first fact.
async fn subject(store: &Store, wish: &BundleWish) -> Result<(Subject, Option<VendorId>, u64), BundleError> {
    match wish.of {
        BundleOf::Target { target, from, to } => {
            let to = to.min(wish.at);
            // Sessions that ran at the beginning are in it from their admission on.
            let from = store.live_since(target, from).await?.unwrap_or(from).min(from);
            if to <= from {
                return Err(BundleError::Times);
            }
            let first = store.first_fact_since(from).await?.ok_or(BundleError::Nothing)?;
            let subject = Subject::Target {
                targets: vec![target.0],
                from_us: from.as_microsecond(),
                to_us: to.as_microsecond(),
            };
            Ok((subject, None, first))
        }
        BundleOf::Window(id) => {
            let window = store.window(id).await?;
            let first = store.first_fact_of(id).await?.ok_or(BundleError::Nothing)?;
            let targets = window.targets.iter().map(|target| target.0).collect();
            Ok((Subject::Window { targets, window: id.0 }, Some(window.vendor), first))
        }
        BundleOf::Session(id) => {
            let row = store.session(id).await?;
            let vendor = store.window(row.window).await?.vendor;
            let first = store.first_fact_of(row.window).await?.ok_or(BundleError::Nothing)?;
            let subject =
                Subject::Session { targets: vec![row.target.0], window: row.window.0, session: id.0 };
            Ok((subject, Some(vendor), first))
        }
    }
}

/// The fact that it is made, about every target of it.
fn made(wish: &BundleWish, subject: &Subject, targets: &[TargetId]) -> NewFact {
    let time = |us: i64| Timestamp::from_microsecond(us).ok();
    let times = match subject {
        Subject::Target { from_us, to_us, .. } => json!({ "from": time(*from_us), "to": time(*to_us) }),
        _ => Value::Null,
    };
    let recipients: Vec<String> = wish.recipients.iter().map(ToString::to_string).collect();
    let body = json!({
        "reason": wish.reason, "subject": subject, "times": times, "withheld": wish.withheld,
        "recipients": recipients, "host_minted": wish.host_minted,
    });
    let fact = NewFact::new(FactKind::BundleMade, Timestamp::now(), body).by(wish.by);
    let fact = match targets.split_first() {
        Some((first, rest)) => fact.on(*first).also_on(rest.iter().copied()),
        None => fact,
    };
    match wish.of {
        BundleOf::Window(window) => fact.in_window(window),
        BundleOf::Session(session) => fact.in_session(session),
        BundleOf::Target { .. } => fact,
    }
}
