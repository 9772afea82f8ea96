//! The console asks who comes, takes what is a version, and nothing else.

use http::header::{CONTENT_LENGTH, HOST};
use proptest::prelude::*;

use super::*;

const PASSWORD: &str = "not to be seen";

fn console() -> Console {
    Console::new("alaris-console".parse().unwrap(), PASSWORD)
}

async fn asks(console: &Console, method: Method, path: &str, proof: Option<&str>, body: &str) -> Answer {
    let mut request = Request::new(Full::from(body.to_owned()));
    (*request.method_mut(), *request.uri_mut()) = (method, path.parse().unwrap());
    request.headers_mut().insert(HOST, HeaderValue::from_static(SERVER_NAME));
    request.headers_mut().insert(CONTENT_LENGTH, body.len().into());
    if let Some(proof) = proof {
        request.headers_mut().insert(AUTHORIZATION, proof.parse().unwrap());
    }
    console.answer(request).await
}

async fn text(answer: Answer) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn only_the_account_sees_a_page_and_the_page_says_what_it_is() {
    let console = console();
    let stranger = asks(&console, Method::GET, "/", None, "").await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    assert!(stranger.headers().contains_key(WWW_AUTHENTICATE));
    let wrong = format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:guess")));
    assert_eq!(
        asks(&console, Method::GET, "/log", Some(&wrong), "").await.status(),
        StatusCode::UNAUTHORIZED
    );
    let proof = console.proof.clone();
    let page = text(asks(&console, Method::GET, "/", Some(&proof), "").await).await;
    assert!(page.contains("stand-in") && page.contains(LIBRARY) && page.contains(ACCOUNT), "{page}");
    assert!(!page.contains(PASSWORD));
}

#[tokio::test]
async fn an_update_is_shown_and_what_is_no_version_is_not_taken() {
    let console = console();
    let proof = console.proof.clone();
    let updates = async |form| asks(&console, Method::POST, "/library", Some(&proof), form).await.status();
    assert_eq!(updates("version=9.34").await, StatusCode::SEE_OTHER);
    assert_eq!(updates("version=%3Cb%3E").await, StatusCode::BAD_REQUEST);
    assert_eq!(updates(&format!("version={}", "9".repeat(FORM_BYTES))).await, StatusCode::BAD_REQUEST);
    let status = text(asks(&console, Method::GET, "/api/status", None, "").await).await;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(
        (&status["library"]["version"], &status["stand_in"]),
        (&serde_json::Value::from("9.34"), &serde_json::Value::from(true))
    );
}

proptest! {
    #[test]
    fn any_form_is_a_plain_version_or_none(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let form = [b"version=".as_slice(), &body].concat();
        if let Some(Version(version)) = Version::of_form(&form) {
            prop_assert!(Version::parse(&version).is_some() && !version.contains(['<', '&', '"']));
        }
        let _any = Version::of_form(&body);
    }

    #[test]
    fn every_version_comes_back_from_its_form(version in "[0-9A-Za-z.-]{1,20}") {
        prop_assert_eq!(Version::of_form(format!("a=b&version={version}").as_bytes()), Version::parse(&version));
    }
}
