//! Cookies on their way through: the gate's own never reaches a target, and a target's never leaves its host name.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The gate's cookie. The prefix has browsers refuse it from anybody but this very host (RFC 6265bis §4.1.3.2).
pub(super) const OURS: &str = "__Host-chaperone";

/// What the gate's cookie says, wherever it stands, and whatever bytes the target's own hold. Of several, none: somebody has put
/// one there.
pub(super) fn ours(fields: &HeaderMap) -> Option<&str> {
    let pairs = fields.get_all(COOKIE).iter().flat_map(|line| pairs(line.as_bytes()));
    let mut ours = pairs.filter(|(name, _)| *name == OURS.as_bytes()).map(|(_, value)| value);
    let one = ours.next().filter(|_| ours.next().is_none())?;
    std::str::from_utf8(one).ok()
}

/// The cookies of a request in one line, without the gate's: HTTP/2 may have cut them into several (RFC 9113 §8.2.3).
pub(super) fn to_target(fields: &HeaderMap) -> Option<HeaderValue> {
    let lines: Vec<Vec<u8>> = fields
        .get_all(COOKIE)
        .iter()
        .map(|value| without_ours(value.as_bytes()))
        .filter(|line| !line.is_empty())
        .collect();
    HeaderValue::from_bytes(&lines.join(b"; ".as_slice())).ok().filter(|line| !line.is_empty())
}

/// A line of cookies without the gate's. One that names it in another case is no cookie of the target's either.
pub(super) fn without_ours(line: &[u8]) -> Vec<u8> {
    let pieces = line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let others: Vec<&[u8]> = pieces.filter(|piece| !piece.is_empty() && !is_ours(name_of(piece))).collect();
    others.join(b"; ".as_slice())
}

/// A cookie that a target sets, as the client gets it: for this host alone. `None` where it would take the gate's place.
pub(super) fn to_client(set: &HeaderValue) -> Option<HeaderValue> {
    let mut pieces = set.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let pair = pieces.next().filter(|pair| !is_ours(name_of(pair)))?;
    let attributes =
        pieces.filter(|piece| !piece.is_empty() && !name_of(piece).eq_ignore_ascii_case(b"domain"));
    let kept: Vec<&[u8]> = std::iter::once(pair).chain(attributes).collect();
    HeaderValue::from_bytes(&kept.join(b"; ".as_slice())).ok()
}

fn pairs(line: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    line.split(|byte| *byte == b';').filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = pair.split_at_checked(at)?;
        Some((name.trim_ascii(), value.strip_prefix(b"=")?.trim_ascii()))
    })
}

fn name_of(piece: &[u8]) -> &[u8] {
    piece.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii()
}

fn is_ours(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(OURS.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn the_gate_s_cookie_is_found_once_and_goes_nowhere() {
        let fields = asked(&["a=1; __Host-chaperone=t.o.k; b=2", "c=3"]);
        assert_eq!(ours(&fields), Some("t.o.k"));
        assert_eq!(to_target(&fields).unwrap(), "a=1; b=2; c=3");
        assert_eq!(ours(&asked(&["__Host-chaperone=1; __Host-chaperone=2"])), None, "which?");
        assert_eq!(ours(&asked(&["__host-chaperone=1"])), None);
        assert_eq!(to_target(&asked(&["__HOST-CHAPERONE=1"])), None);
    }

    #[test]
    fn a_cookie_of_the_target_s_that_is_no_ascii_hides_nothing() {
        let line =
            HeaderValue::from_bytes("ward=Übung; __Host-chaperone=t.o.k; x=\u{ff}".as_bytes()).unwrap();
        let fields = HeaderMap::from_iter([(COOKIE, line)]);
        assert_eq!(ours(&fields), Some("t.o.k"));
        assert_eq!(to_target(&fields).unwrap().as_bytes(), "ward=Übung; x=\u{ff}".as_bytes());
        let no_text = HeaderValue::from_bytes(b"__Host-chaperone=\xff").unwrap();
        assert_eq!(ours(&HeaderMap::from_iter([(COOKIE, no_text)])), None);
    }

    #[test]
    fn a_target_s_cookie_stays_with_its_host() {
        let set = |text: &str| to_client(&HeaderValue::from_str(text).unwrap());
        assert_eq!(
            set("a=1; Domain=.internal; Secure; domain = x;HttpOnly").unwrap(),
            "a=1; Secure; HttpOnly"
        );
        assert_eq!(set("a=domain=b").unwrap(), "a=domain=b");
        assert_eq!(set(" __host-Chaperone = x; Path=/"), None);
    }

    proptest! {
        #[test]
        fn the_gate_s_cookie_is_found_beside_any_bytes(
            before in proptest::collection::vec(0x20u8..=0xff, 0..20), after in proptest::collection::vec(0x20u8..=0xff, 0..20),
        ) {
            let line = [&before[..], b"; __Host-chaperone=t.o.k; ", &after[..]].concat();
            let Ok(line) = HeaderValue::from_bytes(&line) else { return Ok(()) };
            let fields = HeaderMap::from_iter([(COOKIE, line)]);
            prop_assert_eq!(ours(&fields), Some("t.o.k"));
        }

        #[test]
        fn no_line_of_cookies_carries_the_gate_s_on(line in "[ -~]{0,40}", at in 0usize..4) {
            let mut pieces: Vec<&str> = line.split(';').collect();
            pieces.insert(at.min(pieces.len()), " __Host-chaperone=secret-token");
            let passed = without_ours(pieces.join(";").as_bytes());
            prop_assert!(!String::from_utf8(passed).unwrap().contains("secret-token"));
        }
    }
}
