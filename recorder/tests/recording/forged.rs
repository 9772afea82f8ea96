//! Damage that only somebody with the node's signing key, or the data keys, could do. Everything here is built from the
//! specification, not from the recorder's own code.

use std::io::Read;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_recorder::{Failure, Recovering, Stream, Verdict, recover, verify_bytes};
use serde_json::{Value, json};

use crate::visit::{Gate, Layout, be32, say};

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    digest(&SHA256, &parts.concat()).as_ref().to_vec()
}

/// A recording taken apart by somebody who holds the signing key.
struct Forger<'g> {
    gate: &'g Gate,
    header: Vec<u8>,
    /// Header and sections, without the chain value.
    blocks: Vec<Vec<u8>>,
    seal: Value,
}

impl<'g> Forger<'g> {
    fn takes(gate: &'g Gate) -> Self {
        let (session, _) = gate.visit();
        Self::takes_file(gate, &gate.file(session))
    }

    fn takes_file(gate: &'g Gate, file: &[u8]) -> Self {
        let layout = Layout::of(file);
        let json_at = layout.seal.start + 8;
        let seal =
            serde_json::from_slice(&file[json_at..json_at + be32(file, layout.seal.start + 4)]).unwrap();
        let blocks = layout.blocks.iter().map(|block| file[block.start..block.end - 32].to_vec()).collect();
        Self { gate, header: file[layout.header].to_vec(), blocks, seal }
    }

    fn header_json(&self) -> Value {
        serde_json::from_slice(&self.header[16..self.header.len() - 64]).unwrap()
    }

    fn sign_header(&mut self, json: &Value) {
        let text = serde_json_canonicalizer::to_vec(json).unwrap();
        let mut header = self.header[..12].to_vec();
        header.extend_from_slice(&(text.len() as u32).to_be_bytes());
        header.extend_from_slice(&text);
        let label = b"chaperone/recording/header/v1\n";
        let signature = self.gate.signer.sign(&[&label[..], &header].concat()).unwrap();
        header.extend_from_slice(&signature);
        self.header = header;
    }

    /// Chain value before the block at `index`.
    fn chain_before(&self, index: usize) -> Vec<u8> {
        let mut chain = sha256(&[b"chaperone/recording/chain/v1\n", &self.header]);
        for block in &self.blocks[..index] {
            chain = sha256(&[b"chaperone/recording/block/v1\n", &chain, block]);
        }
        chain
    }

    /// The file, with a chain that holds and a seal that is signed.
    fn file(&self) -> Vec<u8> {
        let mut file = self.header.clone();
        let recording = self.chain_before(0);
        for (index, block) in self.blocks.iter().enumerate() {
            file.extend_from_slice(block);
            file.extend_from_slice(&self.chain_before(index + 1));
        }
        let mut seal = self.seal.clone();
        seal["recording"] = hex::encode(recording).into();
        seal["chain"] = hex::encode(self.chain_before(self.blocks.len())).into();
        seal["blocks"] = self.blocks.len().into();
        let text = serde_json_canonicalizer::to_vec(&seal).unwrap();
        let mut sealed = b"CSEL".to_vec();
        sealed.extend_from_slice(&(text.len() as u32).to_be_bytes());
        sealed.extend_from_slice(&text);
        let label = b"chaperone/recording/seal/v1\n";
        sealed.extend_from_slice(&self.gate.signer.sign(&[&label[..], &sealed].concat()).unwrap());
        sealed.extend_from_slice(&(sealed.len() as u32 + 12).to_be_bytes());
        sealed.extend_from_slice(b"CHAPEND\n");
        file.extend_from_slice(&sealed);
        file
    }

    fn verdict(&self) -> Verdict {
        verify_bytes(self.file(), &self.gate.with_identities())
    }

    fn evidence_key(&self) -> LessSafeKey {
        let wrapped = self.header_json()["keys"]["evidence"]["wrapped"].as_str().unwrap().to_owned();
        let identity: age::x25519::Identity = identity_text(self.gate).parse().unwrap();
        let wrapped = STANDARD.decode(wrapped).unwrap();
        let decryptor = age::Decryptor::new(wrapped.as_slice());
        let mut key = Vec::new();
        let mut reader =
            decryptor.unwrap().decrypt(std::iter::once(&identity as &dyn age::Identity)).unwrap();
        reader.read_to_end(&mut key).unwrap();
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap())
    }

    /// Replaces the content of the last block by an evidence section of these bytes.
    fn rewrite_last(&mut self, plain: &[u8]) {
        let index = self.blocks.len() - 1;
        let mut header = self.blocks[index][..68].to_vec();
        header[5] = 0;
        header[52..56].copy_from_slice(&(plain.len() as u32 + 16).to_be_bytes());
        header[56..60].fill(0);
        header[60..64].copy_from_slice(&(plain.len() as u32).to_be_bytes());
        header[64..68].fill(0);
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&header[24..32]);
        let aad = [header.as_slice(), &self.chain_before(index)].concat();
        let mut section = plain.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.evidence_key().seal_in_place_append_tag(nonce, Aad::from(aad), &mut section).unwrap();
        self.blocks[index] = [header, section].concat();
    }
}

fn identity_text(gate: &Gate) -> String {
    let path = gate.dir.path().join("identity");
    let _ = std::fs::remove_file(&path);
    gate.evidence.save(&path).unwrap();
    std::fs::read_to_string(path).unwrap().lines().last().unwrap().to_owned()
}

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
    // The blocks name the recording: they follow the new header.
    let tag = forger.chain_before(0)[..8].to_vec();
    forger.blocks.iter_mut().for_each(|block| block[8..16].copy_from_slice(&tag));
    assert_eq!(forger.verdict().failure(), Some(Failure::KeyCommitmentMismatch));
}

#[test]
fn malformed_records_are_found() {
    let gate = Gate::new();
    for plain in [
        &[0xff_u8, 0, 0][..],
        &[0x10, 0, 1, 5, b'a'],
        &[0x01, 0, 0, 1, b'k', 1, b'{'],
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
}

#[test]
fn a_seal_by_another_node_is_no_seal_of_this_one() {
    let gate = Gate::new();
    let other = Gate::new();
    let mut forger = Forger::takes(&gate);
    let mut file = forger.file();
    let seal_at = Layout::of(&file).seal.start;
    file.truncate(seal_at);
    forger.seal["seal_key"] = other.signer.public().to_string().into();
    forger.gate = &other;
    let foreign = forger.file();
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
