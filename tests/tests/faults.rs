//! Recorded first, whatever the disk does: while a recording cannot take what passes, nothing passes; what passed is in it;
//! other visits go on; and all comes back without a restart. The faults are injected into the real gate's calls.
//!
//! `CHAPERONE_LONG=1` strikes each visit by itself, too, with every fault.

use std::time::{Duration, Instant};

use chaperone_tests::Action::{Eio, Enospc, Erofs, Hang, Kept, Short, Slow, Torn};
use chaperone_tests::Operation::{Any, Open, Sync, Write};
use chaperone_tests::{
    Action, Faults, Furnishing, House, Operation, TARGET, Terminal, Visit, eventually, get, legs, soon,
};
use jiff::Timestamp;

/// Output in bursts that become blocks at once.
const DOWNLOAD: &str = "i=0; while :; do seq $i $((i+9999)); i=$((i+10000)); sleep 0.1; done";
/// How long an echo may take on a machine that runs other tests.
const AT_ONCE: Duration = Duration::from_secs(2);
/// How soon all must go on after the disk is mended.
const BACK: Duration = Duration::from_secs(20);

/// What a fault does to the visits that it strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Stops,
    Goes,
}

/// The table: what happens, and whether bytes may pass meanwhile.
const TABLE: [(Operation, Action, Effect); 14] = [
    (Write, Eio, Effect::Stops),
    (Write, Enospc, Effect::Stops),
    (Write, Torn, Effect::Stops),
    (Write, Kept, Effect::Stops),
    (Write, Hang, Effect::Stops),
    (Write, Short, Effect::Goes),
    (Write, Slow(100), Effect::Goes),
    (Any, Erofs, Effect::Stops),
    (Any, Eio, Effect::Stops),
    (Any, Kept, Effect::Stops),
    (Sync, Eio, Effect::Stops),
    (Sync, Kept, Effect::Stops),
    (Sync, Hang, Effect::Stops),
    (Sync, Slow(300), Effect::Goes),
];

/// A house whose disk can be struck.
struct Lab {
    faults: Faults,
    house: House,
}

fn lab(furnishing: Furnishing, closes: &str) -> Lab {
    let mut house = furnishing.empty();
    let faults = Faults::build(house.folder());
    faults.under(&mut house.gate);
    house.enrol();
    house.connect_soc();
    house.open_window("dana", "shell,exec", closes);
    house.open_window("viktor", "exec", "+30m");
    Lab { faults, house }
}

/// The newest visit that is none of these.
#[track_caller]
fn begun(house: &House, others: &[&str]) -> String {
    soon("the visit", || {
        let ids =
            house.sessions().into_iter().rev().filter_map(|visit| Some(visit["id"].as_str()?.to_owned()));
        ids.into_iter().find(|id| !others.contains(&id.as_str()))
    })
}

/// Dana's three kinds of work, each a visit of its own.
struct Work {
    shell: (String, Terminal),
    download: (String, Visit),
    upload: (String, Visit),
    marks: usize,
}

impl Work {
    fn begins(house: &House, others: &[&str]) -> Self {
        let dana = house.technician("dana").ssh(TARGET);
        let shell = dana.opens_a_shell();
        shell.shows("is recorded");
        let shell_id = begun(house, others);
        let download = dana.begins(DOWNLOAD);
        soon("output", || (download.received() > 100_000).then_some(()));
        let known = [others, &[shell_id.as_str()]].concat();
        let download_id = begun(house, &known);
        let mut upload = dana.begins(&format!("cat > {}", house.folder().join("uploaded").display()));
        upload.counts();
        soon("the upload", || (uploaded(house) > 100_000).then_some(()));
        let known = [&known[..], &[download_id.as_str()]].concat();
        let upload_id = begun(house, &known);
        Self {
            shell: (shell_id, shell),
            download: (download_id, download),
            upload: (upload_id, upload),
            marks: 0,
        }
    }

    fn ids(&self) -> [&str; 3] {
        [&self.shell.0, &self.download.0, &self.upload.0]
    }

    /// Types a line whose answer is not what was typed.
    fn types(&mut self) -> String {
        self.marks += 1;
        self.shell.1.types(&format!("echo mark-$((100+{}))\r", self.marks));
        format!("mark-{}", 100 + self.marks)
    }

    /// How far each has come: the shell by its screen, the upload by what the target holds.
    fn come(&self, house: &House) -> [usize; 3] {
        [self.shell.1.screen().len(), self.download.1.received(), uploaded(house)]
    }
}

fn uploaded(house: &House) -> usize {
    let about = std::fs::metadata(house.folder().join("uploaded"));
    about.map_or(0, |about| usize::try_from(about.len()).unwrap_or(usize::MAX))
}

/// A bystander's line comes back at once.
#[track_caller]
fn answers(bystander: &mut Visit, line: &str) {
    bystander.types(&format!("{line}\n"));
    let asked = Instant::now();
    bystander.shows(line);
    assert!(asked.elapsed() < AT_ONCE, "a bystander's echo took {:?}", asked.elapsed());
}

/// Waits until nothing of the struck visits moves any more: what was recorded already may still arrive.
#[track_caller]
fn stops(house: &House, work: &Work, struck: &[usize], what: &str) {
    let mut last = (work.come(house), Instant::now());
    eventually(Duration::from_secs(10), &format!("{what}: what is forwarded to stop"), || {
        let now = work.come(house);
        if struck.iter().any(|at| now[*at] != last.0[*at]) {
            last = (now, Instant::now());
        }
        (last.1.elapsed() > Duration::from_millis(500)).then_some(())
    });
}

/// Waits until each of them has moved.
#[track_caller]
fn moves(house: &House, work: &Work, which: &[usize], within: Duration, what: &str) {
    let from = work.come(house);
    eventually(within, &format!("{what}: {which:?} to go on from {from:?}"), || {
        let now = work.come(house);
        which.iter().all(|at| now[*at] > from[*at]).then_some(())
    });
}

/// One row of the table, on some of the visits.
#[track_caller]
fn strikes(
    lab: &Lab,
    work: &mut Work,
    bystander: &mut Visit,
    struck: &[usize],
    (operation, action, effect): (Operation, Action, Effect),
) {
    let what = format!("{operation:?} {action:?} on {struck:?}");
    let ids = work.ids().map(str::to_owned);
    let strokes: Vec<_> = struck.iter().map(|at| (ids[*at].as_str(), operation, action)).collect();
    lab.faults.strike_all(&strokes);
    let mark = work.types();
    match effect {
        Effect::Stops => stops(&lab.house, work, struck, &what),
        Effect::Goes => moves(&lab.house, work, &[0, 1, 2], BACK, &what),
    }
    answers(bystander, &format!("beside {what}"));
    let others: Vec<usize> = (0..3).filter(|at| !struck.contains(at)).collect();
    work.shell.1.types(" ");
    moves(&lab.house, work, &others, AT_ONCE, &format!("{what}, the others"));
    lab.faults.mend();
    moves(&lab.house, work, &[1, 2], BACK, &format!("{what}, mended"));
    work.shell.1.shows(&mark);
}

/// Everything that the client printed and the target received is in the recordings, which are sound.
#[track_caller]
fn nothing_is_missing(house: &House, work: &Work) {
    let recorded = house.recorded(&work.download.0);
    let seen = String::from_utf8(work.download.1.out()).unwrap().replace('\n', "\r\n");
    assert!(
        recorded.output.starts_with(&seen),
        "{} bytes seen, {} recorded",
        seen.len(),
        recorded.output.len()
    );
    let recorded = house.recorded(&work.upload.0);
    let arrived = std::fs::read_to_string(house.folder().join("uploaded")).unwrap();
    assert!(
        recorded.input.starts_with(&arrived),
        "{} arrived, {} recorded",
        arrived.len(),
        recorded.input.len()
    );
    let recorded = house.recorded(&work.shell.0);
    for mark in 1..=work.marks {
        assert!(recorded.output.contains(&format!("mark-{}", 100 + mark)), "mark {mark} is not recorded");
    }
    for id in work.ids() {
        assert_eq!(house.sam().does(&["recording", "verify", id])["sound"], true);
    }
}

#[track_caller]
fn every_fault_is_waited_out(mode: &str) {
    let lab = lab(House::furnish().with("CHAPERONE_RECORDING__MODE", mode), "+30m");
    let mut bystander = lab.house.technician("viktor").ssh(TARGET).begins("cat");
    answers(&mut bystander, "hello");
    let beside = begun(&lab.house, &[]);
    let mut work = Work::begins(&lab.house, &[&beside]);
    for row in TABLE {
        strikes(&lab, &mut work, &mut bystander, &[0, 1, 2], row);
        if std::env::var_os("CHAPERONE_LONG").is_some() {
            for alone in 0..3 {
                strikes(&lab, &mut work, &mut bystander, &[alone], row);
            }
        }
    }
    work.shell.1.types("exit\r");
    work.shell.1.ends();
    for visit in [&mut work.download.1, &mut work.upload.1] {
        visit.signal(chaperone_tests::Signal::TERM);
        visit.ends();
    }
    for id in work.ids() {
        assert_eq!(lab.house.sealed(id)["end_reason"], "client-closed");
    }
    nothing_is_missing(&lab.house, &work);
    let told = lab.house.facts_of("recorder-fault").len();
    assert!(told >= 3, "{told} faults were told");
    lab.house.webhook.hears(AT_ONCE, "the fault", |alert| alert.title() == Some("A part of the gate failed"));
    lab.house.syslog.hears(AT_ONCE, "the fault", |alert| alert.title() == Some("A part of the gate failed"));
}

#[test]
fn every_fault_of_the_disk_is_waited_out_and_nothing_is_missing_in_prompt_mode() {
    every_fault_is_waited_out("prompt");
}

#[test]
fn every_fault_of_the_disk_is_waited_out_and_nothing_is_missing_in_durable_mode() {
    every_fault_is_waited_out("durable");
}

#[test]
fn on_a_disk_that_hangs_deadlines_hold_and_the_gate_answers_and_seals_when_it_is_back() {
    let lab = lab(House::furnish(), "+12s");
    let (house, faults) = (&lab.house, &lab.faults);
    let dana = house.technician("dana").ssh(TARGET);
    let mut visits: Vec<_> = (0..6).map(|_| dana.begins(DOWNLOAD)).collect();
    soon("output", || visits.iter().all(|visit| visit.received() > 50_000).then_some(()));
    let window = house.sessions()[0]["window"].as_str().unwrap().to_owned();
    let closes = house.closes(&window);
    faults.strike("/recordings/", Any, Hang);
    // More writes hang than the gate has threads.
    while Timestamp::now() < closes {
        let asked = Instant::now();
        let alive = get(house.gate.web_port(), "/healthz", None).map(|answer| answer.status);
        assert!(
            alive == Some(200) && asked.elapsed() < AT_ONCE,
            "the web answered {alive:?} after {:?}",
            asked.elapsed()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    let gone = eventually(Duration::from_secs(10), "all legs to be gone", || {
        (legs(house.gate.ssh_port(), house.target.port()) == (0, 0)).then(Timestamp::now)
    });
    let late = gone.duration_since(closes).as_millis();
    assert!((0..=1000).contains(&late), "cut {late} ms late");
    house.technician("viktor").ssh(TARGET).runs("true").refused();
    let _ = house.refusal("attempt-refused", "recorder");
    assert_eq!(house.facts_of("session-ended").len(), 6, "the ends are facts, sealed or not");
    assert_eq!(house.facts_of("session-sealed").len(), 0);
    faults.mend();
    for (visit, session) in visits.iter_mut().zip(house.sessions()) {
        visit.ends();
        let session = session["id"].as_str().unwrap().to_owned();
        assert_eq!(house.sealed(&session)["end_reason"], "window-closed");
        assert_eq!(house.sam().does(&["recording", "verify", &session])["sound"], true);
    }
    soon("visits to be possible again", || {
        (house.technician("viktor").ssh(TARGET).runs("true").status == Some(0)).then_some(())
    });
    for visit in house.sessions().iter().filter(|visit| visit["state"] != "never-started") {
        house.sealed(visit["id"].as_str().unwrap());
    }
}

#[test]
fn a_visit_whose_recording_stays_broken_is_ended_in_order_and_sealed_when_it_is_mended() {
    let lab = lab(House::furnish().with("CHAPERONE_SESSION__RECORDER_GRACE_SECONDS", "3"), "+30m");
    let (house, faults) = (&lab.house, &lab.faults);
    let mut bystander = house.technician("viktor").ssh(TARGET).begins("cat");
    answers(&mut bystander, "hello");
    let mut known = vec![begun(house, &[])];
    for (operation, action) in [(Write, Eio), (Any, Enospc), (Write, Hang), (Sync, Hang)] {
        let mut visit = house.technician("dana").ssh(TARGET).begins(DOWNLOAD);
        soon("output", || (visit.received() > 50_000).then_some(()));
        let session = begun(house, &known.iter().map(String::as_str).collect::<Vec<_>>());
        faults.strike(&session, operation, action);
        assert!(!visit.ends().0.success(), "{operation:?} {action:?}");
        answers(&mut bystander, &format!("beside {operation:?} {action:?}"));
        let ended = soon("the end", || {
            house.facts_of("session-ended").into_iter().find(|fact| fact.session.as_deref() == Some(&session))
        });
        assert_eq!(ended.body["reason"], "recorder", "{operation:?} {action:?}");
        faults.mend();
        house.sealed(&session);
        assert_eq!(house.sam().does(&["recording", "verify", &session])["sound"], true);
        let seen = String::from_utf8(visit.out()).unwrap().replace('\n', "\r\n");
        assert!(house.recorded(&session).output.starts_with(&seen), "{operation:?} {action:?}");
        known.push(session);
    }
}

#[test]
fn where_no_recording_can_be_opened_nobody_is_let_in_until_one_can() {
    let lab = lab(House::furnish(), "+30m");
    let (house, faults) = (&lab.house, &lab.faults);
    let mut bystander = house.technician("viktor").ssh(TARGET).begins("cat");
    answers(&mut bystander, "hello");
    let dana = house.technician("dana").ssh(TARGET);
    for action in [Erofs, Eio, Hang] {
        faults.strike("/recordings/", Open, action);
        let admitted = || house.facts_of("session-admitted").len();
        soon("the gate to refuse before anything is begun", || {
            let before = admitted();
            dana.runs("true").refused();
            (admitted() == before).then_some(())
        });
        answers(&mut bystander, &format!("beside {action:?}"));
        faults.mend();
        soon("visits to be possible again", || (dana.runs("true").status == Some(0)).then_some(()));
    }
    soon("the alert", || {
        house.alerts_because("recorder").into_iter().find(|alert| alert["severity"] == "critical")
    });
    house.gate.person("audrey").does(&["ledger", "verify"]);
}
