//! A hold beats every class, facts outlive recordings, and nothing that is younger than its class is due.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const DAY: i64 = 24 * 3600;

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + day * DAY).unwrap()
}

fn class(name: &str, facts: u32, recordings: u32) -> RetentionClass {
    RetentionClass::new(name.parse().unwrap(), facts, recordings).unwrap()
}

fn evidence(day: i64) -> Evidence {
    Evidence {
        session: Some(SessionId(Uuid::from_u128(1))),
        window: Some(WindowId(Uuid::from_u128(2))),
        person: Some(PersonId(Uuid::from_u128(3))),
        target: Some(TargetId(Uuid::from_u128(4))),
        vendor: Some(VendorId(Uuid::from_u128(5))),
        from: at(day),
        until: at(day),
    }
}

fn keeping(classes: &[RetentionClass]) -> Keeping {
    let classes = classes.iter().map(|class| (class.name.clone(), class.clone())).collect();
    Keeping { classes, ..Keeping::default() }
}

fn hold(on: HoldOn) -> Hold {
    Hold {
        id: HoldId(Uuid::from_u128(9)),
        on,
        from: None,
        to: None,
        reason: "claim".to_owned(),
        by: PersonId(Uuid::nil()),
        at: at(0),
    }
}

#[test]
fn facts_outlive_the_recordings_that_they_prove() {
    let name: ClassName = "short".parse().unwrap();
    assert_eq!(RetentionClass::new(name.clone(), 100, 101), Err(ClassFault::FactsFirst));
    assert_eq!(RetentionClass::new(name.clone(), 89, 30), Err(ClassFault::Days));
    assert_eq!(RetentionClass::new(name.clone(), 90, 0), Err(ClassFault::Days));
    assert_eq!(RetentionClass::new(name.clone(), 40_000, 30), Err(ClassFault::Days));
    assert!(RetentionClass::new(name, 90, 90).is_ok());
}

#[test]
fn evidence_is_due_after_its_class_and_not_before() {
    let keeping = keeping(&[class("standard", 2192, 365)]);
    assert!(keeping.recording_due(&evidence(0), at(365)).is_none());
    assert!(keeping.recording_due(&evidence(0), at(366)).is_some());
    assert!(keeping.words_due(&evidence(0), at(2192)).is_none());
    assert!(keeping.words_due(&evidence(0), at(2193)).is_some());
}

#[test]
fn of_two_classes_the_longer_one_counts_and_a_lost_one_is_the_standard() {
    let mut keeping =
        keeping(&[class("standard", 2192, 365), class("short", 100, 10), class("long", 4000, 1000)]);
    keeping.of_targets.insert(TargetId(Uuid::from_u128(4)), "short".parse().unwrap());
    assert_eq!(keeping.recording_due(&evidence(0), at(11)).unwrap().name.as_str(), "short");
    keeping.of_vendors.insert(VendorId(Uuid::from_u128(5)), "long".parse().unwrap());
    assert!(keeping.recording_due(&evidence(0), at(366)).is_none());
    keeping.of_vendors.clear();
    keeping.of_targets.insert(TargetId(Uuid::from_u128(4)), "lost".parse().unwrap());
    assert!(keeping.recording_due(&evidence(0), at(365)).is_none());
    assert_eq!(keeping.recording_due(&evidence(0), at(366)).unwrap().name.as_str(), "standard");
    keeping.classes.clear();
    assert!(keeping.recording_due(&evidence(0), at(30_000)).is_none(), "without a class nothing is due");
}

#[test]
fn a_hold_keeps_what_it_is_about_and_a_span_bounds_it() {
    let of = evidence(5);
    let about = [
        HoldOn::Session(SessionId(Uuid::from_u128(1))),
        HoldOn::Window(WindowId(Uuid::from_u128(2))),
        HoldOn::Person(PersonId(Uuid::from_u128(3))),
        HoldOn::Target(TargetId(Uuid::from_u128(4))),
        HoldOn::Vendor(VendorId(Uuid::from_u128(5))),
    ];
    for on in about {
        assert!(hold(on).keeps(&of), "{on:?}");
        assert!(hold(on).keeps(&of) && Hold { from: Some(at(5)), to: Some(at(6)), ..hold(on) }.keeps(&of));
        assert!(!Hold { from: Some(at(6)), ..hold(on) }.keeps(&of));
        assert!(!Hold { to: Some(at(5)), ..hold(on) }.keeps(&of), "the end is outside");
    }
    assert!(!hold(HoldOn::Session(SessionId(Uuid::from_u128(7)))).keeps(&of));
}

proptest! {
    #[test]
    fn whatever_the_classes_a_hold_beats_them(facts in 90_u32..4000, recordings in 1_u32..90, day in 0_i64..4000, which in 0_u8..5) {
        let mut keeping = keeping(&[class("standard", facts, recordings)]);
        let on = match which {
            0 => HoldOn::Session(SessionId(Uuid::from_u128(1))),
            1 => HoldOn::Window(WindowId(Uuid::from_u128(2))),
            2 => HoldOn::Person(PersonId(Uuid::from_u128(3))),
            3 => HoldOn::Target(TargetId(Uuid::from_u128(4))),
            _ => HoldOn::Vendor(VendorId(Uuid::from_u128(5))),
        };
        let (of, now) = (evidence(0), at(day));
        if keeping.words_due(&of, now).is_some() {
            prop_assert!(keeping.recording_due(&of, now).is_some(), "words go last");
        }
        let due = keeping.recording_due(&of, now).is_some();
        prop_assert_eq!(due, day > i64::from(recordings));
        prop_assert!(!due || of.until < keeping.youngest_recording(now));
        keeping.holds.push(hold(on));
        prop_assert!(keeping.recording_due(&of, now).is_none() && keeping.words_due(&of, now).is_none());
    }
}
