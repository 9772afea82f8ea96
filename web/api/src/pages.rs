//! The pages: files that were built from `web/ui` and are part of this program. Every path that is no file and no door of
//! the API is the one page that finds its own way.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chaperone_identity::random;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::problem::Problem;

/// Name and content of every file, sorted by name; made by the build script.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/pages.in"));

const PAGE: &str = "index.html";
/// In the page, where its nonce goes.
const NONCE: &str = "__CSP_NONCE__";
/// Files with their hash in their name never change.
const HASHED: &str = "assets/";
/// Smaller files are sent as they are.
const WORTH_PACKING: usize = 1024;

/// What is at no door of the API: a file of the pages, or the page.
pub(crate) async fn page(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("api/") || !matches!(*request.method(), Method::GET | Method::HEAD) {
        let what = "there is nothing here";
        return Problem::new(StatusCode::NOT_FOUND, what, "see /api/docs for what there is").into_response();
    }
    match file(path) {
        Some(data) if path != PAGE => asset(path, data, request.headers()),
        // A file of an older release: the page that asks for it has to be loaded again.
        _ if path.starts_with(HASHED) => StatusCode::NOT_FOUND.into_response(),
        _ => whole_page(),
    }
}

/// The page, with a nonce of its own for its styles; nothing else may be loaded or run than our own files.
fn whole_page() -> Response {
    let (Some(page), Some(nonce)) = (file(PAGE), random()) else {
        return Problem::unavailable("the pages are not there", "see /api/docs").into_response();
    };
    let text = String::from_utf8_lossy(page).replace(NONCE, &nonce);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{}'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        nonce.as_str()
    );
    let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response();
    // A nonce is base 64 for URLs: always a header value.
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn file(path: &str) -> Option<&'static [u8]> {
    let at = FILES.binary_search_by_key(&path, |(name, _)| name).ok()?;
    FILES.get(at).map(|(_, data)| *data)
}

fn asset(path: &str, data: &'static [u8], headers: &HeaderMap) -> Response {
    let kind = kind(path);
    let keep = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fixed =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep), (header::VARY, "accept-encoding")];
    let takes_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim().starts_with("gzip")));
    if takes_gzip && is_text(kind) && data.len() >= WORTH_PACKING {
        return (fixed, [(header::CONTENT_ENCODING, "gzip")], packed(path, data)).into_response();
    }
    (fixed, Bytes::from_static(data)).into_response()
}

/// The file, packed once for as long as the program runs.
fn packed(path: &str, data: &[u8]) -> Bytes {
    static PACKED: Mutex<Option<HashMap<String, Bytes>>> = Mutex::new(None);
    let mut all = PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_with(HashMap::new);
    if let Some(packed) = all.get(path) {
        return packed.clone();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let packed = encoder.write_all(data).and_then(|()| encoder.finish()).map(Bytes::from).unwrap_or_default();
    all.insert(path.to_owned(), packed.clone());
    packed
}

fn is_text(kind: &str) -> bool {
    kind.starts_with("text/") || kind.contains("svg") || kind.contains("json")
}

/// The content type, by the name's end; nosniff makes browsers believe it.
fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, end)| end) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt;

    use super::*;

    async fn get(path: &str, encoding: &'static str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = Request::builder().uri(path).header("accept-encoding", encoding);
        let response = page(request.body(Body::empty()).unwrap()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    #[tokio::test]
    async fn every_way_leads_to_the_page_and_each_time_with_another_nonce() {
        let mut nonces = Vec::new();
        for path in ["/", "/soc/alerts/1", "/index.html"] {
            let (status, headers, body) = get(path, "").await;
            assert_eq!(status, StatusCode::OK, "{path}");
            let policy = headers["content-security-policy"].to_str().unwrap().to_owned();
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
            let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
            let page = String::from_utf8(body).unwrap();
            assert!(page.contains(&nonce) && !page.contains(NONCE), "the page has the nonce of its policy");
            nonces.push(nonce);
        }
        nonces.dedup();
        assert_eq!(nonces.len(), 3);
    }

    #[tokio::test]
    async fn files_have_their_types_and_are_packed_for_whoever_takes_it() {
        let scripts = FILES.iter().filter(|(name, _)| name.starts_with(HASHED) && name.ends_with(".js"));
        let (script, _) = scripts.max_by_key(|(_, data)| data.len()).unwrap();
        let (status, headers, packed) = get(&format!("/{script}"), "br, gzip").await;
        assert_eq!((status, headers["content-encoding"].to_str().unwrap()), (StatusCode::OK, "gzip"));
        assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
        let (_, headers, plain) = get(&format!("/{script}"), "").await;
        assert!(!headers.contains_key("content-encoding") && plain.len() > packed.len());
        let (missing, ..) = get("/assets/of-an-older-release.js", "").await;
        assert_eq!(missing, StatusCode::NOT_FOUND);
        let (nothing, headers, _) = get("/api/nothing", "").await;
        assert_eq!(
            (nothing, headers["content-type"].to_str().unwrap()),
            (StatusCode::NOT_FOUND, "application/problem+json")
        );
    }
}
