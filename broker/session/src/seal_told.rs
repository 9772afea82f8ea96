//! What facts and rows hold of a seal: which it is, and what is to be told of the channels. The seal itself is in the recording.

use chaperone_recorder::{ChannelCoverage, Coverage, Seal, SealState, weakest};
use serde_json::{Value, json};

use crate::record::hex_text;

/// Channels whose coverage is said one by one in facts and rows; of more their number.
const EXCEPTIONS: usize = 100;

/// What a `session-sealed` fact holds of a seal: of its coverage what is to be said of channels, and how many there were.
pub(crate) fn sealed(seal: &Seal) -> Value {
    let (said, more) = exceptions(&seal.coverage);
    // After a crash nobody knows what was stated.
    let stated = (seal.state == SealState::Sealed).then_some(&seal.coverage);
    json!({
        "seal_hash": hex_text(&seal.hash), "chain": hex_text(&seal.chain), "blocks": seal.blocks.to_string(),
        "state": seal.state, "reason": seal.reason, "channels": stated.map(Vec::len),
        "weakest": stated.map(|all| weakest(all)), "coverage": said, "more": more,
    })
}

/// What a session's row holds of a seal, as JSON: without the counts of its streams, and of its coverage no more than the
/// fact holds. The seal itself is in the recording.
pub(crate) fn seal_in_brief(seal: &Seal) -> Option<String> {
    let (coverage, _) = exceptions(&seal.coverage);
    serde_json::to_string(&Seal { coverage, counts: Vec::new(), ..seal.clone() }).ok()
}

/// The channels that are not simply captured, the weakest first, and how many there are beyond those.
fn exceptions(coverage: &[ChannelCoverage]) -> (Vec<ChannelCoverage>, usize) {
    let is_one = |one: &&ChannelCoverage| one.coverage != Coverage::Captured || !one.why.is_empty();
    let mut all: Vec<&ChannelCoverage> = coverage.iter().filter(is_one).collect();
    all.sort_by_key(|one| (one.coverage, one.channel));
    let more = all.len().saturating_sub(EXCEPTIONS);
    (all.into_iter().take(EXCEPTIONS).cloned().collect(), more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_of_a_seal_says_what_is_to_be_said_of_channels_and_how_many_there_were() {
        let stated =
            |channel, coverage, why: &str| ChannelCoverage { channel, coverage, why: why.to_owned() };
        let all: Vec<_> = (0..16_000)
            .map(|number| match number % 8 {
                0 => stated(number, Coverage::FlowOnly, "encrypted inside"),
                1 if number > 9000 => stated(number, Coverage::Refused, "the server did not start it"),
                2 => stated(number, Coverage::Captured, "it was ended"),
                _ => stated(number, Coverage::Captured, ""),
            })
            .collect();
        let (said, more) = exceptions(&all);
        assert_eq!((said.len(), more), (EXCEPTIONS, 2000 + 875 + 2000 - EXCEPTIONS));
        assert_eq!((said[0].coverage, said[0].channel), (Coverage::Refused, 9001));
        assert_eq!(weakest(&said), weakest(&all));
        assert_eq!(exceptions(&all[3..8]), (Vec::new(), 0));
    }
}
