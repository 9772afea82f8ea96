//! What was asked for, as the ledger may hold it.

use serde_json::{Value, json};

use crate::record::hex_text;

/// What was asked for, as a fact may say it (P6): command lines and variables hold passwords and patients' names, and stay
/// in the recording, however deep what is said of them lies. Of a command its length and SHA-256 say which it was.
pub(crate) fn without_content(mut about: Value) -> Value {
    strip(&mut about);
    about
}

fn strip(about: &mut Value) {
    match about {
        Value::Array(all) => all.iter_mut().for_each(strip),
        Value::Object(fields) => {
            let variables = fields.remove("environment").and_then(|all| all.as_array().map(Vec::len));
            if let Some(count) = variables {
                fields.insert("variables".to_owned(), json!(count));
            }
            fields.remove("command_hex");
            if let Some(Value::String(command)) = fields.remove("command") {
                let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, command.as_bytes());
                fields.insert("command_bytes".to_owned(), json!(command.len()));
                fields.insert("command_sha256".to_owned(), json!(hex_text(hash.as_ref())));
            }
            fields.values_mut().for_each(strip);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_says_which_command_and_not_what_is_in_it() {
        let about =
            json!({ "request": "exec", "command": "mysql -pS3cret", "environment": [["TOKEN", "abc"]] });
        for (told, at) in [
            (without_content(about.clone()), ""),
            (without_content(json!({ "reason": "access-not-granted", "about": about })), "/about"),
            (
                without_content(json!({ "user": "", "what": { "reason": "late", "about": about } })),
                "/what/about",
            ),
            (without_content(json!({ "all": [[about]] })), "/all/0/0"),
        ] {
            let text = told.to_string();
            assert!(!text.contains("S3cret") && !text.contains("abc"), "{text}");
            let told = told.pointer(at).unwrap();
            assert_eq!((told["command_bytes"].as_u64(), told["variables"].as_u64()), (Some(14), Some(1)));
            assert_eq!(told["command_sha256"].as_str().map(str::len), Some(64));
        }
    }
}
