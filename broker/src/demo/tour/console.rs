//! The tour's steps on a web console: opened through the gate with a credential that its user never has, stopped, read
//! again as a HAR, and closed to whoever has no window.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::time::sleep;

use super::{field, held};
use crate::demo::browser::{self, Browser};
use crate::demo::console::{ACCOUNT, LIBRARY, SERVER_NAME};
use crate::demo::error::{DemoError, trying};
use crate::demo::seed::{self, CONSOLE, Cast};
use crate::demo::stage::{Stage, text};

/// The drug library that Dana publishes.
const PUBLISHED: &str = "9.34";
/// How long a stop may take.
const STOP_MS: u128 = 1_000;
/// How often it is asked whether a recording is sealed.
const ASKED_EVERY: Duration = Duration::from_millis(100);

/// Dana's browser on the console, and her visit.
pub(super) struct Visit {
    browser: Browser,
    pub id: String,
}

/// She opens the console by the gate's link, and publishes a library.
pub(super) async fn opened(stage: &Stage, cast: &Cast) -> Result<(Visit, String), DemoError> {
    let alone = browser::asked_directly(&cast.console.authority, SERVER_NAME, cast.console.port).await?;
    held(alone == StatusCode::UNAUTHORIZED, || {
        format!("asked without a password, the console says {alone}")
    })?;
    let window = seed::window(stage, cast, &seed::look("now", "+5m"), true).await?;
    let dana = stage.sign_in("dana").await?;
    let made = stage.as_person(&dana, &["window", "console", &window]).await?;
    let browser = Browser::open(stage, field(&made, "url").as_str().unwrap_or_default()).await?;
    let page = shown(browser.get("/").await?).await?;
    held(page.contains(ACCOUNT) && page.contains(LIBRARY), || format!("the page is another: {page}"))?;
    let published = browser.post("/library", &format!("version={PUBLISHED}")).await?.status();
    held(published == StatusCode::SEE_OTHER, || format!("the library is not taken: {published}"))?;
    let status = shown(browser.get("/api/status").await?).await?;
    let status: Value = serde_json::from_str(&status).unwrap_or(Value::Null);
    let version = status.pointer("/library/version").and_then(Value::as_str).unwrap_or_default().to_owned();
    held(version == PUBLISHED, || format!("the console has another library: {status}"))?;
    let sessions = stage.as_person(&cast.sam, &["session", "list"]).await?;
    let hers = |one: &&Value| field(one, "target") == CONSOLE;
    let newest = sessions.as_array().and_then(|list| list.iter().rfind(hers));
    let id = newest.and_then(|one| field(one, "id").as_str());
    let id = id.ok_or_else(|| DemoError::Step("no visit to the console is listed".to_owned()))?.to_owned();
    let said = format!(
        "Dana's browser opened https://{}, trusting the gate's own authority alone.\n\
         Asked directly, the console wants a password; through the gate its page said \"Signed in as {ACCOUNT}\".\n\
         She published library {version}; visit {id}",
        browser.host()
    );
    Ok((Visit { browser, id }, said))
}

/// A page that came.
async fn shown(answer: Response) -> Result<String, DemoError> {
    let status = answer.status();
    held(status == StatusCode::OK, || format!("the console answers {status}"))?;
    browser::text(answer).await
}

/// Sam stops the visit while it reads on.
pub(super) async fn stopped(stage: &Stage, cast: &Cast, visit: &Visit) -> Result<((), String), DemoError> {
    let mut log = visit.browser.get("/log").await?;
    let first = log.chunk().await.map_err(DemoError::Http)?.unwrap_or_default();
    held(!first.is_empty(), || "the log does not come".to_owned())?;
    let stop = async {
        let words = ["session", "stop", &visit.id, "--reason", "The ward needs the server"];
        stage.as_person(&cast.sam, &words).await?;
        Ok::<_, DemoError>(Instant::now())
    };
    let ended = async {
        // An answer that is cut ends with an error.
        while let Ok(Some(_)) = log.chunk().await {}
        Instant::now()
    };
    let (stopped, ended) = tokio::join!(stop, ended);
    let late = ended.saturating_duration_since(stopped?).as_millis();
    held(late <= STOP_MS, || format!("the answer went on for {late} ms"))?;
    let after = visit.browser.get("/").await?;
    let (status, page) = (after.status(), browser::text(after).await?);
    held(status == StatusCode::FORBIDDEN && page.contains("This visit is over"), || {
        format!("the console still answers: {status} {page}")
    })?;
    Ok((
        (),
        format!(
            "Sam said stop while the console's log was coming: it was cut {late} ms after the gate's word, and the next\n\
             request read \"This visit is over\""
        ),
    ))
}

/// The visit's requests are in its recording, the credential is not.
pub(super) async fn recorded(stage: &Stage, cast: &Cast, id: &str) -> Result<((), String), DemoError> {
    while field(&stage.as_person(&cast.sam, &["session", "show", id]).await?, "sealed") != &Value::Bool(true)
    {
        sleep(ASKED_EVERY).await;
    }
    let file = stage.file("visit.har");
    let export = ["recording", "export", id, "--format", "har", "-o", text(&file)];
    let export: Vec<_> = export.into_iter().chain(["--reason", "the tour compares it"]).collect();
    stage.as_person(&cast.sam, &export).await?;
    let har = std::fs::read_to_string(&file).map_err(trying("read the exported HAR"))?;
    let password =
        std::fs::read_to_string(&cast.console.secret).map_err(trying("read the console's password"))?;
    let password = password.trim_end();
    let coded = STANDARD.encode(format!("{ACCOUNT}:{password}"));
    held(![password, &coded].iter().any(|secret| har.contains(secret)), || {
        "the credential is in the recording".to_owned()
    })?;
    let har: Value = serde_json::from_str(&har).unwrap_or(Value::Null);
    let entries =
        har.pointer("/log/entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let sent = entries.iter().find(|entry| {
        entry.pointer("/request/postData/text") == Some(&Value::from(format!("version={PUBLISHED}")))
    });
    held(sent.is_some(), || format!("what Dana sent is not in the recording: {har}"))?;
    let lines: Vec<String> = entries.iter().map(line).collect();
    Ok(((), format!("{}\nthe password is nowhere in it, not even for who exports it", lines.join("\n"))))
}

/// A request as it is told.
fn line(entry: &Value) -> String {
    let of = |pointer: &str| entry.pointer(pointer).cloned().unwrap_or_default();
    let word = |pointer: &str| of(pointer).as_str().unwrap_or_default().to_owned();
    let with = entry.get("_credential").and_then(Value::as_str).unwrap_or("none");
    format!(
        "| {} {} {}, {} bytes, credential: {with}",
        word("/request/method"),
        word("/request/url"),
        of("/response/status"),
        of("/response/content/size"),
    )
}

/// Viktor, who has no window there.
pub(super) async fn off_schedule(stage: &Stage, cast: &Cast) -> Result<((), String), DemoError> {
    let before = stage.soc.count();
    let ran = stage.ran(&["connect", CONSOLE, "--json"], Some(&cast.viktor_token)).await?;
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    held(ran.status.code() == Some(1), || format!("connect ended with {:?}: {said}", ran.status.code()))?;
    let is_his = |event: &Value| event.to_string().contains("viktor");
    let heard =
        stage.soc.wait_for(before, |message| message.title().is_some() && is_his(&message.event)).await;
    let heard = heard.ok_or_else(|| DemoError::Step("the SOC's receivers are gone".to_owned()))?;
    let words = ["ledger", "facts", "--kind", "attempt-refused", "--person", "viktor"];
    let facts = stage.as_person(&cast.sam, &words).await?.to_string();
    held(facts.contains(CONSOLE), || format!("no fact tells of it: {facts}"))?;
    let said = format!(
        "`chaperone connect {CONSOLE}` as Viktor: {}\nit is a fact in the ledger, and the SOC received by {}: {}",
        said.lines().next().unwrap_or_default(),
        heard.by,
        heard.title().unwrap_or_default(),
    );
    Ok(((), said))
}
