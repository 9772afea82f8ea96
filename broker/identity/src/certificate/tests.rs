//! A row for every check of a certificate, and properties of what is read out of one.

use std::collections::BTreeMap;

use chaperone_policy::{AuthorityId, EnrolledKey, Login, PersonId, Revoked, Validity, Vendor, VendorId};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIlEzfHsdpjv1bnbEC379za4SKZf6pXH1XJ/jLGNbcPL";
const CA: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJYqSsFJ4Tq3CNuCj4Iq6OdY2YkqEwSBk1q2Iqf7v0aL";
const SK: &str = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIIlEzfHsdpjv1bnbEC379za4SKZf6pXH1XJ/jLGNbcPLAAAABHNzaDo=";
const MERIDIAN: VendorId = VendorId(Uuid::from_u128(1));
const NORTHWIND: VendorId = VendorId(Uuid::from_u128(2));
const DANA: PersonId = PersonId(Uuid::from_u128(1));

fn key(line: &str) -> PublicKey {
    line.parse().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn person(id: u128, login: &str, vendor: Option<VendorId>) -> Person {
    Person {
        id: PersonId(Uuid::from_u128(id)),
        login: login.parse::<Login>().unwrap(),
        name: login.to_owned(),
        email: None,
        vendor,
        grants: Vec::new(),
        validity: Validity::default(),
        source_networks: Vec::new(),
        keys: Vec::new(),
        session_limit: None,
        sponsor: None,
    }
}

/// Dana and Uli of Meridian, which has an authority, Viktor of Northwind, which has none, and Priya of the hospital.
fn facts() -> Facts {
    let people = [
        person(1, "dana", Some(MERIDIAN)),
        person(2, "uli", Some(MERIDIAN)),
        person(3, "viktor", Some(NORTHWIND)),
        person(4, "priya", None),
    ];
    let vendor = |id| Vendor {
        id,
        name: id.to_string(),
        sponsor: None,
        validity: Validity::default(),
        source_networks: Vec::new(),
    };
    let authority = Authority {
        id: AuthorityId(Uuid::from_u128(1)),
        vendor: MERIDIAN,
        fingerprint: key(CA).fingerprint().to_owned(),
        openssh: key(CA).openssh().to_owned(),
        validity: Validity { from: None, until: Some(at(1000)) },
    };
    Facts {
        people: people.into_iter().map(|person| (person.id, person)).collect(),
        vendors: [MERIDIAN, NORTHWIND].map(|id| (id, vendor(id))).into(),
        authorities: [(authority.id, authority)].into(),
        ..Facts::default()
    }
}

/// A certificate in the making.
#[derive(Clone)]
struct Made {
    key: Vec<u8>,
    authority: Vec<u8>,
    weakly_signed: bool,
    for_user: bool,
    key_id: String,
    principals: Vec<String>,
    valid: (u64, u64),
    critical: BTreeMap<String, String>,
}

impl Made {
    fn sound() -> Self {
        Self {
            key: key(KEY).blob().to_owned(),
            authority: key(CA).blob().to_owned(),
            weakly_signed: false,
            for_user: true,
            key_id: "dana@meridian".to_owned(),
            principals: vec!["ops".to_owned(), "dana".to_owned()],
            valid: (10, 100),
            critical: BTreeMap::new(),
        }
    }

    fn but(change: impl FnOnce(&mut Self)) -> Self {
        let mut made = Self::sound();
        change(&mut made);
        made
    }

    fn option(name: &str, value: &str) -> Self {
        Self::but(|made| made.critical = [(name.to_owned(), value.to_owned())].into())
    }

    fn principals(names: &[&str]) -> Self {
        Self::but(|made| made.principals = names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn shown(&self) -> Shown<'_> {
        Shown {
            key: &self.key,
            authority: &self.authority,
            weakly_signed: self.weakly_signed,
            for_user: self.for_user,
            serial: 7,
            key_id: &self.key_id,
            principals: &self.principals,
            valid_after: self.valid.0,
            valid_before: self.valid.1,
            critical: &self.critical,
        }
    }
}

fn proves(
    facts: &Facts,
    user: &str,
    made: &Made,
    touch: Touch,
    now: i64,
) -> Result<ProvenPerson, Option<Why>> {
    let proven = authenticate_certificate(facts, user, &made.shown(), touch, at(now));
    let offered = is_certified(facts, user, &made.shown(), at(now));
    if proven.is_ok() {
        assert_eq!(offered, Ok(()), "what proves is worth a signature");
    }
    proven.map_err(|failure| failure.why().cloned())
}

#[test]
fn a_sound_certificate_proves_whom_it_names_and_carries_its_bounds() {
    let made = Made::option("source-address", "192.0.2.0/24,2001:db8::1");
    for user in ["dana", "dana+alaris-sm-01", "dana+alaris-sm-01+svc"] {
        let proven = proves(&facts(), user, &made, Touch::Software, 50).unwrap();
        assert_eq!((proven.person(), proven.login().as_str()), (DANA, "dana"));
        assert_eq!(proven.fingerprint(), key(KEY).fingerprint());
        let certified = proven.key().certificate.as_deref().unwrap();
        assert_eq!(certified.authority, key(CA).fingerprint());
        assert_eq!((certified.serial, certified.key_id.as_str()), (7, "dana@meridian"));
        assert_eq!(certified.validity, Validity { from: Some(at(10)), until: Some(at(100)) });
        assert_eq!(certified.sources.len(), 2, "where it may be used from goes on with the proof");
    }
}

#[test]
fn every_check_refuses_with_its_own_words() {
    use CertificateFault as Fault;
    let many = "1.1.1.1,".repeat(SOURCES) + "1.1.1.1";
    for (made, fault) in [
        (Made::but(|m| m.for_user = false), Fault::ForHost),
        (Made::but(|m| m.key = b"no key".to_vec()), Fault::Key),
        (Made::but(|m| m.authority = key(KEY).blob().to_owned()), Fault::Authority),
        (Made::but(|m| m.authority = certificate_blob()), Fault::Authority),
        (Made::but(|m| m.authority.push(0)), Fault::Authority),
        (Made::but(|m| m.weakly_signed = true), Fault::WeaklySigned),
        (Made::but(|m| m.key_id = "x".repeat(201)), Fault::OptionValue("key id")),
        (Made::but(|m| m.valid = (51, 100)), Fault::NotValid),
        (Made::but(|m| m.valid = (10, 50)), Fault::NotValid),
        (Made::but(|m| m.valid = (100, 10)), Fault::NotValid),
        (Made::but(|m| m.valid = (u64::MAX, u64::MAX)), Fault::NotValid),
        (Made::principals(&[]), Fault::NoPrincipals),
        (Made::principals(&["ops"]), Fault::OtherPrincipals),
        (Made::principals(&["Dana"]), Fault::OtherPrincipals),
        (Made::principals(&["dana "]), Fault::OtherPrincipals),
        (Made::principals(&["ops,dana"]), Fault::AmbiguousPrincipal),
        (Made::principals(&["dana", "ops,root"]), Fault::AmbiguousPrincipal),
        (Made::principals(&["*"]), Fault::AmbiguousPrincipal),
        (Made::principals(&["dana", "da?a"]), Fault::AmbiguousPrincipal),
        (Made::principals(&["dana", "!ops"]), Fault::AmbiguousPrincipal),
        (Made::principals(&["dana", ""]), Fault::AmbiguousPrincipal),
        (Made::principals(&["dana\0"]), Fault::AmbiguousPrincipal),
        (Made::option("force-command", "uptime"), Fault::ForcedCommand),
        (Made::option("verify-required", "no"), Fault::OptionValue("verify-required")),
        (Made::option("verify-required", ""), Fault::NotVerified),
        (Made::option("permit-nothing@x", ""), Fault::UnknownOption("permit-nothing@x".to_owned())),
        (Made::option("", ""), Fault::UnknownOption(String::new())),
        (Made::option("source-address", ""), Fault::OptionValue("source-address")),
        (Made::option("source-address", "192.0.2.0/24,"), Fault::OptionValue("source-address")),
        (Made::option("source-address", "192.0.2.0/33"), Fault::OptionValue("source-address")),
        (Made::option("source-address", "192.0.2.7/24"), Fault::OptionValue("source-address")),
        (Made::option("source-address", "!192.0.2.0/24"), Fault::OptionValue("source-address")),
        (Made::option("source-address", "192.0.2.*"), Fault::OptionValue("source-address")),
        (Made::option("source-address", &many), Fault::OptionValue("source-address")),
    ] {
        let failed = proves(&facts(), "dana", &made, Touch::Software, 50);
        assert_eq!(failed, Err(Some(Why::Certificate(fault.clone()))), "{fault}");
    }
}

/// A certificate where a key should be.
fn certificate_blob() -> Vec<u8> {
    let name = b"ssh-ed25519-cert-v01@openssh.com";
    [&u32::try_from(name.len()).unwrap().to_be_bytes()[..], name, &[0; 64]].concat()
}

#[test]
fn an_authority_speaks_for_its_own_company_alone_and_while_it_is_valid() {
    let made = |login: &str| Made::principals(&[login]);
    for (login, why) in [
        ("dana", None),
        ("uli", None),
        ("viktor", Some(Why::Certificate(CertificateFault::Authority))),
        ("priya", Some(Why::Certificate(CertificateFault::Authority))),
        ("nora", None),
    ] {
        let proven = proves(&facts(), login, &made(login), Touch::Software, 50);
        assert_eq!(proven.is_ok(), ["dana", "uli"].contains(&login), "{login}");
        assert_eq!(proven.err().flatten(), why, "{login}");
    }
    let long = Made::but(|made| made.valid = (0, u64::MAX));
    assert!(proves(&facts(), "dana", &long, Touch::Software, 999).is_ok());
    let over = proves(&facts(), "dana", &long, Touch::Software, 1000);
    assert_eq!(over, Err(Some(Why::Certificate(CertificateFault::AuthorityNotValid))));
}

#[test]
fn what_is_revoked_or_somebody_elses_proves_nobody() {
    let print = key(KEY).fingerprint().to_owned();
    for revoked in
        [Revoked::Serial(7), Revoked::KeyId("dana@meridian".to_owned()), Revoked::Key(print.clone())]
    {
        let mut facts = facts();
        facts.revoked.insert(NORTHWIND, [revoked.clone()].into());
        assert!(
            proves(&facts, "dana", &Made::sound(), Touch::Software, 50).is_ok(),
            "another company's list"
        );
        facts.revoked.insert(MERIDIAN, [revoked].into());
        let failed = proves(&facts, "dana", &Made::sound(), Touch::Software, 50);
        assert_eq!(failed, Err(Some(Why::Certificate(CertificateFault::Revoked))));
    }
    let enrolled = |who: u128, until| {
        let mut facts = facts();
        let validity = Validity { from: None, until };
        let openssh = key(KEY).openssh().to_owned();
        let held = EnrolledKey { fingerprint: print.clone(), openssh, validity, verify_required: false };
        facts.people.get_mut(&PersonId(Uuid::from_u128(who))).unwrap().keys = vec![held];
        proves(&facts, "dana", &Made::sound(), Touch::Software, 50)
    };
    assert!(enrolled(1, None).is_ok(), "her own, enrolled as well");
    let theirs = Err(Some(Why::Certificate(CertificateFault::KeyOfOthers)));
    assert_eq!(enrolled(1, Some(at(40))), theirs, "her own, withdrawn");
    assert_eq!(enrolled(2, None), theirs, "somebody else's");
}

#[test]
fn a_certified_security_key_must_be_touched_whatever_the_certificate_says() {
    let sk = |made: Made| Made { key: key(SK).blob().to_owned(), ..made };
    let touch = |present, verified| Touch::SecurityKey { present, verified };
    let plain = sk(Made::sound());
    assert!(proves(&facts(), "dana", &plain, touch(true, false), 50).is_ok());
    assert_eq!(proves(&facts(), "dana", &plain, touch(false, true), 50), Err(Some(Why::Unattended)));
    let verify = sk(Made::option("verify-required", ""));
    assert!(proves(&facts(), "dana", &verify, touch(true, true), 50).is_ok());
    let unverified = Err(Some(Why::Certificate(CertificateFault::NotVerified)));
    assert_eq!(proves(&facts(), "dana", &verify, touch(true, false), 50), unverified);
}

proptest! {
    #[test]
    fn a_list_of_addresses_is_read_whole_or_not_at_all(list in "[0-9a-f.:/,! *]{0,60}|(?s:.){0,60}") {
        if let Ok(networks) = source_addresses(&list) {
            prop_assert_eq!(networks.len(), list.split(',').count());
            prop_assert!(networks.iter().all(|network| network.trunc() == *network));
        }
    }

    #[test]
    fn every_written_network_is_read_back(v4 in any::<u32>(), v6 in any::<u128>(), bits in 0u8..=32) {
        let v4 = IpNet::new(std::net::Ipv4Addr::from(v4).into(), bits).unwrap().trunc();
        let v6 = IpNet::new(std::net::Ipv6Addr::from(v6).into(), bits * 4).unwrap().trunc();
        prop_assert_eq!(source_addresses(&format!("{v4},{v6}")), Ok(vec![v4, v6]));
        prop_assert_eq!(source_addresses(&v4.addr().to_string()).map(|one| one[0].prefix_len()), Ok(32));
    }

    #[test]
    fn no_principals_but_the_login_itself_let_anybody_in(names in prop::collection::vec("\\PC{0,12}", 0..5)) {
        let allowed = principals(&names, "dana").is_ok();
        prop_assert!(!allowed || names.iter().any(|name| name == "dana"));
    }

    #[test]
    fn no_option_but_the_known_ones_is_passed_over(name in "\\PC{0,20}", value in "\\PC{0,20}") {
        let made = Made::option(&name, &value);
        if critical(&made.critical).is_ok() {
            prop_assert!(["source-address", "verify-required"].contains(&name.as_str()));
        }
    }
}
