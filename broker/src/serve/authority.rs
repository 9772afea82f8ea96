//! The gate's TLS authorities: made once for a database, opened for each certificate that they sign.

use chaperone_store::Store;
use chaperone_tls::{
    Authority, AuthorityRole, Holder, IssueError, Issued, LIFE, PublicKey, Renewal, fingerprint, is_of,
};
use chaperone_vault::{SealedAuthority, TlsAuthorities, TlsAuthority, Vault, VaultError};
use chaperone_web::{Certificate, CertificateWish, Certificates, Issue, NotIssued, Succession};
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;

use super::keys;
use crate::cli::{Failure, chain};
use crate::config::Config;

/// Both, and what the TLS layer calls them.
const BOTH: [(TlsAuthority, AuthorityRole); 2] =
    [(TlsAuthority::Gate, AuthorityRole::Gate), (TlsAuthority::Local, AuthorityRole::Local)];

/// How long a new authority of the gate's is trusted before it signs: by then every node has looked.
const SETTLES: SignedDuration = SignedDuration::from_secs(10);
/// How long it stands beside the old one before everything that the old one signed for technicians has ended.
const OVERLAP: SignedDuration = SignedDuration::from_secs(LIFE.as_secs() + SETTLES.as_secs());

/// Makes the authorities that the database does not have yet; returns the certificate of the gate's.
///
/// # Errors
/// When the system has no randomness, or the database does not answer.
pub(super) async fn make(vault: &Vault, store: &Store) -> Result<String, Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::failed(format!("the gate's TLS authority cannot be made: {}", chain(error)), "")
    };
    let mut gates = String::new();
    for (which, role) in BOTH {
        let known = vault.tls_authority_public(store, which).await.map_err(|error| failed(&error))?;
        let pem = match known {
            Some(pem) => pem,
            None => {
                let made = Authority::make(role, Timestamp::now()).map_err(|error| failed(&error))?;
                let made = SealedAuthority { key: made.key, pem: made.pem };
                vault.keep_tls_authority(store, which, made).await.map_err(|error| failed(&error))?
            }
        };
        if which == TlsAuthority::Gate {
            gates = pem;
        }
    }
    Ok(gates)
}

/// Makes them for a configuration; returns the certificate of the gate's, and its fingerprint.
///
/// # Errors
/// When the database cannot be used.
pub async fn make_tls_authority(config: &Config) -> Result<(String, String), Failure> {
    let alerts = std::sync::Arc::new(chaperone_alert::Alerts::new(config.gate.time_zone.clone()));
    let (store, _tasks) = super::database::open(config, keys::ledger(&config.data)?, alerts).await?;
    let pem = make(&keys::vault(&config.data)?, &store).await?;
    let certificate = Authority::certificate_of(&pem).map_err(|error| {
        Failure::failed(format!("the gate's TLS authority cannot be read: {}", chain(&error)), "")
    })?;
    Ok((pem, fingerprint(&certificate)))
}

/// How the gate's authority is replaced: who makes the next one, and for how long both count.
pub(super) fn succession() -> Succession {
    let make = Box::new(|| match Authority::make(AuthorityRole::Gate, Timestamp::now()) {
        Ok(made) => Some(SealedAuthority { key: made.key, pem: made.pem }),
        Err(error) => {
            tracing::error!(error = chain(&error), "the next TLS authority cannot be made");
            None
        }
    });
    Succession { make, overlap: OVERLAP }
}

/// The certificates of whom the doors trust to say who somebody is.
pub(super) fn certificates(known: &TlsAuthorities) -> Vec<CertificateDer<'static>> {
    let next = known.next.iter().map(|next| next.pem.as_str());
    let pems = std::iter::once(known.pem.as_str()).chain(next);
    pems.filter_map(|pem| match Authority::certificate_of(pem) {
        Ok(certificate) => Some(certificate),
        Err(error) => {
            tracing::error!(error = chain(&error), "the certificate of a TLS authority cannot be used");
            None
        }
    })
    .collect()
}

/// Opens one to sign.
pub(super) async fn open(vault: &Vault, store: &Store, which: TlsAuthority) -> Option<(Authority, String)> {
    opened(vault.tls_authority(store, which).await)
}

/// Opens the one that signs for the gate's door: of two, the old one, which is in trust stores already, as long as it lasts.
pub(super) async fn for_the_door(vault: &Vault, store: &Store) -> Option<(Authority, String)> {
    let known = open(vault, store, TlsAuthority::Gate).await;
    match known {
        Some((authority, pem)) if authority.ends() > Timestamp::now() => Some((authority, pem)),
        over => match vault.next_tls_authority(store, TlsAuthority::Gate).await {
            Err(VaultError::Missing) => over,
            next => opened(next),
        },
    }
}

/// Opens the one that signs for technicians: of two, the new one, once every node trusts it. With what vouches for the
/// gate, now and after the old one has gone.
async fn for_technicians(vault: &Vault, store: &Store) -> Option<(Authority, TlsAuthorities)> {
    let known = match vault.tls_authorities(store, TlsAuthority::Gate).await {
        Ok(known) => known?,
        Err(error) => {
            tracing::error!(error = chain(&error), "the gate's TLS authority cannot be read");
            return None;
        }
    };
    let settled = |made: Timestamp| Timestamp::now().duration_since(made) >= SETTLES;
    let signs = match known.next.as_ref().is_some_and(|next| settled(next.made)) {
        true => vault.next_tls_authority(store, TlsAuthority::Gate).await,
        false => vault.tls_authority(store, TlsAuthority::Gate).await,
    };
    let signs = match signs {
        // It has taken the other's place meanwhile.
        Err(VaultError::Missing) => vault.tls_authority(store, TlsAuthority::Gate).await,
        signs => signs,
    };
    opened(signs).map(|(authority, _)| (authority, known))
}

fn opened(sealed: Result<SealedAuthority, VaultError>) -> Option<(Authority, String)> {
    let sealed = match sealed {
        Ok(sealed) => sealed,
        Err(error) => {
            tracing::error!(error = chain(&error), "the gate's TLS authority cannot be opened");
            return None;
        }
    };
    match Authority::open(&sealed.key, &sealed.pem) {
        Ok(authority) => Some((authority, sealed.pem)),
        Err(error) => {
            tracing::error!(error = chain(&error), "the gate's TLS authority cannot be used");
            None
        }
    }
}

/// Signs certificates for technicians.
pub(super) fn issuer(vault: Vault, store: Store) -> Issue {
    Box::new(move |wish| {
        let (vault, store) = (vault.clone(), store.clone());
        Box::pin(async move { issue(&vault, &store, wish).await })
    })
}

async fn issue(vault: &Vault, store: &Store, wish: CertificateWish) -> Result<Certificates, NotIssued> {
    let key =
        |field, pem: &str| PublicKey::from_pem(pem).map_err(|error| NotIssued::Key(field, error.to_string()));
    let (authority, known) = for_technicians(vault, store).await.ok_or(NotIssued::Failed)?;
    let by = fingerprint(authority.certificate());
    let holder = Holder { login: wish.login, person: wish.person, window: wish.window };
    let now = Timestamp::now();
    let theirs = key("public_key_pem", &wish.key_pem)?;
    let renewal = match &wish.renews_pem {
        None => None,
        Some(pem) => Some(
            Renewal::of(pem, &holder, &theirs, &certificates(&known), now)
                .map_err(|error| NotIssued::Key("renews_pem", error.to_string()))?,
        ),
    };
    let signed =
        authority.for_technician(&holder, &theirs, renewal.as_ref(), wish.until, now).map_err(not_issued)?;
    let local = match wish.local {
        None => None,
        Some((pem, mut names)) => {
            let key = key("local_key_pem", &pem)?;
            // A server whose own name is in the gate's domain is not served under it anywhere else.
            names.retain(|name| !is_of(name, &wish.domain));
            let (authority, authority_pem) =
                open(vault, store, TlsAuthority::Local).await.ok_or(NotIssued::Failed)?;
            let signed = authority.for_local(&names, &wish.domain, &key, wish.until, now);
            Some((certificate(signed.map_err(not_issued)?, names), authority_pem))
        }
    };
    Ok(Certificates {
        authority_pem: known.trusted(),
        by,
        certificate: certificate(signed, Vec::new()),
        renews: renewal.map(|renewal| renewal.visit()),
        local,
    })
}

fn certificate(issued: Issued, names: Vec<String>) -> Certificate {
    Certificate { pem: issued.pem, serial: issued.serial, until: issued.until, names }
}

fn not_issued(error: IssueError) -> NotIssued {
    if matches!(error, IssueError::Over) {
        return NotIssued::Over;
    }
    tracing::error!(error = chain(&error), "a technician's certificate cannot be signed");
    NotIssued::Failed
}
