//! The SOC hears everything, in order, once the line is up again, after any crash; and a flood is one alert.

use std::collections::BTreeSet;
use std::time::Duration;

use chaperone_tests::{Furnishing, House, KeyPair, Message, TARGET, on_both_databases, soon};
use serde_json::Value;

/// One refused attempt of a technician who is enrolled for it: an alert of its own.
#[track_caller]
fn refused(house: &House, login: &str) {
    let key = KeyPair::make(house.folder(), login);
    let public = key.public.to_str().unwrap();
    house.admin().does(&[
        "person",
        "add",
        login,
        "--role",
        "technician",
        "--vendor",
        "Meridian Infusion",
        "--ssh-key",
        public,
    ]);
    house.technician(login).ssh(TARGET).runs("id").refused();
}

/// Whether an event is the alert on this person's refused attempt.
fn is_alert_about(login: &str, event: &Value) -> bool {
    let text = event.to_string();
    event["class_uid"] == 2004 && text.contains(&format!("\"{login}\"")) && text.contains("\"refused\"")
}

fn heard(house: &House, login: &str) -> Message {
    house.syslog.hears(Duration::from_secs(20), login, |message| is_alert_about(login, &message.event))
}

/// The sequence numbers of everything that rsyslog got, without what was sent twice.
fn sequences(house: &House) -> Vec<u64> {
    let numbers: BTreeSet<_> = house.syslog.received().iter().filter_map(Message::sequence).collect();
    numbers.into_iter().collect()
}

#[track_caller]
fn without_gaps(numbers: &[u64]) {
    assert!(numbers.len() > 1, "{numbers:?}");
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

on_both_databases! {
    with_the_receiver_down_nothing_is_lost,
    after_kill_9_of_the_gate_everything_arrives,
}

fn with_the_receiver_down_nothing_is_lost(house: Furnishing) {
    let mut house = house.start();
    refused(&house, "tech0");
    heard(&house, "tech0");
    house.syslog.fall();
    let people: Vec<_> = (1..6).map(|n| format!("tech{n}")).collect();
    people.iter().for_each(|login| refused(&house, login));
    // The webhook is another line and is not held up.
    house
        .webhook
        .hears(Duration::from_secs(10), "tech5", |delivery| is_alert_about("tech5", &delivery.event));
    let waiting = house.admin().lists(&["destination", "list"]);
    let soc = waiting.iter().find(|destination| destination["name"] == "soc").unwrap();
    assert!(soc["waiting"].as_u64().unwrap() >= 5, "{soc:#}");
    house.syslog.rise();
    people.iter().for_each(|login| drop(heard(&house, login)));
    without_gaps(&sequences(&house));
    let order: Vec<_> = people.iter().map(|login| heard(&house, login).sequence()).collect();
    assert!(order.is_sorted(), "in order: {order:?}");
}

fn after_kill_9_of_the_gate_everything_arrives(house: Furnishing) {
    let mut house = house.start();
    refused(&house, "tech0");
    heard(&house, "tech0");
    house.syslog.fall();
    for _ in 0..2 {
        house.webhook.answers_next_with("503 Service Unavailable");
    }
    refused(&house, "tech1");
    house.gate.kill();
    house.syslog.rise();
    house.gate.rise();
    heard(&house, "tech1");
    house
        .webhook
        .hears(Duration::from_secs(30), "tech1", |delivery| is_alert_about("tech1", &delivery.event));
    without_gaps(&sequences(&house));
}

#[test]
fn a_receiver_that_comes_back_gets_the_last_minute_again_under_the_same_numbers() {
    let mut house = House::start();
    refused(&house, "tech0");
    let first = heard(&house, "tech0");
    house.syslog.fall();
    refused(&house, "tech1");
    house.syslog.rise();
    heard(&house, "tech1");
    let again = soon("the first once more", || {
        let all = house.syslog.received();
        let same: Vec<_> = all.into_iter().filter(|message| message.sequence() == first.sequence()).collect();
        (same.len() > 1).then_some(same)
    });
    assert!(again.iter().all(|message| message.event["metadata"]["uid"] == first.event["metadata"]["uid"]));
}

#[test]
fn a_webhook_is_signed_and_its_repeats_have_the_same_id() {
    let house = House::start();
    house.webhook.answers_next_with("500 Internal Server Error");
    house.admin().does(&["destination", "test", "pager"]);
    refused(&house, "tech0");
    house
        .webhook
        .hears(Duration::from_secs(30), "tech0", |delivery| is_alert_about("tech0", &delivery.event));
    let all = house.webhook.received();
    for delivery in &all {
        assert!(delivery.is_signed_with(house.webhook.secret()), "{:?}", delivery.headers);
        assert!(!delivery.is_signed_with("whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA=="));
        assert!(delivery.body.len() < 20_000);
        let sent: i64 = delivery.header("webhook-timestamp").parse().unwrap();
        assert!((delivery.arrived.as_second() - sent).abs() < 60);
    }
    assert_eq!(
        all[0].header("webhook-id"),
        all[1].header("webhook-id"),
        "the repeat of what was answered with 500"
    );
    let others: BTreeSet<_> = all[1..].iter().map(|delivery| delivery.header("webhook-id")).collect();
    assert_eq!(others.len(), all.len() - 1);
}

#[test]
fn a_webhook_that_says_gone_is_not_called_again() {
    let house = House::start();
    house.webhook.answers_next_with("410 Gone");
    assert_eq!(house.admin().tries(&["destination", "test", "pager"]).status, Some(1));
    house.webhook.hears(Duration::from_secs(10), "the test", |_| true);
    let off = soon("the destination to be off", || {
        let all = house.admin().lists(&["destination", "list"]);
        all.into_iter().find(|one| one["name"] == "pager" && one["enabled"] == false)
    });
    assert!(off["last_error"].to_string().contains("410"), "{off:#}");
    let before = house.webhook.received().len();
    refused(&house, "tech0");
    heard(&house, "tech0");
    assert_eq!(house.webhook.received().len(), before);
}

#[test]
fn a_redirect_is_a_failure() {
    let house = House::start();
    let elsewhere = chaperone_tests::Webhook::start();
    house.webhook.answers_next_with(&format!("302 Found\r\nlocation: {}", elsewhere.url()));
    house.admin().does(&["destination", "test", "pager"]);
    soon("it to be tried again", || (house.webhook.received().len() > 1).then_some(()));
    assert_eq!(elsewhere.received().len(), 0);
}

#[test]
fn thirty_attempts_are_one_alert_and_thirty_facts() {
    let house = House::start();
    let dana = house.technician("dana").ssh(TARGET);
    for _ in 0..30 {
        dana.runs("id").refused();
    }
    soon("thirty facts", || (house.facts_of("attempt-refused").len() == 30).then_some(()));
    let alerts = house.alerts_because("no-window");
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert_eq!(alerts[0]["count"], 30);
    let told =
        house.syslog.received().iter().filter(|message| is_alert_about("dana", &message.event)).count();
    assert!((2..=4).contains(&told), "told at 1 and 10 and each minute, not at each attempt: {told}");
}

#[test]
fn a_closed_alert_does_not_swallow_the_next_attempt() {
    let house = House::start();
    let dana = house.technician("dana").ssh(TARGET);
    dana.runs("id").refused();
    let first = soon("the alert", || house.alerts_because("no-window").pop());
    let id = first["id"].as_str().unwrap();
    house.sam().does(&["alert", "ack", id]);
    house.sam().does(&["alert", "close", id, "--as", "benign", "--note", "planned, not communicated"]);
    dana.runs("id").refused();
    let second =
        soon("a new alert", || house.alerts_because("no-window").into_iter().find(|alert| alert["id"] != id));
    assert_eq!((second["state"].as_str(), second["count"].as_u64()), (Some("new"), Some(1)), "{second:#}");
}

#[test]
fn an_alert_reads_from_top_to_bottom() {
    let house = House::start();
    let window = house.request("dana", "exec", "+3h", "+4h", &[]);
    house.approve(&window);
    house.technician("dana").ssh(TARGET).runs("id").refused();
    let message = heard(&house, "dana");
    let text = message.event.to_string();
    for needed in
        ["early", "Dana Reyes", "Meridian Infusion", "127.0.0.1", TARGET, "412", "priya", &window, "T1078"]
    {
        assert!(text.contains(needed), "the alert does not say {needed}: {:#}", message.event);
    }
    let alert = house.alerts_because("early").pop().unwrap();
    assert_eq!(alert["content"]["what_next"].as_array().map(Vec::len), Some(3), "three steps: {alert:#}");
    let event = &message.event;
    for field in [
        "activity_id",
        "category_uid",
        "class_uid",
        "type_uid",
        "severity_id",
        "time",
        "metadata",
        "finding_info",
    ] {
        assert!(!event[field].is_null(), "OCSF wants {field}: {event:#}");
    }
    assert_eq!(event["type_uid"].as_u64(), Some(2004 * 100 + event["activity_id"].as_u64().unwrap()));
    assert!(message.raw.len() < 8192);
    assert!(message.raw.starts_with("<8"), "facility authpriv: {}", &message.raw[..20]);
}

#[test]
fn a_test_message_goes_to_the_named_destination_only() {
    let house = House::start();
    let before = house.syslog.received().len();
    house.admin().does(&["destination", "test", "pager"]);
    house.webhook.hears(Duration::from_secs(10), "the test", |_| true);
    let tests = house
        .syslog
        .received()
        .into_iter()
        .skip(before)
        .filter(|message| message.raw.to_lowercase().contains("test"));
    assert_eq!(tests.count(), 0);
    house.admin().does(&["destination", "test", "soc"]);
    house
        .syslog
        .hears(Duration::from_secs(10), "the test", |message| message.raw.to_lowercase().contains("test"));
}

#[test]
fn all_events_go_where_all_events_are_wanted() {
    let house = House::furnish().without_soc().start();
    house.admin().does(&["destination", "add", "siem", "--syslog", &house.syslog.url(), "--all-events"]);
    house.open_window("dana", "exec", "+10m");
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    for (class, what) in [(3004, "the window"), (4007, "the visit")] {
        house.syslog.hears(Duration::from_secs(10), what, |message| message.event["class_uid"] == class);
    }
    without_gaps(&sequences(&house));
}

#[test]
fn every_use_of_a_host_minted_token_alarms_and_it_acts_only_where_the_configuration_says_so() {
    let house = House::start();
    // Somebody whose token has not been used before the SOC was connected.
    house.gate.person("lee").does(&["session", "list"]);
    house.syslog.hears(Duration::from_secs(10), "the token's use", |message| {
        message.event["class_uid"] == 2004 && message.raw.to_lowercase().contains("token")
    });
    assert!(!house.facts_of("token-used").is_empty());
    let strict = House::furnish().with("CHAPERONE_SECURITY__HOST_TOKENS", "false").without_soc();
    let mut strict = strict.empty();
    strict.gate.rise();
    strict.enrol();
    let window = strict.request("dana", "exec", "now", "+10m", &[]);
    let said = strict.priya().tries(&["window", "approve", &window]);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.err.contains("next:"), "it says what would be right: {}", said.err);
    let shown = strict.admin().does(&["window", "show", &window]);
    assert_eq!(shown["state"], "requested");
}

#[test]
fn a_destination_behind_a_dead_line_holds_up_nobody() {
    let house = House::start();
    let dead = chaperone_tests::free_port();
    house.admin().does(&["destination", "add", "dead", "--syslog", &format!("tcp://127.0.0.1:{dead}")]);
    refused(&house, "tech0");
    let message = heard(&house, "tech0");
    let fact = house.facts_of("attempt-refused").pop().unwrap();
    assert!(message.arrived.duration_since(fact.at).as_millis() < 2500);
}

#[test]
fn a_webhook_to_a_private_address_is_refused_unless_the_configuration_allows_it() {
    let house =
        House::furnish().without_soc().with("CHAPERONE_ALERT__ALLOW_PRIVATE_WEBHOOKS", "false").start();
    let secret = house.folder().join("secret");
    std::fs::write(&secret, house.webhook.secret()).unwrap();
    let secret = secret.to_str().unwrap();
    for url in [
        house.webhook.url(),
        "http://[::1]:8080/x".to_owned(),
        "http://10.0.0.1/x".to_owned(),
        "http://169.254.169.254/".to_owned(),
    ] {
        let name = format!("pager-{}", url.len());
        let said =
            house.admin().tries(&["destination", "add", &name, "--webhook", &url, "--secret-file", secret]);
        if said.status == Some(0) {
            // Where the address is judged at sending: nothing may arrive.
            assert_eq!(house.admin().tries(&["destination", "test", &name]).status, Some(1), "{url}");
        } else {
            assert!(
                said.err.contains("private") || said.err.contains("allow_private_webhooks"),
                "{}",
                said.err
            );
        }
    }
    assert_eq!(house.webhook.received().len(), 0);
}
