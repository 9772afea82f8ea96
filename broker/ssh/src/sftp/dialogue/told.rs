//! What is said of requests and answers: in the recording of each, and in the fact of one that was refused.

use serde_json::{Map, Value};

use super::Dialogue;
use crate::sftp::answer::Answer;
use crate::sftp::field::say_path;
use crate::sftp::refusal::Refusal;
use crate::sftp::request::{self, Request};

impl Dialogue {
    /// What a refused request was about, for the fact.
    pub(crate) fn named(&self, raw: &[u8], file: Option<u32>) -> Value {
        let mut said = Map::new();
        if let Ok((_, request)) = request::read(raw) {
            request.say(&mut said);
        }
        let open = |file| self.files.get(&file).map(|open| &open.path);
        let held = |file| self.own.get(&file).map(|own| &own.path);
        if let Some(path) = file.and_then(|file| open(file).or_else(|| held(file))) {
            say_path(&mut said, "path", path);
        }
        Value::Object(said)
    }
}

pub(super) fn said(
    id: u32,
    request: &Request<'_>,
    file: Option<u32>,
    refusal: Option<&Refusal>,
) -> Map<String, Value> {
    let mut said = Map::new();
    said.insert("id".to_owned(), id.into());
    request.say(&mut said);
    if let Some(file) = file {
        said.insert("file".to_owned(), file.into());
    }
    if let Some(refusal) = refusal {
        said.insert("refused".to_owned(), refusal.words.into());
    }
    said
}

pub(super) fn answered(
    id: u32,
    operation: &'static str,
    file: Option<u32>,
    answer: &Answer<'_>,
) -> Map<String, Value> {
    let mut said = Map::new();
    said.insert("id".to_owned(), id.into());
    said.insert("operation".to_owned(), operation.into());
    if let Some(file) = file {
        said.insert("file".to_owned(), file.into());
    }
    answer.say(&mut said);
    said
}
