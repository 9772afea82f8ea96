//! Outside the schedule: the technician gets a sentence and status 77, the ledger a fact, the SOC one alert.

use std::time::Duration;

use chaperone_tests::{
    Fact, House, KeyPair, Process, Ran, Sshd, SshdOptions, TARGET, Technician, free_port, on_both_databases,
    reference_in, soon,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The promise is one second on the wire; these tests run beside others on a small machine.
const HEARD_WITHIN: SignedDuration = SignedDuration::from_millis(2500);

/// Checks everything that one refused attempt must leave, and nothing more.
#[track_caller]
fn refused_for(house: &House, reason: &str, severity: &str, ran: Ran) -> (Fact, Ran) {
    let ran = ran.refused();
    let words: Vec<_> = ran.err.lines().filter(|line| !line.trim().is_empty()).collect();
    assert!(
        words.len() <= 4 && ran.err.contains("Reference"),
        "a sentence, how to ask, a reference: {:?}",
        ran.err
    );
    assert!(ran.out.is_empty(), "nothing came from anywhere: {:?}", ran.text());
    assert!(!house.target.log().contains("Accepted"), "the target was not touched");
    let fact = house.refusal("attempt-refused", reason);
    let alerts = soon("the alert", || Some(house.alerts_because(reason)).filter(|alerts| !alerts.is_empty()));
    assert_eq!(alerts.len(), 1, "one alert: {alerts:#?}");
    let alert = alerts.first().unwrap();
    assert_eq!((text(alert, "/severity"), text(alert, "/state")), (severity, "new"), "{alert:#}");
    assert_eq!(alert["count"], 1);
    let title = text(alert, "/title");
    let by_syslog =
        house.syslog.hears(Duration::from_secs(10), title, |message| is_about(&message.event, reason));
    let by_webhook =
        house.webhook.hears(Duration::from_secs(10), title, |delivery| is_about(&delivery.event, reason));
    for arrived in [by_syslog.arrived, by_webhook.arrived] {
        let took = arrived.duration_since(fact.at);
        assert!(took <= HEARD_WITHIN, "the SOC heard {} ms after the fact", took.as_millis());
    }
    (fact, ran)
}

fn is_about(event: &Value, reason: &str) -> bool {
    event["class_uid"] == 2004 && event.to_string().contains(&format!("\"{reason}\""))
}

#[track_caller]
fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {value:#}"))
}

fn attempt(house: &House) -> Ran {
    house.technician("dana").ssh(TARGET).runs("id")
}

#[test]
fn without_any_window() {
    let house = House::start();
    refused_for(&house, "no-window", "high", attempt(&house));
}

#[test]
fn two_hours_early_and_the_sentence_names_her_own_next_window() {
    let house = House::start();
    let window = house.request("dana", "exec", "+2h", "+3h", &[]);
    house.approve(&window);
    let (fact, ran) = refused_for(&house, "early", "high", attempt(&house));
    let off_by = fact.body.to_string();
    assert!(off_by.contains(&window), "the fact names the nearest window: {off_by}");
    assert!(ran.err.contains("opens"), "her own next window: {}", ran.err);
}

#[test]
fn ten_minutes_early_is_a_fact_and_no_alarm() {
    let house = House::start();
    let window = house.request("dana", "exec", "+10m", "+3h", &[]);
    house.approve(&window);
    attempt(&house).refused();
    let _ = house.refusal("attempt-refused", "early");
    // A later refusal's alert is delivered after anything that the first could have raised.
    house.technician("viktor").ssh(TARGET).runs("id").refused();
    house.syslog.hears(Duration::from_secs(10), "Viktor's attempt", |message| message.raw.contains("viktor"));
    assert_eq!(house.alerts_because("early"), Vec::<Value>::new());
}

#[test]
fn after_the_window_has_closed() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+2s");
    let closes = house.closes(&window);
    soon("the window to close", || (Timestamp::now() > closes).then_some(()));
    let (_, ran) = refused_for(&house, "late", "high", attempt(&house));
    assert!(ran.err.to_lowercase().contains("closed") || ran.err.contains("Outside"), "{}", ran.err);
    let alert = house.alerts_because("late");
    let verdict = text(alert.first().unwrap(), "/content/verdict").to_lowercase();
    assert!(verdict.contains("late by"), "{verdict}");
}

#[test]
fn on_another_server_than_her_window_is_for() {
    let house = House::start();
    let other = Sshd::start(&house.folder().join("other"), &SshdOptions::default());
    house.add_target("alaris-sm-02", &other, &[]);
    house.open_window("dana", "exec", "+10m");
    let ran = house.technician("dana").ssh("alaris-sm-02").runs("id");
    refused_for(&house, "other-target", "high", ran);
    assert!(!other.log().contains("Accepted"));
}

#[test]
fn in_somebody_elses_window() {
    let house = House::start();
    house.open_window("viktor", "exec", "+10m");
    let (_, ran) = refused_for(&house, "other-person", "high", attempt(&house));
    assert!(!ran.err.to_lowercase().contains("viktor"), "others' windows are not hers to know: {}", ran.err);
    assert!(!ran.err.contains("Northwind"), "{}", ran.err);
}

#[test]
fn before_anybody_has_approved() {
    let house = House::start();
    let _ = house.request("dana", "exec", "now", "+10m", &[]);
    refused_for(&house, "not-yet-approved", "high", attempt(&house));
}

#[test]
fn in_a_revoked_window() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+10m");
    house.priya().does(&["window", "revoke", &window, "--reason", "the ward needs the server"]);
    refused_for(&house, "revoked", "critical", attempt(&house));
}

#[test]
fn during_a_freeze() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    house.priya().does(&["freeze", "add", "--target", TARGET, "--until", "+1h", "--reason", "go-live"]);
    refused_for(&house, "frozen", "critical", attempt(&house));
}

#[test]
fn when_she_is_locked() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    house.sam().does(&["person", "lock", "dana", "--reason", "lost laptop"]);
    let (_, ran) = refused_for(&house, "locked", "critical", attempt(&house));
    assert!(!ran.err.contains("laptop"), "the reason is the hospital's: {}", ran.err);
    house.sam().does(&["person", "unlock", "dana"]);
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn when_her_vendor_is_locked() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    house.sam().does(&["vendor", "lock", "Meridian Infusion", "--reason", "breach at the vendor"]);
    refused_for(&house, "locked", "critical", attempt(&house));
}

#[test]
fn when_the_server_is_locked() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    house.sam().does(&["target", "lock", TARGET, "--reason", "under investigation"]);
    refused_for(&house, "locked", "critical", attempt(&house));
}

#[test]
fn when_she_is_not_valid_any_more() {
    let house = House::start();
    let temp = enrol(&house, "tempa", &["--valid-until", "+4s"]);
    let window = house.open_window("tempa", "exec", "+10m");
    temp.ssh(TARGET).runs("true").succeeded();
    soon("her validity to end", || (temp.ssh(TARGET).runs("true").status == Some(77)).then_some(()));
    // That one may have been let in just before, and refused at its channel.
    temp.ssh(TARGET).runs("true").refused();
    let fact = house.refusal("attempt-refused", "not-valid");
    assert!(fact.at < house.closes(&window));
    assert_eq!(soon("the alert", || house.alerts_because("not-valid").pop())["severity"], "high");
}

#[test]
fn from_a_network_that_is_not_hers() {
    let house = House::start();
    let home = enrol(&house, "homer", &["--source-network", "10.20.0.0/16"]);
    house.open_window("homer", "exec", "+10m");
    refused_for(&house, "source-network", "high", home.ssh(TARGET).runs("id"));
}

#[test]
fn from_a_network_that_is_not_hers_nothing_is_told_where_no_server_is_named() {
    let house = House::start();
    let home = enrol(&house, "homer", &["--source-network", "10.20.0.0/16"]);
    house.open_window("homer", "exec,shell", "+10m");
    let mut terminal = home.ssh_as("homer").opens_a_shell();
    assert_eq!(terminal.ends(), Some(77));
    let screen = terminal.screen();
    assert!(screen.contains("you may not come from this address") && !screen.contains(TARGET), "{screen}");
    let _ = house.refusal("attempt-failed", "source-network");
}

#[test]
fn networks_are_set_for_a_person_and_a_company_and_a_visit_from_elsewhere_ends() {
    let house = House::furnish().without_soc().start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana");
    let (own, company) =
        (["person", "set-networks", "dana"], ["vendor", "set-networks", "Meridian Infusion"]);
    for words in [own, company] {
        let set = |networks: &[&str]| drop(house.admin().does(&[&words[..], networks].concat()));
        set(&["10.20.0.0/16", "::ffff:127.0.0.0/104"]);
        let mut visit = dana.ssh(TARGET).begins("echo in; sleep 60");
        visit.shows("in");
        set(&["10.20.0.0/16"]);
        assert!(!visit.ends().0.success(), "what is decided again is decided anew");
        dana.ssh(TARGET).runs("id").refused();
        let menu = dana.ssh_as("dana").runs("id");
        assert!(!menu.err.contains(TARGET), "nor is her schedule told there: {}", menu.err);
        set(&[]);
        dana.ssh(TARGET).runs("true").succeeded();
    }
    let wrong = house.admin().tries(&[&own[..], &["10.20.0.0/33"]].concat());
    assert_eq!(wrong.status, Some(1), "{wrong:?}");
    assert!(house.facts_of("vendor-changed").len() == 3 && house.facts_of("person-changed").len() == 3);
}

#[test]
fn without_the_clinical_go() {
    let house = House::start();
    let window = house.request("dana", "exec", "now", "+10m", &["--go-required"]);
    house.approve(&window);
    refused_for(&house, "not-released", "high", attempt(&house));
    house.priya().does(&["window", "go", &window]);
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn after_the_time_for_work_is_used_up() {
    let house = House::start();
    let window = house.request("dana", "exec", "now", "+10m", &["--work-limit", "3s"]);
    house.approve(&window);
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    // The last one that is let in may be cut by the limit in its middle; from then on there is no getting in.
    soon("the work limit to pass", || (attempt(&house).status == Some(77)).then_some(()));
    attempt(&house).refused();
    let _ = house.refusal("attempt-refused", "work-limit");
    assert_eq!(soon("the alert", || house.alerts_because("work-limit").pop())["severity"], "high");
}

#[test]
fn many_at_once_are_let_in_up_to_the_limit_and_no_further() {
    let house = House::start();
    let two = enrol(&house, "double", &["--session-limit", "2"]);
    house.open_window("double", "exec", "+10m");
    let burst: Vec<_> = (0..8).map(|_| two.ssh(TARGET).begins("echo in; exec sleep 1000")).collect();
    soon("all to be decided about", || {
        let [admitted, refused] =
            ["session-admitted", "attempt-refused"].map(|kind| house.facts_of(kind).len());
        (admitted + refused == burst.len()).then_some(())
    });
    assert_eq!(house.facts_of("session-admitted").len(), 2);
}

#[test]
fn one_visit_too_many() {
    let house = House::start();
    let one = enrol(&house, "single", &["--session-limit", "1"]);
    house.open_window("single", "exec", "+10m");
    let mut first = one.ssh(TARGET).begins("echo in; cat");
    first.shows("in");
    one.ssh(TARGET).runs("id").refused();
    let _ = house.refusal("attempt-refused", "limit");
    assert_eq!(soon("the alert", || house.alerts_because("limit").pop())["severity"], "medium");
    first.ends_input();
    first.ends();
    soon("the place to be free again", || (one.ssh(TARGET).runs("true").status == Some(0)).then_some(()));
}

#[test]
fn when_the_disk_for_recordings_is_nearly_full() {
    let house = House::furnish().with("CHAPERONE_RECORDING__LOW_BYTES", "1125899906842624").start();
    house.open_window("dana", "exec", "+10m");
    refused_for(&house, "recorder", "critical", attempt(&house));
}

#[test]
fn a_shell_in_a_window_for_commands_is_a_refused_channel() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    assert_eq!(terminal.ends(), Some(77));
    assert!(terminal.screen().contains("Reference"), "{}", terminal.screen());
    assert!(terminal.screen().contains("does not grant shell. It grants exec."), "{}", terminal.screen());
    let fact = house.refusal("channel-refused", "access-not-granted");
    assert!(fact.body.to_string().contains("shell"), "{:#}", fact.body);
    let copy = house.technician("dana").ssh(TARGET).with(&["-s"]).runs("sftp");
    assert!(copy.err.contains("does not grant sftp-read or sftp-write. It grants exec."), "{}", copy.err);
    // What the window grants still works.
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn an_account_that_the_window_does_not_name() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let ran = house.technician("dana").ssh(&format!("{TARGET}+oracle")).runs("id");
    refused_for(&house, "access-not-granted", "high", ran);
}

#[test]
fn a_server_that_does_not_exist_reads_the_same_as_one_that_is_not_hers() {
    let house = House::start();
    let other = Sshd::start(&house.folder().join("other"), &SshdOptions::default());
    house.add_target("alaris-sm-02", &other, &[]);
    let dana = house.technician("dana");
    let wording = |target: &str| {
        let err = dana.ssh(target).runs("id").refused().err;
        let err = err.replace(target, "SERVER");
        err.split("Reference").next().unwrap().to_owned()
    };
    assert_eq!(wording("alaris-sm-02"), wording("alaris-sm-99"));
}

#[test]
fn the_help_desk_finds_an_attempt_by_what_the_technician_reads_out() {
    let house = House::start();
    let dana = house.technician("dana");
    let refused = dana.ssh(TARGET).option("LogLevel=INFO").runs("id").refused().err;
    let reference = reference_in(&refused);
    assert_eq!(refused.matches(&reference).count(), 2, "in the banner and in the refusal: {refused}");
    assert_eq!(house.fact("attempt-refused").body["reference"], reference.as_str());
    let nobody = dana.ssh_as(&format!("nobody+{TARGET}")).option("LogLevel=INFO").runs("id").err;
    let unproven = reference_in(&nobody);
    assert_ne!(unproven, reference);
    assert_eq!(house.fact("attempt-failed").body["reference"], unproven.as_str());
}

#[test]
fn a_command_that_no_server_takes_is_refused_recorded_and_a_fact() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let line = house.technician("dana").ssh(TARGET).line();
    let mut ssh = std::process::Command::new("ssh");
    // Two words, since the system takes none that is as long as both.
    ssh.args(line.iter().skip(1)).args(["x".repeat(100_000), "y".repeat(100_000)]);
    let ran = Process::run("ssh", Duration::from_secs(60), ssh.stdin(std::process::Stdio::null()));
    assert_eq!(ran.status, Some(64), "{}", ran.err);
    assert!(ran.err.contains("128 KiB"), "{}", ran.err);
    let fact = house.fact("channel-refused");
    assert!(fact.body.to_string().contains("a server takes 128 KiB"), "{:#}", fact.body);
    assert!(fact.body.to_string().len() < 2000, "and nothing of its text");
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn a_withdrawn_key_proves_nobody_and_ends_what_was_begun_with_it() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana");
    let mut visit = dana.ssh(TARGET).begins("echo in; sleep 60");
    visit.shows("in");
    let session = house.newest_session();
    let list = house.admin().does(&["person", "show", "dana"]);
    let print = text(&list, "/keys/0/fingerprint");
    let withdrawing = ["person", "withdraw-key", "dana", "--fingerprint", print, "--reason", "laptop lost"];
    house.admin().does(&withdrawing);
    assert!(!visit.ends().0.success());
    assert_eq!(house.sealed(&session)["end_reason"], "locked");
    assert_eq!(house.fact("key-withdrawn").body["reason"], "laptop lost");
    assert_eq!(dana.ssh(TARGET).runs("true").status, Some(255), "as a key that nobody enrolled");
    let _ = house.refusal("attempt-failed", "credential");
    assert_ne!(house.admin().tries(&withdrawing).status, Some(0), "once is enough");
}

#[test]
fn a_login_alone_is_told_how_to_name_a_server() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let ran = house.technician("dana").ssh_as("dana").runs("id");
    assert_ne!(ran.status, Some(0));
    assert!(
        ran.err.contains("LOGIN+SERVER") && ran.err.contains(TARGET),
        "how, and which are hers: {}",
        ran.err
    );
}

#[test]
fn a_client_that_opens_no_channel_is_told_of_all_the_same() {
    let house = House::start();
    let mut visit = house.technician("dana").ssh(TARGET).with(&["-N"]).begins("");
    let fact = house.refusal("attempt-refused", "no-window");
    house
        .syslog
        .hears(Duration::from_secs(10), "the attempt", |message| is_about(&message.event, "no-window"));
    visit.says("you have none on this server at this time");
    assert!(!visit.ends().0.success());
    assert_eq!(fact.body["reference"], reference_in(&visit.err()), "{}", visit.err());
}

#[test]
fn a_client_that_opens_no_channel_reads_why_whatever_was_in_its_way() {
    let house = House::start();
    let home = enrol(&house, "homer", &["--source-network", "10.20.0.0/16"]);
    let nobody = format!("127.0.0.1:{}", free_port());
    house.add_target_at("alaris-sm-02", &nobody, &house.target, &[]);
    house.open_window_on("alaris-sm-02", "dana", "exec", "+10m");
    let dana = house.technician("dana");
    let away = [
        (home.ssh_as("homer"), "you may not come from this address"),
        (dana.ssh("alaris-sm-02"), "the server could not be reached"),
        (dana.ssh_as("dana"), "No server is chosen on this connection"),
    ];
    let waiting = away.map(|(ssh, words)| (ssh.with(&["-N"]).begins(""), words));
    for (mut visit, words) in waiting {
        visit.says(words);
        assert!(!visit.ends().0.success());
    }
}

on_both_databases! { the_soc_hears_of_a_refused_attempt_within_a_second }

fn the_soc_hears_of_a_refused_attempt_within_a_second(house: chaperone_tests::Furnishing) {
    let house = house.start();
    let mut took = Vec::new();
    for n in 0..7 {
        // Another person each time, so that each raises an alert of its own.
        let login = format!("tech{n}");
        let who = enrol(&house, &login, &[]);
        who.ssh(TARGET).runs("id").refused();
        let heard = house
            .syslog
            .hears(Duration::from_secs(10), &login, |message| message.event.to_string().contains(&login));
        let facts = house.facts_of("attempt-refused");
        took.push(heard.arrived.duration_since(facts.last().unwrap().at));
    }
    took.sort();
    assert!(took[took.len() / 2] <= SignedDuration::from_secs(1), "{took:?}");
}

/// Enrols one more technician of Meridian Infusion.
#[track_caller]
fn enrol(house: &House, login: &str, more: &[&str]) -> Technician {
    let key = KeyPair::make(house.folder(), login);
    let public = key.public.to_str().unwrap();
    let mut words = vec![
        "person",
        "add",
        login,
        "--role",
        "technician",
        "--vendor",
        "Meridian Infusion",
        "--ssh-key",
        public,
    ];
    words.extend(more);
    house.admin().does(&words);
    house.technician(login)
}
