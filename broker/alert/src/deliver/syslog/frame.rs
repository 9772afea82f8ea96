//! One syslog message: RFC 5424 in an RFC 6587 §3.4.1 octet-counted frame.
//!
//! ```text
//! 512 <82>1 2026-11-23T02:10:00.123456Z gate-1 chaperone 4242 OCSF-2004 [chaperone@32473 sequence="17" destination="soc"] {…}
//! ```

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Severity;

/// Every SYSLOG-MSG is shorter than this; RFC 5425 §4.3.1 has receivers take 8192 octets.
pub const MESSAGE_MAX: usize = 8_192;

/// Facility `authpriv` (RFC 5424 §6.2.1: security/authorization messages, 10).
const FACILITY: u8 = 10;
/// The structured data id, under the enterprise number that RFC 5612 sets aside for documentation.
const SD_ID: &str = "chaperone@32473";

/// What stands around the event in a message.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    /// How bad the event is.
    pub severity: Severity,
    /// When it happened.
    pub at: Timestamp,
    /// Which node tells it.
    pub node: &'a str,
    /// That node's process.
    pub process: u32,
    /// The event's OCSF class.
    pub class_uid: u64,
    /// The event's own id, the same on every destination.
    pub uid: &'a str,
    /// The destination's name.
    pub destination: &'a str,
    /// The event's number at this destination, without gaps: a receiver that misses one knows.
    pub sequence: u64,
}

/// The SYSLOG-MSG: header, structured data, and `body`, which is ASCII JSON.
#[must_use]
pub fn message(header: &Header<'_>, body: &str) -> String {
    let priority = FACILITY * 8 + header.severity.syslog();
    let at = header.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.6fZ");
    format!(
        "<{priority}>1 {at} {node} chaperone {process} OCSF-{class} [{SD_ID} sequence=\"{sequence}\" destination=\"{destination}\" uid=\"{uid}\"] {body}",
        node = printable(header.node, 255),
        process = header.process,
        class = header.class_uid,
        sequence = header.sequence,
        destination = param(header.destination),
        uid = param(header.uid),
    )
}

/// The room that `body` has, so that its message stays under [`MESSAGE_MAX`].
#[must_use]
pub fn room(header: &Header<'_>) -> usize {
    MESSAGE_MAX.saturating_sub(message(header, "").len())
}

/// The frame: the message's length in octets, a space, the message.
#[must_use]
pub fn counted(message: &str) -> Vec<u8> {
    format!("{} {message}", message.len()).into_bytes()
}

/// A header field: printable US-ASCII without spaces (RFC 5424 §6), `-` where nothing is left.
fn printable(text: &str, max: usize) -> String {
    let field: String = text.chars().filter(char::is_ascii_graphic).take(max).collect();
    if field.is_empty() { "-".to_owned() } else { field }
}

/// A PARAM-VALUE: `"`, `\` and `]` escaped (RFC 5424 §6.3.3), nothing that could break a line.
fn param(text: &str) -> String {
    let mut value = String::new();
    for c in text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(128) {
        if matches!(c, '"' | '\\' | ']') {
            value.push('\\');
        }
        value.push(c);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(node: &'a str, destination: &'a str) -> Header<'a> {
        Header {
            severity: Severity::High,
            at: "2026-11-23T02:10:00.1234567Z".parse().unwrap(),
            node,
            process: 4242,
            class_uid: 2004,
            uid: "u-1",
            destination,
            sequence: 17,
        }
    }

    #[test]
    fn a_message_has_every_field_of_rfc_5424() {
        assert_eq!(
            message(&header("gate-1", "soc"), "{}"),
            "<83>1 2026-11-23T02:10:00.123456Z gate-1 chaperone 4242 OCSF-2004 \
             [chaperone@32473 sequence=\"17\" destination=\"soc\" uid=\"u-1\"] {}"
        );
    }

    #[test]
    fn the_count_is_in_octets_of_the_message() {
        let frame = counted("<83>1 - {}");
        assert_eq!(frame, b"10 <83>1 - {}");
    }

    #[test]
    fn names_cannot_break_out_of_their_field() {
        let text = message(&header("gate 1\n<34>1", "so\"c]\\\n"), "{}");
        assert!(text.contains("Z gate1<34>1 chaperone"));
        assert!(text.contains(r#"destination="so\"c\]\\""#));
        assert!(!text.contains('\n'));
        assert!(message(&header("", "soc"), "{}").contains("Z - chaperone"));
    }

    #[test]
    fn severities_map_to_authpriv_priorities() {
        let priority = |severity| message(&Header { severity, ..header("g", "d") }, "")[..4].to_owned();
        assert_eq!(Severity::ALL.map(priority), ["<86>", "<85>", "<84>", "<83>", "<82>"]);
    }
}
