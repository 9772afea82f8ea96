//! OpenSSH certificates of a vendor's own authority, made by `ssh-keygen` and shown by the stock client: believed for that
//! vendor's people alone, and each thing that a certificate says is held against whoever shows it.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chaperone_tests::{
    Caller, Enrolled, Furnishing, Heard, House, KeyPair, Ran, SecurityKey, Ssh, SshAuthority, TARGET,
    TOUCHED, VERIFIED, on_both_databases, soon,
};

on_both_databases!(a_vendors_authority_speaks_for_its_own_people_alone);

/// A house whose Meridian has an authority, and a laptop with a key that nobody has enrolled.
struct Certified {
    house: House,
    authority: SshAuthority,
    laptop: KeyPair,
}

impl Certified {
    fn start() -> Self {
        Self::of(House::furnish())
    }

    fn of(furnishing: Furnishing) -> Self {
        let house = furnishing.without_soc().start();
        house.open_window("dana", "exec", "+10m");
        let authority = SshAuthority::new(house.folder(), "meridian-ca");
        let laptop = KeyPair::make(house.folder(), "laptop");
        let file = authority.key().public.to_str().unwrap();
        house.admin().does(&["vendor", "add-ca", "Meridian Infusion", file]);
        Self { house, authority, laptop }
    }

    /// A certificate for the laptop's key.
    fn signs(&self, login: &str, more: &[&str]) -> PathBuf {
        self.authority.signs(&self.laptop.public, login, more)
    }

    fn ssh(&self, login: &str, certificate: &Path) -> Ssh {
        let who = self.house.technician(login).with_key(&self.laptop);
        who.ssh(TARGET).option(&format!("CertificateFile={}", certificate.display()))
    }

    fn runs(&self, login: &str, more: &[&str]) -> Ran {
        self.ssh(login, &self.signs(login, more)).runs("echo hello")
    }

    /// That a certificate is refused like any failed proof, and what the SOC reads of it.
    #[track_caller]
    fn refuses(&self, ran: &Ran, why: &str) {
        assert_eq!(ran.status, Some(255), "{why}: {}", ran.text());
        assert!(ran.err.contains("Permission denied"), "{why}: {}", ran.err);
        self.tells(why);
    }

    /// That the newest failed proof says this.
    #[track_caller]
    fn tells(&self, why: &str) {
        soon("the fact", || {
            let newest = self.house.facts_of("attempt-failed").pop()?;
            newest.body["why"].as_str().is_some_and(|said| said.contains(why)).then_some(())
        });
    }
}

fn a_vendors_authority_speaks_for_its_own_people_alone(furnishing: Furnishing) {
    let certified = Certified::of(furnishing);
    let house = &certified.house;
    // Under a name of its own: beside a key the stock client looks for its certificate.
    let bare = KeyPair { private: house.folder().join("bare"), ..certified.laptop.clone() };
    std::fs::copy(&certified.laptop.private, &bare.private).unwrap();
    let bare = || house.technician("dana").with_key(&bare).ssh(TARGET).runs("true");
    assert_eq!(bare().status, Some(255), "the key alone is not enrolled");
    let ran = certified.runs("dana", &["-z", "4711"]);
    assert_eq!((ran.status, ran.out.as_slice()), (Some(0), &b"hello\n"[..]), "{}", ran.text());
    let admitted = house.fact("session-admitted");
    let proof = &admitted.body["proof"];
    assert_eq!((proof["method"].as_str(), proof["login"].as_str()), (Some("certificate"), Some("dana")));
    assert_eq!(proof["certificate"]["serial"], "4711");
    // The bare key is no enrolment for having had a certificate.
    let again = bare();
    assert_eq!(again.status, Some(255), "{}", again.text());
    house.open_window("viktor", "exec", "+10m");
    certified.refuses(&certified.runs("viktor", &[]), "does not speak for this person's company");
    certified.refuses(&certified.runs("priya", &[]), "does not speak for this person's company");
    // Nobody else's authority has a word.
    let other = SshAuthority::new(house.folder(), "other-ca");
    let foreign = other.signs(&certified.laptop.public, "dana", &[]);
    certified.refuses(&certified.ssh("dana", &foreign).runs("true"), "does not speak");
    let file = other.key().public.to_str().unwrap();
    house.admin().does(&["vendor", "add-ca", "Northwind Imaging", file]);
    certified.refuses(&certified.ssh("dana", &foreign).runs("true"), "does not speak");
    let twice = house.admin().tries(&["vendor", "add-ca", "Meridian Infusion", file]);
    assert_eq!(twice.status, Some(1), "one key speaks for one company: {twice:?}");
    let listed = house.admin().does(&["vendor", "list-ca", "Meridian Infusion"]);
    assert_eq!(listed["authorities"].as_array().map(Vec::len), Some(1), "{listed:#}");
}

#[test]
fn each_thing_that_a_certificate_says_is_held_against_it() {
    let certified = Certified::start();
    for (login, more, why) in [
        ("", &[][..], "names nobody"),
        ("uli,nora", &[], "for other people"),
        ("dana", &["-n", "dan*"], "a wildcard"),
        ("dana", &["-O", "force-command=uptime"], "forces a command"),
        ("dana", &["-O", "verify-required"], "verifies who touches it"),
        ("dana", &["-O", "critical:notify@meridian.example=ops"], "not known: notify@meridian.example"),
    ] {
        let certificate = certified.signs(login, more);
        certified.refuses(&certified.ssh("dana", &certificate).runs("true"), why);
    }
    assert_eq!(certified.runs("dana", &["-n", "ops,dana"]).status, Some(0), "one of several people");
    assert_eq!(certified.runs("dana", &["-O", "clear"]).status, Some(0), "extensions grant and take nothing");
}

#[test]
fn a_certificate_is_valid_in_its_time_and_only_with_its_authoritys_signature() {
    let certified = Certified::start();
    for (promise, span) in [("over", "-2h:-1h"), ("not yet there", "+1h:+2h")] {
        let ran = certified.runs("dana", &["-V", span]);
        certified.refuses(&ran, "its time is over or not yet there");
        assert!(certified.house.facts_of("session-admitted").is_empty(), "{promise}");
    }
    // One letter of its text changed, and all else as it was signed; and a host's. The stock client shows neither.
    let sound = certified.signs("dana", &["-z", "7"]);
    let line = std::fs::read_to_string(&sound).unwrap();
    let forged = certified.house.folder().join("forged-cert.pub");
    std::fs::write(&forged, forge(&line)).unwrap();
    let shows = |certificate: &Path| {
        let mut caller = Caller::from(Ipv4Addr::LOCALHOST, certified.house.gate.ssh_port());
        caller.shows_a_certificate(&format!("dana+{TARGET}"), &certified.laptop, certificate)
    };
    assert_eq!(shows(&forged), Heard::No);
    certified.tells("signature is wrong");
    assert_eq!(shows(&sound), Heard::In, "as it was signed");
    assert_eq!(shows(&certified.signs("dana", &["-h"])), Heard::No);
    certified.tells("is a host's");
}

/// The same certificate with another key id, which only the authority could sign.
fn forge(line: &str) -> String {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), words[1]).unwrap();
    let decode = std::process::Command::new("base64").arg("-d").arg(file.path()).output().unwrap();
    let mut blob = decode.stdout;
    // The first `dana` is its key id.
    let at = blob.windows(4).position(|four| four == b"dana").unwrap();
    blob[at] = b'D';
    std::fs::write(file.path(), blob).unwrap();
    let encoded = std::process::Command::new("base64").arg("-w0").arg(file.path()).output().unwrap();
    let data = String::from_utf8(encoded.stdout).unwrap();
    words[1] = &data;
    format!("{}\n", words.join(" "))
}

#[test]
fn its_networks_hold_also_after_the_second_factor() {
    let certified = Certified::start();
    let house = &certified.house;
    let here = certified.runs("dana", &["-O", "source-address=192.0.2.0/24,127.0.0.1/32"]);
    assert_eq!(here.status, Some(0), "{}", here.text());
    let elsewhere = certified.signs("dana", &["-O", "source-address=192.0.2.0/24"]);
    let ran = certified.ssh("dana", &elsewhere).runs("true");
    assert_eq!(ran.status, Some(77), "{}", ran.text());
    let _ = house.refusal("attempt-refused", "source-network");
    // Nor is her schedule told there.
    let who = house.technician("dana").with_key(&certified.laptop);
    let menu = who.ssh_as("dana").option(&format!("CertificateFile={}", elsewhere.display())).runs("true");
    assert!(!menu.text().contains(TARGET) && menu.status != Some(0), "{}", menu.text());
    let link = house.admin().does(&["person", "enrol", "dana"]);
    let dana = Enrolled::by_link(house.gate.web_port(), link["link"].as_str().unwrap());
    let by_hand =
        certified.ssh("dana", &elsewhere).option("BatchMode=no").option("NumberOfPasswordPrompts=1");
    let mut terminal = by_hand.opens("true");
    terminal.shows("Authenticator code");
    terminal.types(&format!("{}\r", dana.app.code(1)));
    assert_eq!(terminal.ends(), Some(77), "the code takes no restriction away");
    let admitted = house.facts_of("session-admitted").len();
    assert_eq!(admitted, 1, "the first, from here, alone");
}

#[test]
fn what_takes_a_certificate_away_ends_the_visit_that_was_begun_with_it() {
    let certified = Certified::start();
    let house = &certified.house;
    let admin = house.admin();
    let print = {
        let listed = admin.does(&["vendor", "list-ca", "Meridian Infusion"]);
        listed["authorities"][0]["fingerprint"].as_str().unwrap().to_owned()
    };
    let serial = ["vendor", "revoke-cert", "Meridian Infusion", "--serial", "7", "--reason", "laptop lost"];
    let key_id =
        ["vendor", "revoke-cert", "Meridian Infusion", "--key-id", "dana", "--reason", "laptop lost"];
    let gone = ["vendor", "remove-ca", "Meridian Infusion", "--fingerprint", &print, "--reason", "new one"];
    for (more, acts, why) in [
        (&["-z", "7"][..], &serial[..], "is revoked"),
        (&["-z", "8"], &key_id, "is revoked"),
        (&["-z", "9", "-I", "dana-2"], &gone, "does not speak"),
    ] {
        let certificate = certified.signs("dana", more);
        let visit = certified.ssh("dana", &certificate).begins("echo begun; sleep 600");
        visit.shows("begun");
        admin.does(acts);
        house.both_legs_gone(Duration::from_secs(5));
        certified.refuses(&certified.ssh("dana", &certificate).runs("true"), why);
    }
    let ends = soon("three ends", || Some(house.facts_of("session-ended")).filter(|ends| ends.len() == 3));
    assert!(ends.iter().all(|end| end.reason() == ends[0].reason()), "{ends:#?}");
}

#[test]
fn the_end_of_a_certificate_ends_the_visit() {
    let certified = Certified::start();
    let certificate = certified.signs("dana", &["-V", "-5m:+15s"]);
    let visit = certified.ssh("dana", &certificate).begins("echo begun; sleep 600");
    visit.shows("begun");
    let ended = certified.house.both_legs_gone(Duration::from_secs(30));
    let admitted = certified.house.fact("session-admitted");
    let until: jiff::Timestamp = admitted.body["output_until"].as_str().unwrap().parse().unwrap();
    assert!(ended >= until, "not before its last second");
    assert!(ended.duration_since(until).as_millis() < 2000, "{until} {ended}");
}

/// Paramiko never asks whether it must sign in at all: inside its connection to the gate it shows what it showed outside.
#[test]
fn a_certificate_that_let_somebody_in_is_taken_inside_their_connection_too() {
    let certified = Certified::start();
    let house = &certified.house;
    let certificate = certified.signs("dana", &[]);
    let strange = KeyPair::make(house.folder(), "strange");
    let head = format!(
        "def key(private, certificate=None):
    key = paramiko.Ed25519Key.from_private_key_file(private)
    if certificate: key.load_certificate(certificate)
    return key
certified, bare, strange = key('{laptop}', '{}'), key('{laptop}'), key('{}')
client.connect('127.0.0.1', port={}, username='dana', pkey=certified, allow_agent=False, look_for_keys=False)
def beyond(pkey):
    way = client.get_transport().open_channel('direct-tcpip', ('{TARGET}', 22), ('127.0.0.1', 0))
    inner = paramiko.SSHClient()
    inner.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    inner.connect('{TARGET}', username='{}', pkey=pkey, sock=way, allow_agent=False, look_for_keys=False)
    o = inner.exec_command('echo hello')[1]
    said = o.read()
    inner.close()
    return said
",
        certificate.display(),
        strange.private.display(),
        house.gate.ssh_port(),
        house.target.account(),
        laptop = certified.laptop.private.display(),
    );
    let dana = house.elsewhere("dana");
    for with in ["certified", "bare"] {
        let script = format!("{head}out.write(beyond({with}))\nclient.close()\n");
        assert_eq!(dana.paramiko_alone(&script).succeeded().text(), "hello\n", "{with}");
    }
    assert!(house.facts_of("attempt-failed").is_empty(), "nothing failed on the way");
    let admitted = house.facts_of("session-admitted");
    assert_eq!(admitted.len(), 2);
    for fact in admitted {
        let proof = &fact.body["proof"];
        assert_eq!((proof["method"].as_str(), proof["jumped"].as_bool()), (Some("certificate"), Some(true)));
    }
    // Somebody else's key is no key of hers, wherever it is shown.
    let script = format!(
        "{head}try: out.write(beyond(strange))
except paramiko.AuthenticationException: out.write(b'no')
client.close()
"
    );
    assert_eq!(dana.paramiko_alone(&script).succeeded().text(), "no");
    assert_eq!(house.facts_of("session-admitted").len(), 2);
}

#[test]
fn a_certified_security_key_must_be_touched() {
    let certified = Certified::start();
    let key = SecurityKey::ed25519(certified.house.folder(), "sk");
    let shows = |more: &[&str]| {
        key.shows(&certified.authority.signs(key.public(), "dana", more));
        certified.house.technician("dana").ssh(TARGET).with_agent(key.socket()).runs("true")
    };
    assert_eq!(shows(&[]).status, Some(0));
    key.says(0);
    certified.refuses(&shows(&["-O", "no-touch-required"]), "was not touched");
    key.says(TOUCHED);
    certified.refuses(&shows(&["-O", "verify-required"]), "verifies who touches it");
    key.says(TOUCHED | VERIFIED);
    assert_eq!(shows(&["-O", "verify-required"]).status, Some(0));
}
