//! A target. Its credentials are in the vault and not in any view.

use chaperone_identity::ssh_key;
use chaperone_policy::{Card, Endpoint, Facts, HostPort, Legacy, LockOn, Target};
use chaperone_store::KeyProposal;

use super::{locked, login};
use crate::reading::TlsReader;
use crate::wire::{CardView, EndpointView, LegacyView, PlainHttpView, ProposedKeyView, TargetView};

/// `proposals` are of any targets; `reader` says whose certificates there are.
pub(crate) fn target(
    facts: &Facts,
    target: &Target,
    proposals: &[KeyProposal],
    reader: Option<&dyn TlsReader>,
) -> TargetView {
    let proposed = proposals.iter().filter(|proposal| proposal.target == target.id);
    TargetView {
        id: target.id.to_string(),
        name: target.name.to_string(),
        endpoints: target.endpoints.iter().map(|one| endpoint(one, reader)).collect(),
        card: card(&target.card),
        durable: target.durable,
        observer_required: target.observer_required,
        uploads: target.uploads.as_str().to_owned(),
        proposed_keys: proposed.map(|proposal| proposed_key(facts, proposal)).collect(),
        locked: locked(facts, LockOn::Target(target.id)),
        warnings: Vec::new(),
    }
}

fn endpoint(endpoint: &Endpoint, reader: Option<&dyn TlsReader>) -> EndpointView {
    let certificates = |pem: &str| reader.map(|reader| reader.certificates(pem)).unwrap_or_default();
    match endpoint {
        Endpoint::Ssh { host, port, host_keys, accounts, reach } => EndpointView::Ssh {
            address: address(host, *port),
            also: reach.also.iter().map(ToString::to_string).collect(),
            host_keys: host_keys.iter().map(|line| fingerprint(line)).collect(),
            authorities: reach.authorities.iter().map(|line| fingerprint(line)).collect(),
            accounts: accounts.iter().map(ToString::to_string).collect(),
            legacy: reach.legacy.as_ref().map(legacy),
        },
        Endpoint::Tls { host, port, server_name, trust_pem, http, terms } => EndpointView::Tls {
            address: address(host, *port),
            server_name: server_name.clone(),
            http: *http,
            trust: certificates(trust_pem),
            pins: terms.pins.iter().map(ToString::to_string).collect(),
            client: terms.client_pem.as_deref().and_then(|pem| certificates(pem).into_iter().next()),
            sign_in: terms.sign_in.as_ref().map(ToString::to_string),
            plain_http: terms
                .plain_http
                .as_ref()
                .map(|plain| PlainHttpView { until: plain.until, reason: plain.reason.clone() }),
        },
        Endpoint::Tcp { name, host, port, opaque } => {
            EndpointView::Tcp { name: name.to_string(), address: address(host, *port), opaque: *opaque }
        }
    }
}

fn address(host: &str, port: u16) -> String {
    HostPort { host: host.to_owned(), port }.to_string()
}

fn legacy(legacy: &Legacy) -> LegacyView {
    LegacyView {
        algorithms: legacy.algorithms.iter().map(ToString::to_string).collect(),
        until: legacy.until,
        reason: legacy.reason.clone(),
    }
}

fn proposed_key(facts: &Facts, proposal: &KeyProposal) -> ProposedKeyView {
    ProposedKeyView {
        fingerprint: proposal.key.fingerprint.clone(),
        key: proposal.key.line.clone(),
        authority: proposal.key.is_authority,
        origin: proposal.key.origin.as_str().to_owned(),
        reason: proposal.reason.clone(),
        by: proposal.by.map(|id| login(facts, id)),
        at: proposal.at,
    }
}

/// Pins are checked when they are stored; one that no longer parses is shown as it is.
fn fingerprint(line: &str) -> String {
    ssh_key::PublicKey::parse(line).map_or_else(|_| line.to_owned(), |key| key.fingerprint().to_owned())
}

fn card(card: &Card) -> CardView {
    CardView {
        site: card.site.clone(),
        group: card.group.clone(),
        unit: card.unit.clone(),
        contact: card.contact.as_ref().map(ToString::to_string),
        pumps: card.pumps,
        patient_data: card.patient_data,
        in_clinical_use: card.in_clinical_use,
    }
}
