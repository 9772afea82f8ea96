//! What of this machine is not the technician's own: pages of other sites in their browser, and programs of other users.

use std::io::{Read, Write};
use std::process::Command;

use chaperone_tests::{PATIENCE, Process, soon};

use crate::{CONSOLE, NAME, Site, opens, site};

/// What curl gets that sends these fields, as a page may have a browser send them.
fn asked(site: &Site, local: &str, scheme: &str, fields: &[&str]) -> String {
    let fields = fields.iter().flat_map(|field| ["-H", field]);
    let words: Vec<_> = ["--http1.1", "-d", "reset=all"].into_iter().chain(fields).collect();
    site.curl(local, scheme, &words).text()
}

#[test]
fn a_page_of_another_site_drives_no_port_of_a_technicians_machine() {
    let site = site(true);
    site.opens("+10m");
    let connected = site.connects(CONSOLE, &[], &[]);
    let local = connected.local(CONSOLE);
    for fields in [
        // A page that was looked at, and one whose name leads to this machine (DNS rebinding).
        &["Origin: https://evil.example"][..],
        &["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"],
        &["Host: evil.example:8443"],
        &["Origin: null"],
    ] {
        let answer = asked(&site, &local, "http", fields);
        assert!(answer.contains("did not pass this request on"), "{fields:?}: {answer}");
    }
    let told = connected.event("turned-away");
    assert!(told["endpoint"] == CONSOLE && told["why"].to_string().contains("evil.example"), "{told}");
    assert!(site.house.sessions().is_empty(), "nothing was dialled for it");
    let answer = asked(&site, &local, "https", &["Origin: https://evil.example"]);
    assert!(answer.contains("did not pass this request on"), "inside TLS that is ended here: {answer}");

    let (own, origin) = (format!("Host: {local}"), format!("Origin: http://{local}"));
    for fields in [&[][..], &[own.as_str()], &[own.as_str(), &origin, "Sec-Fetch-Site: same-origin"]] {
        let answer = asked(&site, &local, "http", fields);
        assert!(!answer.contains("did not pass"), "{fields:?}: {answer}");
    }
    assert_eq!(site.curl(&local, "http", &[]).succeeded().text(), "pumps: 412\n1.1");
}

#[test]
fn a_later_request_of_a_connection_is_looked_at_like_its_first() {
    let site = site(true);
    site.opens("+10m");
    let connected = site.connects(CONSOLE, &[], &[]);
    let mut browser = opens(&connected.local(CONSOLE));
    let reads = |browser: &mut std::net::TcpStream, until: &str| {
        let mut heard = Vec::new();
        let mut part = [0; 4096];
        while !String::from_utf8_lossy(&heard).contains(until) {
            let count = browser.read(&mut part).expect("an answer");
            assert!(count > 0, "{}", String::from_utf8_lossy(&heard));
            heard.extend_from_slice(&part[..count]);
        }
        String::from_utf8_lossy(&heard).into_owned()
    };
    write!(browser, "GET / HTTP/1.1\r\nHost: {NAME}\r\nSec-Fetch-Site: none\r\n\r\n").unwrap();
    reads(&mut browser, "pumps: 412");
    write!(
        browser,
        "POST /reset HTTP/1.1\r\nHost: {NAME}\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n"
    )
    .unwrap();
    let answer = reads(&mut browser, "tab of its own");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(connected.event("turned-away")["why"].to_string().contains("evil.example"));
}

#[test]
fn a_program_of_another_user_is_turned_away() {
    if !rustix::process::geteuid().is_root() {
        // Only the administrator may run something as somebody else.
        return;
    }
    let site = site(true);
    site.opens("+10m");
    let connected = site.connects(CONSOLE, &[], &[]);
    let local = connected.local(CONSOLE);
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    command.args(["curl", "-sS", "--max-time", "20", "--noproxy", "*"]).arg(format!("http://{local}/"));
    let ran = Process::run("setpriv", PATIENCE, &mut command);
    assert!(ran.status != Some(0) && ran.out.is_empty(), "{ran:?}");
    let told = connected.event("turned-away");
    assert!(told["why"].to_string().contains("another user"), "{told}");
    assert!(site.house.sessions().is_empty());
    soon("the technician's own programs to go on", || {
        (site.curl(&local, "http", &[]).text() == "pumps: 412\n1.1").then_some(())
    });
}
