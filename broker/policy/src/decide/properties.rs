//! What holds for any people, windows, freezes and locks: P2 and P3 as properties.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::hospital::{
    ALARIS, DANA, GUARDRAILS, HOLLIS, MERIDIAN, OTTO, RAVI, at, attempt, freeze, hospital, lock, window,
    window_id,
};
use crate::{Access, Freeze, FreezeId, LockId, PersonId, TargetId, Validity};

/// Minutes around 22:00; narrow, so that what is drawn meets.
fn instant() -> impl Strategy<Value = Timestamp> {
    (-60_i64..120).prop_map(|minute| at("22:00") + SignedDuration::from_mins(minute))
}

fn span(longest: i64) -> impl Strategy<Value = SignedDuration> {
    (0..longest).prop_map(SignedDuration::from_mins)
}

fn some_targets() -> impl Strategy<Value = BTreeSet<TargetId>> {
    prop_oneof![
        6 => Just(BTreeSet::from([ALARIS])),
        1 => Just(BTreeSet::from([GUARDRAILS])),
        1 => Just(BTreeSet::from([ALARIS, GUARDRAILS])),
    ]
}

fn some_people() -> impl Strategy<Value = BTreeSet<PersonId>> {
    prop_oneof![
        10 => Just(BTreeSet::from([DANA])),
        5 => Just(BTreeSet::from([DANA, RAVI])),
        1 => Just(BTreeSet::from([RAVI])),
        1 => Just(BTreeSet::new()),
    ]
}

fn some_access() -> impl Strategy<Value = Option<Access>> {
    prop_oneof![5 => Just(None), 2 => Just(Some(Access::Shell)), 1 => Just(Some(Access::SftpWrite))]
}

fn state() -> impl Strategy<Value = WindowState> {
    use WindowState::{Approved, Closed, Denied, Expired, Requested, Reviewed, Revoked, Withdrawn};
    prop_oneof![
        12 => Just(Approved),
        1 => prop::sample::select(vec![Requested, Closed, Reviewed, Denied, Withdrawn, Revoked, Expired]),
    ]
}

prop_compose! {
    fn a_window(number: u128)(
        opens in instant(),
        length in 1_i64..150,
        overrun in prop_oneof![Just(SignedDuration::ZERO), span(90)],
        work in prop::option::weighted(0.2, (span(90), prop::option::of(instant()))),
        technicians in some_people(),
        waits in prop_oneof![12 => Just(BTreeSet::new()), 1 => some_people()],
        targets in some_targets(),
        state in state(),
        flags in (prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::bool::weighted(0.2)),
        otherwise in prop::bool::weighted(0.05),
    ) -> Window {
        let (go_required, observer_required, rich) = flags;
        let mut access = BTreeSet::from([Access::Shell]);
        if rich {
            access.insert(Access::SftpWrite);
        }
        Window {
            id: window_id(number),
            vendor: if otherwise { HOLLIS } else { MERIDIAN },
            technicians,
            awaiting_acceptance: waits,
            targets,
            access,
            opens,
            closes: opens + SignedDuration::from_mins(length),
            overrun,
            work_limit: work.map(|(limit, _)| limit),
            work_began: work.and_then(|(_, began)| began),
            go_required,
            observer_required,
            state,
            ..window(number)
        }
    }
}

fn a_freeze() -> impl Strategy<Value = Freeze> {
    let bound = || prop::option::weighted(0.9, instant());
    let targets = prop_oneof![Just(vec![]), Just(vec![ALARIS]), Just(vec![GUARDRAILS])];
    (targets, bound(), bound()).prop_map(|(targets, from, until)| Freeze {
        span: Validity { from, until },
        ..freeze(&targets, None, None)
    })
}

fn a_lock() -> impl Strategy<Value = LockOn> {
    prop::sample::select(vec![
        LockOn::Person(DANA),
        LockOn::Person(OTTO),
        LockOn::Vendor(MERIDIAN),
        LockOn::Vendor(HOLLIS),
        LockOn::Target(ALARIS),
        LockOn::Target(GUARDRAILS),
        LockOn::Everything,
    ])
}

fn validity() -> impl Strategy<Value = Validity> {
    (prop::option::weighted(0.03, instant()), prop::option::weighted(0.1, instant()))
        .prop_map(|(from, until)| Validity { from, until })
}

prop_compose! {
    fn some_facts()(
        windows in (a_window(1), a_window(2), a_window(3), a_window(4)),
        count in prop_oneof![1 => Just(0_usize), 9 => 1_usize..=4],
        freezes in prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(a_freeze(), 1..3)],
        lock in prop::option::weighted(0.05, a_lock()),
        dana in validity(),
        meridian in validity(),
    ) -> Facts {
        let (a, b, c, d) = windows;
        let mut facts = [a, b, c, d].into_iter().take(count).fold(hospital(), Facts::with);
        for (number, mut freeze) in freezes.into_iter().enumerate() {
            freeze.id = FreezeId(uuid::Uuid::from_u128(number as u128));
            facts = facts.frozen(freeze);
        }
        facts = lock.into_iter().fold(facts, Facts::locked);
        facts.vendors.get_mut(&MERIDIAN).unwrap().validity = meridian;
        facts.change(DANA, |person| person.validity = dana)
    }
}

prop_compose! {
    fn an_attempt()(
        who in prop_oneof![18 => Just(DANA), 1 => Just(RAVI), 1 => Just(OTTO)],
        target in prop_oneof![10 => Just("alaris-sm-01"), 1 => Just("guardrails-01"), 1 => Just("nowhere")],
        access in some_access(),
        (within, running) in prop_oneof![
            4 => Just((None, false)),
            4 => Just((Some(1_u128), true)),
            1 => (prop::option::of(1_u128..5), any::<bool>()),
        ],
        observers in 0_u32..2,
    ) -> Attempt {
        let mut attempt = Attempt { person: who, target: target.parse().unwrap(), access, ..attempt() };
        attempt.within = within.map(window_id);
        attempt.node.running = running;
        attempt.node.observers = observers;
        attempt
    }
}

prop_compose! {
    /// Facts, an attempt and an instant; the instant is often at an edge of the first window, or a little after.
    fn scene()(
        facts in some_facts(),
        attempt in an_attempt(),
        anywhen in instant(),
        edge in prop::option::weighted(0.7, (prop::sample::select(vec![0_usize, 1, 1, 2]), prop_oneof![Just(0_i64), -15_i64..30])),
    ) -> (Facts, Attempt, Timestamp) {
        let edges = facts.windows.get(&window_id(1)).map(|window| [window.opens, window.closes, window.ends()]);
        let near = edge.zip(edges).map(|((which, minutes), edges)| edges[which] + SignedDuration::from_mins(minutes));
        (facts, attempt, near.unwrap_or(anywhen))
    }
}

/// What an answer allows, ordered: a refusal is least, then the earlier deadlines.
fn reach(answer: &Result<Permit, Box<Refusal>>) -> Option<(Timestamp, Timestamp)> {
    answer.as_ref().ok().map(|permit| (permit.input_until(), permit.output_until()))
}

/// Asserts that the second facts allow no more than the first: of the one window of a session, neither deadline is later.
fn never_wider(
    before: &Facts,
    after: &Facts,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<(), TestCaseError> {
    let (first, second) = (reach(&decide(before, attempt, now)), reach(&decide(after, attempt, now)));
    prop_assert!(second <= first, "{second:?} is wider than {first:?}");
    if let (Some(_), Some((_, first)), Some((_, second))) = (attempt.within, first, second) {
        prop_assert!(second <= first);
    }
    Ok(())
}

fn some_window(facts: &Facts, pick: usize) -> Option<Window> {
    facts.windows.values().nth(pick % facts.windows.len().max(1)).cloned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_outside_the_window_and_its_overrun_is_ever_permitted(
        (facts, attempt, now) in scene()
    ) {
        let Ok(permit) = decide(&facts, &attempt, now) else { return Ok(()) };
        let window = &facts.windows[&permit.window()];
        prop_assert!(window.opens <= now && now < window.ends());
        if !attempt.goes_on() {
            prop_assert!(now < window.closes, "only a session that goes on has an overrun");
            prop_assert!(now < permit.input_until());
        }
        prop_assert_eq!(window.state, WindowState::Approved);
        prop_assert!(window.technicians.contains(&attempt.person) && window.admits(attempt.person));
        prop_assert!(window.targets.contains(&permit.target().id));
        prop_assert_eq!(&permit.target().name, &attempt.target);
        prop_assert!(attempt.access.is_none_or(|access| window.access.contains(&access)));
        prop_assert!(attempt.within.is_none_or(|within| within == window.id));
    }

    #[test]
    fn a_deadline_is_never_after_closes_the_work_limit_the_next_freeze_or_validity(
        (facts, attempt, now) in scene()
    ) {
        let Ok(permit) = decide(&facts, &attempt, now) else { return Ok(()) };
        let window = &facts.windows[&permit.window()];
        let (input, output) = (permit.input_until(), permit.output_until());
        prop_assert!(input <= window.closes && input <= output && output <= window.ends() && now < output);
        if let Some(limit) = window.work_limit {
            prop_assert!(output <= window.work_began.unwrap_or(now) + limit);
        }
        for freeze in facts.freezes.values().filter(|freeze| freeze.holds(permit.target().id)) {
            prop_assert!(!freeze.span.contains(now));
            let comes = freeze.span.from.filter(|from| *from > now && !freeze.span.is_empty());
            prop_assert!(comes.is_none_or(|from| output <= from));
        }
        let person = &facts.people[&attempt.person];
        prop_assert!(person.validity.until.is_none_or(|until| output <= until));
        let vendor = &facts.vendors[&person.vendor.unwrap()];
        prop_assert!(vendor.validity.until.is_none_or(|until| output <= until));
    }

    #[test]
    fn a_permit_holds_until_its_deadline_and_not_at_it((facts, _, now) in scene(), step in 0.0..1.0_f64) {
        let Ok(permit) = decide(&facts, &attempt(), now) else { return Ok(()) };
        let mut facts = facts;
        let window = facts.windows.get_mut(&permit.window()).unwrap();
        window.work_began = window.work_began.or(Some(now));
        let session = crate::hospital::running(permit.window());
        let left = permit.output_until().duration_since(now).as_secs_f64();
        let inside = now + SignedDuration::from_millis((left * step * 1000.0) as i64);
        let later = decide(&facts, &session, inside);
        prop_assert_eq!(reach(&later), Some((permit.input_until(), permit.output_until())));
        prop_assert!(decide(&facts, &session, permit.output_until()).is_err(), "at the deadline it is over");
        let channel = Attempt { access: Some(Access::Shell), ..session };
        prop_assert!(decide(&facts, &channel, permit.input_until()).is_err(), "and no channel opens after input ended");
    }

    #[test]
    fn revoking_never_widens((facts, attempt, now) in scene(), pick in 0_usize..4) {
        let Some(window) = some_window(&facts, pick) else { return Ok(()) };
        for state in [WindowState::Revoked, WindowState::Withdrawn, WindowState::Denied, WindowState::Closed] {
            let after = facts.clone().with(Window { state, ..window.clone() });
            never_wider(&facts, &after, &attempt, now)?;
        }
        let mut gone = facts.clone();
        gone.windows.remove(&window.id);
        never_wider(&facts, &gone, &attempt, now)?;
    }

    #[test]
    fn freezing_never_widens((facts, attempt, now) in scene(), freeze in a_freeze()) {
        let freeze = Freeze { id: FreezeId(uuid::Uuid::from_u128(99)), ..freeze };
        never_wider(&facts, &facts.clone().frozen(freeze), &attempt, now)?;
    }

    #[test]
    fn locking_never_widens((facts, attempt, now) in scene(), on in a_lock()) {
        let mut after = facts.clone();
        after.locks.insert(LockId(uuid::Uuid::from_u128(99)), lock(on));
        never_wider(&facts, &after, &attempt, now)?;
    }

    #[test]
    fn shortening_never_widens(
        (facts, attempt, now) in scene(), pick in 0_usize..4, by in span(240)
    ) {
        let Some(window) = some_window(&facts, pick) else { return Ok(()) };
        let closes = window.closes - by;
        never_wider(&facts, &facts.clone().with(Window { closes, ..window }), &attempt, now)?;
    }

    #[test]
    fn taking_people_and_rights_away_never_widens(
        (facts, attempt, now) in scene(), pick in 0_usize..4, until in instant()
    ) {
        if let Some(window) = some_window(&facts, pick) {
            let mut narrowed = vec![window.clone(); 5];
            narrowed[0].technicians.remove(&attempt.person);
            narrowed[1].awaiting_acceptance.insert(attempt.person);
            narrowed[2].awaiting_substitution.insert(attempt.person);
            narrowed[3].observer_required = true;
            narrowed[4].access.remove(&Access::SftpWrite);
            for window in narrowed {
                never_wider(&facts, &facts.clone().with(window), &attempt, now)?;
            }
        }
        let ended = facts.clone().change(attempt.person, |person| {
            person.validity.until = Some(person.validity.until.map_or(until, |old| old.min(until)));
        });
        never_wider(&facts, &ended, &attempt, now)?;
        let unrolled = facts.clone().change(attempt.person, |person| person.grants.clear());
        prop_assert!(decide(&unrolled, &attempt, now).is_err());
    }

    #[test]
    fn the_same_facts_give_the_same_answer((facts, attempt, now) in scene()) {
        let again = Facts { windows: facts.windows.clone().into_iter().rev().collect(), ..facts.clone() };
        prop_assert_eq!(decide(&facts, &attempt, now), decide(&again, &attempt.clone(), now));
    }

    #[test]
    fn a_refusal_is_off_by_what_it_says((facts, attempt, now) in scene()) {
        let Err(refusal) = decide(&facts, &attempt, now) else { return Ok(()) };
        let by = match (refusal.reason, &refusal.nearest) {
            (Reason::Early, Some(window)) => Some(window.opens.duration_since(now)),
            (Reason::Late, Some(window)) => Some(now.duration_since(window.closes).max(SignedDuration::ZERO)),
            _ => None,
        };
        prop_assert_eq!(refusal.off_by, by);
        prop_assert!(by.is_none_or(|by| !by.is_negative()));
        for shown in refusal.nearest.iter().chain(&refusal.next) {
            let window = &facts.windows[&shown.window];
            prop_assert!(attempt.within.is_some() || window.technicians.contains(&attempt.person), "own windows only");
        }
    }
}

/// The generators meet the interesting cases often enough for the properties to mean something.
#[test]
fn the_generators_reach_permits_overruns_and_most_reasons() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let drawn = scene();
    let (mut permits, mut overruns, mut reasons) = (0, 0, BTreeSet::new());
    for _ in 0..2_000 {
        let (facts, attempt, now) = drawn.new_tree(&mut runner).unwrap().current();
        match decide(&facts, &attempt, now) {
            Ok(permit) => {
                permits += 1;
                overruns += usize::from(permit.input_until() <= now);
            }
            Err(refusal) => drop(reasons.insert(refusal.reason)),
        }
    }
    assert!(permits > 150 && overruns >= 15, "{permits} permits, {overruns} in an overrun");
    assert!(reasons.len() >= 14, "{reasons:?}");
}
