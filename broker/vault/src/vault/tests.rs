//! What is sealed for one place opens there, with the right key, and nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.key");
    (folder, path)
}

fn vault() -> Vault {
    let (_folder, path) = file();
    Vault::load_or_create(&path).unwrap()
}

fn target(id: u128) -> TargetId {
    TargetId(Uuid::from_u128(id))
}

fn account(name: &str) -> AccountName {
    name.parse().unwrap()
}

#[test]
fn a_secret_opens_in_its_own_place_with_its_own_key_and_unchanged() {
    let vault = vault();
    let sealed = vault.seal("target/a", b"hunter2").unwrap();
    assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
    assert_eq!(vault.unseal("target/a", &sealed).unwrap().as_slice(), b"hunter2");
    assert!(matches!(vault.unseal("target/b", &sealed), Err(VaultError::Sealed)), "another place");
    assert!(matches!(self::vault().unseal("target/a", &sealed), Err(VaultError::UnknownKey)), "another key");
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            assert!(vault.unseal("target/a", &changed).is_err(), "byte {at}, bit {bit}");
        }
    }
    for length in 0..sealed.len() {
        assert!(vault.unseal("target/a", &sealed[..length]).is_err(), "length {length}");
    }
    assert!(vault.unseal("target/a", &[sealed.as_slice(), &[0]].concat()).is_err(), "something behind it");
}

#[test]
fn a_credential_moved_to_another_target_account_or_kind_does_not_open() {
    let vault = vault();
    for credential in [
        TargetCredential::Password("hunter2".to_owned().into()),
        TargetCredential::SshKey("-----BEGIN OPENSSH PRIVATE KEY-----\n".to_owned().into()),
        TargetCredential::UserCa,
    ] {
        let row = vault.seal_credential(target(1), &account("svc"), &credential).unwrap();
        let opens =
            |id, name: &str, row: &SealedRow| vault.unseal_credential(target(id), &account(name), row);
        assert_eq!(opens(1, "svc", &row).unwrap(), credential);
        assert!(matches!(opens(2, "svc", &row), Err(VaultError::Sealed)));
        assert!(matches!(opens(1, "root", &row), Err(VaultError::Sealed)));
        for kind in ["password", "ssh-key", "", "svc/password"].into_iter().filter(|kind| *kind != row.kind) {
            let moved = SealedRow { kind: kind.to_owned(), sealed: row.sealed.clone() };
            assert!(matches!(opens(1, "svc", &moved), Err(VaultError::Sealed)), "{kind:?}");
        }
    }
}

#[test]
fn an_added_key_seals_and_the_older_ones_still_open() {
    let (_folder, path) = file();
    let first = Vault::load_or_create(&path).unwrap();
    let old = first.seal("a", b"hunter2").unwrap();
    assert!(first.is_current(&old));

    let second = Vault::add_key(&path).unwrap();
    let new = second.seal("a", b"hunter2").unwrap();
    assert_eq!(second.unseal("a", &old).unwrap().as_slice(), b"hunter2");
    assert!(second.is_current(&new) && !second.is_current(&old) && !second.is_current(b""));
    assert!(matches!(first.unseal("a", &new), Err(VaultError::UnknownKey)), "it has not read the new file");

    let third = Vault::add_key(&path).unwrap();
    assert!(third.unseal("a", &old).is_ok() && third.unseal("a", &new).is_ok());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    // Without its key, nothing opens what it sealed.
    fs::write(&path, &fs::read(&path).unwrap()[32..]).unwrap();
    let without = Vault::load(&path).unwrap();
    assert!(matches!(without.unseal("a", &old), Err(VaultError::UnknownKey)));
    assert!(without.unseal("a", &new).is_ok());
}

#[test]
fn the_key_is_made_once_whole_and_for_its_owner_alone() {
    let (folder, path) = file();
    assert!(matches!(Vault::load(&path), Err(VaultError::File(_))));
    assert!(matches!(Vault::add_key(&path), Err(VaultError::File(_))));
    let sealed = Vault::load_or_create(&path).unwrap().seal("a", b"hunter2").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&path).unwrap().len(), 32);
    key_file::create(&path).unwrap();
    assert!(Vault::load_or_create(&path).unwrap().unseal("a", &sealed).is_ok(), "the first key stands");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_file_that_holds_no_keys_is_refused_and_left_as_it_is() {
    let (_folder, path) = file();
    for wrong in [0, 1, 31, 33, 32 * 120 + 1, 32 * 121, 100_000] {
        fs::write(&path, vec![7; wrong]).unwrap();
        assert!(matches!(Vault::load_or_create(&path), Err(VaultError::Key)), "{wrong}");
        assert!(matches!(Vault::add_key(&path), Err(VaultError::Key)), "{wrong}");
        assert_eq!(fs::metadata(&path).unwrap().len(), u64::try_from(wrong).unwrap());
    }
    fs::write(&path, vec![7; 32 * 120]).unwrap();
    assert!(Vault::load(&path).is_ok());
    assert!(matches!(Vault::add_key(&path), Err(VaultError::Key)), "the file is full");
}

#[test]
fn nothing_prints_a_secret() {
    let vault = vault();
    let credential = TargetCredential::Password("hunter2".to_owned().into());
    let row = vault.seal_credential(target(1), &account("svc"), &credential).unwrap();
    let shown = format!("{credential:?} {credential:#?} {vault:?} {row:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let damaged = SealedRow { kind: "password".to_owned(), sealed: b"hunter2".to_vec() };
    let error = vault.unseal_credential(target(1), &account("svc"), &damaged).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}

proptest! {
    #[test]
    fn every_secret_opens_as_it_was(context in ".{0,60}", secret in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let vault = vault();
        let sealed = vault.seal(&context, &secret).unwrap();
        prop_assert_eq!(vault.unseal(&context, &sealed).unwrap().to_vec(), secret);
    }

    #[test]
    fn no_bytes_panic_and_none_open(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(vault().unseal("a", &bytes).is_err());
    }
}

#[test]
fn what_a_tls_service_wants_takes_no_accounts_place() {
    let vault = vault();
    for slot in [Slot::TlsKey, Slot::ConsoleSignIn] {
        assert!(slot.as_str().parse::<AccountName>().is_err(), "no account is called {}", slot.as_str());
        let row = vault.seal_in(target(1), slot, &"hunter2".to_owned().into()).unwrap();
        assert!(!row.sealed.windows(7).any(|window| window == b"hunter2"));
        assert!(vault.unseal_credential(target(1), &account("svc"), &row).is_err());
        let opens = |id, slot: Slot<'_>| vault.open_in(target(id), slot, &row);
        assert_eq!(opens(1, slot).unwrap().expose(), "hunter2");
        assert!(opens(2, slot).is_err(), "another target");
        let other = if slot == Slot::TlsKey { Slot::ConsoleSignIn } else { Slot::TlsKey };
        assert!(opens(1, other).is_err(), "another slot");
    }
}
