//! The layers around recordings, as a node's roles want them: a gate writes and opens nothing; a desk reads and writes
//! nothing.

use std::time::Duration;

use chaperone_desk::{Desk, DeskKeys};
use chaperone_recorder::{Durability, Folder, Thresholds};
use chaperone_session::{Gate, Settings};
use chaperone_store::{Derived, Store};
use serde_json::{Value, json};

use super::database;
use super::keys::{DeskIdentities, GateKeys};
use crate::cli::{Failure, chain};
use crate::config::{Config, Mode, Recording};
use crate::private_file;

/// The folder of recordings: its owner's, or one that is only looked into.
pub(super) fn folder(config: &Config, lets_in: bool) -> Result<Folder, Failure> {
    let Recording { low_bytes, critical_bytes, dir, .. } = &config.recording;
    let (low_bytes, critical_bytes) = (*low_bytes, *critical_bytes);
    let thresholds = Thresholds { low_bytes, critical_bytes, ..Thresholds::default() };
    let opened = if lets_in { Folder::open_with(dir, thresholds) } else { Folder::looking(dir) };
    opened.map_err(|error| {
        let next = if lets_in {
            "check its owner and free space; the key is recording.dir"
        } else {
            "is the gates' folder mounted here? the key is recording.dir"
        };
        Failure::failed(format!("{} cannot be used: {}", dir.display(), chain(&error)), next)
    })
}

/// Keeps secrets of visits out of a node that takes none.
pub(super) fn gate(
    config: &Config,
    store: &Store,
    folder: &Folder,
    keys: Option<&GateKeys>,
    vault: chaperone_vault::Vault,
) -> Gate {
    let (store, folder, settings) = (store.clone(), folder.clone(), settings(config));
    match keys {
        Some(keys) => Gate::new(store, folder, keys.recording.clone(), vault, settings),
        None => Gate::closed(store, folder, vault, settings),
    }
}

/// What a node can open and check: everything on a desk, order and completeness on a gate.
pub(super) async fn desk(
    config: &Config,
    store: &Store,
    folder: &Folder,
    gate: Option<&GateKeys>,
    desk: Option<DeskIdentities>,
) -> Result<Desk, Failure> {
    let own = gate.map(|gate| gate.recording.signer.public());
    let Some(DeskIdentities { identities, unmask, mut seal_keys }) = desk else {
        let keys = DeskKeys { seal_keys: own.into_iter().collect(), identities: Vec::new() };
        return Ok(Desk::new(store.clone(), folder.clone(), keys));
    };
    seal_keys.extend(own);
    let opens = !identities.is_empty();
    let keys = DeskKeys { seal_keys, identities };
    let desk = Desk::with_unmask(store.clone(), folder.clone(), keys, unmask);
    // Without an identity there is nothing to derive.
    if !opens {
        return Ok(desk);
    }
    Ok(desk.with_derived(derived(config).await?))
}

/// Opens the derived store, migrated.
pub async fn derived(config: &Config) -> Result<Derived, Failure> {
    let own = config.data.derived_file();
    if config.desk.database == format!("sqlite:{}", own.display()) && !own.exists() {
        // Made here, so that nobody else can read it.
        private_file::create(&own, &[])
            .map_err(|error| Failure::failed(format!("{} cannot be made: {error}", own.display()), ""))?;
    }
    let opened = Derived::open(&config.desk.database).await;
    opened.map_err(|error| database::failed("(the desk's, desk.database) be opened", &error))
}

/// What a node says of its keys at its start, for the ledger; the same goes to the log.
pub(super) fn told(desk: Option<&DeskIdentities>, left_alone: &[std::path::PathBuf]) -> Value {
    let lacks = desk.map(DeskIdentities::lacks).unwrap_or_default();
    for lack in &lacks {
        tracing::warn!(lack, "the desk cannot do everything");
    }
    for file in left_alone {
        tracing::warn!(file = %file.display(), "a private identity lies on a gate; it is not read: move it away");
    }
    let names = left_alone.iter().filter_map(|file| file.file_name()?.to_str());
    json!({ "desk_lacks": lacks, "identities_not_read": names.collect::<Vec<_>>() })
}

fn settings(config: &Config) -> Settings {
    let minutes = config.session.warn_minutes.iter();
    Settings {
        warn_before: minutes.map(|minutes| Duration::from_secs(minutes * 60)).collect(),
        store_grace: config.session.store_grace,
        recorder_grace: config.session.recorder_grace,
        lost_after: config.session.lost_after,
        observer_wait: config.session.observer_wait,
        come_back: config.session.come_back,
        zone: config.gate.time_zone.clone(),
        help: config.gate.help.clone(),
        uploads: (&config.uploads).into(),
        leaves_from: leaves_from(config),
        durability: match config.recording.mode {
            Mode::Prompt => Durability::Prompt,
            Mode::Durable => Durability::Durable,
        },
        ..Settings::default()
    }
}

/// As certificates name them: sshd takes no network whose address goes on behind its length.
fn leaves_from(config: &Config) -> Vec<String> {
    config.gate.leaves_from.iter().map(|network| network.trunc().to_string()).collect()
}
