//! Times on the command line: the wire's forms, and local wall time, which is resolved here in the reader's zone.

use chaperone_web::wire::Moment;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What `--help` says of a time.
pub(crate) const FORMS: &str =
    "now, +90m or -1h (from now), 2026-11-25T22:00:00+01:00, or local \"2026-11-25 22:00\"";

/// Reads a time.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    in_zone(text, &TimeZone::system())
}

fn in_zone(text: &str, zone: &TimeZone) -> Result<Moment, String> {
    let relative_or_instant: Result<Moment, _> = text.parse();
    if let Ok(moment) = relative_or_instant {
        return Ok(moment);
    }
    let local = [text.to_owned(), format!("{text}:00")]
        .into_iter()
        .filter(|text| text.len() >= 16)
        .find_map(|text| text.parse::<DateTime>().ok())
        .ok_or_else(|| format!("{text:?} is no time; right is {FORMS}"))?;
    // A wall time that a change of summer time skips or repeats is not guessed.
    let instant = zone.to_ambiguous_zoned(local).unambiguous().map_err(|_| {
        format!(
            "{text:?} happens not at all or twice in {}: give an offset",
            zone.iana_name().unwrap_or("this zone")
        )
    })?;
    Ok(Moment::At(instant.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(text: &str) -> Result<String, String> {
        in_zone(text, &TimeZone::get("Europe/Berlin").unwrap()).map(|moment| moment.to_string())
    }

    #[test]
    fn local_times_are_read_in_the_readers_zone() {
        assert_eq!(berlin("2026-11-25 22:00").unwrap(), "2026-11-25T21:00:00Z");
        assert_eq!(berlin("2026-07-01 22:00:30").unwrap(), "2026-07-01T20:00:30Z");
        assert_eq!(berlin("now").unwrap(), "now");
    }

    #[test]
    fn a_wall_time_that_is_skipped_or_repeated_is_not_guessed() {
        assert!(berlin("2026-03-29 02:30").is_err());
        assert!(berlin("2026-10-25 02:30").is_err());
        assert!(berlin("soon").unwrap_err().contains("+90m"));
        assert!(berlin("2026-11-25").is_err());
    }
}
