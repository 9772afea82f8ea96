//! What a client hears of a proof, and what is seen of it.

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, SanType, date_time_ymd};
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, ClientConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;
use crate::sample::{Authority, Issued};
use crate::serving;
use crate::{ServerTls, TargetTrust};

const PERSON: &str = "0193b1a2-0000-7000-8000-000000000001";
const WINDOW: &str = "0193b1a2-0000-7000-8000-000000000002";

struct Says(Judgement);

impl Judge for Says {
    fn judge(&self, certificate: &ClientCertificate, is_over: bool) -> Judgement {
        assert_eq!((certificate.login.as_str(), certificate.person.to_string().as_str()), ("dana", PERSON));
        if is_over && self.0 == Judgement::LetIn { Judgement::Nobody } else { self.0 }
    }
}

/// A technician's certificate, changed.
fn technicians(authority: &Authority, change: impl FnOnce(&mut CertificateParams)) -> Issued {
    authority.issue_with(&[], |params| {
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "dana");
        for uri in [format!("urn:uuid:{PERSON}"), format!("urn:chaperone:window:{WINDOW}")] {
            params.subject_alt_names.push(SanType::URI(uri.as_str().try_into().unwrap()));
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(params);
    })
}

/// Shows a certificate, and signs with whatever key.
#[derive(Debug)]
struct Shows(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

fn shows(issued: &Issued, key_of: &Issued) -> Shows {
    let chain = vec![issued.der()];
    let key = any_supported_type(&PrivateKeyDer::try_from(key_of.key_der()).unwrap()).unwrap();
    Shows(Some(Arc::new(CertifiedKey::new(chain, key))))
}

/// What the client hears, and what was seen.
async fn shake(
    authority: &Authority,
    shown: Shows,
    says: Judgement,
    version: &'static SupportedProtocolVersion,
) -> (Result<(), AlertDescription>, Seen) {
    let trust = ClientTrust::in_authorities(&[authority.der()]).unwrap();
    shake_trusting(authority, trust, shown, says, version).await
}

/// The same, at a door that trusts otherwise.
async fn shake_trusting(
    authority: &Authority,
    trust: ClientTrust,
    shown: Shows,
    says: Judgement,
    version: &'static SupportedProtocolVersion,
) -> (Result<(), AlertDescription>, Seen) {
    let folder = tempfile::tempdir().unwrap();
    let own = authority.issue(&["gate.example"]);
    let tls: ServerTls = own.serve_from(folder.path());
    let verifier = Verifier::new(trust, Says(says));
    let shared: Arc<dyn ClientCertVerifier> = Arc::<Verifier<Says>>::clone(&verifier);
    let config = serving::raw(tls.config().cert_resolver.clone(), shared, None).unwrap();
    let target = TargetTrust::parse(&authority.pem(), "gate.example").unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).unwrap();
    let client = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(Arc::new(shown));
    let (near, far) = duplex(64 << 10);
    let serving = tokio::spawn(async move {
        if let Ok(mut stream) = TlsAcceptor::from(config).accept(near).await {
            stream.write_all(b"in").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let connector = TlsConnector::from(Arc::new(client));
    let heard = async {
        let mut stream = connector.connect(target.server_name().clone(), far).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.map(|_| assert_eq!(text, "in"))
    };
    let heard = heard.await.map_err(|error: std::io::Error| {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(Error::AlertReceived(alert)) => *alert,
            other => panic!("{other:?} {error}"),
        }
    });
    serving.await.unwrap();
    (heard, verifier.take_seen())
}

#[tokio::test]
async fn whoever_holds_the_key_of_a_good_certificate_is_proven_and_hears_the_schedules_verdict() {
    let authority = Authority::new("gate");
    let dana = technicians(&authority, |_| {});
    for version in [&TLS12, &TLS13] {
        for (says, hears) in [
            (Judgement::LetIn, Ok(())),
            (Judgement::Refused, Err(AlertDescription::AccessDenied)),
            (Judgement::Nobody, Err(AlertDescription::BadCertificate)),
        ] {
            let (heard, seen) = shake(&authority, shows(&dana, &dana), says, version).await;
            assert_eq!(heard, hears);
            assert!(matches!(seen, Seen::Proven(_)), "{seen:?}");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_is_over_lets_nobody_in_and_says_who_came_late() {
    let authority = Authority::new("gate");
    let old = technicians(&authority, |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 1, 2));
    });
    for version in [&TLS12, &TLS13] {
        let (heard, seen) = shake(&authority, shows(&old, &old), Judgement::LetIn, version).await;
        assert_eq!(heard, Err(AlertDescription::BadCertificate));
        assert!(matches!(seen, Seen::Proven(_)), "{seen:?}");
        let (heard, _) = shake(&authority, shows(&old, &old), Judgement::Refused, version).await;
        assert_eq!(heard, Err(AlertDescription::AccessDenied));
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_proof_it_hears_the_same() {
    let (authority, other) = (Authority::new("gate"), Authority::new("gate"));
    let dana = technicians(&authority, |_| {});
    let stranger = technicians(&other, |_| {});
    let long_ago = technicians(&other, |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 1, 2));
    });
    let early = technicians(&authority, |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2200, 1, 1), date_time_ymd(2200, 1, 2));
    });
    let server = technicians(&authority, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let useless = technicians(&authority, |params| params.extended_key_usages = Vec::new());
    let nameless = technicians(&authority, |params| {
        params.subject_alt_names.clear();
    });
    let twice = technicians(&authority, |params| {
        let more = "urn:uuid:0193b1a2-0000-7000-8000-000000000009";
        params.subject_alt_names.push(SanType::URI(more.try_into().unwrap()));
    });
    for version in [&TLS12, &TLS13] {
        for (what, shown) in [
            ("another authority of the same name", shows(&stranger, &stranger)),
            ("one that is over, of another authority", shows(&long_ago, &long_ago)),
            ("not valid yet", shows(&early, &early)),
            ("without its key", shows(&dana, &stranger)),
            ("for a server", shows(&server, &server)),
            ("for no use", shows(&useless, &useless)),
            ("for nobody", shows(&nameless, &nameless)),
            ("for two people", shows(&twice, &twice)),
        ] {
            let (heard, seen) = shake(&authority, shown, Judgement::LetIn, version).await;
            assert_eq!(heard, Err(AlertDescription::BadCertificate), "{what}: {seen:?}");
            assert!(matches!(seen, Seen::Failed { .. }), "{what}: {seen:?}");
        }
        let (heard, seen) = shake(&authority, Shows(None), Judgement::LetIn, version).await;
        assert_eq!(heard, Err(AlertDescription::CertificateRequired));
        assert!(matches!(seen, Seen::Nothing), "{seen:?}");
    }
}

#[tokio::test]
async fn while_one_authority_takes_the_place_of_another_both_vouch_and_then_the_new_one_alone() {
    let (old, new) = (Authority::new("gate"), Authority::new("next gate"));
    let both = Trusted::new(ClientTrust::in_authorities(&[old.der(), new.der()]).unwrap());
    let (danas, newer) = (technicians(&old, |_| {}), technicians(&new, |_| {}));
    for version in [&TLS12, &TLS13] {
        for shown in [&danas, &newer] {
            let shown = shows(shown, shown);
            let (heard, seen) = shake_trusting(&old, both.now(), shown, Judgement::LetIn, version).await;
            assert_eq!(heard, Ok(()), "{seen:?}");
        }
    }
    both.is_now(ClientTrust::in_authorities(&[new.der()]).unwrap());
    for version in [&TLS12, &TLS13] {
        let (heard, _) =
            shake_trusting(&old, both.now(), shows(&newer, &newer), Judgement::LetIn, version).await;
        assert_eq!(heard, Ok(()));
        let (heard, seen) =
            shake_trusting(&old, both.now(), shows(&danas, &danas), Judgement::LetIn, version).await;
        assert_eq!(heard, Err(AlertDescription::BadCertificate));
        assert!(matches!(seen, Seen::Failed { .. }), "{seen:?}");
    }
}

#[test]
fn hybrid_post_quantum_key_exchange_is_preferred_and_nothing_can_be_resumed() {
    let first = provider().kx_groups.first().map(|group| group.name());
    assert_eq!(first, Some(rustls::NamedGroup::X25519MLKEM768));
    let folder = tempfile::tempdir().unwrap();
    let tls = Authority::new("gate").issue(&["gate.example"]).serve_from(folder.path());
    let config = serving::web_console(tls.config().cert_resolver.clone()).unwrap();
    assert_eq!((config.send_tls13_tickets, config.max_early_data_size), (0, 0));
    assert!(!config.session_storage.can_cache() && !config.ticketer.enabled());
}
