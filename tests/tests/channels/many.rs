//! Many channels of one connection, at once and one after the other: how many there may be, and that none holds up another.

use super::*;

#[test]
fn twenty_commands_at_once_over_one_connection_all_have_their_output_and_status() {
    const COMMANDS: usize = 20;
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    std::thread::scope(|scope| {
        for n in 0..COMMANDS {
            let dana = dana.clone().input(format!("in {n}"));
            scope.spawn(move || {
                let ran =
                    dana.runs(&format!("cat; echo; seq {n} 5000 | tail -1; echo err {n} >&2; exit {n}"));
                assert_eq!(ran.text(), format!("in {n}\n5000\n"));
                assert_eq!((ran.err, ran.status), (format!("err {n}\n"), i32::try_from(n).ok()));
            });
        }
    });
    master.ends_input();
    assert_eq!(master.ends().0.code(), Some(0));
}

#[test]
fn one_channel_more_than_there_may_be_fails_properly_and_the_others_go_on() {
    const MOST: usize = 64;
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(
        &user,
        &format!(
            "
channels = [transport.open_session(timeout=30) for _ in range({MOST})]
try:
    transport.open_session(timeout=30)
    say('opened')
except paramiko.ChannelException as refused:
    say('refused', refused.code)
channels[0].exec_command('echo still here')
say(everything(channels[0]).decode().strip())
channels[0].close()
for channel in channels[1:40]:
    channel.exec_command('true')
for channel in channels[1:40]:
    channel.recv_exit_status()
time.sleep(1)
again = transport.open_session(timeout=30)
again.exec_command('echo room again')
say(everything(again).decode().strip())
"
        ),
    );
    assert_eq!(said, ["refused 4", "still here", "room again"], "4 is a resource shortage (RFC 4254 §5.1)");
    assert_eq!(refused(&house, "session")["about"]["what"]["why"], "too many channels");
}

#[test]
fn who_asks_for_more_channels_than_there_may_be_again_and_again_goes_on() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(
        &user,
        "
channels = [transport.open_session(timeout=30) for _ in range(64)]
refused = 0
for n in range(1100):
    try:
        transport.open_session(timeout=30)
    except paramiko.ChannelException:
        refused += 1
channels[0].exec_command('echo still here')
say(refused, everything(channels[0]).decode().strip())
",
    );
    assert_eq!(said, ["1100 still here"]);
    let more = soon("how many there were", || {
        let mut told = house.facts_of("channel-refused").into_iter().map(|fact| fact.body);
        told.find(|body| body["channel"] == "more-requests")
    });
    assert_eq!(more["about"]["what"]["more"], "1096", "each of the first is a fact: {more:#}");
}

#[test]
fn a_visit_that_has_had_all_its_channels_is_told_to_come_again_and_is_sealed() {
    // As many as a seal has room for are far more.
    let house = House::furnish().with("CHAPERONE_FAILPOINT", "channels=3").start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    for n in 0..2 {
        dana.runs(&format!("echo {n}")).succeeded();
    }
    let ran = dana.runs("echo one more");
    assert!(ran.status == Some(77) && ran.text().is_empty(), "{ran:?}");
    assert!(ran.err.contains("has had 3 channels") && ran.err.contains("Connect again."), "{}", ran.err);
    assert_eq!(refused(&house, "exec")["about"]["reason"], "limit");
    master.ends_input();
    assert_eq!(master.ends().0.code(), Some(0), "what is open goes on");
    let session = house.newest_session();
    house.sealed(&session);
    let sealed = house.fact("session-sealed").body;
    assert_eq!((&sealed["channels"], &sealed["weakest"]), (&3.into(), &"captured".into()), "{sealed:#}");
    assert_eq!((&sealed["coverage"], &sealed["more"]), (&Value::Array(Vec::new()), &0.into()));
    let verdict = house.sam().does(&["recording", "verify", &session]);
    assert_eq!(verdict["sound"], true, "{verdict:#}");
    house.technician("dana").ssh(TARGET).runs("echo again").succeeded();
}

#[test]
fn channels_that_are_closed_while_their_server_is_slow_are_bounded_too() {
    const MOST: usize = 128;
    let house = House::start();
    let wire = Proxy::before(house.target.port());
    house.add_target_at("alaris-sm-02", &format!("127.0.0.1:{}", wire.port()), &house.target, &[]);
    house.open_window_on("alaris-sm-02", "dana", "exec", "+10m");
    let stalled = house.folder().join("stalled");
    let technician = house.technician("dana");
    let script = format!(
        "
import os
channel = transport.open_session(timeout=20)
channel.exec_command('echo ready')
everything(channel)
while not os.path.exists({:?}):
    time.sleep(0.01)
opened = refused = 0
# What Python forgets or the gate closes, Paramiko closes once more, for which there is no channel then.
kept = []
for n in range(300):
    try:
        channel = transport.open_session(timeout=20)
    except paramiko.ChannelException as shortage:
        refused += shortage.code == 4
        continue
    opened += 1
    kept.append(channel)
    send(REQUEST, channel.remote_chanid, 'exec', False, 'true')
    channel.closed = True
    send(CLOSE, channel.remote_chanid)
say(opened, refused)
",
        stalled.display().to_string()
    );
    let closing = std::thread::spawn(move || technician.raw("dana+alaris-sm-02", &script));
    soon("the first command to end", || house.facts_of("channel-closed").pop());
    wire.weather(Weather { stalled: true, ..Weather::default() });
    std::fs::write(&stalled, "").unwrap();
    let said = closing.join().unwrap();
    let counts: Vec<usize> = said[0].split(' ').map(|count| count.parse().unwrap()).collect();
    assert_eq!(counts.iter().sum::<usize>(), 300, "{said:?}");
    assert!((MOST - 1..=MOST + 8).contains(&counts[0]), "{said:?}");
    assert_eq!(refused(&house, "session")["about"]["what"]["why"], "too many channels");
}

#[test]
fn stalled_channels_of_every_kind_leave_the_others_alone() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    let mut stalled: Vec<Visit> = (0..4).map(|_| dana.begins_unread("cat /dev/zero")).collect();
    for n in 0..10 {
        assert_eq!(dana.runs(&format!("echo {n}")).succeeded().text(), format!("{n}\n"));
    }
    for visit in &mut stalled {
        visit.signal(chaperone_tests::Signal::KILL);
    }
    master.ends_input();
}
