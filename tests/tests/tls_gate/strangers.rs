//! What strangers are answered is the same of a server that exists and of one that does not, whatever others have chosen (P9).

use std::process::{Command, Stdio};

use chaperone_tests::{PATIENCE, Process, soon};

use crate::world::{CONSOLE, DOMAIN, Nginx, World};

const LIST: &str = "h2,http/1.1";

/// Which protocol somebody without a certificate is answered who comes from there.
#[track_caller]
fn answered(world: &World, label: &str, version: &str, from: &str) -> String {
    let mut command = Command::new("openssl");
    command.args([
        "s_client",
        "-connect",
        &format!("127.0.0.1:{}", world.port),
        "-bind",
        &format!("{from}:0"),
    ]);
    command
        .args(["-servername", &format!("{label}.tls.{DOMAIN}"), "-alpn", LIST, version])
        .stdin(Stdio::null());
    let said = Process::run("openssl", PATIENCE, &mut command).text();
    let line = said.lines().find(|line| line.contains("ALPN"));
    line.unwrap_or_else(|| panic!("no word of a protocol: {said}")).trim().to_owned()
}

#[test]
fn the_protocol_that_a_server_chose_tells_no_stranger_that_there_is_such_a_server() {
    let world = World::start();
    let server = Nginx::start(world.folder(), &world.issued());
    world.add(server.port, &["--tcp", "db=127.0.0.1:5432"]);
    let proof = world.proof(&world.window("+10m"));
    let labels = [CONSOLE, "console-99", &format!("db--{CONSOLE}"), &format!("x--{CONSOLE}")];
    let all = |from: &str| -> Vec<String> {
        let of = |label: &&str| ["-tls1_2", "-tls1_3"].map(|version| answered(&world, label, version, from));
        labels.iter().flat_map(of).collect()
    };
    let before = all("127.0.0.1");
    assert!(before.iter().all(|said| said == "ALPN protocol: http/1.1"), "{before:?}");
    soon("what Dana's client offers and the server takes", || {
        let prints = ["--http2", "--output", "/dev/null", "--write-out", "%{http_version}"];
        (world.curl(&proof, "/hello", &prints).succeeded().text() == "2").then_some(())
    });
    // From where Dana is a list is answered as hers is, whatever the name; from elsewhere as ever.
    let (there, elsewhere) = (all("127.0.0.1"), all("127.0.0.8"));
    assert!(there.iter().all(|said| said == "ALPN protocol: h2"), "{there:?}");
    assert!(elsewhere.iter().all(|said| said == "ALPN protocol: http/1.1"), "{elsewhere:?}");
}
