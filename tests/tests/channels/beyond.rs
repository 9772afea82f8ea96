//! Who asks without measure: it costs few facts and little room, and ends.

use super::*;

#[test]
fn an_environment_beyond_measure_is_cut_where_it_becomes_too_much() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(
        &user,
        "
channel = transport.open_session(timeout=20)
say(ask(channel, 'env', 'LC_HUGE', 'x' * 30000))
say(sum(ask(channel, 'env', 'LC_%d' % n, 'v%d' % n) == 'success' for n in range(70)))
say(ask(channel, 'exec', 'echo $LC_0 $LC_63 $LC_64 end'))
say(everything(channel).decode().strip())
channel = transport.open_session(timeout=20)
say(sum(ask(channel, 'env', 'LC_%d' % n, 'v' * 4000) == 'success' for n in range(12)))
say(ask(channel, 'exec', 'echo and goes on'))
say(everything(channel).decode().strip())
channel = transport.open_session(timeout=20)
say(ask(channel, 'exec', b'true ' + b'\\x01' * 131000 + b'\\xff'))
channel.recv_exit_status()
",
    );
    assert_eq!(said, ["failure", "64", "success", "v0 v63 end", "8", "success", "and goes on", "success"]);
    // What is too long for the recording as it would be written is so for whoever asks.
    assert!(refused(&house, "exec")["about"]["what"]["why"].as_str().unwrap().contains("too long"));
    let told = refused(&house, "environment");
    assert_eq!(
        (told["about"]["what"]["name"].as_str(), told["about"]["what"]["bytes"].as_u64()),
        (Some("LC_HUGE"), Some(30_000))
    );
}

#[test]
fn a_flood_of_refused_requests_is_few_facts_and_a_count() {
    let house = House::start();
    house.open_window("dana", "exec,forward", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(
        &user,
        "
refused = 0
for n in range(100):
    try:
        transport.open_channel('direct-tcpip', ('127.0.0.1', 1 + n), ('127.0.0.1', 1), timeout=20)
    except paramiko.ChannelException as error:
        refused += error.code
say(refused)
channel = transport.open_session(timeout=20)
channel.exec_command('echo still here')
say(everything(channel).decode().strip())
",
    );
    assert_eq!(said, ["100", "still here"]);
    assert_eq!(refused(&house, "more-requests")["about"]["what"]["more"], "84");
    assert_eq!(house.facts_of("channel-refused").len(), 17);
}

#[test]
fn who_goes_on_asking_for_what_the_window_lacks_is_ended() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(
        &user,
        "
asked = 0
try:
    while asked < 1200:
        channels = [transport.open_session(timeout=20) for _ in range(40)]
        for channel in channels:
            channel.exec_command('true')
        for channel in channels:
            everything(channel)
            asked += 1
            channel.close()
except Exception:
    pass
until = time.time() + 20
while transport.is_active() and time.time() < until:
    time.sleep(0.05)
say('active' if transport.is_active() else 'ended')
say(900 < asked < 1100)
",
    );
    assert_eq!(said, ["ended", "True"]);
    assert_eq!(house.sealed(&house.newest_session())["end_reason"], "too-many-refusals");
}

#[test]
fn a_scan_of_the_network_ends_the_connection() {
    let house = House::start();
    house.open_window("dana", "exec,forward", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(
        &user,
        "
try:
    for n in range(3000):
        send(OPEN, 'direct-tcpip', 1000 + n, 65536, 32768, '10.0.0.1', 1 + n, '127.0.0.1', 1)
except Exception:
    pass
until = time.time() + 20
while transport.is_active() and time.time() < until:
    time.sleep(0.05)
say('active' if transport.is_active() else 'ended')
",
    );
    assert_eq!(said, ["ended"]);
    // It is the gate that ended it, and the evidence says so.
    let ended = house.fact("session-ended");
    assert_eq!(ended.body["sockets_gone"], true, "{:#}", ended.body);
    assert_eq!(house.sealed(&house.newest_session())["end_reason"], "too-many-refusals");
}
