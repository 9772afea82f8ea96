//! Attempts whose key a certificate spoke for: what takes the certificate away takes the permit away.

use jiff::Timestamp;

use super::decide;
use crate::hospital::{DANA, HOLLIS, MERIDIAN, OTTO, at, attempt, hospital, running, window, window_id};
use crate::permit::Bound;
use crate::{
    Attempt, Authority, AuthorityId, Certified, EnrolledKey, Facts, ProvenKey, Reason, Revoked, Validity,
};

/// Dana has a window, and her vendor an authority.
fn facts(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = hospital().with(window(1));
    let id = AuthorityId(uuid::Uuid::from_u128(1));
    let (fingerprint, openssh) = ("SHA256:ca".to_owned(), String::new());
    let authority = Authority { id, vendor: MERIDIAN, fingerprint, openssh, validity: Validity::default() };
    facts.authorities.insert(id, authority);
    change(&mut facts);
    facts
}

fn revoked(what: Revoked) -> Facts {
    facts(|facts| {
        facts.revoked.insert(MERIDIAN, [what].into());
    })
}

/// Somebody has enrolled the key that the certificate is for.
fn enrolled(who: crate::PersonId, until: Option<Timestamp>) -> Facts {
    let validity = Validity { from: None, until };
    let (fingerprint, openssh) = ("SHA256:c".to_owned(), String::new());
    let key = EnrolledKey { fingerprint, openssh, validity, verify_required: false };
    facts(|facts| facts.people.get_mut(&who).unwrap().keys = vec![key])
}

/// A key with a certificate of Meridian's authority.
fn certificate(change: impl FnOnce(&mut Certified)) -> ProvenKey {
    let mut certified = Certified {
        authority: "SHA256:ca".to_owned(),
        serial: 7,
        key_id: "dana@m".to_owned(),
        validity: Validity::default(),
        sources: Vec::new(),
    };
    change(&mut certified);
    ProvenKey { certificate: Some(Box::new(certified)), ..ProvenKey::from("SHA256:c") }
}

fn plain() -> ProvenKey {
    certificate(|_| {})
}

#[test]
fn what_takes_a_certificate_away_refuses_and_ends_what_was_begun_with_it() {
    let ends = Some(at("22:30"));
    let no_change = || facts(|_| {});
    let withdrawn = || facts(|facts| facts.authorities.clear());
    let over = || facts(|facts| facts.authorities.values_mut().for_each(|one| one.validity.until = ends));
    let anothers = || facts(|facts| facts.authorities.values_mut().for_each(|one| one.vendor = HOLLIS));
    let elsewhere = vec!["192.0.2.0/24".parse().unwrap()];
    for (promise, reason, facts, key) in [
        ("an authority that is withdrawn", Reason::NotValid, withdrawn(), plain()),
        ("an authority that is over", Reason::NotValid, over(), plain()),
        ("another vendor's authority", Reason::NotValid, anothers(), plain()),
        (
            "a certificate that is over",
            Reason::NotValid,
            no_change(),
            certificate(|c| c.validity.until = ends),
        ),
        ("a revoked serial", Reason::NotValid, revoked(Revoked::Serial(7)), plain()),
        ("a revoked key id", Reason::NotValid, revoked(Revoked::KeyId("dana@m".into())), plain()),
        ("a revoked key", Reason::NotValid, revoked(Revoked::Key("SHA256:c".into())), plain()),
        ("a key of somebody else", Reason::NotValid, enrolled(OTTO, None), plain()),
        ("a key that was withdrawn", Reason::NotValid, enrolled(DANA, ends), plain()),
        ("another network", Reason::SourceNetwork, no_change(), certificate(|c| c.sources = elsewhere)),
    ] {
        for attempt in [attempt(), running(window_id(1))] {
            let attempt = Attempt { key: Some(key.clone()), ..attempt };
            let refusal = decide(&facts, &attempt, at("22:30")).expect_err(promise);
            assert_eq!(refusal.reason, reason, "{promise}");
        }
    }
    for (promise, facts) in [
        ("nothing against it", no_change()),
        ("another serial is revoked", revoked(Revoked::Serial(8))),
        ("she has enrolled the key, too", enrolled(DANA, None)),
    ] {
        let attempt = Attempt { key: Some(plain()), ..attempt() };
        decide(&facts, &attempt, at("22:30")).expect(promise);
    }
}

#[test]
fn the_end_of_a_certificate_or_its_authority_bounds_the_permit() {
    let ends = Some(at("22:40"));
    let by =
        |facts: &Facts, key| decide(facts, &Attempt { key: Some(key), ..attempt() }, at("22:30")).unwrap();
    let permit = by(&facts(|_| {}), certificate(|c| c.validity.until = ends));
    assert_eq!((permit.output_until(), permit.bound()), (at("22:40"), Bound::Validity));
    let short = facts(|facts| facts.authorities.values_mut().for_each(|one| one.validity.until = ends));
    assert_eq!(by(&short, plain()).output_until(), at("22:40"));
    assert_eq!(by(&facts(|_| {}), plain()).bound(), Bound::Closes);
}
