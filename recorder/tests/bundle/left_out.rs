//! What is left out of a bundle: what became of a visit may not be, and whose an outcome is that is not shown is not guessed.

use super::*;

/// Numbers in [`Ledger::visited`]: the visit's end, and its seal.
const ENDED: u64 = 305;
const SEALED: u64 = 306;

fn names(report: &Report) -> Vec<Failing> {
    report.failures.iter().map(|finding| finding.name).collect()
}

fn gaps(report: &Report) -> Vec<&str> {
    report.gaps.iter().map(|gap| gap.name).collect()
}

/// The ledger of a visit that had not ended, with an outcome of another visit on the target.
fn running() -> Ledger {
    let mut ledger = Ledger::visited();
    ledger.facts.truncate(usize::try_from(ENDED).unwrap());
    ledger.recording = Vec::new();
    ledger.fact("session-lost", true, Some(Uuid::now_v7()), &json!({}));
    ledger
}

#[test]
fn an_outcome_without_its_words_is_no_visit_that_goes_on() {
    let mut ledger = Ledger::new();
    ledger.gone = vec![ENDED, SEALED];
    let report = ledger.judged(ledger.bundle(1, None, None), None);
    assert!(names(&report).contains(&Failing::OutcomeMissing), "{:#?}", report.failures);
    assert!(!gaps(&report).contains(&"not-ended"));
}

#[test]
fn a_visit_that_ended_has_an_outcome_in_every_bundle() {
    let mut ledger = Ledger::visited();
    let (targets, window, session) = (vec![ledger.target], ledger.window, ledger.session);
    ledger.made(Subject::Session { targets, window, session });
    let report = ledger.judged(ledger.bundle(1, Some(SEALED), None), None);
    assert!(names(&report).contains(&Failing::OutcomeMissing), "{:#?}", report.failures);
}

#[test]
fn a_running_visit_holds_where_whose_an_outcome_is_cannot_be_told() {
    let mut ledger = running();
    ledger.made(ledger.whole());
    let whole = ledger.judged(ledger.bundle(1, Some(ENDED), None), None);
    assert!(names(&whole).contains(&Failing::OutcomeMissing), "{:#?}", whole.failures);
    let mut ledger = running();
    ledger.made(Subject::Window { targets: vec![ledger.target], window: ledger.window });
    let report = ledger.judged(ledger.bundle(1, Some(ENDED), None), None);
    assert!(report.holds, "{:#?}", report.failures);
    assert_eq!(gaps(&report), ["outcome-not-shown"]);
}

/// A ledger in which retention ran 91 days after the visit, and then the bundle was made.
fn aged(cleared: bool) -> Ledger {
    let mut ledger = Ledger::visited();
    ledger.later_us = 91 * 24 * HOUR_US;
    if cleared {
        ledger.fact("bodies-cleared", false, None, &json!({}));
    }
    ledger.made(ledger.whole());
    ledger
}

#[test]
fn words_that_retention_took_are_counted_in_the_sentence() {
    let mut ledger = aged(true);
    ledger.gone = vec![3];
    let report = ledger.judged(ledger.bundle(1, None, None), None);
    assert!(report.holds, "{:#?}", report.failures);
    assert_eq!(gaps(&report), ["body-deleted"]);
    let statement = report.statement.unwrap();
    assert!(statement.contains("; of 1 of them the words are gone by retention; none was"), "{statement}");
}

#[test]
fn words_that_retention_cannot_have_taken_are_missing() {
    let unsaid = aged(false);
    let young = Ledger::new();
    for mut ledger in [unsaid, young] {
        ledger.gone = vec![3];
        let report = ledger.judged(ledger.bundle(1, None, None), None);
        assert!(found(&report, Failing::FactGapUnknown, 3), "{:#?}", report.failures);
        assert!(gaps(&report).is_empty(), "it is no gap: {:?}", report.gaps);
    }
    let mut ledger = Ledger::visited();
    ledger.fact("recording-deleted", true, Some(ledger.session), &json!({}));
    ledger.later_us = 91 * 24 * HOUR_US;
    ledger.fact("bodies-cleared", false, None, &json!({}));
    ledger.made(ledger.whole());
    ledger.gone = vec![SEALED + 1];
    let report = ledger.judged(ledger.bundle(1, None, None), None);
    assert!(found(&report, Failing::FactGapUnknown, SEALED + 1), "such facts keep their words");
}

#[test]
fn the_fact_of_its_making_is_of_this_bundle() {
    let (mut other, mut withheld, mut sealed) = (Ledger::visited(), Ledger::visited(), Ledger::visited());
    other.made(Subject::Window { targets: vec![other.target], window: other.window });
    other.what = Some(other.whole());
    withheld.made_with(withheld.whole(), &json!([withheld.session]), &json!([]));
    sealed.made_with(sealed.whole(), &json!([]), &json!(["age1lea"]));
    for ledger in [other, withheld, sealed] {
        let report = ledger.judged(ledger.bundle(1, None, None), None);
        assert!(found(&report, Failing::MakingMissing, SEALED + 1), "{:#?}", report.failures);
    }
}

#[test]
fn a_recording_that_was_put_in_place_of_the_begun_one_is_not_sound() {
    // Sealed, and its seal in the ledger: a gate was made to take it. It begins otherwise than the visit's recording did.
    let mut ledger = Ledger::recorded(true);
    let (recording, evidence, seal) = recorded(ledger.session, true);
    (ledger.recording, ledger.evidence) = (recording, evidence);
    ledger.facts.truncate(usize::try_from(SEALED).unwrap());
    ledger.fact("session-sealed", true, Some(ledger.session), &json!({ "seal_hash": seal }));
    ledger.made(ledger.whole());
    let report = ledger.judged(ledger.bundle(1, None, None), None);
    assert_eq!(names(&report), [Failing::RecordingUnsound]);
    assert_eq!(report.failures[0].failure, Some(Failure::LedgerMismatch));
}
