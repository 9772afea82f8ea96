//! Somebody who holds the node's signing key, and perhaps the data keys: takes a recording apart and puts another one
//! together, from the specification alone, without the recorder's own code.

use std::io::Read;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_recorder::{Identity, SigningKey, Verdict, verify_bytes};
use serde_json::Value;

use crate::visit::{Gate, Layout, be32};

pub fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    digest(&SHA256, &parts.concat()).as_ref().to_vec()
}

/// A recording taken apart by somebody who holds the signing key.
pub struct Forger<'g> {
    pub gate: &'g Gate,
    pub header: Vec<u8>,
    /// Header and sections, without the chain value.
    pub blocks: Vec<Vec<u8>>,
    pub seal: Value,
}

impl<'g> Forger<'g> {
    pub fn takes(gate: &'g Gate) -> Self {
        let (session, _) = gate.visit();
        Self::takes_file(gate, &gate.file(session))
    }

    pub fn takes_file(gate: &'g Gate, file: &[u8]) -> Self {
        let layout = Layout::of(file);
        let json_at = layout.seal.start + 8;
        let seal =
            serde_json::from_slice(&file[json_at..json_at + be32(file, layout.seal.start + 4)]).unwrap();
        let blocks = layout.blocks.iter().map(|block| file[block.start..block.end - 32].to_vec()).collect();
        Self { gate, header: file[layout.header].to_vec(), blocks, seal }
    }

    pub fn header_json(&self) -> Value {
        serde_json::from_slice(&self.header[16..self.header.len() - 64]).unwrap()
    }

    /// Another header text, signed; the blocks name the recording, so that they follow it.
    pub fn sign_header(&mut self, json: &Value) {
        self.sign_header_text(&serde_json_canonicalizer::to_vec(json).unwrap());
    }

    pub fn sign_header_text(&mut self, text: &[u8]) {
        let mut header = self.header[..12].to_vec();
        header.extend_from_slice(&(text.len() as u32).to_be_bytes());
        header.extend_from_slice(text);
        header.extend_from_slice(&sign(&self.gate.signer, b"chaperone/recording/header/v1\n", &header));
        self.header = header;
        let tag = self.chain_before(0)[..8].to_vec();
        self.blocks.iter_mut().for_each(|block| block[8..16].copy_from_slice(&tag));
    }

    /// Chain value before the block at `index`.
    pub fn chain_before(&self, index: usize) -> Vec<u8> {
        let mut chain = sha256(&[b"chaperone/recording/chain/v1\n", &self.header]);
        for block in &self.blocks[..index] {
            chain = sha256(&[b"chaperone/recording/block/v1\n", &chain, block]);
        }
        chain
    }

    /// Header and blocks, with a chain that holds.
    pub fn unsealed(&self) -> Vec<u8> {
        let mut file = self.header.clone();
        for (index, block) in self.blocks.iter().enumerate() {
            file.extend_from_slice(block);
            file.extend_from_slice(&self.chain_before(index + 1));
        }
        file
    }

    /// The file, with a chain that holds and a seal that is signed.
    pub fn file(&self) -> Vec<u8> {
        self.file_sealed_by(&self.gate.signer)
    }

    pub fn file_sealed_by(&self, signer: &SigningKey) -> Vec<u8> {
        let mut seal = self.seal.clone();
        seal["recording"] = hex::encode(self.chain_before(0)).into();
        seal["chain"] = hex::encode(self.chain_before(self.blocks.len())).into();
        seal["blocks"] = self.blocks.len().into();
        seal["seal_key"] = signer.public().to_string().into();
        let text = serde_json_canonicalizer::to_vec(&seal).unwrap();
        [self.unsealed(), seal_of(&text, signer)].concat()
    }

    pub fn verdict(&self) -> Verdict {
        verify_bytes(self.file(), &self.gate.with_identities())
    }

    fn key(&self, role: &str, identity: &Identity) -> LessSafeKey {
        let wrapped = self.header_json()["keys"][role]["wrapped"].as_str().unwrap().to_owned();
        let identity: age::x25519::Identity = identity_text(self.gate, identity).parse().unwrap();
        let wrapped = STANDARD.decode(wrapped).unwrap();
        let decryptor = age::Decryptor::new(wrapped.as_slice());
        let mut key = Vec::new();
        let mut reader =
            decryptor.unwrap().decrypt(std::iter::once(&identity as &dyn age::Identity)).unwrap();
        reader.read_to_end(&mut key).unwrap();
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap())
    }

    /// Replaces the content of the last block by an evidence section of these bytes.
    pub fn rewrite_last(&mut self, plain: &[u8]) {
        self.rewrite(self.blocks.len() - 1, plain, b"");
    }

    /// Replaces the content of the block at `index`; the rest of its header stays.
    pub fn rewrite(&mut self, index: usize, evidence: &[u8], input: &[u8]) {
        self.blocks[index][60..64].copy_from_slice(&(evidence.len() as u32).to_be_bytes());
        self.blocks[index][64..68].copy_from_slice(&(input.len() as u32).to_be_bytes());
        self.blocks[index][5] = 0;
        self.encrypt(index, evidence, input);
    }

    /// The sections of the block at `index`, decrypted and still compressed.
    pub fn sections(&self, index: usize) -> (Vec<u8>, Vec<u8>) {
        let block = &self.blocks[index];
        let (header, body) = block.split_at(68);
        let (evidence, input) = body.split_at(be32(block, 52));
        let aad = [header, &self.chain_before(index)].concat();
        let open = |role, identity, section: &[u8]| {
            let mut opened = section.to_vec();
            if section.is_empty() {
                return opened;
            }
            let key = self.key(role, identity);
            let len = key.open_in_place(nonce_of(header), Aad::from(&aad), &mut opened).unwrap().len();
            opened.truncate(len);
            opened
        };
        (open("evidence", &self.gate.evidence, evidence), open("input", &self.gate.unmask, input))
    }

    /// Encrypts these as the sections of the block at `index`, whatever its header states of flags and plaintext.
    pub fn encrypt(&mut self, index: usize, evidence: &[u8], input: &[u8]) {
        let with_tag = |plain: &[u8]| if plain.is_empty() { 0 } else { plain.len() as u32 + 16 };
        let mut header = self.blocks[index][..68].to_vec();
        header[52..56].copy_from_slice(&with_tag(evidence).to_be_bytes());
        header[56..60].copy_from_slice(&with_tag(input).to_be_bytes());
        let aad = [header.as_slice(), &self.chain_before(index)].concat();
        let mut block = header.clone();
        for (role, identity, plain) in
            [("evidence", &self.gate.evidence, evidence), ("input", &self.gate.unmask, input)]
        {
            if !plain.is_empty() {
                let mut section = plain.to_vec();
                let key = self.key(role, identity);
                key.seal_in_place_append_tag(nonce_of(&header), Aad::from(&aad), &mut section).unwrap();
                block.extend_from_slice(&section);
            }
        }
        self.blocks[index] = block;
    }
}

/// The nonce of a block's sections.
fn nonce_of(header: &[u8]) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&header[24..32]);
    Nonce::assume_unique_for_key(nonce)
}

fn sign(signer: &SigningKey, label: &[u8], text: &[u8]) -> [u8; 64] {
    signer.sign(&[label, text].concat()).unwrap()
}

/// A signed seal of this text.
pub fn seal_of(text: &[u8], signer: &SigningKey) -> Vec<u8> {
    let mut sealed = b"CSEL".to_vec();
    sealed.extend_from_slice(&(text.len() as u32).to_be_bytes());
    sealed.extend_from_slice(text);
    sealed.extend_from_slice(&sign(signer, b"chaperone/recording/seal/v1\n", &sealed));
    sealed.extend_from_slice(&(sealed.len() as u32 + 12).to_be_bytes());
    sealed.extend_from_slice(b"CHAPEND\n");
    sealed
}

pub fn identity_text(gate: &Gate, identity: &Identity) -> String {
    let path = gate.dir.path().join("identity");
    let _ = std::fs::remove_file(&path);
    identity.save(&path).unwrap();
    std::fs::read_to_string(path).unwrap().lines().last().unwrap().to_owned()
}
