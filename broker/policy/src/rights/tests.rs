//! The table, written a second time by hand and compared cell by cell; then every cell acted out, with and against it.

use super::*;
use crate::Act;
use crate::hospital::{
    ADAM, ALARIS, ANA, AUDREY, CARLA, DANA, GUARDRAILS, HOLLIS, LEO, MERIDIAN, OTTO, PHIL, PRIYA, QUINN,
    RAVI, at, hospital, window,
};

/// DESIGN §1: technician, coordinator, clinical engineer, pharmacist, analyst, lead, auditor, administrator.
const DESIGN: &str = "
    request-window       own  vendor  all      -        -       -       -     -
    withdraw-window      own  vendor  all      -        -       -       -     -
    substitute-person    own  vendor  all      -        -       -       -     -
    accept-window        own  -       -        -        -       -       -     -
    connect              own  -       -        -        -       -       -     -
    approve-window       -    -       all      library  -       -       -     -
    shorten-window       -    -       all      library  -       -       -     -
    deny-window          -    -       all      library  -       -       -     -
    move-window          -    -       all      library  -       -       -     -
    extend-window        -    -       all      library  -       -       -     -
    revoke-window        -    -       all      library  -       -       -     -
    confirm-person       -    -       all      -        -       -       -     -
    give-go              -    -       all      -        -       -       -     -
    open-emergency       -    -       all      -        all     all     -     -
    return-to-service    own  -       all      -        -       -       -     -
    review-evidence      -    -       -        -        all     all     -     -
    correct-purpose      -    -       all      -        -       -       -     -
    manage-freezes       -    -       all      -        -       -       -     -
    write-notes          -    -       all      library  -       -       -     -
    manage-targets       -    -       all      -        -       -       -     -
    watch-live           -    -       targets  -        all     all     -     -
    pause-input          -    -       targets  -        all     all     -     -
    stop-session         -    -       targets  -        all     all     -     -
    work-alerts          -    -       -        -        all     all     read  -
    replay               -    -       targets  -        all     all     all   -
    search-evidence      -    -       -        -        all     all     all   -
    export-evidence      -    -       -        -        all     all     all   -
    unmask-input         -    -       -        -        second  second  -     -
    lift-hold            -    -       -        -        second  second  -     -
    shorten-retention    -    -       -        -        second  second  -     -
    manage-rules         -    -       -        -        -       all     read  -
    manage-response      -    -       -        -        -       all     read  -
    manage-call-lists    -    -       -        -        -       all     read  -
    manage-retention     -    -       -        -        -       all     read  -
    lock                 -    -       targets  -        all     all     -     people
    manage-people        -    -       sponsor  -        -       -       read  all
    reset-factors        -    -       all      -        -       -       -     all
    manage-vendors       -    -       -        -        -       -       read  all
    manage-keys          -    -       -        -        -       -       read  all
    manage-destinations  -    -       -        -        -       -       read  all
    configure            -    -       -        -        -       -       read  all
    see-windows          own  vendor  all      library  all     all     all   all
    see-sessions         own  vendor  targets  -        all     all     all   all
    see-targets          -    -       all      all      all     all     all   all
    see-people           -    vendor  all      -        all     all     all   all
    see-ledger           -    -       -        -        all     all     all   all
";

const HOLDERS: [PersonId; 8] = [DANA, CARLA, PRIYA, PHIL, ANA, LEO, AUDREY, ADAM];

fn word(cell: Cell) -> &'static str {
    match cell {
        Cell::Nothing => "-",
        Cell::All => "all",
        Cell::Own => "own",
        Cell::OwnVendor => "vendor",
        Cell::OwnTargets => "targets",
        Cell::Library => "library",
        Cell::Second => "second",
        Cell::PeopleOnly => "people",
        Cell::Sponsored => "sponsor",
        Cell::Read => "read",
    }
}

#[test]
fn the_table_is_design_s_table_and_no_act_is_missing() {
    let written: Vec<Vec<&str>> = DESIGN
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|row: &Vec<_>| !row.is_empty())
        .collect();
    let built: Vec<Vec<&str>> = Act::ALL
        .iter()
        .map(|act| std::iter::once(act.as_str()).chain(Role::ALL.map(|role| word(act.cell(role)))).collect())
        .collect();
    assert_eq!(built, written);
}

/// For each cell: something that it covers (`None`: nothing), and everything that it does not.
#[test]
fn every_cell_of_the_table_is_kept_at_the_door() {
    let facts = hospital();
    let plan = crate::Window { requester: QUINN, ..window(1) };
    let others = crate::Window {
        vendor: HOLLIS,
        requester: OTTO,
        technicians: [OTTO].into(),
        purpose: Purpose::Library,
        ..window(2)
    };
    let (dana, ana) = (facts.who(DANA), facts.who(ANA));
    let alaris = &facts.targets[&ALARIS];
    let subjects = [
        ("plan", Subject::Window(&plan)),
        ("others", Subject::Window(&others)),
        ("target", Subject::Target(alaris)),
        ("technician", Subject::Person(dana)),
        ("staff", Subject::Person(ana)),
        ("vendor", Subject::Vendor(MERIDIAN)),
        ("other-vendor", Subject::Vendor(HOLLIS)),
        ("library", Subject::Library),
        ("everything", Subject::Everything),
        ("at-all", Subject::AtAll),
    ];
    for act in Act::ALL {
        for (role, who) in Role::ALL.into_iter().zip(HOLDERS) {
            let cell = act.cell(role);
            for (name, subject) in subjects {
                let covered = name == "at-all"
                    || match cell {
                        Cell::All => true,
                        Cell::Own => name == "plan",
                        Cell::OwnVendor => matches!(name, "plan" | "technician" | "vendor"),
                        Cell::OwnTargets => matches!(name, "plan" | "others" | "target"),
                        Cell::Library => matches!(name, "others" | "library"),
                        Cell::PeopleOnly => matches!(name, "technician" | "staff"),
                        Cell::Sponsored => name == "technician",
                        Cell::Nothing | Cell::Second | Cell::Read => false,
                    };
                let covered = covered && !matches!(cell, Cell::Nothing | Cell::Second | Cell::Read);
                let answer = may(&facts, who, *act, subject, at("22:00"));
                assert_eq!(answer.is_ok(), covered, "{act} by {role} on {name}: {answer:?}");
                let denied = answer.err();
                match cell {
                    Cell::Nothing => assert_eq!(denied, Some(Denied::Role(*act))),
                    Cell::Second => assert_eq!(denied, Some(Denied::SecondPerson(*act))),
                    Cell::Read => assert_eq!(denied, Some(Denied::ReadOnly(*act))),
                    _ if !covered => assert_eq!(denied, Some(Denied::Elsewhere(*act))),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn read_cells_allow_looking_and_nothing_more() {
    let facts = hospital();
    for act in [Act::WorkAlerts, Act::ManageRules, Act::Configure] {
        assert!(may_read(&facts, AUDREY, act, Subject::AtAll, at("22:00")).is_ok());
        assert!(may(&facts, AUDREY, act, Subject::AtAll, at("22:00")).is_err());
        assert!(may_read(&facts, DANA, act, Subject::AtAll, at("22:00")).is_err());
    }
}

#[test]
fn what_takes_two_takes_two_different_people_who_both_may() {
    let facts = hospital();
    let together = |pair| may_together(&facts, pair, Act::UnmaskInput, Subject::AtAll, at("22:00"));
    assert!(together((ANA, LEO)).is_ok());
    assert!(together((LEO, ANA)).is_ok());
    assert_eq!(together((ANA, ANA)), Err(Denied::SecondPerson(Act::UnmaskInput)));
    assert_eq!(together((ANA, AUDREY)), Err(Denied::Role(Act::UnmaskInput)));
    assert_eq!(together((PRIYA, ANA)), Err(Denied::Role(Act::UnmaskInput)));
}

#[test]
fn one_of_two_is_whoever_may_with_a_second_and_nobody_else() {
    let facts = hospital();
    for act in Act::ALL.iter().filter(|act| act.takes_two()) {
        for (role, who) in Role::ALL.into_iter().zip(HOLDERS) {
            let first = may_beside(&facts, who, *act, Subject::Everything, at("22:00"));
            assert_eq!(
                first.is_ok(),
                matches!(role, Role::Analyst | Role::Lead),
                "{act} by {role}: {first:?}"
            );
            assert!(
                may(&facts, who, *act, Subject::Everything, at("22:00")).is_err(),
                "{act}: {role} is one person"
            );
        }
        assert!(act.refuses_host_tokens() && act.wants_fresh_proof(), "{act}");
    }
}

#[test]
fn a_scope_ends_where_it_ends() {
    let scoped = |scope: Scope| {
        hospital().change(PRIYA, |priya| priya.grants = vec![Grant { role: Role::ClinicalEngineer, scope }])
    };
    let here = [
        Scope::All,
        Scope::Site("north".to_owned()),
        Scope::Group("pumps".to_owned()),
        Scope::Target("alaris-sm-01".parse().unwrap()),
    ];
    for scope in here {
        let facts = scoped(scope.clone());
        let reaches = |act, subject| may(&facts, PRIYA, act, subject, at("22:00")).is_ok();
        let all = scope == Scope::All;
        let (alaris, guardrails) = (&facts.targets[&ALARIS], &facts.targets[&GUARDRAILS]);
        let both = crate::Window { targets: [ALARIS, GUARDRAILS].into(), ..window(1) };
        let gone = crate::Window { targets: [TargetId(uuid::Uuid::nil())].into(), ..window(1) };
        assert!(reaches(Act::StopSession, Subject::Target(alaris)));
        let here = window(1);
        assert!(reaches(Act::ApproveWindow, Subject::Window(&here)));
        assert_eq!(reaches(Act::StopSession, Subject::Target(guardrails)), all);
        assert_eq!(reaches(Act::ApproveWindow, Subject::Window(&both)), all, "every target must lie inside");
        assert_eq!(reaches(Act::ApproveWindow, Subject::Window(&gone)), all);
        assert_eq!(reaches(Act::ManageFreezes, Subject::Everything), all);
    }
}

#[test]
fn two_scoped_grants_of_a_role_add_up() {
    let facts = hospital().change(PRIYA, |priya| {
        priya.grants = ["north", "south"]
            .map(|site| Grant { role: Role::ClinicalEngineer, scope: Scope::Site(site.to_owned()) })
            .to_vec();
    });
    let both = crate::Window { targets: [ALARIS, GUARDRAILS].into(), ..window(1) };
    assert!(may(&facts, PRIYA, Act::ApproveWindow, Subject::Window(&both), at("22:00")).is_ok());
}

#[test]
fn who_asked_or_benefits_never_agrees_whatever_their_roles() {
    let engineer = Grant { role: Role::ClinicalEngineer, scope: Scope::All };
    let mut facts = hospital();
    for id in [DANA, RAVI, CARLA] {
        facts = facts.change(id, |person| person.grants.push(engineer.clone()));
    }
    let plan = crate::Window { requester: QUINN, purpose: Purpose::Emergency, ..window(1) };
    for act in Act::ALL.iter().filter(|act| act.agrees()) {
        for interested in [QUINN, DANA, RAVI, CARLA] {
            let answer = may(&facts, interested, *act, Subject::Window(&plan), at("22:00"));
            assert_eq!(answer, Err(Denied::OwnWindow), "{act}");
        }
        assert!(may(&facts, PRIYA, *act, Subject::Window(&plan), at("22:00")).is_ok(), "{act}");
    }
}

#[test]
fn a_locked_or_invalid_person_may_nothing_and_a_lock_on_everything_can_be_lifted() {
    let lift = |facts: &Facts, who| may(facts, who, Act::Lock, Subject::Everything, at("22:00"));
    let see = |facts: &Facts, who| may(facts, who, Act::SeeWindows, Subject::AtAll, at("22:00"));
    assert_eq!(lift(&hospital().locked(LockOn::Person(LEO)), LEO), Err(Denied::Locked));
    assert!(lift(&hospital().locked(LockOn::Everything), LEO).is_ok());
    assert_eq!(see(&hospital().locked(LockOn::Vendor(MERIDIAN)), CARLA), Err(Denied::Locked));
    assert!(see(&hospital().locked(LockOn::Vendor(HOLLIS)), CARLA).is_ok());
    let ended = hospital().change(LEO, |leo| leo.validity.until = Some(at("22:00")));
    assert_eq!(lift(&ended, LEO), Err(Denied::NotValid));
    assert!(may(&ended, LEO, Act::Lock, Subject::Everything, at("21:59:59")).is_ok());
    let mut orphaned = hospital();
    orphaned.vendors.remove(&MERIDIAN);
    assert_eq!(see(&orphaned, CARLA), Err(Denied::NotValid));
    assert_eq!(see(&orphaned, PersonId(uuid::Uuid::nil())), Err(Denied::Unknown));
}

#[test]
fn an_approval_is_asked_for_as_one_role() {
    let facts = hospital()
        .change(PRIYA, |priya| priya.grants.push(Grant { role: Role::Pharmacist, scope: Scope::All }));
    let library = crate::Window { purpose: Purpose::Library, ..window(1) };
    let as_role =
        |role, window| may_as(&facts, PRIYA, role, Act::ApproveWindow, Subject::Window(window), at("22:00"));
    assert_eq!(as_role(Role::Pharmacist, &library), Ok(Right { role: Role::Pharmacist }));
    assert_eq!(as_role(Role::ClinicalEngineer, &library), Ok(Right { role: Role::ClinicalEngineer }));
    assert_eq!(as_role(Role::Pharmacist, &window(1)), Err(Denied::Elsewhere(Act::ApproveWindow)));
}

#[test]
fn a_denial_says_what_it_takes() {
    let denied = may(&hospital(), DANA, Act::ManageRules, Subject::AtAll, at("22:00")).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "none of this person's roles allows manage-rules; it takes lead or auditor"
    );
}

#[test]
fn what_p8_names_refuses_tokens_minted_on_the_host() {
    for act in [
        Act::ApproveWindow,
        Act::Replay,
        Act::SearchEvidence,
        Act::UnmaskInput,
        Act::ExportEvidence,
        Act::OpenEmergency,
    ] {
        assert!(act.refuses_host_tokens(), "{act}");
    }
    assert!(!Act::RequestWindow.refuses_host_tokens());
}
