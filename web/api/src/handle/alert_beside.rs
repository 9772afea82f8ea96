//! What an analyst wants beside an alert: by when to act, what else happened, and whether this is usual.

use chaperone_policy::{Facts, PersonId, TargetId, VendorId};
use chaperone_store::AlertRow;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::session;
use crate::App;
use crate::actor::Actor;
use crate::problem::Problem;
use crate::wire::{AlertView, DueView, RelatedView};

/// Alerts of this long ago are related.
const RELATED_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// Visits of this long ago say what is usual.
const USUAL_WITHIN: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Visits that are looked through for what is usual.
const LOOKED_THROUGH: u32 = 10_000;
/// Alerts that are looked through for related ones.
const RELATED_LOOKED_THROUGH: u32 = 500;
const RELATED_LISTED: usize = 10;
const HOURS_OF_WEEK: usize = 7 * 24;

/// Minutes to acknowledge, decide and close, by severity (SOC.md §1).
fn minutes(severity: &str) -> (i64, i64, i64) {
    match severity {
        "critical" => (15, 30, 60),
        "high" => (30, 60, 120),
        "medium" => (120, 240, 480),
        _ => (480, 1440, 2880),
    }
}

/// By when something is to be done, counted from the alert's creation.
pub(super) fn due(row: &AlertRow) -> DueView {
    let (acknowledge, decide, close) = minutes(&row.severity);
    let by = |minutes| row.first.checked_add(SignedDuration::from_mins(minutes)).ok();
    match row.state.as_str() {
        "new" => DueView { acknowledge: by(acknowledge), decide: by(decide), close: by(close) },
        "acknowledged" => DueView { acknowledge: None, decide: by(decide), close: by(close) },
        _ => DueView::default(),
    }
}

/// Whom and what an alert is about.
struct About {
    person: Option<PersonId>,
    vendor: Option<VendorId>,
    target: Option<TargetId>,
}

impl About {
    fn of(content: &Value, facts: &Facts) -> Self {
        let id = |pointer: &str| content.pointer(pointer)?.as_str()?.parse().ok();
        let person: Option<PersonId> = id("/who/person").map(PersonId);
        let vendor = person.and_then(|id| facts.people.get(&id)?.vendor);
        Self { person, vendor, target: id("/what/target").map(TargetId) }
    }

    fn shares(&self, other: &Self) -> bool {
        let same = |a: Option<uuid::Uuid>, b: Option<uuid::Uuid>| a.is_some() && a == b;
        same(self.person.map(|id| id.0), other.person.map(|id| id.0))
            || same(self.vendor.map(|id| id.0), other.vendor.map(|id| id.0))
            || same(self.target.map(|id| id.0), other.target.map(|id| id.0))
    }
}

/// The view with everything beside it.
pub(super) async fn beside(
    app: &App,
    actor: &Actor,
    row: &AlertRow,
    view: AlertView,
) -> Result<AlertView, Problem> {
    let facts = &actor.facts;
    let about = About::of(&row.content, facts);
    let since = actor.now.checked_sub(USUAL_WITHIN).unwrap_or(Timestamp::MIN);
    let (mut live_now, mut usual) = (Vec::new(), Vec::new());
    if let Some(target) = about.target {
        for visit in app.parts.store.live_sessions(target).await? {
            live_now.push(session::view(app, facts, &visit).await?);
        }
        let visits = app.parts.store.visits_on(target, since, LOOKED_THROUGH).await?;
        let of_vendor = |person| facts.people.get(&person).and_then(|person| person.vendor) == about.vendor;
        usual.extend(
            visits.into_iter().filter(|(person, _)| of_vendor(*person)).map(|(_, admitted)| admitted),
        );
    }
    let zone = &app.parts.settings.zone;
    Ok(AlertView {
        related: related(app, facts, row, &about, actor.now).await?,
        histogram: (about.vendor.is_some() && about.target.is_some()).then(|| histogram(&usual, zone)),
        live_now,
        ..view
    })
}

async fn related(
    app: &App,
    facts: &Facts,
    row: &AlertRow,
    about: &About,
    now: Timestamp,
) -> Result<Vec<RelatedView>, Problem> {
    let since = now.checked_sub(RELATED_WITHIN).unwrap_or(Timestamp::MIN);
    let mut rows = app.parts.store.alerts_since(since, RELATED_LOOKED_THROUGH).await?;
    rows.retain(|other| other.id != row.id && about.shares(&About::of(&other.content, facts)));
    rows.sort_by_key(|other| std::cmp::Reverse(other.last));
    rows.truncate(RELATED_LISTED);
    let view = |other: AlertRow| RelatedView {
        id: other.id.to_string(),
        title: other.title,
        severity: other.severity,
        last_at: other.last,
        count: other.count,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// How many visits began in each hour of the week.
fn histogram(visits: &[Timestamp], zone: &TimeZone) -> Vec<u32> {
    let mut hours = vec![0; HOURS_OF_WEEK];
    for visit in visits {
        let began = visit.to_zoned(zone.clone());
        let day = usize::try_from(began.weekday().to_monday_zero_offset()).unwrap_or_default();
        let hour = usize::try_from(began.hour()).unwrap_or_default();
        if let Some(count) = hours.get_mut(day * 24 + hour) {
            *count += 1;
        }
    }
    hours
}
