//! What has happened and what is planned when the demo's pages open: windows past, open, coming and refused, a freeze,
//! visits that were really made with the system's own ssh, and attempts that were really refused.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::browser::{Browser, text};
use super::error::{DemoError, trying};
use super::seed::{CONSOLE, Cast, Wish, look, patch, window};
use super::stage::Stage;

/// How long a visit of the story may take.
const VISIT: Duration = Duration::from_secs(40);
/// What Dana types, and how long she thinks before it, in milliseconds.
const TYPED: &[(u64, &str)] = &[
    (600, "uname -sr\n"),
    (900, "echo 'pump server: 412 pumps on line'\n"),
    (
        1200,
        "for n in 1 2 3 4 5; do printf 'module %s of 5  \\033[32mpatched\\033[0m\\n' $n; sleep 0.4; done\n",
    ),
    (2800, "df -h / | tail -n 1\n"),
    (4200, "echo 'patch CHG0031337 done'\n"),
    (900, "exit\n"),
];

/// Windows of all kinds, and a freeze; returns the one on the web console.
pub(super) async fn plan(stage: &Stage, cast: &Cast) -> Result<String, DemoError> {
    window(stage, cast, &patch("now", "+90m"), true).await?;
    let console = window(stage, cast, &look("now", "+90m"), true).await?;
    window(stage, cast, &patch("+24h", "+26h"), true).await?;
    let viktor = Wish {
        person: "viktor",
        ticket: "CHG0031402",
        reason: "Restart of the imaging export",
        ..patch("now", "+60m")
    };
    window(stage, cast, &viktor, false).await?;
    let upgrade = Wish {
        target: "alaris-sm-02",
        purpose: "upgrade",
        ticket: "CHG0031555",
        reason: "Upgrade to release 12.3, with a restart at the end",
        ..patch("+30h", "+34h")
    };
    window(stage, cast, &upgrade, false).await?;
    let denied = Wish {
        target: "library-01",
        purpose: "library",
        ticket: "CHG0031610",
        reason: "Adjust two drug library entries",
        ..patch("+2h", "+3h")
    };
    let denied = window(stage, cast, &denied, false).await?;
    let why = ["window", "deny", &denied, "--reason", "Pharmacy publishes the library that evening"];
    stage.as_person(&cast.priya, &why).await?;
    let past = Wish {
        target: "test-pumps",
        purpose: "inspection",
        ticket: "CHG0031201",
        reason: "Look at a log",
        ..patch("now", "+25s")
    };
    window(stage, cast, &past, true).await?;
    let freeze = [
        "freeze",
        "add",
        "--target",
        "plum-gw-01",
        "--until",
        "+48h",
        "--reason",
        "Go-live of the oncology ward",
    ];
    stage.as_person(&cast.priya, &freeze).await?;
    Ok(console)
}

/// Visits and attempts, one after the other, while the pages are open already.
pub(super) async fn happen(stage: &Stage, cast: &Cast, console: &str) -> Result<(), DemoError> {
    pages(stage, console).await?;
    // Without a window; the gate says no, and that is the story.
    stage.ran(&["connect", CONSOLE, "--json"], Some(&cast.viktor_token)).await?;
    let inspection = stage.ssh_words(&cast.dana, "dana+test-pumps");
    command(&inspection, "ls -l /var/log | head -n 12; echo 'nothing unusual' >&2").await?;
    let viktor = stage.ssh_words(&cast.viktor, "viktor+alaris-sm-01");
    for _ in 0..3 {
        command(&viktor, "id").await?;
    }
    // Her key, on a server that her window does not name; and somebody whom nobody knows.
    command(&stage.ssh_words(&cast.dana, "dana+alaris-sm-02"), "id").await?;
    for name in ["root", "oracle", "backup"] {
        command(&stage.ssh_words(&cast.viktor, &format!("{name}+alaris-sm-01")), "id").await?;
    }
    shell(&stage.ssh_words(&cast.dana, "dana+alaris-sm-01")).await
}

/// Dana publishes a drug library on the web console, and leaves.
async fn pages(stage: &Stage, console: &str) -> Result<(), DemoError> {
    let dana = stage.sign_in("dana").await?;
    let made = stage.as_person(&dana, &["window", "console", console]).await?;
    let link = made.get("url").and_then(Value::as_str).unwrap_or_default();
    let browser = Browser::open(stage, link).await?;
    for path in ["/", "/api/status"] {
        text(browser.get(path).await?).await?;
    }
    browser.post("/library", "version=9.34").await?;
    text(browser.get("/").await?).await?;
    browser.leave().await
}

async fn command(words: &[String], line: &str) -> Result<(), DemoError> {
    let Some((program, rest)) = words.split_first() else { return Ok(()) };
    let mut ssh = Command::new(program);
    ssh.args(rest).arg(line).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A refusal is a part of the story: whatever the status, the gate has told it.
    match timeout(VISIT, ssh.kill_on_drop(true).status()).await {
        Ok(Err(error)) => Err(trying("run ssh")(error)),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

/// Dana at work in a terminal.
async fn shell(words: &[String]) -> Result<(), DemoError> {
    let Some((program, rest)) = words.split_first() else { return Ok(()) };
    let mut ssh = Command::new(program);
    ssh.arg("-tt").args(rest).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut visit = ssh.kill_on_drop(true).spawn().map_err(trying("run ssh"))?;
    if let Some(mut keys) = visit.stdin.take() {
        for (pause_ms, line) in TYPED {
            sleep(Duration::from_millis(*pause_ms)).await;
            // A visit that has ended takes no more.
            if keys.write_all(line.as_bytes()).await.is_err() {
                break;
            }
        }
    }
    drop(timeout(VISIT, visit.wait()).await);
    Ok(())
}
