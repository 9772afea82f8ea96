//! A verdict in words for people who are not engineers.

use chaperone_recorder::{Content, SealState, Verdict};

/// One paragraph. It never says more than was proved.
pub(crate) fn spoken(verdict: &Verdict) -> String {
    match &verdict.bad {
        Some(bad) => {
            let sound = match verdict.sound_until {
                Some(until) => format!(
                    "Sound up to {until} ({} blocks); nothing after that is proved.",
                    verdict.sound_blocks
                ),
                None => "Nothing in it is proved.".to_owned(),
            };
            format!("NOT SOUND: {} {sound} ({bad})", bad.failure.words())
        }
        None => {
            let state = match verdict.state {
                Some(SealState::Recovered) => "Sound, recovered after a crash and sealed as found",
                _ => "Sound and sealed",
            };
            let ledger = if verdict.ledger_asked {
                "the ledger has the same seal"
            } else {
                "the ledger was not asked"
            };
            let content = match verdict.content {
                Content::NotOpened => "order and completeness are proved, the content was not opened",
                Content::EvidenceOpened => "the content was opened and adds up; typed input stayed masked",
                Content::AllOpened => "all content was opened and adds up",
            };
            format!("{state}: {ledger}; {content}.")
        }
    }
}
