//! A row for every way in which an attempt is refused, the order of the checks, and what a permit says.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::*;
use crate::hospital::{
    ALARIS, DANA, GUARDRAILS, HOLLIS, MERIDIAN, OTTO, RAVI, account, at, attempt, freeze, hospital, minutes,
    running, window, window_id,
};
use crate::permit::Bound;
use crate::{Access, EnrolledKey, PersonId, Purpose, TargetId};

struct Row {
    promise: &'static str,
    reason: Reason,
    facts: Facts,
    attempt: Attempt,
    now: Timestamp,
}

fn row(promise: &'static str, reason: Reason, facts: Facts) -> Row {
    Row { promise, reason, facts, attempt: attempt(), now: at("22:30") }
}

impl Row {
    fn by(mut self, change: impl FnOnce(&mut Attempt)) -> Self {
        change(&mut self.attempt);
        self
    }

    fn in_session(self) -> Self {
        Self { attempt: running(window_id(1)), ..self }
    }

    fn when(self, now: &str) -> Self {
        Self { now: at(now), ..self }
    }
}

/// Dana's window with a change.
fn planned(change: impl FnOnce(&mut Window)) -> Facts {
    let mut planned = window(1);
    change(&mut planned);
    hospital().with(planned)
}

fn open() -> Facts {
    planned(|_| {})
}

/// Dana's window, and a key of hers that is valid until then.
fn with_key(until: Option<Timestamp>) -> Facts {
    let validity = Validity { from: None, until };
    let key = EnrolledKey { fingerprint: "SHA256:k".to_owned(), openssh: String::new(), validity };
    open().change(DANA, |dana| dana.keys = vec![key])
}

fn node_and_person() -> Vec<Row> {
    let ends = Some(at("22:30"));
    let from_elsewhere = || vec!["192.0.2.0/24".parse().unwrap()];
    let mut ownerless = open();
    ownerless.vendors.remove(&MERIDIAN);
    vec![
        row("a clock in doubt", Reason::Clock, open()).by(|a| a.node.clock_trusted = false),
        row("a clock in doubt, in a session", Reason::Clock, open())
            .in_session()
            .by(|a| a.node.clock_trusted = false),
        row("no database", Reason::Store, open()).by(|a| a.node.store_ready = false),
        row("no recorder", Reason::Recorder, open()).by(|a| a.node.recorder_ready = false),
        row("no recorder for a new channel", Reason::Recorder, open()).in_session().by(|a| {
            a.node.recorder_ready = false;
            a.access = Some(Access::Shell);
        }),
        row("nobody", Reason::UnknownPerson, open()).by(|a| a.person = PersonId(uuid::Uuid::nil())),
        row("locked", Reason::Locked, open().locked(LockOn::Person(DANA))),
        row("a locked vendor", Reason::Locked, open().locked(LockOn::Vendor(MERIDIAN))),
        row("a locked target", Reason::Locked, open().locked(LockOn::Target(ALARIS))),
        row("all locked", Reason::Locked, open().locked(LockOn::Everything)),
        row("locked in a session", Reason::Locked, open().locked(LockOn::Everything)).in_session(),
        row("validity ends", Reason::NotValid, open().change(DANA, |dana| dana.validity.until = ends)),
        row("a key that is withdrawn", Reason::NotValid, with_key(ends))
            .by(|a| a.key = Some("SHA256:k".into())),
        row("a key that is withdrawn, in a session", Reason::NotValid, with_key(ends))
            .in_session()
            .by(|a| a.key = Some("SHA256:k".into())),
        row("a key that is not theirs", Reason::NotValid, with_key(None))
            .by(|a| a.key = Some("SHA256:other".into())),
        row("not yet valid", Reason::NotValid, open().change(DANA, |d| d.validity.from = Some(at("22:31")))),
        row("a vendor's validity ends", Reason::NotValid, {
            let mut facts = open();
            facts.vendors.get_mut(&MERIDIAN).unwrap().validity.until = ends;
            facts
        }),
        row("a vendor that is not on record", Reason::NotValid, ownerless),
        row("a technician no more", Reason::NotValid, open().change(DANA, |dana| dana.grants.clear())),
        row("a technician elsewhere only", Reason::NotValid, {
            open().change(DANA, |dana| dana.grants[0].scope = crate::Scope::Site("south".to_owned()))
        }),
        row("another network", Reason::SourceNetwork, {
            open().change(DANA, |dana| dana.source_networks = from_elsewhere())
        }),
        row("not the vendor's network", Reason::SourceNetwork, {
            let mut facts =
                open().change(DANA, |dana| dana.source_networks = vec!["198.51.100.0/24".parse().unwrap()]);
            facts.vendors.get_mut(&MERIDIAN).unwrap().source_networks = from_elsewhere();
            facts
        }),
    ]
}

fn schedule() -> Vec<Row> {
    let others = || planned(|w| (w.technicians, w.vendor, w.requester) = ([OTTO].into(), HOLLIS, OTTO));
    let elsewhere = || planned(|w| w.targets = [GUARDRAILS].into());
    vec![
        row("nothing planned", Reason::NoWindow, hospital()),
        row("denied", Reason::NoWindow, planned(|w| w.state = WindowState::Denied)),
        row("withdrawn", Reason::NoWindow, planned(|w| w.state = WindowState::Withdrawn)),
        row("withdrawn under a session", Reason::NoWindow, planned(|w| w.state = WindowState::Withdrawn))
            .in_session(),
        row("a session whose window is gone", Reason::NoWindow, hospital()).in_session(),
        row("too long ago", Reason::NoWindow, open()).when("25T22:30").by(|_| {}).far(31),
        row("a little early", Reason::Early, open()).when("21:59:59"),
        row("at the first instant outside", Reason::Late, open()).when("23:00"),
        row("weeks ago", Reason::Late, open()).far(29),
        row("after its closing was written down", Reason::Late, planned(|w| w.state = WindowState::Closed))
            .when("23:10"),
        row("after its review", Reason::Late, planned(|w| w.state = WindowState::Reviewed)).when("23:10"),
        row("a new attempt in the overrun", Reason::Late, planned(|w| w.overrun = minutes(30))).when("23:00"),
        row("a new channel in the overrun", Reason::Late, planned(|w| w.overrun = minutes(30)))
            .in_session()
            .by(|a| a.access = Some(Access::Shell))
            .when("23:00"),
        row("a session after the overrun", Reason::Late, planned(|w| w.overrun = minutes(30)))
            .in_session()
            .when("23:30"),
        row("a session moved to tomorrow", Reason::Early, {
            planned(|w| (w.opens, w.closes) = (at("26T22:00"), at("26T23:00")))
        })
        .in_session(),
        row("the wrong server", Reason::OtherTarget, elsewhere()),
        row("a server that is not there", Reason::OtherTarget, open())
            .by(|a| a.target = "nowhere".parse().unwrap()),
        row("a session whose server was taken out", Reason::OtherTarget, elsewhere()).in_session(),
        row("the wrong server beats weeks ago", Reason::OtherTarget, {
            elsewhere().with(Window {
                id: window_id(2),
                opens: at("20T10:00"),
                closes: at("20T11:00"),
                ..window(2)
            })
        }),
        row("just late beats the wrong server", Reason::Late, {
            elsewhere().with(Window {
                id: window_id(2),
                opens: at("21:00"),
                closes: at("22:00"),
                ..window(2)
            })
        }),
        row("open for others", Reason::OtherPerson, others()),
        row(
            "a session whose technician was replaced",
            Reason::OtherPerson,
            planned(|w| w.technicians = [RAVI].into()),
        )
        .in_session(),
        row("a technician who changed company", Reason::OtherPerson, {
            open().change(DANA, |dana| dana.vendor = Some(HOLLIS))
        }),
    ]
}

impl Row {
    /// So many days later.
    fn far(self, days: i64) -> Self {
        Self { now: at("22:30") + SignedDuration::from_hours(24 * days), ..self }
    }
}

fn window_checks() -> Vec<Row> {
    let observed = || planned(|w| w.observer_required = true);
    vec![
        row("asked for", Reason::NotYetApproved, planned(|w| w.state = WindowState::Requested)),
        row(
            "asked for, and just early",
            Reason::NotYetApproved,
            planned(|w| w.state = WindowState::Requested),
        )
        .when("21:50"),
        row("never approved", Reason::NotYetApproved, planned(|w| w.state = WindowState::Expired))
            .when("23:10"),
        row("not accepted", Reason::NotYetApproved, planned(|w| w.awaiting_acceptance = [DANA].into())),
        row("not confirmed", Reason::NotYetApproved, planned(|w| w.awaiting_substitution = [DANA].into())),
        row("revoked", Reason::Revoked, planned(|w| w.state = WindowState::Revoked)),
        row("revoked under a session", Reason::Revoked, planned(|w| w.state = WindowState::Revoked))
            .in_session(),
        row("no go", Reason::NotReleased, planned(|w| w.go_required = true)),
        row("frozen", Reason::Frozen, open().frozen(freeze(&[ALARIS], Some("22:30"), Some("22:31")))),
        row("all frozen", Reason::Frozen, open().frozen(freeze(&[], None, None))),
        row("frozen under a session", Reason::Frozen, open().frozen(freeze(&[], None, None))).in_session(),
        row("the work limit", Reason::WorkLimit, {
            planned(|w| (w.work_limit, w.work_began) = (Some(minutes(20)), Some(at("22:10"))))
        }),
        row("the work limit in a session", Reason::WorkLimit, {
            planned(|w| (w.work_limit, w.work_began) = (Some(minutes(20)), Some(at("22:10"))))
        })
        .in_session(),
        row("another kind of access", Reason::AccessNotGranted, open())
            .by(|a| a.access = Some(Access::SftpRead)),
        row("an account by silence", Reason::AccessNotGranted, open())
            .by(|a| a.account = Some(account("root"))),
        row("an account that is not there", Reason::AccessNotGranted, open())
            .by(|a| a.account = Some(account("x"))),
        row(
            "an account not named",
            Reason::AccessNotGranted,
            planned(|w| w.accounts = [account("root")].into()),
        )
        .by(|a| a.account = Some(account("svc"))),
        row("an account where there is none", Reason::AccessNotGranted, {
            open().retarget(ALARIS, |target| target.endpoints.clear())
        })
        .by(|a| a.account = Some(account("svc"))),
        row("nobody observes", Reason::ObserverRequired, observed()).by(|a| a.access = Some(Access::Shell)),
        row("the observer has gone", Reason::ObserverRequired, observed())
            .in_session()
            .by(|a| a.access = Some(Access::Shell)),
        row(
            "the server's rule",
            Reason::ObserverRequired,
            open().retarget(ALARIS, |t| t.observer_required = true),
        )
        .by(|a| a.access = Some(Access::Shell)),
        row("their sessions", Reason::Limit, open()).by(|a| a.node.sessions_of_person = SESSIONS_PER_PERSON),
        row("the server's sessions", Reason::Limit, open())
            .by(|a| a.node.sessions_on_target = SESSIONS_PER_TARGET),
        row("their own limit", Reason::Limit, open().change(DANA, |dana| dana.session_limit = Some(1)))
            .by(|a| a.node.sessions_of_person = 1),
        row("the server's own limit", Reason::Limit, open().retarget(ALARIS, |t| t.session_limit = Some(0))),
    ]
}

#[test]
fn each_row_is_refused_for_its_reason_and_every_reason_has_a_row() {
    let mut seen = BTreeSet::new();
    for row in node_and_person().into_iter().chain(schedule()).chain(window_checks()) {
        let refusal = decide(&row.facts, &row.attempt, row.now).expect_err(row.promise);
        assert_eq!(refusal.reason, row.reason, "{}", row.promise);
        seen.insert(refusal.reason);
    }
    // The proof is not decided about here: those two are the doors'.
    let doors = [Reason::Credential, Reason::SecondFactor];
    let all = Reason::ALL.iter().copied().filter(|reason| !doors.contains(reason)).collect();
    assert_eq!(seen, all);
}

#[test]
fn the_checks_come_in_the_documented_order() {
    type Mend = fn(&mut Facts, &mut Attempt);
    let change =
        |facts: &mut Facts, change: fn(&mut Window)| change(facts.windows.get_mut(&window_id(1)).unwrap());
    // Everything is wrong at once; each step mends the reason that it names.
    let mut facts = planned(|w| {
        (w.state, w.go_required, w.observer_required) = (WindowState::Requested, true, true);
        (w.work_limit, w.work_began) = (Some(minutes(5)), Some(at("22:00")));
    })
    .locked(LockOn::Target(ALARIS))
    .frozen(freeze(&[], None, None))
    .change(DANA, |dana| {
        dana.validity.until = Some(at("22:00"));
        dana.source_networks = vec!["192.0.2.0/24".parse().unwrap()];
        dana.grants.clear();
    });
    let everything = crate::hospital::lock(LockOn::Everything);
    facts.locks.insert(crate::LockId(uuid::Uuid::nil()), everything);
    let mut tried = attempt();
    tried.access = Some(Access::Tls);
    tried.node.sessions_of_person = u32::MAX;
    (tried.node.clock_trusted, tried.node.store_ready, tried.node.recorder_ready) = (false, false, false);
    let known = std::mem::take(&mut facts.people);
    let now = at("22:30");
    let mends: [(Reason, Mend); 17] = [
        (Reason::Clock, |_, a| a.node.clock_trusted = true),
        (Reason::Store, |_, a| a.node.store_ready = true),
        (Reason::Recorder, |_, a| a.node.recorder_ready = true),
        (Reason::UnknownPerson, |_, _| {}),
        (Reason::Locked, |f, _| drop(f.locks.remove(&crate::LockId(uuid::Uuid::nil())))),
        (Reason::NotValid, |f, _| f.people.get_mut(&DANA).unwrap().validity.until = None),
        (Reason::SourceNetwork, |f, _| f.people.get_mut(&DANA).unwrap().source_networks.clear()),
        (Reason::NotYetApproved, |f, _| f.windows.values_mut().for_each(|w| w.state = WindowState::Revoked)),
        (Reason::Revoked, |f, _| f.windows.values_mut().for_each(|w| w.state = WindowState::Approved)),
        (Reason::NotValid, |f, _| {
            let grant = hospital().people[&DANA].grants.clone();
            f.people.get_mut(&DANA).unwrap().grants = grant;
        }),
        (Reason::Locked, |f, _| f.locks.clear()),
        (Reason::Frozen, |f, _| f.freezes.clear()),
        (Reason::NotReleased, |f, _| f.windows.values_mut().for_each(|w| w.go_required = false)),
        (Reason::WorkLimit, |f, _| f.windows.values_mut().for_each(|w| w.work_limit = None)),
        (Reason::AccessNotGranted, |_, a| a.access = Some(Access::Shell)),
        (Reason::ObserverRequired, |_, a| a.node.observers = 1),
        (Reason::Limit, |_, a| a.node.sessions_of_person = 0),
    ];
    change(&mut facts, |_| {});
    for (reason, mend) in mends {
        assert_eq!(decide(&facts, &tried, now).unwrap_err().reason, reason);
        if reason == Reason::UnknownPerson {
            facts.people.clone_from(&known);
        }
        mend(&mut facts, &mut tried);
    }
    assert!(decide(&facts, &tried, now).is_ok());
}

/// A visit is let in, and goes on, without an observer: what waits is its input, and its permit says so.
#[test]
fn a_visit_that_nobody_observes_is_permitted_to_wait_and_to_open_nothing() {
    for facts in [
        planned(|w| w.observer_required = true),
        open().retarget(ALARIS, |target| target.observer_required = true),
    ] {
        let running = |access| {
            let mut attempt = Attempt { within: Some(window_id(1)), access, ..attempt() };
            attempt.node.running = true;
            attempt
        };
        for waits in [attempt(), running(None)] {
            assert!(decide(&facts, &waits, at("22:30")).unwrap().observer_required());
        }
        let mut opens = running(Some(Access::Shell));
        assert_eq!(decide(&facts, &opens, at("22:30")).unwrap_err().reason, Reason::ObserverRequired);
        opens.node.observers = 1;
        assert!(decide(&facts, &opens, at("22:30")).is_ok());
    }
}

#[test]
fn a_permit_says_who_to_what_as_whom_until_when_and_as_of_what() {
    let permit = decide(&open(), &attempt(), at("22:00")).unwrap();
    assert_eq!(permit.attempt(), attempt().id);
    assert_eq!(permit.person(), DANA);
    assert_eq!(permit.target(), &open().targets[&ALARIS]);
    assert_eq!(permit.account(), Some(&account("svc")));
    assert_eq!(permit.window(), window_id(1));
    assert_eq!(permit.access(), &window(1).access);
    assert_eq!((permit.input_until(), permit.output_until()), (at("23:00"), at("23:00")));
    assert_eq!(permit.bound(), Bound::Closes);
    assert!(!permit.observer_required());
    assert_eq!((permit.head(), permit.policy_version()), (42, 7));
}

#[test]
fn deadlines_are_the_earliest_of_closes_work_limit_freeze_and_validity() {
    let overrun = |w: &mut Window| w.overrun = minutes(30);
    let limited = |limit, began: Option<&str>| {
        planned(|w| {
            overrun(w);
            (w.work_limit, w.work_began) = (Some(minutes(limit)), began.map(at));
        })
    };
    let frozen = |from| planned(overrun).frozen(freeze(&[ALARIS], Some(from), None));
    let mut vendor_ends = planned(overrun);
    vendor_ends.vendors.get_mut(&MERIDIAN).unwrap().validity.until = Some(at("22:40"));
    let rows = [
        ("closes, and its overrun", planned(overrun), "23:00", "23:30", Bound::Closes),
        (
            "a work limit from its first session",
            limited(45, Some("22:05")),
            "22:50",
            "22:50",
            Bound::WorkLimit,
        ),
        ("a work limit from now", limited(15, None), "22:45", "22:45", Bound::WorkLimit),
        ("a work limit in the overrun", limited(60, Some("22:10")), "23:00", "23:10", Bound::WorkLimit),
        ("a freeze to come", frozen("22:50"), "22:50", "22:50", Bound::Freeze),
        ("a freeze at closes", frozen("23:00"), "23:00", "23:00", Bound::Freeze),
        ("a freeze in the overrun", frozen("23:10"), "23:00", "23:10", Bound::Freeze),
        (
            "a freeze elsewhere",
            { planned(overrun).frozen(freeze(&[GUARDRAILS], Some("22:50"), None)) },
            "23:00",
            "23:30",
            Bound::Closes,
        ),
        (
            "a freeze that never is",
            { planned(overrun).frozen(freeze(&[], Some("22:50"), Some("22:50"))) },
            "23:00",
            "23:30",
            Bound::Closes,
        ),
        (
            "a person's validity",
            { planned(overrun).change(DANA, |dana| dana.validity.until = Some(at("22:45"))) },
            "22:45",
            "22:45",
            Bound::Validity,
        ),
        ("a vendor's validity", vendor_ends, "22:40", "22:40", Bound::Validity),
        ("a key's validity", with_key(Some(at("22:35"))), "22:35", "22:35", Bound::Validity),
    ];
    for (promise, facts, input, output, bound) in rows {
        let key =
            facts.people.get(&DANA).and_then(|dana| dana.keys.first()).map(|key| key.fingerprint.clone());
        let permit = decide(&facts, &Attempt { key, ..attempt() }, at("22:30")).expect(promise);
        assert_eq!((permit.input_until(), permit.output_until()), (at(input), at(output)), "{promise}");
        assert_eq!(permit.bound(), bound, "{promise}");
    }
}

#[test]
fn a_running_session_keeps_its_permit_through_the_overrun_with_input_ended() {
    let facts = planned(|w| w.overrun = minutes(30));
    for now in ["23:00", "23:29:59"] {
        let permit = decide(&facts, &running(window_id(1)), at(now)).unwrap();
        assert_eq!((permit.input_until(), permit.output_until()), (at("23:00"), at("23:30")));
        assert!(permit.input_until() <= at(now));
    }
}

#[test]
fn a_running_session_is_not_asked_what_admission_was() {
    let mut session = running(window_id(1));
    session.node.sessions_of_person = u32::MAX;
    session.node.sessions_on_target = u32::MAX;
    session.node.recorder_ready = false;
    assert!(decide(&open(), &session, at("22:30")).is_ok());
}

#[test]
fn a_running_session_never_changes_its_window() {
    let longer = Window { closes: at("23:59"), ..window(2) };
    let facts = planned(|w| w.state = WindowState::Revoked).with(longer);
    assert_eq!(decide(&facts, &running(window_id(1)), at("22:30")).unwrap_err().reason, Reason::Revoked);
    assert_eq!(decide(&facts, &attempt(), at("22:30")).unwrap().window(), window_id(2));
}

#[test]
fn of_several_open_windows_the_one_that_lasts_longest_is_taken() {
    let longer = Window { closes: at("23:30"), ..window(2) };
    let richer = Window { access: [Access::Shell, Access::Exec, Access::Forward].into(), ..window(3) };
    let chosen = |facts: &Facts, access| {
        decide(facts, &Attempt { access, ..attempt() }, at("22:30")).unwrap().window()
    };
    assert_eq!(chosen(&open().with(longer.clone()), None), window_id(2));
    assert_eq!(
        chosen(&open().with(richer.clone()), None),
        window_id(3),
        "equally long: the one that grants most"
    );
    assert_eq!(
        chosen(&open().with(longer).with(richer), Some(Access::Forward)),
        window_id(3),
        "one that grants it"
    );
    assert_eq!(chosen(&open().with(window(4)), None), window_id(1), "all equal: the elder");
}

#[test]
fn the_account_is_the_one_asked_for_or_the_default_that_is_granted() {
    let as_account = |granted: &[&str], asked: Option<&str>| {
        let facts = planned(|w| w.accounts = granted.iter().map(|name| account(name)).collect());
        let tried = Attempt { account: asked.map(account), ..attempt() };
        decide(&facts, &tried, at("22:30")).unwrap().account().map(|account| account.as_str().to_owned())
    };
    assert_eq!(as_account(&[], None).as_deref(), Some("svc"));
    assert_eq!(as_account(&[], Some("svc")).as_deref(), Some("svc"));
    assert_eq!(as_account(&["root"], None).as_deref(), Some("root"));
    assert_eq!(as_account(&["root", "svc"], None).as_deref(), Some("svc"), "the target's own order");
    assert_eq!(as_account(&["root", "svc"], Some("root")).as_deref(), Some("root"));
    let bare = open().retarget(ALARIS, |target| target.endpoints.clear());
    assert_eq!(decide(&bare, &attempt(), at("22:30")).unwrap().account(), None);
}

#[test]
fn an_ipv4_caller_in_ipv6_clothes_comes_from_its_ipv4_network() {
    let facts = open().change(DANA, |dana| dana.source_networks = vec!["198.51.100.0/24".parse().unwrap()]);
    let from =
        |source: &str| decide(&facts, &Attempt { source: source.parse().unwrap(), ..attempt() }, at("22:30"));
    assert!(from("::ffff:198.51.100.7").is_ok());
    assert!(from("::ffff:198.51.101.7").is_err());
}

#[test]
fn early_and_late_say_by_how_long_and_of_which_window() {
    let later = Window { opens: at("26T22:00"), closes: at("26T23:00"), ..window(2) };
    let facts = open().with(later);
    let refusal = |now| decide(&facts, &attempt(), at(now)).unwrap_err();
    let late = refusal("26T02:10");
    assert_eq!((late.reason, late.off_by), (Reason::Late, Some(minutes(190))));
    assert_eq!(late.nearest.map(|nearest| nearest.window), Some(window_id(1)));
    assert_eq!(late.next.map(|next| next.window), Some(window_id(2)));
    let early = refusal("26T21:48");
    assert_eq!((early.reason, early.off_by), (Reason::Early, Some(minutes(12))));
    assert_eq!(early.nearest.map(|nearest| nearest.opens), Some(at("26T22:00")));
}

#[test]
fn the_story_of_the_design_reads_as_it_is_told() {
    let refusal = decide(&open(), &attempt(), at("26T02:10")).unwrap_err();
    assert_eq!(refusal.verdict(), "Off schedule: late by 3 h 10 min");
}

#[test]
fn every_other_refusal_shows_the_nearest_window_too() {
    let elsewhere = planned(|w| w.targets = [GUARDRAILS].into());
    let wrong_door = decide(&elsewhere, &attempt(), at("22:30")).unwrap_err();
    assert_eq!(
        wrong_door.nearest.map(|nearest| nearest.window),
        Some(window_id(1)),
        "theirs, on another server"
    );
    assert_eq!(wrong_door.off_by, None);
    let locked = decide(&open().locked(LockOn::Person(DANA)), &attempt(), at("21:00")).unwrap_err();
    assert_eq!(locked.nearest.map(|nearest| nearest.window), Some(window_id(1)));
    assert_eq!(locked.next.map(|next| next.window), Some(window_id(1)));
    let unready = planned(|w| w.awaiting_acceptance = [DANA].into());
    assert_eq!(decide(&unready, &attempt(), at("21:00")).unwrap_err().next, None, "not one they can use");
}

#[test]
fn of_several_windows_at_hand_the_one_that_came_furthest_says_why() {
    let facts = planned(|w| w.state = WindowState::Revoked).with(Window { go_required: true, ..window(2) });
    let refusal = decide(&facts, &attempt(), at("22:30")).unwrap_err();
    assert_eq!(refusal.reason, Reason::NotReleased);
    assert_eq!(refusal.nearest.map(|nearest| nearest.window), Some(window_id(2)));
}

/// P9: whatever is true of a target on which somebody has no window, they are told what they are told of a name that
/// nothing has.
#[test]
fn who_has_no_window_on_a_target_learns_nothing_about_it() {
    let nowhere = Attempt { target: "nowhere".parse().unwrap(), ..attempt() };
    let others = Window { technicians: [OTTO].into(), vendor: HOLLIS, requester: OTTO, ..window(1) };
    let own_elsewhere = Window { targets: [GUARDRAILS].into(), purpose: Purpose::Upgrade, ..window(2) };
    let worlds = [
        hospital(),
        hospital().locked(LockOn::Target(ALARIS)),
        hospital().frozen(freeze(&[ALARIS], None, None)),
        hospital().retarget(ALARIS, |target| target.observer_required = true),
        hospital().with(others),
    ];
    for base in worlds {
        for facts in [base.clone(), base.with(own_elsewhere.clone())] {
            for now in ["21:00", "22:30", "26T02:10"] {
                let told = |attempt: &Attempt| {
                    let refusal = decide(&facts, attempt, at(now)).unwrap_err();
                    (refusal.sentence(&jiff::tz::TimeZone::UTC), refusal.next)
                };
                assert_eq!(told(&attempt()), told(&nowhere), "{now}");
            }
        }
    }
}

#[test]
fn a_target_without_a_name_in_common_is_another_target() {
    let renamed = open().retarget(ALARIS, |target| target.name = "alaris-sm-02".parse().unwrap());
    assert_eq!(decide(&renamed, &attempt(), at("22:30")).unwrap_err().reason, Reason::OtherTarget);
    assert_eq!(renamed.windows[&window_id(1)].targets, BTreeSet::<TargetId>::from([ALARIS]));
}
