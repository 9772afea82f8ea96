//! Which bodies are files, and their names: what somebody saved or sent, and not the pages and data of a console.

use super::again::Way;
use super::cookie::decoded;
use super::track::Transaction;

/// A name is cut here, in characters.
const MOST_NAME: usize = 200;

/// The name of the file that a body is; none where it is none.
pub(super) fn file_of(of: &Transaction, way: Way) -> Option<String> {
    let said = of.field(way, "content-disposition").filter(|said| is_saved(said));
    if let Some(said) = said {
        return Some(file_name(said).unwrap_or_else(|| last_of(&of.asked.url)));
    }
    let success = way == Way::Request || of.answered.as_ref().is_some_and(|head| head.status / 100 == 2);
    (success && is_file_type(of.field(way, "content-type")?)).then(|| last_of(&of.asked.url))
}

/// Whether the field `Content-Disposition` says to save it (RFC 6266 §4.2).
fn is_saved(disposition: &str) -> bool {
    let kind = disposition.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("attachment") || file_name(disposition).is_some()
}

/// Whether a media type is of files, and not of what a page is made of.
fn is_file_type(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some(kind) = media.strip_prefix("application/") else { return false };
    let of_pages =
        ["json", "javascript", "ecmascript", "xml", "xhtml", "wasm", "manifest", "grpc", "font", "form"];
    !kind.starts_with("x-www-form") && !of_pages.iter().any(|part| kind.contains(part))
}

/// The file's name in a `Content-Disposition` field (RFC 6266 §4.3): the extended form first.
pub(super) fn file_name(disposition: &str) -> Option<String> {
    let parameters = || parameters(disposition);
    let extended = parameters().find(|(name, _)| name.eq_ignore_ascii_case("filename*"));
    let name = match extended.and_then(|(_, value)| value.splitn(3, '\'').nth(2).map(percent)) {
        Some(name) => name,
        None => parameters().find(|(name, _)| name.eq_ignore_ascii_case("filename"))?.1,
    };
    Some(cut(&name)).filter(|name| !name.is_empty())
}

/// Percent-encoding alone: here a plus is a plus.
fn percent(text: &str) -> String {
    decoded(&text.replace('+', "%2B"))
}

/// Name and value of each parameter behind the first semicolon, quoted or not.
fn parameters(field: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = field.split_once(';').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        let (name, value) = rest.split_once('=')?;
        let value = value.trim_start();
        let (taken, behind) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let end = value.find(';').unwrap_or(value.len());
                let (plain, behind) = value.split_at_checked(end).unwrap_or((value, ""));
                (plain.trim().to_owned(), behind)
            }
        };
        rest = behind.split_once(';').map_or("", |(_, rest)| rest);
        Some((name.trim(), taken))
    })
}

/// A quoted string (RFC 9110 §5.6.4) behind its first quote, and what is behind its last.
fn unquoted(text: &str) -> (String, &str) {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            _ => value.push(c),
        }
    }
    (value, "")
}

/// The last part of a URL's path.
fn last_of(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path =
        path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("file");
    cut(&percent(last))
}

fn cut(name: &str) -> String {
    name.trim().chars().take(MOST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::{file_name, is_file_type, last_of};

    #[test]
    fn a_name_is_read_in_each_of_its_forms() {
        let named = |field| file_name(field);
        assert_eq!(named("attachment; filename=report.pdf").as_deref(), Some("report.pdf"));
        assert_eq!(
            named("form-data; name=\"a;b\"; filename=\"x \\\"1\\\"; y.bin\"").as_deref(),
            Some("x \"1\"; y.bin")
        );
        assert_eq!(
            named("attachment; filename=\"a\"; filename*=UTF-8''b%20%e2%82%ac+.txt").as_deref(),
            Some("b €+.txt")
        );
        assert_eq!(named("attachment"), None);
        assert_eq!(named("form-data; name=\"note\""), None);
        assert_eq!(named("attachment; filename=\"never ends"), Some("never ends".to_owned()));
    }

    #[test]
    fn pages_and_their_data_are_no_files() {
        for kind in [
            "application/json",
            "application/vnd.api+json",
            "text/html",
            "image/png",
            "application/x-www-form-urlencoded",
        ] {
            assert!(!is_file_type(kind), "{kind}");
        }
        for kind in ["application/octet-stream", "application/zip; x=y", "Application/PDF"] {
            assert!(is_file_type(kind), "{kind}");
        }
    }

    #[test]
    fn a_file_without_a_name_has_that_of_its_address() {
        assert_eq!(last_of("https://console.example/files/pump%20log.bin?x=/y"), "pump log.bin");
        assert_eq!(last_of("https://console.example"), "file");
        assert_eq!(last_of("https://console.example/"), "file");
    }
}
