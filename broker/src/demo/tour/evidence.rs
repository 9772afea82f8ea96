//! The tour's steps on evidence: it verifies, and what was changed does not.

use chaperone_recorder::{PublicKey, VerifyWith, verify};
use serde_json::Value;

use super::{field, held};
use crate::demo::error::{DemoError, trying};
use crate::demo::seed::Cast;
use crate::demo::stage::Stage;

/// Recordings and ledger are sound.
pub(super) async fn verified(
    stage: &Stage,
    cast: &Cast,
    visits: [&str; 2],
) -> Result<((), String), DemoError> {
    let sound = |verdict: &Value| field(verdict, "sound") == &Value::Bool(true);
    for visit in visits {
        let verdict = stage.as_person(&cast.sam, &["recording", "verify", visit]).await?;
        held(sound(&verdict), || format!("the recording {visit} is not sound: {verdict}"))?;
    }
    let ledger = stage.as_person(&cast.sam, &["ledger", "verify"]).await?;
    held(sound(&ledger), || format!("the ledger is not sound: {ledger}"))?;
    let facts = field(&ledger, "facts");
    Ok(((), format!("both recordings are sound and sealed; the ledger is sound: {facts} facts")))
}

/// A copy of a recording with one bit changed is not.
pub(super) async fn flipped(stage: &Stage, session: &str) -> Result<((), String), DemoError> {
    let original = stage.file("data").join("recordings").join(format!("{session}.chap"));
    let mut bytes = std::fs::read(&original).map_err(trying("read the recording"))?;
    // Behind the header, in what was recorded.
    let at = bytes.len() * 3 / 4;
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1;
    }
    let copy = stage.file("flipped.chap");
    std::fs::write(&copy, bytes).map_err(trying("write a copy of the recording"))?;
    let key = stage.file("data").join("keys").join("seal.pub");
    let key =
        PublicKey::load(&key).map_err(|error| DemoError::Step(format!("the seal's public key: {error}")))?;
    let with = VerifyWith { keys: vec![key], ..VerifyWith::default() };
    let untouched = verify(&original, &with);
    held(untouched.is_sound(), || format!("the untouched recording is not sound: {untouched}"))?;
    let verdict = verify(&copy, &with);
    held(!verdict.is_sound(), || "a flipped byte went unseen".to_owned())?;
    Ok(((), format!("one bit of byte {at} of a copy was flipped: {verdict}")))
}
