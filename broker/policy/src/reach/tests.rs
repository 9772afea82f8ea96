//! Addresses are outside bytes: each is read as what it says, or refused.

use proptest::prelude::*;

use super::*;

fn read(text: &str, usual: Option<u16>) -> (String, u16) {
    let HostPort { host, port } = HostPort::parse(text, usual).unwrap();
    (host, port)
}

#[test]
fn addresses_are_read_with_and_without_brackets_and_ports() {
    for (text, host, port) in [
        ("10.1.2.3:22", "10.1.2.3", 22),
        ("pump-server.east.example:2222", "pump-server.east.example", 2222),
        ("pump-server", "pump-server", 22),
        ("[::1]:2200", "::1", 2200),
        ("[2001:db8::5]", "2001:db8::5", 22),
        ("2001:db8::5", "2001:db8::5", 22),
        ("[fe80::1%eth0]:22", "fe80::1%eth0", 22),
        ("::ffff:10.1.2.3", "::ffff:10.1.2.3", 22),
    ] {
        assert_eq!(read(text, Some(22)), (host.to_owned(), port), "{text}");
    }
}

#[test]
fn an_address_that_can_be_read_in_two_ways_is_asked_about() {
    let error = HostPort::parse("2001:db8::1:22", Some(22)).unwrap_err().to_string();
    assert!(error.contains("[2001:db8::1]:22") && error.contains("[2001:db8::1:22]"), "{error}");
}

#[test]
fn what_is_no_address_is_refused() {
    for wrong in [
        "",
        "host",
        "host:",
        "host:0",
        "host:70000",
        ":22",
        "::1",
        "::1:22",
        "[::1:22",
        "[::1]22",
        "[host]:22",
        "[fe80::1%]:22",
        "[fe80::1%a/b]:22",
        "-oProxyCommand=x:22",
        "a b:1",
        "a/b:1",
    ] {
        assert!(wrong.parse::<HostPort>().is_err(), "{wrong:?}");
    }
}

#[test]
fn old_algorithms_have_one_name_each() {
    for known in LegacyAlgorithm::ALL {
        assert_eq!(known.as_str().parse(), Ok(known));
        assert_eq!(serde_json::to_value(known).unwrap(), known.as_str());
    }
    let error = "3des-cbc".parse::<LegacyAlgorithm>().unwrap_err().to_string();
    assert!(error.contains("one of: ssh-rsa, dh-group14-sha1"), "{error}");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}", usual in proptest::option::of(1_u16..)) {
        if let Ok(read) = HostPort::parse(&text, usual) {
            // What is shown is read as the same.
            prop_assert_eq!(read.to_string().parse::<HostPort>(), Ok(read));
        }
    }

    #[test]
    fn every_ipv6_address_is_read_in_brackets(address: u128, port in 1_u16..) {
        let address = Ipv6Addr::from(address);
        let read: HostPort = format!("[{address}]:{port}").parse().unwrap();
        prop_assert_eq!(read, HostPort { host: address.to_string(), port });
    }
}
