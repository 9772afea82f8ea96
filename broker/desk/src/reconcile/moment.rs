//! Times as logs write them. What a log leaves out (its year, its zone) is said by who knows the machine.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What a log's times leave out.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The year of lines without one. Months that go back are taken for the next year.
    pub year: i16,
    /// The zone of times without one.
    pub zone: TimeZone,
}

impl Calendar {
    fn instant(&self, civil: DateTime) -> Option<Timestamp> {
        self.zone.to_ambiguous_timestamp(civil).compatible().ok()
    }

    /// `2026-11-28T07:10:11.123456+01:00`, with `Z`, with `+0100`, or without a zone.
    pub(super) fn rfc3339(&self, text: &str) -> Option<Timestamp> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(at);
        }
        // journalctl -o short-iso leaves the colon out.
        if let Some((civil, offset)) = text.split_at_checked(text.len().checked_sub(5)?)
            && offset.starts_with(['+', '-'])
            && let Some((hours, minutes)) = offset.split_at_checked(3)
        {
            return format!("{civil}{hours}:{minutes}").parse().ok();
        }
        self.instant(text.parse::<DateTime>().ok()?)
    }

    /// `Nov 28 07:10:11`, as syslog has always written it; `newest` is the last time before it in the log.
    pub(super) fn traditional(&self, text: &str, newest: Option<Timestamp>) -> Option<Timestamp> {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let mut words = text.split_ascii_whitespace();
        let month = words.next()?;
        let month = i8::try_from(MONTHS.iter().position(|name| *name == month)? + 1).ok()?;
        let day: i8 = words.next()?.parse().ok()?;
        let time: Time = clock(words.next()?)?;
        let of = |year| self.instant(Date::new(year, month, day).ok()?.to_datetime(time));
        let at = of(self.year)?;
        match newest {
            // A log goes on: what lies months before the line above it is of the next year.
            Some(newest) if newest.duration_since(at) > SignedDuration::from_hours(24 * 180) => {
                of(self.year.checked_add(1)?)
            }
            _ => Some(at),
        }
    }

    /// Event Viewer's times, as regions write them: `11/28/2026 7:10:11 AM`, `28/11/2026 07:10:11`, `28.11.2026 07:10:11`,
    /// `2026-11-28 07:10:11`. With AM or PM the month comes first.
    pub(super) fn regional(&self, text: &str) -> Option<Timestamp> {
        let text = text.trim();
        if let Some(at) = self.rfc3339(&text.replacen(' ', "T", 1)) {
            return Some(at);
        }
        let mut words = text.split_ascii_whitespace();
        let (date, time, half) = (words.next()?.trim_end_matches(','), words.next()?, words.next());
        let parts: Vec<i16> = date.split(['/', '.']).map(str::parse).collect::<Result<_, _>>().ok()?;
        let [first, second, year] = parts.as_slice() else { return None };
        let (first, second) = (i8::try_from(*first).ok()?, i8::try_from(*second).ok()?);
        let (month, day) = if half.is_some() { (first, second) } else { (second, first) };
        let time = clock(time)?;
        let hour = match half.map(str::to_ascii_uppercase).as_deref() {
            None => time.hour(),
            Some("AM") => time.hour() % 12,
            Some("PM") => time.hour() % 12 + 12,
            Some(_) => return None,
        };
        let time = Time::new(hour, time.minute(), time.second(), 0).ok()?;
        self.instant(Date::new(*year, month, day).ok()?.to_datetime(time))
    }
}

/// `7:10:11`, to the second.
fn clock(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(|part| part.parse::<i8>().ok());
    let time = Time::new(parts.next()??, parts.next()??, parts.next()??, 0).ok()?;
    parts.next().is_none().then_some(time)
}
