//! What people read of a refusal: the sentence for the technician, the verdict for the SOC; and how long a time is, in words.
//!
//! The technician learns about their own windows only (P9): whatever concerns other people's windows, or a target that
//! may not exist, reads as "no change window". Who has not proved who they are reads the same words for everything.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::{Nearest, Reason, Refusal};

impl Refusal {
    /// What a technician who has proved who they are reads: one sentence, and their own next window on this server, if
    /// there is one. Times are of the given zone, the hospital's.
    #[must_use]
    pub fn sentence(&self, zone: &TimeZone) -> String {
        let why = match (self.reason, &self.nearest, self.off_by) {
            (Reason::Early, Some(window), Some(by)) => {
                let opens = local(window.opens, zone);
                return format!("Outside your change window: it opens {opens}, in {}.", words(by));
            }
            (Reason::Late, Some(window), Some(by)) => {
                format!(
                    "Outside your change window: it closed {}, {} ago.",
                    local(window.closes, zone),
                    words(by)
                )
            }
            (reason, ..) => reason.told().to_owned(),
        };
        match &self.next {
            Some(next) if self.reason.is_proven() => {
                format!("{why} Your next change window on this server: {}.", span(next, zone))
            }
            _ => why,
        }
    }

    /// What the SOC reads first: `Off schedule: late by 3 h 10 min`.
    #[must_use]
    pub fn verdict(&self) -> String {
        self.reason.verdict(self.off_by)
    }
}

impl Reason {
    /// Whether the person had proved who they are. Until then nobody is told why (P9).
    #[must_use]
    pub fn is_proven(self) -> bool {
        !matches!(self, Self::UnknownPerson | Self::Credential | Self::SecondFactor)
    }

    /// The verdict on a refused attempt, for the SOC.
    #[must_use]
    pub fn verdict(self, off_by: Option<SignedDuration>) -> String {
        let by = |word: &str| match off_by {
            Some(span) => format!("Off schedule: {word} by {}", words(span)),
            None => format!("Off schedule: {word}"),
        };
        let text = match self {
            Self::Early => return by("early"),
            Self::Late => return by("late"),
            Self::UnknownPerson => "Not proven: nobody has this sign-in name",
            Self::Credential => "Not proven: the credential is not enrolled for this person",
            Self::SecondFactor => "Half proven: the second factor failed",
            Self::Locked => "Locked: this person, vendor or server is locked",
            Self::NotValid => "Off schedule: this person or vendor is not valid at this time",
            Self::NoWindow => "Off schedule: no window for this person on this server",
            Self::OtherTarget => "Off schedule: the open window is for another server",
            Self::OtherPerson => "Off schedule: the open window is for another person",
            Self::AccessNotGranted => "Outside the grant: the window does not allow this access or account",
            Self::SourceNetwork => "Outside the grant: from a network that is not theirs",
            Self::NotYetApproved => "Off schedule: asked for, never approved",
            Self::NotReleased => "Off schedule: the clinical go of the day is missing",
            Self::Revoked => "Off schedule: the window was revoked",
            Self::Frozen => "Off schedule: a freeze is in force",
            Self::WorkLimit => "Off schedule: the work limit is used up",
            Self::ObserverRequired => "Inside the window: nobody observes, and an observer is required",
            Self::Limit => "Inside the window: too many sessions at once",
            Self::Recorder => "Gate fault: recordings cannot be written",
            Self::Store => "Gate fault: the database does not answer",
            Self::Clock => "Gate fault: the clock cannot be trusted",
        };
        text.to_owned()
    }

    /// The technician's sentence, where it has no times.
    fn told(self) -> &'static str {
        match self {
            Self::UnknownPerson | Self::Credential | Self::SecondFactor => "Sign-in failed.",
            Self::Locked => "Your access is locked.",
            Self::NotValid => "Your access is not valid at this time.",
            Self::NoWindow | Self::OtherTarget | Self::OtherPerson | Self::Early | Self::Late => {
                "Outside your change window: you have none on this server at this time."
            }
            Self::AccessNotGranted => "Your change window does not allow this access or this account.",
            Self::SourceNetwork => "You cannot connect from this network.",
            Self::NotYetApproved => {
                "Your change window is not ready: it waits for approval, or for you to accept it."
            }
            Self::NotReleased => {
                "Your change window has not been released: the clinical go of the day is missing."
            }
            Self::Revoked => "Your change window has been revoked.",
            Self::Frozen => "Your change window is suspended: work on this server is frozen at this time.",
            Self::WorkLimit => "The working time of your change window is used up.",
            Self::ObserverRequired => {
                "Your change window needs an observer, and nobody observes at this time."
            }
            Self::Limit => "Too many visits are open at once: end one and try again.",
            Self::Recorder => "Visits cannot be recorded at this time, so none can begin.",
            Self::Store => "The schedule cannot be read at this time, so no visit can begin.",
            Self::Clock => "The gate's clock cannot be trusted at this time, so no visit can begin.",
        }
    }
}

/// A length of time as people say it, in its two biggest units, cut short: `3 h 10 min`, `1 min 32 s`, `45 s`, `2 d 4 h`.
#[must_use]
pub fn words(span: SignedDuration) -> String {
    let seconds = span.unsigned_abs().as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{big} {big_unit}"),
        small => format!("{big} {big_unit} {small} {small_unit}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => two(minutes, "min", seconds % 60, "s"),
        (0, ..) => two(hours, "h", minutes, "min"),
        _ => two(days, "d", hours, "h"),
    }
}

/// An instant as people say it in a zone: `Wed 25 Nov 2026 22:00 CET`.
#[must_use]
pub fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b %Y %H:%M %Z").to_string()
}

/// A window's times; the day is said once where both are on one: `Wed 25 Nov 2026 22:00–23:30 CET`.
fn span(window: &Nearest, zone: &TimeZone) -> String {
    let (opens, closes) = (window.opens.to_zoned(zone.clone()), window.closes.to_zoned(zone.clone()));
    if opens.date() == closes.date() && opens.offset() == closes.offset() {
        format!("{}–{}", opens.strftime("%a %-d %b %Y %H:%M"), closes.strftime("%H:%M %Z"))
    } else {
        format!("{} – {}", local(window.opens, zone), local(window.closes, zone))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::*;
    use crate::WindowId;

    fn window(opens: &str, closes: &str) -> Nearest {
        Nearest {
            window: WindowId(Uuid::nil()),
            opens: opens.parse().unwrap(),
            closes: closes.parse().unwrap(),
        }
    }

    fn refusal(reason: Reason, off_by_min: Option<i64>) -> Refusal {
        Refusal {
            reason,
            nearest: Some(window("2026-11-25T22:00:00Z", "2026-11-25T23:00:00Z")),
            off_by: off_by_min.map(SignedDuration::from_mins),
            next: Some(window("2026-11-26T22:00:00Z", "2026-11-26T23:30:00Z")),
        }
    }

    #[test]
    fn a_length_of_time_reads_as_people_say_it() {
        for (seconds, text) in [
            (0, "0 s"),
            (45, "45 s"),
            (60, "1 min"),
            (92, "1 min 32 s"),
            (7_200, "2 h"),
            (11_400, "3 h 10 min"),
            (11_459, "3 h 10 min"),
            (86_400, "1 d"),
            (180_000, "2 d 2 h"),
            (-11_400, "3 h 10 min"),
        ] {
            assert_eq!(words(SignedDuration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn late_and_early_say_when_and_by_how_long_in_the_hospital_s_time() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(
            refusal(Reason::Late, Some(190)).sentence(&berlin),
            "Outside your change window: it closed Thu 26 Nov 2026 00:00 CET, 3 h 10 min ago. \
             Your next change window on this server: Thu 26 Nov 2026 23:00 CET – Fri 27 Nov 2026 00:30 CET."
        );
        assert_eq!(
            refusal(Reason::Early, Some(15)).sentence(&TimeZone::UTC),
            "Outside your change window: it opens Wed 25 Nov 2026 22:00 UTC, in 15 min."
        );
        assert_eq!(
            refusal(Reason::Revoked, None).sentence(&TimeZone::UTC),
            "Your change window has been revoked. \
             Your next change window on this server: Thu 26 Nov 2026 22:00–23:30 UTC."
        );
    }

    #[test]
    fn who_has_not_proved_who_they_are_reads_the_same_words_for_everything() {
        let unproven = Reason::ALL.iter().filter(|reason| !reason.is_proven());
        let told: BTreeSet<_> =
            unproven.map(|reason| refusal(*reason, Some(5)).sentence(&TimeZone::UTC)).collect();
        assert_eq!(told, BTreeSet::from(["Sign-in failed.".to_owned()]));
    }

    #[test]
    fn other_people_s_windows_and_other_servers_read_as_no_window() {
        let told = |reason| Refusal::without_window(reason).sentence(&TimeZone::UTC);
        assert_eq!(told(Reason::OtherPerson), told(Reason::NoWindow));
        assert_eq!(told(Reason::OtherTarget), told(Reason::NoWindow));
    }

    #[test]
    fn every_reason_has_its_own_verdict() {
        let verdicts: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.verdict(None)).collect();
        assert_eq!(verdicts.len(), Reason::ALL.len());
        assert_eq!(refusal(Reason::Late, Some(190)).verdict(), "Off schedule: late by 3 h 10 min");
        assert_eq!(refusal(Reason::Early, Some(12)).verdict(), "Off schedule: early by 12 min");
    }
}
