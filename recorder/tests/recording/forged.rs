//! Damage that only somebody with the node's signing key, or the data keys, could do.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_recorder::{Failure, Recovering, Stream, recover, verify, verify_bytes};
use serde_json::json;

use crate::forger::Forger;
use crate::visit::{Gate, Layout, ending, say};

#[test]
fn a_file_rebuilt_from_the_specification_alone_is_sound() {
    let gate = Gate::new();
    let verdict = Forger::takes(&gate).verdict();
    assert!(verdict.sound, "{:?}", verdict.bad);
}

#[test]
fn blocks_rechained_without_the_signing_key_do_not_fit_the_seal() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    let file = gate.file(session);
    let layout = Layout::of(&file);
    let mut forger = Forger::takes(&gate);
    forger.header = file[layout.header.clone()].to_vec();
    forger.blocks = layout.blocks.iter().map(|block| file[block.start..block.end - 32].to_vec()).collect();
    forger.blocks[2][100] ^= 1;
    let mut forged = forger.file();
    let blocks_end = layout.seal.start;
    forged.truncate(blocks_end);
    forged.extend_from_slice(&file[layout.seal]);
    let verdict = verify_bytes(forged, &gate.without_identity());
    assert_eq!(verdict.failure(), Some(Failure::ChainNotSealed), "{:?}", verdict.bad);
}

#[test]
fn content_that_does_not_decrypt_is_found_although_the_chain_and_the_seal_hold() {
    let gate = Gate::new();
    let mut forger = Forger::takes(&gate);
    forger.blocks[2][100] ^= 1;
    let verdict = forger.verdict();
    assert_eq!(verdict.failure(), Some(Failure::ContentBroken), "{:?}", verdict.bad);
    assert_eq!(verdict.sound_blocks, 2);
    let unopened = verify_bytes(forger.file(), &gate.without_identity());
    assert!(unopened.sound, "order and completeness hold, and no more is claimed");
}

#[test]
fn a_nonce_that_does_not_grow_is_found() {
    let gate = Gate::new();
    let mut forger = Forger::takes(&gate);
    let nonce = forger.blocks[1][24..32].to_vec();
    forger.blocks[2][24..32].copy_from_slice(&nonce);
    assert_eq!(forger.verdict().failure(), Some(Failure::NonceReused));
}

#[test]
fn another_data_key_cannot_be_slipped_in() {
    let gate = Gate::new();
    let mut forger = Forger::takes(&gate);
    let mut json = forger.header_json();
    let recipient: age::x25519::Recipient = gate.evidence.recipient().to_string().parse().unwrap();
    let wrapped = age::encrypt(&recipient, &[42; 32]).unwrap();
    json["keys"]["evidence"]["wrapped"] = STANDARD.encode(wrapped).into();
    forger.sign_header(&json);
    assert_eq!(forger.verdict().failure(), Some(Failure::KeyCommitmentMismatch));
}

#[test]
fn malformed_records_are_found() {
    let gate = Gate::new();
    for plain in [
        &[0xff_u8, 0, 0][..],
        &[0x10, 0, 1, 5, b'a'],
        &[0x01, 0, 0, 1, b'k', 1, b'{'],
        &[0x01, 0, 0, 1, b'k', 3, b'{', b' ', b'}'],
        b"\x01\0\0\x01k\x0d{\"a\":1,\"a\":1}",
        &[0x10, 1, 1, 1, b'a'],
        &[0x10, 0, 1, 1, b'a'],
    ] {
        let mut forger = Forger::takes(&gate);
        // The last one is a sound record, but one where more are stated.
        forger.blocks.last_mut().unwrap()[48..52].copy_from_slice(&2_u32.to_be_bytes());
        forger.rewrite_last(plain);
        let verdict = forger.verdict();
        assert_eq!(verdict.failure(), Some(Failure::RecordsMalformed), "{plain:?}: {:?}", verdict.bad);
        assert_eq!(verdict.sound_blocks, forger.blocks.len() as u64 - 1);
    }
}

#[test]
fn a_seal_that_counts_otherwise_is_found() {
    let gate = Gate::new();
    let mut forger = Forger::takes(&gate);
    forger.seal["counts"][0]["received"] = json!("1");
    assert_eq!(forger.verdict().failure(), Some(Failure::CountsMismatch));
    let mut forger = Forger::takes(&gate);
    let gone = json!({ "channel": 9, "stream": "output", "received": "5", "delivered": "5" });
    forger.seal["counts"].as_array_mut().unwrap().push(gone);
    assert_eq!(forger.verdict().failure(), Some(Failure::ChannelStripped));
    let mut forger = Forger::takes(&gate);
    forger.seal["records"] = json!("1");
    assert_eq!(forger.verdict().failure(), Some(Failure::CountsMismatch));
    let mut forger = Forger::takes(&gate);
    forger.seal["counts"][0]["delivered"] = json!("1");
    assert_eq!(forger.verdict().failure(), Some(Failure::CountsMismatch));
    assert!(verify_bytes(forger.file(), &gate.without_identity()).sound, "unopened, no more is claimed");
}

#[test]
fn a_channel_that_only_the_coverage_names_is_missed_unless_it_was_refused() {
    let gate = Gate::new();
    for (coverage, failure) in [("captured", Some(Failure::ChannelStripped)), ("refused", None)] {
        let mut forger = Forger::takes(&gate);
        let stated = json!({ "channel": 9, "coverage": coverage, "why": "" });
        forger.seal["coverage"].as_array_mut().unwrap().push(stated);
        assert_eq!(forger.verdict().failure(), failure, "{coverage}");
    }
}

#[test]
fn a_channel_of_events_alone_is_there() {
    let gate = Gate::new();
    let (live, _shell) = gate.start();
    live.seal(ending()).unwrap();
    let verdict = verify(&gate.path(live.session()), &gate.with_identities());
    assert!(verdict.sound, "{:?}", verdict.bad);
}

#[test]
fn what_is_delivered_after_the_end_was_written_is_not_sealed() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    say(&shell, Stream::Output, b"here");
    live.checkpoint().unwrap();
    let seal = live.seal(ending()).unwrap();
    shell.delivered(Stream::Output, 5);
    assert_eq!(live.seal(ending()).unwrap(), seal);
    assert!(verify(&gate.path(live.session()), &gate.with_identities()).sound);
}

#[test]
fn fields_of_the_header_in_another_form_are_damage() {
    let gate = Gate::new();
    for (name, value) in [
        ("monotonic_origin_ns", json!(5)),
        ("monotonic_origin_ns", json!("05")),
        ("facts", json!([])),
        ("started", json!("2026-11-28 06:00:00Z")),
        ("durability", json!({ "prompt": null })),
        ("session", json!("0198A1C2-7E5D-7C3A-9B1F-4D2E6F708192")),
        ("keys", json!({})),
    ] {
        let mut forger = Forger::takes(&gate);
        let mut json = forger.header_json();
        json[name] = value;
        forger.sign_header(&json);
        assert_eq!(forger.verdict().failure(), Some(Failure::HeaderDamaged), "{name}");
    }
    for format in [json!(2), json!("1"), json!(null)] {
        let mut forger = Forger::takes(&gate);
        let mut json = forger.header_json();
        json["format"] = format;
        forger.sign_header(&json);
        assert_eq!(forger.verdict().failure(), Some(Failure::UnknownVersion));
    }
}

#[test]
fn fields_of_the_seal_in_another_form_are_damage() {
    let gate = Gate::new();
    for (name, value) in [
        ("records", json!(null)),
        ("bytes", json!("+5")),
        ("first_at", json!(null)),
        ("last_at", json!(null)),
        ("at", json!("2026-11-28T06:00:00+00:00")),
        ("state", json!({ "sealed": null })),
        ("state", json!("recovered")),
        ("counts", json!([[0, "output", "5", "5"]])),
        ("recovery", json!({})),
    ] {
        let mut forger = Forger::takes(&gate);
        forger.seal[name] = value;
        assert_eq!(forger.verdict().failure(), Some(Failure::SealDamaged), "{name}");
    }
    let mut forger = Forger::takes(&gate);
    let again = forger.seal["counts"][0].clone();
    forger.seal["counts"].as_array_mut().unwrap().push(again);
    assert_eq!(forger.verdict().failure(), Some(Failure::SealDamaged));
    let mut forger = Forger::takes(&gate);
    forger.seal["more"] = json!([{ "nothing": "known" }]);
    assert!(forger.verdict().sound, "fields that nobody knows are skipped");
}

#[test]
fn the_last_bytes_are_cut_or_foreign() {
    let gate = Gate::new();
    let unsealed = Forger::takes(&gate).unsealed();
    let with = gate.without_identity();
    for (behind, failure, due) in [
        (&b"CB"[..], Failure::Truncated, true),
        (b"CSE", Failure::Truncated, true),
        (b"CSEL", Failure::Truncated, false),
        (b"x", Failure::NotABlock, true),
        (b"CX", Failure::NotABlock, true),
        (b"abcde", Failure::NotABlock, true),
    ] {
        let verdict = verify_bytes([&unsealed, behind].concat(), &with);
        assert_eq!(verdict.failure(), Some(failure), "{behind:?}");
        assert_eq!(verdict.bad.unwrap().block.is_some(), due, "{behind:?}");
    }
    assert_eq!(verify(Path::new("/dev/null"), &with).failure(), Some(Failure::Unreadable));
}

#[test]
fn a_section_whose_length_does_not_fit_its_plaintext_is_malformed() {
    let gate = Gate::new();
    let mut forger = Forger::takes(&gate);
    forger.rewrite_last(&[0x10, 0, 1, 1, b'a']);
    forger.blocks.last_mut().unwrap()[60..64].copy_from_slice(&4_u32.to_be_bytes());
    assert_eq!(forger.verdict().failure(), Some(Failure::ChainBroken));
}

#[test]
fn a_seal_by_another_node_is_no_seal_of_this_one() {
    let gate = Gate::new();
    let other = Gate::new();
    let forger = Forger::takes(&gate);
    let mut file = forger.file();
    let seal_at = Layout::of(&file).seal.start;
    file.truncate(seal_at);
    let foreign = forger.file_sealed_by(&other.signer);
    file.extend_from_slice(&foreign[Layout::of(&foreign).seal]);
    assert_eq!(verify_bytes(file.clone(), &gate.with_identities()).failure(), Some(Failure::WrongKey));
    let mut both = gate.with_identities();
    both.keys.push(other.signer.public());
    assert_eq!(
        verify_bytes(file, &both).failure(),
        Some(Failure::WrongKey),
        "only recovery may seal for another"
    );
}

#[test]
fn changed_frames_of_a_recovered_block_are_found() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    for key in b"rm" {
        say(&shell, Stream::Input, &[*key]);
    }
    let session = live.session();
    drop((live, shell));
    let with = Recovering {
        signer: Arc::clone(&gate.signer),
        at: jiff::Timestamp::now(),
        reason: "crash".into(),
        checkpoint: None,
        begun: None,
    };
    recover(&gate.folder, session, &with).unwrap();
    let file = gate.file(session);
    assert!(Forger::takes_file(&gate, &file).verdict().sound);
    let frames = Layout::of(&file).blocks[0].clone();
    let last_frame = file[frames.clone()].windows(4).rposition(|window| window == b"CFRM").unwrap();
    // Its sequence, its nonce, its ciphertext; and the whole frame taken out.
    for at in [last_frame + 7, last_frame + 31, last_frame + 62] {
        let mut forger = Forger::takes_file(&gate, &file);
        forger.blocks[0][at] ^= 1;
        assert_eq!(forger.verdict().failure(), Some(Failure::FramesBroken), "byte {at}");
    }
    let mut forger = Forger::takes_file(&gate, &file);
    forger.blocks[0].truncate(last_frame);
    let len = (last_frame as u32 - 68).to_be_bytes();
    forger.blocks[0][52..56].copy_from_slice(&len);
    forger.blocks[0][60..64].copy_from_slice(&len);
    assert_eq!(forger.verdict().failure(), Some(Failure::FramesBroken));
}
