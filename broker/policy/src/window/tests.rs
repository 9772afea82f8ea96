//! Every transition from every phase, and what each one keeps, changes and refuses.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::*;
use crate::hospital::{
    ALARIS, ANA, CARLA, DANA, GUARDRAILS, HOLLIS, LEO, MERIDIAN, OTTO, PHIL, PRIYA, QUINN, RAVI, account, at,
    freeze, hospital, minutes, request, window, window_id,
};
use crate::{ApprovalRule, Facts, Grant, Scope, TargetName};

const ENGINEER: Role = Role::ClinicalEngineer;

fn requested() -> Window {
    Window { approvals: Vec::new(), state: WindowState::Requested, ..window(1) }
}

fn in_phase(phase: Phase) -> (Window, Timestamp) {
    let overrun = minutes(30);
    let stands = |state, now| (Window { state, overrun, go_required: true, ..window(1) }, at(now));
    match phase {
        Phase::Requested => stands(WindowState::Requested, "21:00"),
        Phase::Approved => stands(WindowState::Approved, "21:00"),
        Phase::Open => stands(WindowState::Approved, "22:30"),
        Phase::Overrun => stands(WindowState::Approved, "23:10"),
        Phase::Closed => stands(WindowState::Approved, "23:30"),
        Phase::Reviewed => stands(WindowState::Reviewed, "23:30"),
        Phase::Denied => stands(WindowState::Denied, "22:30"),
        Phase::Withdrawn => stands(WindowState::Withdrawn, "22:30"),
        Phase::Revoked => stands(WindowState::Revoked, "22:30"),
        Phase::Expired => stands(WindowState::Requested, "23:00"),
    }
}

const PHASES: [Phase; 10] = [
    Phase::Requested,
    Phase::Approved,
    Phase::Open,
    Phase::Overrun,
    Phase::Closed,
    Phase::Reviewed,
    Phase::Denied,
    Phase::Withdrawn,
    Phase::Revoked,
    Phase::Expired,
];

/// Does what the transition asks for, with everything else in order.
fn take(act: Transition, window: &Window, facts: &Facts, now: Timestamp) -> Result<Window, TransitionError> {
    let (priya, quinn, ravi) = (facts.who(PRIYA), facts.who(QUINN), facts.who(RAVI));
    let needs = Needs::of(facts, window);
    let fresh = Window { approvals: Vec::new(), ..window.clone() };
    match act {
        Transition::Approve => fresh.approve(priya, ENGINEER, &needs, now),
        Transition::Emergency => {
            Window { purpose: Purpose::Emergency, ..fresh }.emergency(priya, ENGINEER, now)
        }
        Transition::Deny => window.deny(now),
        Transition::Withdraw => window.withdraw(now),
        Transition::Revoke => window.revoke(now),
        Transition::Extend => window.extend(at("23:45"), priya, ENGINEER, now),
        Transition::Shorten => window.shorten(at("22:45"), now),
        Transition::Move => window.move_to((at("26T22:00"), at("26T23:00")), priya, ENGINEER, &needs, now),
        Transition::Accept => {
            Window { awaiting_acceptance: [DANA].into(), ..window.clone() }.accept(DANA, now)
        }
        Transition::Substitute => window.substitute(DANA, ravi, quinn, ENGINEER, now),
        Transition::Confirm => Window { awaiting_substitution: [DANA].into(), ..window.clone() }
            .confirm_substitution(DANA, priya, now),
        Transition::Go => window.go(priya, now),
        Transition::BeginWork => window.begin_work(now),
        Transition::Observe => window.observe(true, priya, now),
        Transition::CorrectPurpose => window.correct_purpose(Purpose::Upgrade, priya, &needs, now),
        Transition::Close => window.close(now),
        Transition::Expire => window.expire(now),
        Transition::Return => window.return_to_service(Outcome::Done, facts.who(DANA), now),
        Transition::Review => {
            window.review(AfterVisit { returned_to_service: true, evidence_reviewed: true }, now)
        }
    }
}

#[test]
fn only_the_transitions_drawn_exist() {
    let facts = hospital();
    for act in Transition::ALL {
        for phase in PHASES {
            let (window, now) = in_phase(phase);
            assert_eq!(window.phase(now), phase);
            let taken = take(act, &window, &facts, now);
            if act.phases().contains(&phase) {
                assert!(taken.is_ok(), "{act} from {phase}: {taken:?}");
            } else {
                assert_eq!(taken, Err(TransitionError::Phase { act, phase }));
            }
        }
    }
}

#[test]
fn a_refused_transition_says_what_would_be_right() {
    let error = window(1).deny(at("21:00")).unwrap_err();
    assert_eq!(error.to_string(), "to deny, a window must be requested; this one is approved");
    let error = requested().revoke(at("21:00")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "to revoke, a window must be approved or open or overrun; this one is requested"
    );
}

#[test]
fn a_window_is_open_from_its_first_instant_and_closed_at_its_last() {
    let window = Window { overrun: minutes(30), ..window(1) };
    for (now, phase) in [
        ("21:59:59", Phase::Approved),
        ("22:00", Phase::Open),
        ("22:59:59", Phase::Open),
        ("23:00", Phase::Overrun),
        ("23:29:59", Phase::Overrun),
        ("23:30", Phase::Closed),
    ] {
        assert_eq!(window.phase(at(now)), phase, "{now}");
    }
    assert_eq!(window.settle(at("23:29")), None);
    assert_eq!(window.settle(at("23:30")).unwrap().state, WindowState::Closed);
    assert_eq!(requested().settle(at("23:00")).unwrap().state, WindowState::Expired);
}

fn ask(change: impl FnOnce(&mut WindowRequest)) -> Result<Wish, TransitionError> {
    let mut wanted = request(1);
    change(&mut wanted);
    wanted.ask(&hospital(), at("21:00"))
}

#[test]
fn a_request_becomes_a_window_that_waits_for_approval() {
    let wish = ask(|_| {}).unwrap();
    assert_eq!(wish.cautions, Vec::new());
    assert_eq!(wish.window, Window { requested_at: at("21:00"), ..requested() });
}

#[test]
fn a_request_may_open_now_and_not_in_the_past() {
    let opens_at = |opens: &str, now: &str| {
        let mut wanted = request(1);
        wanted.opens = at(opens);
        wanted.ask(&hospital(), at(now)).is_ok()
    };
    assert!(opens_at("22:00", "22:00"));
    assert!(opens_at("22:00", "22:00:59"), "a request travels");
    assert!(!opens_at("22:00", "22:02"));
    assert!(!opens_at("22:00", "23:00"));
}

/// A change to the request that was in order, and the fault that it makes.
type Fault = (fn(&mut WindowRequest), TransitionError);

#[test]
fn each_fault_of_a_request_is_named() {
    let nobody = PersonId(uuid::Uuid::nil());
    let nothing = TargetId(uuid::Uuid::nil());
    let longest = SignedDuration::from_hours(24);
    let guardrails: TargetName = "guardrails-01".parse().unwrap();
    let faults: [Fault; 17] = [
        (
            |r| r.closes = r.opens,
            TransitionError::ClosesBeforeOpens { opens: at("22:00"), closes: at("22:00") },
        ),
        (
            |r| (r.opens, r.closes) = (at("20:00"), at("20:30")),
            TransitionError::InThePast { opens: at("20:00"), closes: at("20:30"), now: at("21:00") },
        ),
        (
            |r| r.opens = at("20:58"),
            TransitionError::InThePast { opens: at("20:58"), closes: at("23:00"), now: at("21:00") },
        ),
        (
            |r| r.closes = r.opens + SignedDuration::from_hours(24 * 32),
            TransitionError::TooLong { longest: longest * 31 },
        ),
        (|r| r.overrun = minutes(-1), TransitionError::Overrun { longest }),
        (|r| r.overrun = SignedDuration::from_hours(25), TransitionError::Overrun { longest }),
        (|r| r.work_limit = Some(SignedDuration::ZERO), TransitionError::WorkLimit),
        (|r| r.work_limit = Some(minutes(61)), TransitionError::WorkLimit),
        (|r| r.technicians.clear(), TransitionError::Nothing("technician")),
        (|r| r.targets.clear(), TransitionError::Nothing("target")),
        (|r| r.access.clear(), TransitionError::Nothing("kind of access")),
        (|r| r.technicians = [DANA, OTTO].into(), TransitionError::SeveralVendors),
        (|r| r.technicians = [CARLA].into(), TransitionError::NotATechnician("carla".parse().unwrap())),
        (|r| r.technicians = [PersonId(uuid::Uuid::nil())].into(), TransitionError::UnknownPerson(nobody)),
        (|r| r.targets = [TargetId(uuid::Uuid::nil())].into(), TransitionError::UnknownTarget(nothing)),
        (
            |r| r.accounts = [account("svc"), account("ghost")].into(),
            TransitionError::UnknownAccount(account("ghost")),
        ),
        (|r| r.requester = PersonId(uuid::Uuid::nil()), TransitionError::UnknownPerson(nobody)),
    ];
    for (change, fault) in faults {
        assert_eq!(ask(change).unwrap_err(), fault);
    }
    let mut facts = hospital();
    facts.targets.get_mut(&ALARIS).unwrap().endpoints[0] = match facts.targets[&ALARIS].endpoints[0].clone() {
        crate::Endpoint::Ssh { host, port, host_keys, .. } => {
            crate::Endpoint::Ssh { host, port, host_keys, accounts: vec![account("only-here")] }
        }
        other => other,
    };
    let mut both = request(1);
    both.targets = [ALARIS, GUARDRAILS].into();
    both.accounts = [account("only-here")].into();
    assert_eq!(both.ask(&facts, at("21:00")).unwrap_err(), TransitionError::NoAccountOn(guardrails));
}

#[test]
fn a_window_that_others_book_waits_for_its_technicians() {
    let awaiting = |requester| ask(|r| r.requester = requester).unwrap().window.awaiting_acceptance;
    assert_eq!(awaiting(PRIYA), BTreeSet::from([DANA]));
    assert_eq!(awaiting(CARLA), BTreeSet::new());
    assert_eq!(awaiting(DANA), BTreeSet::new());
    let booked = ask(|r| r.requester = PRIYA).unwrap().window;
    let accepted = booked.accept(DANA, at("21:05")).unwrap();
    assert!(accepted.awaiting_acceptance.is_empty());
    assert_eq!(accepted.accept(DANA, at("21:06")), Err(TransitionError::NothingToAccept));
    assert_eq!(booked.accept(RAVI, at("21:05")), Err(TransitionError::NothingToAccept));
}

#[test]
fn encrypted_forwards_ask_for_an_observer_unless_told_otherwise() {
    let observed = |change: fn(&mut WindowRequest)| ask(change).unwrap().window.observer_required;
    assert!(!observed(|_| {}));
    assert!(observed(|r| r.access = [Access::ForwardOpaque].into()));
    assert!(!observed(|r| {
        r.access = [Access::ForwardOpaque].into();
        r.observer_required = Some(false);
    }));
    let strict = hospital().retarget(ALARIS, |target| target.observer_required = true);
    let mut wanted = request(1);
    wanted.observer_required = Some(false);
    assert!(wanted.ask(&strict, at("21:00")).unwrap().window.observer_required, "the target's rule stands");
}

#[test]
fn what_a_request_meets_is_a_caution_and_not_a_fault() {
    let cautions = |facts: Facts| request(1).ask(&facts, at("21:00")).unwrap().cautions;
    let other = Window { technicians: [OTTO].into(), vendor: HOLLIS, ..window(2) };
    assert_eq!(cautions(hospital().with(other.clone())), [Caution::SameTarget(window_id(2))]);
    let elsewhere = Window { targets: [GUARDRAILS].into(), ..window(2) };
    assert_eq!(cautions(hospital().with(elsewhere)), [Caution::SameTechnician(window_id(2))]);
    let adjacent = Window { opens: at("23:00"), closes: at("23:30"), ..other.clone() };
    assert_eq!(cautions(hospital().with(adjacent)), [], "half-open windows may touch");
    assert_eq!(cautions(hospital().with(Window { state: WindowState::Denied, ..other })), []);
    let frozen = freeze(&[ALARIS], Some("22:30"), None);
    assert_eq!(cautions(hospital().frozen(frozen.clone())), [Caution::Frozen(frozen.id)]);
    assert_eq!(cautions(hospital().frozen(freeze(&[GUARDRAILS], Some("22:30"), None))), []);
    assert_eq!(cautions(hospital().frozen(freeze(&[], Some("23:00"), None))), []);
}

fn approve(window: &Window, facts: &Facts, by: PersonId, role: Role) -> Result<Window, TransitionError> {
    window.approve(facts.who(by), role, &Needs::of(facts, window), at("21:30"))
}

#[test]
fn one_clinical_engineer_approves_unless_a_rule_asks_for_more() {
    let approved = approve(&requested(), &hospital(), PRIYA, ENGINEER).unwrap();
    assert_eq!(approved.state, WindowState::Approved);
    assert_eq!(approved.approvals, [Approval { by: PRIYA, role: ENGINEER, at: at("21:30") }]);
}

fn library_rules() -> Facts {
    let rule = |purposes: &[Purpose], needs: &[(Role, u8)]| ApprovalRule {
        purposes: purposes.to_vec(),
        needs: needs.to_vec(),
    };
    hospital()
        .retarget(ALARIS, |alaris| {
            alaris.approvals =
                vec![rule(&[Purpose::Library], &[(Role::Pharmacist, 1)]), rule(&[], &[(ENGINEER, 2)])];
        })
        .retarget(GUARDRAILS, |guardrails| {
            guardrails.approvals = vec![rule(&[], &[(ENGINEER, 1), (Role::Lead, 1)])]
        })
}

#[test]
fn the_rules_of_all_targets_count_and_the_first_for_the_purpose_does() {
    let facts = library_rules();
    let needs =
        |targets: &[TargetId], purpose| Needs::on(&facts, targets, purpose).roles().collect::<Vec<_>>();
    assert_eq!(needs(&[ALARIS], Purpose::Patch), [(ENGINEER, 2)]);
    assert_eq!(
        needs(&[ALARIS], Purpose::Library),
        [(ENGINEER, 1), (Role::Pharmacist, 1)],
        "beside the engineer"
    );
    assert_eq!(needs(&[ALARIS, GUARDRAILS], Purpose::Patch), [(ENGINEER, 2), (Role::Lead, 1)]);
    assert_eq!(needs(&[], Purpose::Patch), [(ENGINEER, 1)]);
}

#[test]
fn approvals_are_counted_by_role_and_by_different_people() {
    let facts = library_rules();
    let one = approve(&requested(), &facts, PRIYA, ENGINEER).unwrap();
    assert_eq!(one.state, WindowState::Requested);
    assert_eq!(approve(&one, &facts, PRIYA, ENGINEER), Err(TransitionError::AlreadyApproved));
    let not_needed = TransitionError::NotNeeded { role: Role::Pharmacist, missing: vec![(ENGINEER, 1)] };
    assert_eq!(approve(&one, &facts, PHIL, Role::Pharmacist), Err(not_needed.clone()));
    assert_eq!(
        not_needed.to_string(),
        "this window waits for no approval by a pharmacist; it waits for 1 × clinical-engineer"
    );
    assert_eq!(approve(&one, &facts, QUINN, ENGINEER).unwrap().state, WindowState::Approved);
}

#[test]
fn pharmacy_alone_approves_nothing() {
    let facts = library_rules();
    let library = Window { purpose: Purpose::Library, ..requested() };
    let one = approve(&library, &facts, PHIL, Role::Pharmacist).unwrap();
    assert_eq!(one.state, WindowState::Requested);
    assert_eq!(approve(&one, &facts, PRIYA, ENGINEER).unwrap().state, WindowState::Approved);
    let by_pharmacy = window(1).extend(at("23:30"), facts.who(PHIL), Role::Pharmacist, at("22:30"));
    assert_eq!(by_pharmacy, Err(TransitionError::NeedsEngineer(Transition::Extend, Role::Pharmacist)));
}

#[test]
fn who_asked_or_benefits_never_widens_a_window() {
    let facts = hospital();
    let booked = Window { requester: QUINN, go_required: true, observer_required: true, ..window(1) };
    let fresh = Window { approvals: Vec::new(), state: WindowState::Requested, ..booked.clone() };
    let emergency = Window { purpose: Purpose::Emergency, ..fresh.clone() };
    let swapped = Window { awaiting_substitution: [DANA].into(), ..booked.clone() };
    for id in [QUINN, DANA, RAVI, CARLA] {
        let by = facts.who(id);
        let needs = Needs::of(&facts, &fresh);
        let now = at("22:10");
        for widened in [
            fresh.approve(by, ENGINEER, &needs, now),
            emergency.emergency(by, ENGINEER, now),
            booked.extend(at("23:30"), by, ENGINEER, now),
            booked.go(by, now),
            booked.observe(false, by, now),
            swapped.confirm_substitution(DANA, by, now),
            swapped.approve(by, ENGINEER, &needs, now),
        ] {
            assert_eq!(widened, Err(TransitionError::OwnWindow));
        }
    }
    assert!(booked.observe(true, facts.who(QUINN), at("22:10")).is_ok(), "narrowing needs nobody else");
}

#[test]
fn extending_keeps_all_but_the_end() {
    let facts = hospital();
    let priya = facts.who(PRIYA);
    let extended = window(1).extend(at("23:30"), priya, ENGINEER, at("22:30")).unwrap();
    assert_eq!(extended, Window { closes: at("23:30"), ..window(1) });
    let same = window(1).extend(at("23:00"), priya, ENGINEER, at("22:30"));
    assert_eq!(same, Err(TransitionError::NotLater { closes: at("23:00") }));
    let over = window(1).extend(at("23:30"), priya, ENGINEER, at("23:00"));
    assert!(matches!(over, Err(TransitionError::Phase { .. })), "what has closed is asked for anew");
    let in_overrun = Window { overrun: minutes(30), ..window(1) };
    assert!(in_overrun.extend(at("23:40"), priya, ENGINEER, at("23:10")).is_ok());
    let already_past = in_overrun.extend(at("23:05"), priya, ENGINEER, at("23:10"));
    assert!(matches!(already_past, Err(TransitionError::InThePast { .. })));
}

#[test]
fn shortening_ends_later_than_now_and_by_the_word_end_at() {
    let facts = hospital();
    assert_eq!(window(1).shorten(at("22:40"), at("22:30")).unwrap().closes, at("22:40"));
    let at_once = window(1).shorten(at("22:30"), at("22:30"));
    assert_eq!(at_once, Err(TransitionError::EndsAtOnce { after: at("22:30") }));
    let before_it_opens = window(1).shorten(at("22:00"), at("21:00"));
    assert_eq!(before_it_opens, Err(TransitionError::EndsAtOnce { after: at("22:00") }));
    let later = window(1).shorten(at("23:00"), at("22:30"));
    assert_eq!(later, Err(TransitionError::NotEarlier { closes: at("23:00") }));
    let end_at =
        |closes| window(1).end_at(at(closes), facts.who(PRIYA), ENGINEER, at("22:30")).unwrap().closes;
    assert_eq!((end_at("22:45"), end_at("23:45")), (at("22:45"), at("23:45")));
    assert_eq!(requested().shorten(at("22:40"), at("21:00")).unwrap().state, WindowState::Requested);
}

#[test]
fn moving_lets_other_roles_approvals_lapse_and_asks_the_technicians_again() {
    let facts = library_rules();
    let both = [(PRIYA, ENGINEER), (PHIL, Role::Pharmacist)];
    let approvals = both.map(|(by, role)| Approval { by, role, at: at("10:00") }).to_vec();
    let library =
        Window { purpose: Purpose::Library, approvals, go_required: true, go_by: Some(PRIYA), ..window(1) };
    let needs = Needs::of(&facts, &library);
    let to = (at("26T22:00"), at("26T23:00"));
    let moved = library.move_to(to, facts.who(QUINN), ENGINEER, &needs, at("21:00")).unwrap();
    assert_eq!((moved.opens, moved.closes), to);
    assert_eq!(moved.approvals.iter().map(|a| a.by).collect::<Vec<_>>(), [PRIYA]);
    assert_eq!(moved.state, WindowState::Requested);
    assert_eq!(moved.awaiting_acceptance, BTreeSet::from([DANA]));
    assert_eq!(moved.go_by, None);
    let approved = approve(&moved, &facts, PHIL, Role::Pharmacist).unwrap();
    assert_eq!(approved.state, WindowState::Approved);

    let plain = window(1).move_to(
        to,
        facts.who(QUINN),
        ENGINEER,
        &Needs::on(&facts, [], Purpose::Patch),
        at("21:00"),
    );
    assert_eq!(
        plain.unwrap().state,
        WindowState::Approved,
        "an engineer's approval stays when an engineer moves"
    );
    let own = Window { requester: QUINN, ..library };
    let moved = own.move_to(to, facts.who(QUINN), ENGINEER, &needs, at("21:00")).unwrap();
    assert!(moved.approvals.is_empty(), "nobody disinterested has seen the new times");
    let begun = Window { work_began: Some(at("22:05")), ..window(1) };
    assert_eq!(
        begun.move_to(to, facts.who(QUINN), ENGINEER, &needs, at("22:10")),
        Err(TransitionError::WorkBegan(Transition::Move))
    );
}

#[test]
fn a_substitute_is_of_the_same_vendor_and_needs_an_engineer_s_yes() {
    let facts = hospital();
    let [dana, ravi, otto, carla, priya, quinn] =
        [DANA, RAVI, OTTO, CARLA, PRIYA, QUINN].map(|id| facts.who(id));
    let now = at("21:00");
    let swapped = window(1).substitute(DANA, ravi, carla, Role::Coordinator, now).unwrap();
    assert_eq!(swapped.technicians, BTreeSet::from([RAVI]));
    assert_eq!(swapped.awaiting_substitution, BTreeSet::from([RAVI]));
    assert!(!swapped.admits(RAVI) && swapped.awaiting_acceptance.is_empty());
    assert!(swapped.confirm_substitution(RAVI, priya, now).unwrap().admits(RAVI));
    let by_approve = swapped.approve(priya, ENGINEER, &Needs::of(&facts, &swapped), now).unwrap();
    assert!(by_approve.admits(RAVI), "`approve` says the yes that is left to say");
    assert_eq!(by_approve.approvals, swapped.approvals);

    let by_engineer = window(1).substitute(DANA, ravi, priya, ENGINEER, now).unwrap();
    assert!(by_engineer.awaiting_substitution.is_empty());
    assert!(by_engineer.accept(RAVI, now).unwrap().admits(RAVI), "who is sent must agree");
    let asked = Window { requester: QUINN, ..window(1) };
    assert!(!asked.substitute(DANA, ravi, quinn, ENGINEER, now).unwrap().awaiting_substitution.is_empty());

    let refused = |out, comes| window(1).substitute(out, comes, carla, Role::Coordinator, now).unwrap_err();
    assert_eq!(refused(DANA, otto), TransitionError::OtherVendor("otto".parse().unwrap()));
    assert_eq!(refused(DANA, carla), TransitionError::NotATechnician("carla".parse().unwrap()));
    assert_eq!(refused(RAVI, ravi), TransitionError::NotInWindow(RAVI));
    assert_eq!(refused(DANA, dana), TransitionError::AlreadyInWindow("dana".parse().unwrap()));
    assert_eq!(window(1).confirm_substitution(RAVI, priya, now), Err(TransitionError::NothingToConfirm));
}

#[test]
fn an_emergency_opens_at_once_on_two_words_and_is_due_for_review() {
    let facts = hospital();
    let asked = Window {
        purpose: Purpose::Emergency,
        go_required: true,
        awaiting_acceptance: [DANA].into(),
        opens: at("21:59"),
        ..requested()
    };
    let now = at("22:10");
    for (first, second) in [((PRIYA, ENGINEER), (ANA, Role::Analyst)), ((LEO, Role::Lead), (QUINN, ENGINEER))]
    {
        let one = asked.emergency(facts.who(first.0), first.1, now).unwrap();
        assert_eq!(one.state, WindowState::Requested);
        let open = one.approve(facts.who(second.0), second.1, &Needs::of(&facts, &one), now).unwrap();
        assert_eq!(open.phase(now), Phase::Open);
        assert_eq!(open.opens, now);
        assert!(open.admits(DANA) && !open.go_required);
        assert_eq!(open.emergency_review_by, Some(at("26T23:00")));
        let longer = open.extend(at("23:30"), facts.who(PRIYA), ENGINEER, now).unwrap();
        assert_eq!(longer.emergency_review_by, Some(at("26T23:30")));
    }
}

#[test]
fn one_person_and_two_of_a_kind_open_no_emergency() {
    let facts =
        hospital().change(PRIYA, |priya| priya.grants.push(Grant { role: Role::Analyst, scope: Scope::All }));
    let asked = Window { purpose: Purpose::Emergency, ..requested() };
    let word = |window: &Window, by, role| window.emergency(facts.who(by), role, at("22:10"));
    let one = word(&asked, PRIYA, ENGINEER).unwrap();
    assert_eq!(word(&one, PRIYA, Role::Analyst), Err(TransitionError::AlreadyApproved));
    assert_eq!(word(&one, QUINN, ENGINEER), Err(TransitionError::EmergencyWord));
    assert_eq!(word(&asked, PHIL, Role::Pharmacist), Err(TransitionError::EmergencyWord));
    let soc = word(&asked, ANA, Role::Analyst).unwrap();
    assert_eq!(word(&soc, LEO, Role::Lead), Err(TransitionError::EmergencyWord));
    assert_eq!(word(&requested(), PRIYA, ENGINEER), Err(TransitionError::NoEmergency));
}

#[test]
fn the_go_is_given_on_the_day_and_only_where_it_is_needed() {
    let facts = hospital();
    let priya = facts.who(PRIYA);
    let waits = Window { go_required: true, ..window(1) };
    assert_eq!(waits.go(priya, at("21:30")).unwrap().go_by, Some(PRIYA));
    assert_eq!(waits.go(priya, at("24T21:59")), Err(TransitionError::GoTooEarly { from: at("24T22:00") }));
    assert_eq!(window(1).go(priya, at("21:30")), Err(TransitionError::NoGoNeeded));
}

#[test]
fn the_work_limit_counts_from_the_first_session_and_is_set_once() {
    let limited = Window { work_limit: Some(minutes(20)), ..window(1) };
    assert_eq!(limited.work_ends(at("22:05")), Some(at("22:25")));
    let begun = limited.begin_work(at("22:10")).unwrap();
    assert_eq!(begun.work_ends(at("22:25")), Some(at("22:30")));
    assert_eq!(begun.begin_work(at("22:40")).unwrap(), begun);
    assert_eq!(
        begun.begin_work(at("26T10:00")).unwrap(),
        begun,
        "said again, at any time, it changes nothing"
    );
}

#[test]
fn correcting_the_purpose_asks_for_the_approvals_of_the_new_one() {
    let facts = library_rules();
    let to = |window: &Window, purpose, by| {
        window.correct_purpose(
            purpose,
            facts.who(by),
            &Needs::on(&facts, &window.targets, purpose),
            at("22:10"),
        )
    };
    let library = to(&window(1), Purpose::Library, PRIYA).unwrap();
    assert_eq!(library.state, WindowState::Requested, "pharmacy has not seen it");
    assert_eq!(approve(&library, &facts, PHIL, Role::Pharmacist).unwrap().state, WindowState::Approved);
    assert_eq!(to(&window(1), Purpose::Emergency, PRIYA), Err(TransitionError::EmergencyPurpose));
    let plain = hospital();
    let needs = Needs::of(&plain, &library);
    let back = library.correct_purpose(Purpose::Patch, plain.who(QUINN), &needs, at("22:20")).unwrap();
    assert_eq!(back.state, WindowState::Approved, "it has all that a patch needs");
    let own = Window { requester: QUINN, ..library };
    let own = own.correct_purpose(Purpose::Patch, plain.who(QUINN), &needs, at("22:20"));
    assert_eq!(own, Err(TransitionError::OwnWindow));
}

#[test]
fn a_review_needs_both_facts() {
    let review = |returned_to_service, evidence_reviewed| {
        window(1).review(AfterVisit { returned_to_service, evidence_reviewed }, at("23:30"))
    };
    assert!(matches!(review(false, true), Err(TransitionError::NotYetReviewable(_))));
    assert!(matches!(review(true, false), Err(TransitionError::NotYetReviewable(_))));
    assert_eq!(review(true, true).unwrap().state, WindowState::Reviewed);
}

#[test]
fn work_that_has_begun_is_not_taken_back() {
    let begun = Window { work_began: Some(at("22:05")), ..window(1) };
    assert_eq!(begun.withdraw(at("22:10")), Err(TransitionError::WorkBegan(Transition::Withdraw)));
    assert_eq!(window(1).withdraw(at("22:10")).unwrap().state, WindowState::Withdrawn);
}

#[test]
fn a_window_serves_all_of_its_vendor() {
    let facts = hospital();
    for (id, served) in [(DANA, true), (RAVI, true), (CARLA, true), (OTTO, false), (PRIYA, false)] {
        assert_eq!(window(1).serves(facts.who(id)), served);
    }
    let moved_on = facts.change(DANA, |dana| dana.vendor = Some(HOLLIS));
    assert!(!window(1).names(moved_on.who(DANA)), "who changes company leaves its windows");
    assert_eq!(window(1).vendor, MERIDIAN);
}

#[test]
fn a_window_is_read_back_as_it_was_stored() {
    let stored = Window {
        work_limit: Some(minutes(20)),
        overrun: minutes(5),
        accounts: [account("svc")].into(),
        emergency_review_by: Some(at("26T23:00")),
        ..window(1)
    };
    let text = serde_json::to_string(&stored).unwrap();
    assert_eq!(serde_json::from_str::<Window>(&text).unwrap(), stored);
    for (state, phase) in [(WindowState::Requested, Phase::Requested), (WindowState::Expired, Phase::Expired)]
    {
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        assert_eq!(state.as_str(), phase.as_str());
    }
}
