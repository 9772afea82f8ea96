//! Cookies and the query of a URL, as a HAR lists them beside the fields that they stand in.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::{Value, json};

/// Cookies and parameters that are listed of one head; all of them stand in its fields.
const MOST: usize = 500;

/// The cookies of `Cookie` fields (RFC 6265 §5.4).
pub(super) fn sent<'f>(fields: impl Iterator<Item = &'f str>) -> Vec<Value> {
    let pairs = fields.flat_map(|field| field.split(';'));
    let pair = |pair: &str| {
        let (name, value) = pair.trim().split_once('=')?;
        Some(json!({ "name": name.trim(), "value": value.trim() }))
    };
    pairs.filter_map(pair).take(MOST).collect()
}

/// The cookies of `Set-Cookie` fields (RFC 6265 §5.2).
pub(super) fn set<'f>(fields: impl Iterator<Item = &'f str>) -> Vec<Value> {
    fields.filter_map(one_set).take(MOST).collect()
}

fn one_set(field: &str) -> Option<Value> {
    let mut parts = field.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (mut http_only, mut secure) = (false, false);
    let mut more = serde_json::Map::new();
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "httponly" => http_only = true,
            "secure" => secure = true,
            "path" => drop(more.insert("path".to_owned(), json!(value))),
            "domain" => drop(more.insert("domain".to_owned(), json!(value))),
            "samesite" => drop(more.insert("_sameSite".to_owned(), json!(value))),
            "max-age" => drop(more.insert("_maxAge".to_owned(), json!(value))),
            // HAR wants ISO 8601 where HTTP has its own form; one that cannot be read stays in the field alone.
            "expires" => {
                if let Some(at) = http_date(value) {
                    more.insert("expires".to_owned(), json!(at.to_string()));
                }
            }
            _ => {}
        }
    }
    let mut cookie =
        json!({ "name": name.trim(), "value": value.trim(), "httpOnly": http_only, "secure": secure });
    if let Some(fields) = cookie.as_object_mut() {
        fields.extend(more);
    }
    Some(cookie)
}

/// The date of RFC 9110 §5.6.7 in its one form, and with the hyphens that old servers write.
fn http_date(text: &str) -> Option<Timestamp> {
    let text = text.replace('-', " ").replace("GMT", "+0000");
    rfc2822::parse(&text).ok().map(|at| at.timestamp())
}

/// The parameters of a URL's query, decoded.
pub(super) fn query(url: &str) -> Vec<Value> {
    let before = url.split('#').next().unwrap_or(url);
    let Some((_, query)) = before.split_once('?') else { return Vec::new() };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        json!({ "name": decoded(name), "value": decoded(value) })
    };
    query.split('&').filter(|pair| !pair.is_empty()).map(pair).take(MOST).collect()
}

/// Without percent-encoding; what is no UTF-8 then is shown with a replacement.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes().iter();
    while let Some(byte) = rest.next() {
        let hex = rest.as_slice().get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (byte, hex.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(value)) => {
                bytes.push(value);
                rest.nth(1);
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{query, sent, set};

    #[test]
    fn cookies_are_listed_with_what_is_said_of_them() {
        let sent = sent(["a=1; b=x=y", "lone; c="].into_iter());
        let names: Vec<_> =
            sent.iter().map(|cookie| (cookie["name"].as_str(), cookie["value"].as_str())).collect();
        assert_eq!(names, [(Some("a"), Some("1")), (Some("b"), Some("x=y")), (Some("c"), Some(""))]);
        let set =
            set(["id=7; Path=/admin; Secure; HttpOnly; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "no cookie"]
                .into_iter());
        assert_eq!(set.len(), 1);
        assert_eq!(
            (&set[0]["path"], &set[0]["secure"], &set[0]["httpOnly"]),
            (&"/admin".into(), &true.into(), &true.into())
        );
        assert_eq!(set[0]["expires"], "2026-10-21T07:28:00Z");
    }

    #[test]
    fn a_query_is_decoded_and_what_is_none_is_left() {
        let all = query("https://console/x?name=a%20b+c&flag&bad=%zz%4&=&#?not=this");
        let pairs: Vec<_> =
            all.iter().map(|one| (one["name"].as_str().unwrap(), one["value"].as_str().unwrap())).collect();
        assert_eq!(pairs, [("name", "a b c"), ("flag", ""), ("bad", "%zz%4"), ("", "")]);
        assert!(query("https://console/x").is_empty());
    }
}
