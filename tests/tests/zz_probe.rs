//! probe
use chaperone_tests::*;
#[test]
fn probe() {
    let house = House::start();
    house.technician("dana").ssh(TARGET).runs("id").refused();
    house.open_window("dana", "exec", "+10m");
    house.technician("dana").ssh(TARGET).runs("echo hi").succeeded();
    std::thread::sleep(std::time::Duration::from_secs(3));
    println!("{:#?}", house.database.rows("SELECT number, kind, body FROM facts ORDER BY number"));
    println!("{}", serde_json::to_string_pretty(&house.sessions()).unwrap());
    println!("{}", serde_json::to_string_pretty(&house.sam().lists(&["alert","list"])).unwrap());
    for m in house.syslog.received() { println!("{} {}", m.arrived, m.raw); }
}
