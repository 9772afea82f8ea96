//! The database, for serving and for verbs on the host.

use std::sync::Arc;

use chaperone_alert::Alerts;
use chaperone_policy::{Grant, Login, Person, PersonId, Role, Scope, Validity};
use chaperone_recorder::SigningKey;
use chaperone_store::{Store, StoreConfig, StoreError, StoreTasks};
use uuid::Uuid;

use super::keys;
use crate::cli::{Failure, chain};
use crate::config::Config;
use crate::private_file;

/// Brings the database to this release's schema.
///
/// # Errors
/// When it does not answer, or was made by another version.
pub async fn migrate(config: &Config) -> Result<(), Failure> {
    Store::migrate(&config.database.url)
        .await
        .map_err(|error| failed("be brought to this release's schema", &error))
}

/// Creates the first administrator, or finds the one that is there; returns the id.
///
/// # Errors
/// When the database cannot be used, or somebody else has the name.
pub async fn create_administrator(config: &Config, login: &str) -> Result<PersonId, Failure> {
    migrate(config).await?;
    let login: Login = login.parse().map_err(|error| Failure::failed(format!("{error}"), ""))?;
    let alerts = Arc::new(Alerts::new(config.gate.time_zone.clone()));
    let (store, _tasks) = open(config, keys::ledger(&config.data)?, alerts).await?;
    let facts = store.facts().await.map_err(|error| failed("be read", &error))?;
    if let Some(known) = facts.person_by_login(&login) {
        return Ok(known.id);
    }
    let person = Person {
        id: PersonId(Uuid::now_v7()),
        name: "Administrator".to_owned(),
        login,
        email: None,
        vendor: None,
        grants: vec![Grant { role: Role::Administrator, scope: Scope::All }],
        validity: Validity::default(),
        source_networks: Vec::new(),
        keys: Vec::new(),
        session_limit: None,
        sponsor: None,
    };
    let id = person.id;
    let added: Result<(), StoreError> =
        store.write(move |tx| Box::pin(async move { tx.add_person(&person, None).await })).await;
    added.map_err(|error| failed("take its first administrator", &error))?;
    Ok(id)
}

/// Whether somebody has this login.
///
/// # Errors
/// When the database cannot be read.
pub async fn is_enrolled(config: &Config, login: &Login) -> Result<bool, Failure> {
    let alerts = Arc::new(Alerts::new(config.gate.time_zone.clone()));
    let (store, _tasks) = open(config, keys::ledger(&config.data)?, alerts).await?;
    let facts = store.people().await.map_err(|error| failed("be read", &error))?;
    Ok(facts.person_by_login(login).is_some())
}

/// Opens the store with the alerts as its reaction.
pub(super) async fn open(
    config: &Config,
    ledger_key: Arc<SigningKey>,
    alerts: Arc<Alerts>,
) -> Result<(Store, StoreTasks), Failure> {
    let folder = config.data.store();
    private_file::folder(&folder)
        .map_err(|error| Failure::failed(format!("{} cannot be made: {error}", folder.display()), ""))?;
    let store = StoreConfig {
        url: config.database.url.clone(),
        node: config.gate.name.clone(),
        folder,
        origin: config.ledger.origin.clone(),
        ledger_key,
    };
    Store::open(store, alerts).await.map_err(|error| failed("be opened", &error))
}

pub(super) fn failed(what: &str, error: &StoreError) -> Failure {
    let next = match error {
        StoreError::Gone(_) => "is database.url right, and does the database run?",
        StoreError::Migration(_) => "was it made by a newer release? use that one",
        _ => "",
    };
    Failure::failed(format!("the database cannot {what}: {}", chain(error)), next)
}
