//! `kill -9` at any moment and at every step of a session's life, with terminals, transfers and refused attempts under
//! way: after each restart every session has one ending, what anybody saw is in a sound recording, ledger and database
//! agree, and the SOC hears of what was refused just before.
//!
//! Few kills by default; `tests/kills` runs many. `CHAPERONE_KILLS` says how many for each database, `CHAPERONE_SEED` which.

use std::collections::BTreeMap;
use std::time::Duration;

use chaperone_tests::Action::{Die, Died};
use chaperone_tests::Operation::{Any, Sync, Write};
use chaperone_tests::{
    Action, Faults, Furnishing, House, KeyPair, Operation, Ready, Recorded, TARGET, Terminal, Visit,
    on_both_databases,
};
use serde_json::Value;

/// Places where the gate can be told to die, in the order of a session's life; the last two are of the next start.
const PLACES: [&str; 11] = [
    "after-admitted",
    "after-header",
    "after-started",
    "after-dial",
    "after-close",
    "before-end",
    "after-end-marker",
    "after-seal",
    "after-sealed",
    "recovered",
    "recovery-written",
];
/// How many kills one house sees: its exports and its ledger grow with each.
const KILLS_OF_A_HOUSE: usize = 25;
/// How many kills each database's gate is in for, where nobody says.
const KILLS: usize = 6;
const ENDINGS: [&str; 4] = ["session-sealed", "session-recovered", "session-never-started", "session-lost"];

/// How the gate dies in one round.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// From outside, after so many milliseconds of traffic.
    Killed(u64),
    /// At a named place, or from outside if no visit gets there.
    At(&'static str),
    /// From outside, and again while it recovers.
    Twice(&'static str),
    /// At one of its own calls on the recordings.
    In(Operation, Action),
}

/// Numbers that repeat from a seed (Knuth's linear congruence).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn death(&mut self, round: usize) -> Death {
        let time = u32::try_from(self.below(60)).unwrap_or_default() + 1;
        match round % 3 {
            0 => Death::Killed(self.below(1500)),
            1 => match PLACES[round / 3 % PLACES.len()] {
                place @ ("recovered" | "recovery-written") => Death::Twice(place),
                place => Death::At(place),
            },
            _ => {
                let operation = [Write, Sync, Any][usize::try_from(self.below(3)).unwrap_or_default()];
                Death::In(operation, if self.below(2) == 0 { Die(time) } else { Died(time) })
            }
        }
    }
}

/// What the people of a round have seen.
struct Round {
    number: usize,
    shell: Terminal,
    download: Visit,
    upload: Visit,
    short: Vec<Visit>,
    refused: Option<String>,
}

impl Round {
    /// Everybody comes at once. Who comes too late for the gate sees nothing, and that is all there is to say of it.
    fn begins(house: &House, number: usize) -> Self {
        let dana = house.technician("dana").ssh(TARGET);
        let base = number * 1_000_000_000;
        let download = dana
            .begins(&format!("i={base}; while :; do seq $i $((i+9999)); i=$((i+10000)); sleep 0.05; done"));
        let shell = dana.opens_a_shell();
        for mark in 0..40 {
            shell.types(&format!("echo shell-{number}-$((100+{mark}))\r"));
        }
        let mut upload =
            dana.begins(&format!("cat > {}", house.folder().join(format!("up-{number}")).display()));
        upload.counts();
        let short =
            (1..3).map(|n| dana.begins(&format!("seq {n}00000000{number} {n}0000000{number}9"))).collect();
        Self { number, shell, download, upload, short, refused: None }
    }

    /// Somebody who has no window is refused: an alert of its own, committed before they are told.
    fn is_refused(&mut self, house: &House, login: &str) {
        let ran = house.technician(login).ssh(TARGET).runs("id");
        self.refused = (ran.status == Some(77)).then(|| login.to_owned());
    }

    fn ends(&mut self) {
        self.download.ends();
        self.upload.ends();
        for visit in &mut self.short {
            visit.ends();
        }
        self.shell.ends();
    }

    /// Everything that was printed or received is in one of the recordings.
    #[track_caller]
    fn is_in(&self, house: &House, recorded: &BTreeMap<String, Recorded>) {
        let printed = self.short.iter().chain([&self.download]).map(Visit::out);
        for seen in printed.map(|seen| String::from_utf8(seen).unwrap().replace('\n', "\r\n")) {
            let kept = seen.is_empty() || recorded.values().any(|one| one.output.starts_with(&seen));
            assert!(kept, "{} bytes that a client printed are in no recording: {:.80}…", seen.len(), seen);
        }
        let arrived = std::fs::read_to_string(house.folder().join(format!("up-{}", self.number)));
        let arrived = arrived.unwrap_or_default();
        let kept = arrived.is_empty() || recorded.values().any(|one| one.input.starts_with(&arrived));
        assert!(kept, "{} bytes that the target received are in no recording", arrived.len());
        let screen = self.shell.screen();
        for mark in (0..40).map(|mark| format!("shell-{}-{}", self.number, 100 + mark)) {
            let kept = !screen.contains(&mark) || recorded.values().any(|one| one.output.contains(&mark));
            assert!(kept, "{mark} was on the screen and is in no recording");
        }
    }
}

/// A house whose gate dies again and again.
struct Mortal {
    faults: Faults,
    house: House,
    settled: BTreeMap<String, String>,
}

impl Mortal {
    fn rises(furnishing: &Furnishing) -> Self {
        let mut house = furnishing.empty();
        let faults = Faults::build(house.folder());
        house.gate.rise();
        house.enrol();
        house.connect_soc();
        house.open_window("dana", "shell,exec", "+4h");
        Self { faults, house, settled: BTreeMap::new() }
    }

    /// One round: traffic, a death, a restart, and everything is accounted for.
    #[track_caller]
    fn dies(&mut self, number: usize, death: Death) {
        let login = format!("tech{number}");
        let key = KeyPair::make(self.house.folder(), &login);
        let (public, words) =
            (key.public.to_str().unwrap(), ["person", "add", &login, "--role", "technician"]);
        self.house
            .admin()
            .does(&[&words[..], &["--vendor", "Meridian Infusion", "--ssh-key", public]].concat());
        self.house.gate.stop();
        let mut variables = self.faults.variables().to_vec();
        match death {
            Death::At(place) => variables.push(("CHAPERONE_FAILPOINT", place)),
            Death::In(operation, action) => self.faults.strike("/recordings/", operation, action),
            Death::Killed(_) | Death::Twice(_) => {}
        }
        // At one of its first calls it dies before it serves.
        if self.house.gate.try_to_rise(&variables) == Ready::Serving {
            let mut round = Round::begins(&self.house, number);
            let traffic = if let Death::Killed(after_ms) = death { after_ms } else { 300 };
            std::thread::sleep(Duration::from_millis(traffic));
            round.is_refused(&self.house, &login);
            if let Death::At(_) | Death::In(..) = death {
                self.has_time_to_die();
            }
            self.house.gate.kill();
            round.ends();
            self.rises_again(death);
            self.accounts_for(&round);
        } else {
            self.rises_again(death);
        }
    }

    fn has_time_to_die(&mut self) {
        let until = std::time::Instant::now() + Duration::from_secs(3);
        while self.house.gate.is_running() && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[track_caller]
    fn rises_again(&mut self, death: Death) {
        self.faults.mend();
        if let Death::Twice(place) = death {
            // Where nothing was left behind there is nothing to recover, and it serves.
            let again = self.house.gate.try_to_rise(&[("CHAPERONE_FAILPOINT", place)]);
            assert!(again == Ready::Ended || self.house.facts_of("session-recovered").is_empty(), "{place}");
            self.house.gate.kill();
        }
        self.house.gate.rise();
    }

    /// Every session of the round has one ending, and its recording holds what was seen.
    #[track_caller]
    fn accounts_for(&mut self, round: &Round) {
        let house = &self.house;
        let fresh: Vec<Value> = house
            .sessions()
            .into_iter()
            .filter(|visit| !self.settled.contains_key(visit["id"].as_str().unwrap()))
            .collect();
        let facts = house.facts();
        let mut recorded = BTreeMap::new();
        for visit in fresh {
            let id = visit["id"].as_str().unwrap().to_owned();
            let ours = facts.iter().filter(|fact| fact.session.as_deref() == Some(id.as_str()));
            let endings: Vec<_> = ours.filter(|fact| ENDINGS.contains(&fact.kind.as_str())).collect();
            assert_eq!(endings.len(), 1, "{id}: {endings:?}\n{visit:#}");
            let (kind, state) = (endings[0].kind.as_str(), visit["state"].as_str().unwrap());
            assert_eq!(
                visit["sealed"],
                matches!(kind, "session-sealed" | "session-recovered"),
                "{kind}: {visit:#}"
            );
            match kind {
                "session-never-started" => assert_eq!(state, "never-started"),
                "session-lost" => panic!("its recording was there: {visit:#}"),
                _ => {
                    assert_eq!(state, "sealed", "{kind}");
                    let verdict = house.sam().does(&["recording", "verify", &id]);
                    assert_eq!(verdict["sound"], true, "{verdict:#}");
                    recorded.insert(id.clone(), house.recorded(&id));
                }
            }
            if let Some(number) = endings[0].body.pointer("/checkpoint/fact").and_then(Value::as_str) {
                let named = facts.iter().find(|fact| fact.number.to_string() == number);
                assert_eq!(named.map(|fact| fact.kind.as_str()), Some("recording-checkpoint"));
            }
            self.settled.insert(id, kind.to_owned());
        }
        round.is_in(house, &recorded);
        assert_eq!(house.sam().does(&["ledger", "verify"])["sound"], true);
        if let Some(login) = &round.refused {
            house.webhook.hears(Duration::from_secs(30), login, |delivery| {
                delivery.event["class_uid"] == 2004
                    && delivery.event.to_string().contains(&format!("\"{login}\""))
            });
        }
        self.the_soc_missed_nothing();
    }

    /// What arrived is numbered without a gap, and in order but for what was sent once more.
    #[track_caller]
    fn the_soc_missed_nothing(&self) {
        let received = self.house.webhook.received();
        let mut newest = 0;
        for number in received.iter().filter_map(|one| one.event.pointer("/metadata/sequence")?.as_u64()) {
            assert!(number <= newest + 1 || newest == 0, "{number} came after {newest}");
            newest = newest.max(number);
        }
    }
}

on_both_databases! { whenever_the_gate_is_killed_everything_is_accounted_for }

fn whenever_the_gate_is_killed_everything_is_accounted_for(furnishing: Furnishing) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let kills = number("CHAPERONE_KILLS").and_then(|kills| usize::try_from(kills).ok()).unwrap_or(KILLS);
    let seed = number("CHAPERONE_SEED").unwrap_or(20_261_128);
    let mut dice = Dice(seed);
    let mut endings: BTreeMap<String, usize> = BTreeMap::new();
    for first in (0..kills).step_by(KILLS_OF_A_HOUSE) {
        let mut mortal = Mortal::rises(&furnishing);
        for round in first..kills.min(first + KILLS_OF_A_HOUSE) {
            let death = dice.death(round);
            println!("seed {seed}, round {round}: {death:?}");
            mortal.dies(round, death);
        }
        mortal.settled.values().for_each(|kind| *endings.entry(kind.clone()).or_default() += 1);
    }
    println!("{kills} kills, seed {seed}: {endings:?}");
}
